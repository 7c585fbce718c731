//! The mistakes of Paxos for one decision.

use crate::Profile;

pub(crate) const PROFILE: Profile = Profile {
    protocol: "paxos",
    scenario: include_str!("../../scenarios/paxos/default.json"),
    kept: &[
        ("acceptor-amnesia", 0, "ballots_monotone"),
        ("ignore-accepted", 0, "p2c"),
        ("broken-promise", 15, "p2c"),
        ("half-quorum", 53, "p2c"),
        ("half-quorum", 0, "no_false_learning"),
        ("ballot-reuse", 0, "ballots_monotone"),
    ],
    found_within: &[
        ("acceptor-amnesia", 10), // 2,904, from seed 0 on
        ("ignore-accepted", 20),  // 1,711, from seed 0 on
        ("broken-promise", 200),  // 123, from seed 15 on
        ("half-quorum", 20),      // 1,069, from seed 0 on
        ("ballot-reuse", 10),     // 2,016, from seed 0 on
    ],
    of_liveness: &["duel"],
};

/// Two ask at nearly one instant, and delays do not vary.
const DUEL: &str = r#"{
    "seedstorm": 1, "protocol": "paxos", "nodes": 3,
    "network": { "latency": { "constant": "5ms" } }, "disk": { "sync": "1ms" },
    "workload": { "kind": "decree", "clients": 2, "timeout": "10s", "script": [
        { "at": "100ms", "client": 0, "op": "propose", "to": 0 },
        { "at": "104ms", "client": 1, "op": "propose", "to": 1 } ] },
    "run_for": "1s"
}"#;

#[test]
fn two_who_never_wait_outbid_each_other_for_ever() {
    for seed in [0, 1] {
        PROFILE.bites(DUEL, "duel", seed, "convergence");
    }
    PROFILE.harmless(&DUEL.replace("\"104ms\"", "\"130ms\""), "duel", 20);
}
