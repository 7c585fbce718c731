//! Transactions on lists, as Elle has them recorded.

use insta::assert_snapshot;
use serde_json::json;

use super::{SKEW, account, refused};
use crate::lab::Lab;

/// The same, but that only one has missed what the other appends.
fn serializable() -> String {
    SKEW.replace("[:r 6 [1]]", "[:r 6 [1 2]]")
}

#[test]
fn transactions_are_serializable_or_not() {
    let lab = Lab::new();
    lab.write("skew.edn", SKEW);
    lab.write("good.edn", &serializable());
    let skew = lab.run(&["history", "skew.edn"]);
    assert_eq!(skew.code, 1, "{}", skew.err);
    assert_snapshot!(account(&skew), @r#"
    not serializable
      history      5 transactions of 4 clients on 3 lists; 1 open (nobody knows); 1 failed
      besides      1 event of others than clients, left out
      model        list-append: 6 elements appended, 2 reads
      found        G2-item: anti-dependency cycle: write skew, where each missed what another wrote
                     T2 read 5 at version 1 before T3 wrote version 2 (rw)
                     T3 read 6 at version 1 before T2 wrote version 2 (rw)
                     T2: line 3, process 1: [[:r 5 [1]] [:append 6 2]]
                     T3: line 4, process 2: [[:r 6 [1]] [:append 5 2]]
    "#);
    let good = lab.run(&["history", "good.edn"]);
    assert_eq!(good.code, 0, "{}", good.err);
    assert_snapshot!(account(&good), @r#"
    serializable
      history      5 transactions of 4 clients on 3 lists; 1 open (nobody knows); 1 failed
      besides      1 event of others than clients, left out
      model        list-append: 6 elements appended, 2 reads
    "#);
    assert!(good.err.starts_with("note: 5 transactions judged in "), "{}", good.err);
}

#[test]
fn a_read_of_what_failed_is_found_where_failing_means_that_it_has_not_happened() {
    let lab = Lab::new();
    let read = |kind: &str, seen: &str| format!("{{:type :{kind}, :f :txn, :value [[:r 7 {seen}]], :process 4}}\n");
    let read = read("invoke", "nil") + &read("ok", "[1]");
    lab.write("dirty.edn", &(serializable() + &read));
    let dirty = lab.run(&["history", "dirty.edn", "--json"]);
    let anomalies = |said: &crate::lab::Said| {
        let names: Vec<String> =
            said.json()["anomalies"].as_array().unwrap().iter().map(|it| it["name"].to_string()).collect();
        names.join(" ")
    };
    assert_eq!((dirty.code, anomalies(&dirty).as_str()), (1, "\"G1a\""), "{}", dirty.err);
    let observed = lab.run(&["history", "dirty.edn", "--json", "--failed", "observed"]);
    assert_eq!((observed.code, anomalies(&observed).as_str()), (0, ""), "{}", observed.err);
}

#[test]
fn a_document_names_the_anomaly_and_its_cycle() {
    let lab = Lab::new();
    lab.write("skew.edn", SKEW);
    let said = lab.run(&["history", "skew.edn", "--json"]);
    let document = said.json();
    let part = |names: &[&str]| names.iter().map(|name| document[name].clone()).collect::<Vec<_>>();
    assert_eq!(
        part(&["valid", "exit_code", "model", "operations"]),
        [json!(false), json!(1), json!("list-append"), json!(5)]
    );
    assert_eq!(
        part(&["clients", "keys", "appends", "reads", "open"]),
        [json!(4), json!(3), json!(6), json!(2), json!(1)]
    );
    let anomaly = &document["anomalies"][0];
    assert_eq!(anomaly["name"], "G2-item");
    let edge = json!({ "from": "T2", "to": "T3", "dependency": "rw", "object": "5", "before": "1", "after": "2" });
    assert_eq!(anomaly["edges"][0], edge);
    let second = json!({ "name": "T2", "line": 3, "process": "1", "value": "[[:r 5 [1]] [:append 6 2]]" });
    assert_eq!(anomaly["transactions"][0], second);
}

#[test]
fn an_element_that_is_appended_twice_is_refused() {
    assert_snapshot!(refused(&SKEW.replace("[:append 5 3]", "[:append 5 2]"), &[]), @"x.txt:8: 2 is appended to 5, and in line 4 too; each element must be appended to a list once, or nobody can tell who is read");
    assert_snapshot!(refused(&SKEW.replace("[:append 5 3]", "[:write 5 3]"), &[]), @"x.txt:8: txn [[:write 5 3]]: expected [[:append KEY ELEMENT] [:r KEY LIST] …]");
}
