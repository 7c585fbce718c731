//! The page of a run, and its exports for other tools.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::DeflateDecoder;
use insta::assert_snapshot;
use serde_json::Value;

use crate::lab::{Lab, swarm};

/// What the script of a page is given.
fn payload(page: &str) -> Value {
    let packed = page.split_once("<script id=\"run\" type=\"text/plain\">").unwrap().1;
    let bytes = STANDARD.decode(packed.split_once("</script>").unwrap().0).unwrap();
    let mut text = String::new();
    DeflateDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn numbers(column: &Value) -> Vec<i64> {
    column.as_array().unwrap().iter().map(|number| number.as_i64().unwrap()).collect()
}

/// The texts of all states of a node, in order, put together from their differences.
fn states(node: &Value) -> Vec<String> {
    let pieces: Vec<&str> = node["pieces"].as_array().unwrap().iter().map(|piece| piece.as_str().unwrap()).collect();
    let mut state = numbers(&node["base"]);
    let change = |change: &Value| {
        for patch in change[1].as_array().unwrap().iter().rev() {
            let [at, gone] = [0, 1].map(|place: usize| usize::try_from(patch[place].as_u64().unwrap()).unwrap());
            state.splice(at..at + gone, numbers(&patch[2]));
        }
        state.iter().map(|&piece| pieces[usize::try_from(piece).unwrap()]).collect()
    };
    node["changes"].as_array().unwrap().iter().map(change).collect()
}

/// A run that breaks, with its page, and its trace to compare that with.
fn broken() -> (Lab, String, Value) {
    let lab = Lab::new();
    let caught = lab.caught("no-log-check");
    let reproducer = &caught.reproducer;
    let said = lab.run(&["replay", reproducer, "--report", "page.html", "--trace", "trace.jsonl"]);
    assert_eq!(said.code, 1, "{}", said.err);
    assert!(said.out.contains("Replayed exactly"), "{}", said.out);
    let page = lab.read("page.html");
    let run = payload(&page);
    (lab, page, run)
}

#[test]
fn a_page_tells_in_words_what_broke_and_needs_nothing_else() {
    let (lab, page, run) = broken();
    let said = lab.run(&["replay", &lab.files().into_iter().find(|file| file.starts_with("raft-")).unwrap()]);
    for label in ["claim", "but", "term", "entry"] {
        let told = said.row(label).split("  ").next().unwrap();
        assert!(page.contains(&format!(">{told}</dd>")), "{label}: {told:?}");
    }
    for words in ["<h1 class=\"bad\">VIOLATED: leader_completeness", "How it came about", "reports Elected", "digest "]
    {
        assert!(page.contains(words), "{words}");
    }
    assert!(!page.contains("{{") && !page.contains("http:") && !page.contains("https:") && !page.contains("src="));
    assert_eq!(run["violation"]["property"], "leader_completeness");
    assert!(run["replay"].as_str().unwrap().contains(" replay raft-leader_completeness-"));
    let broken_at = run["violation"]["at"].as_u64().unwrap();
    assert_eq!(run["end"].as_u64(), Some(broken_at));
}

#[test]
fn every_record_of_the_trace_is_in_the_page_and_arrivals_find_what_was_sent() {
    let (lab, _, run) = broken();
    let trace: Vec<Value> = lab.read("trace.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let events = &run["events"];
    let [at, what, text, message, place] =
        ["at", "what", "text", "message", "place"].map(|column| numbers(&events[column]));
    assert_eq!((at.len(), place.iter().sum::<i64>()), (trace.len(), trace.len() as i64 - 1));
    let texts = &run["texts"];
    let mut sent: BTreeMap<i64, i64> = BTreeMap::new();
    let mut arrived = 0;
    for (n, record) in trace.iter().enumerate() {
        assert_eq!(run["whats"][what[n] as usize], record["what"]);
        assert_eq!(record["message"].as_i64().unwrap_or(-1), message[n]);
        let told = if text[n] >= 0 { text[n] } else { sent.get(&message[n]).copied().unwrap_or(-1) };
        if told >= 0 {
            assert_eq!(texts[told as usize].as_str(), record["detail"].as_str(), "{record}");
        }
        let sends = matches!(record["what"].as_str(), Some("send" | "invoke" | "reply")) && text[n] >= 0;
        match record["what"].as_str().unwrap() {
            _ if message[n] < 0 => {}
            _ if sends => drop(sent.insert(message[n], told)),
            "twice" => drop(sent.insert(message[n], text[n - 1])),
            "deliver" => arrived += i64::from(text[n] < 0),
            _ => {}
        }
    }
    assert!(arrived > 100, "{arrived}");
}

#[test]
fn the_state_of_a_node_is_that_of_a_replay() {
    let (lab, _, run) = broken();
    let reproducer = lab.files().into_iter().find(|file| file.starts_with("raft-")).unwrap();
    let at = run["violation"]["at"].as_u64().unwrap();
    let said = lab.run(&["replay", &reproducer, "--until", &format!("{at}ns"), "--node", "1", "--json"]).json();
    let told = |part: &str| said["nodes"][0][part].as_str().unwrap().split_whitespace().collect::<String>();
    let seen = states(&run["nodes"][1]).pop().unwrap();
    let (memory, disk) = seen.split_once("\u{1f}disk\n").unwrap();
    let bare = |text: &str| text.split_whitespace().collect::<String>().replace(['\u{1f}', ','], "");
    assert_eq!(bare(memory).trim_start_matches("memory"), told("memory").replace(',', ""));
    assert_eq!(bare(disk), told("disk").replace(',', ""));
}

#[test]
fn a_page_changes_nothing_about_its_run() {
    let lab = Lab::calm();
    let bare = lab.run(&["run", "calm.json", "--seed", "3", "--json"]);
    let with = lab.run(&["run", "calm.json", "--seed", "3", "--json", "--report", "page.html"]);
    assert_eq!((bare.code, &bare.out), (with.code, &with.out));
    let page = lab.read("page.html");
    assert!(page.contains("<h1 class=\"good\">HOLDS:") && page.contains("run calm.json --seed 3 --keep"), "{page}");
    let again = lab.run(&["run", "calm.json", "--seed", "3", "--report", "again.html"]);
    assert_eq!((again.code, lab.read("again.html") == page), (0, true), "pages of one run are the same");
    let half = lab.run(&["run", "calm.json", "--seed", "3", "--keep", "--out", "r.json", "--force"]);
    assert_eq!(half.code, 0);
    assert_eq!(lab.run(&["replay", "r.json", "--until", "1s", "--report", "half.html"]).code, 0);
    let half = lab.read("half.html");
    assert!(half.contains("STOPPED at 1s") && payload(&half)["end"] == 1_000_000_000, "{half}");
}

#[test]
fn texts_of_a_run_are_no_markup() {
    let lab = Lab::calm();
    let scenario = lab.read("calm.json").replace("nothing wrong", "</pre><script>alert('&')</script>");
    lab.write("<b>&.json", &scenario);
    assert_eq!(lab.run(&["run", "<b>&.json", "--report", "page.html"]).code, 0);
    let page = lab.read("page.html");
    assert!(page.contains("&lt;/pre&gt;&lt;script&gt;alert(&#39;&amp;&#39;)"), "{page}");
    assert!(page.contains("&lt;b&gt;&amp;.json") && !page.contains("<b>&.json"));
}

#[test]
fn shiviz_reads_the_clocks() {
    let lab = Lab::new();
    let said = lab.run(&["run", &swarm().display().to_string(), "--seed", "3", "--shiviz", "run.log"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let log = lab.read("run.log");
    let lines: Vec<&str> = log.lines().collect();
    let mut own: BTreeMap<String, u64> = BTreeMap::new();
    let mut heard = 0;
    for event in lines.chunks(2) {
        // (?<host>\S*) (?<clock>{.*})\n(?<event>.*)
        let (host, clock) = event[0].split_once(' ').unwrap();
        let clock: BTreeMap<String, u64> = serde_json::from_str(clock).unwrap();
        let count = own.entry(host.to_owned()).or_default();
        *count += 1;
        assert_eq!(clock[host], *count, "{event:?}");
        assert!(!event[1].is_empty());
        for (other, known) in &clock {
            assert!(own.get(other).is_some_and(|count| known <= count), "{event:?} knows the future of {other}");
        }
        heard += usize::from(event[1].contains(" hears from ") && clock.len() > 1);
    }
    assert!(heard > 100, "{heard}");
}

#[test]
fn perfetto_reads_the_trace() {
    let lab = Lab::new();
    let said = lab.run(&["run", &swarm().display().to_string(), "--seed", "3", "--perfetto", "run.json"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let trace = lab.json("run.json");
    let events = trace["traceEvents"].as_array().unwrap();
    let ids = |phase: &str| -> BTreeSet<u64> {
        let flows = events.iter().filter(|event| event["ph"] == phase && event["cat"] == "message");
        flows.map(|flow| flow["id"].as_u64().unwrap()).collect()
    };
    let (sent, arrived) = (ids("s"), ids("f"));
    assert!(arrived.len() > 100 && arrived.is_subset(&sent), "{} {}", sent.len(), arrived.len());
    let named = |what: &str| events.iter().filter(|event| event["name"] == what).count();
    assert!(named("process_name") >= 4 && named("life 1") >= 3);
    let mut ends: BTreeMap<(u64, u64), f64> = BTreeMap::new();
    let mut slices: Vec<_> = events.iter().filter(|event| event["ph"] == "X").collect();
    slices.sort_by(|a, b| a["ts"].as_f64().unwrap().total_cmp(&b["ts"].as_f64().unwrap()));
    for slice in slices {
        let [from, lasts] = ["ts", "dur"].map(|field| slice[field].as_f64().unwrap());
        let track = (slice["pid"].as_u64().unwrap(), slice["tid"].as_u64().unwrap());
        let free = ends.insert(track, from + lasts).unwrap_or_default();
        assert!(from >= free - 0.000_5, "{slice} begins before {free}");
    }
}

#[test]
fn files_that_cannot_or_may_not_be_written_are_said_before_the_run() {
    let lab = Lab::calm();
    lab.write("there.html", "mine");
    let refused = |args: &[&str]| {
        let said = lab.run(&[&["run", "calm.json"], args].concat());
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{}", said.err);
        said.err
    };
    assert_snapshot!(refused(&["--report", "there.html"]), @"error: --report: there.html is there already; --force replaces it");
    assert_snapshot!(refused(&["--report", "nowhere/page.html"]), @"error: --report: there is no folder nowhere");
    assert_snapshot!(refused(&["--shiviz", "x.log", "--perfetto", "./x.log"]), @"error: --perfetto: ./x.log is where --shiviz goes; give it another name");
    assert_snapshot!(refused(&["--report", "x.json", "--out", "x.json"]), @"error: --report: x.json is where --out goes; give it another name");
    assert_eq!((lab.files(), lab.read("there.html").as_str()), (vec!["calm.json".into(), "there.html".into()], "mine"));
    assert_eq!(lab.run(&["run", "calm.json", "--report", "there.html", "--force"]).code, 0);
    assert!(lab.read("there.html").starts_with("<!doctype html>"));
}
