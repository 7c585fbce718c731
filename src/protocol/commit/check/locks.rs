//! Locks are held as long as they must be, and no longer.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::measure::{Measure, Reading};
use crate::check::{At, Cast, Evidence, Property, Seat, Time, Verdict};
use crate::protocol::commit::{Account, CommitConfig, Fact, Refusal, Site, Txn};
use crate::time::Span;

/// **Locks held**: what a participant works on, or is uncertain about, it has locked; after a restart too.
#[derive(Debug)]
pub struct LocksHeld;

impl<P: Site> Property<P> for LocksHeld {
    const NAME: &'static str = "locks_held";
    const ABOUT: &'static str = "what a participant is uncertain about stays locked, over restarts too";

    fn new(_config: &CommitConfig, _cast: &Cast) -> Self {
        Self
    }

    fn on_turn(&mut self, at: At, seat: Seat<'_, P>) -> Verdict {
        let (bank, log) = (seat.state.bank(), seat.state.log());
        let needed = log.prepared.iter().chain(&bank.active);
        let mut needed = needed.flat_map(|(txn, branch)| branch.changes.iter().map(move |change| (txn, change.0)));
        match needed.find(|(txn, account)| bank.locks.get(account) != Some(txn)) {
            Some((txn, account)) => {
                let evidence = Evidence::new("a participant is uncertain about what it has not locked").node(at.node);
                let holder = bank.locks.get(&account);
                evidence.value("transaction", txn).value("account", account).value("locked by", holder).into()
            }
            None if log.prepared.is_empty() => Verdict::Skip,
            None => Verdict::Held,
        }
    }
}

/// **Locks released**: a lock is held for a transaction that is worked on or undecided, and for no other. It measures
/// what locks cost: how long accounts are kept, and how often a transaction finds one taken.
#[derive(Debug)]
pub struct LocksReleased {
    /// What each node had locked when it was last looked at, for which transaction, and since when.
    had: Vec<BTreeMap<Account, (Txn, Time)>>,
    times: Vec<Span>,
    begun: u128,
    locked_out: BTreeSet<Txn>,
}

impl LocksReleased {
    /// Notes which locks were taken and given back: whether there were any.
    fn note(&mut self, at: At, locks: &BTreeMap<Account, Txn>) -> bool {
        let Self { had, times, .. } = self;
        let had = &mut had[at.node.index()];
        let had_any = !had.is_empty();
        had.retain(|account, &mut (txn, since)| {
            let kept = locks.get(account) == Some(&txn);
            if !kept {
                times.push(at.now.since(since));
            }
            kept
        });
        if had.len() < locks.len() {
            for (&account, &txn) in locks {
                had.entry(account).or_insert((txn, at.now));
            }
        }
        had_any
    }
}

impl<P: Site> Property<P> for LocksReleased {
    const NAME: &'static str = "locks_released";
    const ABOUT: &'static str = "no lock outlives its transaction's decision";

    fn new(_config: &CommitConfig, cast: &Cast) -> Self {
        let had = vec![BTreeMap::new(); cast.len() as usize];
        Self { had, times: Vec::new(), begun: 0, locked_out: BTreeSet::new() }
    }

    fn on_fact(&mut self, _at: At, fact: &Fact) -> Verdict {
        match *fact {
            Fact::Begun { .. } => self.begun += 1,
            Fact::Refused(txn, Refusal::Locked) => {
                self.locked_out.insert(txn);
            }
            _ => {}
        }
        Verdict::Skip
    }

    fn on_turn(&mut self, at: At, seat: Seat<'_, P>) -> Verdict {
        let (bank, log) = (seat.state.bank(), seat.state.log());
        let had = self.note(at, &bank.locks);
        let over = |txn| !bank.active.contains_key(txn) && !log.prepared.contains_key(txn);
        match bank.locks.iter().find(|(_, txn)| over(txn)) {
            Some((account, txn)) => {
                let evidence = Evidence::new("a lock outlived its transaction").node(at.node);
                evidence.value("account", account).value("transaction", txn).into()
            }
            None if had => Verdict::Held,
            None => Verdict::Skip,
        }
    }

    fn measured(&self, _now: Time) -> Vec<Measure> {
        let times = "how long a transaction kept an account locked, over restarts too, each time that it gave it back";
        let about = "transactions that found an account locked by another, of all that were begun";
        let share = Reading::Share { part: self.locked_out.len() as u128, whole: self.begun };
        vec![
            Measure::new("lock_time", times, Reading::Times(self.times.clone())),
            Measure::new("locked_out", about, share),
        ]
    }
}
