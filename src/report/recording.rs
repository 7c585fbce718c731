//! The account of a recorded history.

use std::collections::BTreeSet;

use serde::Serialize;

use super::explained;
use super::layout::{Ink, Sheet, Tone, count, many};
use crate::explained::{Explanation, Possible, Step, label};
use crate::judged::{Failed, Judged, Kind, Operation};
use crate::linearizability::Verdict;
use crate::recorded::{self, Event, Format, Value};
use crate::scenario::FORMAT;
use crate::time::Span;

/// What was seen while a history was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Events of clients.
    pub events: u64,
    /// Those that say that an operation failed.
    pub fail: u64,
    /// Events of others than clients, such as Jepsen's nemesis.
    pub others: u64,
    /// Who asked.
    pub clients: BTreeSet<i64>,
}

impl Tally {
    /// Counts an event.
    pub fn see(&mut self, event: &Event) {
        let Value::Int(client) = event.process else {
            self.others += 1;
            return;
        };
        self.events += 1;
        self.fail += u64::from(event.kind == recorded::Kind::Fail);
        self.clients.insert(client);
    }
}

/// Why nobody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// This time is up.
    Time(Span),
    /// As much was kept as may be.
    Memory,
    /// Somebody ended it.
    Interrupted,
}

impl Why {
    fn text(self) -> String {
        match self {
            Self::Time(time) => format!("the time is up after {time}"),
            Self::Memory => "the memory that it may take is full (--memory)".to_owned(),
            Self::Interrupted => "it was interrupted".to_owned(),
        }
    }
}

/// A history that was read and judged.
#[derive(Clone, Copy, Debug)]
pub struct Recording<'a> {
    /// Where it came from.
    pub source: &'a str,
    /// How it is written.
    pub format: Format,
    /// What it means that an operation failed.
    pub failed: Failed,
    /// What clients worked on.
    pub kind: Kind,
    /// What was seen.
    pub tally: &'a Tally,
    /// Its operations.
    pub operations: &'a [Operation],
    /// What it came to.
    pub judged: &'a Judged,
    /// If nobody knows, why.
    pub why: Option<Why>,
    /// If it is not linearizable, why.
    pub explanation: Option<&'a Explanation>,
    /// Where the picture of that is.
    pub picture: Option<&'a str>,
}

/// A recorded history as a document.
#[derive(Clone, Debug, Serialize)]
pub struct Account<'a> {
    /// The version of the format.
    pub seedstorm: u32,
    /// The version of the program.
    pub version: &'static str,
    /// Where it came from.
    pub source: &'a str,
    /// Whether it is linearizable: true, false or "unknown".
    pub valid: serde_json::Value,
    /// If nobody knows, why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The code that the program ends with.
    pub exit_code: u8,
    /// How it is written.
    pub format: &'static str,
    /// What clients worked on.
    pub model: String,
    /// What it means that an operation failed.
    pub failed: &'static str,
    /// How many events of clients there are.
    pub events: u64,
    /// How many operations were judged.
    pub operations: usize,
    /// Of how many clients.
    pub clients: usize,
    /// On how many keys.
    pub keys: usize,
    /// Of how many operations nobody knows whether they happened.
    pub open: usize,
    /// How many are known to have found things otherwise than they expected.
    pub refused: usize,
    /// How many are left out because they failed.
    pub left_out: u64,
    /// The key that broke, or the first of which nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Steps that were tried.
    pub steps: u64,
    /// Configurations that were kept.
    pub configurations: u64,
    /// The most bytes that were kept at once.
    pub bytes: usize,
    /// If it is not linearizable, why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Explained<'a>>,
    /// The picture of it that was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<&'a str>,
}

/// Why a history is not linearizable, as a document.
#[derive(Clone, Debug, Serialize)]
pub struct Explained<'a> {
    /// The operation that cannot be placed.
    pub culprit: Told<'a>,
    /// The line in which it returns: up to there the history is not linearizable.
    pub line: u64,
    /// Whether it is known that the history is linearizable up to the line before.
    pub is_first: bool,
    /// What could have been found by it, with the last operations of an order that leads there.
    pub possible: Vec<Found<'a>>,
    /// Whether there is nothing else that could be found.
    pub is_all: bool,
    /// Some of the operations that are not linearizable alone.
    pub smallest: Vec<Told<'a>>,
    /// Whether none of these can be left out.
    pub is_smallest: bool,
}

/// An operation in a document.
#[derive(Clone, Debug, Serialize)]
pub struct Told<'a> {
    /// The line of its invocation.
    pub line: u64,
    /// That of what came of it.
    pub end: Option<u64>,
    /// Who asked.
    pub client: String,
    /// What it is called.
    pub f: &'a str,
    /// What was asked and given, for people.
    pub label: String,
}

/// What could have been found.
#[derive(Clone, Debug, Serialize)]
pub struct Found<'a> {
    /// What the object held.
    pub state: &'a str,
    /// The lines of the invocations of all operations in the order in which they took effect.
    pub order: Vec<u64>,
}

impl<'a> Recording<'a> {
    /// As a document.
    #[must_use]
    pub fn document(&self, exit_code: u8) -> Account<'a> {
        let Judged { verdict, key, keys, cost, .. } = self.judged;
        Account {
            seedstorm: FORMAT,
            version: env!("CARGO_PKG_VERSION"),
            source: self.source,
            valid: match verdict {
                Verdict::Linearizable => true.into(),
                Verdict::Illegal(_) => false.into(),
                Verdict::Unknown => "unknown".into(),
            },
            why: self.why.map(Why::text),
            exit_code,
            format: written(self.format),
            model: self.kind.to_string(),
            failed: meaning(self.failed),
            events: self.tally.events,
            operations: self.operations.len(),
            clients: self.tally.clients.len(),
            keys: *keys,
            open: self.open(),
            refused: self.refused(),
            left_out: self.left_out(),
            key: key.as_ref().map(ToString::to_string),
            steps: cost.steps,
            configurations: cost.configurations,
            bytes: cost.bytes,
            explanation: self.explanation.map(|explanation| self.explained(explanation)),
            picture: self.picture,
        }
    }

    fn explained(&self, explanation: &'a Explanation) -> Explained<'a> {
        let told = |place: usize| {
            let Operation { line, end, process, f, .. } = &self.operations[place];
            let label = label(&self.operations[place]);
            Told { line: *line, end: *end, client: process.to_string(), f, label }
        };
        let line = |step: &Step| self.operations[step.place].line;
        let found =
            |possible: &'a Possible| Found { state: &possible.state, order: possible.order.iter().map(line).collect() };
        Explained {
            culprit: told(explanation.culprit),
            line: explanation.line,
            is_first: explanation.is_first,
            possible: explanation.possible.iter().map(found).collect(),
            is_all: explanation.is_all,
            smallest: explanation.smallest.iter().map(|&place| told(place)).collect(),
            is_smallest: explanation.is_smallest,
        }
    }

    fn open(&self) -> usize {
        self.operations.iter().filter(|operation| operation.returned.is_none()).count()
    }

    fn refused(&self) -> usize {
        self.operations.iter().filter(|operation| operation.is_refused).count()
    }

    fn left_out(&self) -> u64 {
        if self.failed == Failed::NotHappened { self.tally.fail } else { 0 }
    }

    fn verdict(&self) -> (Tone, String) {
        match self.judged.verdict {
            Verdict::Linearizable => (Tone::Good, "linearizable".to_owned()),
            Verdict::Illegal(_) => (Tone::Bad, "not linearizable".to_owned()),
            Verdict::Unknown => (Tone::Odd, format!("unknown: {}", self.why.map_or_else(String::new, Why::text))),
        }
    }

    fn history(&self) -> String {
        let clients = many(self.tally.clients.len() as u64, "client");
        let keys = self.operations.iter().any(|operation| operation.key.is_some());
        let keys = if keys { format!(" on {}", many(self.judged.keys as u64, "key")) } else { String::new() };
        let some = |n: u64, what: &str| if n == 0 { String::new() } else { format!("; {} {what}", count(n)) };
        let operations = many(self.operations.len() as u64, "operation");
        let open = some(self.open() as u64, "open (nobody knows)");
        let refused = some(self.refused() as u64, "refused");
        let left_out = some(self.left_out(), "left out, for they failed");
        format!("{operations} of {clients}{keys}{open}{refused}{left_out}")
    }
}

/// How a format is called.
pub(super) fn written(format: Format) -> &'static str {
    match format {
        Format::Edn => "edn",
        Format::Log => "log",
        Format::Maps => "maps",
        Format::Jsonl => "jsonl",
    }
}

/// How it is called what failing means.
pub(super) fn meaning(failed: Failed) -> &'static str {
    match failed {
        Failed::NotHappened | Failed::Marked => "not-happened",
        Failed::Observed => "observed",
    }
}

/// The account as text: the verdict, and of what it is.
#[must_use]
pub fn text(recording: &Recording<'_>, ink: Ink) -> String {
    let mut sheet = Sheet::new(ink);
    let (tone, verdict) = recording.verdict();
    sheet.line(tone, &verdict);
    sheet.row("history", &recording.history());
    let others = recording.tally.others;
    if others > 0 {
        sheet.row("besides", &format!("{} of others than clients, left out", many(others, "event")));
    }
    let kind = recording.kind;
    sheet.row("model", &format!("{kind}: {}", kind.functions().join(", ")));
    let cost = recording.judged.cost;
    let [steps, configurations] =
        [(cost.steps, "step"), (cost.configurations, "configuration")].map(|(n, s)| many(n, s));
    sheet.row("search", &format!("{steps}, {configurations}, {}", amount(cost.bytes)));
    let mut text = sheet.into_text();
    if let Some(explanation) = recording.explanation {
        text.push('\n');
        text += &explained::text(explanation, recording.operations, recording.judged.key.as_ref(), ink);
    }
    if let Some(picture) = recording.picture {
        let mut sheet = Sheet::new(ink);
        sheet.row("picture", picture);
        text += &sheet.into_text();
    }
    text
}

/// An amount of memory to three digits at most.
fn amount(bytes: usize) -> String {
    match bytes {
        0..1_048_576 => format!("{} KiB", bytes.div_ceil(1 << 10)),
        1_048_576..1_073_741_824 => format!("{} MiB", bytes.div_ceil(1 << 20)),
        _ => format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30)),
    }
}
