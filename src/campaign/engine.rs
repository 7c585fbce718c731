//! Many seeds on all cores. Each run is single-threaded; the seeds are taken in their order, and what they came to is
//! put together in their order, so that nothing depends on how many cores there are.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::recheck::{Recheck, Sample};
use super::run::{Job, Run};
use super::tally::Tally;
use crate::rng::Seed;
use crate::scenario::ScenarioError;

/// Which seeds a campaign takes, and when it ends.
#[derive(Clone, Debug)]
pub struct Order {
    /// The seeds, if it is not stopped before.
    pub seeds: Range<u64>,
    /// How many threads work.
    pub jobs: NonZeroUsize,
    /// It ends with the first seed that fails.
    pub fail_fast: bool,
    /// It ends at the next of 50, 100, 200, … seeds once so many have failed.
    pub max_failures: Option<u64>,
    /// When its time is up.
    pub deadline: Option<Instant>,
    /// Which runs are done twice.
    pub sample: Sample,
}

/// Why a campaign ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All seeds are done.
    Done,
    /// A seed failed, and that was to be the end of it.
    FailFast,
    /// So many failed that it was to be the end of it.
    TooMany,
    /// Its time was up.
    TimeUp,
    /// It was interrupted.
    Interrupted,
}

/// What a campaign came to.
#[derive(Clone, Debug)]
pub struct Done {
    /// What the runs came to, of all seeds up to the end. Where time or somebody's patience ended it, of all that were
    /// done by then.
    pub tally: Tally,
    /// Which seeds those were, in order: from each first one up to, and without, the other.
    pub seeds: Vec<[u64; 2]>,
    /// What runs came to that were done twice.
    pub recheck: Recheck,
    /// Why it ended.
    pub end: End,
    /// What was wrong with what a seed draws, if that ended it.
    pub failed: Option<ScenarioError>,
}

/// Who wants to know how it goes. It knows nothing else of the campaign, so that none can depend on it.
pub trait Watch: Sync {
    /// A run is over; whether it failed.
    fn ran(&self, failed: bool);
}

/// Runs a campaign.
#[must_use]
pub fn run(job: &Job<'_>, order: &Order, stop: &AtomicBool, watch: &dyn Watch) -> Done {
    let shared = Shared {
        job,
        order,
        stop,
        watch,
        next: AtomicU64::new(0),
        enough: AtomicBool::new(false),
        desk: Mutex::new(Desk::default()),
    };
    thread::scope(|scope| {
        for _ in 0..order.jobs.get() {
            scope.spawn(|| shared.work());
        }
    });
    let mut desk = shared.desk.into_inner().unwrap_or_else(PoisonError::into_inner);
    if matches!(desk.end, Some(End::TimeUp | End::Interrupted)) {
        // What was done behind a run that took long is not lost. It depends on the clock anyway how much that is.
        for lot in std::mem::take(&mut desk.early).into_values() {
            desk.add(lot);
        }
    }
    let Desk { tally, seeds, recheck, end, failed, .. } = desk;
    Done { tally, seeds, recheck, end: end.unwrap_or(End::Done), failed }
}

struct Shared<'a> {
    job: &'a Job<'a>,
    order: &'a Order,
    stop: &'a AtomicBool,
    watch: &'a dyn Watch,
    /// The next lot that nobody has taken.
    next: AtomicU64,
    /// No lot is to be begun any more.
    enough: AtomicBool,
    desk: Mutex<Desk>,
}

/// So many lots may wait for one before them.
const EARLY_MOST: usize = 1_000;

/// How long a thread waits that is too far ahead.
const PAUSE: Duration = Duration::from_millis(5);

/// Where lots are put together in their order.
#[derive(Default)]
struct Desk {
    tally: Tally,
    seeds: Vec<[u64; 2]>,
    recheck: Recheck,
    /// The next lot to be added.
    due: u64,
    /// Lots that were done before their turn.
    early: BTreeMap<u64, Lot>,
    end: Option<End>,
    failed: Option<ScenarioError>,
}

/// What a few seeds in a row came to.
#[derive(Default)]
struct Lot {
    /// Its first seed.
    start: u64,
    tally: Tally,
    recheck: Recheck,
    /// Why it ended before its last seed, if it did.
    cut: Option<End>,
    failed: Option<ScenarioError>,
}

/// The seeds of a lot, counted from the first of the campaign: one by one at first, so that long runs do not wait for
/// each other, then in lots that begin where stop rules are looked at.
fn seeds_of(lot: u64) -> Range<u64> {
    const FEW: u64 = 50;
    const SMALL: u64 = 10;
    const SMALL_LOTS: u64 = 95;
    const LARGE: u64 = 50;
    match lot {
        ..FEW => lot..lot + 1,
        _ if lot - FEW < SMALL_LOTS => {
            let start = FEW + (lot - FEW) * SMALL;
            start..start + SMALL
        }
        _ => {
            let start = FEW + SMALL_LOTS * SMALL + (lot - FEW - SMALL_LOTS) * LARGE;
            start..start + LARGE
        }
    }
}

/// Whether stop rules are looked at after so many seeds: 50, 100, 200, 400, …
fn is_checkpoint(seeds: u64) -> bool {
    seeds.is_multiple_of(50) && (seeds / 50).is_power_of_two()
}

impl Shared<'_> {
    fn work(&self) {
        let Range { start, end } = self.order.seeds.clone();
        while !self.enough.load(Ordering::Relaxed) {
            if self.desk().early.len() > EARLY_MOST {
                // One run takes very long, and memory is not to grow with what waits for it.
                thread::sleep(PAUSE);
                continue;
            }
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let seeds = seeds_of(number);
            if seeds.start >= end - start {
                return;
            }
            let lot = self.lot(start + seeds.start..end.min(start + seeds.end));
            if lot.cut.is_some() {
                // Those before it are all being worked on, for lots are taken in their order.
                self.enough.store(true, Ordering::Relaxed);
            }
            let mut desk = self.desk();
            desk.early.insert(number, lot);
            desk.put_together(self.order);
            if desk.end.is_some() || desk.failed.is_some() {
                self.enough.store(true, Ordering::Relaxed);
            }
        }
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lot(&self, seeds: Range<u64>) -> Lot {
        let mut lot = Lot { start: seeds.start, ..Lot::default() };
        for seed in seeds.map(Seed) {
            lot.cut = self.cut(seed);
            if lot.cut.is_some() {
                return lot;
            }
            match self.one(seed, &mut lot.recheck) {
                Ok(Some(run)) => {
                    self.watch.ran(run.has_failed());
                    lot.tally.add(&run);
                    if run.has_failed() && self.order.fail_fast {
                        lot.cut = Some(End::FailFast);
                        return lot;
                    }
                }
                Ok(None) => {
                    lot.cut = Some(End::Interrupted);
                    return lot;
                }
                Err(error) => {
                    lot.failed = Some(error);
                    return lot;
                }
            }
        }
        lot
    }

    fn one(&self, seed: Seed, recheck: &mut Recheck) -> Result<Option<Run>, ScenarioError> {
        let run = self.job.run(seed, self.stop)?;
        if let Some(run) = &run
            && self.order.sample.takes(seed)
        {
            recheck.look_again(self.job, run)?;
        }
        Ok(run)
    }

    /// Why this run is not to be begun, and none after it.
    fn cut(&self, seed: Seed) -> Option<End> {
        if self.stop.load(Ordering::Relaxed) {
            return Some(End::Interrupted);
        }
        // Without a single run a time box would say nothing at all.
        let is_first = seed.0 == self.order.seeds.start;
        let time_is_up = self.order.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        (time_is_up && !is_first).then_some(End::TimeUp)
    }
}

impl Desk {
    fn add(&mut self, lot: Lot) {
        let Lot { start, tally, recheck, cut, failed } = lot;
        if tally.runs > 0 {
            match self.seeds.last_mut() {
                Some(last) if last[1] == start => last[1] += tally.runs,
                _ => self.seeds.push([start, start + tally.runs]),
            }
        }
        self.tally.merge(tally);
        self.recheck.merge(recheck);
        self.end = self.end.or(cut);
        self.failed = self.failed.take().or(failed);
    }

    /// Adds the lots whose turn has come.
    fn put_together(&mut self, order: &Order) {
        while self.end.is_none()
            && self.failed.is_none()
            && let Some(lot) = self.early.remove(&self.due)
        {
            self.due += 1;
            self.add(lot);
            let failures = || self.tally.failures();
            if self.end.is_none()
                && is_checkpoint(self.tally.runs)
                && order.max_failures.is_some_and(|most| failures() >= most)
            {
                self.end = Some(End::TooMany);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::BUILT_IN;
    use crate::scenario::Document;

    /// Ends a campaign after so many runs.
    struct Impatient {
        left: AtomicU64,
        ran: AtomicU64,
        stop: AtomicBool,
    }

    impl Watch for Impatient {
        fn ran(&self, _failed: bool) {
            self.ran.fetch_add(1, Ordering::Relaxed);
            if self.left.fetch_sub(1, Ordering::Relaxed) == 1 {
                self.stop.store(true, Ordering::Relaxed);
            }
        }
    }

    #[test]
    fn an_interrupt_loses_no_run_that_was_over() {
        let text = r#"{ "seedstorm": 1, "protocol": "raft", "nodes": { "one_of": [3, 3, 3, 9] }, "run_for": "300ms" }"#;
        let job = Job::new(BUILT_IN, Document::parse(text).unwrap()).unwrap();
        for runs in [1, 7, 60, 230] {
            let [left, ran] = [runs, 0].map(AtomicU64::new);
            let watch = Impatient { left, ran, stop: AtomicBool::new(false) };
            let order = Order {
                seeds: 100..100_000,
                jobs: NonZeroUsize::new(4).unwrap(),
                fail_fast: false,
                max_failures: None,
                deadline: None,
                sample: Sample { one_in: 0, first: 100 },
            };
            let done = run(&job, &order, &watch.stop, &watch);
            assert_eq!(done.end, End::Interrupted);
            assert_eq!(done.tally.runs, watch.ran.load(Ordering::Relaxed));
            let seeds: u64 = done.seeds.iter().map(|[from, to]| to - from).sum();
            assert_eq!(seeds, done.tally.runs);
            assert!(done.seeds.is_sorted() && done.seeds[0][0] >= 100, "{:?}", done.seeds);
        }
    }

    #[test]
    fn lots_follow_each_other_and_begin_where_rules_are_looked_at() {
        let mut next = 0;
        let mut starts = Vec::new();
        for lot in 0..1_000 {
            let seeds = seeds_of(lot);
            assert_eq!(seeds.start, next);
            starts.push(seeds.start);
            next = seeds.end;
        }
        let checkpoints: Vec<u64> = (1..next).filter(|&seeds| is_checkpoint(seeds)).collect();
        assert_eq!(checkpoints[..5], [50, 100, 200, 400, 800]);
        assert!(checkpoints.iter().all(|checkpoint| starts.contains(checkpoint)), "{checkpoints:?}");
    }
}
