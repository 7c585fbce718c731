//! `gate`, `merge` and `bugs` from outside: the real program, in a folder of its own.

mod corpus;
mod determinism;
mod findings;
mod input;
mod outputs;
mod vacuous;

use crate::lab::{CALM, CAUGHT, Lab, Said};

/// A folder with a scenario that holds, one with a mistake planted, and one that should break and does.
fn folder() -> Lab {
    let lab = Lab::new();
    std::fs::create_dir(lab.path("scenarios")).unwrap();
    lab.write("scenarios/calm.json", &held());
    lab.write("scenarios/cut-off.json", &planted());
    lab
}

/// The calm scenario, with what is to be seen in it.
fn held() -> String {
    CALM.replace("\"run_for\"", "\"sometimes\": [\"elected\"],\n  \"run_for\"")
}

/// One that breaks under nearly every seed.
fn planted() -> String {
    let (bug, _, scenario) = CAUGHT[1];
    let named = format!("\"seedstorm\": 1, \"bug\": {bug:?}, \"sometimes\": [\"elected\"],");
    scenario.replacen("\"seedstorm\": 1,", &named, 1)
}

/// An argument list, as one writes it.
fn gate(lab: &Lab, args: &str) -> Said {
    let args: Vec<&str> = args.split_whitespace().collect();
    lab.run(&[&["gate"], &args[..]].concat())
}
