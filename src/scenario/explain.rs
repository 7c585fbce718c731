//! Errors of values that can be spelt in several ways. Whoever tries one spelling after another can only say that
//! none fits; here the value itself is looked at, and the place in it that is wrong.

use serde_json::Value;

use crate::params::unknown;
use crate::rng::Ratio;
use crate::time::Span;

/// What is wrong within `value`, if `text` says that no spelling fitted: the path to it and the message.
pub(super) fn explain(text: &str, value: &Value) -> Option<(String, String)> {
    if text.starts_with("expected a duration (") {
        return Some(distribution(value));
    }
    if text.starts_with("expected a node number, a list of nodes") {
        return Some(who(value));
    }
    None
}

fn here(message: impl Into<String>) -> (String, String) {
    (String::new(), message.into())
}

fn under(step: &str, (path, message): (String, String)) -> (String, String) {
    (format!("{step}{path}"), message)
}

const DISTRIBUTIONS: [(&str, &[&str]); 7] = [
    ("constant", &[]),
    ("uniform", &[]),
    ("exponential", &["min", "mean"]),
    ("normal", &["mean", "deviation"]),
    ("log_normal", &["median", "sigma_milli"]),
    ("pareto", &["min", "alpha_milli"]),
    ("bimodal", &["fast", "slow", "odds"]),
];

fn distribution(value: &Value) -> (String, String) {
    match value {
        Value::Array(_) => uniform(value),
        Value::Object(fields) => match fields.iter().next() {
            Some((name, inner)) if fields.len() == 1 => under(&format!(".{name}"), named_distribution(name, inner)),
            _ => here(unknown("expected one named distribution", "", DISTRIBUTIONS.map(|(name, _)| name))),
        },
        other => span(other),
    }
}

fn uniform(value: &Value) -> (String, String) {
    match value.as_array().map(Vec::as_slice) {
        Some([low, high]) => {
            let wrong = |item: &Value| serde_json::from_value::<Span>(item.clone()).is_err();
            if wrong(low) { under("[0]", span(low)) } else { under("[1]", span(high)) }
        }
        _ => here("expected a pair of durations, such as [\"1ms\", \"10ms\"]"),
    }
}

fn named_distribution(name: &str, inner: &Value) -> (String, String) {
    let Some((_, known)) = DISTRIBUTIONS.iter().find(|(known, _)| *known == name) else {
        return here(unknown("unknown distribution", name, DISTRIBUTIONS.map(|(name, _)| name)));
    };
    if known.is_empty() {
        return if name == "uniform" { uniform(inner) } else { span(inner) };
    }
    let Some(fields) = inner.as_object() else {
        return here(format!("expected an object with {}, found {}", known.join(", "), show(inner)));
    };
    if let Some(stranger) = fields.keys().find(|field| !known.contains(&field.as_str())) {
        return under(&format!(".{stranger}"), here(unknown("unknown field", stranger, known.iter().copied())));
    }
    for &field in *known {
        let optional = name == "exponential" && field == "min";
        match fields.get(field) {
            None if optional => {}
            None => return here(format!("{field:?} is missing")),
            Some(value) => {
                if let Some(wrong) = parameter(field, value) {
                    return under(&format!(".{field}"), wrong);
                }
            }
        }
    }
    here("not a distribution")
}

/// What is wrong with a parameter of a distribution.
fn parameter(field: &str, value: &Value) -> Option<(String, String)> {
    if field == "odds" {
        let error = serde_json::from_value::<Ratio>(value.clone()).err()?;
        return Some(here(if value.is_string() { error.to_string() } else { not_odds(value) }));
    }
    if field.ends_with("_milli") {
        return (!value.is_u64())
            .then(|| here(format!("expected a whole number of thousandths, found {}", show(value))));
    }
    serde_json::from_value::<Span>(value.clone()).err().map(|_| span(value))
}

fn span(value: &Value) -> (String, String) {
    match value.as_str().map(str::parse::<Span>) {
        Some(Err(error)) => here(error.to_string()),
        _ => here(not_span(value)),
    }
}

fn not_span(value: &Value) -> String {
    let hint = value.as_u64().map(|number| format!("; did you mean \"{number}ms\"?")).unwrap_or_default();
    format!("expected a duration with its unit, such as \"150ms\", found {}{hint}", show(value))
}

fn not_odds(value: &Value) -> String {
    let fraction = value.as_f64().filter(|odds| (0.0..=1.0).contains(odds));
    let hint = fraction.map(|_| format!("; did you mean \"{value}\"?")).unwrap_or_default();
    format!("expected a probability as a string, such as \"0.1%\" or \"3/100\", found {}{hint}", show(value))
}

const WORDS: [&str; 3] = ["any", "majority", "all"];
const NAMED: [&str; 4] = ["group", "zone", "role", "fact"];

fn who(value: &Value) -> (String, String) {
    match value {
        Value::String(word) => {
            let message = unknown(&format!("{word:?} is nobody"), word, WORDS);
            here(format!("{message}; a role is written {{\"role\": {word:?}}}, nodes as numbers: [0, 2, \"5-9\"]"))
        }
        Value::Array(items) => {
            let node = |item: &Value| item.as_u64().is_some_and(|node| node <= u32::MAX.into());
            let range = |item: &Value| {
                let (first, last) = item.as_str().and_then(|text| text.split_once('-'))?;
                Some(first.trim().parse::<u32>().ok()? <= last.trim().parse::<u32>().ok()?)
            };
            let wrong = items.iter().position(|item| !node(item) && range(item) != Some(true)).unwrap_or(0);
            let found = items.get(wrong).map_or_else(String::new, show);
            under(
                &format!("[{wrong}]"),
                here(format!("expected a node's number or a range such as \"5-9\", found {found}")),
            )
        }
        Value::Object(fields) => match fields.iter().next() {
            Some((name, _)) if fields.len() == 1 && !NAMED.contains(&name.as_str()) => {
                under(&format!(".{name}"), here(unknown("unknown kind of target", name, NAMED)))
            }
            Some((name, inner)) if fields.len() == 1 => {
                under(&format!(".{name}"), here(format!("expected a name, found {}", show(inner))))
            }
            _ => here(unknown("expected one kind of target", "", NAMED)),
        },
        other => here(format!("expected a node's number, a list of nodes, a word or a role, found {}", show(other))),
    }
}

/// "Found this where that was expected", with what was probably meant.
pub(super) fn mismatch(found: &str, expected: &str, at: Option<&Value>) -> String {
    let shown = at.map_or_else(|| found.to_owned(), show);
    if let Some(value) = at {
        if expected.starts_with("a duration") {
            return not_span(value);
        }
        if expected.starts_with("a probability") {
            return not_odds(value);
        }
        if expected == "unit" {
            return "it takes no settings; write just the word".to_owned();
        }
    }
    format!("expected {}, found {shown}", plain(expected))
}

/// An expectation of serde's without the names of Rust.
fn plain(expected: &str) -> String {
    let whole = |high: &str| format!("a whole number from 0 to {high}");
    match expected {
        "u8" => whole("255"),
        "u16" => whole("65535"),
        "u32" => whole("4294967295"),
        "u64" | "usize" => "a whole number, not negative".to_owned(),
        "i8" | "i16" | "i32" | "i64" => "a whole number".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "an object".to_owned(),
        "string or map" => "a word or an object".to_owned(),
        "Seed" | "a borrowed string" => "a string".to_owned(),
        _ if expected.starts_with("struct ") || expected.starts_with("internally tagged enum") => {
            "an object".to_owned()
        }
        _ => length(expected),
    }
}

fn length(expected: &str) -> String {
    let starts = ["an array of length ", "a tuple of size ", "tuple variant ", "struct variant "];
    match starts.iter().find_map(|start| Some((*start, expected.strip_prefix(start)?))) {
        Some(("struct variant ", _)) => "an object".to_owned(),
        Some(("tuple variant ", rest)) => {
            let count = rest.rsplit_once("with ").map_or("several elements", |(_, count)| count);
            format!("a list of {count}")
        }
        Some((_, count)) => format!("a list of {count} items"),
        None => expected.to_owned(),
    }
}

/// A value as a message shows it.
pub(super) fn show(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) => format!("the text {text:?}"),
        Value::Array(items) if items.is_empty() => "an empty list".to_owned(),
        Value::Array(items) => format!("a list of {}", items.len()),
        Value::Object(_) => "an object".to_owned(),
    }
}
