//! The same binary, scenario and seed give the same run, event for event: in debug and release, in this process
//! and in others, on this machine and the next. These digests are pinned; a change that moves them on purpose
//! says why, and rewrites them with `INSTA_UPDATE=always cargo test --test digests`.

use std::fmt::Write;
use std::path::Path;

use seedstorm::lab::{BUILT_IN, Look, admit, prepare};
use seedstorm::rng::Seed;
use seedstorm::scenario::Document;

const SCENARIOS: &[&str] = &[
    "heartbeat/active",
    "heartbeat/compare-swim",
    "heartbeat/estimated",
    "heartbeat/hybrid",
    "heartbeat/passive",
    "heartbeat/phi",
    "heartbeat/ring",
    "heartbeat/swarm-phi-exponential",
    "heartbeat/swim",
    "heartbeat/swim-partitions",
    "heartbeat/swim-swarm",
    "multi_paxos/calm",
    "multi_paxos/crashes",
    "multi_paxos/flapping",
    "multi_paxos/gaps",
    "multi_paxos/swarm",
    "paxos/calm",
    "paxos/crashes",
    "paxos/duels",
    "paxos/partitions",
    "paxos/swarm",
    "raft/calm",
    "raft/crashes",
    "raft/drifting-clocks",
    "raft/flapping",
    "raft/one-way",
    "raft/slow-and-paused",
    "raft/swarm",
    "three_phase/calm",
    "three_phase/crashes",
    "three_phase/partition",
    "three_phase/swarm",
    "three_phase/tight",
    "two_phase/blocking",
    "two_phase/calm",
    "two_phase/coordinator-crashes",
    "two_phase/partitions",
    "two_phase/swarm",
];

fn digest(scenario: &str, seed: u64) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("scenarios/{scenario}.json"));
    let document = Document::load(&file).unwrap_or_else(|error| panic!("{error}"));
    let experiment = admit(BUILT_IN, &document).unwrap_or_else(|error| panic!("{error}"));
    let (scenario, plan) = prepare(experiment, &document, Seed(seed)).unwrap_or_else(|error| panic!("{error}"));
    let shown = experiment.run(&scenario, plan, Look::default()).unwrap_or_else(|error| panic!("{error}"));
    format!("{} {} events", shown.outcome.digest, shown.outcome.events)
}

#[test]
fn digests_are_pinned() {
    let mut lines = String::new();
    for scenario in SCENARIOS {
        for seed in [1, 42] {
            writeln!(lines, "{scenario} seed {seed}: {}", digest(scenario, seed)).unwrap();
        }
    }
    insta::assert_snapshot!(lines);
}

#[test]
fn a_second_run_in_the_same_process_is_equal() {
    assert_eq!(digest("raft/swarm", 7), digest("raft/swarm", 7));
    assert_ne!(digest("raft/swarm", 7), digest("raft/swarm", 8));
}
