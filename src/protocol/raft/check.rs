//! Raft's invariants.

/// All of them.
pub type All = ();
