//! A protocol that panics: the run ends there and nothing else does, and it is a failure like any other, which can be
//! replayed, grouped and shrunk. The protocol is that of `examples/token_ring`, whose author believed an assertion.

use serde_json::Value;

use crate::lab::{Lab, Said};

const STORMS: &str = include_str!("../../examples/token_ring/scenarios/storms.json");

fn ring(lab: &Lab, args: &str) -> Said {
    let args: Vec<&str> = args.split(' ').collect();
    Said::of(&lab.example("token_ring", &args).output().unwrap())
}

/// A folder with the scenario in it.
fn storms() -> Lab {
    let lab = Lab::new();
    lab.write("storms.json", STORMS);
    lab
}

#[test]
fn a_run_that_panics_says_where_and_leaves_a_reproducer_that_panics_again() {
    let lab = storms();
    let said = ring(&lab, "run storms.json --seed 0 --bug trusting-assert --trace trace.jsonl");
    assert_eq!(said.code, 101, "{}{}", said.out, said.err);
    assert!(said.out.contains("PANICKED at "), "{}", said.out);
    assert!(said.out.contains("panicked at examples/token_ring/protocol.rs:"), "{}", said.out);
    assert!(lab.read("trace.jsonl").lines().count() > 10, "what happened until then is in the trace");
    let file = "token-ring-panic-0.reproducer.json";
    let verdict = &lab.json(file)["verdict"];
    assert_eq!(verdict["kind"], "panic");
    let message = verdict["evidence"]["values"][0][1].as_str().unwrap();
    assert!(message.contains(" after ") && said.out.contains(message), "{}", said.out);
    assert_eq!(said.err.matches(message).count(), 1, "printed as ever, once: {}", said.err);
    let replay = ring(&lab, &format!("replay {file}"));
    assert_eq!(replay.code, 101, "{}{}", replay.out, replay.err);
    assert!(replay.out.contains("Replayed exactly"), "{}", replay.out);
    assert_eq!(ring(&lab, &format!("replay {file} --bisect")).code, 125);
}

#[test]
fn a_campaign_goes_on_and_shrinks_the_panic() {
    let lab = storms();
    let said = ring(&lab, "gate storms.json --seeds 20 --twice 5 --bug trusting-assert --json");
    assert_eq!(said.code, 101, "{}{}", said.out, said.err);
    assert!(!said.err.contains("panicked at"), "of a thousand seeds nobody wants to read that: {}", said.err);
    let document = said.json();
    let course = &document["scenarios"][0];
    assert_eq!((&course["runs"], &course["recheck"]["differed"]), (&20.into(), &Value::Array(Vec::new())));
    let [finding] = course["findings"].as_array().unwrap().as_slice() else {
        panic!("one place, one finding: {course}")
    };
    assert_eq!((&finding["fault"], &finding["property"]), (&"panic".into(), &"panic".into()));
    assert!(finding["count"].as_u64().unwrap() > 10, "{finding}");
    let shrunk = finding["kept"]["shrunk"].as_str().unwrap();
    let again = ring(&lab, &format!("run {shrunk} --json"));
    assert_eq!(again.code, 101, "{}", again.out);
    assert_eq!(again.json()["outcome"]["violation"]["evidence"]["kind"], finding["kind"]);
    let left = lab.json(shrunk);
    let faults = left["faults"]["timeline"].as_array().map_or(0, Vec::len);
    assert!(faults <= 1, "an acknowledgement that comes twice is enough: {left:#}");
    // Kept as a test, it is broken until the assertion is mended.
    std::fs::create_dir(lab.path("kept")).unwrap();
    std::fs::rename(lab.path(shrunk), lab.path("kept/assertion.json")).unwrap();
    let kept = ring(&lab, "gate --corpus kept");
    assert_eq!(kept.code, 101, "{}", kept.out);
    lab.write("kept/assertion.json", &lab.read("kept/assertion.json").replace("\"bug\": \"trusting-assert\",", ""));
    let mended = ring(&lab, "gate --corpus kept");
    assert_eq!(mended.code, 0, "{}", mended.out);
}

#[test]
fn a_mistake_that_makes_the_protocol_panic_is_found_by_name() {
    let lab = storms();
    let said = ring(&lab, "bugs storms.json --bug trusting-assert --seeds 20 --json");
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    let cell = &said.json()["profiles"][0]["cells"][0];
    assert_eq!((&cell["by"][0]["name"], &cell["named"]), (&"panic".into(), &true.into()), "{cell}");
}
