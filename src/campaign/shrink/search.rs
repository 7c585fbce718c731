//! The case that is being shrunk: the smallest scenario so far that breaks the property, and how another one is tried.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::{Effort, Unshrinkable, Watch};
use crate::campaign::finding::Shape;
use crate::fault::{FaultPlan, Reseed};
use crate::lab::{Experiment, Look, Shown, admit};
use crate::minimise::minimise;
use crate::rng::{Digest, Seed, Seeds};
use crate::scenario::{Document, Scenario, shared_policy};
use crate::sim::{Failure, FailureKind, Outcome};
use crate::workload::ClientPolicy;

/// A search for a smaller case.
pub(super) struct Search<'a> {
    pub(super) experiment: &'a dyn Experiment,
    /// What has to break, and how that has to show.
    shape: Shape,
    pub(super) best: Case,
    pub(super) effort: Effort,
    began: Instant,
    /// Where the part of the search ends that is under way.
    until: Limit,
    stop: &'a AtomicBool,
    watch: &'a dyn Watch,
    /// Whether the mistake is a planted one, so that it can be told what the correct code does.
    is_planted: bool,
    /// How many seeds have been tried that were not those of the case.
    fresh: u64,
    pub(super) runs: u64,
    pub(super) events: u64,
}

/// How far a part of the search may go.
#[derive(Clone, Copy, Debug)]
struct Limit {
    time: Option<Instant>,
    events: u64,
}

/// A scenario that breaks the property: with an explicit timeline, and all of its seeds fixed.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) scenario: Scenario,
    pub(super) failure: Failure,
    pub(super) digest: Digest,
    pub(super) outcome: FaultPlan,
}

/// What came of trying a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tried {
    /// It breaks the same property, and is the best case now.
    Breaks,
    /// In so many runs it did not.
    Holds(u32),
}

impl Tried {
    pub(super) fn breaks(self) -> bool {
        self == Self::Breaks
    }
}

impl<'a> Search<'a> {
    /// A search that begins with this scenario; nothing if that does not break what was found. What it broke instead
    /// comes along.
    pub(super) fn begin(
        experiment: &'a dyn Experiment,
        scenario: Scenario,
        failure: &Failure,
        effort: Effort,
        (stop, watch): (&'a AtomicBool, &'a dyn Watch),
    ) -> Result<Self, Unshrinkable> {
        let outcome = FaultPlan::calm(Seeds::derive(Seed(0)));
        let mut search = Self {
            experiment,
            shape: Shape::of(failure),
            best: Case { scenario: scenario.clone(), failure: failure.clone(), digest: Digest::default(), outcome },
            effort,
            began: Instant::now(),
            until: Limit { time: effort.deadline, events: effort.events },
            stop,
            watch,
            is_planted: false,
            fresh: 0,
            runs: 0,
            events: 0,
        };
        // What the file says comes first; only then other seeds, for a file whose clients stand as no scenario says.
        let first = search.run(&scenario, None);
        match first {
            Some(outcome) if search.shows(&outcome) => search.keep(scenario.clone(), outcome),
            other if !search.attempt(&scenario, effort.tries).breaks() => {
                let is_stopped = search.is_stopped();
                let mended = || Unshrinkable::Mended(other.and_then(|outcome| outcome.failure()));
                return Err(if is_stopped { Unshrinkable::Interrupted } else { mended() });
            }
            _ => {}
        }
        search.is_planted = scenario.bug.is_some() && search.spares_the_correct(&scenario);
        Ok(search)
    }

    /// Lets what follows go on until this share of the whole effort is spent, in percent.
    pub(super) fn until(&mut self, percent: u32) {
        let time = self.effort.deadline.map(|deadline| {
            let whole = deadline.saturating_duration_since(self.began);
            self.began + whole * percent / 100
        });
        let events = u128::from(self.effort.events) * u128::from(percent) / 100;
        self.until = Limit { time, events: u64::try_from(events).unwrap_or(u64::MAX) };
    }

    /// How much of the whole effort so many runs would take, in percent.
    pub(super) fn percent_of(&self, runs: u64) -> u64 {
        let times =
            |spent: u128, whole: u128| spent * u128::from(runs) * 100 / u128::from(self.runs.max(1)) / whole.max(1);
        let of_events = times(self.events.into(), self.effort.events.into());
        let of_time = self.effort.deadline.map_or(0, |deadline| {
            times(self.began.elapsed().as_nanos(), deadline.saturating_duration_since(self.began).as_nanos())
        });
        u64::try_from(of_events.max(of_time)).unwrap_or(u64::MAX)
    }

    /// Whether no more may be tried, for now.
    pub(super) fn is_spent(&self) -> bool {
        self.is_stopped()
            || self.events >= self.until.events
            || self.until.time.is_some_and(|time| Instant::now() >= time)
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Tries a candidate under its own seeds, and then under so many others as may be: one that breaks the property is
    /// the best case from then on.
    pub(super) fn attempt(&mut self, candidate: &Scenario, tries: u32) -> Tried {
        let mut held = 0;
        for number in 0..tries.max(1) {
            if self.is_spent() {
                break;
            }
            let mut scenario = candidate.clone();
            if number > 0 {
                self.reroll(&mut scenario, number);
            }
            let Some(outcome) = self.run(&scenario, None) else { break };
            if self.shows(&outcome) && (!self.is_planted || self.spares_the_correct(&scenario)) {
                self.keep(scenario, outcome);
                return Tried::Breaks;
            }
            held += 1;
        }
        Tried::Holds(held)
    }

    /// Takes out of these items as many as may be, as long as there is time.
    pub(super) fn reduce<T: Clone>(&mut self, items: &mut Vec<T>, mut is_enough: impl FnMut(&mut Self, &[T]) -> bool) {
        minimise(items, |rest| !self.is_spent() && is_enough(self, rest));
    }

    /// Whether the correct code is clean where a planted mistake is not: what breaks either way is another case.
    fn spares_the_correct(&mut self, scenario: &Scenario) -> bool {
        let correct = Scenario { bug: None, ..scenario.clone() };
        self.run(&correct, None).is_none_or(|outcome| outcome.violation.is_none())
    }

    /// Puts fresh seeds in the place of those of the network, the nodes, and, every other time, the workload. That of
    /// the plan stays: it says where clients stand.
    fn reroll(&mut self, scenario: &mut Scenario, number: u32) {
        self.fresh += 1;
        let fresh = Seed(self.fresh);
        let seeds = &mut scenario.faults.seeds;
        (seeds.network, seeds.node) = (Some(fresh), Some(fresh));
        if number.is_multiple_of(2) {
            seeds.workload = Some(fresh);
        }
    }

    fn keep(&mut self, scenario: Scenario, outcome: Outcome) {
        let Some(failure) = outcome.failure() else { return };
        self.best = Case { scenario, failure, digest: outcome.digest, outcome: outcome.plan };
        self.watch.shrunk(self.best.scenario.faults.timeline.len(), self.runs);
    }

    /// Whether a run breaks what it has to, and shows it as it has to.
    fn shows(&self, outcome: &Outcome) -> bool {
        outcome.failure().is_some_and(|failure| Shape::of(&failure) == self.shape)
    }

    /// Runs a scenario; nothing if it cannot be run, or was stopped.
    pub(super) fn run(&mut self, scenario: &Scenario, reseed: Option<Reseed>) -> Option<Outcome> {
        self.look(scenario, reseed, false).map(|shown| shown.outcome)
    }

    pub(super) fn look(&mut self, scenario: &Scenario, reseed: Option<Reseed>, fates: bool) -> Option<Shown> {
        let seeds = scenario.faults.seeds.over(Seeds::derive(Seed(0)));
        let look = Look { stop: Some(self.stop), fates, ..Look::default() };
        let plan = self.experiment.plan(scenario, seeds).ok()?;
        let shown = self.experiment.run(scenario, FaultPlan { reseed, ..plan }, look);
        self.runs += 1;
        let shown = shown.ok()?;
        self.events += shown.outcome.events;
        self.watch.ran(self.runs);
        (!shown.interrupted).then_some(shown)
    }

    /// Whether a run of the best case is fine with other dice from an instant on.
    pub(super) fn survives(&mut self, reseed: Reseed) -> Option<bool> {
        let scenario = self.best.scenario.clone();
        let outcome = self.run(&scenario, Some(reseed))?;
        Some(outcome.failure().is_none())
    }

    /// Whether a scenario would be accepted if a person wrote it.
    pub(super) fn is_sound(&self, scenario: &Scenario) -> bool {
        let document = serde_json::to_string(scenario).ok().and_then(|text| Document::parse(&text).ok());
        document.is_some_and(|document| admit(&[self.experiment], &document).is_ok())
    }

    /// What is broken, as far as it has no place in any one run.
    pub(super) fn is_of_liveness(&self) -> bool {
        self.shape.fault == FailureKind::Liveness
    }

    /// How clients of the best case behave.
    pub(super) fn policy(&self) -> ClientPolicy {
        policy_of(&self.best.scenario)
    }
}

/// How the clients of a scenario behave.
pub(super) fn policy_of(scenario: &Scenario) -> ClientPolicy {
    shared_policy(&scenario.workload).map(|(policy, _)| policy).unwrap_or_default()
}
