//! What detectors share that count rounds: who was heard in which round, and whom that makes silent.
//!
//! Round `i` begins when the node's clock shows `i · every`, and is judged `shift` later, at its *freshness point*: who
//! was not heard in it, nor in a later one, is silent until then. The clock goes on while a node is down, and so do its
//! rounds: no number is used in two lives.
//!
//! A node that stood still finds its timer run out, and behind it in the queue what came in meanwhile. So each round is
//! judged as of its own freshness point, and the last that has passed only when the queue has been seen to: else the
//! node would take its own silence for that of all others.

use crate::process::{Io, Local, Span};
use crate::protocol::heartbeat::bugs::Mistake;
use crate::protocol::heartbeat::table::Table;
use crate::protocol::heartbeat::{Heartbeat, Timer};

/// When rounds begin and when they are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Beat {
    /// From one round to the next.
    pub every: Span,
    /// From the beginning of a round until it is judged.
    pub shift: Span,
}

impl Beat {
    /// The round that is under way.
    #[must_use]
    pub(super) fn round(self, now: Local) -> u64 {
        now.0 / self.every.0
    }

    /// From now until this round begins.
    #[must_use]
    pub(super) fn until(self, round: u64, now: Local) -> Span {
        Span((round * self.every.0).saturating_sub(now.0))
    }

    /// Whether this round began before now.
    #[must_use]
    pub(super) fn is_late(self, round: u64, now: Local) -> bool {
        now.0 > round * self.every.0
    }

    /// From now until the freshness point of this round; nothing if it has passed.
    fn until_judged(self, round: u64, now: Local) -> Span {
        Span((round * self.every.0 + self.shift.0).saturating_sub(now.0))
    }

    /// The last round whose freshness point has passed.
    fn judged(self, now: Local) -> u64 {
        now.0.saturating_sub(self.shift.0) / self.every.0
    }

    /// How long a crash can stay unnoticed where nothing but the crash is at fault: the last round that the node took
    /// part in began just before.
    #[must_use]
    pub(super) fn detection(self) -> Span {
        self.every + self.shift
    }
}

/// Whom a node has heard, and when.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Rounds {
    /// The round whose freshness point is waited for.
    due: u64,
    /// The last round that the node itself began late, and when.
    late: (u64, Local),
    peers: Table<Heard>,
}

/// The last round in which somebody was heard, doubled, and 1 more if he is silent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Heard(u64);

impl Heard {
    const fn new(round: u64, silent: bool) -> Self {
        Self(round * 2 + silent as u64)
    }

    const fn round(self) -> u64 {
        self.0 / 2
    }

    const fn is_silent(self) -> bool {
        self.0 % 2 == 1
    }
}

impl Rounds {
    /// Of a node that has just booted. What others sent before it cannot have heard, so the first round that it judges
    /// is the next; until then it takes nobody to be silent.
    pub(super) fn boot(beat: Beat, watched: u32, timer: Timer, io: &mut Io<'_, Heartbeat>) -> Self {
        let due = beat.round(io.now()) + 1;
        if watched > 0 {
            io.arm(timer, beat.until_judged(due, io.now()));
        }
        Self { due, late: (0, Local(0)), peers: Table::new(watched) }
    }

    /// Somebody was heard in this round. Whether he was silent and is no more.
    #[inline]
    pub(super) fn hear(&mut self, slot: usize, round: u64, io: &Io<'_, Heartbeat>) -> bool {
        let peer = &mut self.peers.slots_mut()[slot];
        let newest = peer.round().max(round);
        let planted = io.config().planted;
        let fresh = newest + 1 >= self.due || planted.is(Mistake::StaleBeat);
        let speaks = peer.is_silent() && fresh && !planted.is(Mistake::NeverAgain);
        *peer = Heard::new(newest, peer.is_silent() && !speaks);
        speaks
    }

    /// The rounds before this one are not judged: nobody had a chance to be heard in them.
    pub(super) fn begin_with(&mut self, round: u64, beat: Beat, timer: Timer, io: &mut Io<'_, Heartbeat>) {
        self.due = round;
        self.wait(beat, timer, io);
    }

    /// A round begins only now, in which others answer: they have as long as in any other.
    pub(super) fn begins_late(&mut self, round: u64, beat: Beat, timer: Timer, io: &mut Io<'_, Heartbeat>) {
        self.late = (round, io.now());
        if self.due == round {
            self.wait(beat, timer, io);
        }
    }

    /// Waits for the freshness point of the round that is due.
    fn wait(&self, beat: Beat, timer: Timer, io: &mut Io<'_, Heartbeat>) {
        let (late, began) = self.late;
        let judged =
            if late == self.due { (began + beat.shift).since(io.now()) } else { beat.until_judged(self.due, io.now()) };
        io.arm(timer, judged);
    }

    /// A freshness point: tells who falls silent, and waits for the next.
    pub(super) fn judge(
        &mut self,
        beat: Beat,
        timer: Timer,
        io: &mut Io<'_, Heartbeat>,
        mut falls_silent: impl FnMut(usize, &mut Io<'_, Heartbeat>),
    ) {
        let now = io.now();
        if io.config().planted.is(Mistake::OwnPause) {
            self.due = beat.judged(now);
        }
        for (slot, peer) in self.peers.slots_mut().iter_mut().enumerate() {
            if peer.round() < self.due && !peer.is_silent() {
                *peer = Heard::new(peer.round(), true);
                falls_silent(slot, io);
            }
        }
        self.due = (self.due + 1).max(beat.judged(now));
        self.wait(beat, timer, io);
    }

    /// Whether anybody is watched.
    pub(super) fn watches(&self) -> bool {
        !self.peers.slots().is_empty()
    }

    /// Whether this one is silent.
    pub(super) fn is_silent(&self, slot: usize) -> bool {
        self.peers.slots()[slot].is_silent()
    }
}
