//! What the invariants of clients' histories say of histories made by hand.

use super::{Linearizable, SessionOrder};
use crate::check::history::{Answer as Ended, History, Operation};
use crate::check::{Property, Verdict};
use crate::ids::{ClientId, OpId};
use crate::protocol::kv::{Answer, Key, Op, Reply, Value};
use crate::protocol::multi_paxos::MultiPaxos;
use crate::time::Time;

/// A history as one tells it.
#[derive(Default)]
struct Told {
    history: History<Op, Reply>,
    now: u64,
}

impl Told {
    fn asks(&mut self, client: u32, n: u64, op: Op) -> usize {
        self.now += 1;
        let (id, process) = (OpId { client: ClientId(client), n }, client.into());
        let operation = Operation { id, process, op, invoked: Time(self.now), returned: None, reply: None };
        self.history.invoke(operation)
    }

    fn hears(&mut self, place: usize, answer: Answer) {
        self.now += 1;
        self.history.close(place, Time(self.now), Ended::Ok, Some(Reply::Answer(answer)));
    }

    fn ends(&mut self, place: usize, ended: Ended) {
        self.now += 1;
        self.history.close(place, Time(self.now), ended, None);
    }

    /// One after the other.
    fn does(&mut self, client: u32, n: u64, op: Op, answer: Answer) {
        let place = self.asks(client, n, op);
        self.hears(place, answer);
    }

    fn says<C: Property<MultiPaxos>>(&self, mut property: C) -> (Time, String) {
        let (at, verdict) = property.on_history(Time(self.now), &self.history);
        let said = match verdict {
            Verdict::Broken(evidence) => evidence.to_string(),
            other => format!("{other:?}").to_lowercase(),
        };
        (at, said)
    }
}

const K: Key = Key(0);

fn put(text: &str) -> Op {
    Op::Put(K, text.into())
}

fn append(text: &str) -> Op {
    Op::Append(K, text.into())
}

fn value(text: &str) -> Answer {
    Answer::Value((!text.is_empty()).then(|| Value::from(text)))
}

#[test]
fn a_read_of_what_was_overwritten_before_it_was_asked_cannot_be_placed() {
    let mut told = Told::default();
    told.does(0, 1, put("a"), Answer::Done);
    told.does(1, 1, put("b"), Answer::Done);
    assert_eq!(told.says(Linearizable).1, "held");
    told.does(2, 1, Op::Get(K), value("a"));
    let at = Time(told.now);
    told.does(2, 2, Op::Get(Key(1)), value(""));
    let (found, said) = told.says(Linearizable);
    assert_eq!(found, at, "it is dated by the operation that cannot be placed");
    assert_eq!(
        said,
        "clients saw what no single store could have shown them: key k0, operation c2#1, asked Get(k0), \
         answered Some(Value(Some(\"a\"))), possible values [Some(\"b\")]"
    );
}

#[test]
fn what_nobody_knows_may_have_happened_and_what_failed_has_not() {
    for (ended, said) in [(Ended::Info, "held"), (Ended::Fail, "clients saw what no single store")] {
        let mut told = Told::default();
        let lost = told.asks(0, 1, put("a"));
        told.ends(lost, ended);
        told.does(1, 1, Op::Get(K), value(""));
        told.does(1, 2, Op::Get(K), value("a"));
        assert!(told.says(Linearizable).1.starts_with(said), "{ended:?}: {}", told.says(Linearizable).1);
    }
    assert_eq!(Told::default().says(Linearizable).1, "skip");
}

#[test]
fn operations_at_one_instant_are_in_the_order_in_which_they_happened() {
    let mut told = Told::default();
    let first = told.asks(0, 1, put("a"));
    told.history.close(first, Time(1), Ended::Ok, Some(Reply::Answer(Answer::Done)));
    told.now = 0;
    told.does(1, 1, Op::Get(K), value(""));
    assert!(told.says(Linearizable).1.starts_with("clients saw"), "the write had returned");
}

#[test]
fn answers_tell_more_than_values() {
    let cas = || Op::Cas { key: K, old: "a".into(), new: "b".into() };
    let wrong = [
        (append("xy"), Answer::Length(3)),
        (cas(), Answer::Swapped),
        (cas(), Answer::Differs(Some("a".into()))),
        (Op::Get(K), value("ghost")),
        (append("xy"), Answer::Differs(None)),
    ];
    for (op, answer) in wrong {
        let mut told = Told::default();
        told.does(0, 1, op.clone(), answer);
        assert!(told.says(Linearizable).1.starts_with("clients saw"), "{op}");
    }
    let mut told = Told::default();
    told.does(0, 1, put("a"), Answer::Done);
    told.does(0, 2, cas(), Answer::Differs(Some("a".into())));
    assert!(told.says(Linearizable).1.starts_with("clients saw"), "it is what was expected");
    let mut told = Told::default();
    told.does(0, 1, append("xy"), Answer::Length(2));
    told.does(0, 2, cas(), Answer::Differs(Some("xy".into())));
    told.does(0, 3, put("a"), Answer::Done);
    told.does(0, 4, cas(), Answer::Swapped);
    told.does(0, 5, Op::Get(K), value("b"));
    assert_eq!(told.says(Linearizable).1, "held");
}

/// Forty writes at once of which nobody heard, and an answer that none of their orders gives.
#[test]
fn a_history_that_is_too_hard_is_unknown_and_not_guessed() {
    let mut told = Told::default();
    let open: Vec<usize> = (0..40).map(|client| told.asks(client, 1, append(&format!("{client},")))).collect();
    let read = told.asks(100, 1, Op::Append(K, "end".into()));
    told.hears(read, Answer::Length(1_000_000));
    for place in open {
        told.ends(place, Ended::Info);
    }
    assert_eq!(told.says(Linearizable).1, "unknown");
}

#[test]
fn a_command_that_is_in_effect_twice_is_read_as_such() {
    let mut told = Told::default();
    told.does(0, 1, put("c0#1"), Answer::Done);
    told.does(0, 2, append("+c0#2"), Answer::Length(9));
    told.does(1, 1, append("+c1#1"), Answer::Length(14));
    told.does(2, 1, Op::Get(K), value("c0#1+c0#2+c1#1"));
    // The name of one may begin like another's.
    told.does(0, 22, append("+c0#22"), Answer::Length(20));
    told.does(0, 11, put("c0#11"), Answer::Done);
    assert_eq!(told.says(SessionOrder).1, "held");
    told.does(2, 2, Op::Get(K), value("c0#1+c0#2+c1#1+c0#2"));
    assert_eq!(
        told.says(SessionOrder).1,
        "a client read that a command is in effect twice: key k0, operation c2#2, \
         read \"c0#1+c0#2+c1#1+c0#2\", before c0#2, after c0#2"
    );
}

#[test]
fn what_a_client_gave_up_comes_before_what_it_asked_later_or_never() {
    let mut told = Told::default();
    let lost = told.asks(0, 1, append("+c0#1"));
    told.ends(lost, Ended::Info);
    told.does(0, 2, append("+c0#2"), Answer::Length(5));
    told.does(1, 1, Op::Get(K), value("+c0#2"));
    told.does(1, 2, Op::Get(K), value("+c0#2+c0#1"));
    assert_eq!(told.says(Linearizable).1, "held", "by itself it may take effect at any time");
    assert!(told.says(SessionOrder).1.starts_with("a client read commands of one client in another order"));
}

#[test]
fn of_values_that_can_be_read_in_two_ways_nothing_is_said() {
    let mut told = Told::default();
    told.does(0, 1, append("a"), Answer::Length(1));
    told.does(0, 2, append("a"), Answer::Length(2));
    told.does(1, 1, Op::Get(K), value("aa"));
    told.does(1, 2, append("ab"), Answer::Length(4));
    told.does(1, 3, Op::Get(K), value("nobody wrote this"));
    assert_eq!(told.says(SessionOrder).1, "skip");
}
