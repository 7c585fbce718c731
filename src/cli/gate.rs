//! `gate`: many seeds of many scenarios, for CI.

use std::collections::BTreeSet;
use std::io;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use super::console::Console;
use super::corpus;
use super::exit::Exit;
use super::findings::Keeping;
use super::interrupt;
use super::outputs::Outputs;
use super::progress::Progress;
use super::stop::Stop;
use crate::campaign::sweep::is_sweep;
use crate::campaign::{self, Course, Done, End, Job, Order, Results, Sample, Shard, Unusable, Worst, account};
use crate::lab::Experiment;
use crate::params::unknown;
use crate::report::layout::{count, many};
use crate::scenario::{Document, ScenarioError};
use crate::time::Span;

/// Runs many seeds of many scenarios on all cores, and says what failed, and whether it looked
///
/// What it comes to does not depend on how many cores there are. It fails where a property breaks, where a run
/// panics, where two runs of one seed differ; and where nothing was shown: a fault that is configured and never took
/// effect, a property that was never evaluated, a situation that was never seen.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Scenario files, and folders of them
    #[arg(value_name = "SCENARIO", required_unless_present = "corpus")]
    paths: Vec<PathBuf>,
    /// How many seeds of each scenario; left out, 1000, or as many as --for allows
    #[arg(long, value_name = "N")]
    seeds: Option<u64>,
    /// The first seed
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    from: u64,
    /// Begins no further run after this, such as 5m; it says how many seeds that were
    #[arg(long = "for", value_name = "TIME", value_parser = wall_time, conflicts_with = "shard")]
    time: Option<Duration>,
    /// Ends a scenario with its first seed that fails
    #[arg(long)]
    fail_fast: bool,
    /// Ends a scenario once so many seeds have failed, at the next of 50, 100, 200, 400, … seeds
    #[arg(long, value_name = "N")]
    max_failures: Option<u64>,
    /// How many runs are under way at once; left out, as many as there are cores
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Only this part of the seeds, such as 2/4; `merge` puts the results of all parts together
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// One run in so many is done again, twice side by side and once in another process; 0 for none
    #[arg(long, value_name = "N", default_value_t = 100)]
    twice: u64,
    /// Plants this mistake, in scenarios of protocols that have it
    #[arg(long, value_name = "NAME")]
    bug: Option<String>,
    /// Reproducers and shrunk scenarios that were kept: they run first, and each says whether it is fixed
    #[arg(long, value_name = "FOLDER")]
    corpus: Option<PathBuf>,
    #[command(flatten)]
    keeping: Keeping,
    #[command(flatten)]
    pub(super) outputs: Outputs,
}

/// Wall time, in the same words as virtual time; minutes and hours too.
pub(super) fn wall_time(text: &str) -> Result<Duration, String> {
    let span: Span = text.parse().map_err(|error| format!("{error}"))?;
    if span == Span::ZERO {
        return Err("no time at all is too little".to_owned());
    }
    Ok(Duration::from_nanos(span.0))
}

const SEEDS: u64 = 1_000;

pub(super) fn act(args: &Args, experiments: &[&dyn Experiment], console: &mut Console) -> Result<Exit, Stop> {
    args.check(experiments)?;
    args.outputs.check()?;
    args.keeping.check()?;
    let (jobs, unusable) = args.jobs(experiments);
    if jobs.is_empty() && unusable.len() == 1 && args.corpus.is_none() {
        return Err(Stop::input(&unusable[0].error));
    }
    if let Some(bug) = args.bug.as_ref().filter(|_| jobs.is_empty() && unusable.is_empty()) {
        return Err(Stop::input(format!("--bug: no scenario here is of a protocol that has {bug:?} (`list bugs`)")));
    }
    let kept = args.corpus.as_deref().map(|folder| corpus::run(folder, experiments, console)).transpose()?;
    let interrupted = interrupt::watched().load(Ordering::Relaxed);
    let mut campaign = Campaign { args, started: Instant::now(), courses: Vec::new(), unusable, interrupted };
    campaign.all(&jobs, console);
    let Campaign { courses, unusable, interrupted, .. } = campaign;
    let mut results = Results::new(courses, unusable, interrupted);
    results.corpus = kept.unwrap_or_default();
    report(&args.outputs, results, console)
}

/// Tells what a campaign comes to, to everybody who is to know.
pub(super) fn report(outputs: &Outputs, mut results: Results, console: &mut Console) -> Result<Exit, Stop> {
    let exit = if results.interrupted { Exit::Interrupted } else { Exit::from(results.worst()) };
    results.exit_code = exit.code();
    let written = outputs.write(&results, console);
    console.say(&account::summary(&results, console.ink()));
    if console.is_json() {
        console.document(&results);
    }
    written.map(|()| exit)
}

impl From<Worst> for Exit {
    fn from(worst: Worst) -> Self {
        match worst {
            Worst::Panicked => Self::Panicked,
            Worst::Unusable => Self::Input,
            Worst::Differed => Self::Differed,
            Worst::Safety => Self::Safety,
            Worst::Liveness => Self::Liveness,
            Worst::Vacuous => Self::Vacuous,
            Worst::Endless => Self::Unknown,
            Worst::Holds => Self::Holds,
        }
    }
}

impl Args {
    /// What contradicts itself is said before anything runs.
    fn check(&self, experiments: &[&dyn Experiment]) -> Result<(), Stop> {
        if self.seeds == Some(0) {
            return Err(Stop::input("--seeds: no seed at all shows nothing; give at least 1"));
        }
        if self.max_failures == Some(0) {
            return Err(Stop::input("--max-failures: give at least 1"));
        }
        if self.fail_fast && self.max_failures.is_some() {
            return Err(Stop::input("--fail-fast is --max-failures 1 without waiting; give one of them"));
        }
        if self.from.checked_add(self.count()).is_none() {
            return Err(Stop::input(format!("--from: there are not so many seeds after {}", self.from)));
        }
        if let Some(shard) = self.shard.filter(|shard| shard.of > self.count()) {
            return Err(Stop::input(format!("--shard: {} seeds are too few for {} shards", self.count(), shard.of)));
        }
        let bugs = || experiments.iter().flat_map(|experiment| experiment.bugs()).map(|bug| bug.name);
        match &self.bug {
            Some(bug) if !bugs().any(|known| known == bug) => {
                Err(Stop::input(unknown(&format!("--bug: there is no planted mistake {bug:?}"), bug, bugs())))
            }
            _ => Ok(()),
        }
    }

    fn count(&self) -> u64 {
        match (self.seeds, self.time) {
            (Some(seeds), _) => seeds,
            (None, None) => SEEDS,
            // More than any time allows.
            (None, Some(_)) => u64::MAX / 4,
        }
    }

    /// The seeds of this scenario that all shards together are to run.
    fn all_seeds_of(&self, job: &Job<'_>) -> Range<u64> {
        self.from..self.from + self.count().min(job.most_seeds().unwrap_or(u64::MAX))
    }

    /// Those of them that are run here.
    fn seeds_of(&self, job: &Job<'_>) -> Range<u64> {
        let all = self.all_seeds_of(job);
        self.shard.map_or(all.clone(), |shard| shard.part_of(all))
    }

    /// The seeds that were asked for; nothing where time alone ends it.
    fn asked(&self, job: &Job<'_>) -> Option<Range<u64>> {
        (self.seeds.is_some() || self.time.is_none()).then(|| self.all_seeds_of(job))
    }

    /// All scenarios in the order of their paths, and the files that are none.
    fn jobs<'e>(&self, experiments: &[&'e dyn Experiment]) -> (Vec<Job<'e>>, Vec<Unusable>) {
        let (mut jobs, mut unusable) = (Vec::new(), Vec::new());
        for found in files(&self.paths, Some(self.keeping.folder())) {
            match found.and_then(|file| self.job(&file, experiments)) {
                Ok(Some(job)) => jobs.push(job),
                Ok(None) => {}
                Err(error) => unusable.push(error),
            }
        }
        (jobs, unusable)
    }

    /// Nothing if its protocol does not have the mistake that is to be planted.
    fn job<'e>(&self, file: &Path, experiments: &[&'e dyn Experiment]) -> Result<Option<Job<'e>>, Unusable> {
        let load = || {
            let mut document = Document::load(file)?;
            if is_sweep(&document) {
                return if self.paths.iter().any(|path| path == file) {
                    Err(document.place(of_sweeps()))
                } else {
                    Ok(None)
                };
            }
            if document.value().get("plan").is_some() && document.protocol().is_none() {
                let message = "this is a reproducer, not a scenario; give its folder with --corpus";
                return Err(document.place(ScenarioError::new("", message)));
            }
            if let Some(bug) = &self.bug {
                let of = experiments.iter().find(|experiment| Some(experiment.name()) == document.protocol());
                if of.is_some_and(|of| of.bugs().iter().all(|known| known.name != bug)) {
                    return Ok(None);
                }
                document.plant(bug);
            }
            Job::new(experiments, document).map(Some)
        };
        load().map_err(|error| Unusable { file: file.display().to_string(), error: error.to_string() })
    }
}

/// What sweeps are given to a command that runs scenarios.
pub(super) fn of_sweeps() -> ScenarioError {
    ScenarioError::new("", "this is a sweep, not a scenario; it is run with `seedstorm sweep`")
}

/// The scenario files of these paths, each once: of a folder all that end in `.json`, those of its folders included,
/// but for what is in the folder `except`.
pub(super) fn files(paths: &[PathBuf], except: Option<&Path>) -> Vec<Result<PathBuf, Unusable>> {
    let mut files = all_files(paths);
    let mut seen = BTreeSet::new();
    let except = except.and_then(|folder| folder.canonicalize().ok());
    files.retain(|file| {
        let Some(place) = file.as_ref().ok().and_then(|file| file.canonicalize().ok()) else { return true };
        let is_asked_for = paths.iter().any(|path| file.as_ref() == Ok(path));
        let is_left_out = except.as_ref().is_some_and(|folder| place.starts_with(folder)) && !is_asked_for;
        !is_left_out && seen.insert(place)
    });
    files
}

fn all_files(paths: &[PathBuf]) -> Vec<Result<PathBuf, Unusable>> {
    let mut files = Vec::new();
    for path in paths {
        let refuse = |error: String| Unusable {
            file: path.display().to_string(),
            error: format!("{}: {error}", path.display()),
        };
        if !path.is_dir() {
            files.push(Ok(path.clone()));
            continue;
        }
        let mut found = Vec::new();
        match collect(path, &mut found) {
            Err(error) => files.push(Err(refuse(error.to_string()))),
            Ok(()) if found.is_empty() => files.push(Err(refuse("the folder holds no scenario (*.json)".to_owned()))),
            Ok(()) => files.extend(found.into_iter().map(Ok)),
        }
    }
    files
}

pub(super) fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    entries.sort();
    for path in entries {
        if path.is_dir() {
            // Links between folders may go round in circles.
            if !path.is_symlink() {
                collect(&path, files)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    Ok(())
}

/// A campaign that is under way.
struct Campaign<'a> {
    args: &'a Args,
    started: Instant,
    courses: Vec<Course>,
    unusable: Vec<Unusable>,
    interrupted: bool,
}

impl Campaign<'_> {
    fn all(&mut self, jobs: &[Job<'_>], console: &mut Console) {
        let each = jobs.iter().map(|job| self.args.seeds_of(job)).map(|seeds| seeds.end - seeds.start);
        let progress = Progress::over(self.args.time.is_none().then(|| each.sum()));
        for (n, job) in jobs.iter().enumerate() {
            if self.interrupted {
                break;
            }
            let course = self.one(job, jobs.len() - n, &progress);
            let seeds = self.args.seeds_of(job);
            progress.aside(|| self.tell(&course, &seeds, jobs.len() == 1, console));
            self.courses.push(course);
        }
        progress.finish();
    }

    /// What goes wrong with one scenario is no reason to lose what was found in it, and none to leave out the others.
    fn note(&mut self, job: &Job<'_>, done: Result<(), Stop>) {
        if let Err(Stop { message: error, .. }) = done {
            self.unusable.push(Unusable { file: file_of(job), error });
        }
    }

    fn one(&mut self, job: &Job<'_>, left: usize, progress: &Progress) -> Course {
        let args = self.args;
        let seeds = args.seeds_of(job);
        let order = self.order(job, left);
        let Done { tally, seeds: ran, mut recheck, end, failed } =
            campaign::run(job, &order, interrupt::watched(), progress);
        self.note(job, failed.map_or(Ok(()), |error| Err(error.into())));
        self.interrupted |= end == End::Interrupted;
        if !self.interrupted {
            let done = elsewhere(job, args.bug.as_deref())
                .and_then(|program| recheck.look_elsewhere(&program, interrupt::watched()));
            self.note(job, done.map_err(not_startable));
        }
        if args.time.is_none() {
            progress.skip((seeds.end - seeds.start).saturating_sub(tally.runs));
        }
        let mut course = Course {
            file: file_of(job),
            protocol: job.experiment.name().to_owned(),
            bug: args.bug.clone(),
            seeds: ran,
            asked: args.asked(job).map(|asked| [asked.start, asked.end]),
            tally,
            recheck,
            missing: Vec::new(),
        };
        // What a part did not see others may have.
        if args.shard.is_none() && !self.interrupted {
            course.look_for_shortfalls(job);
        }
        let kept = args.keeping.keep(job, &mut course, (interrupt::watched(), progress));
        self.note(job, kept);
        self.interrupted |= interrupt::watched().load(Ordering::Relaxed);
        course
    }

    fn order(&self, job: &Job<'_>, left: usize) -> Order {
        let args = self.args;
        // What is left of the time is for all scenarios that are left, in equal parts.
        let time = args.time.map(|time| time.saturating_sub(self.started.elapsed()));
        Order {
            seeds: args.seeds_of(job),
            jobs: args.jobs.unwrap_or_else(|| thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)),
            fail_fast: args.fail_fast,
            max_failures: args.max_failures,
            deadline: time.map(|time| Instant::now() + time / u32::try_from(left).unwrap_or(u32::MAX)),
            sample: Sample { one_in: args.twice, first: args.from },
        }
    }

    /// On the way: one line where all is well, and everything where something is to be seen to.
    fn tell(&self, course: &Course, seeds: &Range<u64>, alone: bool, console: &mut Console) {
        if alone {
            console.say(&account::course(course, console.ink()));
        } else if course.worst() != Worst::Holds {
            console.say(&account::briefly(course, console.ink()));
        } else {
            let runs = many(course.tally.runs, "seed");
            console.note(&format!("{}: {runs}, {} failed", course.file, count(course.tally.failures())));
        }
        let [runs, asked] = [course.tally.runs, seeds.end - seeds.start];
        if self.args.time.is_some() || runs < asked {
            let of = if course.asked.is_some() { format!(" of {}", count(asked)) } else { String::new() };
            console.note(&format!("{}: {}{of} seeds were run before it ended", course.file, count(runs)));
        }
    }
}

fn file_of(job: &Job<'_>) -> String {
    job.document.file().unwrap_or_default().to_owned()
}

/// The command that runs seeds of this scenario in another process.
fn elsewhere(job: &Job<'_>, bug: Option<&str>) -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("digests").args(bug.iter().flat_map(|bug| ["--bug", bug])).args(["--", &file_of(job)]);
    Ok(command)
}

fn not_startable(error: io::Error) -> Stop {
    Stop::input(format!("no other process has run seeds again: {error}; --twice 0 does without"))
}
