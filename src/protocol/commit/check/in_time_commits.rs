//! **AC4**, to the letter: where nothing fails and every message is in time, what all can do is committed.
//!
//! Here no timeout is an excuse, as it is in [`NoFailuresCommit`](super::NoFailuresCommit): one that fires although
//! everybody has answered in time is itself the mistake. That nothing fails, and that timeouts are long enough, is for
//! whoever names it in a scenario to say.

use std::collections::BTreeSet;

use crate::check::{At, Cast, Evidence, Property, Verdict};
use crate::protocol::commit::{CommitConfig, Fact, Outcome, Site, Txn};

/// Transactions that nobody has decided, and nobody has refused.
#[derive(Debug)]
pub struct InTimeCommits(BTreeSet<Txn>);

impl<P: Site> Property<P> for InTimeCommits {
    const NAME: &'static str = "in_time_commits";
    const ABOUT: &'static str =
        "AC4: where nothing fails and every message is in time, what nobody refuses is committed";
    const OPTIONAL: bool = true;

    fn new(_config: &CommitConfig, _cast: &Cast) -> Self {
        Self(BTreeSet::new())
    }

    fn on_fact(&mut self, at: At, fact: &Fact) -> Verdict {
        match *fact {
            Fact::Begun { txn, .. } => {
                self.0.insert(txn);
                Verdict::Skip
            }
            Fact::Refused(txn, _) => {
                self.0.remove(&txn);
                Verdict::Skip
            }
            Fact::Decided { txn, outcome } if self.0.remove(&txn) => match outcome {
                Outcome::Commit => Verdict::Held,
                Outcome::Abort => {
                    Evidence::new("an abort where nothing failed").node(at.node).value("transaction", txn).into()
                }
            },
            _ => Verdict::Skip,
        }
    }
}
