//! When a cell has seen enough: once an interval is as narrow as asked.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cell::Figure;
use super::sample::Unit;
use crate::rng::Ratio;
use crate::time::Span;

/// A figure, and how wide its interval may be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Until {
    /// The figure, such as `availability` or `latency.p99`.
    pub metric: String,
    /// How wide: `"1%"` is a hundredth of a share, and of other figures a hundredth of what they are; `"5ms"` is that
    /// long.
    pub width: Width,
}

/// A width, or a tolerance, in the unit of a figure or as a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub enum Width {
    /// A part of one.
    Part(Ratio),
    /// A time.
    Time(Span),
}

impl Width {
    /// How much that is of this figure.
    #[must_use]
    pub fn of(self, value: f64, unit: Unit) -> f64 {
        match self {
            Self::Part(part) if unit == Unit::Share => part.as_fraction(),
            Self::Part(part) => part.as_fraction() * value.abs(),
            Self::Time(Span(nanos)) => nanos as f64 / 1e9,
        }
    }
}

impl FromStr for Width {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(part) = text.parse() {
            return Ok(Self::Part(part));
        }
        let time = text.parse().map(Self::Time);
        time.map_err(|_| format!("{text:?} is no width: expected a part such as 1%, or a time such as 5ms"))
    }
}

impl TryFrom<String> for Width {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Width> for String {
    fn from(width: Width) -> Self {
        match width {
            Width::Part(part) => part.to_string(),
            Width::Time(time) => time.to_string(),
        }
    }
}

impl FromStr for Until {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((metric, width)) = text.split_once('=') else {
            return Err(format!("{text:?}: expected a figure and a width, such as availability=1%"));
        };
        Ok(Self { metric: metric.trim().to_owned(), width: width.trim().parse()? })
    }
}

impl Until {
    /// Whether this figure's interval is as narrow.
    #[must_use]
    pub fn is_met(&self, figure: &Figure, unit: Unit) -> bool {
        figure.estimate().width().is_some_and(|width| width <= self.width.of(figure.value, unit))
    }
}

/// Whether it is looked at after so many seeds: 50, 100, 200, 400, … Were it looked at after each, the first narrow
/// interval would be taken, and that is one which is too narrow.
#[must_use]
pub fn next_look(seeds: u64) -> u64 {
    let mut look = 50;
    while look <= seeds {
        look *= 2;
    }
    look
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_points_of_shares_and_parts_of_other_figures() {
        let until: Until = "latency.p99=10%".parse().unwrap();
        let figure = |low, high| Figure { value: 2.0, low: Some(low), high: Some(high), runs: 50 };
        assert!(until.is_met(&figure(1.95, 2.15), Unit::Seconds));
        assert!(!until.is_met(&figure(1.9, 2.19), Unit::Seconds));
        assert!(!until.is_met(&figure(1.95, 2.15), Unit::Share));
        assert!(!until.is_met(&Figure { high: None, ..figure(1.99, 2.0) }, Unit::Seconds), "an open end is not narrow");
        let until: Until = "latency.p99=300ms".parse().unwrap();
        assert!(until.is_met(&figure(1.9, 2.19), Unit::Seconds) && !until.is_met(&figure(1.8, 2.2), Unit::Seconds));
        assert!("availability".parse::<Until>().is_err() && "availability=x".parse::<Until>().is_err());
    }

    #[test]
    fn looks_are_twice_as_far_apart_each_time() {
        assert_eq!([0, 49, 50, 99, 100, 399].map(next_look), [50, 50, 100, 100, 200, 400]);
    }
}
