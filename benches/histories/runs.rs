//! What the check at the end of a run costs, beside the run.

use std::path::Path;

use seedstorm::check::{Property, Verdict};
use seedstorm::lab::{BUILT_IN, SimOf, named, prepare, sim};
use seedstorm::protocol::Protocol;
use seedstorm::protocol::kv::Replica;
use seedstorm::protocol::kv::check::{Linearizable, SessionOrder};
use seedstorm::protocol::multi_paxos::MultiPaxos;
use seedstorm::protocol::raft::Raft;
use seedstorm::rng::Seed;
use seedstorm::scenario::Document;

use crate::{percentile, timed};

const SEEDS: u64 = 400;

/// Each time is the shortest of so many, so that a noisy neighbour does not show in it.
const ROUNDS: usize = 3;

/// What the check of what clients saw takes under each seed, in hundredths of what the rest of the run takes; and how
/// many of them it could not tell about.
fn shares<P: Protocol<Node: Replica>>(file: &str) -> (Vec<f64>, u64) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let document = Document::load(&path).expect("the scenario is right");
    let experiment = named(BUILT_IN, P::NAME).expect("it is built in");
    let mut unknown = 0;
    let share = |seed: u64| {
        let (scenario, plan) = prepare(experiment, &document, Seed(seed)).expect("the scenario is right");
        let runs = (0..ROUNDS).map(|_| {
            let mut run = sim::<P>(&scenario, plan.clone()).expect("the scenario is right");
            let (whole, ()) = timed(|| while run.step() {});
            (whole, run)
        });
        let (whole, mut run) = runs.min_by_key(|&(whole, _)| whole).expect("there are some");
        let check = (0..ROUNDS).map(|_| timed(|| judge::<P>(&run)).0).min().expect("there are some");
        unknown += run.outcome().properties.iter().map(|line| line.unknown).sum::<u64>();
        100.0 * check.as_secs_f64() / whole.saturating_sub(check).as_secs_f64()
    };
    ((0..SEEDS).map(share).collect(), unknown)
}

fn judge<P: Protocol<Node: Replica>>(run: &SimOf<P>) -> [Verdict; 2] {
    let (now, history) = (run.now(), run.history());
    let linearizable = <Linearizable as Property<P::Node>>::on_history(&mut Linearizable, now, history);
    let session_order = <SessionOrder as Property<P::Node>>::on_history(&mut SessionOrder, now, history);
    [linearizable.1, session_order.1]
}

fn row(file: &str, (mut shares, unknown): (Vec<f64>, u64)) {
    let [median, p99, most] = [500, 990, 1000].map(|part| percentile(&mut shares, part));
    println!("{file:<36} {median:>9.2} % {p99:>9.2} % {most:>9.2} % {unknown:>9}");
}

pub(crate) fn report() {
    println!(
        "{:<36} {:>11} {:>11} {:>11} {:>9}",
        "check at the end, share of the run", "median", "p99", "most", "unknown"
    );
    for file in ["scenarios/raft/default.json", "scenarios/raft/swarm.json", "scenarios/raft/calm.json"] {
        row(file, shares::<Raft>(file));
    }
    for file in ["scenarios/multi_paxos/default.json", "scenarios/multi_paxos/gaps.json"] {
        row(file, shares::<MultiPaxos>(file));
    }
}
