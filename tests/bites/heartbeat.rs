//! The mistakes of failure detectors. Each shows where something in particular goes wrong, and nothing else does.

use crate::{Profile, broken};

pub(crate) const PROFILE: Profile = Profile {
    protocol: "heartbeat",
    scenario: include_str!("../../scenarios/heartbeat/default.json"),
    kept: &[
        ("never-again", 0, "eventual_strong_accuracy"),
        ("never-again", 16, "eventual_weak_accuracy"),
        ("unheard-is-well", 18, "weak_completeness"),
        ("unheard-is-well", 90, "strong_completeness"),
    ],
    found_within: &[
        ("never-again", 20),      // 1,104, from seed 0 on
        ("unheard-is-well", 300), // 62, from seed 18 on
    ],
    of_liveness: &[],
};

pub(crate) const PAUSES: Profile = Profile {
    scenario: include_str!("../../scenarios/heartbeat/pauses.json"),
    kept: &[("own-pause", 1, "strong_accuracy")],
    found_within: &[("own-pause", 10)], // 3,844, from seed 1 on
    ..PROFILE
};

pub(crate) const LATE: Profile = Profile {
    scenario: include_str!("../../scenarios/heartbeat/late.json"),
    kept: &[("stale-beat", 0, "detection_bound")],
    found_within: &[("stale-beat", 10)], // 3,967, from seed 0 on
    ..PROFILE
};

pub(crate) const OUTAGES: Profile = Profile {
    scenario: include_str!("../../scenarios/heartbeat/outages.json"),
    kept: &[("outage-learned", 2, "detection_bound"), ("outage-learned", 857, "strong_completeness")],
    found_within: &[("outage-learned", 20)], // 2,322, from seed 2 on
    ..PROFILE
};

pub(crate) const ONE_WAY: Profile = Profile {
    scenario: include_str!("../../scenarios/heartbeat/hybrid-one-way.json"),
    kept: &[("one-channel", 0, "strong_accuracy")],
    found_within: &[("one-channel", 5)], // all
    ..PROFILE
};

/// One node stands still. The others may suspect it, but it may not suspect them all.
const ONE_STANDS_STILL: &str = r#"{
    "seedstorm": 1, "protocol": "heartbeat", "nodes": 4,
    "network": { "latency": ["1ms", "20ms"] },
    "faults": { "timeline": [
        { "id": "pause", "at": "1s", "lasts": "2s", "kind": { "pause": {} }, "who": 0 } ] },
    "checks": ["weak_accuracy"],
    "run_for": "5s"
}"#;

#[test]
fn who_stood_still_and_blames_everybody_leaves_nobody_unsuspected() {
    let blamed = PAUSES.check(ONE_STANDS_STILL, Some("own-pause")).tally(1);
    assert_eq!(broken(&blamed), ["weak_accuracy"]);
    PAUSES.check(ONE_STANDS_STILL, None).seeds(20);
}
