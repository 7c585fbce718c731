//! Replays: proved, edited, of another version, and looked into.

use std::path::Path;

use serde_json::{Value, json};

use crate::lab::{Lab, Said};

/// A folder with a reproducer `x.json`.
fn lab() -> Lab {
    let lab = Lab::new();
    let reproducer = lab.caught("no-log-check").reproducer;
    std::fs::rename(lab.path(&reproducer), lab.path("x.json")).unwrap();
    lab
}

/// Replays the reproducer after this change.
fn edited(lab: &Lab, change: impl FnOnce(&mut Value)) -> Said {
    let mut file = lab.json("x.json");
    change(&mut file);
    lab.write("edited.json", &file.to_string());
    let said = lab.run(&["replay", "edited.json"]);
    assert!(!said.err.contains("panicked"), "{}", said.err);
    said
}

#[test]
fn a_run_of_every_scenario_is_kept_and_replayed() {
    let paths = |folder: &Path| std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let folders = paths(&Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios"));
    let folders = folders.filter(|folder| !folder.ends_with("sweeps"));
    // A million nodes take minutes in this profile; `tests/failure_detectors.rs` runs them.
    let files = folders.flat_map(|folder| paths(&folder)).filter(|file| !file.ends_with("million.json"));
    for file in files {
        let lab = Lab::new();
        let scenario = file.display().to_string();
        let ran = lab.run(&["run", &scenario, "--seed", "3", "--keep", "--out", "kept.json"]);
        let replay = lab.run(&["replay", "kept.json"]);
        // What was expected is the run's to say, not the replay's.
        let code = match ran.code {
            0 if ran.out.contains("VIOLATED AS EXPECTED") => 1,
            5 => 0,
            code => code,
        };
        assert_eq!((replay.code, replay.row("digest")), (code, ran.row("digest")), "{scenario}: {}", replay.err);
        assert!(replay.out.contains("Replayed exactly"), "{scenario}: {}", replay.out);
    }
}

#[test]
fn an_edited_reproducer_says_where_it_differs() {
    let lab = lab();
    let said = edited(&lab, |file| file["plan"]["timeline"] = json!([]));
    assert_eq!(said.code, 4);
    assert!(said.out.contains("NOT THE SAME RUN: the file was edited, or"), "{}", said.out);
    for words in ["the file says that leader_completeness breaks at", "the file has digest", "the file counts"] {
        assert!(said.out.contains(words), "{words}:\n{}", said.out);
    }
    let bisect = lab.run(&["replay", "edited.json", "--bisect"]);
    assert_eq!(bisect.code, 0, "what the file tells of does not break any more");
    assert_eq!(lab.run(&["replay", "x.json", "--bisect"]).code, 1);
    let mut other = lab.json("x.json");
    other["verdict"]["property"] = "exactly_once".into();
    lab.write("other.json", &other.to_string());
    assert_eq!(lab.run(&["replay", "other.json", "--bisect"]).code, 125, "something else breaks");
    let document = lab.run(&["replay", "edited.json", "--json"]).json();
    assert_eq!((&document["exit_code"], &document["comparison"]["exact"]), (&4.into(), &false.into()));
}

#[test]
fn one_of_another_version_is_replayed_as_far_as_it_goes() {
    let lab = lab();
    let said = edited(&lab, |file| {
        file["version"] = "9.9.9".into();
        file["mood"] = "sunny".into();
    });
    assert_eq!(said.code, 1, "the run is the same");
    assert!(
        said.err.contains("written by seedstorm \"9.9.9\"") && said.err.contains("mood is not known"),
        "{}",
        said.err
    );
    let said = edited(&lab, |file| {
        file["scenario"]["params"]["new_setting"] = 5.into();
        file["scenario"]["workload"]["new_setting"] = 5.into();
        let mut entry = file["plan"]["timeline"][0].clone();
        (entry["id"], entry["kind"]) = ("meteor-1".into(), json!({ "meteor": {} }));
        file["plan"]["timeline"].as_array_mut().unwrap().push(entry);
    });
    assert_eq!(said.code, 1, "the run is the same: {}", said.err);
    for path in ["scenario.params.new_setting", "scenario.workload.new_setting", "].kind"] {
        assert!(said.err.contains(&format!("{path} is not known here and is left out")), "{}", said.err);
    }
    let said = edited(&lab, |file| {
        file["version"] = "9.9.9".into();
        let message = json!({ "from": 0, "to": 1, "kind": "gossip", "nth": 1, "fate": "drop" });
        file["plan"]["messages"] = json!([message]);
        file["scenario"]["expect"] = json!({ "violates": "harmony" });
        let entry = &mut file["plan"]["timeline"][0];
        (entry["at"], entry["after"]) = (Value::Null, json!({ "fact": "enlightened" }));
    });
    assert_eq!(said.code, 4, "a fault is missing: {}", said.err);
    for path in ["plan.messages[0].kind", "plan.timeline[0].after.fact", "scenario.expect.violates"] {
        assert!(said.err.contains(&format!("{path} is not known here and is left out")), "{}", said.err);
    }
    let said = edited(&lab, |file| {
        file["version"] = "9.9.9".into();
        file["digest"] = "0123456789abcdef0123456789abcdef".into();
    });
    assert_eq!(said.code, 4);
    assert!(said.out.contains("NOT THE SAME RUN: the file was written by seedstorm \"9.9.9\""), "{}", said.out);
    assert!(said.out.contains("digest 0123456789abcdef0123456789abcdef; now it is"), "{}", said.out);
}

#[test]
fn one_without_a_digest_proves_nothing_and_says_so() {
    let lab = lab();
    let said = edited(&lab, |file| {
        let fields = file.as_object_mut().unwrap();
        ["digest", "events", "verdict"].iter().for_each(|name| drop(fields.remove(*name)));
    });
    assert_eq!(said.code, 1);
    assert!(said.out.contains("The file has no digest"), "{}", said.out);
}

#[test]
fn edits_that_make_no_sense_are_refused_with_their_place() {
    let lab = lab();
    let refused = |change: &dyn Fn(&mut Value), words: &[&str]| {
        let said = edited(&lab, |file| change(file));
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{}", said.err);
        for word in words.iter().chain(&["error: edited.json"]) {
            assert!(said.err.contains(word), "{word:?} is not in {}", said.err);
        }
    };
    refused(&|file| file["plan"]["timeline"][0]["who"] = 99.into(), &["plan.timeline[0].who"]);
    refused(&|file| file["plan"]["clients"][0] = 99.into(), &["plan.clients[0]"]);
    refused(
        &|file| file["scenario"]["bug"] = "vote-amnesie".into(),
        &["scenario.bug", "did you mean \"vote-amnesia\"?"],
    );
    refused(&|file| file["scenario"]["protocol"] = "rafft".into(), &["scenario.protocol", "did you mean \"raft\"?"]);
    refused(&|file| file["scenario"]["nodes"] = 0.into(), &["scenario.nodes"]);
    refused(
        &|file| file["scenario"]["params"]["heartbeat"] = json!({ "one_of": ["20ms", "30ms"] }),
        &["scenario.params.heartbeat: a reproducer states one value"],
    );
    refused(&|file| file["plan"] = json!({}), &["plan", "\"seeds\" is missing"]);
    refused(&|file| file["scenario"]["params"]["heartbeat"] = "2h".into(), &["scenario.params.heartbeat"]);
}

#[test]
fn a_node_is_shown_as_it_was() {
    let lab = lab();
    let said = lab.run(&["replay", "x.json", "--until", "400ms", "--node", "1", "--node", "n2"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.contains("n1 at 400ms") && said.out.contains("n2 at 400ms"), "{}", said.out);
    for label in ["condition", "its clock", "timers", "memory", "disk"] {
        assert!(!said.row(label).is_empty());
    }
    assert!(said.out.contains("STOPPED at 400ms: nothing has broken so far"));
    assert!(!said.out.contains("Replayed exactly"), "half a run proves nothing");
    let document = lab.run(&["replay", "x.json", "--until", "400ms", "--node", "1", "--json"]).json();
    assert_eq!((&document["nodes"][0]["node"], &document["verdict"]), (&1.into(), &"cut_short".into()));
}

#[test]
fn beyond_the_end_is_the_end() {
    let lab = lab();
    let said = lab.run(&["replay", "x.json", "--until", "1h", "--node", "0"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("note: the run ends at") && said.err.contains("before 1h"), "{}", said.err);
    assert!(said.out.contains("Replayed exactly"));
}

#[test]
fn times_and_nodes_that_are_none_are_refused() {
    let lab = lab();
    let refused = |args: &[&str], words: &str| {
        let said = lab.run(&[&["replay", "x.json"], args].concat());
        assert_eq!((said.code, said.out.as_str()), (2, ""));
        assert!(said.err.starts_with("error: ") && said.err.contains(words), "{}", said.err);
    };
    refused(&["--until", "5"], "it has no unit; write it as \"150ms\"");
    refused(&["--until", "99999h"], "past the end of virtual time");
    refused(&["--node", "leader"], "\"leader\" is not a node: expected its number");
    refused(&["--node", "99"], "there is no node n99; nodes are n0 to n");
}

#[test]
fn a_trace_shows_every_event() {
    let lab = lab();
    let said = lab.run(&["replay", "x.json", "--trace", "trace.jsonl"]);
    assert_eq!(said.code, 1);
    let trace = lab.read("trace.jsonl");
    for line in trace.lines() {
        serde_json::from_str::<Value>(line).unwrap();
    }
    let story = lab.run(&["replay", "x.json", "--json"]).json();
    let told = &story["story"][0];
    let line = trace.lines().nth(told["line"].as_u64().unwrap() as usize - 1).unwrap();
    assert_eq!(serde_json::from_str::<Value>(line).unwrap()["at"], told["at"], "a story names lines of the trace");
    let file = lab.read("x.json");
    assert_eq!(lab.run(&["replay", "x.json", "--trace", "x.json"]).code, 2);
    assert_eq!(lab.read("x.json"), file, "what is replayed is left alone");
    assert_eq!(lab.run(&["replay", "x.json", "--trace", "trace.jsonl", "--force"]).code, 1);
    assert_eq!(lab.read("trace.jsonl"), trace);
}
