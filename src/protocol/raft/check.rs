//! Raft's invariants, one a file: the five of the paper's Figure 3, the lemmas of its proof, and what clients and
//! operators rely on. Names in parentheses are those of the TLA+ specifications by Ongaro and by etcd.
//!
//! All together they look at what changed, never at whole logs, except at the changes of phase.

mod committed_durable;
mod election_safety;
mod exactly_once;
mod leader_append_only;
mod leader_completeness;
mod log_matching;
mod monotone_terms;
mod one_vote_per_term;
mod replicas_equal;
mod state_machine_safety;

use super::{Index, Log, Position};

pub use committed_durable::CommittedDurable;
pub use election_safety::ElectionSafety;
pub use exactly_once::ExactlyOnce;
pub use leader_append_only::LeaderAppendOnly;
pub use leader_completeness::LeaderCompleteness;
pub use log_matching::LogMatching;
pub use monotone_terms::MonotoneTerms;
pub use one_vote_per_term::OneVotePerTerm;
pub use replicas_equal::ReplicasEqual;
pub use state_machine_safety::StateMachineSafety;

/// All of them, causes before their consequences: a run reports the first that breaks.
pub type All = (
    OneVotePerTerm,
    ElectionSafety,
    MonotoneTerms,
    LeaderAppendOnly,
    LogMatching,
    LeaderCompleteness,
    StateMachineSafety,
    CommittedDurable,
    ExactlyOnce,
    ReplicasEqual,
);

/// How far one node's log has been read, so that each entry is read once.
#[derive(Clone, Copy, Debug, Default)]
struct Reader {
    seen: Position,
    committed: Index,
}

impl Reader {
    /// The first place that may be new. A log that no longer holds what was its end was cut somewhere behind what
    /// was committed then.
    fn read(&mut self, log: &Log, commit: Index) -> Index {
        let last = log.last();
        let from = if log.holds(self.seen) { self.seen.index } else { self.committed.min(last.index) };
        self.committed = self.committed.max(commit);
        self.seen = last;
        from + 1
    }
}
