//! Typed settings that more than one layer reads: distributions of durations, and how a name is guessed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rng::{Dice, Ratio, scale};
use crate::time::Span;

/// How long something takes. `"5ms"` is constant, `["1ms", "10ms"]` uniform, the rest is named.
///
/// Samples are whole nanoseconds, computed with `+ − × ÷ √` and `libm` alone, and therefore the same on
/// every platform.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Spelling", into = "Spelling")]
#[schemars(with = "Spelling")]
pub enum Distribution {
    /// Always the same.
    Constant(Span),
    /// Uniform, both ends included.
    Uniform(Span, Span),
    /// `min` plus an exponential time.
    Exponential {
        /// The least it can be.
        min: Span,
        /// The mean of what comes on top.
        mean: Span,
    },
    /// Normal, cut off at zero.
    Normal {
        /// Its mean.
        mean: Span,
        /// Its standard deviation.
        deviation: Span,
    },
    /// Log-normal: the logarithm is normal.
    LogNormal {
        /// Half of the samples are below this.
        median: Span,
        /// Standard deviation of the natural logarithm, in thousandths.
        sigma_milli: u64,
    },
    /// Pareto: heavy-tailed.
    Pareto {
        /// The least it can be.
        min: Span,
        /// The shape, in thousandths: below 2000 the variance is infinite.
        alpha_milli: u64,
    },
    /// Mostly around `fast`, sometimes around `slow`, each spread uniformly by ±10 %.
    Bimodal {
        /// The usual case.
        fast: Span,
        /// The other one.
        slow: Span,
        /// How often the other one.
        odds: Ratio,
    },
}

/// How a [`Distribution`] is written.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "expected a duration (\"5ms\"), a uniform pair ([\"1ms\", \"10ms\"]), or one of {\"uniform\": [a, b]}, {\"exponential\": {\"min\", \"mean\"}}, {\"normal\": {\"mean\", \"deviation\"}}, {\"log_normal\": {\"median\", \"sigma_milli\"}}, {\"pareto\": {\"min\", \"alpha_milli\"}}, {\"bimodal\": {\"fast\", \"slow\", \"odds\"}}, with every duration a string with its unit"
)]
enum Spelling {
    Constant(Span),
    Uniform([Span; 2]),
    Named(Named),
}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Named {
    Constant(Span),
    Uniform([Span; 2]),
    Exponential {
        #[serde(default)]
        min: Span,
        mean: Span,
    },
    Normal {
        mean: Span,
        deviation: Span,
    },
    LogNormal {
        median: Span,
        sigma_milli: u64,
    },
    Pareto {
        min: Span,
        alpha_milli: u64,
    },
    Bimodal {
        fast: Span,
        slow: Span,
        odds: Ratio,
    },
}

impl TryFrom<Spelling> for Distribution {
    type Error = String;

    fn try_from(spelling: Spelling) -> Result<Self, String> {
        Ok(match spelling {
            Spelling::Constant(span) | Spelling::Named(Named::Constant(span)) => Self::Constant(span),
            Spelling::Uniform([low, high]) | Spelling::Named(Named::Uniform([low, high])) if low > high => {
                return Err(format!("the shorter duration comes first: [\"{high}\", \"{low}\"]"));
            }
            Spelling::Named(Named::Pareto { alpha_milli: 0, .. }) => {
                return Err("\"alpha_milli\" cannot be 0; 1500 is heavy-tailed, 3000 less so".to_owned());
            }
            Spelling::Uniform([low, high]) | Spelling::Named(Named::Uniform([low, high])) => Self::Uniform(low, high),
            Spelling::Named(Named::Exponential { min, mean }) => Self::Exponential { min, mean },
            Spelling::Named(Named::Normal { mean, deviation }) => Self::Normal { mean, deviation },
            Spelling::Named(Named::LogNormal { median, sigma_milli }) => Self::LogNormal { median, sigma_milli },
            Spelling::Named(Named::Pareto { min, alpha_milli }) => Self::Pareto { min, alpha_milli },
            Spelling::Named(Named::Bimodal { fast, slow, odds }) => Self::Bimodal { fast, slow, odds },
        })
    }
}

impl From<Distribution> for Spelling {
    fn from(distribution: Distribution) -> Self {
        match distribution {
            Distribution::Constant(span) => Self::Constant(span),
            Distribution::Uniform(low, high) => Self::Uniform([low, high]),
            Distribution::Exponential { min, mean } => Self::Named(Named::Exponential { min, mean }),
            Distribution::Normal { mean, deviation } => Self::Named(Named::Normal { mean, deviation }),
            Distribution::LogNormal { median, sigma_milli } => Self::Named(Named::LogNormal { median, sigma_milli }),
            Distribution::Pareto { min, alpha_milli } => Self::Named(Named::Pareto { min, alpha_milli }),
            Distribution::Bimodal { fast, slow, odds } => Self::Named(Named::Bimodal { fast, slow, odds }),
        }
    }
}

impl Default for Distribution {
    fn default() -> Self {
        Self::ZERO
    }
}

impl Distribution {
    /// No time at all.
    pub const ZERO: Self = Self::Constant(Span::ZERO);

    /// Whether every sample is zero.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        *self == Self::ZERO
    }

    /// One sample, from uniform `bits`. A second set of bits is derived where a shape needs two.
    #[inline(always)]
    #[must_use]
    pub fn sample(&self, bits: u64) -> Span {
        match *self {
            Self::Constant(span) => span,
            Self::Uniform(low, high) => Span(low.0 + scale(bits, (high.0 - low.0).saturating_add(1))),
            _ => self.sample_shaped(bits).min(Span::MAX),
        }
    }

    #[cold]
    fn sample_shaped(&self, bits: u64) -> Span {
        match *self {
            Self::Constant(span) => span,
            Self::Uniform(low, _) => low,
            Self::Exponential { min, mean } => min + rounded(-libm::log(unit(bits)) * mean.0 as f64),
            Self::Normal { mean, deviation } => rounded(mean.0 as f64 + deviation.0 as f64 * normal(bits)),
            Self::LogNormal { median, sigma_milli } => {
                rounded(median.0 as f64 * libm::exp(sigma_milli as f64 / 1000.0 * normal(bits)))
            }
            Self::Pareto { min, alpha_milli } => {
                rounded(min.0 as f64 * libm::exp(-libm::log(unit(bits)) * 1000.0 / alpha_milli.max(1) as f64))
            }
            Self::Bimodal { fast, slow, odds } => {
                let mode = if odds.hit(bits) { slow } else { fast };
                let tenth = mode.0 / 10;
                let spread = scale(remix(bits), tenth.saturating_mul(2).saturating_add(1));
                Span((mode.0 - tenth).saturating_add(spread))
            }
        }
    }

    /// A duration that it exceeds at most once in a thousand times.
    #[must_use]
    pub fn upper(&self) -> Span {
        match *self {
            Self::Constant(span) => span,
            Self::Uniform(_, high) => high,
            Self::Exponential { min, mean } => min + rounded(6.91 * mean.0 as f64),
            Self::Normal { mean, deviation } => mean + rounded(3.1 * deviation.0 as f64),
            Self::LogNormal { median, sigma_milli } => {
                rounded(median.0 as f64 * libm::exp(3.1 * sigma_milli as f64 / 1000.0))
            }
            Self::Pareto { min, alpha_milli } => {
                rounded(min.0 as f64 * libm::exp(6.91 * 1000.0 / alpha_milli.max(1) as f64))
            }
            Self::Bimodal { fast, slow, .. } => rounded(fast.max(slow).0 as f64 * 1.1),
        }
    }

    /// The same shape with every duration multiplied by `factor`.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        let by = |span: Span| rounded(span.0 as f64 * factor);
        match *self {
            Self::Constant(span) => Self::Constant(by(span)),
            Self::Uniform(low, high) => Self::Uniform(by(low), by(high)),
            Self::Exponential { min, mean } => Self::Exponential { min: by(min), mean: by(mean) },
            Self::Normal { mean, deviation } => Self::Normal { mean: by(mean), deviation: by(deviation) },
            Self::LogNormal { median, sigma_milli } => Self::LogNormal { median: by(median), sigma_milli },
            Self::Pareto { min, alpha_milli } => Self::Pareto { min: by(min), alpha_milli },
            Self::Bimodal { fast, slow, odds } => Self::Bimodal { fast: by(fast), slow: by(slow), odds },
        }
    }
}

/// A number from 1/100 to 1, uniform on a logarithmic scale.
#[must_use]
pub fn log_uniform(dice: &mut dyn Dice) -> f64 {
    libm::exp(-unit(dice.next()) * libm::log(100.0))
}

/// An exponential time of the given mean.
#[must_use]
pub fn exponential(mean: Span, dice: &mut dyn Dice) -> Span {
    Distribution::Exponential { min: Span::ZERO, mean }.sample(dice.next())
}

/// Uniform in (0, 1], from the upper 53 bits.
fn unit(bits: u64) -> f64 {
    ((bits >> 11) + 1) as f64 / (1u64 << 53) as f64
}

/// A standard normal sample (Box–Muller).
fn normal(bits: u64) -> f64 {
    let radius = libm::sqrt(-2.0 * libm::log(unit(bits)));
    radius * libm::cos(std::f64::consts::TAU * unit(remix(bits)))
}

/// Bits that are independent of `bits` for all practical purposes (the finaliser of SplitMix64).
const fn remix(bits: u64) -> u64 {
    let x = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// To whole nanoseconds: negative and not-a-number are zero, too large is the largest.
fn rounded(ns: f64) -> Span {
    Span(libm::round(ns) as u64)
}

/// The name among `known` that `word` was probably meant to be, if one is near enough to say so.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace('-', "_");
    let word = plain(word);
    let score = |name: &str| strsim::damerau_levenshtein(&word, &plain(name));
    let (distance, name) = known.into_iter().map(|name| (score(name), name)).min_by_key(|&(score, _)| score)?;
    let close = distance <= (name.len().max(word.len()) / 2).max(1);
    (close || plain(name).starts_with(&word) || word.starts_with(&plain(name))).then_some(name)
}

/// A word that is not known, with the nearest one that is, and all that are.
pub fn unknown<'a>(what: &str, word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let hint = nearest(word, known.iter().copied()).map(|near| format!("; did you mean {near:?}?"));
    let list = if known.is_empty() { "there are none".to_owned() } else { format!("known: {}", known.join(", ")) };
    format!("{what}{} ({list})", hint.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Die, Seed};

    fn mean_ms(distribution: Distribution) -> f64 {
        let mut dice = Die::new(Seed(5)).stream();
        let sum: f64 = (0..100_000).map(|_| distribution.sample(dice.next()).0 as f64).sum();
        sum / 100_000.0 / 1e6
    }

    #[test]
    fn samples_have_the_mean_that_the_shape_says() {
        let ms = Span::ms;
        let close = |distribution, expected: f64| {
            let mean = mean_ms(distribution);
            assert!((mean / expected - 1.0).abs() < 0.03, "{distribution:?}: {mean} instead of {expected}");
        };
        close(Distribution::Constant(ms(5)), 5.0);
        close(Distribution::Uniform(ms(1), ms(10)), 5.5);
        close(Distribution::Exponential { min: ms(2), mean: ms(8) }, 10.0);
        close(Distribution::Normal { mean: ms(20), deviation: ms(3) }, 20.0);
        close(Distribution::LogNormal { median: ms(10), sigma_milli: 500 }, 10.0 * libm::exp(0.125));
        close(Distribution::Pareto { min: ms(1), alpha_milli: 3000 }, 1.5);
        close(Distribution::Bimodal { fast: ms(1), slow: ms(101), odds: Ratio::new(1, 10).unwrap() }, 11.0);
    }

    #[test]
    fn samples_are_pinned() {
        let ms = Span::ms;
        let shapes = [
            Distribution::Exponential { min: ms(2), mean: ms(8) },
            Distribution::Normal { mean: ms(20), deviation: ms(3) },
            Distribution::LogNormal { median: ms(10), sigma_milli: 500 },
            Distribution::Pareto { min: ms(1), alpha_milli: 1500 },
        ];
        let bits = Die::new(Seed(1)).roll();
        assert_eq!(shapes.map(|shape| shape.sample(bits).0), PINNED);
    }

    #[test]
    fn samples_can_be_written_however_long_they_are() {
        let longest = [Span::MAX, Span(u64::MAX)];
        let bits = [0, 1, u64::MAX / 3, u64::MAX].into_iter();
        let shapes = longest.into_iter().flat_map(|span| {
            [
                Distribution::Exponential { min: span, mean: span },
                Distribution::Normal { mean: span, deviation: span },
                Distribution::LogNormal { median: span, sigma_milli: 5000 },
                Distribution::Pareto { min: span, alpha_milli: 100 },
                Distribution::Bimodal { fast: span, slow: span, odds: Ratio::NEVER },
            ]
        });
        for (shape, bits) in shapes.flat_map(|shape| bits.clone().map(move |bits| (shape, bits))) {
            let sample = shape.sample(bits);
            assert_eq!(sample.to_string().parse(), Ok(sample), "{shape:?}");
        }
    }

    const PINNED: [u64; 4] = [2_575_996, 19_537_056, 9_257_442, 1_049_170];

    #[test]
    fn a_distribution_is_written_as_it_is_read() {
        let texts = [
            r#""5ms""#,
            r#"["1ms","10ms"]"#,
            r#"{"exponential":{"min":"0s","mean":"3ms"}}"#,
            r#"{"normal":{"mean":"5ms","deviation":"1ms"}}"#,
            r#"{"log_normal":{"median":"5ms","sigma_milli":700}}"#,
            r#"{"pareto":{"min":"1ms","alpha_milli":1500}}"#,
            r#"{"bimodal":{"fast":"1ms","slow":"80ms","odds":"1%"}}"#,
        ];
        for text in texts {
            let parsed: Distribution = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&parsed).unwrap(), text);
        }
        let wrong = |text| serde_json::from_str::<Distribution>(text).unwrap_err().to_string();
        assert_eq!(wrong(r#"["9ms","2ms"]"#), r#"the shorter duration comes first: ["2ms", "9ms"]"#);
        assert!(wrong(r#"{"pareto":{"min":"1ms","alpha_milli":0}}"#).contains("cannot be 0"));
        let long: Distribution = serde_json::from_str(r#"{"uniform":["1ms","10ms"]}"#).unwrap();
        assert_eq!(long, Distribution::Uniform(Span::ms(1), Span::ms(10)));
    }

    #[test]
    fn a_misspelt_name_is_guessed() {
        let known = ["partition", "crash", "pause"];
        assert_eq!(nearest("partitions", known), Some("partition"));
        assert_eq!(nearest("Crsah", known), Some("crash"));
        assert_eq!(nearest("zzzzzzzz", known), None);
    }
}
