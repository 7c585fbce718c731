//! What protocols of atomic commitment promise, one property a file: the conditions AC1 to AC5 of Bernstein, Hadzilacos
//! and Goodman (section 7.3), and what a bank relies on.

mod agreement;
mod all_decide;
mod commit_needs_all_yes;
mod cooperation;
mod in_time_commits;
mod irrevocable;
mod locks;
mod money_conserved;
mod never_blocks;
mod no_failures_commit;
mod non_blocking_rule;
mod once_per_request;
mod serializable;
#[cfg(test)]
mod tests;
mod watch;

pub use agreement::Agreement;
pub use all_decide::AllDecide;
pub use commit_needs_all_yes::CommitNeedsAllYes;
pub use cooperation::Cooperation;
pub use in_time_commits::InTimeCommits;
pub use irrevocable::Irrevocable;
pub use locks::{LocksHeld, LocksReleased};
pub use money_conserved::MoneyConserved;
pub use never_blocks::NeverBlocks;
pub use no_failures_commit::NoFailuresCommit;
pub use non_blocking_rule::NonBlockingRule;
pub use once_per_request::OncePerRequest;
pub use serializable::Serializable;

use crate::check::{NodeId, WorldEvent};

/// The node that this takes the memory of, for now or for good.
fn gone(event: &WorldEvent) -> Option<NodeId> {
    match *event {
        WorldEvent::Crash { node, .. } | WorldEvent::Refused { node } | WorldEvent::Retire { node } => Some(node),
        _ => None,
    }
}

/// What two-phase commit promises, causes before their consequences: a run reports the first that breaks.
pub type OfTwoPhase = (
    CommitNeedsAllYes,
    Irrevocable,
    Agreement,
    InTimeCommits,
    NoFailuresCommit,
    LocksHeld,
    LocksReleased,
    OncePerRequest,
    MoneyConserved,
    Serializable,
    Cooperation,
    NeverBlocks,
    AllDecide,
);

/// What three-phase commit promises, causes before their consequences.
pub type OfThreePhase = (
    NonBlockingRule,
    CommitNeedsAllYes,
    Irrevocable,
    Agreement,
    InTimeCommits,
    NoFailuresCommit,
    LocksHeld,
    LocksReleased,
    OncePerRequest,
    MoneyConserved,
    Serializable,
    NeverBlocks,
    AllDecide,
);
