//! How a breach came about: the few records, out of very many, that a person would want to see.
//!
//! The last records before a breach are nearly all heartbeats. So three strands are kept apart and short, and told
//! together in their order: what struck (faults, crashes, boots), what was reported (votes, elections), and what the
//! nodes concerned last did. What is reported all the time is routine, and told once at most.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::Serialize;

use super::layout::{Ink, Sheet, Tone, WIDTH, clipped, count};
use crate::check::Violation;
use crate::fault::{Entry, FaultKind};
use crate::ids::NodeId;
use crate::sim::{Record, Verbatim, What, kind_of};
use crate::time::Time;

/// How many records of each strand are kept, and of each kind of fact.
const STRIKES: usize = 8;
const OF_A_KIND: usize = 4;
const DEEDS: usize = 10;
/// How many are told in all.
const TOLD: usize = 25;
/// A kind of fact that is reported more often than this, by the nodes concerned or by all others, is routine.
const ROUTINE: [u64; 2] = [20, 10];

/// A record, its place in the run, and how many like it there were in a row.
type Kept = (u64, Record, u64);

/// Listens to a run, and keeps what may be worth telling.
#[derive(Debug)]
pub struct Listener {
    nodes: Vec<String>,
    notable: Vec<&'static str>,
    /// The entries of the plan after which a node boots again.
    crashes: BTreeSet<String>,
    heard: u64,
    strikes: VecDeque<Kept>,
    facts: BTreeMap<String, Strand>,
    deeds: VecDeque<Kept>,
}

/// The facts of one kind.
#[derive(Debug, Default)]
struct Strand {
    /// How many there were, near and far.
    reported: [u64; 2],
    /// Those of the nodes concerned.
    near: VecDeque<Kept>,
    /// Those of other nodes, if the kind is notable.
    far: VecDeque<Kept>,
}

impl Strand {
    /// What of them is worth telling.
    fn worth_telling(&self) -> impl Iterator<Item = &Kept> {
        let [near, far] = [0, 1].map(|side| self.reported[side] > ROUTINE[side]);
        let skipped = if near { self.near.len().saturating_sub(1) } else { 0 };
        self.near.iter().skip(skipped).chain(self.far.iter().filter(move |_| !far))
    }
}

/// One record of a story.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Told {
    /// Which record of the run it is, counted from 1: its line in a trace.
    pub line: u64,
    /// When.
    pub at: Time,
    /// The node or client that it is about; empty for the whole.
    pub on: String,
    /// What happened, in words.
    pub text: String,
}

impl Listener {
    /// A listener who cares about these nodes, and about facts of these kinds wherever they are reported, and knows
    /// what was planned.
    #[must_use]
    pub fn new(nodes: &[NodeId], notable: &[&'static str], plan: &[Entry]) -> Self {
        const CRASHES: [FaultKind; 6] = [
            FaultKind::Crash,
            FaultKind::Kill,
            FaultKind::Power,
            FaultKind::Wipe,
            FaultKind::Damage,
            FaultKind::SyncFail,
        ];
        let crashes = plan.iter().filter(|entry| CRASHES.contains(&entry.kind.kind()));
        Self {
            crashes: crashes.map(|entry| entry.id.clone()).collect(),
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
        let strikes = match record.what {
            What::Fault | What::Crash | What::Refuse | What::Phase => true,
            // That everything boots in the beginning goes without saying.
            What::Boot => record.at > Time::ZERO,
            // A crash ends with a boot.
            What::End => !self.crashes.contains(&record.detail),
            _ => false,
        };
        if strikes {
            keep(&mut self.strikes, STRIKES, self.heard, record);
        } else if record.what == What::Fact {
            self.hear_fact(concerned, record);
        } else if concerned && is_deed(record.what) {
            self.hear_deed(record);
        }
    }

    /// Of deeds that are alike in a row, the last is kept.
    fn hear_deed(&mut self, record: &Record) {
        match self.deeds.back_mut() {
            Some(last) if are_alike(&last.1, record) => *last = (self.heard, record.clone(), last.2 + 1),
            _ => keep(&mut self.deeds, DEEDS, self.heard, record),
        }
    }

    fn hear_fact(&mut self, concerned: bool, record: &Record) {
        let kind = kind_of(&Verbatim(&record.detail));
        let notable = self.notable.contains(&kind.as_str());
        let strand = self.facts.entry(kind).or_default();
        strand.reported[usize::from(!concerned)] += 1;
        if concerned {
            keep(&mut strand.near, OF_A_KIND, self.heard, record);
        } else if notable {
            keep(&mut strand.far, OF_A_KIND, self.heard, record);
        }
    }

    /// How many records there were.
    #[must_use]
    pub fn heard(&self) -> u64 {
        self.heard
    }

    /// The story so far, in order.
    #[must_use]
    pub fn story(&self) -> Vec<Told> {
        let facts = self.facts.values().flat_map(Strand::worth_telling);
        let mut kept: Vec<&Kept> = self.strikes.iter().chain(facts).chain(&self.deeds).collect();
        kept.sort_by_key(|(place, ..)| *place);
        let told = |&(line, ref record, alike): &Kept| {
            let row = if alike > 1 { format!(" ({} like it in a row)", count(alike)) } else { String::new() };
            Told { line, at: record.at, on: record.on.clone(), text: sentence(record, &row) }
        };
        kept[kept.len().saturating_sub(TOLD)..].iter().copied().map(told).collect()
    }
}

fn keep(strand: &mut VecDeque<Kept>, most: usize, place: u64, record: &Record) {
    if strand.len() == most {
        strand.pop_front();
    }
    strand.push_back((place, record.clone(), 1));
}

/// Whether two records differ only in their particulars.
fn are_alike(one: &Record, other: &Record) -> bool {
    let kind = |record: &Record| kind_of(&Verbatim(&record.detail));
    one.what == other.what && one.on == other.on && one.peer == other.peer && kind(one) == kind(other)
}

/// What a node does by itself or is told, of which a reader can make something.
fn is_deed(what: What) -> bool {
    use What::{Deliver, Dropped, Invoke, Persist, Reply, Request, Return, Timer, Write};
    matches!(what, Deliver | Timer | Request | Persist | Write | Reply | Dropped | Invoke | Return)
}

/// A record in words. The node stands before it, and `row` says how many were like it.
pub(super) fn sentence(record: &Record, row: &str) -> String {
    let Record { what, peer, .. } = record;
    let detail = &tidied(&record.detail);
    let but = |text: &str| if detail.is_empty() { text.to_owned() } else { format!("{text}: {detail}") };
    match what {
        What::Deliver => format!("hears from {peer}{row}: {detail}"),
        What::Timer => format!("its timer {detail} runs out{row}"),
        What::Request => format!("is asked by {peer}{row}: {detail}"),
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
        What::Persist => format!("writes, and waits for its disk{row}: {detail}"),
        What::Write => format!("writes{row}: {detail}"),
        What::Reply => format!("answers {peer}{row}: {detail}"),
        What::Fact => format!("reports {detail}"),
        What::Refuse => but("refuses to run"),
        What::Invoke => format!("asks {peer}: {detail}"),
        What::Return => format!("is done with {detail}"),
        What::Fault => format!("fault {detail}"),
        What::Idle => format!("no effect: {detail}"),
        What::End => format!("over: {detail}"),
        What::Crash => but("crashes"),
        What::Flap => format!("flaps: {detail}"),
        What::Phase => format!("the phase of {detail} begins"),
    }
}

/// A detail as a person would write it: without the doubled name of a variant that wraps a struct of its own name,
/// doubled spaces, and ratios of astronomical numbers.
fn tidied(detail: &str) -> String {
    let detail = match detail.split_once('(') {
        Some((name, rest)) if rest.starts_with(&format!("{name} {{")) => rest.strip_suffix(')').unwrap_or(rest),
        _ => detail,
    };
    let words = detail.split(' ').filter(|word| !word.is_empty());
    words.map(|word| percentage(word).unwrap_or_else(|| word.to_owned())).collect::<Vec<String>>().join(" ")
}

fn percentage(word: &str) -> Option<String> {
    let (hits, of) = word.split_once('/')?;
    let (hits, of): (u64, u64) = (hits.parse().ok()?, of.parse().ok()?);
    (of > 0).then(|| format!("{:.1}%", hits as f64 / of as f64 * 100.0))
}

/// A story as text, with the breach that it leads to.
#[must_use]
pub fn text(story: &[Told], heard: u64, violation: &Violation, ink: Ink) -> String {
    let mut sheet = Sheet::new(ink);
    sheet.raw("");
    sheet.line(Tone::Heading, "How it came about");
    let told = count(story.len() as u64);
    let line = format!("  {told} of {} records: what struck, what was reported, and what was done last", count(heard));
    sheet.raw(&ink.paint(Tone::Aside, &line));
    for told in story {
        let struck = ["fault ", "crashes", "refuses"].iter().any(|word| told.text.starts_with(word));
        let tone = if struck { Tone::Odd } else { Tone::Plain };
        sheet.raw(&ink.paint(tone, &set(&clock(told.at), &told.on, &told.text)));
    }
    let nodes = &violation.evidence.nodes;
    let node = if nodes.len() == 1 { nodes[0].to_string() } else { String::new() };
    let line = set(&clock(violation.at), &node, &format!("BROKEN: {}", violation.property));
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
        Record { at: Time(ms * 1_000_000), what, on: on.to_owned(), peer, detail: detail.to_owned(), message: None }
    }

    #[test]
    fn heartbeats_do_not_crowd_out_what_matters() {
        let mut listener = Listener::new(&[NodeId(1)], &["elected"], &[]);
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
        assert_eq!((texts[3], story.len()), ("hears from n9 (1,000 like it in a row): Heartbeat", 4));
        assert_eq!(story[2].line, 4);
    }

    #[test]
    fn what_is_reported_all_the_time_is_told_once() {
        let mut listener = Listener::new(&[NodeId(1)], &["asked"], &[]);
        for n in 0..100 {
            listener.hear(&record(n, What::Fact, "n1", "Asked"));
            listener.hear(&record(n, What::Fact, "n2", "Asked"));
        }
        assert_eq!(listener.story().len(), 1);
    }

    #[test]
    fn details_are_tidied() {
        assert_eq!(tidied("Append(Append { term: 1 })"), "Append { term: 1 }");
        assert_eq!(tidied("loss-3 307451598623/1099511627776 on {n0}  for 1ms"), "loss-3 28.0% on {n0} for 1ms");
        assert_eq!(tidied("Vote { term: 2 }"), "Vote { term: 2 }");
    }

    #[test]
    fn an_instant_is_cut_and_not_rounded() {
        assert_eq!(clock(Time(1_999_999_999)), "1.999999s");
    }
}
