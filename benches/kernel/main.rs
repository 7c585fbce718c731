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

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

fn row(name: &str, ours: f64, bare: f64) {
    println!(
        "{name:<24} {:>9.2} M/s {:>8.1} ns {:>12.2} M/s {:>8.2}x",
        ours / 1e6,
        1e9 / ours,
        bare / 1e6,
        ours / bare
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
        [(2, 4_000_000, 5), (10, 4_000_000, 5), (1_000, 4_000_000, 5), (1_000_000, 8_000_000, 3)]
    {
        let name = format!("ping-pong, {nodes} nodes");
        if !on(&name) {
            continue;
        }
        let (mut ours, mut bare) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            ours.push(ping_pong::round(nodes, events));
            bare.push(bare::round(nodes, events));
        }
        row(&name, median(ours), median(bare));
    }
    for window in [1, 16, 256] {
        let name = format!("raft, window {window}");
        if !on(&name) {
            continue;
        }
        let (mut ours, mut bare, mut proposals) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..3 {
            let rates = raft::round(window, 100_000);
            ours.push(rates.events);
            proposals.push(rates.proposals);
            bare.push(bare::round(20, 4_000_000));
        }
        row(&name, median(ours), median(bare));
        println!("{:<24} {:>9.1} k proposals/s, applied on all five nodes", "", median(proposals) / 1e3);
    }
    if on("raft, calm") {
        let (mut ours, mut bare, mut seconds) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..3 {
            let (virtual_seconds, events) = calm::round(20_000);
            seconds.push(virtual_seconds);
            ours.push(events);
            bare.push(bare::round(20, 4_000_000));
        }
        row("raft, calm", median(ours), median(bare));
        println!("{:<24} {:>9.0} virtual seconds a second", "", median(seconds));
    }
}
