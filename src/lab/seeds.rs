//! One scenario under many seeds, for tests: `seedstorm::check::<MyProtocol>("scenarios/x.json").seeds(200)`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::{Experiment, Lab, Look, admit, prepare};
use crate::check::Violation;
use crate::protocol::Protocol;
use crate::rng::Seed;
use crate::scenario::{Document, Expect, ScenarioError};
use crate::sim::{Ending, Liveness, Outcome};
use crate::time::Span;

/// A scenario that is about to run under many seeds.
#[derive(Clone)]
pub struct Check {
    experiment: &'static dyn Experiment,
    document: Document,
    first: u64,
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Check").field("protocol", &self.experiment.name()).field("file", &self.document.file()).finish()
    }
}

/// Loads a scenario of this protocol.
///
/// # Panics
/// If the file is wrong: this is for tests, and the message says what and where.
#[must_use]
pub fn check<P: Protocol>(scenario: impl AsRef<Path>) -> Check {
    let document = Document::load(scenario.as_ref()).unwrap_or_else(|error| panic!("{error}"));
    Check::new(Lab::<P>::NEW, document).unwrap_or_else(|error| panic!("{error}"))
}

/// What many runs came to.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Number of runs.
    pub runs: u64,
    /// Events of all runs.
    pub events: u64,
    /// Runs in which no core could be named.
    pub excused: u64,
    /// Runs that never got going before the heal.
    pub empty: u64,
    /// The longest time from the heal until a core had converged, and the seed it was seen under.
    pub slowest: Option<(Span, Seed)>,
    /// How often each property was evaluated on something that is not trivial, in all runs together.
    pub evaluated: BTreeMap<&'static str, u64>,
    /// How many facts of each kind were reported.
    pub facts: BTreeMap<String, u64>,
    /// Runs that did not end as the scenario expects, in order of their seeds.
    pub failed: Vec<Failed>,
}

/// A run that did not end as the scenario expects.
#[derive(Clone, Debug)]
pub struct Failed {
    /// Its seed.
    pub seed: Seed,
    /// How it ended.
    pub ending: Ending,
    /// What broke.
    pub violation: Option<Violation>,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.violation {
            Some(broken) => {
                write!(f, "seed {}: {} broke at {}: {}", self.seed, broken.property, broken.at, broken.evidence)
            }
            None => write!(f, "seed {}: ended {:?}", self.seed, self.ending),
        }
    }
}

impl Check {
    /// A check of this document, beginning with seed 0.
    ///
    /// # Errors
    /// What is wrong with the document.
    pub fn new(experiment: &'static dyn Experiment, document: Document) -> Result<Self, ScenarioError> {
        admit(&[experiment], &document)?;
        Ok(Self { experiment, document, first: 0 })
    }

    /// Begins with this seed.
    #[must_use]
    pub fn from(mut self, first: u64) -> Self {
        self.first = first;
        self
    }

    /// Runs this many seeds on all cores, and expects of each what the scenario expects.
    ///
    /// # Panics
    /// If some run ends otherwise; the message names the first few, and how to run them again.
    pub fn seeds(&self, count: u64) -> Tally {
        let tally = self.tally(count);
        if !tally.failed.is_empty() {
            let lines: Vec<String> = tally.failed.iter().take(5).map(ToString::to_string).collect();
            let file = self.document.file().unwrap_or("SCENARIO");
            let seed = tally.failed[0].seed;
            panic!(
                "{} of {count} seeds of {file} failed:\n{}\nrun `seedstorm run {file} --seed {seed}` to see the first",
                tally.failed.len(),
                lines.join("\n")
            );
        }
        tally
    }

    /// Runs this many seeds on all cores. The result does not depend on how many there are.
    #[must_use]
    pub fn tally(&self, count: u64) -> Tally {
        let seeds = self.first..self.first + count;
        seeds.into_par_iter().map(|seed| self.one(Seed(seed))).reduce(Tally::default, Tally::with)
    }

    fn one(&self, seed: Seed) -> Tally {
        let run = prepare(self.experiment, &self.document, seed).and_then(|(scenario, plan)| {
            let shown = self.experiment.run(&scenario, plan, Look::default())?;
            Ok((scenario.expect, shown.outcome))
        });
        match run {
            Ok((expect, outcome)) => Tally::of(seed, &expect, &outcome),
            Err(error) => panic!("seed {seed}: {error}"),
        }
    }
}

fn add<K: Ord>(sums: &mut BTreeMap<K, u64>, more: BTreeMap<K, u64>) {
    for (name, count) in more {
        *sums.entry(name).or_default() += count;
    }
}

impl Tally {
    fn of(seed: Seed, expect: &Expect, outcome: &Outcome) -> Self {
        let broken = outcome.violation.as_ref().map(|violation| violation.property.as_str());
        let as_expected = match expect {
            Expect::Holds => outcome.ending == Ending::Completed,
            Expect::Violates(property) => broken == Some(property.as_str()),
        };
        let failed = Failed { seed, ending: outcome.ending, violation: outcome.violation.clone() };
        let after = match &outcome.liveness {
            Liveness::Converged { after, .. } => Some((*after, seed)),
            _ => None,
        };
        Self {
            runs: 1,
            events: outcome.events,
            excused: u64::from(outcome.liveness == Liveness::Excused),
            empty: u64::from(outcome.empty.is_some()),
            slowest: after,
            evaluated: outcome.properties.iter().map(|line| (line.info.name, line.evaluated)).collect(),
            facts: outcome.facts.iter().cloned().collect(),
            failed: if as_expected { Vec::new() } else { vec![failed] },
        }
    }

    fn with(mut self, other: Self) -> Self {
        self.runs += other.runs;
        self.events += other.events;
        self.excused += other.excused;
        self.empty += other.empty;
        // Of equally slow runs the one with the lower seed, so that the order of merging does not matter.
        let slowest = self.slowest.into_iter().chain(other.slowest);
        self.slowest = slowest.max_by_key(|&(span, seed)| (span, std::cmp::Reverse(seed)));
        add(&mut self.evaluated, other.evaluated);
        add(&mut self.facts, other.facts);
        self.failed.extend(other.failed);
        self.failed.sort_by_key(|failed| failed.seed);
        self
    }
}
