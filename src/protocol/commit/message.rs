//! What nodes of commitment protocols say to each other, wait for, and report.

use super::{Account, Change, Outcome, Txn};
use crate::ids::OpId;
use crate::process::Voters;

/// What nodes send each other. Each protocol uses some of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Message {
    /// Coordinator to participant: "do this".
    Work(Txn, Vec<Change>),
    /// "I could, in this life of mine."
    Done(Txn, u32),
    /// "I could not."
    Refused(Txn, Refusal),
    /// Coordinator to participant: "what is in this account?"
    Read(OpId, Account),
    /// "This; or nothing to see, for it is locked."
    Balance(OpId, Option<i64>),
    /// "Vote on the work of that life; these take part."
    Prepare(Txn, u32, Voters),
    /// "Yes", or "no".
    Vote(Txn, bool),
    /// "All voted yes."
    PreCommit(Txn),
    /// "I have heard that they did."
    PreCommitted(Txn),
    /// "This becomes of it."
    Decision(Txn, Outcome),
    /// "I have committed, and shall not ask any more."
    Acked(Txn),
    /// To the coordinator: "what becomes of it?"
    Inquire(Txn),
    /// To another participant, or to anybody: "do you know what becomes of it?"
    Query(Txn),
    /// From whoever leads a termination: "how far have you got?"
    StateRequest(Txn),
    /// "I am uncertain, or (`true`) pre-committed."
    State(Txn, bool),
    /// "I have been down, and know no more than that I voted yes."
    Recovering(Txn),
}

/// Why a participant does not work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// Somebody else has locked an account.
    Locked,
    /// There is not enough in an account.
    Overdrawn,
}

/// What nodes wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    /// A coordinator: for answers of participants.
    Answers(Txn),
    /// A participant that has not voted: to be asked to.
    Prepare(Txn),
    /// A participant that voted yes: for what comes next.
    Decision(Txn),
    /// Whoever leads a termination: for answers.
    Collect(Txn),
    /// To ask or tell again.
    Again(Txn),
}

/// What nodes report to the invariants.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Fact {
    /// A coordinator began a transaction, for this request.
    Begun {
        /// Which.
        txn: Txn,
        /// The request.
        id: OpId,
        /// Who takes part.
        participants: Voters,
    },
    /// A participant has done its work.
    Worked {
        /// For which.
        txn: Txn,
        /// The versions of the accounts that it found: the transactions that had changed them last.
        seen: Vec<(Account, Option<Txn>)>,
    },
    /// A participant could not do its work.
    Refused(Txn, Refusal),
    /// A participant said what is in an account.
    Read {
        /// To whom.
        id: OpId,
        /// In which.
        account: Account,
        /// The version that it showed: the transaction that had changed it last.
        version: Option<Txn>,
    },
    /// Somebody heard nothing for too long.
    TimedOut(Txn),
    /// A participant voted; a yes is on its disk.
    Voted {
        /// On which.
        txn: Txn,
        /// How.
        yes: bool,
    },
    /// A participant came back. It has voted yes, and does not know the outcome.
    Recovered(Txn),
    /// A participant has heard that all voted yes.
    PreCommitted(Txn),
    /// A participant leads the termination of a transaction.
    Leads(Txn),
    /// A node decided; a commit is on its disk. Or it came back, and has decided.
    Decided {
        /// On which.
        txn: Txn,
        /// How.
        outcome: Outcome,
    },
    /// A coordinator is done with a transaction.
    Ended(Txn),
}
