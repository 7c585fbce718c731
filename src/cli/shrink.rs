//! `shrink`: the smallest scenario that still breaks what a reproducer broke.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::console::Console;
use super::exit::Exit;
use super::interrupt;
use super::output::replaceable;
use super::replay;
use super::shell::{program, quoted};
use super::stop::Stop;
use crate::campaign::shrink::{self, Effort, Shrunk, Unshrinkable, Watch};
use crate::campaign::write_whole;
use crate::lab::{Experiment, Look, admit, prepare};
use crate::report::files::{SUFFIX, is_same};
use crate::report::layout::{Tone, count, many};
use crate::rng::Seed;
use crate::scenario::{Document, FORMAT, Reproducer, aside_in, folder_of};
use crate::sim::Failure;
use crate::time::Span;

/// Finds the smallest scenario that still breaks what a failing run broke
///
/// Faults, clients, operations, nodes and time are taken out as long as the same property breaks with the same kind of
/// evidence. What is left is a scenario with an explicit timeline, to be read, edited, and kept as a test. It ends with
/// 0 if every part that is left was shown to be needed, and with 6 if there was no time for that; with 4 if the
/// reproducer does not break what it did.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The reproducer, as a failing run wrote it
    #[arg(value_name = "REPRODUCER")]
    file: PathBuf,
    /// How long to search, such as 30s or 5min
    #[arg(long, value_name = "TIME", default_value = "30s")]
    budget: Span,
    /// Where the scenario goes; left out, beside the reproducer, as NAME.shrunk.json
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Lets a file that is there already be replaced
    #[arg(long)]
    force: bool,
    /// Prints one JSON document instead of the account
    #[arg(long)]
    pub(super) json: bool,
}

/// What it came to, as one document.
#[derive(Serialize)]
struct Found<'a> {
    seedstorm: u32,
    version: &'static str,
    source: String,
    exit_code: u8,
    /// The file that was written.
    file: String,
    /// The command that runs it.
    run: &'a str,
    #[serde(flatten)]
    shrunk: &'a Shrunk,
    notes: &'a [String],
}

pub(super) fn act(args: &Args, experiments: &[&dyn Experiment], console: &mut Console) -> Result<Exit, Stop> {
    let (reproducer, experiment, notes) = replay::open(&args.file, experiments)?;
    notes.iter().for_each(|note| console.note(note));
    let out = args.out.clone().unwrap_or_else(|| beside(&args.file));
    args.check(&out)?;
    let start = Instant::now();
    let effort = Effort {
        deadline: start.checked_add(Duration::from_nanos(args.budget.0)),
        events: u64::MAX,
        ..Effort::default()
    };
    let progress = Progress::new();
    let shrunk = shrink::shrink(experiment, &reproducer, effort, interrupt::watched(), &progress);
    drop(progress);
    let shrunk = shrunk.map_err(|why| refused(&args.file, &reproducer, &why))?;
    let took = start.elapsed().as_secs_f64();
    console.note(&format!("{} in {took:.1} s", many(shrunk.runs, "run")));
    write_whole(&out, shrink::text(&shrunk.scenario)).map_err(|error| Stop::unwritable(&out, &error))?;
    prove(experiment, &out, &shrunk)?;
    let exit = if shrunk.is_certified { Exit::Holds } else { Exit::Unknown };
    let file = out.display().to_string();
    let run = format!("{} run {}", program(), quoted(&file));
    if console.is_json() {
        console.document(&Found {
            seedstorm: FORMAT,
            version: env!("CARGO_PKG_VERSION"),
            source: args.file.display().to_string(),
            exit_code: exit.code(),
            file,
            run: &run,
            shrunk: &shrunk,
            notes: &notes,
        });
        return Ok(exit);
    }
    let ink = console.ink();
    console.say(&shrink::account(&shrunk, ink));
    let label = |label: &str| ink.paint(Tone::Aside, &format!("{label:<11}"));
    let command = ink.paint(Tone::Heading, &run);
    console.say(&format!("\n  {}{file}\n  {}{command}\n", label("scenario"), label("run it:")));
    Ok(exit)
}

impl Args {
    /// What cannot be written is said before the search and not after it.
    fn check(&self, out: &Path) -> Result<(), Stop> {
        if self.budget == Span::ZERO {
            return Err(Stop::input("--budget: in no time nothing can be tried; give \"30s\" or the like"));
        }
        let folder = folder_of(out);
        if !folder.is_dir() {
            return Err(Stop::input(format!("--out: there is no folder {}", folder.display())));
        }
        if out.is_dir() {
            return Err(Stop::input(format!("--out: {} is a folder; name a file in it", out.display())));
        }
        if is_same(out, &self.file) {
            return Err(Stop::input("--out: that is the reproducer itself; name another file"));
        }
        replaceable(out, "--out", self.force)?;
        aside_in(folder).map(drop).map_err(|error| Stop::unwritable(out, &error))
    }
}

/// The scenario's place where none was named.
pub(super) fn beside(reproducer: &Path) -> PathBuf {
    with_ending(reproducer, ".shrunk.json")
}

/// The name of a reproducer, with another ending.
pub(super) fn with_ending(reproducer: &Path, ending: &str) -> PathBuf {
    let name = reproducer.file_name().and_then(|name| name.to_str()).unwrap_or("run.json");
    let name = name.strip_suffix(SUFFIX).or_else(|| name.strip_suffix(".json")).unwrap_or(name);
    reproducer.with_file_name(format!("{name}{ending}"))
}

fn refused(file: &Path, reproducer: &Reproducer, why: &Unshrinkable) -> Stop {
    let file = file.display();
    match why {
        Unshrinkable::NothingBroke => {
            Stop::input(format!("{file}: it does not say what broke (\"verdict\"); only a failing run can be shrunk"))
        }
        Unshrinkable::Interrupted => {
            Stop::new(Exit::Interrupted, format!("{file}: interrupted before anything was found; nothing was written"))
        }
        Unshrinkable::Mended(now) => {
            let was = reproducer.verdict.as_ref().map_or("", |failure| failure.property.as_str());
            let says = |now: &Failure| format!("; what breaks is {}: {}", now.property, now.evidence);
            let instead = now.as_ref().map_or_else(|| "; nothing does".to_owned(), says);
            Stop::new(Exit::Differed, format!("{file}: {was} does not break any more as the file says{instead}"))
        }
    }
}

/// Runs the file that was written as anybody would, and expects the run that was found.
fn prove(experiment: &dyn Experiment, out: &Path, shrunk: &Shrunk) -> Result<(), Stop> {
    let document = Document::load(out)?;
    admit(&[experiment], &document)?;
    let (scenario, plan) = prepare(experiment, &document, Seed(0))?;
    let outcome = experiment.run(&scenario, plan, Look::default())?.outcome;
    if outcome.failure().as_ref() == Some(&shrunk.failure) && outcome.digest == shrunk.digest {
        return Ok(());
    }
    let message = format!("{}: it does not run as it did when it was found, which is a bug", out.display());
    Err(Stop::new(Exit::Differed, message))
}

/// How far the search is, on a terminal.
struct Progress(Option<ProgressBar>);

impl Progress {
    fn new() -> Self {
        Self(std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{spinner} {msg} ({elapsed})");
            let spinner = ProgressBar::new_spinner().with_message("shrinking");
            spinner.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            spinner.enable_steady_tick(Duration::from_millis(120));
            spinner
        }))
    }
}

impl Watch for Progress {
    fn shrunk(&self, faults: usize, runs: u64) {
        if let Some(spinner) = &self.0 {
            spinner.set_message(format!("{} left after {} runs", many(faults as u64, "fault"), count(runs)));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(spinner) = &self.0 {
            spinner.finish_and_clear();
        }
    }
}
