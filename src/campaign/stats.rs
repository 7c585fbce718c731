//! What may be said of a rate that was counted: exact intervals (Clopper and Pearson, 1934). Below it what may be said
//! of other quantities.

mod estimate;
mod quantile;

use statrs::function::beta::beta_reg;

pub use estimate::{Estimate, Part, mean, normal_quantile, proportion, rate, share};
pub use quantile::Pool;

/// How sure an interval is.
const CONFIDENCE: f64 = 0.95;

/// The interval in which the rate lies with 95 % confidence, where `hits` of `trials` were counted. With no hits, or
/// nothing but hits, it is one-sided: all doubt is on the side on which there is any.
#[must_use]
pub fn interval(hits: u64, trials: u64) -> [f64; 2] {
    if trials == 0 {
        return [0.0, 1.0];
    }
    let doubt = 1.0 - CONFIDENCE;
    let misses = trials - hits;
    // Where all are of one kind the bound is known in closed form.
    let extreme = doubt.ln() / trials as f64;
    match (hits, misses) {
        (0, _) => [0.0, -extreme.exp_m1()],
        (_, 0) => [extreme.exp(), 1.0],
        _ => clopper_pearson(hits as f64, trials as f64),
    }
}

/// The interval with equal tails in which the rate lies with 95 % confidence or more. Counts may be effective ones, and
/// then they need not be whole.
fn clopper_pearson(hits: f64, trials: f64) -> [f64; 2] {
    let side = (1.0 - CONFIDENCE) / 2.0;
    let misses = trials - hits;
    let low = if hits <= 0.0 { 0.0 } else { beta(hits, misses + 1.0, side) };
    let high = if misses <= 0.0 { 1.0 } else { beta(hits + 1.0, misses, 1.0 - side) };
    [low, high]
}

/// Where the beta distribution with these parameters reaches `p`. By halves on a logarithmic scale, for rates are
/// small.
fn beta(a: f64, b: f64, p: f64) -> f64 {
    /// More than a double has digits.
    const HALVINGS: u32 = 80;
    let (mut low, mut high) = (-60.0_f64, 0.0_f64);
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if beta_reg(a, b, middle.exp2()) < p { low = middle } else { high = middle }
    }
    high.exp2()
}

#[cfg(test)]
mod coverage;

#[cfg(test)]
mod tests {
    use super::*;

    fn near(measured: f64, expected: f64) {
        assert!((measured - expected).abs() < 1e-6, "{measured} is not {expected}");
    }

    #[test]
    fn intervals_are_those_of_clopper_and_pearson() {
        // The published table: 10 of 100.
        let [low, high] = interval(10, 100);
        near(low, 0.049_004_7);
        near(high, 0.176_222_6);
        // None of n: 1 - 0.05^(1/n), the rule of three.
        near(interval(0, 100)[1], 1.0 - 0.05_f64.powf(0.01));
        assert!((interval(0, 100_000)[1] - 2.9957e-5).abs() < 1e-8);
        near(interval(100, 100)[0], 0.05_f64.powf(0.01));
        assert_eq!(interval(0, 0), [0.0, 1.0]);
    }

    /// Where the normal approximation is as good as any.
    #[test]
    fn however_many_runs_there_are_the_bounds_are_known() {
        for trials in [1_000_000, 10_000_000, 1_000_000_000, 1_000_000_000_000_u64] {
            let [low, high] = interval(0, trials);
            assert!(low == 0.0 && (high * trials as f64 - 2.9957).abs() < 1e-3, "{trials}: {high}");
            // The published bounds on the mean of a Poisson distribution of which 1 and 7 were counted.
            for (hits, bounds) in [(1, [0.02532, 5.5716]), (7, [2.8144, 14.4227])] {
                let found = interval(hits, trials).map(|bound| bound * trials as f64);
                assert!(found.iter().zip(bounds).all(|(found, bound)| (found / bound - 1.0).abs() < 5e-3), "{found:?}");
            }
            let half = interval(trials / 2, trials);
            let width = 1.959_964 / (trials as f64).sqrt();
            assert!((half[1] - half[0] - width).abs() < width / 100.0, "{trials}: {half:?}");
        }
    }
}
