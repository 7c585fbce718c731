//! Files: read, missing, broken; and reproducers written and read again.

use std::fs;
use std::path::Path;

use super::{EXAMPLE, check, with};
use crate::check::Evidence;
use crate::fault::FaultPlan;
use crate::ids::NodeId;
use crate::rng::{Digest, Seed, Seeds};
use crate::scenario::{Document, Reproducer};
use crate::sim::{Failure, FailureKind};
use crate::time::Time;

/// A message with the folder of this test taken out.
fn said(error: &crate::scenario::ScenarioError, folder: &Path) -> String {
    error.to_string().replace(&folder.display().to_string(), "FOLDER")
}

#[test]
fn files_that_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let load = |name: &str| said(&Document::load(&at(name)).unwrap_err(), folder.path());
    let alone = load("figure8.json");
    fs::write(at("figure-8.json"), EXAMPLE).unwrap();
    fs::write(at("latin.json"), b"\xff\xfe").unwrap();
    fs::write(at("broken.json"), "{ \"seedstorm\": 1,\n  \"about\": \"\u{e9}\", protocol: 1 }").unwrap();
    fs::write(at("cut.json"), "{ \"seedstorm\": 1,\n").unwrap();
    fs::write(at("list.json"), "[1, 2]").unwrap();
    fs::write(at("wrong.json"), with("network", "\"network\": { \"los\": \"1%\" }")).unwrap();
    let wrong = Document::load(&at("wrong.json")).and_then(|document| check(&document)).unwrap_err();
    let rest = [
        "figure8.json",
        "zzzzzzzzzzzzzzzz",
        "nowhere/figure-8.json",
        "latin.json",
        "broken.json",
        "cut.json",
        "list.json",
    ]
    .map(load);
    insta::assert_snapshot!(format!("{alone}\n{}\n{}", rest.join("\n"), said(&wrong, folder.path())), @r##"
    FOLDER/figure8.json: there is no such file, and no other .json in its folder
    FOLDER/figure8.json: there is no such file; did you mean FOLDER/figure-8.json?
    FOLDER/zzzzzzzzzzzzzzzz: there is no such file (known: broken.json, cut.json, figure-8.json, latin.json, list.json, wrong.json)
    FOLDER/nowhere/figure-8.json: there is no such file, and no folder FOLDER/nowhere
    FOLDER/latin.json: this is not text (UTF-8)
    FOLDER/broken.json:2:17: this is not JSON: key must be a string
    FOLDER/cut.json:2:1: this is not JSON: EOF while parsing a value
    FOLDER/list.json:1:1: expected a scenario, which is an object, found a list of 2
    FOLDER/wrong.json:5:16: network.los: unknown field; did you mean "loss"? (known: latency, loss, duplicate, fifo, capacity, zones, zone_latency, links)
    "##);
}

fn reproducer() -> Reproducer {
    Reproducer {
        seedstorm: 1,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        revision: Some("abc".to_owned()),
        seed: Some(Seed(7)),
        scenario: Document::parse(EXAMPLE).unwrap().resolve(Seed(7)).unwrap(),
        plan: FaultPlan::calm(Seeds::derive(Seed(7))),
        verdict: Some(Failure {
            property: "election_safety".to_owned(),
            kind: FailureKind::Safety,
            at: Time(5_000_000),
            evidence: Evidence::new("two leaders in one term").node(NodeId(1)).value("term", 3),
        }),
        digest: Some(Digest::default()),
        events: Some(12),
    }
}

#[test]
fn a_reproducer_survives_being_saved() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("found.json");
    reproducer().save(&path).unwrap();
    reproducer().save(&path).unwrap();
    let loaded = Reproducer::load(&path).unwrap();
    assert_eq!((loaded.reproducer, loaded.notes.len()), (reproducer(), 0));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left aside");
    assert!(reproducer().save(&folder.path().join("nowhere/found.json")).is_err());
}

#[test]
fn a_reproducer_of_another_version_loads_as_far_as_it_can() {
    let mut value = serde_json::to_value(reproducer()).unwrap();
    value["version"] = "0.0.9".into();
    value["scenario"]["network"]["weather"] = "fine".into();
    value["shrunk"] = true.into();
    value.as_object_mut().unwrap().remove("digest");
    let loaded = Reproducer::parse(&value.to_string()).unwrap();
    assert_eq!(loaded.reproducer.scenario, reproducer().scenario);
    assert_eq!(loaded.reproducer.digest, None);
    let notes = loaded.notes.join("\n").replace(env!("CARGO_PKG_VERSION"), "VERSION");
    insta::assert_snapshot!(notes, @r##"
    scenario.network.weather is not known here and is left out
    shrunk is not known here and is left out
    it was written by seedstorm "0.0.9"; this is VERSION, under which the run may differ
    "##);
}

#[test]
fn files_that_are_no_reproducer() {
    let said = |text: &str| Reproducer::parse(text).unwrap_err().to_string();
    let mut value = serde_json::to_value(reproducer()).unwrap();
    value["plan"]["timeline"] = serde_json::json!([{ "id": "a", "at": "1", "kind": { "crash": {} } }]);
    let mut without = value.clone();
    without["plan"] = serde_json::json!({ "timeline": [] });
    let all = [said("{"), said("[]"), said(EXAMPLE), said(&value.to_string()), said(&without.to_string())];
    insta::with_settings!({ filters => [("column [0-9]+", "column N")] }, {
        insta::assert_snapshot!(all.join("\n"), @r##"
    line 1, column N: this is not JSON: EOF while parsing an object
    this is no reproducer: it has no "scenario" and "plan"
    this is a scenario, not a reproducer; a scenario is run with `seedstorm run`
    line 1, column N: plan.timeline[0].at: "1" is not a duration: it has no unit; write it as "150ms" (units: ns us ms s min h)
    line 1, column N: plan: "seeds" is missing
    "##);
    });
}
