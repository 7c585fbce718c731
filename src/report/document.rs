//! The account of a run as one JSON document.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use super::character::Character;
use super::comparison::Comparison;
use super::story::Told;
use super::verdict::Judgement;
use crate::lab::NodeView;
use crate::recorded::ReadError;
use crate::rng::Seed;
use crate::scenario::{FORMAT, Scenario, ScenarioError};
use crate::sim::Outcome;

/// The account of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Account<'a> {
    /// The version of the format.
    pub seedstorm: u32,
    /// The version of the program.
    pub version: &'static str,
    /// Where the scenario came from.
    pub source: &'a str,
    /// The seed, if one is known.
    pub seed: Option<Seed>,
    /// What it came to.
    #[serde(flatten)]
    pub judgement: &'a Judgement,
    /// The code that the program ends with.
    pub exit_code: u8,
    /// The concrete scenario.
    pub scenario: &'a Scenario,
    /// All settings of the protocol, those that the scenario does not name included.
    pub params: Value,
    /// The settings that the scenario left open, by path.
    pub open: &'a BTreeSet<String>,
    /// What happened; the plan as it came about is part of it.
    pub outcome: &'a Outcome,
    /// How a breach came about.
    #[serde(skip_serializing_if = "<[Told]>::is_empty")]
    pub story: &'a [Told],
    /// How a replay compares with what its file says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comparison: Option<&'a Comparison>,
    /// Nodes, as they are at the end.
    #[serde(skip_serializing_if = "<[NodeView]>::is_empty")]
    pub nodes: &'a [NodeView],
    /// The reproducer that was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reproducer: Option<String>,
    /// The command that replays it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replay: Option<String>,
    /// What a reader should know.
    pub notes: &'a [String],
}

impl<'a> Account<'a> {
    /// The account of a run, so far without what only some runs have.
    #[must_use]
    pub fn new(run: &Character<'a>, judgement: &'a Judgement, exit_code: u8, outcome: &'a Outcome) -> Self {
        Self {
            seedstorm: FORMAT,
            version: env!("CARGO_PKG_VERSION"),
            source: run.source,
            seed: run.seed,
            judgement,
            exit_code,
            scenario: run.scenario,
            params: run.experiment.params(run.scenario).unwrap_or_default(),
            open: run.open,
            outcome,
            story: &[],
            comparison: None,
            nodes: &[],
            reproducer: None,
            replay: None,
            notes: &[],
        }
    }
}

/// An error as a document.
#[derive(Debug, Serialize)]
pub struct Refused<'a> {
    /// What is wrong.
    pub error: Problem<'a>,
    /// The code that the program ends with.
    pub exit_code: u8,
}

/// What is wrong, and where.
#[derive(Debug, Serialize)]
pub struct Problem<'a> {
    /// All of it in a sentence, as people read it.
    pub message: &'a str,
    /// Where.
    #[serde(flatten)]
    pub place: Place<'a>,
}

/// A place in a file, as far as it is known.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Place<'a> {
    /// The file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<&'a str>,
    /// The line in it, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The column in that line, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u64>,
    /// The place within the JSON, such as `network.loss`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<&'a str>,
}

impl<'a> From<&'a ScenarioError> for Place<'a> {
    fn from(error: &'a ScenarioError) -> Self {
        Self {
            file: error.file.as_deref(),
            line: error.place.map(|(line, _)| line as u64),
            column: error.place.map(|(_, column)| column as u64),
            path: Some(error.path.as_str()).filter(|path| !path.is_empty()),
        }
    }
}

impl<'a> Place<'a> {
    /// A place in a recorded history.
    #[must_use]
    pub fn in_history(file: &'a str, error: &ReadError) -> Self {
        Self { file: Some(file), line: Some(error.line), column: error.column, path: None }
    }
}

/// A document as text, with its last newline.
///
/// # Panics
/// If something in it cannot be JSON, which nothing here is.
#[must_use]
pub fn text(document: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(document).expect("all keys are texts");
    text.push('\n');
    text
}
