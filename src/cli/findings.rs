//! What is kept of a campaign's findings: for each a reproducer, and the smallest scenario that still shows it.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use super::keep::{name, reproducer};
use super::shell::{program, quoted};
use super::shrink::{beside, with_ending};
use super::stop::Stop;
use super::telling::{self, Again};
use crate::campaign::shrink::{self, Effort, Watch};
use crate::campaign::{Course, Difference, Job, Kept, Sighting, write_whole};
use crate::lab::Look;
use crate::quiet::quietly;
use crate::report::character::{Character, drawn_settings};
use crate::report::files::{free, save_beside};
use crate::report::layout::many;
use crate::report::verdict::judge;
use crate::rng::Seed;
use crate::scenario::Reproducer;
use crate::sim::Outcome;

#[derive(Debug, clap::Args)]
pub(super) struct Keeping {
    /// The folder for reproducers and shrunk scenarios; it is made when there is something to keep
    #[arg(long, value_name = "FOLDER", default_value = "failures")]
    out: PathBuf,
    /// Keeps reproducers as they are, without looking for smaller ones
    #[arg(long)]
    no_shrink: bool,
    /// Writes no page beside each reproducer
    #[arg(long)]
    no_reports: bool,
}

/// What may end a search early, and who hears how it gets on.
pub(super) type Watched<'a> = (&'a AtomicBool, &'a dyn Watch);

impl Keeping {
    pub(super) fn folder(&self) -> &Path {
        &self.out
    }

    /// What cannot be written is said before the first run and not after the last.
    pub(super) fn check(&self) -> Result<(), Stop> {
        if self.out.exists() && !self.out.is_dir() {
            return Err(Stop::input(format!("--out: {} is there and is no folder", self.out.display())));
        }
        Ok(())
    }

    /// Keeps the cheapest run of each finding. What could be kept before an error stays.
    pub(super) fn keep(&self, job: &Job<'_>, course: &mut Course, watched: Watched<'_>) -> Result<(), Stop> {
        let stem = stem(&course.file);
        for finding in &mut course.tally.findings {
            let Sighting { seed, digest, .. } = finding.cheapest;
            let (again, outcome) = quietly(|| self.again(job, seed)).map_err(|panic| {
                Stop::input(format!("seed {seed} panics before its first event: {}", panic.evidence()))
            })??;
            if again.digest == Some(digest) {
                finding.kept = Some(self.one(job, &stem, (&again, &outcome), watched)?);
            } else {
                let what = "it failed, and came to something else when it was run again".to_owned();
                course.recheck.differed.push(Difference { seed, what, parting: None });
            }
        }
        Ok(())
    }

    /// Runs a seed again, for its reproducer.
    fn again(&self, job: &Job<'_>, seed: Seed) -> Result<(Reproducer, Outcome), Stop> {
        let (scenario, plan) = job.prepare(seed)?;
        let shown = job.experiment.run(&scenario, plan.clone(), Look::default())?;
        Ok((reproducer(seed, &scenario, &plan, &shown.outcome), shown.outcome))
    }

    fn one(
        &self,
        job: &Job<'_>,
        stem: &str,
        (reproducer, outcome): (&Reproducer, &Outcome),
        watched: Watched<'_>,
    ) -> Result<Kept, Stop> {
        std::fs::create_dir_all(&self.out).map_err(|error| Stop::unwritable(&self.out, &error))?;
        let place = self.out.join(format!("{stem}-{}", name(reproducer)));
        let path = save_beside(reproducer, &place).map_err(|error| Stop::unwritable(&place, &error))?;
        let reproducer_path = path.display().to_string();
        let replay = format!("{} replay {}", program(), quoted(&reproducer_path));
        let again = Again { replay: &replay, before: None };
        let report = if self.no_reports || outcome.is_endless() {
            // Of what never ends there is very much to look at, and nothing that shows it better than its account.
            None
        } else {
            Some(report(job, (reproducer, outcome), &path, &again)?)
        };
        let (shrunk, why) = if self.no_shrink { (None, None) } else { smallest(job, reproducer, &path, watched)? };
        Ok(Kept { reproducer: reproducer_path, replay, report, shrunk, why })
    }
}

/// The name of the scenario's file, which two protocols or profiles may share.
fn stem(file: &str) -> String {
    let stem = Path::new(file).file_stem().map(|stem| stem.to_string_lossy().into_owned());
    stem.unwrap_or_else(|| "scenario".to_owned())
}

/// The file of the page of a run, beside its reproducer.
fn report(
    job: &Job<'_>,
    (reproducer, outcome): (&Reproducer, &Outcome),
    path: &Path,
    again: &Again<'_>,
) -> Result<String, Stop> {
    let source = job.document.file().unwrap_or_default();
    let open = drawn_settings(job.document.value());
    let run = Character {
        experiment: job.experiment,
        scenario: &reproducer.scenario,
        plan: &reproducer.plan,
        seed: reproducer.seed,
        source,
        open: &open,
    };
    let judgement = judge(&reproducer.scenario.expect, outcome);
    let repeat = |look: Look<'_>| Ok(job.experiment.run(run.scenario, run.plan.clone(), look)?);
    let page = telling::page(&run, outcome, &judgement, again, repeat)?;
    let (place, is_there) = free(&with_ending(path, ".report.html"), |there| there == page);
    if !is_there {
        write_whole(&place, page).map_err(|error| Stop::unwritable(&place, &error))?;
    }
    Ok(place.display().to_string())
}

/// The file of the smallest scenario, and why it breaks; or why there is none.
fn smallest(
    job: &Job<'_>,
    reproducer: &Reproducer,
    path: &Path,
    (stop, watch): Watched<'_>,
) -> Result<(Option<String>, Option<String>), Stop> {
    /// For fewer runs than this no search is begun.
    const RUNS_LEAST: u64 = 10;
    // Counted in events, so that what comes out does not depend on how fast the machine is.
    let effort = Effort::default();
    let events = reproducer.events.unwrap_or_default();
    if events > effort.events / RUNS_LEAST {
        let why = format!("not shrunk: one run has {}; {} shrink takes its time", many(events, "event"), program());
        return Ok((None, Some(why)));
    }
    // It broke twice. What it leaves may still not be a case by itself: clients may stand as no scenario says.
    let Ok(shrunk) = shrink::shrink(job.experiment, reproducer, effort, stop, watch) else {
        return Ok((None, None));
    };
    let text = shrink::text(&shrunk.scenario);
    let (place, is_there) = free(&beside(path), |there| there == text);
    if !is_there {
        write_whole(&place, text).map_err(|error| Stop::unwritable(&place, &error))?;
    }
    Ok((Some(place.display().to_string()), Some(shrunk.why)))
}
