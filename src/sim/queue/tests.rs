//! Unit tests, and a comparison with an ordered map over random programs.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn times(queue: &mut Queue<u32>) -> Vec<(u64, u32)> {
    std::iter::from_fn(|| queue.pop()).map(|(time, _, event)| (time, event)).collect()
}

#[test]
fn ties_are_first_in_first_out() {
    for count in [3, 40, 1000] {
        let mut queue = Queue::new();
        (0..count).for_each(|event| queue.push(7, event));
        let expected: Vec<_> = (0..count).map(|event| (7, event)).collect();
        assert_eq!(times(&mut queue), expected);
    }
}

/// Pushes and pops at random, and compares every answer with an ordered map.
struct Pair {
    queue: Queue<u64>,
    model: BTreeMap<(u64, u64), u64>,
    now: u64,
    pushed: u64,
}

impl Pair {
    fn new() -> Self {
        Self { queue: Queue::new(), model: BTreeMap::new(), now: 0, pushed: 0 }
    }

    fn push(&mut self, delay: u64) {
        let seq = self.queue.ticket();
        self.push_with(delay, seq);
    }

    fn push_with(&mut self, delay: u64, seq: u64) {
        self.pushed += 1;
        self.queue.push_with(self.now + delay, seq, self.pushed);
        self.model.insert((self.now + delay, seq), self.pushed);
    }

    fn pop(&mut self) {
        let expected = self.model.pop_first().map(|((time, seq), event)| (time, seq, event));
        assert_eq!(self.queue.pop(), expected);
        self.now = expected.map_or(self.now, |(time, ..)| time);
    }

    fn check(&mut self) {
        assert_eq!(self.queue.len(), self.model.len());
        assert_eq!(self.queue.is_empty(), self.model.is_empty());
    }
}

/// One step of a random program.
#[derive(Clone, Debug)]
enum Step {
    Push { count: usize, scale: u64, draws: u64 },
    Pop { count: usize },
    Hold { count: usize, scale: u64, draws: u64 },
    PopUntil { ahead: u64 },
    Peek,
    Requeue { delay: u64 },
    Drain,
}

fn scale() -> impl Strategy<Value = u64> {
    prop_oneof![
        Just(0),
        Just(1),
        Just(100),
        Just(1_000_000),
        Just(300_000_000),
        Just(3_600_000_000_000),
        Just(1 << 45)
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let count = prop_oneof![4 => 1..20_usize, 3 => 20..200_usize, 1 => 200..3000_usize];
    let other = prop_oneof![1..60_usize, 60..3000_usize];
    prop_oneof![
        4 => (count.clone(), scale(), any::<u64>()).prop_map(|(count, scale, draws)| Step::Push { count, scale, draws }),
        4 => other.prop_map(|count| Step::Pop { count }),
        4 => (count, scale(), any::<u64>()).prop_map(|(count, scale, draws)| Step::Hold { count, scale, draws }),
        2 => scale().prop_map(|ahead| Step::PopUntil { ahead }),
        2 => Just(Step::Peek),
        2 => scale().prop_map(|delay| Step::Requeue { delay }),
        1 => Just(Step::Drain),
    ]
}

fn draw(state: &mut u64, scale: u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 16) % (scale + 1)
}

fn run(pair: &mut Pair, step: Step, tickets: &mut Vec<u64>) {
    match step {
        Step::Push { count, scale, mut draws } => (0..count).for_each(|_| pair.push(draw(&mut draws, scale))),
        Step::Pop { count } => (0..count).for_each(|_| pair.pop()),
        Step::Hold { count, scale, mut draws } => {
            for _ in 0..count {
                pair.pop();
                pair.push(draw(&mut draws, scale));
                pair.queue.upcoming().for_each(drop);
            }
        }
        Step::PopUntil { ahead } => pop_until(pair, pair.now + ahead),
        Step::Peek => {
            let expected = pair.model.keys().next().map(|key| key.0);
            assert_eq!(pair.queue.peek_time(), expected);
            tickets.push(pair.queue.ticket());
        }
        Step::Requeue { delay } => {
            if let Some(seq) = tickets.pop() {
                pair.push_with(delay, seq);
            }
        }
        Step::Drain => {
            let expected: Vec<_> =
                std::mem::take(&mut pair.model).into_iter().map(|((time, seq), event)| (time, seq, event)).collect();
            assert_eq!(pair.queue.drain_sorted(), expected);
        }
    }
}

fn pop_until(pair: &mut Pair, limit: u64) {
    while pair.model.first_key_value().is_some_and(|(key, _)| key.0 <= limit) {
        let ((time, seq), event) = pair.model.pop_first().expect("just seen");
        assert_eq!(pair.queue.pop_until(limit), Some((time, seq, event)));
        pair.now = time;
    }
    assert_eq!(pair.queue.pop_until(limit), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn pops_what_an_ordered_map_pops(program in prop::collection::vec(step(), 1..60)) {
        let mut pair = Pair::new();
        let mut tickets = Vec::new();
        for step in program {
            run(&mut pair, step, &mut tickets);
            pair.check();
        }
        while !pair.model.is_empty() {
            pair.pop();
        }
        pair.pop();
    }
}
