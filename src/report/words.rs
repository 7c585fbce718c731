//! Settings and plans in words.

use serde_json::Value;

use crate::fault::{Entry, Fault, Strike};
use crate::ids::{NodeId, NodeSet};
use crate::params::Distribution;
use crate::time::Span;

use super::layout::{brief, count};

/// A distribution, as one would say it.
pub(super) fn distribution(distribution: &Distribution) -> String {
    match *distribution {
        Distribution::Constant(span) => span.to_string(),
        Distribution::Uniform(low, high) => format!("{low} to {high}"),
        Distribution::Exponential { min, mean } if min == Span::ZERO => format!("exponential, mean {mean}"),
        Distribution::Exponential { min, mean } => format!("{min} plus exponential, mean {mean}"),
        Distribution::Normal { mean, deviation } => format!("normal, {mean} +- {deviation}"),
        Distribution::LogNormal { median, sigma_milli } => {
            format!("log-normal, median {median}, sigma {}", thousandths(sigma_milli))
        }
        Distribution::Pareto { min, alpha_milli } => format!("Pareto, from {min}, alpha {}", thousandths(alpha_milli)),
        Distribution::Bimodal { fast, slow, odds } => format!("around {fast}, {odds} around {slow}"),
    }
}

fn thousandths(n: u64) -> String {
    let text = format!("{}.{:03}", n / 1000, n % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A JSON value without the quotes and brackets of JSON.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) if items.len() == 2 => format!("{} to {}", plain(&items[0]), plain(&items[1])),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<String>>().join(", "),
        other => other.to_string(),
    }
}

/// Numbered nodes in a row: `n0-n4`.
pub(super) fn nodes(range: &std::ops::Range<u32>) -> String {
    match range.len() {
        0 => String::new(),
        1 => NodeId(range.start).to_string(),
        _ => format!("{}-{}", NodeId(range.start), NodeId(range.end - 1)),
    }
}

/// Nodes by their numbers; of very many with gaps between them, how many they are.
pub(super) fn set(nodes: &NodeSet) -> String {
    const LONGEST: usize = 200;
    let names = nodes.to_string();
    if names.len() <= LONGEST { names } else { format!("of {} nodes", count(nodes.len() as u64)) }
}

/// From the shortest to the longest of these.
pub(super) fn range(spans: impl Iterator<Item = Span> + Clone) -> String {
    match (spans.clone().min(), spans.max()) {
        (Some(low), Some(high)) if low == high => brief(low),
        (Some(low), Some(high)) => format!("{} to {}", brief(low), brief(high)),
        _ => String::new(),
    }
}

/// Whether an entry strikes inside a turn.
pub(super) fn is_inside(entry: &Entry) -> bool {
    let strike = match &entry.kind {
        Fault::Crash { strike, .. } | Fault::Kill { strike } | Fault::Pause { strike } => *strike,
        _ => Strike::Between,
    };
    strike != Strike::Between
}

/// What the entries of one kind have of their own: shapes, odds, strengths.
pub(super) fn particulars(entries: &[&Entry]) -> String {
    let mut parts = shapes(entries);
    let by = entries.iter().filter_map(|entry| match &entry.kind {
        Fault::Slow { by } | Fault::Jump { by, .. } => Some(*by),
        _ => None,
    });
    let by = range(by);
    if !by.is_empty() {
        parts.push(format!("by {by}"));
    }
    let down = entries.iter().filter_map(|entry| match &entry.kind {
        Fault::DiskFull { down } => Some(*down),
        _ => None,
    });
    let down = range(down);
    if !down.is_empty() {
        parts.push(format!("down {down}"));
    }
    match entries.first().map(|entry| &entry.kind) {
        Some(Fault::Loss { .. } | Fault::Duplicate { .. }) => parts.insert(0, odds(entries)),
        Some(Fault::Delay { .. }) => parts.insert(0, delays(entries)),
        Some(Fault::Drift { .. }) => parts.push(drifts(entries)),
        _ => {}
    }
    parts.join(", ")
}

fn odds(entries: &[&Entry]) -> String {
    let all = entries.iter().filter_map(|entry| match &entry.kind {
        Fault::Loss { odds, .. } | Fault::Duplicate { odds, .. } => Some(format!("{:.1}%", odds.as_fraction() * 100.0)),
        _ => None,
    });
    let key = |text: &String| text.trim_end_matches('%').split('.').map(|part| part.parse().unwrap_or(0)).collect();
    let mut all: Vec<String> = all.collect();
    all.sort_by_key(|text| -> Vec<u64> { key(text) });
    match (all.first(), all.last()) {
        (Some(low), Some(high)) if low != high => format!("odds {low} to {high}"),
        (first, _) => format!("odds {}", first.map_or("", String::as_str)),
    }
}

/// By how much: the scenario states one distribution for all, a timeline another for each.
fn delays(entries: &[&Entry]) -> String {
    let mut all: Vec<String> = Vec::new();
    for entry in entries {
        if let Fault::Delay { by, .. } = &entry.kind
            && !all.contains(&distribution(by))
        {
            all.push(distribution(by));
        }
    }
    format!("by {}", all.join(" or "))
}

fn drifts(entries: &[&Entry]) -> String {
    let ppm = entries.iter().filter_map(|entry| match entry.kind {
        Fault::Drift { ppm } => Some(ppm),
        _ => None,
    });
    let ends = (ppm.clone().min().unwrap_or(0), ppm.max().unwrap_or(0));
    format!("{} to {} ppm", ends.0, ends.1)
}

/// How often each shape is planned, the commonest first.
fn shapes(entries: &[&Entry]) -> Vec<String> {
    let mut tally: Vec<(u64, String)> = Vec::new();
    for links in entries.iter().filter_map(|entry| entry.kind.links()) {
        let name = plain(&serde_json::to_value(links.shape).unwrap_or_default());
        match tally.iter_mut().find(|(_, known)| *known == name) {
            Some((count, _)) => *count += 1,
            None => tally.push((1, name)),
        }
    }
    tally.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    tally.into_iter().map(|(count, name)| format!("{count} {name}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distributions_are_said_as_one_would() {
        let ms = Span::ms;
        assert_eq!(distribution(&Distribution::Uniform(ms(1), ms(10))), "1ms to 10ms");
        let tail = Distribution::LogNormal { median: ms(3), sigma_milli: 900 };
        assert_eq!(distribution(&tail), "log-normal, median 3ms, sigma 0.9");
        let heavy = Distribution::Pareto { min: ms(1), alpha_milli: 2000 };
        assert_eq!(distribution(&heavy), "Pareto, from 1ms, alpha 2");
    }

    #[test]
    fn json_is_said_without_its_brackets() {
        assert_eq!(plain(&serde_json::json!(["150ms", "300ms"])), "150ms to 300ms");
        assert_eq!(plain(&serde_json::json!(true)), "true");
    }
}
