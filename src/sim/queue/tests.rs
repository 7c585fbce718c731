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

#[test]
fn far_future_waits_for_its_turn() {
    let mut queue = Queue::new();
    let due: Vec<u64> = (0..200_u64).map(|n| (n % 7) * 3_600_000_000_000 + (n % 31) * 1_000_003 + n).collect();
    (0..).zip(&due).for_each(|(event, &time)| queue.push(time, event));
    queue.push((1 << 56) - 1, 999);
    let popped = times(&mut queue);
    assert!(popped.is_sorted());
    assert_eq!(popped.last(), Some(&((1 << 56) - 1, 999)));
}

#[test]
fn zero_delays_follow_what_is_pending_for_the_instant() {
    for others in [0, 1000] {
        let mut queue = Queue::new();
        (0..others).for_each(|n| queue.push(10 + u64::from(n), n));
        queue.push(5, 7000);
        queue.push(5, 7001);
        assert_eq!(queue.pop(), Some((5, u64::from(others), 7000)));
        (7002..7500).for_each(|event| queue.push(5, event));
        let next: Vec<u32> = (7001..7500).filter_map(|_| queue.pop_until(5)).map(|popped| popped.2).collect();
        assert_eq!(next, (7001..7500).collect::<Vec<_>>());
        assert_eq!(queue.pop_until(5), None);
    }
}

#[test]
fn a_requeued_timer_keeps_its_place() {
    let mut queue = Queue::new();
    let early = queue.ticket();
    queue.push(9, 1);
    queue.push_with(9, early, 0);
    assert_eq!(times(&mut queue), [(9, 0), (9, 1)]);
}

#[test]
#[should_panic(expected = "event at 4 ns is before the current time, 5 ns")]
fn time_does_not_run_backwards() {
    let mut queue = Queue::new();
    queue.push(5, 0);
    queue.pop();
    queue.push(4, 0);
}

#[test]
fn the_ring_comes_and_goes_without_flapping() {
    let mut pair = Pair::new();
    (0..RING_ABOVE as u64).for_each(|n| pair.push(n * 1000));
    assert!(!pair.queue.has_ring());
    pair.push(1);
    assert!(pair.queue.has_ring());
    while pair.queue.len() > RING_BELOW {
        pair.pop();
    }
    assert!(pair.queue.has_ring());
    (0..2).for_each(|_| pair.pop());
    pair.hold(50, 1_000_000);
    assert!(!pair.queue.has_ring());
}

#[test]
fn the_ring_follows_the_number_pending() {
    let mut pair = Pair::new();
    (0..20_000).for_each(|n| pair.push(n * 7919 % 1_000_000));
    let large = pair.queue.ring.buckets();
    assert!((20_000 / 8..=20_000 / 2).contains(&large));
    (0..19_800).for_each(|_| pair.pop());
    pair.hold(2000, 1_000_000);
    assert!(pair.queue.ring.buckets() < large / 8);
}

#[test]
fn the_width_follows_the_traffic() {
    let mut pair = Pair::new();
    (0..1000).for_each(|n| pair.push(n));
    for scale in [1_000, 10_000_000, 100_000_000_000] {
        pair.hold(20_000, scale);
        // A thousand events that each come again after half the scale on average.
        let width =
            (0..63).map(|shift| 1 << shift).find(|&time| pair.queue.ring.bucket(time) > 0).expect("a bucket ends");
        let per_bucket = 1000 * width / (scale / 2);
        assert!((4..=24).contains(&per_bucket), "{per_bucket} events per bucket at scale {scale}");
    }
}

#[test]
fn a_look_into_the_far_future_is_made_good() {
    let mut pair = Pair::new();
    (0..500).for_each(|n| pair.push(3_600_000_000_000 + n * 1_000_000));
    assert_eq!(pair.queue.peek_time(), Some(3_600_000_000_000));
    (0..200).for_each(|n| pair.push(1_000_000 + n * 777));
    pair.hold(20_000, 10_000_000);
    assert!(pair.queue.ring.open() <= pair.queue.ring.bucket(pair.now) + 1);
}

#[test]
fn upcoming_shows_nearly_every_event_before_it_is_popped() {
    let mut queue = Queue::new();
    (0..10_000_u32).for_each(|event| queue.push(u64::from(event) * 7919 % 1_000_000, event));
    let mut shown = std::collections::BTreeSet::new();
    let mut foreseen = 0;
    while let Some((_, _, event)) = queue.pop() {
        foreseen += u32::from(shown.contains(&event));
        shown.extend(queue.upcoming().copied());
    }
    assert!(foreseen > 8_000, "{foreseen} of 10000");
}

#[test]
fn what_is_rescheduled_is_shown_in_order_and_keeps_its_number() {
    let mut queue = Queue::new();
    (0..100_u32).for_each(|event| queue.push(50 - u64::from(event) / 4, event));
    let mut shown = Vec::new();
    queue.reschedule(|time, &event| {
        shown.push((time, event));
        if event % 2 == 0 { 60 } else { time }
    });
    assert!(shown.len() == 100 && shown.is_sorted());
    let rest: Vec<(u64, u64, u32)> = std::iter::from_fn(|| queue.pop()).collect();
    assert!(rest.len() == 100 && rest.is_sorted());
    assert!(rest.iter().all(|&(time, seq, event)| seq == u64::from(event) && (event % 2 == 1 || time == 60)));
    assert_eq!(queue.ticket(), 100);
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
        let time = (self.now + delay).min((1 << TIME_BITS) - 1);
        self.pushed += 1;
        self.queue.push_with(time, seq, self.pushed);
        self.model.insert((time, seq), self.pushed);
    }

    fn pop(&mut self) {
        let expected = self.model.pop_first().map(|((time, seq), event)| (time, seq, event));
        assert_eq!(self.queue.pop(), expected);
        self.now = expected.map_or(self.now, |(time, ..)| time);
    }

    /// Pops and pushes again, `count` times, with delays up to `scale`.
    fn hold(&mut self, count: usize, scale: u64) {
        let mut draws = scale;
        for _ in 0..count {
            self.pop();
            self.push(draw(&mut draws, scale));
        }
    }

    fn check(&self) {
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
    Reschedule { latest: u64 },
}

fn scale() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), Just(1), Just(100), Just(1_000_000), Just(300_000_000), Just(3_600_000_000_000), Just(1 << 45)]
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
        1 => scale().prop_map(|latest| Step::Reschedule { latest }),
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
        Step::Reschedule { latest } => {
            let latest = pair.now + latest;
            let due = std::mem::take(&mut pair.model).into_iter();
            pair.model = due.map(|((time, seq), event)| ((time.min(latest), seq), event)).collect();
            pair.queue.reschedule(|time, _| time.min(latest));
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
