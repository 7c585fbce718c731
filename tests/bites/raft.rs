//! The mistakes of Raft.

use crate::{Profile, broken};

pub(crate) const PROFILE: Profile = Profile {
    protocol: "raft",
    scenario: include_str!("../../scenarios/raft/default.json"),
    kept: &[
        ("vote-amnesia", 13, "one_vote_per_term"),
        ("commit-old-term", 1_761, "leader_completeness"),
        ("no-log-check", 0, "leader_completeness"),
        ("length-only-check", 95, "leader_completeness"),
        ("duplicate-votes", 9, "elected_by_quorum"),
        ("duplicate-votes", 405, "election_safety"),
        ("truncate-always", 3, "committed_durable"),
        ("truncate-always", 8, "monotone_terms"),
        ("truncate-always", 696, "replicas_equal"),
        ("truncate-always", 6_758, "leader_completeness"),
        ("commit-clamp", 1_607, "state_machine_safety"),
        ("small-quorum", 0, "committed_durable"),
        ("small-quorum", 76, "leader_completeness"),
        ("ack-before-sync", 0, "committed_durable"),
        ("no-dedup", 9, "exactly_once"),
    ],
    found_within: &[
        ("vote-amnesia", 50),       // 651, from seed 13 on
        ("commit-old-term", 6_000), // 3, from seed 1,761 on
        ("no-log-check", 20),       // 1,240, from seed 0 on
        ("length-only-check", 800), // 20, from seed 95 on
        ("duplicate-votes", 50),    // 607, from seed 9 on
        ("truncate-always", 20),    // 1,226, from seed 3 on
        ("commit-clamp", 2_500),    // 10, from seed 1,607 on
        ("small-quorum", 10),       // 3,785, from seed 0 on
        ("ack-before-sync", 10),    // 2,822, from seed 0 on
        ("no-dedup", 30),           // 696, from seed 9 on
    ],
    of_liveness: &["no-pre-vote", "no-check-quorum", "no-randomness"],
};

/// What goes wrong with reads: the default profile has few of them, and no leases.
pub(crate) const READS: Profile = Profile {
    protocol: "raft",
    scenario: include_str!("../../scenarios/raft/lease-reads.json"),
    kept: &[
        ("local-read", 25, "fresh_reads"),
        ("lease-from-answer", 29, "fresh_reads"),
        ("forgotten-promise", 169, "fresh_reads"),
    ],
    found_within: &[
        ("local-read", 100),        // 206, from seed 25 on
        ("lease-from-answer", 130), // 150, from seed 29 on
        ("forgotten-promise", 700), // 31, from seed 169 on
    ],
    of_liveness: &[],
};

/// No fault is needed to see that an entry is committed before a majority has it, and no checkpoint: only that a sync
/// takes longer than a round trip may.
#[test]
fn an_acknowledgement_before_the_sync_is_seen_where_nothing_goes_wrong() {
    let calm = include_str!("../../scenarios/raft/calm.json");
    let slow = calm.replace(r#""sync": "1ms""#, r#""sync": "20ms""#);
    let planted = Some("ack-before-sync");
    let tally = PROFILE.check(&slow, planted).tally(10);
    assert_eq!((broken(&tally), tally.failures()), (vec!["committed_durable"], 10));
    assert!(PROFILE.check(&slow, None).tally(10).findings.is_empty());
    // Here it is on the disks by the time the leader hears of it: nothing is broken.
    assert!(PROFILE.check(calm, planted).tally(10).findings.is_empty());
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
        PROFILE.bites(LEADER_OUTSIDE, "no-check-quorum", seed, "convergence");
    }
    PROFILE.harmless(&LEADER_OUTSIDE.replace("as-is", "silent"), "no-check-quorum", 20);
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

/// The core converges (only then is it asked whether its leader is stable): clients are answered, by one leader after
/// the other.
#[test]
fn a_node_that_cannot_hear_deposes_leader_after_leader_without_pre_vote() {
    for seed in [6, 9] {
        PROFILE.bites(DEAF, "no-pre-vote", seed, "stable_leader");
    }
    PROFILE.harmless(&DEAF.replace("as-is", "silent"), "no-pre-vote", 20);
    // Nodes that hear from a leader do not listen to it.
    PROFILE.harmless(&DEAF.replace("\"check_quorum\": false", "\"check_quorum\": true"), "no-pre-vote", 20);
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
        PROFILE.bites(LEADER_GONE, "no-randomness", seed, "convergence");
    }
    // Where delays vary, pre-vote lets the first of them through.
    let varied = LEADER_GONE.replace("{ \"constant\": \"5ms\" }", "[\"1ms\", \"10ms\"]");
    PROFILE.harmless(&varied.replace("\"pre_vote\": false", "\"pre_vote\": true"), "no-randomness", 20);
}
