//! **AC3**: the commit decision can only be reached if all processes voted yes.

use std::collections::BTreeMap;

use crate::check::{At, Cast, Evidence, Property, Verdict};
use crate::process::Voters;
use crate::protocol::commit::{CommitConfig, Fact, Outcome, Site, Txn};

/// Who must vote on each transaction, and who has: a yes counts once it is on the voter's disk.
#[derive(Debug)]
pub struct CommitNeedsAllYes {
    participants: BTreeMap<Txn, Voters>,
    yes: BTreeMap<Txn, Voters>,
}

impl<P: Site> Property<P> for CommitNeedsAllYes {
    const NAME: &'static str = "commit_needs_all_yes";
    const ABOUT: &'static str = "AC3: a transaction commits only if all voted yes, and have that on their disks";

    fn new(_config: &CommitConfig, _cast: &Cast) -> Self {
        Self { participants: BTreeMap::new(), yes: BTreeMap::new() }
    }

    fn on_fact(&mut self, at: At, fact: &Fact) -> Verdict {
        match *fact {
            Fact::Begun { txn, participants, .. } => {
                self.participants.insert(txn, participants);
                Verdict::Skip
            }
            Fact::Voted { txn, yes: true } | Fact::Recovered(txn) => {
                self.yes.entry(txn).or_insert(Voters::NONE).insert(at.node);
                Verdict::Skip
            }
            Fact::Decided { txn, outcome: Outcome::Commit } => {
                let asked = self.participants.get(&txn).copied().unwrap_or_default();
                let silent = asked.without(self.yes.get(&txn).copied().unwrap_or_default());
                if silent.is_empty() {
                    return Verdict::Held;
                }
                let evidence = Evidence::new("a commit without every yes").node(at.node).value("transaction", txn);
                silent.iter().fold(evidence, Evidence::node).value("without", silent.iter().collect::<Vec<_>>()).into()
            }
            _ => Verdict::Skip,
        }
    }
}
