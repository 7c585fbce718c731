//! What may be said of a rate that was counted: exact intervals (Clopper and Pearson, 1934).

use statrs::distribution::{Beta, ContinuousCDF};

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
    let side = if hits == 0 || hits == trials { doubt } else { doubt / 2.0 };
    let quantile = |a: u64, b: u64, p: f64| {
        // Both parameters are at least 1 where this is asked.
        Beta::new(a as f64, b as f64).map_or(f64::NAN, |beta| beta.inverse_cdf(p))
    };
    let misses = trials - hits;
    let low = if hits == 0 { 0.0 } else { quantile(hits, misses + 1, side) };
    let high = if misses == 0 { 1.0 } else { quantile(hits + 1, misses, 1.0 - side) };
    [low, high]
}

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
}
