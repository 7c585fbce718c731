//! What three-phase commit promises and two-phase commit cannot: nobody who is up waits for somebody who is down.
//!
//! It also measures, in either, how much is lost to waiting. A transaction is *orphaned* when its coordinator falls
//! before it has decided; a participant that is uncertain about it then, or comes to be, is *blocked* from then until
//! it decides. (Where the coordinator had decided, the outcome is on its way, and nobody waits for the coordinator.)

use std::collections::{BTreeMap, BTreeSet};

use super::gone;
use super::watch::Watch;
use crate::check::measure::{Measure, Reading};
use crate::check::{At, Cast, Evidence, Property, Seat, Time, Verdict, WorldEvent};
use crate::ids::NodeId;
use crate::protocol::commit::{CommitConfig, Fact, Site, Txn};
use crate::time::Span;

/// Who is uncertain, since when, and how long it was blocked.
#[derive(Debug)]
pub struct NeverBlocks {
    bound: Span,
    due: Watch,
    /// Participants that are uncertain, and not down.
    uncertain: BTreeMap<Txn, BTreeSet<NodeId>>,
    /// Transactions that their coordinator has begun, and not decided.
    open: BTreeSet<Txn>,
    orphaned: BTreeSet<Txn>,
    /// Since when who is blocked.
    since: BTreeMap<(Txn, NodeId), Time>,
    asked: BTreeSet<Txn>,
    blocked: BTreeSet<Txn>,
    /// How long, each time that a participant decided in the end.
    times: Vec<Span>,
    /// Since when some participant is blocked, by transaction.
    held: BTreeMap<Txn, Time>,
    /// For how long transactions held some participant, all together.
    holding: u128,
}

impl NeverBlocks {
    fn block(&mut self, txn: Txn, node: NodeId, now: Time) {
        self.blocked.insert(txn);
        self.since.entry((txn, node)).or_insert(now);
        self.held.entry(txn).or_insert(now);
    }

    /// A participant is not blocked any more: since when it was, if it was.
    fn release(&mut self, txn: Txn, node: NodeId, now: Time) -> Option<Time> {
        let since = self.since.remove(&(txn, node))?;
        let others = (txn, NodeId(0))..=(txn, NodeId(u32::MAX));
        if self.since.range(others).next().is_none()
            && let Some(held) = self.held.remove(&txn)
        {
            self.holding += u128::from(now.since(held).0);
        }
        Some(since)
    }

    /// A participant is uncertain: it has voted, or comes back.
    fn doubts(&mut self, at: At, txn: Txn) {
        self.asked.insert(txn);
        self.uncertain.entry(txn).or_default().insert(at.node);
        if self.orphaned.contains(&txn) {
            self.block(txn, at.node, at.now);
        }
    }

    fn decided(&mut self, at: At, txn: Txn) -> Verdict {
        if at.node == txn.coordinator {
            self.open.remove(&txn);
        }
        let was_uncertain = self.leave(txn, at.node);
        if let Some(since) = self.release(txn, at.node, at.now) {
            self.times.push(at.now.since(since));
        }
        let verdict = self.judge(at.now);
        let was_due = self.due.unset(txn, at.node);
        match verdict {
            Verdict::Skip if was_uncertain && was_due => Verdict::Held,
            verdict => verdict,
        }
    }

    fn judge(&self, now: Time) -> Verdict {
        match self.due.overdue(now) {
            None => Verdict::Skip,
            Some((by, txn, node)) => {
                let evidence = Evidence::new("a participant is up, and blocked").node(node).node(txn.coordinator);
                evidence.value("transaction", txn).value("undecided at", by).into()
            }
        }
    }

    fn fall(&mut self, node: NodeId, now: Time) {
        let orphans: Vec<Txn> = self.open.iter().filter(|txn| txn.coordinator == node).copied().collect();
        for txn in orphans {
            self.open.remove(&txn);
            self.orphaned.insert(txn);
            let uncertain: Vec<NodeId> = self.uncertain.get(&txn).into_iter().flatten().copied().collect();
            uncertain.into_iter().for_each(|participant| self.block(txn, participant, now));
        }
        let left: Vec<Txn> =
            self.uncertain.iter().filter(|(_, nodes)| nodes.contains(&node)).map(|(&txn, _)| txn).collect();
        for txn in left {
            self.due.unset(txn, node);
            self.release(txn, node, now);
            self.leave(txn, node);
        }
    }

    /// Whether the participant was uncertain; it is not any more.
    fn leave(&mut self, txn: Txn, node: NodeId) -> bool {
        let Some(nodes) = self.uncertain.get_mut(&txn) else { return false };
        let was_there = nodes.remove(&node);
        if nodes.is_empty() {
            self.uncertain.remove(&txn);
        }
        was_there
    }
}

impl<P: Site> Property<P> for NeverBlocks {
    const NAME: &'static str = "never_blocks";
    const ABOUT: &'static str = "no participant that stays up is uncertain for longer than the timeouts add up to";
    const OPTIONAL: bool = true;

    fn new(config: &CommitConfig, _cast: &Cast) -> Self {
        Self {
            bound: config.patience(),
            due: Watch::default(),
            uncertain: BTreeMap::new(),
            open: BTreeSet::new(),
            orphaned: BTreeSet::new(),
            since: BTreeMap::new(),
            asked: BTreeSet::new(),
            blocked: BTreeSet::new(),
            times: Vec::new(),
            held: BTreeMap::new(),
            holding: 0,
        }
    }

    fn on_fact(&mut self, at: At, fact: &Fact) -> Verdict {
        match *fact {
            Fact::Begun { txn, .. } => {
                self.open.insert(txn);
                Verdict::Skip
            }
            Fact::Voted { txn, yes: true } => {
                self.doubts(at, txn);
                self.due.set(txn, at.node, at.now + self.bound);
                Verdict::Skip
            }
            // Who was down may wait.
            Fact::Recovered(txn) => {
                self.doubts(at, txn);
                Verdict::Skip
            }
            Fact::Decided { txn, .. } => self.decided(at, txn),
            _ => Verdict::Skip,
        }
    }

    fn on_turn(&mut self, at: At, _seat: Seat<'_, P>) -> Verdict {
        self.judge(at.now)
    }

    fn on_world(&mut self, now: Time, event: &WorldEvent) -> Verdict {
        if let Some(node) = gone(event) {
            self.fall(node, now);
        }
        self.judge(now)
    }

    fn measured(&self, now: Time) -> Vec<Measure> {
        let about =
            "transactions about which some participant was uncertain while their coordinator was down undecided";
        let share = Reading::Share { part: self.blocked.len() as u128, whole: self.asked.len() as u128 };
        let times = "how long a participant was blocked by that, each time that it decided in the end";
        let open = self.held.values().map(|&held| u128::from(now.since(held).0)).sum::<u128>();
        let each =
            "how long some participant was blocked by that, for each transaction about which some were uncertain";
        let total = Reading::TimeEach { total: self.holding + open, of: self.asked.len() as u64 };
        vec![
            Measure::new("blocked", about, share),
            Measure::new("blocked_time", times, Reading::Times(self.times.clone())),
            Measure::new("blocked_per_transaction", each, total),
        ]
    }
}
