//! The mistakes of SWIM.

use crate::Profile;

pub(crate) const PROFILE: Profile = Profile {
    protocol: "heartbeat",
    scenario: include_str!("../../scenarios/heartbeat/swim-swarm.json"),
    kept: &[
        ("no-suspicion", 2, "suspicion_before_death"),
        ("random-probe", 0, "time_bounded_completeness"),
        ("stale-suspect", 2, "news_in_order"),
        ("silent-verdict", 0, "true_membership"),
        ("endless-gossip", 0, "bounded_piggyback"),
        ("cleared-by-others", 2, "own_incarnation"),
    ],
    found_within: &[
        ("no-suspicion", 10),      // 2,879, from seed 2 on
        ("random-probe", 10),      // 2,147, from seed 0 on
        ("stale-suspect", 20),     // 2,007, from seed 2 on
        ("silent-verdict", 30),    // 876, from seed 0 on
        ("endless-gossip", 10),    // 3,921, from seed 0 on
        ("cleared-by-others", 25), // 1,160, from seed 2 on
    ],
    of_liveness: &[],
};

/// No fault at all: whom to probe is up to the member alone.
const CALM: &str = r#"{
    "seedstorm": 1, "protocol": "heartbeat", "nodes": 6, "params": { "detector": { "swim": {} } },
    "network": { "latency": "5ms" }, "run_for": "10s"
}"#;

#[test]
fn who_is_probed_at_random_is_left_out_without_any_fault() {
    for seed in [0, 1, 2] {
        PROFILE.bites(CALM, "random-probe", seed, "time_bounded_completeness");
    }
    for mistake in ["no-suspicion", "stale-suspect", "silent-verdict", "cleared-by-others"] {
        PROFILE.harmless(CALM, mistake, 5);
    }
}
