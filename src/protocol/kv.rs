//! A small key-value store: what clients ask of the protocols that order commands.
//!
//! Keys are numbers, values are short texts. Four operations: `get` reads, `put` overwrites, `append`
//! extends, `cas` (compare-and-set) overwrites only what it expects. [`Op::step`] is the whole sequential
//! meaning of an operation; it concerns one key, so that a history can be judged key by key.
//!
//! **Exactly once.** A client has one operation under way and numbers them upwards; all attempts at one
//! carry the same [`OpId`](crate::ids::OpId). The [`Machine`] keeps, for each client, the number and the
//! answer of the last write that took effect: the same number again gets the same answer, a lower one is
//! too late and never takes effect. Sessions are part of the replicated state, so that every replica decides
//! alike (Ongaro's thesis, section 6.3). So any attempt may be repeated, though it may have taken effect.
//! A read has no effect, and leaves no trace in a session unless it goes through the log like a write.
//!
//! **Why lost updates show.** Every value that the workload writes names its client and its number: no two
//! writes write the same. A lost write is then missing by name, a repeated one is there twice.
//!
//! Left out: sessions that expire, and more than one operation under way per client.

pub mod check;
mod desk;
mod machine;
mod replica;
mod workload;

use std::fmt;
use std::rc::Rc;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::NodeId;

pub use desk::{Admission, Desk};
pub use machine::{Machine, Seen};
pub use replica::{Asked, Extent, Replica};
pub use workload::{Kind, Kv, KvParams};

/// A key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Key(pub u32);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "k{}", self.0)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "k{}", self.0)
    }
}

impl FromStr for Key {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.strip_prefix('k').unwrap_or(text);
        number.parse().map(Self).map_err(|_| format!("{text:?} is not a key; keys are k0, k1, k2 and so on"))
    }
}

/// A value. Copies share its text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Value(Rc<str>);

impl Value {
    /// Its text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Its text with that of `more` behind it.
    fn extended(&self, more: &Self) -> Self {
        Self([self.text(), more.text()].concat().into())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.text(), f)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text())
    }
}

/// What a client asks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// Reads a key.
    Get(Key),
    /// Gives a key this value.
    Put(Key, Value),
    /// Puts this text behind the key's value; behind nothing, if it has none.
    Append(Key, Value),
    /// Gives a key the value `new` if it has the value `old`.
    Cas {
        /// Which key.
        key: Key,
        /// What it must hold.
        old: Value,
        /// What it then gets.
        new: Value,
    },
}

impl Op {
    /// The one key that it concerns.
    #[must_use]
    pub const fn key(&self) -> Key {
        match *self {
            Self::Get(key) | Self::Put(key, _) | Self::Append(key, _) | Self::Cas { key, .. } => key,
        }
    }

    /// Whether it has no effect.
    #[must_use]
    pub const fn is_read(&self) -> bool {
        matches!(self, Self::Get(_))
    }

    /// Takes effect on what its key holds: the sequential meaning of the operation.
    pub fn step(&self, held: &mut Option<Value>) -> Answer {
        match self {
            Self::Get(_) => Answer::Value(held.clone()),
            Self::Put(_, value) => {
                *held = Some(value.clone());
                Answer::Done
            }
            Self::Append(_, more) => {
                let whole = held.as_ref().map_or_else(|| more.clone(), |value| value.extended(more));
                let length = whole.text().len() as u64;
                *held = Some(whole);
                Answer::Length(length)
            }
            Self::Cas { old, .. } if held.as_ref() != Some(old) => Answer::Differs(held.clone()),
            Self::Cas { new, .. } => {
                *held = Some(new.clone());
                Answer::Swapped
            }
        }
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Get(key) => write!(f, "get {key}"),
            Self::Put(key, value) => write!(f, "put {key} {value}"),
            Self::Append(key, value) => write!(f, "append {key} {value}"),
            Self::Cas { key, old, new } => write!(f, "cas {key} {old} {new}"),
        }
    }
}

/// What an operation gave when it took effect.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// What the key holds, to a `get`.
    Value(Option<Value>),
    /// To a `put`.
    Done,
    /// How long the key's value has become, in bytes, to an `append`.
    Length(u64),
    /// To a `cas` that found what it expected.
    Swapped,
    /// What the key holds instead, to a `cas` that did not.
    Differs(Option<Value>),
}

/// What a client is told.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reply {
    /// It took effect, and gave this.
    Answer(Answer),
    /// This attempt has no effect; ask that node.
    Redirect(NodeId),
    /// This attempt has no effect; ask again later.
    Busy,
    /// This attempt has no effect, nor would another have soon, for this reason.
    Refused(&'static str),
}
