//! What failing runs have in common: 400 seeds that show one mistake are one finding.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::run::{Run, Verdict};
use crate::check::Evidence;
use crate::rng::Seed;
use crate::scenario::FailureKind;
use crate::time::Time;

/// What went wrong, without the particulars of any run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    /// In which way.
    pub fault: Fault,
    /// The property that broke; empty if none did.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub property: String,
    /// The kind of its evidence; of a panic, its place.
    pub kind: String,
    /// The names of what the evidence tells.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
}

/// In which way a run failed, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// It panicked.
    Panic,
    /// A safety property broke.
    Safety,
    /// A liveness property broke.
    Liveness,
    /// It had more events than it may.
    Endless,
}

/// All runs of a campaign that failed in one way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// In which.
    #[serde(flatten)]
    pub shape: Shape,
    /// How many there are.
    pub count: u64,
    /// The one of the lowest seed.
    pub first: Sighting,
    /// The one with the fewest events; of several, that of the lowest seed.
    pub cheapest: Sighting,
}

/// One run that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sighting {
    /// Its seed.
    pub seed: Seed,
    /// How many events it had.
    pub events: u64,
    /// When it failed.
    pub at: Time,
    /// What shows it; of a panic, what it said.
    pub evidence: Evidence,
}

impl Finding {
    /// What a run shows by itself, if it failed.
    #[must_use]
    pub fn of(run: &Run) -> Option<Self> {
        let (fault, property, evidence) = match &run.verdict {
            Verdict::Broke { kind, violation } => {
                let fault = match kind {
                    FailureKind::Safety => Fault::Safety,
                    FailureKind::Liveness => Fault::Liveness,
                };
                (fault, violation.property.clone(), violation.evidence.clone())
            }
            Verdict::Panicked { message, place } => {
                (Fault::Panic, String::new(), Evidence::new(place).value("message", message))
            }
            Verdict::Endless => (Fault::Endless, String::new(), Evidence::new("it had more events than its budget")),
            Verdict::Holds | Verdict::AsExpected { .. } | Verdict::NotShown => return None,
        };
        Some(Self::new(fault, property, evidence, run))
    }

    /// What a run shows by itself that broke what it should.
    #[must_use]
    pub fn expected(run: &Run) -> Option<Self> {
        let Verdict::AsExpected { kind, violation } = &run.verdict else { return None };
        let fault = if *kind == FailureKind::Liveness { Fault::Liveness } else { Fault::Safety };
        Some(Self::new(fault, violation.property.clone(), violation.evidence.clone(), run))
    }

    fn new(fault: Fault, property: String, evidence: Evidence, run: &Run) -> Self {
        let names = evidence.values.iter().map(|(name, _)| name.clone()).collect();
        let shape = Shape { fault, property, kind: evidence.kind.clone(), names };
        let sighting = Sighting { seed: run.seed, events: run.events, at: run.failed_at(), evidence };
        Self { shape, count: 1, first: sighting.clone(), cheapest: sighting }
    }

    /// Adds what other runs showed that failed in the same way.
    pub fn add(&mut self, other: Self) {
        self.count += other.count;
        if other.first.seed < self.first.seed {
            self.first = other.first;
        }
        let key = |sighting: &Sighting| (sighting.events, sighting.seed);
        if key(&other.cheapest) < key(&self.cheapest) {
            self.cheapest = other.cheapest;
        }
    }

    /// What it is called: the property, or what happened instead.
    #[must_use]
    pub fn name(&self) -> &str {
        match self.shape.fault {
            Fault::Panic => "panic",
            Fault::Endless => "endless",
            Fault::Safety | Fault::Liveness => &self.shape.property,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Sighting { seed, at, evidence, .. } = &self.first;
        write!(f, "{} under {} seeds; first under {seed}, at {at}: {evidence}", self.name(), self.count)
    }
}

/// Adds findings to others, in the order of their shapes.
pub(super) fn merge(into: &mut Vec<Finding>, more: Vec<Finding>) {
    for finding in more {
        match into.binary_search_by(|known| known.shape.cmp(&finding.shape)) {
            Ok(place) => into[place].add(finding),
            Err(place) => into.insert(place, finding),
        }
    }
}
