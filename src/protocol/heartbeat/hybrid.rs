//! Both at once: heartbeats that are pushed, and pings. Somebody is suspected only if he is silent on both channels.
//!
//! If mistakes of the two are independent, those of both together are as likely as the product; a crash is noticed when
//! the slower of the two has noticed it. What the channels may send together is stated as a budget: so many messages a
//! second for each node. The heartbeats have their period, and pings are sent as often as the rest of the budget
//! allows.

use crate::process::{Io, NodeId, Span};
use crate::protocol::heartbeat::active::Asking;
use crate::protocol::heartbeat::bugs::Mistake;
use crate::protocol::heartbeat::passive::{push, wait_to_push};
use crate::protocol::heartbeat::rounds::{Beat, Rounds};
use crate::protocol::heartbeat::topology::Web;
use crate::protocol::heartbeat::{Fact, Heartbeat, Message, Timer, suspect};

/// The two channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Channels {
    /// The heartbeats.
    pub pushed: Beat,
    /// The pings.
    pub asked: Beat,
}

impl Channels {
    /// How long a crash can stay unnoticed: as long as on the slower one.
    #[must_use]
    pub(super) fn detection(self) -> Span {
        self.pushed.detection().max(self.asked.detection())
    }
}

/// How often pings can be sent if no node may send more than `budget` messages a second, heartbeats and answers to the
/// pings of others included, but not second answers to pings that the network doubled; nothing if the heartbeats alone
/// are too many. They are not sent more often than those.
pub(super) fn asked_every(pushed: Span, budget: u32, web: &Web) -> Option<Span> {
    const SECOND: u128 = 1_000_000_000;
    let every = u128::from(pushed.0);
    let of = |node| {
        let (watched, watching) = (u128::from(web.watched(node)), u128::from(web.watching(node)));
        let left = (u128::from(budget) * every).checked_sub(watching * SECOND)?;
        let period = ((watched + watching) * SECOND * every).checked_add(left)?.checked_sub(1)?.checked_div(left)?;
        Some(Span(u64::try_from(period).ok()?))
    };
    // In a star the monitor and the others differ, else all nodes are alike.
    Some(of(NodeId(0))?.max(of(NodeId(1))?).max(pushed))
}

/// A node that pushes and asks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Hybrid {
    pushed: Rounds,
    asking: Asking,
}

impl Hybrid {
    pub(super) fn boot(channels: Channels, io: &mut Io<'_, Heartbeat>) -> Self {
        wait_to_push(channels.pushed, io);
        let watched = io.config().web.watched(io.me());
        Self {
            pushed: Rounds::boot(channels.pushed, watched, Timer::Judge, io),
            asking: Asking::boot(channels.asked, Timer::JudgeAsked, io),
        }
    }

    pub(super) fn on_message(&mut self, from: NodeId, message: &Message, io: &mut Io<'_, Heartbeat>) {
        let Some(slot) = io.config().web.slot(io.me(), from) else {
            if let &Message::Ping(round) = message {
                io.send(from, Message::Ack(round));
            }
            return;
        };
        let was_suspected = self.suspects(slot);
        match *message {
            Message::Ping(round) => io.send(from, Message::Ack(round)),
            Message::Beat(round) => {
                self.pushed.hear(slot, round, io);
            }
            Message::Ack(round) => {
                self.asking.answers.hear(slot, round, io);
            }
            _ => {}
        }
        if was_suspected && !self.suspects(slot) {
            io.fact(Fact::Trusted(from));
        }
    }

    pub(super) fn on_timer(&mut self, channels: Channels, timer: Timer, io: &mut Io<'_, Heartbeat>) {
        let Self { pushed, asking } = self;
        let doubt = |other: &Rounds, slot, io: &mut Io<'_, Heartbeat>| {
            if other.is_silent(slot) || io.config().planted.is(Mistake::OneChannel) {
                suspect(slot, io);
            }
        };
        match timer {
            Timer::Beat => push(channels.pushed, io),
            Timer::Ask => asking.ask(channels.asked, Timer::JudgeAsked, io),
            Timer::Judge => pushed.judge(channels.pushed, timer, io, |slot, io| doubt(&asking.answers, slot, io)),
            Timer::JudgeAsked => asking.answers.judge(channels.asked, timer, io, |slot, io| doubt(pushed, slot, io)),
            _ => {}
        }
    }

    pub(super) fn suspects(&self, slot: usize) -> bool {
        self.pushed.is_silent(slot) && self.asking.answers.is_silent(slot)
    }

    pub(super) fn watches(&self) -> bool {
        self.pushed.watches()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::heartbeat::topology::Topology;

    #[test]
    fn pings_get_what_the_heartbeats_leave_of_the_budget() {
        let ring = Web::new(Topology::Ring(2), 9);
        let every = Span::ms(100);
        // 20 heartbeats a second; the other 20 are 2 pings and 2 answers, 5 times a second.
        assert_eq!(asked_every(every, 40, &ring), Some(Span::ms(200)));
        assert_eq!(asked_every(every, 20, &ring), None);
        assert_eq!(asked_every(every, 1_000, &ring), Some(every), "no more often than heartbeats");
        // The monitor sends 8 pings, and no heartbeats.
        let star = Web::new(Topology::Star, 9);
        assert_eq!(asked_every(every, 20, &star), Some(Span::ms(400)));
        // A member: 10 heartbeats, and an answer to each ping.
        assert_eq!(asked_every(every, 11, &Web::new(Topology::Star, 2)), Some(Span::secs(1)));
    }
}
