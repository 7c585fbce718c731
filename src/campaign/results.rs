//! The results of a campaign as a document: what it came to, without any word of when and how fast.

use std::io::{self, Write};
use std::ops::Range;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::finding::Finding;
use super::old::Old;
use super::recheck::Recheck;
use super::run::Job;
use super::shortfall::Shortfall;
use super::tally::Tally;
use crate::scenario::{FORMAT, REVISION, aside_in, folder_of};
use crate::sim::FailureKind;

/// What a campaign came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Results {
    /// The version of the file format.
    pub seedstorm: u32,
    /// The version of the program.
    pub version: String,
    /// The revision of its source, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Cases that were kept, in the order of their files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub corpus: Vec<Old>,
    /// Each scenario, in the order of their files.
    pub scenarios: Vec<Course>,
    /// Files that could not be run, each with the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unusable: Vec<Unusable>,
    /// It was interrupted before its end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub interrupted: bool,
    /// What it comes to, as an exit code.
    pub exit_code: u8,
}

/// A file that could not be run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unusable {
    /// Which.
    pub file: String,
    /// Why.
    pub error: String,
}

/// What a campaign of one scenario came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Course {
    /// Its file.
    pub file: String,
    /// Its protocol.
    pub protocol: String,
    /// A mistake that was planted, beside what the file says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bug: Option<String>,
    /// Which seeds were run: from each first one up to, and without, the other.
    pub seeds: Vec<[u64; 2]>,
    /// Which were asked for of all shards together, where that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<[u64; 2]>,
    /// What they came to.
    #[serde(flatten)]
    pub tally: Tally,
    /// What runs came to that were done twice.
    pub recheck: Recheck,
    /// What should have been seen and was not.
    pub missing: Vec<Shortfall>,
}

/// What a campaign comes to, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Worst {
    /// A protocol panicked.
    Panicked,
    /// Some file could not be run.
    Unusable,
    /// Two runs of one seed differed.
    Differed,
    /// A safety property broke.
    Safety,
    /// A liveness property broke.
    Liveness,
    /// Something that should have been seen was not.
    Vacuous,
    /// A run had more events than it may.
    Endless,
    /// All is well.
    Holds,
}

impl From<FailureKind> for Worst {
    fn from(kind: FailureKind) -> Self {
        match kind {
            FailureKind::Panic => Self::Panicked,
            FailureKind::Safety => Self::Safety,
            FailureKind::Liveness => Self::Liveness,
            FailureKind::Endless => Self::Endless,
        }
    }
}

impl Course {
    /// What this scenario comes to.
    #[must_use]
    pub fn worst(&self) -> Worst {
        let of_finding = |finding: &Finding| Worst::from(finding.shape.fault);
        let differed = (!self.recheck.differed.is_empty()).then_some(Worst::Differed);
        let vacuous = (!self.missing.is_empty()).then_some(Worst::Vacuous);
        let findings = self.tally.findings.iter().map(of_finding);
        findings.chain(differed).chain(vacuous).min().unwrap_or(Worst::Holds)
    }

    /// Finds out what should have been seen and was not.
    pub fn look_for_shortfalls(&mut self, job: &Job<'_>) {
        self.missing = Shortfall::of(job, &self.tally);
    }

    /// Puts what no shard has run among what is missing.
    pub fn look_for_gaps(&mut self) {
        let Some([mut next, end]) = self.asked else { return };
        let sentinel = [end, end];
        for [from, to] in self.seeds.iter().copied().chain([sentinel]) {
            if from > next {
                self.missing.push(Shortfall::Seeds { from: next, to: from });
            }
            next = next.max(to);
        }
    }

    /// Whether its seeds are as many as its runs.
    fn adds_up(&self) -> bool {
        let lengths = self.seeds.iter().map(|[from, to]| to.checked_sub(*from).map(u128::from));
        lengths.sum::<Option<u128>>() == Some(self.tally.runs.into())
    }

    /// Adds what another part of the same campaign came to.
    fn merge(&mut self, other: Self) {
        self.tally.merge(other.tally);
        self.recheck.merge(other.recheck);
        self.seeds.extend(other.seeds);
        self.seeds = joined(std::mem::take(&mut self.seeds));
        self.asked = self.asked.zip(other.asked).map(|(a, b)| [a[0].min(b[0]), a[1].max(b[1])]);
    }
}

/// A number, of whatever is counted, that would not add up with others.
fn too_much(value: &Value) -> Option<u64> {
    const MOST: u64 = 1 << 56;
    match value {
        Value::Number(number) => number.as_u64().filter(|&number| number > MOST),
        Value::Array(items) => items.iter().find_map(too_much),
        // Seeds may be any.
        Value::Object(fields) => {
            let counted = fields.iter().filter(|(name, _)| !["seeds", "asked"].contains(&name.as_str()));
            counted.map(|(_, value)| value).find_map(too_much)
        }
        _ => None,
    }
}

/// Ranges in order, those that meet as one.
fn joined(mut ranges: Vec<[u64; 2]>) -> Vec<[u64; 2]> {
    ranges.sort_unstable();
    let mut joined: Vec<[u64; 2]> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if last[1] == range[0] => last[1] = range[1],
            _ => joined.push(range),
        }
    }
    joined
}

/// A part of a campaign's seeds, as `--shard 2/4` says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which, counted from 1.
    pub number: u64,
    /// Of how many.
    pub of: u64,
}

impl Shard {
    /// The seeds of this part: shards follow each other, and differ in length by one at most.
    #[must_use]
    pub fn part_of(self, seeds: Range<u64>) -> Range<u64> {
        let len = u128::from(seeds.end - seeds.start);
        let bound = |n: u64| seeds.start + (len * u128::from(n) / u128::from(self.of)) as u64;
        bound(self.number - 1)..bound(self.number)
    }
}

impl std::str::FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parse = || {
            let (number, of) = text.split_once('/')?;
            Some(Self { number: number.parse().ok()?, of: of.parse().ok()? })
        };
        match parse() {
            Some(shard) if (1..=shard.of).contains(&shard.number) => Ok(shard),
            Some(_) => Err(format!("{text:?}: shards are counted from 1, as in 1/4 to 4/4")),
            None => Err(format!("{text:?} is no shard: expected a number of how many, such as 2/4")),
        }
    }
}

impl Results {
    /// Results of these scenarios.
    #[must_use]
    pub fn new(scenarios: Vec<Course>, unusable: Vec<Unusable>, interrupted: bool) -> Self {
        Self {
            seedstorm: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            revision: REVISION.map(str::to_owned),
            corpus: Vec::new(),
            scenarios,
            unusable,
            interrupted,
            exit_code: 0,
        }
    }

    /// What all of it comes to.
    #[must_use]
    pub fn worst(&self) -> Worst {
        let unusable = (!self.unusable.is_empty()).then_some(Worst::Unusable);
        let courses = self.scenarios.iter().map(Course::worst);
        courses.chain(self.corpus.iter().map(Old::worst)).chain(unusable).min().unwrap_or(Worst::Holds)
    }

    /// Adds the results of another shard.
    ///
    /// # Errors
    /// Why they are not of one campaign.
    pub fn merge(&mut self, other: Self) -> Result<(), String> {
        if (&self.version, &self.revision) != (&other.version, &other.revision) {
            return Err(format!("it was written by seedstorm {}, the others by {}", other.version, self.version));
        }
        for course in other.scenarios {
            let known = self.scenarios.iter_mut().find(|known| known.file == course.file && known.bug == course.bug);
            let Some(known) = known else {
                self.scenarios.push(course);
                continue;
            };
            let overlap = |a: &[u64; 2], b: &[u64; 2]| a[0] < b[1] && b[0] < a[1];
            if let Some(twice) = course.seeds.iter().find(|seeds| known.seeds.iter().any(|other| overlap(seeds, other)))
            {
                return Err(format!("seeds {} to {} of {} are in it twice", twice[0], twice[1] - 1, course.file));
            }
            known.merge(course);
        }
        self.scenarios.sort_by(|a, b| (&a.file, &a.bug).cmp(&(&b.file, &b.bug)));
        for old in other.corpus {
            if !self.corpus.contains(&old) {
                self.corpus.push(old);
            }
        }
        for unusable in other.unusable {
            if !self.unusable.contains(&unusable) {
                self.unusable.push(unusable);
            }
        }
        self.interrupted |= other.interrupted;
        Ok(())
    }

    /// Reads results from a file.
    ///
    /// # Errors
    /// It cannot be read, or holds no results.
    pub fn load(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let refuse = |error: String| format!("{}: these are no results of a campaign: {error}", path.display());
        let value: Value = serde_json::from_str(&text).map_err(|error| refuse(error.to_string()))?;
        if let Some(number) = too_much(&value) {
            return Err(refuse(format!("nobody has counted to {number}")));
        }
        let results = Self::deserialize(value).map_err(|error| refuse(error.to_string()))?;
        if let Some(course) = results.scenarios.iter().find(|course| !course.adds_up()) {
            return Err(refuse(format!("{}: its seeds are not as many as its runs", course.file)));
        }
        if results.seedstorm != FORMAT {
            let theirs = results.seedstorm;
            return Err(format!("{}: version {theirs} of the format; this seedstorm reads {FORMAT}", path.display()));
        }
        Ok(results)
    }

    /// Writes them to a file, whole or not at all.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn save(&self, path: &Path) -> io::Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        write_whole(path, text + "\n")
    }
}

/// Writes a file aside and renames it, so that there is a whole one or none.
///
/// # Errors
/// It cannot be written.
pub fn write_whole(path: &Path, content: impl AsRef<[u8]>) -> io::Result<()> {
    let mut aside = aside_in(folder_of(path))?;
    aside.write_all(content.as_ref())?;
    aside.as_file().sync_all()?;
    aside.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_cover_all_seeds_once() {
        for of in 1..8 {
            let parts = (1..=of).map(|number| Shard { number, of }.part_of(5..28));
            let seeds: Vec<u64> = parts.flatten().collect();
            assert_eq!(seeds, (5..28).collect::<Vec<u64>>(), "{of}");
        }
        assert_eq!("2/4".parse(), Ok(Shard { number: 2, of: 4 }));
        for wrong in ["0/4", "5/4", "1/0", "2", "a/b", "1/2/3"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn ranges_that_meet_are_one() {
        assert_eq!(joined(vec![[50, 80], [0, 20], [20, 50], [90, 95]]), [[0, 80], [90, 95]]);
    }
}
