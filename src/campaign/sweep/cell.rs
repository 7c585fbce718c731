//! What all runs of one cell come to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::sample::{Sample, Seen, VIOLATIONS};
use crate::campaign::stats::{Estimate, Part, Pool, mean, proportion, rate, share};
use crate::rng::Digest;

/// One cell of a grid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// Its number, by which cells are in order: the last axis goes round first.
    pub cell: usize,
    /// Where on each axis it stands.
    pub at: Vec<String>,
    /// How many seeds were run.
    pub seeds: u64,
    /// Names everything that happened under the first of them: by it a program knows that it is the one which measured.
    pub digest: Digest,
    /// Its interval was as narrow as asked when it ended.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub narrow: bool,
    /// In how many runs each property broke.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub broke: BTreeMap<String, u64>,
    /// Each figure, by its name: that of the quantity, and for distributions which part of it.
    pub figures: BTreeMap<String, Figure>,
    /// Of distributions of which that is asked, the values below which 0, 1, 2, … 100 hundredths lie.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub curves: BTreeMap<String, Vec<f64>>,
}

/// A figure, and what it rests on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    /// The figure, in the unit of its quantity, and the interval in which the truth lies with 95 % confidence.
    pub value: f64,
    /// The lower end; nothing where too little was seen to say.
    pub low: Option<f64>,
    /// The upper end; nothing where too little was seen to say.
    pub high: Option<f64>,
    /// How many runs had something to say.
    pub runs: u64,
}

impl Figure {
    fn new(estimate: Estimate, runs: u64) -> Self {
        let Estimate { value, low, high } = estimate;
        Self { value, low, high, runs }
    }

    /// Without what it rests on.
    #[must_use]
    pub fn estimate(&self) -> Estimate {
        Estimate { value: self.value, low: self.low, high: self.high }
    }

    fn scaled(self, by: f64) -> Self {
        let scale = |end: Option<f64>| end.map(|end| end * by);
        Self { value: self.value * by, low: scale(self.low), high: scale(self.high), runs: self.runs }
    }
}

/// A second in nanoseconds.
const SECOND: f64 = 1e9;

/// The parts of a distribution that are told.
const QUANTILES: [(&str, f64); 3] = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99)];

impl Cell {
    /// What these runs come to, which are in the order of their seeds; with curves of these quantities.
    #[must_use]
    pub fn of(cell: usize, at: Vec<String>, samples: &[&Sample], curves: &[String]) -> Self {
        let mut it = Self {
            cell,
            at,
            seeds: samples.len() as u64,
            digest: samples.first().map_or_else(Digest::default, |sample| sample.digest),
            narrow: false,
            broke: BTreeMap::new(),
            figures: BTreeMap::new(),
            curves: BTreeMap::new(),
        };
        for property in samples.iter().filter_map(|sample| sample.broke.clone()) {
            *it.broke.entry(property).or_default() += 1;
        }
        let broken: u64 = it.broke.values().sum();
        it.figures.extend(chance(broken, it.seeds).map(|figure| (VIOLATIONS.to_owned(), figure)));
        let mut by_name: BTreeMap<&str, Vec<&Seen>> = BTreeMap::new();
        for (name, seen) in samples.iter().flat_map(|sample| &sample.seen) {
            by_name.entry(name).or_default().push(seen);
        }
        for (name, seen) in by_name {
            it.tell(name, &seen, curves.iter().any(|curve| curve == name));
        }
        it
    }

    /// A figure by its name. That of a property which never broke here is known, too.
    #[must_use]
    pub fn figure(&self, name: &str) -> Option<Figure> {
        match name.strip_prefix(VIOLATIONS).and_then(|rest| rest.strip_prefix('.')) {
            Some(property) => chance(self.broke.get(property).copied().unwrap_or(0), self.seeds),
            None => self.figures.get(name).copied(),
        }
    }

    fn tell(&mut self, name: &str, seen: &[&Seen], with_curve: bool) {
        let parts: Vec<Part> = seen.iter().filter_map(|seen| seen.part()).collect();
        let runs = parts.iter().filter(|part| part.1 > 0.0).count() as u64;
        let figure = match seen.first() {
            Some(Seen::Share(..)) => share(&parts).map(|estimate| Figure::new(estimate, runs)),
            Some(Seen::Rate(..)) => rate(&parts).map(|estimate| Figure::new(estimate, runs).scaled(SECOND)),
            Some(Seen::TimeEach(..)) => mean(&parts).map(|estimate| Figure::new(estimate, runs).scaled(1.0 / SECOND)),
            Some(Seen::CountEach(..)) => mean(&parts).map(|estimate| Figure::new(estimate, runs)),
            Some(Seen::Times(_)) => return self.distribution(name, seen, 1.0 / SECOND, with_curve),
            Some(Seen::Counts(_)) => return self.distribution(name, seen, 1.0, with_curve),
            None => None,
        };
        self.figures.extend(figure.map(|figure| (name.to_owned(), figure)));
    }

    fn distribution(&mut self, name: &str, seen: &[&Seen], scale: f64, with_curve: bool) {
        let runs: Vec<&[u64]> = seen.iter().filter_map(|seen| seen.values()).collect();
        let sums: Vec<Part> =
            runs.iter().map(|run| (run.iter().map(|&value| value as f64).sum(), run.len() as f64)).collect();
        let saying = runs.iter().filter(|run| !run.is_empty()).count() as u64;
        let pool = Pool::new(runs);
        let quantiles = QUANTILES.iter().filter_map(|(part, q)| Some((*part, pool.quantile(*q)?)));
        let mean = mean(&sums).map(|mean| ("mean", mean));
        for (part, estimate) in quantiles.chain(mean) {
            self.figures.insert(format!("{name}.{part}"), Figure::new(estimate, saying).scaled(scale));
        }
        if with_curve {
            let points = (0..=100).filter_map(|part| pool.at(f64::from(part) / 100.0));
            self.curves.insert(name.to_owned(), points.map(|value| value as f64 * scale).collect());
        }
    }
}

/// How likely something is that was seen in so many runs of so many.
fn chance(hits: u64, runs: u64) -> Option<Figure> {
    proportion(hits as f64, runs as f64).map(|estimate| Figure::new(estimate, runs))
}

impl Seen {
    fn part(&self) -> Option<Part> {
        match *self {
            Self::Share(part, whole)
            | Self::Rate(part, whole)
            | Self::TimeEach(part, whole)
            | Self::CountEach(part, whole) => Some((part as f64, whole as f64)),
            Self::Times(_) | Self::Counts(_) => None,
        }
    }

    fn values(&self) -> Option<&[u64]> {
        match self {
            Self::Times(values) | Self::Counts(values) => Some(values),
            _ => None,
        }
    }
}
