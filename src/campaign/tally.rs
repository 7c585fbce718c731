//! What many runs came to, in a space that does not grow with their number.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::finding::{self, Finding};
use super::run::Run;
use crate::fault::ledger::Ledger;
use crate::rng::Seed;
use crate::time::Span;

/// What many runs came to. Tallies of parts add up to that of the whole, in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tally {
    /// Number of runs.
    pub runs: u64,
    /// Events of all runs.
    pub events: u64,
    /// Virtual time of all runs.
    pub lasted: Span,
    /// Runs in which no core could be named.
    pub excused: u64,
    /// Runs that never got going before the heal.
    pub empty: u64,
    /// The longest time from the heal until a core had converged.
    pub slowest: Option<Slowest>,
    /// What was planned in all runs together, and what of it came about.
    pub ledger: Ledger,
    /// How often each property was evaluated on something that is not trivial.
    pub evaluated: BTreeMap<String, u64>,
    /// How often it would have taken too long to evaluate a property, where that was so.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unknown: BTreeMap<String, u64>,
    /// How many facts of each kind were reported.
    pub facts: BTreeMap<String, u64>,
    /// The runs that broke what they should, where the scenario wants that.
    pub expected: Option<Finding>,
    /// The runs that failed, by what they have in common.
    pub findings: Vec<Finding>,
}

/// The run whose core took longest to converge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slowest {
    /// How long, from the heal.
    pub after: Span,
    /// Under which seed; the lowest of several.
    pub seed: Seed,
}

impl Tally {
    /// How many runs failed.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.findings.iter().map(|finding| finding.count).sum()
    }

    /// What failed, by its [name](Finding::name): how often, and the lowest seed.
    #[must_use]
    pub fn by_name(&self) -> BTreeMap<&str, (u64, Seed)> {
        let mut names = BTreeMap::new();
        for finding in &self.findings {
            let (count, first) = names.entry(finding.name()).or_insert((0, finding.first.seed));
            *count += finding.count;
            *first = (*first).min(finding.first.seed);
        }
        names
    }

    /// The lowest seed under which a run failed.
    #[must_use]
    pub fn first_failure(&self) -> Option<Seed> {
        self.findings.iter().map(|finding| finding.first.seed).min()
    }

    /// Adds a run.
    pub fn add(&mut self, run: &Run) {
        self.runs += 1;
        self.events += run.events;
        self.lasted = Span(self.lasted.0.saturating_add(run.lasted.0));
        self.excused += u64::from(run.excused);
        self.empty += u64::from(run.empty);
        self.see_slowest(run.converged.map(|after| Slowest { after, seed: run.seed }));
        self.ledger.add(&run.ledger);
        run.evaluated.iter().for_each(|&(name, count)| add(&mut self.evaluated, name, count));
        run.unknown.iter().for_each(|&(name, count)| add(&mut self.unknown, name, count));
        run.facts.iter().for_each(|(name, count)| add(&mut self.facts, name, *count));
        self.see_expected(Finding::expected(run));
        finding::merge(&mut self.findings, Finding::of(run).into_iter().collect());
    }

    /// Adds what other runs came to.
    pub fn merge(&mut self, other: Self) {
        self.runs += other.runs;
        self.events += other.events;
        self.lasted = Span(self.lasted.0.saturating_add(other.lasted.0));
        self.excused += other.excused;
        self.empty += other.empty;
        self.see_slowest(other.slowest);
        self.ledger.add(&other.ledger);
        other.evaluated.iter().for_each(|(name, count)| add(&mut self.evaluated, name, *count));
        other.unknown.iter().for_each(|(name, count)| add(&mut self.unknown, name, *count));
        other.facts.iter().for_each(|(name, count)| add(&mut self.facts, name, *count));
        self.see_expected(other.expected);
        finding::merge(&mut self.findings, other.findings);
    }

    fn see_slowest(&mut self, other: Option<Slowest>) {
        // Of equally slow runs the one with the lower seed, so that the order of merging does not matter.
        let key = |slowest: &Slowest| (slowest.after, std::cmp::Reverse(slowest.seed));
        self.slowest = self.slowest.into_iter().chain(other).max_by_key(key);
    }

    /// Whatever it is that shows a breach that is wanted, it is one finding.
    fn see_expected(&mut self, other: Option<Finding>) {
        match (&mut self.expected, other) {
            (Some(known), Some(other)) => {
                if other.first.seed < known.first.seed {
                    known.shape = other.shape.clone();
                }
                known.add(other);
            }
            (known @ None, other) => *known = other,
            (Some(_), None) => {}
        }
    }
}

fn add(sums: &mut BTreeMap<String, u64>, name: &str, count: u64) {
    match sums.get_mut(name) {
        Some(sum) => *sum += count,
        None => {
            sums.insert(name.to_owned(), count);
        }
    }
}
