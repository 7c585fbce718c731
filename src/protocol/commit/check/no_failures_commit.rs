//! **AC4**: if there are no failures and all processes voted yes, then the decision is to commit.
//!
//! A failure, to a transaction, is that somebody who takes part crashed since it began, or waited too long and may
//! abort for that: the coordinator, a participant that has not voted, or one that leads a termination. A participant
//! that has voted may only ask; if it does, somebody who has not voted may abort. A lock that was taken or an account
//! that was empty shows before the vote, and is like a no.

use std::collections::{BTreeMap, BTreeSet};

use super::gone;
use crate::check::{At, Cast, Evidence, NodeId, Property, Time, Verdict, WorldEvent};
use crate::process::Voters;
use crate::protocol::commit::{CommitConfig, Fact, Outcome, Site, Txn};

/// Transactions that nobody has decided, with all who are concerned, and those who have voted yes; those that have an
/// excuse, and those about which somebody who has voted asks.
#[derive(Debug)]
pub struct NoFailuresCommit {
    open: BTreeMap<Txn, Voters>,
    voted: BTreeMap<Txn, Voters>,
    excused: BTreeSet<Txn>,
    asked: BTreeSet<Txn>,
}

impl NoFailuresCommit {
    fn has_voted(&self, txn: Txn, node: NodeId) -> bool {
        self.voted.get(&txn).is_some_and(|voted| voted.contains(node))
    }
}

impl<P: Site> Property<P> for NoFailuresCommit {
    const NAME: &'static str = "no_failures_commit";
    const ABOUT: &'static str = "AC4: a transaction aborts only if somebody could not, voted no, failed, or timed out";

    fn new(_config: &CommitConfig, _cast: &Cast) -> Self {
        Self { open: BTreeMap::new(), voted: BTreeMap::new(), excused: BTreeSet::new(), asked: BTreeSet::new() }
    }

    fn on_fact(&mut self, at: At, fact: &Fact) -> Verdict {
        match *fact {
            Fact::Begun { txn, participants, .. } => {
                let coordinator: Voters = [txn.coordinator].into_iter().collect();
                self.open.insert(txn, participants.or(coordinator));
                Verdict::Skip
            }
            Fact::Voted { txn, yes: true } if self.open.contains_key(&txn) => {
                self.voted.entry(txn).or_insert(Voters::NONE).insert(at.node);
                Verdict::Skip
            }
            Fact::TimedOut(txn) if self.open.contains_key(&txn) => {
                let only_asks = self.has_voted(txn, at.node);
                if only_asks { &mut self.asked } else { &mut self.excused }.insert(txn);
                Verdict::Skip
            }
            Fact::Refused(txn, _) | Fact::Leads(txn) | Fact::Voted { txn, yes: false }
                if self.open.contains_key(&txn) =>
            {
                self.excused.insert(txn);
                Verdict::Skip
            }
            Fact::Decided { txn, outcome } => {
                let was_asked = self.asked.remove(&txn) && at.node != txn.coordinator;
                let excused = self.excused.remove(&txn) || was_asked && !self.has_voted(txn, at.node);
                self.voted.remove(&txn);
                let Some(concerned) = self.open.remove(&txn) else { return Verdict::Skip };
                if outcome == Outcome::Commit {
                    return Verdict::Held;
                }
                if excused {
                    return Verdict::Skip;
                }
                let evidence = Evidence::new("an abort without a failure").node(at.node).value("transaction", txn);
                concerned.iter().fold(evidence, Evidence::node).into()
            }
            _ => Verdict::Skip,
        }
    }

    fn on_world(&mut self, _now: Time, event: &WorldEvent) -> Verdict {
        if let Some(node) = gone(event) {
            let concerned = self.open.iter().filter(|(_, nodes)| nodes.contains(node));
            self.excused.extend(concerned.map(|(&txn, _)| txn));
        }
        Verdict::Skip
    }
}
