//! **AC1**: all processes that decide reach the same decision.

use std::collections::BTreeMap;

use crate::check::{At, Cast, Evidence, NodeId, Property, Verdict};
use crate::protocol::commit::{CommitConfig, Fact, Outcome, Site, Txn};

/// Who decided first on each transaction, and how.
#[derive(Debug)]
pub struct Agreement(BTreeMap<Txn, (NodeId, Outcome)>);

impl<P: Site> Property<P> for Agreement {
    const NAME: &'static str = "agreement";
    const ABOUT: &'static str = "AC1: all nodes that decide on a transaction decide alike";

    fn new(_config: &CommitConfig, _cast: &Cast) -> Self {
        Self(BTreeMap::new())
    }

    fn on_fact(&mut self, at: At, fact: &Fact) -> Verdict {
        let Fact::Decided { txn, outcome } = *fact else { return Verdict::Skip };
        let (first, before) = *self.0.entry(txn).or_insert((at.node, outcome));
        if before == outcome {
            return if first == at.node { Verdict::Skip } else { Verdict::Held };
        }
        let evidence = Evidence::new("two outcomes of one transaction").node(first).node(at.node);
        evidence.value("transaction", txn).value("first", before).value("then", outcome).into()
    }
}
