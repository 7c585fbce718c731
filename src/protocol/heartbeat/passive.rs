//! Heartbeats that are pushed, judged at freshness points: NFD-S (Chen, Toueg and Aguilera, 2002, section 4).
//!
//! A node sends its `i`-th heartbeat when its clock shows σᵢ = i · η. Who watches it trusts it between the freshness
//! points τᵢ = σᵢ + δ and τᵢ₊₁ if it has received the `i`-th or a later one. So a crash is noticed within δ + η,
//! whatever the network does; and of all detectors that promise this at the same rate of heartbeats, none has a better
//! query accuracy (theorem 5 there). The clocks must run alike: all watched nodes share their freshness points.

use crate::process::{Io, NodeId};
use crate::protocol::heartbeat::rounds::{Beat, Rounds};
use crate::protocol::heartbeat::{Fact, Heartbeat, Message, Timer, suspect};

/// A node that pushes heartbeats and judges those of others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Passive {
    rounds: Rounds,
}

impl Passive {
    pub(super) fn boot(beat: Beat, io: &mut Io<'_, Heartbeat>) -> Self {
        wait_to_push(beat, io);
        let watched = io.config().web.watched(io.me());
        Self { rounds: Rounds::boot(beat, watched, Timer::Judge, io) }
    }

    #[inline]
    pub(super) fn on_message(&mut self, from: NodeId, message: &Message, io: &mut Io<'_, Heartbeat>) {
        let &Message::Beat(round) = message else { return };
        let Some(slot) = io.config().web.slot(io.me(), from) else { return };
        if self.rounds.hear(slot, round, io) {
            io.fact(Fact::Trusted(from));
        }
    }

    #[inline]
    pub(super) fn on_timer(&mut self, beat: Beat, timer: Timer, io: &mut Io<'_, Heartbeat>) {
        match timer {
            Timer::Beat => push(beat, io),
            Timer::Judge => self.rounds.judge(beat, timer, io, suspect),
            _ => {}
        }
    }

    pub(super) fn suspects(&self, slot: usize) -> bool {
        self.rounds.is_silent(slot)
    }

    pub(super) fn watches(&self) -> bool {
        self.rounds.watches()
    }
}

/// Waits for the next round, in which the first heartbeat of this life is sent.
pub(super) fn wait_to_push(beat: Beat, io: &mut Io<'_, Heartbeat>) {
    if io.config().web.watching(io.me()) > 0 {
        io.arm(Timer::Beat, beat.until(beat.round(io.now()) + 1, io.now()));
    }
}

/// Sends the heartbeat of the round that is under way; those that the node slept through are not made up for.
#[inline]
pub(super) fn push(beat: Beat, io: &mut Io<'_, Heartbeat>) {
    let round = beat.round(io.now());
    for watcher in io.config().web.watchers(io.me()) {
        io.send(watcher, Message::Beat(round));
    }
    io.arm(Timer::Beat, beat.until(round + 1, io.now()));
}
