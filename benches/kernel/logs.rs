//! Protocols that order commands: five nodes, all invariants on, no faults, proposals handed to the leader directly.

use std::time::Instant;

use seedstorm::ids::{ClientId, NodeId, OpId};
use seedstorm::lab::{BUILT_IN, SimOf, named, prepare, sim};
use seedstorm::process::Process;
use seedstorm::protocol::Protocol;
use seedstorm::protocol::kv::{Key, Op, Value};
use seedstorm::rng::Seed;
use seedstorm::scenario::Document;
use seedstorm::time::Span;
use seedstorm::turn::Input;

const SCENARIO: &str = r#"{
  "seedstorm": 1, "protocol": "PROTOCOL", "nodes": 5,
  "params": { "election_timeout": ["100ms", "200ms"], "heartbeat": "30ms" },
  "network": { "latency": ["1ms", "10ms"] },
  "run_for": "10000h", "settle": "0s",
  "budget": { "events": 1000000000000, "per_instant": 100000000 }
}"#;

/// What one round came to.
pub(crate) struct Rates {
    /// Proposals per second, applied on every node.
    pub(crate) proposals: f64,
    /// Events per second.
    pub(crate) events: f64,
    /// How many events are pending on average.
    pub(crate) pending: u32,
}

pub(crate) fn cluster<P: Protocol>(scenario: &str) -> SimOf<P> {
    let document = Document::parse(&scenario.replace("PROTOCOL", P::NAME)).expect("the scenario is right");
    let experiment = named(BUILT_IN, P::NAME).expect("it is built in");
    let (scenario, plan) = prepare(experiment, &document, Seed(1)).expect("the scenario is right");
    sim::<P>(&scenario, plan).expect("the scenario is right")
}

fn progress<P: Protocol>(cluster: &SimOf<P>, node: u32) -> u64 {
    cluster.node(NodeId(node)).map_or(0, |node| node.glance().progress)
}

/// Hands `count` proposals to the leader, `window` of them outstanding at a time.
pub(crate) fn round<P: Protocol<Node: Process<Op: From<Op>>>>(window: u64, count: u64) -> Rates {
    let mut cluster = cluster::<P>(SCENARIO);
    while cluster.leader().is_none() {
        cluster.step();
    }
    // What a new leader has to do by itself is done by then.
    cluster.run_until(cluster.now() + Span::ms(100));
    let (leader, _) = cluster.leader().expect("nothing goes wrong");
    let first = progress::<P>(&cluster, leader.0);
    let value: Value = "v".repeat(32).into();
    let (mut proposed, mut steps, mut pending) = (0, 0, 0);
    let (events, start) = (cluster.events(), Instant::now());
    while proposed < count {
        let applied = progress::<P>(&cluster, leader.0).saturating_sub(first);
        while proposed < count && proposed < applied + window {
            // Each place in the window is a client of its own, whose operations are numbered.
            let client = ClientId(1_000 + u32::try_from(proposed % window).unwrap_or(0));
            let op = Op::Put(Key(u32::try_from(proposed % 16).unwrap_or(0)), value.clone());
            cluster.inject(leader, Input::Request { id: OpId { client, n: proposed / window }, op: op.into() });
            proposed += 1;
        }
        cluster.step();
        steps += 1;
        pending += cluster.pending();
    }
    while (0..5).any(|node| progress::<P>(&cluster, node) < first + count) {
        cluster.step();
    }
    let took = start.elapsed().as_secs_f64();
    assert!(cluster.violation().is_none(), "the correct code is clean");
    Rates {
        proposals: count as f64 / took,
        events: (cluster.events() - events) as f64 / took,
        pending: u32::try_from(pending / steps).unwrap_or(u32::MAX),
    }
}
