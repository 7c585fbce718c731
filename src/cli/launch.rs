//! Runs, guarded: they can be interrupted, a panic is told apart from a verdict, and whoever waits sees that
//! something happens.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::console::Console;
use super::exit::Exit;
use super::interrupt;
use super::patience::Patience;
use super::stop::Stop;
use crate::fault::FaultPlan;
use crate::lab::{Experiment, Look, Shown};
use crate::report::layout::count;
use crate::report::story::{Listener, Told};
use crate::scenario::Scenario;
use crate::sim::{Outcome, Tracer};

/// How a breach came about.
#[derive(Debug, Default)]
pub(super) struct Story {
    pub(super) told: Vec<Told>,
    /// Out of how many records.
    pub(super) heard: u64,
}

/// Two runs of one seed were not the same.
pub(super) fn differed() -> Stop {
    let message = "two runs of one seed differ: the protocol reads something that is not the run's own";
    Stop::new(Exit::Differed, message)
}

/// A run that is about to happen, and the command that would do it again.
#[derive(Clone, Copy)]
pub(super) struct Launch<'a> {
    pub(super) experiment: &'a dyn Experiment,
    pub(super) scenario: &'a Scenario,
    pub(super) plan: &'a FaultPlan,
    pub(super) again: &'a str,
}

impl Launch<'_> {
    /// Lets it happen.
    pub(super) fn go(&self, look: Look<'_>) -> Result<Shown, Stop> {
        let look = Look { stop: Some(interrupt::watched()), ..look };
        let patience = Patience::with(&format!("running {}", self.scenario.protocol));
        let run = || self.experiment.run(self.scenario, self.plan.clone(), look);
        let shown = catch_unwind(AssertUnwindSafe(run));
        drop(patience);
        let shown = shown.map_err(|_| self.panicked())??;
        if shown.interrupted {
            let outcome = &shown.outcome;
            let message = format!(
                "interrupted at {} of virtual time, after {} events; nothing was written",
                outcome.ended_at, outcome.events
            );
            return Err(Stop::new(Exit::Interrupted, message));
        }
        Ok(shown)
    }

    /// Lets it happen, and notes how fast it was.
    pub(super) fn timed(&self, look: Look<'_>, console: &Console) -> Result<Shown, Stop> {
        let start = Instant::now();
        let shown = self.go(look)?;
        note_speed(console, &shown.outcome, start.elapsed());
        Ok(shown)
    }

    /// Lets it happen again, this time with someone who listens for what concerns the breach in `outcome`; nothing
    /// if it turns out to be another run.
    pub(super) fn retell(&self, outcome: &Outcome) -> Result<Option<Story>, Stop> {
        let nodes = outcome.violation.as_ref().map_or(&[][..], |violation| &violation.evidence.nodes);
        let listener = Rc::new(RefCell::new(Listener::new(nodes, self.experiment.sometimes(), &self.plan.timeline)));
        let ear = Rc::clone(&listener);
        let tracer: Tracer = Box::new(move |record| ear.borrow_mut().hear(record));
        let again = self.go(Look { tracer: Some(tracer), ..Look::default() })?;
        let listener = listener.borrow();
        let story = Story { told: listener.story(), heard: listener.heard() };
        Ok((again.outcome.digest == outcome.digest).then_some(story))
    }

    fn panicked(&self) -> Stop {
        Stop::new(Exit::Panicked, format!("the run panicked, which is a bug; to see it again: {}", self.again))
    }
}

/// How fast it was: of interest to a person, and no part of the account.
fn note_speed(console: &Console, outcome: &Outcome, took: Duration) {
    let seconds = took.as_secs_f64();
    let rate = if seconds > 0.0 { outcome.events as f64 / seconds } else { 0.0 };
    let [events, rate] = [outcome.events, rate as u64].map(count);
    console.note(&format!("{events} events in {seconds:.3} s, {rate} a second"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::draw::Names;
    use crate::lab::Parting;
    use crate::protocol::Bug;
    use crate::rng::{Digest, Seed, Seeds};
    use crate::scenario::{ProtocolSchema, ScenarioError};
    use serde_json::Value;

    /// A protocol with a mistake in it.
    struct Faulty;

    impl Experiment for Faulty {
        fn name(&self) -> &'static str {
            "faulty"
        }
        fn about(&self) -> &'static str {
            ""
        }
        fn groups(&self) -> &'static [&'static str] {
            &["node"]
        }
        fn bugs(&self) -> &'static [Bug] {
            &[]
        }
        fn properties(&self) -> Vec<crate::check::PropertyInfo> {
            Vec::new()
        }
        fn sometimes(&self) -> &'static [&'static str] {
            &[]
        }
        fn names(&self) -> Names<'static> {
            Names::default()
        }
        fn schema(&self) -> ProtocolSchema<'static> {
            unreachable!("nobody asks")
        }
        fn check(&self, _scenario: &Scenario) -> Result<(), ScenarioError> {
            Ok(())
        }
        fn params(&self, _scenario: &Scenario) -> Result<Value, ScenarioError> {
            Ok(Value::Null)
        }
        fn plan(&self, _scenario: &Scenario, seeds: Seeds) -> Result<FaultPlan, ScenarioError> {
            Ok(FaultPlan::calm(seeds))
        }
        fn run(&self, _scenario: &Scenario, _plan: FaultPlan, _look: Look<'_>) -> Result<Shown, ScenarioError> {
            panic!("the mistake")
        }
        fn twins(&self, _: &Scenario, _: &FaultPlan) -> Result<Result<Digest, Box<Parting>>, ScenarioError> {
            unreachable!("nobody asks")
        }
    }

    #[test]
    fn a_panic_is_told_apart_from_a_verdict() {
        let text = r#"{ "seedstorm": 1, "protocol": "faulty", "nodes": 1, "run_for": "1s" }"#;
        let scenario: Scenario = serde_json::from_str(text).unwrap();
        let plan = FaultPlan::calm(Seeds::derive(Seed(0)));
        let launch = Launch { experiment: &Faulty, scenario: &scenario, plan: &plan, again: "it run x.json --seed 0" };
        let stop = launch.go(Look::default()).unwrap_err();
        assert_eq!(stop.exit, Exit::Panicked);
        assert!(stop.message.ends_with("to see it again: it run x.json --seed 0"), "{}", stop.message);
    }
}
