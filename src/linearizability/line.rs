//! What has not taken effect, and what has.

/// No place.
pub(super) const NONE: u32 = u32::MAX;

/// Events in a row from which some are taken out and put back, the last taken first.
pub(super) struct Line {
    next: Vec<u32>,
    prev: Vec<u32>,
    /// Of each event, its call; with the highest bit, its return.
    what: Vec<u32>,
    /// Of each call, its events.
    events: Vec<[u32; 2]>,
}

/// Of an event: it is a return.
pub(super) const RETURN: u32 = 1 << 31;

impl Line {
    /// Event 0 is the head.
    pub(super) fn new(what: impl IntoIterator<Item = u32>, calls: usize) -> Self {
        let what: Vec<u32> = std::iter::once(NONE).chain(what).collect();
        let len = what.len() as u32;
        let mut events = vec![[NONE; 2]; calls];
        for (n, &what) in what.iter().enumerate().skip(1) {
            events[(what & !RETURN) as usize][usize::from(what & RETURN != 0)] = n as u32;
        }
        let next = (1..len).chain([NONE]).collect();
        let prev = std::iter::once(NONE).chain(0..len - 1).collect();
        Self { next, prev, what, events }
    }

    pub(super) fn first(&self) -> u32 {
        self.next[0]
    }

    pub(super) fn next(&self, event: u32) -> u32 {
        self.next[event as usize]
    }

    pub(super) fn what(&self, event: u32) -> u32 {
        self.what[event as usize]
    }

    pub(super) fn take(&mut self, call: u32) {
        for event in self.events[call as usize].into_iter().filter(|&event| event != NONE) {
            let (prev, next) = (self.prev[event as usize], self.next[event as usize]);
            self.next[prev as usize] = next;
            if next != NONE {
                self.prev[next as usize] = prev;
            }
        }
    }

    pub(super) fn put_back(&mut self, call: u32) {
        for event in self.events[call as usize].into_iter().rev().filter(|&event| event != NONE) {
            let (prev, next) = (self.prev[event as usize], self.next[event as usize]);
            self.next[prev as usize] = event;
            if next != NONE {
                self.prev[next as usize] = event;
            }
        }
    }
}

/// A set of calls, of which those below `base` are all in it, and none from `top` on.
pub(super) struct Bits {
    pub(super) words: Vec<u64>,
    pub(super) base: u32,
    pub(super) top: u32,
}

impl Bits {
    pub(super) fn has(&self, bit: u32) -> bool {
        self.words[bit as usize / 64] >> (bit % 64) & 1 == 1
    }

    pub(super) fn flip(&mut self, bit: u32) {
        self.words[bit as usize / 64] ^= 1 << (bit % 64);
    }
}
