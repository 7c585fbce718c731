//! Settings that are left open: `{"one_of": […]}` and `{"between": [a, b]}`, drawn for each plan seed from the
//! seed and the setting's place alone, so that one open setting moves no other.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::ScenarioError;
use crate::rng::{Dice, Die, Ratio, Seed, Stream};
use crate::time::Span;

/// The sections in which a setting may be left open.
pub(super) const OPEN_SECTIONS: [&str; 4] = ["nodes", "params", "network", "workload"];

/// Whether this field leaves a setting open.
pub(super) fn leaves_open(name: &str) -> bool {
    matches!(name, "one_of" | "between")
}

/// Whether this object leaves a setting open.
pub(super) fn is_open(fields: &Map<String, Value>) -> bool {
    fields.keys().any(|name| leaves_open(name))
}

/// The paths of the settings that a scenario file leaves open for the seed to draw.
#[must_use]
pub fn open_settings(file: &Value) -> BTreeSet<String> {
    let mut open = BTreeSet::new();
    gather_open(file, "", &mut open);
    open
}

fn gather_open(value: &Value, path: &str, open: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) if is_open(fields) => {
            open.insert(path.to_owned());
        }
        Value::Object(fields) => {
            for (name, inner) in fields {
                let deeper = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                gather_open(inner, &deeper, open);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| gather_open(item, path, open)),
        _ => {}
    }
}

/// The alternatives that were taken, by [`key`]. The ends of a range are alternatives 0 and 1.
pub(super) type Picks = BTreeMap<String, usize>;

/// The name of an open setting: its path. An alternative that is itself left open stands at the same path, and is
/// told apart by how deep it is in alternatives.
pub(super) fn key(path: &str, depth: usize) -> String {
    format!("{path}{}", "?".repeat(depth))
}

/// How open settings are decided.
pub(super) enum Chooser {
    /// Drawn, by the plan seed.
    Drawn(Seed),
    /// As listed; the first alternative where nothing is. What was decided, out of how many, is kept.
    Listed { wanted: Picks, met: Vec<(String, usize)> },
}

impl Chooser {
    /// Every alternative that can be met, one combination after another, as long as these are few; else each
    /// alternative once beside the first ones of all others.
    pub(super) fn every(mut visit: impl FnMut(&mut Self) -> Result<(), ScenarioError>) -> Result<(), ScenarioError> {
        let mut met;
        let mut run = |wanted: Picks| {
            let mut chooser = Self::Listed { wanted, met: Vec::new() };
            visit(&mut chooser)?;
            let Self::Listed { wanted, met } = chooser else { return Ok((Picks::new(), Vec::new())) };
            Ok::<_, ScenarioError>((wanted, met))
        };
        let mut wanted = Picks::new();
        for _ in 0..COMBINATIONS_MAX {
            (wanted, met) = run(wanted)?;
            // As an odometer counts: the last setting that has a further alternative moves on.
            let place = |path: &String| wanted.get(path).copied().unwrap_or(0);
            let Some(turn) = met.iter().rposition(|(path, count)| place(path) + 1 < *count) else { return Ok(()) };
            let next = place(&met[turn].0) + 1;
            wanted = met[..turn].iter().map(|(path, _)| (path.clone(), place(path))).collect();
            wanted.insert(met[turn].0.clone(), next);
        }
        let (_, first) = run(Picks::new())?;
        for (path, count) in first {
            for alternative in 1..count {
                run(Picks::from([(path.clone(), alternative)]))?;
            }
        }
        Ok(())
    }

    fn pick(&mut self, key: &str, count: usize) -> usize {
        match self {
            Self::Drawn(seed) => usize::try_from(dice(*seed, key).below(count as u64)).unwrap_or(0),
            Self::Listed { wanted, met } => {
                met.push((key.to_owned(), count));
                wanted.get(key).copied().unwrap_or(0)
            }
        }
    }
}

/// So many combinations of open settings are all checked.
const COMBINATIONS_MAX: usize = 256;

fn dice(seed: Seed, key: &str) -> Stream {
    Die::new(seed).with_str("open").with_str(key).stream()
}

/// A whole scenario with every open setting decided; `picks` keeps what was taken, also up to an error.
pub(super) fn resolve(document: &Value, chooser: &mut Chooser, picks: &mut Picks) -> Result<Value, ScenarioError> {
    let mut resolved = document.clone();
    if let Value::Object(sections) = &mut resolved {
        for name in OPEN_SECTIONS {
            if let Some(section) = sections.get_mut(name) {
                *section = decide(section, name, chooser, picks)?;
            }
        }
    }
    Ok(resolved)
}

fn decide(value: &Value, path: &str, chooser: &mut Chooser, picks: &mut Picks) -> Result<Value, ScenarioError> {
    match value {
        Value::Array(items) => {
            let item = |(n, item)| decide(item, &format!("{path}[{n}]"), chooser, picks);
            items.iter().enumerate().map(item).collect::<Result<_, _>>().map(Value::Array)
        }
        Value::Object(fields) if is_open(fields) => open(fields, path, 0, chooser, picks),
        Value::Object(fields) => {
            let field = |(name, value): (&String, _)| {
                Ok((name.clone(), decide(value, &format!("{path}.{name}"), chooser, picks)?))
            };
            fields.iter().map(field).collect::<Result<_, _>>().map(Value::Object)
        }
        plain => Ok(plain.clone()),
    }
}

fn open(
    fields: &Map<String, Value>,
    path: &str,
    depth: usize,
    chooser: &mut Chooser,
    picks: &mut Picks,
) -> Result<Value, ScenarioError> {
    let key = key(path, depth);
    if let (1, Some(alternatives)) = (fields.len(), fields.get("one_of")) {
        let Some(alternatives) = alternatives.as_array().filter(|list| !list.is_empty()) else {
            return Err(ScenarioError::new(format!("{path}.one_of"), "expected a list of alternatives, at least one"));
        };
        let taken = chooser.pick(&key, alternatives.len());
        picks.insert(key, taken);
        return match &alternatives[taken.min(alternatives.len() - 1)] {
            Value::Object(deeper) if is_open(deeper) => open(deeper, path, depth + 1, chooser, picks),
            value => decide(value, path, chooser, picks),
        };
    }
    if let (1, Some(ends)) = (fields.len(), fields.get("between")) {
        let ends = Ends::read(ends).map_err(|message| ScenarioError::new(format!("{path}.between"), message))?;
        return Ok(match chooser {
            Chooser::Drawn(seed) => ends.drawn(&mut dice(*seed, &key)),
            Chooser::Listed { .. } => {
                let end = chooser.pick(&key, 2);
                picks.insert(key, end);
                ends.end(end == 1)
            }
        });
    }
    let message = "\"one_of\" and \"between\" stand alone in their braces: {\"one_of\": [1, 8, 64]}, {\"between\": [\"1ms\", \"9ms\"]}";
    Err(ScenarioError::new(path, message))
}

/// The two ends of a range.
#[derive(Clone, Copy)]
enum Ends {
    Whole(i64, i64),
    Spans(Span, Span),
    /// In hundred-millionths, the finest that is written as a percentage.
    Odds(u64, u64),
}

const ODDS_UNIT: u64 = 100_000_000;

impl Ends {
    fn read(ends: &Value) -> Result<Self, String> {
        let expected =
            || "expected two whole numbers, two durations or two probabilities, such as [\"1ms\", \"9ms\"]".to_owned();
        let Some([low, high]) = ends.as_array().map(Vec::as_slice) else { return Err(expected()) };
        let read = match (low, high) {
            (Value::Number(low), Value::Number(high)) => {
                Self::Whole(low.as_i64().ok_or_else(expected)?, high.as_i64().ok_or_else(expected)?)
            }
            (Value::String(low), Value::String(high)) => Self::read_texts(low, high).ok_or_else(expected)?,
            _ => return Err(expected()),
        };
        let falls = match read {
            Self::Whole(low, high) => low > high,
            Self::Spans(Span(low), Span(high)) | Self::Odds(low, high) => low > high,
        };
        if falls { Err(format!("the lower end comes first: [{high}, {low}]")) } else { Ok(read) }
    }

    fn read_texts(low: &str, high: &str) -> Option<Self> {
        if let (Ok(low), Ok(high)) = (low.parse(), high.parse()) {
            return Some(Self::Spans(low, high));
        }
        let odds = |text: &str| {
            let odds: Ratio = text.parse().ok()?;
            // Division is exact to the last bit on every platform, and what it decides is rounded.
            let units = libm::round(odds.as_fraction() * ODDS_UNIT as f64) as u64;
            // Rarer than that would be never.
            (units > 0 || odds == Ratio::NEVER).then_some(units)
        };
        Some(Self::Odds(odds(low)?, odds(high)?))
    }

    fn end(self, upper: bool) -> Value {
        self.at(&mut |low, high| if upper { high } else { low })
    }

    fn drawn(self, dice: &mut dyn Dice) -> Value {
        self.at(&mut |low, high| low + dice.below((high - low).saturating_add(1)))
    }

    fn at(self, pick: &mut dyn FnMut(u64, u64) -> u64) -> Value {
        match self {
            Self::Whole(low, high) => Value::from(low.wrapping_add_unsigned(pick(0, high.abs_diff(low)))),
            Self::Spans(low, high) => Value::from(Span(pick(low.0, high.0)).to_string()),
            Self::Odds(low, high) => {
                let odds = Ratio::new(pick(low, high), ODDS_UNIT).unwrap_or(Ratio::ALWAYS);
                Value::from(odds.to_string())
            }
        }
    }
}
