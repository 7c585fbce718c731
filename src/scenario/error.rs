//! What is wrong with a scenario, where, and what would do.

use std::fmt;

use serde_json::Value;

use super::locate::line_and_column;
use super::{choice, explain};
use crate::fault::draw::PlanError;
use crate::params::unknown;

/// What is wrong with a scenario or a reproducer. It reads on after "error: ".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioError {
    /// The file, if it came from one.
    pub file: Option<String>,
    /// Line and column in it, counted from 1.
    pub place: Option<(usize, usize)>,
    /// The place within the JSON, such as `network.loss`; empty for the whole.
    pub path: String,
    /// What is wrong, and what would do.
    pub message: String,
}

impl ScenarioError {
    /// Something at `path` is wrong, for this reason. [`Document`](super::Document) adds file, line and column.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { file: None, place: None, path: path.into(), message: message.into() }
    }

    /// The same within a section: `section` is put before the path.
    #[must_use]
    pub fn under(mut self, section: &str) -> Self {
        self.path = join(section, &self.path);
        self
    }

    /// A text that is not JSON. serde_json counts columns in bytes; people count characters.
    pub(super) fn not_json(text: &str, error: &serde_json::Error) -> Self {
        let said = error.to_string();
        let said = said.rsplit_once(" at line ").map_or(said.as_str(), |(message, _)| message);
        let message = match said.strip_prefix("duplicate field ") {
            Some(name) => format!("{name} is given twice in one object"),
            None => format!("this is not JSON: {said}"),
        };
        let start: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
        let mut offset = (start + error.column().saturating_sub(1)).min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        Self { place: Some(line_and_column(text, offset)), ..Self::new("", message) }
    }

    /// Whether it is about a field that is not known.
    pub(super) fn is_unknown_field(&self) -> bool {
        self.message.starts_with(UNKNOWN_FIELD)
    }

    /// What serde said of `value`, which stands at `path`, in words for people.
    pub(super) fn of_serde(error: &serde_path_to_error::Error<serde_json::Error>, value: &Value, path: &str) -> Self {
        let inner = error.path().to_string();
        let inner = if inner == "." { String::new() } else { inner };
        let at = at_path(value, &inner);
        let text = error.inner().to_string();
        if let Some(message) = at.and_then(left_open) {
            return Self::new(join(path, &inner), message);
        }
        if let Some((deeper, message)) = at.and_then(|at| explain::explain(&text, at)) {
            return Self::new(join(path, &(inner + &deeper)), message);
        }
        if text.starts_with("invalid type: unit variant") {
            let (outer, word) = inner.rsplit_once('.').unwrap_or(("", &inner));
            return Self::new(join(path, outer), format!("{word:?} takes something; write {{{word:?}: …}}"));
        }
        Self::new(join(path, &inner), reword(&text, at))
    }
}

impl From<PlanError> for ScenarioError {
    fn from(error: PlanError) -> Self {
        Self::new(error.path, error.message)
    }
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}:")?;
            if let Some((line, column)) = self.place {
                write!(f, "{line}:{column}:")?;
            }
            f.write_str(" ")?;
        } else if let Some((line, column)) = self.place {
            write!(f, "line {line}, column {column}: ")?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for ScenarioError {}

/// One path behind another.
pub(super) fn join(outer: &str, inner: &str) -> String {
    match (outer, inner) {
        ("", path) | (path, "") => path.to_owned(),
        (outer, inner) if inner.starts_with('[') => format!("{outer}{inner}"),
        (outer, inner) => format!("{outer}.{inner}"),
    }
}

/// The value that a path of serde's leads to.
fn at_path<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    let steps = path.split(['.', '[']).map(|step| step.trim_end_matches(']')).filter(|step| !step.is_empty());
    let mut at = value;
    for step in steps {
        at = match at {
            Value::Array(items) => items.get(step.parse::<usize>().ok()?)?,
            Value::Object(fields) => fields.get(step)?,
            _ => return None,
        };
    }
    Some(at)
}

const UNKNOWN_FIELD: &str = "unknown field";

/// An error text of serde in words for people. Texts of our own types are already that, and pass.
fn reword(text: &str, at: Option<&Value>) -> String {
    if let Some(rest) = text.strip_prefix("unknown field `") {
        let (word, known) = words(rest);
        return unknown(UNKNOWN_FIELD, word, known);
    }
    if let Some(rest) = text.strip_prefix("unknown variant `") {
        let (word, known) = words(rest);
        if word == "point" && known.contains(&"sync_fail") {
            return "\"point\" is reserved for fault points in a protocol's own code, which this version does not have"
                .to_owned();
        }
        return unknown(&format!("{word:?} is not known here"), word, known);
    }
    if let Some(name) = text.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
        return format!("{name:?} is missing");
    }
    if let Some(name) = text.strip_prefix("duplicate field `").and_then(|rest| rest.strip_suffix('`')) {
        return format!("{name:?} is given twice");
    }
    let mismatch =
        ["invalid type: ", "invalid value: ", "invalid length "].iter().find_map(|start| text.strip_prefix(start));
    match mismatch.and_then(|rest| rest.split_once(", expected ")) {
        Some((found, expected)) => explain::mismatch(found, expected, at),
        None if text.starts_with("expected ") => {
            at.map_or(text.to_owned(), |at| format!("{text}, found {}", explain::show(at)))
        }
        None => text.to_owned(),
    }
}

/// What is wrong with a setting that is left open where it cannot be.
fn left_open(value: &Value) -> Option<String> {
    let name = value.as_object()?.keys().find(|name| choice::leaves_open(name))?;
    let sections = choice::OPEN_SECTIONS.join(", ");
    Some(format!("{name:?} can leave open what stands under {sections}, and nothing else; state one value here"))
}

/// The unknown word and the known ones of "a`, expected one of `b`, `c`".
fn words(rest: &str) -> (&str, Vec<&str>) {
    let (word, expected) = rest.split_once('`').unwrap_or((rest, ""));
    (word, expected.split('`').skip(1).step_by(2).collect())
}
