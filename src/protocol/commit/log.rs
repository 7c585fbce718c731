//! What nodes log. A record is *forced* (`persist`) where the protocol's promises rest on it, else only written.

use std::collections::BTreeMap;

use super::{Account, Change, Outcome, Txn};
use crate::ids::{ClientId, OpId};
use crate::process::{Durable, Voters};

/// A participant's part of a transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Branch {
    /// What is to be done.
    pub changes: Vec<Change>,
    /// Who takes part, once it was asked to vote.
    pub participants: Voters,
}

/// What a coordinator keeps of a transaction.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Case {
    /// The request that it carries out.
    pub id: OpId,
    /// Who takes part.
    pub participants: Voters,
    /// What becomes of it: a coordinator of two-phase commit notes a case when it commits it, one of three-phase commit
    /// before it knows, and takes the case out again when it decides.
    pub outcome: Option<Outcome>,
}

/// What transactions have left in an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Balance {
    /// What they have added to it, and taken from it.
    pub amount: i64,
    /// The version: the last of them.
    pub version: Txn,
}

/// One record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Record {
    /// A life began.
    Booted,
    /// A participant voted yes: what it must be able to do, and then knows of who takes part.
    Prepared(Txn, Branch),
    /// A node learned the outcome.
    Decided(Txn, Outcome),
    /// A coordinator noted a transaction.
    Noted(Txn, Case),
    /// A coordinator is done with it.
    Ended(Txn),
}

/// What the records come to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Log {
    /// How many lives began.
    pub life: u32,
    /// What committed transactions have left in accounts that any of them changed.
    pub balances: BTreeMap<Account, Balance>,
    /// What a participant is uncertain about.
    pub prepared: BTreeMap<Txn, Branch>,
    /// Outcomes of what it was uncertain about.
    pub outcomes: BTreeMap<Txn, Outcome>,
    /// The last of these.
    pub last: Option<Txn>,
    /// What a coordinator has not ended.
    pub cases: BTreeMap<Txn, Case>,
    /// Each client's last request that this coordinator has committed.
    pub answered: BTreeMap<ClientId, u64>,
    /// How many transactions it has committed.
    pub commits: u64,
}

impl Durable for Log {
    type Write = Record;

    fn apply(&mut self, record: Record) {
        match record {
            Record::Booted => self.life += 1,
            Record::Prepared(txn, branch) => {
                self.prepared.insert(txn, branch);
            }
            Record::Decided(txn, outcome) => self.decide(txn, outcome),
            Record::Noted(txn, case) => {
                let committed = case.outcome == Some(Outcome::Commit);
                let id = case.id;
                self.cases.insert(txn, case);
                if committed {
                    self.answer(id);
                }
            }
            Record::Ended(txn) => {
                self.cases.remove(&txn);
            }
        }
    }
}

impl Log {
    fn decide(&mut self, txn: Txn, outcome: Outcome) {
        if let Some(branch) = self.prepared.remove(&txn) {
            self.outcomes.insert(txn, outcome);
            self.last = Some(txn);
            if outcome == Outcome::Commit {
                for (account, amount) in branch.changes {
                    let balance = self.balances.entry(account).or_insert(Balance { amount: 0, version: txn });
                    *balance = Balance { amount: balance.amount + amount, version: txn };
                }
            }
        }
        if let Some(Case { id, .. }) = self.cases.remove(&txn) {
            self.outcomes.insert(txn, outcome);
            self.last = Some(txn);
            if outcome == Outcome::Commit {
                self.answer(id);
            }
        }
    }

    fn answer(&mut self, id: OpId) {
        let last = self.answered.entry(id.client).or_default();
        *last = (*last).max(id.n + 1);
        self.commits += 1;
    }

    /// Whether this request, or a later one of its client, was committed.
    #[must_use]
    pub fn has_answered(&self, id: OpId) -> Option<Answered> {
        let next = *self.answered.get(&id.client)?;
        match id.n + 1 {
            n if n == next => Some(Answered::This),
            n if n < next => Some(Answered::Later),
            _ => None,
        }
    }

    /// What transactions have added to an account and taken from it, and the last of them.
    #[must_use]
    pub fn balance(&self, account: Account) -> (i64, Option<Txn>) {
        self.balances.get(&account).map_or((0, None), |balance| (balance.amount, Some(balance.version)))
    }

    /// What it says of a transaction's outcome.
    #[must_use]
    pub fn outcome(&self, txn: Txn) -> Option<Outcome> {
        self.outcomes.get(&txn).copied().or_else(|| self.cases.get(&txn)?.outcome)
    }
}

/// Which of a client's requests was committed last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// This one.
    This,
    /// One after it.
    Later,
}
