//! Invariants bite: with a mistake planted, a property that it names is found broken, and by the same seeds the
//! correct code is clean.
//!
//! What breaks safety is found by the default profile, among seeds that start at 0; the seeds kept here are some
//! that did. What breaks liveness has small scenarios of its own, with a timeline instead of drawn faults.

use seedstorm::lab::{BUILT_IN, Check, Experiment, Failed, Tally};
use seedstorm::protocol::Bug;
use seedstorm::scenario::Document;

const DEFAULT: &str = include_str!("../scenarios/raft/default.json");

/// A mistake, a seed of the default profile that shows it, and the property that breaks first.
const KEPT: &[(&str, u64, &str)] = &[
    ("vote-amnesia", 14, "one_vote_per_term"),
    ("commit-old-term", 91, "leader_completeness"),
    ("no-log-check", 0, "leader_completeness"),
    ("no-log-check", 175, "state_machine_safety"),
    ("no-log-check", 232, "committed_durable"),
    ("length-only-check", 8, "leader_completeness"),
    ("duplicate-votes", 23, "election_safety"),
    ("duplicate-votes", 9, "leader_completeness"),
    ("truncate-always", 0, "monotone_terms"),
    ("truncate-always", 6, "committed_durable"),
    ("truncate-always", 663, "replicas_equal"),
    ("commit-clamp", 7, "state_machine_safety"),
    ("small-quorum", 1, "committed_durable"),
    ("small-quorum", 5, "leader_completeness"),
    ("small-quorum", 566, "state_machine_safety"),
    ("ack-before-sync", 6, "committed_durable"),
    ("ack-before-sync", 468, "leader_completeness"),
];

/// These show only where no fault is drawn and the rest is set up for them: see the tests below.
const OF_LIVENESS: &[&str] = &["no-pre-vote", "no-check-quorum", "no-randomness"];

fn raft() -> &'static dyn Experiment {
    *BUILT_IN.iter().find(|experiment| experiment.name() == "raft").unwrap()
}

fn check(scenario: &str, bug: Option<&str>) -> Check {
    let planted = bug.map_or_else(String::new, |bug| format!("\"bug\": {bug:?},"));
    let text = scenario.replacen('{', &format!("{{ {planted}"), 1);
    let document = Document::parse(&text).unwrap_or_else(|error| panic!("{error}"));
    Check::new(raft(), document).unwrap_or_else(|error| panic!("{error}"))
}

fn property(failed: &Failed) -> String {
    failed.violation.as_ref().map_or_else(|| format!("{:?}", failed.ending), |broken| broken.property.clone())
}

/// The properties that broke under these seeds.
fn broken(tally: &Tally) -> Vec<String> {
    tally.failed.iter().map(property).collect()
}

fn of_safety() -> impl Iterator<Item = &'static Bug> {
    raft().bugs().iter().filter(|bug| !OF_LIVENESS.contains(&bug.name))
}

#[test]
fn each_kept_seed_shows_its_mistake_and_is_clean_without_it() {
    for &(bug, seed, first) in KEPT {
        assert_eq!(broken(&check(DEFAULT, Some(bug)).from(seed).tally(1)), [first], "{bug} under seed {seed}");
        let correct = check(DEFAULT, None).from(seed).tally(1);
        assert!(correct.failed.is_empty(), "the correct code under seed {seed}: {:?}", correct.failed);
    }
}

#[test]
fn every_property_that_a_mistake_names_is_the_first_to_break_in_some_kept_seed() {
    for bug in of_safety() {
        let mut shown: Vec<&str> = KEPT.iter().filter(|kept| kept.0 == bug.name).map(|kept| kept.2).collect();
        let mut named = bug.breaks.to_vec();
        shown.sort_unstable();
        shown.dedup();
        named.sort_unstable();
        assert_eq!(shown, named, "{}", bug.name);
    }
}

/// `cargo test --release --test bites -- --ignored --nocapture`, with `SEEDS=4000` or more, prints how often each
/// mistake is found.
#[test]
#[ignore = "takes minutes; run it after a change of the default profile"]
fn planted_mistakes_are_found_within_two_thousand_seeds() {
    let seeds = std::env::var("SEEDS").map_or(4_000, |seeds| seeds.parse().expect("SEEDS is a number"));
    for bug in of_safety() {
        let tally = check(DEFAULT, Some(bug.name)).tally(seeds);
        let mut firsts: Vec<(String, u64)> = Vec::new();
        for failed in &tally.failed {
            // Some mistakes let messages multiply until the run's budget of events is spent: that is no property.
            let Some(name) = failed.violation.as_ref().map(|broken| broken.property.clone()) else { continue };
            assert!(bug.breaks.contains(&name.as_str()), "{} broke {name}, which it does not name", bug.name);
            if firsts.iter().all(|(other, _)| *other != name) {
                firsts.push((name, failed.seed.0));
            }
        }
        println!("{:<18} {:>5} of {seeds} seeds: {firsts:?}", bug.name, tally.failed.len());
        assert!(tally.failed.first().is_some_and(|failed| failed.seed.0 < 2_000), "{} was not found", bug.name);
    }
    let correct = check(DEFAULT, None).tally(seeds);
    assert!(correct.failed.is_empty(), "the correct code: {:?}", correct.failed);
}

/// Asserts what a mistake breaks under one seed of a small scenario, and that the correct code passes it.
fn bites(scenario: &str, bug: &str, seed: u64, property: &str) {
    assert!(raft().bugs().iter().any(|known| known.name == bug && known.breaks.contains(&property)));
    assert_eq!(broken(&check(scenario, Some(bug)).from(seed).tally(1)), [property], "seed {seed}");
    assert!(check(scenario, None).from(seed).tally(1).failed.is_empty(), "the correct code under seed {seed}");
}

/// Asserts that a mistake does no harm here.
fn harmless(scenario: &str, bug: &str, seeds: u64) {
    assert!(check(scenario, Some(bug)).tally(seeds).failed.is_empty(), "{bug}");
}

/// Nothing goes wrong until the heal. Then the core hears nothing from outside, or all that was to be heard.
const LEADER_OUTSIDE: &str = r#"{
    "seedstorm": 1, "protocol": "raft", "nodes": 3,
    "network": { "latency": { "constant": "2ms" } }, "disk": { "sync": "1ms" },
    "workload": { "kind": "kv", "clients": 2, "ops": 40, "keys": 2, "timeout": "200ms" },
    "run_for": "1s", "outside": "as-is"
}"#;

/// Seeds of [`LEADER_OUTSIDE`] by which the core is drawn without the leader.
const WITHOUT_LEADER: [u64; 2] = [7, 14];

#[test]
fn a_leader_that_hears_nobody_keeps_others_from_being_elected_without_check_quorum() {
    for seed in WITHOUT_LEADER {
        bites(LEADER_OUTSIDE, "no-check-quorum", seed, "convergence");
    }
    harmless(&LEADER_OUTSIDE.replace("as-is", "silent"), "no-check-quorum", 20);
}

/// From half a second on, n2 hears nobody, but is heard.
const DEAF: &str = r#"{
    "seedstorm": 1, "protocol": "raft", "nodes": 3,
    "params": { "check_quorum": false },
    "network": { "latency": { "constant": "2ms" } }, "disk": { "sync": "1ms" },
    "workload": { "kind": "kv", "clients": 2, "ops": 40, "keys": 2, "timeout": "200ms" },
    "faults": { "timeline": [ { "id": "deaf", "at": "500ms", "lasts": "1h", "who": 2, "kind": {
        "partition": { "links": { "shape": "all", "cut": [ { "from": [0, 1], "to": [2] } ] } } } } ] },
    "run_for": "2s", "outside": "as-is"
}"#;

#[test]
fn a_node_that_cannot_hear_deposes_leader_after_leader_without_pre_vote() {
    for seed in [6, 9] {
        bites(DEAF, "no-pre-vote", seed, "stable_leader");
    }
    harmless(&DEAF.replace("as-is", "silent"), "no-pre-vote", 20);
    // Nodes that hear from a leader do not listen to it.
    harmless(&DEAF.replace("\"check_quorum\": false", "\"check_quorum\": true"), "no-pre-vote", 20);
}

/// n0 starts before the others, so that it leads; then it is gone, and the others heard from it last at one instant.
const LEADER_GONE: &str = r#"{
    "seedstorm": 1, "protocol": "raft", "nodes": 5,
    "params": { "pre_vote": false },
    "network": { "latency": { "constant": "5ms" } }, "disk": { "sync": "1ms" },
    "workload": { "kind": "kv", "clients": 2, "ops": 40, "keys": 2, "timeout": "200ms" },
    "faults": { "timeline": [
        { "id": "late", "at": "0ms", "lasts": "60ms", "who": [1, 2, 3, 4], "kind": { "kill": {} } },
        { "id": "gone", "at": "990ms", "who": 0, "kind": { "retire": {} } }
    ] },
    "run_for": "1s"
}"#;

#[test]
fn without_randomness_votes_are_split_for_ever() {
    for seed in [0, 1] {
        bites(LEADER_GONE, "no-randomness", seed, "convergence");
    }
    // Where delays vary, pre-vote lets the first of them through.
    let varied = LEADER_GONE.replace("{ \"constant\": \"5ms\" }", "[\"1ms\", \"10ms\"]");
    harmless(&varied.replace("\"pre_vote\": false", "\"pre_vote\": true"), "no-randomness", 20);
}
