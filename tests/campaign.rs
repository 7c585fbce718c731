//! The correct protocols are clean under many seeds of every scenario. A small number runs with the tests;
//! `SEEDS=20000 cargo test --release --test campaign -- --ignored --nocapture` is the long campaign.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use seedstorm::campaign::{Check, Shortfall};
use seedstorm::lab::BUILT_IN;
use seedstorm::scenario::Document;

fn scenarios() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    for folder in std::fs::read_dir(root).unwrap() {
        let folder = folder.unwrap().path();
        if folder.ends_with("sweeps") {
            continue;
        }
        files.extend(std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()));
    }
    files.sort();
    files
}

fn campaign(seeds: u64) {
    let mut met = BTreeSet::new();
    let only = std::env::var("ONLY").unwrap_or_default();
    for file in scenarios().into_iter().filter(|file| file.display().to_string().contains(&only)) {
        let document = Document::load(&file).unwrap_or_else(|error| panic!("{error}"));
        let protocol = document.protocol().unwrap_or_default();
        let experiment = BUILT_IN.iter().find(|experiment| experiment.name() == protocol).unwrap();
        // A thousand nodes take as long as two hundred runs of five.
        let nodes = document.value().get("nodes").and_then(serde_json::Value::as_u64).unwrap_or(1);
        let seeds = if nodes < 1_000 { seeds } else { seeds * 5 / nodes };
        if seeds == 0 {
            println!("{}: left out, {nodes} nodes are too many for this campaign", file.display());
            continue;
        }
        let start = std::time::Instant::now();
        let check = Check::new(*experiment, document.clone()).unwrap_or_else(|error| panic!("{error}"));
        let tally = check.tally(seeds);
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let slowest = tally.slowest.map(|slowest| (slowest.after, slowest.seed));
        println!(
            "{name:<18} {} runs, {} failed, {} empty, {} excused, slowest convergence {slowest:?}, {} events a run, {:.1} s",
            tally.runs,
            tally.failures(),
            tally.empty,
            tally.excused,
            tally.events / tally.runs.max(1),
            start.elapsed().as_secs_f64()
        );
        if let Some(expected) = &tally.expected {
            println!("    {} broke under {} of {} seeds, as expected", expected.name(), expected.count, tally.runs);
        }
        tally.findings.iter().for_each(|finding| println!("    {finding}"));
        // Under a few seeds not every kind of fault is drawn, nor every situation met.
        let few = |missing: &Shortfall| matches!(missing, Shortfall::Fault { .. } | Shortfall::Situation { .. });
        let missing: Vec<Shortfall> =
            check.missing(&tally).into_iter().filter(|missing| tally.runs >= 1_000 || !few(missing)).collect();
        missing.iter().for_each(|missing| println!("    {missing}"));
        assert!(tally.findings.is_empty() && missing.is_empty(), "{}", file.display());
        for fact in tally.facts.keys() {
            assert!(experiment.names().facts.contains(&fact.as_str()), "{fact} is not listed");
        }
        met.extend(tally.facts.into_keys());
    }
    for experiment in BUILT_IN.iter().filter(|_| only.is_empty()) {
        // What only some scenarios are made for, such as changes of membership, is met in those.
        let missed: Vec<_> = experiment.names().facts.iter().filter(|&&fact| !met.contains(fact)).collect();
        assert!(missed.is_empty(), "{}: never seen: {missed:?}", experiment.name());
    }
}

#[test]
fn the_correct_code_is_clean() {
    campaign(40);
}

#[test]
#[ignore = "takes minutes; run it before a release"]
fn the_correct_code_is_clean_under_many_seeds() {
    campaign(std::env::var("SEEDS").map_or(20_000, |seeds| seeds.parse().expect("SEEDS is a number")));
}
