//! What cannot be swept, and what is left alone.

use super::{GRID, folder, sweep};

#[test]
fn wrong_input_is_told_with_what_would_do() {
    let lab = folder();
    lab.write(
        "both.json",
        r#"{ "seedstorm": 1, "scenario": "lossy.json", "vary": [{ "path": "nodes", "points": [] }] }"#,
    );
    lab.write(
        "none.json",
        r#"{ "seedstorm": 1, "scenario": "lossi.json", "vary": [{ "path": "nodes", "values": [3] }] }"#,
    );
    lab.write(
        "chart.json",
        r#"{ "seedstorm": 1, "scenario": "lossy.json", "vary": [{ "path": "nodes", "values": [3] }],
        "charts": [{ "name": "a", "figure": "availabilty" }] }"#,
    );
    let chart = |name: &str, chart: &str| {
        let vary = r#"[{ "path": "nodes", "values": [3] }]"#;
        lab.write(
            name,
            &format!(r#"{{ "seedstorm": 1, "scenario": "lossy.json", "vary": {vary}, "charts": [{chart}] }}"#),
        );
    };
    chart("theory.json", r#"{ "name": "a", "figure": "availability", "theory": "raft_elections" }"#);
    chart("outside.json", r#"{ "name": "../a", "figure": "availability" }"#);
    chart("only.json", r#"{ "name": "a", "figure": "availability", "only": { "nodes": [] } }"#);
    lab.write(
        "field.json",
        r#"{ "seedstorm": 1, "scenario": "lossy.json", "vary": [{ "path": "nodes", "valus": [3] }] }"#,
    );
    let cases = [
        ("lossy.json", "nothing varies; give a setting and its values"),
        ("lossy.json --vary network.los=1%,2%", "did you mean network.loss?"),
        ("lossy.json --vary parms.heartbeat=1ms,2ms", "did you mean params.heartbeat?"),
        ("lossy.json --vary network.loss=20%..0%/2%", "the range is empty"),
        ("lossy.json --vary network.loss=", "no values at all"),
        ("lossy.json --vary network.loss", "expected a setting and its values"),
        ("lossy.json --vary network.loss=0%..20%", "Give a step, such as 0%..20%/2%"),
        ("lossy.json --vary network.loss=1%,2ms", "network.loss: with network.loss=2ms"),
        ("lossy.json --vary nodes=0,3", "with nodes=0"),
        ("lossy.json --vary nodes=3 --vary nodes=5", "two axes change this setting"),
        ("lossy.json --vary protocol=raft,rafd", "did you mean \"raft\"?"),
        ("lossy.json --vary nodes=3,5 --seeds 0", "are no seeds to run"),
        ("lossy.json --vary nodes=3,5 --until availability", "expected a figure and a width"),
        ("lossy.json --vary nodes=3,5 --until availabilty=1%", "did you mean \"availability\"?"),
        ("lossy.json --vary nodes=3,5 --metric latncy", "did you mean \"latency\"?"),
        ("lossy.json --vary nodes=3,5 --until latency=1%", "there is no figure \"latency\""),
        ("lossy.json --vary nodes=3,5 --until availability=5ms", "availability is no time"),
        ("lossy.json --vary $loss=1%,2%", "neither the scenario nor an axis has this name"),
        ("lossy.json --vary network.loss=1% --vary network={\"loss\":\"5%\"}", "only one can"),
        ("lossy.json --vary nodes=3,5 --shard 3/3", "2 cells are too few for 3 shards"),
        ("lossy.json --vary nodes=3,5 --bug no-such", "no planted mistake"),
        ("lossy.json --vary nodes=3,5 --baseline none/x.json", "--baseline: none/x.json"),
        ("lossy.json --vary nodes=3,5 --baseline lossy.json", "these are no results of a sweep"),
        ("lossy.json --vary nodes=3,5 --tolerance 1%", "--baseline"),
        ("lossy.json --vary network.loss=0%..50%/0.0005% --vary workload.ops=1..10", "--yes runs them"),
        ("lossi.json --vary nodes=3,5", "did you mean"),
        ("both.json", "an axis is {\"path\", \"values\"}"),
        ("none.json", "did you mean"),
        ("field.json", "did you mean \"values\"?"),
        ("chart.json", "did you mean \"availability\"?"),
        ("theory.json", "did you mean \"raft_election\"?"),
        ("outside.json", "its name is that of a file"),
        ("only.json", "leaves nothing of nodes"),
    ];
    for (args, message) in cases {
        let said = sweep(&lab, args);
        assert_eq!(said.code, 2, "{args}: {}", said.err);
        assert!(said.err.contains(message), "{args}: {}", said.err);
    }
    let large = sweep(&lab, "lossy.json --vary network.loss=0%..50%/0.0005% --vary workload.ops=1..10");
    assert!(large.err.contains("1,000,010 cells of 200 runs, which would take about"), "{}", large.err);
    assert!(!lab.path("reports").exists(), "nothing was begun");
}

#[test]
fn what_is_of_something_else_is_left_alone() {
    let lab = folder();
    assert_eq!(sweep(&lab, "lossy.json --vary nodes=3,5 --seeds 5").code, 0);
    let before = lab.read("reports/lossy/cells.json");
    let said = sweep(&lab, &format!("{GRID} --seeds 5"));
    assert_eq!(said.code, 2);
    assert!(said.err.contains("it holds the data of another sweep: what varies differs"), "{}", said.err);
    let said = sweep(&lab, "lossy.json --vary nodes=3,5 --seeds 6");
    assert!(said.code == 2 && said.err.contains("the seeds differs"), "{}", said.err);
    assert_eq!(lab.read("reports/lossy/cells.json"), before);
    std::fs::create_dir(lab.path("mine")).unwrap();
    lab.write("mine/notes.txt", "mine");
    let said = sweep(&lab, "lossy.json --vary nodes=3,5 --seeds 5 --out mine");
    assert!(said.code == 2 && said.err.contains("it holds files that are of no sweep"), "{}", said.err);
    assert_eq!(lab.files_in("mine"), ["notes.txt"]);
    let said = sweep(&lab, "lossy.json --vary nodes=3,5 --seeds 5 --out lossy.json");
    assert!(said.code == 2 && said.err.contains("this is no folder"), "{}", said.err);
    // What was wrong with the rest of the command costs nothing that is there.
    assert_eq!(sweep(&lab, "lossy.json --vary nodes=3,5 --seeds 6 --metric latncy --force").code, 2);
    assert_eq!(lab.read("reports/lossy/cells.json"), before);
    assert_eq!(sweep(&lab, "lossy.json --vary nodes=3,5 --seeds 6 --force").code, 0);
    assert_ne!(lab.read("reports/lossy/cells.json"), before);
}

#[test]
fn sweeps_among_scenarios_are_no_scenarios() {
    let lab = folder();
    std::fs::create_dir_all(lab.path("scenarios/sweeps")).unwrap();
    lab.write("scenarios/lossy.json", super::LOSSY);
    let file =
        r#"{ "seedstorm": 1, "scenario": "../lossy.json", "vary": [{ "path": "nodes", "values": [3] }], "seeds": 5 }"#;
    lab.write("scenarios/sweeps/nodes.json", file);
    assert_eq!(sweep(&lab, "scenarios/sweeps/nodes.json").code, 0);
    let said = lab.run(&["gate", "scenarios", "--seeds", "3", "--json"]);
    assert_eq!(said.json()["unusable"], serde_json::Value::Null, "{}", said.err);
    assert_eq!(said.json()["scenarios"].as_array().unwrap().len(), 1);
    for command in ["gate", "run", "bugs"] {
        let said = lab.run(&[command, "scenarios/sweeps/nodes.json"]);
        assert_eq!(said.code, 2, "{command}: {}", said.err);
        assert!(
            said.err.contains("this is a sweep, not a scenario; it is run with `seedstorm sweep`"),
            "{command}: {}",
            said.err
        );
    }
}
