//! The state that is replicated: the keys, and the clients' sessions.

use std::collections::BTreeMap;

use super::{Answer, Key, Op, Value};
use crate::ids::{ClientId, OpId};

/// The keys and the sessions. A pure function of the commands applied, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Machine {
    keys: BTreeMap<Key, Option<Value>>,
    sessions: BTreeMap<ClientId, Session>,
}

/// The last command of one client that took effect.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Session {
    n: u64,
    answer: Answer,
}

/// What a machine knows of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It has not taken effect.
    Never,
    /// It is the client's last command that took effect, and this was its answer.
    Last(Answer),
    /// A later command of that client took effect: whether this one did is forgotten, and it never will again.
    Past,
}

impl Machine {
    /// What is known of an operation.
    #[must_use]
    pub fn seen(&self, id: OpId) -> Seen {
        match self.sessions.get(&id.client) {
            Some(session) if session.n > id.n => Seen::Past,
            Some(session) if session.n == id.n => Seen::Last(session.answer.clone()),
            _ => Seen::Never,
        }
    }

    /// Applies a command: takes effect unless it did before. `None` if it comes too late to be answered.
    pub fn apply(&mut self, id: OpId, op: &Op) -> Option<Answer> {
        match self.seen(id) {
            Seen::Never => Some(self.take_effect(id, op)),
            Seen::Last(answer) => Some(answer),
            Seen::Past => None,
        }
    }

    /// A command that is not about keys took effect: its client's session takes note.
    pub fn note(&mut self, id: OpId) {
        if self.seen(id) == Seen::Never {
            self.sessions.insert(id.client, Session { n: id.n, answer: Answer::Done });
        }
    }

    /// The same keys, without what clients were told.
    pub(crate) fn without_sessions(&self) -> Self {
        Self { keys: self.keys.clone(), sessions: BTreeMap::new() }
    }

    /// Applies a command, whether or not it took effect before.
    pub(in crate::protocol) fn take_effect(&mut self, id: OpId, op: &Op) -> Answer {
        let answer = op.step(self.keys.entry(op.key()).or_default());
        self.sessions.insert(id.client, Session { n: id.n, answer: answer.clone() });
        answer
    }

    /// What a key holds.
    #[must_use]
    pub fn get(&self, key: Key) -> Option<Value> {
        self.keys.get(&key).cloned().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u64) -> OpId {
        OpId { client: ClientId(1), n }
    }

    fn append(text: &str) -> Op {
        Op::Append(Key(0), text.into())
    }

    #[test]
    fn a_repeated_command_takes_effect_once_and_is_answered_alike() {
        let mut machine = Machine::default();
        assert_eq!(machine.apply(id(3), &append("ab")), Some(Answer::Length(2)));
        assert_eq!(machine.apply(id(3), &append("ab")), Some(Answer::Length(2)));
        assert_eq!(machine.get(Key(0)), Some("ab".into()));
    }

    #[test]
    fn a_late_command_never_takes_effect() {
        let mut machine = Machine::default();
        machine.apply(id(3), &append("new"));
        assert_eq!(machine.apply(id(2), &append("old")), None);
        assert_eq!(machine.seen(id(2)), Seen::Past);
        assert_eq!(machine.get(Key(0)), Some("new".into()));
    }

    #[test]
    fn what_was_noted_is_answered_alike_and_what_is_older_comes_too_late() {
        let mut machine = Machine::default();
        machine.note(id(3));
        assert_eq!(machine.seen(id(3)), Seen::Last(Answer::Done));
        machine.note(id(2));
        assert_eq!((machine.seen(id(3)), machine.apply(id(2), &append("a"))), (Seen::Last(Answer::Done), None));
        machine.apply(id(4), &append("a"));
        assert_eq!(machine.without_sessions().get(Key(0)), Some("a".into()));
        assert_eq!(machine.without_sessions().seen(id(4)), Seen::Never);
    }

    #[test]
    fn compare_and_set_shows_what_it_found() {
        let mut held = None;
        let cas = Op::Cas { key: Key(0), old: "a".into(), new: "b".into() };
        assert_eq!(cas.step(&mut held), Answer::Differs(None));
        assert_eq!(Op::Put(Key(0), "a".into()).step(&mut held), Answer::Done);
        assert_eq!(cas.step(&mut held), Answer::Swapped);
        assert_eq!(cas.step(&mut held), Answer::Differs(Some("b".into())));
    }
}
