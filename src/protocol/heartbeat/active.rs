//! Ping and acknowledgement: who watches asks, and whoever has not answered a ping within the timeout, nor a later one,
//! is suspected.
//!
//! Pings are numbered by rounds, and the timeout of a ping is the freshness point of its round. A crash is noticed
//! within a period and a timeout. It costs two messages where a heartbeat costs one, and the way there and back counts
//! against the timeout; but no two clocks need to run alike, for it is the same clock that sends and judges. Rounds in
//! which a node stood still and did not ask are not judged: nobody could answer. And who asks late waits as long for
//! the answers.

use crate::process::{Io, NodeId};
use crate::protocol::heartbeat::rounds::{Beat, Rounds};
use crate::protocol::heartbeat::{Fact, Heartbeat, Message, Timer, suspect};

/// A node that asks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Active {
    asking: Asking,
}

impl Active {
    pub(super) fn boot(beat: Beat, io: &mut Io<'_, Heartbeat>) -> Self {
        Self { asking: Asking::boot(beat, Timer::Judge, io) }
    }

    pub(super) fn on_message(&mut self, from: NodeId, message: &Message, io: &mut Io<'_, Heartbeat>) {
        match *message {
            Message::Ping(round) => io.send(from, Message::Ack(round)),
            Message::Ack(round) => {
                let Some(slot) = io.config().web.slot(io.me(), from) else { return };
                if self.asking.answers.hear(slot, round, io) {
                    io.fact(Fact::Trusted(from));
                }
            }
            _ => {}
        }
    }

    pub(super) fn on_timer(&mut self, beat: Beat, timer: Timer, io: &mut Io<'_, Heartbeat>) {
        match timer {
            Timer::Ask => self.asking.ask(beat, Timer::Judge, io),
            Timer::Judge => self.asking.answers.judge(beat, timer, io, suspect),
            _ => {}
        }
    }

    pub(super) fn suspects(&self, slot: usize) -> bool {
        self.asking.answers.is_silent(slot)
    }

    pub(super) fn watches(&self) -> bool {
        self.asking.answers.watches()
    }
}

/// Pings, and who answered them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Asking {
    /// The last round in which pings were sent.
    asked: u64,
    pub(super) answers: Rounds,
}

impl Asking {
    /// Waits for the next round, in which the first pings of this life are sent. `judge` is the timer of answers.
    pub(super) fn boot(beat: Beat, judge: Timer, io: &mut Io<'_, Heartbeat>) -> Self {
        let (watched, asked) = (io.config().web.watched(io.me()), beat.round(io.now()));
        if watched > 0 {
            io.arm(Timer::Ask, beat.until(asked + 1, io.now()));
        }
        Self { asked, answers: Rounds::boot(beat, watched, judge, io) }
    }

    /// Sends the pings of the round that is under way.
    pub(super) fn ask(&mut self, beat: Beat, judge: Timer, io: &mut Io<'_, Heartbeat>) {
        let round = beat.round(io.now());
        for peer in io.config().web.watched_by(io.me()) {
            io.send(peer, Message::Ping(round));
        }
        if round > self.asked + 1 {
            self.answers.begin_with(round, beat, judge, io);
        }
        if beat.is_late(round, io.now()) {
            self.answers.begins_late(round, beat, judge, io);
        }
        self.asked = round;
        io.arm(Timer::Ask, beat.until(round + 1, io.now()));
    }
}
