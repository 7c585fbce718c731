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
    /// Their invocations and returns, in the order in which they happened: many may fall on one instant.
    pub moments: Vec<Moment>,
}

/// One end of an operation, by its place among all operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// It was invoked.
    Invoked(usize),
    /// It ended.
    Returned(usize),
}

impl<O, R> Default for History<O, R> {
    fn default() -> Self {
        Self { operations: Vec::new(), moments: Vec::new() }
    }
}

impl<O, R> History<O, R> {
    /// An operation begins; its place.
    pub fn invoke(&mut self, operation: Operation<O, R>) -> usize {
        let place = self.operations.len();
        self.moments.push(Moment::Invoked(place));
        self.operations.push(operation);
        place
    }

    /// The operation in this place ends.
    pub fn close(&mut self, place: usize, now: Time, answer: Answer, reply: Option<R>) {
        self.moments.push(Moment::Returned(place));
        let operation = &mut self.operations[place];
        operation.returned = Some((now, answer));
        operation.reply = reply;
    }

    /// How many operations ended so; open ones count as [`Answer::Info`].
    #[must_use]
    pub fn count(&self, answer: Answer) -> usize {
        let of = |operation: &Operation<O, R>| operation.returned.map_or(Answer::Info, |(_, answer)| answer);
        self.operations.iter().filter(|operation| of(operation) == answer).count()
    }
}
