//! From a failing run to the smallest scenario that still shows the mistake.
//!
//! Taking one fault out of a failing run changes what comes after it, and so the breach is gone although the fault had
//! nothing to do with it: removing parts by themselves comes to a stop early. So a candidate counts if it breaks the
//! same property, with the same kind of evidence, under *any* of many fresh seeds of the network, the nodes or the
//! workload. The passes, in order: the tail is cut off; faults go, by kinds, by halves and one by one; the world is
//! made plain; clients, operations and nodes go; the network is frozen to a constant delay without loss, but for single
//! messages that matter; faults are made shorter, narrower, earlier and rounder. At the end each part that is left is
//! taken out once more, and nothing breaks: that is the certificate.
//!
//! What comes out is a scenario with an explicit timeline and all seeds fixed. It does not depend on how fast the
//! machine is, as long as the effort is bounded by events and not by time.

mod account;
mod certificate;
mod doom;
mod elements;
mod freeze;
mod lower;
mod passes;
mod search;
mod written;

use std::sync::atomic::AtomicBool;
use std::time::Instant;

use serde::Serialize;

use crate::lab::Experiment;
use crate::rng::Digest;
use crate::scenario::{Reproducer, Scenario};
use crate::sim::Failure;
use crate::time::{Span, Time};
pub use account::account;
use certificate::Certificate;
pub use certificate::Needed;
pub use elements::{Element, Size};
use search::Search;
pub use written::text;

/// How much a search may cost.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// It ends at this instant, with what it has by then.
    pub deadline: Option<Instant>,
    /// It ends after so many simulated events. Where this alone ends it, every machine comes to the same.
    pub events: u64,
    /// Under how many seeds each candidate is tried.
    pub tries: u32,
}

impl Default for Effort {
    fn default() -> Self {
        Self { deadline: None, events: 20_000_000, tries: 50 }
    }
}

/// Hears how a search gets on.
pub trait Watch {
    /// So many runs have been made.
    fn ran(&self, _runs: u64) {}
    /// A smaller case was found, with so many faults, after so many runs.
    fn shrunk(&self, _faults: usize, _runs: u64) {}
    /// The search is over.
    fn over(&self) {}
}

/// Nobody listens.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl Watch for Unwatched {}

/// What a search came to.
#[derive(Clone, Debug, Serialize)]
pub struct Shrunk {
    /// The scenario: it has an explicit timeline and all of its seeds.
    pub scenario: Scenario,
    /// How it fails.
    pub failure: Failure,
    /// Names everything that happens in its run.
    pub digest: Digest,
    /// What there was in the run that it came from.
    pub before: Size,
    /// What is left.
    pub after: Size,
    /// The parts without which nothing breaks.
    pub needed: Vec<Needed>,
    /// Whether every part that is left is among those.
    pub is_certified: bool,
    /// The last instant from which at least half of the futures are fine; zero where fewer are from the beginning. Left
    /// out where that was not found out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doomed_from: Option<Time>,
    /// Why it breaks, in a sentence.
    pub why: String,
    /// How many runs it took.
    pub runs: u64,
    /// How many events they had.
    pub events: u64,
    /// It was interrupted: this is the best so far.
    pub interrupted: bool,
}

/// Why nothing was shrunk.
#[derive(Clone, Debug, PartialEq)]
pub enum Unshrinkable {
    /// The reproducer does not say what broke.
    NothingBroke,
    /// What broke does not break any more; this does instead, if anything.
    Mended(Option<Failure>),
    /// It was interrupted before it was seen whether it still breaks.
    Interrupted,
}

/// Shrinks a failing run.
///
/// # Errors
/// Why it cannot be shrunk.
pub fn shrink(
    experiment: &dyn Experiment,
    reproducer: &Reproducer,
    effort: Effort,
    stop: &AtomicBool,
    watch: &dyn Watch,
) -> Result<Shrunk, Unshrinkable> {
    let failure = reproducer.verdict.as_ref().ok_or(Unshrinkable::NothingBroke)?;
    let scenario = written::explicit(reproducer);
    let before = Size::of(&scenario, experiment.groups());
    let mut search = Search::begin(experiment, scenario, failure, effort, (stop, watch))?;
    take_out(&mut search, effort.tries);
    let parts = Element::all(&search.best.scenario, experiment.groups()).len() as u64;
    // Of thousands of operations each takes its time, and the certificate is worth more than round numbers.
    if search.percent_of(parts) < 10 {
        make_smaller(&mut search, effort.tries);
    }
    search.until(90);
    let mut certificate = Certificate::default();
    if search.percent_of(parts * u64::from(effort.tries)) < 10 {
        certificate = search.certify(effort.tries);
    }
    if !certificate.is_complete {
        search.until(98);
        certificate = search.certify(1);
    }
    search.until(100);
    let doomed_from = search.doomed_from();
    let mut scenario = search.best.scenario.clone();
    let why = why(&certificate.needed, certificate.is_complete, doomed_from, &search.best.failure);
    scenario.about = written::about(&scenario, &search.best.failure, reproducer, &why);
    let after = Size::of(&scenario, experiment.groups());
    watch.over();
    Ok(Shrunk {
        failure: search.best.failure.clone(),
        digest: search.best.digest,
        before,
        after,
        why,
        needed: certificate.needed,
        is_certified: certificate.is_complete,
        doomed_from,
        runs: search.runs,
        events: search.events,
        interrupted: search.is_stopped(),
        scenario,
    })
}

/// Takes out what is not needed.
fn take_out(search: &mut Search<'_>, tries: u32) {
    search.until(25);
    search.cut_tail();
    search.thin_out(tries.div_ceil(3));
    search.drop_faults(tries.min(6));
    search.until(50);
    search.drop_faults(tries);
    search.until(56);
    search.make_plain(tries);
    search.drop_operations(tries.div_ceil(2));
    search.drop_nodes(tries);
    search.until(60);
    search.drop_faults(tries);
    try_harder(search, tries);
}

/// Where much is left, the breach is rare: then more seeds are needed to see it without this part or that.
fn try_harder(search: &mut Search<'_>, tries: u32) {
    /// As few parts as a person takes in at a glance.
    const FEW: usize = 3;
    search.until(70);
    for factor in [4, 16] {
        if search.best.scenario.faults.timeline.len() > FEW {
            search.drop_faults(tries.saturating_mul(factor));
        }
    }
}

/// Makes what is left smaller and plainer.
fn make_smaller(search: &mut Search<'_>, tries: u32) {
    search.until(74);
    search.move_up(tries.div_ceil(5));
    search.until(80);
    search.freeze(tries);
    search.until(84);
    search.lower_entries(tries.div_ceil(5));
    search.round(tries.div_ceil(5));
}

/// Why it breaks, in a sentence.
fn why(needed: &[Needed], is_complete: bool, doomed_from: Option<Time>, failure: &Failure) -> String {
    let of = |kind: &str| {
        needed.iter().filter(|part| part.what.kind() == kind).map(|part| part.what.to_string()).collect::<Vec<String>>()
    };
    let (faults, messages) = (of("fault"), of("message"));
    let listed = |parts: &[String], one: &str, many: &str| match parts {
        [] => None,
        [part] => Some(format!("1 {one} ({part})")),
        parts => Some(format!("{} {many} ({})", parts.len(), parts.join(", "))),
    };
    let parts = [listed(&faults, "fault", "faults"), listed(&messages, "fixed message", "fixed messages")];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let count = faults.len() + messages.len();
    let first = match parts.as_slice() {
        [] if is_complete => "no fault is needed".to_owned(),
        [] => "what is needed was not found out".to_owned(),
        parts => {
            let least = if is_complete { "" } else { "at least " };
            format!("{least}{} {} needed", parts.join(" and "), if count == 1 { "is" } else { "are" })
        }
    };
    match doomed_from {
        None => first,
        Some(Time::ZERO) => format!("{first}; more than half of all runs break then, whatever the dice"),
        Some(at) if failure.at.since(at) < LAST_MOMENT => {
            format!("{first}; until the last moment, {at}, at least half of the futures are fine")
        }
        Some(at) => format!("{first}; from {at} on, more than half of the futures break"),
    }
}

/// What is doomed this shortly before it breaks was open until the last moment.
const LAST_MOMENT: Span = Span::ms(1);
