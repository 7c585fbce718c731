//! What shrinking came to, as text.

use super::{Element, Needed, Shrunk, Size};
use crate::report::Ink;
use crate::report::layout::{Sheet, Table, Tone, brief, count, many};
use crate::sim::Failure;

/// The account of a search: what there was and what is left, what is needed, and why it breaks.
#[must_use]
pub fn account(shrunk: &Shrunk, ink: Ink) -> String {
    let mut sheet = Sheet::new(ink);
    sheet.heading("What is left");
    sheet.table("", &sizes(&shrunk.before, &shrunk.after));
    sheet.row("after", &format!("{} of {}", many(shrunk.runs, "run"), many(shrunk.events, "event")));
    sheet.heading("What is needed");
    for part in &shrunk.needed {
        sheet.row(part.what.kind(), &needed(part));
    }
    let is_thin = shrunk.needed.iter().any(|part| part.runs == 1);
    let certificate = match (shrunk.is_certified, shrunk.interrupted) {
        (true, _) if is_thin => {
            "complete, and thin: each part that is left was taken out once more, some under the seeds of the case alone, \
             and nothing broke"
        }
        (true, _) => "complete: each part that is left was taken out once more, and nothing broke",
        (false, true) => "none: it was interrupted, and this is the best so far",
        (false, false) => "none: there was no time to take out each part once more; give more with --budget",
    };
    let tone = if shrunk.is_certified { Tone::Good } else { Tone::Odd };
    sheet.row_in(tone, "certificate", certificate);
    sheet.heading("Why");
    let Failure { property, at, evidence, .. } = &shrunk.failure;
    sheet.row("breaks", &format!("{property} at {at}: {}", evidence.kind));
    sheet.row("because", &shrunk.why);
    sheet.into_text()
}

fn sizes(before: &Size, after: &Size) -> Table {
    let mut table = Table::new(&["<", "before", "after"]);
    let mut row = |name: &str, before: String, after: String| {
        table.row(Tone::Plain, vec![name.to_owned(), before, after]);
    };
    let numbers = |size: &Size| {
        [size.faults as u64, size.messages as u64, size.operations, size.clients.into(), size.nodes.into()]
    };
    let names = ["faults", "fixed messages", "operations", "clients", "nodes"];
    for ((name, before), after) in names.into_iter().zip(numbers(before)).zip(numbers(after)) {
        row(name, count(before), count(after));
    }
    row("length", brief(before.length), brief(after.length));
    table
}

fn needed(part: &Needed) -> String {
    let without = match part.runs {
        1 => "without it the run holds".to_owned(),
        runs => format!("without it {runs} runs hold"),
    };
    let when = match &part.what {
        Element::Fault(entry) => {
            let at = entry.at.map_or_else(String::new, |at| format!(" at {at}"));
            let lasts = entry.lasts.map_or_else(String::new, |lasts| format!(" for {lasts}"));
            format!("{at}{lasts}")
        }
        _ => String::new(),
    };
    format!("{}{when}; {without}", part.what)
}
