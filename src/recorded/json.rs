//! One event as an object of JSON on a line of its own.
//!
//! Of the values of a history, JSON has no keywords, and no maps with keys other than strings. A string that begins
//! with one colon is a keyword, and one more colon is taken off a text that would otherwise be one. An object whose
//! only field is `""` is a map, as a list of pairs.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::draft::{Draft, Field, Spelling};
use super::edn::DEEPEST;
use super::names::Names;
use super::value::is_name;
use super::{Event, ReadError, Value};

/// The event that a line holds.
pub(super) fn event(text: &[u8], line: u64, names: &mut Names) -> Result<Event, ReadError> {
    let mut json = serde_json::Deserializer::from_slice(text);
    let read = json.deserialize_any(Object { names });
    let read = read.and_then(|draft| json.end().map(|()| draft));
    let draft = read.map_err(|error| {
        let message = error.to_string();
        let position = format!(" at line {} column {}", error.line(), error.column());
        let message = message.strip_suffix(&position).unwrap_or(&message);
        let hint = if error.is_data() { "" } else { "; one object a line is read" };
        let column = (error.column() > 0).then_some(error.column() as u64);
        ReadError { line, column, message: format!("{message}{hint}") }
    })?;
    draft.finish(line).map_err(|message| ReadError { line, column: None, message })
}

struct Object<'a> {
    names: &'a mut Names,
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = Draft;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(r#"an event such as {"process": 0, "type": "invoke", "f": "read", "value": null}"#)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Draft, A::Error> {
        let mut draft = Draft::new(Spelling::Json);
        while let Some(name) = map.next_key::<Name<'de>>()?.map(|name| name.0) {
            let unknown = || Error::custom(Spelling::Json.unknown_field(&name));
            let field = Field::named(name.as_bytes()).ok_or_else(unknown)?;
            let value = map.next_value_seed(Form { names: &mut *self.names, depth: 1 })?;
            if value.depth() >= DEEPEST {
                return Err(too_deep());
            }
            draft.set(field, value).map_err(Error::custom)?;
        }
        Ok(draft)
    }
}

/// A string that is borrowed if it can be: serde copies what it reads as a `Cow`.
struct Name<'de>(Cow<'de, str>);

impl<'de> serde::Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrowed;
        impl<'de> Visitor<'de> for Borrowed {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Borrowed)
    }
}

/// A value that stands so deep in its event.
struct Form<'a> {
    names: &'a mut Names,
    depth: usize,
}

impl Form<'_> {
    fn deeper<E: Error>(&mut self) -> Result<Form<'_>, E> {
        // A map without names for its keys takes three levels: an object, a list, and a pair.
        if self.depth == 3 * DEEPEST {
            return Err(too_deep());
        }
        Ok(Form { names: &mut *self.names, depth: self.depth + 1 })
    }
}

fn too_deep<E: Error>() -> E {
    E::custom(format!("values are more than {DEEPEST} deep"))
}

impl<'de> DeserializeSeed<'de> for Form<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Form<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Nil)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Int(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(i64::try_from(value).map_or_else(|_| Value::Text(value.to_string().into()), Value::Int))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        // From here on whole numbers have lost digits, and two that differ would be taken for one.
        if value.abs() >= i64::MAX as f64 {
            return Err(E::custom("a number of more than 64 bits; write it as a string"));
        }
        Ok(Value::Text(format!("{value:?}").into()))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(unquoted(text, self.names))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(self.deeper()?)? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(Name(name)) = map.next_key()? {
            if name.is_empty() {
                let pairs = map.next_value_seed(self.deeper()?)?;
                let alone = entries.is_empty() && map.next_key::<Name<'de>>()?.is_none();
                let entries = if alone { as_entries(pairs) } else { None };
                return entries
                    .ok_or_else(|| Error::custom("the field \"\" stands alone and holds the pairs of a map"))
                    .and_then(unambiguous);
            }
            let value = map.next_value_seed(self.deeper()?)?;
            entries.push((unquoted(&name, self.names), value));
        }
        unambiguous(entries)
    }
}

fn unambiguous<E: Error>(entries: Vec<(Value, Value)>) -> Result<Value, E> {
    Value::map(entries).map_err(|key| E::custom(format!("the key {} stands twice", key.what())))
}

fn as_entries(pairs: Value) -> Option<Vec<(Value, Value)>> {
    let Value::List(pairs) = pairs else { return None };
    let entry = |pair: Value| match pair {
        Value::List(pair) => <[Value; 2]>::try_from(pair).ok().map(<(Value, Value)>::from),
        _ => None,
    };
    pairs.into_iter().map(entry).collect()
}

/// Whether a text is as many colons, at least one, before a name.
fn has_colons(text: &str) -> bool {
    text.starts_with(':') && is_name(text.trim_start_matches(':'))
}

/// The value that a string of JSON is.
fn unquoted(text: &str, names: &mut Names) -> Value {
    match text.strip_prefix(':') {
        Some(rest) if has_colons(rest) => Value::Text(names.share(rest)),
        Some(name) if is_name(name) => Value::Keyword(names.share(name)),
        _ => Value::Text(names.share(text)),
    }
}

/// The string of JSON that a text or a keyword is. No other value is one.
fn quoted(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::Text(text) if has_colons(text) => Some(Cow::Owned(format!(":{text}"))),
        Value::Text(text) => Some(Cow::Borrowed(text)),
        Value::Keyword(name) => Some(Cow::Owned(format!(":{name}"))),
        _ => None,
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nil => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(value) => serializer.serialize_i64(*value),
            Self::Text(_) | Self::Keyword(_) => serializer.serialize_str(&quoted(self).unwrap_or_default()),
            Self::List(items) => serializer.collect_seq(items),
            Self::Map(entries) => {
                let named = |(key, _): &(Self, Self)| quoted(key).is_some_and(|name| !name.is_empty());
                let mut map = serializer.serialize_map(None)?;
                if entries.iter().all(named) {
                    for (key, value) in entries {
                        map.serialize_entry(&quoted(key).unwrap_or_default(), value)?;
                    }
                } else {
                    map.serialize_entry("", entries)?;
                }
                map.end()
            }
        }
    }
}

/// An event as the object that [`event`] reads.
pub(super) struct Line<'a>(pub(super) &'a Event);

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Event { line: _, process, kind, f, key, value, error, time } = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(Field::Process.name(), process)?;
        map.serialize_entry(Field::Type.name(), kind.name())?;
        map.serialize_entry(Field::F.name(), &Value::Text(f.clone()))?;
        if let Some(key) = key {
            map.serialize_entry(Field::Key.name(), key)?;
        }
        map.serialize_entry(Field::Value.name(), value)?;
        if let Some(error) = error {
            map.serialize_entry(Field::Error.name(), error)?;
        }
        if let Some(time) = time {
            map.serialize_entry(Field::Time.name(), time)?;
        }
        map.end()
    }
}
