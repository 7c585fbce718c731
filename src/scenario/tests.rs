//! Scenarios as people write them, right and wrong.

mod choices;
mod files;
mod messages;
mod schema;

use super::*;
use crate::fault::draw::draw;
use crate::rng::Seeds;

/// The example of the design.
const EXAMPLE: &str = r#"{ "seedstorm": 1, "about": "five replicas under flapping partitions", "protocol": "raft", "nodes": 5,
  "params":   { "election_timeout": ["150ms", "300ms"], "heartbeat": "50ms", "pre_vote": true,
                "max_entries_per_append": { "one_of": [1, 8, 64] } },
  "network":  { "latency": { "uniform": ["1ms", "10ms"] }, "loss": "1%", "duplicate": "0.1%" },
  "disk":     { "sync": "1ms" },
  "workload": { "kind": "kv", "clients": 3, "ops": 300, "keys": 5, "timeout": "500ms" },
  "faults":   { "partition": { "every": "4s", "lasts": ["1s", "3s"], "shapes": ["isolate", "halves", "bridge"], "who": { "role": "leader" } },
                "crash":     { "every": "6s", "down": ["0ms", "2s"], "unsynced": "prefix" } },
  "run_for": "30s", "settle": "10s", "outside": "silent", "expect": "holds" }"#;

const KNOWN: [Known<'_>; 2] = [
    Known {
        protocol: "raft",
        groups: &["replica"],
        bugs: &["vote-amnesia", "commit-old-term"],
        properties: &["election_safety", "log_matching"],
    },
    Known { protocol: "two_phase", groups: &["coordinator", "participant"], bugs: &[], properties: &["atomic_commit"] },
];

#[derive(Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct KvParams {
    kind: KvKind,
    keys: u32,
}

#[derive(Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum KvKind {
    #[default]
    Kv,
    Register,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct RaftParams {
    election_timeout: [Span; 2],
    heartbeat: Span,
    pre_vote: bool,
    max_entries_per_append: u32,
}

/// Everything that is checked before a run, as the laboratory does it.
fn check(document: &Document) -> Result<(), ScenarioError> {
    document.check(&KNOWN, &mut |scenario, cast| {
        let (policy, _): (_, KvParams) = split_workload(&scenario.workload)?;
        let _: RaftParams = typed(&Value::Object(scenario.params.clone()), "params")?;
        scenario.check_faults(cast, &policy, 1)
    })
}

/// A small scenario with one of its parts replaced, line by line.
fn with(part: &str, text: &str) -> String {
    let lines = [
        ("seedstorm", "\"seedstorm\": 1"),
        ("protocol", "\"protocol\": \"raft\""),
        ("nodes", "\"nodes\": 5"),
        ("run_for", "\"run_for\": \"30s\""),
    ];
    let known = lines.iter().any(|(name, _)| *name == part);
    let kept = lines.iter().map(|&(name, line)| if name == part { text } else { line }).filter(|line| !line.is_empty());
    let all: Vec<&str> = kept.chain((!known).then_some(text)).collect();
    format!("{{ {} }}", all.join(",\n  "))
}

#[test]
fn the_example_of_the_design_is_a_scenario() {
    let document = Document::parse(EXAMPLE).unwrap();
    check(&document).unwrap();
    let scenario = document.resolve(Seed(1)).unwrap();
    assert_eq!(scenario.nodes, Nodes::Count(5));
    assert_eq!(
        (scenario.run_for, scenario.settle, scenario.settle_delay()),
        (Span::secs(30), Some(Span::secs(10)), Span::ms(10))
    );
    let (policy, params): (ClientPolicy, KvParams) = split_workload(&scenario.workload).unwrap();
    assert_eq!((policy.clients, policy.ops, policy.timeout), (3, 300, Span::ms(500)));
    assert_eq!(params, KvParams { kind: KvKind::Kv, keys: 5 });
    let cast = scenario.nodes.cast(&["replica"]).unwrap();
    let plan = draw(Seeds::derive(Seed(1)), &scenario.faults, &scenario.scene(&cast, &policy, 0, Some("leader")));
    assert_eq!(plan.clients.len(), 3);
    assert!(plan.timeline.len() > 4);
}

#[test]
fn a_scenario_survives_being_written() {
    let scenario = Document::parse(EXAMPLE).unwrap().resolve(Seed(5)).unwrap();
    let text = serde_json::to_string_pretty(&scenario).unwrap();
    assert_eq!(Document::parse(&text).unwrap().resolve(Seed(6)).unwrap(), scenario);
}

#[test]
fn groups_are_cast_in_the_protocols_order() {
    let nodes: Nodes =
        serde_json::from_str(r#"{ "participant": { "members": 3, "spare": 1 }, "coordinator": 1 }"#).unwrap();
    let cast = nodes.cast(&["coordinator", "participant", "holder"]).unwrap();
    assert_eq!(cast, Cast::new(&[("coordinator", 1, 0), ("participant", 3, 1), ("holder", 0, 0)]));
    assert_eq!(serde_json::to_string(&nodes).unwrap(), r#"{"coordinator":1,"participant":{"members":3,"spare":1}}"#);
}

#[test]
fn seeds_in_the_file_replace_what_derives() {
    let document = Document::parse(&with("faults", r#""faults": { "seeds": { "network": "0x2a" } }"#)).unwrap();
    let seeds = document.seeds(Seed(3)).unwrap();
    assert_eq!(seeds, Seeds { network: Seed(42), ..Seeds::derive(Seed(3)) });
}

#[test]
fn what_editors_go_by_is_no_setting() {
    let text = with("$schema", r#""$schema": "./seedstorm.schema.json""#);
    check(&Document::parse(&text).unwrap()).unwrap();
}

#[test]
fn a_swarm_draws_the_odds_of_the_network_too() {
    let faults =
        r#""network": { "loss": "10%" }, "faults": { "swarm": true, "crash": { "every": "5s", "down": "1s" } }"#;
    let document = Document::parse(&with("faults", faults)).unwrap();
    let loss = |seed| document.resolve(Seed(seed)).unwrap().network.loss;
    assert_eq!(loss(1), loss(1));
    assert_ne!(loss(1), loss(2));
    assert!((0..50).all(|seed| (0.00099..=0.1).contains(&loss(seed).as_fraction())));
}
