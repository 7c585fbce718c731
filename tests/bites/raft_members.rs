//! The mistakes of Raft with changing membership, and with snapshots.

use crate::Profile;

pub(crate) const CHANGES: Profile = Profile {
    protocol: "raft",
    scenario: include_str!("../../scenarios/raft/membership.json"),
    kept: &[
        ("hasty-change", 6, "one_change_at_a_time"),
        ("learners-count", 0, "committed_durable"),
        ("learners-count", 9, "convergence"),
        ("members-forgotten", 0, "snapshot_faithful"),
    ],
    found_within: &[
        ("hasty-change", 25),      // 1,167, from seed 6 on
        ("learners-count", 10),    // 2,078, from seed 0 on
        ("members-forgotten", 15), // 1,706, from seed 0 on
    ],
    of_liveness: &[],
};

pub(crate) const SNAPSHOTS: Profile = Profile {
    protocol: "raft",
    scenario: include_str!("../../scenarios/raft/snapshots.json"),
    kept: &[
        ("sessions-forgotten", 0, "snapshot_faithful"),
        ("stale-snapshot", 32, "monotone_terms"),
        ("stale-snapshot", 116, "committed_durable"),
        ("stale-snapshot", 1_368, "replicas_equal"),
    ],
    found_within: &[
        ("sessions-forgotten", 10), // 3,979, from seed 0 on
        ("stale-snapshot", 100),    // 227, from seed 32 on
    ],
    of_liveness: &[],
};
