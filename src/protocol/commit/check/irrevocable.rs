//! **AC2**: a process cannot reverse its decision, in a later life either.

use std::collections::BTreeMap;

use crate::check::{At, Cast, Evidence, NodeId, Property, Verdict};
use crate::protocol::commit::{CommitConfig, Fact, Outcome, Site, Txn};

/// How each node has decided.
#[derive(Debug)]
pub struct Irrevocable(BTreeMap<(Txn, NodeId), Outcome>);

impl<P: Site> Property<P> for Irrevocable {
    const NAME: &'static str = "irrevocable";
    const ABOUT: &'static str = "AC2: no node reverses its decision, over restarts either";

    fn new(_config: &CommitConfig, _cast: &Cast) -> Self {
        Self(BTreeMap::new())
    }

    fn on_fact(&mut self, at: At, fact: &Fact) -> Verdict {
        let Fact::Decided { txn, outcome } = *fact else { return Verdict::Skip };
        let before = *self.0.entry((txn, at.node)).or_insert(outcome);
        if before == outcome {
            return Verdict::Held;
        }
        let evidence = Evidence::new("a node reversed its decision").node(at.node);
        evidence.value("transaction", txn).value("first", before).value("then", outcome).into()
    }
}
