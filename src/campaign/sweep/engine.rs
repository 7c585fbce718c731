//! The runs of a sweep, on all cores. Cells and their seeds are taken in order; a cell is over when its seeds are, or
//! when it has seen enough, which is looked at after seeds that are known beforehand. So nothing depends on how many
//! cores there are, or on whether the sweep was interrupted.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::cell::Cell;
use super::design::Design;
use super::journal::{Journal, Line, Over, append};
use super::results::joined;
use super::sample::{Metric, Sample};
use super::until::next_look;
use crate::campaign::Job;
use crate::lab::{Experiment, Look};
use crate::quiet::quietly;
use crate::rng::{Digest, Seed};
use crate::scenario::ScenarioError;
use crate::sim::PANIC;

/// A sweep that is about to run.
pub struct Task<'a> {
    /// What is measured.
    pub design: &'a Design,
    /// The protocols that there are.
    pub experiments: &'a [&'a dyn Experiment],
    /// The cells to be run, in order.
    pub cells: Vec<usize>,
    /// How many threads work.
    pub jobs: NonZeroUsize,
}

impl std::fmt::Debug for Task<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Task").field("cells", &self.cells.len()).field("jobs", &self.jobs).finish_non_exhaustive()
    }
}

/// Why a sweep ended before its time.
#[derive(Debug)]
pub enum Trouble {
    /// It was interrupted.
    Interrupted,
    /// A scenario cannot be run.
    Scenario(ScenarioError),
    /// What was done could not be written down.
    Io(io::Error),
    /// This cell's runs come to something else than when they were written down.
    Differs(usize),
    /// A thread panicked.
    Panicked,
}

/// What came of it.
#[derive(Debug)]
pub struct Done {
    /// All cells.
    pub over: Vec<Over>,
    /// How many of their runs had been done before.
    pub before: u64,
}

/// Who wants to know how it goes.
pub trait Watch: Sync {
    /// A run is over.
    fn ran(&self);
    /// So many runs need not be done: they were done before, or their cell has seen enough.
    fn spared(&self, runs: u64);
}

/// What one run of a job says; nothing if it was stopped.
///
/// # Errors
/// What is wrong with what this seed draws.
pub fn observe(
    job: &Job<'_>,
    seed: u64,
    wanted: &[String],
    stop: &AtomicBool,
) -> Result<Option<(Sample, Vec<Metric>)>, ScenarioError> {
    let run = || {
        let (scenario, plan) = job.prepare(Seed(seed))?;
        let shown = job.experiment.run(&scenario, plan, Look { stop: Some(stop), ..Look::default() })?;
        Ok((!shown.interrupted).then(|| Sample::of(seed, &shown.outcome, wanted)))
    };
    let never_begun = || {
        let (digest, broke, seen) = (Digest::default(), Some(PANIC.to_owned()), BTreeMap::new());
        (Sample { seed, digest, broke, seen }, Vec::new())
    };
    quietly(run).unwrap_or_else(|_| Ok(Some(never_begun())))
}

/// Runs the first seed of these cells again, and says which of them this program does not come to: then another one has
/// measured them.
///
/// # Errors
/// Why it ended before its time.
pub fn prove<'c>(
    task: &Task<'_>,
    cells: impl IntoIterator<Item = &'c Cell>,
    stop: &AtomicBool,
) -> Result<Option<usize>, Trouble> {
    let cells: Vec<&Cell> = cells.into_iter().collect();
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some(cell) = cells.get(next.fetch_add(1, Ordering::Relaxed)) {
            let document = task.design.scenario(cell.cell).map_err(Trouble::Scenario)?;
            let job = Job::new(task.experiments, document).map_err(Trouble::Scenario)?;
            let nothing = ["".to_owned()];
            let done = observe(&job, task.design.seeds[0], &nothing, stop).map_err(Trouble::Scenario)?;
            let Some((sample, _)) = done else { return Err(Trouble::Interrupted) };
            if sample.digest != cell.digest {
                return Ok(Some(cell.cell));
            }
        }
        Ok(None)
    };
    let all: Vec<Result<Option<usize>, Trouble>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..task.jobs.get()).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or(Err(Trouble::Panicked))).collect()
    });
    let found: Result<Vec<Option<usize>>, Trouble> = all.into_iter().collect();
    Ok(found?.into_iter().flatten().min())
}

/// Runs all cells that are not over yet, and adds them to those that are.
///
/// # Errors
/// Why it ended before its time. What was done by then is written down.
pub fn run(
    task: &Task<'_>,
    journal: &mut Journal,
    over: Vec<Over>,
    stop: &AtomicBool,
    watch: &dyn Watch,
) -> Result<Done, Trouble> {
    let known: BTreeSet<usize> = over.iter().map(|over| over.cell.cell).collect();
    let waiting: Vec<usize> = task.cells.iter().copied().filter(|cell| !known.contains(cell)).rev().collect();
    watch.spared(over.len() as u64 * task.seeds());
    let before = over.iter().map(|over| over.cell.seeds).sum();
    let desk = Desk { waiting, open: Vec::new(), over, before, journal, trouble: None };
    let shared = Shared { task, stop, watch, desk: Mutex::new(desk), moved: Condvar::new() };
    thread::scope(|scope| {
        for _ in 0..task.jobs.get() {
            scope.spawn(|| shared.work());
        }
    });
    let desk = shared.desk.into_inner().unwrap_or_else(PoisonError::into_inner);
    let Desk { over, before, trouble, .. } = desk;
    trouble.map_or(Ok(Done { over, before }), Err)
}

impl Task<'_> {
    fn seeds(&self) -> u64 {
        self.design.seeds[1] - self.design.seeds[0]
    }

    /// So many seeds are run before it is looked at again whether they are enough, after `done` of them.
    fn target(&self, done: u64) -> u64 {
        if self.design.until.is_none() { self.seeds() } else { next_look(done).min(self.seeds()) }
    }
}

struct Shared<'a> {
    task: &'a Task<'a>,
    stop: &'a AtomicBool,
    watch: &'a dyn Watch,
    desk: Mutex<Desk<'a>>,
    /// Something has changed for those who found nothing to do.
    moved: Condvar,
}

struct Desk<'a> {
    /// Cells that nobody has begun, the first one last.
    waiting: Vec<usize>,
    open: Vec<Open<'a>>,
    over: Vec<Over>,
    /// How many runs had been done before.
    before: u64,
    journal: &'a mut Journal,
    trouble: Option<Trouble>,
}

/// A cell that is under way.
struct Open<'a> {
    cell: usize,
    job: Job<'a>,
    file: File,
    /// What was done, by seed.
    samples: BTreeMap<u64, Sample>,
    metrics: Vec<Metric>,
    /// The next seed that nobody has taken, and the one before which it is looked at how it stands.
    next: u64,
    until: u64,
}

/// Lets the others know should a thread panic: they would wait for its cell for ever.
struct Guard<'s, 'a>(&'s Shared<'a>);

impl Drop for Guard<'_, '_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.desk().trouble.get_or_insert(Trouble::Panicked);
        }
        self.0.moved.notify_all();
    }
}

impl<'a> Shared<'a> {
    fn work(&self) {
        let _guard = Guard(self);
        while let Some((cell, job, seed)) = self.take() {
            let done = observe(&job, seed, &self.task.design.metrics, self.stop);
            let mut desk = self.desk();
            let entered = match done {
                Ok(Some((sample, metrics))) => self.enter(&mut desk, cell, sample, metrics),
                Ok(None) => Err(Trouble::Interrupted),
                Err(error) => Err(Trouble::Scenario(error)),
            };
            if let Err(trouble) = entered {
                desk.trouble.get_or_insert(trouble);
            }
            self.moved.notify_all();
        }
    }

    fn desk(&self) -> MutexGuard<'_, Desk<'a>> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next run; nothing when there is none any more.
    fn take(&self) -> Option<(usize, Job<'a>, u64)> {
        let mut desk = self.desk();
        loop {
            if self.stop.load(Ordering::Relaxed) {
                desk.trouble.get_or_insert(Trouble::Interrupted);
            }
            if desk.trouble.is_some() {
                return None;
            }
            if let Some(open) = desk.open.iter_mut().find(|open| open.next < open.until) {
                let seed = open.next;
                open.skip_to(seed + 1);
                return Some((open.cell, open.job.clone(), seed));
            }
            if let Some(cell) = desk.waiting.pop() {
                if let Err(trouble) = self.open(&mut desk, cell) {
                    desk.trouble.get_or_insert(trouble);
                }
                continue;
            }
            if desk.open.is_empty() {
                return None;
            }
            desk = self.moved.wait(desk).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Begins a cell, or goes on with it. What was done of it is held against the program as it is now: one run is done
    /// again.
    fn open(&self, desk: &mut Desk<'a>, cell: usize) -> Result<(), Trouble> {
        let design = self.task.design;
        let document = design.scenario(cell).map_err(Trouble::Scenario)?;
        let job = Job::new(self.task.experiments, document).map_err(Trouble::Scenario)?;
        let (file, lines) = desk.journal.cell(cell).map_err(Trouble::Io)?;
        let (mut metrics, mut samples) = (Vec::new(), BTreeMap::new());
        for line in lines {
            match line {
                Line::Metric(metric) => metrics.push(metric),
                Line::Run(sample) => drop(samples.insert(sample.seed, sample)),
            }
        }
        if let Some(first) = samples.values().next() {
            let again = observe(&job, first.seed, &design.metrics, self.stop).map_err(Trouble::Scenario)?;
            let Some((sample, _)) = again else { return Err(Trouble::Interrupted) };
            if sample != *first {
                return Err(Trouble::Differs(cell));
            }
        }
        self.watch.spared(samples.len() as u64);
        desk.before += samples.len() as u64;
        let start = design.seeds[0];
        let mut open = Open { cell, job, file, samples, metrics, next: start, until: start };
        open.until = start + self.task.target(0);
        open.skip_to(start);
        desk.open.push(open);
        self.settle(desk, cell)
    }

    /// A run is over.
    fn enter(&self, desk: &mut Desk<'a>, cell: usize, sample: Sample, metrics: Vec<Metric>) -> Result<(), Trouble> {
        let Some(open) = desk.open.iter_mut().find(|open| open.cell == cell) else { return Ok(()) };
        for metric in metrics {
            if open.metrics.iter().all(|known| known.name != metric.name) {
                open.metrics.push(metric.clone());
                append(&mut open.file, &Line::Metric(metric)).map_err(Trouble::Io)?;
            }
        }
        let seed = sample.seed;
        let line = Line::Run(sample);
        append(&mut open.file, &line).map_err(Trouble::Io)?;
        if let Line::Run(sample) = line {
            open.samples.insert(seed, sample);
        }
        self.watch.ran();
        self.settle(desk, cell)
    }

    /// Looks how a cell stands, as often as that is due: it is over, or more of its seeds are to be run.
    fn settle(&self, desk: &mut Desk<'a>, cell: usize) -> Result<(), Trouble> {
        let (task, start) = (self.task, self.task.design.seeds[0]);
        let Some(place) = desk.open.iter().position(|open| open.cell == cell) else { return Ok(()) };
        loop {
            let open = &mut desk.open[place];
            let due = open.until - start;
            let done = open.samples.len() as u64;
            if done < due || open.samples.range(start..open.until).count() as u64 != due {
                return Ok(());
            }
            let over = open.over(task.design);
            if !over.cell.narrow && due < task.seeds() {
                open.until = start + task.target(due);
                open.skip_to(open.next);
                continue;
            }
            self.watch.spared(task.seeds().saturating_sub(open.samples.len() as u64));
            desk.journal.close(&over).map_err(Trouble::Io)?;
            desk.over.push(over);
            desk.open.remove(place);
            return Ok(());
        }
    }
}

impl Open<'_> {
    /// The next seed, from this one on, that was not run before.
    fn skip_to(&mut self, seed: u64) {
        self.next = seed;
        while self.next < self.until && self.samples.contains_key(&self.next) {
            self.next += 1;
        }
    }

    /// What it comes to by the seeds before which it is looked at.
    fn over(&self, design: &Design) -> Over {
        let samples: Vec<&Sample> = self.samples.range(..self.until).map(|(_, sample)| sample).collect();
        let mut cell = Cell::of(self.cell, design.labels(self.cell), &samples, &design.curves());
        let metrics = joined(self.metrics.iter().cloned());
        cell.narrow = design.until.as_ref().is_some_and(|until| {
            let unit = super::unit_of(&metrics, &until.metric);
            cell.figure(&until.metric).is_some_and(|figure| until.is_met(&figure, unit))
        });
        Over { cell, metrics }
    }
}
