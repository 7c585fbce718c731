//! SWIM against its own theory: how soon a crash is first noticed, what suspicion is good for, and that a thousand
//! members come together again after a partition.

use rayon::iter::{IntoParallelIterator, ParallelIterator};
use seedstorm::lab::{self, Lab, Look, SimOf};
use seedstorm::process::NodeId;
use seedstorm::protocol::heartbeat::Heartbeat;
use seedstorm::rng::Seed;
use seedstorm::scenario::Document;
use seedstorm::sim::{Liveness, Outcome};
use seedstorm::time::{Span, Time};

const PERIOD: Span = Span::ms(100);

/// How the one that crashes is hit.
#[derive(Clone, Copy, PartialEq)]
enum Probing {
    /// Whom to probe is drawn.
    Random,
    /// Everybody probes in turns; the crash falls between two rounds.
    InTurns,
    /// The same; the crash falls between any two periods of a round.
    MidRound,
}

fn sim(scenario: &str, seed: u64) -> SimOf<Heartbeat> {
    let document = Document::parse(scenario).unwrap_or_else(|error| panic!("{error}"));
    let (scenario, plan) = lab::prepare(Lab::<Heartbeat>::NEW, &document, Seed(seed)).unwrap();
    lab::sim::<Heartbeat>(&scenario, plan).unwrap()
}

/// The number of whole periods, from the first after a crash on, until somebody probes the crashed member. Nothing is
/// lost, so that this probe fails, and is the first to.
///
/// All members begin their periods at one instant, and their rounds with them: m periods each, of which the first
/// begins with the first period. The crash comes in the middle of a period, when its probes have been answered.
fn first_detection(members: u64, probing: Probing, seed: u64) -> u64 {
    let others = members - 1;
    let rounds = if members > 10 { 0 } else { seed % 3 };
    let before = rounds * others + if probing == Probing::MidRound { seed / 3 % others } else { 0 };
    let victim = seed % members;
    let scenario = format!(
        r#"{{ "seedstorm": 1, "protocol": "heartbeat", "nodes": {members},
             "params": {{ "detector": {{ "swim": {{ "period": "100ms", "timeout": "30ms", "stagger": false,
                          "probing": "{}" }} }} }},
             "network": {{ "latency": "1ms" }},
             "faults": {{ "timeline": [ {{ "id": "crash", "at": "{}ms", "who": {victim}, "kind": {{ "retire": {{}} }} }} ] }},
             "run_for": "1000s", "settle": "0ms" }}"#,
        if probing == Probing::Random { "random" } else { "round_robin" },
        before * 100 + 50,
    );
    let mut sim = sim(&scenario, seed);
    let victim = NodeId(u32::try_from(victim).unwrap());
    for period in 1.. {
        sim.run_until(Time::ZERO + PERIOD.times(before + period));
        let mut probes = sim.nodes().living().filter_map(|seat| seat.state.swim()?.probe());
        if probes.any(|probe| probe.target == victim) {
            return period;
        }
    }
    unreachable!("everybody's turn comes")
}

fn mean(members: u64, probing: Probing, seeds: u64) -> f64 {
    let sum: u64 = (0..seeds).into_par_iter().map(|seed| first_detection(members, probing, seed)).sum();
    sum as f64 / seeds as f64
}

/// Theory. There are `m` = n − 1 members left to notice the crash, each of which probes one of `m` others a period.
///
/// *At random*: nobody probes the crashed one in a period with probability (1 − 1/m)ᵐ, whatever was before, so the
/// first detection takes 1 / (1 − (1 − 1/m)ᵐ) periods on average (section 3.1 of the paper, for finite n).
///
/// *In turns, from the beginning of a round*: each of the `m` has the crashed one at an even draw of the places 1 to
/// `m`, independent of the others. Nobody has had it in the first `k` with probability ((m − k)/m)ᵐ, and the mean of a
/// number is the sum over `k` of the probability that it is greater.
///
/// *In turns, when p periods of the round are over*: who has had the crashed one among these, with probability p/m,
/// probes it again in the next round only; who has not, within the m − p periods left. So a member has not probed it
/// within k periods with probability (m − k)/m as long as k ≤ m − p, and p/m · (2m − p − k)/m after that. Given p,
/// members are independent; p is an even draw from 0 to m − 1.
fn theory(members: u64, probing: Probing) -> f64 {
    let m = (members - 1) as f64;
    let power = |x: f64| (0..members - 1).fold(1.0, |product, _| product * x);
    let places = || (0..members - 1).map(|k| k as f64);
    match probing {
        Probing::Random => 1.0 / (1.0 - power(1.0 - 1.0 / m)),
        Probing::InTurns => places().map(|k| power((m - k) / m)).sum(),
        Probing::MidRound => {
            let left_out = |p: f64, k: f64| if k <= m - p { (m - k) / m } else { p / m * (2.0 * m - p - k) / m };
            let periods = |p: f64| (0..2 * members).map(|k| power(left_out(p, k as f64).max(0.0))).sum::<f64>();
            places().map(periods).sum::<f64>() / m
        }
    }
}

fn compare(members: &[u64], seeds: u64, within: f64) {
    for (probing, name) in [
        (Probing::Random, "at random"),
        (Probing::InTurns, "in turns"),
        (Probing::MidRound, "in turns, a crash at any time"),
    ] {
        for &n in members {
            let (measured, expected) = (mean(n, probing, seeds), theory(n, probing));
            let off = measured / expected - 1.0;
            println!("{name:<30} n = {n:>3}: {measured:.4} periods, {expected:.4} in theory, {:+.2} %", off * 100.0);
            assert!(off.abs() <= within, "{name}, n = {n}: {measured} and {expected}");
        }
    }
}

#[test]
fn theory_has_the_values_that_are_known() {
    let known = [(5, 1.463, 1.3828), (10, 1.530, 1.4824), (30, 1.566, 1.5488), (100, 1.577, 1.5720)];
    for (n, random, in_turns) in known {
        assert!((theory(n, Probing::Random) - random).abs() < 0.0006, "{}", theory(n, Probing::Random));
        assert!((theory(n, Probing::InTurns) - in_turns).abs() < 0.00006, "{}", theory(n, Probing::InTurns));
    }
}

#[test]
fn a_crash_is_noticed_as_soon_as_theory_says() {
    compare(&[5, 10], 3_000, 0.04);
}

/// `cargo test --release --test swim -- --ignored --nocapture` prints the table.
#[test]
#[ignore = "takes a minute in a release build"]
fn a_crash_is_noticed_as_soon_as_theory_says_within_two_in_a_hundred() {
    compare(&[5, 10, 30, 100], 10_000, 0.02);
}

fn outcome(scenario: &str, seed: u64) -> Outcome {
    let document = Document::parse(scenario).unwrap_or_else(|error| panic!("{error}"));
    let experiment = Lab::<Heartbeat>::NEW;
    let (scenario, plan) = lab::prepare(experiment, &document, Seed(seed)).unwrap();
    experiment.run(&scenario, plan, Look::default()).unwrap().outcome
}

/// Nobody ever crashes, so that whoever is declared dead is so falsely.
const LOSSY: &str = r#"{
    "seedstorm": 1, "protocol": "heartbeat", "nodes": 10, "params": { "detector": { "swim": { "suspicion": true } } },
    "network": { "latency": ["1ms", "20ms"], "loss": "10%" },
    "faults": { "slow": { "every": "3s", "lasts": ["200ms", "1s"], "by": ["20ms", "120ms"] },
                "loss": { "every": "3s", "lasts": ["200ms", "1s"], "odds": "70%" } },
    "run_for": "60s", "settle": "0ms"
}"#;

/// What suspicion is good for (section 4.2 of the paper): the mistake "no-suspicion" ends a run at its first
/// death, so that the same detector, with suspicion set off, stands for it.
#[test]
fn without_suspicion_many_more_who_live_are_declared_dead() {
    let deaths = |scenario: &str| -> u64 {
        let one = |seed| {
            let facts = outcome(scenario, seed).facts;
            facts.iter().find(|(kind, _)| kind == "declared").map_or(0, |&(_, count)| count)
        };
        (0..50).into_par_iter().map(one).sum()
    };
    let with = deaths(LOSSY);
    let without = deaths(&LOSSY.replace("\"suspicion\": true", "\"suspicion\": false"));
    println!("declared dead in 50 runs of ten members for a minute: {with} with suspicion, {without} without");
    assert!(without >= 20 * with.max(1), "{without} without suspicion, {with} with it");
}

#[test]
fn a_thousand_members_come_together_again_after_a_partition() {
    let scenario = include_str!("../scenarios/heartbeat/swim-thousand.json");
    let outcome = outcome(scenario, 2);
    let count = |kind: &str| outcome.facts.iter().find(|(name, _)| name == kind).map_or(0, |&(_, count)| count);
    // Each of either half has held nearly all of the other dead.
    assert!(count("suspected") > 450_000, "{}", count("suspected"));
    assert!(outcome.violation.is_none(), "{:?}", outcome.violation);
    let Liveness::Converged { core, after } = &outcome.liveness else { panic!("{:?}", outcome.liveness) };
    assert!(core.len() > 990 && *after < Span::secs(10), "{} members after {after}", core.len());
}
