//! What waits in the queue.

use crate::ids::{ClientId, NodeId, OpId};
use crate::process::{Process, Ticket};
use crate::rng::Seed;

/// One thing that will happen.
#[derive(Debug)]
pub(crate) enum Event<P: Process> {
    /// A message reaches a node.
    Deliver { to: NodeId, from: NodeId, hash: u64, msg: P::Msg },
    /// A timer may run out: the table of the node's timers knows whether it does.
    Timer { node: NodeId },
    /// A request reaches a node.
    Request { to: NodeId, id: OpId, op: P::Op },
    /// An answer reaches a client; `echo` marks the second copy of a doubled one.
    Reply { from: NodeId, id: OpId, reply: P::Reply, echo: bool },
    /// A turn has had its time: its effects may leave.
    TurnEnds { node: NodeId, life: u32 },
    /// The oldest unsynced write is on the disk. `epoch` tells disks before and after a machine crash apart.
    Synced { node: NodeId, epoch: u32 },
    /// A node is told of a write that took no time.
    Notice { node: NodeId, life: u32, ticket: Ticket },
    /// A client's alarm rings: time for the next operation, the next attempt, or to give an attempt up.
    Alarm { client: ClientId, token: u64 },
    /// A node restarts, if it is still the same crash.
    Restart { node: NodeId, life: u32 },
    /// An entry of the plan begins.
    Onset { entry: u32 },
    /// An entry ends.
    End { entry: u32 },
    /// An entry that flaps comes or goes.
    Flap { entry: u32 },
    /// From now on other seeds decide.
    Reseed { seed: Seed },
}

impl<P: Process> Event<P> {
    /// The node whose slot it will touch first, if it is a message: by far the most frequent case.
    #[inline]
    pub(crate) fn reaches(&self) -> Option<NodeId> {
        match self {
            Self::Deliver { to, .. } => Some(*to),
            _ => None,
        }
    }
}
