//! Curves that got worse than they were.

use super::{folder, sweep};
use crate::lab::Lab;

const CURVE: &str = "lossy.json --vary network.loss=0%,20% --seeds 40";

/// A baseline in which everything was better than it is: fewer messages, and more operations that were answered.
fn better(lab: &Lab, name: &str, edit: impl Fn(&mut serde_json::Value)) {
    let mut results = lab.json("reports/lossy/cells.json");
    for cell in results["cells"].as_array_mut().unwrap() {
        edit(&mut cell["figures"]);
    }
    lab.write(name, &results.to_string());
}

/// A figure that is half of what it is, or so many times as much, with an interval that is as wide as that.
fn scale(figure: &mut serde_json::Value, by: f64) {
    for part in ["value", "low", "high"] {
        figure[part] = (figure[part].as_f64().unwrap() * by).into();
    }
}

#[test]
fn a_curve_that_got_worse_is_named_with_its_cell() {
    let lab = folder();
    assert_eq!(sweep(&lab, CURVE).code, 0);
    let said = sweep(&lab, &format!("{CURVE} --baseline reports/lossy/cells.json"));
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert!(said.out.contains("HOLDS: of ") && said.out.contains("none is worse than in the baseline"), "{}", said.out);
    better(&lab, "cheaper.json", |figures| scale(&mut figures["messages_per_command"], 0.6));
    let said = sweep(&lab, &format!("{CURVE} --baseline cheaper.json"));
    assert_eq!(said.code, 7, "{}", said.out);
    assert!(said.out.contains("WORSE: 2 of "), "{}", said.out);
    let line = said.out.lines().find(|line| line.contains("network.loss 20%: was ") && line.contains(", is "));
    assert!(line.is_some_and(|line| line.contains("messages per command")), "{}", said.out);
    for tolerance in ["100%", "messages_per_command=100%"] {
        let said = sweep(&lab, &format!("{CURVE} --baseline cheaper.json --tolerance {tolerance}"));
        assert_eq!(said.code, 0, "{tolerance}: {}", said.out);
    }
    // More of it is better.
    better(&lab, "worse.json", |figures| scale(&mut figures["availability"], 0.5));
    assert_eq!(sweep(&lab, &format!("{CURVE} --baseline worse.json")).code, 0);
    let said = sweep(&lab, &format!("{CURVE} --baseline cheaper.json --json"));
    assert_eq!((said.code, &said.json()["exit_code"]), (7, &7.into()));
    assert_eq!(said.json()["baseline"]["worse"][0]["figure"], "messages_per_command");
}

/// What was there and is not any more is worse, however good it was.
#[test]
fn a_figure_that_is_gone_is_worse() {
    let lab = folder();
    assert_eq!(sweep(&lab, CURVE).code, 0);
    better(&lab, "more.json", |figures| figures["blocked_time.p50"] = figures["latency.p50"].clone());
    let mut more = lab.json("more.json");
    let metric =
        serde_json::json!({ "name": "blocked_time", "about": "x", "unit": "seconds", "more_is_better": false });
    more["metrics"].as_array_mut().unwrap().push(metric);
    lab.write("more.json", &more.to_string());
    let said = sweep(&lab, &format!("{CURVE} --baseline more.json"));
    assert_eq!(said.code, 7, "{}{}", said.out, said.err);
    assert!(said.out.contains("has none any more"), "{}", said.out);
    let said = sweep(&lab, &format!("{CURVE} --baseline more.json --tolerance blocked_tme.p50=1%"));
    assert!(said.code == 2 && said.err.contains("did you mean \"blocked_time.p50\"?"), "{}", said.err);
}

#[test]
fn what_is_within_the_noise_is_not_worse() {
    let lab = folder();
    assert_eq!(sweep(&lab, CURVE).code, 0);
    // Other seeds of the same: whatever differs is noise.
    let said = sweep(&lab, &format!("{CURVE} --from 1000 --out others --baseline reports/lossy/cells.json"));
    assert_eq!(said.code, 0, "{}", said.out);
}

#[test]
fn an_outdated_baseline_is_refused_before_anything_runs() {
    let lab = folder();
    assert_eq!(sweep(&lab, CURVE).code, 0);
    let refused = |args: &str, message: &str| {
        let said = sweep(&lab, args);
        assert_eq!(said.code, 2, "{args}: {}", said.err);
        assert!(said.err.contains(message), "{args}: {}", said.err);
    };
    refused(
        "lossy.json --vary network.loss=0%,10% --out new --baseline reports/lossy/cells.json",
        "it is of another grid",
    );
    lab.write("old.json", &lab.read("reports/lossy/cells.json").replacen("\"seedstorm\": 1", "\"seedstorm\": 0", 1));
    refused(&format!("{CURVE} --out new --baseline old.json"), "version 0 of the format");
    let cut = lab.read("reports/lossy/cells.json");
    lab.write("cut.json", &cut[..cut.len() / 2]);
    refused(&format!("{CURVE} --out new --baseline cut.json"), "these are no results of a sweep");
    lab.write("lossy.json", &super::LOSSY.replace("\"3s\"", "\"4s\""));
    refused(&format!("{CURVE} --out new --baseline reports/lossy/cells.json"), "the scenario has changed");
    assert!(!lab.path("new").exists(), "nothing was begun");
}
