//! What `run` and `replay` put out beside their account: a document, a trace of every event, a code for bisecting.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::console::Console;
use super::stop::Stop;
use crate::lab::Shown;
use crate::recorded::{Event, Format};
use crate::report::files::{self, Trace};
use crate::scenario::folder_of;

#[derive(Debug, clap::Args)]
pub(super) struct Output {
    /// Writes every event to this file as JSON, one a line; "-" is standard output
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Writes what clients saw to this file, which `history` and Jepsen's tools read: FILE.edn or FILE.jsonl
    #[arg(long, value_name = "FILE")]
    history: Option<PathBuf>,
    /// Lets files that are named, and are there already, be replaced
    #[arg(long)]
    pub(super) force: bool,
    /// Prints one JSON document instead of the account
    #[arg(long)]
    json: bool,
    /// Ends with 1 for any broken property and 125 where nothing can be said, for `git bisect run`
    #[arg(long)]
    pub(super) bisect: bool,
}

impl Output {
    /// The console of a command that may write a trace.
    pub(super) fn console(&self) -> Console {
        let console = Console::new(self.json);
        if self.is_stdout() { console.leaving_stdout() } else { console }
    }

    fn is_stdout(&self) -> bool {
        self.trace.as_deref() == Some(Path::new("-"))
    }

    /// The trace, if one is wanted, before the run that it is of. `other` is a file that is written too.
    pub(super) fn open(&self, other: Option<&Path>) -> Result<Option<Trace>, Stop> {
        self.check_history(other)?;
        let Some(path) = self.trace.as_deref() else { return Ok(None) };
        if self.is_stdout() {
            if self.json {
                return Err(Stop::input("--trace -: standard output belongs to --json; give the trace a file"));
            }
            return Ok(Some(Trace::into_stream(Box::new(std::io::stdout()))));
        }
        if other.is_some_and(|other| files::is_same(path, other)) {
            return Err(Stop::input(format!("--trace: {} is where --out goes; give it another name", path.display())));
        }
        replaceable(path, "--trace", self.force)?;
        Trace::into_file(path).map(Some).map_err(|error| Stop::unwritable(path, &error))
    }

    fn check_history(&self, other: Option<&Path>) -> Result<(), Stop> {
        let Some(path) = self.history.as_deref() else { return Ok(()) };
        if files::history_format(path).is_none() {
            let message = format!("--history: {}: a history is FILE.edn or FILE.jsonl", path.display());
            return Err(Stop::input(message));
        }
        for (other, option) in [(other, "--out"), (self.trace.as_deref(), "--trace")] {
            if other.is_some_and(|other| files::is_same(path, other)) {
                let message = format!("--history: {} is where {option} goes; give it another name", path.display());
                return Err(Stop::input(message));
            }
        }
        let folder = folder_of(path);
        if !folder.is_dir() {
            return Err(Stop::input(format!("--history: there is no folder {}", folder.display())));
        }
        replaceable(path, "--history", self.force)
    }

    /// Whether what clients saw is to be told.
    pub(super) fn wants_history(&self) -> bool {
        self.history.is_some()
    }

    fn save_history(&self, events: &[Event]) -> Result<(), Stop> {
        let Some(path) = self.history.as_deref() else { return Ok(()) };
        let format = files::history_format(path).unwrap_or(Format::Jsonl);
        files::save_history(events, path, format).map_err(|error| Stop::unwritable(path, &error))
    }

    /// What the run showed, once its trace is there, whole. Of a run that was interrupted there is none.
    pub(super) fn finish(&self, trace: Option<Trace>, run: Result<Shown, Stop>) -> Result<Shown, Stop> {
        let shown = run?;
        self.save_history(&shown.history)?;
        match (trace.map(Trace::finish), self.trace.as_deref()) {
            (Some(Err(error)), Some(path)) if error.kind() != ErrorKind::BrokenPipe => {
                Err(Stop::unwritable(path, &error))
            }
            _ => Ok(shown),
        }
    }
}

/// A file that is there is replaced only if that was asked for.
pub(super) fn replaceable(path: &Path, option: &str, force: bool) -> Result<(), Stop> {
    if path.exists() && !path.is_file() {
        return Err(Stop::input(format!("{option}: {} is no file that can be replaced", path.display())));
    }
    if path.exists() && !force {
        return Err(Stop::input(format!("{option}: {} is there already; --force replaces it", path.display())));
    }
    Ok(())
}
