//! Runs that can be interrupted, and whoever waits sees that something happens.

use std::cell::RefCell;
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

/// A run that is about to happen.
#[derive(Clone, Copy)]
pub(super) struct Launch<'a> {
    pub(super) experiment: &'a dyn Experiment,
    pub(super) scenario: &'a Scenario,
    pub(super) plan: &'a FaultPlan,
}

impl Launch<'_> {
    /// Lets it happen.
    pub(super) fn go(&self, look: Look<'_>) -> Result<Shown, Stop> {
        let look = Look { stop: Some(interrupt::watched()), ..look };
        let patience = Patience::with(&format!("running {}", self.scenario.protocol));
        let shown = self.experiment.run(self.scenario, self.plan.clone(), look);
        drop(patience);
        let shown = shown?;
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

    /// Lets it happen for the first time: a panic is printed, and it is noted how fast it was.
    pub(super) fn timed(&self, look: Look<'_>, console: &Console) -> Result<Shown, Stop> {
        let start = Instant::now();
        let shown = self.go(Look { aloud: true, ..look })?;
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
}

/// How fast it was: of interest to a person, and no part of the account.
fn note_speed(console: &Console, outcome: &Outcome, took: Duration) {
    let seconds = took.as_secs_f64();
    let rate = if seconds > 0.0 { outcome.events as f64 / seconds } else { 0.0 };
    let [events, rate] = [outcome.events, rate as u64].map(count);
    console.note(&format!("{events} events in {seconds:.3} s, {rate} a second"));
}
