//! Failing cases that were kept: reproducers as runs left them, and scenarios that were shrunk. Each says whether it
//! still fails.

use std::path::Path;
use std::sync::atomic::Ordering;

use super::console::Console;
use super::gate::collect;
use super::interrupt;
use super::stop::Stop;
use crate::campaign::{Job, Old, Relapse, Run, Verdict, account};
use crate::lab::{Experiment, Look};
use crate::rng::Seed;
use crate::scenario::{Document, Expect, Loaded, Reproducer};
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
    let left = files.iter().take_while(|_| !interrupt::watched().load(Ordering::Relaxed));
    let kept: Vec<Old> = left.map(|file| one(file, experiments)).collect();
    console.say(&account::corpus(&kept, console.ink()));
    Ok(kept)
}

fn one(file: &Path, experiments: &[&dyn Experiment]) -> Old {
    let name = file.display().to_string();
    match again(file, experiments) {
        Ok((was, run)) => Old { file: name, now: state(was.as_deref(), &run), was },
        Err(stop) => Old { file: name, was: None, now: Relapse::Unusable { error: stop.message } },
    }
}

/// What it broke when it was kept, if it says that, and what it comes to now.
fn again(file: &Path, experiments: &[&dyn Experiment]) -> Result<(Option<String>, Run), Stop> {
    let document = Document::load(file)?;
    if document.value().get("plan").is_none() {
        let run = Job::new(experiments, document)?.run(Seed(0), interrupt::watched())?;
        let run = run.ok_or_else(|| Stop::input("interrupted"))?;
        return Ok((None, run));
    }
    let Loaded { reproducer, .. } = Reproducer::load(file)?;
    let experiment = super::replay::admitted(experiments, &reproducer, file)?;
    let seed = reproducer.seed.unwrap_or(Seed(0));
    let was = reproducer.verdict.as_ref().map(|verdict| verdict.property.clone());
    let shown = experiment.run(&reproducer.scenario, reproducer.plan.clone(), Look::default())?;
    Ok((was, Run::of(seed, &Expect::Holds, &shown.outcome)))
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
