//! `--trace`: every event of a run, for programs.

use std::io::ErrorKind;
use std::path::Path;

use super::console::Console;
use super::stop::Stop;
use crate::report::files::Trace;

/// The console of a command that may write a trace.
pub(super) fn console(json: bool, trace: Option<&Path>) -> Console {
    let console = Console::new(json);
    if is_stdout(trace) { console.leaving_stdout() } else { console }
}

fn is_stdout(trace: Option<&Path>) -> bool {
    trace == Some(Path::new("-"))
}

/// A trace, if one is wanted, before the run that it is of.
pub(super) fn open(path: Option<&Path>, json: bool) -> Result<Option<Trace>, Stop> {
    let Some(path) = path else { return Ok(None) };
    if is_stdout(Some(path)) {
        if json {
            return Err(Stop::input("--trace -: standard output belongs to --json; give the trace a file"));
        }
        return Ok(Some(Trace::into_stream(Box::new(std::io::stdout()))));
    }
    if path.exists() && !path.is_file() {
        return Err(Stop::input(format!("--trace: {} is no file that can be replaced", path.display())));
    }
    Trace::into_file(path).map(Some).map_err(|error| Stop::unwritable(path, &error))
}

/// The trace is there, whole.
pub(super) fn finish(trace: Option<Trace>, path: Option<&Path>) -> Result<(), Stop> {
    match (trace.map(Trace::finish), path) {
        (Some(Err(error)), Some(path)) if error.kind() != ErrorKind::BrokenPipe => Err(Stop::unwritable(path, &error)),
        _ => Ok(()),
    }
}
