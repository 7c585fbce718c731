//! What `run` and `replay` put out beside their account: a document, a page, a trace of every event in several forms, a
//! code for bisecting.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::console::Console;
use super::stop::Stop;
use crate::lab::Shown;
use crate::recorded::{Event, Format};
use crate::report::files::{self, Form, Lines, Trace};
use crate::report::perfetto::Perfetto;
use crate::report::shiviz::ShiViz;
use crate::scenario::folder_of;
use crate::sim::Tracer;

#[derive(Debug, clap::Args)]
pub(super) struct Output {
    /// Writes a page to look at the run to this file: a space-time diagram, and what nodes held at any instant
    #[arg(long, value_name = "FILE.html")]
    report: Option<PathBuf>,
    /// Writes every event to this file as JSON, one a line; "-" is standard output
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Writes every event to this file with vector clocks, as ShiViz reads them
    #[arg(long, value_name = "FILE.log")]
    shiviz: Option<PathBuf>,
    /// Writes every event to this file in the Chrome trace event format, for Perfetto
    #[arg(long, value_name = "FILE.json")]
    perfetto: Option<PathBuf>,
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

/// Traces that are being written, each with its file.
#[derive(Debug)]
pub(super) struct Traces(Vec<(PathBuf, Trace)>);

impl Traces {
    /// What writes the records of a run into all of them, if there are any.
    pub(super) fn tracer(&self) -> Option<Tracer> {
        let mut tracers: Vec<Tracer> = self.0.iter().map(|(_, trace)| trace.tracer()).collect();
        (!tracers.is_empty())
            .then(|| -> Tracer { Box::new(move |record| tracers.iter_mut().for_each(|tracer| tracer(record))) })
    }
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

    /// The files that are named, each with its option.
    fn files(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        let trace = self.trace.as_deref().filter(|_| !self.is_stdout());
        let others = [
            ("--history", self.history.as_deref()),
            ("--shiviz", self.shiviz.as_deref()),
            ("--perfetto", self.perfetto.as_deref()),
            ("--report", self.report.as_deref()),
        ];
        [("--trace", trace)].into_iter().chain(others).filter_map(|(option, path)| Some((option, path?)))
    }

    /// The traces that are wanted, before the run that they are of. `other` is a file that is written too. What cannot
    /// be written is said before anything runs.
    pub(super) fn open(&self, other: Option<&Path>) -> Result<Traces, Stop> {
        self.check(other)?;
        let mut traces = Vec::new();
        if self.is_stdout() {
            traces.push((PathBuf::from("-"), Trace::into_stream(Box::new(Lines), Box::new(std::io::stdout()))));
        }
        for (option, path) in self.files() {
            let form: Box<dyn Form> = match option {
                "--trace" => Box::new(Lines),
                "--shiviz" => Box::new(ShiViz::default()),
                "--perfetto" => Box::new(Perfetto::default()),
                _ => continue,
            };
            let trace = Trace::into_file(path, form).map_err(|error| Stop::unwritable(path, &error))?;
            traces.push((path.to_owned(), trace));
        }
        Ok(Traces(traces))
    }

    fn check(&self, other: Option<&Path>) -> Result<(), Stop> {
        if self.is_stdout() && self.json {
            return Err(Stop::input("--trace -: standard output belongs to --json; give the trace a file"));
        }
        let mut named: Vec<(&str, &Path)> = other.map(|other| ("--out", other)).into_iter().collect();
        for (option, path) in self.files() {
            if option == "--history" && files::history_format(path).is_none() {
                let message = format!("--history: {}: a history is FILE.edn or FILE.jsonl", path.display());
                return Err(Stop::input(message));
            }
            if let Some((taken, _)) = named.iter().find(|(_, named)| files::is_same(path, named)) {
                let message = format!("{option}: {} is where {taken} goes; give it another name", path.display());
                return Err(Stop::input(message));
            }
            let folder = folder_of(path);
            if !folder.is_dir() {
                return Err(Stop::input(format!("{option}: there is no folder {}", folder.display())));
            }
            replaceable(path, option, self.force)?;
            named.push((option, path));
        }
        Ok(())
    }

    /// Whether what clients saw is to be told.
    pub(super) fn wants_history(&self) -> bool {
        self.history.is_some()
    }

    /// Where the page goes, if one is wanted.
    pub(super) fn report(&self) -> Option<&Path> {
        self.report.as_deref()
    }

    fn save_history(&self, events: &[Event]) -> Result<(), Stop> {
        let Some(path) = self.history.as_deref() else { return Ok(()) };
        let format = files::history_format(path).unwrap_or(Format::Jsonl);
        files::save_history(events, path, format).map_err(|error| Stop::unwritable(path, &error))
    }

    /// What the run showed, once its traces are there, whole. Of a run that was interrupted there are none.
    pub(super) fn finish(&self, traces: Traces, run: Result<Shown, Stop>) -> Result<Shown, Stop> {
        let shown = run?;
        self.save_history(&shown.history)?;
        for (path, trace) in traces.0 {
            match trace.finish() {
                Err(error) if error.kind() != ErrorKind::BrokenPipe => return Err(Stop::unwritable(&path, &error)),
                _ => {}
            }
        }
        Ok(shown)
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
