//! **Linearizable**: what clients saw could have come from one store that does one operation after the other, each at
//! an instant between its invocation and its return (Herlihy and Wing, 1990).
//!
//! It is judged once, when the run is over, from invocations and returns alone: no node is believed. An operation that
//! surely did not happen is left out; one of which nobody knows may take effect at any later time, or never. Keys have
//! nothing to do with each other, so each is judged by itself.
//!
//! The search has a limit, in steps and not in time, so that a run comes to the same on every machine. Where it is
//! reached for a key, and no other is broken, it is not known whether the property holds.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use crate::check::history::{Answer as Ended, History, Moment};
use crate::check::{Cast, Evidence, Property, Time, Verdict};
use crate::linearizability::{self, Call, Limits, Model, Stuck};
use crate::protocol::kv::{Answer, Key, Op, Replica, Reply, Value};

/// The invariant; what it rests on stands at the head of its file.
#[derive(Debug)]
pub struct Linearizable;

/// So many steps are tried for a key, and so many more for each of its operations.
const STEPS: u64 = 20_000;
const STEPS_PER_CALL: u64 = 20;

/// So many of the values that were possible are told.
const POSSIBLE: usize = 4;

/// What was asked, and what was answered if anybody was.
type Seen<'a> = (&'a Op, Option<&'a Answer>);

/// One key of the store.
struct Cell<'a>(PhantomData<Seen<'a>>);

impl<'a> Model for Cell<'a> {
    type Op = Seen<'a>;
    type State = Option<Value>;

    fn initial(&self) -> Option<Value> {
        None
    }

    fn step(&self, held: &Option<Value>, &(op, seen): &Seen<'a>) -> Option<Option<Value>> {
        let mut after = held.clone();
        let answer = op.step(&mut after);
        seen.is_none_or(|seen| *seen == answer).then_some(after)
    }

    fn is_read(&self, &(op, seen): &Seen<'a>) -> bool {
        op.is_read() || matches!(seen, Some(Answer::Differs(_)))
    }

    fn admits(&self, held: &Option<Value>, &(op, seen): &Seen<'a>) -> bool {
        match (op, seen) {
            (Op::Get(_), Some(Answer::Value(found))) => found == held,
            (Op::Cas { old, .. }, Some(Answer::Differs(found))) => found == held && found.as_ref() != Some(old),
            _ => false,
        }
    }

    fn may_come(&self, held: &Option<Value>, &(_, seen): &Seen<'a>) -> bool {
        let (Some(Answer::Value(found) | Answer::Differs(found)), Some(held)) = (seen, held) else { return true };
        found.as_ref().is_some_and(|found| found.text().starts_with(held.text()))
    }

    fn forgets(&self, &(op, seen): &Seen<'a>) -> bool {
        match op {
            Op::Put(..) => true,
            Op::Cas { .. } => !matches!(seen, Some(Answer::Differs(_))),
            Op::Get(_) | Op::Append(..) => false,
        }
    }

    fn heap(&self, held: &Option<Value>) -> usize {
        held.as_ref().map_or(0, |value| value.text().len())
    }
}

/// The calls of one key, and which operations they are.
#[derive(Default)]
struct Part<'a> {
    places: Vec<usize>,
    calls: Vec<Call<Seen<'a>>>,
}

/// The calls of each key, as far as they happened or may have.
fn parts<P: Replica>(history: &History<P::Op, Reply>) -> BTreeMap<Key, Part<'_>> {
    let mut ends = vec![[0, 0]; history.operations.len()];
    for (at, moment) in (0..).zip(&history.moments) {
        match *moment {
            Moment::Invoked(place) => ends[place][0] = at,
            Moment::Returned(place) => ends[place][1] = at,
        }
    }
    let mut parts: BTreeMap<Key, Part<'_>> = BTreeMap::new();
    for (place, operation) in history.operations.iter().enumerate() {
        let Some(op) = P::store_op(&operation.op) else { continue };
        let [invoked, returned] = ends[place];
        let (seen, returned) = match (operation.returned, &operation.reply) {
            (Some((_, Ended::Ok)), Some(Reply::Answer(answer))) => (Some(answer), Some(returned)),
            (Some((_, Ended::Fail)), _) => continue,
            _ if op.is_read() => continue,
            _ => (None, None),
        };
        let part = parts.entry(op.key()).or_default();
        part.places.push(place);
        part.calls.push(Call { op: (op, seen), invoked, returned });
    }
    parts
}

/// What shows that a key is broken: the operation that cannot be placed, and what it could have found instead.
fn evidence<P: Replica>(key: Key, part: &Part<'_>, stuck: &Stuck, history: &History<P::Op, Reply>) -> (Time, Evidence) {
    let (op, answer) = part.calls[stuck.call].op;
    let operation = &history.operations[part.places[stuck.call]];
    let mut possible: Vec<Option<Value>> = Vec::new();
    for order in &stuck.orders {
        let step = |held: Option<Value>, &call: &usize| Cell(PhantomData).step(&held, &part.calls[call].op);
        let held = order.iter().try_fold(None, step).flatten();
        if !possible.contains(&held) {
            possible.push(held);
        }
    }
    possible.truncate(POSSIBLE);
    let evidence = Evidence::new("clients saw what no single store could have shown them")
        .value("key", key)
        .value("operation", operation.id)
        .value("asked", op)
        .value("answered", answer)
        .value("possible values", possible);
    (operation.returned.map_or(Time::MAX, |(at, _)| at), evidence)
}

impl<P: Replica> Property<P> for Linearizable {
    const NAME: &'static str = "linearizable";
    const ABOUT: &'static str = "what clients saw could have come from one store that does one operation at a time";

    fn new(_config: &P::Config, _cast: &Cast) -> Self {
        Self
    }

    fn on_history(&mut self, now: Time, history: &History<P::Op, Reply>) -> (Time, Verdict) {
        let mut verdict = Verdict::Skip;
        let mut broken: Option<(Time, Evidence)> = None;
        for (key, part) in parts::<P>(history) {
            let steps = STEPS + part.calls.len() as u64 * STEPS_PER_CALL;
            let limits = Limits { steps, ..Limits::default() };
            match linearizability::check(&Cell(PhantomData), &part.calls, limits).0 {
                linearizability::Verdict::Linearizable if matches!(verdict, Verdict::Skip) => verdict = Verdict::Held,
                linearizability::Verdict::Linearizable => {}
                linearizability::Verdict::Unknown => verdict = Verdict::Unknown,
                linearizability::Verdict::Illegal(stuck) => {
                    let found = evidence::<P>(key, &part, &stuck, history);
                    broken = broken.into_iter().chain([found]).min_by_key(|&(at, _)| at);
                }
            }
        }
        match broken {
            Some((at, evidence)) => (at, evidence.into()),
            None => (now, verdict),
        }
    }
}
