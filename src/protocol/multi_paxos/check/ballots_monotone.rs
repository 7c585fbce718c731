//! **Ballots are monotone** (A1): an acceptor's promises only grow, over restarts too, and so do the ballots that one
//! node begins: none is used twice.
//!
//! What was promised is what was reported and what stands on the synced disk. A node that lost its disk is excused:
//! what follows shows elsewhere.

use crate::check::{At, Cast, Evidence, NodeId, Property, Seat, Time, Verdict, WorldEvent};
use crate::protocol::multi_paxos::{Fact, MultiPaxos, MultiPaxosConfig};
use crate::protocol::paxos::Ballot;

/// The invariant; what it rests on stands at the head of its file.
#[derive(Debug)]
pub struct BallotsMonotone {
    promised: Vec<Ballot>,
    begun: Vec<Ballot>,
}

impl BallotsMonotone {
    fn promise(&mut self, node: NodeId, promised: Ballot) -> Verdict {
        let before = std::mem::replace(&mut self.promised[node.index()], promised);
        if promised < before {
            let evidence = Evidence::new("an acceptor took a promise back").node(node);
            return evidence.value("promised", before).value("then", promised).into();
        }
        if promised == before { Verdict::Skip } else { Verdict::Held }
    }
}

impl Property<MultiPaxos> for BallotsMonotone {
    const NAME: &'static str = "ballots_monotone";
    const ABOUT: &'static str = "promises only grow, over restarts too, and nobody uses a ballot twice";

    fn new(_config: &MultiPaxosConfig, cast: &Cast) -> Self {
        let zero = vec![Ballot::default(); cast.len() as usize];
        Self { promised: zero.clone(), begun: zero }
    }

    fn on_fact(&mut self, at: At, fact: &Fact) -> Verdict {
        match *fact {
            Fact::Prepared { ballot } => {
                let before = std::mem::replace(&mut self.begun[at.node.index()], ballot);
                if ballot <= before || ballot.proposer != at.node {
                    let evidence =
                        Evidence::new("a node began a ballot that is not a new one of its own").node(at.node);
                    return evidence.value("ballot", ballot).value("before", before).into();
                }
                Verdict::Held
            }
            Fact::Promised { ballot } => self.promise(at.node, ballot),
            _ => Verdict::Skip,
        }
    }

    #[inline]
    fn on_turn(&mut self, at: At, seat: Seat<'_, MultiPaxos>) -> Verdict {
        if seat.disk.promised == self.promised[at.node.index()] {
            return Verdict::Skip;
        }
        self.promise(at.node, seat.disk.promised)
    }

    fn on_world(&mut self, _now: Time, event: &WorldEvent) -> Verdict {
        if let WorldEvent::Crash { node, lost_disk: true } = *event {
            self.promised[node.index()] = Ballot::default();
            self.begun[node.index()] = Ballot::default();
        }
        Verdict::Skip
    }
}
