//! Whom a fault strikes, and how that is written.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{NodeId, NodeSet};
use crate::rng::Ratio;

/// Whom a fault strikes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "WhoSpelling", into = "WhoSpelling")]
#[schemars(with = "WhoSpelling")]
pub enum Who {
    /// A drawn node.
    #[default]
    Any,
    /// These nodes.
    Nodes(NodeSet),
    /// A drawn majority.
    Majority,
    /// Every node.
    All,
    /// So many of all members, drawn; at least one.
    Share(Ratio),
    /// A drawn member of a group.
    Group(String),
    /// The nodes of a zone.
    Zone(String),
    /// Whoever has this role at that instant; of several, the one with the highest epoch, then the lowest number.
    Role(String),
    /// The node of the last fact of this kind before that instant.
    Fact(String),
}

impl Who {
    /// Just this node.
    #[must_use]
    pub fn node(node: NodeId) -> Self {
        Self::Nodes([node].into_iter().collect())
    }

    pub(super) fn is_any(&self) -> bool {
        *self == Self::Any
    }

    /// Whether it can only be bound while the run goes on.
    #[must_use]
    pub const fn is_late(&self) -> bool {
        matches!(self, Self::Role(_) | Self::Fact(_))
    }
}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "expected a node number, a list of nodes, \"any\", \"majority\", \"all\", {\"group\": …}, {\"zone\": …}, {\"share\": …}, {\"role\": …} or {\"fact\": …}"
)]
enum WhoSpelling {
    Node(u32),
    Nodes(NodeSet),
    Word(WhoWord),
    Named(WhoNamed),
}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum WhoWord {
    Any,
    Majority,
    All,
}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum WhoNamed {
    Group(String),
    Zone(String),
    Share(Ratio),
    Role(String),
    Fact(String),
}

impl From<WhoSpelling> for Who {
    fn from(spelling: WhoSpelling) -> Self {
        match spelling {
            WhoSpelling::Node(node) => Self::node(NodeId(node)),
            WhoSpelling::Nodes(nodes) => Self::Nodes(nodes),
            WhoSpelling::Word(WhoWord::Any) => Self::Any,
            WhoSpelling::Word(WhoWord::Majority) => Self::Majority,
            WhoSpelling::Word(WhoWord::All) => Self::All,
            WhoSpelling::Named(WhoNamed::Group(name)) => Self::Group(name),
            WhoSpelling::Named(WhoNamed::Zone(name)) => Self::Zone(name),
            WhoSpelling::Named(WhoNamed::Share(share)) => Self::Share(share),
            WhoSpelling::Named(WhoNamed::Role(name)) => Self::Role(name),
            WhoSpelling::Named(WhoNamed::Fact(name)) => Self::Fact(name),
        }
    }
}

impl From<Who> for WhoSpelling {
    fn from(who: Who) -> Self {
        match who {
            Who::Any => Self::Word(WhoWord::Any),
            Who::Majority => Self::Word(WhoWord::Majority),
            Who::All => Self::Word(WhoWord::All),
            Who::Group(name) => Self::Named(WhoNamed::Group(name)),
            Who::Zone(name) => Self::Named(WhoNamed::Zone(name)),
            Who::Share(share) => Self::Named(WhoNamed::Share(share)),
            Who::Role(name) => Self::Named(WhoNamed::Role(name)),
            Who::Fact(name) => Self::Named(WhoNamed::Fact(name)),
            Who::Nodes(nodes) => match (nodes.len(), nodes.last()) {
                (1, Some(node)) => Self::Node(node.0),
                _ => Self::Nodes(nodes),
            },
        }
    }
}
