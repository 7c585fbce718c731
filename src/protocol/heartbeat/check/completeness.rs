//! Who is down is suspected.

use std::collections::BTreeSet;

use crate::check::{At, Cast, FaultKind, NodeId, NodeSet, Nodes, Progress, Property, Time, Verdict, WorldEvent};
use crate::protocol::heartbeat::topology::Web;
use crate::protocol::heartbeat::{Fact, Heartbeat, HeartbeatConfig};

/// **Strong completeness**: who is down for good is suspected, in the end, by every correct node that watches it.
#[derive(Debug)]
pub struct StrongCompleteness {
    web: Web,
    down: BTreeSet<NodeId>,
}

impl Property<Heartbeat> for StrongCompleteness {
    const NAME: &'static str = "strong_completeness";
    const ABOUT: &'static str = "who is down for good is suspected, in the end, by every correct node that watches it";
    const NEEDS: &'static [FaultKind] = &[FaultKind::Crash, FaultKind::Kill, FaultKind::Power, FaultKind::Retire];

    fn new(config: &HeartbeatConfig, cast: &Cast) -> Self {
        Self { web: config.web, down: cast.nodes().filter(|&node| cast.is_spare(node)).collect() }
    }

    fn on_fact(&mut self, _at: At, fact: &Fact) -> Verdict {
        match fact {
            Fact::Suspected(peer) if self.down.contains(peer) => Verdict::Held,
            _ => Verdict::Skip,
        }
    }

    fn on_world(&mut self, _now: Time, event: &WorldEvent) -> Verdict {
        match *event {
            WorldEvent::Crash { node, .. } | WorldEvent::Refused { node } | WorldEvent::Retire { node } => {
                self.down.insert(node);
            }
            WorldEvent::Boot { node, .. } => {
                self.down.remove(&node);
            }
            _ => {}
        }
        Verdict::Skip
    }

    fn settled(&self, core: &NodeSet, nodes: Nodes<'_, Heartbeat>) -> Progress {
        for &node in &self.down {
            for watcher in self.web.watchers(node).filter(|&watcher| core.contains(watcher)) {
                let knows = nodes.get(watcher).is_some_and(|seat| seat.state.suspects(&self.web, watcher, node));
                if !knows {
                    return Progress::Waiting(format!("{watcher} does not suspect {node}, which is down"));
                }
            }
        }
        Progress::Done
    }
}
