//! A participant's memory: locks, and work that it has not voted on.

use std::collections::{BTreeMap, BTreeSet};

use super::{Account, Branch, Change, CommitConfig, Fact, Log, Message, Outcome, Refusal, Site, Timer, Txn};
use crate::ids::OpId;
use crate::process::{Io, NodeId, Voters};

/// What a participant keeps beside its log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Bank {
    /// Who has locked which account.
    pub locks: BTreeMap<Account, Txn>,
    /// What is done, and not voted on.
    pub active: BTreeMap<Txn, Branch>,
    /// What was dropped in this life before it was voted on.
    dropped: BTreeSet<Txn>,
}

impl Bank {
    /// Takes the locks of what the log is uncertain about.
    pub(in crate::protocol) fn lock_prepared(&mut self, log: &Log) {
        for (&txn, branch) in &log.prepared {
            self.lock(txn, &branch.changes);
        }
    }

    fn lock(&mut self, txn: Txn, changes: &[Change]) {
        self.locks.extend(changes.iter().map(|&(account, _)| (account, txn)));
    }

    /// Gives a transaction's locks back.
    pub(in crate::protocol) fn unlock(&mut self, txn: Txn) {
        self.locks.retain(|_, &mut holder| holder != txn);
    }

    /// The coordinator asks for work.
    pub(in crate::protocol) fn work<P: Site>(&mut self, log: &Log, txn: Txn, changes: Vec<Change>, io: &mut Io<'_, P>) {
        let known = self.active.contains_key(&txn) || log.prepared.contains_key(&txn);
        if known || log.outcomes.contains_key(&txn) || self.dropped.contains(&txn) {
            return;
        }
        if let Some(refusal) = self.refusal(log, io.config(), &changes) {
            self.dropped.insert(txn);
            io.fact(Fact::Refused(txn));
            return io.send(txn.coordinator, Message::Refused(txn, refusal));
        }
        self.lock(txn, &changes);
        self.active.insert(txn, Branch { changes, participants: Voters::NONE });
        io.arm(Timer::Prepare(txn), io.config().params.timeout.times(2));
        io.send(txn.coordinator, Message::Done(txn, log.life));
    }

    fn refusal(&self, log: &Log, config: &CommitConfig, changes: &[Change]) -> Option<Refusal> {
        if changes.iter().any(|(account, _)| self.locks.contains_key(account)) {
            return Some(Refusal::Locked);
        }
        let overdrawn = |&(account, amount): &Change| balance(log, config, account) + amount < 0;
        changes.iter().any(overdrawn).then_some(Refusal::Overdrawn)
    }

    /// Somebody wants to know what is in an account.
    pub(in crate::protocol) fn read<P: Site>(
        &self,
        log: &Log,
        (from, id): (NodeId, OpId),
        account: Account,
        io: &mut Io<'_, P>,
    ) {
        let held = self.locks.contains_key(&account);
        io.send(from, Message::Balance(id, (!held).then(|| balance(log, io.config(), account))));
    }

    /// What there is to vote yes on, if it was done in the life that is asked about.
    pub(in crate::protocol) fn prepare<P: Site>(
        &mut self,
        log: &Log,
        (txn, life): (Txn, u32),
        participants: Voters,
        io: &mut Io<'_, P>,
    ) -> Option<Branch> {
        if life != log.life {
            self.drop(txn, io);
        }
        io.disarm(Timer::Prepare(txn));
        let branch = self.active.remove(&txn)?;
        Some(Branch { participants, ..branch })
    }

    /// It has not voted on this, and never will vote yes.
    pub(in crate::protocol) fn drop<P: Site>(&mut self, txn: Txn, io: &mut Io<'_, P>) {
        if self.active.remove(&txn).is_some() {
            self.unlock(txn);
            io.disarm(Timer::Prepare(txn));
        }
        if self.dropped.insert(txn) {
            io.fact(Fact::Decided { txn, outcome: Outcome::Abort });
        }
    }
}

fn balance(log: &Log, config: &CommitConfig, account: Account) -> i64 {
    i64::from(config.params.opening) + log.balances.get(&account).copied().unwrap_or(0)
}
