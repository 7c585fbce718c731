//! Invariants of every protocol that keeps replicas of the store, whatever puts their commands in order.

mod exactly_once;
mod replicas_equal;

pub use exactly_once::ExactlyOnce;
pub use replicas_equal::ReplicasEqual;
