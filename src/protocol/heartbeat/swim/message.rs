//! What members send each other.

use super::standing::{Standing, Update};
use crate::process::NodeId;

/// What every message of SWIM carries, whatever it is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Letter {
    /// The probe that it is a part of, if it is.
    pub probe: Option<Probe>,
    /// The incarnation of who sent it.
    pub incarnation: u32,
    /// What its sender holds of who gets it, who may have to refute that.
    pub you: Standing,
    /// News of others: what is to be spread, or, in an exchange of states, all that is known.
    pub updates: Vec<Update>,
}

/// One member's question whether another is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Probe {
    /// Who asks.
    pub origin: NodeId,
    /// Who is to answer.
    pub target: NodeId,
    /// The period of who asks.
    pub period: u64,
}
