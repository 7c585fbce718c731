//! What `run` and `replay` put out beside their account: a document, a trace of every event, a code for bisecting.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::console::Console;
use super::exit::Exit;
use super::stop::Stop;
use crate::lab::Shown;
use crate::report::files::{self, Trace};

#[derive(Debug, clap::Args)]
pub(super) struct Output {
    /// Writes every event to this file as JSON, one a line; "-" is standard output
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
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

    /// What the run showed, once its trace is there, whole. Of a run that panicked too: it is looked at most closely.
    pub(super) fn finish(&self, trace: Option<Trace>, run: Result<Shown, Stop>) -> Result<Shown, Stop> {
        if run.as_ref().is_err_and(|stop| stop.exit != Exit::Panicked) {
            return run;
        }
        match (trace.map(Trace::finish), self.trace.as_deref()) {
            (Some(Err(error)), Some(path)) if run.is_ok() && error.kind() != ErrorKind::BrokenPipe => {
                Err(Stop::unwritable(path, &error))
            }
            _ => run,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::{Record, What};
    use crate::time::Time;

    fn left_by(exit: Exit) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trace.jsonl");
        let output = Output { trace: Some(path.clone()), force: false, json: false, bisect: false };
        let trace = output.open(None).unwrap();
        let record = Record {
            at: Time::ZERO,
            what: What::Boot,
            on: "n0".to_owned(),
            peer: String::new(),
            detail: String::new(),
        };
        trace.as_ref().map(Trace::tracer).unwrap()(&record);
        let stop = output.finish(trace, Err(Stop::new(exit, "it ended early"))).unwrap_err();
        assert_eq!(stop.exit, exit);
        std::fs::read_to_string(path).ok()
    }

    #[test]
    fn a_trace_is_kept_of_a_run_that_panics_and_of_no_other_that_ends_early() {
        assert_eq!(left_by(Exit::Panicked).map(|text| text.lines().count()), Some(1));
        assert_eq!(left_by(Exit::Interrupted), None);
    }
}
