//! A campaign that finds nothing, and did not look.

use super::{gate, held};
use crate::lab::Lab;

fn said(scenario: &str) -> (i32, String) {
    let lab = Lab::new();
    lab.write("it.json", scenario);
    let said = gate(&lab, "it.json --seeds 20");
    (said.code, said.out)
}

#[test]
fn a_fault_that_never_takes_effect_is_missed() {
    // It would begin after a fact that a calm run does not report.
    let never = held().replace(
        "\"run_for\"",
        r#""faults": { "timeline": [ { "id": "cut", "after": { "fact": "truncated" }, "kind": { "partition": { "links": { "shape": "isolate" } } } } ] }, "run_for""#,
    );
    let (code, out) = said(&never);
    assert_eq!(code, 5, "{out}");
    assert!(out.contains("partition is configured and never took effect: 20 planned, 0 attempted"), "{out}");
    let rare = held().replace("\"run_for\"", r#""faults": { "crash": { "every": "1000h", "down": "1s" } }, "run_for""#);
    let (code, out) = said(&rare);
    assert_eq!(code, 5, "{out}");
    assert!(out.contains("crash is configured, and no seed planned one"), "{out}");
}

#[test]
fn a_situation_that_is_never_seen_is_missed() {
    let (code, out) = said(&held().replace("\"elected\"", "\"elected\", \"truncated\""));
    assert_eq!(code, 5, "{out}");
    assert!(out.contains("truncated was never reported, and should be sometimes"), "{out}");
    assert!(out.contains("VACUOUS"), "{out}");
}

#[test]
fn a_breach_that_should_show_and_does_not_is_missed() {
    let (code, out) = said(&held().replace("\"run_for\"", r#""expect": { "violates": "log_matching" }, "run_for""#));
    assert_eq!(code, 5, "{out}");
    assert!(out.contains("log_matching should break in some run, and broke in none"), "{out}");
}

#[test]
fn what_holds_says_how_sure_that_is() {
    let (code, out) = said(&held());
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("no failure in 20 seeds, which means a failure rate below 14% at 95% confidence"), "{out}");
}
