//! Whether curves got worse than they were: by more than is tolerated, and by more than noise explains.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::cell::{Cell, Figure};
use super::design::Design;
use super::results::Results;
use super::sample::{Metric, Unit};
use super::until::Width;
use crate::campaign::stats::normal_quantile;

/// By how much figures may get worse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tolerance {
    /// Those of which nothing else is said.
    pub all: Option<Width>,
    /// Single ones, by name.
    pub of: Vec<(String, Width)>,
}

impl Tolerance {
    fn of(&self, figure: &str, value: f64, unit: Unit) -> f64 {
        let whole = self.of.iter().find(|(name, _)| name == figure);
        let own = whole.or_else(|| self.of.iter().find(|(name, _)| figure.split('.').next() == Some(name)));
        own.map(|(_, width)| *width).or(self.all).map_or(0.0, |width| width.of(value, unit))
    }
}

/// A figure that got worse.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Worse {
    /// The cell.
    pub cell: usize,
    /// Where on each axis it stands.
    pub at: Vec<String>,
    /// The figure.
    pub figure: String,
    /// In what it is measured.
    pub unit: Unit,
    /// What it was.
    pub was: f64,
    /// What it is; nothing where there is none any more.
    pub is: Option<f64>,
    /// By how much it may differ, by what is tolerated and by what is noise.
    pub allowed: f64,
}

/// What came of holding results against earlier ones.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Comparison {
    /// How many figures were compared.
    pub compared: u64,
    /// How many of them say nothing, for one of the two has too few values to bound it.
    pub open: u64,
    /// Those that got worse, the worst first.
    pub worse: Vec<Worse>,
}

/// Why results cannot be held against earlier ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outdated(pub String);

impl fmt::Display for Outdated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether earlier results are of the grid that is to be measured now.
///
/// # Errors
/// They are of another grid, or of another scenario.
pub fn check(now: &Design, before: &Results) -> Result<(), Outdated> {
    let before = &before.header.design;
    if now.scenario != before.scenario {
        return Err(Outdated("it is outdated: the scenario has changed since it was made".to_owned()));
    }
    if now.vary != before.vary {
        return Err(Outdated("it is outdated: it is of another grid".to_owned()));
    }
    Ok(())
}

/// Holds results against earlier ones of the same grid, with whatever seeds.
///
/// An interval of 95 % misses the truth once in twenty times, and a grid has hundreds of them: so each is widened until
/// all figures together are found worse by chance once in twenty sweeps (Bonferroni).
///
/// # Errors
/// The earlier ones are of another grid, or of another scenario.
pub fn compare(now: &Results, before: &Results, tolerance: &Tolerance) -> Result<Comparison, Outdated> {
    check(&now.header.design, before)?;
    let cells: BTreeMap<usize, &Cell> = now.cells.iter().map(|cell| (cell.cell, cell)).collect();
    let names = before.figures();
    let mut pairs: Vec<(&Cell, &str, Metric, Option<Figure>, Figure)> = Vec::new();
    for old in &before.cells {
        let Some(&cell) = cells.get(&old.cell) else { continue };
        for name in &names {
            if let (Some(metric), Some(was)) = (before.metric(name), old.figure(name)) {
                pairs.push((cell, name, metric, cell.figure(name), was));
            }
        }
    }
    if pairs.is_empty() {
        return Err(Outdated("it has no figure in common with these results".to_owned()));
    }
    let widened = normal_quantile(1.0 - 0.05 / pairs.len() as f64) / normal_quantile(0.975);
    let mut found = Comparison { compared: pairs.len() as u64, ..Comparison::default() };
    for (cell, name, metric, is, was) in pairs {
        let worse = |is: Option<f64>, allowed: f64| Worse {
            cell: cell.cell,
            at: cell.at.clone(),
            figure: name.to_owned(),
            unit: metric.unit,
            was: was.value,
            is,
            allowed,
        };
        let Some(is) = is else {
            // What was there and is not any more: nobody leads, nothing recovers.
            found.worse.push(worse(None, 0.0));
            continue;
        };
        let lost = if metric.more_is_better { was.value - is.value } else { is.value - was.value };
        // The side on which each of them is uncertain towards the other. Where that is open, anything may be noise.
        let [own, other] = if metric.more_is_better { [up(&is), down(&was)] } else { [down(&is), up(&was)] };
        let (Some(own), Some(other)) = (own, other) else {
            found.open += 1;
            continue;
        };
        let noise = (own * own + other * other).sqrt() * widened;
        let allowed = tolerance.of(name, was.value, metric.unit) + noise;
        // What both runs of the same seeds agree in to the last digit is no loss.
        if lost > allowed && lost > 0.0 {
            found.worse.push(worse(Some(is.value), allowed));
        }
    }
    let by = |worse: &Worse| {
        worse.is.map_or(f64::INFINITY, |is| (is - worse.was).abs() / worse.allowed.max(f64::MIN_POSITIVE))
    };
    found.worse.sort_by(|a, b| by(b).total_cmp(&by(a)));
    Ok(found)
}

fn up(figure: &Figure) -> Option<f64> {
    figure.high.map(|high| high - figure.value)
}

fn down(figure: &Figure) -> Option<f64> {
    figure.low.map(|low| figure.value - low)
}
