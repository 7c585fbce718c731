//! How long a first election takes, held against published figures: Ongaro's thesis, Figure 9.9, five nodes on
//! a wide-area network. One-way latency is uniform in 30–40 ms, timeouts in 300–600 ms, and all timers start fresh.
//! Ten thousand elections a row are a test of every day; the campaign runs half a million a row:
//!
//! ```console
//! cargo test --release --test elections -- --ignored --nocapture
//! ```

use seedstorm::fault::{Entry, Fault, FaultPlan, Strike, Unsynced, Who};
use seedstorm::ids::NodeSet;
use seedstorm::lab::{self, Lab};
use seedstorm::process::NodeId;
use seedstorm::protocol::raft::Raft;
use seedstorm::rng::{Seed, Seeds};
use seedstorm::scenario::{Document, Scenario};
use seedstorm::time::Time;

const WIDE_AREA: &str = r#"{
  "seedstorm": 1, "protocol": "raft", "nodes": 5,
  "params": { "election_timeout": ["300ms", "600ms"], "heartbeat": "100ms", "pre_vote": false, "check_quorum": false },
  "network": { "latency": ["30ms", "40ms"] },
  "disk": { "sync": "0s" },
  "run_for": "1h", "settle": "0s"
}"#;

/// What the thesis's own model gives, in ms, when so many of the five nodes are down: a Monte Carlo of it, beside
/// which the figure itself reads 430, 469 and 632 for the means. The 99.9th percentile with one node down is that of
/// two million elections of the same model, 1416: both sources have too few for it (1459 and 1387).
struct Row {
    failed: u32,
    mean: f64,
    /// Median, 90th, 99th and 99.9th percentile.
    quantiles: [f64; 4],
}

const ROWS: [Row; 3] = [
    Row { failed: 0, mean: 429.0, quantiles: [409.0, 488.0, 831.0, 1000.0] },
    Row { failed: 1, mean: 468.0, quantiles: [423.0, 564.0, 1003.0, 1416.0] },
    Row { failed: 2, mean: 623.0, quantiles: [465.0, 1048.0, 1835.0, 2665.0] },
];

const SHARES: [f64; 4] = [0.5, 0.9, 0.99, 0.999];

/// The scenario, and a plan that stops the last `failed` nodes before anything else happens.
fn setting(failed: u32) -> (Scenario, FaultPlan) {
    let document = Document::parse(WIDE_AREA).unwrap();
    let (scenario, mut plan) = lab::prepare(Lab::<Raft>::NEW, &document, Seed(0)).unwrap();
    if failed > 0 {
        plan.timeline.push(Entry {
            id: "down".to_owned(),
            at: Some(Time::ZERO),
            after: None,
            lasts: None,
            kind: Fault::Crash { unsynced: Unsynced::None, strike: Strike::Between },
            who: Who::Nodes((5 - failed..5).map(NodeId).collect::<NodeSet>()),
        });
    }
    (scenario, plan)
}

/// Milliseconds until there is a leader.
fn election(scenario: &Scenario, mut plan: FaultPlan, seed: u64) -> f64 {
    plan.seeds = Seeds::derive(Seed(seed));
    let mut sim = lab::sim::<Raft>(scenario, plan).unwrap();
    while sim.leader().is_none() {
        assert!(sim.step(), "no leader in an hour");
    }
    sim.now().0 as f64 / 1e6
}

/// Mean and quantiles of so many elections.
fn measure(failed: u32, elections: u64) -> (f64, [f64; 4]) {
    let (scenario, plan) = setting(failed);
    let mut times: Vec<f64> = (0..elections).map(|seed| election(&scenario, plan.clone(), seed)).collect();
    times.sort_by(f64::total_cmp);
    let quantile = |share: f64| times[((elections as f64 * share) as usize).min(times.len() - 1)];
    (times.iter().sum::<f64>() / elections as f64, SHARES.map(quantile))
}

fn differs(measured: f64, published: f64) -> f64 {
    (measured / published - 1.0).abs()
}

#[test]
fn elections_take_as_long_as_published() {
    for row in ROWS {
        let (mean, quantiles) = measure(row.failed, 10_000);
        assert!(differs(mean, row.mean) < 0.03, "{} failed: mean {mean} instead of {}", row.failed, row.mean);
        // So few elections say little of the rarer ones.
        let [median, ..] = quantiles;
        assert!(differs(median, row.quantiles[0]) < 0.03, "{} failed: median {median}", row.failed);
    }
}

#[test]
#[ignore = "minutes: run it in release mode"]
fn a_campaign_of_elections_takes_as_long_as_published() {
    println!("{:>6} {:>24} {:>24} {:>24} {:>24} {:>24}", "failed", "mean", "p50", "p90", "p99", "p99.9");
    let mut worst: f64 = 0.0;
    for row in ROWS {
        let (mean, quantiles) = measure(row.failed, 500_000);
        print!("{:>6}", row.failed);
        let published = std::iter::once(row.mean).chain(row.quantiles);
        for (measured, published) in std::iter::once(mean).chain(quantiles).zip(published) {
            worst = worst.max(differs(measured, published));
            print!(" {:>24}", format!("{measured:.1} ({published}, {:+.2} %)", (measured / published - 1.0) * 100.0));
        }
        println!();
    }
    assert!(worst < 0.03, "{:.2} % away from the published figure", worst * 100.0);
}
