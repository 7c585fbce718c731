//! Settings that are left open.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{check, with};
use crate::rng::Seed;
use crate::scenario::{Document, open_settings};

fn params(text: &str, seed: u64) -> Value {
    let document = Document::parse(&with("params", &format!("\"params\": {text}"))).unwrap();
    Value::Object(document.resolve(Seed(seed)).unwrap().params)
}

/// Every value that one open setting takes over many seeds.
fn values(setting: &str) -> BTreeSet<String> {
    (0..300).map(|seed| params(&format!("{{ \"x\": {setting} }}"), seed)["x"].to_string()).collect()
}

#[test]
fn every_alternative_is_drawn() {
    let all = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
    assert_eq!(values(r#"{ "one_of": [1, "two", [3]] }"#), all(&["1", "\"two\"", "[3]"]));
    assert_eq!(values(r#"{ "between": [-1, 1] }"#), all(&["-1", "0", "1"]));
    assert_eq!(values(r#"{ "between": ["1ns", "3ns"] }"#), all(&["\"1ns\"", "\"2ns\"", "\"3ns\""]));
    assert_eq!(values(r#"{ "one_of": [1, { "one_of": [2, { "between": [3, 4] }] }] }"#), all(&["1", "2", "3", "4"]));
}

#[test]
fn odds_lie_between_their_ends() {
    for odds in values(r#"{ "between": ["0.5%", "1/50"] }"#) {
        let odds: crate::rng::Ratio = serde_json::from_str(&odds).unwrap();
        assert!((0.005..=0.02).contains(&odds.as_fraction()), "{odds}");
    }
}

#[test]
fn a_setting_is_drawn_by_its_place_alone() {
    let alone = |seed| params(r#"{ "x": { "between": [0, 1000000] } }"#, seed)["x"].clone();
    let beside = |seed| params(r#"{ "a": { "one_of": [1, 2] }, "x": { "between": [0, 1000000] } }"#, seed)["x"].clone();
    assert!((0..20).all(|seed| alone(seed) == beside(seed)));
    assert_ne!(alone(1), alone(2));
}

#[test]
fn all_open_settings_together_are_checked_even_where_they_are_many() {
    let open = |name: &str| format!("\"{name}\": {{ \"one_of\": [1, 2, 3, 4, 5, 6, 7, 8, 9] }}");
    let links: Vec<String> = (0..9)
        .map(|n| {
            format!("{{ \"from\": 0, \"to\": 1, {} }}", open(&format!("capacity{}", if n == 8 { "s" } else { "" })))
        })
        .collect();
    let text = with("network", &format!("\"network\": {{ \"links\": [{}] }}", links.join(", ")));
    let error = check(&Document::parse(&text).unwrap()).unwrap_err().to_string();
    assert!(error.contains("network.links[8].capacitys: unknown field; did you mean \"capacity\"?"), "{error}");
    let last =
        text.replace("capacitys\": { \"one_of\": [1, 2, 3, 4, 5, 6, 7, 8, 9]", "capacity\": { \"one_of\": [1, 0]");
    let error = check(&Document::parse(&last).unwrap()).unwrap_err();
    assert_eq!(error.path, "network.links[8].capacity");
}

#[test]
fn open_settings_are_found_wherever_they_are() {
    let file = serde_json::json!({
        "nodes": { "one_of": [3, 5] },
        "network": { "loss": { "between": ["0%", "1%"] }, "latency": { "uniform": ["1ms", "2ms"] } },
        "params": { "timeout": [{ "one_of": ["1ms"] }, "2ms"] },
    });
    let open: Vec<String> = open_settings(&file).into_iter().collect();
    assert_eq!(open, ["network.loss", "nodes", "params.timeout"]);
}
