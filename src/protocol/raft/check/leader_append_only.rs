//! **Leader append-only**: a leader never overwrites or drops entries of its log (Figure 3, section 5.3;
//! `LeaderAppendOnly`).
//!
//! The entry that was the last must still be there. Those before it are then there too: a log is cut at its end only
//! and grows there only, and what stands there again, in the same place and term, is the same by log matching. Were a
//! log to replace an entry in its midst, log matching would see it, but only when the phase changes.

use crate::check::{At, Cast, Evidence, Property, Seat, Verdict};
use crate::protocol::raft::{Position, Raft, RaftConfig, Term};

/// The invariant; what it rests on stands at the head of its file.
#[derive(Debug)]
pub struct LeaderAppendOnly {
    /// For each node that leads: its term, and where its log ended.
    leading: Vec<Option<(Term, Position)>>,
}

impl Property<Raft> for LeaderAppendOnly {
    const NAME: &'static str = "leader_append_only";
    const ABOUT: &'static str = "a leader never overwrites or drops entries of its own log";

    fn new(_config: &RaftConfig, cast: &Cast) -> Self {
        Self { leading: vec![None; cast.len() as usize] }
    }

    fn on_turn(&mut self, at: At, seat: Seat<'_, Raft>) -> Verdict {
        let (state, last) = (seat.state, seat.state.log().last());
        let leads = state.is_leader().then_some((state.term(), last));
        let before = std::mem::replace(&mut self.leading[at.node.index()], leads);
        match (before, leads) {
            (Some((then, end)), Some((now, _))) if then == now && !state.log().agrees(end) => {
                let evidence = Evidence::new("a leader dropped or overwrote an entry").node(at.node);
                evidence.value("entry", end).value("end", last).value("term", now).into()
            }
            (Some((then, end)), Some((now, _))) if then == now && last != end => Verdict::Held,
            _ => Verdict::Skip,
        }
    }
}
