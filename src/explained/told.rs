//! What operations have to do with each other, and how people say what an object holds.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::judged::{Meaning, Operation};
use crate::linearizability::models::{
    Counter, CounterOp, Micro, Mutex, MutexOp, Queue, QueueOp, Register, RegisterOp, Registers, Set, SetOp, Text,
    TextOp,
};
use crate::recorded::Value;

/// A model of which people are told.
///
/// Of a history some operations may be left out to show that the others are not linearizable: see
/// `smallest` for what must stay for it.
pub trait Told: Meaning {
    /// The values that others can see once this took effect.
    fn brings(&self, op: &Self::Op) -> Vec<Value>;

    /// Whether it has, or may have, seen a value that somebody brings, or else could not be what it is.
    fn saw(&self, op: &Self::Op, brought: &Value) -> bool;

    /// Operations with the same bond are left out together or not at all, because one takes back what another did.
    fn bond(&self, _operation: &Operation, _op: &Self::Op) -> Option<Value> {
        None
    }

    /// What the object holds, in a person's words.
    fn words(&self, state: &Self::State) -> String;
}

/// What was asked and given: `write 1`, `read → 2`, `cas [1 2] (refused)`.
#[must_use]
pub fn label(operation: &Operation) -> String {
    let Operation { f, asked, given, .. } = operation;
    let argument = if *asked == Value::Nil { String::new() } else { format!(" {asked}") };
    match (&**f, operation.returned) {
        (_, None) => format!("{f}{argument} (unknown)"),
        _ if operation.is_refused => format!("{f}{argument} (refused)"),
        ("read" | "get" | "dequeue", _) => format!("{f} → {given}"),
        ("txn", _) => format!("{f} {given}"),
        _ => format!("{f}{argument}"),
    }
}

fn listed<'a>(values: impl IntoIterator<Item = &'a Value>) -> String {
    values.into_iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl Told for Register<Value> {
    fn brings(&self, op: &RegisterOp<Value>) -> Vec<Value> {
        match op {
            RegisterOp::Write(value) | RegisterOp::Cas(_, value) | RegisterOp::CasUnknown(_, value) => {
                vec![value.clone()]
            }
            RegisterOp::Read(_) | RegisterOp::CasFailed(_) => Vec::new(),
        }
    }

    fn saw(&self, op: &RegisterOp<Value>, brought: &Value) -> bool {
        match op {
            RegisterOp::Read(value) | RegisterOp::Cas(value, _) | RegisterOp::CasUnknown(value, _) => value == brought,
            RegisterOp::CasFailed(value) => value != brought,
            RegisterOp::Write(_) => false,
        }
    }

    fn words(&self, state: &Value) -> String {
        state.to_string()
    }
}

impl Told for Text {
    fn brings(&self, op: &TextOp) -> Vec<Value> {
        match op {
            TextOp::Put(text) | TextOp::Append(text) | TextOp::Cas(_, text) | TextOp::CasUnknown(_, text) => {
                vec![Value::Text(text.clone())]
            }
            TextOp::Get(_) | TextOp::CasFailed(_) => Vec::new(),
        }
    }

    /// All that stands in it somewhere. Who was refused may have seen anything.
    fn saw(&self, op: &TextOp, brought: &Value) -> bool {
        let Value::Text(part) = brought else { return false };
        match op {
            TextOp::Get(seen) | TextOp::Cas(seen, _) | TextOp::CasUnknown(seen, _) => seen.contains(&**part),
            TextOp::CasFailed(_) => true,
            TextOp::Put(_) | TextOp::Append(_) => false,
        }
    }

    fn words(&self, state: &String) -> String {
        Value::Text(state.as_str().into()).to_string()
    }
}

impl Told for Registers<Value, Value> {
    fn brings(&self, op: &Vec<Micro<Value, Value>>) -> Vec<Value> {
        let written = |micro: &Micro<Value, Value>| match micro {
            Micro::Write(key, value) => Some(Value::List(vec![key.clone(), value.clone()])),
            Micro::Read(..) => None,
        };
        op.iter().filter_map(written).collect()
    }

    fn saw(&self, op: &Vec<Micro<Value, Value>>, brought: &Value) -> bool {
        let Value::List(brought) = brought else { return false };
        op.iter().any(|micro| matches!(micro, Micro::Read(key, value) if [key, value] == [&brought[0], &brought[1]]))
    }

    fn words(&self, state: &BTreeMap<Value, Value>) -> String {
        state.iter().map(|(key, value)| format!("{key} = {value}")).collect::<Vec<_>>().join(", ")
    }
}

impl Told for Mutex {
    fn brings(&self, _op: &MutexOp) -> Vec<Value> {
        Vec::new()
    }

    fn saw(&self, _op: &MutexOp, _brought: &Value) -> bool {
        false
    }

    /// Who releases has acquired.
    fn bond(&self, operation: &Operation, _op: &MutexOp) -> Option<Value> {
        Some(operation.process.clone())
    }

    fn words(&self, state: &bool) -> String {
        if *state { "held".to_owned() } else { "free".to_owned() }
    }
}

impl Told for Set<Value> {
    fn brings(&self, op: &SetOp<Value>) -> Vec<Value> {
        if let SetOp::Add(element) = op { vec![element.clone()] } else { Vec::new() }
    }

    fn saw(&self, op: &SetOp<Value>, brought: &Value) -> bool {
        matches!(op, SetOp::Read(elements) if elements.contains(brought))
    }

    fn bond(&self, _operation: &Operation, op: &SetOp<Value>) -> Option<Value> {
        match op {
            SetOp::Add(element) | SetOp::Remove(element) => Some(element.clone()),
            SetOp::Read(_) => None,
        }
    }

    fn words(&self, state: &BTreeSet<Value>) -> String {
        format!("{{{}}}", listed(state))
    }
}

impl Told for Queue<Value> {
    fn brings(&self, op: &QueueOp<Value>) -> Vec<Value> {
        if let QueueOp::Enqueue(value) = op { vec![value.clone()] } else { Vec::new() }
    }

    fn saw(&self, op: &QueueOp<Value>, brought: &Value) -> bool {
        matches!(op, QueueOp::Dequeue(Some(value)) if value == brought)
    }

    /// One that is left in would be in the way of those behind it.
    fn bond(&self, _operation: &Operation, op: &QueueOp<Value>) -> Option<Value> {
        match op {
            QueueOp::Enqueue(value) | QueueOp::Dequeue(Some(value)) => Some(value.clone()),
            QueueOp::Dequeue(None) | QueueOp::DequeueUnknown => None,
        }
    }

    fn words(&self, state: &VecDeque<Value>) -> String {
        if state.is_empty() { "empty".to_owned() } else { format!("[{}]", listed(state)) }
    }
}

impl Told for Counter {
    /// A part of the sum.
    fn brings(&self, op: &CounterOp) -> Vec<Value> {
        if matches!(op, CounterOp::Add(_)) { vec![Value::Nil] } else { Vec::new() }
    }

    /// A sum leaves nothing out.
    fn saw(&self, op: &CounterOp, _brought: &Value) -> bool {
        matches!(op, CounterOp::Read(_))
    }

    fn words(&self, state: &i64) -> String {
        state.to_string()
    }
}
