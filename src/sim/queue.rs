//! The pending-event set: what is still to happen, in the order it will.
//!
//! # The order
//!
//! Events are popped by `(time, seq)`. Sequence numbers are handed out in the order of pushes, so
//! events of one instant are first in, first out. The order depends on nothing else: everything
//! below decides only how soon an answer is found, never which one.
//!
//! # The structure
//!
//! Simulated messages are due within milliseconds of now, spread fairly evenly, and timers some way
//! behind them. That is what a calendar is good at: to file an event is to drop it into the bucket
//! of its time, and only the few events of the bucket at hand ever need sorting. There are four
//! parts, each in its own file but for the first:
//!
//! - the *run*, the bucket that is open: a short sorted list whose last element is due next;
//! - the `ring`, the unsorted buckets after it, for one turn of the ring;
//! - the `heap`, which takes what is beyond that turn, and what would have to be sorted too deep
//!   into the run. A key stays there until it is due or until its bucket is opened; as every pop
//!   takes the sooner of the run's and the heap's first, it does not matter which;
//! - the `slab`, which owns the payloads, so that the other three move small keys only.
//!
//! With a dozen events or fewer there is no ring: one bucket spans all time, so that everything is
//! in the run, and a push is a step of insertion sort. At that size nothing is faster.
//!
//! # Tuning itself
//!
//! A bucket should hold a few events when it is opened ([`bucket_target`]). With many more, the sorting
//! shows; with many fewer, the finding of buckets does. Each time as many events were popped as are
//! pending, the width is judged by their mean spacing, and the structure is rebuilt if the buckets
//! are wrong by more than a factor. It is rebuilt as well when the number of events has outgrown the
//! ring, or fallen far below it, and when a width judged in other times sends too much to the
//! heap. A rebuild costs as much as some pops of everything pending, and as many pops or pushes
//! lie between two of them; thresholds to grow and to shrink are apart, so that none flaps.
//!
//! # Looking ahead
//!
//! With a million events pending almost nothing is in cache, and time goes into waiting for
//! memory. An opened bucket tells which events come next, so their payloads can be fetched at once
//! instead of one after another. The queue does so for the payloads when it reads their keys; for
//! what the events will touch, [`Queue::upcoming`] shows them to the caller.

mod heap;
mod ring;
mod slab;
#[cfg(test)]
mod tests;

use heap::Heap;
use ring::{MIN_BUCKETS, Ring};
use slab::{Key, Slab, TIME_BITS};

/// Pending events above which there is a ring.
const RING_ABOVE: usize = 12;

/// Pending events below which the ring is given up again.
const RING_BELOW: usize = 6;

/// How many events a bucket should hold at most when it is opened, if so many are pending; widths are rounded down to
/// powers of two. While everything is in the cache, it is the sorting that costs. Of very many events, few buckets stay
/// in it where many would not, and the more payloads are fetched at once, the better.
const fn bucket_target(pending: usize) -> usize {
    if pending < 1 << 15 { 16 } else { 32 }
}

/// How deep into the run a late event may be sorted; what belongs deeper goes to the heap.
const RUN_REACH: usize = 64;

/// Sequence numbers from here on are for what comes last at its instant.
const LAST_FROM: u64 = 1 << 39;

/// Longest bucket sorted by counting: quadratic, but free of branches that depend on the keys.
const SMALL_SORT: usize = 32;

/// How many events the caller is shown at once; they should not push each other out of the cache.
const UPCOMING: usize = 64;

/// Fewest pops from which the width of buckets is judged.
const MIN_WINDOW: u64 = 1024;

/// Events in order of time, and of sequence number within one instant.
///
/// Times are nanoseconds below 2^56 (833 days), sequence numbers are below 2^40. Both limits, and
/// that time does not run backwards, are asserted.
pub(crate) struct Queue<E> {
    slab: Slab<E>,
    /// The open bucket, soonest last.
    run: Vec<Key>,
    /// The open bucket before it is sorted; empty between calls.
    opened: Vec<Key>,
    heap: Heap,
    ring: Ring,
    next_seq: u64,
    /// The time of the last pop.
    now: u64,
    /// How many events a bucket should hold.
    target: usize,
    /// How many keys of the run, from the far end, `upcoming` has still to show.
    unseen: usize,
    /// With more pending than this, the structure is rebuilt for more.
    grow_above: usize,
    /// With fewer pending than this, it is rebuilt for fewer. Zero if there is no ring.
    shrink_below: usize,
    window: Window,
}

/// What was seen since the width of buckets was last judged.
#[derive(Default)]
struct Window {
    start: u64,
    pops: u64,
    /// Pushes that would have had to be sorted too deep into the run.
    spills: u64,
}

impl<E> Default for Queue<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E> Queue<E> {
    /// An empty queue at time zero.
    pub(crate) fn new() -> Self {
        Self {
            slab: Slab::new(),
            run: Vec::new(),
            opened: Vec::new(),
            heap: Heap::new(),
            ring: Ring::new(),
            next_seq: 0,
            now: 0,
            target: bucket_target(0),
            unseen: 0,
            grow_above: RING_ABOVE,
            shrink_below: 0,
            window: Window::default(),
        }
    }

    /// How many events are pending.
    pub(crate) fn len(&self) -> usize {
        self.slab.len()
    }

    /// Whether nothing is pending.
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes the next sequence number, for a later [`Queue::push_with`].
    pub(crate) fn ticket(&mut self) -> u64 {
        let seq = self.next_seq;
        self.next_seq += 1;
        seq
    }

    /// The sequence number that comes next.
    pub(crate) fn next_ticket(&self) -> u64 {
        self.next_seq
    }

    /// Adds an event due at `time` ns, behind those already pending for that instant.
    #[inline(always)]
    pub(crate) fn push(&mut self, time: u64, event: E) {
        let seq = self.ticket();
        self.push_with(time, seq, event);
    }

    /// Adds an event due at `time` ns under a sequence number got earlier from [`Queue::ticket`].
    ///
    /// Of two events under one number at one time, which comes first is not defined: the second must mean nothing.
    #[inline(always)]
    pub(crate) fn push_with(&mut self, time: u64, seq: u64, event: E) {
        assert!(time >= self.now, "event at {time} ns is before the current time, {} ns", self.now);
        let key = self.slab.insert(time, seq, event);
        self.place(key);
        if self.len() > self.grow_above {
            self.rebuild(None);
        }
    }

    /// Adds an event due at `time` ns, after everything else of that instant, whenever it was or will be asked
    /// for; among such events a lower `rank` goes first.
    pub(crate) fn push_last(&mut self, time: u64, rank: u32, event: E) {
        self.push_with(time, LAST_FROM + u64::from(rank), event);
    }

    /// When the next event is due. (This may open a bucket, hence `mut`.)
    #[cfg(test)]
    pub(crate) fn peek_time(&mut self) -> Option<u64> {
        if self.is_empty() {
            return None;
        }
        self.prepare();
        Some(self.run_first().min(self.heap.first()).time())
    }

    /// Removes the next event: its time, its sequence number, and itself.
    #[cfg(test)]
    pub(crate) fn pop(&mut self) -> Option<(u64, u64, E)> {
        self.pop_until(u64::MAX)
    }

    /// Removes the next event if it is due at `limit` ns or before.
    #[inline(always)]
    pub(crate) fn pop_until(&mut self, limit: u64) -> Option<(u64, u64, E)> {
        if self.is_empty() {
            return None;
        }
        self.prepare();
        let (in_run, in_heap) = (self.run_first(), self.heap.first());
        let key = in_run.min(in_heap);
        if key.time() > limit {
            return None;
        }
        if in_run < in_heap {
            self.run.pop();
        } else {
            self.heap.pop();
        }
        self.now = key.time();
        self.window.pops += 1;
        Some((key.time(), key.seq(), self.slab.take(key.slot())))
    }

    /// Moves events in time: `to` is shown each with its time, in the order in which they are due, and says when it is
    /// to be due instead. Their sequence numbers stay.
    pub(crate) fn reschedule(&mut self, mut to: impl FnMut(u64, &E) -> u64) {
        let mut keys = self.collect();
        keys.sort_unstable();
        for key in &mut keys {
            *key = self.slab.reschedule(key.slot(), &mut to);
        }
        self.arrange(None, keys);
    }

    /// The events that come next, each about once, for the caller to read what they will touch.
    ///
    /// Call it after every pop, before the event is handled. Mostly it yields nothing; after a bucket
    /// was opened it yields what is in there. Reading one byte of the node of each, and passing the
    /// sum to [`std::hint::black_box`], has the processor wait for all those nodes at once. This is a
    /// hint: pushes may slip in between, so nothing but speed may depend on what is shown.
    pub(crate) fn upcoming(&mut self) -> impl Iterator<Item = &E> {
        let len = self.run.len();
        let is_due = self.unseen > 0 && len <= self.unseen;
        let start = if is_due { len.saturating_sub(UPCOMING) } else { len };
        self.unseen = self.unseen.min(start);
        let slab = &self.slab;
        self.run[start..].iter().rev().filter_map(|key| slab.event(key.slot()))
    }

    #[inline(always)]
    fn run_first(&self) -> Key {
        self.run.last().copied().unwrap_or(Key::LAST)
    }

    #[inline(always)]
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

    /// A step of insertion sort. It starts where a message without delay belongs.
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

    /// The heap takes what belongs deep into the run. If that becomes the rule, the open bucket is
    /// too wide, or was opened by a look into the far future, and we begin anew from the present.
    fn spill(&mut self, key: Key) {
        self.heap.push(key);
        self.window.spills += 1;
        if self.window.spills >= self.window_len() {
            self.rebuild(self.observed_width());
        }
    }

    /// Sees to it that the next event is in the run or in the heap; there must be one.
    #[inline(always)]
    fn prepare(&mut self) {
        if self.run.is_empty() {
            self.refill();
        }
    }

    /// Out of line, so that the usual pop stays small.
    #[inline(never)]
    fn refill(&mut self) {
        self.adapt();
        if self.run.is_empty() {
            self.open_next();
        }
    }

    fn open_next(&mut self) {
        let in_heap = self.ring.bucket(self.heap.first().time());
        let in_ring = self.ring.next_occupied().unwrap_or(in_heap);
        // A spilt key may belong to a bucket before the open one, but the ring never turns back.
        let bucket = in_ring.min(in_heap).max(self.ring.open());
        let (opened, slab) = (&mut self.opened, &self.slab);
        self.ring.open_bucket(bucket, |slot| opened.push(slab.key(slot)));
        while opened.len() < RUN_REACH && self.ring.bucket(self.heap.first().time()) <= bucket {
            let Some(key) = self.heap.pop() else { break };
            opened.push(key);
        }
        self.sort_opened();
    }

    /// Makes a run of the opened keys.
    fn sort_opened(&mut self) {
        let Self { run, opened, .. } = self;
        if opened.len() > SMALL_SORT {
            run.append(opened);
            run.sort_unstable_by(|a, b| b.cmp(a));
        } else {
            // Of each pair the later one goes before the other: counted for both at once.
            let mut places = [0u8; SMALL_SORT];
            for (i, key) in opened.iter().enumerate() {
                let mut later = 0u8;
                for (other, place) in opened[..i].iter().zip(&mut places) {
                    let is_later = u8::from(other > key);
                    later = later.wrapping_add(is_later);
                    *place = place.wrapping_add(is_later ^ 1);
                }
                places[i] = later;
            }
            run.extend_from_slice(opened);
            for (i, key) in opened.iter().enumerate() {
                run[usize::from(places[i])] = *key;
            }
            opened.clear();
        }
        self.unseen = self.run.len();
    }

    fn adapt(&mut self) {
        if self.len() < self.shrink_below {
            self.rebuild(None);
        } else if self.window.pops >= self.window_len() {
            let width = self.observed_width().filter(|&width| self.has_ring() && self.ring.is_unfit(width));
            if width.is_some() {
                self.rebuild(width);
            }
            self.restart_window();
        }
    }

    /// Puts every key where it belongs with buckets `width` ns wide, or as wide as seems right.
    #[inline(never)]
    fn rebuild(&mut self, width: Option<u64>) {
        let keys = self.collect();
        self.arrange(width, keys);
    }

    /// Puts the keys of all events that there are in their places.
    fn arrange(&mut self, width: Option<u64>, mut keys: Vec<Key>) {
        self.reshape(width, &mut keys);
        for key in keys {
            if self.ring.bucket(key.time()) <= self.ring.open() {
                self.opened.push(key);
            } else {
                self.place(key);
            }
        }
        self.sort_opened();
        self.restart_window();
    }

    /// Takes every key out, in no particular order.
    fn collect(&mut self) -> Vec<Key> {
        let mut keys = self.heap.take();
        keys.reserve_exact(self.len() - keys.len());
        keys.append(&mut self.run);
        let slab = &self.slab;
        self.ring.drain(|slot| keys.push(slab.key(slot)));
        keys
    }

    fn reshape(&mut self, width: Option<u64>, keys: &mut [Key]) {
        let enough = if self.has_ring() { RING_BELOW } else { RING_ABOVE + 1 };
        if keys.len() < enough {
            self.ring.reset(TIME_BITS, MIN_BUCKETS, self.now);
            (self.shrink_below, self.grow_above) = (0, RING_ABOVE);
            return;
        }
        self.target = bucket_target(keys.len());
        // Latencies that are spread evenly from nothing, in buckets half as wide as wished, take twice as many as
        // there would be if all were full.
        let buckets = (4 * keys.len() / self.target).next_power_of_two().max(MIN_BUCKETS);
        let width = width.or_else(|| estimated_width(self.now, keys, self.target)).unwrap_or(1);
        self.ring.reset(width.max(1).ilog2().min(TIME_BITS - 1), buckets, self.now);
        self.grow_above = buckets * self.target / 2;
        self.shrink_below = if buckets > MIN_BUCKETS { buckets * self.target / 64 } else { RING_BELOW };
    }

    fn has_ring(&self) -> bool {
        self.shrink_below > 0
    }

    /// After so many events a rebuild has been paid for.
    fn window_len(&self) -> u64 {
        MIN_WINDOW.max(self.len() as u64)
    }

    fn restart_window(&mut self) {
        self.window = Window { start: self.now, ..Window::default() };
    }

    fn observed_width(&self) -> Option<u64> {
        width_for(self.now - self.window.start, self.window.pops, self.target)
    }
}

/// The width that gives a bucket `target` events if `events` are spread over `span` ns.
fn width_for(span: u64, events: u64, target: usize) -> Option<u64> {
    let width = (span * target as u64).checked_div(events)?;
    (span > 0).then_some(width)
}

/// The width judged by the soonest quarter of what is pending, or by more if that is one instant.
fn estimated_width(now: u64, keys: &mut [Key], target: usize) -> Option<u64> {
    (1..=4).find_map(|quarter| {
        let count = (keys.len() * quarter / 4).max(1);
        let (_, last, _) = keys.select_nth_unstable(count - 1);
        width_for(last.time() - now, count as u64, target)
    })
}
