//! Heartbeats that are pushed, judged by when they are expected: NFD-E (Chen, Toueg and Aguilera, 2002, section 6.3),
//! for clocks that do not run alike.
//!
//! Who watches does not know when the next heartbeat is sent, but can estimate when it comes: the last so many arrived,
//! on average, so much after their number times η, and the next will too. It is due α after that. This does what NFD-S
//! does with a shift of α and the mean delay.

use std::collections::VecDeque;

use crate::process::{Io, Local, NodeId, Span};
use crate::protocol::heartbeat::deadlines::Deadlines;
use crate::protocol::heartbeat::passive::{push, wait_to_push};
use crate::protocol::heartbeat::rounds::Beat;
use crate::protocol::heartbeat::{Fact, Heartbeat, Message, Timer, suspect};

/// When heartbeats are sent, and when they are expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Estimate {
    /// From one heartbeat to the next (η), and how much later than expected one may come (α).
    pub beat: Beat,
    /// Over so many arrivals the mean is taken.
    pub window: usize,
}

impl Estimate {
    /// How long a crash can stay unnoticed where messages take no longer than this. A node that has just booted knows
    /// nothing, and waits for a period more.
    #[must_use]
    pub(super) fn detection(self, delay: Span) -> Span {
        self.beat.detection() + self.beat.every + delay
    }
}

/// A node that pushes heartbeats and expects those of others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Estimated {
    deadlines: Deadlines,
    peers: Box<[Arrivals]>,
}

/// How late heartbeats of one node arrive, counted from when their round begins on the clock of whoever watches.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Arrivals {
    /// The number of the last.
    newest: u64,
    latenesses: VecDeque<i64>,
    sum: i64,
}

impl Arrivals {
    /// Takes in a heartbeat, and tells when the next one is expected; nothing if a later one was here before.
    fn take(&mut self, round: u64, every: Span, window: usize, now: Local) -> Option<Local> {
        if round <= self.newest {
            return None;
        }
        self.newest = round;
        let lateness = now.0.cast_signed() - (round * every.0).cast_signed();
        if self.latenesses.len() == window {
            self.sum -= self.latenesses.pop_front().unwrap_or_default();
        }
        self.latenesses.push_back(lateness);
        self.sum += lateness;
        let mean = self.sum.div_euclid(self.latenesses.len() as i64);
        Some(Local(((round + 1) * every.0).saturating_add_signed(mean)))
    }
}

impl Estimated {
    pub(super) fn boot(estimate: Estimate, io: &mut Io<'_, Heartbeat>) -> Self {
        wait_to_push(estimate.beat, io);
        let watched = io.config().web.watched(io.me());
        let first = io.now() + estimate.detection(Span::ZERO);
        let deadlines = Deadlines::new(watched, first, io);
        Self { deadlines, peers: vec![Arrivals::default(); watched as usize].into() }
    }

    pub(super) fn on_message(
        &mut self,
        estimate: Estimate,
        from: NodeId,
        message: &Message,
        io: &mut Io<'_, Heartbeat>,
    ) {
        let &Message::Beat(round) = message else { return };
        let Some(slot) = io.config().web.slot(io.me(), from) else { return };
        let Estimate { beat, window } = estimate;
        let Some(expected) = self.peers[slot].take(round, beat.every, window, io.now()) else { return };
        if self.deadlines.expect(slot, expected + beat.shift, io) {
            io.fact(Fact::Trusted(from));
        }
    }

    pub(super) fn on_timer(&mut self, estimate: Estimate, timer: Timer, io: &mut Io<'_, Heartbeat>) {
        match timer {
            Timer::Beat => push(estimate.beat, io),
            Timer::Judge => self.deadlines.judge(io, suspect),
            _ => {}
        }
    }

    pub(super) fn suspects(&self, slot: usize) -> bool {
        self.deadlines.is_overdue(slot)
    }

    pub(super) fn watches(&self) -> bool {
        self.deadlines.watches()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_arrival_is_expected_as_late_as_the_last_ones_were_on_average() {
        let mut arrivals = Arrivals::default();
        let mut take = |round, now| arrivals.take(round, Span(100), 2, Local(now));
        assert_eq!(take(1, 110), Some(Local(210)));
        assert_eq!(take(3, 330), Some(Local(420)), "10 and 30 late: 20 on average");
        assert_eq!(take(2, 340), None, "an older one");
        assert_eq!(take(3, 341), None, "the same twice");
        assert_eq!(take(4, 440), Some(Local(535)), "30 and 40 late: the window has room for two");
        assert_eq!(take(5, 405), Some(Local(572)), "a sender whose clock is fast: 40 and -95 late");
    }
}
