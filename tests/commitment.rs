//! How often two-phase commit blocks and for how long, and what either protocol costs, against what their essays
//! compute.

use seedstorm::check::measure::Reading;
use seedstorm::lab::{BUILT_IN, Look, admit, prepare};
use seedstorm::rng::Seed;
use seedstorm::scenario::Document;

/// What many runs measured.
#[derive(Default)]
struct Blocking {
    transactions: u128,
    blocked: u128,
    /// How long participants were blocked, each time, in nanoseconds.
    times: Vec<u64>,
}

/// One-way delay and sync, in milliseconds: nothing varies but when the coordinator crashes and for how long.
const DELAY: f64 = 20.0;
const SYNC: f64 = 5.0;
/// How long the coordinator is down on the average, in seconds.
const DOWN: f64 = 10.0;

/// The coordinator crashes after exponential times with this mean, wherever it is. One client, so that each crash finds
/// one transaction at most. Participants ask often: a coordinator that has come back does not know whom to tell of an
/// abort, and if it falls again before it is asked, they are blocked for another while, which the formula leaves out.
fn blocking(up: &str, seeds: u64) -> Blocking {
    let text = format!(
        r#"{{
            "seedstorm": 1, "protocol": "two_phase", "nodes": {{ "coordinator": 1, "participant": 2 }},
            "params": {{ "timeout": "100ms", "retry": "10ms" }},
            "network": {{ "latency": "{DELAY}ms" }}, "disk": {{ "sync": "{SYNC}ms" }},
            "workload": {{ "kind": "bank", "clients": 1, "ops": 1000000000, "every": "10ms", "payees": 1, "amount": 1,
                           "accounts": 100000, "reads": 0, "timeout": "400ms", "attempts": 1 }},
            "faults": {{ "crash": {{ "every": "{up}", "per": "node", "strike": "between", "who": {{ "group": "coordinator" }},
                         "down": {{ "exponential": {{ "mean": "{DOWN}s" }} }} }} }},
            "run_for": "2000s", "budget": {{ "events": 1000000000 }}
        }}"#
    );
    let document = Document::parse(&text).unwrap_or_else(|error| panic!("{error}"));
    let experiment = admit(BUILT_IN, &document).unwrap_or_else(|error| panic!("{error}"));
    let mut sum = Blocking::default();
    for seed in 0..seeds {
        let (scenario, plan) = prepare(experiment, &document, Seed(seed)).unwrap_or_else(|error| panic!("{error}"));
        let outcome =
            experiment.run(&scenario, plan, Look::default()).unwrap_or_else(|error| panic!("{error}")).outcome;
        assert!(outcome.violation.is_none(), "seed {seed}: {:?}", outcome.violation);
        for measure in outcome.measures {
            match measure.reading {
                Reading::Share { part, whole } if measure.name == "blocked" => {
                    sum.blocked += part;
                    sum.transactions += whole;
                }
                Reading::Times(times) if measure.name == "blocked_time" => {
                    sum.times.extend(times.iter().map(|time| time.0));
                }
                _ => {}
            }
        }
    }
    sum
}

/// Prints a line of the table, and says by how much what was measured differs from what is computed: how often, and how
/// long per transaction.
fn compared(up: &str, rate: f64, seeds: u64) -> [f64; 2] {
    let Blocking { transactions, blocked, times } = blocking(up, seeds);
    let window = (2.0 * DELAY + 2.0 * SYNC) / 1000.0;
    let often = 1.0 - (-rate * window).exp();
    let measured = blocked as f64 / transactions as f64;
    let mean = times.iter().map(|&time| time as f64 / 1e9).sum::<f64>() / times.len() as f64;
    let [long, measured_long] = [often * DOWN, measured * mean];
    let differs = [measured / often - 1.0, measured_long / long - 1.0];
    println!(
        "{rate:>8.3}/s {transactions:>9} {blocked:>8} | {measured:.5} {often:.5} {:>+6.1} % | {:>8.1} ms {:>8.1} ms {:>+6.1} %",
        differs[0] * 100.0,
        measured_long * 1000.0,
        long * 1000.0,
        differs[1] * 100.0
    );
    differs
}

#[test]
fn blocking_is_about_as_frequent_and_as_long_as_computed() {
    let [often, long] = compared("500ms", 2.0, 3);
    assert!(often.abs() < 0.2 && long.abs() < 0.3, "{often} {long}");
}

/// `cargo test --release --test commitment -- --ignored --nocapture` prints the table.
#[test]
#[ignore = "takes minutes; run it after a change of two-phase commit or of how crashes are drawn"]
fn blocking_is_within_five_percent_of_what_is_computed() {
    println!("crashes   transactions  blocked | share measured, computed | blocked per transaction measured, computed");
    let sweep = [("4s", 0.25, 160), ("2s", 0.5, 120), ("1s", 1.0, 120), ("500ms", 2.0, 120), ("250ms", 4.0, 160)];
    let mut worst: f64 = 0.0;
    for (up, rate, seeds) in sweep {
        let differs = compared(up, rate, seeds);
        worst = differs.iter().fold(worst, |worst, differs| worst.max(differs.abs()));
    }
    assert!(worst < 0.05, "{worst}");
}

/// What a run without faults sent and forced.
struct Cost {
    /// How many messages of each of these kinds.
    sent: Vec<u64>,
    /// How often a participant was asked to vote: the `n` of all transactions together.
    asked: u64,
    transactions: u64,
    /// Forced writes, those at boots apart.
    forced: u64,
}

/// Transactions of two to four participants, one after another.
fn cost(protocol: &str, kinds: &[&str]) -> Cost {
    let text = format!(
        r#"{{
            "seedstorm": 1, "protocol": "{protocol}", "nodes": {{ "coordinator": 1, "participant": 6 }},
            "network": {{ "latency": "2ms" }}, "disk": {{ "sync": "1ms" }},
            "workload": {{ "kind": "bank", "clients": 1, "ops": 100, "payees": 3, "amount": 1, "accounts": 1000, "timeout": "1s" }},
            "run_for": "5s"
        }}"#
    );
    let document = Document::parse(&text).unwrap_or_else(|error| panic!("{error}"));
    let experiment = admit(BUILT_IN, &document).unwrap_or_else(|error| panic!("{error}"));
    let (scenario, plan) = prepare(experiment, &document, Seed(1)).unwrap_or_else(|error| panic!("{error}"));
    let look = Look { traffic: true, ..Look::default() };
    let outcome = experiment.run(&scenario, plan, look).unwrap_or_else(|error| panic!("{error}")).outcome;
    assert!(outcome.violation.is_none(), "{:?}", outcome.violation);
    let traffic = outcome.traffic.unwrap();
    let sent = |kind: &str| traffic.kinds.iter().find(|sent| sent.kind == kind).map_or(0, |sent| sent.sent);
    assert_eq!([sent("refused"), sent("work"), sent("done")], [0, sent("prepare"), sent("prepare")]);
    Cost {
        sent: kinds.iter().map(|kind| sent(kind)).collect(),
        asked: sent("prepare"),
        transactions: traffic.commands,
        forced: outcome.counters.forced - outcome.counters.boots,
    }
}

#[test]
fn two_phase_commit_costs_four_messages_and_two_forced_writes_a_participant_and_one_more() {
    let Cost { sent, asked, transactions, forced } = cost("two_phase", &["prepare", "vote", "decision", "acked"]);
    assert!(transactions > 50 && asked > 2 * transactions, "{transactions} {asked}");
    assert_eq!(sent, [asked; 4]);
    assert_eq!(forced, 2 * asked + transactions);
}

#[test]
fn three_phase_commit_costs_five_messages_and_two_forced_writes_a_participant_and_two_more() {
    let kinds = ["prepare", "vote", "pre_commit", "pre_committed", "decision"];
    let Cost { sent, asked, transactions, forced } = cost("three_phase", &kinds);
    assert!(transactions > 50 && asked > 2 * transactions, "{transactions} {asked}");
    assert_eq!(sent, [asked; 5]);
    assert_eq!(forced, 2 * asked + 2 * transactions);
}
