//! **One change at a time**: a leader changes the membership only when the change before is committed and so is an
//! entry of its own term, and only so far that old and new quorums share a node: by one voter, or jointly (thesis 4.1,
//! 4.3; Ongaro's correction of 2015, on the raft-dev list, to single-server changes).
//!
//! It is judged when a leader's log shows a new change, by the end of that turn.

use crate::check::{At, Cast, Evidence, Property, Seat, Verdict};
use crate::protocol::raft::{Index, Raft, RaftConfig};

/// The invariant; what it rests on stands at the head of its file.
#[derive(Debug)]
pub struct OneChangeAtATime {
    /// For each node, where its latest membership begins.
    since: Vec<Index>,
}

impl Property<Raft> for OneChangeAtATime {
    const NAME: &'static str = "one_change_at_a_time";
    const ABOUT: &'static str = "one membership follows another when that is committed, and their quorums share a node";
    const AFTER: &'static str = "change_begun";

    fn new(_config: &RaftConfig, cast: &Cast) -> Self {
        Self { since: vec![0; cast.len() as usize] }
    }

    #[inline]
    fn on_turn(&mut self, at: At, seat: Seat<'_, Raft>) -> Verdict {
        let (state, since) = (seat.state, seat.state.members().since());
        if std::mem::replace(&mut self.since[at.node.index()], since) == since || !state.is_leader() {
            return Verdict::Skip;
        }
        let (log, members, commit) = (state.log(), state.members(), state.commit());
        if log.term_at(since) != Some(state.term()) {
            return Verdict::Skip;
        }
        let Some((before, replaced)) = members.before() else { return Verdict::Skip };
        let broken = |kind: &str| Evidence::new(kind).node(at.node).value("index", since).value("committed", commit);
        if log.term_at(commit) != Some(state.term()) {
            let evidence = broken("a leader changed the membership before it had committed anything in its term");
            return evidence.value("term", state.term()).into();
        }
        if before > commit {
            return broken("a change of membership began before the last was committed").value("last", before).into();
        }
        if !members.now().is_safe_after(replaced) {
            let evidence = broken("quorums of one membership and the next need not share a node");
            return evidence.value("from", replaced).value("to", members.now()).into();
        }
        Verdict::Held
    }
}
