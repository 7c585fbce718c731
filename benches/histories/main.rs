//! How fast histories are judged: recorded ones beside the times of Porcupine, one of a million operations, and those
//! of runs beside the runs.
//!
//! `cargo bench --bench histories` prints all three. Porcupine's times are constants, measured once on a machine of
//! two cores, one thread, parsing excluded; the ratio means something on such a machine alone. Ours are medians of
//! several rounds, from operations as they were read to the verdict.

mod memory;
mod million;
mod recorded;
mod runs;

use std::time::{Duration, Instant};

/// How long this takes.
fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let made = work();
    (start.elapsed(), made)
}

/// The value that this part, in thousandths, of all do not exceed.
fn percentile<T: Copy + PartialOrd>(values: &mut [T], part: usize) -> T {
    values.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    values[((values.len() * part).div_ceil(1000)).clamp(1, values.len()) - 1]
}

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let on = |name: &str| wanted.is_empty() || wanted.iter().any(|word| name.contains(word.as_str()));
    if on("recorded") {
        recorded::report();
    }
    if on("million") {
        million::report();
    }
    if on("runs") {
        runs::report();
    }
}
