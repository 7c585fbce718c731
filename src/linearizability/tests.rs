//! The search against one that tries everything, on histories that are small enough for that.

use std::fmt::Debug;

use super::models::{
    Counter, CounterOp, Mutex, MutexOp, Queue, QueueOp, Register, RegisterOp, Set, SetOp, Text, TextOp,
};
use std::sync::atomic::AtomicBool;

use super::{Call, Limits, Model, Verdict, check};
use crate::rng::{Dice, Die, Seed};

/// Tries all orders of all subsets of the open calls, with nothing left out but what real time forbids.
fn brute<M: Model>(model: &M, calls: &[Call<M::Op>]) -> bool {
    fn go<M: Model>(model: &M, calls: &[Call<M::Op>], state: &M::State, done: u32) -> bool {
        let left = || (0..calls.len()).filter(|n| done >> n & 1 == 0);
        if left().all(|n| calls[n].returned.is_none()) {
            return true;
        }
        let first_return = left().filter_map(|n| calls[n].returned).min().unwrap();
        left()
            .filter(|&n| calls[n].invoked < first_return)
            .any(|n| model.step(state, &calls[n].op).is_some_and(|after| go(model, calls, &after, done | 1 << n)))
    }
    go(model, calls, &model.initial(), 0)
}

/// A model of which any operation can be drawn, with what it gives in a state or with what it might give in another.
trait Drawn: Model {
    fn draw(&self, state: &Self::State, dice: &mut dyn Dice) -> Self::Op;
    fn wrong(&self, op: &Self::Op, dice: &mut dyn Dice) -> Self::Op;
    /// What is left of an operation if nobody was answered; nothing if it says nothing then.
    fn unanswered(&self, op: &Self::Op) -> Option<Self::Op>;
}

impl Drawn for Register<u8> {
    fn draw(&self, state: &u8, dice: &mut dyn Dice) -> RegisterOp<u8> {
        let [from, to] = [(); 2].map(|()| dice.below(3) as u8);
        match dice.below(3) {
            0 => RegisterOp::Read(*state),
            1 => RegisterOp::Write(to),
            _ if from == *state => RegisterOp::Cas(from, to),
            _ => RegisterOp::CasFailed(from),
        }
    }

    fn wrong(&self, op: &RegisterOp<u8>, dice: &mut dyn Dice) -> RegisterOp<u8> {
        match *op {
            RegisterOp::Cas(from, to) if dice.below(2) == 0 => RegisterOp::Cas((from + 1) % 3, to),
            RegisterOp::Cas(from, _) => RegisterOp::CasFailed(from),
            RegisterOp::CasFailed(from) => RegisterOp::Cas(from, dice.below(3) as u8),
            _ => RegisterOp::Read(dice.below(3) as u8),
        }
    }

    fn unanswered(&self, op: &RegisterOp<u8>) -> Option<RegisterOp<u8>> {
        match *op {
            RegisterOp::Write(to) => Some(RegisterOp::Write(to)),
            RegisterOp::Cas(from, to) => Some(RegisterOp::CasUnknown(from, to)),
            RegisterOp::CasFailed(from) => Some(RegisterOp::CasUnknown(from, 2)),
            _ => None,
        }
    }
}

impl Drawn for Text {
    fn draw(&self, state: &String, dice: &mut dyn Dice) -> TextOp {
        let letter = ["a", "b"][dice.below(2) as usize].into();
        match dice.below(7) {
            0 | 1 => TextOp::Get(state.as_str().into()),
            2 => TextOp::Put(letter),
            3 => TextOp::Cas(state.as_str().into(), letter),
            4 => TextOp::CasFailed([state, "a"].concat().as_str().into()),
            _ => TextOp::Append(letter),
        }
    }

    fn wrong(&self, op: &TextOp, dice: &mut dyn Dice) -> TextOp {
        match op {
            TextOp::Get(seen) if dice.below(2) == 0 && !seen.is_empty() => TextOp::Get(seen[1..].into()),
            TextOp::Get(seen) => TextOp::Get(format!("{seen}a").into()),
            TextOp::Cas(from, _) => TextOp::CasFailed(from.clone()),
            TextOp::CasFailed(from) => TextOp::Cas(from.clone(), "b".into()),
            _ => TextOp::Get("ab".into()),
        }
    }

    fn unanswered(&self, op: &TextOp) -> Option<TextOp> {
        match op.clone() {
            TextOp::Get(_) => None,
            TextOp::Cas(from, to) => Some(TextOp::CasUnknown(from, to)),
            TextOp::CasFailed(from) => Some(TextOp::CasUnknown(from, "b".into())),
            write => Some(write),
        }
    }
}

impl Drawn for Mutex {
    fn draw(&self, state: &bool, _dice: &mut dyn Dice) -> MutexOp {
        if *state { MutexOp::Release } else { MutexOp::Acquire }
    }

    fn wrong(&self, op: &MutexOp, _dice: &mut dyn Dice) -> MutexOp {
        if *op == MutexOp::Acquire { MutexOp::Release } else { MutexOp::Acquire }
    }

    fn unanswered(&self, op: &MutexOp) -> Option<MutexOp> {
        Some(*op)
    }
}

impl Drawn for Set<u8> {
    fn draw(&self, state: &std::collections::BTreeSet<u8>, dice: &mut dyn Dice) -> SetOp<u8> {
        let element = dice.below(3) as u8;
        match dice.below(5) {
            0 | 1 => SetOp::Read(state.clone()),
            2 => SetOp::Remove(element),
            _ => SetOp::Add(element),
        }
    }

    fn wrong(&self, op: &SetOp<u8>, dice: &mut dyn Dice) -> SetOp<u8> {
        let mut seen = if let SetOp::Read(seen) = op { seen.clone() } else { [1].into() };
        let element = dice.below(3) as u8;
        if !seen.remove(&element) {
            seen.insert(element);
        }
        SetOp::Read(seen)
    }

    fn unanswered(&self, op: &SetOp<u8>) -> Option<SetOp<u8>> {
        (!self.is_read(op)).then(|| op.clone())
    }
}

impl Drawn for Queue<u8> {
    fn draw(&self, state: &std::collections::VecDeque<u8>, dice: &mut dyn Dice) -> QueueOp<u8> {
        if dice.below(2) == 0 {
            QueueOp::Enqueue(dice.below(3) as u8)
        } else {
            QueueOp::Dequeue(state.front().copied())
        }
    }

    fn wrong(&self, op: &QueueOp<u8>, dice: &mut dyn Dice) -> QueueOp<u8> {
        match op {
            QueueOp::Dequeue(Some(_)) if dice.below(2) == 0 => QueueOp::Dequeue(None),
            _ => QueueOp::Dequeue(Some(dice.below(3) as u8)),
        }
    }

    fn unanswered(&self, op: &QueueOp<u8>) -> Option<QueueOp<u8>> {
        Some(if matches!(op, QueueOp::Enqueue(_)) { op.clone() } else { QueueOp::DequeueUnknown })
    }
}

impl Drawn for Counter {
    fn draw(&self, state: &i64, dice: &mut dyn Dice) -> CounterOp {
        match dice.below(5) {
            0 | 1 => CounterOp::Read(*state),
            2 => CounterOp::Add(-1),
            _ => CounterOp::Add(1 + dice.below(2) as i64),
        }
    }

    fn wrong(&self, op: &CounterOp, dice: &mut dyn Dice) -> CounterOp {
        let seen = if let CounterOp::Read(seen) = *op { seen } else { 1 };
        CounterOp::Read(seen + [-1, 1][dice.below(2) as usize])
    }

    fn unanswered(&self, op: &CounterOp) -> Option<CounterOp> {
        (!self.is_read(op)).then_some(*op)
    }
}

/// A history of up to seven calls that is linearizable: each takes effect at an instant of its own, and begins somewhat
/// before and ends somewhat after it; some never end.
fn history<M: Drawn>(model: &M, dice: &mut dyn Dice) -> Vec<Call<M::Op>> {
    let mut state = model.initial();
    let mut calls = Vec::new();
    for n in 0..1 + dice.below(7) {
        let op = model.draw(&state, dice);
        state = model.step(&state, &op).expect("it gives what it gives");
        let at = 1_000 + n * 100;
        let [before, after] = [(); 2].map(|()| dice.below(400));
        // Places in a history are all different.
        let [invoked, returned] = [(at - before) * 16 + 2 * n, (at + 1 + after) * 16 + 2 * n + 1];
        let call = Call { op, invoked, returned: Some(returned) };
        calls.extend(match dice.below(8) {
            0 => model.unanswered(&call.op).map(|op| Call { op, returned: None, ..call }),
            _ => Some(call),
        });
    }
    calls.sort_by_key(|call| call.invoked);
    calls
}

/// So many histories, and of each a few in which something is wrong.
fn agree<M: Drawn<Op: Debug>>(model: &M, histories: u64) -> [u64; 2] {
    let mut dice = Die::new(Seed(histories)).stream();
    let mut verdicts = [0; 2];
    for _ in 0..histories {
        let right = history(model, &mut dice);
        assert_eq!(check(model, &right, Limits::default()).0, Verdict::Linearizable, "{right:?}");
        for _ in 0..3 {
            let mut calls = right.clone();
            for _ in 0..=dice.below(2) {
                if let Some(n) = (!calls.is_empty()).then(|| dice.below(calls.len() as u64) as usize)
                    && calls[n].returned.is_some()
                {
                    calls[n].op = model.wrong(&calls[n].op, &mut dice);
                }
            }
            let expected = brute(model, &calls);
            verdicts[usize::from(expected)] += 1;
            let found = check(model, &calls, Limits::default()).0;
            assert_eq!(found == Verdict::Linearizable, expected, "{calls:?}");
            assert_ne!(found, Verdict::Unknown);
            if let Verdict::Illegal(stuck) = found {
                assert!(calls[stuck.call].returned.is_some() && !stuck.orders.is_empty(), "{calls:?}");
            }
        }
    }
    verdicts
}

#[test]
fn it_agrees_with_a_search_of_everything_on_a_hundred_thousand_histories() {
    let found = [
        agree(&Register { initial: 0 }, 7_000),
        agree(&Text, 7_000),
        agree(&Mutex, 4_000),
        agree(&Set::default(), 6_000),
        agree(&Queue::default(), 6_000),
        agree(&Counter, 6_000),
    ];
    let all: u64 = found.iter().flatten().sum();
    assert!(all >= 100_000, "{all}");
    assert!(found.iter().flatten().all(|&verdicts| verdicts > 1_000), "both verdicts come up everywhere: {found:?}");
}

#[test]
fn a_limit_is_never_taken_for_a_verdict() {
    // Twelve writes at once, then a read of what nobody wrote.
    let mut calls: Vec<Call<TextOp>> = (0..12)
        .map(|n| Call { op: TextOp::Append(n.to_string().into()), invoked: n, returned: Some(100 + n) })
        .collect();
    calls.push(Call { op: TextOp::Put("x".into()), invoked: 12, returned: Some(150) });
    calls.push(Call { op: TextOp::Get("y".into()), invoked: 20, returned: Some(200) });
    for limits in [Limits { steps: 1_000, ..Limits::default() }, Limits { bytes: 100_000, ..Limits::default() }] {
        assert_eq!(check(&Text, &calls, limits).0, Verdict::Unknown);
    }
    let stop = AtomicBool::new(true);
    assert_eq!(check(&Text, &calls, Limits { stop: Some(&stop), ..Limits::default() }).0, Verdict::Unknown);
}
