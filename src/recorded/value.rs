//! The values of a history: keys, arguments, results, reasons.

use std::fmt::{self, Write};
use std::sync::Arc;

/// A value as it was recorded. Two values are equal if they were written alike: no number equals a text.
///
/// Displayed as EDN.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// Nothing: EDN's `nil`, JSON's `null`.
    Nil,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A string. Symbols and characters too, and numbers that are not whole or have more than 64 bits, as written.
    Text(Arc<str>),
    /// A keyword, without its colon.
    Keyword(Arc<str>),
    /// A vector or a list; a set too, in order of its values, for it has none of its own.
    List(Vec<Self>),
    /// A map, in order of its keys: [`Value::map`].
    Map(Vec<(Self, Self)>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl Value {
    /// A map. Its order means nothing, so equal maps are brought into one order.
    ///
    /// # Errors
    ///
    /// A key that stands twice.
    pub fn map(mut entries: Vec<(Self, Self)>) -> Result<Self, Self> {
        if !entries.is_sorted_by(|(a, _), (b, _)| a < b) {
            entries.sort_by(|(a, _), (b, _)| a.cmp(b));
            if let Some(twice) = entries.windows(2).position(|pair| pair[0].0 == pair[1].0) {
                return Err(entries.swap_remove(twice).0);
            }
        }
        Ok(Self::Map(entries))
    }

    /// How many lists and maps stand in each other here.
    pub(super) fn depth(&self) -> usize {
        match self {
            Self::List(items) => 1 + items.iter().map(Self::depth).max().unwrap_or(0),
            Self::Map(entries) => {
                1 + entries.iter().map(|(key, value)| key.depth().max(value.depth())).max().unwrap_or(0)
            }
            _ => 0,
        }
    }

    /// What it is, for people.
    pub(super) fn what(&self) -> String {
        match self {
            Self::Nil | Self::Bool(_) | Self::Int(_) | Self::Keyword(_) => self.to_string(),
            Self::Text(text) if text.chars().count() <= 40 => self.to_string(),
            Self::Text(_) => "a long text".to_owned(),
            Self::List(_) => "a list".to_owned(),
            Self::Map(_) => "a map".to_owned(),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nil => f.write_str("nil"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Text(text) => quote(f, text),
            Self::Keyword(name) => write!(f, ":{name}"),
            Self::List(items) => {
                f.write_char('[')?;
                for (n, item) in items.iter().enumerate() {
                    let gap = if n == 0 { "" } else { " " };
                    write!(f, "{gap}{item}")?;
                }
                f.write_char(']')
            }
            Self::Map(entries) => {
                f.write_char('{')?;
                for (n, (key, value)) in entries.iter().enumerate() {
                    let gap = if n == 0 { "" } else { ", " };
                    write!(f, "{gap}{key} {value}")?;
                }
                f.write_char('}')
            }
        }
    }
}

/// A text as a string of EDN, on one line.
pub(super) fn quote(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            control if control < ' ' => write!(f, "\\u{:04x}", u32::from(control))?,
            other => f.write_char(other)?,
        }
    }
    f.write_char('"')
}

/// Whether EDN takes it for the name of a keyword or of a symbol.
pub(super) fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".*+!-_?$%&=<>#/':".contains(&byte);
    let foreign = |c: char| !c.is_ascii() && !c.is_whitespace();
    !text.is_empty()
        && !text.starts_with([':', '#', '\''])
        && (text.bytes().all(plain) || text.chars().all(|c| foreign(c) || c.is_ascii() && plain(c as u8)))
}
