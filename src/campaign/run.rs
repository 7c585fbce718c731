//! One seed of a scenario, as a campaign sees it.

use std::sync::atomic::AtomicBool;

use crate::fault::FaultPlan;
use crate::fault::ledger::Ledger;
use crate::lab::{Experiment, Look, admit, prepare};
use crate::quiet::{Panic, quietly};
use crate::rng::{Digest, Seed};
use crate::scenario::{Document, Expect, Scenario, ScenarioError};
use crate::sim::{Failure, FailureKind, Liveness, Outcome, PANIC};
use crate::time::{Span, Time};

/// A scenario that is about to run under many seeds.
#[derive(Clone)]
pub struct Job<'e> {
    /// Its protocol.
    pub experiment: &'e dyn Experiment,
    /// Its file.
    pub document: Document,
}

/// What one seed came to.
#[derive(Clone, Debug)]
pub struct Run {
    /// The seed.
    pub seed: Seed,
    /// How it is judged.
    pub verdict: Verdict,
    /// Names everything that happened.
    pub digest: Digest,
    /// How many events there were.
    pub events: u64,
    /// How much virtual time passed.
    pub lasted: Span,
    /// No core could be named.
    pub excused: bool,
    /// It never got going before the heal.
    pub empty: bool,
    /// How long after the heal its core had converged.
    pub converged: Option<Span>,
    /// What was planned, and what of it came about.
    pub ledger: Ledger,
    /// How often each property was evaluated that was judged.
    pub evaluated: Vec<(&'static str, u64)>,
    /// How often it would have taken too long to evaluate each, where that was so.
    pub unknown: Vec<(&'static str, u64)>,
    /// How many facts of each kind were reported.
    pub facts: Vec<(String, u64)>,
}

/// How one seed is judged, by what its scenario expects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every property held.
    Holds,
    /// It failed in a way in which it should not.
    Failed(Failure),
    /// The property broke that should.
    AsExpected(Failure),
    /// A property should break in some run, and did not in this one.
    NotShown,
}

impl<'e> Job<'e> {
    /// A scenario that has been checked.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(experiments: &[&'e dyn Experiment], document: Document) -> Result<Self, ScenarioError> {
        let experiment = admit(experiments, &document)?;
        Ok(Self { experiment, document })
    }

    /// How many seeds a campaign runs of it at most, if it says so.
    #[must_use]
    pub fn most_seeds(&self) -> Option<u64> {
        self.document.value().get("most_seeds").and_then(serde_json::Value::as_u64)
    }

    /// What this seed draws.
    ///
    /// # Errors
    /// What is wrong with what it draws.
    pub fn prepare(&self, seed: Seed) -> Result<(Scenario, FaultPlan), ScenarioError> {
        prepare(self.experiment, &self.document, seed)
    }

    /// Runs this seed. Nothing if it was stopped.
    ///
    /// # Errors
    /// What is wrong with what it draws.
    pub fn run(&self, seed: Seed, stop: &AtomicBool) -> Result<Option<Run>, ScenarioError> {
        let run = || {
            let (scenario, plan) = self.prepare(seed)?;
            let look = Look { stop: Some(stop), ..Look::default() };
            let shown = self.experiment.run(&scenario, plan, look)?;
            Ok((!shown.interrupted).then(|| Run::of(seed, &scenario.expect, &shown.outcome)))
        };
        quietly(run).unwrap_or_else(|panic| Ok(Some(Run::never_begun(seed, &panic))))
    }
}

impl std::fmt::Debug for Job<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Job")
            .field("protocol", &self.experiment.name())
            .field("file", &self.document.file())
            .finish_non_exhaustive()
    }
}

impl Run {
    /// What a run came to, by what its scenario expects.
    #[must_use]
    pub fn of(seed: Seed, expect: &Expect, outcome: &Outcome) -> Self {
        let unknown = outcome.properties.iter().filter(|line| line.unknown > 0);
        Self {
            seed,
            verdict: Verdict::of(expect, outcome),
            digest: outcome.digest,
            events: outcome.events,
            lasted: outcome.ended_at.since(Time::ZERO),
            excused: outcome.liveness == Liveness::Excused,
            empty: outcome.empty.is_some(),
            converged: match &outcome.liveness {
                Liveness::Converged { after, .. } => Some(*after),
                _ => None,
            },
            ledger: outcome.ledger.clone(),
            evaluated: outcome.properties.iter().map(|line| (line.info.name, line.evaluated)).collect(),
            unknown: unknown.map(|line| (line.info.name, line.unknown)).collect(),
            facts: outcome.facts.clone(),
        }
    }

    /// What a run came to in which the protocol panicked before the first event.
    fn never_begun(seed: Seed, panic: &Panic) -> Self {
        let failure = Failure {
            property: PANIC.to_owned(),
            kind: FailureKind::Panic,
            at: Time::ZERO,
            evidence: panic.evidence(),
        };
        Self {
            seed,
            verdict: Verdict::Failed(failure),
            digest: Digest::default(),
            events: 0,
            lasted: Span::ZERO,
            excused: false,
            empty: false,
            converged: None,
            ledger: Ledger::default(),
            evaluated: Vec::new(),
            unknown: Vec::new(),
            facts: Vec::new(),
        }
    }

    /// Whether it did not end as the scenario expects of every run.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        matches!(self.verdict, Verdict::Failed(_))
    }
}

impl Verdict {
    fn of(expect: &Expect, outcome: &Outcome) -> Self {
        match (expect, outcome.failure()) {
            (Expect::Violates(expected), Some(failure)) if *expected == failure.property => Self::AsExpected(failure),
            (_, Some(failure)) => Self::Failed(failure),
            (Expect::Violates(_), None) => Self::NotShown,
            (Expect::Holds, None) => Self::Holds,
        }
    }
}
