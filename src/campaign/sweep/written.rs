//! Figures as people read them.

use super::cell::Figure;
use super::sample::Unit;
use crate::report::layout::brief;
use crate::time::Span;

/// A figure with its interval: `97.4 % (96.9 to 97.8)`.
#[must_use]
pub fn figure(figure: &Figure, unit: Unit) -> String {
    format!("{} ({})", value(figure.value, unit), interval(figure, unit))
}

/// The interval of a figure. An end that is open is a question mark.
#[must_use]
pub fn interval(figure: &Figure, unit: Unit) -> String {
    let end = |end: Option<f64>| end.map_or_else(|| "?".to_owned(), |end| bare(end, unit));
    format!("{} to {}", end(figure.low), end(figure.high))
}

/// A value with its unit.
#[must_use]
pub fn value(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Share => format!("{} %", bare(value, unit)),
        Unit::PerSecond => format!("{}/s", bare(value, unit)),
        Unit::Seconds | Unit::Number => bare(value, unit),
    }
}

/// A value without a unit that others beside it say.
fn bare(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Share => share(value * 100.0),
        Unit::Seconds if value >= 0.0 => brief(Span((value * 1e9).round() as u64)),
        Unit::Seconds => format!("-{}", brief(Span((-value * 1e9).round() as u64))),
        Unit::PerSecond | Unit::Number => significant(value, 3),
    }
}

/// Per cent, with as many places as tell it from nothing and from all.
fn share(per_cent: f64) -> String {
    let distance = per_cent.min(100.0 - per_cent);
    match distance {
        _ if distance <= 0.0 => significant(per_cent, 3),
        _ if distance >= 1.0 => format!("{per_cent:.1}"),
        _ => format!("{per_cent:.*}", (2.0 - distance.log10().ceil()).clamp(1.0, 8.0) as usize),
    }
}

/// With so many digits that mean something; whole numbers as they are.
#[must_use]
pub fn significant(value: f64, digits: i32) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let magnitude = value.abs().log10().floor() as i32;
    if !(-4..9).contains(&magnitude) {
        return format!("{value:.*e}", (digits - 1).max(0) as usize);
    }
    let places = (digits - 1 - magnitude).max(0) as usize;
    let text = format!("{value:.places$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_as_many_digits_as_tell_something() {
        let shares = [0.0, 1.0, 0.5, 0.974_31, 0.999_702, 0.999_990_15, 0.000_123, 0.012_34];
        let written = ["0 %", "100 %", "50.0 %", "97.4 %", "99.970 %", "99.99901 %", "0.012 %", "1.2 %"];
        assert_eq!(shares.map(|share| value(share, Unit::Share)), written);
        let numbers = [0.0, 12.0, 1234.5, 0.012_34, 1.0, 3.140_1, 1e-7, 2.5e12];
        let written = ["0", "12", "1234", "0.0123", "1", "3.14", "1.00e-7", "2.50e12"];
        assert_eq!(numbers.map(|number| value(number, Unit::Number)), written);
        assert_eq!(value(0.0025, Unit::Seconds), "2.5ms");
        let open = Figure { value: 0.25, low: Some(0.2), high: None, runs: 9 };
        assert_eq!(figure(&open, Unit::PerSecond), "0.25/s (0.2 to ?)");
    }
}
