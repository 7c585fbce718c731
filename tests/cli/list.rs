//! `list`, `schema`, `completions` and the help.

use insta::assert_snapshot;

use crate::lab::Lab;

fn said(args: &[&str]) -> String {
    let said = Lab::new().run(args);
    assert_eq!(said.code, 0, "{}", said.err);
    said.out.replace(env!("CARGO_BIN_EXE_seedstorm"), "seedstorm")
}

#[test]
fn everything_is_listed() {
    assert_snapshot!("list_faults", said(&["list", "faults"]));
    let overview = said(&["list", "--protocol", "raft"]);
    for word in ["raft: a replicated log", "vote-amnesia", "election_safety", "convergence", "sync_fail", "bridge"] {
        assert!(overview.contains(word), "{word} is not in\n{overview}");
    }
    let raft = said(&["list", "protocols", "--protocol", "raft"]);
    assert!(raft.contains(r#"election_timeout = ["150ms", "300ms"]"#), "{raft}");
    assert!(raft.contains("follower, pre_candidate, candidate, leader") && raft.contains("read_confirmed"), "{raft}");
    assert!(said(&["list", "properties"]).contains("at most one leader is elected in a term"));
    assert!(said(&["list", "bugs"]).contains("may break one_vote_per_term"));
}

#[test]
fn lists_fit_a_hundred_columns() {
    for what in ["protocols", "properties", "bugs", "faults"] {
        let text = said(&["list", what]);
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    }
}

#[test]
fn lists_are_documents_too() {
    let all: serde_json::Value = serde_json::from_str(&said(&["list", "--json"])).unwrap();
    let raft = all["protocols"].as_array().unwrap().iter().find(|protocol| protocol["name"] == "raft").unwrap();
    assert_eq!(raft["params"][1]["default"], serde_json::json!(["150ms", "300ms"]));
    assert_eq!(all["faults"].as_array().unwrap().len(), 18);
    let bugs: serde_json::Value = serde_json::from_str(&said(&["list", "bugs", "--json"])).unwrap();
    assert!(bugs["faults"].is_null() && bugs["protocols"][0]["bugs"][0]["about"].is_string());
}

#[test]
fn a_protocol_that_is_not_there_has_a_neighbour() {
    let said = Lab::new().run(&["list", "--protocol", "rft"]);
    assert_eq!(said.code, 2);
    assert!(said.err.starts_with("error: there is no protocol \"rft\"; did you mean \"raft\"?"), "{}", said.err);
}

#[test]
fn the_schema_is_json_that_knows_every_protocol() {
    let schema: serde_json::Value = serde_json::from_str(&said(&["schema"])).unwrap();
    let names = schema["properties"]["protocol"]["enum"].as_array().unwrap();
    assert!(names.contains(&"raft".into()));
}

#[test]
fn shells_get_their_completions() {
    for shell in ["bash", "zsh", "fish"] {
        assert!(said(&["completions", shell]).contains("seedstorm"));
    }
}

#[test]
fn the_help_has_the_exit_codes() {
    let help = said(&["--help"]);
    assert!(help.contains("1  a safety property broke") && help.contains("101  a panic"), "{help}");
    assert!(said(&["--version"]).starts_with("seedstorm "));
}

#[test]
fn the_schema_accepts_every_scenario_that_is_shipped() {
    let validator = |of: &str| {
        let schema: serde_json::Value = serde_json::from_str(&said(&["schema", of])).unwrap();
        jsonschema::validator_for(&schema).unwrap()
    };
    let (scenarios, sweeps) = (validator("scenarios"), validator("sweeps"));
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut seen = 0;
    for folder in std::fs::read_dir(root).unwrap() {
        for file in std::fs::read_dir(folder.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let validator = if path.parent().unwrap().ends_with("sweeps") { &sweeps } else { &scenarios };
            let scenario: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
            let faults: Vec<String> =
                validator.iter_errors(&scenario).map(|error| format!("{}: {error}", error.instance_path())).collect();
            assert!(faults.is_empty(), "{}: {}", path.display(), faults.join("\n"));
            let mut wrong = scenario.clone();
            wrong["netwrok"] = serde_json::json!({});
            assert!(!validator.is_valid(&wrong), "{}", path.display());
            seen += 1;
        }
    }
    assert!(seen > 0);
}
