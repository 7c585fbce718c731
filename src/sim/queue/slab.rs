//! Where the payloads live, and the packed keys that stand for them elsewhere.
//!
//! An event is written once, on `insert`, and moved once, on `take`; everything that orders events
//! works on keys or on bare slot numbers. A slot also holds its own key, so that the ring can store
//! four bytes per event, and reading the key back warms the cache line the payload begins on. For
//! the same reason slots begin on a line: payloads of up to 40 bytes take one, up to 104 take two.

/// Times are below two to this power: 2^56 ns are 833 days.
pub(super) const TIME_BITS: u32 = 56;
const SEQ_BITS: u32 = 40;
const SLOT_BITS: u32 = 32;

/// The end of the free list.
const NONE: u32 = u32::MAX;

/// `time:56, seq:40, slot:32`, so that comparing two integers compares time and then sequence.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key(u128);

impl Key {
    /// Later than every real key.
    pub(super) const LAST: Self = Self(u128::MAX);

    #[inline(always)]
    fn new(time: u64, seq: u64, slot: u32) -> Self {
        assert!(time >> TIME_BITS == 0, "event time {time} ns is beyond 2^56");
        assert!(seq >> SEQ_BITS == 0, "sequence number {seq} is beyond 2^40");
        let order = (u128::from(time) << SEQ_BITS) | u128::from(seq);
        Self((order << SLOT_BITS) | u128::from(slot))
    }

    /// When the event is due, in nanoseconds.
    pub(super) fn time(self) -> u64 {
        (self.0 >> (SEQ_BITS + SLOT_BITS)) as u64
    }

    /// The tie-breaker among events of one instant.
    pub(super) fn seq(self) -> u64 {
        (self.0 >> SLOT_BITS) as u64 & ((1 << SEQ_BITS) - 1)
    }

    /// Where the slab keeps the event.
    pub(super) fn slot(self) -> u32 {
        self.0 as u32
    }
}

/// A vacant slot has no event, and its key is the number of the next vacant slot.
#[repr(align(64))]
struct Slot<E> {
    key: Key,
    event: Option<E>,
}

/// Payloads by slot number; the slot vacated last is filled first, while it is still in cache.
pub(super) struct Slab<E> {
    slots: Vec<Slot<E>>,
    vacant: u32,
    len: usize,
}

impl<E> Slab<E> {
    pub(super) fn new() -> Self {
        Self { slots: Vec::new(), vacant: NONE, len: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Stores the event and returns the key that stands for it.
    #[inline(always)]
    pub(super) fn insert(&mut self, time: u64, seq: u64, event: E) -> Key {
        // The event goes nowhere but into its slot, so that it is made there, and not made elsewhere and copied.
        if self.vacant == NONE {
            self.grow();
        }
        self.len += 1;
        let number = self.vacant;
        let slot = &mut self.slots[number as usize];
        self.vacant = slot.key.slot();
        slot.key = Key::new(time, seq, number);
        slot.event = Some(event);
        slot.key
    }

    /// Appends a vacant slot.
    #[cold]
    fn grow(&mut self) {
        let number = self.slots.len() as u32;
        assert!(number < NONE, "more than 2^32 events pending");
        self.slots.push(Slot { key: Key(u128::from(self.vacant)), event: None });
        self.vacant = number;
    }

    /// Moves the event out and vacates its slot.
    #[inline(always)]
    pub(super) fn take(&mut self, number: u32) -> E {
        let slot = &mut self.slots[number as usize];
        let event = slot.event.take().expect("a key stands for exactly one event");
        slot.key = Key(u128::from(self.vacant));
        self.vacant = number;
        self.len -= 1;
        event
    }

    /// Gives an event another time; its new key.
    pub(super) fn reschedule(&mut self, number: u32, to: impl FnOnce(u64, &E) -> u64) -> Key {
        let slot = &mut self.slots[number as usize];
        let event = slot.event.as_ref().expect("a key stands for exactly one event");
        slot.key = Key::new(to(slot.key.time(), event), slot.key.seq(), number);
        slot.key
    }

    pub(super) fn key(&self, number: u32) -> Key {
        self.slots[number as usize].key
    }

    pub(super) fn event(&self, number: u32) -> Option<&E> {
        self.slots[number as usize].event.as_ref()
    }
}
