//! The mistakes of Raft with changing membership, and with snapshots.

use crate::Profile;

pub(crate) const CHANGES: Profile = Profile {
    protocol: "raft",
    scenario: include_str!("../../scenarios/raft/membership.json"),
    kept: &[],
    found_within: &[("hasty-change", 10), ("learners-count", 10), ("members-forgotten", 10)],
    of_liveness: &[],
};

pub(crate) const SNAPSHOTS: Profile = Profile {
    protocol: "raft",
    scenario: include_str!("../../scenarios/raft/snapshots.json"),
    kept: &[],
    found_within: &[("sessions-forgotten", 10), ("stale-snapshot", 10)],
    of_liveness: &[],
};
