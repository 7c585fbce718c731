//! Multi-Paxos' invariants, one a file. The labels in parentheses are those of van Renesse and Altinbuken, "Paxos Made
//! Moderately Complex" (2015): R1 to R4 of replicas, A1 to A5 of acceptors, C1 and C2 of commanders, who are here part
//! of the leader.
//!
//! What is promised, accepted and proposed is read from what was reported and from disks, never from memory: a report
//! leaves after the sync that makes it true, and a proposal is reported before anybody hears of it. All together they
//! look at what changed, never at whole logs.

mod acceptances_kept;
mod accepts_current_ballot;
mod ballots;
mod ballots_monotone;
mod choice_is_stable;
mod decided_prefix;
mod one_decision_per_slot;
mod one_value_per_ballot_slot;
#[cfg(test)]
mod tests;

pub use crate::protocol::kv::check::{ExactlyOnce, Linearizable, ReplicasEqual, SessionOrder};
pub use acceptances_kept::AcceptancesKept;
pub use accepts_current_ballot::AcceptsCurrentBallot;
pub use ballots_monotone::BallotsMonotone;
pub use choice_is_stable::ChoiceIsStable;
pub use decided_prefix::DecidedPrefix;
pub use one_decision_per_slot::OneDecisionPerSlot;
pub use one_value_per_ballot_slot::OneValuePerBallotSlot;

/// All of them, causes before their consequences: a run reports the first that breaks. [`ExactlyOnce`] is R3 as well:
/// the state is what comes of the decided commands in their order.
pub type All = (
    BallotsMonotone,
    AcceptsCurrentBallot,
    AcceptancesKept,
    OneValuePerBallotSlot,
    ChoiceIsStable,
    OneDecisionPerSlot,
    DecidedPrefix,
    ExactlyOnce,
    ReplicasEqual,
    Linearizable,
    SessionOrder,
);
