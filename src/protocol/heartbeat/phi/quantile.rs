//! How long a silence must be for φ to reach a threshold. Floating point appears here alone, before a run begins; what
//! comes of it is rounded to integers.

use crate::process::Span;

/// How long a silence may be: so many means and so many deviations, in billionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::protocol::heartbeat) struct Patience {
    means: u64,
    deviations: u64,
}

const BILLION: u64 = 1_000_000_000;

impl Patience {
    /// For normal times between heartbeats: a mean and z(Φ) deviations. The threshold is in thousandths.
    pub(in crate::protocol::heartbeat) fn normal(threshold_milli: u32) -> Self {
        let z = quantile(f64::from(threshold_milli) / 1000.0).max(0.0);
        Self { means: BILLION, deviations: libm::round(z * BILLION as f64) as u64 }
    }

    /// For exponential times between heartbeats: φ is their part of the mean, over ln 10.
    pub(in crate::protocol::heartbeat) fn exponential(threshold_milli: u32) -> Self {
        let means = f64::from(threshold_milli) / 1000.0 * std::f64::consts::LN_10;
        Self { means: libm::round(means * BILLION as f64) as u64, deviations: 0 }
    }

    /// How long a silence may be, with this mean and this deviation of the times between heartbeats.
    #[must_use]
    pub(in crate::protocol::heartbeat) fn after(self, mean: Span, deviation: Span) -> Span {
        let part = |of: Span, billionths: u64| u128::from(of.0) * u128::from(billionths) / u128::from(BILLION);
        let all = part(mean, self.means) + part(deviation, self.deviations);
        u64::try_from(all).map_or(Span::MAX, Span).min(Span::MAX)
    }
}

/// φ of a silence that is so many deviations longer than the mean, if times between heartbeats are normal.
fn phi(deviations: f64) -> f64 {
    -libm::log10(0.5 * libm::erfc(deviations / std::f64::consts::SQRT_2))
}

/// z(Φ): after how many deviations φ reaches the threshold, by bisection.
fn quantile(threshold: f64) -> f64 {
    let (mut low, mut high) = (-38.0, 38.0);
    for _ in 0..200 {
        let middle = low + (high - low) / 2.0;
        if phi(middle) < threshold {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_reached_after_as_many_deviations_as_tables_say() {
        let table = [(1.0, 1.2816), (2.0, 2.3263), (3.0, 3.0902), (5.0, 4.2649), (8.0, 5.6120), (12.0, 7.0345)];
        for (threshold, z) in table {
            let found = quantile(threshold);
            assert!((found - z).abs() < 5e-5, "z({threshold}) is {found}, not {z}");
            assert!((phi(found) - threshold).abs() < 1e-9);
        }
    }

    #[test]
    fn cassandra_waits_for_eighteen_means() {
        let waits = Patience::exponential(8_000).after(Span::secs(1), Span::secs(9));
        assert_eq!(waits, Span(18_420_680_744));
    }

    #[test]
    fn phi_never_falls_while_nobody_is_heard() {
        let phis: Vec<f64> = (-3_000..3_000).map(|n| phi(f64::from(n) / 100.0)).collect();
        assert!(phis.is_sorted());
        assert!(phis[0] >= 0.0 && phis[5_999] > 190.0);
    }

    #[test]
    fn no_silence_is_longer_than_all_time() {
        assert_eq!(Patience::normal(100_000).after(Span::MAX, Span::MAX), Span::MAX);
    }
}
