//! The correct protocols are clean under many seeds of every scenario. A small number runs with the tests;
//! `SEEDS=20000 cargo test --release --test campaign -- --ignored --nocapture` is the long campaign.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use seedstorm::ids::FaultKind;
use seedstorm::lab::{BUILT_IN, Check, Experiment, Tally};
use seedstorm::scenario::Document;
use seedstorm::sim::Ending;

fn scenarios() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    for folder in std::fs::read_dir(root).unwrap() {
        let folder = folder.unwrap().path();
        files.extend(std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()));
    }
    files.sort();
    files
}

/// A campaign that finds nothing shows that it looked: nearly every run got going and could converge, every property
/// was evaluated, every situation was met that should be met sometimes, and facts have the names that are listed.
fn is_not_vacuous(file: &Path, document: &Document, experiment: &dyn Experiment, tally: &Tally) {
    let name = file.display();
    assert!(tally.empty * 4 <= tally.runs, "{name}: {} of {} runs were empty", tally.empty, tally.runs);
    assert!(tally.excused * 4 <= tally.runs, "{name}: {} of {} runs were excused", tally.excused, tally.runs);
    let can_happen = |need: &FaultKind| {
        let Some(faults) = document.value().get("faults") else { return false };
        let timeline = faults.get("timeline").and_then(serde_json::Value::as_array);
        let by_hand = |entry: &serde_json::Value| entry.pointer(&format!("/kind/{need}")).is_some();
        faults.get(need.name()).is_some() || timeline.is_some_and(|timeline| timeline.iter().any(by_hand))
    };
    let needed = |needs: &[FaultKind]| needs.is_empty() || needs.iter().any(can_happen);
    for info in experiment.properties().iter().filter(|info| needed(info.needs)) {
        // What was not judged under these settings is not listed.
        let Some(&evaluated) = tally.evaluated.get(info.name) else { continue };
        let had_nothing = !info.after.is_empty() && !tally.facts.contains_key(info.after);
        assert!(evaluated > 0 || had_nothing, "{name}: {} was never evaluated", info.name);
    }
    for fact in tally.facts.keys() {
        assert!(experiment.names().facts.contains(&fact.as_str()), "{fact} is not listed");
    }
}

/// Every run holds; or, where a violation is expected, some run shows it and none breaks anything else.
fn ends_as_expected(file: &Path, expected: Option<&str>, tally: &Tally) {
    let (runs, name) = (tally.runs, file.display());
    let others = tally.failed.iter().filter(|failed| expected.is_none() || failed.ending != Ending::Completed).count();
    assert_eq!(others, 0, "of {runs} seeds of {name}");
    if let Some(property) = expected {
        println!("    {property} broke under {} of {runs} seeds, as expected", runs - tally.failed.len() as u64);
        assert!((tally.failed.len() as u64) < runs, "{property} broke under none of {runs} seeds of {name}");
    }
}

fn campaign(seeds: u64) {
    let mut met = BTreeSet::new();
    let only = std::env::var("ONLY").unwrap_or_default();
    for file in scenarios().into_iter().filter(|file| file.display().to_string().contains(&only)) {
        let document = Document::load(&file).unwrap_or_else(|error| panic!("{error}"));
        let protocol = document.protocol().unwrap_or_default();
        let experiment = BUILT_IN.iter().find(|experiment| experiment.name() == protocol).unwrap();
        let expected = document.value().pointer("/expect/violates").and_then(|name| Some(name.as_str()?.to_owned()));
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
        println!(
            "{name:<18} {} runs, {} failed, {} empty, {} excused, slowest convergence {:?}, {} events a run, {:.1} s",
            tally.runs,
            tally.failed.len(),
            tally.empty,
            tally.excused,
            tally.slowest,
            tally.events / tally.runs.max(1),
            start.elapsed().as_secs_f64()
        );
        for failed in tally.failed.iter().take(if expected.is_some() { 0 } else { 5 }) {
            println!("    {failed}");
        }
        ends_as_expected(&file, expected.as_deref(), &tally);
        is_not_vacuous(&file, &document, *experiment, &tally);
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
