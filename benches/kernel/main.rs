//! How fast the kernel is, beside a bare loop over a `std` binary heap in the same process.
//!
//! `cargo bench` prints events per second, nanoseconds per event, and the ratio to that loop. Medians of
//! several rounds, alternating between the two, so that a noisy neighbour hits both. Protocols that do the same are
//! compared likewise.

mod bare;
mod calm;
mod heartbeats;
mod logs;
mod memory;
mod ping_pong;

use std::time::Instant;

use seedstorm::process::Process;
use seedstorm::protocol::Protocol;
use seedstorm::protocol::kv::Op;
use seedstorm::protocol::multi_paxos::MultiPaxos;
use seedstorm::protocol::raft::Raft;

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
    for (nodes, topology, events) in
        [(5, r#""all""#, 8_000_000), (25, r#""all""#, 8_000_000), (1_000_000, r#"{ "ring": 3 }"#, 16_000_000)]
    {
        let name = format!("heartbeats, {nodes} nodes");
        if on(&name) {
            let round = |_| {
                let (ours, pending) = heartbeats::round(nodes, topology, events);
                (ours, bare::round::<{ bare::SMALL }>(pending, 4_000_000))
            };
            row(&name, &(0..5).map(round).collect::<Vec<_>>());
        }
    }
    for window in [1, 16, 256] {
        compare(&format!("window {window}"), &on, &[&proposals::<Raft>(window), &proposals::<MultiPaxos>(window)]);
    }
    compare("busy clients", &on, &[&clients::<Raft>(200, ""), &clients::<MultiPaxos>(200, "")]);
    compare(
        "calm",
        &on,
        &[&clients::<Raft>(20_000, r#", "every": "1s""#), &clients::<MultiPaxos>(20_000, r#", "every": "1s""#)],
    );
}

/// A protocol by name, what it is measured by, and a round of it: events per second, how many are pending, and the
/// measure.
struct Contestant {
    name: &'static str,
    unit: &'static str,
    round: Box<dyn Fn() -> (f64, u32, f64)>,
}

fn proposals<P: Protocol<Node: Process<Op: From<Op>>>>(window: u64) -> Contestant {
    let round = move || {
        let rates = logs::round::<P>(window, 100_000);
        (rates.events, rates.pending, rates.proposals)
    };
    Contestant { name: P::NAME, unit: "proposals/s, applied on all five nodes", round: Box::new(round) }
}

fn clients<P: Protocol>(seconds: u64, every: &'static str) -> Contestant {
    let round = move || {
        let (virtual_seconds, events, pending) = calm::round::<P>(seconds, every);
        (events, pending, virtual_seconds)
    };
    Contestant { name: P::NAME, unit: "virtual seconds a second", round: Box::new(round) }
}

/// Rounds of protocols that do the same, alternating, so that their ratios mean something: each to the first.
fn compare(task: &str, on: &impl Fn(&str) -> bool, contestants: &[&Contestant]) {
    let name = |contestant: &Contestant| format!("{}, {task}", contestant.name);
    let wanted: Vec<&&Contestant> = contestants.iter().filter(|contestant| on(&name(contestant))).collect();
    let mut rounds: Vec<Vec<((f64, f64), f64)>> = vec![Vec::new(); wanted.len()];
    for _ in 0..5 {
        for (contestant, rounds) in wanted.iter().zip(&mut rounds) {
            let (events, pending, measure) = (contestant.round)();
            rounds.push(((events, bare::round::<{ bare::LARGE }>(pending, 4_000_000)), measure));
        }
    }
    for (place, contestant) in wanted.iter().enumerate() {
        row(&name(contestant), &rounds[place].iter().map(|round| round.0).collect::<Vec<_>>());
        let measure = median(rounds[place].iter().map(|round| round.1));
        let ratio = median(rounds[place].iter().zip(&rounds[0]).map(|(own, first)| own.1 / first.1));
        let beside = if place > 0 { format!(", {ratio:.2}x of {}'s", wanted[0].name) } else { String::new() };
        println!("{:<24} {measure:>9.0} {}{beside}", "", contestant.unit);
    }
}
