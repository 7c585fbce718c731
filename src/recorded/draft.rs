//! An event while it is read: which fields it has, and what each may hold.

use std::sync::Arc;

use super::{Event, Kind, Value};
use crate::params::nearest;

/// A field of an event, by the name that it has in EDN and in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Process,
    Type,
    F,
    Key,
    Value,
    Error,
    Time,
}

impl Field {
    const ALL: [Self; 7] = [Self::Process, Self::Type, Self::F, Self::Key, Self::Value, Self::Error, Self::Time];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Type => "type",
            Self::F => "f",
            Self::Key => "key",
            Self::Value => "value",
            Self::Error => "error",
            Self::Time => "time",
        }
    }

    /// What it says, for people.
    pub(super) const fn in_words(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Type => "type of the event",
            Self::F => "function",
            Self::Key => "key",
            Self::Value => "value",
            Self::Error => "error",
            Self::Time => "time",
        }
    }

    pub(super) fn named(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"process" => Self::Process,
            b"type" => Self::Type,
            b"f" => Self::F,
            b"key" => Self::Key,
            b"value" => Self::Value,
            b"error" => Self::Error,
            b"time" => Self::Time,
            _ => return None,
        })
    }
}

/// How a format spells the names of fields and words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Spelling {
    /// `:type`
    #[default]
    Edn,
    /// `"type"`
    Json,
}

impl Spelling {
    fn of(self, name: &str) -> String {
        match self {
            Self::Edn => format!(":{name}"),
            Self::Json => format!("{name:?}"),
        }
    }

    /// A field that there is none of, with the nearest one that there is.
    pub(super) fn unknown_field(self, name: &str) -> String {
        self.unknown(&format!("there is no field {}", self.of(name)), name, Field::ALL.map(Field::name))
    }

    fn unknown<const N: usize>(self, what: &str, word: &str, known: [&'static str; N]) -> String {
        let near = nearest(word, known).map(|near| format!("; did you mean {}?", self.of(near)));
        let known = known.map(|name| self.of(name)).join(", ");
        format!("{what}{} (known: {known})", near.unwrap_or_default())
    }
}

/// The fields of an event that were read so far.
#[derive(Debug, Default)]
pub(super) struct Draft {
    spelling: Spelling,
    /// The fields that were there, a bit each.
    seen: u8,
    /// The fields that say nothing to us. One of them may be a name that was mistyped.
    others: Vec<Arc<str>>,
    process: Option<Value>,
    kind: Option<Kind>,
    f: Option<Arc<str>>,
    key: Option<Value>,
    value: Option<Value>,
    error: Option<Value>,
    time: Option<i64>,
}

impl Draft {
    pub(super) fn new(spelling: Spelling) -> Self {
        Self { spelling, ..Self::default() }
    }

    pub(super) fn pass_over(&mut self, name: Arc<str>) {
        self.others.push(name);
    }

    /// Takes the value of a field, or says why it cannot be that.
    pub(super) fn set(&mut self, field: Field, value: Value) -> Result<(), String> {
        let bit = 1 << field as u8;
        if self.seen & bit != 0 {
            return Err(format!("the field {} stands twice", self.spelling.of(field.name())));
        }
        self.seen |= bit;
        let filled = |value: Value| (value != Value::Nil).then_some(value);
        match (field, value) {
            (Field::Process, value @ (Value::Int(_) | Value::Keyword(_) | Value::Text(_))) => {
                self.process = Some(value);
            }
            (Field::Process, other) => return Err(self.unfit(field, "a number or a name", &other)),
            (Field::Type, Value::Keyword(word) | Value::Text(word)) => self.kind = Some(self.kind_of(&word)?),
            (Field::Type, other) => return Err(self.unfit(field, "one of invoke, ok, fail and info", &other)),
            (Field::F, Value::Keyword(name) | Value::Text(name)) => self.f = Some(name),
            (Field::F, other) => return Err(self.unfit(field, "the name of a function", &other)),
            (Field::Key, value) => self.key = filled(value),
            (Field::Value, value) => self.value = Some(value),
            (Field::Error, value) => self.error = filled(value),
            (Field::Time, Value::Int(ns)) => self.time = Some(ns),
            (Field::Time, Value::Nil) => {}
            (Field::Time, other) => return Err(self.unfit(field, "a whole number of nanoseconds", &other)),
        }
        Ok(())
    }

    fn unfit(&self, field: Field, expected: &str, found: &Value) -> String {
        format!("{} is {expected}, not {}", self.spelling.of(field.name()), found.what())
    }

    fn kind_of(&self, word: &str) -> Result<Kind, String> {
        let unknown = || {
            let what = format!("{} is {}", self.spelling.of("type"), self.spelling.of(word));
            self.spelling.unknown(&what, word, Kind::ALL.map(Kind::name))
        };
        Kind::ALL.into_iter().find(|kind| kind.name() == word).ok_or_else(unknown)
    }

    /// The event that began on `line`, if it has all that one needs.
    pub(super) fn finish(self, line: u64) -> Result<Event, String> {
        let (Some(kind), Some(process), Some(f)) = (self.kind, &self.process, &self.f) else {
            return Err(self.missing());
        };
        let mistyped = |name: &&Arc<str>| strsim::damerau_levenshtein(name, Field::Value.name()) == 1;
        if self.value.is_none()
            && let Some(name) = self.others.iter().find(mistyped)
        {
            // An event may be without a value, and then it would say nil.
            let (value, name) = (self.spelling.of(Field::Value.name()), self.spelling.of(name));
            return Err(format!("the event has no {value}; is {name} a slip of the pen?"));
        }
        let (process, f) = (process.clone(), f.clone());
        let value = self.value.unwrap_or(Value::Nil);
        Ok(Event { line, process, kind, f, key: self.key, value, error: self.error, time: self.time })
    }

    fn missing(&self) -> String {
        let needed = [Field::Process, Field::Type, Field::F];
        let absent = |field: &Field| self.seen & (1 << *field as u8) == 0;
        let Some(field) = needed.into_iter().find(absent) else {
            return "the event is not whole".to_owned();
        };
        let name = self.spelling.of(field.name());
        let mistyped = nearest(field.name(), self.others.iter().map(|name| &**name));
        let hint = mistyped.map(|near| format!("; is {} a slip of the pen?", self.spelling.of(near)));
        format!("the event has no {name}{}", hint.unwrap_or_default())
    }
}
