//! Axes of a grid: which settings vary, and through which values.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::rng::Ratio;
use crate::time::Span;

/// One thing that varies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Axis {
    /// Its name in tables and charts: the path of the setting, or what a file calls it.
    pub name: String,
    /// The unit of its positions.
    pub unit: Unit,
    /// What it goes through, one after another.
    pub points: Vec<Point>,
}

/// In which unit the positions of an axis are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Shares of one.
    Share,
    /// Seconds.
    Seconds,
    /// Numbers.
    Number,
    /// They are names, and stand in the order in which they were given.
    Names,
}

/// One value of an axis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// What it is called.
    pub label: String,
    /// Where it stands.
    pub x: f64,
    /// Which settings have which values there.
    pub set: Map<String, Value>,
}

/// A range of so many values would fill any memory.
const VALUES_MAX: u64 = 10_000_000;

impl Axis {
    /// An axis over one setting.
    #[must_use]
    pub fn over(path: &str, values: Vec<Value>) -> Self {
        let points = values.into_iter().map(|value| (text_of(&value), Map::from_iter([(path.to_owned(), value)])));
        Self::new(path, points.collect())
    }

    /// An axis of this name, of labels and the settings that each of them stands for.
    #[must_use]
    pub fn new(name: &str, points: Vec<(String, Map<String, Value>)>) -> Self {
        let unit = unit_of(points.iter().map(|(label, _)| label.as_str()));
        let place = |(n, (label, set)): (usize, (String, Map<String, Value>))| {
            let x = position(&label).filter(|&(of, _)| of == unit).map_or(n as f64, |(_, x)| x);
            Point { label, x, set }
        };
        Self { name: name.to_owned(), unit, points: points.into_iter().enumerate().map(place).collect() }
    }

    /// The axis that a person writes as `network.loss=0%..20%/2%`, `nodes=3,5,7` or `run_for=1s..64s*2`.
    ///
    /// # Errors
    /// What is wrong with it, and what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let Some((path, values)) = text.split_once('=') else {
            return Err(format!("{text:?}: expected a setting and its values, such as network.loss=0%..20%/2%"));
        };
        let values = parse_values(values.trim()).map_err(|why| format!("{}: {why}", path.trim()))?;
        Ok(Self::over(path.trim(), values))
    }

    /// A position in the words of an axis, in its unit.
    #[must_use]
    pub fn position_of(label: &str) -> Option<f64> {
        position(label).map(|(_, x)| x)
    }

    /// The paths of all settings that it changes.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.points.iter().flat_map(|point| point.set.keys()).map(String::as_str)
    }

    /// The same with this many points between any two neighbours, where one setting goes through numbers with a unit:
    /// to draw what is computed as a fine line. Points alone where that makes no sense.
    #[must_use]
    pub fn refined(&self, between: u32) -> Vec<Point> {
        let mut fine = Vec::new();
        for pair in self.points.windows(2) {
            fine.push(pair[0].clone());
            for n in 1..=between {
                let x = pair[0].x + (pair[1].x - pair[0].x) * f64::from(n) / f64::from(between + 1);
                let middle = self.between([&pair[0], &pair[1]], x);
                fine.extend(middle);
            }
        }
        fine.extend(self.points.last().cloned());
        fine
    }

    /// A point at `x`, where the settings of its neighbours are what their labels say.
    fn between(&self, pair: [&Point; 2], x: f64) -> Option<Point> {
        let value = match self.unit {
            Unit::Share => Value::from(Ratio::new((x * 1e8).round() as u64, 100_000_000)?.to_string()),
            Unit::Seconds => Value::from(Span((x * 1e9).round() as u64).to_string()),
            Unit::Number | Unit::Names => return None,
        };
        let [path, other] = [self.itself(pair[0])?, self.itself(pair[1])?];
        let set = Map::from_iter([(path.to_owned(), value.clone())]);
        (path == other).then(|| Point { label: text_of(&value), x, set })
    }

    /// The one setting that a point changes, where its value is just where the point stands.
    fn itself<'a>(&self, point: &'a Point) -> Option<&'a str> {
        let (path, value) = point.set.iter().next().filter(|_| point.set.len() == 1)?;
        (position(value.as_str()?) == Some((self.unit, point.x))).then_some(path)
    }
}

/// A value as a label.
fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A label as a position, in its unit.
fn position(label: &str) -> Option<(Unit, f64)> {
    if let Ok(number) = label.parse::<f64>() {
        return Some((Unit::Number, number)).filter(|_| number.is_finite());
    }
    if let Ok(Span(nanos)) = label.parse() {
        return Some((Unit::Seconds, nanos as f64 / 1e9));
    }
    label.parse().ok().map(|ratio: Ratio| (Unit::Share, ratio.as_fraction()))
}

fn unit_of<'a>(mut labels: impl Iterator<Item = &'a str>) -> Unit {
    let first = labels.next().and_then(position).map_or(Unit::Names, |(unit, _)| unit);
    if labels.all(|label| position(label).is_some_and(|(unit, _)| unit == first)) { first } else { Unit::Names }
}

/// Values as a person writes them: a list, or a range with a step or a factor.
fn parse_values(text: &str) -> Result<Vec<Value>, String> {
    if text.is_empty() {
        return Err("no values at all; give some, such as 3,5,7 or 0%..20%/2%".to_owned());
    }
    let parts = split(text)?;
    if let ([one], false) = (parts.as_slice(), text.starts_with(['[', '{', '"']))
        && let Some((low, rest)) = one.split_once("..")
    {
        return range(low.trim(), rest.trim());
    }
    parts.into_iter().map(value).collect()
}

fn value(text: &str) -> Result<Value, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("an empty value; \"\" is an empty text".to_owned());
    }
    if text.starts_with(['[', '{', '"']) {
        return serde_json::from_str(text).map_err(|error| format!("{text}: this is not JSON: {error}"));
    }
    Ok(serde_json::from_str(text).ok().filter(|value: &Value| !value.is_string()).unwrap_or_else(|| text.into()))
}

/// The items of a list, whose commas within brackets and quotes part nothing.
fn split(text: &str) -> Result<Vec<&str>, String> {
    let (mut parts, mut start, mut depth, mut quoted, mut escaped) = (Vec::new(), 0, 0_u32, false, false);
    for (at, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '[' | '{' => depth += 1,
            ']' | '}' => depth = depth.checked_sub(1).ok_or_else(|| format!("{text}: a bracket too many"))?,
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    if quoted || depth > 0 {
        return Err(format!("{text}: a bracket or a quote is not closed"));
    }
    parts.push(&text[start..]);
    Ok(parts)
}

/// How a range goes on.
#[derive(Clone, Copy)]
enum Stride {
    Step(u64),
    Factor(u64),
}

fn range(low: &str, rest: &str) -> Result<Vec<Value>, String> {
    let (high, stride) = match (rest.split_once('/'), rest.split_once('*')) {
        (Some((high, step)), _) => (high.trim(), Some((false, step.trim()))),
        (_, Some((high, factor))) => (high.trim(), Some((true, factor.trim()))),
        (None, None) => (rest, None),
    };
    let kinds = [Kind::Whole, Kind::Time, Kind::Odds];
    let fits = |kind: &Kind| kind.read(low).is_some() && kind.read(high).is_some();
    let Some(kind) = kinds.into_iter().find(fits) else {
        return Err(format!(
            "{low}..{high}: a range is of whole numbers, durations or probabilities, such as 0%..20%/2%"
        ));
    };
    let (Some(from), Some(to)) = (kind.read(low), kind.read(high)) else { return Err(format!("{low}..{high}")) };
    if from > to {
        return Err(format!("{low}..{high}: the range is empty; the lower end comes first"));
    }
    let stride = match stride {
        Some((true, factor)) => {
            let factor = factor.parse().ok().filter(|&factor| factor > 1 && from > 0);
            Stride::Factor(
                factor.ok_or_else(|| format!("{low}..{high}: a factor is a whole number above 1, from above 0 on"))?,
            )
        }
        Some((false, step)) => {
            let step = kind.read(step).filter(|&step| step > 0);
            Stride::Step(
                step.ok_or_else(|| format!("{low}..{high}: a step is of the same kind as the ends, and not zero"))?,
            )
        }
        None if kind == Kind::Whole => Stride::Step(1),
        None => {
            return Err(format!(
                "{low}..{high}: how far from one value to the next? Give a step, such as {low}..{high}/{}",
                kind.example()
            ));
        }
    };
    walk(from, to, stride).map(|values| values.into_iter().map(|at| kind.write(at)).collect())
}

fn walk(from: u64, to: u64, stride: Stride) -> Result<Vec<u64>, String> {
    let mut values = Vec::new();
    let mut at = Some(from);
    while let Some(value) = at.filter(|&value| value <= to) {
        if values.len() as u64 == VALUES_MAX {
            return Err(format!("a range of more than {VALUES_MAX} values; take a longer step"));
        }
        values.push(value);
        at = match stride {
            Stride::Step(step) => value.checked_add(step),
            Stride::Factor(factor) => value.checked_mul(factor),
        };
    }
    Ok(values)
}

/// What a range goes through, counted in whole units.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Whole,
    /// Nanoseconds.
    Time,
    /// Hundred-millionths, the finest that is written as a percentage.
    Odds,
}

const ODDS_UNIT: u64 = 100_000_000;

impl Kind {
    fn read(self, text: &str) -> Option<u64> {
        match self {
            Self::Whole => text.parse().ok(),
            Self::Time => text.parse().ok().map(|Span(nanos)| nanos),
            Self::Odds => {
                let odds: Ratio = text.parse().ok()?;
                Some((odds.as_fraction() * ODDS_UNIT as f64).round() as u64)
            }
        }
    }

    fn write(self, at: u64) -> Value {
        match self {
            Self::Whole => at.into(),
            Self::Time => Span(at).to_string().into(),
            Self::Odds => Ratio::new(at, ODDS_UNIT).unwrap_or(Ratio::ALWAYS).to_string().into(),
        }
    }

    fn example(self) -> &'static str {
        match self {
            Self::Whole => "1",
            Self::Time => "10ms",
            Self::Odds => "2%",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(text: &str) -> Vec<String> {
        Axis::parse(text).unwrap().points.into_iter().map(|point| point.label).collect()
    }

    #[test]
    fn ranges_and_lists_are_read_as_people_write_them() {
        assert_eq!(labels("network.loss=0%..10%/2.5%"), ["0%", "2.5%", "5%", "7.5%", "10%"]);
        assert_eq!(labels("nodes=3,5,7"), ["3", "5", "7"]);
        assert_eq!(labels("nodes = 3..5"), ["3", "4", "5"]);
        assert_eq!(labels("disk.sync=1ms..9ms*2"), ["1ms", "2ms", "4ms", "8ms"]);
        assert_eq!(labels("a=[\"1ms\", \"2ms\"],{\"uniform\": [1, 2]}"), ["[\"1ms\",\"2ms\"]", "{\"uniform\":[1,2]}"]);
        assert_eq!(labels("protocol=raft,multi_paxos"), ["raft", "multi_paxos"]);
        let loss = Axis::parse("network.loss=0%..20%/10%").unwrap();
        assert_eq!(
            (loss.unit, loss.points[2].x, &loss.points[2].set["network.loss"]),
            (Unit::Share, 0.2, &"20%".into())
        );
        let nodes = Axis::parse("nodes=3,5").unwrap();
        assert_eq!((nodes.unit, nodes.points[1].x, &nodes.points[1].set["nodes"]), (Unit::Number, 5.0, &5.into()));
        let protocols = Axis::parse("protocol=raft,multi_paxos").unwrap();
        assert_eq!((protocols.unit, protocols.points[1].x), (Unit::Names, 1.0));
        assert_eq!(Axis::parse("run_for=1s,250ms").unwrap().points[1].x, 0.25);
    }

    #[test]
    fn what_is_no_range_is_refused_with_what_would_be_one() {
        let refused = |text: &str| Axis::parse(text).unwrap_err();
        assert_eq!(
            refused("network.loss=20%..0%/2%"),
            "network.loss: 20%..0%: the range is empty; the lower end comes first"
        );
        assert!(refused("network.loss=").contains("no values at all"));
        assert!(refused("network.loss").contains("expected a setting and its values"));
        assert!(refused("network.loss=0%..20%").contains("Give a step, such as 0%..20%/2%"));
        assert!(refused("network.loss=0%..20%/0%").contains("not zero"));
        assert!(refused("network.loss=0%..20%/2ms").contains("same kind"));
        assert!(refused("nodes=1..5*1").contains("above 1"));
        assert!(refused("nodes=3,,5").contains("an empty value"));
        assert!(refused("nodes=[3").contains("not closed"));
        assert!(refused("nodes=3]").contains("a bracket too many"));
        assert!(refused("nodes=0..99999999999").contains("longer step"));
    }

    #[test]
    fn numbers_with_a_unit_have_others_between_them() {
        let loss = Axis::parse("network.loss=0%..10%/10%").unwrap();
        let labels: Vec<String> = loss.refined(3).into_iter().map(|point| point.label).collect();
        assert_eq!(labels, ["0%", "2.5%", "5%", "7.5%", "10%"]);
        assert_eq!(Axis::parse("nodes=3,5").unwrap().refined(3).len(), 2);
    }
}
