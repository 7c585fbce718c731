//! `merge`: the results of all shards as one.

use std::path::PathBuf;

use super::console::Console;
use super::exit::Exit;
use super::gate::report;
use super::outputs::Outputs;
use super::stop::Stop;
use crate::campaign::{Job, Results, account};
use crate::lab::Experiment;
use crate::scenario::Document;

/// Puts the results of all shards of a campaign together, and judges them as one
///
/// What no shard has seen is said only here. The scenario files must be where they were.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The results that each shard wrote with --results
    #[arg(value_name = "RESULTS", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) outputs: Outputs,
}

pub(super) fn act(args: &Args, experiments: &[&dyn Experiment], console: &mut Console) -> Result<Exit, Stop> {
    args.outputs.check()?;
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
        let mut document = Document::load(std::path::Path::new(&course.file))?;
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
