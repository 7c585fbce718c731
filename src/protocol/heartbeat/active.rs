//! Ping and acknowledgement: who watches asks, and whoever has not answered a ping within the timeout, nor a later one, is
//! suspected.
//!
//! Pings are numbered by rounds, and the timeout of a ping is the freshness point of its round. A crash is noticed within
//! a period and a timeout. It costs two messages where a heartbeat costs one, and the way there and back counts against
//! the timeout; but no two clocks need to run alike, for it is the same clock that sends and judges.

use crate::process::{Io, NodeId};
use crate::protocol::heartbeat::rounds::{Beat, Rounds};
use crate::protocol::heartbeat::{Fact, Heartbeat, Message, Timer};

/// A node that asks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Active {
    rounds: Rounds,
}

impl Active {
    pub(super) fn boot(beat: Beat, io: &mut Io<'_, Heartbeat>) -> Self {
        wait_to_ask(beat, io);
        let watched = io.config().web.watched(io.me());
        Self { rounds: Rounds::boot(beat, watched, Timer::Judge, io) }
    }

    pub(super) fn on_message(&mut self, from: NodeId, message: Message, io: &mut Io<'_, Heartbeat>) {
        match message {
            Message::Ping(round) => io.send(from, Message::Ack(round)),
            Message::Ack(round) => {
                let Some(slot) = io.config().web.slot(io.me(), from) else { return };
                if self.rounds.hear(slot, round) {
                    io.fact(Fact::Trusted(from));
                }
            }
            _ => {}
        }
    }

    pub(super) fn on_timer(&mut self, beat: Beat, timer: Timer, io: &mut Io<'_, Heartbeat>) {
        match timer {
            Timer::Ask => ask(beat, io),
            Timer::Judge => self.rounds.judge(beat, timer, io, |slot, io| {
                let peer = io.config().web.peer(io.me(), slot);
                io.fact(Fact::Suspected(peer));
            }),
            _ => {}
        }
    }

    pub(super) fn suspects(&self, slot: usize) -> bool {
        self.rounds.is_silent(slot)
    }
}

/// Waits for the next round, in which the first pings of this life are sent.
pub(super) fn wait_to_ask(beat: Beat, io: &mut Io<'_, Heartbeat>) {
    if io.config().web.watched(io.me()) > 0 {
        io.arm(Timer::Ask, beat.until(beat.round(io.now()) + 1, io.now()));
    }
}

/// Sends the pings of the round that is under way.
pub(super) fn ask(beat: Beat, io: &mut Io<'_, Heartbeat>) {
    let round = beat.round(io.now());
    for peer in io.config().web.watched_by(io.me()) {
        io.send(peer, Message::Ping(round));
    }
    io.arm(Timer::Ask, beat.until(round + 1, io.now()));
}
