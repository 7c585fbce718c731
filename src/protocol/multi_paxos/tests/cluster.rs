//! Clusters in the simulator, with every invariant on.

use std::collections::BTreeMap;

use super::*;
use crate::lab::{self, Lab, SimOf};
use crate::rng::Seed;
use crate::scenario::Document;
use crate::time::Time;
use crate::turn::Input;

/// Nothing goes wrong but what the timeline says, and nobody asks but the test.
fn quiet(nodes: u32, network: &str, params: &str, timeline: &str) -> SimOf<MultiPaxos> {
    let scenario = format!(
        r#"{{
            "seedstorm": 1, "protocol": "multi_paxos", "nodes": {nodes}, "params": {{ {params} }},
            "network": {{ "latency": ["1ms", "10ms"] {network} }}, "disk": {{ "sync": "2ms" }},
            "faults": {{ "timeline": [ {timeline} ] }}, "run_for": "60s", "settle": "0s"
        }}"#
    );
    let document = Document::parse(&scenario).unwrap_or_else(|error| panic!("{error}"));
    let (scenario, plan) = lab::prepare(Lab::<MultiPaxos>::NEW, &document, Seed(1)).unwrap();
    lab::sim::<MultiPaxos>(&scenario, plan).unwrap()
}

fn run_until(cluster: &mut SimOf<MultiPaxos>, ms: u64) {
    cluster.run_until(Time::ZERO + Span::ms(ms));
    assert_eq!(cluster.violation(), None);
}

fn leader(cluster: &SimOf<MultiPaxos>) -> NodeId {
    cluster.leader().expect("there is a leader").0
}

/// Asks the leader for so many commands at one instant, each of a client of its own.
fn ask(cluster: &mut SimOf<MultiPaxos>, count: u32) {
    let to = leader(cluster);
    for n in 0..count {
        let id = OpId { client: ClientId(n), n: cluster.now().0 };
        cluster.inject(to, Input::Request { id, op: Op::Append(Key(0), "x".into()) });
    }
}

fn applied(cluster: &SimOf<MultiPaxos>) -> Vec<u64> {
    cluster.nodes().living().map(|seat| seat.state.applied()).collect()
}

fn facts(cluster: &mut SimOf<MultiPaxos>) -> BTreeMap<String, u64> {
    cluster.outcome().facts.into_iter().collect()
}

#[test]
fn elects_one_leader_and_replicates() {
    for nodes in [1, 2, 5] {
        let mut cluster = quiet(nodes, "", "", "");
        run_until(&mut cluster, 1_000);
        ask(&mut cluster, 100);
        run_until(&mut cluster, 2_000);
        assert_eq!(applied(&cluster), vec![100; nodes as usize]);
    }
}

/// One command after the other: phase 2 alone, and what is decided is told along with the next.
#[test]
fn a_command_costs_a_round_trip_to_each_of_the_others() {
    let mut cluster = quiet(5, "", r#""heartbeat": "149ms""#, "");
    run_until(&mut cluster, 1_000);
    let (before, facts_before) = (cluster.outcome().counters.sent, facts(&mut cluster));
    for n in 0..100 {
        ask(&mut cluster, 1);
        run_until(&mut cluster, 1_000 + 30 * (n + 1));
    }
    let sent = cluster.outcome().counters.sent - before;
    let heartbeats = 2 * 4 * (3_000 / 149 + 1);
    assert!((800..=800 + heartbeats).contains(&sent), "{sent}");
    assert_eq!(facts(&mut cluster).get("prepared"), facts_before.get("prepared"));
}

#[test]
fn lost_messages_leave_holes_that_are_filled() {
    let mut cluster = quiet(3, r#", "loss": "20%""#, r#""max_slots_per_accept": 1, "max_inflight_accepts": 64"#, "");
    for n in 1..40 {
        run_until(&mut cluster, 500 * n);
        if cluster.leader().is_some() {
            ask(&mut cluster, 20);
        }
    }
    run_until(&mut cluster, 30_000);
    let applied = applied(&cluster);
    assert!(applied[0] > 600 && applied.iter().all(|&upto| upto == applied[0]), "{applied:?}");
}

/// It is away for 300 commands, of which a message brings at most 16 back, and then another node leads.
#[test]
fn a_replica_that_was_away_is_caught_up_in_batches() {
    let params = r#""catch_up_batch": 16"#;
    let mut cluster = quiet(3, "", params, "");
    run_until(&mut cluster, 1_000);
    let first = leader(&cluster).0;
    let (away, fall) = ((first + 1) % 3, first);
    let away = format!(r#"{{ "id": "away", "at": "1s", "lasts": "4s", "who": {away}, "kind": {{ "crash": {{}} }} }}"#);
    let fall = format!(r#"{{ "id": "fall", "at": "2s", "lasts": "1s", "who": {fall}, "kind": {{ "pause": {{}} }} }}"#);
    let mut cluster = quiet(3, "", params, &format!("{away}, {fall}"));
    run_until(&mut cluster, 1_100);
    ask(&mut cluster, 300);
    run_until(&mut cluster, 4_900);
    let caught_up = |cluster: &mut SimOf<MultiPaxos>| facts(cluster).get("caught_up").copied().unwrap_or(0);
    let before = caught_up(&mut cluster);
    run_until(&mut cluster, 10_000);
    assert_eq!(applied(&cluster), [300; 3]);
    assert_eq!(caught_up(&mut cluster) - before, 300_u64.div_ceil(16));
}

/// A batch of commands is under way, one in each message, of which some are lost, when the leader falls.
#[test]
fn what_a_fallen_leader_left_behind_is_taken_up_and_gaps_are_filled() {
    let (network, params) = (r#", "loss": "50%""#, r#""max_slots_per_accept": 1, "max_inflight_accepts": 64"#);
    let mut cluster = quiet(5, network, params, "");
    run_until(&mut cluster, 5_000);
    let first = leader(&cluster).0;
    let fall = format!(r#"{{ "id": "fall", "at": "5003ms", "who": {first}, "kind": {{ "retire": {{}} }} }}"#);
    let mut cluster = quiet(5, network, params, &fall);
    run_until(&mut cluster, 5_000);
    ask(&mut cluster, 30);
    run_until(&mut cluster, 30_000);
    let facts = facts(&mut cluster);
    assert!(facts["bound"] > 0 && facts["gap_filled"] > 0, "{facts:?}");
    let applied = applied(&cluster);
    assert!(applied.len() == 4 && applied[0] > 0 && applied.iter().all(|&upto| upto == applied[0]), "{applied:?}");
}
