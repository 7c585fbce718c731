//! Raft's invariants, one a file: the five of the paper's Figure 3, the lemmas of its proof, and what clients and
//! operators rely on. Names in parentheses are those of the TLA+ specifications by Ongaro and by etcd.
//!
//! All together they look at what changed, never at whole logs, except at the changes of phase.

mod committed_durable;
mod elected_by_quorum;
mod election_safety;
mod fresh_reads;
mod leader_append_only;
mod leader_completeness;
mod log_matching;
mod monotone_terms;
mod one_change_at_a_time;
mod one_vote_per_term;
mod snapshot_faithful;
mod state_machine_safety;
#[cfg(test)]
mod tests;

use super::{Index, Log, Position};

pub use crate::protocol::kv::check::{ExactlyOnce, Linearizable, ReplicasEqual, SessionOrder};
pub use committed_durable::CommittedDurable;
pub use elected_by_quorum::ElectedByQuorum;
pub use election_safety::ElectionSafety;
pub use fresh_reads::FreshReads;
pub use leader_append_only::LeaderAppendOnly;
pub use leader_completeness::LeaderCompleteness;
pub use log_matching::LogMatching;
pub use monotone_terms::MonotoneTerms;
pub use one_change_at_a_time::OneChangeAtATime;
pub use one_vote_per_term::OneVotePerTerm;
pub use snapshot_faithful::SnapshotFaithful;
pub use state_machine_safety::StateMachineSafety;

/// All of them, causes before their consequences: a run reports the first that breaks.
pub type All = (
    OneVotePerTerm,
    ElectedByQuorum,
    ElectionSafety,
    OneChangeAtATime,
    MonotoneTerms,
    LeaderAppendOnly,
    LogMatching,
    LeaderCompleteness,
    StateMachineSafety,
    CommittedDurable,
    SnapshotFaithful,
    FreshReads,
    ExactlyOnce,
    ReplicasEqual,
    Linearizable,
    SessionOrder,
);

/// How far one node's log has been read, so that each entry is read once.
///
/// A log is changed by adding to it or cutting its end off, so that one which holds what was its end, in place and
/// term, is read up to there. (A log with an entry replaced in its midst would pass for read; it is looked at as a
/// whole when the phase changes.)
#[derive(Clone, Copy, Debug, Default)]
struct Reader {
    seen: Position,
    /// What was committed then. A cut should not reach it, which spares reading the log anew.
    committed: Position,
}

impl Reader {
    /// The first place that may be new.
    fn read(&mut self, log: &Log, commit: Index) -> Index {
        let last = log.last();
        if commit != self.committed.index && self.seen == last {
            self.committed = log.position(commit).unwrap_or(log.start());
        }
        if self.seen == last {
            return last.index + 1;
        }
        let known = [self.seen, self.committed].into_iter().find(|&known| log.holds(known)).unwrap_or(log.start());
        self.seen = last;
        self.committed = log.position(commit).unwrap_or(log.start());
        known.index + 1
    }
}
