//! `replay`: the same run again, proved by its digest; and a look inside.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::console::Console;
use super::exit::Exit;
use super::launch::{Launch, Story, differed};
use super::output::Output;
use super::shell::{program, quoted};
use super::stop::{Origin, Stop};
use super::telling::{self, Again};
use crate::campaign::write_whole;
use crate::fault::draw;
use crate::ids::NodeId;
use crate::lab::{Experiment, Look, Shown, admit};
use crate::process::Cast;
use crate::report::character::Character;
use crate::report::comparison::{self, Comparison};
use crate::report::document::Account;
use crate::report::verdict::{self, Judgement, judge};
use crate::report::{course, story, view};
use crate::scenario::{Document, Expect, FORMAT, Loaded, Reproducer, ScenarioError, open_settings};
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
    #[command(flatten)]
    pub(super) output: Output,
}

/// A node as a person writes it: `3` or `n3`.
fn node(text: &str) -> Result<NodeId, String> {
    let number = text.strip_prefix('n').unwrap_or(text).parse();
    number.map(NodeId).map_err(|_| format!("{text:?} is not a node: expected its number, such as 3 or n3"))
}

pub(super) fn act(args: &Args, experiments: &[&dyn Experiment], console: &mut Console) -> Result<Exit, Stop> {
    let (reproducer, experiment, notes) = open(&args.file, experiments)?;
    notes.iter().for_each(|note| console.note(note));
    check_nodes(&args.nodes, &reproducer, experiment)?;
    let traces = args.output.open(None)?;
    let look = Look {
        until: args.until,
        nodes: args.nodes.clone(),
        tracer: traces.tracer(),
        traffic: true,
        history: args.output.wants_history(),
        ..Look::default()
    };
    let launch = Launch { experiment, scenario: &reproducer.scenario, plan: &reproducer.plan };
    let shown = args.output.finish(traces, launch.timed(look, console))?;
    if let Some(until) = args.until.filter(|&until| shown.outcome.ended_at < until) {
        console.note(&format!("the run ends at {}, before {until}", shown.outcome.ended_at));
    }
    report(args, &launch, &reproducer, &shown, notes, console)
}

/// A reproducer from its file, its experiment, and what a person should know of it. What only another version knows is
/// left out.
pub(super) fn open<'e>(
    file: &Path,
    experiments: &[&'e dyn Experiment],
) -> Result<(Reproducer, &'e dyn Experiment, Vec<String>), Stop> {
    let Loaded { mut reproducer, mut notes } = Reproducer::load(file)?;
    loop {
        match admitted(experiments, &reproducer, file) {
            Ok(experiment) => return Ok((reproducer, experiment, notes)),
            Err(stop) => {
                let Origin::Scenario(error) = &stop.origin else { return Err(stop) };
                let Some(note) = reproducer.leave_out(error) else { return Err(stop) };
                notes.push(format!("{}: {note}", file.display()));
            }
        }
    }
}

/// The experiment that a reproducer is about, after its scenario and its plan have been checked: the file may have
/// been edited.
pub(super) fn admitted<'e>(
    experiments: &[&'e dyn Experiment],
    reproducer: &Reproducer,
    path: &Path,
) -> Result<&'e dyn Experiment, Stop> {
    let place = |error: ScenarioError, section: &str| Stop::from(placed(path, error.under(section)));
    let mut scenario = reproducer.scenario.clone();
    scenario.seedstorm = FORMAT;
    let value = serde_json::to_value(&scenario).unwrap_or_default();
    if let Some(path) = open_settings(&value).pop_first() {
        let message = "a reproducer states one value for each setting; nothing in it is drawn again";
        return Err(place(ScenarioError::new(path, message), "scenario"));
    }
    let text = serde_json::to_string(&scenario).unwrap_or_default();
    let document = Document::parse(&text).map_err(|error| place(error, "scenario"))?;
    let experiment = admit(experiments, &document).map_err(|error| place(error, "scenario"))?;
    let cast = scenario.nodes.cast(experiment.groups()).map_err(|error| place(error, "scenario"))?;
    let checked = draw::validate(&reproducer.plan, &cast, &scenario.network.zones, scenario.run_for);
    let checked = checked.and_then(|()| experiment.names().check_plan(&reproducer.plan));
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

/// What a replay showed, and what to make of it.
struct Found<'a> {
    reproducer: &'a Reproducer,
    shown: &'a Shown,
    judgement: Judgement,
    /// None if it was stopped before its end.
    comparison: Option<Comparison>,
    story: Story,
    notes: Vec<String>,
    exit: Exit,
}

fn report(
    args: &Args,
    launch: &Launch<'_>,
    reproducer: &Reproducer,
    shown: &Shown,
    notes: Vec<String>,
    console: &mut Console,
) -> Result<Exit, Stop> {
    let found = found(args, launch, reproducer, shown, notes)?;
    if let Some(path) = args.output.report() {
        let replay = format!("{} replay {}", program(), quoted(&args.file.display().to_string()));
        let again = Again { replay: &replay, before: None };
        let source = args.file.display().to_string();
        let run = character(launch, reproducer, &source);
        let repeat = |look: Look<'_>| launch.go(Look { until: args.until, ..look });
        let page = telling::page(&run, &shown.outcome, &found.judgement, &again, repeat)?;
        write_whole(path, page).map_err(|error| Stop::unwritable(path, &error))?;
    }
    if console.is_json() {
        document(args, launch, &found, console);
    } else {
        account(args, launch, &found, console);
    }
    Ok(found.exit)
}

fn found<'a>(
    args: &Args,
    launch: &Launch<'_>,
    reproducer: &'a Reproducer,
    shown: &'a Shown,
    mut notes: Vec<String>,
) -> Result<Found<'a>, Stop> {
    let outcome = &shown.outcome;
    let cut_short = outcome.ending == Ending::Completed && args.until.is_some_and(|until| outcome.ended_at >= until);
    // What a scenario expects matters to whoever looks for it, and not to whoever has found it.
    let judgement = if cut_short { Judgement::CutShort } else { judge(&Expect::Holds, outcome) };
    let comparison = (!cut_short).then(|| Comparison::of(reproducer, outcome));
    let differs = comparison.as_ref().is_some_and(|comparison| !comparison.differences.is_empty());
    let exit = match (&reproducer.verdict, &outcome.violation) {
        // Revisions differ, that is what they are: a bisection asks whether the same property still breaks.
        (Some(was), Some(is)) if args.output.bisect && was.property != is.property => Exit::Differed,
        _ if differs && !args.output.bisect => Exit::Differed,
        _ => Exit::from(&judgement),
    };
    let story = match outcome.violation {
        // Of what never ends there is no story, and very much to listen to.
        Some(_) if !outcome.is_endless() => launch.retell(outcome)?.ok_or_else(differed)?,
        _ => Story::default(),
    };
    notes.extend(course::notes(outcome));
    Ok(Found { reproducer, shown, judgement, comparison, story, notes, exit })
}

fn account(args: &Args, launch: &Launch<'_>, found: &Found<'_>, console: &mut Console) {
    let Found { reproducer, shown, judgement, comparison, story, .. } = found;
    let outcome = &shown.outcome;
    let ink = console.ink();
    console.say(&comparison::heading(&args.file.display().to_string(), reproducer, ink));
    console.say(&course::text(launch.experiment, launch.scenario, outcome, ink));
    console.say(&view::text(&shown.nodes, outcome.ended_at, ink));
    console.say(&verdict::text(launch.experiment, judgement, outcome, ink));
    if let Some(violation) = &outcome.violation {
        console.say(&story::text(&story.told, story.heard, violation, ink));
    }
    if let Some(comparison) = comparison {
        console.say(&comparison::text(comparison, reproducer, outcome, ink));
    }
}

fn character<'a>(launch: &Launch<'a>, reproducer: &Reproducer, source: &'a str) -> Character<'a> {
    static NOTHING: BTreeSet<String> = BTreeSet::new();
    let Launch { experiment, scenario, plan } = *launch;
    Character { experiment, scenario, plan, seed: reproducer.seed, source, open: &NOTHING }
}

fn document(args: &Args, launch: &Launch<'_>, found: &Found<'_>, console: &mut Console) {
    let source = args.file.display().to_string();
    let run = character(launch, found.reproducer, &source);
    let mut account = Account::new(&run, &found.judgement, found.exit.code(), &found.shown.outcome);
    account.story = &found.story.told;
    account.nodes = &found.shown.nodes;
    account.notes = &found.notes;
    account.comparison = found.comparison.as_ref();
    console.document(&account);
}
