//! One node as the kernel keeps it: what every turn touches in the slot itself, everything rare behind one box.

use std::collections::VecDeque;

use super::clock::Clock;
use crate::check::{Seat, Seats};
use crate::ids::NodeId;
use crate::process::{Durable, Effect, Process, Ticket};
use crate::time::{Local, Span, Time};
use crate::turn::Input;

/// Whether a node lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// A spare that has not booted yet.
    Unborn,
    /// It lives, though it may be paused or busy.
    Up,
    /// It crashed and may restart.
    Down,
    /// It refused to boot, or was retired.
    Gone,
}

/// One node. Of a million, hardly any is in the cache when its turn comes: what every turn touches stands first, then
/// the node's memory. The slot of a small node is two cache lines, and [`ends`](Slot::ends) touches both.
#[repr(C, align(64))]
pub(crate) struct Slot<P: Process> {
    /// Nothing stands between an input and its turn: the node is up, idle and unhurt.
    pub(crate) plain: bool,
    pub(crate) status: Status,
    pub(crate) life: u32,
    /// Draws made in this life.
    pub(crate) draws: u32,
    pub(crate) ticket: Ticket,
    pub(crate) rare: Option<Box<Rare<P>>>,
    pub(crate) state: Option<P>,
    pub(crate) timers: Timers<P::Timer>,
    pub(crate) disk: P::Disk,
}

/// What most nodes have most of the time nothing of.
pub(crate) struct Rare<P: Process> {
    pub(crate) clock: Clock,
    /// Base drift and what entries add to it, in millionths.
    pub(crate) drift_ppm: i64,
    /// How many entries pause it.
    pub(crate) pauses: u32,
    /// What entries add to each turn.
    pub(crate) slow: Span,
    /// Entries that wait for a turn to strike inside of, by place in the plan.
    pub(crate) strikes: VecDeque<u32>,
    pub(crate) work: Work,
    /// When the turn under way will have had its time.
    pub(crate) served_at: Time,
    /// How much of that time it still needs, while the node is paused.
    pub(crate) unserved: Span,
    /// Effects of the turn under way that have not left yet.
    pub(crate) held: VecDeque<Effect<P>>,
    /// After how many more effects the turn under way is struck, and by which entry.
    pub(crate) struck: Vec<(u32, u32)>,
    pub(crate) inbox: VecDeque<Waiting<P>>,
    pub(crate) unsynced: VecDeque<Unsynced<<P::Disk as Durable>::Write>>,
    /// When the last issued write will be on the disk.
    pub(crate) synced_by: Time,
    /// Grows at each machine crash: what was under way to the disk before it will not arrive.
    pub(crate) disk_epoch: u32,
    /// Entries that make the next sync fail, by place in the plan.
    pub(crate) failing_syncs: VecDeque<u32>,
    /// Entries during which every sync fails, by place in the plan.
    pub(crate) full_disks: Vec<u32>,
    /// The entry that gave the disk a latent error, applied before the next boot.
    pub(crate) latent: Option<u32>,
    /// While it is down: whether only its process is dead, and its machine stands.
    pub(crate) machine_stands: bool,
    /// While it is down: until when at least.
    pub(crate) down_until: Time,
    /// A restart that waits until what survived a process death is on the disk.
    pub(crate) boot_when_synced: bool,
}

/// What a busy node is busy with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Work {
    /// Nothing.
    #[default]
    Idle,
    /// The turn takes its service time.
    Serving,
    /// A barrier: nothing leaves before the write under way is on the disk.
    Syncing,
    /// Everything may leave as soon as the node is no longer paused.
    Due,
}

/// An input that waits.
pub(crate) enum Waiting<P: Process> {
    Input(Input<P>),
    /// A timer that ran out meanwhile, by the event with this sequence number; it fires only if it was not stopped
    /// or started anew before its turn.
    Timer(u64),
}

/// A record on its way to the disk.
pub(crate) struct Unsynced<W> {
    pub(crate) write: W,
    pub(crate) kind: Sync,
}

/// What follows when a record is on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sync {
    /// The turn that waits for it goes on.
    Barrier,
    /// The node is told.
    Notice(Ticket),
    /// Nothing: the process that wrote it is dead.
    Orphan,
}

impl<P: Process> Default for Rare<P> {
    fn default() -> Self {
        Self {
            clock: Clock::default(),
            drift_ppm: 0,
            pauses: 0,
            slow: Span::ZERO,
            strikes: VecDeque::new(),
            work: Work::Idle,
            served_at: Time::ZERO,
            unserved: Span::ZERO,
            held: VecDeque::new(),
            struck: Vec::new(),
            inbox: VecDeque::new(),
            unsynced: VecDeque::new(),
            synced_by: Time::ZERO,
            disk_epoch: 0,
            failing_syncs: VecDeque::new(),
            full_disks: Vec::new(),
            latent: None,
            machine_stands: false,
            down_until: Time::ZERO,
            boot_when_synced: false,
        }
    }
}

impl<P: Process> Rare<P> {
    /// Whether a node with this is still plain.
    fn is_plain(&self) -> bool {
        self.pauses == 0
            && self.slow == Span::ZERO
            && self.strikes.is_empty()
            && self.work == Work::Idle
            && self.struck.is_empty()
            && self.inbox.is_empty()
            && self.failing_syncs.is_empty()
            && self.full_disks.is_empty()
    }

    pub(crate) fn ready(&self) -> bool {
        self.pauses == 0 && self.work == Work::Idle
    }

    /// Whether something will strike it: it lies in wait, or has found its turn and lets a part of it happen.
    pub(crate) fn is_doomed(&self) -> bool {
        !self.strikes.is_empty() || !self.struck.is_empty() || self.sync_fails().is_some()
    }

    pub(crate) fn sync_fails(&self) -> Option<u32> {
        self.full_disks.last().or_else(|| self.failing_syncs.front()).copied()
    }
}

impl<P: Process> Slot<P> {
    pub(crate) fn new(spare: bool) -> Self {
        Self {
            state: None,
            disk: P::Disk::default(),
            plain: false,
            status: if spare { Status::Unborn } else { Status::Down },
            life: 0,
            draws: 0,
            ticket: Ticket(0),
            timers: Timers::default(),
            rare: None,
        }
    }

    /// Something from either end of the slot, to have it in the cache.
    #[inline(always)]
    pub(crate) fn ends(&self) -> usize {
        self.life as usize ^ self.timers.0.len()
    }

    pub(crate) fn rare(&mut self) -> &mut Rare<P> {
        self.rare.get_or_insert_default()
    }

    /// Finds out anew whether the node is plain; to be called whenever that may have changed.
    pub(crate) fn refresh(&mut self) {
        self.plain = self.status == Status::Up && self.rare.as_ref().is_none_or(|rare| rare.is_plain());
    }

    pub(crate) fn local(&self, now: Time) -> Local {
        self.rare.as_ref().map_or(Local(now.0), |rare| rare.clock.local(now))
    }

    pub(crate) fn instant(&self, deadline: Local) -> Time {
        self.rare.as_ref().map_or(Time(deadline.0).min(Time::MAX), |rare| rare.clock.instant(deadline))
    }

    pub(crate) fn is_up(&self) -> bool {
        self.status == Status::Up
    }

    /// Whether its process is dead, and may restart, and its machine stands.
    pub(crate) fn is_idle_machine(&self) -> bool {
        self.status == Status::Down && self.rare.as_ref().is_some_and(|rare| rare.machine_stands)
    }

    pub(crate) fn is_paused(&self) -> bool {
        self.rare.as_ref().is_some_and(|rare| rare.pauses > 0)
    }

    /// In words, whether the node lives, and what it is busy with.
    pub(crate) fn condition(&self) -> String {
        let word = match self.status {
            Status::Unborn => "has not started",
            Status::Down => "down",
            Status::Gone => "gone",
            Status::Up if self.is_paused() => "paused",
            Status::Up => match self.rare.as_ref().map_or(Work::Idle, |rare| rare.work) {
                Work::Idle => "up",
                Work::Serving => "up, inside a turn",
                Work::Syncing => "up, waiting for its disk",
                Work::Due => "up, about to go on",
            },
        };
        word.to_owned()
    }

    pub(crate) fn is_held(&self) -> bool {
        self.rare.as_ref().is_some_and(|rare| rare.work != Work::Idle)
    }
}

/// All nodes by number.
pub(crate) struct Table<P: Process>(pub(crate) Vec<Slot<P>>);

impl<P: Process> Seats<P> for Table<P> {
    fn count(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }

    fn seat(&self, node: NodeId) -> Option<Seat<'_, P>> {
        let slot = &self.0[node.index()];
        let state = slot.state.as_ref()?;
        Some(Seat { node, state, disk: &slot.disk, held: slot.is_held() })
    }

    fn disk(&self, node: NodeId) -> &P::Disk {
        &self.0[node.index()].disk
    }
}

/// The timers of one node. A timer that is started anew for a later instant, as an election timeout is at
/// every heartbeat, costs no work in the queue: its queued event finds, when it comes, that it is early, and
/// goes back with the sequence number that the timer took when it was last started.
pub(crate) struct Timers<T>(Vec<Armed<T>>);

#[derive(Clone, Copy)]
struct Armed<T> {
    timer: T,
    /// The event that belongs to this entry: when it comes up, and under which sequence number.
    queued: (Time, u64),
    state: Running,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Running {
    /// Runs out at `deadline`; `order` is the sequence number that it took when it was started.
    Armed { deadline: Local, at: Time, order: u64 },
    /// Was stopped; its event is still queued.
    Stopped,
    /// Ran out, and waits for its turn.
    Due,
}

/// What a timer's queued event means.
pub(crate) enum Rings<T> {
    /// Nothing any more.
    Void,
    /// It is early: queue it again for this instant, with this sequence number.
    Early(Time, u64),
    /// It runs out.
    Fires(T),
}

impl<T> Default for Timers<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Copy + Eq> Timers<T> {
    /// (Re)starts a timer that runs out at `at`. Whether an event is to be queued for it: one that is already queued
    /// may serve.
    pub(crate) fn arm(&mut self, timer: T, deadline: Local, at: Time, order: u64) -> bool {
        let state = Running::Armed { deadline, at, order };
        let Some(entry) = self.0.iter_mut().find(|entry| entry.timer == timer) else {
            self.0.push(Armed { timer, queued: (at, order), state });
            return true;
        };
        let serves = entry.queued.0 <= at && entry.state != Running::Due;
        entry.state = state;
        if !serves {
            entry.queued = (at, order);
        }
        !serves
    }

    pub(crate) fn disarm(&mut self, timer: T) {
        let Some(place) = self.0.iter().position(|entry| entry.timer == timer) else { return };
        if self.0[place].state == Running::Due {
            self.0.swap_remove(place);
        } else {
            self.0[place].state = Running::Stopped;
        }
    }

    /// Forgets all timers; events that are still queued will mean nothing.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// An event came up at (`now`, `order`). With `hold` a timer that runs out is kept until
    /// [`take_due`](Timers::take_due), because the node is busy.
    pub(crate) fn ring(&mut self, now: Time, order: u64, hold: bool) -> Rings<T> {
        let Some(place) = self.0.iter().position(|entry| entry.queued == (now, order)) else { return Rings::Void };
        let entry = &mut self.0[place];
        match entry.state {
            Running::Armed { at, order: own, .. } if (at, own) > (now, order) => {
                entry.queued = (at, own);
                Rings::Early(at, own)
            }
            Running::Armed { .. } => {
                let timer = entry.timer;
                if hold {
                    entry.state = Running::Due;
                } else {
                    self.0.swap_remove(place);
                }
                Rings::Fires(timer)
            }
            // Due is what it became by this event, of which the queue may hold a second.
            Running::Due => Rings::Void,
            Running::Stopped => {
                self.0.swap_remove(place);
                Rings::Void
            }
        }
    }

    /// The timer that ran out by the event with this sequence number while the node was busy, unless it was stopped
    /// or started anew since.
    pub(crate) fn take_due(&mut self, order: u64) -> Option<T> {
        let due = |entry: &Armed<T>| entry.queued.1 == order && entry.state == Running::Due;
        let place = self.0.iter().position(due)?;
        Some(self.0.swap_remove(place).timer)
    }

    /// The clock changed its rate: recomputes when each timer runs out, and queues anew those that now run
    /// out before their event.
    pub(crate) fn retime(&mut self, instant: impl Fn(Local) -> Time, mut queue: impl FnMut(Time, u64)) {
        for entry in &mut self.0 {
            let Running::Armed { deadline, at, order } = &mut entry.state else { continue };
            *at = instant(*deadline);
            if *at < entry.queued.0 {
                entry.queued = (*at, *order);
                queue(*at, *order);
            }
        }
    }

    /// The timers that are armed, with what the node's clock shows when they run out.
    pub(crate) fn armed(&self) -> impl Iterator<Item = (T, Local)> + '_ {
        self.0.iter().filter_map(|entry| match entry.state {
            Running::Armed { deadline, .. } => Some((entry.timer, deadline)),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_started_anew_for_later_keeps_its_event() {
        let mut timers = Timers::default();
        assert!(timers.arm('e', Local(10), Time(10), 1));
        assert!(!timers.arm('e', Local(20), Time(20), 5));
        assert!(matches!(timers.ring(Time(10), 1, false), Rings::Early(Time(20), 5)));
        assert!(matches!(timers.ring(Time(20), 5, false), Rings::Fires('e')));
        assert!(matches!(timers.ring(Time(20), 5, false), Rings::Void));
    }

    #[test]
    fn a_timer_started_anew_for_sooner_gets_a_new_event() {
        let mut timers = Timers::default();
        timers.arm('e', Local(10), Time(10), 1);
        assert!(timers.arm('e', Local(5), Time(5), 2));
        assert!(matches!(timers.ring(Time(5), 2, false), Rings::Fires('e')));
        assert!(matches!(timers.ring(Time(10), 1, false), Rings::Void));
    }

    #[test]
    fn ties_are_decided_by_when_the_timer_was_last_started() {
        let mut timers = Timers::default();
        timers.arm('e', Local(10), Time(10), 1);
        timers.arm('e', Local(10), Time(10), 9);
        assert!(matches!(timers.ring(Time(10), 1, false), Rings::Early(Time(10), 9)));
    }

    #[test]
    fn a_due_timer_that_is_stopped_does_not_fire() {
        let mut timers = Timers::default();
        timers.arm('e', Local(10), Time(10), 1);
        assert!(matches!(timers.ring(Time(10), 1, true), Rings::Fires('e')));
        timers.disarm('e');
        assert_eq!(timers.take_due(1), None);
    }

    #[test]
    fn a_due_timer_that_is_started_anew_fires_only_then() {
        let mut timers = Timers::default();
        timers.arm('e', Local(10), Time(10), 1);
        let _ = timers.ring(Time(10), 1, true);
        assert!(timers.arm('e', Local(30), Time(30), 2));
        assert_eq!(timers.take_due(1), None);
        assert!(matches!(timers.ring(Time(30), 2, false), Rings::Fires('e')));
    }

    #[test]
    fn a_stopped_timer_is_silent_and_can_be_started_again() {
        let mut timers = Timers::default();
        timers.arm('e', Local(10), Time(10), 1);
        timers.disarm('e');
        assert!(!timers.arm('e', Local(12), Time(12), 3));
        assert!(matches!(timers.ring(Time(10), 1, false), Rings::Early(Time(12), 3)));
        timers.disarm('e');
        assert!(matches!(timers.ring(Time(12), 3, false), Rings::Void));
    }

    #[test]
    fn a_faster_clock_brings_timers_forward() {
        let mut timers = Timers::default();
        timers.arm('e', Local(100), Time(100), 1);
        let mut queued = Vec::new();
        timers.retime(|deadline| Time(deadline.0 / 2), |at, order| queued.push((at, order)));
        assert_eq!(queued, [(Time(50), 1)]);
    }
}
