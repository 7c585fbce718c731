//! Shrinking: what is left of a failing run is small, breaks the same property in the same way, needs every part that
//! it still has, and is a scenario file like any other.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use seedstorm::campaign::shrink::{Effort, Element, Shrunk, Unshrinkable, Unwatched, Watch, shrink, text};
use seedstorm::campaign::{Job, Verdict};
use seedstorm::lab::{BUILT_IN, Look};
use seedstorm::rng::{Seed, Seeds};
use seedstorm::scenario::{Document, FORMAT, Reproducer, Scenario};
use seedstorm::sim::Failure;

static NEVER: AtomicBool = AtomicBool::new(false);

/// A job with a mistake planted.
fn job(scenario: &str, bug: &str) -> Job<'static> {
    let mut document = Document::parse(scenario).unwrap_or_else(|error| panic!("{error}"));
    document.plant(bug);
    Job::new(BUILT_IN, document).unwrap_or_else(|error| panic!("{error}"))
}

/// What a failing seed leaves behind; nothing if it breaks no property.
fn reproducer(job: &Job<'_>, seed: Seed) -> Option<Reproducer> {
    let run = job.run(seed, &NEVER).unwrap()?;
    let Verdict::Failed(failure) = run.verdict else { return None };
    let (scenario, plan) = job.prepare(seed).unwrap();
    let outcome = job.experiment.run(&scenario, plan, Look::default()).unwrap().outcome;
    Some(Reproducer {
        seedstorm: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        revision: None,
        seed: Some(seed),
        scenario,
        plan: outcome.plan,
        verdict: Some(failure),
        digest: Some(outcome.digest),
        events: Some(outcome.events),
    })
}

fn median(mut list: Vec<f64>) -> f64 {
    list.sort_by(f64::total_cmp);
    if list.is_empty() { f64::NAN } else { (list[(list.len() - 1) / 2] + list[list.len() / 2]) / 2.0 }
}

/// Breaks in the same way as the case does, in its own run; and the correct code does not.
fn shows(job: &Job<'_>, shrunk: &Shrunk, scenario: &Scenario) -> bool {
    let outcome = |scenario: &Scenario| {
        let plan = job.experiment.plan(scenario, scenario.faults.seeds.over(Seeds::derive(Seed(0)))).unwrap();
        job.experiment.run(scenario, plan, Look::default()).unwrap().outcome
    };
    let breach = |failure: &Failure| (failure.property.clone(), failure.evidence.kind.clone());
    let broken = outcome(scenario).failure().as_ref().map(breach);
    let correct = Scenario { bug: None, ..scenario.clone() };
    broken == Some(breach(&shrunk.failure)) && outcome(&correct).violation.is_none()
}

/// Mistakes with a seed that shows each, and at most so many faults, fixed messages and nodes that are left of it.
const KEPT: [(&str, &str, u64, [usize; 3]); 6] = [
    ("acceptor-amnesia", include_str!("../scenarios/paxos/default.json"), 0, [1, 0, 3]),
    ("promise-amnesia", include_str!("../scenarios/multi_paxos/default.json"), 0, [1, 0, 3]),
    ("length-only-check", include_str!("../scenarios/raft/default.json"), 95, [4, 4, 4]),
    ("duplicate-votes", include_str!("../scenarios/raft/default.json"), 9, [0, 2, 5]),
    ("unlogged-commit", include_str!("../scenarios/two_phase/default.json"), 17, [3, 4, 4]),
    ("own-pause", include_str!("../scenarios/heartbeat/pauses.json"), 1, [1, 0, 2]),
];

/// Little, for a test; the same on every machine.
const LITTLE: Effort = Effort { deadline: None, events: 1_500_000, tries: 20 };

fn little(job: &Job<'_>, reproducer: &Reproducer) -> Shrunk {
    let shrunk = shrink(job.experiment, reproducer, LITTLE, &NEVER, &Unwatched);
    shrunk.unwrap_or_else(|why| panic!("{:?}: {why:?}", reproducer.seed))
}

#[test]
fn what_is_left_is_small_and_breaks_the_same_property_in_the_same_way() {
    for (bug, scenario, seed, most) in KEPT {
        let job = job(scenario, bug);
        let reproducer = reproducer(&job, Seed(seed)).unwrap_or_else(|| panic!("{bug} is not shown by seed {seed}"));
        let shrunk = little(&job, &reproducer);
        let failure = reproducer.verdict.as_ref().unwrap();
        let (was, is) = (&failure.evidence, &shrunk.failure.evidence);
        assert_eq!((&failure.property, &was.kind), (&shrunk.failure.property, &is.kind), "{bug}");
        assert!(shows(&job, &shrunk, &shrunk.scenario), "{bug}");
        let after = [shrunk.after.faults, shrunk.after.messages, shrunk.after.nodes as usize];
        assert!(after.iter().zip(&most).all(|(after, most)| after <= most), "{bug}: {:?}", shrunk.after);
        assert!(shrunk.after.length < shrunk.before.length, "{bug}: {:?}", shrunk.after.length);
        assert!(shrunk.events <= 2 * LITTLE.events, "{bug}: {} events", shrunk.events);
    }
}

/// The certificate, by somebody else's hands.
#[test]
fn without_any_part_that_is_left_nothing_breaks() {
    for (bug, scenario, seed, _) in KEPT {
        let job = job(scenario, bug);
        let shrunk = little(&job, &reproducer(&job, Seed(seed)).unwrap());
        assert!(shrunk.is_certified, "{bug}");
        let faults = &shrunk.scenario.faults;
        let of = |kind: &str| shrunk.needed.iter().filter(|part| part.what.kind() == kind).count();
        assert_eq!((of("fault"), of("message")), (faults.timeline.len(), faults.messages.len()), "{bug}");
        assert_eq!(of("operation"), shrunk.after.operations as usize, "{bug}");
        for entry in &faults.timeline {
            let mut without = shrunk.scenario.clone();
            without.faults.timeline.retain(|other| other.id != entry.id);
            assert!(!shows(&job, &shrunk, &without), "{bug} without {}", entry.id);
        }
        for place in 0..faults.messages.len() {
            let mut without = shrunk.scenario.clone();
            without.faults.messages.remove(place);
            assert!(!shows(&job, &shrunk, &without), "{bug} without message {place}");
        }
        for part in shrunk.needed.iter().filter(|part| part.what.kind() == "operation") {
            let Element::Operation(op) = part.what else { unreachable!() };
            let mut without = shrunk.scenario.clone();
            without.faults.omit.push(op);
            assert!(!shows(&job, &shrunk, &without), "{bug} without {op}");
        }
    }
}

/// What `shrink` left of runs that people may want to look at.
const EXAMPLES: [&str; 3] = [
    include_str!("../examples/shrunk/raft-commit-old-term.json"),
    include_str!("../examples/shrunk/raft-length-only-check.json"),
    include_str!("../examples/shrunk/two_phase-unlogged-commit.json"),
];

#[test]
fn the_examples_break_what_they_say_and_hold_without_the_mistake_and_without_any_fault() {
    for example in EXAMPLES {
        let document = Document::parse(example).unwrap();
        let run = |value: serde_json::Value| {
            let document = Document::parse(&value.to_string()).unwrap();
            Job::new(BUILT_IN, document).unwrap().run(Seed(0), &NEVER).unwrap().unwrap().verdict
        };
        let value = document.value().clone();
        let about = value["about"].as_str().unwrap().to_owned();
        let Verdict::Failed(failure) = run(value.clone()) else { panic!("it holds: {about}") };
        assert!(about.starts_with(&format!("{} breaks", failure.property)), "{about}");
        let mut mended = value.clone();
        mended.as_object_mut().unwrap().remove("bug");
        assert_eq!(run(mended), Verdict::Holds, "{about}");
        let faults = value["faults"]["timeline"].as_array().unwrap().len();
        assert!((1..=5).contains(&faults), "{about}");
        for n in 0..faults {
            let mut fewer = value.clone();
            fewer["faults"]["timeline"].as_array_mut().unwrap().remove(n);
            assert_eq!(run(fewer), Verdict::Holds, "without fault {n}: {about}");
        }
    }
}

#[test]
fn the_same_reproducer_shrinks_to_the_same_case_wherever_events_are_counted() {
    let (bug, scenario, seed, _) = KEPT[2];
    let job = job(scenario, bug);
    let reproducer = reproducer(&job, Seed(seed)).unwrap();
    let [first, second] = [(); 2].map(|()| little(&job, &reproducer));
    assert_eq!(text(&first.scenario), text(&second.scenario));
    assert_eq!((first.runs, first.events, first.why), (second.runs, second.events, second.why));
}

#[test]
fn what_is_left_is_a_scenario_file_that_any_seed_runs_alike() {
    for (bug, scenario, seed, _) in KEPT {
        let job = job(scenario, bug);
        let shrunk = little(&job, &reproducer(&job, Seed(seed)).unwrap());
        let document = Document::parse(&text(&shrunk.scenario)).unwrap_or_else(|error| panic!("{bug}: {error}"));
        let written = Job::new(BUILT_IN, document).unwrap_or_else(|error| panic!("{bug}: {error}"));
        for seed in [0, 1, 99] {
            let run = written.run(Seed(seed), &NEVER).unwrap().unwrap();
            assert_eq!(run.digest, shrunk.digest, "{bug}, seed {seed}");
            assert_eq!(run.verdict, Verdict::Failed(shrunk.failure.clone()), "{bug}");
        }
    }
}

#[test]
fn a_run_was_doomed_before_it_broke_and_after_its_faults_began() {
    // A vote that comes twice is counted twice: nothing is decided before the vote is sent.
    let (bug, scenario, seed, _) = KEPT[3];
    let job = job(scenario, bug);
    let shrunk = little(&job, &reproducer(&job, Seed(seed)).unwrap());
    let doomed = shrunk.doomed_from.unwrap();
    assert!(doomed <= shrunk.failure.at, "{doomed} {}", shrunk.failure.at);
    assert!(shrunk.why.contains("needed"), "{}", shrunk.why);
}

#[test]
fn what_does_not_break_cannot_be_shrunk() {
    let (bug, scenario, seed, _) = KEPT[0];
    let job = job(scenario, bug);
    let failing = reproducer(&job, Seed(seed)).unwrap();
    let refused = |reproducer: &Reproducer| shrink(job.experiment, reproducer, LITTLE, &NEVER, &Unwatched).unwrap_err();
    let silent = Reproducer { verdict: None, ..failing.clone() };
    assert_eq!(refused(&silent), Unshrinkable::NothingBroke);
    let mended = Reproducer { scenario: Scenario { bug: None, ..failing.scenario.clone() }, ..failing };
    assert_eq!(refused(&mended), Unshrinkable::Mended(None));
}

#[test]
fn one_that_is_stopped_keeps_the_best_so_far() {
    struct Impatient(AtomicBool);
    impl Watch for Impatient {
        fn ran(&self, runs: u64) {
            self.0.store(runs > 30, Ordering::Relaxed);
        }
    }
    let (bug, scenario, seed, _) = KEPT[2];
    let job = job(scenario, bug);
    let reproducer = reproducer(&job, Seed(seed)).unwrap();
    let watch = Impatient(AtomicBool::new(false));
    let shrunk = shrink(job.experiment, &reproducer, LITTLE, &watch.0, &watch).unwrap();
    assert!(shrunk.interrupted && !shrunk.is_certified);
    assert!(shows(&job, &shrunk, &shrunk.scenario));
    let document = Document::parse(&text(&shrunk.scenario)).unwrap();
    let again = Job::new(BUILT_IN, document).unwrap().run(Seed(0), &NEVER).unwrap().unwrap();
    assert_eq!(again.digest, shrunk.digest);
    assert!(shrunk.runs < 40, "{} runs", shrunk.runs);
}

type Mistakes = &'static [(&'static str, u32)];

/// A profile, the mistakes that it finds, and under how many of 4,000 seeds each.
const PROFILES: [(&str, &str, Mistakes); 14] = [
    (
        "paxos",
        include_str!("../scenarios/paxos/default.json"),
        &[
            ("acceptor-amnesia", 2904),
            ("ignore-accepted", 1711),
            ("broken-promise", 123),
            ("half-quorum", 1069),
            ("ballot-reuse", 2016),
        ],
    ),
    (
        "multi_paxos",
        include_str!("../scenarios/multi_paxos/default.json"),
        &[
            ("ack-before-sync", 4000),
            ("promise-amnesia", 3191),
            ("ballot-reuse", 3341),
            ("ignore-accepted", 2655),
            ("first-accepted", 8),
            ("broken-promise", 886),
            ("ack-over-gap", 1266),
            ("watermark-any-ballot", 120),
            ("slot-reuse", 2990),
        ],
    ),
    (
        "raft",
        include_str!("../scenarios/raft/default.json"),
        &[
            ("vote-amnesia", 651),
            ("commit-old-term", 3),
            ("no-log-check", 1240),
            ("length-only-check", 20),
            ("duplicate-votes", 607),
            ("truncate-always", 1226),
            ("commit-clamp", 10),
            ("small-quorum", 3785),
            ("ack-before-sync", 2822),
        ],
    ),
    (
        "raft/lease-reads",
        include_str!("../scenarios/raft/lease-reads.json"),
        &[("local-read", 206), ("lease-from-answer", 150), ("forgotten-promise", 31)],
    ),
    (
        "raft/membership",
        include_str!("../scenarios/raft/membership.json"),
        &[("hasty-change", 1167), ("learners-count", 2078), ("members-forgotten", 1706)],
    ),
    (
        "raft/snapshots",
        include_str!("../scenarios/raft/snapshots.json"),
        &[("sessions-forgotten", 3979), ("stale-snapshot", 227)],
    ),
    (
        "heartbeat",
        include_str!("../scenarios/heartbeat/default.json"),
        &[("never-again", 1104), ("unheard-is-well", 62)],
    ),
    ("heartbeat/pauses", include_str!("../scenarios/heartbeat/pauses.json"), &[("own-pause", 3844)]),
    ("heartbeat/late", include_str!("../scenarios/heartbeat/late.json"), &[("stale-beat", 3967)]),
    ("heartbeat/outages", include_str!("../scenarios/heartbeat/outages.json"), &[("outage-learned", 2322)]),
    ("heartbeat/hybrid-one-way", include_str!("../scenarios/heartbeat/hybrid-one-way.json"), &[("one-channel", 4000)]),
    (
        "swim",
        include_str!("../scenarios/heartbeat/swim-swarm.json"),
        &[
            ("no-suspicion", 2879),
            ("random-probe", 2147),
            ("stale-suspect", 2007),
            ("silent-verdict", 876),
            ("endless-gossip", 3921),
            ("cleared-by-others", 1160),
        ],
    ),
    (
        "two_phase",
        include_str!("../scenarios/two_phase/default.json"),
        &[
            ("yes-before-force", 3762),
            ("unlogged-commit", 367),
            ("abort-while-prepared", 879),
            ("forget-early", 1132),
            ("locks-lost", 2431),
            ("hasty-presumption", 61),
            ("repeated-request", 742),
        ],
    ),
    (
        "three_phase",
        include_str!("../scenarios/three_phase/default.json"),
        &[("decide-alone", 13), ("recovered-takes-part", 353), ("commit-before-acks", 3425)],
    ),
];

/// Failing seeds of each mistake, and at most so many seeds to find them among.
const FAILING: usize = 10;

/// `cargo test --release --test shrink -- --ignored --nocapture` prints a table: of ten failing seeds of each mistake,
/// how many faults there were and are left, and how long that took on one core. `ONLY` says which: `raft/vote-amnesia`.
#[test]
#[ignore = "takes minutes, and measures time"]
fn ten_failing_seeds_of_each_mistake_shrink_to_a_few_faults() {
    let only = std::env::var("ONLY").unwrap_or_default();
    let failing: usize = std::env::var("FAILING").map_or(FAILING, |count| count.parse().unwrap());
    let verbose = std::env::var("VERBOSE").is_ok();
    println!(
        "| mistake | of 4,000 | seeds | faults before | after | most | nodes | operations | seconds | most | certified |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    let mut complaints = Vec::new();
    for (profile, scenario, mistakes) in PROFILES {
        for &(bug, often) in mistakes.iter().filter(|(bug, _)| format!("{profile}/{bug}").contains(&only)) {
            let job = job(scenario, bug);
            let found = (0..40_000).map(Seed).filter_map(|seed| reproducer(&job, seed)).take(failing);
            let shrunk: Vec<(f64, Shrunk)> = found
                .map(|reproducer| {
                    let start = Instant::now();
                    let effort =
                        Effort { deadline: Some(start + Duration::from_secs(30)), events: u64::MAX, tries: 50 };
                    let shrunk = shrink(job.experiment, &reproducer, effort, &NEVER, &Unwatched)
                        .unwrap_or_else(|why| panic!("{bug} {:?}: {why:?}", reproducer.seed));
                    let took = start.elapsed().as_secs_f64();
                    if verbose {
                        eprintln!(
                            "{bug} {:?} {took:.1}s {} runs {} events {:?} -> {:?} {} {}",
                            reproducer.seed,
                            shrunk.runs,
                            shrunk.events,
                            shrunk.before,
                            shrunk.after,
                            shrunk.is_certified,
                            shrunk.why
                        );
                        eprintln!("{}", text(&shrunk.scenario));
                    }
                    (took, shrunk)
                })
                .collect();
            let of = |what: fn(&Shrunk) -> f64| shrunk.iter().map(|(_, shrunk)| what(shrunk)).collect::<Vec<f64>>();
            let seconds: Vec<f64> = shrunk.iter().map(|(took, _)| *took).collect();
            let after = of(|shrunk| shrunk.after.faults as f64);
            let certified = shrunk.iter().filter(|(_, shrunk)| shrunk.is_certified).count();
            let most = |list: &[f64]| list.iter().copied().fold(0.0, f64::max);
            println!(
                "| {profile}: {bug} | {often} | {} | {} | {} | {} | {} | {} | {:.1} | {:.1} | {certified} |",
                shrunk.len(),
                median(of(|shrunk| shrunk.before.faults as f64)),
                median(after.clone()),
                most(&after),
                median(of(|shrunk| shrunk.after.nodes.into())),
                median(of(|shrunk| shrunk.after.operations as f64)),
                median(seconds.clone()),
                most(&seconds),
            );
            // Of a run with thousands of operations not each can be taken out in time.
            let bound = if often * 300 < 4_000 { 10.0 } else { 6.0 };
            if median(after) > bound || 10 * certified < 9 * shrunk.len() || median(seconds) > 30.0 {
                complaints.push(bug);
            }
        }
    }
    assert!(complaints.is_empty(), "{complaints:?}");
}
