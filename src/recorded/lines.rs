//! Histories with one event a line: logs, maps, and objects of JSON.

use std::io::{self, BufRead, Read};
use std::mem;

use super::draft::{Draft, Field, Spelling};
use super::edn::Reader;
use super::names::Names;
use super::{Event, Format, ReadError, Value, json};

/// Longer lines are not read: no event is that large, and a file without lines is none of ours.
const LONGEST: u64 = 64 << 20;

/// What a line of a log holds.
const EXPECTED: &str = "an operation is `PROCESS :invoke :read nil`, behind `INFO  jepsen.util - `";

/// What stands on a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A line of Jepsen's log.
    Log,
    /// A map of EDN.
    Map,
    /// An object of JSON.
    Json,
}

/// The lines of a history, as far as they were read.
#[derive(Debug)]
pub(super) struct Lines<R> {
    inner: R,
    shape: Shape,
    names: Names,
    /// The number of the line at hand.
    line: u64,
    text: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(reader: Reader<R>, shape: Shape) -> Self {
        let (inner, next) = reader.into_rest();
        Self { inner, shape, names: Names::default(), line: next - 1, text: Vec::new() }
    }

    /// Objects of JSON, of which the first brace was passed over.
    pub(super) fn within_object(reader: Reader<R>) -> Self {
        Self { text: vec![b'{'], ..Self::new(reader, Shape::Json) }
    }

    pub(super) fn format(&self) -> Format {
        match self.shape {
            Shape::Log => Format::Log,
            Shape::Map => Format::Maps,
            Shape::Json => Format::Jsonl,
        }
    }

    pub(super) fn next_event(&mut self) -> Result<Option<Event>, ReadError> {
        while self.next_line()? {
            if self.text.trim_ascii().is_empty() {
                self.text.clear();
                continue;
            }
            let event = match self.shape {
                Shape::Json => json::event(&self.text, self.line, &mut self.names).map(Some),
                Shape::Log => self.formed(logged),
                Shape::Map => self.formed(mapped),
            };
            self.text.clear();
            if !matches!(event, Ok(None)) {
                return event;
            }
        }
        Ok(None)
    }

    /// What `read` makes of the forms on the line.
    fn formed<T>(&mut self, read: impl FnOnce(&mut Line) -> T) -> T {
        let (text, names) = (mem::take(&mut self.text), mem::take(&mut self.names));
        let mut line = Line::of_line(text, self.line, names);
        let read = read(&mut line);
        (self.text, self.names) = line.into_parts();
        read
    }

    /// Reads a line behind what is in `text` already, without its end.
    fn next_line(&mut self) -> Result<bool, ReadError> {
        self.line += 1;
        let fault = |message| Err(ReadError { line: self.line, column: None, message });
        let mut limited = self.inner.by_ref().take(LONGEST);
        match limited.read_until(b'\n', &mut self.text) {
            Err(error) => return fault(format!("cannot be read any further: {error}")),
            Ok(_) if limited.limit() == 0 => return fault(format!("a line of more than {LONGEST} bytes")),
            Ok(_) if self.text.is_empty() => return Ok(false),
            Ok(_) => {}
        }
        if self.text.ends_with(b"\n") {
            self.text.pop();
        }
        if self.text.ends_with(b"\r") {
            self.text.pop();
        }
        Ok(true)
    }
}

/// The forms on a line.
type Line = Reader<io::Empty>;

fn mapped(line: &mut Line) -> Result<Option<Event>, ReadError> {
    let Some(first) = line.start(0)? else { return Ok(None) };
    let event = line.event_from(first)?;
    if line.start(0)?.is_some() {
        return Err(line.place().fault("the event has ended, but its line goes on; one map a line is read"));
    }
    Ok(Some(event))
}

fn logged(line: &mut Line) -> Result<Option<Event>, ReadError> {
    line.skip(prefix(line.text_from(0)));
    line.skip_blank();
    let begin = line.place();
    let mut draft = Draft::new(Spelling::Edn);
    for field in [Field::Process, Field::Type, Field::F, Field::Value] {
        line.skip_blank();
        let place = line.place();
        let form = match line.form(1)? {
            Some(form) => form,
            None if field == Field::Process => return Ok(None),
            None => return Err(line.cut(&format!("before the {} ({EXPECTED})", field.in_words()))),
        };
        let chatter = match field {
            Field::Process => !matches!(form, Value::Int(_) | Value::Keyword(_)),
            Field::Type | Field::F => !matches!(form, Value::Keyword(_)),
            _ => false,
        };
        if chatter {
            let shown: String = String::from_utf8_lossy(line.text_from(0)).chars().take(60).collect();
            let hint = "of a log, leave only the lines of operations";
            return Err(begin.fault(format!("this is no operation: {shown:?} ({EXPECTED}; {hint})")));
        }
        draft.set(field, form).map_err(|message| place.fault(message))?;
    }
    if let Some(error) = reason(line)? {
        draft.set(Field::Error, error).map_err(|message| begin.fault(message))?;
    }
    draft.finish(begin.line).map(Some).map_err(|message| begin.fault(message))
}

/// Why an operation failed: behind its value Jepsen prints the error as it is, be it a form or not.
fn reason(line: &mut Line) -> Result<Option<Value>, ReadError> {
    let (mark, place) = (line.mark(), line.place());
    if line.text_from(mark).trim_ascii().is_empty() {
        return Ok(None);
    }
    let form = line.form(1);
    let whole = matches!(line.form(1), Ok(None));
    if let (Ok(Some(form)), true) = (form, whole) {
        return Ok(Some(form));
    }
    let Ok(text) = str::from_utf8(line.text_from(mark)) else {
        return Err(place.fault("the error of the operation is not UTF-8"));
    };
    Ok(Some(Value::Text(text.trim_ascii().into())))
}

/// How many bytes of a line of a log stand before its operation. Newer logs name the logger behind the dash.
fn prefix(text: &[u8]) -> usize {
    let dash = text.windows(3).position(|window| window == b" - ").map_or(0, |at| at + 3);
    let logger = b"jepsen.util ";
    dash + if text[dash..].starts_with(logger) { logger.len() } else { 0 }
}
