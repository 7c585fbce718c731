//! A participant's memory: locks, and work that it has not voted on.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Account, Branch, Change, CommitConfig, Fact, Log, Message, Mistake, Outcome, Record, Refusal, Site, Timer, Txn,
    force, note,
};
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
    fn lock(&mut self, txn: Txn, changes: &[Change]) {
        self.locks.extend(changes.iter().map(|&(account, _)| (account, txn)));
    }

    /// Gives a transaction's locks back.
    fn unlock(&mut self, txn: Txn) {
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
            io.fact(Fact::Refused(txn, refusal));
            return io.send(txn.coordinator, Message::Refused(txn, refusal));
        }
        self.lock(txn, &changes);
        let seen = changes.iter().map(|&(account, _)| (account, log.balance(account).1)).collect();
        self.active.insert(txn, Branch { changes, participants: Voters::NONE });
        io.arm(Timer::Prepare(txn), io.config().params.timeout.times(2));
        io.fact(Fact::Worked { txn, seen });
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
        let seen = match self.locks.get(&account) {
            None => Some((balance(log, io.config(), account), log.balance(account).1)),
            Some(&holder) if io.config().planted(Mistake::DirtyRead) => uncertain(log, io.config(), account, holder),
            Some(_) => None,
        };
        io.send(from, Message::Balance(id, seen.map(|(amount, _)| amount)));
        if let Some((_, version)) = seen {
            io.fact(Fact::Read { id, account, version });
        }
    }

    /// Comes back: takes the locks of what it is uncertain about, and reports what it may not have reported before it
    /// fell. What that is about.
    pub(in crate::protocol) fn recover<P: Site>(&mut self, log: &Log, io: &mut Io<'_, P>) -> Vec<Txn> {
        if let Some((txn, &outcome)) = log.last.and_then(|txn| Some((txn, log.outcomes.get(&txn)?))) {
            io.fact(Fact::Decided { txn, outcome });
        }
        for (&txn, branch) in &log.prepared {
            if !io.config().planted(Mistake::LocksLost) {
                self.lock(txn, &branch.changes);
            }
            io.fact(Fact::Recovered(txn));
        }
        log.prepared.keys().copied().collect()
    }

    /// The coordinator asks for its vote on the work of a life: whether that is yes.
    pub(in crate::protocol) fn vote<P: Site>(
        &mut self,
        log: &mut Log,
        (txn, life): (Txn, u32),
        participants: Voters,
        io: &mut Io<'_, P>,
    ) -> bool {
        if log.prepared.contains_key(&txn) || log.outcomes.contains_key(&txn) {
            return false;
        }
        if life != log.life {
            self.abandon(txn, io);
        }
        io.disarm(Timer::Prepare(txn));
        let Some(branch) = self.active.remove(&txn) else {
            self.abandon(txn, io);
            io.fact(Fact::Voted { txn, yes: false });
            io.send(txn.coordinator, Message::Vote(txn, false));
            return false;
        };
        let hasty = io.config().planted(Mistake::YesBeforeForce);
        if hasty {
            io.send(txn.coordinator, Message::Vote(txn, true));
        }
        force(log, Record::Prepared(txn, Branch { participants, ..branch }), io);
        io.fact(Fact::Voted { txn, yes: true });
        if !hasty {
            io.send(txn.coordinator, Message::Vote(txn, true));
        }
        true
    }

    /// It learns the outcome.
    pub(in crate::protocol) fn decide<P: Site>(
        &mut self,
        log: &mut Log,
        txn: Txn,
        outcome: Outcome,
        io: &mut Io<'_, P>,
    ) {
        if log.prepared.contains_key(&txn) {
            self.unlock(txn);
            io.disarm(Timer::Decision(txn));
            match outcome {
                Outcome::Commit => force(log, Record::Decided(txn, outcome), io),
                Outcome::Abort => note(log, Record::Decided(txn, outcome), io),
            }
            io.fact(Fact::Decided { txn, outcome });
        } else if outcome == Outcome::Abort && !log.outcomes.contains_key(&txn) {
            self.abandon(txn, io);
        }
    }

    /// It has heard nothing for too long, and has not voted: it may abort.
    pub(in crate::protocol) fn give_up<P: Site>(&mut self, txn: Txn, io: &mut Io<'_, P>) {
        io.fact(Fact::TimedOut(txn));
        self.abandon(txn, io);
    }

    /// The outcome of what it is not uncertain about: who has not voted yes can abort, and does.
    pub(in crate::protocol) fn outcome_or_abort<P: Site>(
        &mut self,
        log: &Log,
        txn: Txn,
        io: &mut Io<'_, P>,
    ) -> Outcome {
        log.outcome(txn).unwrap_or_else(|| {
            self.abandon(txn, io);
            Outcome::Abort
        })
    }

    /// It has not voted on this, and never will vote yes.
    pub(in crate::protocol) fn abandon<P: Site>(&mut self, txn: Txn, io: &mut Io<'_, P>) {
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
    i64::from(config.params.opening) + log.balance(account).0
}

/// What an account would hold if a transaction that is voted on were committed.
fn uncertain(log: &Log, config: &CommitConfig, account: Account, txn: Txn) -> Option<(i64, Option<Txn>)> {
    let mut changes = log.prepared.get(&txn)?.changes.iter();
    let (_, amount) = changes.find(|change| change.0 == account)?;
    Some((balance(log, config, account) + amount, Some(txn)))
}
