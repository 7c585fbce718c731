//! What a protocol brings: its node, its invariants, its clients' workload, its settings and its planted bugs.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::check::{Nodes, Properties};
use crate::ids::NodeSet;
use crate::process::{Cast, Process};
use crate::rng::Dice;
use crate::time::Span;
use crate::workload::Workload;

pub mod commit;
mod healing;
pub mod heartbeat;
pub mod kv;
pub mod multi_paxos;
pub mod paxos;
mod quorum;
pub mod raft;
mod settings;
pub mod three_phase;
pub mod two_phase;

/// The configuration that the nodes of a protocol share.
pub type ConfigOf<P> = <<P as Protocol>::Node as Process>::Config;

/// A protocol, as the laboratory runs it.
pub trait Protocol: 'static {
    /// Its node.
    type Node: Process;
    /// Its invariants: a tuple of properties.
    type Checks: Properties<Self::Node>;
    /// What its clients ask.
    type Load: Workload<Self::Node>;
    /// Its settings, under `params` in a scenario. Unknown fields must be an error
    /// (`#[serde(deny_unknown_fields, default)]`), or a misspelt setting would pass in silence.
    type Params: Serialize + DeserializeOwned + JsonSchema + Default;

    /// Its name in scenario files.
    const NAME: &'static str;
    /// What it is, in a sentence.
    const ABOUT: &'static str;
    /// The names of its groups of nodes; `"nodes": 5` casts the first.
    const GROUPS: &'static [&'static str] = &["replica"];
    /// Mistakes that can be planted in it.
    const BUGS: &'static [Bug] = &[];
    /// The roles that its nodes' [`glance`](Process::glance) may show, at which faults can be aimed.
    const ROLES: &'static [&'static str] = &[];
    /// The kinds of fact that its nodes report, in snake case, which faults can follow.
    const FACTS: &'static [&'static str] = &[];
    /// The kinds of message that its nodes send to each other, in snake case, whose fate can be fixed.
    const MESSAGES: &'static [&'static str] = &[];
    /// Kinds of fact that a campaign should see at least once.
    const SOMETIMES: &'static [&'static str] = &[];
    /// Kinds of fact without which a run is reported as empty: it never got going.
    const VITAL: &'static [&'static str] = &[];
    /// The kind of fact that stands for one command, by which the account divides what was sent and forced. Where it
    /// is empty the progress of the furthest node says how many commands were applied.
    const COMMAND: &'static str = "";
    /// The role of which there is one, which does not change hands without need.
    const LEADER: Option<&'static str> = None;
    /// The kind of fact with which a node says that it leads from now on; empty where nobody leads.
    const ELECTED: &'static str = "";

    /// The configuration for these settings.
    ///
    /// # Errors
    /// Which setting is impossible, and why.
    fn config(setup: &Setup<'_, Self::Params>) -> Result<ConfigOf<Self>, ParamError>;

    /// The nodes that must make progress once they are healed, out of those that can be; `None` if these are
    /// too few. Who is needed may depend on what all nodes have on their disks.
    fn core(
        config: &ConfigOf<Self>,
        nodes: Nodes<'_, Self::Node>,
        candidates: &NodeSet,
        dice: &mut dyn Dice,
    ) -> Option<NodeSet>;

    /// How long the healed core may take, at worst, until it makes progress. A scenario that states no
    /// `settle` of its own is given this.
    fn bound(config: &ConfigOf<Self>, healed: &Healed) -> Span;

    /// How long a core that does what it must has to go on doing it, before that counts. Where a promise is about what
    /// holds from some time on, one lucky instant shows nothing.
    fn steady(_config: &ConfigOf<Self>) -> Span {
        Span::ZERO
    }

    /// How many nodes may lose synced data before the protocol's promises end.
    fn tolerated_losses(_config: &ConfigOf<Self>) -> u32 {
        0
    }
}

/// What a protocol's configuration is made from.
#[derive(Debug)]
pub struct Setup<'a, T> {
    /// Its settings.
    pub params: &'a T,
    /// The mistake to plant, by name; it is one of [`Protocol::BUGS`].
    pub bug: Option<&'static str>,
    /// Which nodes there are.
    pub cast: &'a Cast,
}

/// The world of a healed core, and of its clients, at its worst.
#[derive(Clone, Copy, Debug)]
pub struct Healed {
    /// The longest time that a message takes.
    pub delay: Span,
    /// The longest time that a sync takes.
    pub sync: Span,
    /// The longest time that a turn takes.
    pub service: Span,
    /// How far a clock drifts at most, in millionths.
    pub drift_ppm: u64,
    /// How long a client waits for an answer to one attempt.
    pub timeout: Span,
    /// How long a client waits, at most, after it was told to come again.
    pub backoff: Span,
    /// How long there were faults before.
    pub run_for: Span,
    /// How many clients there are.
    pub clients: u32,
    /// How many requests can have reached nodes before, copies included.
    pub requests: u64,
}

/// A mistake that can be planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Bug {
    /// Its name in scenario files.
    pub name: &'static str,
    /// What is done wrong, in a sentence.
    pub about: &'static str,
    /// The properties that it may break first.
    pub breaks: &'static [&'static str],
    /// The settings under which it can be reached, in a sentence; empty if under all.
    pub reached: &'static str,
    /// Where it was seen.
    pub source: &'static str,
}

/// The mistakes of a table that has what the code calls each beside it.
const fn bugs<M, const N: usize>(table: &[(M, Bug); N]) -> [Bug; N] {
    let mut bugs = [table[0].1; N];
    let mut n = 0;
    while n < N {
        bugs[n] = table[n].1;
        n += 1;
    }
    bugs
}

/// The mistake that was planted, if one was.
#[derive(Clone, Copy, Debug)]
struct Planted<M>(Option<M>);

impl<M: Copy + PartialEq> Planted<M> {
    /// The mistake of this name.
    fn named(table: &[(M, Bug)], name: Option<&str>) -> Self {
        Self(table.iter().find(|(_, bug)| Some(bug.name) == name).map(|&(mistake, _)| mistake))
    }

    /// Whether it is this one.
    fn is(self, mistake: M) -> bool {
        self.0 == Some(mistake)
    }
}

/// A setting that is impossible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParamError {
    /// Which setting, as a path under `params`; empty for the nodes.
    pub field: String,
    /// What is wrong with it and what would do.
    pub message: String,
}

impl ParamError {
    /// `field` is wrong, for this reason.
    pub fn new(field: &str, message: impl Into<String>) -> Self {
        Self { field: field.to_owned(), message: message.into() }
    }
}

impl fmt::Display for ParamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ParamError {}
