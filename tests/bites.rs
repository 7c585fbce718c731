//! Invariants bite: with a mistake planted, a property that it names is found broken, and by the same seeds the
//! correct code is clean.
//!
//! What breaks safety is found by the default profile, among seeds that start at 0; the seeds kept here are some
//! that did, at least one for every property that a mistake names. What every one of the invariants says to nodes made
//! by hand is tested beside them. What breaks liveness has small scenarios of its own, with a timeline instead of drawn faults.

use seedstorm::lab::{BUILT_IN, Check, Experiment, Failed, Tally};
use seedstorm::protocol::Bug;
use seedstorm::scenario::Document;

const DEFAULT: &str = include_str!("../scenarios/raft/default.json");

/// A mistake, a seed of the default profile that shows it, and the property that breaks first.
const KEPT: &[(&str, u64, &str)] = &[
    ("vote-amnesia", 4, "one_vote_per_term"),
    ("commit-old-term", 571, "leader_completeness"),
    ("no-log-check", 1, "leader_completeness"),
    ("no-log-check", 12_076, "committed_durable"),
    ("length-only-check", 71, "leader_completeness"),
    ("duplicate-votes", 45, "election_safety"),
    ("duplicate-votes", 9, "leader_completeness"),
    ("truncate-always", 6, "monotone_terms"),
    ("truncate-always", 12, "committed_durable"),
    ("truncate-always", 76, "replicas_equal"),
    ("truncate-always", 306, "leader_completeness"),
    ("commit-clamp", 47, "state_machine_safety"),
    ("small-quorum", 0, "committed_durable"),
    ("small-quorum", 630, "leader_completeness"),
    ("ack-before-sync", 0, "committed_durable"),
];

/// Within how many seeds of the default profile, from 0 on, each mistake breaks a property that it names: about five
/// times as many as it takes on average, so that the sweep below tells whether the profile has become blunt. Behind
/// each, how many of the first 4,000 seeds found it, and the first that did.
const FOUND_WITHIN: &[(&str, u64)] = &[
    ("vote-amnesia", 50),       // 685, from seed 4 on
    ("commit-old-term", 4_000), // 5, from seed 571 on
    ("no-log-check", 20),       // 1,216, from seed 1 on
    ("length-only-check", 800), // 27, from seed 71 on
    ("duplicate-votes", 100),   // 191, from seed 9 on
    ("truncate-always", 20),    // 1,239, from seed 6 on
    ("commit-clamp", 250),      // 76, from seed 47 on
    ("small-quorum", 10),       // 3,795, from seed 0 on
    ("ack-before-sync", 10),    // 2,782, from seed 0 on
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

/// For each property that broke, the first seed under which it broke first, in order of these seeds.
fn firsts(tally: &Tally) -> Vec<(&str, u64)> {
    let mut firsts: Vec<(&str, u64)> = Vec::new();
    // Some mistakes let messages multiply until the run's budget of events is spent: that breaks no property.
    let broken = tally.failed.iter().filter_map(|failed| Some((&*failed.violation.as_ref()?.property, failed.seed.0)));
    for (property, seed) in broken {
        if firsts.iter().all(|&(known, _)| known != property) {
            firsts.push((property, seed));
        }
    }
    firsts
}

/// `cargo test --release --test bites -- --ignored --nocapture` prints how often each mistake is found and under which
/// seeds first. `SEEDS` says how many there are, if not 4,000.
#[test]
#[ignore = "takes minutes; run it after a change of the default profile"]
fn planted_mistakes_are_found_within_the_stated_number_of_seeds() {
    let seeds = std::env::var("SEEDS").map_or(4_000, |seeds| seeds.parse().expect("SEEDS is a number"));
    let only = std::env::var("ONLY").unwrap_or_default();
    let mut complaints = Vec::new();
    for bug in of_safety().filter(|bug| bug.name.contains(&only)) {
        let tally = check(DEFAULT, Some(bug.name)).tally(seeds);
        let firsts = firsts(&tally);
        let found = tally.failed.iter().filter(|failed| failed.violation.is_some()).count();
        let spent = tally.failed.len() - found;
        println!("{:<18} {found:>5} of {seeds} seeds, and {spent} out of events: {firsts:?}", bug.name);
        for (property, seed) in firsts.iter().filter(|(property, _)| !bug.breaks.contains(property)) {
            complaints.push(format!("{} broke {property} under seed {seed}, which it does not name", bug.name));
        }
        let within = FOUND_WITHIN.iter().find(|(name, _)| *name == bug.name).map_or(0, |&(_, within)| within);
        if !firsts.iter().any(|&(_, seed)| seed < within) {
            complaints.push(format!("{} was not found within {within} seeds", bug.name));
        }
    }
    let correct = check(DEFAULT, None).tally(seeds);
    println!("{:<18} {:>5} of {seeds} seeds", "the correct code", correct.failed.len());
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    assert!(correct.failed.is_empty(), "the correct code: {:?}", correct.failed);
}

/// No fault is needed to see that an entry is committed before a majority has it, and no checkpoint: only that a sync
/// takes longer than a round trip may.
#[test]
fn an_acknowledgement_before_the_sync_is_seen_where_nothing_goes_wrong() {
    let calm = include_str!("../scenarios/raft/calm.json");
    let slow = calm.replace(r#""sync": "1ms""#, r#""sync": "20ms""#);
    let planted = Some("ack-before-sync");
    assert_eq!(broken(&check(&slow, planted).tally(10)), ["committed_durable"; 10]);
    assert!(check(&slow, None).tally(10).failed.is_empty());
    // Here it is on the disks by the time the leader hears of it: nothing is broken.
    assert!(check(calm, planted).tally(10).failed.is_empty());
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
