//! How a replay compares with what its file says.

use serde::Serialize;

use super::layout::{Ink, Sheet, Tone, count};
use crate::scenario::{REVISION, Reproducer};
use crate::sim::{Failure, FailureKind, Outcome};

/// How a replay compares with what its file says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// Whether the file has a digest, and nothing differs.
    pub exact: bool,
    /// What differs, each in a sentence.
    pub differences: Vec<String>,
}

impl Comparison {
    /// Compares what a run came to with what the reproducer says of it.
    #[must_use]
    pub fn of(reproducer: &Reproducer, outcome: &Outcome) -> Self {
        let mut differences = Vec::new();
        // Without a digest the file was made by hand, and that it says nothing of a breach means nothing.
        let says = reproducer.verdict.is_some() || reproducer.digest.is_some();
        let (was, is) = (&reproducer.verdict, &outcome.failure());
        if says && was != is {
            differences.push(format!("the file says that {}; now {}", in_words(was.as_ref()), in_words(is.as_ref())));
        }
        if let Some(digest) = reproducer.digest.filter(|&digest| digest != outcome.digest) {
            differences.push(format!("the file has digest {digest}; now it is {}", outcome.digest));
        }
        if let Some(events) = reproducer.events.filter(|&events| events != outcome.events) {
            differences.push(format!(
                "the file counts {} events; now there are {}",
                count(events),
                count(outcome.events)
            ));
        }
        Self { exact: reproducer.digest.is_some() && differences.is_empty(), differences }
    }
}

fn in_words(failure: Option<&Failure>) -> String {
    match failure {
        None => "nothing breaks".to_owned(),
        Some(Failure { kind: FailureKind::Panic, at, evidence, .. }) => format!("it panics at {at} ({evidence})"),
        Some(Failure { kind: FailureKind::Endless, at, .. }) => format!("it does not end, as is seen at {at}"),
        Some(Failure { property, at, evidence, .. }) => format!("{property} breaks at {at} ({evidence})"),
    }
}

/// What is replayed, as text.
#[must_use]
pub fn heading(source: &str, reproducer: &Reproducer, ink: Ink) -> String {
    let mut sheet = Sheet::new(ink);
    let seed = reproducer.seed.map_or_else(String::new, |seed| format!(", seed {seed}"));
    sheet.line(Tone::Heading, &format!("{source}: {}{seed}", reproducer.scenario.protocol));
    sheet.line(Tone::Plain, &reproducer.scenario.about);
    sheet.into_text()
}

/// The comparison as text.
#[must_use]
pub fn text(comparison: &Comparison, reproducer: &Reproducer, outcome: &Outcome, ink: Ink) -> String {
    let mut sheet = Sheet::new(ink);
    sheet.raw("");
    if comparison.exact {
        let events = count(outcome.events);
        sheet.line(Tone::Good, &format!("Replayed exactly: digest {}, {events} events.", outcome.digest));
    } else if comparison.differences.is_empty() {
        sheet.line(Tone::Odd, "The file has no digest: whether this is the run that it speaks of, nobody can say.");
    } else {
        sheet.line(Tone::Bad, &format!("NOT THE SAME RUN: {}.", why(reproducer)));
        for difference in &comparison.differences {
            sheet.row_in(Tone::Bad, "differs", difference);
        }
    }
    sheet.into_text()
}

/// The likeliest reason.
fn why(reproducer: &Reproducer) -> String {
    let ours = env!("CARGO_PKG_VERSION");
    let theirs = reproducer.revision.as_deref();
    if reproducer.version == ours
        && let (Some(theirs), Some(ours)) = (theirs, REVISION)
        && theirs != ours
    {
        format!("the file was written by revision {theirs}, this is {ours}")
    } else if reproducer.version == ours {
        "the file was edited, or seedstorm or the protocol has changed since it was written".to_owned()
    } else {
        format!("the file was written by seedstorm {:?}, this is {ours}", reproducer.version)
    }
}
