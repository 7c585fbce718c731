//! What may be asked of a cluster: of its store by clients, and of itself by an operator.

use std::fmt;

use crate::process::{NodeId, Voters};
use crate::protocol::kv::Op;

/// A request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Request {
    /// An operation on the store.
    Store(Op),
    /// A change of membership.
    Change(Change),
    /// That this node lead (thesis 3.10).
    Transfer(NodeId),
}

/// A change of membership.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// This node receives the log, and does not vote.
    Learner(NodeId),
    /// This learner, once it has caught up, votes.
    Voter(NodeId),
    /// This node takes part no more.
    Remove(NodeId),
    /// These vote, and no others: all at once, by a joint change. Those who are new are learners that have caught up.
    Voters(Voters),
}

impl Request {
    /// The operation on the store, if it is one.
    #[must_use]
    pub const fn op(&self) -> Option<&Op> {
        match self {
            Self::Store(op) => Some(op),
            Self::Change(_) | Self::Transfer(_) => None,
        }
    }

    /// Whether it has no effect.
    #[must_use]
    pub fn is_read(&self) -> bool {
        self.op().is_some_and(Op::is_read)
    }
}

impl From<Op> for Request {
    fn from(op: Op) -> Self {
        Self::Store(op)
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(op) => op.fmt(f),
            Self::Change(Change::Learner(node)) => write!(f, "learner {node}"),
            Self::Change(Change::Voter(node)) => write!(f, "voter {node}"),
            Self::Change(Change::Remove(node)) => write!(f, "remove {node}"),
            Self::Change(Change::Voters(voters)) => {
                f.write_str("voters")?;
                voters.iter().try_for_each(|node| write!(f, " {node}"))
            }
            Self::Transfer(node) => write!(f, "transfer {node}"),
        }
    }
}
