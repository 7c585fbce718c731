//! **Election safety**: at most one leader is elected in a term, over all time (Figure 3, section 5.2;
//! `ElectionSafety`, in etcd `MoreThanOneLeaderInv`).
//!
//! A node elected twice in one term, in two lives, counts as two: it has forgotten the entries of the first.

use std::collections::BTreeMap;

use crate::check::{At, Cast, Evidence, NodeId, Property, Seat, Verdict};
use crate::protocol::raft::{Fact, Raft, RaftConfig, Term};

/// The invariant; what it rests on stands at the head of its file.
#[derive(Debug)]
pub struct ElectionSafety {
    leaders: BTreeMap<Term, (NodeId, u32)>,
    latest: (Term, (NodeId, u32)),
}

impl ElectionSafety {
    fn enter(&mut self, at: At, term: Term) -> Verdict {
        let leader = (at.node, at.life);
        let first = *self.leaders.entry(term).or_insert(leader);
        self.latest = (term, leader);
        if first == leader {
            return Verdict::Held;
        }
        let kind = if first.0 == at.node { "one leader elected twice in a term" } else { "two leaders in one term" };
        Evidence::new(kind).node(first.0).node(at.node).value("term", term).into()
    }
}

impl Property<Raft> for ElectionSafety {
    const NAME: &'static str = "election_safety";
    const ABOUT: &'static str = "at most one leader is elected in a term";

    fn new(_config: &RaftConfig, _cast: &Cast) -> Self {
        Self { leaders: BTreeMap::new(), latest: (0, (NodeId(0), 0)) }
    }

    fn on_fact(&mut self, at: At, fact: &Fact) -> Verdict {
        match *fact {
            Fact::Elected { term } => self.enter(at, term),
            _ => Verdict::Skip,
        }
    }

    fn on_turn(&mut self, at: At, seat: Seat<'_, Raft>) -> Verdict {
        let known = || self.latest == (seat.state.term(), (at.node, at.life));
        if !seat.state.is_leader() || known() {
            return Verdict::Skip;
        }
        self.enter(at, seat.state.term())
    }
}
