//! What clients saw, as the events of a history that others can read.

use super::Sim;
use crate::check::Properties;
use crate::check::history::{Answer, Moment};
use crate::process::Process;
use crate::recorded::{Event, Kind, Told, Value};
use crate::time::Time;
use crate::workload::Workload;

impl<P: Process, C: Properties<P>, W: Workload<P>> Sim<P, C, W> {
    /// What clients saw so far. What an operator asked for is told as Jepsen tells of its nemesis: it is no operation
    /// of theirs.
    #[must_use]
    pub fn recorded(&self) -> Vec<Event> {
        let history = &self.clients.history;
        let event = |(line, moment): (u64, &Moment)| {
            let (Moment::Invoked(place) | Moment::Returned(place)) = *moment;
            let operation = &history.operations[place];
            let (at, kind, told) = match (moment, operation.returned) {
                (Moment::Returned(_), Some((at, answer))) => {
                    let told = W::told(&operation.op, operation.reply.as_ref());
                    (at, kind(answer, &told), told)
                }
                _ => (operation.invoked, Kind::Invoke, W::told(&operation.op, None)),
            };
            let process = i64::try_from(operation.process).unwrap_or(i64::MAX);
            let is_operator = told.is_operator;
            let process = if is_operator { Value::Keyword("nemesis".into()) } else { Value::Int(process) };
            let kind = if is_operator { Kind::Info } else { kind };
            let Told { f, key, value, refused, .. } = told;
            let time = i64::try_from(at.since(Time::ZERO).0).ok();
            Event { line, process, kind, f: f.into(), key, value, error: refused, time }
        };
        (1..).zip(&history.moments).map(event).collect()
    }
}

/// What is refused was answered, and has failed all the same.
fn kind(answer: Answer, told: &Told) -> Kind {
    match answer {
        Answer::Ok if told.refused.is_none() => Kind::Ok,
        Answer::Ok | Answer::Fail => Kind::Fail,
        Answer::Info => Kind::Info,
    }
}
