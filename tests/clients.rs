//! What clients alone can tell: mistakes of protocols, found from the histories of their clients and from nothing else.
//! All other invariants are off; most of them find these mistakes sooner, and where they come from.

use std::marker::PhantomData;

use seedstorm::campaign::Check;
use seedstorm::check::{NodeSet, Nodes, Properties};
use seedstorm::lab::Lab;
use seedstorm::protocol::kv::Replica;
use seedstorm::protocol::kv::check::{Linearizable, SessionOrder};
use seedstorm::protocol::multi_paxos::MultiPaxos;
use seedstorm::protocol::raft::Raft;
use seedstorm::protocol::{Bug, ConfigOf, Healed, ParamError, Protocol, Setup};
use seedstorm::rng::{Dice, Seed};
use seedstorm::scenario::Document;
use seedstorm::time::Span;

/// A protocol with other invariants: those of its clients' histories.
struct Unseen<P, C>(PhantomData<(P, C)>);

/// Both of them.
type Both = (Linearizable, SessionOrder);

impl<P: Protocol<Node: Replica>, C: Properties<P::Node> + 'static> Protocol for Unseen<P, C> {
    type Node = P::Node;
    type Checks = C;
    type Load = P::Load;
    type Params = P::Params;

    const NAME: &'static str = P::NAME;
    const ABOUT: &'static str = P::ABOUT;
    const GROUPS: &'static [&'static str] = P::GROUPS;
    const BUGS: &'static [Bug] = P::BUGS;
    const ROLES: &'static [&'static str] = P::ROLES;
    const FACTS: &'static [&'static str] = P::FACTS;
    const MESSAGES: &'static [&'static str] = P::MESSAGES;

    fn config(setup: &Setup<'_, P::Params>) -> Result<ConfigOf<P>, ParamError> {
        P::config(setup)
    }

    fn core(
        config: &ConfigOf<P>,
        nodes: Nodes<'_, P::Node>,
        candidates: &NodeSet,
        dice: &mut dyn Dice,
    ) -> Option<NodeSet> {
        P::core(config, nodes, candidates, dice)
    }

    fn bound(config: &ConfigOf<P>, healed: &Healed) -> Span {
        P::bound(config, healed)
    }

    fn tolerated_losses(config: &ConfigOf<P>) -> u32 {
        P::tolerated_losses(config)
    }
}

const RAFT: &str = include_str!("../scenarios/raft/default.json");
const SWARM: &str = include_str!("../scenarios/raft/swarm.json");
const SNAPSHOTS: &str = include_str!("../scenarios/raft/snapshots.json");
const LEASES: &str = include_str!("../scenarios/raft/lease-reads.json");
const STALE_READS: &str = include_str!("../scenarios/raft/stale-reads.json");
const MULTI_PAXOS: &str = include_str!("../scenarios/multi_paxos/default.json");

/// Whole values are read and none is overwritten, so that what took effect twice is there to the end.
const APPENDS: &str = r#"{
  "seedstorm": 1,
  "protocol": "raft",
  "nodes": 5,
  "params":   { "election_timeout": ["100ms", "200ms"], "heartbeat": "30ms" },
  "network":  { "latency": ["1ms", "10ms"] },
  "workload": { "kind": "kv", "clients": 4, "ops": 200, "keys": 1, "reads": 1, "writes": 0, "appends": 3, "cas": 0, "timeout": "100ms" },
  "faults": {
    "partition": { "every": "500ms", "lasts": ["200ms", "600ms"], "shapes": ["isolate"], "who": { "role": "leader" } }
  },
  "run_for": "5s"
}"#;

fn check<P: Protocol<Node: Replica>, C: Properties<P::Node> + 'static>(scenario: &str, bug: Option<&str>) -> Check {
    let planted = bug.map_or_else(String::new, |bug| format!("\"bug\": {bug:?},"));
    let document = Document::parse(&scenario.replacen('{', &format!("{{ {planted}"), 1)).unwrap();
    Check::new(Lab::<Unseen<P, C>>::NEW, document).unwrap_or_else(|error| panic!("{error}"))
}

/// A scenario with a mistake, or with none.
type Plant = fn(Option<&str>) -> Check;

/// Each scenario by name, with its protocol.
const ALL: [(&str, Plant); 6] = [
    ("raft", |bug| check::<Raft, Both>(RAFT, bug)),
    ("raft, swarm", |bug| check::<Raft, Both>(SWARM, bug)),
    ("raft, snapshots", |bug| check::<Raft, Both>(SNAPSHOTS, bug)),
    ("raft, leases", |bug| check::<Raft, Both>(LEASES, bug)),
    ("raft, stale reads", |bug| check::<Raft, Both>(STALE_READS, bug)),
    ("multi_paxos", |bug| check::<MultiPaxos, Both>(MULTI_PAXOS, bug)),
];

fn bugs(name: &str) -> &'static [Bug] {
    if name.starts_with("raft") { Raft::BUGS } else { MultiPaxos::BUGS }
}

/// What clients see of a mistake within so many seeds of a scenario.
fn seen(plant: Plant, bug: Option<&str>, seeds: u64) -> Vec<String> {
    let tally = plant(bug).tally(seeds);
    let of_clients = |(name, _): &(&str, (u64, Seed))| ["linearizable", "session_order"].contains(name);
    let say = |(name, (count, Seed(first))): (&str, (u64, Seed))| format!("{name} {count} (first {first})");
    tally.by_name().into_iter().filter(of_clients).map(say).collect()
}

#[test]
fn a_read_served_by_a_deposed_leader_is_seen_by_clients() {
    let stale_reads: Plant = |bug| check::<Raft, Both>(STALE_READS, bug);
    let found = seen(stale_reads, Some("local-read"), 10);
    assert!(found.first().is_some_and(|first| first.starts_with("linearizable")), "{found:?}");
    assert_eq!(stale_reads(None).tally(10).failures(), 0);
}

#[test]
fn a_command_that_takes_effect_twice_is_seen_by_clients() {
    for (plant, property) in [
        ((|bug| check::<Raft, (SessionOrder,)>(APPENDS, bug)) as Plant, "session_order"),
        (|bug| check::<Raft, (Linearizable,)>(APPENDS, bug), "linearizable"),
    ] {
        let found = seen(plant, Some("no-dedup"), 10);
        assert!(found.first().is_some_and(|first| first.starts_with(property)), "{found:?}");
        assert_eq!(plant(None).tally(10).failures(), 0);
    }
}

/// `ONLY=raft SEEDS=2000 cargo test --release --test clients -- --ignored --nocapture` is the whole table.
#[test]
#[ignore = "takes minutes; it prints which mistakes clients can see"]
fn which_mistakes_clients_can_see() {
    let seeds = std::env::var("SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(500);
    let only = std::env::var("ONLY").unwrap_or_default();
    for (name, check) in ALL.into_iter().filter(|(name, _)| name.contains(&only)) {
        let clean = check(None).tally(seeds);
        println!("{name}: {} failed, {:?} unknown", clean.failures(), clean.unknown);
        assert!(clean.findings.is_empty(), "{}", clean.findings[0]);
        for bug in bugs(name) {
            println!("  {:<24} {}", bug.name, seen(check, Some(bug.name), seeds).join(", "));
        }
    }
}
