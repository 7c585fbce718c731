//! Invocations with their completions.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::recorded::{Event, Kind, ReadError, Value};

/// One operation: what was asked, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// The line of its invocation.
    pub line: u64,
    /// The line of what came of it, if there is one.
    pub end: Option<u64>,
    /// Who asked.
    pub process: Value,
    /// What it is called.
    pub f: Arc<str>,
    /// What it was asked of, where there are keys.
    pub key: Option<Value>,
    /// Its argument.
    pub asked: Value,
    /// What was answered; nil where nobody was.
    pub given: Value,
    /// Whether it is known to have found things otherwise than it expected: a `cas` that set nothing.
    pub is_refused: bool,
    /// Whether it surely did not happen; that is said only where failed operations are [kept](Failed::Marked).
    pub has_failed: bool,
    /// The place of its invocation among all events.
    pub invoked: u64,
    /// That of its return, if it is known that it took effect, or that it was refused.
    pub returned: Option<u64>,
}

/// What it means that an operation failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failed {
    /// It surely did not happen: it is left out.
    NotHappened,
    /// It surely did not happen: it is kept, and marked, for somebody may have seen what it would have done.
    Marked,
    /// Of a `cas`, that it found another value than it expected, unless it is said that nobody was answered; of others,
    /// that nobody knows.
    Observed,
}

/// The operations of a history, in the order of their invocations. What the recorder itself did (processes that are no
/// numbers, such as Jepsen's nemesis) is left out.
///
/// # Errors
/// The first event that makes no sense behind those before it, or the first error of the events themselves.
pub fn pair(
    events: impl IntoIterator<Item = Result<Event, ReadError>>,
    failed: Failed,
) -> Result<Vec<Operation>, ReadError> {
    let mut operations: Vec<Option<Operation>> = Vec::new();
    let mut open: BTreeMap<i64, usize> = BTreeMap::new();
    for (place, event) in events.into_iter().enumerate() {
        let event = event?;
        let Value::Int(process) = event.process else { continue };
        let refuse = |message: String| ReadError { line: event.line, column: None, message };
        if event.kind == Kind::Invoke {
            if let Some(busy) = open.insert(process, operations.len()) {
                let line = operations[busy].as_ref().map_or(0, |operation| operation.line);
                return Err(refuse(format!("process {process} still waits for what it asked in line {line}")));
            }
            operations.push(Some(invoked(event, place as u64)));
            continue;
        }
        let Some(known) = open.remove(&process) else {
            return Err(refuse(format!("process {process} is answered, and has asked nothing")));
        };
        let is_kept = match &mut operations[known] {
            Some(operation) if operation.f != event.f => {
                let asked = &operation.f;
                return Err(refuse(format!("process {process} asked for {asked}, and the answer is to {}", event.f)));
            }
            Some(operation) => completed(operation, event, place as u64, failed),
            None => false,
        };
        if !is_kept {
            operations[known] = None;
        }
    }
    Ok(operations.into_iter().flatten().collect())
}

fn invoked(event: Event, place: u64) -> Operation {
    let Event { line, process, f, key, value, .. } = event;
    let given = Value::Nil;
    Operation {
        line,
        end: None,
        process,
        f,
        key,
        asked: value,
        given,
        is_refused: false,
        has_failed: false,
        invoked: place,
        returned: None,
    }
}

/// Adds what came of it; whether it is kept.
fn completed(operation: &mut Operation, event: Event, place: u64, failed: Failed) -> bool {
    operation.end = Some(event.line);
    match (event.kind, failed) {
        (Kind::Ok, _) => {
            operation.given = event.value;
            operation.returned = Some(place);
            true
        }
        (Kind::Fail, Failed::NotHappened) => false,
        (Kind::Fail, Failed::Marked) => {
            operation.has_failed = true;
            true
        }
        (Kind::Fail, Failed::Observed) => {
            let is_answered = matches!(event.value, Value::List(_));
            if &*operation.f == "cas" && is_answered {
                operation.is_refused = true;
                operation.returned = Some(place);
            }
            true
        }
        (Kind::Invoke | Kind::Info, _) => true,
    }
}
