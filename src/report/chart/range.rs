//! From where to where an axis goes.

use super::{Scale, Unit};

/// The ends of an axis for these values: never equal, and on a logarithmic one above zero. Nothing if there are no
/// values.
pub(super) fn range(unit: &Unit, scale: Scale, values: impl Iterator<Item = f64>) -> Option<[f64; 2]> {
    let is_shown = |value: &f64| scale == Scale::Linear || *value > 0.0;
    let ends = values.filter(is_shown).fold(None, |ends: Option<[f64; 2]>, value| {
        Some(ends.map_or([value; 2], |[low, high]| [low.min(value), high.max(value)]))
    })?;
    Some(match scale {
        Scale::Linear => linear(unit, ends),
        Scale::Log => logarithmic(unit, ends),
    })
}

/// These ends, down to zero where that is near: heights are compared, and so are best measured from there.
pub(super) fn from_zero(scale: Scale, [low, high]: [f64; 2]) -> [f64; 2] {
    if scale == Scale::Linear && low > 0.0 && low < 0.5 * high { [0.0, high] } else { [low, high] }
}

/// Whether two numbers are as good as one: a chart could not tell them apart.
pub(super) fn is_one([low, high]: [f64; 2]) -> bool {
    high - low <= 1e-9 * low.abs().max(high.abs())
}

fn linear(unit: &Unit, [low, high]: [f64; 2]) -> [f64; 2] {
    let is_share = *unit == Unit::Share && low >= 0.0 && high <= 1.0;
    let [from, to] = match [low, high] {
        ends if is_one(ends) && is_share => [low - 0.05, high + 0.05],
        [0.0, 0.0] => [0.0, 1.0],
        ends if is_one(ends) => [low - low.abs() / 2.0, high + high.abs() / 2.0],
        _ => [low - (high - low) * 0.04, high + (high - low) * 0.04],
    };
    let from = if low >= 0.0 { from.max(0.0) } else { from };
    if is_share { [from.max(0.0), to.min(1.0)] } else { [from, to] }
}

fn logarithmic(unit: &Unit, [low, high]: [f64; 2]) -> [f64; 2] {
    let room = if is_one([low, high]) { 3.0 } else { libm::exp(0.04 * apart(high, low)) };
    let to = high * room;
    let is_share = *unit == Unit::Share && high <= 1.0;
    // At the edges of what a float can hold there is no room.
    [(low / room).max(1e-305), if is_share { to.min(1.0) } else { to.min(1e305) }]
}

/// Where between two ends a value lies: 0 at the lower one, 1 at the upper; what lies beyond is drawn at the end.
pub(super) fn share(scale: Scale, [low, high]: [f64; 2], value: f64) -> f64 {
    let share = match scale {
        Scale::Linear => (value - low) / (high - low),
        Scale::Log if value <= 0.0 => 0.0,
        Scale::Log => apart(value, low) / apart(high, low),
    };
    share.clamp(0.0, 1.0)
}

/// The logarithm of a ratio, which itself may be more than a float can hold.
fn apart(high: f64, low: f64) -> f64 {
    libm::log(high) - libm::log(low)
}
