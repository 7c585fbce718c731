//! `digests`: what seeds come to, one digest a line. Not for people: `gate` asks another process with it.

use std::path::PathBuf;

use super::console::Console;
use super::exit::Exit;
use super::interrupt;
use super::stop::Stop;
use crate::campaign::Job;
use crate::lab::Experiment;
use crate::rng::Seed;
use crate::scenario::Document;

/// Prints the digest of each seed, one a line
#[derive(Debug, clap::Args)]
#[command(hide = true)]
pub(super) struct Args {
    /// The scenario file
    #[arg(value_name = "SCENARIO")]
    scenario: PathBuf,
    /// Plants this mistake
    #[arg(long, value_name = "NAME")]
    bug: Option<String>,
    /// The seeds
    #[arg(value_name = "SEED", required = true)]
    seeds: Vec<Seed>,
}

pub(super) fn act(args: &Args, experiments: &[&dyn Experiment], console: &mut Console) -> Result<Exit, Stop> {
    let mut document = Document::load(&args.scenario)?;
    args.bug.iter().for_each(|bug| document.plant(bug));
    let job = Job::new(experiments, document)?;
    for &seed in &args.seeds {
        let Some(run) = job.run(seed, interrupt::watched())? else { break };
        console.put(&format!("{}\n", run.digest));
    }
    Ok(Exit::Holds)
}
