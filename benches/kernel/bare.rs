//! The baseline: a loop that pops an event from a `std` binary heap and pushes the next, as many and as large as the
//! kernel has pending.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;

use crate::rate;

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Event<const WORDS: usize> {
    at: u64,
    order: u64,
    payload: [u64; WORDS],
}

/// Words of payload that make an event about as large as one of ping-pong.
pub(crate) const SMALL: usize = 4;
/// As large as one of Raft.
pub(crate) const LARGE: usize = 10;

/// Events per second with `pending` events of so many words always in the heap.
pub(crate) fn round<const WORDS: usize>(pending: u32, events: u64) -> f64 {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut delay = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        1_000_000 + ((u128::from(state) * 9_000_000) >> 64) as u64
    };
    let mut heap = BinaryHeap::new();
    for order in 0..u64::from(pending) {
        heap.push(Reverse(Event { at: delay(), order, payload: [order; WORDS] }));
    }
    rate(events, || {
        for order in 0..events {
            let Some(Reverse(mut event)) = heap.pop() else { return };
            event.payload[1] = event.payload[1].wrapping_add(order);
            event.at += delay();
            event.order = order + u64::from(pending);
            heap.push(Reverse(event));
        }
        black_box(&heap);
    })
}
