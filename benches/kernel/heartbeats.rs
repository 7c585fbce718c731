//! How fast heartbeats go round where nothing happens: everybody pushes to everybody each 10 ms, and is judged 30 ms
//! later; and a ring of a million nodes, as in scenarios/heartbeat/million.json. All invariants on.

use std::time::Instant;

use seedstorm::lab::SimOf;
use seedstorm::protocol::heartbeat::Heartbeat;
use seedstorm::time::Time;

use crate::logs::cluster;

const SCENARIO: &str = r#"{
  "seedstorm": 1, "protocol": "PROTOCOL", "nodes": NODES,
  "params": { "detector": { "passive": { "every": "10ms", "shift": "30ms" } }, "topology": TOPOLOGY },
  "network": { "latency": ["1ms", "10ms"] },
  "run_for": "10000h", "settle": "0s",
  "budget": { "events": 1000000000000, "per_instant": 100000000 }
}"#;

/// A run of so many nodes before its first event.
pub(crate) fn members(nodes: u32, topology: &str) -> SimOf<Heartbeat> {
    cluster::<Heartbeat>(&SCENARIO.replace("NODES", &nodes.to_string()).replace("TOPOLOGY", topology))
}

/// Events per second once all are under way, and how many are pending.
pub(crate) fn round(nodes: u32, topology: &str, events: u64) -> (f64, u32) {
    let mut members = members(nodes, topology);
    members.run_until(Time(45_000_000));
    let (until, start) = (members.events() + events, Instant::now());
    let before = members.events();
    while members.events() < until {
        members.step();
    }
    let rate = (members.events() - before) as f64 / start.elapsed().as_secs_f64();
    assert!(members.violation().is_none(), "the correct code is clean");
    (rate, u32::try_from(members.pending()).unwrap_or(u32::MAX))
}
