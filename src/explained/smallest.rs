//! The fewest operations that show it.
//!
//! By delta debugging, with rules, so that what is left is a proof: were the whole linearizable, then so were this. In
//! an order of the whole, what is left out can be left out:
//!
//! - operations that only see can always be;
//! - an operation that brings a value can be where nobody is left who saw that value and returned after it was invoked:
//!   **who saw a value stays with all who may have brought it** (of a sum, that is all that was added);
//! - what one operation does and another takes back goes together with it (an element that is added and removed, put in
//!   and taken out; what one client acquires and releases): see [`Told::bond`].
//!
//! What is left is smallest in the sense that nothing more can go, be it with those who saw what it brought.

use std::collections::{BTreeMap, BTreeSet};

use super::{Effort, Placed, Told, bare};
use crate::judged::Operation;
use crate::linearizability::{Call, Verdict};
use crate::minimise::minimise;
use crate::recorded::Value;

/// Of long histories the last operations are tried before all of them.
const WINDOWS: [usize; 4] = [16, 64, 256, 1024];

/// So many operations are made fewer; of more nobody would see the end.
const MOST: usize = 4_096;

/// Who brings what, and who goes together with whom.
struct Ties<'a, M: Told> {
    model: &'a M,
    calls: &'a [(usize, Call<M::Op>)],
    /// Of each value, who brings it.
    bringers: BTreeMap<Value, Vec<usize>>,
    /// Of each call, its group.
    group: Vec<usize>,
    /// Calls that go together.
    groups: Vec<Vec<usize>>,
}

impl<'a, M: Told> Ties<'a, M> {
    fn new(model: &'a M, operations: &[Operation], calls: &'a [(usize, Call<M::Op>)]) -> Self {
        let mut bringers: BTreeMap<Value, Vec<usize>> = BTreeMap::new();
        let mut bonds: BTreeMap<Value, usize> = BTreeMap::new();
        let (mut group, mut groups): (Vec<usize>, Vec<Vec<usize>>) = (Vec::new(), Vec::new());
        for (n, (place, call)) in calls.iter().enumerate() {
            model.brings(&call.op).into_iter().for_each(|value| bringers.entry(value).or_default().push(n));
            let bond = model.bond(&operations[*place], &call.op);
            let mine = bond.map_or(groups.len(), |bond| *bonds.entry(bond).or_insert(groups.len()));
            if mine == groups.len() {
                groups.push(Vec::new());
            }
            groups[mine].push(n);
            group.push(mine);
        }
        Self { model, calls, bringers, group, groups }
    }

    /// Who may have brought what this one saw.
    fn needs(&self, call: usize) -> Vec<usize> {
        let Call { op, returned, .. } = &self.calls[call].1;
        let saw = self.bringers.iter().filter(|(value, _)| self.model.saw(op, value));
        let may = |&other: &usize| returned.is_none_or(|returned| self.calls[other].1.invoked < returned);
        saw.flat_map(|(_, bringers)| bringers).copied().filter(may).collect()
    }

    /// These calls with all that they need, in their order; nothing if those are too many.
    fn with_needs(&self, mut left: Vec<usize>) -> Option<Vec<usize>> {
        let mut all: BTreeSet<usize> = BTreeSet::new();
        while let Some(call) = left.pop() {
            if all.len() > MOST {
                return None;
            }
            if all.insert(call) {
                left.extend(self.needs(call));
                left.extend(&self.groups[self.group[call]]);
            }
        }
        Some(all.into_iter().collect())
    }
}

/// Calls of which some are to be left out.
struct Rest {
    /// Of each call, who may have brought what it saw.
    needs: Vec<Vec<usize>>,
    /// Calls that go together, without those that stay.
    groups: Vec<Vec<usize>>,
    /// The culprit, and those that are bound to it.
    fixed: Vec<usize>,
}

impl Rest {
    fn new<M: Told>(ties: Ties<'_, M>, culprit: usize) -> Self {
        let needs = (0..ties.calls.len()).map(|call| ties.needs(call)).collect();
        let (fixed, groups): (Vec<Vec<usize>>, _) = ties.groups.into_iter().partition(|group| group.contains(&culprit));
        Self { needs, groups, fixed: fixed.into_iter().flatten().collect() }
    }

    fn size(&self) -> u64 {
        self.needs.iter().map(|needs| 1 + needs.len() as u64).sum()
    }

    /// What is left of these groups, in the order of calls, once those are gone who saw what nobody brings any more;
    /// nothing if the culprit is one of them.
    fn left(&self, groups: &[usize]) -> Option<Vec<usize>> {
        let mut is_in = vec![false; self.needs.len()];
        let mut groups: Vec<&Vec<usize>> = groups.iter().map(|&group| &self.groups[group]).collect();
        groups.iter().copied().chain([&self.fixed]).flatten().for_each(|&call| is_in[call] = true);
        loop {
            let is_told = |group: &[usize], is_in: &[bool]| {
                group.iter().all(|&call| self.needs[call].iter().all(|&other| is_in[other]))
            };
            if !is_told(&self.fixed, &is_in) {
                return None;
            }
            let before = groups.len();
            groups.retain(|group| {
                let stays = is_told(group, &is_in);
                group.iter().for_each(|&call| is_in[call] = stays);
                stays
            });
            if groups.len() == before {
                return Some((0..is_in.len()).filter(|&call| is_in[call]).collect());
            }
        }
    }
}

/// Operations by their places, the culprit among them, that are not linearizable; and whether none can be left out.
pub(super) fn smallest<M: Told>(
    model: &M,
    operations: &[Operation],
    calls: &Placed<M::Op>,
    culprit: usize,
    effort: &mut Effort<'_>,
) -> (Vec<usize>, bool) {
    let place = calls[culprit].0;
    let whole = || (calls.iter().map(|&(place, _)| place).collect(), false);
    let ties = Ties::new(model, operations, calls);
    let last = WINDOWS.into_iter().filter(|&size| size < calls.len());
    let last = last.map(|size| (calls.len() - size..calls.len()).chain([culprit]).collect());
    let all = (calls.len() <= MOST).then(|| (0..calls.len()).collect());
    let mut some = last.chain(all).filter_map(|some| ties.with_needs(some)).map(|some| taken(calls, &some));
    let Some(base) = some.find(|some| is_bad(model, some, effort)) else { return whole() };
    let culprit = base.iter().position(|&(other, _)| other == place).unwrap_or(0);
    let rest = Rest::new(Ties::new(model, operations, &base), culprit);
    let size = rest.size();
    let mut groups: Vec<usize> = (0..rest.groups.len()).collect();
    minimise(&mut groups, |groups| {
        // What is looked at costs something, too.
        effort.spend(size / 64);
        rest.left(groups).is_some_and(|left| is_bad(model, &taken(&base, &left), effort))
    });
    let left = rest.left(&groups).unwrap_or_default();
    (left.into_iter().map(|call| base[call].0).collect(), effort.steps > 0)
}

fn taken<O: Clone>(calls: &[(usize, Call<O>)], some: &[usize]) -> Placed<O> {
    some.iter().map(|&call| calls[call].clone()).collect()
}

fn is_bad<M: Told>(model: &M, some: &Placed<M::Op>, effort: &mut Effort<'_>) -> bool {
    effort.steps > 0 && matches!(effort.check(model, &bare(some)), Verdict::Illegal(_))
}
