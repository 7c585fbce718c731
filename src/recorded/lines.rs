//! Histories with one event a line: logs, maps, and objects of JSON.

use std::io::{BufRead, Read};
use std::mem;

use super::draft::{Draft, Field, Spelling};
use super::edn::Reader;
use super::names::Names;
use super::{Event, ReadError, Value, json};

/// Longer lines are not read: no event is that large, and a file without lines is none of ours.
const LONGEST: u64 = 64 << 20;

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
        let (inner, next, names) = reader.into_rest();
        Self { inner, shape, names, line: next - 1, text: Vec::new() }
    }

    /// Objects of JSON, of which the first brace was passed over.
    pub(super) fn within_object(reader: Reader<R>) -> Self {
        Self { text: vec![b'{'], ..Self::new(reader, Shape::Json) }
    }

    pub(super) fn next_event(&mut self) -> Result<Option<Event>, ReadError> {
        while self.next_line()? {
            let text = mem::take(&mut self.text);
            let event = match self.shape {
                _ if text.trim_ascii().is_empty() => Ok(None),
                Shape::Log => self.logged(&text),
                Shape::Map => self.mapped(&text),
                Shape::Json => json::event(&text, self.line, &mut self.names).map(Some),
            };
            self.text = text;
            self.text.clear();
            if !matches!(event, Ok(None)) {
                return event;
            }
        }
        Ok(None)
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

    /// A reader of the line from its byte `skipped` on. It borrows the names until they are given back.
    fn forms<'a>(&mut self, text: &'a [u8], skipped: usize) -> Reader<&'a [u8]> {
        Reader::of_line(&text[skipped..], self.line, skipped, mem::take(&mut self.names))
    }

    fn mapped(&mut self, text: &[u8]) -> Result<Option<Event>, ReadError> {
        let mut reader = self.forms(text, 0);
        let Some(first) = reader.start(0)? else { return Ok(None) };
        let event = reader.event_from(first)?;
        if reader.start(0)?.is_some() {
            return Err(reader.place().fault("the event has ended, but its line goes on; one map a line is read"));
        }
        self.names = reader.into_rest().2;
        Ok(Some(event))
    }

    fn logged(&mut self, text: &[u8]) -> Result<Option<Event>, ReadError> {
        let mut reader = self.forms(text, prefix(text));
        let mut draft = Draft::new(Spelling::Edn);
        let at = reader.place();
        for field in [Field::Process, Field::Type, Field::F, Field::Value] {
            reader.skip_blank();
            let place = reader.place();
            let form = match reader.form(1)? {
                Some(form) => form,
                None if field == Field::Process => return Ok(None),
                None => {
                    let expected = "an operation is `PROCESS :invoke :read nil`, behind `INFO  jepsen.util - `";
                    return Err(reader.cut(&format!("before the {} ({expected})", field.in_words())));
                }
            };
            let chatter = match field {
                Field::Process => !matches!(form, Value::Int(_) | Value::Keyword(_)),
                Field::Type | Field::F => !matches!(form, Value::Keyword(_)),
                _ => false,
            };
            if chatter {
                let expected = "`PROCESS :invoke :read nil`, behind `INFO  jepsen.util - `";
                let hint = "; of a log, leave only the lines of operations";
                return Err(at.fault(format!("expected an operation, {expected}, found {}{hint}", excerpt(text))));
            }
            draft.set(field, form).map_err(|message| place.fault(message))?;
        }
        let (rest, _, names) = reader.into_rest();
        self.names = names;
        if let Some(error) = self.reason(rest)? {
            draft.set(Field::Error, error).map_err(|message| at.fault(message))?;
        }
        draft.finish(self.line).map(Some).map_err(|message| at.fault(message))
    }

    /// Why an operation failed: behind its value Jepsen prints the error as it is, be it a form or not.
    fn reason(&mut self, rest: &[u8]) -> Result<Option<Value>, ReadError> {
        let rest = rest.trim_ascii();
        if rest.is_empty() {
            return Ok(None);
        }
        let mut reader = self.forms(rest, 0);
        let form = reader.form(1);
        let whole = matches!(reader.form(1), Ok(None));
        self.names = reader.into_rest().2;
        match (form, str::from_utf8(rest)) {
            (Ok(Some(form)), Ok(_)) if whole => Ok(Some(form)),
            (_, Ok(text)) => Ok(Some(Value::Text(self.names.share(text)))),
            (_, Err(_)) => {
                let message = "the error of the operation is not UTF-8".to_owned();
                Err(ReadError { line: self.line, column: None, message })
            }
        }
    }
}

/// How many bytes of a line of a log stand before its operation. Newer logs name the logger behind the dash.
fn prefix(text: &[u8]) -> usize {
    let dash = text.windows(3).position(|window| window == b" - ").map_or(0, |at| at + 3);
    let logger = b"jepsen.util ";
    dash + if text[dash..].starts_with(logger) { logger.len() } else { 0 }
}

fn excerpt(text: &[u8]) -> String {
    let shown: String = String::from_utf8_lossy(text).chars().take(60).collect();
    format!("{shown:?}")
}
