//! Clusters in the simulator, with every invariant on: what clients are told, and what they may conclude.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::*;
use crate::check::history::{Answer as Ended, History, Operation};
use crate::lab::{self, Lab, SimOf};
use crate::rng::Seed;
use crate::scenario::Document;
use crate::sim::What;
use crate::time::Time;
use crate::turn::Input;

const DEFAULT: &str = include_str!("../../../../scenarios/raft/default.json");

const LEASES: &str = include_str!("../../../../scenarios/raft/lease-reads.json");

/// A run, and what nodes told clients in it.
pub(super) struct Cluster {
    pub(super) sim: SimOf<Raft>,
    told: Rc<RefCell<BTreeMap<String, Vec<String>>>>,
}

impl Cluster {
    pub(super) fn new(scenario: &str, seed: u64) -> Self {
        let document = Document::parse(scenario).unwrap_or_else(|error| panic!("{error}"));
        let (scenario, plan) = lab::prepare(Lab::<Raft>::NEW, &document, Seed(seed)).unwrap();
        let mut sim = lab::sim::<Raft>(&scenario, plan).unwrap();
        let told: Rc<RefCell<BTreeMap<String, Vec<String>>>> = Rc::default();
        let book = Rc::clone(&told);
        sim.trace_to(Box::new(move |record| {
            if let (What::Reply, true, Some((id, reply))) =
                (record.what, record.on.starts_with('n'), record.detail.split_once(' '))
            {
                book.borrow_mut().entry(id.to_owned()).or_default().push(reply.to_owned());
            }
        }));
        Self { sim, told }
    }

    /// Nothing goes wrong but what the timeline says, and nobody asks but the test.
    pub(super) fn quiet(nodes: u32, params: &str, timeline: &str) -> Self {
        let scenario = format!(
            r#"{{
                "seedstorm": 1, "protocol": "raft", "nodes": {nodes}, "params": {{ {params} }},
                "network": {{ "latency": ["1ms", "10ms"] }}, "disk": {{ "sync": "2ms" }},
                "faults": {{ "timeline": [ {timeline} ] }}, "run_for": "30s", "settle": "0s"
            }}"#
        );
        Self::new(&scenario, 1)
    }

    pub(super) fn run_until(&mut self, ms: u64) {
        self.sim.run_until(Time::ZERO + Span::ms(ms));
        assert_eq!(self.sim.violation(), None);
    }

    pub(super) fn leader(&self) -> NodeId {
        self.sim.leader().expect("there is a leader").0
    }

    pub(super) fn ask(&mut self, node: NodeId, n: u64, op: impl Into<Request>) {
        self.sim.inject(node, Input::Request { id: id(n), op: op.into() });
    }

    pub(super) fn told(&self, n: u64) -> Vec<Reply> {
        let told = self.told.borrow();
        let parse = |text: &String| match text.as_str() {
            "Busy" => Reply::Busy,
            "Answer(Done)" => Reply::Answer(Answer::Done),
            "Answer(Length(1))" => Reply::Answer(Answer::Length(1)),
            "Answer(Value(None))" => Reply::Answer(Answer::Value(None)),
            "Answer(Value(Some(\"a\")))" => value("a"),
            other if other.starts_with("Refused(") => Reply::Refused("…"),
            other => {
                let node = other.strip_prefix("Redirect(n").and_then(|rest| rest.strip_suffix(')'));
                Reply::Redirect(NodeId(node.and_then(|node| node.parse().ok()).unwrap_or_else(|| panic!("{other}"))))
            }
        };
        told.get(&id(n).to_string()).map_or_else(Vec::new, |told| told.iter().map(parse).collect())
    }
}

fn value(text: &str) -> Reply {
    Reply::Answer(Answer::Value(Some(text.into())))
}

pub(super) fn put(text: &str) -> Op {
    Op::Put(Key(0), text.into())
}

/// Of three nodes, cuts one off.
fn alone(node: NodeId, at: &str, lasts: &str) -> String {
    let (one, others) = (node.0, format!("[{}, {}]", (node.0 + 1) % 3, (node.0 + 2) % 3));
    let cut = format!(r#"[{{ "from": [{one}], "to": {others} }}, {{ "from": {others}, "to": [{one}] }}]"#);
    let links = format!(r#"{{ "shape": "all", "cut": {cut} }}"#);
    format!(
        r#"{{ "id": "alone", "at": "{at}", "lasts": "{lasts}", "who": {one}, "kind": {{ "partition": {{ "links": {links} }} }} }}"#
    )
}

/// Who leads such a cluster after a second, if nothing goes wrong.
fn first_leader(params: &str) -> NodeId {
    let mut cluster = Cluster::quiet(3, params, "");
    cluster.run_until(1_000);
    cluster.leader()
}

#[test]
fn elects_one_leader_and_replicates() {
    let mut cluster = Cluster::quiet(5, "", "");
    cluster.run_until(1_000);
    cluster.ask(cluster.leader(), 1, put("a"));
    cluster.run_until(2_000);
    assert_eq!(cluster.told(1), [Reply::Answer(Answer::Done)]);
    let holds = |node: u32| cluster.sim.node(NodeId(node)).unwrap().machine().get(Key(0));
    assert!((0..5).all(|node| holds(node) == Some("a".into())));
}

#[test]
fn a_single_node_serves_alone() {
    let mut cluster = Cluster::quiet(1, r#""no_op": false"#, "");
    cluster.run_until(1_000);
    cluster.ask(NodeId(0), 1, Op::Get(Key(0)));
    cluster.ask(NodeId(0), 2, put("a"));
    cluster.run_until(1_100);
    cluster.ask(NodeId(0), 3, Op::Get(Key(0)));
    cluster.run_until(1_200);
    assert_eq!(cluster.told(1), [Reply::Answer(Answer::Value(None))]);
    assert_eq!(cluster.told(3), [value("a")]);
}

#[test]
fn a_follower_names_the_leader_and_a_repeated_command_takes_effect_once() {
    let mut cluster = Cluster::quiet(3, "", "");
    cluster.run_until(1_000);
    let leader = cluster.leader();
    cluster.ask(NodeId((leader.0 + 1) % 3), 1, put("a"));
    assert_eq!(cluster.told(1), [Reply::Redirect(leader)]);
    for time in 1..=3 {
        cluster.ask(leader, 2, Op::Append(Key(0), "x".into()));
        cluster.run_until(1_000 + 100 * time);
    }
    assert_eq!(cluster.told(2), vec![Reply::Answer(Answer::Length(1)); 3]);
}

#[test]
fn everything_survives_a_restart_of_all() {
    let all = r#"{ "id": "dark", "at": "2s", "lasts": "100ms", "who": [0, 1, 2], "kind": { "power": {} } }"#;
    let mut cluster = Cluster::quiet(3, "", all);
    cluster.run_until(1_000);
    cluster.ask(cluster.leader(), 1, put("a"));
    cluster.run_until(4_000);
    cluster.ask(cluster.leader(), 2, Op::Get(Key(0)));
    cluster.run_until(5_000);
    assert_eq!(cluster.told(2), [value("a")]);
    assert!((0..3).all(|node| cluster.sim.life(NodeId(node)) == 2));
}

#[test]
fn a_leader_alone_steps_down_and_sends_its_reads_away() {
    let leader = first_leader("");
    let mut cluster = Cluster::quiet(3, "", &alone(leader, "1s", "10s"));
    cluster.run_until(1_000);
    assert_eq!(cluster.leader(), leader);
    cluster.ask(leader, 1, Op::Get(Key(0)));
    cluster.ask(leader, 2, put("lost?"));
    cluster.run_until(2_000);
    assert_eq!(cluster.told(1), [Reply::Busy]);
    assert_eq!(cluster.told(2), [], "it may yet be committed by another");
    assert_ne!(cluster.leader(), leader);
    let facts = cluster.sim.outcome().facts;
    assert!(["quorum_lost", "stepped_down"].iter().all(|kind| facts.iter().any(|(fact, _)| fact == kind)));
}

#[test]
fn with_pre_vote_an_isolated_node_returns_without_disturbing() {
    for pre_vote in [true, false] {
        let params = format!(r#""pre_vote": {pre_vote}"#);
        let leader = first_leader(&params);
        let mut cluster = Cluster::quiet(3, &params, &alone(NodeId((leader.0 + 1) % 3), "1s", "3s"));
        cluster.run_until(1_000);
        let before = cluster.sim.leader();
        cluster.run_until(6_000);
        let epoch = |leader: Option<(NodeId, Glance)>| leader.map(|(node, glance)| (node, glance.epoch));
        assert_eq!(epoch(cluster.sim.leader()) == epoch(before), pre_vote);
    }
}

type Asked = Operation<Request, Reply>;

/// When an operation that changed its key was known to have done so.
fn changed(operation: &Asked) -> Option<Time> {
    let changes = match &operation.reply {
        Some(Reply::Answer(Answer::Done | Answer::Length(_) | Answer::Swapped)) => !operation.op.is_read(),
        _ => false,
    };
    operation.returned.filter(|&(_, ended)| changes && ended == Ended::Ok).map(|(at, _)| at)
}

/// The operation that wrote a value, or its last piece: values name their authors.
fn author<'a>(history: &'a History<Request, Reply>, value: &str) -> Option<&'a Asked> {
    let name = value.rsplit('+').next()?;
    history.operations.iter().find(|operation| operation.id.to_string() == name)
}

/// A read that shows what was overwritten before it was asked for, or what nobody had asked for yet.
fn wrong_read(history: &History<Request, Reply>) -> Option<OpId> {
    let is_wrong = |read: &&Asked| {
        let Some(Reply::Answer(Answer::Value(shown))) = &read.reply else { return false };
        let author = shown.as_ref().and_then(|value| author(history, value.text()));
        let written = |author: &Asked| changed(author).unwrap_or(Time::MAX);
        let overwritten = history.operations.iter().any(|other| {
            other.op.op().map(Op::key) == read.op.op().map(Op::key)
                && changed(other).is_some_and(|at| at < read.invoked)
                && author.is_none_or(|author| author.id != other.id && written(author) < other.invoked)
        });
        let early = author.is_some_and(|author| read.returned.is_some_and(|(at, _)| at < author.invoked));
        overwritten || early
    };
    history.operations.iter().find(is_wrong).map(|read| read.id)
}

/// The first thing that clients of a run must not have seen.
pub(super) fn wrong(cluster: &Cluster) -> Option<String> {
    if let Some(read) = wrong_read(cluster.sim.history()) {
        return Some(format!("{read} read what was not there"));
    }
    let told = cluster.told.borrow();
    let writes = cluster.sim.history().operations.iter().filter(|operation| !operation.op.is_read());
    writes.map(|operation| operation.id.to_string()).find_map(|id| {
        let answers: BTreeSet<_> = told.get(&id)?.iter().filter(|reply| reply.starts_with("Answer")).collect();
        (answers.len() > 1).then(|| format!("{id} was answered {answers:?}"))
    })
}

#[test]
fn reads_are_fresh_and_repeated_writes_are_answered_alike_in_storms() {
    let (from, to) = (r#""reads": { "one_of": [0, 0, 0, 4] }"#, r#""reads": 10"#);
    assert!(DEFAULT.contains(from));
    let (by_round, mut seen, mut reads) = (DEFAULT.replace(from, to), BTreeSet::new(), 0);
    let by_lease = LEASES.to_owned();
    for (scenario, seed) in (0..150).map(|seed| (&by_round, seed)).chain((0..50).map(|seed| (&by_lease, seed))) {
        let mut cluster = Cluster::new(scenario, seed);
        while cluster.sim.step() {}
        let outcome = cluster.sim.outcome();
        assert_eq!((outcome.violation, wrong(&cluster)), (None, None), "seed {seed}");
        seen.extend(outcome.facts.into_iter().filter(|&(_, count)| count > 0).map(|(kind, _)| kind));
        reads += cluster.sim.history().operations.iter().filter(|operation| operation.op.is_read()).count();
    }
    assert!(reads > 1_000, "{reads} reads");
    for kind in ["stepped_down", "quorum_lost", "truncated", "read_confirmed", "redirected", "deduplicated"] {
        assert!(seen.contains(kind), "{kind} was never seen: {seen:?}");
    }
}

#[test]
fn a_stale_read_and_one_from_the_future_are_wrong() {
    let asked = |client: u32, n: u64, op: Op, from: u64, until: u64, answer: Answer| Operation {
        id: OpId { client: ClientId(client), n },
        process: client.into(),
        op: op.into(),
        invoked: Time(from),
        returned: Some((Time(until), Ended::Ok)),
        reply: Some(Reply::Answer(answer)),
    };
    let reads = |from: u64, until: u64, shown: Option<&str>| {
        let first = asked(0, 1, put("c0#1"), 10, 20, Answer::Done);
        let second = asked(0, 2, Op::Append(Key(0), "+c0#2".into()), 30, 40, Answer::Length(9));
        let read = asked(1, 1, Op::Get(Key(0)), from, until, Answer::Value(shown.map(Into::into)));
        wrong_read(&History { operations: vec![first, second, read], moments: Vec::new() }).is_some()
    };
    assert!(!reads(25, 26, Some("c0#1")) && !reads(35, 50, Some("c0#1")), "nothing else was there for sure");
    assert!(!reads(41, 42, Some("c0#1+c0#2")) && !reads(5, 15, None));
    assert!(reads(41, 42, Some("c0#1")) && reads(21, 22, None), "overwritten");
    assert!(reads(21, 22, Some("c0#1+c0#2")), "nobody had asked for it");
}
