//! A client's request moves money once, however often it was sent.

use std::collections::BTreeMap;

use crate::check::{At, Cast, Evidence, OpId, Property, Verdict};
use crate::protocol::commit::{CommitConfig, Fact, Outcome, Site, Txn};

/// For which request each transaction was begun, and the transaction that carried a request out.
#[derive(Debug)]
pub struct OncePerRequest {
    requests: BTreeMap<Txn, OpId>,
    committed: BTreeMap<OpId, Txn>,
}

impl<P: Site> Property<P> for OncePerRequest {
    const NAME: &'static str = "once_per_request";
    const ABOUT: &'static str = "of all transactions that were begun for a request one commits at most";

    fn new(_config: &CommitConfig, _cast: &Cast) -> Self {
        Self { requests: BTreeMap::new(), committed: BTreeMap::new() }
    }

    fn on_fact(&mut self, at: At, fact: &Fact) -> Verdict {
        match *fact {
            Fact::Begun { txn, id, .. } => {
                self.requests.insert(txn, id);
                Verdict::Skip
            }
            Fact::Decided { txn, outcome: Outcome::Commit } => {
                let Some(&id) = self.requests.get(&txn) else { return Verdict::Skip };
                let first = *self.committed.entry(id).or_insert(txn);
                if first == txn {
                    return Verdict::Held;
                }
                let evidence = Evidence::new("a request was carried out twice").node(txn.coordinator).node(at.node);
                evidence.value("request", id).value("first", first).value("then", txn).into()
            }
            _ => Verdict::Skip,
        }
    }
}
