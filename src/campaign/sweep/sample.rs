//! What one run of a sweep says: whether something broke, and what was measured.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::check::measure::{Measure, Reading};
use crate::rng::Digest;
use crate::sim::{Liveness, Outcome};
use crate::time::Span;

/// One run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// Its seed.
    pub seed: u64,
    /// Names everything that happened in it.
    pub digest: Digest,
    /// What broke, if anything did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broke: Option<String>,
    /// What was read of each quantity, in whole numbers, so that nothing is lost by writing it down.
    pub seen: BTreeMap<String, Seen>,
}

/// What was read of a quantity in one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// A part, and the whole.
    Share(u64, u64),
    /// How often, in so many nanoseconds.
    Rate(u64, u64),
    /// So many nanoseconds, for so many.
    TimeEach(u64, u64),
    /// So many, for so many others.
    CountEach(u64, u64),
    /// Nanoseconds, each time.
    Times(Vec<u64>),
    /// A number, each time.
    Counts(Vec<u64>),
}

/// A quantity that sweeps measure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metric {
    /// Its name.
    pub name: String,
    /// What it is, in a sentence.
    pub about: String,
    /// In what it is measured.
    pub unit: Unit,
    /// Whether more of it is better.
    pub more_is_better: bool,
}

/// In what a quantity is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A share of one.
    Share,
    /// Seconds.
    Seconds,
    /// So often in a second.
    PerSecond,
    /// A number.
    Number,
}

impl Unit {
    /// Its name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Share => "share",
            Self::Seconds => "s",
            Self::PerSecond => "1/s",
            Self::Number => "",
        }
    }
}

impl Seen {
    /// The parts of which figures are made; nothing where the quantity is one figure itself.
    #[must_use]
    pub fn parts(&self) -> &'static [&'static str] {
        match self {
            Self::Times(_) | Self::Counts(_) => &["mean", "p50", "p90", "p99"],
            _ => &[],
        }
    }
}

impl From<&Reading> for Unit {
    fn from(reading: &Reading) -> Self {
        match reading {
            Reading::Share { .. } => Self::Share,
            Reading::Times(_) | Reading::TimeEach { .. } => Self::Seconds,
            Reading::Rate { .. } => Self::PerSecond,
            Reading::Counts(_) | Reading::CountEach { .. } => Self::Number,
        }
    }
}

impl From<&Measure> for Metric {
    fn from(measure: &Measure) -> Self {
        let Measure { name, about, reading, more_is_better } = measure;
        let (name, about) = ((*name).to_owned(), (*about).to_owned());
        Self { name, about, unit: Unit::from(reading), more_is_better: *more_is_better }
    }
}

impl From<Reading> for Seen {
    fn from(reading: Reading) -> Self {
        let whole = |n: u128| u64::try_from(n).unwrap_or(u64::MAX);
        let nanos = |times: Vec<Span>| times.into_iter().map(|time| time.0).collect();
        match reading {
            Reading::Times(times) => Self::Times(nanos(times)),
            Reading::Counts(counts) => Self::Counts(counts),
            Reading::Share { part, whole: of } => Self::Share(whole(part), whole(of)),
            Reading::Rate { count, over } => Self::Rate(count, whole(over)),
            Reading::TimeEach { total, of } => Self::TimeEach(whole(total), of),
            Reading::CountEach { total, of } => Self::CountEach(total, of),
        }
    }
}

/// The name of the quantity that is the probability of any violation; those of single properties follow after a dot.
pub const VIOLATIONS: &str = "violations";

/// Everything that a run measured: what its clients saw, what it took, how it recovered, and what its properties say.
#[must_use]
pub fn measures(outcome: &Outcome) -> Vec<Measure> {
    let clients = &outcome.clients;
    let asked = clients.ok + clients.fail + clients.info;
    let whole = Reading::Share { part: clients.ok.into(), whole: asked.into() };
    let gaps = if asked > 0 { vec![clients.longest_gap] } else { Vec::new() };
    let each = |total| Reading::CountEach { total, of: outcome.commands };
    let recovered = match outcome.liveness {
        Liveness::Converged { after, .. } => vec![after],
        _ => Vec::new(),
    };
    // All of them in every run, also where there is nothing to be read, so that none is unknown.
    let mut measures = vec![
        Measure::new(
            "availability",
            "operations of clients that took effect, of all that were asked for under faults",
            whole,
        )
        .more(),
        Measure::new(
            "latency",
            "from the invocation of an operation to its answer, of those that took effect",
            Reading::Times(clients.latencies.clone()),
        ),
        Measure::new(
            "longest_gap",
            "the longest time in a run without an operation that took effect",
            Reading::Times(gaps),
        ),
        Measure::new(
            "messages_per_command",
            "messages that were sent, those of clients included, for each command",
            each(outcome.counters.sent),
        ),
        Measure::new(
            "forced_writes_per_command",
            "records for whose sync a node waited before it went on, for each command",
            each(outcome.counters.forced),
        ),
        Measure::new(
            "recovery",
            "from the heal until the core had converged, of runs in which it did",
            Reading::Times(recovered),
        ),
    ];
    measures.extend(outcome.measures.iter().cloned());
    measures
}

impl Sample {
    /// What a run under this seed says of the quantities that are wanted; of all if none are named.
    #[must_use]
    pub fn of(seed: u64, outcome: &Outcome, wanted: &[String]) -> (Self, Vec<Metric>) {
        let is_wanted = |measure: &Measure| wanted.is_empty() || wanted.iter().any(|name| name == measure.name);
        let measures: Vec<Measure> = measures(outcome).into_iter().filter(is_wanted).collect();
        let metrics = measures.iter().map(Metric::from).collect();
        let seen = measures.into_iter().map(|measure| (measure.name.to_owned(), Seen::from(measure.reading)));
        let broke = outcome.failure().map(|failure| failure.property);
        (Self { seed, digest: outcome.digest, broke, seen: seen.collect() }, metrics)
    }
}
