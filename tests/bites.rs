//! Invariants bite: with a mistake planted, the properties that it may break are found broken, and by the
//! same seeds the correct code is clean.

use seedstorm::lab::{BUILT_IN, Check, Experiment, Tally};
use seedstorm::protocol::Bug;
use seedstorm::scenario::Document;

const SWARM: &str = include_str!("../scenarios/raft/default.json");

fn raft() -> &'static dyn Experiment {
    *BUILT_IN.iter().find(|experiment| experiment.name() == "raft").unwrap()
}

fn tally(bug: Option<&str>, seeds: u64) -> Tally {
    let planted = bug.map_or_else(String::new, |bug| format!("\"bug\": {bug:?},"));
    let text = SWARM.replacen('{', &format!("{{ {planted}"), 1);
    let document = Document::parse(&text).unwrap_or_else(|error| panic!("{error}"));
    Check::new(raft(), document).unwrap_or_else(|error| panic!("{error}")).tally(seeds)
}

/// Within this many seeds each planted mistake is found.
const SEEDS: u64 = 2_000;

fn found(bug: &Bug) -> Vec<String> {
    let failed = tally(Some(bug.name), SEEDS).failed;
    let broken: Vec<String> =
        failed.iter().filter_map(|failed| Some(failed.violation.as_ref()?.property.clone())).collect();
    println!(
        "{}: {} of {SEEDS} seeds, first {:?}: {broken:?}",
        bug.name,
        failed.len(),
        failed.first().map(|failed| failed.seed.0)
    );
    broken
}

#[test]
fn planted_mistakes_are_found_by_the_properties_they_name() {
    for bug in raft().bugs() {
        let broken = found(bug);
        assert!(!broken.is_empty(), "{} was not found", bug.name);
        for property in broken {
            assert!(bug.breaks.contains(&property.as_str()), "{} broke {property}, which it does not name", bug.name);
        }
    }
}

#[test]
fn the_correct_code_is_clean_on_the_same_seeds() {
    assert!(tally(None, SEEDS).failed.is_empty());
}
