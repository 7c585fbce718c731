//! A 4-ary min-heap of keys: half the depth of a binary one, and a node's children share a line.

use super::slab::Key;

const ARITY: usize = 4;

/// The keys the ring has no bucket for, soonest at the root.
pub(super) struct Heap {
    keys: Vec<Key>,
}

impl Heap {
    pub(super) fn new() -> Self {
        Self { keys: Vec::new() }
    }

    /// The soonest key, or [`Key::LAST`] if there is none.
    pub(super) fn first(&self) -> Key {
        self.keys.first().copied().unwrap_or(Key::LAST)
    }

    pub(super) fn push(&mut self, key: Key) {
        let mut at = self.keys.len();
        self.keys.push(key);
        while at > 0 {
            let parent = (at - 1) / ARITY;
            if self.keys[parent] <= key {
                break;
            }
            self.keys[at] = self.keys[parent];
            at = parent;
        }
        self.keys[at] = key;
    }

    pub(super) fn pop(&mut self) -> Option<Key> {
        let last = self.keys.pop()?;
        let Some(&first) = self.keys.first() else {
            return Some(last);
        };
        self.sift_down(last);
        Some(first)
    }

    /// Empties the heap, in no particular order, and gives its memory away.
    pub(super) fn take(&mut self) -> Vec<Key> {
        std::mem::take(&mut self.keys)
    }

    /// Finds the place of `key`, starting from a hole at the root.
    fn sift_down(&mut self, key: Key) {
        let mut at = 0;
        while let Some(child) = self.soonest_child(at) {
            if key <= self.keys[child] {
                break;
            }
            self.keys[at] = self.keys[child];
            at = child;
        }
        self.keys[at] = key;
    }

    fn soonest_child(&self, parent: usize) -> Option<usize> {
        let start = parent * ARITY + 1;
        let end = (start + ARITY).min(self.keys.len());
        (start..end).min_by_key(|&child| self.keys[child])
    }
}
