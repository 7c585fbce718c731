//! **Exactly once**: a client's command takes effect at most once, however often it was repeated, and is answered alike
//! each time (Raft paper, section 8; thesis, section 6.3).
//!
//! The commands in the order in which they are applied are folded here as well, by the sequential meaning of an
//! operation and a session rule of its own: of each client, a command takes effect if its number is higher than all
//! before. What a node has just applied is held against that: what the keys hold that were touched, and what the
//! sessions would answer to a repetition. Both are looked up, and nothing that the node counts is believed. What was
//! not touched is left to the equality of replicas.

use std::collections::BTreeMap;

use crate::check::{At, Cast, Evidence, OpId, Property, Seat, Verdict};
use crate::ids::ClientId;
use crate::protocol::kv::{Answer, Asked, Key, Op, Replica, Seen, Value};

/// The invariant; what it rests on stands at the head of its file.
#[derive(Debug)]
pub struct ExactlyOnce {
    /// What must have come of each entry, from the first on.
    steps: Vec<Option<Step>>,
    /// What each key holds behind all of them, and which entry touched it last.
    keys: BTreeMap<Key, (Option<Value>, u64)>,
    /// Each client's last command that took effect, and its answer.
    sessions: BTreeMap<ClientId, (u64, Answer)>,
    /// For each node: where it was when it was looked at.
    seen: Vec<(u32, u64)>,
}

/// What must have come of a command.
#[derive(Debug)]
struct Step {
    id: OpId,
    /// The key that it touches, if it is an operation on the store.
    key: Option<Key>,
    /// What the key holds after it.
    holds: Option<Value>,
    /// What its client is to be told; `None` if it came too late to take effect.
    answer: Option<Answer>,
    /// The next entry that touches the key; none yet if zero.
    next: u64,
}

impl ExactlyOnce {
    /// Goes on up to this index, as far as the log still tells.
    fn fold(&mut self, state: &impl Replica, upto: u64) {
        while (self.steps.len() as u64) < upto {
            let index = self.steps.len() as u64 + 1;
            let Some(command) = state.command(index) else { return };
            let step = match command {
                Asked::Nothing => None,
                Asked::Store(id, op) => Some(self.step(index, id, op)),
                Asked::Other(id) => Some(self.note(id)),
            };
            self.steps.push(step);
        }
    }

    fn step(&mut self, index: u64, id: OpId, op: &Op) -> Step {
        let key = op.key();
        let (held, last) = self.keys.entry(key).or_default();
        if let Some(Some(before)) = last.checked_sub(1).and_then(|place| self.steps.get_mut(place as usize)) {
            before.next = index;
        }
        *last = index;
        let answer = answer(&mut self.sessions, id, || op.step(held));
        Step { id, key: Some(key), holds: held.clone(), answer, next: 0 }
    }

    fn note(&mut self, id: OpId) -> Step {
        Step { id, key: None, holds: None, answer: answer(&mut self.sessions, id, || Answer::Done), next: 0 }
    }

    /// Holds what came of one entry against what a node has made of all up to `applied`.
    fn judge(&self, state: &impl Replica, index: u64, applied: u64) -> Verdict {
        let Some(Some(step)) = self.steps.get(index as usize - 1) else { return Verdict::Skip };
        let broken = |kind: &str| Evidence::new(kind).value("index", index).value("operation", step.id);
        let is_last = step.next == 0 || step.next > applied;
        if let Some(key) = step.key.filter(|_| is_last) {
            let holds = state.machine().get(key);
            if holds != step.holds {
                let evidence = broken("a command took effect more or less than once").value("key", key);
                return evidence.value("expected", &step.holds).value("found", holds).into();
            }
        }
        let seen = state.machine().seen(step.id);
        let right = match (&seen, &step.answer) {
            (Seen::Last(told), Some(answer)) => told == answer,
            (Seen::Past, None) => true,
            // A later command of its client may have taken effect meanwhile.
            (Seen::Past, Some(_)) => index < applied,
            _ => false,
        };
        if right {
            return Verdict::Held;
        }
        broken("a repeated command would be answered otherwise")
            .value("expected", &step.answer)
            .value("found", seen)
            .into()
    }
}

/// What a command's client is to be told, if it does not come too late; it takes effect unless it did before.
fn answer(
    sessions: &mut BTreeMap<ClientId, (u64, Answer)>,
    id: OpId,
    take_effect: impl FnOnce() -> Answer,
) -> Option<Answer> {
    match sessions.get(&id.client) {
        Some(&(n, _)) if n > id.n => None,
        Some((n, answer)) if *n == id.n => Some(answer.clone()),
        _ => {
            let answer = take_effect();
            sessions.insert(id.client, (id.n, answer.clone()));
            Some(answer)
        }
    }
}

impl<P: Replica> Property<P> for ExactlyOnce {
    const NAME: &'static str = "exactly_once";
    const ABOUT: &'static str = "a client's command takes effect at most once, and repetitions get the same answer";

    fn new(_config: &P::Config, cast: &Cast) -> Self {
        let seen = vec![(0, 0); cast.len() as usize];
        Self { steps: Vec::new(), keys: BTreeMap::new(), sessions: BTreeMap::new(), seen }
    }

    #[inline]
    fn on_turn(&mut self, at: At, seat: Seat<'_, P>) -> Verdict {
        let (state, applied) = (seat.state, seat.state.applied());
        let seen = &mut self.seen[at.node.index()];
        if *seen == (at.life, applied) {
            return Verdict::Skip;
        }
        let start = state.forgotten();
        let from = if seen.0 == at.life { seen.1.max(start) } else { start };
        *seen = (at.life, applied);
        self.fold(state, applied);
        let mut verdict = Verdict::Skip;
        for index in from + 1..=applied {
            match self.judge(state, index, applied) {
                Verdict::Broken(evidence) => return (*evidence).node(at.node).into(),
                Verdict::Held => verdict = Verdict::Held,
                Verdict::Skip | Verdict::Unknown => {}
            }
        }
        verdict
    }
}
