//! Whom an entry strikes: drawn choices are made here, by one rule for plans that are drawn and plans that are
//! given; roles and facts stay as they are until their instant comes.
//!
//! A spare node may be drawn like any other, since it may have started by then; but a majority is one of members, and
//! so is a share.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::fault::links::{Cut, Links, Shape};
use crate::fault::{Entry, Who};
use crate::ids::{FaultKind, NodeId, NodeSet};
use crate::params::Distribution;
use crate::process::{Cast, Group};
use crate::rng::{Dice, Die};
use crate::time::Span;

/// A ring has one set of links for each node; among more nodes than this it is drawn as halves.
pub(super) const RING_MAX: usize = 1_000;

/// The nodes of a run, as targets are chosen from them.
#[derive(Debug)]
pub struct Targets<'a> {
    cast: &'a Cast,
    zones: &'a BTreeMap<String, NodeSet>,
    everyone: NodeSet,
    losers: Option<&'a NodeSet>,
}

impl<'a> Targets<'a> {
    /// The nodes of a run; of them only `losers` may lose synced data, if it is given.
    #[must_use]
    pub fn new(cast: &'a Cast, zones: &'a BTreeMap<String, NodeSet>, losers: Option<&'a NodeSet>) -> Self {
        let losers = losers.filter(|losers| !losers.is_empty());
        Self { cast, zones, everyone: NodeSet::range(0..cast.len()), losers }
    }

    /// Whether entries of this kind are aimed only at the nodes that may lose synced data.
    pub(super) fn is_confined(&self, kind: FaultKind) -> bool {
        matches!(kind, FaultKind::Wipe | FaultKind::Damage) && self.losers.is_some()
    }

    /// The entry with everything decided that can be decided before the run: all but roles and facts.
    #[must_use]
    pub fn bind(&self, mut entry: Entry, die: Die) -> Entry {
        let lasts = entry.lasts;
        let kind = entry.kind.kind();
        let late = entry.who.is_late();
        match entry.kind.links_mut() {
            Some(links) => {
                if links.shape == Shape::Flapping && links.flaps.is_none() {
                    links.flaps = Some(half_period(lasts));
                }
                if links.cut.is_empty() && !late {
                    let around = self.struck(&entry.who, kind, die);
                    links.cut = cuts_around(links.shape, &around, &self.everyone, die);
                    entry.who = Who::Nodes(around);
                }
            }
            None if late => {}
            None => entry.who = Who::Nodes(self.struck(&entry.who, kind, die)),
        }
        entry
    }

    /// The nodes that a target names; a drawn choice is made with the entry's dice.
    fn struck(&self, who: &Who, kind: FaultKind, die: Die) -> NodeSet {
        let mut dice = die.with_str("who").stream();
        match who {
            Who::Any if kind == FaultKind::Power => self.blackout(&mut dice),
            Who::Any | Who::Group(_) if kind == FaultKind::Start => one_of(&self.spares(who), &mut dice),
            Who::All | Who::Zone(_) if kind == FaultKind::Start => self.spares(who),
            Who::Any => match self.losers {
                Some(losers) if self.is_confined(kind) => one_of(losers, &mut dice),
                _ => some_of(0..self.cast.len(), 1, &mut dice),
            },
            Who::Majority => self.members_of(|all| all / 2 + 1, &mut dice),
            Who::Share(share) => self.members_of(|all| share.part_of(all).max(1), &mut dice),
            Who::Group(name) => self.in_group(name, kind, &mut dice),
            Who::Nodes(_) | Who::All | Who::Zone(_) | Who::Role(_) | Who::Fact(_) => self.all_of(who),
        }
    }

    fn in_group(&self, name: &str, kind: FaultKind, dice: &mut dyn Dice) -> NodeSet {
        let range = self.cast.named(name).map_or(0..0, whole);
        match self.losers {
            _ if kind == FaultKind::Power => NodeSet::range(range),
            Some(losers) if self.is_confined(kind) => {
                let both: NodeSet = losers.iter().filter(|node| range.contains(&node.0)).collect();
                if both.is_empty() { some_of(range, 1, dice) } else { one_of(&both, dice) }
            }
            _ => some_of(range, 1, dice),
        }
    }

    /// What loses its power together: a zone, a majority, or everything.
    fn blackout(&self, dice: &mut dyn Dice) -> NodeSet {
        let zones = self.zones.values().filter(|zone| !zone.is_empty());
        let places: Vec<&NodeSet> = zones.collect();
        let kinds = if places.is_empty() { 2 } else { 3 };
        match (dice.below(kinds), below(places.len() as u32, dice)) {
            (0, _) => self.everyone.clone(),
            (1, _) => self.members_of(|all| all / 2 + 1, dice),
            (_, place) => places[place as usize].clone(),
        }
    }

    /// So many of the members; a spare that has not started would count for nothing.
    fn members_of(&self, how_many: impl Fn(u32) -> u32, dice: &mut dyn Dice) -> NodeSet {
        let members = self.cast.groups().iter().flat_map(|group| group.members.clone());
        let members: Vec<NodeId> = members.map(NodeId).collect();
        let count = u32::try_from(members.len()).unwrap_or(u32::MAX);
        let places = some_of(0..count, how_many(count), dice);
        places.iter().map(|place| members[place.index()]).collect()
    }

    /// Every node that a target may mean, without any draw.
    pub(super) fn all_of(&self, who: &Who) -> NodeSet {
        match who {
            Who::Any | Who::All | Who::Majority | Who::Share(_) => self.everyone.clone(),
            Who::Nodes(nodes) => nodes.clone(),
            Who::Group(name) => NodeSet::range(self.cast.named(name).map_or(0..0, whole)),
            Who::Zone(name) => self.zones.get(name).cloned().unwrap_or_default(),
            Who::Role(_) | Who::Fact(_) => NodeSet::new(),
        }
    }

    /// The spare nodes among those that a target may mean.
    pub(super) fn spares(&self, who: &Who) -> NodeSet {
        let spares = self.cast.groups().iter().flat_map(|group| group.spares.clone()).map(NodeId);
        let meant = self.all_of(who);
        spares.filter(|&node| meant.contains(node)).collect()
    }

    /// The candidates for a retirement; any at all while the target is bound late.
    pub(super) fn members(&self, who: &Who) -> NodeSet {
        if who.is_late() { self.everyone.clone() } else { self.all_of(who) }
    }
}

fn whole(group: &Group) -> Range<u32> {
    group.members.start..group.spares.end
}

/// Whether an entry has no target and never will have: a shape around nobody, links among one node alone.
pub(super) fn strikes_nobody(entry: &Entry) -> bool {
    match (entry.kind.links(), &entry.who) {
        (_, who) if who.is_late() => false,
        (Some(links), _) => links.cut.is_empty(),
        (None, Who::Nodes(nodes)) => nodes.is_empty(),
        (None, _) => false,
    }
}

/// The links of a drawn shape, not yet drawn around anyone.
pub(super) fn shaped(shapes: &[Shape], flaps: Option<&Distribution>, lasts: Option<Span>, die: Die) -> Links {
    let place = die.with_str("shape").stream().below(shapes.len() as u64);
    let shape = usize::try_from(place).ok().and_then(|place| shapes.get(place)).copied().unwrap_or(Shape::Isolate);
    let drawn = || flaps.map_or_else(|| half_period(lasts), |flaps| flaps.sample(die.with_str("flaps").roll()));
    // A half-period of nothing would flap for ever within one instant.
    let flaps = (shape == Shape::Flapping).then(|| drawn().max(Span::us(1)));
    Links { shape, cut: Vec::new(), flaps }
}

/// The half-period of a flapping fault that states none: a tenth of its length. Of nothing it would flap for ever
/// within one instant.
fn half_period(lasts: Option<Span>) -> Span {
    lasts.map_or(Span::ms(100), |lasts| Span(lasts.0 / 10)).max(Span::us(1))
}

/// The directed links of a shape around some nodes of `everyone`. Several are cut off as one block where the
/// shape sets a node apart; otherwise the shape is drawn around one of them.
///
/// Where a shape leaves nothing to cut among so few nodes (a ring of three), the target is isolated instead;
/// a ring of very many is drawn as halves. Without a link among `everyone`, the answer is empty.
pub(super) fn cuts_around(shape: Shape, around: &NodeSet, everyone: &NodeSet, die: Die) -> Vec<Cut> {
    let mut dice = die.with_str("cut").stream();
    let shape = if shape == Shape::Ring && everyone.len() > RING_MAX { Shape::Halves } else { shape };
    let apart = matches!(shape, Shape::Isolate | Shape::Flapping | Shape::OneWay);
    if apart && around.len() > 1 && around.len() < everyone.len() {
        let rest = everyone.without(around);
        let out = Cut { from: around.clone(), to: rest.clone() };
        let back = Cut { from: rest, to: around.clone() };
        return match shape {
            Shape::OneWay if dice.below(2) == 0 => vec![out],
            Shape::OneWay => vec![back],
            _ => vec![out, back],
        };
    }
    let Some(target) = one_of(around, &mut dice).last().filter(|_| everyone.len() > 1) else { return Vec::new() };
    let mut cuts = shape.cuts(target, everyone, &mut dice);
    cuts.retain(|cut| !cut.from.is_empty() && !cut.to.is_empty());
    if cuts.is_empty() { Shape::Isolate.cuts(target, everyone, &mut dice) } else { cuts }
}

/// One drawn node of a set, or none of an empty one.
fn one_of(nodes: &NodeSet, dice: &mut dyn Dice) -> NodeSet {
    let place = usize::try_from(dice.below(nodes.len() as u64)).unwrap_or(0);
    nodes.iter().nth(place).into_iter().collect()
}

/// A uniform number below `n`; 0 if `n` is 0.
pub(super) fn below(n: u32, dice: &mut dyn Dice) -> u32 {
    u32::try_from(dice.below(n.into())).unwrap_or(0)
}

/// `count` different nodes of a range, all of it if it has fewer (Floyd's sampling: one draw for each).
pub(super) fn some_of(range: Range<u32>, count: u32, dice: &mut dyn Dice) -> NodeSet {
    let len = range.end - range.start;
    let mut chosen = BTreeSet::new();
    for top in len - count.min(len)..len {
        let place = below(top + 1, dice);
        if !chosen.insert(place) {
            chosen.insert(top);
        }
    }
    chosen.into_iter().map(|place| NodeId(range.start + place)).collect()
}
