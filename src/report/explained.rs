//! Why a history is not linearizable, as text.

use super::layout::{Ink, Sheet, Table, Tone, count, many};
use crate::explained::{Explanation, Possible, Step, label};
use crate::judged::Operation;
use crate::recorded::Value;

/// No state and no operation takes more columns than this in an account.
const WIDEST: usize = 64;

/// So many of the last steps of an order are shown.
const LAST_STEPS: usize = 4;

/// So many operations of a smallest history are shown.
const LAST_CALLS: usize = 40;

/// The explanation as text.
#[must_use]
pub fn text(explanation: &Explanation, operations: &[Operation], key: Option<&Value>, ink: Ink) -> String {
    let mut sheet = Sheet::new(ink);
    sheet.heading("Why");
    if let Some(key) = key {
        sheet.row("key", &shortened(&key.to_string(), WIDEST));
    }
    sheet.row("until then", &until_then(explanation, key));
    let culprit = &operations[explanation.culprit];
    let asked = format!("client {}, line {} to {}", culprit.process, culprit.line, explanation.line);
    sheet.row_in(Tone::Bad, "cannot be", &format!("{} ({asked})", shortened(&label(culprit), WIDEST)));
    for (n, possible) in explanation.possible.iter().enumerate() {
        let name = if n == 0 { "possible" } else { "" };
        sheet.row(name, &shortened(&possible.state, WIDEST));
        sheet.detail(Tone::Aside, &order(explanation, possible, operations));
    }
    sheet.row("", all_of_them(explanation));
    let smallest = &explanation.smallest;
    sheet.row("alone", &alone(explanation));
    let mut table = Table::new(&["line", "to", "<client", "<"]);
    for &place in &smallest[smallest.len().saturating_sub(LAST_CALLS)..] {
        let operation = &operations[place];
        let (tone, is_cut) = if place == explanation.culprit { (Tone::Bad, false) } else { (Tone::Plain, true) };
        // Up to where the history is looked at, it had not ended.
        let end = operation.returned.and(operation.end).filter(|&end| !is_cut || end <= explanation.line);
        let [line, end] = [Some(operation.line), end].map(|at| at.map_or_else(|| "-".to_owned(), |at| at.to_string()));
        table.row(tone, vec![line, end, operation.process.to_string(), shortened(&label(operation), WIDEST)]);
    }
    sheet.table("", &table);
    sheet.into_text()
}

/// How far the history is linearizable.
#[must_use]
pub fn until_then(explanation: &Explanation, key: Option<&Value>) -> String {
    let Explanation { line, is_first, .. } = explanation;
    let what = if key.is_some() { "this key" } else { "the history" };
    if *is_first {
        format!("{what} is linearizable up to line {}, and is not with line {line}", line - 1)
    } else {
        format!("{what} is not linearizable up to line {line}; the effort ended before it was known from where on")
    }
}

/// Whether other states are possible.
#[must_use]
pub fn all_of_them(explanation: &Explanation) -> &'static str {
    if explanation.is_all { "and nothing else" } else { "and perhaps others, for which there was no effort left" }
}

/// What is said of the smallest history.
#[must_use]
pub fn alone(explanation: &Explanation) -> String {
    let Explanation { smallest, calls, is_smallest, .. } = explanation;
    let how = if *is_smallest {
        "none of them can be left out (who saw a value stays with all who may have brought it)"
    } else {
        "there may be fewer: the effort ended"
    };
    let all = many(calls.len() as u64, "operation");
    match smallest.len() as u64 {
        1 => format!("this one of {all} cannot be by itself"),
        n => format!("{} of {all} are not linearizable by themselves; {how}", count(n)),
    }
}

/// The last steps that lead to a state, of those that change something.
fn order(explanation: &Explanation, possible: &Possible, operations: &[Operation]) -> String {
    let until = possible.order.iter().take_while(|step| step.place != explanation.culprit).count();
    let state = |n: usize| &possible.order[n].state;
    let changes = |&n: &usize| n == 0 || state(n) != state(n - 1);
    let before: Vec<&Step> = (0..until).filter(changes).map(|n| &possible.order[n]).collect();
    let from = before.len().saturating_sub(LAST_STEPS);
    let steps = before[from..].iter().map(|step| shortened(&label(&operations[step.place]), 32));
    let steps = steps.collect::<Vec<String>>().join(", ");
    match (before.len(), from) {
        (0, _) => "before all others".to_owned(),
        (_, 0) => format!("after {steps}"),
        _ => format!("after … {steps}"),
    }
}

/// A text of at most so many characters; of a longer one the middle is left out.
#[must_use]
pub fn shortened(text: &str, most: usize) -> String {
    let len = text.chars().count();
    if len <= most {
        return text.to_owned();
    }
    let (front, back) = (most / 3, most - most / 3 - 1);
    let start: String = text.chars().take(front).collect();
    let end: String = text.chars().skip(len - back).collect();
    format!("{start}…{end}")
}
