//! Heartbeats that are pushed, judged by how unlikely the silence has become: φ-accrual (Hayashibara, Défago, Yared and
//! Katayama, "The φ Accrual Failure Detector", 2004).
//!
//! Who watches keeps the last so many times between heartbeats, and takes the next to be drawn from the same
//! distribution: a normal one, or an exponential one as in Cassandra. φ is −log₁₀ of the probability that a heartbeat
//! comes even later than now. It only grows until the next arrival, so that the instant at which it reaches the
//! threshold Φ is known at the last: nothing needs to be computed in between. With a normal distribution that is z(Φ)
//! deviations after the mean, with an exponential one Φ · ln 10 times the mean.
//!
//! **What is learned.** The first heartbeat cannot be judged by those before it: at first a node takes the period that
//! is configured for the mean, and a quarter of it for the deviation, or it would trust for ever whom it never heard.
//! The time over an outage is no time between heartbeats, nor is the time from the boot to the first one: what ends a
//! suspicion teaches nothing, and nothing counts for more than [`longest`](Accrual::longest). And where the network is
//! too regular, the deviation is not taken to be less than [`least_deviation`](Accrual::least_deviation).

mod quantile;

use std::collections::VecDeque;

use crate::process::{Io, Local, NodeId, Span};
use crate::protocol::heartbeat::bugs::Mistake;
use crate::protocol::heartbeat::deadlines::Deadlines;
use crate::protocol::heartbeat::passive::{push, wait_to_push};
use crate::protocol::heartbeat::rounds::Beat;
use crate::protocol::heartbeat::{Fact, Heartbeat, Message, Timer, suspect};
pub(super) use quantile::Patience;

/// How heartbeats are sent and what is made of their arrivals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Accrual {
    /// From one heartbeat to the next.
    pub every: Span,
    /// So many times between heartbeats are kept.
    pub window: usize,
    /// None counts for more.
    pub longest: Span,
    /// The deviation is not taken to be less.
    pub least_deviation: Span,
    /// How long a silence may be, by mean and deviation of the times between heartbeats.
    pub patience: Patience,
}

impl Accrual {
    /// How long a crash can stay unnoticed where messages take no longer than this. Times of at most `longest` have a
    /// mean of at most that, and a deviation of at most half.
    #[must_use]
    pub(super) fn detection(&self, delay: Span) -> Span {
        let deviation = Span(self.longest.0.div_ceil(2)).max(self.least_deviation);
        self.patience.after(self.longest, deviation) + delay
    }
}

/// A node that pushes heartbeats and doubts others by their silence.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Phi {
    deadlines: Deadlines,
    peers: Box<[Intervals]>,
}

/// The times between heartbeats of one node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Intervals {
    /// The number of the last heartbeat.
    newest: u64,
    /// When it came; at first, when this began.
    last: Local,
    kept: VecDeque<Span>,
    sum: u128,
    squares: u128,
}

impl Intervals {
    fn new(every: Span, now: Local) -> Self {
        let mut intervals = Self { newest: 0, last: now, kept: VecDeque::new(), sum: 0, squares: 0 };
        let quarter = Span(every.0 / 4);
        intervals.learn(every - quarter, 2);
        intervals.learn(every + quarter, 2);
        intervals
    }

    fn learn(&mut self, interval: Span, window: usize) {
        while self.kept.len() >= window {
            let oldest = u128::from(self.kept.pop_front().unwrap_or_default().0);
            self.sum -= oldest;
            self.squares -= oldest * oldest;
        }
        let newest = u128::from(interval.0);
        self.kept.push_back(interval);
        self.sum += newest;
        self.squares += newest * newest;
    }

    fn mean(&self) -> Span {
        Span(self.sum.checked_div(self.kept.len() as u128).unwrap_or_default() as u64)
    }

    fn deviation(&self) -> Span {
        let count = self.kept.len() as u128;
        let variance = (self.squares * count - self.sum * self.sum) / (count * count).max(1);
        Span(variance.isqrt() as u64)
    }

    /// When φ reaches the threshold. Heartbeats that queued up come in one after the other, but they are not sent more
    /// often than every period: a window full of such intervals would make every heartbeat to come end a suspicion,
    /// from which nothing is learned, for ever.
    fn deadline(&self, accrual: &Accrual) -> Local {
        let mean = self.mean().max(accrual.every);
        self.last + accrual.patience.after(mean, self.deviation().max(accrual.least_deviation))
    }
}

impl Phi {
    pub(super) fn boot(accrual: &Accrual, io: &mut Io<'_, Heartbeat>) -> Self {
        wait_to_push(accrual.beat(), io);
        let watched = io.config().web.watched(io.me());
        let fresh = Intervals::new(accrual.every, io.now());
        let unheard = io.config().planted.is(Mistake::UnheardIsWell);
        let first = if unheard { Local(Span::MAX.0) } else { fresh.deadline(accrual) };
        let deadlines = Deadlines::new(watched, first, io);
        Self { deadlines, peers: vec![fresh; watched as usize].into() }
    }

    pub(super) fn on_message(
        &mut self,
        accrual: &Accrual,
        from: NodeId,
        message: &Message,
        io: &mut Io<'_, Heartbeat>,
    ) {
        let &Message::Beat(round) = message else { return };
        let config = io.config();
        let Some(slot) = config.web.slot(io.me(), from) else { return };
        let (peer, now) = (&mut self.peers[slot], io.now());
        if round <= peer.newest {
            return;
        }
        let (interval, is_first) = (now.since(peer.last), peer.newest == 0);
        peer.newest = round;
        peer.last = now;
        if config.planted.is(Mistake::OutageLearned) {
            peer.learn(interval, accrual.window);
        } else if !is_first && !self.deadlines.is_overdue(slot) && interval > Span::ZERO {
            peer.learn(interval.min(accrual.longest), accrual.window);
        }
        let deadline = peer.deadline(accrual);
        if self.deadlines.expect(slot, deadline, io) {
            io.fact(Fact::Trusted(from));
        }
    }

    pub(super) fn on_timer(&mut self, accrual: &Accrual, timer: Timer, io: &mut Io<'_, Heartbeat>) {
        match timer {
            Timer::Beat => push(accrual.beat(), io),
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

impl Accrual {
    /// When heartbeats are sent. When they are judged is another matter.
    fn beat(&self) -> Beat {
        Beat { every: self.every, shift: Span::ZERO }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_deviation_are_those_of_the_window() {
        let mut intervals = Intervals::new(Span(400), Local(0));
        assert_eq!((intervals.mean(), intervals.deviation()), (Span(400), Span(100)));
        for interval in [2, 4, 4, 4, 5, 5, 7, 9] {
            intervals.learn(Span(interval), 8);
        }
        assert_eq!((intervals.mean(), intervals.deviation()), (Span(5), Span(2)));
        intervals.learn(Span(50), 1);
        assert_eq!((intervals.mean(), intervals.deviation()), (Span(50), Span(0)));
    }

    #[test]
    fn a_burst_does_not_make_the_next_heartbeat_overdue() {
        let accrual = Accrual {
            every: Span::ms(100),
            window: 10,
            longest: Span::ms(300),
            least_deviation: Span::ms(5),
            patience: Patience::normal(8_000),
        };
        let mut intervals = Intervals::new(accrual.every, Local(0));
        for _ in 0..accrual.window {
            intervals.learn(Span::us(1), accrual.window);
        }
        assert_eq!(intervals.mean(), Span::us(1));
        assert!(intervals.deadline(&accrual) > Local(0) + Span::ms(120), "{:?}", intervals.deadline(&accrual));
    }

    #[test]
    fn a_lower_threshold_is_never_reached_later() {
        let accrual = |threshold_milli, exponential| Accrual {
            every: Span::ms(10),
            window: 10,
            longest: Span::ms(100),
            least_deviation: Span::us(100),
            patience: if exponential {
                Patience::exponential(threshold_milli)
            } else {
                Patience::normal(threshold_milli)
            },
        };
        let mut intervals = Intervals::new(Span::ms(10), Local(0));
        for n in 0..200u64 {
            intervals.learn(Span(10_000_000 + n * 7_919_993 % 5_000_000), 10);
            for exponential in [false, true] {
                let reached = [300, 1_000, 3_000, 8_000, 16_000]
                    .map(|threshold| intervals.deadline(&accrual(threshold, exponential)));
                assert!(reached.is_sorted(), "{reached:?}");
            }
        }
    }
}
