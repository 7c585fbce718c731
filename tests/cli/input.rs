//! Input that is wrong: exit 2, one message that names the file, the place and the nearest valid spelling, no panic,
//! and nothing written.

use insta::assert_snapshot;

use crate::lab::{CALM, Lab};

/// What is said of a scenario that is wrong.
fn refused(scenario: &str) -> String {
    let lab = Lab::new();
    lab.write("x.json", scenario);
    let said = lab.run(&["run", "x.json", "--keep", "--trace", "trace.jsonl"]);
    assert_eq!((said.code, said.out.as_str()), (2, ""), "{}", said.err);
    assert_eq!(lab.files(), ["x.json"], "nothing is written");
    let document = lab.run(&["run", "x.json", "--json"]);
    assert_eq!(document.code, 2);
    assert_eq!(document.json()["exit_code"], 2);
    let message = said.err.strip_prefix("error: ").unwrap().trim_end();
    assert_eq!(document.json()["error"]["message"], message);
    assert_eq!(document.json()["error"]["file"], "x.json");
    without_list(message)
}

/// The same message without the list of all that is known, which grows.
fn without_list(message: &str) -> String {
    match (message.find("(known: "), message.rfind(')')) {
        (Some(start), Some(end)) => format!("{}(known: ...){}", &message[..start], &message[end + 1..]),
        _ => message.to_owned(),
    }
}

/// The calm scenario with this in front of its last setting.
fn with(more: &str) -> String {
    CALM.replace("\"run_for\"", &format!("{more}, \"run_for\""))
}

#[test]
fn a_file_that_is_not_there() {
    let lab = Lab::calm();
    let said = lab.run(&["run", "clam.json"]);
    assert_eq!(said.code, 2);
    assert_snapshot!(said.err, @"error: clam.json: there is no such file; did you mean ./calm.json?");
    assert_eq!(lab.run(&["run", "."]).code, 2);
    assert_eq!(lab.run(&["replay", "clam.json"]).code, 2);
    assert_eq!(lab.files(), ["calm.json"]);
}

#[test]
fn a_file_that_begins_with_a_byte_order_mark() {
    let lab = Lab::new();
    lab.write("x.json", &format!("\u{feff}{CALM}"));
    assert_eq!(lab.run(&["run", "x.json"]).code, 0);
}

#[test]
fn broken_json() {
    assert_snapshot!(refused(&CALM.replace("\"nodes\": 3,", "\"nodes\": 3")), @"x.json:6:3: this is not JSON: expected `,` or `}`");
}

#[test]
fn an_unknown_field() {
    assert_snapshot!(refused(&with("\"netwrok\": {}")), @r#"x.json:8:3: netwrok: unknown field; did you mean "network"? (known: ...)"#);
    assert_snapshot!(refused(&with("\"faults\": { \"crash\": { \"every\": \"1s\", \"dwon\": \"1s\" } }")), @r#"x.json:8:41: faults.crash.dwon: unknown field; did you mean "down"? (known: ...)"#);
    assert_snapshot!(refused(&with("\"params\": { \"hartbeat\": \"10ms\" }")), @r#"x.json:8:15: params.hartbeat: unknown field; did you mean "heartbeat"? (known: ...)"#);
}

#[test]
fn an_unknown_value() {
    assert_snapshot!(refused(&CALM.replace("\"raft\"", "\"raftt\"")), @r#"x.json:4:3: protocol: there is no protocol "raftt"; did you mean "raft"? (known: ...)"#);
    assert_snapshot!(refused(&with("\"outside\": \"slient\"")), @r#"x.json:8:3: outside: "slient" is not known here; did you mean "silent"? (known: ...)"#);
}

#[test]
fn a_duration_without_a_unit() {
    assert_snapshot!(refused(&CALM.replace("\"2s\"", "\"2\"")), @r#"x.json:8:3: run_for: "2" is not a duration: it has no unit; write it as "150ms" (units: ns us ms s min h)"#);
    assert_snapshot!(refused(&CALM.replace("\"2s\"", "2")), @r#"x.json:8:3: run_for: expected a duration with its unit, such as "150ms", found the number 2; did you mean "2ms"?"#);
}

#[test]
fn a_duration_beyond_all_time() {
    let beyond = |scenario: String| refused(&scenario).contains("it is past the end of virtual time");
    let latency = r#"{ "bimodal": { "fast": "5000000h", "slow": "1ms", "odds": "1%" } }"#;
    assert!(beyond(CALM.replace(r#"["1ms", "5ms"]"#, latency)));
    let entry = r#"{ "id": "p", "at": "1s", "lasts": "5124095h", "kind": { "pause": {} }, "who": 0 }"#;
    assert!(beyond(with(&format!(r#""faults": {{ "timeline": [{entry}] }}"#))));
    let both = refused(&CALM.replace("\"2s\"", "\"20015h\"").replace("\"1s\"", "\"1h\""));
    assert!(both.contains("settle: virtual time ends after 2.28 years"), "{both}");
}

#[test]
fn a_probability_over_one() {
    assert_snapshot!(refused(&CALM.replace("\"latency\"", "\"loss\": \"120%\", \"latency\"")), @r#"x.json:6:17: network.loss: "120%" is a probability over 1"#);
}

#[test]
fn no_nodes() {
    assert_snapshot!(refused(&CALM.replace("\"nodes\": 3", "\"nodes\": 0")), @"x.json:5:3: nodes: a cluster needs at least one node that starts by itself");
}

#[test]
fn a_partition_of_a_node_that_is_not_there() {
    let faults = r#""faults": { "partition": { "every": "1s", "lasts": "1s", "who": 7 } }"#;
    assert_snapshot!(refused(&with(faults)), @"x.json:8:60: faults.partition.who: there is no node 7; nodes are 0 to 2");
}

#[test]
fn names_that_no_node_bears() {
    let faults = |text: &str| without_list(&refused(&with(&format!("\"faults\": {{ {text} }}"))));
    let crash = |who: &str| faults(&format!(r#""crash": {{ "every": "1s", "down": "1s", "who": {who} }}"#));
    let said = [
        crash(r#"{ "role": "leadr" }"#),
        crash(r#"{ "role": "Leader" }"#),
        crash(r#"{ "fact": "electd" }"#),
        faults(r#""timeline": [{ "id": "a", "after": { "fact": "Elected" }, "kind": { "crash": {} } }]"#),
        faults(r#""messages": [{ "from": 0, "to": 1, "kind": "apend", "fate": "drop" }]"#),
    ];
    let near = ["leader", "leader", "elected", "elected", "append"];
    for (said, near) in said.iter().zip(near) {
        assert!(said.contains(&format!("did you mean {near:?}?")), "{said}");
    }
}

#[test]
fn a_kind_that_is_reserved() {
    let entry = r#"{ "id": "a", "at": "1s", "kind": { "point": { "name": "early-flush", "nth": 1 } } }"#;
    let said = refused(&with(&format!(r#""faults": {{ "timeline": [{entry}] }}"#)));
    assert!(said.contains("faults.timeline[0].kind: \"point\" is reserved for fault points"), "{said}");
}

#[test]
fn a_bug_that_the_protocol_does_not_have() {
    assert_snapshot!(refused(&with("\"bug\": \"vote-amnesie\"")), @r#"x.json:8:3: bug: raft has no planted mistake "vote-amnesie"; did you mean "vote-amnesia"? (known: ...)"#);
    let lab = Lab::calm();
    let said = lab.run(&["run", "calm.json", "--bug", "vote_amnesie"]);
    assert_eq!((said.code, said.out.as_str(), lab.files().len()), (2, "", 1));
    assert_snapshot!(without_list(&said.err), @r#"error: --bug: raft has no planted mistake "vote_amnesie"; did you mean "vote-amnesia"? (known: ...)"#);
}

#[test]
fn what_the_seed_draws_is_checked_even_where_not_every_combination_is() {
    let seven = r#"{ "one_of": [true, true, true, true, true, true, true] }"#;
    let params = format!(r#""params": {{ "pre_vote": {seven}, "check_quorum": {seven}, "no_op": {seven} }}"#);
    let open = CALM.replace("\"nodes\": 3", &format!(r#""nodes": {{ "one_of": [5, 3] }}, {params}"#));
    let script =
        r#""script": { "one_of": [[], [{ "at": "500ms", "client": 0, "op": "put k0 v", "to": 4 }]] }, "stands""#;
    let lab = Lab::new();
    lab.write("x.json", &open.replace("\"stands\"", script));
    let codes: Vec<i32> = (0..12)
        .map(|seed| {
            let said = lab.run(&["run", "x.json", "--seed", &seed.to_string()]);
            let place = "x.json:7:143: workload.script[0].to: there is no node 4; nodes are 0 to 2";
            assert_eq!(said.err.contains(place), said.code == 2, "{}", said.err);
            said.code
        })
        .collect();
    assert!(codes.contains(&0) && codes.contains(&2) && codes.iter().all(|code| [0, 2].contains(code)), "{codes:?}");
}

#[test]
fn options_that_are_wrong() {
    let lab = Lab::calm();
    let refused = |args: &[&str]| {
        let said = lab.run(args);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{}", said.err);
        assert_eq!(lab.files(), ["calm.json"]);
        said.err
    };
    assert_snapshot!(refused(&["run", "calm.json", "--seed", "many"]), @r#"
    error: invalid value 'many' for '--seed <SEED>': "many" is not a seed: expected a 64-bit number, such as 42 or 0x2a

    For more information, try '--help'.
    "#);
    assert_snapshot!(refused(&["rnu", "calm.json"]), @r#"
    error: unrecognized subcommand 'rnu'

    Usage: seedstorm <COMMAND>

    For more information, try '--help'.
    "#);
    assert_snapshot!(refused(&["run", "calm.json", "--sed", "1"]), @r#"
    error: unexpected argument '--sed' found

      tip: a similar argument exists: '--seed'

    Usage: seedstorm run --seed <SEED> <SCENARIO>

    For more information, try '--help'.
    "#);
    assert_snapshot!(refused(&["run", "calm.json", "--out", "nowhere/x.json"]), @"error: --out: there is no folder nowhere");
    assert_snapshot!(refused(&["run", "calm.json", "--trace", "calm.json"]), @"error: --trace: calm.json is there already; --force replaces it");
    assert_snapshot!(refused(&["run", "calm.json", "--out", "calm.json"]), @"error: --out: calm.json is there already; --force replaces it");
    assert_snapshot!(refused(&["run", "calm.json", "--trace", "nowhere/x.jsonl"]), @"error: --trace: there is no folder nowhere");
    assert!(refused(&["run", "calm.json", "--trace", "."]).contains("is no file that can be replaced"));
}

#[test]
fn options_that_are_wrong_are_a_document_where_one_is_wanted() {
    let lab = Lab::calm();
    for args in [&["run", "calm.json", "--sed", "1", "--json"][..], &["list", "prtocols", "--json"]] {
        let said = lab.run(args);
        assert_eq!((said.code, &said.json()["exit_code"]), (2, &2.into()));
        assert!(said.json()["error"]["message"].is_string() && said.err.starts_with("error: "));
    }
    assert_eq!(lab.run(&["run", "calm.json", "--trace", "-", "--json"]).code, 2);
    assert_eq!(lab.run(&["run", "clam.json", "--bisect"]).code, 125);
}

#[test]
fn a_scenario_is_no_reproducer() {
    let lab = Lab::calm();
    let said = lab.run(&["replay", "calm.json"]);
    assert_eq!(said.code, 2);
    assert_snapshot!(said.err, @"error: calm.json: this is a scenario, not a reproducer; a scenario is run with `seedstorm run`");
}

#[test]
fn a_reproducer_is_no_scenario() {
    let lab = Lab::calm();
    lab.run(&["run", "calm.json", "--keep"]);
    let said = lab.run(&["run", "raft-run-0.reproducer.json"]);
    assert_eq!((said.code, said.out.as_str()), (2, ""));
    assert!(said.err.contains("this is a reproducer, not a scenario"), "{}", said.err);
}
