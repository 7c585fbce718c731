//! What nodes send, wait for and report.

use std::rc::Rc;

use super::log::{Accepted, Commands, Slot};
use crate::ids::NodeId;
use crate::protocol::paxos::Ballot;

/// What nodes send each other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Message {
    /// "Take part in no lower ballot, and tell what you accepted from this slot on" (phase 1a, for all slots at once).
    Prepare {
        /// The sender's.
        ballot: Ballot,
        /// The first slot that the sender does not know to be decided.
        first: Slot,
    },
    /// The answer (phase 1b).
    Promise(Promise),
    /// "Accept these" (phase 2a).
    Accept {
        /// The sender's.
        ballot: Ballot,
        /// The slot of the first.
        first: Slot,
        /// The commands. All followers share them.
        commands: Commands,
        /// Up to here slots are decided: each holds what was accepted there in this ballot, or is known already.
        decided: Slot,
    },
    /// The answer (phase 2b).
    Accepted {
        /// The sender's, now the receiver's too.
        ballot: Ballot,
        /// Up to here the receiver has each slot on its disk: accepted in this ballot, or decided.
        upto: Slot,
    },
    /// "I lead."
    Heartbeat {
        /// In this ballot.
        ballot: Ballot,
        /// As in [`Message::Accept`].
        decided: Slot,
    },
    /// "These were decided before I led", to one who missed it.
    Decided {
        /// The sender's.
        ballot: Ballot,
        /// The slot of the first.
        first: Slot,
        /// The commands.
        commands: Commands,
    },
    /// The answer to the last two.
    Heard {
        /// The sender's.
        ballot: Ballot,
        /// As in [`Message::Accepted`].
        upto: Slot,
    },
    /// "I promised this higher ballot."
    Rejected {
        /// Which.
        ballot: Ballot,
    },
}

/// What an acceptor tells the proposer of a ballot.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Promise {
    /// It takes part in no lower one.
    pub ballot: Ballot,
    /// The slot of the first of those below; the one that was asked for.
    pub first: Slot,
    /// What it accepted last in each slot from there on, holes included.
    pub accepted: Rc<[Option<Accepted>]>,
    /// Up to here what it accepted is decided.
    pub decided: Slot,
}

/// What a node waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    /// To begin a ballot.
    Election,
    /// To let followers hear from their leader.
    Heartbeat,
    /// To see whether the leader heard from a majority.
    Quorum,
}

/// What nodes report.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Fact {
    /// It began a ballot.
    Prepared {
        /// Which.
        ballot: Ballot,
    },
    /// It promised to take part in no lower ballot, and the promise is on disk.
    Promised {
        /// Which.
        ballot: Ballot,
    },
    /// A majority promised: it leads.
    Elected {
        /// In which ballot.
        ballot: Ballot,
    },
    /// It is bound to commands that others may have had decided.
    Bound {
        /// The first of them.
        first: Slot,
        /// The last.
        last: Slot,
    },
    /// It proposes nothing for slots that were left empty.
    GapFilled {
        /// How many.
        slots: u64,
    },
    /// It proposes.
    Proposed {
        /// In which ballot.
        ballot: Ballot,
        /// In the slots from this one on.
        first: Slot,
        /// What.
        commands: Commands,
    },
    /// It accepted, and that is on disk.
    Accepted {
        /// In which ballot.
        ballot: Ballot,
        /// From this slot on.
        first: Slot,
        /// Up to this one.
        last: Slot,
    },
    /// It came back, and finds on its disk that it accepted.
    Recovered {
        /// In which ballot.
        ballot: Ballot,
        /// From this slot on.
        first: Slot,
        /// Up to this one.
        last: Slot,
    },
    /// As leader, it knows that slots are decided.
    Chosen {
        /// The ballot in which it leads.
        ballot: Ballot,
        /// The last of them.
        upto: Slot,
    },
    /// It learned what was decided while it was away.
    CaughtUp {
        /// Up to where.
        upto: Slot,
    },
    /// It gave its own ballot up for a higher one, as candidate or leader.
    Preempted {
        /// The higher one.
        by: Ballot,
    },
    /// It was leader and did not hear from a majority.
    QuorumLost {
        /// The ballot in which it led.
        ballot: Ballot,
    },
    /// It sent a client to the leader.
    Redirected {
        /// Whom it holds to be the leader.
        to: NodeId,
    },
    /// It answered a repeated command from the client's session.
    Deduplicated {
        /// Up to where it had applied the log then.
        applied: Slot,
    },
}
