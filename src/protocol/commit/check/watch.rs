//! By when something must have come about.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::NodeId;
use crate::protocol::commit::Txn;
use crate::time::Time;

/// Deadlines of participants, in order.
#[derive(Debug, Default)]
pub(super) struct Watch {
    order: BTreeSet<(Time, Txn, NodeId)>,
    of: BTreeMap<(Txn, NodeId), Time>,
}

impl Watch {
    pub(super) fn set(&mut self, txn: Txn, node: NodeId, by: Time) {
        self.unset(txn, node);
        self.of.insert((txn, node), by);
        self.order.insert((by, txn, node));
    }

    pub(super) fn unset(&mut self, txn: Txn, node: NodeId) -> bool {
        let Some(by) = self.of.remove(&(txn, node)) else { return false };
        self.order.remove(&(by, txn, node))
    }

    pub(super) fn is_set(&self, txn: Txn, node: NodeId) -> bool {
        self.of.contains_key(&(txn, node))
    }

    /// All of a transaction.
    pub(super) fn forget(&mut self, txn: Txn) {
        let all = (txn, NodeId(0))..=(txn, NodeId(u32::MAX));
        let nodes: Vec<NodeId> = self.of.range(all).map(|(&(_, node), _)| node).collect();
        nodes.into_iter().for_each(|node| {
            self.unset(txn, node);
        });
    }

    /// The first that is over.
    pub(super) fn overdue(&self, now: Time) -> Option<(Time, Txn, NodeId)> {
        self.order.first().copied().filter(|&(by, ..)| by < now)
    }
}
