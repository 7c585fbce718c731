//! `list`: what there is to use.

use clap::ValueEnum;

use super::console::Console;
use super::exit::Exit;
use super::shell::program;
use super::stop::Stop;
use crate::lab::Experiment;
use crate::params::unknown;
use crate::report::catalogue::{self, Catalogue, Part};

/// Lists what there is to use: protocols, properties, bugs, faults
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What to list in full; left out, the names of everything
    what: Option<What>,
    /// Only what is of this protocol
    #[arg(long, value_name = "NAME")]
    protocol: Option<String>,
    /// Prints one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum What {
    /// Protocols, with their groups and settings
    Protocols,
    /// Invariants, with what they claim
    Properties,
    /// Mistakes that can be planted
    Bugs,
    /// Kinds of faults, shapes of partitions, distributions of durations
    Faults,
}

impl From<What> for Part {
    fn from(what: What) -> Self {
        match what {
            What::Protocols => Self::Protocols,
            What::Properties => Self::Properties,
            What::Bugs => Self::Bugs,
            What::Faults => Self::Faults,
        }
    }
}

pub(super) fn act(args: &Args, experiments: &[&dyn Experiment], console: &mut Console) -> Result<Exit, Stop> {
    let experiments = chosen(args.protocol.as_deref(), experiments)?;
    let catalogue = Catalogue::of(&experiments, args.what.map(Part::from));
    if args.json {
        console.document(&catalogue);
    } else if args.what.is_some() {
        console.say(&catalogue::text(&catalogue, console.ink()));
    } else {
        console.say(&catalogue::overview(&catalogue, console.ink()));
        console.say(&format!("\nMore of each: {} list protocols|properties|bugs|faults\n", program()));
    }
    Ok(Exit::Holds)
}

fn chosen<'e>(name: Option<&str>, experiments: &[&'e dyn Experiment]) -> Result<Vec<&'e dyn Experiment>, Stop> {
    let Some(name) = name else { return Ok(experiments.to_vec()) };
    let found: Vec<_> = experiments.iter().copied().filter(|experiment| experiment.name() == name).collect();
    if found.is_empty() {
        return Err(Stop::input(unknown(
            &format!("there is no protocol {name:?}"),
            name,
            experiments.iter().map(|e| e.name()),
        )));
    }
    Ok(found)
}
