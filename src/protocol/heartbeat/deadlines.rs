//! What detectors share that expect everybody at an instant of his own: when each is overdue, under one timer.
//!
//! The timer is armed for the first deadline that there was when it was armed. An arrival moves its own deadline back
//! and leaves the timer alone, which then runs out once too often and is armed anew.

use crate::process::{Io, Local};
use crate::protocol::heartbeat::bugs::Mistake;
use crate::protocol::heartbeat::{Heartbeat, Timer};

/// The deadline of somebody who is overdue already.
const NEVER: Local = Local(u64::MAX);

/// When each of those that a node watches is overdue.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Deadlines {
    /// What the timer is armed for.
    armed: Local,
    of: Box<[Local]>,
}

impl Deadlines {
    /// The same for everybody.
    pub(super) fn new(watched: u32, first: Local, io: &mut Io<'_, Heartbeat>) -> Self {
        let mut deadlines = Self { armed: NEVER, of: vec![first; watched as usize].into() };
        if watched > 0 {
            deadlines.arm(first, io);
        }
        deadlines
    }

    fn arm(&mut self, deadline: Local, io: &mut Io<'_, Heartbeat>) {
        self.armed = deadline;
        io.arm(Timer::Judge, deadline.since(io.now()));
    }

    /// Somebody was heard and is expected anew before this deadline. Whether he was overdue and is no more: a heartbeat
    /// so old that the next one is overdue too changes nothing.
    pub(super) fn expect(&mut self, slot: usize, deadline: Local, io: &mut Io<'_, Heartbeat>) -> bool {
        let was_overdue = self.is_overdue(slot);
        if was_overdue && (deadline <= io.now() || io.config().planted.is(Mistake::NeverAgain)) {
            return false;
        }
        self.of[slot] = deadline;
        if deadline < self.armed {
            self.arm(deadline, io);
        }
        was_overdue
    }

    /// The timer ran out: tells who is overdue. A node that stood still finds it run out with what came in later still
    /// in the queue behind it; so only those count that were due when it was to run out, and the others are seen to
    /// when the queue is empty.
    pub(super) fn judge(
        &mut self,
        io: &mut Io<'_, Heartbeat>,
        mut is_overdue: impl FnMut(usize, &mut Io<'_, Heartbeat>),
    ) {
        let hasty = io.config().planted.is(Mistake::OwnPause);
        let due = if hasty { io.now() } else { self.armed };
        let mut next = NEVER;
        for (slot, deadline) in self.of.iter_mut().enumerate() {
            if *deadline <= due {
                *deadline = NEVER;
                is_overdue(slot, io);
            }
            next = next.min(*deadline);
        }
        self.armed = NEVER;
        if next != NEVER {
            self.arm(next, io);
        }
    }

    /// Whether this one is overdue.
    pub(super) fn is_overdue(&self, slot: usize) -> bool {
        self.of[slot] == NEVER
    }

    /// Whether anybody is watched.
    pub(super) fn watches(&self) -> bool {
        !self.of.is_empty()
    }
}
