//! What a node that keeps a replica of the store shows of it.

use std::fmt::Debug;

use super::{Machine, Op, Reply};
use crate::ids::{NodeId, OpId};
use crate::process::Process;

/// A node that applies a log of commands, in order, to a [`Machine`]. Places in the log count from 1; what stands in
/// them, once it is applied, is the same on every replica.
pub trait Replica: Process<Reply = Reply> {
    /// Where a replica is: equal ones hold the same.
    type Place: Eq + Debug;

    /// The operation on the store that a client asks for, if it is one.
    fn store_op(op: &Self::Op) -> Option<&Op>;

    /// Up to where it has applied the log.
    fn applied(&self) -> u64;

    /// Up to where it no longer has, or never had, the commands that its state is made of: it may start behind a
    /// compacted prefix, or jump to the state that another replica sent.
    fn forgotten(&self) -> u64;

    /// The command in a place; `None` if it is not known.
    fn command(&self, index: u64) -> Option<Asked<'_>>;

    /// What it has made of them.
    fn machine(&self) -> &Machine;

    /// What must be the same on all replicas, once the core is healed and the clients are silent.
    fn extent(_config: &Self::Config) -> Extent {
        Extent::Applied
    }

    /// Whether that node must come to the same, as far as this one knows.
    fn takes_part(&self, _node: NodeId) -> bool {
        true
    }

    /// Where it is.
    fn place(&self, extent: Extent) -> Self::Place;
}

/// What a command asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked<'a> {
    /// Nothing that a client waits for.
    Nothing,
    /// An operation on the store.
    Store(OpId, &'a Op),
    /// Something else, of which the client's session takes note (see [`Machine::note`]).
    Other(OpId),
}

/// How much of a replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// What it has applied.
    Applied,
    /// Its whole log, though what stands at its end may never be known to be committed.
    Log,
}
