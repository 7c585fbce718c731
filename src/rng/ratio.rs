//! Probabilities, as exact ratios.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::scale;
use crate::time::decimal;

/// A probability, as an exact ratio. In files a string: `"0.1%"`, `"3/100"`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ratio {
    hits: u64,
    of: u64,
}

impl Default for Ratio {
    fn default() -> Self {
        Self::NEVER
    }
}

impl Ratio {
    /// Probability 0.
    pub const NEVER: Self = Self { hits: 0, of: 1 };
    /// Probability 1.
    pub const ALWAYS: Self = Self { hits: 1, of: 1 };

    /// `hits` in `of`; `None` unless `hits <= of` and `of > 0`.
    #[must_use]
    pub const fn new(hits: u64, of: u64) -> Option<Self> {
        if of == 0 || hits > of {
            return None;
        }
        let divisor = gcd(hits, of);
        Some(Self { hits: hits / divisor, of: of / divisor })
    }

    /// Whether the probability is 0.
    #[must_use]
    pub const fn is_never(self) -> bool {
        self.hits == 0
    }

    /// So much of a number of things, rounded down.
    #[must_use]
    pub fn part_of(self, whole: u32) -> u32 {
        let part = u128::from(self.hits) * u128::from(whole) / u128::from(self.of);
        u32::try_from(part).unwrap_or(whole)
    }

    /// Whether these uniform bits are a hit.
    #[inline]
    #[must_use]
    pub const fn hit(self, bits: u64) -> bool {
        scale(bits, self.of) < self.hits
    }

    /// The same odds times `numerator / denominator`, at most 1.
    #[must_use]
    pub fn scaled(self, numerator: u64, denominator: u64) -> Self {
        let bits = 1u64 << 40;
        let share = u128::from(self.hits) * u128::from(bits) * u128::from(numerator)
            / (u128::from(self.of) * u128::from(denominator.max(1)));
        Self::new(u64::try_from(share).unwrap_or(bits).min(bits), bits).unwrap_or(Self::ALWAYS)
    }

    /// The probability that at least one of two independent events happens.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if self.is_never() {
            return other;
        }
        if other.is_never() {
            return self;
        }
        let bits = 1u128 << 40;
        let miss = |ratio: Self| bits * u128::from(ratio.of - ratio.hits) / u128::from(ratio.of);
        let hits = bits - miss(self) * miss(other) / bits;
        Self::new(u64::try_from(hits).unwrap_or(u64::MAX), 1 << 40).unwrap_or(Self::ALWAYS)
    }

    /// As a fraction, for people and charts; no decision may rest on it.
    #[must_use]
    pub fn as_fraction(self) -> f64 {
        self.hits as f64 / self.of as f64
    }
}

const fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

impl FromStr for Ratio {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not a probability; write it as \"0.1%\" or \"3/100\"");
        let trimmed = text.trim();
        const FINE: u64 = 1_000_000_000_000;
        let (hits, of) = if let Some(percent) = trimmed.strip_suffix('%') {
            (decimal(percent.trim(), FINE / 100).ok_or_else(wrong)?, FINE)
        } else if let Some((hits, of)) = trimmed.split_once('/') {
            (hits.trim().parse().map_err(|_| wrong())?, of.trim().parse().map_err(|_| wrong())?)
        } else {
            (decimal(trimmed, FINE).filter(|_| !trimmed.is_empty()).ok_or_else(wrong)?, FINE)
        };
        if of == 0 {
            return Err(wrong());
        }
        Self::new(hits, of).ok_or_else(|| format!("{text:?} is a probability over 1"))
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A percentage where it is exact and short, the plain ratio otherwise.
        let millionths = u128::from(self.hits) * 100_000_000;
        if millionths.is_multiple_of(u128::from(self.of)) {
            let exact = millionths / u128::from(self.of);
            let (whole, rest) = (exact / 1_000_000, exact % 1_000_000);
            if rest == 0 {
                return f.pad(&format!("{whole}%"));
            }
            return f.pad(&format!("{whole}.{}%", format!("{rest:06}").trim_end_matches('0')));
        }
        f.pad(&format!("{}/{}", self.hits, self.of))
    }
}

impl fmt::Debug for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Ratio {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Ratio {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Ratio;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a probability as a string, such as \"0.1%\" or \"3/100\"")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Ratio, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

impl JsonSchema for Ratio {
    fn schema_name() -> Cow<'static, str> {
        "Probability".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A probability as a string, such as \"0.1%\" or \"3/100\".",
            "type": "string",
            "pattern": "^\\s*([0-9]*\\.?[0-9]+\\s*%?|[0-9]+\\s*/\\s*[0-9]+)\\s*$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Dice, Die, Seed};

    #[test]
    fn ratios_are_read_exactly() {
        let ratio = |text: &str| text.parse::<Ratio>();
        assert_eq!(ratio("0.1%").unwrap(), Ratio::new(1, 1000).unwrap());
        assert_eq!(ratio("3/100").unwrap().to_string(), "3%");
        assert_eq!(ratio("1/3").unwrap().to_string(), "1/3");
        assert_eq!(ratio("0.25").unwrap().to_string(), "25%");
        assert_eq!(ratio("101%").unwrap_err(), "\"101%\" is a probability over 1");
        assert!(ratio("often").unwrap_err().contains("not a probability"));
        assert!(ratio("").is_err() && ratio("1/0").is_err() && ratio("-1%").is_err());
    }

    #[test]
    fn ratios_hit_as_often_as_they_say() {
        let mut dice = Die::new(Seed(3)).stream();
        let hits = (0..100_000).filter(|_| dice.chance(Ratio::new(3, 100).unwrap())).count();
        assert!((2_800..3_200).contains(&hits), "{hits}");
        assert!(!Ratio::NEVER.hit(0) && Ratio::ALWAYS.hit(u64::MAX));
    }

    #[test]
    fn independent_odds_combine() {
        let half = Ratio::new(1, 2).unwrap();
        assert_eq!(half.or(half), Ratio::new(3, 4).unwrap());
        assert_eq!(half.or(Ratio::NEVER), half);
        assert_eq!(half.scaled(1, 2), Ratio::new(1, 4).unwrap());
    }
}
