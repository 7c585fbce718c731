//! **Accepts in the current ballot** (A2): an acceptor accepts in no ballot below one that it promised, over all its
//! lives.
//!
//! Both are reported when they are on disk. Who comes back reports what it had accepted before; that is not judged
//! again. A node that lost its disk is excused.

use crate::check::{At, Cast, Evidence, Property, Time, Verdict, WorldEvent};
use crate::protocol::multi_paxos::{Fact, MultiPaxos, MultiPaxosConfig};
use crate::protocol::paxos::Ballot;

/// The invariant; what it rests on stands at the head of its file.
#[derive(Debug)]
pub struct AcceptsCurrentBallot {
    /// For each node, the highest ballot that it promised.
    promised: Vec<Ballot>,
}

impl Property<MultiPaxos> for AcceptsCurrentBallot {
    const NAME: &'static str = "accepts_current_ballot";
    const ABOUT: &'static str = "an acceptor accepts in no ballot below one that it promised";

    fn new(_config: &MultiPaxosConfig, cast: &Cast) -> Self {
        Self { promised: vec![Ballot::default(); cast.len() as usize] }
    }

    fn on_fact(&mut self, at: At, fact: &Fact) -> Verdict {
        let promised = &mut self.promised[at.node.index()];
        match *fact {
            Fact::Promised { ballot } => *promised = ballot.max(*promised),
            Fact::Accepted { ballot, first, .. } if ballot < *promised => {
                let evidence = Evidence::new("an acceptor accepted below its promise").node(at.node);
                return evidence.value("promised", *promised).value("accepted", ballot).value("slot", first).into();
            }
            Fact::Accepted { .. } => return Verdict::Held,
            _ => {}
        }
        Verdict::Skip
    }

    fn on_world(&mut self, _now: Time, event: &WorldEvent) -> Verdict {
        if let WorldEvent::Crash { node, lost_disk: true } = *event {
            self.promised[node.index()] = Ballot::default();
        }
        Verdict::Skip
    }
}
