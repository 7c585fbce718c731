//! Invariants bite: with a mistake planted, a property that it names is found broken, and by the same seeds the
//! correct code is clean.
//!
//! What breaks safety is found by the default profile of its protocol, or by one that puts it in reach, among seeds
//! that start at 0; the seeds kept here are some that did, at least one for every property that a mistake names. What
//! each invariant says of nodes and facts made by hand is in the unit tests next to it. What breaks liveness has small
//! scenarios of its own, most of them with a timeline instead of drawn faults.

mod commitment;
mod heartbeat;
mod multi_paxos;
mod paxos;
mod raft;
mod raft_members;
mod swim;

use seedstorm::campaign::{Check, Tally};
use seedstorm::lab::{BUILT_IN, Experiment};
use seedstorm::protocol::Bug;
use seedstorm::scenario::Document;

const PROFILES: [Profile; 14] = [
    commitment::TWO_PHASE,
    commitment::THREE_PHASE,
    heartbeat::PROFILE,
    heartbeat::PAUSES,
    heartbeat::LATE,
    heartbeat::OUTAGES,
    heartbeat::ONE_WAY,
    multi_paxos::PROFILE,
    paxos::PROFILE,
    raft::PROFILE,
    raft::READS,
    raft_members::CHANGES,
    raft_members::SNAPSHOTS,
    swim::PROFILE,
];

/// How mistakes of one protocol are found.
struct Profile {
    protocol: &'static str,
    /// Its default profile, or another one for mistakes that are out of reach there.
    scenario: &'static str,
    /// A mistake, a seed of the profile that shows it, and the property that breaks first.
    kept: &'static [(&'static str, u64, &'static str)],
    /// Within how many seeds of the profile, from 0 on, each mistake breaks a property that it names: about five times
    /// as many as it takes on average, so that the sweep below tells whether the profile has become blunt. Behind each,
    /// how many of the first 4,000 seeds found it, and the first that did.
    found_within: &'static [(&'static str, u64)],
    /// These show only where no fault is drawn and the rest is set up for them.
    of_liveness: &'static [&'static str],
}

impl Profile {
    fn experiment(&self) -> &'static dyn Experiment {
        *BUILT_IN.iter().find(|experiment| experiment.name() == self.protocol).unwrap()
    }

    /// The mistakes that it is to find.
    fn mistakes(&self) -> impl Iterator<Item = &'static Bug> {
        let is_here = |bug: &&Bug| self.found_within.iter().any(|&(name, _)| name == bug.name);
        self.experiment().bugs().iter().filter(is_here)
    }

    fn check(&self, scenario: &str, bug: Option<&str>) -> Check {
        let planted = bug.map_or_else(String::new, |bug| format!("\"bug\": {bug:?},"));
        let text = scenario.replacen('{', &format!("{{ {planted}"), 1);
        let document = Document::parse(&text).unwrap_or_else(|error| panic!("{error}"));
        Check::new(self.experiment(), document).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Each kept seed shows its mistake, and is clean without it.
    fn keeps(&self) {
        for &(bug, seed, first) in self.kept {
            let shown = self.check(self.scenario, Some(bug)).from(seed).tally(1);
            assert_eq!(broken(&shown), [first], "{bug} under seed {seed}");
            let correct = self.check(self.scenario, None).from(seed).tally(1);
            assert!(correct.findings.is_empty(), "the correct code under seed {seed}: {:?}", correct.findings);
        }
    }

    /// Every property that a mistake names is the first to break in some kept seed.
    fn names_what_breaks(&self) {
        for bug in self.mistakes() {
            let mut shown: Vec<&str> = self.kept.iter().filter(|kept| kept.0 == bug.name).map(|kept| kept.2).collect();
            let mut named = bug.breaks.to_vec();
            shown.sort_unstable();
            shown.dedup();
            named.sort_unstable();
            assert_eq!(shown, named, "{}", bug.name);
        }
    }

    /// Prints how often each mistake is found and under which seeds first. `SEEDS` says how many there are, if not
    /// 4,000, and `ONLY` which mistakes: `raft`, `raft/vote-amnesia`.
    fn sweep(&self) {
        let seeds = std::env::var("SEEDS").map_or(4_000, |seeds| seeds.parse().expect("SEEDS is a number"));
        let only = std::env::var("ONLY").unwrap_or_default();
        let mut complaints = Vec::new();
        for bug in self.mistakes().filter(|bug| format!("{}/{}", self.protocol, bug.name).contains(&only)) {
            let tally = self.check(self.scenario, Some(bug.name)).tally(seeds);
            let firsts = firsts(&tally);
            let spent = tally.by_name().get(ENDLESS).map_or(0, |&(count, _)| count);
            let found = tally.failures() - spent;
            println!("{:<18} {found:>5} of {seeds} seeds, and {spent} out of events: {firsts:?}", bug.name);
            for (property, seed) in firsts.iter().filter(|(property, _)| !bug.breaks.contains(property)) {
                complaints.push(format!("{} broke {property} under seed {seed}, which it does not name", bug.name));
            }
            let within = self.found_within.iter().find(|(name, _)| *name == bug.name).map_or(0, |&(_, within)| within);
            if !firsts.iter().any(|&(_, seed)| seed < within) {
                complaints.push(format!("{} was not found within {within} seeds", bug.name));
            }
        }
        if !self.protocol.contains(&only) && !only.contains(self.protocol) {
            return;
        }
        let correct = self.check(self.scenario, None).tally(seeds);
        println!("{:<18} {:>5} of {seeds} seeds", "the correct code", correct.failures());
        assert!(complaints.is_empty(), "{}", complaints.join("\n"));
        assert!(correct.findings.is_empty(), "the correct code: {:?}", correct.findings);
    }

    /// Asserts what a mistake breaks under one seed of a small scenario, and that the correct code passes it.
    fn bites(&self, scenario: &str, bug: &str, seed: u64, property: &str) {
        let is_named = |known: &Bug| known.name == bug && known.breaks.contains(&property);
        assert!(self.experiment().bugs().iter().any(is_named), "{bug} does not name {property}");
        assert_eq!(broken(&self.check(scenario, Some(bug)).from(seed).tally(1)), [property], "seed {seed}");
        let correct = self.check(scenario, None).from(seed).tally(1);
        assert!(correct.findings.is_empty(), "the correct code under seed {seed}: {:?}", correct.findings);
    }

    /// Asserts that a mistake does no harm here.
    fn harmless(&self, scenario: &str, bug: &str, seeds: u64) {
        assert!(self.check(scenario, Some(bug)).tally(seeds).findings.is_empty(), "{bug}");
    }
}

/// What some mistakes come to that let messages multiply until a run's events are spent: that breaks no property.
const ENDLESS: &str = "endless";

/// What broke under these seeds.
fn broken(tally: &Tally) -> Vec<&str> {
    tally.by_name().into_keys().collect()
}

/// For each property that broke, the first seed under which it broke first, in order of these seeds.
fn firsts(tally: &Tally) -> Vec<(&str, u64)> {
    let properties = tally.by_name().into_iter().filter(|(name, _)| *name != ENDLESS);
    let mut firsts: Vec<(&str, u64)> = properties.map(|(name, (_, first))| (name, first.0)).collect();
    firsts.sort_by_key(|&(_, first)| first);
    firsts
}

#[test]
fn each_kept_seed_shows_its_mistake_and_is_clean_without_it() {
    PROFILES.iter().for_each(Profile::keeps);
}

#[test]
fn every_mistake_is_in_one_profile() {
    for experiment in BUILT_IN {
        let profiles = || PROFILES.iter().filter(|profile| profile.protocol == experiment.name());
        for bug in experiment.bugs() {
            let places = profiles().flat_map(|profile| {
                let found = profile.found_within.iter().map(|&(name, _)| name);
                found.chain(profile.of_liveness.iter().copied())
            });
            assert_eq!(places.filter(|&name| name == bug.name).count(), 1, "{}", bug.name);
        }
    }
}

#[test]
fn every_property_that_a_mistake_names_is_the_first_to_break_in_some_kept_seed() {
    PROFILES.iter().for_each(Profile::names_what_breaks);
}

/// `cargo test --release --test bites -- --ignored --nocapture` prints how often each mistake is found.
#[test]
#[ignore = "takes minutes; run it after a change of a default profile"]
fn planted_mistakes_are_found_within_the_stated_number_of_seeds() {
    PROFILES.iter().for_each(Profile::sweep);
}
