//! What a campaign should have seen and did not: without it, that nothing failed says little.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::run::Job;
use super::tally::Tally;
use crate::check::PropertyInfo;
use crate::ids::FaultKind;
use crate::scenario::{Document, Expect};

/// Something that should have been seen in some run of a campaign, and was in none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "missing")]
pub enum Shortfall {
    /// A kind of fault that the scenario asks for never changed anything.
    Fault {
        /// Which.
        kind: FaultKind,
        /// How many were planned.
        planned: u64,
        /// How many had their instant.
        attempted: u64,
        /// How many a budget suppressed.
        suppressed: u64,
    },
    /// A property was never evaluated on anything that is not trivial.
    Property {
        /// Which.
        name: String,
        /// The kind of fact that it looks at, if there is one.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        after: String,
    },
    /// A kind of fact that should be reported sometimes never was.
    Situation {
        /// Which.
        fact: String,
    },
    /// The property that should break in some run broke in none.
    Violation {
        /// Which.
        property: String,
    },
    /// Seeds were asked for that no shard has run.
    Seeds {
        /// The first of them.
        from: u64,
        /// The first behind them.
        to: u64,
    },
    /// Most runs were empty, or could not be judged: nothing got going in them before the heal, or no core was left.
    Runs {
        /// How many there were.
        runs: u64,
        /// How many of them never got going.
        empty: u64,
        /// How many had no core.
        excused: u64,
    },
}

impl fmt::Display for Shortfall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault { kind, planned: 0, .. } => write!(f, "{kind} is configured, and no seed planned one"),
            Self::Fault { kind, planned, attempted, suppressed } => write!(
                f,
                "{kind} is configured and never took effect: {planned} planned, {attempted} attempted, \
                 {suppressed} suppressed by a budget"
            ),
            Self::Property { name, after } if after.is_empty() => {
                write!(f, "{name} was never evaluated on anything that is not trivial")
            }
            Self::Property { name, after } => write!(f, "{name}, which looks at {after}, was never evaluated"),
            Self::Situation { fact } => write!(
                f,
                "{fact} was never reported, and should be sometimes; if that is as it should be, \
                 say in the scenario which facts are to be seen: \"sometimes\": […]"
            ),
            Self::Violation { property } => write!(f, "{property} should break in some run, and broke in none"),
            Self::Seeds { from, to } => write!(
                f,
                "seeds {from} to {} were asked for and not run: the results of a shard are missing, or it ended early",
                to - 1
            ),
            Self::Runs { runs: 0, .. } => write!(f, "no seed was run, which shows nothing"),
            Self::Runs { runs, empty, excused } => write!(
                f,
                "of {runs} runs {empty} were empty and {excused} were excused, more than half of all: \
                 faults are too many for anything to get going"
            ),
        }
    }
}

impl Shortfall {
    /// What all runs of a scenario together did not show.
    #[must_use]
    pub fn of(job: &Job<'_>, tally: &Tally) -> Vec<Self> {
        let Tally { runs, empty, excused, .. } = *tally;
        if runs == 0 {
            return vec![Self::Runs { runs, empty, excused }];
        }
        let mut missing = Vec::new();
        if (empty + excused) * 2 > runs {
            missing.push(Self::Runs { runs, empty, excused });
        }
        let idle = tally.ledger.used().filter(|line| line.took_effect == 0);
        missing.extend(idle.map(|line| Self::Fault {
            kind: line.kind,
            planned: line.planned,
            attempted: line.attempted,
            suppressed: line.suppressed,
        }));
        missing.extend(unlooked_at(job, tally));
        let unseen = sometimes(job).into_iter().filter(|fact| !tally.facts.contains_key(fact));
        missing.extend(unseen.map(|fact| Self::Situation { fact }));
        if let Some(property) = expected(&job.document).filter(|_| tally.expected.is_none()) {
            missing.push(Self::Violation { property });
        }
        missing
    }
}

/// The facts that should be reported sometimes: those that the scenario names, else those that the protocol does.
fn sometimes(job: &Job<'_>) -> Vec<String> {
    match job.document.value().get("sometimes").and_then(serde_json::Value::as_array) {
        Some(named) => named.iter().filter_map(|fact| Some(fact.as_str()?.to_owned())).collect(),
        None => job.experiment.sometimes().iter().map(ToString::to_string).collect(),
    }
}

fn expected(document: &Document) -> Option<String> {
    let expect = document.value().get("expect")?;
    match serde_json::from_value(expect.clone()).ok()? {
        Expect::Violates(property) => Some(property),
        Expect::Holds => None,
    }
}

/// Properties that were judged and had nothing to look at, though the faults that they need are configured, and the
/// facts that they look at were reported. One that the scenario asks for by name needs no fault.
fn unlooked_at(job: &Job<'_>, tally: &Tally) -> Vec<Shortfall> {
    let configured = |kind: &FaultKind| tally.ledger.used().any(|line| line.kind == *kind);
    let infos = job.experiment.properties();
    let judged = infos.iter().filter(|info| tally.evaluated.get(info.name) == Some(&0));
    let named = job.document.value().get("checks").and_then(serde_json::Value::as_array);
    let is_named = |name: &str| named.is_some_and(|named| named.iter().any(|check| check == name));
    let is_looked_for = |info: &&PropertyInfo| {
        let needed = info.needs.is_empty() || info.needs.iter().any(configured);
        let has_what_to_look_at = info.after.is_empty() || tally.facts.contains_key(info.after);
        (needed || is_named(info.name)) && has_what_to_look_at
    };
    judged
        .filter(is_looked_for)
        .map(|info| Shortfall::Property { name: info.name.to_owned(), after: info.after.to_owned() })
        .collect()
}
