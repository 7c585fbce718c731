//! One scenario under many seeds, for tests: `seedstorm::check::<MyProtocol>("scenarios/x.json").seeds(200)`.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::thread;

use super::engine::{self, Order, Watch};
use super::recheck::Sample;
use super::run::Job;
use super::shortfall::Shortfall;
use super::tally::Tally;
use crate::lab::{Experiment, Lab};
use crate::protocol::Protocol;
use crate::scenario::{Document, ScenarioError};

/// A scenario that is about to run under many seeds.
#[derive(Clone, Debug)]
pub struct Check {
    job: Job<'static>,
    first: u64,
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

struct Nobody;

impl Watch for Nobody {
    fn ran(&self, _failed: bool) {}
}

impl Check {
    /// A check of this document, beginning with seed 0.
    ///
    /// # Errors
    /// What is wrong with the document.
    pub fn new(experiment: &'static dyn Experiment, document: Document) -> Result<Self, ScenarioError> {
        Ok(Self { job: Job::new(&[experiment], document)?, first: 0 })
    }

    /// Begins with this seed.
    #[must_use]
    pub fn from(mut self, first: u64) -> Self {
        self.first = first;
        self
    }

    /// Runs this many seeds on all cores, and expects that none fails; where the scenario wants a property to break,
    /// that some run shows it.
    ///
    /// # Panics
    /// If it is otherwise; the message names the first runs of each kind, and how to run them again.
    pub fn seeds(&self, count: u64) -> Tally {
        let tally = self.tally(count);
        let file = self.job.document.file().unwrap_or("SCENARIO");
        if let Some(seed) = tally.first_failure() {
            let lines: Vec<String> = tally.findings.iter().map(ToString::to_string).collect();
            panic!(
                "{} of {count} seeds of {file} failed:\n{}\nrun `seedstorm run {file} --seed {seed}` to see the first",
                tally.failures(),
                lines.join("\n")
            );
        }
        if let Some(missing) = self.missing(&tally).into_iter().find(is_of_violation) {
            panic!("{count} seeds of {file}: {missing}");
        }
        tally
    }

    /// What should have been seen in these runs, and was not.
    #[must_use]
    pub fn missing(&self, tally: &Tally) -> Vec<Shortfall> {
        Shortfall::of(&self.job, tally)
    }

    /// Runs this many seeds on all cores. The result does not depend on how many there are.
    ///
    /// # Panics
    /// If what a seed draws from the scenario is wrong.
    #[must_use]
    pub fn tally(&self, count: u64) -> Tally {
        let order = Order {
            seeds: self.first..self.first + count,
            jobs: thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            fail_fast: false,
            max_failures: None,
            deadline: None,
            sample: Sample { one_in: 0, first: self.first },
        };
        let done = engine::run(&self.job, &order, &AtomicBool::new(false), &Nobody);
        done.failed.map_or(done.tally, |error| panic!("{error}"))
    }
}

fn is_of_violation(missing: &Shortfall) -> bool {
    matches!(missing, Shortfall::Violation { .. })
}
