//! The account of recorded transactions on lists.

use serde::Serialize;

use super::layout::{Ink, Sheet, Tone, clipped, count, many};
use super::recording::{Tally, meaning, written};
use crate::judged::{Anomaly, Failed, Lists, Operation, Subject};
use crate::recorded::Format;
use crate::scenario::FORMAT;

/// Transactions that were read and judged.
#[derive(Clone, Copy, Debug)]
pub struct Transactions<'a> {
    /// Where they came from.
    pub source: &'a str,
    /// How they are written.
    pub format: Format,
    /// What it means that one failed.
    pub failed: Failed,
    /// What was seen.
    pub tally: &'a Tally,
    /// All of them.
    pub operations: &'a [Operation],
    /// What they came to.
    pub lists: &'a Lists,
}

/// Recorded transactions as a document.
#[derive(Clone, Debug, Serialize)]
pub struct Account<'a> {
    /// The version of the format.
    pub seedstorm: u32,
    /// The version of the program.
    pub version: &'static str,
    /// Where they came from.
    pub source: &'a str,
    /// Whether they are serializable: true, false or "unknown".
    pub valid: serde_json::Value,
    /// The code that the program ends with.
    pub exit_code: u8,
    /// How they are written.
    pub format: &'static str,
    /// What clients worked on.
    pub model: String,
    /// What it means that a transaction failed.
    pub failed: &'static str,
    /// How many events of clients there are.
    pub events: u64,
    /// How many transactions were judged.
    pub operations: usize,
    /// Of how many clients.
    pub clients: usize,
    /// On how many lists.
    pub keys: usize,
    /// How many elements were appended.
    pub appends: usize,
    /// How many reads were answered.
    pub reads: usize,
    /// Of how many transactions nobody knows whether they happened.
    pub open: usize,
    /// What is wrong, one of each kind.
    pub anomalies: Vec<Shown<'a>>,
}

/// An anomaly as a document.
#[derive(Clone, Debug, Serialize)]
pub struct Shown<'a> {
    /// What it is, and what shows it.
    #[serde(flatten)]
    pub anomaly: &'a Anomaly,
    /// The transactions concerned.
    pub transactions: Vec<Concerned>,
}

/// A transaction that an anomaly is about.
#[derive(Clone, Debug, Serialize)]
pub struct Concerned {
    /// What the sentences call it.
    pub name: String,
    /// The line of its invocation.
    pub line: u64,
    /// Who asked for it.
    pub process: String,
    /// Its steps, with what was read if that is known.
    pub value: String,
}

fn concerned<'a>(operations: &'a [Operation], anomaly: &'a Anomaly) -> impl Iterator<Item = Concerned> + 'a {
    anomaly.who.iter().map(|&place| {
        let Operation { line, process, asked, given, returned, .. } = &operations[place];
        let value = if returned.is_some() { given } else { asked };
        Concerned {
            name: format!("T{}", place + 1),
            line: *line,
            process: process.to_string(),
            value: value.to_string(),
        }
    })
}

impl<'a> Transactions<'a> {
    /// As a document.
    #[must_use]
    pub fn document(&self, exit_code: u8) -> Account<'a> {
        let Self { operations, .. } = *self;
        let Lists { anomalies, is_whole, keys, appends, reads } = self.lists;
        let shown = |anomaly| Shown { anomaly, transactions: concerned(operations, anomaly).collect() };
        Account {
            seedstorm: FORMAT,
            version: env!("CARGO_PKG_VERSION"),
            source: self.source,
            valid: match (anomalies.is_empty(), is_whole) {
                (true, false) => "unknown".into(),
                (is_valid, _) => is_valid.into(),
            },
            exit_code,
            format: written(self.format),
            model: Subject::Lists.to_string(),
            failed: meaning(self.failed),
            events: self.tally.events,
            operations: operations.len(),
            clients: self.tally.clients.len(),
            keys: *keys,
            appends: *appends,
            reads: *reads,
            open: self.open(),
            anomalies: anomalies.iter().map(shown).collect(),
        }
    }

    fn open(&self) -> usize {
        self.operations.iter().filter(|operation| operation.returned.is_none() && !operation.has_failed).count()
    }

    fn history(&self) -> String {
        let some = |n: usize, what: &str| if n == 0 { String::new() } else { format!("; {} {what}", count(n as u64)) };
        let [transactions, clients, keys] = [
            (self.operations.len() as u64, "transaction"),
            (self.tally.clients.len() as u64, "client"),
            (self.lists.keys as u64, "list"),
        ]
        .map(|(n, thing)| many(n, thing));
        let open = some(self.open(), "open (nobody knows)");
        let failed = some(self.operations.iter().filter(|operation| operation.has_failed).count(), "failed");
        format!("{transactions} of {clients} on {keys}{open}{failed}")
    }
}

/// A transaction is shown so far.
const TRANSACTION: usize = 240;

/// The account as text: the verdict, of what it is, and what is wrong.
#[must_use]
pub fn text(transactions: &Transactions<'_>, ink: Ink) -> String {
    let mut sheet = Sheet::new(ink);
    let Lists { anomalies, appends, reads, .. } = transactions.lists;
    match (anomalies.len(), transactions.lists.is_whole) {
        (0, true) => sheet.line(Tone::Good, "serializable"),
        (0, false) => sheet.line(Tone::Odd, "unknown: there are too many dependencies to look at all of them"),
        _ => sheet.line(Tone::Bad, "not serializable"),
    }
    sheet.row("history", &transactions.history());
    let others = transactions.tally.others;
    if others > 0 {
        sheet.row("besides", &format!("{} of others than clients, left out", many(others, "event")));
    }
    let [appends, reads] = [(*appends, "element"), (*reads, "read")].map(|(n, thing)| many(n as u64, thing));
    sheet.row("model", &format!("{}: {appends} appended, {reads}", Subject::Lists));
    for anomaly in anomalies {
        sheet.subject("found", &format!("{}: {}", anomaly.name, anomaly.about));
        anomaly.sentences.iter().for_each(|sentence| sheet.detail(Tone::Plain, sentence));
        for Concerned { name, line, process, value } in concerned(transactions.operations, anomaly) {
            let value = clipped(&value, TRANSACTION);
            sheet.detail(Tone::Aside, &format!("{name}: line {line}, process {process}: {value}"));
        }
    }
    sheet.into_text()
}
