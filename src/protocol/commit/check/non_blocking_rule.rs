//! **The non-blocking rule** (Bernstein, Hadzilacos and Goodman, section 7.5): if any operational process is uncertain,
//! then no process, operational or failed, can have decided to commit.
//!
//! A participant that comes back is not operational until it has learned the outcome.

use std::collections::BTreeMap;

use crate::check::{At, Cast, Evidence, NodeId, Property, Time, Verdict, WorldEvent};
use crate::protocol::commit::{CommitConfig, Fact, Outcome, Site, Txn};

/// Which operational participants are uncertain. A life in which a participant has first voted is the one in which it is
/// operational.
#[derive(Debug)]
pub struct NonBlockingRule {
    lives: BTreeMap<(Txn, NodeId), u32>,
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
        Self { lives: BTreeMap::new(), uncertain: BTreeMap::new() }
    }

    fn on_fact(&mut self, at: At, fact: &Fact) -> Verdict {
        match *fact {
            Fact::Voted { txn, yes: true } => {
                if *self.lives.entry((txn, at.node)).or_insert(at.life) == at.life {
                    self.uncertain.entry(txn).or_default().push(at.node);
                }
                Verdict::Skip
            }
            Fact::PreCommitted(txn) | Fact::Decided { txn, outcome: Outcome::Abort } => {
                self.leave(txn, at.node);
                Verdict::Skip
            }
            Fact::Decided { txn, outcome: Outcome::Commit } => match self.uncertain.get(&txn) {
                None => Verdict::Held,
                Some(nodes) => {
                    let evidence = Evidence::new("a commit while an operational process is uncertain").node(at.node);
                    let evidence = nodes.iter().copied().fold(evidence, Evidence::node);
                    evidence.value("transaction", txn).value("uncertain", nodes).into()
                }
            },
            _ => Verdict::Skip,
        }
    }

    fn on_world(&mut self, _now: Time, event: &WorldEvent) -> Verdict {
        if let WorldEvent::Crash { node, .. } | WorldEvent::Refused { node } | WorldEvent::Retire { node } = *event {
            let left: Vec<Txn> =
                self.uncertain.iter().filter(|(_, nodes)| nodes.contains(&node)).map(|(&txn, _)| txn).collect();
            left.into_iter().for_each(|txn| self.leave(txn, node));
        }
        Verdict::Skip
    }
}
