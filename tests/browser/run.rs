//! The page of a run.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::driver::{Browser, colours};

/// A run of five replicas with about 100,000 events.
const LONG: &str = r#"{ "seedstorm": 1, "about": "a long one", "protocol": "raft", "nodes": 5,
  "network": { "latency": ["1ms", "10ms"], "loss": "1%" }, "disk": { "sync": "1ms" },
  "workload": { "kind": "kv", "clients": 3, "ops": 4000, "keys": 5 },
  "faults": { "partition": { "every": "4s", "lasts": ["500ms", "2s"] }, "crash": { "every": "7s", "down": ["100ms", "3s"] } },
  "run_for": "290s", "settle": "10s" }"#;

/// The page of a run with these arguments.
fn page(folder: &TempDir, args: &[&str]) -> PathBuf {
    let page = folder.path().join("page.html");
    let mut command = Command::new(env!("CARGO_BIN_EXE_seedstorm"));
    let output = command.current_dir(folder.path()).arg("run").args(args).arg("--report").arg(&page).output().unwrap();
    assert!(page.exists(), "{}", String::from_utf8_lossy(&output.stderr));
    page
}

/// A leader that lacks a committed entry.
fn broken(folder: &TempDir) -> PathBuf {
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/raft/default.json").display().to_string();
    page(folder, &[&scenario, "--seed", "95", "--bug", "length-only-check"])
}

fn number(text: &str) -> u64 {
    let digits: String = text.chars().take_while(|c| *c != ' ').filter(char::is_ascii_digit).collect();
    digits.parse().unwrap_or_else(|_| panic!("{text:?} begins with no number"))
}

/// Pictures are kept for whoever wants to look at them.
pub(crate) fn keep(name: &str, picture: &[u8]) {
    std::fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name), picture).unwrap();
}

#[test]
fn it_opens_at_the_violation_and_tells_of_it() {
    let Some(browser) = Browser::start() else { return };
    let folder = TempDir::new().unwrap();
    browser.open(&broken(&folder), "");
    let text = browser.text();
    for words in [
        "VIOLATED: leader_completeness, a safety property, at 1.818809881s",
        "an entry committed in a term is in the log of every later leader",
        "a leader lacks a committed entry",
        "How it came about",
        "reports Elected { term: 13 }",
        "raft-leader_completeness-95.reproducer.json --until 1.818809881s --node n2",
        "n2 at 1.818809881s: leader, epoch 13",
        "term: 13",
    ] {
        assert!(text.contains(words), "{words:?} is not in\n{text}");
    }
    let (different, most) = {
        let picture = browser.screenshot();
        keep("run.png", &picture);
        colours(&picture)
    };
    assert!(different > 100 && most < 0.95, "{different} colours, {most} of it one");
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn a_reader_moves_through_the_run() {
    let Some(browser) = Browser::start() else { return };
    let folder = TempDir::new().unwrap();
    let page = broken(&folder);
    browser.open(&page, "#t=1.71s&n=n1");
    assert_eq!(browser.text_of("at"), "1.71s on n1");
    assert!(
        browser.text_of("state-about").contains("n1 at 1.71s: leader, epoch 8"),
        "{}",
        browser.text_of("state-about")
    );
    assert!(browser.text_of("command").ends_with(" --until 1.71s --node n1"));
    // From event to event of the lane, and to another lane.
    browser.script("document.getElementById('diagram').focus()");
    browser.press("\u{e014}");
    let next = browser.text_of("at");
    assert!(next.ends_with(" on n1") && next != "1.71s on n1", "{next}");
    browser.press("\u{e015}");
    assert!(browser.text_of("at").ends_with(" on n2"), "{}", browser.text_of("at"));
    // Closer, and back to all of it.
    let seen = |browser: &Browser| browser.text_of("extent");
    let before = seen(&browser);
    browser.wheel("diagram", [700.0, 150.0], -400);
    browser.wait(&format!("return document.getElementById('extent').textContent !== '{before}'"));
    browser.press("0");
    let whole = seen(&browser);
    let (shown, all) = whole.split_once(": ").unwrap().1.split_once(" of ").unwrap();
    assert_eq!(number(shown), number(all), "{whole}");
    // A click on the name of a lane chooses it; one into it moves the cursor.
    let y = 200.0;
    browser.click("diagram", [20.0, y]);
    let chosen = browser.text_of("at");
    browser.click("diagram", [600.0, y]);
    assert_ne!(browser.text_of("at"), chosen);
    assert!(browser.script("return location.hash").as_str().unwrap().starts_with("#t="));
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn a_reader_leaves_out_what_is_in_the_way() {
    let Some(browser) = Browser::start() else { return };
    let folder = TempDir::new().unwrap();
    browser.open(&broken(&folder), "");
    let shown = |browser: &Browser| number(&browser.text_of("shown"));
    let all = shown(&browser);
    let uncheck = |menu: &str, label: &str| {
        let script = format!(
            "const label = [...document.querySelectorAll('#{menu} label')].find((l) => l.textContent.trim().startsWith('{label}')); \
             label.querySelector('input').click();"
        );
        browser.script(&script);
    };
    uncheck("lanes", "n0");
    let without_n0 = shown(&browser);
    uncheck("kinds", "append");
    let without_appends = shown(&browser);
    assert!(all > without_n0 && without_n0 > without_appends && without_appends > 0);
    browser.script(
        "const find = document.getElementById('find'); find.value = 'Elected'; find.dispatchEvent(new Event('input'));",
    );
    let found = shown(&browser);
    assert!((1..20).contains(&found), "{found}");
    let rows = browser.script("return [...document.querySelectorAll('.row')].map((row) => row.textContent)");
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len() as u64, found);
    assert!(rows.iter().all(|row| row.as_str().unwrap().contains("Elected")), "{rows:?}");
    browser.script("document.querySelector('.row').click()");
    assert!(browser.script("return location.hash").as_str().unwrap().contains("&r="));
    // What the violation could know of is less than what had happened.
    let outside = "return document.querySelectorAll('.row.outside').length";
    browser.script(
        "const find = document.getElementById('find'); find.value = ''; find.dispatchEvent(new Event('input'));",
    );
    browser.script("document.getElementById('to-violation').click()");
    assert!(browser.script(outside).as_u64().unwrap() > 0);
    browser.script(
        "const past = document.getElementById('past'); past.value = ''; past.dispatchEvent(new Event('change'));",
    );
    assert_eq!(browser.script(outside), 0);
    assert_eq!(browser.complaints(), [""; 0]);
}

/// How long the page of 100,000 events took to open.
fn long() -> Option<(Duration, Browser)> {
    let browser = Browser::start()?;
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("long.json"), LONG).unwrap();
    let page = page(&folder, &["long.json", "--seed", "7"]);
    let bytes = std::fs::metadata(&page).unwrap().len();
    let took = browser.open(&page, "");
    assert!(bytes < 10 << 20, "{bytes} bytes");
    println!("{bytes} bytes, {took:?} to open");
    Some((took, browser))
}

#[test]
fn a_hundred_thousand_events_are_looked_at_as_well() {
    let Some((_, browser)) = long() else { return };
    let text = browser.text();
    let account = browser.text_of("account");
    let events = account.split_once(" of virtual time, ").unwrap().1;
    assert!(number(events) > 100_000, "{events}");
    assert!(text.contains("HOLDS"), "{text}");
    let picture = browser.screenshot();
    keep("long.png", &picture);
    assert!(colours(&picture).0 > 100);
    browser.script("document.getElementById('diagram').focus()");
    for _ in 0..20 {
        browser.press("w");
    }
    browser.press("d");
    browser.script("document.querySelectorAll('.row')[5].click()");
    assert!(browser.script("return location.hash").as_str().unwrap().contains("&r="));
    assert_eq!(browser.complaints(), [""; 0]);
}

/// Only on a machine that does nothing else, and in release: `cargo test --release --test browser -- --ignored`.
#[test]
#[ignore = "it measures time"]
fn a_hundred_thousand_events_open_in_three_seconds() {
    let Some((took, browser)) = long() else { return };
    assert!(took < Duration::from_secs(3), "{took:?}");
    // A frame of the whole run, and one of a tenth of it, as fast as the wheel turns.
    let script = "const start = performance.now(); const canvas = document.getElementById('diagram'); \
                  for (let k = 0; k < 20; k++) { canvas.dispatchEvent(new WheelEvent('wheel', { deltaY: k % 2 ? 300 : -300, cancelable: true })); \
                  canvas.getContext('2d').getImageData(0, 0, 1, 1); } return (performance.now() - start) / 20";
    println!("{:.1} ms a turn of the wheel", browser.script(script).as_f64().unwrap());
}
