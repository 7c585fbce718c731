//! What nodes send, wait for and report.

use std::rc::Rc;

use super::log::{Entry, Index, Position, Term};
use super::membership::Membership;
use super::snapshot::Snapshot;
use crate::ids::{NodeId, OpId};
use crate::process::Shared;

/// What nodes send each other. Each carries its sender's term, except for [`Message::PreVote`] and a
/// [`Message::PreVoted`] that grants: these carry the term that the sender would like to begin.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Message {
    /// "Would you vote for me in this term, with a log that ends here?"
    PreVote {
        /// The term after the sender's.
        term: Term,
        /// Where the sender's log ends.
        last: Position,
    },
    /// The answer.
    PreVoted {
        /// The term asked for if granted, else the sender's.
        term: Term,
        /// Whether it would.
        granted: bool,
    },
    /// "Vote for me in this term; my log ends here."
    RequestVote {
        /// The candidate's term.
        term: Term,
        /// Where the candidate's log ends.
        last: Position,
        /// Whether the leader itself wants it so: then those who hear from that leader vote too.
        transfer: bool,
    },
    /// The answer.
    Vote {
        /// The sender's term.
        term: Term,
        /// Whether it is a vote.
        granted: bool,
    },
    /// A leader's entries, or none: then it is a heartbeat.
    Append(Append),
    /// A leader's snapshot, in place of entries that it has no more.
    Install {
        /// The leader's term.
        term: Term,
        /// The snapshot.
        snapshot: Shared<Snapshot>,
        /// As in [`Append`].
        round: u64,
    },
    /// A leader wants this node to stand for election at once (thesis 3.10).
    TimeoutNow {
        /// The leader's term.
        term: Term,
    },
    /// The answer.
    Appended {
        /// The sender's term.
        term: Term,
        /// Of the message that is answered.
        round: u64,
        /// What became of the entries.
        outcome: Outcome,
    },
}

/// A leader's entries.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Append {
    /// The leader's term.
    pub term: Term,
    /// The entry before these.
    pub prev: Position,
    /// The entries. All followers share them.
    pub entries: Rc<[Entry]>,
    /// Up to where the leader knows entries to be committed.
    pub commit: Index,
    /// The leader's last round of confirming that it still leads; see `read`.
    pub round: u64,
}

/// What became of a leader's entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The follower's log is the leader's up to here, and is on disk.
    Matches(Index),
    /// The follower does not have the entry before them.
    Conflicts {
        /// Where that entry would be.
        at: Index,
        /// The last entry of the follower that may be the leader's too.
        hint: Position,
    },
    /// They came from the leader of an earlier term. The one who gets this may lead again, in the follower's term
    /// by now: for that term it says nothing, neither of logs nor of rounds.
    Stale,
}

/// What a node waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    /// To stand for election.
    Election,
    /// To let followers hear from their leader.
    Heartbeat,
    /// To see whether the leader heard from a majority.
    Quorum,
}

/// What nodes report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fact {
    /// It asks whether it would win an election.
    PreCampaigned {
        /// The term that it would begin.
        term: Term,
    },
    /// It stands for election.
    Campaigned {
        /// The term that it began.
        term: Term,
    },
    /// It voted, and the vote is on disk.
    Voted {
        /// In which term.
        term: Term,
        /// For whom.
        candidate: NodeId,
    },
    /// It became leader.
    Elected {
        /// Of which term.
        term: Term,
    },
    /// It was leader, and met a higher term or lost its quorum: that is reported too, before this.
    SteppedDown {
        /// The term that it led.
        term: Term,
    },
    /// It was leader and did not hear from a majority.
    QuorumLost {
        /// The term that it led.
        term: Term,
    },
    /// As leader, it knows entries to be committed.
    Committed {
        /// The term that it leads.
        term: Term,
        /// The last of them.
        upto: Position,
    },
    /// It dropped entries that its leader does not have.
    Truncated {
        /// The first of them.
        from: Index,
    },
    /// It answered reads, after a round that confirmed it as leader.
    ReadConfirmed {
        /// Which round.
        round: u64,
    },
    /// It serves a read: the answer leaves next.
    ReadServed {
        /// What was asked.
        id: OpId,
        /// Up to where it had applied the log then.
        applied: Index,
    },
    /// It saved what it has applied.
    SnapshotTaken {
        /// Up to which entry.
        upto: Index,
    },
    /// It dropped the beginning of its log.
    Compacted {
        /// Up to which entry.
        upto: Index,
    },
    /// As leader, it sent a snapshot.
    SnapshotSent {
        /// To whom.
        to: NodeId,
        /// Up to which entry.
        upto: Index,
    },
    /// It took a leader's snapshot in place of its own state and log.
    SnapshotInstalled {
        /// Up to which entry.
        upto: Index,
    },
    /// As leader, it appended a change of membership.
    ChangeBegun {
        /// Where.
        at: Index,
        /// To which.
        to: Membership,
    },
    /// As leader, it knows a change of membership to be committed: the end of it, if it was a joint one.
    ChangeDone {
        /// Where it was appended.
        at: Index,
    },
    /// As leader, it told another to stand for election.
    HandedOver {
        /// Whom.
        to: NodeId,
    },
    /// It sent a client to the leader.
    Redirected {
        /// Whom it holds to be the leader.
        to: NodeId,
    },
    /// It answered a repeated command from the client's session.
    Deduplicated {
        /// Up to where it had applied the log then.
        applied: Index,
    },
    /// It answered reads within its lease.
    LeaseRead {
        /// The last round that a majority had answered.
        round: u64,
    },
}
