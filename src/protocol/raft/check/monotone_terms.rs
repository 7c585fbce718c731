//! **Monotone terms**: the small lemmas on which the proof stands (thesis, appendix B; etcd's `LogInv` family).
//! A node's term never falls, across restarts too; no entry is of a later term than its node; terms never fall
//! along a log; what is applied is committed, what is committed is in the log, and neither index goes back before
//! a restart.

use super::Reader;
use crate::check::{At, Cast, Evidence, Property, Seat, Time, Verdict, WorldEvent};
use crate::protocol::raft::{Index, Log, Raft, RaftConfig, Term};

/// The invariant; what it rests on stands at the head of its file.
#[derive(Debug)]
pub struct MonotoneTerms {
    nodes: Vec<Known>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Known {
    life: u32,
    term: Term,
    commit: Index,
    applied: Index,
    reader: Reader,
}

impl Property<Raft> for MonotoneTerms {
    const NAME: &'static str = "monotone_terms";
    const ABOUT: &'static str = "terms, commit and applied indices never go back, and terms never fall along a log";

    fn new(_config: &RaftConfig, cast: &Cast) -> Self {
        Self { nodes: vec![Known::default(); cast.len() as usize] }
    }

    fn on_turn(&mut self, at: At, seat: Seat<'_, Raft>) -> Verdict {
        let known = &mut self.nodes[at.node.index()];
        if known.life != at.life {
            *known = Known { life: at.life, commit: 0, applied: 0, ..*known };
        }
        let verdict = known.judge(seat);
        known.term = seat.state.term();
        known.commit = seat.state.commit();
        known.applied = seat.state.applied();
        verdict
    }

    fn on_world(&mut self, _now: Time, event: &WorldEvent) -> Verdict {
        if let WorldEvent::Crash { node, lost_disk: true } = *event {
            self.nodes[node.index()] = Known::default();
        }
        Verdict::Skip
    }
}

impl Known {
    fn judge(&mut self, seat: Seat<'_, Raft>) -> Verdict {
        let (state, last) = (seat.state, seat.state.log().last());
        let broken = |kind: &str| Evidence::new(kind).node(seat.node);
        if state.term() < self.term {
            return broken("a term went back").value("from", self.term).value("to", state.term()).into();
        }
        if last.term > state.term() {
            let evidence = broken("an entry of a later term than its node");
            return evidence.value("entry", last).value("term", state.term()).into();
        }
        if state.applied() > state.commit() || state.commit() > last.index {
            let evidence = broken("applied, committed and last entry out of order").value("applied", state.applied());
            return evidence.value("committed", state.commit()).value("last", last.index).into();
        }
        if state.commit() < self.commit {
            return broken("a commit index went back").value("from", self.commit).value("to", state.commit()).into();
        }
        if state.applied() < self.applied {
            return broken("an applied index went back")
                .value("from", self.applied)
                .value("to", state.applied())
                .into();
        }
        let from = self.reader.read(state.log(), state.commit());
        match falling(state.log(), from) {
            Some(index) => broken("terms fall along a log").value("index", index).into(),
            None if from <= last.index || state.term() > self.term => Verdict::Held,
            None => Verdict::Skip,
        }
    }
}

/// The first entry from `from` on that is of an earlier term than the one before it.
fn falling(log: &Log, from: Index) -> Option<Index> {
    (from..=log.last().index).find(|&index| log.term_at(index) < log.term_at(index - 1))
}
