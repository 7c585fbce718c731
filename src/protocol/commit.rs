//! What the protocols of atomic commitment have in common: transactions of a bank over several participants, what
//! nodes say to each other, what they log, and what all of them promise.
//!
//! Accounts are spread over *participants*. A client asks a *coordinator* to move money between accounts; the client's
//! number says which, so that nobody else can carry out the same request. A transaction has three stages.
//!
//! **Work.** The coordinator sends each participant its changes ([`Message::Work`]). A participant locks the accounts,
//! and says that it could ([`Message::Done`]). It waits for no lock: if one is taken it refuses at once, the
//! transaction aborts, and the client may come again; so there are no deadlocks. Work is in memory only. A crash undoes
//! it, and so may the participant itself as long as it has not voted, when it hears nothing for too long.
//!
//! **Vote.** The coordinator asks whether the work can be made permanent ([`Message::Prepare`]). A participant that
//! votes yes first forces to its log what is to be done, and from then on is *uncertain*: it may no longer decide
//! alone, and keeps the locks, over crashes too.
//!
//! **Decision.** To learn it whatever happens is what the protocols differ in: [`two_phase`](super::two_phase) and
//! [`three_phase`](super::three_phase).
//!
//! **Lives.** What a participant knew of work that it had not voted on is lost in a crash. If it forgot that it had
//! refused, a doubled message could make it work anew, and vote otherwise. So each life has a number, counted on the
//! disk. A participant tells it with its work, and votes only on work of the same life; what it has dropped in that
//! life it remembers. A refusal therefore need not be logged. Transactions are named by their coordinator's life for
//! the same reason.
//!
//! **Reads.** A transaction that only reads has one participant here. It answers and votes in one, holds its lock no
//! longer than that takes, and needs no decision: the read-only vote of R* (Mohan, Lindsay and Obermarck, "Transaction
//! Management in the R* Distributed Database Management System", 1986).
//!
//! Left out: participants never prune the outcomes in their logs, and locks are exclusive.

mod bank;
pub mod check;
mod config;
mod desk;
mod log;
mod message;
#[cfg(test)]
pub(super) mod tests;
mod workload;

use std::fmt;

pub use bank::Bank;
pub use config::{CommitConfig, CommitParams};
pub(super) use config::{Mistake, bound, everyone, glance};
pub use desk::{Desk, Stage, Task};
pub(super) use desk::{force, note, tell};
pub use log::{Balance, Branch, Case, Log, Record};
pub use message::{Fact, Message, Refusal, Timer};
pub use workload::{Bank as BankLoad, BankParams, Op, Reply};

use crate::process::{NodeId, Process};

/// An account. The participant that keeps it is fixed by its number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account(pub u32);

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a{}", self.0)
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a{}", self.0)
    }
}

/// A transaction: the `n`-th that its coordinator began in this life.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Txn {
    /// Who coordinates it.
    pub coordinator: NodeId,
    /// In which of its lives, as the coordinator's disk counts them.
    pub life: u32,
    /// Counted from 1 in each life.
    pub n: u32,
}

/// As people write it: `n0.1.7`.
impl fmt::Display for Txn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.coordinator, self.life, self.n)
    }
}

impl fmt::Debug for Txn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What becomes of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// All of it takes effect.
    Commit,
    /// None of it does.
    Abort,
}

/// What a change does to an account.
pub type Change = (Account, i64);

/// A node of a commitment protocol, as what they share sees it.
pub trait Site:
    Process<Config = CommitConfig, Msg = Message, Timer = Timer, Disk = Log, Op = Op, Reply = Reply, Fact = Fact>
{
    /// What it keeps as a participant beside its log.
    fn bank(&self) -> &Bank;

    /// What it takes its log to be.
    fn log(&self) -> &Log;

    /// What it keeps as a coordinator beside its log.
    fn desk(&self) -> &Desk;

    /// A transaction that it has not done with: one that it works on, or does not know the outcome of, or that it must
    /// still tell others about.
    fn unfinished(&self) -> Option<Txn> {
        let working = self.desk().tasks.keys().chain(self.bank().active.keys());
        working.chain(self.log().prepared.keys()).copied().next()
    }
}
