//! A history of a million operations over a thousand keys by ten clients, linearizable by construction: each operation
//! takes effect at an instant of its own.

use std::sync::Arc;

use seedstorm::judged::{Failed, Kind, judge, pair};
use seedstorm::linearizability::{Limits, Verdict};
use seedstorm::recorded::{Event, Kind as EventKind, ReadError, Value};
use seedstorm::rng::{Dice, Die, Seed};

use crate::memory::{mib, peak};
use crate::timed;

const OPERATIONS: usize = 1_000_000;
const KEYS: u64 = 1_000;
const CLIENTS: usize = 10;

/// A client's operation under way.
struct Asked {
    f: Arc<str>,
    key: u64,
    value: Value,
    /// Whether it has taken effect.
    is_done: bool,
}

struct Recording<'d> {
    dice: &'d mut dyn Dice,
    events: Vec<Event>,
    held: Vec<Value>,
    names: [Arc<str>; 3],
}

impl Recording<'_> {
    fn note(&mut self, client: usize, kind: EventKind, asked: &Asked, value: Value) {
        let (line, process) = (self.events.len() as u64 + 1, Value::Int(client as i64));
        let (f, key) = (asked.f.clone(), Some(Value::Int(asked.key as i64)));
        self.events.push(Event { line, process, kind, f, key, value, error: None, time: None });
    }

    /// Half of them read, the others write or compare and set; what is written is small, so that values come again.
    fn asked(&mut self) -> Asked {
        let (key, [from, to]) = (self.dice.below(KEYS), [(); 2].map(|()| Value::Int(self.dice.below(5) as i64)));
        let (name, value) = match self.dice.below(4) {
            0 | 1 => (0, Value::Nil),
            2 => (1, to),
            _ => (2, Value::List(vec![from, to])),
        };
        Asked { f: self.names[name].clone(), key, value, is_done: false }
    }

    /// It takes effect; whether it did what it was to do.
    fn happens(&mut self, asked: &mut Asked) -> bool {
        asked.is_done = true;
        let held = &mut self.held[asked.key as usize];
        match (&*asked.f, &asked.value) {
            ("read", _) => asked.value = held.clone(),
            ("write", value) => *held = value.clone(),
            (_, Value::List(pair)) if *held == pair[0] => *held = pair[1].clone(),
            _ => return false,
        }
        true
    }
}

fn history() -> Vec<Event> {
    let mut dice = Die::new(Seed(42)).stream();
    let names = ["read", "write", "cas"].map(Arc::from);
    let held = vec![Value::Nil; KEYS as usize];
    let mut it = Recording { dice: &mut dice, events: Vec::with_capacity(2 * OPERATIONS), held, names };
    let mut clients: Vec<Option<Asked>> = (0..CLIENTS).map(|_| None).collect();
    let mut begun = 0;
    while begun < OPERATIONS || clients.iter().any(Option::is_some) {
        let client = it.dice.below(CLIENTS as u64) as usize;
        match clients[client].take() {
            None if begun < OPERATIONS => {
                begun += 1;
                let asked = it.asked();
                it.note(client, EventKind::Invoke, &asked, asked.value.clone());
                clients[client] = Some(asked);
            }
            None => {}
            Some(mut asked) if !asked.is_done => {
                if it.happens(&mut asked) {
                    clients[client] = Some(asked);
                } else {
                    it.note(client, EventKind::Fail, &asked, asked.value.clone());
                }
            }
            Some(asked) => it.note(client, EventKind::Ok, &asked, asked.value.clone()),
        }
    }
    it.events
}

pub(crate) fn report() {
    let events = history().into_iter().map(Ok::<Event, ReadError>);
    let ((took, judged), memory) = peak(|| {
        timed(|| {
            let operations = pair(events, Failed::Observed).expect("it was made right");
            judge(Kind::Register, &operations, Limits::default()).expect("they are registers")
        })
    });
    assert_eq!(judged.verdict, Verdict::Linearizable);
    println!(
        "a million operations, {KEYS} keys, {CLIENTS} clients: {:.2} s from events to the verdict, {} steps, {} beside the events",
        took.as_secs_f64(),
        judged.cost.steps,
        mib(memory)
    );
}
