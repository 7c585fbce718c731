//! How fast the kernel is, beside a bare loop over a `std` binary heap in the same process.
//!
//! `cargo bench` prints events per second, nanoseconds per event, and the ratio to that loop. Medians of
//! several rounds, alternating between the two, so that a noisy neighbour hits both.

mod bare;
mod calm;
mod memory;
mod ping_pong;
mod raft;

use std::time::Instant;

/// Events per second of one round.
fn rate(events: u64, work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    events as f64 / start.elapsed().as_secs_f64()
}

fn median(rates: impl Iterator<Item = f64>) -> f64 {
    let mut rates: Vec<f64> = rates.collect();
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

/// Rates of the rounds, ours beside the bare loop's. The ratio is the median of those of the rounds, so that a noisy
/// neighbour who came or went in between does not show in it.
fn row(name: &str, rounds: &[(f64, f64)]) {
    let (ours, bare) = (median(rounds.iter().map(|round| round.0)), median(rounds.iter().map(|round| round.1)));
    println!(
        "{name:<24} {:>9.2} M/s {:>8.1} ns {:>12.2} M/s {:>8.2}x",
        ours / 1e6,
        1e9 / ours,
        bare / 1e6,
        median(rounds.iter().map(|round| round.0 / round.1))
    );
}

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let on = |name: &str| wanted.is_empty() || wanted.iter().any(|word| name.contains(word.as_str()));
    if on("memory") {
        memory::report();
    }
    println!("{:<24} {:>13} {:>11} {:>16} {:>9}", "workload", "events", "per event", "bare std heap", "ratio");
    for (nodes, events, rounds) in
        [(2, 4_000_000, 5), (10, 4_000_000, 5), (1_000, 4_000_000, 5), (1_000_000, 8_000_000, 5)]
    {
        let name = format!("ping-pong, {nodes} nodes");
        if on(&name) {
            let round = |_| (ping_pong::round(nodes, events), bare::round::<{ bare::SMALL }>(nodes, events));
            row(&name, &(0..rounds).map(round).collect::<Vec<_>>());
        }
    }
    for window in [1, 16, 256] {
        let name = format!("raft, window {window}");
        if on(&name) {
            let mut proposals = Vec::new();
            let round = |_| {
                let rates = raft::round(window, 100_000);
                proposals.push(rates.proposals);
                (rates.events, bare::round::<{ bare::LARGE }>(rates.pending, 4_000_000))
            };
            row(&name, &(0..5).map(round).collect::<Vec<_>>());
            let proposals = median(proposals.into_iter()) / 1e3;
            println!("{:<24} {proposals:>9.1} k proposals/s, applied on all five nodes", "");
        }
    }
    if on("raft, calm") {
        let mut seconds = Vec::new();
        let round = |_| {
            let (virtual_seconds, events, pending) = calm::round(20_000);
            seconds.push(virtual_seconds);
            (events, bare::round::<{ bare::LARGE }>(pending, 4_000_000))
        };
        row("raft, calm", &(0..3).map(round).collect::<Vec<_>>());
        println!("{:<24} {:>9.0} virtual seconds a second", "", median(seconds.into_iter()));
    }
}
