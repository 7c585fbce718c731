//! What a wrong scenario is answered, message by message.
//!
//! Each line of a case is one part of a small scenario; below it stands what is said of it.

use super::{check, with};
use crate::scenario::Document;

/// Each wrong part with what is said of it.
fn said(cases: &[(&str, &str)]) -> String {
    let answer = |&(part, text): &(&str, &str)| {
        let error = Document::parse(&with(part, text)).and_then(|document| check(&document)).expect_err(text);
        format!("{text}\n    {error}")
    };
    cases.iter().map(answer).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_head() {
    insta::assert_snapshot!(said(&[
        ("protocol", ""),
        ("seedstorm", r#""seedstorm": 2"#),
        ("protocol", r#""protocol": "rafft""#),
        ("", r#""settel": "10s""#),
        ("", r#""outside": "quiet""#),
        ("", r#""about": 5"#),
        ("", r#""run_for": "1s""#),
        ("", r#""outside": {"silent": {}}"#),
    ]), @r##"
        line 1, column 1: "protocol" is missing
    "seedstorm": 2
        line 1, column 3: seedstorm: this seedstorm reads version 1 of the format, found the number 2
    "protocol": "rafft"
        line 2, column 3: protocol: there is no protocol "rafft"; did you mean "raft"? (known: raft, two_phase)
    "settel": "10s"
        line 5, column 3: settel: unknown field; did you mean "settle"? (known: seedstorm, about, protocol, nodes, params, network, disk, clock, node, workload, faults, run_for, settle, settle_delay, outside, expect, checks, sometimes, most_seeds, bug, budget)
    "outside": "quiet"
        line 5, column 3: outside: "quiet" is not known here (known: silent, as-is)
    "about": 5
        line 5, column 3: about: expected a string, found the number 5
    "run_for": "1s"
        line 5, column 11: "run_for" is given twice in one object
    "outside": {"silent": {}}
        line 5, column 15: outside.silent: it takes no settings; write just the word
    "##);
}

#[test]
fn nodes() {
    insta::assert_snapshot!(said(&[
        ("nodes", r#""nodes": 0"#),
        ("nodes", r#""nodes": -1"#),
        ("nodes", r#""nodes": "5""#),
        ("nodes", r#""nodes": {"replicas": 3}"#),
        ("nodes", r#""nodes": {"replica": {"members": 3, "spares": 2}}"#),
        ("nodes", r#""nodes": {"replica": {"spare": 2}}"#),
        ("nodes", r#""nodes": {"one_of": [3, 0]}"#),
        ("nodes", r#""nodes": {"one_of": []}"#),
        ("nodes", r#""nodes": 5000000000"#),
    ]), @r##"
    "nodes": 0
        line 3, column 3: nodes: a cluster needs at least one node that starts by itself
    "nodes": -1
        line 3, column 3: nodes: expected a number of nodes, or groups of them such as {"coordinator": 1, "participant": 3}, found the number -1
    "nodes": "5"
        line 3, column 3: nodes: expected a number of nodes, or groups of them such as {"coordinator": 1, "participant": 3}, found the text "5"
    "nodes": {"replicas": 3}
        line 3, column 13: nodes.replicas: the protocol has no group "replicas"; did you mean "replica"? (known: replica)
    "nodes": {"replica": {"members": 3, "spares": 2}}
        line 3, column 39: nodes.replica.spares: unknown field; did you mean "spare"? (known: members, spare)
    "nodes": {"replica": {"spare": 2}}
        line 3, column 13: nodes.replica: "members" is missing
    "nodes": {"one_of": [3, 0]}
        line 3, column 27: nodes: a cluster needs at least one node that starts by itself
    "nodes": {"one_of": []}
        line 3, column 13: nodes.one_of: expected a list of alternatives, at least one
    "nodes": 5000000000
        line 3, column 3: nodes: 5000000000 nodes are too many; 100000000 is the most
    "##);
}

#[test]
fn times() {
    insta::assert_snapshot!(said(&[
        ("run_for", r#""run_for": "0s""#),
        ("run_for", r#""run_for": "30""#),
        ("run_for", r#""run_for": 30"#),
        ("run_for", r#""run_for": "4y""#),
        ("run_for", r#""run_for": "30000h""#),
        ("run_for", r#""run_for": {"one_of": ["1s"]}"#),
    ]), @r##"
    "run_for": "0s"
        line 4, column 3: run_for: a run of no length shows nothing; give "30s" or the like
    "run_for": "30"
        line 4, column 3: run_for: "30" is not a duration: it has no unit; write it as "150ms" (units: ns us ms s min h)
    "run_for": 30
        line 4, column 3: run_for: expected a duration with its unit, such as "150ms", found the number 30; did you mean "30ms"?
    "run_for": "4y"
        line 4, column 3: run_for: "4y" is not a duration: it has an unknown unit; write it as "150ms" (units: ns us ms s min h)
    "run_for": "30000h"
        line 4, column 3: run_for: "30000h" is not a duration: it is past the end of virtual time, 2.28 years (20015h); write it as "150ms" (units: ns us ms s min h)
    "run_for": {"one_of": ["1s"]}
        line 4, column 3: run_for: "one_of" can leave open what stands under nodes, params, network, workload, and nothing else; state one value here
    "##);
}

#[test]
fn expectations() {
    insta::assert_snapshot!(said(&[
        ("", r#""expect": "hold""#),
        ("", r#""expect": {"violates": "election_saftey"}"#),
        ("", r#""expect": {"violate": "election_safety"}"#),
        ("", r#""checks": ["election_safety", "log_machting"]"#),
        ("", r#""bug": "vote-amnesy""#),
        ("", r#""clock": {"drift_ppm": 2000000}"#),
        ("", r#""clock": {"drift_ppm": -1}"#),
    ]), @r##"
    "expect": "hold"
        line 5, column 3: expect: "hold" is not known here; did you mean "holds"? (known: holds, violates)
    "expect": {"violates": "election_saftey"}
        line 5, column 14: expect.violates: raft has no property "election_saftey"; did you mean "election_safety"? (known: election_safety, log_matching)
    "expect": {"violate": "election_safety"}
        line 5, column 3: expect: "violate" is not known here; did you mean "violates"? (known: holds, violates)
    "checks": ["election_safety", "log_machting"]
        line 5, column 33: checks[1]: raft has no property "log_machting"; did you mean "log_matching"? (known: election_safety, log_matching)
    "bug": "vote-amnesy"
        line 5, column 3: bug: raft has no planted mistake "vote-amnesy"; did you mean "vote-amnesia"? (known: vote-amnesia, commit-old-term)
    "clock": {"drift_ppm": 2000000}
        line 5, column 13: clock.drift_ppm: a clock that drifts by 2000000 millionths may stand still; stay below 1000000
    "clock": {"drift_ppm": -1}
        line 5, column 13: clock.drift_ppm: expected a whole number, not negative, found the number -1
    "##);
}

#[test]
fn the_network() {
    insta::assert_snapshot!(said(&[
        ("", r#""network": {"los": "1%"}"#),
        ("", r#""network": {"loss": "101%"}"#),
        ("", r#""network": {"loss": 0.01}"#),
        ("", r#""network": {"loss": "often"}"#),
        ("", r#""network": {"zones": {"eu": [0, 7]}}"#),
        ("", r#""network": {"zones": {"eu": [0, 1], "us": [1]}}"#),
        ("", r#""network": {"zones": {"eu": []}}"#),
        ("", r#""network": {"zones": {"eu": ["3-1"]}}"#),
        ("", r#""network": {"links": [{"from": 0, "to": 9}]}"#),
        ("", r#""network": {"fifo": "yes"}"#),
        ("", r#""network": []"#),
        ("", r#""network": null"#),
        ("", r#""network": {"capacity": 0}"#),
        ("", r#""network": {"zones": {"eu": [0]}, "zone_latency": {"eu": {"su": "5ms"}}}"#),
    ]), @r##"
    "network": {"los": "1%"}
        line 5, column 15: network.los: unknown field; did you mean "loss"? (known: latency, loss, duplicate, fifo, capacity, zones, zone_latency, links)
    "network": {"loss": "101%"}
        line 5, column 15: network.loss: "101%" is a probability over 1
    "network": {"loss": 0.01}
        line 5, column 15: network.loss: expected a probability as a string, such as "0.1%" or "3/100", found the number 0.01; did you mean "0.01"?
    "network": {"loss": "often"}
        line 5, column 15: network.loss: "often" is not a probability; write it as "0.1%" or "3/100"
    "network": {"zones": {"eu": [0, 7]}}
        line 5, column 25: network.zones.eu: there is no node 7; nodes are 0 to 4
    "network": {"zones": {"eu": [0, 1], "us": [1]}}
        line 5, column 39: network.zones.us: node 1 is in zone "eu" too; a node is in one zone at most
    "network": {"zones": {"eu": []}}
        line 5, column 25: network.zones.eu: the list is empty: a zone has at least one node
    "network": {"zones": {"eu": ["3-1"]}}
        line 5, column 25: network.zones.eu: "3-1" is not a range of nodes; write one as "5-9"
    "network": {"links": [{"from": 0, "to": 9}]}
        line 5, column 37: network.links[0].to: there is no node 9; nodes are 0 to 4
    "network": {"fifo": "yes"}
        line 5, column 15: network.fifo: expected true or false, found the text "yes"
    "network": []
        line 5, column 3: network: expected an object, found an empty list
    "network": null
        line 5, column 3: network: expected an object, found null
    "network": {"capacity": 0}
        line 5, column 15: network.capacity: a link that carries nothing is cut; leave it out for no limit
    "network": {"zones": {"eu": [0]}, "zone_latency": {"eu": {"su": "5ms"}}}
        line 5, column 61: network.zone_latency.eu.su: there is no zone "su"; did you mean "eu"? (known: eu)
    "##);
}

#[test]
fn distributions() {
    insta::assert_snapshot!(said(&[
        ("", r#""network": {"latency": 5}"#),
        ("", r#""network": {"latency": "5"}"#),
        ("", r#""network": {"latency": ["1ms", "10"]}"#),
        ("", r#""network": {"latency": ["1ms"]}"#),
        ("", r#""network": {"latency": {"unifrom": ["1ms", "10ms"]}}"#),
        ("", r#""network": {"latency": {"bimodal": {"fast": "1ms", "slow": "80ms"}}}"#),
        ("", r#""network": {"latency": {"bimodal": {"fast": "1ms", "slow": "80ms", "odds": 0.1}}}"#),
        ("", r#""network": {"latency": {"exponential": {"avg": "1ms"}}}"#),
    ]), @r##"
    "network": {"latency": 5}
        line 5, column 15: network.latency: expected a duration with its unit, such as "150ms", found the number 5; did you mean "5ms"?
    "network": {"latency": "5"}
        line 5, column 15: network.latency: "5" is not a duration: it has no unit; write it as "150ms" (units: ns us ms s min h)
    "network": {"latency": ["1ms", "10"]}
        line 5, column 34: network.latency[1]: "10" is not a duration: it has no unit; write it as "150ms" (units: ns us ms s min h)
    "network": {"latency": ["1ms"]}
        line 5, column 15: network.latency: expected a pair of durations, such as ["1ms", "10ms"]
    "network": {"latency": {"unifrom": ["1ms", "10ms"]}}
        line 5, column 27: network.latency.unifrom: unknown distribution; did you mean "uniform"? (known: constant, uniform, exponential, normal, log_normal, pareto, bimodal)
    "network": {"latency": {"bimodal": {"fast": "1ms", "slow": "80ms"}}}
        line 5, column 27: network.latency.bimodal: "odds" is missing
    "network": {"latency": {"bimodal": {"fast": "1ms", "slow": "80ms", "odds": 0.1}}}
        line 5, column 70: network.latency.bimodal.odds: expected a probability as a string, such as "0.1%" or "3/100", found the number 0.1; did you mean "0.1"?
    "network": {"latency": {"exponential": {"avg": "1ms"}}}
        line 5, column 43: network.latency.exponential.avg: unknown field (known: min, mean)
    "##);
}

#[test]
fn open_settings() {
    insta::assert_snapshot!(said(&[
        ("", r#""network": {"loss": {"one_of": ["1%", "101%"]}}"#),
        ("", r#""network": {"loss": {"between": ["1%", "0.1%"]}}"#),
        ("", r#""network": {"loss": {"between": ["1%"]}}"#),
        ("", r#""network": {"loss": {"between": ["1%", "2%"], "x": 1}}"#),
        ("", r#""params": {"max_entries_per_append": {"one_of": [1, "eight"]}}"#),
        ("", r#""params": {"max_entries_per_append": {"between": [1, 2.5]}}"#),
        ("", r#""params": {"max_entries_per_append": {"one_of": [1, {"one_of": [8, -64]}]}}"#),
        ("", r#""faults": {"crash": {"every": {"one_of": ["1s"]}, "down": "1s"}}"#),
        ("", r#""workload": {"clients": {"one_of": [1, 2000000000]}}"#),
        ("", r#""faults": {"crash": {"every": "5s", "down": {"one_of": ["1s"]}}}"#),
        ("", r#""params": {"max_entries_per_append": {"one_of": [1, {"between": [8, -64]}]}}"#),
    ]), @r##"
    "network": {"loss": {"one_of": ["1%", "101%"]}}
        line 5, column 41: network.loss: "101%" is a probability over 1
    "network": {"loss": {"between": ["1%", "0.1%"]}}
        line 5, column 24: network.loss.between: the lower end comes first: ["0.1%", "1%"]
    "network": {"loss": {"between": ["1%"]}}
        line 5, column 24: network.loss.between: expected two whole numbers, two durations or two probabilities, such as ["1ms", "9ms"]
    "network": {"loss": {"between": ["1%", "2%"], "x": 1}}
        line 5, column 15: network.loss: "one_of" and "between" stand alone in their braces: {"one_of": [1, 8, 64]}, {"between": ["1ms", "9ms"]}
    "params": {"max_entries_per_append": {"one_of": [1, "eight"]}}
        line 5, column 55: params.max_entries_per_append: expected a whole number from 0 to 4294967295, found the text "eight"
    "params": {"max_entries_per_append": {"between": [1, 2.5]}}
        line 5, column 41: params.max_entries_per_append.between: expected two whole numbers, two durations or two probabilities, such as ["1ms", "9ms"]
    "params": {"max_entries_per_append": {"one_of": [1, {"one_of": [8, -64]}]}}
        line 5, column 70: params.max_entries_per_append: expected a whole number from 0 to 4294967295, found the number -64
    "faults": {"crash": {"every": {"one_of": ["1s"]}, "down": "1s"}}
        line 5, column 24: faults.crash.every: "one_of" can leave open what stands under nodes, params, network, workload, and nothing else; state one value here
    "workload": {"clients": {"one_of": [1, 2000000000]}}
        line 5, column 42: workload.clients: 2000000000 clients are too many; 1000000 is the most
    "faults": {"crash": {"every": "5s", "down": {"one_of": ["1s"]}}}
        line 5, column 39: faults.crash.down: "one_of" can leave open what stands under nodes, params, network, workload, and nothing else; state one value here
    "params": {"max_entries_per_append": {"one_of": [1, {"between": [8, -64]}]}}
        line 5, column 56: params.max_entries_per_append.between: the lower end comes first: [-64, 8]
    "##);
}

#[test]
fn params_and_workload() {
    insta::assert_snapshot!(said(&[
        ("", r#""params": {"heartbeet": "50ms"}"#),
        ("", r#""params": {"heartbeat": 50}"#),
        ("", r#""params": {"election_timeout": ["150ms"]}"#),
        ("", r#""workload": {"client": 3}"#),
        ("", r#""workload": {"clients": 3, "kind": "queue"}"#),
        ("", r#""workload": {"clients": 1, "script": [{"at": "1s", "client": 1, "op": "put"}]}"#),
        ("", r#""workload": {"ops": 1}"#),
    ]), @r##"
    "params": {"heartbeet": "50ms"}
        line 5, column 14: params.heartbeet: unknown field; did you mean "heartbeat"? (known: election_timeout, heartbeat, pre_vote, max_entries_per_append)
    "params": {"heartbeat": 50}
        line 5, column 14: params.heartbeat: expected a duration with its unit, such as "150ms", found the number 50; did you mean "50ms"?
    "params": {"election_timeout": ["150ms"]}
        line 5, column 14: params.election_timeout: expected a list of 2 items, found a list of 1
    "workload": {"client": 3}
        line 5, column 16: workload.client: unknown field; did you mean "clients"? (known: attempts, backoff, clients, every, keys, kind, ops, script, stands, timeout)
    "workload": {"clients": 3, "kind": "queue"}
        line 5, column 30: workload.kind: "queue" is not known here (known: kv, register)
    "workload": {"clients": 1, "script": [{"at": "1s", "client": 1, "op": "put"}]}
        line 5, column 54: workload.script[0].client: there is no client 1; "clients" is 1
    "workload": {"ops": 1}
        line 5, column 16: workload.ops: there are no clients to ask for them; give "clients": 3 or the like
    "##);
}

#[test]
fn kinds() {
    insta::assert_snapshot!(said(&[
        ("", r#""faults": {"crsh": {"every": "5s", "down": "1s"}}"#),
        ("", r#""faults": {"crash": {"every": "5s"}}"#),
        ("", r#""faults": {"crash": {"every": "0s", "down": "1s"}}"#),
        ("", r#""faults": {"crash": {"every": "5s", "down": "1s", "shapes": ["ring"]}}"#),
        ("", r#""faults": {"crash": {"every": "5s", "down": "1s", "unsynced": "some"}}"#),
        ("", r#""faults": {"partition": {"every": "5s", "lasts": "1s", "shapes": ["isolated"]}}"#),
        ("", r#""faults": {"partition": {"every": "5s", "lasts": "1s", "shapes": []}}"#),
        ("", r#""faults": {"partition": {"every": "5s", "lasts": "1s", "shapes": ["ring"], "flaps": "1s"}}"#),
        ("", r#""faults": {"start": {"every": "5s"}}"#),
        ("", r#""faults": {"swarm": true}"#),
        ("", r#""faults": {"swarm": 1, "crash": {"every": "5s", "down": "1s"}}"#),
        ("", r#""faults": {"budget": {"durability": 2}}"#),
        ("", r#""faults": {"budget": {"durability": "yes"}}"#),
        ("", r#""faults": {"budget": {"availability": 9}}"#),
        ("", r#""faults": {"drift": {"every": "5s", "lasts": "1s", "ppm": [100, -100]}}"#),
        ("", r#""faults": {"drift": {"every": "5s", "lasts": "1s", "ppm": [100]}}"#),
        ("", r#""faults": {"crash": {"every": "1ns", "down": "1s"}}"#),
        ("", r#""faults": {"crash": ["5s", "1s"]}"#),
        ("", r#""faults": {"budget": [1, true]}"#),
        ("", r#""faults": {"crash": {"every": "5s", "down": ["1s", "2s", "3s"]}}"#),
    ]), @r##"
    "faults": {"crsh": {"every": "5s", "down": "1s"}}
        line 5, column 14: faults.crsh: unknown field; did you mean "crash"? (known: swarm, budget, crash, kill, power, wipe, damage, pause, slow, partition, clog, loss, delay, duplicate, sync_fail, disk_full, drift, jump, start, retire, timeline, messages, draws, omit, noise, seeds)
    "faults": {"crash": {"every": "5s"}}
        line 5, column 14: faults.crash: "down" is missing
    "faults": {"crash": {"every": "0s", "down": "1s"}}
        line 5, column 24: faults.crash.every: entries without any time between them would never end; give "5s" or the like
    "faults": {"crash": {"every": "5s", "down": "1s", "shapes": ["ring"]}}
        line 5, column 53: faults.crash.shapes: unknown field (known: every, per, who, aimed, down, unsynced, strike)
    "faults": {"crash": {"every": "5s", "down": "1s", "unsynced": "some"}}
        line 5, column 53: faults.crash.unsynced: "some" is not known here; did you mean "none"? (known: none, prefix, all, independent)
    "faults": {"partition": {"every": "5s", "lasts": "1s", "shapes": ["isolated"]}}
        line 5, column 69: faults.partition.shapes[0]: "isolated" is not known here; did you mean "isolate"? (known: isolate, halves, minority, bridge, ring, link, one_way, flapping, all)
    "faults": {"partition": {"every": "5s", "lasts": "1s", "shapes": []}}
        line 5, column 58: faults.partition.shapes: the list is empty; leave it out for all shapes
    "faults": {"partition": {"every": "5s", "lasts": "1s", "shapes": ["ring"], "flaps": "1s"}}
        line 5, column 78: faults.partition.flaps: only the shape "flapping" comes and goes, and "shapes" leaves it out
    "faults": {"start": {"every": "5s"}}
        line 5, column 14: faults.start.who: there are no spare nodes to start; give some: "nodes": {"replica": {"members": 3, "spare": 2}}
    "faults": {"swarm": true}
        line 5, column 14: faults.swarm: there is nothing to draw a swarm from; list some kinds, such as "crash": {"every": "5s", "down": "1s"}
    "faults": {"swarm": 1, "crash": {"every": "5s", "down": "1s"}}
        line 5, column 14: faults.swarm: expected true or false, found the number 1
    "faults": {"budget": {"durability": 2}}
        line 5, column 25: faults.budget.durability: 2 is too many: the protocol's promises end once more than 1 of its nodes lost data
    "faults": {"budget": {"durability": "yes"}}
        line 5, column 25: faults.budget.durability: expected true (as many nodes as the protocol tolerates), false, or a number of nodes, found the text "yes"
    "faults": {"budget": {"availability": 9}}
        line 5, column 25: faults.budget.availability: 9 is more than there are nodes (5)
    "faults": {"drift": {"every": "5s", "lasts": "1s", "ppm": [100, -100]}}
        line 5, column 54: faults.drift.ppm: the lowest comes first: [-100, 100]
    "faults": {"drift": {"every": "5s", "lasts": "1s", "ppm": [100]}}
        line 5, column 54: faults.drift.ppm: expected a list of 2 items, found a list of 1
    "faults": {"crash": {"every": "1ns", "down": "1s"}}
        line 5, column 24: faults.crash.every: about 30000000000 entries in 30s among 5 nodes are more than a plan holds; let them be rarer
    "faults": {"crash": ["5s", "1s"]}
        line 5, column 14: faults.crash: expected an object, found a list of 2
    "faults": {"budget": [1, true]}
        line 5, column 14: faults.budget: expected an object, found a list of 2
    "faults": {"crash": {"every": "5s", "down": ["1s", "2s", "3s"]}}
        line 5, column 39: faults.crash.down: expected a pair of durations, such as ["1ms", "10ms"]
    "##);
}

#[test]
fn targets() {
    insta::assert_snapshot!(said(&[
        ("", r#""faults": {"crash": {"every": "5s", "down": "1s", "who": "leader"}}"#),
        ("", r#""faults": {"crash": {"every": "5s", "down": "1s", "who": {"rol": "leader"}}}"#),
        ("", r#""faults": {"crash": {"every": "5s", "down": "1s", "who": 5}}"#),
        ("", r#""faults": {"crash": {"every": "5s", "down": "1s", "who": [0, "x"]}}"#),
        ("", r#""faults": {"crash": {"every": "5s", "down": "1s", "who": {"group": "replicas"}}}"#),
        ("", r#""faults": {"crash": {"every": "5s", "down": "1s", "who": {"zone": "eu"}}}"#),
        ("", r#""faults": {"crash": {"every": "5s", "down": "1s", "who": {"role": "leader"}, "per": "node"}}"#),
    ]), @r##"
    "faults": {"crash": {"every": "5s", "down": "1s", "who": "leader"}}
        line 5, column 53: faults.crash.who: "leader" is nobody (known: any, majority, all); a role is written {"role": "leader"}, nodes as numbers: [0, 2, "5-9"]
    "faults": {"crash": {"every": "5s", "down": "1s", "who": {"rol": "leader"}}}
        line 5, column 61: faults.crash.who.rol: unknown kind of target; did you mean "role"? (known: group, zone, role, fact)
    "faults": {"crash": {"every": "5s", "down": "1s", "who": 5}}
        line 5, column 53: faults.crash.who: there is no node 5; nodes are 0 to 4
    "faults": {"crash": {"every": "5s", "down": "1s", "who": [0, "x"]}}
        line 5, column 64: faults.crash.who[1]: expected a node's number or a range such as "5-9", found the text "x"
    "faults": {"crash": {"every": "5s", "down": "1s", "who": {"group": "replicas"}}}
        line 5, column 61: faults.crash.who.group: there is no group "replicas"; did you mean "replica"? (known: replica)
    "faults": {"crash": {"every": "5s", "down": "1s", "who": {"zone": "eu"}}}
        line 5, column 61: faults.crash.who.zone: there is no zone "eu" (there are none)
    "faults": {"crash": {"every": "5s", "down": "1s", "who": {"role": "leader"}, "per": "node"}}
        line 5, column 80: faults.crash.per: one process for each node contradicts a target that is not fixed; leave out "per", or name nodes, a group or a zone
    "##);
}

#[test]
fn entries_by_hand() {
    insta::assert_snapshot!(said(&[
        ("", r#""faults": {"timeline": [{"id": "a", "at": "1s", "kind": {"crsh": {}}}]}"#),
        ("", r#""faults": {"timeline": [{"id": "a", "at": "1s", "kind": {"crash": {"x": 1}}}]}"#),
        ("", r#""faults": {"timeline": [{"id": "a", "at": "1s", "kind": "crash"}]}"#),
        ("", r#""faults": {"timeline": [{"id": "a", "kind": {"crash": {}}}]}"#),
        ("", r#""faults": {"timeline": [{"id": "a", "at": "1s", "after": {"fact": "elected"}, "kind": {"crash": {}}}]}"#),
        ("", r#""faults": {"timeline": [{"id": "a", "at": "31s", "kind": {"crash": {}}}]}"#),
        ("", r#""faults": {"timeline": [{"id": "a", "at": "1s", "kind": {"crash": {}}}, {"id": "a", "at": "2s", "kind": {"crash": {}}}]}"#),
        ("", r#""faults": {"timeline": [{"id": "a", "at": "1s", "kind": {"crash": {}}, "who": [9]}]}"#),
        ("", r#""faults": {"timeline": [{"id": "a", "at": "1s", "kind": {"partition": {"links": {"cut": [{"from": [], "to": [1]}]}}}}]}"#),
        ("", r#""faults": {"timeline": [{"id": "a", "at": "1s", "kind": {"partition": {"links": {"cut": [{"from": [0], "to": ["1-9"]}]}}}}]}"#),
        ("", r#""faults": {"timeline": [{"id": "a", "at": "1s", "kind": {"partition": {"links": {"shape": "circle"}}}}]}"#),
        ("", r#""faults": {"timeline": [{"id": "a", "at": "1s", "kind": {"crash": {"strike": {"after": -1}}}}]}"#),
        ("", r#""faults": {"timeline": [{"id": "crash-1", "at": "1s", "kind": {"crash": {}}}], "crash": {"every": "5s", "down": "1s"}}"#),
        ("", r#""faults": {"timeline": [{"id": "a", "at": "1s", "kind": {"crash": []}}]}"#),
        ("", r#""faults": {"timeline": [{"id": "a", "at": "1s", "kind": {"start": {}}, "who": 0}]}"#),
        ("", r#""faults": {"timeline": [{"id": "a", "at": "1s", "kind": {"drift": {"ppm": -1000000}}}]}"#),
    ]), @r##"
    "faults": {"timeline": [{"id": "a", "at": "1s", "kind": {"crsh": {}}}]}
        line 5, column 51: faults.timeline[0].kind: "crsh" is not known here; did you mean "crash"? (known: crash, kill, power, wipe, damage, pause, slow, partition, clog, loss, delay, duplicate, sync_fail, disk_full, drift, jump, start, retire)
    "faults": {"timeline": [{"id": "a", "at": "1s", "kind": {"crash": {"x": 1}}}]}
        line 5, column 70: faults.timeline[0].kind.crash.x: unknown field (known: unsynced, strike)
    "faults": {"timeline": [{"id": "a", "at": "1s", "kind": "crash"}]}
        line 5, column 51: faults.timeline[0].kind: "crash" takes something; write {"crash": …}
    "faults": {"timeline": [{"id": "a", "kind": {"crash": {}}}]}
        line 5, column 27: faults.timeline[0]: entry "a": it never begins; give "at": "2s" or "after": {"fact": …}
    "faults": {"timeline": [{"id": "a", "at": "1s", "after": {"fact": "elected"}, "kind": {"crash": {}}}]}
        line 5, column 51: faults.timeline[0].after: entry "a": it has both "at" and "after"; give one
    "faults": {"timeline": [{"id": "a", "at": "31s", "kind": {"crash": {}}}]}
        line 5, column 39: faults.timeline[0].at: entry "a": 31s is not before the end of the safety phase (run_for is 30s)
    "faults": {"timeline": [{"id": "a", "at": "1s", "kind": {"crash": {}}}, {"id": "a", "at": "2s", "kind": {"crash": {}}}]}
        line 5, column 76: faults.timeline[1].id: there is another entry named "a"; every entry has its own name
    "faults": {"timeline": [{"id": "a", "at": "1s", "kind": {"crash": {}}, "who": [9]}]}
        line 5, column 74: faults.timeline[0].who: entry "a": there is no node 9; nodes are 0 to 4
    "faults": {"timeline": [{"id": "a", "at": "1s", "kind": {"partition": {"links": {"cut": [{"from": [], "to": [1]}]}}}}]}
        line 5, column 93: faults.timeline[0].kind.partition.links.cut[0].from: entry "a": the set is empty: no link would be concerned
    "faults": {"timeline": [{"id": "a", "at": "1s", "kind": {"partition": {"links": {"cut": [{"from": [0], "to": ["1-9"]}]}}}}]}
        line 5, column 106: faults.timeline[0].kind.partition.links.cut[0].to: entry "a": there is no node 9; nodes are 0 to 4
    "faults": {"timeline": [{"id": "a", "at": "1s", "kind": {"partition": {"links": {"shape": "circle"}}}}]}
        line 5, column 84: faults.timeline[0].kind.partition.links.shape: "circle" is not known here (known: isolate, halves, minority, bridge, ring, link, one_way, flapping, all)
    "faults": {"timeline": [{"id": "a", "at": "1s", "kind": {"crash": {"strike": {"after": -1}}}}]}
        line 5, column 81: faults.timeline[0].kind.crash.strike.after: expected a whole number from 0 to 4294967295, found the number -1
    "faults": {"timeline": [{"id": "crash-1", "at": "1s", "kind": {"crash": {}}}], "crash": {"every": "5s", "down": "1s"}}
        line 5, column 28: faults.timeline[0].id: names such as "crash-1" are for drawn entries, and crash is drawn too; choose another
    "faults": {"timeline": [{"id": "a", "at": "1s", "kind": {"crash": []}}]}
        line 5, column 60: faults.timeline[0].kind.crash: expected an object, found an empty list
    "faults": {"timeline": [{"id": "a", "at": "1s", "kind": {"start": {}}, "who": 0}]}
        line 5, column 74: faults.timeline[0].who: entry "a": n0 is no spare node: it starts by itself
    "faults": {"timeline": [{"id": "a", "at": "1s", "kind": {"drift": {"ppm": -1000000}}}]}
        line 5, column 70: faults.timeline[0].kind.drift.ppm: entry "a": -1000000 millionths is no rate of a clock; from -999999 to 1000000000 will do
    "##);
}

#[test]
fn overrides() {
    insta::assert_snapshot!(said(&[
        ("", r#""faults": {"messages": [{"from": 0, "to": {"client": 4}, "kind": "reply", "fate": "drop"}]}"#),
        ("", r#""faults": {"messages": [{"from": 0, "to": "n1", "kind": "reply", "fate": "drop"}]}"#),
        ("", r#""faults": {"messages": [{"from": 0, "to": 1, "kind": "reply", "fate": {"twice": ["1ms"]}}]}"#),
        ("", r#""faults": {"draws": [{"node": 0, "life": 1, "nth": 0, "value": "x"}]}"#),
        ("", r#""faults": {"omit": [{"client": 0, "n": 0}]}"#),
        ("", r#""faults": {"seeds": {"plan": 5}}"#),
        ("", r#""faults": {"seeds": {"plan": "5x"}}"#),
        ("", r#""faults": {"noise": {"calm": {"form": "1s", "delay": "1ms"}}}"#),
        ("", r#""faults": {"noise": "loud"}"#),
    ]), @r##"
    "faults": {"messages": [{"from": 0, "to": {"client": 4}, "kind": "reply", "fate": "drop"}]}
        line 5, column 46: faults.messages[0].to.client: there is no client 4; there are no clients
    "faults": {"messages": [{"from": 0, "to": "n1", "kind": "reply", "fate": "drop"}]}
        line 5, column 39: faults.messages[0].to: expected a node's number or {"client": number}, found the text "n1"
    "faults": {"messages": [{"from": 0, "to": 1, "kind": "reply", "fate": {"twice": ["1ms"]}}]}
        line 5, column 74: faults.messages[0].fate.twice: expected a list of 2 elements, found a list of 1
    "faults": {"draws": [{"node": 0, "life": 1, "nth": 0, "value": "x"}]}
        line 5, column 57: faults.draws[0].value: expected a number or a duration such as "170ms", found the text "x"
    "faults": {"omit": [{"client": 0, "n": 0}]}
        line 5, column 24: faults.omit[0].client: there is no client 0; there are no clients
    "faults": {"seeds": {"plan": 5}}
        line 5, column 24: faults.seeds.plan: expected a string, found the number 5
    "faults": {"seeds": {"plan": "5x"}}
        line 5, column 24: faults.seeds.plan: "5x" is not a seed: expected a 64-bit number, such as 42 or 0x2a
    "faults": {"noise": {"calm": {"form": "1s", "delay": "1ms"}}}
        line 5, column 33: faults.noise.calm.form: unknown field; did you mean "from"? (known: from, delay)
    "faults": {"noise": "loud"}
        line 5, column 14: faults.noise: "loud" is not known here (known: scenario, calm)
    "##);
}
