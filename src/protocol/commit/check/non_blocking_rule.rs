//! **The non-blocking rule** (Bernstein, Hadzilacos and Goodman, section 7.5): if any operational process is uncertain,
//! then no process, operational or failed, can have decided to commit.
//!
//! A participant that comes back is not operational until it has learned the outcome.

use std::collections::BTreeMap;

use super::gone;
use crate::check::{At, Cast, Evidence, NodeId, Nodes, Property, Time, Verdict, WorldEvent};
use crate::protocol::commit::{CommitConfig, Fact, Outcome, Site, Txn};

/// Which operational participants are uncertain: those that have voted in this life.
#[derive(Debug)]
pub struct NonBlockingRule {
    uncertain: BTreeMap<Txn, Vec<NodeId>>,
}

impl NonBlockingRule {
    fn leave(&mut self, txn: Txn, node: NodeId) {
        if let Some(nodes) = self.uncertain.get_mut(&txn) {
            nodes.retain(|&other| other != node);
            if nodes.is_empty() {
                self.uncertain.remove(&txn);
            }
        }
    }
}

impl<P: Site> Property<P> for NonBlockingRule {
    const NAME: &'static str = "non_blocking_rule";
    const ABOUT: &'static str = "while a participant that stayed up is uncertain nobody has committed";
    const OPTIONAL: bool = true;

    fn new(_config: &CommitConfig, _cast: &Cast) -> Self {
        Self { uncertain: BTreeMap::new() }
    }

    fn on_fact(&mut self, at: At, fact: &Fact) -> Verdict {
        match *fact {
            Fact::Voted { txn, yes: true } => {
                self.uncertain.entry(txn).or_default().push(at.node);
                Verdict::Skip
            }
            Fact::PreCommitted(txn) | Fact::Decided { txn, outcome: Outcome::Abort } => {
                self.leave(txn, at.node);
                Verdict::Skip
            }
            Fact::Decided { txn, outcome: Outcome::Commit } => match self.uncertain.get(&txn) {
                None => Verdict::Held,
                Some(nodes) => broken(at.node, txn, nodes),
            },
            _ => Verdict::Skip,
        }
    }

    /// A commit is one as soon as it is on a disk, also where a crash came before it was reported.
    fn on_state(&mut self, _now: Time, nodes: Nodes<'_, P>) -> Verdict {
        for (&txn, uncertain) in &self.uncertain {
            let committed = |node: &NodeId| nodes.disk(*node).outcome(txn) == Some(Outcome::Commit);
            if let Some(node) = (0..nodes.count()).map(NodeId).find(committed) {
                return broken(node, txn, uncertain);
            }
        }
        Verdict::Skip
    }

    fn on_world(&mut self, _now: Time, event: &WorldEvent) -> Verdict {
        if let Some(node) = gone(event) {
            let left: Vec<Txn> =
                self.uncertain.iter().filter(|(_, nodes)| nodes.contains(&node)).map(|(&txn, _)| txn).collect();
            left.into_iter().for_each(|txn| self.leave(txn, node));
        }
        Verdict::Skip
    }
}

fn broken(node: NodeId, txn: Txn, uncertain: &[NodeId]) -> Verdict {
    let evidence = Evidence::new("a commit while an operational process is uncertain").node(node);
    let evidence = uncertain.iter().copied().fold(evidence, Evidence::node);
    evidence.value("transaction", txn).value("uncertain", uncertain).into()
}
