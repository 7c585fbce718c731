//! Invariants of every protocol that keeps replicas of the store, whatever puts their commands in order.

mod exactly_once;
mod linearizable;
mod replicas_equal;
mod session_order;
#[cfg(test)]
mod tests;

pub use exactly_once::ExactlyOnce;
pub use linearizable::Linearizable;
pub use replicas_equal::ReplicasEqual;
pub use session_order::SessionOrder;
