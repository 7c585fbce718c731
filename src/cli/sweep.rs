//! `sweep`: a grid of settings under many seeds, as curves.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Instant;

use super::console::Console;
use super::exit::Exit;
use super::interrupt;
use super::progress::Progress;
use super::shell::quoted;
use super::stop::Stop;
use super::sweep_files::{self, Files};
use crate::campaign::sweep::axis::Axis;
use crate::campaign::sweep::baseline::{self, Comparison, Tolerance};
use crate::campaign::sweep::cell::Cell;
use crate::campaign::sweep::engine::{self, Done, Task, Trouble, observe};
use crate::campaign::sweep::journal::{Found, Journal, Over};
use crate::campaign::sweep::until::{Until, Width};
use crate::campaign::sweep::{Design, Header, Results, Wishes, account, names};
use crate::campaign::{Job, Shard};
use crate::lab::Experiment;
use crate::params::unknown;
use crate::report::layout::{brief, count, many};
use crate::time::Span;

/// Runs a grid of settings under many seeds, and draws what comes of it as charts
///
/// The folder gets cells.json, cells.csv, the charts as SVG and PNG, and index.html with all of it. A sweep that was
/// interrupted, or killed, goes on where it was when the same command is given again.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A scenario file, or a sweep file as under scenarios/sweeps
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// A setting and its values: network.loss=0%..20%/2%, nodes=3,5,7, run_for=1s..64s*2; may be given several times
    #[arg(long, value_name = "PATH=VALUES", value_parser = Axis::parse)]
    vary: Vec<Axis>,
    /// How many seeds for each cell, the same for all; left out, what the file says, or 200
    #[arg(long, value_name = "N")]
    seeds: Option<u64>,
    /// The first seed
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    from: u64,
    /// A cell ends once the interval of this figure is as narrow: availability=1%, latency.p99=5%, recovery.p50=10ms;
    /// looked at after 50, 100, 200, 400, … seeds
    #[arg(long, value_name = "FIGURE=WIDTH")]
    until: Option<Until>,
    /// Measures only this; may be given several times
    #[arg(long = "metric", value_name = "NAME")]
    metrics: Vec<String>,
    /// Plants this mistake in the protocol
    #[arg(long, value_name = "NAME")]
    bug: Option<String>,
    /// The folder of the results; left out, reports/NAME after the file
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// How many runs are under way at once; left out, as many as there are cores
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Only this part of the cells, such as 2/4; `merge` puts all parts together
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// Ends with 7 where a figure is worse than in these results of an earlier sweep, by more than noise
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// By how much figures may be worse: 1%, or latency.p99=5% for one; may be given several times
    #[arg(long, value_name = "WIDTH", requires = "baseline")]
    tolerance: Vec<String>,
    /// Runs a very large grid, too
    #[arg(long)]
    yes: bool,
    /// Replaces the results of another sweep
    #[arg(long)]
    force: bool,
    /// Prints the results as one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

/// A grid of more cells than this is meant in earnest, or not at all.
const CELLS_MAX: usize = 10_000;

pub(super) fn act(args: &Args, experiments: &[&dyn Experiment], console: &mut Console) -> Result<Exit, Stop> {
    let design = args.design()?;
    let cells = args.check(&design, experiments)?;
    let tolerance = tolerance(&args.tolerance)?;
    let header = Header::new(args.command(), args.shard, design);
    let before = args.baseline.as_deref().map(|file| earlier(file, &header)).transpose()?;
    let folder = args.folder();
    let files = Files { folder: &folder, experiments };
    args.check_names(&header.design, experiments, before.as_ref(), &tolerance)?;
    let (mut journal, found) = Journal::open(&folder, &header, args.force).map_err(sweep_files::refused)?;
    let measured = Measured { args, header, cells, files: &files };
    let results = match found {
        Found::Whole(found) => measured.again(*found, console)?,
        Found::Part(over) => measured.run(&mut journal, over, console)?,
    };
    let charts = files.write(&results)?;
    journal.finish().map_err(|error| Stop::unwritable(&folder, &error))?;
    console.say(&account::text(&results, &charts, &folder.display().to_string(), console.ink()));
    let comparison = before.map(|before| compared(&results, &before, &tolerance)).transpose()?;
    if let Some(comparison) = &comparison {
        console.say(&account::comparison(&results, comparison, console.ink()));
    }
    let is_worse = comparison.as_ref().is_some_and(|comparison| !comparison.worse.is_empty());
    let exit = if is_worse { Exit::Worse } else { Exit::Holds };
    if console.is_json() {
        console.document(&account::document(&results, &charts, comparison.as_ref(), exit.code()));
    }
    Ok(exit)
}

/// A sweep that is about to be measured.
struct Measured<'a> {
    args: &'a Args,
    header: Header,
    cells: usize,
    files: &'a Files<'a>,
}

/// One run in so many that were done is done again, to see whether this is the program that did them.
const PROVED: u64 = 400;

impl Measured<'_> {
    fn task(&self) -> Task<'_> {
        let mine = |cell: &usize| self.args.shard.is_none_or(|shard| *cell as u64 % shard.of == shard.number - 1);
        let cells = (0..self.cells).filter(mine).collect();
        let jobs = self.args.jobs.unwrap_or_else(|| thread::available_parallelism().unwrap_or(NonZeroUsize::MIN));
        Task { design: &self.header.design, experiments: self.files.experiments, cells, jobs }
    }

    /// What is there already, if this program would come to the same. Of the charts the file may have changed its mind.
    fn again(&self, found: Results, console: &Console) -> Result<Results, Stop> {
        self.prove(&found.cells.iter().collect::<Vec<&Cell>>())?;
        let folder = self.files.folder.display();
        console.note(&format!("{folder}: this sweep is done already; its charts are drawn again"));
        Ok(Results { header: self.header.clone(), ..found })
    }

    fn prove(&self, cells: &[&Cell]) -> Result<(), Stop> {
        let proved = engine::prove(&self.task(), cells.iter().copied(), interrupt::watched());
        match proved.map_err(|trouble| self.ended(trouble))? {
            Some(cell) => Err(self.ended(Trouble::Differs(cell))),
            None => Ok(()),
        }
    }

    fn run(&self, journal: &mut Journal, over: Vec<Over>, console: &Console) -> Result<Results, Stop> {
        let done: u64 = over.iter().map(|over| over.cell.seeds).sum();
        let stride = over.len().div_ceil(usize::try_from(done.div_ceil(PROVED)).unwrap_or(1).max(1)).max(1);
        self.prove(&over.iter().step_by(stride).map(|over| &over.cell).collect::<Vec<&Cell>>())?;
        let task = self.task();
        let design = &self.header.design;
        let progress = Progress::over(Some(task.cells.len() as u64 * (design.seeds[1] - design.seeds[0])));
        let start = Instant::now();
        let done = engine::run(&task, journal, over, interrupt::watched(), &progress);
        progress.finish();
        let Done { over, before } = done.map_err(|trouble| self.ended(trouble))?;
        let runs: u64 = over.iter().map(|over| over.cell.seeds).sum();
        let took = brief(Span(u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX)));
        let known = if before > 0 { format!(", {} of them done before", count(before)) } else { String::new() };
        console.note(&format!("{} in {}{known}, {took}", many(runs, "run"), many(over.len() as u64, "cell")));
        Ok(sweep_files::results(self.header.clone(), over))
    }

    fn ended(&self, trouble: Trouble) -> Stop {
        let folder = self.files.folder.display();
        match trouble {
            Trouble::Interrupted => {
                let message = format!("interrupted; the same command goes on with what is in {folder}");
                Stop::new(Exit::Interrupted, message)
            }
            Trouble::Scenario(error) => error.into(),
            Trouble::Io(error) => Stop::unwritable(self.files.folder, &error),
            Trouble::Panicked => Stop::new(Exit::Panicked, "a thread panicked; what was done is kept"),
            Trouble::Differs(cell) => {
                let at = self.header.design.labels(cell).join(", ");
                let message = format!(
                    "{folder}: a run of the cell at {at} comes to something else than when it was measured: the program \
                     has changed; --force measures anew, and --out elsewhere"
                );
                Stop::new(Exit::Differed, message)
            }
        }
    }
}

/// Earlier results, which are of the same grid.
fn earlier(file: &Path, header: &Header) -> Result<Results, Stop> {
    let before = Results::load(file).map_err(|why| Stop::input(format!("--baseline: {why}")))?;
    let outdated = |why: baseline::Outdated| Stop::input(format!("--baseline: {}: {why}", file.display()));
    baseline::check(&header.design, &before).map_err(outdated)?;
    Ok(before)
}

fn compared(results: &Results, before: &Results, tolerance: &Tolerance) -> Result<Comparison, Stop> {
    baseline::compare(results, before, tolerance).map_err(|why| Stop::input(format!("--baseline: {why}")))
}

fn tolerance(texts: &[String]) -> Result<Tolerance, Stop> {
    let mut tolerance = Tolerance::default();
    for text in texts {
        let refuse = |why: String| Stop::input(format!("--tolerance: {why}"));
        match text.split_once('=') {
            Some((figure, width)) => {
                tolerance.of.push((figure.trim().to_owned(), width.trim().parse().map_err(refuse)?));
            }
            None => tolerance.all = Some(text.parse::<Width>().map_err(refuse)?),
        }
    }
    Ok(tolerance)
}

impl Args {
    fn design(&self) -> Result<Design, Stop> {
        let wishes = Wishes {
            vary: self.vary.clone(),
            seeds: self.seeds,
            from: self.from,
            until: self.until.clone(),
            metrics: self.metrics.clone(),
            bug: self.bug.clone(),
        };
        let design = Design::load(&self.file, wishes)?;
        if design.vary.is_empty() {
            let file = self.file.display();
            let message = format!(
                "{file}: nothing varies; give a setting and its values, such as --vary network.loss=0%..20%/2%"
            );
            return Err(Stop::input(message));
        }
        Ok(design)
    }

    /// How many cells there are, once all that can be known beforehand is known to be right.
    fn check(&self, design: &Design, experiments: &[&dyn Experiment]) -> Result<usize, Stop> {
        design.check(experiments)?;
        let cells = design.cells().ok_or_else(|| Stop::input("--vary: nobody can count so many cells"))?;
        if let Some(shard) = self.shard.filter(|shard| shard.of > cells as u64) {
            return Err(Stop::input(format!("--shard: {cells} cells are too few for {} shards", shard.of)));
        }
        if cells > CELLS_MAX && !self.yes {
            let would_take = would_take(design, experiments, cells, self.jobs)?;
            let message = format!(
                "{} are {} of {}, which would take about {would_take} on this machine; --yes runs them",
                design
                    .vary
                    .iter()
                    .map(|axis| format!("{} {}", count(axis.points.len() as u64), axis.name))
                    .collect::<Vec<_>>()
                    .join(" × "),
                many(cells as u64, "cell"),
                many(design.seeds[1] - design.seeds[0], "run"),
            );
            return Err(Stop::input(message));
        }
        Ok(cells)
    }

    /// What is asked for by name is measured by some protocol of the grid: one run of each tells.
    fn check_names(
        &self,
        design: &Design,
        experiments: &[&dyn Experiment],
        before: Option<&Results>,
        tolerance: &Tolerance,
    ) -> Result<(), Stop> {
        for (name, _) in &tolerance.of {
            let known = before.map_or_else(Vec::new, Results::figures);
            let is_known = known.iter().any(|known| known == name || known.split('.').next() == Some(name));
            if !is_known {
                let what = format!("--tolerance: the baseline has no figure {name:?}");
                return Err(Stop::input(unknown(&what, name, known.iter().map(String::as_str))));
            }
        }
        if design.metrics.is_empty() && design.until.is_none() && design.charts.is_empty() {
            return Ok(());
        }
        names::Known::of(design, experiments)?.check(design).map_err(Stop::input)
    }

    fn folder(&self) -> PathBuf {
        let stem = self.file.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        self.out.clone().unwrap_or_else(|| Path::new("reports").join(stem.unwrap_or_else(|| "sweep".to_owned())))
    }

    /// The command that makes the same results: how, on how many cores and where to is left out.
    fn command(&self) -> String {
        let mut words = vec!["seedstorm".to_owned(), "sweep".to_owned(), quoted(&self.file.display().to_string())];
        let mut option = |name: &str, value: String| words.extend([name.to_owned(), quoted(&value)]);
        // As it was typed: what a person can read is what a person wrote.
        for text in typed("--vary") {
            option("--vary", text);
        }
        self.seeds.iter().for_each(|seeds| option("--seeds", seeds.to_string()));
        if self.from > 0 {
            option("--from", self.from.to_string());
        }
        self.until
            .iter()
            .for_each(|until| option("--until", format!("{}={}", until.metric, String::from(until.width))));
        self.metrics.iter().for_each(|metric| option("--metric", metric.clone()));
        self.bug.iter().for_each(|bug| option("--bug", bug.clone()));
        words.join(" ")
    }
}

/// The values of an option as they were given.
fn typed(option: &str) -> Vec<String> {
    let mut values = Vec::new();
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        if arg == option {
            values.extend(args.next());
        } else if let Some(value) = arg.strip_prefix(option).and_then(|rest| rest.strip_prefix('=')) {
            values.push(value.to_owned());
        }
    }
    values
}

/// How long a grid would take, by a run at either end of it.
fn would_take(
    design: &Design,
    experiments: &[&dyn Experiment],
    cells: usize,
    jobs: Option<NonZeroUsize>,
) -> Result<String, Stop> {
    let start = Instant::now();
    for cell in [0, cells - 1] {
        let job = Job::new(experiments, design.scenario(cell)?)?;
        observe(&job, design.seeds[0], &design.metrics, interrupt::watched())?;
    }
    let each = start.elapsed().as_secs_f64() / 2.0;
    let cores = jobs.or_else(|| thread::available_parallelism().ok()).map_or(1, NonZeroUsize::get);
    let seconds = each * cells as f64 * (design.seeds[1] - design.seeds[0]) as f64 / cores as f64;
    Ok(match seconds {
        ..120.0 => format!("{seconds:.0} seconds"),
        ..7_200.0 => format!("{:.0} minutes", seconds / 60.0),
        ..172_800.0 => format!("{:.0} hours", seconds / 3_600.0),
        _ => format!("{:.0} days", seconds / 86_400.0),
    })
}
