//! Who can learn the outcome from another participant does, whether the coordinator is up or not.
//!
//! It holds where no message is lost, links are not cut, and nobody stands still: then an uncertain participant asks
//! the others after two timeouts at most, or when it comes back, and again and again; an answer takes less than a
//! timeout.

use std::collections::{BTreeMap, BTreeSet};

use super::gone;
use super::watch::Watch;
use crate::check::{At, Cast, Evidence, Property, Seat, Time, Verdict, WorldEvent};
use crate::ids::NodeId;
use crate::process::Voters;
use crate::protocol::commit::{CommitConfig, Fact, Site, Txn};
use crate::time::Span;

/// Which participants are uncertain, which know, and by when the former must.
#[derive(Debug)]
pub struct Cooperation {
    bound: Span,
    /// Since when each participant is uncertain in its present life.
    uncertain: BTreeMap<Txn, BTreeMap<NodeId, Time>>,
    /// Since when each participant has known in its present life.
    informed: BTreeMap<Txn, BTreeMap<NodeId, Time>>,
    due: Watch,
    /// Who takes part, as long as not all know.
    participants: BTreeMap<Txn, Voters>,
}

impl Cooperation {
    /// Sets anew by when the participants of a transaction must know.
    fn set(&mut self, txn: Txn) {
        self.due.forget(txn);
        let Some(uncertain) = self.uncertain.get(&txn) else { return };
        let known = self.informed.get(&txn).and_then(|informed| informed.values().min());
        if let Some(&known) = known {
            for (&node, &since) in uncertain {
                self.due.set(txn, node, since.max(known) + self.bound);
            }
        }
    }

    /// Once all know there is nothing to watch.
    fn prune(&mut self, txn: Txn) {
        let all = self.participants.get(&txn).map_or(0, |participants| participants.len());
        if self.informed.get(&txn).is_some_and(|informed| informed.len() >= all) {
            self.informed.remove(&txn);
            self.uncertain.remove(&txn);
            self.participants.remove(&txn);
        }
    }

    fn judge(&self, now: Time) -> Verdict {
        let Some((_, txn, node)) = self.due.overdue(now) else { return Verdict::Skip };
        let informed = self.informed.get(&txn).into_iter().flat_map(BTreeMap::keys);
        let evidence = Evidence::new("a participant does not learn what another knows").node(node);
        informed.fold(evidence, |evidence, &node| evidence.node(node)).value("transaction", txn).into()
    }

    /// A node fell. What it should have learned by now it should have learned before.
    fn leave(&mut self, node: NodeId) {
        let concerned = |of: &BTreeMap<Txn, BTreeMap<NodeId, Time>>| -> BTreeSet<Txn> {
            of.iter().filter(|(_, nodes)| nodes.contains_key(&node)).map(|(&txn, _)| txn).collect()
        };
        let txns: BTreeSet<Txn> = concerned(&self.uncertain).union(&concerned(&self.informed)).copied().collect();
        for txn in txns {
            without(&mut self.uncertain, txn, node);
            without(&mut self.informed, txn, node);
            self.set(txn);
        }
    }
}

impl<P: Site> Property<P> for Cooperation {
    const NAME: &'static str = "cooperation";
    const ABOUT: &'static str = "where nothing is cut or lost an uncertain participant learns within a bound what another knows, though the \
        coordinator be down";
    const OPTIONAL: bool = true;
    const AFTER: &'static str = "timed_out";

    fn new(config: &CommitConfig, _cast: &Cast) -> Self {
        Self {
            bound: config.params.timeout.times(4) + config.params.retry,
            uncertain: BTreeMap::new(),
            informed: BTreeMap::new(),
            due: Watch::default(),
            participants: BTreeMap::new(),
        }
    }

    /// It judges first: what is done now is done too late for what was due before.
    fn on_fact(&mut self, at: At, fact: &Fact) -> Verdict {
        let verdict = self.judge(at.now);
        match *fact {
            Fact::Begun { txn, participants, .. } => {
                self.participants.insert(txn, participants);
            }
            Fact::Voted { txn, yes: true } | Fact::Recovered(txn) if self.participants.contains_key(&txn) => {
                self.uncertain.entry(txn).or_default().insert(at.node, at.now);
                self.set(txn);
            }
            Fact::Decided { txn, .. } if at.node != txn.coordinator && self.participants.contains_key(&txn) => {
                let was_due = self.due.is_set(txn, at.node);
                without(&mut self.uncertain, txn, at.node);
                self.informed.entry(txn).or_default().insert(at.node, at.now);
                self.set(txn);
                self.prune(txn);
                if was_due && matches!(verdict, Verdict::Skip) {
                    return Verdict::Held;
                }
            }
            _ => {}
        }
        verdict
    }

    fn on_turn(&mut self, at: At, _seat: Seat<'_, P>) -> Verdict {
        self.judge(at.now)
    }

    fn on_world(&mut self, now: Time, event: &WorldEvent) -> Verdict {
        let verdict = self.judge(now);
        if let Some(node) = gone(event) {
            self.leave(node);
        }
        verdict
    }
}

/// Takes a node out, and what is empty then.
fn without(of: &mut BTreeMap<Txn, BTreeMap<NodeId, Time>>, txn: Txn, node: NodeId) {
    if let Some(nodes) = of.get_mut(&txn) {
        nodes.remove(&node);
        if nodes.is_empty() {
            of.remove(&txn);
        }
    }
}
