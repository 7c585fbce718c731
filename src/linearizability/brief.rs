//! Numbers for things: equal things have one number, and a step that was made is looked up.

use std::hash::{BuildHasher, Hash};

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;

/// Things, each once, by number.
pub(crate) struct Names<T> {
    things: Vec<T>,
    table: HashTable<u32>,
}

impl<T: Eq + Hash> Names<T> {
    pub(crate) fn with_capacity(things: usize) -> Self {
        Self { things: Vec::with_capacity(things), table: HashTable::with_capacity(things) }
    }

    pub(crate) fn name(&mut self, thing: T) -> u32 {
        let things = &self.things;
        let hash = |thing: &T| FxBuildHasher.hash_one(thing);
        let mine = hash(&thing);
        if let Some(&number) = self.table.find(mine, |&number| things[number as usize] == thing) {
            return number;
        }
        let number = u32::try_from(self.things.len()).unwrap_or(u32::MAX);
        self.table.insert_unique(mine, number, |&number| hash(&things[number as usize]));
        self.things.push(thing);
        number
    }

    pub(super) fn get(&self, number: u32) -> &T {
        &self.things[number as usize]
    }

    pub(super) fn len(&self) -> usize {
        self.things.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.things.capacity() * size_of::<T>() + self.table.allocation_size()
    }
}

/// Steps of the model that were made: from a state, by an operation.
pub(super) struct Steps(HashTable<(u64, u32)>);

/// No state: the operation would not have given what it gave.
pub(super) const NOWHERE: u32 = u32::MAX;

impl Steps {
    pub(super) fn with_capacity(steps: usize) -> Self {
        Self(HashTable::with_capacity(steps))
    }

    pub(super) fn get(&self, state: u32, op: u32) -> Option<u32> {
        let key = key(state, op);
        self.0.find(mixed(key), |(other, _)| *other == key).map(|&(_, to)| to)
    }

    pub(super) fn set(&mut self, state: u32, op: u32, to: u32) {
        let key = key(state, op);
        self.0.insert_unique(mixed(key), (key, to), |(key, _)| mixed(*key));
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.allocation_size()
    }
}

fn key(state: u32, op: u32) -> u64 {
    u64::from(state) << 32 | u64::from(op)
}

fn mixed(key: u64) -> u64 {
    FxBuildHasher.hash_one(key)
}

/// Configurations that were tried: each a key, and the calls without a return that had taken effect.
pub(super) struct Tried {
    /// The keys, one behind the other, each with its length and the place of its last set before it.
    words: Vec<u64>,
    table: HashTable<usize>,
    /// The sets, one behind the other, each with the place of another one of its key before it.
    sets: Vec<u64>,
    /// How many words a set has.
    width: usize,
    count: u64,
}

/// The end of a chain of sets.
const END: u64 = u64::MAX;

impl Tried {
    pub(super) fn new(width: usize) -> Self {
        Self { words: Vec::new(), table: HashTable::new(), sets: Vec::new(), width, count: 0 }
    }

    /// Whether nothing was tried under this key with this set or a part of it.
    pub(super) fn insert(&mut self, key: &[u64], set: &[u64]) -> bool {
        let hash = |words: &[u64]| FxBuildHasher.hash_one(words);
        let at = |words: &[u64], place: usize| place + 2..place + 2 + words[place] as usize;
        let words = &self.words;
        let mine = hash(key);
        let place = if let Some(&place) = self.table.find(mine, |&place| words[at(words, place)] == *key) {
            if self.has_part_of(set, self.words[place + 1]) {
                return false;
            }
            place
        } else {
            let place = self.words.len();
            self.words.extend([key.len() as u64, END]);
            self.words.extend_from_slice(key);
            let words = &self.words;
            self.table.insert_unique(mine, place, |&place| hash(&words[at(words, place)]));
            place
        };
        self.count += 1;
        if self.width > 0 {
            let last = std::mem::replace(&mut self.words[place + 1], self.sets.len() as u64);
            self.sets.push(last);
            self.sets.extend_from_slice(set);
        }
        true
    }

    /// Whether one of a chain of sets holds nothing that this one does not.
    fn has_part_of(&self, set: &[u64], mut place: u64) -> bool {
        while place != END && self.width > 0 {
            let at = place as usize;
            let other = &self.sets[at + 1..=at + self.width];
            if other.iter().zip(set).all(|(other, mine)| other & !mine == 0) {
                return true;
            }
            place = self.sets[at];
        }
        self.width == 0
    }

    pub(super) fn len(&self) -> u64 {
        self.count
    }

    pub(super) fn bytes(&self) -> usize {
        (self.words.capacity() + self.sets.capacity()) * size_of::<u64>() + self.table.allocation_size()
    }
}
