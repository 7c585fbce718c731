//! How much time passes: a calm cluster of five nodes with heartbeats of 50 ms, and three clients that each ask once
//! a second, or again as soon as they are answered; all invariants on.

use std::time::Instant;

use seedstorm::check::history::Answer;
use seedstorm::protocol::Protocol;
use seedstorm::time::Time;

use crate::logs::cluster;

const SCENARIO: &str = r#"{
  "seedstorm": 1, "protocol": "PROTOCOL", "nodes": 5,
  "params": { "heartbeat": "50ms" },
  "network": { "latency": ["1ms", "10ms"] },
  "workload": { "clients": 3, "ops": 1000000000 EVERY },
  "run_for": "10000h", "settle": "0s",
  "budget": { "events": 1000000000000 }
}"#;

/// Virtual seconds, and events, per second; and how many events are pending in the end.
pub(crate) fn round<P: Protocol>(seconds: u64, every: &str) -> (f64, f64, u32) {
    let mut cluster = cluster::<P>(&SCENARIO.replace("EVERY", every));
    let start = Instant::now();
    cluster.run_until(Time(seconds * 1_000_000_000));
    let took = start.elapsed().as_secs_f64();
    assert!(cluster.violation().is_none(), "the correct code is clean");
    assert!(cluster.history().count(Answer::Ok) as u64 >= 3 * (seconds - 2), "the clients were served");
    let pending = u32::try_from(cluster.pending()).unwrap_or(u32::MAX);
    (seconds as f64 / took, cluster.events() as f64 / took, pending)
}
