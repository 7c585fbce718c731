//! How a breach came about: the few records, out of very many, that a person would want to see.
//!
//! The last records before a breach are nearly all heartbeats. So three strands are kept apart and short, and told
//! together in their order: what struck (faults, crashes, boots), what was reported (votes, elections), and what the
//! nodes concerned last did.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

use super::layout::{Ink, Sheet, Tone, WIDTH, clipped, count};
use crate::check::Violation;
use crate::fault::FaultKind;
use crate::ids::NodeId;
use crate::sim::{Record, What};
use crate::time::Time;

/// How many records of each strand are kept, and of each kind of fact.
const STRIKES: usize = 8;
const OF_A_KIND: usize = 3;
const DEEDS: usize = 10;
/// How many are told in all.
const TOLD: usize = 26;

/// Listens to a run, and keeps what may be worth telling.
#[derive(Debug)]
pub struct Listener {
    nodes: Vec<String>,
    notable: Vec<&'static str>,
    heard: u64,
    strikes: VecDeque<(u64, Record)>,
    facts: BTreeMap<String, VecDeque<(u64, Record)>>,
    deeds: VecDeque<(u64, Record)>,
}

/// One record of a story.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Told {
    /// When.
    pub at: Time,
    /// The node or client that it is about; empty for the whole.
    pub on: String,
    /// What happened, in words.
    pub text: String,
    /// How many records before it were left out.
    pub omitted: u64,
}

impl Listener {
    /// A listener who cares about these nodes, and about facts of these kinds wherever they are reported.
    #[must_use]
    pub fn new(nodes: &[NodeId], notable: &[&'static str]) -> Self {
        Self {
            nodes: nodes.iter().map(ToString::to_string).collect(),
            notable: notable.to_vec(),
            heard: 0,
            strikes: VecDeque::new(),
            facts: BTreeMap::new(),
            deeds: VecDeque::new(),
        }
    }

    /// Takes the next record.
    pub fn hear(&mut self, record: &Record) {
        self.heard += 1;
        let concerned = self.nodes.contains(&record.on);
        let (strand, most) = match record.what {
            What::Fault | What::Crash | What::Boot | What::Refuse | What::Phase => (&mut self.strikes, STRIKES),
            What::End if outlasts(record) => (&mut self.strikes, STRIKES),
            What::Fact => {
                let kind = kind(record);
                if !concerned && !self.notable.contains(&kind.as_str()) {
                    return;
                }
                (self.facts.entry(kind).or_default(), OF_A_KIND)
            }
            what if concerned && is_deed(what) => (&mut self.deeds, DEEDS),
            _ => return,
        };
        if strand.len() == most {
            strand.pop_front();
        }
        strand.push_back((self.heard, record.clone()));
    }

    /// The story so far, in order.
    #[must_use]
    pub fn story(&self) -> Vec<Told> {
        let facts = self.facts.values().flatten();
        let mut kept: Vec<&(u64, Record)> = self.strikes.iter().chain(facts).chain(&self.deeds).collect();
        kept.sort_by_key(|(place, _)| *place);
        let kept = &kept[kept.len().saturating_sub(TOLD)..];
        let mut before = 0;
        kept.iter()
            .map(|(place, record)| {
                let omitted = place - before - 1;
                before = *place;
                Told { at: record.at, on: record.on.clone(), text: sentence(record), omitted }
            })
            .collect()
    }
}

/// Whether the end of an entry says something that no other record says: a crash ends with a boot.
fn outlasts(record: &Record) -> bool {
    const BOOTING: [FaultKind; 6] =
        [FaultKind::Crash, FaultKind::Kill, FaultKind::Power, FaultKind::Wipe, FaultKind::Damage, FaultKind::SyncFail];
    !BOOTING.iter().any(|kind| record.detail.starts_with(kind.name()))
}

/// What a node does by itself or is told, of which a reader can make something.
fn is_deed(what: What) -> bool {
    use What::{Deliver, Dropped, Invoke, Persist, Reply, Request, Return, Timer, Write};
    matches!(what, Deliver | Timer | Request | Persist | Write | Reply | Dropped | Invoke | Return)
}

/// The kind of a fact: the leading word of its particulars.
fn kind(record: &Record) -> String {
    crate::sim::kind_of(&Said(&record.detail))
}

/// A text that is its own `Debug`.
struct Said<'a>(&'a str);

impl std::fmt::Debug for Said<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

/// A record in words. The node stands before it.
#[must_use]
pub fn sentence(record: &Record) -> String {
    let Record { what, peer, detail, .. } = record;
    let but = |text: &str| if detail.is_empty() { text.to_owned() } else { format!("{text}: {detail}") };
    match what {
        What::Deliver => format!("hears from {peer}: {detail}"),
        What::Timer => format!("its timer {detail} runs out"),
        What::Request => format!("is asked by {peer}: {detail}"),
        What::Synced => but("a sync is done"),
        What::Boot => format!("boots: {detail}"),
        What::Send => format!("sends to {peer}: {detail}"),
        What::Lost => format!("what it sent to {peer} is lost"),
        What::Cut => format!("what it sent to {peer} runs into a cut"),
        What::Held => format!("what it sent to {peer} is held back"),
        What::Twice => format!("what it sent to {peer} will arrive twice"),
        What::Dropped => but("an input is dropped"),
        What::Arm => format!("starts a timer: {detail}"),
        What::Disarm => format!("stops a timer: {detail}"),
        What::Persist => format!("writes, and waits for its disk: {detail}"),
        What::Write => format!("writes: {detail}"),
        What::Reply => format!("answers {peer}: {detail}"),
        What::Fact => format!("reports {detail}"),
        What::Refuse => but("refuses to run"),
        What::Invoke => format!("asks {peer}: {detail}"),
        What::Return => format!("is done with {detail}"),
        What::Fault => format!("fault {detail}"),
        What::Idle => format!("no effect: {detail}"),
        What::End => format!("over: {detail}"),
        What::Crash => but("crashes"),
        What::Phase => format!("the phase of {detail} begins"),
        What::Violation => but("a property breaks"),
    }
}

/// A story as text, with the breach that it leads to.
#[must_use]
pub fn text(story: &[Told], violation: &Violation, ink: Ink) -> String {
    let mut sheet = Sheet::new(ink);
    sheet.raw("");
    sheet.line(Tone::Heading, "How it came about");
    sheet.raw(&ink.paint(Tone::Aside, &set("time", "node", "")));
    for (n, told) in story.iter().enumerate() {
        if told.omitted > 0 && n > 0 {
            let records = if told.omitted == 1 { "record" } else { "records" };
            sheet.raw(&ink.paint(Tone::Aside, &set("", "", &format!("... {} other {records}", count(told.omitted)))));
        }
        let tone =
            if told.text.starts_with("fault ") || told.text.starts_with("crashes") { Tone::Odd } else { Tone::Plain };
        sheet.raw(&ink.paint(tone, &set(&clock(told.at), &told.on, &told.text)));
    }
    let nodes: Vec<String> = violation.evidence.nodes.iter().map(ToString::to_string).collect();
    let node = if nodes.len() == 1 { nodes[0].as_str() } else { "" };
    let line = set(&clock(violation.at), node, &format!("BROKEN: {}", violation.property));
    sheet.raw(&ink.paint(Tone::Bad, &line));
    sheet.into_text()
}

fn set(time: &str, node: &str, text: &str) -> String {
    clipped(&format!("  {time:>12}  {node:<4}  {text}"), WIDTH)
}

/// An instant in seconds, all of one width. Cut rather than rounded: up to the instant shown, the record has not
/// happened yet.
fn clock(at: Time) -> String {
    format!("{}.{:06}s", at.0 / 1_000_000_000, at.0 % 1_000_000_000 / 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(ms: u64, what: What, on: &str, detail: &str) -> Record {
        let peer = "n9".to_owned();
        Record { at: Time(ms * 1_000_000), what, on: on.to_owned(), peer, detail: detail.to_owned() }
    }

    #[test]
    fn heartbeats_do_not_crowd_out_what_matters() {
        let mut listener = Listener::new(&[NodeId(1)], &["elected"]);
        listener.hear(&record(1, What::Fault, "n2", "crash-0 for 1s"));
        listener.hear(&record(2, What::Fact, "n2", "Elected { term: 1 }"));
        listener.hear(&record(3, What::Fact, "n2", "Voted { term: 1 }"));
        listener.hear(&record(4, What::Fact, "n1", "Voted { term: 1 }"));
        for n in 0..1_000 {
            listener.hear(&record(5 + n, What::Deliver, "n1", "Heartbeat"));
            listener.hear(&record(5 + n, What::Deliver, "n2", "Heartbeat"));
        }
        let story = listener.story();
        let texts: Vec<&str> = story.iter().map(|told| told.text.as_str()).collect();
        assert_eq!(texts[..3], ["fault crash-0 for 1s", "reports Elected { term: 1 }", "reports Voted { term: 1 }"]);
        assert_eq!((story.len(), story[2].omitted), (3 + DEEDS, 1));
    }

    #[test]
    fn an_instant_is_cut_and_not_rounded() {
        assert_eq!(clock(Time(1_999_999_999)), "1.999999s");
    }
}
