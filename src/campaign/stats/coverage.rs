//! How often intervals hold the truth, by simulation.

use super::*;
use crate::rng::{Dice, Die, Seed, Stream};

fn dice(seed: u64) -> Stream {
    Die::new(Seed(seed)).stream()
}

fn unit(dice: &mut Stream) -> f64 {
    (dice.next() >> 11) as f64 / (1_u64 << 53) as f64
}

/// The probability of each number of hits.
fn binomial(trials: u32, p: f64) -> Vec<f64> {
    let log = |n: u32| libm::lgamma(f64::from(n) + 1.0);
    let one = |hits: u32| {
        let ways = log(trials) - log(hits) - log(trials - hits);
        libm::exp(ways + f64::from(hits) * libm::log(p) + f64::from(trials - hits) * libm::log1p(-p))
    };
    (0..=trials).map(one).collect()
}

/// With which probability the interval of a proportion holds it: exactly, for all numbers of hits are weighed.
fn covered(trials: u32, p: f64, intervals: &[Estimate]) -> f64 {
    let held = binomial(trials, p).into_iter().zip(intervals).filter(|(_, interval)| interval.holds(p));
    held.map(|(weight, _)| weight).sum()
}

fn intervals(trials: u32) -> Vec<Estimate> {
    (0..=trials).map(|hits| proportion(hits.into(), trials.into()).unwrap()).collect()
}

#[test]
fn proportions_are_held_as_often_as_stated() {
    for trials in [50, 100, 200, 400, 1_000] {
        let intervals = intervals(trials);
        let mut dice = dice(trials.into());
        let draws = 2_000;
        let sum: f64 = (0..draws).map(|_| covered(trials, 0.01 + 0.98 * unit(&mut dice), &intervals)).sum();
        let mean = sum / f64::from(draws);
        assert!((0.93..0.97).contains(&mean), "{trials} trials: {mean}");
    }
}

#[test]
fn rare_proportions_are_held_at_least_as_often_as_stated() {
    for trials in [50, 100, 200, 400, 1_000] {
        let intervals = intervals(trials);
        // Rare is what is one in a hundred, and what is seen hardly ever in so many trials.
        let rarest = (5.0 / f64::from(trials)).max(0.01);
        for part in 1..=400 {
            let p = rarest * f64::from(part) / 400.0;
            for p in [p, 1.0 - p] {
                let covered = covered(trials, p, &intervals);
                assert!(covered >= 0.95, "{p} of {trials} trials: {covered}");
            }
        }
    }
}

/// Runs whose operations fare alike: each has a rate of its own around 0.9, and so many operations.
fn clustered(dice: &mut Stream, runs: usize) -> Vec<Part> {
    let one = |_| {
        let rate = 0.8 + 0.2 * unit(dice);
        let of = 20 + dice.below(60);
        let hits = (0..of).filter(|_| unit(dice) < rate).count();
        (hits as f64, of as f64)
    };
    (0..runs).map(one).collect()
}

const ROUNDS: u32 = 2_000;

fn coverage(seed: u64, mut holds: impl FnMut(&mut Stream) -> bool) -> f64 {
    let mut dice = dice(seed);
    f64::from((0..ROUNDS).filter(|_| holds(&mut dice)).count() as u32) / f64::from(ROUNDS)
}

#[test]
fn shares_are_held_although_the_parts_of_a_run_fare_alike() {
    for runs in [10, 50, 200] {
        let covered = coverage(runs as u64, |dice| share(&clustered(dice, runs)).unwrap().holds(0.9));
        assert!((0.93..0.98).contains(&covered), "{runs} runs: {covered}");
        // As if each operation were by itself they would be missed often.
        let naive = coverage(runs as u64, |dice| {
            let all = clustered(dice, runs);
            let [hits, of] = [all.iter().map(|run| run.0).sum(), all.iter().map(|run| run.1).sum()];
            proportion(hits, of).unwrap().holds(0.9)
        });
        assert!(naive < 0.9, "{runs} runs: {naive}");
    }
}

/// Most runs are without any failure, and in few of them everything of a while fails.
#[test]
fn shares_are_held_although_bad_runs_are_rare() {
    for (runs, bad) in [(50, 0.01), (50, 0.02), (200, 0.01)] {
        let truth = 1.0 - bad * 50.0 / 300.0;
        let covered = coverage(runs, |dice| {
            let one = |dice: &mut Stream| if unit(dice) < bad { (250.0, 300.0) } else { (300.0, 300.0) };
            share(&(0..runs).map(|_| one(dice)).collect::<Vec<Part>>()).unwrap().holds(truth)
        });
        assert!(covered >= 0.93, "{runs} runs, {bad}: {covered}");
    }
}

#[test]
fn means_and_rates_are_held_as_often_as_stated() {
    let exponential = |dice: &mut Stream| -libm::log(1.0 - unit(dice));
    let means = coverage(1, |dice| {
        let runs: Vec<Part> =
            (0..50).map(|_| (1..=20).map(|_| exponential(dice)).sum()).map(|sum| (sum, 20.0)).collect();
        mean(&runs).unwrap().holds(1.0)
    });
    assert!((0.93..0.97).contains(&means), "{means}");
    // Events with a rate of one in a hundred, watched for two hundred in all, and for two thousand.
    for runs in [20, 200] {
        let rates = coverage(2, |dice| {
            let events = |dice: &mut Stream| {
                let mut at = 100.0 * exponential(dice);
                let mut events = 0.0;
                while at < 10.0 {
                    (events, at) = (events + 1.0, at + 100.0 * exponential(dice));
                }
                (events, 10.0)
            };
            rate(&(0..runs).map(|_| events(dice)).collect::<Vec<Part>>()).unwrap().holds(0.01)
        });
        assert!((0.95..=1.0).contains(&rates), "{runs} runs: {rates}");
    }
}

#[test]
fn quantiles_are_held_as_often_as_stated() {
    let value = |dice: &mut Stream, scale: f64| (-libm::log(1.0 - unit(dice)) * scale * 1e9) as u64;
    for q in [0.5, 0.9] {
        let truth = -libm::log(1.0 - q) * 1e9;
        let alone = coverage(3, |dice| {
            let values: Vec<[u64; 1]> = (0..100).map(|_| [value(dice, 1.0)]).collect();
            Pool::new(values.iter().map(<[u64; 1]>::as_slice).collect()).quantile(q).unwrap().holds(truth)
        });
        assert!((0.94..0.98).contains(&alone), "{q}: {alone}");
    }
    // Runs that are slow or fast as a whole: half of them three times as slow as the others.
    let mixed = |x: f64| 0.5 * (1.0 - libm::exp(-x)) + 0.5 * (1.0 - libm::exp(-x / 3.0));
    let median = (0..60).fold((0.0, 9.0), |(low, high), _| {
        let middle = f64::midpoint(low, high);
        if mixed(middle) < 0.5 { (middle, high) } else { (low, middle) }
    });
    let clustered = coverage(4, |dice| {
        let run = |dice: &mut Stream| {
            let scale = if dice.below(2) == 0 { 1.0 } else { 3.0 };
            (0..30).map(|_| value(dice, scale)).collect::<Vec<u64>>()
        };
        let runs: Vec<Vec<u64>> = (0..60).map(|_| run(dice)).collect();
        Pool::new(runs.iter().map(Vec::as_slice).collect()).quantile(0.5).unwrap().holds(median.0 * 1e9)
    });
    assert!((0.93..0.98).contains(&clustered), "{clustered}");
}
