//! What failing runs have in common: 400 seeds that show one mistake are one finding.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::run::{Run, Verdict};
use crate::check::Evidence;
use crate::rng::{Digest, Seed};
use crate::sim::{Failure, FailureKind};
use crate::time::Time;

/// What went wrong, without the particulars of any run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    /// In which way.
    pub fault: FailureKind,
    /// The property that broke, or what stands in its place.
    pub property: String,
    /// The kind of its evidence.
    pub kind: String,
    /// The names of what the evidence tells.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
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
    /// What was made of the cheapest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<Kept>,
}

/// What was kept of a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// The reproducer of its cheapest run.
    pub reproducer: String,
    /// The command that replays it.
    pub replay: String,
    /// The page to look at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<String>,
    /// The smallest scenario that still shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shrunk: Option<String>,
    /// Why it breaks, in a sentence; or why there is no smaller one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// One run that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sighting {
    /// Its seed.
    pub seed: Seed,
    /// How many events it had.
    pub events: u64,
    /// Names everything that happened in it.
    pub digest: Digest,
    /// When it failed.
    pub at: Time,
    /// What shows it.
    pub evidence: Evidence,
}

impl Shape {
    /// What this failure has in common with others.
    #[must_use]
    pub fn of(failure: &Failure) -> Self {
        let Failure { property, kind, evidence, .. } = failure;
        let names = evidence.values.iter().map(|(name, _)| name.clone()).collect();
        Self { fault: *kind, property: property.clone(), kind: evidence.kind.clone(), names }
    }
}

impl Finding {
    /// What a run shows by itself, if it failed.
    #[must_use]
    pub fn of(run: &Run) -> Option<Self> {
        let Verdict::Failed(failure) = &run.verdict else { return None };
        Some(Self::new(failure, run))
    }

    /// What a run shows by itself that broke what it should.
    #[must_use]
    pub fn expected(run: &Run) -> Option<Self> {
        let Verdict::AsExpected(failure) = &run.verdict else { return None };
        Some(Self::new(failure, run))
    }

    fn new(failure: &Failure, run: &Run) -> Self {
        let Failure { at, evidence, .. } = failure.clone();
        let first = Sighting { seed: run.seed, events: run.events, digest: run.digest, at, evidence };
        Self { shape: Shape::of(failure), count: 1, cheapest: first.clone(), first, kept: None }
    }

    /// Adds what other runs showed that failed in the same way.
    pub fn add(&mut self, other: Self) {
        self.count += other.count;
        if other.first.seed < self.first.seed {
            self.first = other.first;
        }
        let key = |sighting: &Sighting| (sighting.events, sighting.seed);
        if key(&other.cheapest) < key(&self.cheapest) {
            (self.cheapest, self.kept) = (other.cheapest, other.kept);
        }
    }

    /// What it is called: the property, or what stands in its place.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.shape.property
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
