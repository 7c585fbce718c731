//! What nodes sent to each other, by kind: counted where somebody asks, so that it costs campaigns nothing.

use std::fmt::Debug;

use serde::Serialize;

use super::trace::Kinds;
use crate::check::measure::fraction;
use crate::ids::NodeId;
use crate::time::Span;

/// What nodes sent to each other, clients' messages and those to themselves apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Traffic {
    /// Each kind of message, in order of names.
    pub kinds: Vec<Sent>,
    /// How many commands were applied, or what else the protocol counts as its progress: that of the furthest node
    /// that lives in the end.
    pub commands: u64,
    /// How many records nodes waited to see synced, for each hundred commands, rounded down; nothing if there were none.
    pub forced_per_hundred_commands: Option<u64>,
    /// How many messages each node sent in a second, on average, as a decimal fraction.
    pub per_node_second: String,
}

/// One kind of message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sent {
    /// Which.
    pub kind: String,
    /// How many were sent.
    pub sent: u64,
    /// How many that is for each hundred commands, rounded down; nothing if there were none.
    pub per_hundred_commands: Option<u64>,
}

/// Counts messages.
#[derive(Debug)]
pub(super) struct Census<M>(Kinds<M>);

impl<M: Debug> Census<M> {
    pub(super) fn new() -> Self {
        Self(Kinds::default())
    }

    #[cold]
    #[inline(never)]
    pub(super) fn count(&mut self, from: NodeId, msg: &M) {
        self.0.count(msg, from);
    }

    /// What was counted while so many nodes applied so many commands in this time, and forced so many records.
    pub(super) fn traffic(&self, commands: u64, forced: u64, nodes: u32, lasted: Span) -> Traffic {
        let of = |(kind, sent): (&str, u64)| Sent {
            kind: kind.to_owned(),
            sent,
            per_hundred_commands: sent.saturating_mul(100).checked_div(commands),
        };
        let mut kinds: Vec<Sent> = self.0.all().map(of).collect();
        kinds.sort_by(|one, other| one.kind.cmp(&other.kind));
        let all: u64 = kinds.iter().map(|kind| kind.sent).sum();
        Traffic {
            kinds,
            commands,
            forced_per_hundred_commands: forced.saturating_mul(100).checked_div(commands),
            per_node_second: fraction(u128::from(all) * 1_000_000_000, u128::from(nodes) * u128::from(lasted.0)),
        }
    }
}
