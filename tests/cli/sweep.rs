//! `sweep`: grids of settings under many seeds.

mod baseline;
mod input;
mod resumed;

use crate::lab::{Lab, Said, without_figures};

/// Enough loss for something to be seen, and short enough for many runs.
pub(crate) const LOSSY: &str = r#"{
  "seedstorm": 1,
  "about": "three replicas on a network that loses messages",
  "protocol": "raft",
  "nodes": 3,
  "network":  { "latency": ["1ms", "5ms"] },
  "workload": { "kind": "kv", "clients": 2, "ops": 30, "keys": 2, "timeout": "200ms", "attempts": 2, "stands": "apart" },
  "run_for": "3s",
  "settle": "1s"
}
"#;

pub(crate) fn folder() -> Lab {
    let lab = Lab::new();
    lab.write("lossy.json", LOSSY);
    lab
}

pub(crate) fn sweep(lab: &Lab, args: &str) -> Said {
    let args: Vec<&str> = ["sweep"].into_iter().chain(args.split(' ')).collect();
    lab.run(&args)
}

pub(crate) const GRID: &str = "lossy.json --vary network.loss=0%..20%/10% --vary nodes=3,5";

#[test]
fn a_grid_becomes_cells_charts_and_a_page() {
    let lab = folder();
    let said = sweep(&lab, &format!("{GRID} --seeds 20"));
    assert_eq!(said.code, 0, "{}", said.err);
    let account = without_figures(&said.out);
    for part in ["three replicas on a network", "grid # cells (# network.loss × # nodes), # runs", "availability"] {
        assert!(account.contains(part), "{account}");
    }
    assert!(said.err.contains("120 runs in 6 cells"), "{}", said.err);
    let files = lab.files_in("reports/lossy");
    for file in ["availability.png", "availability.svg", "cells.csv", "cells.json", "index.html", "latency-p99.svg"] {
        assert!(files.iter().any(|name| name == file), "{files:?}");
    }
    assert!(!files.contains(&".sweep".to_owned()), "{files:?}");
    let cells = lab.json("reports/lossy/cells.json");
    assert_eq!(cells["command"], format!("seedstorm sweep {GRID} --seeds 20"));
    let places: Vec<String> = cells["cells"].as_array().unwrap().iter().map(|cell| cell["at"].to_string()).collect();
    assert_eq!(
        places,
        [r#"["0%","3"]"#, r#"["0%","5"]"#, r#"["10%","3"]"#, r#"["10%","5"]"#, r#"["20%","3"]"#, r#"["20%","5"]"#]
    );
    let availability =
        |cell: usize, part: &str| cells["cells"][cell]["figures"]["availability"][part].as_f64().unwrap();
    assert!(availability(0, "value") > availability(4, "value"), "loss costs something");
    assert!(availability(4, "low") < availability(4, "value") && availability(4, "value") < availability(4, "high"));
    let table = lab.read("reports/lossy/cells.csv");
    let mut rows = table.lines();
    assert_eq!(rows.next(), Some("cell,network.loss,nodes,seeds,figure,unit,value,low,high,runs"));
    assert!(rows.next().unwrap().starts_with("0,0%,3,20,availability,share,"), "{table}");
    let page = lab.read("reports/lossy/index.html");
    for part in [
        "three replicas on a network",
        GRID,
        "<svg",
        "No property broke",
        "seeds 0 to 19",
        "&quot;protocol&quot;: &quot;raft&quot;",
    ] {
        assert!(page.contains(part), "{part}");
    }
    let foreign = ["http://www.w3.org/", "https://"].map(|start| page.matches(start).count());
    assert_eq!(foreign[1], 0, "it stands alone");
    assert!(!page.contains("<script"), "it needs no script");
}

#[test]
fn as_json_it_is_one_document() {
    let lab = folder();
    let said = sweep(&lab, "lossy.json --vary nodes=3,5 --seeds 5 --metric availability --json");
    assert_eq!(said.code, 0, "{}", said.err);
    let document = said.json();
    assert_eq!((&document["exit_code"], document["cells"].as_array().unwrap().len()), (&0.into(), 2));
    let names: Vec<&String> = document["cells"][0]["figures"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["availability", "violations"]);
}

#[test]
fn what_breaks_is_counted_and_ends_nothing() {
    let lab = folder();
    let said = sweep(&lab, "lossy.json --vary network.loss=10%,20% --vary bug=small-quorum,no-dedup --seeds 20 --json");
    assert_eq!(said.code, 0, "{}", said.err);
    let document = said.json();
    let broke = document["cells"].as_array().unwrap().iter().filter_map(|cell| cell["broke"].as_object());
    assert!(broke.count() > 0, "{document}");
    let page = lab.read("reports/lossy/index.html");
    assert!(page.contains("What broke"), "{page}");
}

/// A sweep file: axes that change several settings, values by name, a theory, and marks.
#[test]
fn a_file_says_what_varies_and_what_is_drawn() {
    let lab = folder();
    lab.write(
        "waits.json",
        r#"{
          "seedstorm": 1, "about": "how long elections take", "scenario": "lossy.json", "seeds": 30,
          "metrics": ["time_to_leader"],
          "vary": [
            { "name": "clients", "points": [{ "at": "few", "set": { "workload.clients": 1, "workload.ops": 2 } },
                                             { "at": "many", "set": { "workload.clients": 4, "workload.ops": 9 } }] },
            { "name": "spread", "points": [{ "at": "100ms", "set": { "params.election_timeout": ["200ms", "$most"], "$most": "300ms", "params.pre_vote": false } },
                                            { "at": "200ms", "set": { "params.election_timeout": ["200ms", "$most"], "$most": "400ms", "params.pre_vote": false } }] }
          ],
          "charts": [{ "name": "wait", "figure": "time_to_leader.mean", "theory": "raft_election",
                       "marks": [{ "at": { "clients": "few" }, "x": "100ms", "y": 0.25, "source": "a guess" }] },
                     { "name": "all", "figure": "time_to_leader", "kind": "cdf", "only": { "clients": ["few"] } }]
        }"#,
    );
    let said = sweep(&lab, "waits.json");
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.contains("4 points held against the mean time until the first leader"), "{}", said.out);
    let files = lab.files_in("reports/waits");
    assert_eq!(files, ["all.png", "all.svg", "cells.csv", "cells.json", "index.html", "wait.png", "wait.svg"]);
    let svg = lab.read("reports/waits/wait.svg");
    assert!(svg.contains("a guess") && svg.contains("few") && svg.contains("many"), "{svg}");
    let cells = lab.json("reports/waits/cells.json");
    assert_eq!(cells["cells"][1]["curves"]["time_to_leader"].as_array().unwrap().len(), 101);
    // Drawn again with other charts, nothing is measured again.
    let other = lab.read("waits.json").replace("\"name\": \"wait\"", "\"name\": \"waiting\"");
    lab.write("waits.json", &other);
    let said = sweep(&lab, "waits.json");
    assert!(said.code == 0 && said.err.contains("this sweep is done already"), "{}", said.err);
    assert!(lab.files_in("reports/waits").contains(&"waiting.svg".to_owned()));
}
