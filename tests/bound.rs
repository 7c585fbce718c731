//! The liveness bound holds where it is tight: correct code is not called stuck because its clients are patient, or
//! because a replica has much to catch up on.

use seedstorm::campaign::Check;
use seedstorm::lab::BUILT_IN;
use seedstorm::scenario::Document;

/// Asserts that every healed core converges before the bound.
fn converges(scenario: &str, seeds: u64) {
    let raft = BUILT_IN.iter().find(|experiment| experiment.name() == "raft").unwrap();
    let document = Document::parse(scenario).unwrap_or_else(|error| panic!("{error}"));
    let check = Check::new(*raft, document).unwrap_or_else(|error| panic!("{error}"));
    check.seeds(seeds);
}

/// A client that asked a leader without followers waits for its timeout, however long it is.
#[test]
fn clients_may_be_patient() {
    converges(
        r#"{
            "seedstorm": 1, "protocol": "raft", "nodes": 3,
            "network": { "latency": ["1ms", "10ms"] }, "disk": { "sync": "1ms" },
            "workload": { "kind": "kv", "clients": 3, "ops": 300, "keys": 5, "timeout": "30s" },
            "faults": { "partition": { "every": "2s", "lasts": ["500ms", "3s"], "who": { "role": "leader" } } },
            "run_for": "30s"
        }"#,
        30,
    );
}

/// One of three is down while the others serve many clients, and comes back with the heal.
#[test]
fn a_replica_may_have_much_to_catch_up_on() {
    converges(
        r#"{
            "seedstorm": 1, "protocol": "raft", "nodes": 3,
            "params": { "max_entries_per_append": 1 },
            "network": { "latency": ["1ms", "10ms"] }, "disk": { "sync": "1ms" },
            "workload": { "kind": "kv", "clients": 32, "ops": 20000, "keys": 5, "reads": 0, "timeout": "500ms" },
            "faults": { "timeline": [ { "id": "away", "at": "1s", "lasts": "1h", "who": 2, "kind": { "crash": {} } } ] },
            "run_for": "30s"
        }"#,
        4,
    );
}
