//! Two runs of one plan side by side, to find the first event in which they differ.

use std::cell::RefCell;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::{SimOf, sim};
use crate::fault::FaultPlan;
use crate::protocol::Protocol;
use crate::quiet::quietly;
use crate::rng::Digest;
use crate::scenario::{Scenario, ScenarioError};
use crate::sim::{Record, Tracer};
use crate::time::Time;

/// Where two runs of one plan parted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parting {
    /// The number of the event, counted from 1.
    pub event: u64,
    /// Its instant, in the first of them.
    pub at: Time,
    /// What happened in either, as far as it differs; empty where they did not part when they were listened to.
    pub happened: [String; 2],
}

/// Runs a plan twice, event by event.
pub(super) fn twins<P: Protocol>(
    scenario: &Scenario,
    plan: &FaultPlan,
) -> Result<Result<Digest, Box<Parting>>, ScenarioError> {
    let mut twins = [sim::<P>(scenario, plan.clone())?, sim::<P>(scenario, plan.clone())?];
    loop {
        let goes_on = twins.each_mut().map(step::<P>);
        let [digest, other] = twins.each_ref().map(SimOf::<P>::digest);
        if digest != other || goes_on[0] != goes_on[1] {
            let silent = Parting { event: twins[0].events(), at: twins[0].now(), happened: Default::default() };
            return Ok(Err(Box::new(listening::<P>(scenario, plan)?.unwrap_or(silent))));
        }
        if !goes_on[0] {
            return Ok(Ok(digest));
        }
    }
}

/// One event; a panic ends a run as it does elsewhere.
fn step<P: Protocol>(sim: &mut SimOf<P>) -> bool {
    quietly(|| sim.step()).unwrap_or_else(|panic| {
        sim.panicked(panic.evidence());
        false
    })
}

/// The same once more, this time with someone who listens: that is slow, and needed only to name the event.
fn listening<P: Protocol>(scenario: &Scenario, plan: &FaultPlan) -> Result<Option<Parting>, ScenarioError> {
    let heard: [Rc<RefCell<Vec<Record>>>; 2] = Default::default();
    let mut twins = [sim::<P>(scenario, plan.clone())?, sim::<P>(scenario, plan.clone())?];
    for (sim, heard) in twins.iter_mut().zip(&heard) {
        let ear = Rc::clone(heard);
        let tracer: Tracer = Box::new(move |record| ear.borrow_mut().push(record.clone()));
        sim.trace_to(tracer);
    }
    loop {
        let goes_on = twins.each_mut().map(step::<P>);
        let [first, second] = heard.each_ref().map(|heard| heard.take());
        if first != second {
            let place = first.iter().zip(&second).take_while(|(first, second)| first == second).count();
            let happened = [first, second].map(|records| records.get(place).map_or("nothing".to_owned(), words));
            return Ok(Some(Parting { event: twins[0].events(), at: twins[0].now(), happened }));
        }
        if goes_on != [true; 2] {
            return Ok(None);
        }
    }
}

fn words(record: &Record) -> String {
    let Record { what, on, peer, detail, .. } = record;
    let what = serde_json::to_value(what).ok().and_then(|name| Some(name.as_str()?.to_owned())).unwrap_or_default();
    [what.as_str(), on, peer, detail].into_iter().filter(|word| !word.is_empty()).collect::<Vec<&str>>().join(" ")
}
