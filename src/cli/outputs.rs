//! What `gate` and `merge` put out beside their account: results for other shards, JUnit, and what GitHub shows.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::console::Console;
use super::output::replaceable;
use super::stop::Stop;
use crate::campaign::{Results, github, junit, write_whole};
use crate::scenario::folder_of;

#[derive(Debug, clap::Args)]
pub(super) struct Outputs {
    /// Writes the results to this file, for `merge`
    #[arg(long, value_name = "FILE")]
    results: Option<PathBuf>,
    /// Writes a report in JUnit's format to this file
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Lets files that are named, and are there already, be replaced
    #[arg(long)]
    pub(super) force: bool,
    /// Prints the results as one JSON document instead of the account
    #[arg(long)]
    pub(super) json: bool,
}

impl Outputs {
    /// What cannot be written is said before the first run and not after the last.
    pub(super) fn check(&self) -> Result<(), Stop> {
        for (option, path) in [("--results", &self.results), ("--junit", &self.junit)] {
            let Some(path) = path else { continue };
            let folder = folder_of(path);
            if !folder.is_dir() {
                return Err(Stop::input(format!("{option}: there is no folder {}", folder.display())));
            }
            replaceable(path, option, self.force)?;
        }
        if self.results.is_some() && self.results == self.junit {
            return Err(Stop::input("--results and --junit name one file; give them two"));
        }
        Ok(())
    }

    /// A sweep has files of its own.
    pub(super) fn refuse_for_sweeps(&self) -> Result<(), Stop> {
        let given =
            [("--results", &self.results), ("--junit", &self.junit)].into_iter().find(|(_, file)| file.is_some());
        given.map_or(Ok(()), |(option, _)| {
            Err(Stop::input(format!("{option}: is for campaigns; the results of a sweep go to --out FOLDER")))
        })
    }

    /// Everything that was asked for, and what GitHub asks for when running there. What cannot be written keeps nothing
    /// else from being.
    pub(super) fn write(&self, results: &Results, console: &mut Console) -> Result<(), Stop> {
        let saved = self
            .results
            .as_ref()
            .map_or(Ok(()), |path| results.save(path).map_err(|error| Stop::unwritable(path, &error)));
        let reported = self.junit.as_ref().map_or(Ok(()), |path| {
            let xml = junit::xml(results).map_err(|error| Stop::input(format!("{}: {error}", path.display())))?;
            write_whole(path, xml).map_err(|error| Stop::unwritable(path, &error))
        });
        if std::env::var_os("GITHUB_ACTIONS").is_some_and(|on| on == "true") {
            // Of both streams GitHub takes commands.
            if console.is_json() {
                console.aside(&github::annotations(results));
            } else {
                console.put(&github::annotations(results));
            }
        }
        if let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").map(PathBuf::from) {
            append(&path, &github::summary(results), console);
        }
        saved.and(reported)
    }
}

/// Others write there too. A summary that cannot be written is no reason to fail.
fn append(path: &Path, text: &str, console: &Console) {
    let file = OpenOptions::new().append(true).create(true).open(path);
    if let Err(error) = file.and_then(|mut file| file.write_all(text.as_bytes())) {
        console.note(&format!("the summary of the step was not written ({}: {error})", path.display()));
    }
}
