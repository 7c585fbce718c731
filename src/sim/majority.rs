//! For how much of the time a majority was up: what no protocol that needs one can exceed.

use std::ops::Range;

use crate::check::measure::{Measure, Reading};
use crate::check::{Phase, WorldEvent};
use crate::ids::{NodeId, NodeSet};
use crate::time::{Span, Time};

/// Watches the members of the first group.
#[derive(Debug)]
pub(super) struct Majority {
    members: Range<u32>,
    /// Those that are down or stand still.
    away: NodeSet,
    /// When the last of these events was that changed something.
    since: Time,
    up: Span,
    /// When the safety phase ended, if it has.
    healed: Option<Time>,
}

impl Majority {
    pub(super) fn new(members: Range<u32>) -> Self {
        Self { members, away: NodeSet::new(), since: Time::ZERO, up: Span::ZERO, healed: None }
    }

    pub(super) fn watch(&mut self, now: Time, event: &WorldEvent) {
        if self.healed.is_some() {
            return;
        }
        match *event {
            WorldEvent::Crash { node, .. }
            | WorldEvent::Refused { node }
            | WorldEvent::Pause { node }
            | WorldEvent::Retire { node } => self.change(now, node, true),
            WorldEvent::Boot { node, .. } | WorldEvent::Resume { node } => self.change(now, node, false),
            WorldEvent::Phase(Phase::Liveness | Phase::Over) => {
                self.count(now);
                self.healed = Some(now);
            }
            _ => {}
        }
    }

    fn change(&mut self, now: Time, node: NodeId, is_away: bool) {
        if self.members.contains(&node.0) && self.away.contains(node) != is_away {
            self.count(now);
            if is_away { self.away.insert(node) } else { self.away.remove(node) }
        }
    }

    fn count(&mut self, now: Time) {
        if self.is_up() {
            self.up += now.since(self.since);
        }
        self.since = now;
    }

    fn is_up(&self) -> bool {
        let members = self.members.len();
        (members - self.away.len()) * 2 > members
    }

    pub(super) fn measured(&self, now: Time) -> Measure {
        let end = self.healed.unwrap_or(now);
        let rest = if self.healed.is_none() && self.is_up() { end.since(self.since) } else { Span::ZERO };
        let reading = Reading::Share { part: (self.up + rest).0.into(), whole: end.0.into() };
        let about = "the share of the time in which a majority of the members was up and did not stand still";
        Measure::new("majority_up", about, reading).more()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(majority: &Majority, now: u64) -> (u128, u128) {
        match majority.measured(Time(now)).reading {
            Reading::Share { part, whole } => (part, whole),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn half_of_the_members_are_no_majority() {
        let crash = |node| WorldEvent::Crash { node: NodeId(node), lost_disk: false };
        let boot = |node| WorldEvent::Boot { node: NodeId(node), life: 2 };
        let mut majority = Majority::new(0..4);
        majority.watch(Time(100), &crash(0));
        assert_eq!(share(&majority, 150), (150, 150));
        majority.watch(Time(200), &WorldEvent::Pause { node: NodeId(3) });
        // Who is down already does not fall again, and who is no member does not count.
        majority.watch(Time(250), &crash(0));
        majority.watch(Time(260), &crash(7));
        assert_eq!(share(&majority, 300), (200, 300));
        majority.watch(Time(400), &boot(0));
        majority.watch(Time(500), &WorldEvent::Phase(Phase::Liveness));
        majority.watch(Time(600), &crash(1));
        assert_eq!(share(&majority, 900), (300, 500));
    }
}
