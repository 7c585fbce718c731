//! Failing cases that were kept: reproducers as runs left them, and scenarios that were shrunk. Each says whether it
//! still fails.

use std::path::Path;

use super::console::Console;
use super::gate::collect;
use super::interrupt;
use super::replay;
use super::stop::Stop;
use crate::campaign::{Job, Old, Relapse, Run, Verdict, account};
use crate::lab::{Experiment, Look};
use crate::quiet::quietly;
use crate::report::course;
use crate::rng::Seed;
use crate::scenario::{Document, Expect};
use crate::sim::Failure;

/// Runs all of a folder, and tells of each.
pub(super) fn run(folder: &Path, experiments: &[&dyn Experiment], console: &mut Console) -> Result<Vec<Old>, Stop> {
    let refuse = |why: String| Stop::input(format!("--corpus: {}: {why}", folder.display()));
    if !folder.is_dir() {
        return Err(refuse("there is no such folder".to_owned()));
    }
    let mut files = Vec::new();
    collect(folder, &mut files).map_err(|error| refuse(error.to_string()))?;
    if files.is_empty() {
        return Err(refuse("the folder holds no reproducer (*.json)".to_owned()));
    }
    let kept: Vec<Old> = files.iter().map_while(|file| one(file, experiments, console)).collect();
    console.say(&account::corpus(&kept, console.ink()));
    Ok(kept)
}

/// Nothing if it was interrupted.
fn one(file: &Path, experiments: &[&dyn Experiment], console: &Console) -> Option<Old> {
    let name = file.display().to_string();
    let again = quietly(|| again(file, experiments, console));
    match again.unwrap_or_else(|panic| Err(Stop::input(format!("before its first event it {}", panic.evidence())))) {
        Ok((was, run)) => run.map(|run| Old { file: name, now: state(was.as_deref(), &run), was }),
        Err(stop) => Some(Old { file: name, was: None, now: Relapse::Unusable { error: stop.message } }),
    }
}

/// What it broke when it was kept, if it says that, and what it comes to now.
fn again(
    file: &Path,
    experiments: &[&dyn Experiment],
    console: &Console,
) -> Result<(Option<String>, Option<Run>), Stop> {
    let stop = interrupt::watched();
    let document = Document::load(file)?;
    if document.value().get("plan").is_none() {
        return Ok((None, Job::new(experiments, document)?.run(Seed(0), stop)?));
    }
    let (reproducer, experiment, notes) = replay::open(file, experiments)?;
    let seed = reproducer.seed.unwrap_or(Seed(0));
    let was = reproducer.verdict.as_ref().map(|verdict| verdict.property.clone());
    let look = Look { stop: Some(stop), ..Look::default() };
    let shown = experiment.run(&reproducer.scenario, reproducer.plan.clone(), look)?;
    // Of what is fixed in its plan, some may not come about any more.
    let file = file.display();
    let stale = course::notes(&shown.outcome).into_iter().map(|note| format!("{file}: {note}"));
    notes.into_iter().chain(stale).for_each(|note| console.note(&note));
    Ok((was, (!shown.interrupted).then(|| Run::of(seed, &Expect::Holds, &shown.outcome))))
}

fn state(was: Option<&str>, run: &Run) -> Relapse {
    match &run.verdict {
        Verdict::Holds | Verdict::AsExpected { .. } | Verdict::NotShown => Relapse::Fixed,
        Verdict::Failed(Failure { property, kind, .. }) if was.is_none_or(|was| was == property) => {
            Relapse::Broken { property: property.clone(), kind: *kind }
        }
        Verdict::Failed(Failure { property, kind, .. }) => Relapse::Other { property: property.clone(), kind: *kind },
    }
}
