//! What SWIM promises beyond what every failure detector does: how probes go round, and which news may come from whom,
//! in which order, how often.

mod bounded_piggyback;
mod grid;
mod news_in_order;
mod own_incarnation;
mod suspicion_before_death;
#[cfg(test)]
mod tests;
mod time_bounded_completeness;
mod true_membership;

pub use bounded_piggyback::BoundedPiggyback;
pub use news_in_order::NewsInOrder;
pub use own_incarnation::OwnIncarnation;
pub use suspicion_before_death::SuspicionBeforeDeath;
pub use time_bounded_completeness::TimeBoundedCompleteness;
pub use true_membership::TrueMembership;
