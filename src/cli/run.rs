//! `run`: one seed of a scenario, and a readable account of it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::console::Console;
use super::exit::Exit;
use super::gate::of_sweeps;
use super::keep::{Keep, Kept, reproducer};
use super::launch::{Launch, Story, differed};
use super::output::Output;
use super::shell::{program, quoted};
use super::stop::Stop;
use super::telling::{self, Again};
use crate::campaign::sweep::is_sweep;
use crate::campaign::write_whole;
use crate::fault::FaultPlan;
use crate::lab::{self, Experiment, Look, Shown, admit};
use crate::params::unknown;
use crate::report::character::{self, Character, drawn_settings};
use crate::report::course;
use crate::report::document::Account;
use crate::report::files::SUFFIX;
use crate::report::story;
use crate::report::verdict::{self, Judgement, judge};
use crate::rng::Seed;
use crate::scenario::{Document, Scenario, ScenarioError};
use crate::sim::Outcome;

/// Runs one seed of a scenario, and gives an account of it
///
/// A run that breaks a property leaves a reproducer behind, which `replay` runs again.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The scenario file
    #[arg(value_name = "SCENARIO")]
    scenario: PathBuf,
    /// The seed that decides everything
    #[arg(long, value_name = "SEED", default_value = "0")]
    seed: Seed,
    /// Plants this mistake in the protocol, as "bug" in the scenario would (see `list bugs`)
    #[arg(long, value_name = "NAME")]
    bug: Option<String>,
    #[command(flatten)]
    keep: Keep,
    #[command(flatten)]
    pub(super) output: Output,
}

/// A scenario that has been checked, and what the seed drew for it.
struct Prepared<'e> {
    experiment: &'e dyn Experiment,
    scenario: Scenario,
    plan: FaultPlan,
    open: BTreeSet<String>,
    source: String,
    seed: Seed,
}

pub(super) fn act(args: &Args, experiments: &[&dyn Experiment], console: &mut Console) -> Result<Exit, Stop> {
    let prepared = prepare(args, experiments)?;
    args.keep.check(args.output.force)?;
    let traces = args.output.open(args.keep.file())?;
    console.say(&character::text(&prepared.character(), console.ink()));
    let (tracer, history) = (traces.tracer(), args.output.wants_history());
    let look = Look { tracer, traffic: true, history, ..Look::default() };
    let shown = args.output.finish(traces, prepared.launch().timed(look, console))?;
    report(args, &prepared, &shown, console)
}

fn prepare<'e>(args: &Args, experiments: &[&'e dyn Experiment]) -> Result<Prepared<'e>, Stop> {
    let mut document = Document::load(&args.scenario)?;
    if document.value().get("plan").is_some() && document.protocol().is_none() {
        let message = "this is a reproducer, not a scenario; a reproducer is run with `seedstorm replay`";
        return Err(document.place(ScenarioError::new("", message)).into());
    }
    if is_sweep(&document) {
        return Err(document.place(of_sweeps()).into());
    }
    let experiment = admit(experiments, &document)?;
    if let Some(bug) = &args.bug {
        check_bug(bug, experiment)?;
        document.plant(bug);
    }
    let (scenario, plan) = lab::prepare(experiment, &document, args.seed)?;
    let source = args.scenario.display().to_string();
    Ok(Prepared { experiment, scenario, plan, open: drawn_settings(document.value()), source, seed: args.seed })
}

fn check_bug(bug: &str, experiment: &dyn Experiment) -> Result<(), Stop> {
    let known = experiment.bugs().iter().map(|bug| bug.name);
    if known.clone().any(|name| name == bug) {
        return Ok(());
    }
    let what = format!("--bug: {} has no planted mistake {bug:?}", experiment.name());
    Err(Stop::input(unknown(&what, bug, known)))
}

impl Prepared<'_> {
    fn character(&self) -> Character<'_> {
        Character {
            experiment: self.experiment,
            scenario: &self.scenario,
            plan: &self.plan,
            seed: Some(self.seed),
            source: &self.source,
            open: &self.open,
        }
    }

    fn launch(&self) -> Launch<'_> {
        Launch { experiment: self.experiment, scenario: &self.scenario, plan: &self.plan }
    }
}

impl Prepared<'_> {
    /// Proves a run by another one, and yields its story and the plan that reproduces it. That is the plan as it came
    /// about, in which everything is bound; the drawn one, should binding have changed the run.
    fn prove(&self, outcome: &Outcome) -> Result<(Story, FaultPlan), Stop> {
        for plan in [&outcome.plan, &self.plan] {
            if let Some(story) = (Launch { plan, ..self.launch() }).retell(outcome)? {
                return Ok((story, plan.clone()));
            }
        }
        Err(differed())
    }

    fn write_page(
        &self,
        path: &Path,
        args: &Args,
        outcome: &Outcome,
        judgement: &Judgement,
        kept: Option<&Kept>,
    ) -> Result<(), Stop> {
        let file = format!("{}-{}{SUFFIX}", self.scenario.protocol, self.seed);
        let bug = args.bug.as_ref().map_or_else(String::new, |bug| format!(" --bug {}", quoted(bug)));
        let source = quoted(&self.source);
        let before = format!("{} run {source} --seed {}{bug} --keep --out {file}", program(), self.seed);
        let replay = kept.map_or_else(|| format!("{} replay {file}", program()), |kept| kept.replay.clone());
        let again = Again { replay: &replay, before: kept.is_none().then_some(before.as_str()) };
        let page = telling::page(&self.character(), outcome, judgement, &again, |look| self.launch().go(look))?;
        write_whole(path, page).map_err(|error| Stop::unwritable(path, &error))
    }
}

fn report(args: &Args, prepared: &Prepared<'_>, shown: &Shown, console: &mut Console) -> Result<Exit, Stop> {
    let Prepared { experiment, scenario, .. } = prepared;
    let outcome = &shown.outcome;
    let judgement = judge(&scenario.expect, outcome);
    let exit = Exit::from(&judgement);
    let ink = console.ink();
    console.say(&course::text(*experiment, scenario, outcome, ink));
    console.say(&verdict::text(*experiment, &judgement, outcome, ink));
    let mut notes = course::notes(outcome);
    let (story, kept) = if args.keep.wants(outcome) {
        let (story, plan) = prepared.prove(outcome)?;
        if let Some(violation) = &outcome.violation {
            console.say(&story::text(&story.told, story.heard, violation, ink));
        }
        let reproducer = reproducer(prepared.seed, scenario, &plan, outcome);
        (story, args.keep.leave(&reproducer, &mut notes, console)?)
    } else {
        (Story::default(), None)
    };
    if let Some(path) = args.output.report() {
        prepared.write_page(path, args, outcome, &judgement, kept.as_ref())?;
    }
    if let Some(kept) = &kept {
        console.say(&kept.text(ink));
    } else if outcome.is_endless() {
        console.note("--keep leaves a reproducer, and --trace shows what the events were");
    }
    if console.is_json() {
        let mut account = Account::new(&prepared.character(), &judgement, exit.code(), outcome);
        account.story = &story.told;
        account.notes = &notes;
        (account.reproducer, account.replay) = kept.map(|kept| (kept.path, kept.replay)).unzip();
        console.document(&account);
    }
    Ok(exit)
}
