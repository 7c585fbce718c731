//! Estimates from many runs, each with the interval in which the truth lies with 95 % confidence.
//!
//! Values of one run depend on each other: where one operation fails, its neighbours do. So the run is what is counted
//! (a *cluster*), and a pooled figure counts for as many independent observations as its spread among runs says: its
//! number divided by the *design effect* (Korn and Graubard, 1998).

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal, StudentsT};
use statrs::function::gamma::gamma_lr;

use super::{CONFIDENCE, clopper_pearson};

/// A figure, and the interval in which the truth lies with 95 % confidence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Estimate {
    /// The figure.
    pub value: f64,
    /// The lower end; nothing where too little was seen to say.
    pub low: Option<f64>,
    /// The upper end; nothing where too little was seen to say.
    pub high: Option<f64>,
}

impl Estimate {
    /// How wide the interval is; nothing where it is open.
    #[must_use]
    pub fn width(&self) -> Option<f64> {
        Some(self.high? - self.low?)
    }

    /// Whether the interval holds this figure. An end that is open excludes nothing.
    #[must_use]
    pub fn holds(&self, figure: f64) -> bool {
        self.low.is_none_or(|low| low <= figure) && self.high.is_none_or(|high| figure <= high)
    }
}

/// With fewer hits than this, or fewer misses, a proportion is rare: the interval of Wilson (1927), whose mean coverage
/// is nearest to what it says, is then too short for some rates, and the exact one of Clopper and Pearson takes its
/// place.
const RARE: f64 = 20.0;

/// Where 95 % of the normal distribution end, on either side.
const Z: f64 = 1.959_963_984_540_054;

/// A proportion of independent trials. Numbers may be effective ones, and then they need not be whole.
#[must_use]
pub fn proportion(hits: f64, trials: f64) -> Option<Estimate> {
    (trials > 0.0).then(|| {
        let is_rare = hits < RARE || trials - hits < RARE;
        let [low, high] = if is_rare { clopper_pearson(hits, trials) } else { wilson(hits, trials) };
        Estimate { value: hits / trials, low: Some(low), high: Some(high) }
    })
}

fn wilson(hits: f64, trials: f64) -> [f64; 2] {
    let p = hits / trials;
    let shrunk = 1.0 + Z * Z / trials;
    let centre = (p + Z * Z / (2.0 * trials)) / shrunk;
    let half = Z / shrunk * (p * (1.0 - p) / trials + Z * Z / (4.0 * trials * trials)).sqrt();
    [(centre - half).max(0.0), (centre + half).min(1.0)]
}

/// Where the normal distribution reaches `p`.
#[must_use]
pub fn normal_quantile(p: f64) -> f64 {
    Normal::standard().inverse_cdf(p)
}

/// So much of a whole, in each run.
pub type Part = (f64, f64);

/// A share of all runs together, of each of which a part and a whole are given, in units: operations, say.
#[must_use]
pub fn share(runs: &[Part]) -> Option<Estimate> {
    let whole: f64 = runs.iter().map(|run| run.1).sum();
    if whole <= 0.0 {
        return None;
    }
    let value = runs.iter().map(|run| run.0).sum::<f64>() / whole;
    match effective(runs, value) {
        Some(effective) => proportion(value * effective, effective),
        // One run says nothing of how others may be.
        None => Some(Estimate { value, low: None, high: None }),
    }
}

/// As many independent observations as these runs together are worth, of which the share `p` are hits; nothing where
/// there is only one of them.
pub(super) fn effective(runs: &[Part], p: f64) -> Option<f64> {
    let whole: f64 = runs.iter().map(|run| run.1).sum();
    let (seen, variance) = spread(runs, p);
    let simple = p * (1.0 - p) / whole;
    if seen < 2.0 {
        return None;
    }
    if simple <= 0.0 {
        // Where all agree nothing tells how much those of one run depend on each other: it may be as much as can be.
        return Some(seen);
    }
    let effect = (variance / simple).max(1.0);
    // Fewer runs say less of their own spread (Korn and Graubard, 1998).
    let trust = Z / student(seen - 1.0);
    Some(whole / effect * trust * trust)
}

/// How many runs have something to say, and the variance of the ratio `r` of all parts to all wholes (Cochran, Sampling
/// Techniques, 1977, section 6.3).
fn spread(runs: &[Part], r: f64) -> (f64, f64) {
    let whole: f64 = runs.iter().map(|run| run.1).sum();
    let seen = runs.iter().filter(|run| run.1 > 0.0).count() as f64;
    let squares: f64 = runs.iter().map(|(part, whole)| (part - r * whole) * (part - r * whole)).sum();
    (seen, squares * seen / (seen - 1.0).max(1.0) / (whole * whole))
}

/// Where 95 % of Student's distribution end, on either side.
fn student(freedom: f64) -> f64 {
    let side = f64::midpoint(CONFIDENCE, 1.0);
    StudentsT::new(0.0, 1.0, freedom).map_or(Z, |distribution| distribution.inverse_cdf(side))
}

/// What each unit has on average, in all runs together, of each of which the sum and the number of units are given. It
/// is not below zero.
#[must_use]
pub fn mean(runs: &[Part]) -> Option<Estimate> {
    let of: f64 = runs.iter().map(|run| run.1).sum();
    if of <= 0.0 {
        return None;
    }
    let value = runs.iter().map(|run| run.0).sum::<f64>() / of;
    let (seen, variance) = spread(runs, value);
    if seen < 2.0 {
        return Some(Estimate { value, low: None, high: None });
    }
    let half = student(seen - 1.0) * variance.sqrt();
    Some(Estimate { value, low: Some((value - half).max(0.0)), high: Some(value + half) })
}

/// How often something happens in a unit of time, in all runs together, of each of which the number and the time are
/// given. Events are rare, or come in bursts: the wider of the exact interval for those that come by themselves
/// (Garwood, 1936) and the one that the spread among runs gives.
#[must_use]
pub fn rate(runs: &[Part]) -> Option<Estimate> {
    let Estimate { value, low, high } = mean(runs)?;
    let time: f64 = runs.iter().map(|run| run.1).sum();
    let [least, most] = garwood(runs.iter().map(|run| run.0).sum()).map(|events| events / time);
    let low = low.map_or(least, |low| low.min(least));
    let high = high.map_or(most, |high| high.max(most));
    Some(Estimate { value, low: Some(low), high: Some(high) })
}

/// The interval for the mean of a Poisson distribution of which so many events were counted.
fn garwood(events: f64) -> [f64; 2] {
    let side = (1.0 - CONFIDENCE) / 2.0;
    let low = if events <= 0.0 { 0.0 } else { gamma(events, side) };
    [low, gamma(events + 1.0, 1.0 - side)]
}

/// Where the gamma distribution with this shape reaches `p`.
fn gamma(shape: f64, p: f64) -> f64 {
    const HALVINGS: u32 = 80;
    let (mut low, mut high) = (0.0, shape + 10.0 * shape.sqrt() + 20.0);
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if gamma_lr(shape, middle) < p { low = middle } else { high = middle }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(measured: Option<f64>, expected: f64) {
        let measured = measured.unwrap();
        assert!((measured - expected).abs() < 5e-4, "{measured} is not {expected}");
    }

    #[test]
    fn intervals_are_those_of_tables() {
        // Newcombe (1998), table I: 81 of 263 and 15 of 148 by Wilson's method, 1 of 29 by that of Clopper and Pearson.
        let common = proportion(81.0, 263.0).unwrap();
        near(common.low, 0.2553);
        near(common.high, 0.3662);
        let [low, high] = wilson(15.0, 148.0);
        near(Some(low), 0.0624);
        near(Some(high), 0.1605);
        let rare = proportion(1.0, 29.0).unwrap();
        near(rare.low, 0.0009);
        near(rare.high, 0.1776);
        assert_eq!(proportion(0.0, 0.0), None);
        // Garwood (1936): 7 events.
        let [low, high] = garwood(7.0);
        near(Some(low), 2.8144);
        near(Some(high), 14.4227);
        near(Some(garwood(0.0)[1]), 3.6889);
    }
}
