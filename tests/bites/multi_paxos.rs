//! The mistakes of Multi-Paxos.

use crate::Profile;

pub(crate) const PROFILE: Profile = Profile {
    protocol: "multi_paxos",
    scenario: include_str!("../../scenarios/multi_paxos/default.json"),
    kept: &[
        ("ack-before-sync", 0, "acceptances_kept"),
        ("promise-amnesia", 0, "ballots_monotone"),
        ("ballot-reuse", 0, "ballots_monotone"),
        ("ignore-accepted", 0, "choice_is_stable"),
        ("first-accepted", 263, "choice_is_stable"),
        ("broken-promise", 3, "accepts_current_ballot"),
        ("broken-promise", 2_588, "one_decision_per_slot"),
        ("ack-over-gap", 0, "decided_prefix"),
        ("ack-over-gap", 12, "replicas_equal"),
        ("ack-over-gap", 1_058, "convergence"),
        ("watermark-any-ballot", 27, "one_decision_per_slot"),
        ("slot-reuse", 0, "one_value_per_ballot_slot"),
    ],
    found_within: &[
        ("ack-before-sync", 10),       // 4,000, from seed 0 on
        ("promise-amnesia", 10),       // 3,191, from seed 0 on
        ("ballot-reuse", 10),          // 3,341, from seed 0 on
        ("ignore-accepted", 10),       // 2,655, from seed 0 on
        ("first-accepted", 2_500),     // 8, from seed 263 on
        ("broken-promise", 20),        // 886, from seed 3 on
        ("ack-over-gap", 20),          // 1,266, from seed 0 on
        ("watermark-any-ballot", 250), // 120, from seed 16 on
        ("slot-reuse", 10),            // 2,990, from seed 0 on
    ],
    of_liveness: &["no-gap-fill"],
};

/// One command in each message, of which a third is lost, when the leader falls.
const GAPS: &str = r#"{
    "seedstorm": 1, "protocol": "multi_paxos", "nodes": 5,
    "params": { "max_slots_per_accept": 1, "max_inflight_accepts": 64 },
    "network": { "latency": ["1ms", "10ms"], "loss": "30%" }, "disk": { "sync": "1ms" },
    "workload": { "kind": "kv", "clients": 16, "ops": 400, "keys": 2, "timeout": "200ms" },
    "faults": { "timeline": [ { "id": "fall", "at": "990ms", "who": { "role": "leader" }, "kind": { "retire": {} } } ] },
    "run_for": "1s", "settle": "10s"
}"#;

#[test]
fn a_slot_that_was_left_empty_blocks_all_behind_it() {
    for seed in [2, 9] {
        PROFILE.bites(GAPS, "no-gap-fill", seed, "convergence");
    }
    let one_by_one = GAPS.replace("\"max_inflight_accepts\": 64", "\"max_inflight_accepts\": 1");
    PROFILE.harmless(&one_by_one, "no-gap-fill", 20);
}
