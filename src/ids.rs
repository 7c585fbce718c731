//! Names for the things of a run: nodes, clients, operations, groups, and sets of nodes.

mod sets;

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use sets::{NodeSet, Voters};

/// A node of the cluster. Nodes are numbered from 0, group by group.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct NodeId(pub u32);

impl NodeId {
    /// The node's place in a table of all nodes.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "n{}", self.0)
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "n{}", self.0)
    }
}

/// A client, outside the cluster. Clients have an id space of their own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ClientId(pub u32);

impl ClientId {
    /// The client's place in a table of all clients.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Debug for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "c{}", self.0)
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "c{}", self.0)
    }
}

/// One operation of one client: its `n`-th, counted from 0. All attempts at it carry the same id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpId {
    /// Who asked.
    pub client: ClientId,
    /// Which of its operations.
    pub n: u64,
}

impl fmt::Debug for OpId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.client, self.n)
    }
}

impl fmt::Display for OpId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.client, self.n)
    }
}

/// One end of a link: a node or a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// A node of the cluster.
    Node(NodeId),
    /// A client outside it.
    Client(ClientId),
}

impl Endpoint {
    /// The two id spaces side by side in 32 bits, so that a node and a client never look alike to a hash. There
    /// are fewer than 2^31 of either.
    #[must_use]
    pub const fn word(self) -> u64 {
        match self {
            Self::Node(node) => node.0 as u64,
            Self::Client(client) => (1 << 31) | client.0 as u64,
        }
    }

    /// The node at this end, if it is one.
    #[must_use]
    pub const fn node(self) -> Option<NodeId> {
        match self {
            Self::Node(node) => Some(node),
            Self::Client(_) => None,
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(node) => node.fmt(f),
            Self::Client(client) => client.fmt(f),
        }
    }
}

macro_rules! fault_kinds {
    ($($(#[doc = $doc:literal])+ $kind:ident = $name:literal),+ $(,)?) => {
        /// What a fault is, by name: the unit in which a plan counts its entries and a run its ledger.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum FaultKind { $($(#[doc = $doc])+ $kind),+ }

        impl FaultKind {
            /// Every kind, in the order in which they are listed and counted.
            pub const ALL: &'static [Self] = &[$(Self::$kind),+];

            /// The kind's name in scenario files and reports.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name),+ }
            }

            /// What it does to the world, in a sentence.
            #[must_use]
            pub const fn about(self) -> &'static str {
                match self { $(Self::$kind => concat!($($doc),+)),+ }
            }
        }
    };
}

fault_kinds! {
    /// A machine stops: memory, timers and a drawn part of the unsynced writes are lost; it restarts after `down`.
    Crash = "crash",
    /// A process dies: memory and timers are lost, every issued write survives in the page cache.
    Kill = "kill",
    /// Several machines crash at one instant.
    Power = "power",
    /// A machine crashes and restarts with an empty disk.
    Wipe = "wipe",
    /// A machine crashes and its disk has a latent error when it boots again.
    Damage = "damage",
    /// A process stands still while its clock, its input and its disk go on.
    Pause = "pause",
    /// Every turn of a node takes longer.
    Slow = "slow",
    /// Links are cut, in any directions.
    Partition = "partition",
    /// Links hold what is sent over them and release it in order at the end.
    Clog = "clog",
    /// Links lose more messages.
    Loss = "loss",
    /// Links take longer.
    Delay = "delay",
    /// Links deliver more messages twice.
    Duplicate = "duplicate",
    /// The next sync of a disk fails, which crashes the node.
    SyncFail = "sync_fail",
    /// A disk is full: every sync fails until the entry ends.
    DiskFull = "disk_full",
    /// Both clocks of a node run faster or slower.
    Drift = "drift",
    /// The wall clock of a node jumps.
    Jump = "jump",
    /// A spare node boots for the first time.
    Start = "start",
    /// A node stops for good.
    Retire = "retire",
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_kind_has_one_name() {
        for &kind in FaultKind::ALL {
            assert_eq!(serde_json::to_string(&kind).unwrap(), format!("{:?}", kind.name()));
        }
    }
}
