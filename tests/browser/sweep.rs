//! The page of a sweep.

use std::process::Command;

use tempfile::TempDir;

use crate::driver::{Browser, colours};
use crate::run::keep;

const SCENARIO: &str = r#"{ "seedstorm": 1, "about": "replicas on a network that loses messages", "protocol": "raft", "nodes": 3,
  "workload": { "kind": "kv", "clients": 2, "ops": 30, "keys": 2 }, "run_for": "3s", "settle": "1s" }"#;

#[test]
fn it_shows_charts_figures_and_what_made_them() {
    let Some(browser) = Browser::start() else { return };
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("lossy.json"), SCENARIO).unwrap();
    let args = ["sweep", "lossy.json", "--vary", "network.loss=0%..20%/10%", "--vary", "nodes=3,5", "--seeds", "20"];
    let output = Command::new(env!("CARGO_BIN_EXE_seedstorm")).current_dir(folder.path()).args(args).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    browser.open_still(&folder.path().join("reports/lossy/index.html"));
    // Charts are pictures whose texts are texts.
    let text = browser.script("return document.body.textContent").as_str().unwrap().to_owned();
    for words in [
        "replicas on a network that loses messages",
        "6 cells (3 × network.loss, 2 × nodes), 120 runs",
        "seedstorm sweep lossy.json --vary network.loss=0%..20%/10% --vary nodes=3,5 --seeds 20",
        "Operations of clients that took effect",
        "5 nodes",
        "Figures",
        "No property broke in any run.",
        "\"protocol\": \"raft\"",
    ] {
        assert!(text.contains(words), "{words:?} is not in\n{text}");
    }
    let charts = browser.script("return document.querySelectorAll('figure svg').length").as_u64().unwrap();
    let seen = browser.script(
        "return [...document.querySelectorAll('figure svg')].every(chart => chart.getBoundingClientRect().height > 200)",
    );
    assert!(charts >= 6 && seen == true, "{charts} charts, {seen}");
    let picture = browser.screenshot();
    keep("sweep.png", &picture);
    let (different, most) = colours(&picture);
    assert!(different > 100 && most < 0.95, "{different} colours, {most} of it one");
    assert_eq!(browser.complaints(), [""; 0]);
}
