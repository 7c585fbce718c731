//! Who watches whom. Nothing of it is stored: it follows from the nodes' numbers, so that a node of a million needs no
//! list of its neighbours.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::process::NodeId;

/// Who watches whom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Topology {
    /// Everybody watches everybody else.
    #[default]
    All,
    /// The first node watches all others. Nobody watches it: while it is down, nobody is told anything.
    Star,
    /// Each node is watched by this many successors, the last node's being the first.
    Ring(u32),
}

/// A topology over so many nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Web {
    topology: Topology,
    nodes: u32,
}

impl Web {
    pub(super) fn new(topology: Topology, nodes: u32) -> Self {
        Self { topology, nodes }
    }

    /// Number of nodes.
    #[must_use]
    pub fn nodes(&self) -> u32 {
        self.nodes
    }

    /// How many nodes this one watches.
    #[must_use]
    pub fn watched(&self, by: NodeId) -> u32 {
        match self.topology {
            Topology::All => self.nodes - 1,
            Topology::Star if by.0 == 0 => self.nodes - 1,
            Topology::Star => 0,
            Topology::Ring(k) => k,
        }
    }

    /// The nodes that this one watches, in order of their slots.
    pub fn watched_by(&self, by: NodeId) -> impl Iterator<Item = NodeId> + use<> {
        let web = *self;
        (0..self.watched(by)).map(move |slot| web.peer(by, slot as usize))
    }

    /// Whom a node watches in this slot.
    #[must_use]
    pub fn peer(&self, by: NodeId, slot: usize) -> NodeId {
        let slot = slot as u32;
        NodeId(match self.topology {
            Topology::All => slot + u32::from(slot >= by.0),
            Topology::Star => slot + 1,
            Topology::Ring(_) => wrapped(by.0 + self.nodes - 1 - slot, self.nodes),
        })
    }

    /// In which slot a node watches that one, if it does.
    #[inline]
    #[must_use]
    pub fn slot(&self, by: NodeId, peer: NodeId) -> Option<usize> {
        let slot = match self.topology {
            Topology::All if peer == by => return None,
            Topology::All => peer.0 - u32::from(peer.0 > by.0),
            Topology::Star if by.0 != 0 || peer.0 == 0 => return None,
            Topology::Star => peer.0 - 1,
            // The distance to the node itself, 0, wraps and is out of range.
            Topology::Ring(_) => wrapped(by.0 + self.nodes - peer.0, self.nodes).wrapping_sub(1),
        };
        (slot < self.watched(by)).then_some(slot as usize)
    }

    /// How many nodes watch this one.
    #[must_use]
    pub fn watching(&self, node: NodeId) -> u32 {
        match self.topology {
            Topology::All => self.nodes - 1,
            Topology::Star => u32::from(node.0 != 0),
            Topology::Ring(k) => k,
        }
    }

    /// The nodes that watch this one.
    pub fn watchers(&self, node: NodeId) -> impl Iterator<Item = NodeId> + use<> {
        let Self { topology, nodes } = *self;
        (0..self.watching(node)).map(move |n| {
            NodeId(match topology {
                Topology::All => n + u32::from(n >= node.0),
                Topology::Star => 0,
                Topology::Ring(_) => wrapped(node.0 + 1 + n, nodes),
            })
        })
    }

    /// Number of pairs of a node and one that watches it.
    #[must_use]
    pub fn pairs(&self) -> u64 {
        let nodes = u64::from(self.nodes);
        match self.topology {
            Topology::All => nodes * (nodes - 1),
            Topology::Star => nodes - 1,
            Topology::Ring(k) => nodes * u64::from(k),
        }
    }
}

/// A number below twice the number of nodes, round the ring.
const fn wrapped(node: u32, nodes: u32) -> u32 {
    if node >= nodes { node - nodes } else { node }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(web: Web) {
        let mut pairs = 0;
        for by in (0..web.nodes).map(NodeId) {
            assert_eq!(web.slot(by, by), None);
            for (slot, peer) in web.watched_by(by).enumerate() {
                assert_eq!(web.slot(by, peer), Some(slot), "{web:?}: {by} of {peer}");
                assert_eq!(web.watchers(peer).filter(|&watcher| watcher == by).count(), 1);
                pairs += 1;
            }
            let watched = (0..web.nodes).filter(|&peer| web.slot(by, NodeId(peer)).is_some()).count();
            assert_eq!(watched, web.watched(by) as usize);
        }
        assert_eq!(web.pairs(), pairs);
    }

    #[test]
    fn slots_peers_and_watchers_tell_the_same() {
        for nodes in [2, 3, 5, 8] {
            check(Web::new(Topology::All, nodes));
            check(Web::new(Topology::Star, nodes));
            (1..nodes).for_each(|k| check(Web::new(Topology::Ring(k), nodes)));
        }
    }

    #[test]
    fn a_ring_wraps_round() {
        let web = Web::new(Topology::Ring(2), 5);
        assert_eq!(web.watched_by(NodeId(1)).collect::<Vec<_>>(), [NodeId(0), NodeId(4)]);
        assert_eq!(web.watchers(NodeId(4)).collect::<Vec<_>>(), [NodeId(0), NodeId(1)]);
    }
}
