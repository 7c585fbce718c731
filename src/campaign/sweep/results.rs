//! What a sweep came to, as files: plain data, without any word of when and how fast.

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::cell::Cell;
use super::design::{Design, is_violation};
use super::sample::{Metric, Unit, VIOLATIONS};
use crate::campaign::Shard;
use crate::scenario::{FORMAT, REVISION};

/// What a sweep came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Results {
    /// What was measured by whom.
    #[serde(flatten)]
    pub header: Header,
    /// The quantities.
    pub metrics: Vec<Metric>,
    /// The cells, in order.
    pub cells: Vec<Cell>,
}

/// What was measured by whom: two parts of a sweep with the same one belong together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// The version of the file format.
    pub seedstorm: u32,
    /// The version of the program.
    pub version: String,
    /// The revision of its source, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// The command that makes it again.
    pub command: String,
    /// Which part of the cells, if not all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<String>,
    /// What is measured.
    pub design: Design,
}

impl Header {
    /// What this program measures with this command.
    #[must_use]
    pub fn new(command: String, shard: Option<Shard>, design: Design) -> Self {
        Self {
            seedstorm: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            revision: REVISION.map(str::to_owned),
            command,
            shard: shard.map(|Shard { number, of }| format!("{number}/{of}")),
            design,
        }
    }

    /// In what another one differs, if its data are of another sweep.
    #[must_use]
    pub fn differs(&self, other: &Self) -> Option<String> {
        if (&self.version, &self.revision) != (&other.version, &other.revision) {
            let revision = other.revision.as_ref().map_or_else(String::new, |revision| format!(" at {revision}"));
            return Some(format!("the program, which was seedstorm {}{revision}", other.version));
        }
        if self.shard != other.shard {
            return Some("the shard".to_owned());
        }
        self.design.differs(&other.design).map(str::to_owned)
    }
}

impl Results {
    /// These cells, in their order, and all quantities that any of them knows.
    #[must_use]
    pub fn new(header: Header, metrics: Vec<Metric>, mut cells: Vec<Cell>) -> Self {
        cells.sort_by_key(|cell| cell.cell);
        Self { header, metrics, cells }
    }

    /// Reads results from a file.
    ///
    /// # Errors
    /// It cannot be read, holds none, or is of another version.
    pub fn load(path: &Path) -> Result<Self, String> {
        let name = path.display();
        let text = std::fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
        let refuse = |error: serde_json::Error| format!("{name}: these are no results of a sweep: {error}");
        let value: serde_json::Value = serde_json::from_str(&text).map_err(refuse)?;
        if let Some(version) = value.get("seedstorm").filter(|version| **version != FORMAT) {
            return Err(format!("{name}: version {version} of the format; this seedstorm reads {FORMAT}"));
        }
        let results: Self = serde_json::from_value(value).map_err(refuse)?;
        let all = results.header.design.cells().unwrap_or(0);
        let axes = results.header.design.vary.len();
        let stranger = results.cells.iter().find(|cell| cell.cell >= all || cell.at.len() != axes);
        match stranger {
            Some(cell) => Err(format!("{name}: its grid has no cell {}", cell.cell)),
            None if !results.cells.is_sorted_by(|a, b| a.cell < b.cell) => {
                Err(format!("{name}: its cells are out of order"))
            }
            None => Ok(results),
        }
    }

    /// As the file that holds them.
    #[must_use]
    pub fn text(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// Adds the cells of another shard.
    ///
    /// # Errors
    /// Why they are not of one sweep.
    pub fn merge(&mut self, other: Self) -> Result<(), String> {
        self.header.shard = None;
        if let Some(what) = self.header.differs(&Header { shard: None, ..other.header }) {
            return Err(format!("it is of another sweep than the others: {what} differs"));
        }
        for cell in other.cells {
            match self.cells.binary_search_by_key(&cell.cell, |known| known.cell) {
                Ok(_) => return Err(format!("cell {} is in it twice ({})", cell.cell, cell.at.join(", "))),
                Err(place) => self.cells.insert(place, cell),
            }
        }
        self.metrics = joined(self.metrics.iter().cloned().chain(other.metrics));
        Ok(())
    }

    /// The cell of this number, if it is there.
    #[must_use]
    pub fn cell(&self, number: usize) -> Option<&Cell> {
        let place = self.cells.binary_search_by_key(&number, |cell| cell.cell).ok()?;
        self.cells.get(place)
    }

    /// The cells of the grid that are not there.
    #[must_use]
    pub fn missing(&self) -> Vec<usize> {
        let there: BTreeSet<usize> = self.cells.iter().map(|cell| cell.cell).collect();
        (0..self.header.design.cells().unwrap_or(0)).filter(|cell| !there.contains(cell)).collect()
    }

    /// The quantity that a figure is of.
    #[must_use]
    pub fn metric(&self, figure: &str) -> Option<Metric> {
        if is_violation(figure) {
            let about = match figure.strip_prefix(VIOLATIONS).and_then(|rest| rest.strip_prefix('.')) {
                Some(property) => format!("runs in which {property} broke, of all"),
                None => "runs in which any property broke, of all".to_owned(),
            };
            return Some(Metric { name: figure.to_owned(), about, unit: Unit::Share, more_is_better: false });
        }
        let name = figure.split('.').next().unwrap_or(figure);
        self.metrics.iter().find(|metric| metric.name == name).cloned()
    }

    /// The names of all figures, in order.
    #[must_use]
    pub fn figures(&self) -> Vec<String> {
        let broken = self.cells.iter().flat_map(|cell| cell.broke.keys()).map(|name| format!("{VIOLATIONS}.{name}"));
        let figures = self.cells.iter().flat_map(|cell| cell.figures.keys().cloned());
        figures.chain(broken).collect::<BTreeSet<String>>().into_iter().collect()
    }

    /// One line for each figure of each cell, for spreadsheets.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn csv(&self) -> Result<Vec<u8>, csv::Error> {
        let mut out = csv::Writer::from_writer(Vec::new());
        let axes = self.header.design.vary.iter().map(|axis| axis.name.as_str());
        let rest = ["seeds", "figure", "unit", "value", "low", "high", "runs"];
        out.write_record(std::iter::once("cell").chain(axes).chain(rest))?;
        let names = self.figures();
        for cell in &self.cells {
            for name in &names {
                let (Some(figure), Some(metric)) = (cell.figure(name), self.metric(name)) else { continue };
                let end = |end: Option<f64>| end.map_or_else(String::new, |end| end.to_string());
                let start = [cell.cell.to_string()].into_iter().chain(cell.at.iter().cloned());
                let unit = metric.unit.name().to_owned();
                let rest = [cell.seeds.to_string(), name.clone(), unit, figure.value.to_string()];
                let ends = [end(figure.low), end(figure.high), figure.runs.to_string()];
                out.write_record(start.chain(rest).chain(ends))?;
            }
        }
        out.into_inner().map_err(|error| error.into_error().into())
    }
}

/// Quantities, each once, in the order of their names.
#[must_use]
pub fn joined(metrics: impl IntoIterator<Item = Metric>) -> Vec<Metric> {
    let mut all: Vec<Metric> = metrics.into_iter().collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all.dedup_by(|a, b| a.name == b.name);
    all
}
