//! Linearizability: whether a history could have come from one operation after the other.
//!
//! A history is linearizable (Herlihy and Wing, 1990) if each operation can be given one instant between its invocation
//! and its return at which it took effect, so that all results are those of a sequential object, the [`Model`]. To find
//! out is NP-complete; what is done here is a search in depth, after Wing and Gong (1993), with what others and we have
//! found since:
//!
//! - **Memoised configurations** (Lowe, 2017, "Testing for linearizability"): which operations have taken effect, and
//!   the state that they left, is not tried a second time. Of the operations only a window is written down: those
//!   before it have all taken effect.
//! - **Partitions** (Horn and Kroening, 2015, "Faster linearizability checking via P-compositionality"): keys that have
//!   nothing to do with each other are judged by themselves; whoever calls [`check`] has parted them.
//! - **Reads go first.** An operation that never changes anything, and gives now what it gave, can take effect at once:
//!   whatever follows would follow as well. So reads make no branches. (Of a write that writes what is there this is
//!   not so: it may be needed later, when it is not there any more.)
//! - **Just in time**: of those that change something, the one that returns next is tried first.
//! - **No way back**: where a state only grows, it must grow into what the next read has seen
//!   ([`Model::may_come`]).
//! - **One of a kind**: of equal operations whose outcome nobody knows, only the one that was asked first is tried;
//!   the others could only take its place.
//! - **No more than needed**: what cannot be ordered cannot be ordered either once more of those have taken effect
//!   whose outcome nobody knows. So of a configuration it is kept which of them had, and one that has them all is not
//!   tried.
//! - States and operations are numbered, and each step of the model is made once, and only when it is tried.
//!
//! There are three answers. That a limit was reached is never taken for one of the other two.

mod brief;
mod line;
pub mod models;
mod search;

use std::hash::Hash;
use std::sync::atomic::AtomicBool;

pub(crate) use brief::Names;
use search::Search;

/// A sequential object.
pub trait Model {
    /// An operation with what it gave, as far as its client knows.
    type Op: Clone + Eq + Hash;
    /// What the object holds.
    type State: Clone + Eq + Hash;

    /// What it holds in the beginning.
    fn initial(&self) -> Self::State;

    /// What it holds after this operation; nothing if it would not have given what it gave.
    fn step(&self, state: &Self::State, op: &Self::Op) -> Option<Self::State>;

    /// Whether this operation changes nothing, in whatever state.
    fn is_read(&self, _op: &Self::Op) -> bool {
        false
    }

    /// Whether an operation that [changes nothing](Model::is_read) would give in this state what it gave.
    fn admits(&self, state: &Self::State, read: &Self::Op) -> bool {
        self.step(state, read).is_some()
    }

    /// Whether a read may give what it gave in this state or a later one, if nothing that [forgets](Model::forgets)
    /// comes between.
    fn may_come(&self, _state: &Self::State, _read: &Self::Op) -> bool {
        true
    }

    /// Whether the object may hold less of what it held after this operation: then [`may_come`](Model::may_come) says
    /// nothing of what comes behind it.
    fn forgets(&self, _op: &Self::Op) -> bool {
        true
    }

    /// How many bytes a state keeps beside itself, roughly: they count against [`Limits::bytes`].
    fn heap(&self, _state: &Self::State) -> usize {
        0
    }
}

/// One operation of a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call<O> {
    /// What, and what was given.
    pub op: O,
    /// The place of its invocation in the history.
    pub invoked: u64,
    /// The place of its return. Without one it may take effect at any time after its invocation, or never.
    pub returned: Option<u64>,
}

/// How far a search may go.
#[derive(Clone, Copy, Debug)]
pub struct Limits<'a> {
    /// So many steps may be tried.
    pub steps: u64,
    /// So many bytes may be kept.
    pub bytes: usize,
    /// It ends once this is set.
    pub stop: Option<&'a AtomicBool>,
}

impl Default for Limits<'_> {
    fn default() -> Self {
        Self { steps: u64::MAX, bytes: 4 << 30, stop: None }
    }
}

/// Whether a history is linearizable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is.
    Linearizable,
    /// It is not, and this shows it.
    Illegal(Stuck),
    /// A limit was reached first.
    Unknown,
}

/// Where a search got stuck, however it went on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stuck {
    /// The operation that cannot be placed before it returns, by its place in what was searched.
    pub call: usize,
    /// The longest orders that were found: calls, by their places, up to where none was left that could follow.
    pub orders: Vec<Vec<usize>>,
}

/// What a search took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Steps that were tried.
    pub steps: u64,
    /// Configurations that were kept.
    pub configurations: u64,
    /// The most bytes that were kept at once.
    pub bytes: usize,
}

/// Judges calls, in the order of their invocations.
pub fn check<M: Model>(model: &M, calls: &[Call<M::Op>], limits: Limits<'_>) -> (Verdict, Cost) {
    let mut search = Search::new(model, calls, limits);
    let verdict = search.run();
    (verdict, search.cost())
}

/// Judges calls as [`check`] does, and yields the order that it found if they are linearizable: calls by their places.
/// Calls that never returned stand in it only where others need them.
pub fn order<M: Model>(model: &M, calls: &[Call<M::Op>], limits: Limits<'_>) -> (Verdict, Vec<usize>, Cost) {
    let mut search = Search::new(model, calls, limits);
    let verdict = search.run();
    let order = if verdict == Verdict::Linearizable { search.order() } else { Vec::new() };
    (verdict, order, search.cost())
}

#[cfg(test)]
mod tests;
