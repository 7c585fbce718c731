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

    /// Lets a run that broke something happen again, this time with someone who listens.
    pub(super) fn tell(&self, outcome: &Outcome) -> Result<Vec<Told>, Stop> {
        let Some(violation) = &outcome.violation else { return Ok(Vec::new()) };
        let listener = Listener::new(&violation.evidence.nodes, self.experiment.sometimes());
        let listener = Rc::new(RefCell::new(listener));
        let ear = Rc::clone(&listener);
        let tracer: Tracer = Box::new(move |record| ear.borrow_mut().hear(record));
        let again = self.go(Look { tracer: Some(tracer), ..Look::default() })?;
        if again.outcome.digest == outcome.digest {
            return Ok(listener.borrow().story());
        }
        let message = format!(
            "two runs of one seed differ (digest {}, then {}): the protocol reads something that is not the run's own",
            outcome.digest, again.outcome.digest
        );
        Err(Stop::new(Exit::Differed, message))
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
    console.note(&format!("{events} events in {seconds:.3} s by the clock on the wall, {rate} a second"));
}
