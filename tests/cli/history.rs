//! `history`: verdicts, exit codes, documents, and input that is wrong.

mod lists;
mod mutated;

use std::io::Write;
use std::process::Stdio;

use insta::assert_snapshot;
use serde_json::json;

use crate::lab::{Lab, Said};

/// Two writes that follow each other; what is read behind them is the first.
pub(crate) const STALE: &str = include_str!("histories/stale.jsonl");
/// The same as Jepsen has it in its log, with a cas that nobody was answered to, and the value of the second.
pub(crate) const FRESH: &str = include_str!("histories/fresh.log");
/// Two keys, of which `y` loses an append.
pub(crate) const LOST: &str = include_str!("histories/lost.txt");
/// One write that failed, and one of which nobody knows.
pub(crate) const FAILED: &str = include_str!("histories/failed.edn");

/// Transactions on lists, of which two miss what the other appends.
pub(crate) const SKEW: &str = include_str!("histories/skew.edn");

pub(crate) const ALL: [(&str, &str); 5] =
    [("stale.jsonl", STALE), ("fresh.log", FRESH), ("lost.txt", LOST), ("failed.edn", FAILED), ("skew.edn", SKEW)];

fn lab() -> Lab {
    let lab = Lab::new();
    ALL.iter().for_each(|(name, text)| lab.write(name, text));
    lab
}

fn said(args: &[&str]) -> Said {
    lab().run(&[&["history"], args].concat())
}

/// What is said of a history, without what the search took.
fn account(said: &Said) -> String {
    said.out.lines().filter(|line| !line.starts_with("  search ")).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_history_is_linearizable() {
    let fresh = said(&["fresh.log"]);
    assert_eq!(fresh.code, 0, "{}", fresh.err);
    assert_snapshot!(account(&fresh), @r#"
    linearizable
      history      4 operations of 3 clients; 1 open (nobody knows)
      model        register: read, write, cas
    "#);
    assert!(fresh.err.starts_with("note: 4 operations judged in "), "{}", fresh.err);
    let failed = said(&["failed.edn"]);
    assert_eq!(failed.code, 0, "{}", failed.err);
    assert_snapshot!(account(&failed), @r#"
    linearizable
      history      3 operations of 4 clients; 1 open (nobody knows); 2 left out, for they failed
      besides      1 event of others than clients, left out
      model        register: read, write, cas
    "#);
}

#[test]
fn a_history_is_not_linearizable() {
    let stale = said(&["stale.jsonl"]);
    assert_eq!(stale.code, 1, "{}", stale.err);
    assert_snapshot!(account(&stale), @r#"
    not linearizable
      history      4 operations of 3 clients
      model        register: read, write, cas

    Why
      until then   the history is linearizable up to line 6, and is not with line 7
      cannot be    read → 1 (client 0, line 5 to 7)
      possible     2
                     after write 1, write 2
                   3
                     after write 1, write 2, write 3
                   and nothing else
      alone        3 of 4 operations are not linearizable by themselves; none of them can be left out
                   (who saw a value stays with all who may have brought it)
                   line  to  client
                      1   2  0       write 1
                      3   4  1       write 2
                      5   7  0       read → 1
    "#);
    let lost = said(&["lost.txt"]);
    assert_eq!(lost.code, 1, "{}", lost.err);
    assert_snapshot!(account(&lost), @r#"
    not linearizable
      history      5 operations of 2 clients on 2 keys
      model        kv: get, put, append, cas

    Why
      key          "y"
      until then   this key is linearizable up to line 9, and is not with line 10
      cannot be    get → "c" (client 0, line 9 to 10)
      possible     "bc"
                     after append "b", append "c"
                   and nothing else
      alone        3 of 3 operations are not linearizable by themselves; none of them can be left out
                   (who saw a value stays with all who may have brought it)
                   line  to  client
                      2   4  1       append "b"
                      6   8  1       append "c"
                      9  10  0       get → "c"
    "#);
}

#[test]
fn what_failing_means_can_be_said() {
    assert_eq!(said(&["failed.edn", "--failed", "not-happened"]).code, 0);
    // A failed cas has seen another value than it expected, and here there is no other.
    let observed = said(&["failed.edn", "--failed", "observed"]);
    assert_eq!(observed.code, 1, "{}", observed.out);
    assert!(observed.out.contains("1 refused") && !observed.out.contains("they failed"), "{}", observed.out);
}

#[test]
fn a_document_says_the_same() {
    let document = said(&["lost.txt", "--json"]);
    assert_eq!(document.code, 1);
    let document = document.json();
    let part = |names: &[&str]| names.iter().map(|name| document[name].clone()).collect::<Vec<_>>();
    assert_eq!(part(&["valid", "exit_code", "format", "model"]), [json!(false), json!(1), json!("edn"), json!("kv")]);
    assert_eq!(part(&["operations", "clients", "keys", "open"]), [json!(5), json!(2), json!(2), json!(0)]);
    assert_eq!(document["key"], "\"y\"");
    let document = said(&["fresh.log", "--json"]).json();
    assert_eq!(document["valid"], true);
    assert_eq!([&document["failed"], &document["format"]], ["observed", "log"]);
    assert_eq!(document["why"], json!(null));
}

/// Writes of which each may come before or behind each other, and then a read of what nobody wrote: to show that it
/// cannot be is to try them all. The key `easy` is broken in plain sight.
fn hard(with_easy: bool) -> String {
    let event = |key: &str, process: u64, kind: &str, f: &str, value: &str| {
        format!("{{:process {process}, :type :{kind}, :f :{f}, :key :{key}, :value {value}}}\n")
    };
    let writes = |kind: &str| (0..40).map(|n| event("a", n, kind, "write", &n.to_string())).collect::<String>();
    let read = |key: &str| event(key, 50, "invoke", "read", "nil") + &event(key, 50, "ok", "read", "99");
    writes("invoke") + &writes("ok") + &read("a") + &if with_easy { read("easy") } else { String::new() }
}

#[test]
fn nobody_knows_once_a_limit_is_reached() {
    let lab = Lab::new();
    lab.write("hard.edn", &hard(false));
    let late = lab.run(&["history", "hard.edn", "--timeout", "200ms"]);
    assert_eq!(late.code, 6, "{}", late.err);
    assert_eq!(late.out.lines().next(), Some("unknown: the time is up after 200ms"));
    let full = lab.run(&["history", "hard.edn", "--memory", "1MiB", "--json"]);
    assert_eq!((full.code, full.json()["valid"].as_str()), (6, Some("unknown")), "{}", full.err);
    assert_eq!(full.json()["why"], "the memory that it may take is full (--memory)");
    assert_eq!(full.json()["key"], ":a");
}

#[test]
fn a_key_that_takes_long_does_not_hide_one_that_is_broken() {
    let lab = Lab::new();
    lab.write("hard.edn", &hard(true));
    let said = lab.run(&["history", "hard.edn", "--json", "--memory", "8MiB"]);
    assert_eq!((said.code, said.json()["key"].as_str()), (1, Some(":easy")), "{}", said.err);
}

#[test]
fn standard_input_is_read() {
    let lab = Lab::new();
    for (text, code) in [(STALE, 1), (FRESH, 0)] {
        let mut child = lab.command(&["history", "-"]);
        let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        assert_eq!(Said::of(&child.wait_with_output().unwrap()).code, code);
    }
}

/// What is said of a history that is wrong.
fn refused(text: &str, args: &[&str]) -> String {
    let lab = Lab::new();
    lab.write("x.txt", text);
    let said = lab.run(&[&["history", "x.txt"], args].concat());
    assert_eq!((said.code, said.out.as_str()), (2, ""), "{}", said.err);
    let document = lab.run(&[&["history", "x.txt", "--json"], args].concat());
    let message = said.err.strip_prefix("error: ").unwrap().trim_end();
    assert_eq!(document.json()["error"]["message"], message);
    assert_eq!(document.json()["error"]["file"], "x.txt");
    assert!(document.json()["error"]["line"].is_u64());
    message.to_owned()
}

#[test]
fn histories_that_are_wrong_say_in_which_line() {
    assert_snapshot!(refused(&LOST.replacen(":type :ok", ":type :okay", 1), &[]), @"x.txt:3:14: :type is :okay; did you mean :ok? (known: :invoke, :ok, :fail, :info)");
    assert_snapshot!(refused(&STALE.replacen("\"f\"", "\"g\"", 2), &[]), @r#"x.txt:1:36: there is no field "g"; did you mean "f"? (known: "process", "type", "f", "key", "value", "error", "time")"#);
    assert_snapshot!(refused(&FRESH.replace(":ok\t:write\t2", ":ok\t:cas\t2"), &[]), @"x.txt:5: process 1 asked for write, and the answer is to cas");
    assert_snapshot!(refused(&FAILED[..FAILED.len() / 2], &[]), @"x.txt:6:18: the file ends before the value of :ty");
    assert_snapshot!(refused("{:process 1, :type :invoke, :f :read}\n{:process 2, :type :invoke, :f :reed}\n", &[]), @r#"x.txt:2: no model has "reed" beside read; there are register (read, write, cas), kv (get, put, append, cas), multi-register (txn), mutex (acquire, release), set (add, remove, read), queue (enqueue, dequeue), counter (add, read), list-append (txn)"#);
    assert_snapshot!(refused(LOST, &["--model", "register"]), @r#"x.txt:1: put "a", answered "a": expected read, write VALUE or cas [OLD NEW]"#);
    assert_snapshot!(refused(LOST, &["--format", "jsonl"]), @"x.txt:1:2: key must be a string; one object a line is read");
    assert_snapshot!(refused("", &[]), @"x.txt:1: the history has no operation of a client; nothing can be said of it");
}

#[test]
fn options_that_are_wrong_are_refused() {
    let message = |args: &[&str]| {
        let said = said(args);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{}", said.err);
        said.err.lines().next().unwrap_or_default().to_owned()
    };
    assert_snapshot!(message(&["stale.json"]), @"error: stale.json: there is no such file; did you mean ./stale.jsonl?");
    assert_snapshot!(message(&["."]), @"error: .: this is a folder; name a file in it");
    assert_snapshot!(message(&["stale.jsonl", "--model", "regster"]), @r#"error: invalid value 'regster' for '--model <NAME>': there is no model "regster"; did you mean "register"? (known: register, kv, multi-register, mutex, set, queue, counter, list-append)"#);
    assert_snapshot!(message(&["stale.jsonl", "--timeout", "0s"]), @"error: invalid value '0s' for '--timeout <TIME>': no time at all is too little");
    assert_snapshot!(message(&["stale.jsonl", "--memory", "1"]), @"error: invalid value '1' for '--memory <SIZE>': a size is a whole number of KiB, MiB or GiB, such as 512MiB");
}

#[test]
fn a_document_says_why() {
    let said = said(&["lost.txt", "--json"]).json();
    let why = &said["explanation"];
    assert_eq!(why["line"], 10);
    assert!(["is_first", "is_all", "is_smallest"].iter().all(|what| why[what] == true), "{why}");
    assert_eq!(why["culprit"], json!({ "line": 9, "end": 10, "client": "0", "f": "get", "label": "get → \"c\"" }));
    assert_eq!(why["possible"], json!([{ "state": "\"bc\"", "order": [2, 6, 9] }]));
    let lines: Vec<u64> = why["smallest"].as_array().unwrap().iter().map(|one| one["line"].as_u64().unwrap()).collect();
    assert_eq!(lines, [2, 6, 9]);
}

#[test]
fn a_picture_is_one_file_that_needs_nothing_else() {
    let lab = lab();
    let said = lab.run(&["history", "stale.jsonl", "--explain", "why.html"]);
    assert_eq!(said.code, 1, "{}", said.err);
    assert_eq!(said.row("picture"), "why.html");
    let picture = lab.read("why.html");
    for outside in ["http", "<script", "src=", "@import", "url(h"] {
        assert!(!picture.contains(outside), "{outside}");
    }
    for part in ["class=\"bar culprit\"", "read → 1", "client 2", "id=\"path1\"", "class=\"cross\"", "<title>2. then 2"]
    {
        assert!(picture.contains(part), "{part} is not in\n{picture}");
    }
    let count = |part: &str| picture.matches(part).count();
    // The smallest history has three of the four operations.
    assert_eq!((count("<rect class=\"bar"), count("class=\"bar culprit\""), count("class=\"bar open\"")), (7, 2, 1));
    for tag in ["svg", "g", "div", "p", "table", "text", "label"] {
        assert_eq!(count(&format!("<{tag} ")) + count(&format!("<{tag}>")), count(&format!("</{tag}>")), "{tag}");
    }
    let again = lab.run(&["history", "stale.jsonl", "--explain", "why.html", "--force", "--json"]);
    assert_eq!((again.code, again.json()["picture"].as_str()), (1, Some("why.html")));
    assert_eq!(lab.read("why.html"), picture, "the same again");
}

#[test]
fn texts_of_a_history_are_texts_in_its_picture() {
    let lab = Lab::new();
    lab.write("<b>.txt", &LOST.replace("\"c\"", "\"<script>alert('&')</script>\""));
    assert_eq!(lab.run(&["history", "<b>.txt", "--explain", "why.html"]).code, 1);
    let picture = lab.read("why.html");
    assert!(!picture.contains("<script") && !picture.contains("<b>"), "{picture}");
    assert!(picture.contains("&lt;b&gt;.txt: not linearizable") && picture.contains("alert(&#39;&amp;&#39;)"));
}

#[test]
fn a_picture_replaces_nothing_unless_it_is_asked_to() {
    let lab = lab();
    lab.write("why.html", "mine");
    let refused = |args: &[&str]| {
        let said = lab.run(&[&["history", "stale.jsonl", "--explain"], args].concat());
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{}", said.err);
        said.err.trim_end().to_owned()
    };
    assert_snapshot!(refused(&["why.html"]), @"error: --explain: why.html is there already; --force replaces it");
    assert_snapshot!(refused(&["nowhere/why.html"]), @"error: --explain: there is no folder nowhere");
    assert_snapshot!(refused(&["stale.jsonl", "--force"]), @"error: --explain: that is the history itself; name another file");
    assert_eq!((lab.read("why.html").as_str(), lab.read("stale.jsonl").as_str()), ("mine", STALE));
    assert_eq!(lab.run(&["history", "stale.jsonl", "--explain", "why.html", "--force"]).code, 1);
    assert_ne!(lab.read("why.html"), "mine");
}

#[test]
fn where_nothing_is_wrong_there_is_nothing_to_draw() {
    let lab = lab();
    let said = lab.run(&["history", "fresh.log", "--explain", "why.html"]);
    assert_eq!(said.code, 0);
    assert!(said.err.contains("note: why.html was not written: there is nothing to explain"), "{}", said.err);
    assert!(!lab.files().contains(&"why.html".to_owned()));
}

/// One that nobody can draw as a whole: what is near the end is drawn, and the rest is counted.
#[test]
fn a_long_history_has_a_small_picture() {
    let lab = Lab::new();
    let event = |n: u64, kind: &str, f: &str, value: u64| {
        let client = n % 7;
        format!("{{\"process\":{client},\"type\":\"{kind}\",\"f\":\"{f}\",\"value\":{value}}}\n")
    };
    let both = |n: u64, f: &str, value: u64| event(n, "invoke", f, value) + &event(n, "ok", f, value);
    let mut text: String = (0..5_000).map(|n| both(n, "write", n) + &both(n + 1, "read", n)).collect();
    text += &both(1, "read", 4_998);
    lab.write("long.jsonl", &text);
    let said = lab.run(&["history", "long.jsonl", "--explain", "why.html"]);
    assert_eq!(said.code, 1, "{}", said.err);
    assert!(said.out.contains("  alone        3 of 10,001 operations"), "{}", said.out);
    let picture = lab.read("why.html");
    assert!(picture.contains("9,981 operations that ended earlier") && picture.len() < 1 << 20, "{}", picture.len());
}
