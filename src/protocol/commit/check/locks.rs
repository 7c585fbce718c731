//! Locks are held as long as they must be, and no longer.

use crate::check::{At, Cast, Evidence, Property, Seat, Verdict};
use crate::protocol::commit::{CommitConfig, Site};

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

/// **Locks released**: a lock is held for a transaction that is worked on or undecided, and for no other.
#[derive(Debug)]
pub struct LocksReleased {
    /// Whether each node had locks when it was last looked at.
    had: Vec<bool>,
}

impl<P: Site> Property<P> for LocksReleased {
    const NAME: &'static str = "locks_released";
    const ABOUT: &'static str = "no lock outlives its transaction's decision";

    fn new(_config: &CommitConfig, cast: &Cast) -> Self {
        Self { had: vec![false; cast.len() as usize] }
    }

    fn on_turn(&mut self, at: At, seat: Seat<'_, P>) -> Verdict {
        let (bank, log) = (seat.state.bank(), seat.state.log());
        let had = std::mem::replace(&mut self.had[at.node.index()], !bank.locks.is_empty());
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
}
