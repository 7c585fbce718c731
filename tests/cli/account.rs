//! The account of a run that breaks nothing.

use std::collections::BTreeSet;
use std::io::Read;
use std::process::Stdio;

use insta::assert_snapshot;

use crate::lab::{CALM, Lab, Said, swarm, without_figures};

#[test]
fn a_calm_run_is_told_in_full() {
    let lab = Lab::calm();
    let said = lab.run(&["run", "calm.json"]);
    assert_eq!(said.code, 0);
    let (drew, happened) = said.out.split_once("What happened").unwrap();
    assert_snapshot!("calm_drew", drew);
    let (happened, digest) = happened.split_once("digest").unwrap();
    assert_snapshot!("calm_happened", without_figures(happened));
    assert_snapshot!("calm_verdict", &digest[digest.find('\n').unwrap()..]);
    assert_eq!(lab.files(), ["calm.json"], "a run that breaks nothing leaves nothing behind");
}

#[test]
fn speed_is_no_part_of_the_account() {
    let lab = Lab::calm();
    let [first, second] = [0, 1].map(|_| lab.run(&["run", "calm.json"]));
    assert_eq!(first.out, second.out);
    assert!(first.err.starts_with("note: ") && first.err.contains("a second"), "{}", first.err);
}

#[test]
fn lines_fit_a_hundred_columns() {
    let lab = Lab::new();
    let said = lab.caught("no-log-check").said;
    let calm = lab.run(&["run", &swarm().display().to_string(), "--seed", "3"]);
    for line in said.out.lines().chain(calm.out.lines()) {
        // Only what a person copies is never broken.
        let copied = ["reproducer", "replay it:", "digest"].iter().any(|label| line.trim_start().starts_with(label));
        assert!(copied || line.contains("swarm.json") || line.chars().count() <= 100, "{line}");
    }
}

#[test]
fn what_the_seed_drew_is_marked() {
    let lab = Lab::new();
    let said = lab.run(&["run", &swarm().display().to_string(), "--seed", "1"]);
    assert!(
        said.out.contains("  nodes*  ") && said.out.contains("heartbeat* ") && said.out.contains("loss* "),
        "{}",
        said.out
    );
    assert!(said.out.contains("* left open by the scenario"));
    let calm = Lab::calm().run(&["run", "calm.json"]);
    assert!(!calm.out.contains('*'), "{}", calm.out);
}

#[test]
fn what_bounds_a_run_is_told_too() {
    let lab = Lab::new();
    let faults = r#""faults": {
      "budget": { "availability": 1 }, "seeds": { "network": "42" }, "noise": { "calm": { "from": "1s", "delay": "3ms" } },
      "draws": [{ "node": 0, "life": 1, "nth": 0, "value": "160ms" }, { "node": 0, "life": 99, "nth": 5, "value": 3 }],
      "omit": [{ "client": 0, "n": 1 }, { "client": 0, "n": 5000 }],
      "timeline": [
        { "id": "a", "at": "1s", "lasts": "1ms", "kind": { "loss": { "links": {}, "odds": "10%" } } },
        { "id": "b", "at": "1s", "lasts": "1ms", "kind": { "loss": { "links": {}, "odds": "90%" } } },
        { "id": "c", "at": "1s", "lasts": "1ms", "kind": { "delay": { "links": {}, "by": "77ms" } } },
        { "id": "d", "at": "1s", "lasts": "1ms", "kind": { "disk_full": { "down": "33ms" } } } ] },
      "outside": "as-is", "settle_delay": "9ms", "run_for""#;
    lab.write("x.json", &CALM.replace("\"run_for\"", faults));
    let said = lab.run(&["run", "x.json"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let out = said.out.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "budgets at most 1 down",
        "seeds network 42",
        "noise calm from 1s on",
        "odds 10.0% to 90.0%",
        "by 77ms",
        "down 33ms",
        "links of others into it stay",
        "note 1 fixed draw in the plan that",
        "note 1 operation left out in the plan that",
        "takes longer than 9ms",
    ] {
        assert!(out.contains(words), "{words}:\n{}", said.out);
    }
}

#[test]
fn the_seed_decides_and_the_environment_does_not() {
    let lab = Lab::calm();
    let digest = |said: &Said| said.row("digest").to_owned();
    let plain = digest(&lab.run(&["run", "calm.json", "--seed", "7"]));
    let elsewhere = Lab::new();
    let path = lab.path("calm.json").display().to_string();
    for (name, value) in
        [("LANG", "de_DE.UTF-8"), ("LC_ALL", "tr_TR.UTF-8"), ("TZ", "Asia/Kathmandu"), ("RUST_LOG", "trace")]
    {
        let mut command = elsewhere.command(&["run", &path, "--seed", "0x7"]);
        let said = Said::of(&command.env(name, value).output().unwrap());
        assert_eq!(digest(&said), plain, "{name}={value}");
    }
    let seeds: BTreeSet<String> =
        (0..5).map(|seed| digest(&lab.run(&["run", "calm.json", "--seed", &seed.to_string()]))).collect();
    assert_eq!(seeds.len(), 5);
    assert_eq!(digest(&lab.run(&["run", "calm.json"])), digest(&lab.run(&["run", "calm.json", "--seed", "0"])));
}

#[test]
fn json_is_one_document_and_nothing_else() {
    let lab = Lab::calm();
    let said = lab.run(&["run", "calm.json", "--seed", "3", "--json"]);
    let document = said.json();
    assert_eq!(said.code, 0);
    assert_eq!(document["verdict"], "holds");
    assert_eq!(document["exit_code"], 0);
    assert_eq!(document["seed"], "3");
    assert_eq!(document["params"]["heartbeat"], "50ms");
    assert_eq!(document["outcome"]["digest"], lab.run(&["run", "calm.json", "--seed", "3"]).row("digest"));
}

/// Of five nodes, the distinguished proposer asks four, and each answers: 2(n − 1) messages, where none are lost and
/// nobody else proposes. Batches make it less; heartbeats are counted apart.
#[test]
fn messages_are_counted_by_kind_and_for_each_command() {
    let lab = Lab::new();
    let scenario = CALM.replace("\"raft\"", "\"multi_paxos\"").replace("\"nodes\": 3", "\"nodes\": 5");
    lab.write("x.json", &scenario.replace("\"settle\": \"1s\"", "\"settle\": \"0s\""));
    let document = lab.run(&["run", "x.json", "--json"]).json();
    let (traffic, counters) = (&document["outcome"]["traffic"], &document["outcome"]["counters"]);
    let commands = traffic["commands"].as_u64().unwrap();
    let kinds = traffic["kinds"].as_array().unwrap();
    let of = |name: &str, figure: &str| {
        kinds.iter().find(|kind| kind["kind"] == name).map_or(0, |kind| kind[figure].as_u64().unwrap())
    };
    let phase_2 = of("accept", "sent") + of("accepted", "sent");
    assert!(commands == 20 && phase_2 > 4 * commands && phase_2 <= 8 * commands, "{traffic}");
    assert_eq!(of("accept", "per_hundred_commands"), of("accept", "sent") * 100 / commands);
    let all: u64 = kinds.iter().map(|kind| kind["sent"].as_u64().unwrap()).sum();
    assert!(all < counters["sent"].as_u64().unwrap(), "those of clients are not among them");
    let text = lab.run(&["run", "x.json"]).out;
    assert!(text.contains("heartbeat") && text.contains("all, for 20 commands"), "{text}");
}

#[test]
fn a_trace_is_json_line_by_line_and_changes_nothing() {
    let lab = Lab::calm();
    let said = lab.run(&["run", "calm.json", "--trace", "trace.jsonl"]);
    assert_eq!(said.row("digest"), lab.run(&["run", "calm.json"]).row("digest"));
    let trace = lab.read("trace.jsonl");
    assert!(trace.ends_with('\n') && trace.lines().count() > 100);
    for line in trace.lines() {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(record["at"].is_string() && record["what"].is_string(), "{line}");
    }
    assert_eq!(lab.files(), ["calm.json", "trace.jsonl"]);
}

#[test]
fn a_trace_may_have_standard_output_to_itself() {
    let lab = Lab::calm();
    let said = lab.run(&["run", "calm.json", "--trace", "-"]);
    assert_eq!(said.code, 0);
    assert!(said.out.lines().all(|line| line.starts_with('{') && line.ends_with('}')));
    assert!(said.err.contains("HOLDS"));
}

#[test]
fn colours_are_for_terminals() {
    let lab = Lab::calm();
    assert!(!lab.run(&["run", "calm.json"]).out.contains('\u{1b}'));
    let colours = |set: &[(&str, &str)]| {
        let mut command = lab.command(&["run", "calm.json"]);
        command.envs(set.iter().copied());
        Said::of(&command.output().unwrap()).out.contains('\u{1b}')
    };
    assert!(colours(&[("CLICOLOR_FORCE", "1")]));
    assert!(!colours(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let lab = Lab::calm();
    for args in [&["list", "faults"][..], &["schema"], &["run", "calm.json"], &["run", "calm.json", "--trace", "-"]] {
        let mut child = lab.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut err = String::new();
        child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0), "{args:?}: {err}");
        assert!(!err.contains("panicked"), "{err}");
    }
}

#[test]
fn a_run_that_breaks_nothing_can_be_kept() {
    let lab = Lab::calm();
    let said = lab.run(&["run", "calm.json", "--keep"]);
    assert_eq!((said.code, lab.files()), (0, vec!["calm.json".to_owned(), "raft-run-0.reproducer.json".to_owned()]));
    let replay = lab.run(&["replay", "raft-run-0.reproducer.json"]);
    assert_eq!((replay.code, replay.row("digest")), (0, said.row("digest")));
    assert!(replay.out.contains("Replayed exactly"));
}

#[test]
fn a_run_without_end_is_unknown() {
    let lab = Lab::new();
    lab.write("x.json", &CALM.replace("\"run_for\"", "\"budget\": { \"events\": 50 }, \"run_for\""));
    let said = lab.run(&["run", "x.json"]);
    assert_eq!(said.code, 6);
    assert!(said.out.contains("UNKNOWN: stopped at"), "{}", said.out);
    assert_eq!(lab.run(&["run", "x.json", "--bisect"]).code, 125);
}

#[test]
fn what_was_to_break_and_did_not_is_vacuous() {
    let lab = Lab::new();
    lab.write("x.json", &CALM.replace("\"run_for\"", "\"expect\": { \"violates\": \"election_safety\" }, \"run_for\""));
    let said = lab.run(&["run", "x.json"]);
    assert_eq!(said.code, 5);
    assert!(said.out.contains("NOT SHOWN: election_safety"), "{}", said.out);
    assert_eq!(lab.files(), ["x.json"]);
}

#[test]
fn a_run_in_which_nothing_happens_says_so() {
    let lab = Lab::new();
    let retire = |n: u32| format!(r#"{{ "id": "r{n}", "at": "1ms", "kind": {{ "retire": {{}} }}, "who": {n} }}"#);
    let faults = format!(r#""faults": {{ "timeline": [{}, {}] }}, "run_for""#, retire(0), retire(1));
    lab.write("x.json", &CALM.replace("\"run_for\"", &faults));
    let said = lab.run(&["run", "x.json"]);
    assert_eq!(said.code, 0);
    for words in ["the run was empty", "liveness was excused", "never evaluated", "HOLDS, and shows nothing"] {
        assert!(said.out.contains(words), "{words}:\n{}", said.out);
    }
}

#[test]
#[cfg(unix)]
fn an_interrupted_run_stops_cleanly() {
    use std::process::Command;
    let lab = Lab::new();
    let endless = "\"budget\": { \"events\": 100000000000 }, \"run_for\": \"9000h\"";
    lab.write("x.json", &CALM.replace("\"run_for\": \"2s\"", endless));
    let mut command = lab.command(&["run", "x.json", "--trace", "trace.jsonl", "--json"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // The trace has begun: so has the run.
    while lab.files().len() < 2 {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    std::thread::sleep(std::time::Duration::from_millis(200));
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let said = Said::of(&child.wait_with_output().unwrap());
    assert_eq!(said.code, 130);
    assert!(said.err.starts_with("error: interrupted at ") && said.err.contains("of virtual time"), "{}", said.err);
    assert_eq!(said.json()["exit_code"], 130);
    assert_eq!(lab.files(), ["x.json"], "nothing half is left behind");
}
