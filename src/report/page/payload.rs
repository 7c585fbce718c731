//! What a page holds of its run, for the script in it: numbers in columns, and each text once.

use std::collections::BTreeMap;
use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use serde::Serialize;

use super::Page;
use super::recorder::Recorder;
use super::states::Patch;
use crate::check::Violation;
use crate::fault::{Entry, Who};
use crate::ids::NodeSet;
use crate::process::Cast;
use crate::sim::{Record, What};

/// The longest text of a record.
const LONGEST: usize = 4_000;

/// Everything.
#[derive(Debug, Serialize)]
pub(super) struct Payload<'a> {
    lanes: Vec<Lane<'a>>,
    /// What records can be about, by number.
    whats: Vec<String>,
    texts: Vec<String>,
    events: Events,
    nodes: Vec<Node<'a>>,
    faults: Vec<Fault<'a>>,
    /// The role of which there is one.
    leader: Option<&'static str>,
    /// When the run ended, in nanoseconds.
    end: u64,
    violation: Option<Broken<'a>>,
    /// The command that runs it again, without what is behind `--until`.
    replay: &'a str,
    /// How many records of the run there are, and how many of them came before those that are here.
    heard: u64,
    omitted: u64,
}

#[derive(Debug, Serialize)]
struct Lane<'a> {
    name: String,
    /// Of a node, its group.
    group: &'a str,
    is_client: bool,
}

/// Records, a column each: the times since the one before in nanoseconds, what, the lanes (-1 for none), texts and
/// messages (-1 for none). An arrival has the text of its sending.
#[derive(Debug, Default, Serialize)]
struct Events {
    place: Vec<u64>,
    at: Vec<u64>,
    what: Vec<u8>,
    lane: Vec<i32>,
    peer: Vec<i32>,
    text: Vec<i32>,
    message: Vec<i64>,
}

/// From which record and instant on, which role and epoch; nothing while it is down.
type Was = (u64, u64, Option<(&'static str, u64)>);

/// What a node was.
#[derive(Debug, Serialize)]
struct Node<'a> {
    lane: usize,
    briefs: Vec<Was>,
    pieces: &'a [String],
    base: &'a [u32],
    changes: Vec<(u64, &'a [Patch])>,
    /// How many turns there were of which no state was kept.
    passed: u64,
}

/// An entry of the plan that came about.
#[derive(Debug, Serialize)]
struct Fault<'a> {
    id: &'a str,
    kind: &'static str,
    /// The lanes that it is about.
    lanes: Vec<usize>,
    /// The links that it is about.
    links: Vec<[Vec<usize>; 2]>,
}

#[derive(Debug, Serialize)]
struct Broken<'a> {
    property: &'a str,
    at: u64,
    lanes: Vec<usize>,
}

/// The names of lanes, and their places.
struct Names(BTreeMap<String, usize>);

impl Names {
    fn place(&self, name: &str) -> i32 {
        self.0.get(name).and_then(|&place| i32::try_from(place).ok()).unwrap_or(-1)
    }

    fn of(&self, nodes: &NodeSet) -> Vec<usize> {
        nodes.iter().filter_map(|node| self.0.get(&node.to_string()).copied()).collect()
    }
}

impl<'a> Payload<'a> {
    pub(super) fn new(recorder: &'a Recorder, page: &'a Page<'a>) -> Self {
        let &Page { cast, outcome, replay, run, .. } = page;
        let lanes = lanes(recorder, cast);
        let names = Names(lanes.iter().enumerate().map(|(place, lane)| (lane.name.clone(), place)).collect());
        let mut texts = Texts::default();
        let mut whats = Texts::default();
        let records = || recorder.early.iter().chain(&recorder.records);
        let events = Events::of(records(), &names, &mut texts, &mut whats);
        let nodes = recorder.lanes.iter().map(|node| {
            let briefs = recorder.briefs.get(&node).into_iter().flatten();
            let states = recorder.states.get(&node);
            Node {
                lane: names.0[&node.to_string()],
                briefs: briefs.map(|brief| (brief.after, brief.at.0, brief.is)).collect(),
                pieces: states.map_or(&[], |states| &states.pieces),
                base: states.map_or(&[], |states| &states.base),
                changes: states.map_or_else(Vec::new, |states| {
                    states.changes.iter().map(|(after, patches)| (*after, patches.as_slice())).collect()
                }),
                passed: states.map_or(0, |states| states.passed),
            }
        });
        let violation = outcome.violation.as_ref();
        Self {
            nodes: nodes.collect(),
            lanes,
            whats: whats.list,
            texts: texts.list,
            events,
            faults: outcome.plan.timeline.iter().map(|entry| Fault::of(entry, &names)).collect(),
            leader: run.experiment.leader(),
            end: outcome.ended_at.0,
            violation: violation.map(|violation| Broken::of(violation, &names)),
            replay,
            heard: recorder.heard,
            omitted: recorder.records.front().map_or(recorder.heard, |(place, _)| *place),
        }
    }

    /// All of it as text: JSON, deflated, in base 64.
    pub(super) fn packed(&self) -> io::Result<String> {
        let mut deflate = DeflateEncoder::new(Vec::new(), Compression::new(7));
        // At once: of many small pieces each would cost as much as a large one.
        deflate.write_all(&serde_json::to_vec(self)?)?;
        Ok(STANDARD.encode(deflate.finish()?))
    }
}

/// Nodes by their numbers, then clients by theirs.
fn lanes<'a>(recorder: &Recorder, cast: &'a Cast) -> Vec<Lane<'a>> {
    let node = |node: crate::ids::NodeId| {
        let group = cast.groups().iter().find(|group| (group.members.start..group.spares.end).contains(&node.0));
        Lane { name: node.to_string(), group: group.map_or("", |group| &group.name), is_client: false }
    };
    let mut clients: Vec<(u32, String)> = Vec::new();
    for (_, record) in recorder.early.iter().chain(&recorder.records) {
        let number = record.on.strip_prefix('c').and_then(|number| number.parse().ok());
        if let Some(number) = number
            && !clients.iter().any(|(known, _)| *known == number)
        {
            clients.push((number, record.on.clone()));
        }
    }
    clients.sort_unstable();
    let client = |(_, name)| Lane { name, group: "client", is_client: true };
    recorder.lanes.iter().map(node).chain(clients.into_iter().map(client)).collect()
}

/// Texts by number.
#[derive(Debug, Default)]
struct Texts {
    list: Vec<String>,
    numbers: BTreeMap<String, i32>,
}

impl Texts {
    fn number(&mut self, text: &str) -> i32 {
        if text.is_empty() {
            return -1;
        }
        let short = text.char_indices().nth(LONGEST).map(|(end, _)| format!("{}… (cut)", &text[..end]));
        let text = short.as_deref().unwrap_or(text);
        if let Some(&number) = self.numbers.get(text) {
            return number;
        }
        let number = i32::try_from(self.list.len()).unwrap_or(-1);
        self.list.push(text.to_owned());
        self.numbers.insert(text.to_owned(), number);
        number
    }
}

impl Events {
    fn of<'a>(
        records: impl Iterator<Item = &'a (u64, Record)>,
        names: &Names,
        texts: &mut Texts,
        whats: &mut Texts,
    ) -> Self {
        let mut events = Self::default();
        let (mut now, mut place) = (0, 0);
        // What was sent says what arrives.
        let mut sent: BTreeMap<u64, i32> = BTreeMap::new();
        let mut said = -1;
        for (number, record) in records {
            let text = texts.number(&record.detail);
            let at_client = record.on.starts_with('c');
            let known = record.message.and_then(|message| match record.what {
                What::Deliver | What::Request => sent.remove(&message),
                What::Reply if at_client => sent.remove(&message),
                What::Send | What::Invoke | What::Reply => sent.insert(message, text).and(None),
                What::Twice => sent.insert(message, said).and(None),
                _ => None,
            });
            said = text;
            events.place.push(*number - place);
            events.at.push(record.at.0 - now);
            events.what.push(u8::try_from(whats.number(&what(record.what))).unwrap_or(0));
            events.lane.push(names.place(&record.on));
            events.peer.push(names.place(&record.peer));
            events.text.push(if known == Some(text) { -1 } else { text });
            events.message.push(record.message.and_then(|number| i64::try_from(number).ok()).unwrap_or(-1));
            (now, place) = (record.at.0, *number);
        }
        events
    }
}

fn what(what: What) -> String {
    let name = serde_json::to_value(what).ok();
    name.and_then(|name| Some(name.as_str()?.to_owned())).unwrap_or_default()
}

impl<'a> Fault<'a> {
    fn of(entry: &'a Entry, names: &Names) -> Self {
        let about = if let Who::Nodes(nodes) = &entry.who { names.of(nodes) } else { Vec::new() };
        let links = entry.kind.links().into_iter().flat_map(|links| &links.cut);
        Self {
            id: &entry.id,
            kind: entry.kind.kind().name(),
            lanes: about,
            links: links.map(|cut| [&cut.from, &cut.to].map(|nodes| names.of(nodes))).collect(),
        }
    }
}

impl<'a> Broken<'a> {
    fn of(violation: &'a Violation, names: &Names) -> Self {
        let nodes = violation.evidence.nodes.iter().copied().collect();
        Self { property: &violation.property, at: violation.at.0, lanes: names.of(&nodes) }
    }
}
