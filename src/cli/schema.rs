//! `schema`: what editors need to know of scenario files and of sweeps.

use clap::ValueEnum;

use super::console::Console;
use super::exit::Exit;
use crate::campaign::sweep::schema_of_sweeps;
use crate::lab::Experiment;
use crate::report::document;
use crate::scenario;

/// Prints the JSON schema of scenario files, or of sweeps
///
/// Editors complete and check with it: put it into a file and name that under "$schema" in a scenario.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Of which files
    #[arg(default_value = "scenarios")]
    of: Of,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Of {
    /// Scenarios
    Scenarios,
    /// Sweeps, as under scenarios/sweeps
    Sweeps,
}

pub(super) fn act(args: &Args, experiments: &[&dyn Experiment], console: &mut Console) -> Exit {
    let schema = match args.of {
        Of::Scenarios => {
            let protocols: Vec<_> = experiments.iter().map(|experiment| experiment.schema()).collect();
            scenario::schema(&protocols)
        }
        Of::Sweeps => schema_of_sweeps(),
    };
    console.put(&document::text(&schema));
    Exit::Holds
}
