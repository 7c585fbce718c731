//! The kill matrix: each planted mistake under each profile of faults, how soon it is found and by which property, and
//! the correct code on the same seeds. It shows that invariants bite.

mod chart;

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::finding::Finding;
use super::stats::interval;
use super::tally::Tally;
use crate::report::Ink;
use crate::report::layout::{Sheet, Table, Tone, brief, count};
use crate::rng::Seed;
use crate::scenario::{FORMAT, REVISION};
use crate::time::Span;

/// The whole matrix.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Matrix {
    /// The version of the file format.
    pub seedstorm: u32,
    /// The version of the program.
    pub version: String,
    /// The revision of its source, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// The seeds of every cell, from the first up to, and without, the other.
    pub seeds: [u64; 2],
    /// The profiles, each with the correct code and all mistakes of its protocol.
    pub profiles: Vec<Profile>,
}

/// One scenario under which mistakes are looked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Its file.
    pub file: String,
    /// Its protocol.
    pub protocol: String,
    /// How many runs of the correct code failed.
    pub correct: u64,
    /// How many there were.
    pub runs: u64,
    /// Each mistake.
    pub cells: Vec<Cell>,
}

/// One mistake under one profile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// The mistake.
    pub bug: String,
    /// Under how many seeds it was found.
    pub found: u64,
    /// Of so many.
    pub runs: u64,
    /// The first of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<Seed>,
    /// How many seeds that takes on average, with the bounds in which it lies with 95 % confidence; without an upper
    /// one where it was not found.
    pub seeds_until_found: Until,
    /// How much virtual time that is on average.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub virtual_time: Option<Span>,
    /// What showed it, most often first.
    pub by: Vec<By>,
    /// Whether the mistake names all of these.
    pub named: bool,
}

/// How many seeds it takes to find something.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Until {
    /// At least.
    pub low: f64,
    /// On average.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<f64>,
    /// At most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
}

/// What showed a mistake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct By {
    /// The property, or what happened instead.
    pub name: String,
    /// How often.
    pub count: u64,
    /// Under which seed first.
    pub first: Seed,
}

impl Matrix {
    /// A matrix of these profiles.
    #[must_use]
    pub fn new(seeds: [u64; 2], profiles: Vec<Profile>) -> Self {
        let revision = REVISION.map(str::to_owned);
        Self { seedstorm: FORMAT, version: env!("CARGO_PKG_VERSION").to_owned(), revision, seeds, profiles }
    }

    /// The matrix that a file holds.
    ///
    /// # Errors
    /// The file cannot be read, or holds no kill matrix; the message names the file and the field.
    pub fn load(path: &Path) -> Result<Self, String> {
        let file = path.display();
        let text = std::fs::read_to_string(path).map_err(|error| format!("{file}: {error}"))?;
        let refuse = |why: String| format!("{file}: this is no kill matrix: {why}");
        let mut json = serde_json::Deserializer::from_str(&text);
        let matrix: Self = serde_path_to_error::deserialize(&mut json).map_err(|error| refuse(error.to_string()))?;
        json.end().map_err(|error| refuse(error.to_string()))?;
        if matrix.seedstorm != FORMAT {
            let theirs = matrix.seedstorm;
            return Err(format!("{file}: version {theirs} of the format; this seedstorm reads {FORMAT}"));
        }
        let [from, to] = matrix.seeds;
        if from > to {
            return Err(refuse(format!("seeds: {from} comes after {to}")));
        }
        for profile in &matrix.profiles {
            let named = |name: &str| format!("{}: {name}", profile.file);
            if profile.correct > profile.runs {
                return Err(refuse(named("the correct code fails more often than it runs")));
            }
            if let Some(cell) = profile.cells.iter().find(|cell| cell.found > cell.runs) {
                return Err(refuse(named(&format!("{} is found more often than it runs", cell.bug))));
            }
        }
        Ok(matrix)
    }

    /// Whether the correct code failed somewhere.
    #[must_use]
    pub fn convicts_the_innocent(&self) -> bool {
        self.profiles.iter().any(|profile| profile.correct > 0)
    }

    /// Each mistake of each protocol, under the profile that finds it soonest; under any if none does.
    #[must_use]
    pub fn soonest(&self) -> Vec<(&Profile, &Cell)> {
        let mut soonest: Vec<(&Profile, &Cell)> = Vec::new();
        for (profile, cell) in
            self.profiles.iter().flat_map(|profile| profile.cells.iter().map(move |cell| (profile, cell)))
        {
            let is_same =
                |(known, of): &&mut (&Profile, &Cell)| known.protocol == profile.protocol && of.bug == cell.bug;
            match soonest.iter_mut().find(is_same) {
                Some(known) if known.1.rate() < cell.rate() => *known = (profile, cell),
                Some(_) => {}
                None => soonest.push((profile, cell)),
            }
        }
        soonest
    }

    /// The mistakes that no profile found.
    #[must_use]
    pub fn survivors(&self) -> Vec<&str> {
        let all = self.soonest();
        all.iter().filter(|(_, cell)| cell.found == 0).map(|(_, cell)| cell.bug.as_str()).collect()
    }
}

impl Cell {
    fn rate(&self) -> f64 {
        self.found as f64 / self.runs.max(1) as f64
    }

    /// What a campaign with this mistake came to, which names these properties.
    #[must_use]
    pub fn of(bug: &str, names: &[&str], tally: &Tally) -> Self {
        let found = tally.failures() + tally.expected.as_ref().map_or(0, |expected| expected.count);
        let findings: Vec<&Finding> = tally.findings.iter().chain(&tally.expected).collect();
        let mut by: Vec<By> = Vec::new();
        for finding in &findings {
            match by.iter_mut().find(|by| by.name == finding.name()) {
                Some(by) => {
                    by.count += finding.count;
                    by.first = by.first.min(finding.first.seed);
                }
                None => {
                    by.push(By { name: finding.name().to_owned(), count: finding.count, first: finding.first.seed });
                }
            }
        }
        by.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
        let [low, high] = interval(found, tally.runs);
        let until = |rate: f64| (rate > 0.0).then(|| 1.0 / rate);
        Self {
            bug: bug.to_owned(),
            found,
            runs: tally.runs,
            first: findings.iter().map(|finding| finding.first.seed).min(),
            seeds_until_found: Until {
                low: 1.0 / high,
                mean: until(found as f64 / tally.runs.max(1) as f64),
                high: until(low),
            },
            virtual_time: tally.lasted.0.checked_div(found).map(Span),
            named: by.iter().all(|by| names.contains(&by.name.as_str())),
            by,
        }
    }
}

/// The matrix as text.
#[must_use]
pub fn text(matrix: &Matrix, ink: Ink) -> String {
    let mut sheet = Sheet::new(ink);
    matrix.profiles.iter().for_each(|profile| one(&mut sheet, profile));
    let soonest = matrix.soonest();
    if matrix.profiles.len() > 1 {
        sheet.heading("Each mistake, under the profile that finds it soonest");
        let mut table = Table::new(&["<mistake", "<of", "seeds until found", "virtual time", "<under"]);
        for (profile, cell) in &soonest {
            let Cell { bug, found, seeds_until_found, virtual_time, .. } = cell;
            let time = virtual_time.map_or_else(|| "-".to_owned(), brief);
            let (tone, under) = if *found == 0 { (Tone::Odd, "none") } else { (Tone::Plain, profile.file.as_str()) };
            let protocol = profile.protocol.clone();
            table.row(tone, vec![bug.clone(), protocol, until(*seeds_until_found), time, under.to_owned()]);
        }
        sheet.table("", &table);
    }
    let survivors = matrix.survivors();
    sheet.raw("");
    if matrix.convicts_the_innocent() {
        sheet.line(Tone::Bad, "FAILS: the correct code breaks a property; what finds mistakes here proves nothing");
    } else if survivors.is_empty() {
        sheet.line(Tone::Good, "Every mistake is found, and the correct code is clean on the same seeds.");
    } else {
        let line = format!("Not found: {}. The correct code is clean on the same seeds.", survivors.join(", "));
        sheet.line(Tone::Odd, &line);
    }
    sheet.into_text()
}

/// All mistakes under one profile.
fn one(sheet: &mut Sheet, profile: &Profile) {
    sheet.heading(&format!("{} ({})", profile.file, profile.protocol));
    let mut table = Table::new(&["<mistake", "found", "first seed", "seeds until found", "virtual time", "<by"]);
    for cell in profile.cells.iter().filter(|cell| cell.found > 0) {
        let by: Vec<String> = cell.by.iter().map(|by| format!("{}×{}", count(by.count), by.name)).collect();
        table.row(
            Tone::Plain,
            vec![
                cell.bug.clone(),
                format!("{} of {}", count(cell.found), count(cell.runs)),
                cell.first.map_or_else(|| "-".to_owned(), |seed| seed.to_string()),
                until(cell.seeds_until_found),
                cell.virtual_time.map_or_else(|| "-".to_owned(), brief),
                by.join(", "),
            ],
        );
    }
    if !table.is_empty() {
        sheet.table("", &table);
    }
    let missed: Vec<&Cell> = profile.cells.iter().filter(|cell| cell.found == 0).collect();
    if let Some(one) = missed.first() {
        let names: Vec<&str> = missed.iter().map(|cell| cell.bug.as_str()).collect();
        let least = until(one.seeds_until_found);
        sheet.row_in(Tone::Odd, "not found", &format!("{}: that takes {least} seeds", names.join(", ")));
    }
    let tone = if profile.correct == 0 { Tone::Good } else { Tone::Bad };
    let failed = format!("{} of {} seeds fail", count(profile.correct), count(profile.runs));
    sheet.row_in(tone, "correct code", &failed);
}

fn until(Until { low, mean, high }: Until) -> String {
    match (mean, high) {
        (Some(mean), Some(high)) => format!("{} ({} to {})", few(mean), few(low), few(high)),
        _ => format!("more than {}", few(low)),
    }
}

/// A number of seeds, with one place where there are few.
fn few(seeds: f64) -> String {
    if seeds < 9.95 { format!("{seeds:.1}") } else { count(seeds.round() as u64) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_many_seeds_it_takes_is_said_with_bounds() {
        assert_eq!(until(Until { low: 1.0, mean: Some(1.04), high: Some(1.1) }), "1.0 (1.0 to 1.1)");
        assert_eq!(until(Until { low: 310.2, mean: Some(666.6), high: Some(3_200.0) }), "667 (310 to 3,200)");
        assert_eq!(until(Until { low: 667.8, mean: None, high: None }), "more than 668");
    }

    #[test]
    fn mistakes_of_one_name_in_two_protocols_are_two() {
        let cell = |found: u64| {
            let tally = Tally { runs: 10, ..Tally::default() };
            Cell { found, ..Cell::of("ballot-reuse", &[], &tally) }
        };
        let profile = |protocol: &str, file: &str, found: u64| Profile {
            file: file.to_owned(),
            protocol: protocol.to_owned(),
            correct: 0,
            runs: 10,
            cells: vec![cell(found)],
        };
        let profiles = vec![profile("a", "1", 3), profile("a", "2", 7), profile("b", "3", 0)];
        let matrix = Matrix::new([0, 10], profiles);
        let files: Vec<&str> = matrix.soonest().iter().map(|(profile, _)| profile.file.as_str()).collect();
        assert_eq!((files, matrix.survivors()), (vec!["2", "3"], vec!["ballot-reuse"]));
    }
}
