//! What clients saw, written by `run` and `replay` for others to read.

use insta::assert_snapshot;
use seedstorm::recorded::{Kind, events};

use crate::lab::{CAUGHT, Lab, swarm};

/// Both formats, and that they say the same.
fn exported(scenario: &str, seed: &str) -> (Lab, String) {
    let lab = Lab::new();
    for file in ["seen.edn", "seen.jsonl"] {
        let said = lab.run(&["run", scenario, "--seed", seed, "--history", file]);
        assert_eq!(said.code, 0, "{}", said.err);
    }
    let read = |file: &str| events(lab.read(file).as_bytes(), None).collect::<Result<Vec<_>, _>>().unwrap();
    let (edn, jsonl) = (read("seen.edn"), read("seen.jsonl"));
    assert_eq!(edn, jsonl);
    assert!(edn.is_sorted_by_key(|event| event.time));
    let text = lab.read("seen.edn");
    (lab, text)
}

#[test]
fn a_history_is_written_as_jepsens_tools_read_it() {
    let calm = Lab::calm();
    let (_, text) = exported(&calm.path("calm.json").display().to_string(), "3");
    let first: Vec<&str> = text.lines().take(8).collect();
    assert_snapshot!(first.join("\n"), @r#"
    {:process 0, :type :invoke, :f :get, :key "k0", :value nil, :time 188309842}
    {:process 0, :type :ok, :f :get, :key "k0", :value nil, :time 243125524}
    {:process 0, :type :invoke, :f :append, :key "k0", :value "+c0#1", :time 307259734}
    {:process 0, :type :ok, :f :append, :key "k0", :value "+c0#1", :time 315420846}
    {:process 0, :type :invoke, :f :get, :key "k1", :value nil, :time 425234578}
    {:process 0, :type :ok, :f :get, :key "k1", :value nil, :time 437404858}
    {:process 1, :type :invoke, :f :put, :key "k1", :value "c1#0", :time 465100133}
    {:process 1, :type :ok, :f :put, :key "k1", :value "c1#0", :time 481447332}
    "#);
}

#[test]
fn what_a_run_wrote_is_judged_like_any_history() {
    for seed in ["1", "2", "3", "4"] {
        let (lab, text) = exported(&swarm().display().to_string(), seed);
        assert!(text.lines().count() > 100, "{text}");
        for file in ["seen.edn", "seen.jsonl"] {
            let said = lab.run(&["history", file]);
            assert_eq!(said.code, 0, "{} {}", said.out, said.err);
            assert!(said.out.contains("kv: get, put, append, cas"), "{}", said.out);
        }
    }
}

#[test]
fn other_workloads_have_words_of_their_own() {
    let scenarios = format!("{}/scenarios", env!("CARGO_MANIFEST_DIR"));
    let (_, bank) = exported(&format!("{scenarios}/two_phase/calm.json"), "0");
    let (_, decree) = exported(&format!("{scenarios}/paxos/calm.json"), "0");
    let read = |text: &str, f: &str| {
        let events = events(text.as_bytes(), None).map(Result::unwrap);
        let answered = events.filter(|event| event.kind == Kind::Ok && &*event.f == f);
        answered.map(|event| event.value.to_string()).next().unwrap_or_default()
    };
    assert_snapshot!([read(&bank, "read"), read(&bank, "transfer"), read(&decree, "propose")].join("\n"), @r#"
    157
    {:amount 3, :from "a8", :to ["a5"]}
    "c2#0"
    "#);
}

#[test]
fn a_replay_writes_the_same_history_as_its_run() {
    let lab = Lab::new();
    let (bug, _, scenario) = CAUGHT[1];
    lab.write("scenario.json", scenario);
    let seed = lab.caught(bug).seed;
    let said =
        lab.run(&["run", "scenario.json", "--bug", bug, "--seed", &seed, "--out", "r.json", "--history", "a.jsonl"]);
    assert_eq!(said.code, 1, "{}", said.err);
    assert_eq!(lab.run(&["replay", "r.json", "--history", "b.jsonl"]).code, 1);
    assert_eq!(lab.read("a.jsonl"), lab.read("b.jsonl"));
}

#[test]
fn a_file_that_cannot_or_may_not_be_written_is_said_before_the_run() {
    let lab = Lab::calm();
    lab.write("there.edn", "mine");
    let refused = |args: &[&str]| {
        let said = lab.run(&[&["run", "calm.json"], args].concat());
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{}", said.err);
        said.err
    };
    assert_snapshot!(refused(&["--history", "seen.txt"]), @"error: --history: seen.txt: a history is FILE.edn or FILE.jsonl");
    assert_snapshot!(refused(&["--history", "there.edn"]), @"error: --history: there.edn is there already; --force replaces it");
    assert_snapshot!(refused(&["--history", "nowhere/seen.edn"]), @"error: --history: there is no folder nowhere");
    assert_snapshot!(refused(&["--history", "seen.jsonl", "--trace", "seen.jsonl"]), @"error: --history: seen.jsonl is where --trace goes; give it another name");
    assert_eq!(lab.files(), ["calm.json", "there.edn"]);
    assert_eq!(lab.read("there.edn"), "mine");
    assert_eq!(lab.run(&["run", "calm.json", "--history", "there.edn", "--force"]).code, 0);
    assert!(lab.read("there.edn").starts_with("{:process "));
}
