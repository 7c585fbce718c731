//! **A decided prefix** (R2, R4): what a replica applies was chosen, slot by slot without a hole: a majority of
//! acceptors has accepted just that command for that slot in one ballot. And how far it has come never goes back:
//! within a life that is what it has applied, over its lives what it knows on its disk.
//!
//! A node that lost its disk begins anew.

use super::ballots::Ballots;
use crate::check::{At, Cast, Evidence, Property, Seat, Time, Verdict, WorldEvent};
use crate::process::Shared;
use crate::protocol::kv::Replica;
use crate::protocol::multi_paxos::{Command, Fact, MultiPaxos, MultiPaxosConfig, Slot};

/// The invariant; what it rests on stands at the head of its file.
#[derive(Debug)]
pub struct DecidedPrefix {
    ballots: Ballots,
    /// What was chosen for each slot.
    chosen: Vec<Option<Shared<Command>>>,
    nodes: Vec<Known>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Known {
    life: u32,
    applied: Slot,
    on_disk: Slot,
}

impl DecidedPrefix {
    /// What was chosen for a slot. It is looked for once.
    fn chosen(&mut self, slot: Slot) -> Option<&Shared<Command>> {
        let place = slot as usize - 1;
        if self.chosen.len() <= place {
            self.chosen.resize(place + 1, None);
        }
        if self.chosen[place].is_none() {
            self.chosen[place] = self.ballots.chosen(slot).cloned();
        }
        self.chosen[place].as_ref()
    }

    fn judge(&mut self, seat: Seat<'_, MultiPaxos>, slot: Slot) -> Verdict {
        let broken = |kind: &str| Evidence::new(kind).node(seat.node).value("slot", slot);
        let Some(accepted) = seat.state.log().get(slot) else {
            return broken("a replica went over a hole").into();
        };
        match self.chosen(slot) {
            Some(chosen) if *chosen == accepted.command => Verdict::Held,
            Some(chosen) => broken("a replica applied another command than was chosen")
                .value("applied", &accepted.command)
                .value("chosen", chosen)
                .into(),
            None => broken("a replica applied what was not chosen").value("applied", &accepted.command).into(),
        }
    }
}

impl Property<MultiPaxos> for DecidedPrefix {
    const NAME: &'static str = "decided_prefix";
    const ABOUT: &'static str =
        "replicas apply what a majority accepted in one ballot, without holes, and never go back";

    fn new(config: &MultiPaxosConfig, cast: &Cast) -> Self {
        let nodes = vec![Known::default(); cast.len() as usize];
        Self { ballots: Ballots::new(config), chosen: Vec::new(), nodes }
    }

    fn on_fact(&mut self, at: At, fact: &Fact) -> Verdict {
        match *fact {
            Fact::Proposed { ballot, first, ref commands } => {
                for (slot, command) in (first..).zip(commands.iter()) {
                    self.ballots.propose(ballot, slot, command);
                }
            }
            Fact::Accepted { ballot, first, last } | Fact::Recovered { ballot, first, last } => {
                self.ballots.accept(at.node, ballot, first, last);
            }
            _ => {}
        }
        Verdict::Skip
    }

    #[inline]
    fn on_turn(&mut self, at: At, seat: Seat<'_, MultiPaxos>) -> Verdict {
        let (applied, on_disk) = (seat.state.applied(), seat.disk.decided);
        let known = self.nodes[at.node.index()];
        if known.life == at.life && (known.applied, known.on_disk) == (applied, on_disk) {
            return Verdict::Skip;
        }
        self.nodes[at.node.index()] = Known { life: at.life, applied, on_disk };
        let before = if known.life == at.life { known.applied } else { 0 };
        if applied < before || on_disk < known.on_disk || applied < on_disk {
            let evidence = Evidence::new("a replica went back").node(at.node).value("applied", applied);
            return evidence.value("before", before).value("on_disk", on_disk).value("then", known.on_disk).into();
        }
        let mut verdict = Verdict::Skip;
        for slot in before + 1..=applied {
            verdict = self.judge(seat, slot);
            if matches!(verdict, Verdict::Broken(_)) {
                break;
            }
        }
        verdict
    }

    fn on_world(&mut self, _now: Time, event: &WorldEvent) -> Verdict {
        if let WorldEvent::Crash { node, lost_disk: true } = *event {
            self.nodes[node.index()] = Known::default();
        }
        Verdict::Skip
    }
}
