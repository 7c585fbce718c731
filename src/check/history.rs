//! What clients saw: each operation with its invocation and its return.

use serde::Serialize;

use crate::ids::OpId;
use crate::time::Time;

/// How an operation ended, as its client knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It took effect, and this is what it gave.
    Ok,
    /// It did not take effect and never will: every attempt was refused.
    Fail,
    /// Nobody knows: some attempt was never answered, and may take effect at any later time.
    Info,
}

/// One operation of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation<O, R> {
    /// Its name.
    pub id: OpId,
    /// The logical process that asked. After an operation of unknown outcome the client goes on as another.
    pub process: u64,
    /// What was asked.
    pub op: O,
    /// When the first attempt was sent.
    pub invoked: Time,
    /// When it ended and how; `None` while it is open.
    pub returned: Option<(Time, Answer)>,
    /// What was answered, where it ended [`Answer::Ok`].
    pub reply: Option<R>,
}

/// All operations of a run, in the order of their invocations.
#[derive(Clone, Debug)]
pub struct History<O, R> {
    /// The operations.
    pub operations: Vec<Operation<O, R>>,
}

impl<O, R> Default for History<O, R> {
    fn default() -> Self {
        Self { operations: Vec::new() }
    }
}

impl<O, R> History<O, R> {
    /// How many operations ended so; open ones count as [`Answer::Info`].
    #[must_use]
    pub fn count(&self, answer: Answer) -> usize {
        let of = |operation: &Operation<O, R>| operation.returned.map_or(Answer::Info, |(_, answer)| answer);
        self.operations.iter().filter(|operation| of(operation) == answer).count()
    }
}
