//! **Elected by a quorum**: who leads a term has the votes of a majority of those who vote, by the membership in its
//! own log; during a joint change, of both majorities (section 5.2, section 6; thesis 4.2.1 on those who do not vote).
//!
//! Votes are taken from what the voters reported and from their synced disks (a crash may fall between the sync and the
//! report), not from what the candidate counted.

use std::collections::BTreeMap;

use crate::check::{At, Cast, Evidence, NodeId, Property, Seat, Verdict};
use crate::process::Voters;
use crate::protocol::raft::{Fact, HardState, Raft, RaftConfig, Term};

/// The invariant; what it rests on stands at the head of its file.
#[derive(Debug)]
pub struct ElectedByQuorum {
    /// Who voted for whom.
    votes: BTreeMap<(Term, NodeId), Voters>,
    /// For each node, the last term in which it was judged as leader.
    judged: Vec<Term>,
    /// For each node, what was seen on its disk.
    disks: Vec<HardState>,
}

impl Property<Raft> for ElectedByQuorum {
    const NAME: &'static str = "elected_by_quorum";
    const ABOUT: &'static str = "a leader has the votes of a majority; during a joint change, of both";

    fn new(_config: &RaftConfig, cast: &Cast) -> Self {
        let nodes = cast.len() as usize;
        Self { votes: BTreeMap::new(), judged: vec![0; nodes], disks: vec![HardState::default(); nodes] }
    }

    fn on_fact(&mut self, at: At, fact: &Fact) -> Verdict {
        if let Fact::Voted { term, candidate } = *fact {
            self.votes.entry((term, candidate)).or_default().insert(at.node);
        }
        Verdict::Skip
    }

    #[inline]
    fn on_turn(&mut self, at: At, seat: Seat<'_, Raft>) -> Verdict {
        let hard = seat.disk.hard;
        if std::mem::replace(&mut self.disks[at.node.index()], hard) != hard
            && let Some(candidate) = hard.vote
        {
            self.votes.entry((hard.term, candidate)).or_default().insert(at.node);
        }
        let (term, judged) = (seat.state.term(), &mut self.judged[at.node.index()]);
        if !seat.state.is_leader() || std::mem::replace(judged, term) == term {
            return Verdict::Skip;
        }
        let votes = self.votes.get(&(term, at.node)).copied().unwrap_or_default();
        let members = seat.state.members().now();
        if members.has_quorum(votes) {
            return Verdict::Held;
        }
        let evidence = Evidence::new("a leader was elected by too few").node(at.node).value("term", term);
        evidence.value("votes", votes).value("members", members).into()
    }
}
