//! What a recorded operation means to each model.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Operation;
use crate::linearizability::Model;
use crate::linearizability::models::{
    Counter, CounterOp, Micro, Mutex, MutexOp, Queue, QueueOp, Register, RegisterOp, Registers, Set, SetOp, Text,
    TextOp,
};
use crate::recorded::{ReadError, Value};

/// A model whose operations can be recorded.
pub trait Meaning: Model {
    /// What an operation means; nothing if it says nothing, because it only reads and nobody was answered.
    ///
    /// # Errors
    /// The model has no such operation.
    fn meant(&self, operation: &Operation) -> Result<Option<Self::Op>, ReadError>;
}

/// What came of a `cas`.
enum Cas {
    Set,
    Refused,
    Unknown,
}

impl Operation {
    fn cas(&self) -> Cas {
        match (self.is_answered(), self.is_refused) {
            (true, true) => Cas::Refused,
            (true, false) => Cas::Set,
            (false, _) => Cas::Unknown,
        }
    }

    fn is_answered(&self) -> bool {
        self.returned.is_some()
    }

    fn no(&self, expected: &str) -> ReadError {
        let Self { line, f, asked, given, .. } = self;
        ReadError { line: *line, column: None, message: format!("{f} {asked}, answered {given}: expected {expected}") }
    }

    /// What was read, if anybody was told.
    fn seen<T>(&self, seen: impl FnOnce(&Value) -> Option<T>, expected: &str) -> Result<Option<T>, ReadError> {
        if self.is_answered() { seen(&self.given).ok_or_else(|| self.no(expected)).map(Some) } else { Ok(None) }
    }
}

impl Meaning for Register<Value> {
    fn meant(&self, operation: &Operation) -> Result<Option<RegisterOp<Value>>, ReadError> {
        match (&*operation.f, &operation.asked) {
            ("read", _) => Ok(operation.is_answered().then(|| RegisterOp::Read(operation.given.clone()))),
            ("write", value) => Ok(Some(RegisterOp::Write(value.clone()))),
            ("cas", Value::List(pair)) => {
                let [from, to] = pair.as_slice() else { return Err(operation.no("[OLD NEW]")) };
                let (from, to) = (from.clone(), to.clone());
                Ok(Some(match operation.cas() {
                    Cas::Set => RegisterOp::Cas(from, to),
                    Cas::Refused => RegisterOp::CasFailed(from),
                    Cas::Unknown => RegisterOp::CasUnknown(from, to),
                }))
            }
            _ => Err(operation.no("read, write VALUE or cas [OLD NEW]")),
        }
    }
}

fn text(value: &Value) -> Option<Arc<str>> {
    match value {
        Value::Text(text) => Some(text.clone()),
        Value::Nil => Some(Arc::from("")),
        _ => None,
    }
}

impl Meaning for Text {
    fn meant(&self, operation: &Operation) -> Result<Option<TextOp>, ReadError> {
        let argument = || text(&operation.asked).ok_or_else(|| operation.no("a string"));
        match &*operation.f {
            "get" => Ok(operation.seen(text, "a string")?.map(TextOp::Get)),
            "put" => Ok(Some(TextOp::Put(argument()?))),
            "append" => Ok(Some(TextOp::Append(argument()?))),
            "cas" => {
                let pair = if let Value::List(pair) = &operation.asked { pair.as_slice() } else { &[] };
                let texts = if let [from, to] = pair { text(from).zip(text(to)) } else { None };
                let Some((from, to)) = texts else { return Err(operation.no("[OLD NEW], two strings")) };
                Ok(Some(match operation.cas() {
                    Cas::Set => TextOp::Cas(from, to),
                    Cas::Refused => TextOp::CasFailed(from),
                    Cas::Unknown => TextOp::CasUnknown(from, to),
                }))
            }
            _ => Err(operation.no("get, put STRING, append STRING or cas [OLD NEW]")),
        }
    }
}

/// The parts of a transaction: `[[:read :x 1] [:write :y 2]]`, or `:r` and `:w`.
fn micros(operation: &Operation) -> Result<Vec<Micro<Value, Value>>, ReadError> {
    let expected = "[[:read KEY VALUE] [:write KEY VALUE] …]";
    let list = if operation.is_answered() { &operation.given } else { &operation.asked };
    let Value::List(parts) = list else { return Err(operation.no(expected)) };
    let one = |part: &Value| {
        let Value::List(part) = part else { return None };
        let [Value::Keyword(f) | Value::Text(f), key, value] = part.as_slice() else { return None };
        match &**f {
            "read" | "r" => Some(Micro::Read(key.clone(), value.clone())),
            "write" | "w" => Some(Micro::Write(key.clone(), value.clone())),
            _ => None,
        }
    };
    parts.iter().map(|part| one(part).ok_or_else(|| operation.no(expected))).collect()
}

impl Meaning for Registers<Value, Value> {
    fn meant(&self, operation: &Operation) -> Result<Option<Vec<Micro<Value, Value>>>, ReadError> {
        let mut micros = micros(operation)?;
        if !operation.is_answered() {
            micros.retain(|micro| matches!(micro, Micro::Write(..)));
        }
        Ok((!micros.is_empty()).then_some(micros))
    }
}

/// What registers hold in the beginning is not recorded: 0 where all that is read and written are numbers, else
/// nothing.
pub(crate) fn initial(operations: &[Operation]) -> Result<BTreeMap<Value, Value>, ReadError> {
    let mut initial = BTreeMap::new();
    for operation in operations {
        for micro in micros(operation)? {
            let (Micro::Read(key, value) | Micro::Write(key, value)) = micro;
            let is_number = matches!(value, Value::Int(_));
            let known = initial.entry(key).or_insert(Value::Int(0));
            if operation.is_answered() && !is_number {
                *known = Value::Nil;
            }
        }
    }
    Ok(initial)
}

impl Meaning for Mutex {
    fn meant(&self, operation: &Operation) -> Result<Option<MutexOp>, ReadError> {
        match &*operation.f {
            "acquire" => Ok(Some(MutexOp::Acquire)),
            "release" => Ok(Some(MutexOp::Release)),
            _ => Err(operation.no("acquire or release")),
        }
    }
}

impl Meaning for Set<Value> {
    fn meant(&self, operation: &Operation) -> Result<Option<SetOp<Value>>, ReadError> {
        let elements = |value: &Value| match value {
            Value::List(items) => Some(items.iter().cloned().collect::<BTreeSet<Value>>()),
            Value::Nil => Some(BTreeSet::new()),
            _ => None,
        };
        match &*operation.f {
            "add" => Ok(Some(SetOp::Add(operation.asked.clone()))),
            "remove" => Ok(Some(SetOp::Remove(operation.asked.clone()))),
            "read" => Ok(operation.seen(elements, "all elements")?.map(SetOp::Read)),
            _ => Err(operation.no("add VALUE, remove VALUE or read")),
        }
    }
}

impl Meaning for Queue<Value> {
    fn meant(&self, operation: &Operation) -> Result<Option<QueueOp<Value>>, ReadError> {
        match (&*operation.f, operation.is_answered(), &operation.given) {
            ("enqueue", ..) => Ok(Some(QueueOp::Enqueue(operation.asked.clone()))),
            ("dequeue", false, _) => Ok(Some(QueueOp::DequeueUnknown)),
            ("dequeue", true, Value::Nil) => Ok(Some(QueueOp::Dequeue(None))),
            ("dequeue", true, value) => Ok(Some(QueueOp::Dequeue(Some(value.clone())))),
            _ => Err(operation.no("enqueue VALUE or dequeue")),
        }
    }
}

impl Meaning for Counter {
    fn meant(&self, operation: &Operation) -> Result<Option<CounterOp>, ReadError> {
        let number = |value: &Value| if let Value::Int(number) = value { Some(*number) } else { None };
        match &*operation.f {
            "add" => {
                number(&operation.asked).map(|more| Some(CounterOp::Add(more))).ok_or_else(|| operation.no("a number"))
            }
            "read" => Ok(operation.seen(number, "a number")?.map(CounterOp::Read)),
            _ => Err(operation.no("add NUMBER or read")),
        }
    }
}
