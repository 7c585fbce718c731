//! Invariants: what one is, what it may look at, and how verdicts are counted.
//!
//! Facts alone are blind where a buggy node forgets to report; a scan of states alone cannot see history.
//! So a property is given both: every fact, the one node that just moved, what the world did, at a few
//! checkpoints all nodes at once, and in the end what clients saw.

pub mod history;
pub mod measure;
pub mod projected;
mod properties;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use crate::ids::{FaultKind, NodeSet, OpId};
pub use crate::process::{Cast, NodeId, Process};
pub use crate::time::Time;
use history::{Answer, History};
use measure::Measure;
pub use properties::Properties;

/// An invariant: one struct, one file, one name. All its methods but [`new`](Property::new) do nothing
/// unless written.
pub trait Property<P: Process>: Sized {
    /// Its name in scenario files and reports, such as `"election_safety"`.
    const NAME: &'static str;
    /// What it claims, in a sentence.
    const ABOUT: &'static str;
    /// Without any of these faults it is vacuous, and that is nobody's fault.
    const NEEDS: &'static [FaultKind] = &[];

    /// The kind of fact before which it has nothing to look at; empty where it always has.
    const AFTER: &'static str = "";

    /// Whether it is judged only in scenarios that name it under `checks`: it holds under conditions which their
    /// authors vouch for. What it measures is measured always.
    const OPTIONAL: bool = false;

    /// Whether there is anything for it to look at under these settings. Where there is not it is no part of the run.
    fn applies(_config: &P::Config) -> bool {
        true
    }

    /// Before the first event.
    fn new(config: &P::Config, cast: &Cast) -> Self;

    /// A node reported something.
    fn on_fact(&mut self, _at: At, _fact: &P::Fact) -> Verdict {
        Verdict::Skip
    }

    /// A node's turn is over: its last effect has left, so that the seat is never held. A turn that a crash cut short
    /// is not seen here.
    fn on_turn(&mut self, _at: At, _seat: Seat<'_, P>) -> Verdict {
        Verdict::Skip
    }

    /// The world did something to nodes, or a client asked or was answered.
    fn on_world(&mut self, _now: Time, _event: &WorldEvent) -> Verdict {
        Verdict::Skip
    }

    /// A checkpoint: after each fault, at the change of phase, and at the end.
    fn on_state(&mut self, _now: Time, _nodes: Nodes<'_, P>) -> Verdict {
        Verdict::Skip
    }

    /// The run is over, and this is what its clients saw. The verdict, and the instant that it is about.
    fn on_history(&mut self, now: Time, _history: &History<P::Op, P::Reply>) -> (Time, Verdict) {
        (now, Verdict::Skip)
    }

    /// Polled in the liveness phase: whether what must come about in the end has come about.
    fn settled(&self, _core: &NodeSet, _nodes: Nodes<'_, P>) -> Progress {
        Progress::Done
    }

    /// What it has measured so far.
    fn measured(&self, _now: Time) -> Vec<Measure> {
        Vec::new()
    }
}

/// When and where something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    /// True time.
    pub now: Time,
    /// The node it happened on.
    pub node: NodeId,
    /// Which of the node's lives, counted from 1.
    pub life: u32,
}

/// One node, as a property may look at it.
#[derive(Debug)]
pub struct Seat<'a, P: Process> {
    /// Which node.
    pub node: NodeId,
    /// Its memory.
    pub state: &'a P,
    /// What its disk would give back after a power cut now.
    pub disk: &'a P::Disk,
    /// Whether a turn of it is under way: its memory is then ahead of what has left, and rules about memory
    /// skip it.
    pub held: bool,
}

impl<P: Process> Clone for Seat<'_, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P: Process> Copy for Seat<'_, P> {}

/// All nodes, as a property may look at them.
pub struct Nodes<'a, P: Process>(&'a dyn Seats<P>);

impl<P: Process> Clone for Nodes<'_, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P: Process> Copy for Nodes<'_, P> {}

impl<P: Process> fmt::Debug for Nodes<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Nodes({})", self.0.count())
    }
}

/// What keeps the nodes, behind [`Nodes`].
pub trait Seats<P: Process> {
    /// Number of nodes, whatever their state.
    fn count(&self) -> u32;
    /// The node, if it lives.
    fn seat(&self, node: NodeId) -> Option<Seat<'_, P>>;
    /// The synced disk of a node, whether it lives or not.
    fn disk(&self, node: NodeId) -> &P::Disk;
}

impl<'a, P: Process> Nodes<'a, P> {
    /// A view of the nodes that `seats` keeps.
    pub fn new(seats: &'a dyn Seats<P>) -> Self {
        Self(seats)
    }

    /// Number of nodes, whatever their state.
    #[must_use]
    pub fn count(self) -> u32 {
        self.0.count()
    }

    /// The node, if it lives.
    #[must_use]
    pub fn get(self, node: NodeId) -> Option<Seat<'a, P>> {
        self.0.seat(node)
    }

    /// The synced disk of a node, whether it lives or not.
    #[must_use]
    pub fn disk(self, node: NodeId) -> &'a P::Disk {
        self.0.disk(node)
    }

    /// All living nodes in order of number.
    pub fn living(self) -> impl Iterator<Item = Seat<'a, P>> {
        (0..self.count()).filter_map(move |node| self.get(NodeId(node)))
    }
}

/// Something that the world did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorldEvent {
    /// A node lost its memory, and perhaps writes.
    Crash {
        /// Which.
        node: NodeId,
        /// Whether it lost data that had been synced (wipe, damage).
        lost_disk: bool,
    },
    /// A node booted.
    Boot {
        /// Which.
        node: NodeId,
        /// Into which life, counted from 1.
        life: u32,
    },
    /// A node refused to boot, or to go on.
    Refused {
        /// Which.
        node: NodeId,
    },
    /// A node stands still.
    Pause {
        /// Which.
        node: NodeId,
    },
    /// It goes on.
    Resume {
        /// Which.
        node: NodeId,
    },
    /// A node stopped for good.
    Retire {
        /// Which.
        node: NodeId,
    },
    /// Some links were cut.
    Cut,
    /// Some cut ended.
    Mend,
    /// The run entered another phase.
    Phase(Phase),
    /// A client began an operation.
    Invoke {
        /// Its name.
        id: OpId,
    },
    /// A client's operation came to an end.
    Return {
        /// Its name.
        id: OpId,
        /// How.
        answer: Answer,
    },
}

/// The phases of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// All faults are on; only safety is asked for.
    Safety,
    /// The core is healed; it must make progress.
    Liveness,
    /// Nothing happens any more.
    Over,
}

/// What a property says of one look.
#[derive(Debug)]
pub enum Verdict {
    /// It had nothing to say.
    Skip,
    /// It was evaluated on something that is not trivial, and held.
    Held,
    /// It would have taken too long to find out.
    Unknown,
    /// It is broken.
    Broken(Box<Evidence>),
}

impl From<Evidence> for Verdict {
    fn from(evidence: Evidence) -> Self {
        Self::Broken(Box::new(evidence))
    }
}

/// Whether what must come about in the end has come about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It has.
    Done,
    /// Not yet, for a reason that a person can read.
    Waiting(String),
}

/// What shows that a property is broken. The kind and the names of the values group findings; the values tell
/// one from another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// What kind of breach, in a sentence without particulars: "two leaders in one term".
    pub kind: String,
    /// The nodes concerned.
    pub nodes: Vec<NodeId>,
    /// The particulars, by name.
    pub values: Vec<(String, String)>,
}

impl Evidence {
    /// A breach of this kind.
    #[must_use]
    pub fn new(kind: &str) -> Self {
        Self { kind: kind.to_owned(), nodes: Vec::new(), values: Vec::new() }
    }

    /// Names a node concerned.
    #[must_use]
    pub fn node(mut self, node: NodeId) -> Self {
        if !self.nodes.contains(&node) {
            self.nodes.push(node);
        }
        self
    }

    /// Adds a particular.
    #[must_use]
    pub fn value(mut self, name: &str, value: impl fmt::Debug) -> Self {
        self.values.push((name.to_owned(), format!("{value:?}")));
        self
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind)?;
        for (place, (name, value)) in self.values.iter().enumerate() {
            write!(f, "{} {name} {value}", if place == 0 { ":" } else { "," })?;
        }
        Ok(())
    }
}

/// A broken property.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The property's name.
    pub property: String,
    /// When it broke.
    pub at: Time,
    /// What shows it.
    pub evidence: Evidence,
}

/// What is known of a property before it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PropertyInfo {
    /// Its name.
    pub name: &'static str,
    /// What it claims.
    pub about: &'static str,
    /// Without any of these faults it is vacuous.
    pub needs: &'static [FaultKind],
    /// The kind of fact before which it has nothing to look at; empty where it always has.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub after: &'static str,
    /// Whether it is judged only in scenarios that name it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
}

/// Counts the verdicts of a run, and keeps the first breach of a property that is judged.
#[derive(Clone, Debug, Default)]
pub struct Board {
    now: Time,
    held: Vec<u64>,
    unknown: Vec<u64>,
    judged: Vec<bool>,
    /// The first breach.
    pub violation: Option<Violation>,
}

impl Board {
    /// A board for properties of which these are judged.
    #[must_use]
    pub fn new(judged: Vec<bool>) -> Self {
        let none = || vec![0; judged.len()];
        Self { held: none(), unknown: none(), judged, ..Self::default() }
    }

    /// From now on the `n`-th property is judged.
    pub fn judge(&mut self, n: usize) {
        self.judged[n] = true;
    }

    /// Whether the `n`-th property is judged.
    #[must_use]
    pub fn judges(&self, n: usize) -> bool {
        self.judged[n]
    }

    /// Sets the time that the next breach is dated with.
    #[inline]
    pub fn set_now(&mut self, now: Time) {
        self.now = now;
    }

    /// How often each property was evaluated on something that is not trivial.
    #[must_use]
    pub fn evaluations(&self) -> &[u64] {
        &self.held
    }

    /// How often it would have taken too long to evaluate each.
    #[must_use]
    pub fn unknown(&self) -> &[u64] {
        &self.unknown
    }

    /// Enters a verdict of the `n`-th property.
    #[inline(always)]
    pub fn enter(&mut self, n: usize, name: &'static str, verdict: Verdict) {
        match verdict {
            Verdict::Skip => {}
            Verdict::Held => self.held[n] += 1,
            Verdict::Unknown => self.unknown[n] += 1,
            Verdict::Broken(evidence) => self.enter_breach(n, name, *evidence),
        }
    }

    #[cold]
    fn enter_breach(&mut self, n: usize, name: &'static str, evidence: Evidence) {
        if !self.judged[n] {
            return;
        }
        self.held[n] += 1;
        let violation = Violation { property: name.to_owned(), at: self.now, evidence };
        self.violation.get_or_insert(violation);
    }
}
