//! `history`: recorded client histories, judged.

mod lists;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use clap::ValueEnum;

use super::console::Console;
use super::exit::Exit;
use super::gate::wall_time;
use super::interrupt;
use super::output::replaceable;
use super::patience::Patience;
use super::stop::Stop;
use super::watch::Watch;
use crate::campaign::write_whole;
use crate::explained::{self, Explanation};
use crate::judged::{self, Failed, Judged, Kind, Operation, Subject};
use crate::linearizability::{Limits, Verdict};
use crate::recorded::{self, Event, Format, ReadError};
use crate::report::files::is_same;
use crate::report::layout::many;
use crate::report::picture::Picture;
use crate::report::recording::{self, Recording, Tally, Why};
use crate::scenario::{folder_of, unreadable};
use crate::time::Span;

/// Says whether a recorded client history is linearizable, or its transactions serializable
///
/// It reads what Jepsen writes (EDN and logs), one EDN map a line, and one JSON object a line, such as
/// {"process": 3, "type": "invoke", "f": "write", "value": 7}. Of transactions that append to lists and read them, as
/// Elle has them, it says whether they are serializable. It ends with 0 if the history is as it should be, with 1 if it
/// is not, with 2 if it cannot be read, and with 6 if a limit was reached before anybody knew.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The history; "-" is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// How it is written; left out, its first bytes tell
    #[arg(long, value_name = "FORMAT")]
    format: Option<Written>,
    /// What the clients worked on: register, kv, multi-register, mutex, set, queue, counter, or list-append for
    /// transactions; left out, what their operations are called tells
    #[arg(long, value_name = "NAME")]
    model: Option<Subject>,
    /// What it means that an operation failed; left out, "observed" in logs, else "not-happened"
    #[arg(long, value_name = "MEANING")]
    failed: Option<Meant>,
    /// Searches no longer than this, such as 10s or 5min
    #[arg(long, value_name = "TIME", value_parser = wall_time)]
    timeout: Option<Duration>,
    /// Keeps no more than about this for one key, such as 512MiB
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "4GiB")]
    memory: usize,
    /// Writes a picture of why it is not linearizable to this file, as HTML
    #[arg(long, value_name = "FILE.html")]
    explain: Option<PathBuf>,
    /// Lets a file that is named, and is there already, be replaced
    #[arg(long)]
    force: bool,
    /// Prints one JSON document instead of the account
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Written {
    /// Jepsen's history.edn: maps in a vector, in a list, or one after the other
    Edn,
    /// Jepsen's log: INFO  jepsen.util - 3 :invoke :read nil
    Log,
    /// One EDN map a line
    Maps,
    /// One JSON object a line
    Jsonl,
}

impl From<Written> for Format {
    fn from(written: Written) -> Self {
        match written {
            Written::Edn => Self::Edn,
            Written::Log => Self::Log,
            Written::Maps => Self::Maps,
            Written::Jsonl => Self::Jsonl,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Meant {
    /// It surely did not happen
    NotHappened,
    /// A cas found another value than it expected; of others, nobody knows whether they happened
    Observed,
}

impl From<Meant> for Failed {
    fn from(meant: Meant) -> Self {
        match meant {
            Meant::NotHappened => Self::NotHappened,
            Meant::Observed => Self::Observed,
        }
    }
}

/// A number of bytes with its unit.
fn size(text: &str) -> Result<usize, String> {
    let unit = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit);
    let bytes = match unit {
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return Err("a size is a whole number of KiB, MiB or GiB, such as 512MiB".to_owned()),
    };
    let number: usize = number.parse().map_err(|_| "a size begins with a whole number, such as 512MiB".to_owned())?;
    number.checked_mul(bytes).ok_or_else(|| "no machine has as much".to_owned())
}

/// So many steps are tried to explain a verdict, whatever the machine.
const EFFORT: u64 = 20_000_000;

/// How the names of histories end.
const ENDINGS: [&str; 5] = [".edn", ".log", ".txt", ".jsonl", ".json"];

/// A history that was read.
struct Read {
    format: Format,
    failed: Failed,
    tally: Tally,
    operations: Vec<Operation>,
}

pub(super) fn act(args: &Args, console: &mut Console) -> Result<Exit, Stop> {
    let source = if args.is_stdin() { "stdin".to_owned() } else { args.file.display().to_string() };
    args.check()?;
    let mut read = args.read().map_err(|unread| match unread {
        Unread::Stop(stop) => stop,
        Unread::Line(error) => Stop::in_history(&source, error),
    })?;
    let kind = match args.subject(&mut read).map_err(|error| Stop::in_history(&source, error))? {
        Subject::Lists => {
            if let Some(path) = &args.explain {
                console.note(&format!("{} was not written: transactions are explained by text alone", path.display()));
            }
            return lists::act(&source, &read, console).map_err(|error| Stop::in_history(&source, error));
        }
        Subject::Objects(kind) => kind,
    };
    let start = Instant::now();
    let (judged, why) = args.judge(kind, &read.operations).map_err(|error| Stop::in_history(&source, error))?;
    let took = start.elapsed().as_secs_f64();
    console.note(&format!("{} judged in {took:.3} s", many(read.operations.len() as u64, "operation")));
    let exit = match judged.verdict {
        Verdict::Linearizable => Exit::Holds,
        Verdict::Illegal(_) => Exit::Safety,
        Verdict::Unknown => Exit::Unknown,
    };
    let explanation = args.explanation(kind, &read, &judged).map_err(|error| Stop::in_history(&source, error))?;
    let picture = args.draw(&source, &read, &judged, explanation.as_ref(), console)?;
    let Read { format, failed, tally, operations } = &read;
    let (format, failed, operations) = (*format, *failed, operations.as_slice());
    let recording = Recording {
        source: &source,
        format,
        failed,
        kind,
        tally,
        operations,
        judged: &judged,
        why,
        explanation: explanation.as_ref(),
        picture: picture.as_deref(),
    };
    if console.is_json() {
        console.document(&recording.document(exit.code()));
    } else {
        console.say(&recording::text(&recording, console.ink()));
    }
    Ok(exit)
}

/// Why a history was not read.
enum Unread {
    Stop(Stop),
    Line(ReadError),
}

impl Args {
    fn is_stdin(&self) -> bool {
        self.file == Path::new("-")
    }

    fn open(&self) -> Result<Box<dyn BufRead>, Stop> {
        if self.is_stdin() {
            return Ok(Box::new(io::stdin().lock()));
        }
        let unreadable = |error: &io::Error| Stop::from(unreadable(&self.file, error, &ENDINGS));
        let file = File::open(&self.file).map_err(|error| unreadable(&error))?;
        if file.metadata().is_ok_and(|about| about.is_dir()) {
            return Err(unreadable(&io::ErrorKind::IsADirectory.into()));
        }
        Ok(Box::new(BufReader::with_capacity(1 << 20, file)))
    }

    fn read(&self) -> Result<Read, Unread> {
        let patience = Patience::with("reading");
        let mut events = recorded::events(self.open().map_err(Unread::Stop)?, self.format.map(Format::from));
        // Only then it is known how the history is written.
        let first = events.next();
        let format = events.format().or(self.format.map(Format::from)).unwrap_or(Format::Edn);
        let by_format = if format == Format::Log { Failed::Observed } else { Failed::NotHappened };
        let failed = self.failed.map_or(by_format, Failed::from);
        let mut tally = Tally::default();
        let interrupted = interrupt::watched();
        let all = first.into_iter().chain(events).take_while(|_| !interrupted.load(Ordering::Relaxed));
        let all = all.inspect(|event: &Result<Event, ReadError>| event.iter().for_each(|event| tally.see(event)));
        // What failed is kept until it is known whether anybody asks what it would have done.
        let kept = if failed == Failed::NotHappened { Failed::Marked } else { failed };
        let operations = judged::pair(all, kept);
        drop(patience);
        if interrupted.load(Ordering::Relaxed) {
            let message = format!("interrupted after {}; nothing was judged", many(tally.events, "event"));
            return Err(Unread::Stop(Stop::new(Exit::Interrupted, message)));
        }
        Ok(Read { format, failed, tally, operations: operations.map_err(Unread::Line)? })
    }

    /// What the operations are about. But for transactions those that failed are left out from here on.
    fn subject(&self, read: &mut Read) -> Result<Subject, ReadError> {
        let subject = self.model.or_else(|| Subject::of(&read.operations).filter(|&subject| subject == Subject::Lists));
        if subject != Some(Subject::Lists) {
            read.operations.retain(|operation| !operation.has_failed);
        }
        let operations = read.operations.as_slice();
        if operations.is_empty() {
            let message = "the history has no operation of a client; nothing can be said of it".to_owned();
            return Err(ReadError { line: 1, column: None, message });
        }
        subject.or_else(|| Subject::of(operations)).ok_or_else(|| no_model(operations))
    }

    /// What cannot be written is said before the history is read.
    fn check(&self) -> Result<(), Stop> {
        let Some(path) = &self.explain else { return Ok(()) };
        let folder = folder_of(path);
        if !folder.is_dir() {
            return Err(Stop::input(format!("--explain: there is no folder {}", folder.display())));
        }
        if is_same(path, &self.file) {
            return Err(Stop::input("--explain: that is the history itself; name another file"));
        }
        replaceable(path, "--explain", self.force)
    }

    fn explanation(&self, kind: Kind, read: &Read, judged: &Judged) -> Result<Option<Explanation>, ReadError> {
        let watch = Watch::new(None);
        let limits = Limits { bytes: self.memory, stop: Some(watch.flag()), steps: EFFORT };
        let patience = Patience::with("looking for the reason");
        let explained = explained::explain(kind, &read.operations, judged, limits);
        drop(patience);
        explained
    }

    /// Draws the reason, if there is one and that was asked for.
    fn draw(
        &self,
        source: &str,
        read: &Read,
        judged: &Judged,
        explanation: Option<&Explanation>,
        console: &Console,
    ) -> Result<Option<String>, Stop> {
        let Some(path) = &self.explain else { return Ok(None) };
        let Some(explanation) = explanation else {
            console.note(&format!("{} was not written: there is nothing to explain", path.display()));
            return Ok(None);
        };
        let picture = Picture { source, key: judged.key.as_ref(), operations: &read.operations, explanation };
        write_whole(path, picture.html()).map_err(|error| Stop::unwritable(path, &error))?;
        Ok(Some(path.display().to_string()))
    }

    fn judge(&self, kind: Kind, operations: &[Operation]) -> Result<(Judged, Option<Why>), ReadError> {
        let watch = Watch::new(self.timeout);
        let limits = Limits { bytes: self.memory, stop: Some(watch.flag()), ..Limits::default() };
        let patience = Patience::with(&format!("judging {}", many(operations.len() as u64, "operation")));
        let judged = judged::judge(kind, operations, limits)?;
        drop(patience);
        let why = (judged.verdict == Verdict::Unknown).then(|| match self.timeout {
            _ if interrupt::watched().load(Ordering::Relaxed) => Why::Interrupted,
            Some(time) if watch.is_over() => Why::Time(Span(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))),
            _ => Why::Memory,
        });
        Ok((judged, why))
    }
}

/// No model has all these operations.
fn no_model(operations: &[Operation]) -> ReadError {
    let mut called: BTreeSet<&str> = BTreeSet::new();
    let odd = operations.iter().find(|operation| {
        called.insert(&operation.f);
        !Subject::all().any(|(_, functions)| called.iter().all(|f| functions.contains(f)))
    });
    let (line, odd) = odd.map_or((1, ""), |operation| (operation.line, &operation.f));
    called.remove(odd);
    let beside = called.into_iter().collect::<Vec<&str>>().join(", ");
    let beside = if beside.is_empty() { String::new() } else { format!(" beside {beside}") };
    let models: Vec<String> =
        Subject::all().map(|(name, functions)| format!("{name} ({})", functions.join(", "))).collect();
    let message = format!("no model has {odd:?}{beside}; there are {}", models.join(", "));
    ReadError { line, column: None, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        assert_eq!(size("512MiB"), Ok(512 << 20));
        assert_eq!(size("1KiB"), Ok(1024));
        for wrong in ["", "512", "MiB", "1.5GiB", "-1MiB", "99999999999999999999GiB", "18014398509481984GiB"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }
}
