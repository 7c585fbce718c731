//! Ticks: round numbers in the unit that is shown, and what is written at them.

use super::{Scale, Unit};

use crate::report::layout::count;

/// The ticks of an axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ticks {
    /// Where, in the unit of the axis, and what is written there.
    pub(super) labels: Vec<(f64, String)>,
    /// Where lines go that have no label.
    pub(super) fine: Vec<f64>,
    /// The unit that all labels share, which is written once, beside the name of the axis.
    pub(super) unit: String,
}

/// The units of time, longest first: what it is called, how many seconds it has, and from where on it is used.
const TIMES: [(&str, f64, f64); 6] = [
    ("h", 3600.0, 3.0 * 3600.0),
    ("min", 60.0, 180.0),
    ("s", 1.0, 1.0),
    ("ms", 1e-3, 1e-3),
    ("µs", 1e-6, 1e-6),
    ("ns", 1e-9, 0.0),
];

/// At most so many ticks from one end to the other, of which the labels are all different.
pub(super) fn ticks(unit: &Unit, scale: Scale, ends: [f64; 2], most: usize) -> Ticks {
    match (unit, scale) {
        (Unit::Names(names), _) => {
            let labels = names.iter().enumerate().map(|(n, name)| (n as f64, name.clone())).collect();
            Ticks { labels, fine: Vec::new(), unit: String::new() }
        }
        (_, Scale::Linear) => linear(unit, ends, most),
        (_, Scale::Log) => logarithmic(unit, ends, most),
    }
}

/// What a linear axis calls its unit, and how much one of it is.
fn shown(unit: &Unit, [low, high]: [f64; 2]) -> (String, f64) {
    let largest = low.abs().max(high.abs());
    let (name, size) = match unit {
        Unit::Share => ("%", 0.01),
        Unit::Seconds => {
            let fits = TIMES.iter().find(|(_, _, from)| largest >= *from);
            fits.map_or(("s", 1.0), |(name, size, _)| (*name, *size))
        }
        Unit::PerSecond => ("per second", 1.0),
        Unit::Number | Unit::Names(_) => ("", 1.0),
    };
    let (times, thousands) = thousands(largest / size);
    (format!("{times} {name}").trim().to_owned(), size * thousands)
}

/// By which power of a thousand numbers are divided that are too long to be written out.
fn thousands(largest: f64) -> (String, f64) {
    let power = if largest > 0.0 { libm::floor(libm::log10(largest)) as i32 } else { 0 };
    if (-4..7).contains(&power) {
        return (String::new(), 1.0);
    }
    let power = power.div_euclid(3) * 3;
    (format!("10{}", raised(power)), libm::pow(10.0, f64::from(power)))
}

/// A distance between ticks: 1, 2 or 5 times a power of ten.
#[derive(Clone, Copy, Debug)]
struct Step {
    digit: i64,
    power: i32,
}

impl Step {
    /// The smallest that is not below this.
    fn at_least(least: f64) -> Self {
        let power = libm::floor(libm::log10(least)) as i32;
        let steps = [(1, power), (2, power), (5, power), (1, power + 1), (2, power + 1)];
        let mut steps = steps.map(|(digit, power)| Self { digit, power }).into_iter();
        steps.find(|step| step.times(1) >= least * (1.0 - 1e-9)).unwrap_or(Self { digit: 5, power: power + 1 })
    }

    /// So many of it. Divisors are exact where powers of ten below one are not.
    fn times(self, n: i64) -> f64 {
        let digits = (n * self.digit) as f64;
        if self.power < 0 {
            digits / libm::pow(10.0, f64::from(-self.power))
        } else {
            digits * libm::pow(10.0, f64::from(self.power))
        }
    }

    fn places(self) -> usize {
        usize::try_from(-self.power).unwrap_or(0)
    }
}

fn linear(unit: &Unit, ends: [f64; 2], most: usize) -> Ticks {
    let (name, size) = shown(unit, ends);
    let [low, high] = ends.map(|end| end / size);
    let step = Step::at_least((high - low) / (most.max(2) - 1) as f64);
    let slack = step.times(1) * 1e-6;
    let first = libm::ceil((low - slack) / step.times(1)) as i64;
    let last = libm::floor((high + slack) / step.times(1)) as i64;
    let (suffix, name) = if name == "%" { (" %", String::new()) } else { ("", name) };
    let label = |n: i64| {
        let text = format!("{}{suffix}", plain(step.times(n), step.places()));
        ((step.times(n) * size).clamp(ends[0], ends[1]), text)
    };
    let labels = (first..=last.min(first + 100)).map(label).collect();
    Ticks { labels, fine: Vec::new(), unit: name }
}

/// These ends, moved apart to the next ticks of a linear axis; shares stay between nothing and everything.
pub(super) fn rounded(unit: &Unit, scale: Scale, ends: [f64; 2], most: usize) -> [f64; 2] {
    if scale == Scale::Log || matches!(unit, Unit::Names(_)) {
        return ends;
    }
    let (_, size) = shown(unit, ends);
    let [low, high] = ends.map(|end| end / size);
    let step = Step::at_least((high - low) / (most.max(2) - 1) as f64);
    let whole = |share: f64| step.times(share as i64) * size;
    let low = whole(libm::floor(low / step.times(1) + 1e-6));
    let high = whole(libm::ceil(high / step.times(1) - 1e-6));
    let is_share = *unit == Unit::Share && ends[0] >= 0.0 && ends[1] <= 1.0;
    if is_share { [low.max(0.0), high.min(1.0)] } else { [low, high] }
}

/// Ticks just where something is, if all of these numbers are short; such as the few values of a setting.
pub(super) fn at(unit: &Unit, scale: Scale, ends: [f64; 2], places: &[f64]) -> Option<Ticks> {
    // A unit is written at each label, or once for all.
    let at_each = *unit == Unit::Share || (*unit == Unit::Seconds && scale == Scale::Log);
    let (shared, _) = shown(unit, ends);
    let label = |&place: &f64| {
        let (own, size) = shown(unit, if at_each { [place; 2] } else { ends });
        let own = if at_each { format!(" {own}") } else { String::new() };
        exact(place / size).map(|text| (place, text + &own))
    };
    let labels = places.iter().map(label).collect::<Option<Vec<_>>>()?;
    let is_named = matches!(unit, Unit::Names(_));
    (!is_named).then(|| Ticks { labels, fine: Vec::new(), unit: if at_each { String::new() } else { shared } })
}

/// A number that has at most three decimals, and all of them.
fn exact(value: f64) -> Option<String> {
    let is_all = |places: &usize| {
        let written = format!("{value:.places$}").parse::<f64>();
        written.is_ok_and(|written| (written - value).abs() <= 1e-9 * value.abs())
    };
    (0..4).find(is_all).map(|places| plain(value, places))
}

/// Decades; what is between them where there are few, or every other one where there are many.
fn logarithmic(unit: &Unit, ends: [f64; 2], most: usize) -> Ticks {
    let size = if *unit == Unit::Share { 0.01 } else { 1.0 };
    let [low, high] = ends.map(|end| end / size);
    let [first, last] = [low, high].map(|end| libm::floor(libm::log10(end)) as i32);
    let is_within = |value: f64| value >= low * (1.0 - 1e-9) && value <= high * (1.0 + 1e-9);
    let all = |digits: &[i64]| -> Vec<(i64, i32)> {
        let decade = |power: i32| digits.iter().map(move |&digit| (digit, power));
        let within = |&(digit, power): &(i64, i32)| is_within(Step { digit, power }.times(1));
        (first..=last).flat_map(decade).filter(within).collect()
    };
    let fine = all(&[1, 2, 3, 4, 5, 6, 7, 8, 9]);
    let choices = [fine.clone(), all(&[1, 2, 5]), all(&[1, 3]), all(&[1])];
    let fits = choices.iter().find(|ticks| ticks.len() <= most.max(2));
    let labelled = match fits {
        Some(ticks) if ticks.len() > 1 => ticks.clone(),
        // Within less than one decade nothing round may lie: then differences are as good as ratios.
        Some(_) => return linear(unit, ends, most),
        None => every(&choices[3], most),
    };
    let unit_of_all = if *unit == Unit::PerSecond { "per second".to_owned() } else { String::new() };
    let at = |&(digit, power): &(i64, i32)| (Step { digit, power }.times(1) * size).clamp(ends[0], ends[1]);
    let label = |tick: &(i64, i32)| (at(tick), with_unit(unit, *tick));
    // Where decades are left out, or stand close, the lines between them would be grey.
    let fine = if last - first < 8 { fine.iter().map(at).collect() } else { Vec::new() };
    Ticks { labels: labelled.iter().map(label).collect(), fine, unit: unit_of_all }
}

/// Every second decade, or third, and so on: those whose power is a multiple.
fn every(decades: &[(i64, i32)], most: usize) -> Vec<(i64, i32)> {
    let apart = decades.len().div_ceil(most.max(2)) as i32;
    decades.iter().copied().filter(|(_, power)| power.rem_euclid(apart) == 0).collect()
}

/// A tick of a logarithmic axis, which may go from nanoseconds to hours: each has its own unit.
fn with_unit(unit: &Unit, (digit, power): (i64, i32)) -> String {
    match unit {
        Unit::Share => format!("{} %", power_of_ten(digit, power)),
        Unit::Seconds if power < -9 => format!("{} ns", power_of_ten(digit, power + 9)),
        Unit::Seconds if power < 0 => {
            let thousands = power.div_euclid(3);
            let name = ["ns", "µs", "ms"][usize::try_from(thousands + 3).unwrap_or(0)];
            format!("{} {name}", power_of_ten(digit, power.rem_euclid(3)))
        }
        Unit::Seconds => format!("{} s", power_of_ten(digit, power)),
        _ => power_of_ten(digit, power),
    }
}

/// A digit times a power of ten, written out where that is short.
fn power_of_ten(digit: i64, power: i32) -> String {
    if (-4..=5).contains(&power) {
        let step = Step { digit, power };
        return plain(step.times(1), step.places());
    }
    let raised = raised(power);
    if digit == 1 { format!("10{raised}") } else { format!("{digit}×10{raised}") }
}

fn raised(power: i32) -> String {
    let digits = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let digit = |c: char| c.to_digit(10).map_or('⁻', |digit| digits[digit as usize]);
    power.to_string().chars().map(digit).collect()
}

/// A number with so many decimals and its thousands apart, with a true minus.
fn plain(value: f64, places: usize) -> String {
    let text = format!("{:.places$}", value.abs());
    let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
    let whole = whole.parse().map_or_else(|_| whole.to_owned(), count);
    let is_zero = text.chars().all(|c| matches!(c, '0' | '.'));
    let sign = if value < 0.0 && !is_zero { "\u{2212}" } else { "" };
    let point = if decimals.is_empty() { "" } else { "." };
    format!("{sign}{whole}{point}{decimals}")
}

/// A number as a reader takes it in at a glance, to two digits or three, in the unit of a [`Ticks`] if that has one.
pub(super) fn short(unit: &Unit, shared: &str, value: f64) -> String {
    let (own, size) = match unit {
        Unit::Seconds if shared.is_empty() => shown(unit, [value; 2]),
        Unit::Seconds => {
            let found = TIMES.iter().find(|(name, ..)| *name == shared);
            (String::new(), found.map_or(1.0, |(_, size, _)| *size))
        }
        Unit::Share => (String::new(), 0.01),
        _ => (String::new(), 1.0),
    };
    let value = value / size;
    let text = digits(value);
    // Only everything is all.
    let text = if *unit == Unit::Share && value < 100.0 && text == "100" { "99.9".to_owned() } else { text };
    if own.is_empty() { text } else { format!("{text} {own}") }
}

fn digits(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    // After rounding, 9.96 has a digit more before the point than it seems.
    let power = libm::floor(libm::log10(value.abs() * 1.005)) as i32;
    if !(-4..=6).contains(&power) {
        // To one digit 9.6 is 10.
        let power = libm::floor(libm::log10(value.abs() / 0.95)) as i32;
        let step = Step { digit: 1, power };
        return power_of_ten((value / step.times(1)).round() as i64, power);
    }
    let text = plain(value, usize::try_from(1 - power).unwrap_or(0).min(6));
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}
