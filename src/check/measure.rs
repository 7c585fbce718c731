//! What properties measure beside judging: how long, how often, which share. Plain data, in integers.

use serde::{Serialize, Serializer};

use crate::time::Span;

/// One quantity that was measured in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measure {
    /// Its name in reports, such as `"detection_time"`.
    pub name: &'static str,
    /// What it is, in a sentence.
    pub about: &'static str,
    /// What was read.
    pub reading: Reading,
    /// Whether more of it is better; of most things less is.
    pub more_is_better: bool,
}

impl Measure {
    /// A quantity of which less is better.
    #[must_use]
    pub fn new(name: &'static str, about: &'static str, reading: Reading) -> Self {
        Self { name, about, reading, more_is_better: false }
    }

    /// More of it is better.
    #[must_use]
    pub fn more(self) -> Self {
        Self { more_is_better: true, ..self }
    }
}

/// What was read of a quantity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// A length of time for every occurrence, in any order.
    Times(Vec<Span>),
    /// A number for every occurrence, in any order.
    Counts(Vec<u64>),
    /// So much of a whole.
    Share {
        /// The part.
        part: u128,
        /// The whole; zero where there was nothing to be a part of.
        whole: u128,
    },
    /// How often something happened in all the time in which it could, such as that of all pairs of nodes together.
    Rate {
        /// How often.
        count: u64,
        /// In so many nanoseconds.
        over: u128,
    },
    /// So much time for each of so many.
    TimeEach {
        /// All of it, in nanoseconds.
        total: u128,
        /// How many shared it.
        of: u64,
    },
    /// So many for each of so many, such as messages for each command.
    CountEach {
        /// All of them.
        total: u64,
        /// What they were for.
        of: u64,
    },
}

/// A distribution in a few numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary<T> {
    /// How many values there are.
    pub count: u64,
    /// Their mean, rounded down.
    pub mean: T,
    /// The least.
    pub min: T,
    /// The median, by nearest rank as the other percentiles.
    pub p50: T,
    /// The 90th percentile.
    pub p90: T,
    /// The 99th percentile.
    pub p99: T,
    /// The greatest.
    pub max: T,
}

impl<T> Summary<T> {
    /// The same numbers, each seen as something else.
    pub fn map<U>(self, of: impl Fn(T) -> U) -> Summary<U> {
        let Self { count, mean, min, p50, p90, p99, max } = self;
        Summary { count, mean: of(mean), min: of(min), p50: of(p50), p90: of(p90), p99: of(p99), max: of(max) }
    }
}

/// A distribution of numbers in a few of them; nothing if there are none.
#[must_use]
pub fn summary(values: &[u64]) -> Option<Summary<u64>> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let (&min, &max) = (sorted.first()?, sorted.last()?);
    let sum: u128 = sorted.iter().map(|&value| u128::from(value)).sum();
    let mean = u64::try_from(sum / sorted.len() as u128).unwrap_or(max);
    let [p50, p90, p99] = [500, 900, 990].map(|part| percentile(&sorted, part));
    Some(Summary { count: sorted.len() as u64, mean, min, p50, p90, p99, max })
}

/// A distribution of durations in a few of them; nothing if there are none.
#[must_use]
pub fn summary_of_times(times: &[Span]) -> Option<Summary<Span>> {
    let values: Vec<u64> = times.iter().map(|time| time.0).collect();
    summary(&values).map(|summary| summary.map(Span))
}

/// The value below which `part` thousandths of the sorted values lie, by nearest rank.
///
/// # Panics
/// If there are no values.
#[must_use]
pub fn percentile<T: Copy>(sorted: &[T], part: usize) -> T {
    let rank = (sorted.len() * part).div_ceil(1000).max(1);
    sorted[rank.min(sorted.len()) - 1]
}

/// A share as a decimal fraction with nine places, rounded down: `"0.999702000"`. Nothing of nothing is zero.
#[must_use]
pub fn fraction(part: u128, whole: u128) -> String {
    const PLACES: u128 = 1_000_000_000;
    let scaled = match part.checked_mul(PLACES) {
        Some(product) => product.checked_div(whole),
        None => part.checked_div((whole / PLACES).max(1)),
    };
    let scaled = scaled.unwrap_or(0);
    format!("{}.{:09}", scaled / PLACES, scaled % PLACES)
}

/// A rate as a decimal fraction, by the second: `"0.000412000"`.
#[must_use]
pub fn per_second(count: u64, over: u128) -> String {
    fraction(u128::from(count) * 1_000_000_000, over)
}

/// So much time for each of so many, rounded down. For each of none it is nothing.
#[must_use]
pub fn each(total: u128, of: u64) -> Span {
    let each = total.checked_div(of.into()).unwrap_or(0);
    Span(u64::try_from(each).unwrap_or(u64::MAX))
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
enum Written<'a> {
    Times {
        name: &'a str,
        about: &'a str,
        #[serde(flatten)]
        times: Option<Summary<Span>>,
    },
    Counts {
        name: &'a str,
        about: &'a str,
        #[serde(flatten)]
        counts: Option<Summary<u64>>,
    },
    Share {
        name: &'a str,
        about: &'a str,
        part: String,
        whole: String,
        share: String,
    },
    Rate {
        name: &'a str,
        about: &'a str,
        count: u64,
        over: String,
        per_second: String,
    },
    TimeEach {
        name: &'a str,
        about: &'a str,
        total: String,
        of: u64,
        each: Span,
    },
    CountEach {
        name: &'a str,
        about: &'a str,
        total: u64,
        of: u64,
        each: String,
    },
}

/// In documents a distribution is its summary.
impl Serialize for Measure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { name, about, reading, .. } = self;
        let written = match reading {
            Reading::Times(times) => Written::Times { name, about, times: summary_of_times(times) },
            Reading::Counts(counts) => Written::Counts { name, about, counts: summary(counts) },
            Reading::Share { part, whole } => Written::Share {
                name,
                about,
                part: part.to_string(),
                whole: whole.to_string(),
                share: fraction(*part, *whole),
            },
            Reading::Rate { count, over } => Written::Rate {
                name,
                about,
                count: *count,
                over: over.to_string(),
                per_second: per_second(*count, *over),
            },
            Reading::TimeEach { total, of } => {
                Written::TimeEach { name, about, total: total.to_string(), of: *of, each: each(*total, *of) }
            }
            Reading::CountEach { total, of } => Written::CountEach {
                name,
                about,
                total: *total,
                of: *of,
                each: fraction((*total).into(), (*of).into()),
            },
        };
        written.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let values: Vec<u64> = (1..=10).rev().collect();
        let expected = Summary { count: 10, mean: 5, min: 1, p50: 5, p90: 9, p99: 10, max: 10 };
        assert_eq!(summary(&values), Some(expected));
        assert_eq!(percentile(&[7], 10), 7);
        assert_eq!(summary(&[]), None);
    }

    #[test]
    fn shares_are_written_to_nine_places() {
        assert_eq!(fraction(1, 3), "0.333333333");
        assert_eq!(fraction(5, 5), "1.000000000");
        assert_eq!(fraction(0, 0), "0.000000000");
        assert_eq!(fraction(u128::MAX / 2, u128::MAX), "0.500000000");
    }

    #[test]
    fn rates_are_written_by_the_second() {
        assert_eq!(per_second(3, 2_400_000_000), "1.250000000");
        assert_eq!(per_second(0, 0), "0.000000000");
        let reading = Reading::Rate { count: 3, over: 2_400_000_000 };
        let written = serde_json::to_value(Measure::new("mistakes", "how often", reading)).unwrap();
        let expected = serde_json::json!({
            "kind": "rate", "name": "mistakes", "about": "how often",
            "count": 3, "over": "2400000000", "per_second": "1.250000000",
        });
        assert_eq!(written, expected);
    }

    #[test]
    fn time_is_shared_out_to_whole_nanoseconds() {
        assert_eq!(each(1_000_000_001, 2), Span(500_000_000));
        assert_eq!(each(1, 0), Span::ZERO);
        let reading = Reading::TimeEach { total: 3_000_000, of: 2 };
        let written = serde_json::to_value(Measure::new("blocked", "how long", reading)).unwrap();
        assert_eq!((&written["kind"], &written["each"]), (&"time_each".into(), &"1.5ms".into()));
    }

    #[test]
    fn documents_hold_summaries() {
        let times = Reading::Times(vec![Span::ms(3), Span::ms(1)]);
        let measure = Measure::new("blocked_time", "how long", times);
        let written = serde_json::to_value(&measure).unwrap();
        let expected = serde_json::json!({
            "kind": "times", "name": "blocked_time", "about": "how long",
            "count": 2, "mean": "2ms", "min": "1ms", "p50": "1ms", "p90": "3ms", "p99": "3ms", "max": "3ms",
        });
        assert_eq!(written, expected);
    }
}
