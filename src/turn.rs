//! The one place where a handler is called.

use crate::process::{Io, NodeId, OpId, Process, Ticket};

/// What a turn is about.
#[derive(Clone, Debug)]
pub enum Input<P: Process> {
    /// A message arrived.
    Message {
        /// From whom.
        from: NodeId,
        /// The message.
        msg: P::Msg,
    },
    /// A timer ran out.
    Timer(P::Timer),
    /// A client asks.
    Request {
        /// The operation's name.
        id: OpId,
        /// The operation.
        op: P::Op,
    },
    /// Writes up to this ticket are on the disk.
    Synced(Ticket),
}

/// Brings a node to life from its disk. What it asks for is left in the outbox behind `io`.
#[inline]
pub fn boot<P: Process>(disk: &P::Disk, mut io: Io<'_, P>) -> P {
    P::boot(disk, &mut io)
}

/// Gives a living node one input. What it asks for is left in the outbox behind `io`.
#[inline(always)]
pub fn turn<P: Process>(state: &mut P, input: Input<P>, mut io: Io<'_, P>) {
    match input {
        Input::Message { from, msg } => state.on_message(from, msg, &mut io),
        Input::Timer(timer) => state.on_timer(timer, &mut io),
        Input::Request { id, op } => state.on_request(id, op, &mut io),
        Input::Synced(upto) => state.on_synced(upto, &mut io),
    }
}
