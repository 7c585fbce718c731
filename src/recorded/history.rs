//! A history in EDN: a vector or a list of maps, or one map after the other.

use std::io::BufRead;

use super::draft::{Draft, Field, Spelling};
use super::edn::{Place, Reader};
use super::{Event, ReadError};

/// The maps of a history, as far as they were read.
#[derive(Debug)]
pub(super) struct History<R> {
    reader: Reader<R>,
    stage: Stage,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    /// Before the first form: a bracket may open here.
    Start,
    /// Between maps that no bracket holds together.
    Bare,
    /// Just after the brace of the first map.
    Brace(Place),
    /// In the bracket that opened there and ends with this byte.
    Within(u8, Place),
    /// Behind the bracket.
    Behind,
}

impl<R: BufRead> History<R> {
    pub(super) fn new(reader: Reader<R>) -> Self {
        Self { reader, stage: Stage::Start }
    }

    /// A history without brackets whose first brace, at `brace`, was passed over.
    pub(super) fn within_map(reader: Reader<R>, brace: Place) -> Self {
        Self { reader, stage: Stage::Brace(brace) }
    }

    pub(super) fn next_event(&mut self) -> Result<Option<Event>, ReadError> {
        if let Stage::Brace(brace) = self.stage {
            self.stage = Stage::Bare;
            return self.reader.event(brace).map(Some);
        }
        if let Stage::Start = self.stage {
            self.stage = match self.reader.start(0)? {
                Some(open @ (b'[' | b'(')) => {
                    let place = self.reader.place();
                    self.reader.skip(1);
                    Stage::Within(if open == b'[' { b']' } else { b')' }, place)
                }
                Some(b'#') => {
                    // A dispatch is passed over by whoever asks what comes: its event is read at once.
                    self.stage = Stage::Bare;
                    return self.reader.event_from(b'#').map(Some);
                }
                _ => Stage::Bare,
            };
        }
        if let Stage::Within(close, open) = self.stage {
            if let Some(first) = self.reader.within(close, open, 0)? {
                return self.reader.event_from(first).map(Some);
            }
            self.stage = Stage::Behind;
        }
        match self.reader.start(0)? {
            None => self.reader.unreadable().map_or(Ok(None), Err),
            Some(_) if matches!(self.stage, Stage::Behind) => {
                Err(self.reader.place().fault("the history ends with its bracket, but something follows"))
            }
            Some(first) => self.reader.event_from(first).map(Some),
        }
    }
}

impl<R: BufRead> Reader<R> {
    /// The event that begins with `first`, of which only a `#` was passed over.
    pub(super) fn event_from(&mut self, first: u8) -> Result<Event, ReadError> {
        let mut place = self.place();
        let mut next = Some(first);
        if first == b'#' {
            // Jepsen writes its records as `#jepsen.history.Op{…}`.
            place.column -= 1;
            self.tag()?;
            next = self.start(0)?;
        }
        match next {
            Some(b'{') => {
                self.skip(1);
                self.event(place)
            }
            None => Err(self.cut("before the map of a tag")),
            Some(first) => {
                let value = self.value(first, 0)?;
                let example = "{:process 0, :type :invoke, :f :read, :value nil}";
                Err(place.fault(format!("expected an event such as {example}, found {}", value.what())))
            }
        }
    }

    /// The event whose brace, at `open`, was passed over.
    fn event(&mut self, open: Place) -> Result<Event, ReadError> {
        let mut draft = Draft::new(Spelling::Edn);
        while let Some(first) = self.within(b'}', open, 0)? {
            let place = self.place();
            if first != b':' {
                return Err(self.no_field(first, open));
            }
            let field = self.field()?;
            let name = || field.as_ref().map_or_else(|other| &**other, |&field| Field::name(field));
            let value = match self.start(1)? {
                Some(b'}') => return Err(self.place().fault(format!("the field :{} has no value", name()))),
                None => return Err(self.cut(&format!("before the value of :{}", name()))),
                Some(first) => self.value(first, 1)?,
            };
            match field {
                Ok(field) => draft.set(field, value).map_err(|message| place.fault(message))?,
                Err(other) => draft.pass_over(other),
            }
        }
        draft.finish(open.line).map_err(|message| open.fault(message))
    }

    /// The error of what stands where a field is expected.
    fn no_field(&mut self, first: u8, open: Place) -> ReadError {
        let place = self.place();
        let hint = match first {
            b'{' => format!("; is the map of line {} not closed?", open.line),
            b'"' => "; of JSON, one object a line is read, with no bracket around them".to_owned(),
            _ => String::new(),
        };
        match self.value(first, 1) {
            Ok(found) => place.fault(format!("expected a field such as :type, found {}{hint}", found.what())),
            Err(error) => error,
        }
    }
}
