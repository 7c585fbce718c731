//! Recorded histories, judged: from events to operations, from operations to those of a
//! [model](crate::linearizability), and from these to a verdict, key by key.

mod meant;
mod paired;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::linearizability::models::{Counter, Mutex, Queue, Register, Registers, Set, Text};
use crate::linearizability::{Call, Cost, Limits, Verdict, check};
use crate::params::unknown;
use crate::recorded::{ReadError, Value};
pub use meant::Meaning;
pub use paired::{Failed, Operation, pair};

/// What the object is that clients worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One register, or one for each key: `read`, `write`, `cas`.
    Register,
    /// Texts by key: `get`, `put`, `append`.
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

    /// The one that these operations are of, by what they are called.
    #[must_use]
    pub fn of(operations: &[Operation]) -> Option<Self> {
        let is_all = |names: &[&str]| operations.iter().all(|operation| names.contains(&&*operation.f));
        let is_sum = |operation: &Operation| &*operation.f == "read" && matches!(operation.given, Value::Int(_));
        let reads_a_sum = || operations.iter().any(is_sum);
        [
            (is_all(&["read", "write", "cas"]), Self::Register),
            (is_all(&["get", "put", "append"]), Self::Text),
            (is_all(&["txn"]), Self::Registers),
            (is_all(&["acquire", "release"]), Self::Mutex),
            (is_all(&["enqueue", "dequeue"]), Self::Queue),
            (is_all(&["add", "read"]) && reads_a_sum(), Self::Counter),
            (is_all(&["add", "remove", "read"]), Self::Set),
        ]
        .into_iter()
        .find_map(|(is_it, kind)| is_it.then_some(kind))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(_, kind)| kind == self).map_or("", |(name, _)| name);
        f.write_str(name)
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.iter().find(|(name, _)| *name == text);
        let names = || Self::ALL.iter().map(|(name, _)| *name);
        known.map(|&(_, kind)| kind).ok_or_else(|| unknown(&format!("there is no model {text:?}"), text, names()))
    }
}

/// What a history came to.
#[derive(Clone, Debug)]
pub struct Judged {
    /// Of all keys together: not linearizable if one is not, else unknown if one is.
    pub verdict: Verdict,
    /// The key that broke, where there are keys, and something did.
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
            let initial = meant::initial(operations)?;
            by_key(&Registers { initial, missing: Value::Nil }, operations, limits)
        }
        Kind::Mutex => by_key(&Mutex, operations, limits),
        Kind::Set => by_key(&Set::default(), operations, limits),
        Kind::Queue => by_key(&Queue::default(), operations, limits),
        Kind::Counter => by_key(&Counter, operations, limits),
    }
}

/// The calls of one key, and which operations they are.
type Part<O> = (Vec<usize>, Vec<Call<O>>);

fn by_key<M: Meaning>(model: &M, operations: &[Operation], limits: Limits<'_>) -> Result<Judged, ReadError> {
    let mut parts: BTreeMap<&Option<Value>, Part<M::Op>> = BTreeMap::new();
    for (place, operation) in operations.iter().enumerate() {
        let Some(op) = model.meant(operation)? else { continue };
        let (places, calls) = parts.entry(&operation.key).or_default();
        places.push(place);
        calls.push(Call { op, invoked: operation.invoked, returned: operation.returned });
    }
    let mut judged = Judged {
        verdict: Verdict::Linearizable,
        key: None,
        calls: Vec::new(),
        keys: parts.len(),
        cost: Cost::default(),
    };
    for (key, (places, calls)) in parts {
        let (verdict, cost) = check(model, &calls, limits);
        judged.cost.steps += cost.steps;
        judged.cost.configurations += cost.configurations;
        judged.cost.bytes = judged.cost.bytes.max(cost.bytes);
        let is_worse = match (&judged.verdict, &verdict) {
            (Verdict::Illegal(_), _) | (_, Verdict::Linearizable) | (Verdict::Unknown, Verdict::Unknown) => false,
            (Verdict::Linearizable | Verdict::Unknown, _) => true,
        };
        if is_worse {
            judged = Judged { verdict, key: key.clone(), calls: places, ..judged };
        }
    }
    Ok(judged)
}

#[cfg(test)]
mod tests;
