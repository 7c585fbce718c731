//! The calendar: time cut into buckets of equal width, kept in a ring that turns with the clock.
//!
//! Buckets are numbered from time zero (`time >> shift`). The ring holds those between the open
//! bucket (exclusive: its events are with the queue) and one turn later (exclusive). A bucket is an
//! unsorted chain of chunks of slot numbers. Chunks come from one pool, so the memory follows
//! the number of events and not the fullest moment of each bucket, and a push writes one cache line
//! without having to read it first.

use super::slab::TIME_BITS;

/// Slot numbers per chunk: with the link they fill one cache line.
const CHUNK: usize = 15;

/// The end of a chain of chunks.
const NONE: u32 = u32::MAX;

/// Fewest buckets: one word of the bitmap.
pub(super) const MIN_BUCKETS: usize = 64;

#[derive(Clone, Copy)]
#[repr(align(64))]
struct Chunk {
    slots: [u32; CHUNK],
    next: u32,
}

/// The newest chunk of a bucket, and how many more it takes; the older ones behind it are full.
#[derive(Clone, Copy)]
struct Bucket {
    chunk: u32,
    room: u32,
}

const EMPTY: Bucket = Bucket { chunk: NONE, room: 0 };

/// The buckets of one turn.
pub(super) struct Ring {
    buckets: Vec<Bucket>,
    /// One bit per bucket, set if it holds anything.
    occupied: Vec<u64>,
    chunks: Vec<Chunk>,
    vacant: u32,
    len: usize,
    open: u64,
    shift: u32,
}

impl Ring {
    pub(super) fn new() -> Self {
        let mut ring = Self {
            buckets: Vec::new(),
            occupied: Vec::new(),
            chunks: Vec::new(),
            vacant: NONE,
            len: 0,
            open: 0,
            shift: TIME_BITS,
        };
        ring.reset(TIME_BITS, MIN_BUCKETS, 0);
        ring
    }

    /// Restarts an emptied ring with buckets of 2^`shift` ns, the one around `now` being open.
    pub(super) fn reset(&mut self, shift: u32, buckets: usize, now: u64) {
        assert_eq!(self.len, 0, "only an empty ring can be reshaped");
        assert!(buckets.is_power_of_two() && buckets >= MIN_BUCKETS, "positions are cut out of bucket numbers");
        self.buckets.clear();
        self.buckets.resize(buckets, EMPTY);
        self.occupied.clear();
        self.occupied.resize(buckets / 64, 0);
        self.chunks.clear();
        self.vacant = NONE;
        self.shift = shift;
        self.open = now >> shift;
    }

    #[cfg(test)]
    pub(super) fn buckets(&self) -> usize {
        self.buckets.len()
    }

    /// Whether the buckets are so much wider or narrower than wished that it shows.
    pub(super) fn is_unfit(&self, wished_width: u64) -> bool {
        let width = 1 << self.shift;
        wished_width < width / 4 * 3 || wished_width >= width * 3
    }

    /// The bucket a time belongs to.
    pub(super) fn bucket(&self, time: u64) -> u64 {
        time >> self.shift
    }

    /// The number of the open bucket.
    pub(super) fn open(&self) -> u64 {
        self.open
    }

    /// Whether the ring has a bucket for this number now.
    pub(super) fn covers(&self, bucket: u64) -> bool {
        bucket > self.open && bucket - self.open < self.buckets.len() as u64
    }

    #[inline(always)]
    pub(super) fn push(&mut self, bucket: u64, slot: u32) {
        let position = self.position(bucket);
        let Bucket { mut chunk, mut room } = self.buckets[position];
        if room == 0 {
            self.occupied[position / 64] |= 1 << (position % 64);
            chunk = self.link_chunk(chunk);
            room = CHUNK as u32;
        }
        room -= 1;
        self.chunks[chunk as usize].slots[room as usize] = slot;
        self.buckets[position] = Bucket { chunk, room };
        self.len += 1;
    }

    /// The first bucket that holds anything.
    pub(super) fn next_occupied(&self) -> Option<u64> {
        if self.len == 0 {
            return None;
        }
        let start = self.position(self.open);
        let position = self.scan(start);
        let ahead = position.wrapping_sub(start) & (self.buckets.len() - 1);
        Some(self.open + ahead as u64)
    }

    /// Opens the bucket: the ring turns there and hands its slot numbers to `each`.
    pub(super) fn open_bucket(&mut self, bucket: u64, each: impl FnMut(u32)) {
        self.open = bucket;
        let position = self.position(bucket);
        self.empty_position(position, each);
    }

    /// Hands every slot number to `each`.
    pub(super) fn drain(&mut self, mut each: impl FnMut(u32)) {
        for position in 0..self.buckets.len() {
            self.empty_position(position, &mut each);
        }
    }

    fn empty_position(&mut self, position: usize, mut each: impl FnMut(u32)) {
        let Bucket { mut chunk, room } = self.buckets[position];
        let mut vacant = room as usize;
        self.buckets[position] = EMPTY;
        self.occupied[position / 64] &= !(1 << (position % 64));
        while chunk != NONE {
            let Chunk { slots, next } = &self.chunks[chunk as usize];
            let next = *next;
            slots[vacant..].iter().for_each(|&slot| each(slot));
            self.len -= CHUNK - vacant;
            self.free_chunk(chunk);
            (chunk, vacant) = (next, 0);
        }
    }

    fn position(&self, bucket: u64) -> usize {
        bucket as usize & (self.buckets.len() - 1)
    }

    /// The first occupied position from `start` on, wrapping; there must be one.
    fn scan(&self, start: usize) -> usize {
        let words = self.occupied.len();
        let mut word = start / 64;
        let mut bits = self.occupied[word] & (u64::MAX << (start % 64));
        while bits == 0 {
            word = (word + 1) & (words - 1);
            bits = self.occupied[word];
        }
        word * 64 + bits.trailing_zeros() as usize
    }

    /// A vacant chunk, put in front of the chain that begins with `next`.
    #[inline(never)]
    fn link_chunk(&mut self, next: u32) -> u32 {
        let number = self.vacant;
        let Some(chunk) = self.chunks.get_mut(number as usize) else {
            self.chunks.push(Chunk { slots: [0; CHUNK], next });
            return self.chunks.len() as u32 - 1;
        };
        self.vacant = chunk.next;
        chunk.next = next;
        number
    }

    fn free_chunk(&mut self, number: u32) {
        self.chunks[number as usize].next = self.vacant;
        self.vacant = number;
    }
}
