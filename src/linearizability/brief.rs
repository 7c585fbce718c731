//! Numbers for things: equal things have one number, and a step that was made is looked up.

use std::hash::{BuildHasher, Hash};

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;

/// Things, each once, by number.
pub(super) struct Names<T> {
    things: Vec<T>,
    table: HashTable<u32>,
}

impl<T: Eq + Hash> Names<T> {
    pub(super) fn new() -> Self {
        Self { things: Vec::new(), table: HashTable::new() }
    }

    pub(super) fn name(&mut self, thing: T) -> u32 {
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
    pub(super) fn new() -> Self {
        Self(HashTable::new())
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

/// Configurations that were tried, each a few words.
pub(super) struct Tried {
    /// All of them, one behind the other, each with its length before it.
    words: Vec<u64>,
    table: HashTable<usize>,
}

impl Tried {
    pub(super) fn new() -> Self {
        Self { words: Vec::new(), table: HashTable::new() }
    }

    /// Whether it is new.
    pub(super) fn insert(&mut self, configuration: &[u64]) -> bool {
        let hash = |words: &[u64]| FxBuildHasher.hash_one(words);
        let at = |words: &[u64], place: usize| place + 1..place + 1 + words[place] as usize;
        let words = &self.words;
        let mine = hash(configuration);
        if self.table.find(mine, |&place| words[at(words, place)] == *configuration).is_some() {
            return false;
        }
        let place = self.words.len();
        self.words.push(configuration.len() as u64);
        self.words.extend_from_slice(configuration);
        let words = &self.words;
        self.table.insert_unique(mine, place, |&place| hash(&words[at(words, place)]));
        true
    }

    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.words.capacity() * size_of::<u64>() + self.table.allocation_size()
    }
}
