//! Serializability of transactions, by the cycles in which they depend on each other.
//!
//! Adya ("Weak Consistency: A Generalized Theory and Optimistic Implementations for Distributed Transactions", 1999,
//! chapters 3 and 4; Adya, Liskov and O'Neil, "Generalized Isolation Level Definitions", 2000) describes what happened
//! without saying how: which version of which object each transaction read and wrote, which transactions committed, and
//! for each object the *version order*, in which committed versions came to be. In the *direct serialization graph* of
//! committed transactions there is an edge from `T1` to `T2`, for which `T1` must come before `T2`, where
//!
//! - `T2` wrote the version that follows one of `T1`: a write dependency (**ww**);
//! - `T2` read a version of `T1`: a read dependency (**wr**);
//! - `T1` read a version, and `T2` wrote the one that follows it: an anti-dependency (**rw**).
//!
//! What is read has to be worth reading: a version of a transaction that aborted is an *aborted read* (G1a), one that
//! its own writer wrote over is an *intermediate read* (G1b). If there is neither, the transactions are serializable in
//! this version order just if the graph has no cycle. What kind of cycle there is tells which level of isolation is
//! missed: see [`Anomaly`].
//!
//! That there is a cycle is found in linear time, by strongly connected components (Tarjan, "Depth-first search and
//! linear graph algorithms", 1972). Then for each class the shortest cycle is looked for, breadth first within a
//! component, over the edges that the class allows. In graphs with large components that could take long, so it ends
//! after [`PATIENCE`] steps: what is shown is then a cycle still, and perhaps not the shortest, or of a weaker class.
//!
//! Left out: predicates (Adya's G2 on them), and the order of real time.

mod cycle;
mod finding;
mod graph;
mod tarjan;

use std::collections::BTreeMap;
use std::fmt::Display;

use cycle::Search;
pub use finding::{Anomaly, Dependency, Edge, Finding};
use graph::Graph;

/// What became of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It took effect.
    Committed,
    /// It did not.
    Aborted,
    /// Nobody knows. It has committed if a committed transaction read what it wrote, or if that has its place in a
    /// version order; otherwise nothing is concluded from it.
    Unknown,
}

/// A transaction, with what it read and wrote of objects `K` in versions `V`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction<K, V> {
    /// What people call it.
    pub name: String,
    /// What became of it.
    pub fate: Fate,
    /// What it read; nothing is the version before all that were written. What it had written itself says nothing.
    pub reads: Vec<(K, Option<V>)>,
    /// What it wrote, in its order: of several versions of one object the last is the one that it leaves. No two
    /// transactions write the same version of an object.
    pub writes: Vec<(K, V)>,
}

/// The order of an object's versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order<V> {
    /// These, one after the other; those of one transaction as it wrote them. What aborted does not count.
    pub known: Vec<V>,
    /// After them these, in an order that nobody knows.
    pub later: Vec<V>,
}

impl<V> Default for Order<V> {
    fn default() -> Self {
        Self { known: Vec::new(), later: Vec::new() }
    }
}

/// How many edges a search for the shortest cycles looks at before it is content with what it has.
pub const PATIENCE: u64 = 30_000_000;

/// What transactions came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// What is wrong, the most specific first, and of each class of cycles the shortest.
    pub findings: Vec<Finding>,
    /// Whether all dependencies were looked at: if nothing is wrong, they are serializable. Else nobody knows.
    pub is_whole: bool,
}

/// Judges transactions by the version orders of what they wrote.
#[must_use]
pub fn judge<K, V>(transactions: &[Transaction<K, V>], orders: &BTreeMap<K, Order<V>>) -> Judged
where
    K: Ord + Display,
    V: Ord + Display,
{
    let graph = Graph::new(transactions, orders);
    let mut findings: Vec<Finding> = [graph.aborted_read(), graph.intermediate_read()]
        .into_iter()
        .flatten()
        .chain(Search::new(&graph).cycles())
        .collect();
    findings.sort_by_key(|finding| finding.anomaly);
    Judged { findings, is_whole: graph.is_whole() }
}

#[cfg(test)]
mod tests;
