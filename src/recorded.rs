//! Client histories that others recorded: what was asked of a system, what it answered, and in which order.
//!
//! The readers know nothing of models and judge nothing: they turn text into [`Event`]s, one after the other, and say
//! of text that is none where it goes wrong and what was expected. A history is never in memory as text, and of its
//! events only the one at hand, so a file may be larger than the machine.
//!
//! Four formats are read ([`Format`]): what [Jepsen](https://github.com/jepsen-io/jepsen) writes in EDN and in its
//! logs, one map a line as in the fixtures of Porcupine, and lines of JSON for recorders written by hand.
//!
//! EDN is read by a reader of our own (`edn`). Of the crates for it, `edn-rs` is deprecated, and `clojure-reader` takes
//! about twice as long and refuses what histories may hold: `##NaN`, and `\u0041` in a string.

mod draft;
mod edn;
mod history;
mod json;
mod lines;
mod names;
mod value;
mod write;

#[cfg(test)]
mod tests;

use std::fmt;
use std::io::BufRead;
use std::iter::FusedIterator;
use std::mem;
use std::sync::Arc;

use edn::Reader;
use history::History;
use lines::{Lines, Shape};

pub use value::Value;
pub use write::{write_edn, write_jsonl};

/// What an event says about its operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The process asked for it.
    Invoke,
    /// It took effect, and the process knows.
    Ok,
    /// It failed. Most recorders mean that it surely did not happen.
    Fail,
    /// Nobody knows whether it happened, or ever will.
    Info,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Invoke, Self::Ok, Self::Fail, Self::Info];

    /// How it is spelt in every format.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invoke => "invoke",
            Self::Ok => "ok",
            Self::Fail => "fail",
            Self::Info => "info",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One event of a history: an invocation, or what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The line on which it begins, from 1.
    pub line: u64,
    /// Who asks: a number or a name. Jepsen's faults have the process `:nemesis`.
    pub process: Value,
    /// What it says about the operation.
    pub kind: Kind,
    /// The function that is asked for, such as `read`.
    pub f: Arc<str>,
    /// What it is asked of, where the recorder keeps that apart from the value. A nil is none.
    pub key: Option<Value>,
    /// The argument or the result. In logs, a completion may have its reason here, as in `:info :cas :timed-out`.
    pub value: Value,
    /// Why it failed, where that is told. A nil is none.
    pub error: Option<Value>,
    /// When it happened, in nanoseconds by the clock of the recorder.
    pub time: Option<i64>,
}

/// An operation in the words of a history: what was asked, or what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// What it is called.
    pub f: &'static str,
    /// What it is about, where there are keys.
    pub key: Option<Value>,
    /// Its argument; once it was answered, the result.
    pub value: Value,
    /// Why it changed nothing, though it was answered: a `cas` that found another value than it expected.
    pub refused: Option<Value>,
    /// Whether it is no client's, but an operator's.
    pub is_operator: bool,
}

impl Told {
    /// An operation of a client.
    #[must_use]
    pub fn new(f: &'static str, value: Value) -> Self {
        Self { f, key: None, value, refused: None, is_operator: false }
    }

    /// It is about this.
    #[must_use]
    pub fn of(self, key: Value) -> Self {
        Self { key: Some(key), ..self }
    }
}

/// How a history is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Jepsen's `history.edn`: one vector or list of maps, or one map after the other, however they are laid out.
    Edn,
    /// Jepsen's log: `INFO  jepsen.util - 3 :invoke :read nil`, with tabs between the parts, or without all that stands
    /// before the process (Jepsen's `history.txt`).
    Log,
    /// One EDN map a line. [`Format::Edn`] reads it as well, and takes the next line into a map that is not closed.
    Maps,
    /// One JSON object a line: `{"process": 3, "type": "invoke", "f": "append", "key": "k1", "value": 7, "time": 12}`.
    ///
    /// The fields are those of [`Event`], with `type` for its kind. A string that begins with one colon is a keyword,
    /// as in EDN; an object whose only field is `""` is a map whose keys are not strings, as a list of pairs.
    Jsonl,
}

/// Where a history cannot be read, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// The line, from 1.
    pub line: u64,
    /// The byte of the line, from 1, where it is known.
    pub column: Option<u64>,
    /// What was expected, and what is there.
    pub message: String,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, message } = self;
        match column {
            Some(column) => write!(f, "line {line}, column {column}: {message}"),
            None => write!(f, "line {line}: {message}"),
        }
    }
}

impl std::error::Error for ReadError {}

/// The events of the history that `reader` holds. Without a `format`, its first bytes decide.
///
/// The iterator ends after the first error.
pub fn events<R: BufRead>(reader: R, format: Option<Format>) -> Events<R> {
    Events { state: State::Closed(reader, format) }
}

/// The events of a history, in the order of the recording: see [`events`].
#[derive(Debug)]
pub struct Events<R> {
    state: State<R>,
}

#[derive(Debug)]
enum State<R> {
    /// Nothing was read yet.
    Closed(R, Option<Format>),
    Forms(History<R>),
    Lines(Lines<R>),
    Over,
}

impl<R: BufRead> Events<R> {
    /// How the history is written: what was said, or what its first bytes told once something was read. Nothing where
    /// nothing was read, or there is no more.
    #[must_use]
    pub fn format(&self) -> Option<Format> {
        match &self.state {
            State::Closed(_, format) => *format,
            State::Forms(_) => Some(Format::Edn),
            State::Lines(lines) => Some(lines.format()),
            State::Over => None,
        }
    }
}

impl<R: BufRead> Iterator for Events<R> {
    type Item = Result<Event, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if matches!(self.state, State::Closed(..)) {
            self.state = match mem::replace(&mut self.state, State::Over) {
                State::Closed(reader, format) => open(reader, format),
                other => other,
            };
        }
        let next = match &mut self.state {
            State::Closed(..) | State::Over => None,
            State::Forms(history) => history.next_event().transpose(),
            State::Lines(lines) => lines.next_event().transpose(),
        };
        if !matches!(next, Some(Ok(_))) {
            self.state = State::Over;
        }
        next
    }
}

impl<R: BufRead> FusedIterator for Events<R> {}

fn open<R: BufRead>(reader: R, format: Option<Format>) -> State<R> {
    let mut reader = Reader::new(reader);
    reader.skip_mark();
    match format {
        Some(Format::Edn) => State::Forms(History::new(reader)),
        Some(Format::Log) => State::Lines(Lines::new(reader, Shape::Log)),
        Some(Format::Maps) => State::Lines(Lines::new(reader, Shape::Map)),
        Some(Format::Jsonl) => State::Lines(Lines::new(reader, Shape::Json)),
        None => sniff(reader),
    }
}

/// Both EDN and JSON may begin with a brace; what follows it tells: JSON has its names in quotes.
fn sniff<R: BufRead>(mut reader: Reader<R>) -> State<R> {
    reader.skip_blank();
    match reader.peek() {
        None | Some(b'[' | b'(' | b'#') => State::Forms(History::new(reader)),
        Some(b'{') => {
            let brace = reader.place();
            reader.skip(1);
            reader.skip_blank();
            if reader.peek() == Some(b'"') {
                State::Lines(Lines::within_object(reader))
            } else {
                State::Forms(History::within_map(reader, brace))
            }
        }
        Some(_) => State::Lines(Lines::new(reader, Shape::Log)),
    }
}
