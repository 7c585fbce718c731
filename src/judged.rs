//! Recorded histories, judged: from events to operations, from operations to those of a
//! [model](crate::linearizability), and from these to a verdict, key by key.

mod list_append;
mod meant;
mod paired;

use std::fmt;
use std::str::FromStr;

use crate::linearizability::models::{Counter, Mutex, Queue, Register, Registers, Set, Text};
use crate::linearizability::{Call, Cost, Limits, Names, Verdict, check};
use crate::params::unknown;
use crate::recorded::{ReadError, Value};
pub use list_append::{Anomaly, Lists, Oddity, list_append};
pub use meant::Meaning;
pub(crate) use meant::initial;
pub use paired::{Failed, Operation, pair};

/// What the object is that clients worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One register, or one for each key: `read`, `write`, `cas`.
    Register,
    /// Texts by key: `get`, `put`, `append`, `cas`.
    Text,
    /// Several registers at once: `txn` with reads and writes.
    Registers,
    /// `acquire`, `release`.
    Mutex,
    /// `add`, `remove`, and `read` of all elements.
    Set,
    /// `enqueue`, `dequeue`.
    Queue,
    /// `add`, and `read` of the sum.
    Counter,
}

impl Kind {
    /// All of them, by name.
    pub const ALL: [(&'static str, Self); 7] = [
        ("register", Self::Register),
        ("kv", Self::Text),
        ("multi-register", Self::Registers),
        ("mutex", Self::Mutex),
        ("set", Self::Set),
        ("queue", Self::Queue),
        ("counter", Self::Counter),
    ];

    /// What its operations are called.
    #[must_use]
    pub const fn functions(self) -> &'static [&'static str] {
        match self {
            Self::Register => &["read", "write", "cas"],
            Self::Text => &["get", "put", "append", "cas"],
            Self::Registers => &["txn"],
            Self::Mutex => &["acquire", "release"],
            Self::Set => &["add", "remove", "read"],
            Self::Queue => &["enqueue", "dequeue"],
            Self::Counter => &["add", "read"],
        }
    }

    /// The one that these operations are of, by what they are called; [`Subject::of`] finds lists too. A set and a
    /// counter may look alike; it is a counter where a number was read.
    #[must_use]
    pub fn of(operations: &[Operation]) -> Option<Self> {
        let is_sum = |operation: &Operation| &*operation.f == "read" && matches!(operation.given, Value::Int(_));
        let is_of = |kind: Self| {
            let names = kind.functions();
            operations.iter().all(|operation| names.contains(&&*operation.f))
                && (kind != Self::Counter || operations.iter().any(is_sum))
        };
        [Self::Register, Self::Text, Self::Registers, Self::Mutex, Self::Queue, Self::Counter, Self::Set]
            .into_iter()
            .find(|&kind| is_of(kind))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(_, kind)| kind == self).map_or("", |(name, _)| name);
        f.write_str(name)
    }
}

/// What clients worked on, and so what is asked of their history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Objects: whether it is linearizable.
    Objects(Kind),
    /// Lists, in transactions (`txn`) that append to them and read them: whether these are serializable. See
    /// [`list_append()`].
    Lists,
}

impl Subject {
    /// What lists are called where kinds of objects have their names.
    const LISTS: &'static str = "list-append";

    /// All of them by name, each with what its operations are called.
    pub fn all() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
        Kind::ALL.iter().map(|&(name, kind)| (name, kind.functions())).chain([(Self::LISTS, &["txn"] as &[_])])
    }

    /// The one that these operations are of, by what they are called and, of transactions, made of.
    #[must_use]
    pub fn of(operations: &[Operation]) -> Option<Self> {
        if list_append::is_it(operations) { Some(Self::Lists) } else { Kind::of(operations).map(Self::Objects) }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Objects(kind) => kind.fmt(f),
            Self::Lists => f.write_str(Self::LISTS),
        }
    }
}

impl FromStr for Subject {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == Self::LISTS {
            return Ok(Self::Lists);
        }
        let kind = Kind::ALL.iter().find(|(name, _)| *name == text).map(|&(_, kind)| Self::Objects(kind));
        let names = || Self::all().map(|(name, _)| name);
        kind.ok_or_else(|| unknown(&format!("there is no model {text:?}"), text, names()))
    }
}

/// What a history came to.
#[derive(Clone, Debug)]
pub struct Judged {
    /// Of all keys together: not linearizable if one is not, else unknown if one is.
    pub verdict: Verdict,
    /// The key that broke, or the first of which nobody knows, where there are keys and there is such a one.
    pub key: Option<Value>,
    /// Its operations, by their places in the history, in the order in which the verdict speaks of them.
    pub calls: Vec<usize>,
    /// How many keys there are.
    pub keys: usize,
    /// What it took.
    pub cost: Cost,
}

/// Judges operations by a model.
///
/// # Errors
/// An operation that the model does not have.
pub fn judge(kind: Kind, operations: &[Operation], limits: Limits<'_>) -> Result<Judged, ReadError> {
    match kind {
        Kind::Register => by_key(&Register { initial: Value::Nil }, operations, limits),
        Kind::Text => by_key(&Text, operations, limits),
        Kind::Registers => {
            let initial = initial(operations)?;
            by_key(&Registers { initial, missing: Value::Nil }, operations, limits)
        }
        Kind::Mutex => by_key(&Mutex, operations, limits),
        Kind::Set => by_key(&Set::default(), operations, limits),
        Kind::Queue => by_key(&Queue::default(), operations, limits),
        Kind::Counter => by_key(&Counter, operations, limits),
    }
}

/// So many steps are tried of every key before more are tried of any.
const AT_FIRST: u64 = 1 << 16;

/// The calls of one key, and which operations they are.
struct Part<'a, O> {
    key: &'a Option<Value>,
    places: Vec<usize>,
    calls: Vec<Call<O>>,
}

/// The operations of each key, as the model understands them; keys in the order in which they were first asked for.
fn parts<'a, M: Meaning>(model: &M, operations: &'a [Operation]) -> Result<Vec<Part<'a, M::Op>>, ReadError> {
    let mut parts: Vec<Part<'_, M::Op>> = Vec::new();
    let mut keys = Names::with_capacity(0);
    for (place, operation) in operations.iter().enumerate() {
        let Some(op) = model.meant(operation)? else { continue };
        let key = keys.name(&operation.key) as usize;
        if key == parts.len() {
            parts.push(Part { key: &operation.key, places: Vec::new(), calls: Vec::new() });
        }
        parts[key].places.push(place);
        parts[key].calls.push(Call { op, invoked: operation.invoked, returned: operation.returned });
    }
    Ok(parts)
}

fn by_key<M: Meaning>(model: &M, operations: &[Operation], limits: Limits<'_>) -> Result<Judged, ReadError> {
    let mut left = parts(model, operations)?;
    let mut judged = Judged {
        verdict: Verdict::Linearizable,
        key: None,
        calls: Vec::new(),
        keys: left.len(),
        cost: Cost::default(),
    };
    // A key that takes long must not hide one that is broken and takes no time.
    for steps in [limits.steps.min(AT_FIRST), limits.steps] {
        let mut hard = Vec::new();
        for part in left {
            let (verdict, cost) = check(model, &part.calls, Limits { steps, ..limits });
            judged.cost.steps += cost.steps;
            judged.cost.configurations += cost.configurations;
            judged.cost.bytes = judged.cost.bytes.max(cost.bytes);
            match verdict {
                Verdict::Linearizable => {}
                Verdict::Illegal(_) => {
                    return Ok(Judged { verdict, key: part.key.clone(), calls: part.places, ..judged });
                }
                Verdict::Unknown => hard.push(part),
            }
        }
        left = hard;
    }
    if let Some(part) = left.into_iter().next() {
        judged = Judged { verdict: Verdict::Unknown, key: part.key.clone(), calls: part.places, ..judged };
    }
    Ok(judged)
}

#[cfg(test)]
mod tests;
