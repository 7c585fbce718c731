//! Who leads, as far as facts tell: how soon somebody does, how often that changes, and how long it takes to put
//! another in the place of one who fell.

use crate::check::measure::{Measure, Reading};
use crate::check::{Phase, WorldEvent};
use crate::ids::NodeId;
use crate::time::{Span, Time};

/// The course of leadership in the safety phase.
#[derive(Debug, Default)]
pub(super) struct Reign {
    /// Who was elected last.
    leader: Option<NodeId>,
    first: Option<Time>,
    /// How often somebody was elected after the first time, were it the same node.
    changes: u64,
    /// When the leader fell, if nobody was elected since; and whether it only stands still.
    fallen: Option<(Time, bool)>,
    failovers: Vec<Span>,
    /// When the safety phase ended, if it has.
    healed: Option<Time>,
}

impl Reign {
    /// A node says that it leads.
    pub(super) fn elected(&mut self, now: Time, node: NodeId) {
        if self.healed.is_some() {
            return;
        }
        if self.leader.replace(node).is_some() {
            self.changes += 1;
        }
        self.first.get_or_insert(now);
        self.failovers.extend(self.fallen.take().map(|(fallen, _)| now.since(fallen)));
    }

    pub(super) fn watch(&mut self, now: Time, event: &WorldEvent) {
        match *event {
            WorldEvent::Pause { node } if self.leads(node) => drop(self.fallen.get_or_insert((now, true))),
            WorldEvent::Crash { node, .. } | WorldEvent::Refused { node } | WorldEvent::Retire { node }
                if self.leads(node) =>
            {
                // Should it stand still already, it fell then; but it will not go on as the leader.
                self.fallen.get_or_insert((now, false)).1 = false;
            }
            WorldEvent::Resume { node } if self.leads(node) => {
                self.fallen = self.fallen.filter(|&(_, stands_still)| !stands_still);
            }
            WorldEvent::Phase(Phase::Liveness | Phase::Over) => drop(self.healed.get_or_insert(now)),
            _ => {}
        }
    }

    fn leads(&self, node: NodeId) -> bool {
        self.leader == Some(node) && self.healed.is_none()
    }

    /// What is known by now; nothing where nobody leads by nature.
    pub(super) fn measured(&self, now: Time) -> Vec<Measure> {
        let lasted = self.healed.unwrap_or(now).since(Time::ZERO);
        let first: Vec<Span> = self.first.iter().map(|first| first.since(Time::ZERO)).collect();
        vec![
            Measure::new(
                "time_to_leader",
                "from the start until somebody leads for the first time",
                Reading::Times(first),
            ),
            Measure::new(
                "leader_changes",
                "elections after the first one, per second",
                Reading::Rate { count: self.changes, over: lasted.0.into() },
            ),
            Measure::new(
                "failover_time",
                "from a leader's crash or pause until the next one is elected, where it did not come back before that",
                Reading::Times(self.failovers.clone()),
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEADER: NodeId = NodeId(2);

    fn readings(reign: &Reign, now: Time) -> Vec<Reading> {
        reign.measured(now).into_iter().map(|measure| measure.reading).collect()
    }

    #[test]
    fn a_leader_that_falls_is_replaced_after_a_while() {
        let mut reign = Reign::default();
        let at = |ms| Time::ZERO + Span::ms(ms);
        assert_eq!(readings(&reign, at(10))[0], Reading::Times(Vec::new()));
        reign.elected(at(100), LEADER);
        reign.watch(at(150), &WorldEvent::Crash { node: NodeId(1), lost_disk: false });
        reign.watch(at(200), &WorldEvent::Pause { node: LEADER });
        reign.watch(at(250), &WorldEvent::Crash { node: LEADER, lost_disk: false });
        reign.watch(at(260), &WorldEvent::Resume { node: LEADER });
        reign.elected(at(500), NodeId(0));
        // Who only stood still, and goes on before anybody else leads, was not replaced.
        reign.watch(at(600), &WorldEvent::Pause { node: NodeId(0) });
        reign.watch(at(650), &WorldEvent::Resume { node: NodeId(0) });
        reign.elected(at(900), LEADER);
        reign.watch(at(1_000), &WorldEvent::Phase(Phase::Liveness));
        reign.watch(at(1_100), &WorldEvent::Crash { node: LEADER, lost_disk: false });
        reign.elected(at(1_200), NodeId(1));
        let expected = [
            Reading::Times(vec![Span::ms(100)]),
            Reading::Rate { count: 2, over: 1_000_000_000 },
            Reading::Times(vec![Span::ms(300)]),
        ];
        assert_eq!(readings(&reign, at(2_000)), expected);
    }
}
