//! `bugs`: the kill matrix.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::thread;

use super::console::Console;
use super::exit::Exit;
use super::gate::{files, of_sweeps};
use super::interrupt;
use super::output::replaceable;
use super::progress::Progress;
use super::stop::Stop;
use serde_json::Value;

use crate::campaign::kill::{self, Cell, Matrix, Profile};
use crate::campaign::sweep::is_sweep;
use crate::campaign::{self, End, Job, Order, Sample, Tally, write_whole};
use crate::lab::Experiment;
use crate::params::unknown;
use crate::report::chart::Format;
use crate::report::files::is_same;
use crate::scenario::{Document, folder_of};

/// Plants every mistake under every profile, and says how soon it is found, and by what
///
/// It proves that the invariants bite: each mistake that a protocol knows (`list bugs`) is planted in turn under each
/// scenario that is given, and the correct code runs on the same seeds. It ends with 5 where a mistake is found under
/// none of them, and with 1 where the correct code breaks anything.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The profiles: scenario files, and folders of them
    #[arg(value_name = "SCENARIO", required_unless_present = "matrix")]
    paths: Vec<PathBuf>,
    /// How many seeds for each mistake under each profile
    #[arg(long, value_name = "N", default_value_t = 2_000)]
    seeds: u64,
    /// The first seed
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    from: u64,
    /// Only this mistake
    #[arg(long, value_name = "NAME")]
    bug: Option<String>,
    /// How many runs are under way at once; left out, as many as there are cores
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Writes the matrix as JSON to this file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Draws the matrix into this file: FILE.svg or FILE.png
    #[arg(long, value_name = "FILE")]
    chart: Option<PathBuf>,
    /// Tells of the matrix in this file, which --out wrote, and runs nothing
    #[arg(long, value_name = "FILE", conflicts_with_all = ["paths", "seeds", "from", "bug", "jobs", "out"])]
    matrix: Option<PathBuf>,
    /// Lets files that are named, and are there already, be replaced
    #[arg(long)]
    force: bool,
    /// Prints the matrix as JSON
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn act(args: &Args, experiments: &[&dyn Experiment], console: &mut Console) -> Result<Exit, Stop> {
    let drawn = check(args)?;
    let (matrix, interrupted) = match &args.matrix {
        Some(file) => (Matrix::load(file).map_err(Stop::input)?, false),
        None => run(args, experiments, console)?,
    };
    if let Some(out) = &args.out {
        let text = serde_json::to_string_pretty(&matrix).unwrap_or_default() + "\n";
        write_whole(out, text).map_err(|error| Stop::unwritable(out, &error))?;
    }
    if let Some((path, format)) = drawn {
        let bytes = format.bytes(&matrix.chart());
        let bytes = bytes.map_err(|error| Stop::input(format!("--chart: {}: {error}", path.display())))?;
        write_whole(path, bytes).map_err(|error| Stop::unwritable(path, &error))?;
    }
    if console.is_json() {
        console.document(&matrix);
    }
    console.say(&kill::text(&matrix, console.ink()));
    Ok(match () {
        () if interrupted => Exit::Interrupted,
        () if matrix.convicts_the_innocent() => Exit::Safety,
        () if matrix.survivors().is_empty() => Exit::Holds,
        () => Exit::Vacuous,
    })
}

/// What cannot be done is said before the first run and not after the last. What is drawn, and as what.
fn check(args: &Args) -> Result<Option<(&Path, Format)>, Stop> {
    if args.seeds == 0 || args.from.checked_add(args.seeds).is_none() {
        return Err(Stop::input(format!("--seeds: {} from {} are no seeds to run", args.seeds, args.from)));
    }
    args.out.as_deref().map_or(Ok(()), |out| replaceable(out, "--out", args.force))?;
    let Some(path) = args.chart.as_deref() else { return Ok(None) };
    let Some(format) = Format::of(path) else {
        return Err(Stop::input(format!("--chart: {}: a chart is FILE.svg or FILE.png", path.display())));
    };
    let folder = folder_of(path);
    if !folder.is_dir() {
        return Err(Stop::input(format!("--chart: there is no folder {}", folder.display())));
    }
    if args.out.as_deref().is_some_and(|out| is_same(path, out)) {
        let message = format!("--chart: {} is where --out goes; give it another name", path.display());
        return Err(Stop::input(message));
    }
    replaceable(path, "--chart", args.force)?;
    Ok(Some((path, format)))
}

/// The matrix of all profiles, and whether that was interrupted.
fn run(args: &Args, experiments: &[&dyn Experiment], console: &Console) -> Result<(Matrix, bool), Stop> {
    let profiles = profiles(args, experiments, console)?;
    let planted = profiles.iter().map(|(_, bugs)| bugs.len() as u64 + 1).sum::<u64>();
    let progress = Progress::over(Some(planted.saturating_mul(args.seeds)));
    let mut found = Vec::new();
    for (job, bugs) in &profiles {
        found.extend(one(args, job, bugs, &progress)?);
    }
    progress.finish();
    let interrupted = interrupt::watched().load(Ordering::Relaxed);
    Ok((Matrix::new([args.from, args.from + args.seeds], found), interrupted))
}

/// The scenarios, each with the mistakes that are planted in it.
fn profiles<'e>(
    args: &Args,
    experiments: &[&'e dyn Experiment],
    console: &Console,
) -> Result<Vec<(Job<'e>, Vec<&'static str>)>, Stop> {
    let mut profiles = Vec::new();
    for file in files(&args.paths, None) {
        let file = file.map_err(|unusable| Stop::input(unusable.error))?;
        let document = Document::load(&file)?;
        if is_sweep(&document) {
            if args.paths.contains(&file) {
                return Err(document.place(of_sweeps()).into());
            }
            continue;
        }
        let job = Job::new(experiments, document)?;
        let all = job.experiment.bugs().iter().map(|bug| bug.name);
        let bugs: Vec<&str> = all.filter(|&bug| args.bug.as_ref().is_none_or(|only| only == bug)).collect();
        if job.document.value().get("bug").is_some() {
            return Err(Stop::input(format!("{}: it plants a mistake itself; leave out \"bug\"", file.display())));
        }
        let expect = job.document.value().get("expect");
        if expect.is_some_and(Value::is_object) {
            // There the correct code breaks something, too.
            console.note(&format!("{}: left out, for something is to break in it anyway (\"expect\")", file.display()));
        } else if !bugs.is_empty() {
            profiles.push((job, bugs));
        }
    }
    match &args.bug {
        Some(bug) if profiles.is_empty() => {
            let known: BTreeSet<&str> =
                experiments.iter().flat_map(|experiment| experiment.bugs()).map(|bug| bug.name).collect();
            Err(Stop::input(if known.contains(bug.as_str()) {
                format!("--bug: no scenario here is of a protocol that has {bug:?} (`list bugs`)")
            } else {
                unknown(&format!("--bug: there is no planted mistake {bug:?}"), bug, known)
            }))
        }
        None if profiles.is_empty() => Err(Stop::input("here is no scenario in which mistakes could be planted")),
        _ => Ok(profiles),
    }
}

/// All mistakes under one profile. An interrupt leaves those that were finished; nothing before the correct code was.
fn one(args: &Args, job: &Job<'_>, bugs: &[&'static str], progress: &Progress) -> Result<Option<Profile>, Stop> {
    let Some(correct) = tally(args, job, progress)? else { return Ok(None) };
    let mut cells = Vec::new();
    for bug in job.experiment.bugs().iter().filter(|bug| bugs.contains(&bug.name)) {
        let mut planted = job.clone();
        planted.document.plant(bug.name);
        let Some(tally) = tally(args, &planted, progress)? else { break };
        cells.push(Cell::of(bug.name, bug.breaks, &tally));
    }
    let file = job.document.file().unwrap_or_default().to_owned();
    let protocol = job.experiment.name().to_owned();
    Ok(Some(Profile { file, protocol, correct: correct.failures(), runs: correct.runs, cells }))
}

/// What all seeds come to; nothing if it was interrupted.
fn tally(args: &Args, job: &Job<'_>, progress: &Progress) -> Result<Option<Tally>, Stop> {
    let order = Order {
        seeds: args.from..args.from + args.seeds,
        jobs: args.jobs.unwrap_or_else(|| thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)),
        fail_fast: false,
        max_failures: None,
        deadline: None,
        sample: Sample { one_in: 0, first: args.from },
    };
    let done = campaign::run(job, &order, interrupt::watched(), progress);
    match done.failed {
        Some(error) => Err(error.into()),
        None => Ok((done.end != End::Interrupted).then_some(done.tally)),
    }
}
