//! The pending-event set.

mod heap;
mod ring;
mod slab;
#[cfg(test)]
mod tests;

use heap::Heap;
use ring::Ring;
use slab::{Key, Slab, TIME_BITS};

/// Pending events above which the ring is used.
const RING_ABOVE: usize = 12;
/// Pending events below which the ring is given up again.
const RING_BELOW: usize = 6;
/// Events a bucket should hold when it is opened; a power of two in width keeps it within half.
const BUCKET_TARGET: u64 = 16;
/// How far from the front of the run a late event may be sorted in; beyond, it goes to the heap.
const RUN_REACH: usize = 64;
/// How many events the caller is shown ahead of their turn.
const WARM_BATCH: usize = 64;
const SMALL_SORT: usize = 24;
/// Fewest pops from which the bucket width is judged.
const MIN_WINDOW: u64 = 1024;

/// Events ordered by time, and first in, first out by sequence number within one instant.
pub struct Queue<E> {
    slab: Slab<E>,
    /// The open bucket, soonest last.
    run: Vec<Key>,
    /// The same before it is sorted.
    opened: Vec<Key>,
    /// What no bucket takes: beyond the ring, or too late for the run.
    heap: Heap,
    ring: Ring,
    next_seq: u64,
    /// The time of the last pop.
    now: u64,
    /// Keys at the back of the run which `upcoming` has not shown.
    unseen: usize,
    /// More pending than this, and the structure is rebuilt larger.
    grow_above: usize,
    /// Fewer pending than this, and it is rebuilt smaller.
    shrink_below: usize,
    window: Window,
}

/// What is observed between two judgements of the bucket width.
#[derive(Default)]
struct Window {
    start: u64,
    pops: u64,
    spills: u64,
}

impl<E> Default for Queue<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E> Queue<E> {
    /// An empty queue at time zero.
    pub fn new() -> Self {
        Self {
            slab: Slab::new(),
            run: Vec::new(),
            opened: Vec::new(),
            heap: Heap::new(),
            ring: Ring::new(),
            next_seq: 0,
            now: 0,
            unseen: 0,
            grow_above: RING_ABOVE,
            shrink_below: 0,
            window: Window::default(),
        }
    }

    /// How many events are pending.
    pub fn len(&self) -> usize {
        self.slab.len()
    }

    /// Whether nothing is pending.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes the next sequence number.
    pub fn ticket(&mut self) -> u64 {
        let seq = self.next_seq;
        self.next_seq += 1;
        seq
    }

    /// Adds an event due at `time` ns, after those already pending for that instant.
    pub fn push(&mut self, time: u64, event: E) {
        let seq = self.ticket();
        self.push_with(time, seq, event);
    }

    /// Adds an event under a sequence number taken earlier with [`Queue::ticket`].
    pub fn push_with(&mut self, time: u64, seq: u64, event: E) {
        assert!(time >= self.now, "event at {time} ns is before the current time {} ns", self.now);
        let key = self.slab.insert(time, seq, event);
        self.place(key);
        if self.len() > self.grow_above {
            self.rebuild(None);
        }
    }

    /// When the next event is due.
    pub fn peek_time(&mut self) -> Option<u64> {
        self.prepare();
        let key = self.run_first().min(self.heap.first());
        (key != Key::LAST).then(|| key.time())
    }

    /// Removes the next event: its time, its sequence number, and itself.
    pub fn pop(&mut self) -> Option<(u64, u64, E)> {
        self.pop_until(u64::MAX)
    }

    /// Removes the next event if it is due at `limit` or before.
    pub fn pop_until(&mut self, limit: u64) -> Option<(u64, u64, E)> {
        if self.is_empty() {
            return None;
        }
        self.prepare();
        let (first, other) = (self.run_first(), self.heap.first());
        let key = first.min(other);
        if key.time() > limit {
            return None;
        }
        if first < other {
            self.run.pop();
        } else {
            self.heap.pop();
        }
        self.now = key.time();
        self.window.pops += 1;
        Some((key.time(), key.seq(), self.slab.take(key.slot())))
    }

    /// Removes everything, in order.
    pub fn drain_sorted(&mut self) -> Vec<(u64, u64, E)> {
        let mut keys = self.collect();
        keys.sort_unstable();
        let events = keys.into_iter().map(|key| (key.time(), key.seq(), self.slab.take(key.slot()))).collect();
        self.rebuild(None);
        events
    }

    /// Events soon to be popped, each shown about once.
    pub fn upcoming(&mut self) -> impl Iterator<Item = &E> {
        let len = self.run.len();
        let due = self.unseen > 0 && len <= self.unseen;
        let start = if due { len.saturating_sub(WARM_BATCH) } else { len };
        self.unseen = self.unseen.min(start);
        let slab = &self.slab;
        self.run[start..].iter().filter_map(move |key| slab.event(key.slot()))
    }

    fn run_first(&self) -> Key {
        self.run.last().copied().unwrap_or(Key::LAST)
    }

    fn place(&mut self, key: Key) {
        let bucket = self.ring.bucket(key.time());
        if self.ring.covers(bucket) {
            self.ring.push(bucket, key.slot());
        } else if bucket > self.ring.open() {
            self.heap.push(key);
        } else {
            self.insert_in_run(key);
        }
    }

    fn insert_in_run(&mut self, key: Key) {
        let mut at = self.run.len();
        if at >= RUN_REACH && self.run[at - RUN_REACH] < key {
            self.spill(key);
            return;
        }
        self.run.push(key);
        while at > 0 && self.run[at - 1] < key {
            self.run[at] = self.run[at - 1];
            at -= 1;
        }
        self.run[at] = key;
    }

    fn spill(&mut self, key: Key) {
        self.heap.push(key);
        self.window.spills += 1;
        if self.window.spills > MIN_WINDOW.max(self.len() as u64) {
            self.rebuild(self.observed_width());
        }
    }

    /// Sees to it that the run holds the next event, unless the heap does or there is none.
    fn prepare(&mut self) {
        if self.run.is_empty() {
            self.refill();
        }
    }

    #[inline(never)]
    fn refill(&mut self) {
        self.adapt();
        if self.run.is_empty() {
            self.open_next();
        }
    }

    fn adapt(&mut self) {
        if self.len() < self.shrink_below {
            self.rebuild(None);
        } else if self.window.pops >= MIN_WINDOW.max(self.len() as u64) {
            let width = self.observed_width();
            if self.shrink_below > 0 && width.is_some_and(|width| self.ring.is_unfit(width)) {
                self.rebuild(width);
            }
            self.restart_window();
        }
    }

    fn open_next(&mut self) {
        let mut bucket = self.ring.next_occupied().unwrap_or(u64::MAX);
        if self.heap.first() != Key::LAST {
            bucket = bucket.min(self.ring.bucket(self.heap.first().time()));
        }
        if bucket == u64::MAX {
            return;
        }
        let (opened, slab) = (&mut self.opened, &self.slab);
        self.ring.open_bucket(bucket.max(self.ring.open()), |slot| opened.push(slab.key(slot)));
        while self.opened.len() < RUN_REACH && self.ring.bucket(self.heap.first().time()) <= bucket {
            self.opened.extend(self.heap.pop());
        }
        self.sort_run();
    }

    fn sort_run(&mut self) {
        let Self { run, opened, .. } = self;
        if opened.len() <= SMALL_SORT {
            run.resize(opened.len(), Key::LAST);
            for key in &*opened {
                let sooner = opened.iter().map(|other| usize::from(other > key)).sum::<usize>();
                run[sooner] = *key;
            }
            opened.clear();
        } else {
            run.append(opened);
            run.sort_unstable_by(|a, b| b.cmp(a));
        }
        self.unseen = self.run.len();
    }

    fn collect(&mut self) -> Vec<Key> {
        let mut keys = Vec::with_capacity(self.len());
        keys.append(&mut self.run);
        keys.extend(self.heap.drain());
        let slab = &self.slab;
        self.ring.drain(|slot| keys.push(slab.key(slot)));
        keys
    }

    #[inline(never)]
    fn rebuild(&mut self, width: Option<u64>) {
        let mut keys = self.collect();
        self.reshape(width, &mut keys);
        for key in keys {
            let bucket = self.ring.bucket(key.time());
            if bucket <= self.ring.open() {
                self.opened.push(key);
            } else {
                self.place(key);
            }
        }
        self.sort_run();
        self.restart_window();
    }

    fn reshape(&mut self, width: Option<u64>, keys: &mut [Key]) {
        let small = if self.shrink_below > 0 { RING_BELOW } else { RING_ABOVE };
        if keys.len() <= small {
            self.ring.reset(TIME_BITS, 0, self.now);
            (self.shrink_below, self.grow_above) = (0, RING_ABOVE);
            return;
        }
        let width = width.or_else(|| estimated_width(self.now, keys)).unwrap_or(1);
        self.ring.reset(width.max(1).ilog2().min(TIME_BITS - 1), keys.len() / 2, self.now);
        let buckets = self.ring.buckets();
        self.shrink_below = RING_BELOW.max(buckets / 8);
        self.grow_above = buckets * 4;
    }

    fn restart_window(&mut self) {
        self.window = Window { start: self.now, ..Window::default() };
    }

    fn observed_width(&self) -> Option<u64> {
        width_for(self.now - self.window.start, self.window.pops)
    }
}

/// The width that holds the target number of events if `events` of them take `span` ns.
fn width_for(span: u64, events: u64) -> Option<u64> {
    let width = (span * BUCKET_TARGET).checked_div(events)?;
    (span > 0).then_some(width)
}

/// The width judged from what is pending.
fn estimated_width(now: u64, keys: &mut [Key]) -> Option<u64> {
    (1..=4).find_map(|quarter| {
        let count = keys.len() * quarter / 4;
        let (_, last, _) = keys.select_nth_unstable(count.max(1) - 1);
        width_for(last.time() - now, count as u64)
    })
}
