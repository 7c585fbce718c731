//! Virtual time. Three kinds of instant that never mix, and one kind of duration, all in whole nanoseconds.

use std::borrow::Cow;
use std::fmt;
use std::ops::{Add, AddAssign, Sub};
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// True time since the start of the run. Properties and plans speak of it; nodes never see it.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub u64);

/// What a node's monotonic clock shows: it drifts, and never jumps. Timers run on it.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Local(pub u64);

/// What a node's wall clock shows: it is offset, drifts and jumps, also below the start of the run.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Wall(pub i64);

/// A duration. In files a string with its unit: `"150ms"`, `"1.5s"`.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(pub u64);

impl Time {
    /// The start of a run.
    pub const ZERO: Self = Self(0);
    /// The last instant that the event queue can hold: 2^56 − 1 ns, 2.28 years.
    pub const MAX: Self = Self((1 << 56) - 1);

    /// How long after `earlier` this is; zero if it is not after it.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl Local {
    /// How long after `earlier` this is; zero if it is not after it.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// The longest that can be written: all of virtual time. What is computed may be longer, and adds up without
    /// overflow.
    pub const MAX: Self = Self(Time::MAX.0);

    /// Whole nanoseconds.
    #[must_use]
    pub const fn ns(n: u64) -> Self {
        Self(n)
    }

    /// Whole microseconds.
    #[must_use]
    pub const fn us(n: u64) -> Self {
        Self(n * 1_000)
    }

    /// Whole milliseconds.
    #[must_use]
    pub const fn ms(n: u64) -> Self {
        Self(n * 1_000_000)
    }

    /// Whole seconds.
    #[must_use]
    pub const fn secs(n: u64) -> Self {
        Self(n * 1_000_000_000)
    }

    /// This many times as long, at most the longest span there is.
    #[must_use]
    pub const fn times(self, n: u64) -> Self {
        Self(self.0.saturating_mul(n))
    }

    /// In seconds, for people and charts; no decision may rest on it.
    #[must_use]
    pub fn as_secs(self) -> f64 {
        self.0 as f64 / 1e9
    }
}

macro_rules! advance {
    ($($instant:ty),+) => { $(
        impl Add<Span> for $instant {
            type Output = Self;
            fn add(self, span: Span) -> Self {
                Self(self.0.saturating_add(span.0))
            }
        }
    )+ };
}
advance!(Local, Span);

impl Add<Span> for Time {
    type Output = Self;

    /// At most [`Time::MAX`]: what would come later comes then, if the run lasts that long.
    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0)).min(Self::MAX)
    }
}

impl AddAssign for Span {
    fn add_assign(&mut self, span: Self) {
        *self = *self + span;
    }
}

impl Sub for Span {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

const UNITS: &[(&str, u64)] = &[
    ("h", 3_600_000_000_000),
    ("min", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

const PAST_THE_END: &str = "it is past the end of virtual time, 2.28 years (20015h)";

/// Why a text is no duration; reads on after "… is not a duration: ".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpanError {
    text: String,
    why: &'static str,
}

impl fmt::Display for SpanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not a duration: {}; write it as \"150ms\" (units: ns us ms s min h)", self.text, self.why)
    }
}

impl std::error::Error for SpanError {}

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        let fail = |why| SpanError { text: text.to_owned(), why };
        let trimmed = text.trim();
        let end = trimmed.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(trimmed.len());
        let (number, unit) = trimmed.split_at(end);
        if number.is_empty() {
            return Err(fail("it does not start with a number"));
        }
        let unit = match unit.trim() {
            "" if number == "0" => "ns",
            "" => return Err(fail("it has no unit")),
            "µs" | "μs" => "us",
            "m" => "min",
            unit => unit,
        };
        let &(_, scale) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(|| fail("it has an unknown unit"))?;
        let ns = decimal(number, scale).ok_or_else(|| fail("it is malformed, too long, or finer than a nanosecond"))?;
        if ns > Self::MAX.0 { Err(fail(PAST_THE_END)) } else { Ok(Self(ns)) }
    }
}

/// `number` (digits with at most one point) times `scale`, if that is a whole number that fits.
pub(crate) fn decimal(number: &str, scale: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let fraction = fraction.trim_end_matches('0');
    let digits: u128 = format!("0{whole}{fraction}").parse().ok()?;
    let divisor = 10u128.checked_pow(fraction.len().try_into().ok()?)?;
    let scaled = digits.checked_mul(scale.into())?;
    (scaled % divisor == 0).then_some(scaled / divisor)?.try_into().ok()
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Hours and minutes only where they are whole: "90s" reads better than "1.5min".
        let unit = UNITS
            .iter()
            .find(|&&(name, scale)| self.0 >= scale && (self.0.is_multiple_of(scale) || !matches!(name, "h" | "min")));
        let Some(&(name, scale)) = unit else { return f.pad("0s") };
        let (whole, rest) = (self.0 / scale, self.0 % scale);
        if rest == 0 {
            return f.pad(&format!("{whole}{name}"));
        }
        let width = scale.ilog10() as usize;
        let fraction = format!("{rest:0width$}");
        f.pad(&format!("{whole}.{}{name}", fraction.trim_end_matches('0')))
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

macro_rules! shown_as_span {
    ($($instant:ty),+) => { $(
        impl fmt::Display for $instant {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&Span(self.0), f)
            }
        }
        impl fmt::Debug for $instant {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    )+ };
}
shown_as_span!(Time, Local);

impl fmt::Display for Wall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        f.pad(&format!("{sign}{}", Span(self.0.unsigned_abs())))
    }
}

impl fmt::Debug for Wall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Span;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration with its unit, such as \"150ms\"")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Span, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

impl JsonSchema for Span {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A duration with its unit, such as \"150ms\" (units: ns us ms s min h).",
            "type": "string",
            "pattern": "^[0-9]+(\\.[0-9]+)?\\s*(ns|us|µs|ms|s|m|min|h)$|^0$",
        })
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Span(self.0).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Span::deserialize(deserializer).map(|span| Self(span.0))
    }
}

impl FromStr for Time {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        text.parse().map(|Span(ns)| Self(ns))
    }
}

impl JsonSchema for Time {
    fn schema_name() -> Cow<'static, str> {
        "Instant".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Span::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_exactly() {
        let cases =
            [("150ms", 150_000_000), ("1.5s", 1_500_000_000), ("0.1us", 100), ("2h", 7_200_000_000_000), ("0", 0)];
        for (text, ns) in cases {
            assert_eq!(text.parse::<Span>().unwrap(), Span(ns), "{text}");
        }
    }

    #[test]
    fn spans_say_what_is_wrong() {
        let message = |text: &str| text.parse::<Span>().unwrap_err().to_string();
        assert_eq!(
            message("150"),
            "\"150\" is not a duration: it has no unit; write it as \"150ms\" (units: ns us ms s min h)"
        );
        assert!(message("ms").contains("does not start with a number"));
        assert!(message("1.2.3s").contains("malformed"));
        assert!(message("0.1ns").contains("finer than a nanosecond"));
        assert!(message("5 fortnights").contains("unknown unit"));
        assert!(message("99999999999h").contains("too long"));
        assert!(message("20016h").contains("past the end of virtual time"));
    }

    proptest::proptest! {
        #[test]
        fn a_span_survives_being_written(ns in 0..=Span::MAX.0) {
            proptest::prop_assert_eq!(Span(ns).to_string().parse::<Span>().unwrap(), Span(ns));
        }
    }

    #[test]
    fn spans_print_in_the_largest_fitting_unit() {
        let shown: Vec<String> =
            [0, 1, 1_500, 1_234_567, 90_000_000_000, 3_600_000_000_000].map(|ns| Span(ns).to_string()).into();
        assert_eq!(shown, ["0s", "1ns", "1.5us", "1.234567ms", "90s", "1h"]);
        assert_eq!(Wall(-1_500_000).to_string(), "-1.5ms");
    }
}
