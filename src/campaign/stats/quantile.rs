//! Quantiles from many runs, with intervals by order statistics.
//!
//! Of independent values those of two ranks hold the quantile between them with a probability that is known, whatever
//! the distribution is (David and Nagaraja, Order Statistics, 2003, section 7.1). Values of one run are not
//! independent: ranks are then taken as of so many independent values as theirs are worth at the quantile (Woodruff,
//! 1952).

use statrs::function::beta::beta_reg;

use super::CONFIDENCE;
use super::estimate::{Estimate, Part, effective};

/// All values of many runs, ready for questions.
#[derive(Clone, Debug)]
pub struct Pool<'a> {
    runs: Vec<&'a [u64]>,
    sorted: Vec<u64>,
}

impl<'a> Pool<'a> {
    /// The values of these runs.
    #[must_use]
    pub fn new(runs: Vec<&'a [u64]>) -> Self {
        let mut sorted: Vec<u64> = runs.iter().flat_map(|run| run.iter().copied()).collect();
        sorted.sort_unstable();
        Self { runs, sorted }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sorted.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }

    /// The value below or at which the share `q` of all lies, by nearest rank. An end of its interval is open where the
    /// values are too few to have one.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<Estimate> {
        let value = self.at(q)?;
        let counts: Vec<Part> = self.runs.iter().map(|run| counted(run, value)).collect();
        let alone = self.runs.iter().all(|run| run.len() <= 1);
        let all = self.sorted.len();
        let worth = if alone { Some(all as f64) } else { effective(&counts, q) };
        let Some(worth) = worth.map(|worth| (worth.floor() as usize).clamp(1, all)) else {
            return Some(Estimate { value: value as f64, low: None, high: None });
        };
        let [low, high] = ranks(worth, q);
        // The ranks among so many independent values, as ranks among all.
        let low = low.map(|rank| self.sorted[(rank - 1) * all / worth]);
        let high = high.map(|rank| self.sorted[(rank * all).div_ceil(worth) - 1]);
        Some(Estimate { value: value as f64, low: low.map(|low| low as f64), high: high.map(|high| high as f64) })
    }

    /// The value of nearest rank.
    #[must_use]
    pub fn at(&self, q: f64) -> Option<u64> {
        let rank = (q * self.sorted.len() as f64).ceil().max(1.0) as usize;
        self.sorted.get(rank.min(self.sorted.len()).checked_sub(1)?).copied()
    }
}

/// How many values of a run are not above this one, and how many there are.
fn counted(run: &[u64], value: u64) -> Part {
    (run.iter().filter(|&&other| other <= value).count() as f64, run.len() as f64)
}

/// The ranks, from 1, of the two among `n` independent values between which the quantile lies with 95 % probability or
/// more; nothing where no value is sure enough to be below it, or above.
fn ranks(n: usize, q: f64) -> [Option<usize>; 2] {
    let side = (1.0 - CONFIDENCE) / 2.0;
    // The quantile is below the value of rank r with the probability that r - 1 values or fewer are below it.
    let too_high = |rank: usize| at_most(rank - 1, n, q) > side;
    let low = (first(n, too_high)).checked_sub(1).filter(|&rank| rank > 0);
    let high = first(n, |rank| 1.0 - at_most(rank - 1, n, q) <= side);
    [low, (high <= n).then_some(high)]
}

/// The first rank of which this is so, as it is of all after it; `n + 1` if of none.
fn first(n: usize, is_so: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (1, n + 1);
    while low < high {
        let middle = low.midpoint(high);
        if is_so(middle) { high = middle } else { low = middle + 1 }
    }
    low
}

/// The probability of `k` or fewer hits in `n` trials with odds `q`.
fn at_most(k: usize, n: usize, q: f64) -> f64 {
    if k >= n { 1.0 } else { beta_reg((n - k) as f64, (k + 1) as f64, 1.0 - q) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_those_of_tables() {
        // David and Nagaraja; Conover, table A3: the median of 10, 20 and 50 values.
        assert_eq!(ranks(10, 0.5), [Some(2), Some(9)]);
        assert_eq!(ranks(20, 0.5), [Some(6), Some(15)]);
        assert_eq!(ranks(50, 0.5), [Some(18), Some(33)]);
        // Five values say nothing for sure, and forty nothing of the last hundredth.
        assert_eq!(ranks(5, 0.5), [None, None]);
        assert_eq!(ranks(40, 0.99), [Some(38), None]);
    }

    #[test]
    fn values_that_agree_within_a_run_count_once() {
        let runs: Vec<Vec<u64>> = (0..20).map(|run| vec![run; 100]).collect();
        let pool = Pool::new(runs.iter().map(Vec::as_slice).collect());
        let together = pool.quantile(0.5).unwrap();
        let alone: Vec<[u64; 1]> = (0..20).map(|run| [run]).collect();
        let alone = Pool::new(alone.iter().map(<[u64; 1]>::as_slice).collect()).quantile(0.5).unwrap();
        assert_eq!((together.value, alone.value), (9.0, 9.0));
        assert_eq!((alone.low, alone.high), (Some(5.0), Some(14.0)));
        assert!(together.low <= alone.low && together.high >= alone.high, "{together:?}");
        assert!(together.width().unwrap() <= 13.0, "{together:?}");
        assert_eq!(Pool::new(Vec::new()).quantile(0.5), None);
    }
}
