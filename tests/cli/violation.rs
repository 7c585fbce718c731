//! Runs that break something.

use serde_json::{Value, json};

use crate::lab::{CALM, CAUGHT, Lab};

#[test]
fn planted_bugs_are_found_told_and_replayed() {
    for (bug, property, _) in CAUGHT {
        let lab = Lab::new();
        let found = lab.caught(bug);
        let (said, reproducer) = (&found.said, &found.reproducer);
        assert_eq!(*reproducer, format!("raft-{property}-{}.reproducer.json", found.seed));
        assert_eq!(lab.files(), [reproducer.as_str(), "scenario.json"], "nothing else is left behind");
        assert!(said.out.contains(&format!("VIOLATED: {property}, a safety property")), "{}", said.out);
        assert!(said.out.contains(&format!("planted bug  {bug}")) && said.out.contains("How it came about"));
        assert!(said.row("replay it:").ends_with(&format!("replay {reproducer}")));
        let replay = lab.run(&["replay", reproducer]);
        assert_eq!((replay.code, replay.row("digest")), (1, said.row("digest")));
        assert!(replay.out.contains("Replayed exactly"), "{}", replay.out);
        let file = lab.json(reproducer);
        assert_eq!((&file["digest"], &file["verdict"]["property"]), (&said.row("digest").into(), &property.into()));
        let honest = lab.run(&["run", "scenario.json", "--seed", &found.seed]);
        assert_eq!(honest.code, 0, "without the bug it holds");
    }
}

#[test]
fn a_reproducer_holds_a_plan_in_which_everything_is_bound() {
    let lab = Lab::new();
    let file = lab.json(&lab.caught("vote-amnesia").reproducer);
    let entries = file["plan"]["timeline"].as_array().unwrap();
    assert!(!entries.is_empty());
    for entry in entries {
        assert!(entry["at"].is_string() && entry["after"].is_null(), "{entry}");
        assert!(entry["who"].is_u64() || entry["who"].is_array(), "{entry}");
    }
}

#[test]
fn the_document_of_a_violation_has_its_story() {
    let lab = Lab::new();
    let found = lab.caught("no-log-check");
    let said = lab.run(&["run", "scenario.json", "--bug", "no-log-check", "--seed", &found.seed, "--json"]);
    let document = said.json();
    assert_eq!(said.code, 1);
    assert_eq!((&document["verdict"], &document["property"]), (&"broke".into(), &"leader_completeness".into()));
    assert_eq!((&document["kind"], &document["exit_code"]), (&"safety".into(), &1.into()));
    assert!(document["story"].as_array().unwrap().len() > 5);
    assert_eq!(document["reproducer"], *found.reproducer);
    assert_eq!(lab.files().len(), 2, "the very same file is not written twice");
}

#[test]
fn nothing_is_overwritten_unless_it_is_asked_for() {
    let lab = Lab::new();
    let found = lab.caught("no-log-check");
    let first = &found.reproducer;
    let run = |more: &[&str]| {
        lab.run(&[&["run", "scenario.json", "--bug", "no-log-check", "--seed", &found.seed], more].concat())
    };
    lab.write(first, "something else");
    let second = run(&[]).row("reproducer").to_owned();
    assert_eq!(second, first.replace(".reproducer.json", "-2.reproducer.json"));
    assert_eq!(lab.read(first), "something else");

    let refused = run(&["--out", first]);
    assert_eq!((refused.code, lab.read(first)), (2, "something else".to_owned()));
    assert!(refused.err.contains("is there already; --force replaces it"), "{}", refused.err);

    let refused = run(&["--trace", first]);
    assert_eq!((refused.code, lab.read(first)), (2, "something else".to_owned()));
    assert!(refused.err.contains("--trace: ") && refused.err.contains("is there already"), "{}", refused.err);
    let refused = run(&["--out", first, "--trace", &format!("./{first}"), "--force"]);
    assert_eq!((refused.code, lab.read(first)), (2, "something else".to_owned()));
    assert!(refused.err.contains("is where --out goes"), "{}", refused.err);

    assert_eq!(run(&["--out", first, "--force"]).code, 1);
    assert_eq!(lab.json(first)["seedstorm"], 1);
    assert_eq!(run(&["--out", "."]).row("reproducer"), format!("./{first}"));
}

#[test]
fn a_violation_that_was_expected_is_what_was_wanted() {
    let lab = Lab::new();
    let found = lab.caught("vote-amnesia");
    let mut scenario: Value = lab.json("scenario.json");
    scenario["bug"] = "vote-amnesia".into();
    scenario["expect"] = json!({ "violates": "one_vote_per_term" });
    lab.write("wanted.json", &scenario.to_string());
    let said = lab.run(&["run", "wanted.json", "--seed", &found.seed]);
    assert_eq!(said.code, 0);
    assert!(said.out.contains("VIOLATED AS EXPECTED: one_vote_per_term"), "{}", said.out);
    let replay = lab.run(&["replay", said.row("reproducer")]);
    assert_eq!(replay.code, 1, "a replay tells what the run did, whatever was wanted");
    scenario["expect"] = json!({ "violates": "exactly_once" });
    lab.write("other.json", &scenario.to_string());
    assert_eq!(lab.run(&["run", "other.json", "--seed", &found.seed]).code, 1);
}

#[test]
fn liveness_has_a_code_of_its_own() {
    let lab = Lab::new();
    // A millisecond is less than a message takes.
    lab.write("x.json", &CALM.replace("\"settle\": \"1s\"", "\"settle\": \"1ms\""));
    let said = lab.run(&["run", "x.json"]);
    assert_eq!(said.code, 3, "{}", said.out);
    assert!(said.out.contains("VIOLATED: convergence, a liveness property"), "{}", said.out);
    assert_eq!(lab.run(&["run", "x.json", "--bisect"]).code, 1);
    assert_eq!(lab.run(&["replay", "raft-convergence-0.reproducer.json"]).code, 3);
}
