//! Reads by lease are as fresh as others while clocks drift no more than the leases allow for, and a clock that drifts
//! more is found out by a stale read.

use seedstorm::campaign::{Check, Tally};
use seedstorm::lab::BUILT_IN;
use seedstorm::scenario::Document;

const DRIFT: &str = include_str!("../scenarios/raft/lease-drift.json");

/// Runs so many seeds of a scenario, and expects nothing of them yet.
fn runs(scenario: &str, seeds: u64) -> Tally {
    let raft = BUILT_IN.iter().find(|experiment| experiment.name() == "raft").unwrap();
    let document = Document::parse(scenario).unwrap_or_else(|error| panic!("{error}"));
    Check::new(*raft, document).unwrap_or_else(|error| panic!("{error}")).tally(seeds)
}

/// What the scenario says, with something else in the place of one piece.
fn with(scenario: &str, piece: &str, other: &str) -> String {
    assert_eq!(scenario.matches(piece).count(), 1, "{piece}");
    scenario.replace(piece, other)
}

/// What broke, and how often.
fn broken(tally: &Tally) -> Vec<(&str, u64)> {
    tally.by_name().into_iter().map(|(name, (count, _))| (name, count)).collect()
}

const NOTHING: [(&str, u64); 0] = [];

#[test]
fn a_drift_beyond_the_stated_bound_is_caught_as_a_stale_read_and_none_within_it() {
    let beyond = with(DRIFT, r#"{ "violates": "fresh_reads" }"#, r#""holds""#);
    let tally = runs(&beyond, 40);
    assert!(matches!(broken(&tally)[..], [("fresh_reads", 20..)]), "{:?}", broken(&tally));

    let within = with(&beyond, "[-300000, 300000]", "[-10000, 10000]");
    let tally = runs(&within, 40);
    assert_eq!(broken(&tally), NOTHING, "clocks are as good as stated");
    assert!(tally.facts["lease_read"] > 10_000, "{:?}", tally.facts);
    // Nor is it the drift alone: what asks a majority each time needs no clock.
    let by_round = with(&beyond, r#""reads": "lease""#, r#""reads": "read_index""#);
    assert_eq!(broken(&runs(&by_round, 40)), NOTHING);
    // And a lease that allows for it is shorter, and right.
    let stated = with(&beyond, r#""max_drift_ppm": 10000"#, r#""max_drift_ppm": 300000"#);
    let tally = runs(&stated, 40);
    assert_eq!(broken(&tally), NOTHING);
    assert!(tally.facts["lease_read"] > 10_000, "{:?}", tally.facts);
}

/// Nothing takes time but waiting. n0 leads, and its clock is slow by so many millionths; those of the others are fast
/// by as many. It is cut off right after a heartbeat at 252.5 ms. The others elect n1 at the instant at which n2's
/// promise is over, around 401 ms. All the time clients ask n0.
fn at_the_edge(drift_ppm: u32) -> String {
    let read = |n: u32| {
        let (us, client) = (400_900 + 2 * n, n % 100);
        format!(r#"{{ "at": "{us}us", "client": {client}, "op": "get k0", "to": 0 }}"#)
    };
    let draw =
        |node: u32, nth: u32, ms: u32| format!(r#"{{ "node": {node}, "life": 1, "nth": {nth}, "value": "{ms}ms" }}"#);
    let script: Vec<_> = (0..400).map(read).collect();
    let waits = (1..20).flat_map(|nth| [draw(1, nth, 150), draw(2, nth, 300)]);
    let draws: Vec<_> = [draw(0, 0, 150), draw(1, 0, 300), draw(2, 0, 300)].into_iter().chain(waits).collect();
    format!(
        r#"{{
            "seedstorm": 1, "protocol": "raft", "nodes": 3,
            "params": {{ "reads": "lease", "max_drift_ppm": 10000, "pre_vote": false }},
            "network": {{ "latency": "0ms" }}, "disk": {{ "sync": "0ms" }},
            "workload": {{ "kind": "kv", "clients": 100, "stands": "apart", "script": [ {} ] }},
            "faults": {{
                "timeline": [
                    {{ "id": "slow", "at": "0ms", "lasts": "1h", "who": 0, "kind": {{ "drift": {{ "ppm": -{drift_ppm} }} }} }},
                    {{ "id": "fast", "at": "0ms", "lasts": "1h", "who": [1, 2], "kind": {{ "drift": {{ "ppm": {drift_ppm} }} }} }},
                    {{ "id": "away", "at": "253ms", "lasts": "500ms", "who": 0, "kind": {{ "partition": {{ "links": {{ "shape": "isolate" }} }} }} }} ],
                "draws": [ {} ] }},
            "run_for": "1s"
        }}"#,
        script.join(", "),
        draws.join(", ")
    )
}

#[test]
fn at_the_bound_a_lease_ends_just_in_time_and_a_little_beyond_it_too_late() {
    let tally = runs(&at_the_edge(10_000), 1);
    assert_eq!(broken(&tally), NOTHING, "at the bound");
    assert!(tally.facts["lease_read"] >= 70, "{:?}", tally.facts);
    assert_eq!(broken(&runs(&at_the_edge(10_100), 1)), [("fresh_reads", 1)], "a hundredth of it more");
}
