//! Events as text: what is written here, [`super::events`] reads as the same events.

use std::fmt;
use std::io::{self, Write};

use super::json::Line;
use super::value::{is_name, quote};
use super::{Event, Value};

/// Writes an event as a map of EDN on a line of its own, as Jepsen does.
///
/// # Errors
///
/// What `out` fails with, or a keyword that has no name in EDN.
pub fn write_edn<W: Write>(out: &mut W, event: &Event) -> io::Result<()> {
    let Event { line: _, process, kind, f, key, value, error, time } = event;
    for value in [Some(process), key.as_ref(), Some(value), error.as_ref()].into_iter().flatten() {
        named(value)?;
    }
    write!(out, "{{:process {process}, :type :{kind}, :f {}", Function(f))?;
    if let Some(key) = key {
        write!(out, ", :key {key}")?;
    }
    write!(out, ", :value {value}")?;
    if let Some(error) = error {
        write!(out, ", :error {error}")?;
    }
    if let Some(time) = time {
        write!(out, ", :time {time}")?;
    }
    out.write_all(b"}\n")
}

/// Writes an event as an object of JSON on a line of its own.
///
/// # Errors
///
/// What `out` fails with, or a keyword that has no name in EDN.
pub fn write_jsonl<W: Write>(out: &mut W, event: &Event) -> io::Result<()> {
    for value in [Some(&event.process), event.key.as_ref(), Some(&event.value), event.error.as_ref()] {
        value.map_or(Ok(()), named)?;
    }
    serde_json::to_writer(&mut *out, &Line(event))?;
    out.write_all(b"\n")
}

/// Readers of EDN would take other keywords for several forms, or for none.
fn named(value: &Value) -> io::Result<()> {
    match value {
        Value::Keyword(name) if !is_name(name) => {
            let message = format!("no keyword has the name {name:?}");
            Err(io::Error::new(io::ErrorKind::InvalidInput, message))
        }
        Value::List(items) => items.iter().try_for_each(named),
        Value::Map(entries) => entries.iter().try_for_each(|(key, value)| named(key).and_then(|()| named(value))),
        _ => Ok(()),
    }
}

/// The name of a function: a keyword where it can be one.
struct Function<'a>(&'a str);

impl fmt::Display for Function<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_name(self.0) { write!(f, ":{}", self.0) } else { quote(f, self.0) }
    }
}
