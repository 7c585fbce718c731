//! The mistakes of atomic commitment.

use crate::Profile;

pub(crate) const TWO_PHASE: Profile = Profile {
    protocol: "two_phase",
    scenario: include_str!("../../scenarios/two_phase/default.json"),
    kept: &[
        ("yes-before-force", 0, "commit_needs_all_yes"),
        ("yes-before-force", 101, "money_conserved"),
        ("unlogged-commit", 17, "agreement"),
        ("unlogged-commit", 23, "once_per_request"),
        ("abort-while-prepared", 12, "agreement"),
        ("abort-while-prepared", 63, "no_failures_commit"),
        ("abort-while-prepared", 237, "money_conserved"),
        ("forget-early", 1, "agreement"),
        ("forget-early", 1_916, "money_conserved"),
        ("locks-lost", 0, "locks_held"),
        ("hasty-presumption", 53, "agreement"),
        ("hasty-presumption", 3_139, "money_conserved"),
        ("repeated-request", 13, "once_per_request"),
        ("dirty-read", 7, "serializable"),
    ],
    found_within: &[
        ("yes-before-force", 10),     // 3,762, from seed 0 on
        ("unlogged-commit", 60),      // 369, from seed 17 on
        ("abort-while-prepared", 30), // 876, from seed 12 on
        ("forget-early", 20),         // 1,128, from seed 1 on
        ("locks-lost", 10),           // 2,427, from seed 0 on
        ("hasty-presumption", 350),   // 60, from seed 53 on
        ("repeated-request", 30),     // 740, from seed 13 on
        ("dirty-read", 50),           // 458, from seed 7 on
    ],
    of_liveness: &["no-cooperation"],
};

pub(crate) const THREE_PHASE: Profile = Profile {
    protocol: "three_phase",
    scenario: include_str!("../../scenarios/three_phase/default.json"),
    kept: &[
        ("decide-alone", 39, "agreement"),
        ("recovered-takes-part", 6, "agreement"),
        ("commit-before-acks", 0, "non_blocking_rule"),
    ],
    found_within: &[
        ("decide-alone", 1_800),      // 11, from seed 39 on
        ("recovered-takes-part", 60), // 352, from seed 6 on
        ("commit-before-acks", 10),   // 3,423, from seed 0 on
    ],
    of_liveness: &[],
};

/// The coordinator falls in the midst of telling its participants what it has decided, and stays down for long.
const FALLS: &str = r#"{
    "seedstorm": 1, "protocol": "two_phase", "nodes": { "coordinator": 1, "participant": 4 },
    "network": { "latency": ["1ms", "5ms"] }, "disk": { "sync": "1ms" },
    "workload": { "kind": "bank", "clients": 4, "ops": 1000, "payees": 3, "accounts": 60, "timeout": "100ms" },
    "faults": { "crash": { "every": "40ms", "down": "400ms", "strike": "inside", "who": { "group": "coordinator" } } },
    "run_for": "10s", "checks": ["cooperation"]
}"#;

#[test]
fn a_participant_that_does_not_ask_the_others_waits_for_the_coordinator() {
    for seed in [0, 1, 2] {
        TWO_PHASE.bites(FALLS, "no-cooperation", seed, "cooperation");
    }
}
