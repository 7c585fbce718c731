//! `merge`: the results of all shards as one.

use std::path::{Path, PathBuf};

use super::console::Console;
use super::exit::Exit;
use super::gate::report;
use super::outputs::Outputs;
use super::stop::Stop;
use super::sweep_files::{Files, refused};
use crate::campaign::sweep::journal::Journal;
use crate::campaign::{Job, Results, account, sweep};
use crate::lab::Experiment;
use crate::report::layout::many;
use crate::scenario::Document;

/// Puts the results of all shards of a campaign together, and judges them as one; or those of a sweep, and draws them
///
/// What no shard of a campaign has seen is said only here; its scenario files must be where they were. Of a sweep, give
/// the cells.json of each shard, and the folder of the whole with --out.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The results that each shard of a campaign wrote with --results, or the cells.json of each shard of a sweep
    #[arg(value_name = "RESULTS", required = true)]
    files: Vec<PathBuf>,
    /// The folder for the whole of a sweep
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    #[command(flatten)]
    pub(super) outputs: Outputs,
}

pub(super) fn act(args: &Args, experiments: &[&dyn Experiment], console: &mut Console) -> Result<Exit, Stop> {
    args.outputs.check()?;
    if args.files.iter().any(|file| is_of_sweep(file)) {
        return sweep(args, experiments, console);
    }
    if args.out.is_some() {
        return Err(Stop::input("--out: is for the shards of a sweep; results of a campaign go to --results"));
    }
    let mut all: Option<Results> = None;
    for path in &args.files {
        let results = Results::load(path).map_err(Stop::input)?;
        match &mut all {
            None => all = Some(results),
            Some(all) => {
                all.merge(results).map_err(|why| Stop::input(format!("{}: {why}", path.display())))?;
            }
        }
    }
    let mut results = all.ok_or_else(|| Stop::input("there is nothing to merge"))?;
    for course in &mut results.scenarios {
        let mut document = Document::load(Path::new(&course.file))?;
        course.bug.iter().for_each(|bug| document.plant(bug));
        course.look_for_shortfalls(&Job::new(experiments, document)?);
        course.look_for_gaps();
    }
    let alone = results.scenarios.len() == 1;
    for course in &results.scenarios {
        let ink = console.ink();
        console.say(&if alone { account::course(course, ink) } else { account::briefly(course, ink) });
    }
    report(&args.outputs, results, console)
}

/// Whether a file holds cells, whatever else is wrong with it.
fn is_of_sweep(file: &Path) -> bool {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let value: Option<serde_json::Value> = serde_json::from_str(&text).ok();
    value.is_some_and(|value| value.get("cells").is_some())
}

fn sweep(args: &Args, experiments: &[&dyn Experiment], console: &mut Console) -> Result<Exit, Stop> {
    let Some(folder) = &args.out else {
        return Err(Stop::input("these are cells of a sweep; give the folder of the whole with --out"));
    };
    let mut all: Option<sweep::Results> = None;
    for path in &args.files {
        let results = sweep::Results::load(path).map_err(Stop::input)?;
        match &mut all {
            None => all = Some(results),
            Some(all) => all.merge(results).map_err(|why| Stop::input(format!("{}: {why}", path.display())))?,
        }
    }
    let mut results = all.ok_or_else(|| Stop::input("there is nothing to merge"))?;
    results.header.shard = None;
    if let Some(&cell) = results.missing().first() {
        let at = results.header.design.labels(cell).join(", ");
        let missing = many(results.missing().len() as u64, "cell");
        return Err(Stop::input(format!(
            "{missing} of the grid are in none of these files, the first at {at}; give all shards"
        )));
    }
    args.outputs.refuse_for_sweeps()?;
    let unwritable = |error| Stop::unwritable(folder, &error);
    let (journal, _) = Journal::open(folder, &results.header, args.outputs.force).map_err(refused)?;
    let charts = Files { folder, experiments }.write(&results)?;
    journal.finish().map_err(unwritable)?;
    console.say(&sweep::account::text(&results, &charts, &folder.display().to_string(), console.ink()));
    if console.is_json() {
        console.document(&sweep::account::document(&results, &charts, None, Exit::Holds.code()));
    }
    Ok(Exit::Holds)
}
