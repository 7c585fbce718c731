//! What is kept of a campaign's findings: for each a reproducer, and the smallest scenario that still shows it.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use super::keep::{name, reproducer};
use super::shell::{program, quoted};
use super::shrink::beside;
use super::stop::Stop;
use crate::campaign::shrink::{self, Effort, Unwatched};
use crate::campaign::{Course, Fault, Finding, Job, Kept, quietly, write_whole};
use crate::fault::FaultPlan;
use crate::lab::Look;
use crate::report::files::save_beside;
use crate::rng::Seed;
use crate::scenario::{FORMAT, REVISION, Reproducer, Scenario};

#[derive(Debug, clap::Args)]
pub(super) struct Keeping {
    /// The folder for reproducers and shrunk scenarios; it is made when there is something to keep
    #[arg(long, value_name = "FOLDER", default_value = "failures")]
    out: PathBuf,
    /// Keeps reproducers as they are, without looking for smaller ones
    #[arg(long)]
    no_shrink: bool,
}

impl Keeping {
    /// What cannot be written is said before the first run and not after the last.
    pub(super) fn check(&self) -> Result<(), Stop> {
        if self.out.exists() && !self.out.is_dir() {
            return Err(Stop::input(format!("--out: {} is there and is no folder", self.out.display())));
        }
        Ok(())
    }
}

/// The findings of one scenario.
pub(super) struct Findings<'a> {
    job: &'a Job<'a>,
    course: &'a Course,
}

impl<'a> Findings<'a> {
    pub(super) fn of(job: &'a Job<'a>, course: &'a Course) -> Self {
        Self { job, course }
    }

    /// Keeps the cheapest run of each.
    pub(super) fn keep(&self, keeping: &Keeping, stop: &AtomicBool) -> Result<Vec<Kept>, Stop> {
        self.course.tally.findings.iter().map(|finding| self.one(finding, keeping, stop)).collect()
    }

    fn one(&self, finding: &Finding, keeping: &Keeping, stop: &AtomicBool) -> Result<Kept, Stop> {
        let seed = finding.cheapest.seed;
        let (scenario, plan) = self.job.prepare(seed)?;
        let shown = quietly(|| self.job.experiment.run(&scenario, plan.clone(), Look::default()));
        let reproducer = match shown {
            Ok(shown) => reproducer(seed, &scenario, &plan, &shown?.outcome),
            Err(_) => of_panic(seed, scenario, plan),
        };
        std::fs::create_dir_all(&keeping.out).map_err(|error| Stop::unwritable(&keeping.out, &error))?;
        let place = keeping.out.join(format!("{}-{}", self.stem(), name(&reproducer)));
        let path = save_beside(&reproducer, &place).map_err(|error| Stop::unwritable(&place, &error))?;
        let path = path.display().to_string();
        let mut kept = Kept {
            replay: format!("{} replay {}", program(), quoted(&path)),
            reproducer: path.clone(),
            ..Kept::default()
        };
        let broke = matches!(finding.shape.fault, Fault::Safety | Fault::Liveness);
        if broke && !keeping.no_shrink {
            self.shrink(&reproducer, Path::new(&path), stop, &mut kept)?;
        }
        Ok(kept)
    }

    /// The name of the scenario's file, which two protocols or profiles may share.
    fn stem(&self) -> String {
        let stem = Path::new(&self.course.file).file_stem().map(|stem| stem.to_string_lossy().into_owned());
        stem.unwrap_or_else(|| "scenario".to_owned())
    }

    fn shrink(&self, reproducer: &Reproducer, path: &Path, stop: &AtomicBool, kept: &mut Kept) -> Result<(), Stop> {
        // Counted in events, so that what comes out does not depend on how fast the machine is.
        let shrunk = shrink::shrink(self.job.experiment, reproducer, Effort::default(), stop, &Unwatched);
        // It has just broken: if it does not again, that is a matter of determinism, which is judged elsewhere.
        let Ok(shrunk) = shrunk else { return Ok(()) };
        let place = beside(path);
        write_whole(&place, &shrink::text(&shrunk.scenario)).map_err(|error| Stop::unwritable(&place, &error))?;
        kept.shrunk = Some(place.display().to_string());
        kept.why = Some(shrunk.why);
        Ok(())
    }
}

/// A run that panicked has no outcome; its scenario and its plan are all that running it again needs.
fn of_panic(seed: Seed, scenario: Scenario, plan: FaultPlan) -> Reproducer {
    Reproducer {
        seedstorm: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        revision: REVISION.map(str::to_owned),
        seed: Some(seed),
        scenario,
        plan,
        verdict: None,
        digest: None,
        events: None,
    }
}
