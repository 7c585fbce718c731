//! A strict reader of [EDN](https://github.com/edn-format/edn), one form at a time from a stream.
//!
//! A tag is passed over: `#inst "2026-01-01"` is the text, and `#jepsen.history.Op{…}` the map. A history does not
//! distinguish its values by their tags.

mod atom;
#[cfg(test)]
mod tests;

use std::io::{self, BufRead, Error, ErrorKind};

use super::names::Names;
use super::{ReadError, Value};

/// How deep forms may stand in each other. Values of histories are three or four deep; the bound keeps a file of
/// brackets from exhausting the stack.
pub(super) const DEEPEST: usize = 32;

/// Where a form begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: u64,
    /// The byte of the line, from 1.
    pub(super) column: u64,
}

impl Place {
    pub(super) fn fault(self, message: impl Into<String>) -> ReadError {
        ReadError { line: self.line, column: Some(self.column), message: message.into() }
    }
}

/// The bytes that are copied from a stream at a time.
const PIECE: usize = 1 << 16;

/// What the forms are read from, and how far.
#[derive(Debug)]
pub(super) struct Reader<R> {
    /// Still holds what is in the buffer, until all of that was read.
    inner: R,
    /// A copy of what the stream has at hand: to look at the next byte is no more than that.
    buffer: Vec<u8>,
    /// How much of the buffer was read.
    at: usize,
    pub(super) names: Names,
    /// The atom at hand.
    scratch: Vec<u8>,
    line: u64,
    /// How many bytes were read before those in the buffer.
    before: u64,
    /// How many bytes lie before this line.
    line_start: u64,
    /// What ends where the bytes end: the file, or the line.
    whole: &'static str,
    /// Nothing comes behind the buffer.
    ended: bool,
    /// Why nothing can be read any more. It looks like the end of the file until somebody asks for more.
    broken: Option<Error>,
}

impl<R: BufRead> Reader<R> {
    pub(super) fn new(inner: R) -> Self {
        let (buffer, scratch, names) = Default::default();
        Self {
            inner,
            buffer,
            at: 0,
            names,
            scratch,
            line: 1,
            before: 0,
            line_start: 0,
            whole: "file",
            ended: false,
            broken: None,
        }
    }

    /// The stream behind what was read, and the number of its first line.
    pub(super) fn into_rest(mut self) -> (R, u64) {
        self.inner.consume(self.at);
        (self.inner, self.line)
    }

    /// The bytes at hand; none at the end.
    #[inline(always)]
    fn chunk(&mut self) -> &[u8] {
        if self.at == self.buffer.len() {
            self.refill();
        }
        &self.buffer[self.at..]
    }

    #[cold]
    fn refill(&mut self) {
        if self.ended {
            return;
        }
        self.inner.consume(self.at);
        self.before += self.at as u64;
        self.buffer.clear();
        self.at = 0;
        loop {
            match self.inner.fill_buf() {
                Ok(chunk) => {
                    self.ended = chunk.is_empty();
                    self.buffer.extend_from_slice(&chunk[..chunk.len().min(PIECE)]);
                    return;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    (self.ended, self.broken) = (true, Some(error));
                    return;
                }
            }
        }
    }

    #[inline(always)]
    pub(super) fn peek(&mut self) -> Option<u8> {
        self.chunk().first().copied()
    }

    /// Passes over bytes that were seen and hold no end of a line.
    #[inline(always)]
    pub(super) fn skip(&mut self, bytes: usize) {
        self.at += bytes;
    }

    /// How many bytes were read.
    fn offset(&self) -> u64 {
        self.before + self.at as u64
    }

    pub(super) fn place(&self) -> Place {
        Place { line: self.line, column: self.offset() - self.line_start + 1 }
    }

    /// Passes over the mark of UTF-8 that some editors put before a text.
    pub(super) fn skip_mark(&mut self) {
        if self.chunk().starts_with("\u{feff}".as_bytes()) {
            self.skip(3);
        }
    }

    /// Passes over blanks, commas and comments.
    pub(super) fn skip_blank(&mut self) {
        let mut comment = false;
        loop {
            let (mut line, mut line_start, offset) = (self.line, self.line_start, self.offset());
            let chunk = self.chunk();
            let mut read = 0;
            for &byte in chunk {
                match byte {
                    b'\n' => {
                        (line, line_start) = (line + 1, offset + read as u64 + 1);
                        comment = false;
                    }
                    b';' => comment = true,
                    b' ' | b',' | b'\t' | b'\r' | 0x0b | 0x0c => {}
                    _ if comment => {}
                    _ => break,
                }
                read += 1;
            }
            let more = read > 0 && read == chunk.len();
            (self.line, self.line_start) = (line, line_start);
            self.skip(read);
            if !more {
                return;
            }
        }
    }

    /// The error of a text that ends too soon, or cannot be read to its end.
    pub(super) fn cut(&mut self, message: &str) -> ReadError {
        self.cut_within(message, None)
    }

    /// The same in a bracket that opened there.
    fn cut_within(&mut self, message: &str, open: Option<Place>) -> ReadError {
        if let Some(error) = self.unreadable() {
            return error;
        }
        let Place { line, column } = self.place();
        // Behind the last line there is none that could be shown.
        let (line, column) = if column == 1 && line > 1 { (line - 1, None) } else { (line, Some(column)) };
        let opened = open.map(|open| opened(open, line)).unwrap_or_default();
        ReadError { line, column, message: format!("the {} ends {message}{opened}", self.whole) }
    }

    /// Why the end was not the end.
    pub(super) fn unreadable(&mut self) -> Option<ReadError> {
        let error = self.broken.take()?;
        Some(self.place().fault(format!("cannot be read any further: {error}")))
    }

    /// Passes over blanks and over what is discarded (`#_`), up to the first byte of a form. That byte is not passed
    /// over, except for the `#` of a dispatch.
    pub(super) fn start(&mut self, depth: usize) -> Result<Option<u8>, ReadError> {
        loop {
            self.skip_blank();
            let next = self.peek();
            if next != Some(b'#') {
                return Ok(next);
            }
            let place = self.place();
            self.skip(1);
            if self.peek() != Some(b'_') {
                return Ok(Some(b'#'));
            }
            self.skip(1);
            bounded(depth, place)?;
            if self.form(depth + 1)?.is_none() {
                return Err(self.cut("before the form that `#_` discards"));
            }
        }
    }

    /// The next form, if there is one.
    pub(super) fn form(&mut self, depth: usize) -> Result<Option<Value>, ReadError> {
        match self.start(depth)? {
            None => Ok(None),
            Some(first) => self.value(first, depth).map(Some),
        }
    }

    /// The form that begins with `first`, of which only a `#` was passed over.
    pub(super) fn value(&mut self, first: u8, depth: usize) -> Result<Value, ReadError> {
        let place = self.place();
        match first {
            b'"' => self.string(),
            b'\\' => self.character(),
            b'[' | b'(' | b'{' | b'#' => {
                bounded(depth, place)?;
                self.compound(first, depth)
            }
            b']' | b')' | b'}' => Err(place.fault(format!("expected a value, found `{}`", first as char))),
            _ => self.atom(),
        }
    }

    fn compound(&mut self, first: u8, depth: usize) -> Result<Value, ReadError> {
        let place = self.place();
        match first {
            b'[' => self.items(b']', depth).map(Value::List),
            b'(' => self.items(b')', depth).map(Value::List),
            b'{' => self.map(depth),
            _ => match self.peek() {
                Some(b'{') => {
                    let mut items = self.items(b'}', depth)?;
                    items.sort();
                    if let Some(twice) = items.windows(2).find(|pair| pair[0] == pair[1]) {
                        return Err(place.fault(format!("{} stands twice in a set", twice[0].what())));
                    }
                    Ok(Value::List(items))
                }
                Some(b'#') => self.symbolic(),
                _ => {
                    self.tag()?;
                    match self.start(depth)? {
                        None => Err(self.cut("before the value of a tag")),
                        Some(first) => self.value(first, depth + 1),
                    }
                }
            },
        }
    }

    /// What stands between the bracket at hand and the `close` that belongs to it.
    fn items(&mut self, close: u8, depth: usize) -> Result<Vec<Value>, ReadError> {
        let open = self.place();
        self.skip(1);
        let mut items = Vec::new();
        while let Some(first) = self.within(close, open, depth)? {
            items.push(self.value(first, depth + 1)?);
        }
        Ok(items)
    }

    /// The first byte of the next form before the `close` of the bracket that opened at `open`, which is passed over.
    pub(super) fn within(&mut self, close: u8, open: Place, depth: usize) -> Result<Option<u8>, ReadError> {
        let closing = close as char;
        match self.start(depth)? {
            None => Err(self.cut_within(&format!("before the `{closing}`"), Some(open))),
            Some(byte) if byte == close => {
                self.skip(1);
                Ok(None)
            }
            Some(byte @ (b']' | b')' | b'}')) => {
                let (place, found) = (self.place(), byte as char);
                Err(place.fault(format!("expected `{closing}`, found `{found}`{}", opened(open, place.line))))
            }
            first => Ok(first),
        }
    }

    fn map(&mut self, depth: usize) -> Result<Value, ReadError> {
        let open = self.place();
        self.skip(1);
        let mut entries = Vec::new();
        while let Some(first) = self.within(b'}', open, depth)? {
            let key = self.value(first, depth + 1)?;
            let value = match self.start(depth)? {
                Some(b'}') => return Err(self.place().fault(format!("the key {} has no value", key.what()))),
                None => return Err(self.cut(&format!("before the value of the key {}", key.what()))),
                Some(first) => self.value(first, depth + 1)?,
            };
            entries.push((key, value));
        }
        Value::map(entries).map_err(|key| open.fault(format!("the key {} stands twice in a map", key.what())))
    }
}

/// Where a bracket opened, unless that is on the `line` that is shown.
fn opened(open: Place, line: u64) -> String {
    if open.line == line { String::new() } else { format!(" (it was opened on line {})", open.line) }
}

impl Reader<io::Empty> {
    /// A reader of one line.
    pub(super) fn of_line(text: Vec<u8>, line: u64, names: Names) -> Self {
        Self { buffer: text, line, names, whole: "line", ended: true, ..Self::new(io::empty()) }
    }

    /// How far it was read.
    pub(super) fn mark(&self) -> usize {
        self.at
    }

    /// The line from a mark on.
    pub(super) fn text_from(&self, mark: usize) -> &[u8] {
        &self.buffer[mark..]
    }

    /// What it was made of.
    pub(super) fn into_parts(self) -> (Vec<u8>, Names) {
        (self.buffer, self.names)
    }
}

fn bounded(depth: usize, place: Place) -> Result<(), ReadError> {
    if depth < DEEPEST { Ok(()) } else { Err(place.fault(format!("forms are more than {DEEPEST} deep"))) }
}
