//! Sequential objects that clients know: what each operation gives, and what it leaves.
//!
//! An operation says what was asked and what was given. Where nobody knows what was given, because nobody was answered,
//! an operation that only reads says nothing, and is left out of a history by whoever makes it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::Hash;
use std::marker::PhantomData;
use std::sync::Arc;

use super::Model;

/// A register that holds one value, and may be compared and set.
#[derive(Clone, Debug)]
pub struct Register<V> {
    /// What it holds in the beginning.
    pub initial: V,
}

/// An operation on a [`Register`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RegisterOp<V> {
    /// It held this.
    Read(V),
    /// It holds this from then on.
    Write(V),
    /// It held the one, and holds the other from then on.
    Cas(V, V),
    /// It held something else than this, and nothing was set.
    CasFailed(V),
    /// Nobody was answered: it holds the other if it held the one.
    CasUnknown(V, V),
}

impl<V: Clone + Eq + Hash> Model for Register<V> {
    type Op = RegisterOp<V>;
    type State = V;

    fn initial(&self) -> V {
        self.initial.clone()
    }

    fn step(&self, held: &V, op: &RegisterOp<V>) -> Option<V> {
        match op {
            RegisterOp::Read(value) => (held == value).then(|| held.clone()),
            RegisterOp::Write(value) => Some(value.clone()),
            RegisterOp::Cas(from, to) => (held == from).then(|| to.clone()),
            RegisterOp::CasFailed(from) => (held != from).then(|| held.clone()),
            RegisterOp::CasUnknown(from, to) => Some(if held == from { to.clone() } else { held.clone() }),
        }
    }

    fn is_read(&self, op: &RegisterOp<V>) -> bool {
        matches!(op, RegisterOp::Read(_) | RegisterOp::CasFailed(_))
    }

    fn admits(&self, held: &V, read: &RegisterOp<V>) -> bool {
        match read {
            RegisterOp::Read(value) => held == value,
            RegisterOp::CasFailed(from) => held != from,
            RegisterOp::Write(_) | RegisterOp::Cas(..) | RegisterOp::CasUnknown(..) => false,
        }
    }
}

/// One key of a store of texts: `put` overwrites, `append` extends, `cas` overwrites what it expects.
#[derive(Clone, Copy, Debug, Default)]
pub struct Text;

/// An operation on a [`Text`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TextOp {
    /// It held this.
    Get(Arc<str>),
    /// It holds this from then on.
    Put(Arc<str>),
    /// This stands behind what it held.
    Append(Arc<str>),
    /// It held the one, and holds the other from then on.
    Cas(Arc<str>, Arc<str>),
    /// It held something else than this, and nothing was set.
    CasFailed(Arc<str>),
    /// Nobody was answered: it holds the other if it held the one.
    CasUnknown(Arc<str>, Arc<str>),
}

impl Model for Text {
    type Op = TextOp;
    type State = String;

    fn initial(&self) -> String {
        String::new()
    }

    fn step(&self, held: &String, op: &TextOp) -> Option<String> {
        match op {
            TextOp::Get(value) => (**value == **held).then(|| held.clone()),
            TextOp::Put(value) => Some(value.to_string()),
            TextOp::Append(more) => Some([held, &**more].concat()),
            TextOp::Cas(from, to) => (**from == **held).then(|| to.to_string()),
            TextOp::CasFailed(from) => (**from != **held).then(|| held.clone()),
            TextOp::CasUnknown(from, to) => Some(if **from == **held { to.to_string() } else { held.clone() }),
        }
    }

    fn is_read(&self, op: &TextOp) -> bool {
        matches!(op, TextOp::Get(_) | TextOp::CasFailed(_))
    }

    fn admits(&self, held: &String, read: &TextOp) -> bool {
        match read {
            TextOp::Get(value) => **value == **held,
            TextOp::CasFailed(from) => **from != **held,
            TextOp::Put(_) | TextOp::Append(_) | TextOp::Cas(..) | TextOp::CasUnknown(..) => false,
        }
    }

    fn may_come(&self, held: &String, read: &TextOp) -> bool {
        match read {
            TextOp::Get(value) => value.starts_with(held.as_str()),
            _ => true,
        }
    }

    fn forgets(&self, op: &TextOp) -> bool {
        matches!(op, TextOp::Put(_) | TextOp::Cas(..) | TextOp::CasUnknown(..))
    }

    fn heap(&self, held: &String) -> usize {
        held.capacity()
    }
}

/// Several registers, read and written in one step.
#[derive(Clone, Debug)]
pub struct Registers<K, V> {
    /// What they hold in the beginning; the others hold `missing`.
    pub initial: BTreeMap<K, V>,
    /// What a register holds that nobody named.
    pub missing: V,
}

/// A part of a step of [`Registers`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Micro<K, V> {
    /// This register held this.
    Read(K, V),
    /// This register holds this from then on.
    Write(K, V),
}

impl<K: Clone + Ord + Hash, V: Clone + Eq + Hash> Model for Registers<K, V> {
    type Op = Vec<Micro<K, V>>;
    type State = BTreeMap<K, V>;

    fn initial(&self) -> BTreeMap<K, V> {
        self.initial.clone()
    }

    fn step(&self, held: &BTreeMap<K, V>, op: &Vec<Micro<K, V>>) -> Option<BTreeMap<K, V>> {
        let mut after = held.clone();
        for micro in op {
            match micro {
                Micro::Read(key, value) if after.get(key).unwrap_or(&self.missing) != value => return None,
                Micro::Read(..) => {}
                Micro::Write(key, value) => {
                    after.insert(key.clone(), value.clone());
                }
            }
        }
        Some(after)
    }

    fn is_read(&self, op: &Vec<Micro<K, V>>) -> bool {
        op.iter().all(|micro| matches!(micro, Micro::Read(..)))
    }

    fn admits(&self, held: &BTreeMap<K, V>, read: &Vec<Micro<K, V>>) -> bool {
        let held = |key| held.get(key).unwrap_or(&self.missing);
        read.iter().all(|micro| matches!(micro, Micro::Read(key, value) if held(key) == value))
    }

    fn heap(&self, held: &BTreeMap<K, V>) -> usize {
        held.len() * size_of::<(K, V)>()
    }
}

/// A lock that one may hold at a time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mutex;

/// An operation on a [`Mutex`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MutexOp {
    /// Nobody held it; somebody does from then on.
    Acquire,
    /// Somebody held it; nobody does from then on.
    Release,
}

impl Model for Mutex {
    type Op = MutexOp;
    type State = bool;

    fn initial(&self) -> bool {
        false
    }

    fn step(&self, held: &bool, op: &MutexOp) -> Option<bool> {
        match op {
            MutexOp::Acquire => (!held).then_some(true),
            MutexOp::Release => held.then_some(false),
        }
    }
}

/// A set to which elements are added, and from which they may be taken.
#[derive(Clone, Copy, Debug)]
pub struct Set<V>(PhantomData<V>);

impl<V> Default for Set<V> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

/// An operation on a [`Set`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SetOp<V> {
    /// This is in it from then on.
    Add(V),
    /// This is not in it from then on.
    Remove(V),
    /// These were in it.
    Read(BTreeSet<V>),
}

impl<V: Clone + Ord + Hash> Model for Set<V> {
    type Op = SetOp<V>;
    type State = BTreeSet<V>;

    fn initial(&self) -> BTreeSet<V> {
        BTreeSet::new()
    }

    fn step(&self, held: &BTreeSet<V>, op: &SetOp<V>) -> Option<BTreeSet<V>> {
        let mut after = held.clone();
        match op {
            SetOp::Read(elements) => return (held == elements).then_some(after),
            SetOp::Add(element) => after.insert(element.clone()),
            SetOp::Remove(element) => after.remove(element),
        };
        Some(after)
    }

    fn is_read(&self, op: &SetOp<V>) -> bool {
        matches!(op, SetOp::Read(_))
    }

    fn admits(&self, held: &BTreeSet<V>, read: &SetOp<V>) -> bool {
        matches!(read, SetOp::Read(elements) if held == elements)
    }

    fn may_come(&self, held: &BTreeSet<V>, read: &SetOp<V>) -> bool {
        match read {
            SetOp::Read(elements) => held.is_subset(elements),
            SetOp::Add(_) | SetOp::Remove(_) => true,
        }
    }

    fn forgets(&self, op: &SetOp<V>) -> bool {
        matches!(op, SetOp::Remove(_))
    }

    fn heap(&self, held: &BTreeSet<V>) -> usize {
        held.len() * size_of::<V>()
    }
}

/// A queue: what was put in first comes out first.
#[derive(Clone, Copy, Debug)]
pub struct Queue<V>(PhantomData<V>);

impl<V> Default for Queue<V> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

/// An operation on a [`Queue`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum QueueOp<V> {
    /// This is behind all others from then on.
    Enqueue(V),
    /// This was the first, and is not in it from then on; nothing where it was empty.
    Dequeue(Option<V>),
    /// Nobody was answered: the first, if there was one, is not in it from then on.
    DequeueUnknown,
}

impl<V: Clone + Eq + Hash> Model for Queue<V> {
    type Op = QueueOp<V>;
    type State = VecDeque<V>;

    fn initial(&self) -> VecDeque<V> {
        VecDeque::new()
    }

    fn step(&self, held: &VecDeque<V>, op: &QueueOp<V>) -> Option<VecDeque<V>> {
        let mut after = held.clone();
        match op {
            QueueOp::Enqueue(value) => after.push_back(value.clone()),
            QueueOp::Dequeue(value) => return (after.pop_front() == *value).then_some(after),
            QueueOp::DequeueUnknown => drop(after.pop_front()),
        }
        Some(after)
    }

    fn heap(&self, held: &VecDeque<V>) -> usize {
        held.capacity() * size_of::<V>()
    }
}

/// A number to which others are added.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counter;

/// An operation on a [`Counter`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CounterOp {
    /// It is so much more from then on.
    Add(i64),
    /// It was this.
    Read(i64),
}

impl Model for Counter {
    type Op = CounterOp;
    type State = i64;

    fn initial(&self) -> i64 {
        0
    }

    fn step(&self, held: &i64, op: &CounterOp) -> Option<i64> {
        match *op {
            CounterOp::Add(more) => held.checked_add(more),
            CounterOp::Read(value) => (*held == value).then_some(*held),
        }
    }

    fn is_read(&self, op: &CounterOp) -> bool {
        matches!(op, CounterOp::Read(_))
    }

    fn may_come(&self, held: &i64, read: &CounterOp) -> bool {
        match *read {
            CounterOp::Read(value) => *held <= value,
            CounterOp::Add(_) => true,
        }
    }

    /// What is taken away again is as good as forgotten.
    fn forgets(&self, op: &CounterOp) -> bool {
        matches!(op, CounterOp::Add(..0))
    }
}
