//! `replay`: the same run again, proved by its digest; and a look inside.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::console::Console;
use super::exit::Exit;
use super::launch::Launch;
use super::shell::{program, quoted};
use super::stop::Stop;
use super::trace;
use crate::fault::draw;
use crate::ids::NodeId;
use crate::lab::{Experiment, Look, Shown, admit};
use crate::process::Cast;
use crate::report::character::Character;
use crate::report::comparison::{self, Comparison};
use crate::report::document::Account;
use crate::report::files::Trace;
use crate::report::verdict::{self, Judgement, judge};
use crate::report::{course, story, view};
use crate::scenario::{Document, Expect, FORMAT, Loaded, Reproducer, ScenarioError};
use crate::sim::Ending;
use crate::time::Time;

/// Runs a reproducer again, and proves that it is the same run
///
/// It ends as the run did: with 1 where a safety property breaks, with 3 for a liveness property, with 0 if nothing
/// breaks; and with 4 if the run is not the one that the file speaks of.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The reproducer, as a failing run wrote it
    #[arg(value_name = "REPRODUCER")]
    file: PathBuf,
    /// Stops at this instant of virtual time, such as 4.31s
    #[arg(long, value_name = "TIME")]
    until: Option<Time>,
    /// Shows this node as it is then, or at the end; may be given several times
    #[arg(long = "node", value_name = "NODE", value_parser = node)]
    nodes: Vec<NodeId>,
    /// Writes every event to this file as JSON, one a line; "-" is standard output
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Prints one JSON document instead of the account
    #[arg(long)]
    json: bool,
    /// Ends with 1 for any broken property and 125 where nothing can be said, for `git bisect run`
    #[arg(long)]
    pub(super) bisect: bool,
}

/// A node as a person writes it: `3` or `n3`.
fn node(text: &str) -> Result<NodeId, String> {
    let number = text.strip_prefix('n').unwrap_or(text).parse();
    number.map(NodeId).map_err(|_| format!("{text:?} is not a node: expected its number, such as 3 or n3"))
}

impl Args {
    pub(super) fn console(&self) -> Console {
        trace::console(self.json, self.trace.as_deref())
    }
}

pub(super) fn act(args: &Args, experiments: &[&dyn Experiment], console: &mut Console) -> Result<Exit, Stop> {
    let Loaded { reproducer, notes } = Reproducer::load(&args.file)?;
    notes.iter().for_each(|note| console.note(note));
    let experiment = admitted(experiments, &reproducer, &args.file)?;
    check_nodes(&args.nodes, &reproducer, experiment)?;
    let trace = trace::open(args.trace.as_deref(), args.json)?;
    let look = Look {
        until: args.until,
        nodes: args.nodes.clone(),
        tracer: trace.as_ref().map(Trace::tracer),
        ..Look::default()
    };
    let again = format!("{} replay {}", program(), quoted(&args.file.display().to_string()));
    let launch = Launch { experiment, scenario: &reproducer.scenario, plan: &reproducer.plan, again: &again };
    let shown = launch.timed(look, console)?;
    trace::finish(trace, args.trace.as_deref())?;
    report(args, &launch, &reproducer, &shown, notes, console)
}

/// The experiment that a reproducer is about, after its scenario and its plan have been checked: the file may have
/// been edited.
fn admitted<'e>(
    experiments: &[&'e dyn Experiment],
    reproducer: &Reproducer,
    path: &Path,
) -> Result<&'e dyn Experiment, Stop> {
    let place = |error: ScenarioError, section: &str| Stop::from(placed(path, error.under(section)));
    let mut scenario = reproducer.scenario.clone();
    scenario.seedstorm = FORMAT;
    let text = serde_json::to_string(&scenario).unwrap_or_default();
    let document = Document::parse(&text).map_err(|error| place(error, "scenario"))?;
    let experiment = admit(experiments, &document).map_err(|error| place(error, "scenario"))?;
    let cast = scenario.nodes.cast(experiment.groups()).map_err(|error| place(error, "scenario"))?;
    let checked = draw::validate(&reproducer.plan, &cast, &scenario.network.zones, scenario.run_for);
    checked.map_err(|error| place(ScenarioError::from(error), "plan"))?;
    Ok(experiment)
}

/// An error with its place in the reproducer's own file.
fn placed(path: &Path, error: ScenarioError) -> ScenarioError {
    let error = ScenarioError { place: None, ..error };
    match Document::load(path) {
        Ok(document) => document.place(error),
        Err(_) => ScenarioError { file: Some(path.display().to_string()), ..error },
    }
}

fn check_nodes(nodes: &[NodeId], reproducer: &Reproducer, experiment: &dyn Experiment) -> Result<(), Stop> {
    let cast: Cast = reproducer.scenario.nodes.cast(experiment.groups())?;
    match nodes.iter().find(|node| node.0 >= cast.len()) {
        Some(node) => {
            let last = NodeId(cast.len() - 1);
            Err(Stop::input(format!("--node: there is no node {node}; nodes are {} to {last}", NodeId(0))))
        }
        None => Ok(()),
    }
}

fn report(
    args: &Args,
    launch: &Launch<'_>,
    reproducer: &Reproducer,
    shown: &Shown,
    mut notes: Vec<String>,
    console: &mut Console,
) -> Result<Exit, Stop> {
    let outcome = &shown.outcome;
    let ink = console.ink();
    let cut_short = args.until.is_some_and(|until| {
        outcome.ended_at >= until && outcome.violation.is_none() && outcome.ending == Ending::Completed
    });
    // What a scenario expects matters to whoever looks for it, and not to whoever has found it.
    let judgement = if cut_short { Judgement::CutShort } else { judge(&Expect::Holds, outcome) };
    let comparison = (!cut_short).then(|| Comparison::of(reproducer, outcome));
    console.say(&comparison::heading(&args.file.display().to_string(), reproducer, ink));
    console.say(&course::text(launch.experiment, launch.scenario, outcome, ink));
    console.say(&verdict::text(launch.experiment, &judgement, outcome, ink));
    let story = launch.tell(outcome)?;
    if let Some(violation) = &outcome.violation {
        console.say(&story::text(&story, violation, ink));
    }
    console.say(&view::text(&shown.nodes, outcome.ended_at, ink));
    let differs = comparison.as_ref().is_some_and(|comparison| !comparison.differences.is_empty());
    let exit = if differs { Exit::Differed } else { Exit::from(&judgement) };
    if let Some(comparison) = &comparison {
        console.say(&comparison::text(comparison, reproducer, outcome, ink));
    }
    if let Some(until) = args.until.filter(|&until| outcome.ended_at < until) {
        let note = format!("the run ended at {}, before {until}", outcome.ended_at);
        console.note(&note);
        notes.push(note);
    }
    if console.is_json() {
        let source = args.file.display().to_string();
        let open = BTreeSet::new();
        let run = Character {
            experiment: launch.experiment,
            scenario: launch.scenario,
            plan: launch.plan,
            seed: reproducer.seed,
            source: &source,
            open: &open,
        };
        let mut account = Account::new(&run, &judgement, exit.code(), outcome);
        account.story = &story;
        account.nodes = &shown.nodes;
        notes.extend(course::notes(outcome));
        account.notes = &notes;
        account.comparison = comparison.as_ref();
        console.document(&account);
    }
    Ok(exit)
}
