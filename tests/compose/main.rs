//! Composition: a lock service with a Raft node inside each of its own. Raft runs unchanged, and its invariants are
//! reused by projection.

mod lock;

use lock::{LockService, OneOwner};
use seedstorm::campaign::{Check, Tally};
use seedstorm::check::{Property, PropertyInfo};
use seedstorm::lab::{self, Lab, SimOf};
use seedstorm::process::NodeId;
use seedstorm::protocol::Protocol;
use seedstorm::protocol::raft::Raft;
use seedstorm::rng::Seed;
use seedstorm::scenario::Document;
use seedstorm::sim::PropertyLine;
use seedstorm::time::Time;

const STORMS: &str = include_str!("storms.json");

const CALM: &str = r#"{
  "seedstorm": 1,
  "protocol": "lock-service",
  "nodes": 3,
  "network":  { "latency": ["1ms", "5ms"] },
  "disk":     { "sync": "1ms" },
  "workload": { "clients": 3, "ops": 300, "timeout": "300ms" },
  "run_for": "10s"
}"#;

fn tally(scenario: &str, bug: Option<&str>, seeds: u64) -> Tally {
    let planted = bug.map_or_else(String::new, |bug| format!("\"bug\": {bug:?},"));
    let document = Document::parse(&scenario.replacen('{', &format!("{{ {planted}"), 1));
    let document = document.unwrap_or_else(|error| panic!("{error}"));
    Check::new(Lab::<LockService>::NEW, document).unwrap_or_else(|error| panic!("{error}")).tally(seeds)
}

/// What broke, each property once.
fn broken(tally: &Tally) -> Vec<&str> {
    tally.by_name().into_keys().collect()
}

fn sim(scenario: &str, seed: u64) -> SimOf<LockService> {
    let document = Document::parse(scenario).unwrap();
    let (scenario, plan) = lab::prepare(Lab::<LockService>::NEW, &document, Seed(seed)).unwrap();
    lab::sim::<LockService>(&scenario, plan).unwrap()
}

#[test]
fn both_layers_keep_their_promises_in_storms() {
    let tally = tally(STORMS, None, 300);
    assert!(tally.findings.is_empty(), "{}", tally.findings[0]);
    assert_eq!((tally.runs, tally.empty, tally.excused), (300, 0, 0));
}

/// `cargo test --release --test compose -- --ignored` is the long campaign.
#[test]
#[ignore = "takes minutes; run it before a release"]
fn both_layers_keep_their_promises_under_many_seeds() {
    let tally = tally(STORMS, None, 20_000);
    assert!(tally.findings.is_empty(), "{}", tally.findings[0]);
}

#[test]
fn a_mistake_of_the_service_is_found_by_its_own_invariant() {
    let tally = tally(CALM, Some(lock::HASTY.name), 20);
    assert_eq!(broken(&tally), [<OneOwner as Property<LockService>>::NAME]);
}

#[test]
fn a_mistake_of_raft_is_found_by_raft_s_invariants_inside_the_service() {
    let bug = Raft::BUGS.iter().find(|bug| bug.name == "no-log-check").unwrap();
    let tally = tally(STORMS, Some(bug.name), 300);
    let broken = broken(&tally);
    assert!(!broken.is_empty(), "it was not found");
    assert!(broken.iter().all(|property| bug.breaks.contains(property)), "{broken:?}");
}

#[test]
fn every_invariant_of_raft_is_there_and_looked() {
    let known: Vec<PropertyInfo> = Lab::<LockService>::NEW.properties();
    // What clients saw is the service's matter, whose clients ask for locks.
    let of_nodes = |info: &PropertyInfo| !["linearizable", "session_order"].contains(&info.name);
    let of_raft: Vec<PropertyInfo> = Lab::<Raft>::NEW.properties().into_iter().filter(of_nodes).collect();
    assert_eq!(known[..of_raft.len()], of_raft[..]);
    let mut sim = sim(STORMS, 0);
    while sim.step() {}
    let outcome = sim.outcome();
    let looked = |line: &PropertyLine| line.evaluated > 0 || !line.info.after.is_empty();
    assert!(outcome.properties.iter().all(looked), "{:?}", outcome.properties);
}

/// Tickets are shared: what the journal holds is what clients were granted, beside Raft's own records.
#[test]
fn both_layers_write_to_one_disk() {
    let mut sim = sim(CALM, 0);
    sim.run_until(Time(8_000_000_000));
    let (leader, _) = sim.leader().expect("there is a leader");
    let node = sim.node(leader).unwrap();
    let disk = sim.disk(leader);
    assert!(disk.journal.len() > 20);
    assert_eq!(disk.raft.log.last(), node.inner().log().last());
    assert!((0..3).map(NodeId).all(|other| other == leader || sim.disk(other).journal.is_empty()));
}
