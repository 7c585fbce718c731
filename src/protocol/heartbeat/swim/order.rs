//! Whom to probe next (section 4.3).

use crate::process::NodeId;

/// The others in a random order, which is drawn anew each time that all had their turn. So two turns of one member are
/// at most 2m − 1 apart, where m is the number of the others: the first of one round, and the last of the next. Those
/// that are left out take no turn, and keep their place for when they come back.
///
/// The order is drawn place by place, each time that one is needed (Fisher and Yates).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct ProbeOrder {
    members: Vec<NodeId>,
    /// How many had their turn in this round.
    done: usize,
}

impl ProbeOrder {
    /// An order of these.
    #[must_use]
    pub(super) fn new(members: impl Iterator<Item = NodeId>) -> Self {
        Self { members: members.collect(), done: 0 }
    }

    /// Whose turn it is, among those that are not left out; `choose` draws a number below the one that it is given.
    pub(super) fn next(
        &mut self,
        mut choose: impl FnMut(u64) -> u64,
        mut left_out: impl FnMut(NodeId) -> bool,
    ) -> Option<NodeId> {
        let count = self.members.len();
        for _ in 0..2 * count {
            if self.done == count {
                self.done = 0;
            }
            let drawn = self.done + choose((count - self.done) as u64) as usize;
            self.members.swap(self.done, drawn);
            let member = self.members[self.done];
            self.done += 1;
            if !left_out(member) {
                return Some(member);
            }
        }
        None
    }

    /// One of those that are not left out, whoever had a turn before: each is as likely as any other, but where most
    /// are left out.
    pub(super) fn any(
        &self,
        mut choose: impl FnMut(u64) -> u64,
        mut left_out: impl FnMut(NodeId) -> bool,
    ) -> Option<NodeId> {
        let count = self.members.len();
        let mut drawn = 0;
        for _ in 0..TRIES.min(count) {
            drawn = choose(count as u64) as usize;
            if !left_out(self.members[drawn]) {
                return Some(self.members[drawn]);
            }
        }
        let (before, after) = self.members.split_at(drawn);
        after.iter().chain(before).copied().find(|&member| !left_out(member))
    }
}

/// How often one is drawn before the first in a row will do.
const TRIES: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Dice, Die, Seed};

    fn order(count: u32) -> ProbeOrder {
        ProbeOrder::new((1..=count).map(NodeId))
    }

    #[test]
    fn everybody_has_one_turn_a_round_in_an_order_that_changes() {
        let mut dice = Die::new(Seed(1)).stream();
        let mut order = order(7);
        let mut rounds: Vec<Vec<u32>> = Vec::new();
        for _ in 0..20 {
            rounds.push((0..7).map(|_| order.next(|n| dice.below(n), |_| false).unwrap().0).collect());
        }
        for round in &rounds {
            let mut sorted = round.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, [1, 2, 3, 4, 5, 6, 7]);
        }
        rounds.sort();
        rounds.dedup();
        assert!(rounds.len() > 15, "{} different orders", rounds.len());
    }

    /// Each of the 24 orders of four comes up 1,000 times in 24,000, give or take 5 standard deviations.
    #[test]
    fn every_order_is_as_likely_as_any_other() {
        let mut dice = Die::new(Seed(2)).stream();
        let mut order = order(4);
        let mut counts = std::collections::BTreeMap::new();
        for _ in 0..24_000 {
            let round: Vec<u32> = (0..4).map(|_| order.next(|n| dice.below(n), |_| false).unwrap().0).collect();
            *counts.entry(round).or_insert(0_u32) += 1;
        }
        assert_eq!(counts.len(), 24);
        assert!(counts.values().all(|count| (845..=1_155).contains(count)), "{counts:?}");
    }

    #[test]
    fn who_is_left_out_takes_no_turn() {
        let mut dice = Die::new(Seed(3)).stream();
        let mut order = order(5);
        for _ in 0..20 {
            let member = order.next(|n| dice.below(n), |member| !member.0.is_multiple_of(2)).unwrap();
            assert!(member.0.is_multiple_of(2));
            let any = order.any(|n| dice.below(n), |member| member.0 != 5).unwrap();
            assert_eq!(any, NodeId(5));
        }
        assert_eq!(order.next(|n| dice.below(n), |_| true), None);
        assert_eq!(order.any(|n| dice.below(n), |_| true), None);
        assert_eq!(ProbeOrder::new([].into_iter()).next(|_| 0, |_| false), None);
    }
}
