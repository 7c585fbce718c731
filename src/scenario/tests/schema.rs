//! The published schema.

use serde_json::Value;

use super::{EXAMPLE, KvParams, RaftParams};
use crate::scenario::{ProtocolSchema, schema, section};
use crate::workload::NoParams;

fn published() -> Value {
    let raft = ProtocolSchema {
        name: "raft",
        about: "Consensus.",
        params: section::<RaftParams>(),
        workload: section::<KvParams>(),
        bugs: vec!["vote-amnesia"],
        properties: vec!["election_safety"],
    };
    let two_phase = ProtocolSchema {
        name: "two_phase",
        about: "Commitment.",
        params: section::<NoParams>(),
        workload: section::<NoParams>(),
        bugs: vec![],
        properties: vec!["atomic_commit"],
    };
    schema(&[raft, two_phase]).to_value()
}

#[test]
fn every_field_of_the_example_is_described() {
    let schema = published();
    let example: Value = serde_json::from_str(EXAMPLE).unwrap();
    for name in example.as_object().unwrap().keys() {
        assert!(!schema["properties"][name].is_null(), "{name}");
    }
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(schema["properties"]["seedstorm"]["const"], 1);
    assert_eq!(schema["properties"]["protocol"]["enum"], serde_json::json!(["raft", "two_phase"]));
}

#[test]
fn a_protocol_brings_its_own_settings() {
    let schema = published();
    let raft = &schema["allOf"][0];
    assert_eq!(raft["if"]["properties"]["protocol"]["const"], "raft");
    let params = &raft["then"]["properties"]["params"]["anyOf"][0];
    assert_eq!(params["additionalProperties"], false);
    let heartbeat = &params["properties"]["heartbeat"]["anyOf"];
    assert_eq!(heartbeat[1]["$ref"], "#/$defs/open", "{heartbeat}");
    let workload = &raft["then"]["properties"]["workload"]["anyOf"][0]["properties"];
    assert!(!workload["clients"].is_null() && !workload["keys"].is_null());
}

#[test]
fn settings_can_be_left_open_where_they_are_resolved_and_nowhere_else() {
    let schema = published();
    let open = |value: &Value| value.to_string().contains("#/$defs/open");
    for name in ["nodes", "network"] {
        assert!(open(&schema["properties"][name]), "{name}");
    }
    for name in ["run_for", "disk", "faults", "clock"] {
        assert!(!open(&schema["properties"][name]), "{name}");
    }
    assert!(!schema["$defs"]["open"].is_null());
    assert!(!open(&schema["$defs"]["Faults"]));
}

#[test]
fn every_reference_leads_somewhere() {
    let schema = published();
    let text = schema.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(schema.pointer(reference).is_some(), "{reference}");
    }
}
