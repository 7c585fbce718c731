//! `schema`: what editors need to know of scenario files.

use super::console::Console;
use super::exit::Exit;
use crate::lab::Experiment;
use crate::report::document;
use crate::scenario;

/// Prints the JSON schema of scenario files
///
/// Editors complete and check with it: put it into a file and name that under "$schema" in a scenario.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn act(experiments: &[&dyn Experiment], console: &mut Console) -> Exit {
    let protocols: Vec<_> = experiments.iter().map(|experiment| experiment.schema()).collect();
    console.put(&document::text(&scenario::schema(&protocols)));
    Exit::Holds
}
