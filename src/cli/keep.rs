//! Where the reproducer of a run goes.

use std::io;
use std::path::{Path, PathBuf};

use super::console::Console;
use super::output::replaceable;
use super::shell::{program, quoted};
use super::stop::Stop;
use crate::report::Ink;
use crate::report::files::{self, SUFFIX};
use crate::report::layout::Tone;
use crate::rng::Seed;
use crate::scenario::{FORMAT, REVISION, Reproducer, folder_of};
use crate::sim::Outcome;

#[derive(Debug, clap::Args)]
pub(super) struct Keep {
    /// Where the reproducer of a failing run goes: a file, or a folder that is there
    ///
    /// Left out, it is ./PROTOCOL-PROPERTY-SEED.reproducer.json, with a number behind it if that name is taken.
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,
    /// Leaves a reproducer of a run that breaks nothing, too
    #[arg(long)]
    keep: bool,
}

/// A reproducer that was written.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) path: String,
    /// The command that replays it.
    pub(super) replay: String,
}

impl Keep {
    /// What cannot be written is said before the run and not after it.
    pub(super) fn check(&self, force: bool) -> Result<(), Stop> {
        let Some(out) = &self.out else { return Ok(()) };
        let folder = if out.is_dir() { out.as_path() } else { folder_of(out) };
        if !folder.is_dir() {
            return Err(Stop::input(format!("--out: there is no folder {}", folder.display())));
        }
        if out.is_dir() { Ok(()) } else { replaceable(out, "--out", force) }
    }

    /// The file that was named for it, if one was.
    pub(super) fn file(&self) -> Option<&Path> {
        self.out.as_deref().filter(|out| !out.is_dir())
    }

    /// Whether a run leaves a reproducer. One that did not end may be very long: its reproducer has to be asked for.
    pub(super) fn wants(&self, outcome: &Outcome) -> bool {
        self.keep || outcome.violation.is_some() && !outcome.is_endless()
    }

    /// Writes a reproducer. Where it fails and no place was asked for, that is a note: what was found is worth more
    /// than where it could not be put.
    pub(super) fn leave(
        &self,
        reproducer: &Reproducer,
        notes: &mut Vec<String>,
        console: &Console,
    ) -> Result<Option<Kept>, Stop> {
        let path = self.place(reproducer);
        match self.save(reproducer, &path) {
            Ok(path) => Ok(Some(Kept::at(&path))),
            Err(error) if self.out.is_some() => Err(Stop::unwritable(&path, &error)),
            Err(error) => {
                let note = format!("no reproducer was written ({}: {error}); give --out", path.display());
                console.note(&note);
                notes.push(note);
                Ok(None)
            }
        }
    }

    fn place(&self, reproducer: &Reproducer) -> PathBuf {
        match (self.file(), &self.out) {
            (Some(file), _) => file.to_owned(),
            (None, Some(folder)) => folder.join(name(reproducer)),
            (None, None) => PathBuf::from(name(reproducer)),
        }
    }

    /// Only a file that was named may be replaced.
    fn save(&self, reproducer: &Reproducer, path: &Path) -> io::Result<PathBuf> {
        if self.file().is_some() {
            return reproducer.save(path).map(|()| path.to_owned());
        }
        files::save_beside(reproducer, path)
    }
}

pub(super) fn name(reproducer: &Reproducer) -> String {
    let property = reproducer.verdict.as_ref().map_or("run", |failure| failure.property.as_str());
    let seed = reproducer.seed.map_or_else(String::new, |seed| format!("-{seed}"));
    format!("{}-{property}{seed}{SUFFIX}", reproducer.scenario.protocol)
}

impl Kept {
    fn at(path: &Path) -> Self {
        let path = path.display().to_string();
        Self { replay: format!("{} replay {}", program(), quoted(&path)), path }
    }

    /// Where it is, and what to do with it, as text.
    pub(super) fn text(&self, ink: Ink) -> String {
        let label = |label: &str| ink.paint(Tone::Aside, &format!("{label:<13}"));
        let command = ink.paint(Tone::Heading, &self.replay);
        format!("\n  {}{}\n  {}{command}\n", label("reproducer"), self.path, label("replay it:"))
    }
}

/// What a run leaves behind.
pub(super) fn reproducer(
    seed: Seed,
    scenario: &crate::scenario::Scenario,
    plan: &crate::fault::FaultPlan,
    outcome: &Outcome,
) -> Reproducer {
    Reproducer {
        seedstorm: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        revision: REVISION.map(str::to_owned),
        seed: Some(seed),
        scenario: scenario.clone(),
        plan: plan.clone(),
        verdict: outcome.failure(),
        digest: Some(outcome.digest),
        events: Some(outcome.events),
    }
}
