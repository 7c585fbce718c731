//! **One vote per term**: a node votes for at most one candidate in a term, whatever crashes between (section 5.2;
//! thesis section 3.8; the lemma that `votedFor` changes at most once a term).
//!
//! It is a promise: read from what was reported, which leaves after the sync, and from the synced disk. A vote that
//! a crash took before it was synced never left, and does not count. A node that lost its disk is excused: what
//! follows shows elsewhere.

use std::collections::BTreeMap;

use crate::check::{At, Cast, Evidence, NodeId, Property, Seat, Time, Verdict, WorldEvent};
use crate::protocol::raft::{Fact, HardState, Raft, RaftConfig, Term};

/// The invariant; what it rests on stands at the head of its file.
#[derive(Debug)]
pub struct OneVotePerTerm {
    votes: Vec<BTreeMap<Term, NodeId>>,
    disks: Vec<HardState>,
}

impl OneVotePerTerm {
    fn enter(&mut self, node: NodeId, term: Term, candidate: NodeId) -> Verdict {
        let first = *self.votes[node.index()].entry(term).or_insert(candidate);
        if first == candidate {
            return Verdict::Held;
        }
        let evidence = Evidence::new("one node voted for two candidates in a term").node(node);
        evidence.value("term", term).value("first", first).value("second", candidate).into()
    }
}

impl Property<Raft> for OneVotePerTerm {
    const NAME: &'static str = "one_vote_per_term";
    const ABOUT: &'static str = "a node votes for at most one candidate in a term, over all its lives";

    fn new(_config: &RaftConfig, cast: &Cast) -> Self {
        let nodes = cast.len() as usize;
        Self { votes: vec![BTreeMap::new(); nodes], disks: vec![HardState::default(); nodes] }
    }

    fn on_fact(&mut self, at: At, fact: &Fact) -> Verdict {
        match *fact {
            Fact::Voted { term, candidate } => self.enter(at.node, term, candidate),
            _ => Verdict::Skip,
        }
    }

    fn on_turn(&mut self, at: At, seat: Seat<'_, Raft>) -> Verdict {
        let hard = seat.disk.hard;
        if hard == self.disks[at.node.index()] {
            return Verdict::Skip;
        }
        self.disks[at.node.index()] = hard;
        hard.vote.map_or(Verdict::Skip, |candidate| self.enter(at.node, hard.term, candidate))
    }

    fn on_world(&mut self, _now: Time, event: &WorldEvent) -> Verdict {
        if let WorldEvent::Crash { node, lost_disk: true } = *event {
            self.votes[node.index()].clear();
        }
        Verdict::Skip
    }
}
