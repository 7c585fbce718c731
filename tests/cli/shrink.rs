//! Shrinking on the command line: the file that is left, its account, and input that cannot be shrunk.

use serde_json::{Value, json};

use crate::lab::Lab;

/// A folder with a reproducer `x.reproducer.json`.
fn lab() -> Lab {
    let lab = Lab::new();
    let reproducer = lab.caught("no-log-check").reproducer;
    std::fs::rename(lab.path(&reproducer), lab.path("x.reproducer.json")).unwrap();
    lab
}

#[test]
fn a_reproducer_becomes_a_scenario_that_run_runs() {
    let lab = lab();
    let said = lab.run(&["shrink", "x.reproducer.json", "--budget", "10s"]);
    assert_eq!(said.code, 0, "{}\n{}", said.out, said.err);
    for words in ["What is left", "What is needed", "certificate", "Why", "seedstorm run x.shrunk.json"] {
        assert!(said.out.contains(words), "{words}:\n{}", said.out);
    }
    let file = lab.json("x.shrunk.json");
    assert_eq!(file["expect"], "holds", "it is a test that fails until the mistake is mended");
    assert!(file["faults"]["seeds"]["network"].is_string());
    for seed in ["0", "7"] {
        let ran = lab.run(&["run", "x.shrunk.json", "--seed", seed, "--out", "again.json", "--force"]);
        assert_eq!(ran.code, 1, "{}", ran.err);
        assert!(ran.out.contains("VIOLATED: leader_completeness"), "{}", ran.out);
    }
    // What it leaves behind can be shrunk again, though not by much.
    let again = lab.run(&["shrink", "again.json", "--budget", "10s", "--json"]).json();
    assert!(again["after"]["faults"].as_u64() <= again["before"]["faults"].as_u64());
    let mut mended = file;
    mended.as_object_mut().unwrap().remove("bug");
    lab.write("mended.json", &mended.to_string());
    assert_eq!(lab.run(&["run", "mended.json"]).code, 0);
}

#[test]
fn it_is_one_document_where_that_is_wanted() {
    let lab = lab();
    let document = lab.run(&["shrink", "x.reproducer.json", "--budget", "10s", "--json", "--out", "y.json"]).json();
    assert_eq!((&document["exit_code"], &document["file"]), (&0.into(), &"y.json".into()));
    assert_eq!(document["failure"]["property"], "leader_completeness");
    assert_eq!(document["is_certified"], true);
    assert!(document["needed"].as_array().is_some_and(|needed| !needed.is_empty()));
    assert_eq!(lab.files(), ["scenario.json", "x.reproducer.json", "y.json"]);
}

#[test]
fn what_is_there_already_is_replaced_only_if_that_is_asked_for() {
    let lab = lab();
    lab.write("x.shrunk.json", "mine");
    let said = lab.run(&["shrink", "x.reproducer.json"]);
    assert_eq!((said.code, lab.read("x.shrunk.json").as_str()), (2, "mine"));
    assert!(said.err.contains("x.shrunk.json is there already; --force replaces it"), "{}", said.err);
    assert_eq!(lab.run(&["shrink", "x.reproducer.json", "--budget", "10s", "--force"]).code, 0);
}

#[test]
fn input_that_cannot_be_shrunk_is_refused_before_anything_is_tried() {
    let lab = lab();
    let edit = |name: &str, change: &dyn Fn(&mut Value)| {
        let mut file = lab.json("x.reproducer.json");
        change(&mut file);
        lab.write(name, &file.to_string());
    };
    lab.write("calm.json", crate::lab::CALM);
    edit("silent.json", &|file| drop(file.as_object_mut().unwrap().remove("verdict")));
    edit("mended.json", &|file| drop(file["scenario"].as_object_mut().unwrap().remove("bug")));
    edit("strange.json", &|file| file["plan"]["timeline"][0]["who"] = json!(77));
    std::fs::create_dir(lab.path("folder")).unwrap();
    let cases: [(&[&str], i32, &str); 8] = [
        (&["calm.json"], 2, "this is a scenario, not a reproducer"),
        (&["none.json"], 2, "there is no such file"),
        (&["silent.json"], 2, "silent.json: it does not say what broke"),
        (&["mended.json"], 4, "mended.json: leader_completeness does not break any more as the file says"),
        (&["strange.json"], 2, "there is no node 77"),
        (&["x.reproducer.json", "--out", "nowhere/y.json"], 2, "--out: there is no folder nowhere"),
        (&["x.reproducer.json", "--out", "folder"], 2, "--out: folder is a folder; name a file in it"),
        (&["x.reproducer.json", "--budget", "0s"], 2, "--budget: in no time nothing can be tried"),
    ];
    let before = lab.files();
    for (args, code, words) in cases {
        let said = lab.run(&[&["shrink"], args].concat());
        assert_eq!(said.code, code, "{args:?}: {}", said.err);
        assert!(said.err.contains(words), "{args:?}: {}", said.err);
        assert_eq!(lab.files(), before, "{args:?}");
    }
}
