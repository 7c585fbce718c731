//! Cells, by hand and from real runs.

use std::collections::BTreeMap;

use super::cell::Cell;
use super::sample::{Sample, Seen};
use super::*;
use crate::campaign::Job;
use crate::lab::BUILT_IN;
use crate::rng::{Digest, Seed};
use crate::scenario::Document;

const LOSSY: &str = r#"{
  "seedstorm": 1, "protocol": "raft", "nodes": 5,
  "workload": { "kind": "kv", "clients": 2, "ops": 20, "keys": 2 },
  "faults": { "crash": { "every": "500ms", "down": ["0ms", "200ms"] }, "partition": { "every": "1s", "lasts": ["100ms", "1s"] } },
  "run_for": "5s"
}"#;

fn design(vary: &[&str]) -> Design {
    Design {
        about: String::new(),
        scenario: Document::parse(LOSSY).unwrap().value().clone(),
        vary: vary.iter().map(|axis| axis::Axis::parse(axis).unwrap()).collect(),
        seeds: [0, 10],
        until: None,
        metrics: Vec::new(),
        charts: Vec::new(),
    }
}

/// The same crashes and cuts befall the same nodes, and the same clients ask the same.
#[test]
fn cells_that_differ_in_loss_alone_meet_the_same_fate() {
    let design = design(&["network.loss=0%..20%/10%"]);
    let plans = |seed: u64| {
        let plan =
            |cell: usize| Job::new(BUILT_IN, design.scenario(cell).unwrap()).unwrap().prepare(Seed(seed)).unwrap().1;
        (0..3).map(plan).collect::<Vec<_>>()
    };
    for seed in 0..10 {
        let plans = plans(seed);
        assert!(!plans[0].timeline.is_empty());
        assert!(plans.iter().all(|plan| *plan == plans[0]), "seed {seed}");
    }
}

#[test]
fn the_last_axis_goes_round_first() {
    let design = design(&["network.loss=0%,5%", "nodes=3,5,7"]);
    assert_eq!(design.cells(), Some(6));
    let labels: Vec<String> = (0..6).map(|cell| design.labels(cell).join(" ")).collect();
    assert_eq!(labels, ["0% 3", "0% 5", "0% 7", "5% 3", "5% 5", "5% 7"]);
    let scenario = design.scenario(5).unwrap();
    assert_eq!((&scenario.value()["network"]["loss"], &scenario.value()["nodes"]), (&"5%".into(), &7.into()));
    design.check(BUILT_IN).unwrap();
}

#[test]
fn a_name_stands_for_its_value_wherever_it_is() {
    let mut design = design(&["nodes=3,5"]);
    let set = |text: &str| serde_json::from_str(text).unwrap();
    design.vary.push(axis::Axis::new(
        "wait",
        vec![
            (
                "short".to_owned(),
                set(r#"{ "params.election_timeout": ["$low", "$high"], "$low": "100ms", "$high": "200ms" }"#),
            ),
            (
                "long".to_owned(),
                set(r#"{ "params.election_timeout": ["$low", "$high"], "$low": "1s", "$high": "2s" }"#),
            ),
        ],
    ));
    let value = |cell: usize| design.scenario(cell).unwrap().value()["params"]["election_timeout"].clone();
    assert_eq!((value(0), value(3)), (serde_json::json!(["100ms", "200ms"]), serde_json::json!(["1s", "2s"])));
    design.check(BUILT_IN).unwrap();
}

fn sample(seed: u64, broke: Option<&str>, seen: &[(&str, Seen)]) -> Sample {
    let seen: BTreeMap<String, Seen> = seen.iter().map(|(name, seen)| ((*name).to_owned(), seen.clone())).collect();
    Sample { seed, digest: Digest::default(), broke: broke.map(str::to_owned), seen }
}

#[test]
fn a_cell_is_all_of_its_runs_together() {
    const MS: u64 = 1_000_000;
    let run = |seed: u64| {
        let broke = seed.is_multiple_of(10).then_some("agreement");
        let seen = [
            ("availability", Seen::Share(9, 10)),
            ("up", Seen::Share(1_000_000_000, 1_000_000_000)),
            ("mistakes", Seen::Rate(2, 4_000 * MS)),
            ("blocked", Seen::TimeEach(30 * MS, 2)),
            ("messages", Seen::CountEach(30, 20)),
            ("latency", Seen::Times(vec![(seed + 1) * MS, (seed + 1) * MS])),
        ];
        sample(seed, broke, &seen)
    };
    let runs: Vec<Sample> = (0..100).map(run).collect();
    let cell = Cell::of(3, vec!["5%".to_owned()], &runs.iter().collect::<Vec<_>>(), &["latency".to_owned()]);
    let value = |name: &str| cell.figure(name).map(|figure| figure.value);
    let expected = [
        ("availability", 0.9),
        ("up", 1.0),
        ("mistakes", 0.5),
        ("blocked", 0.015),
        ("messages", 1.5),
        ("latency.p50", 0.05),
        ("latency.p99", 0.099),
        ("latency.mean", 0.0505),
        ("violations", 0.1),
        ("violations.agreement", 0.1),
        ("violations.validity", 0.0),
    ];
    for (name, expected) in expected {
        let found = value(name).unwrap_or_else(|| panic!("{name}"));
        assert!((found - expected).abs() < 1e-9, "{name}: {found}");
    }
    assert_eq!(value("nothing"), None);
    let up = cell.figure("up").unwrap();
    assert!(up.low.unwrap() < 0.97 && up.high == Some(1.0), "a hundred runs say no more of how rare it is: {up:?}");
    let curve = &cell.curves["latency"];
    assert_eq!((curve.len(), curve[0], curve[50], curve[100]), (101, 0.001, 0.05, 0.1));
    // Two values of one run that agree are worth one.
    let median = cell.figure("latency.p50").unwrap();
    assert!(median.high.unwrap() - median.low.unwrap() > 0.018, "{median:?}");
}
