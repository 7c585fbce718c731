//! In the end, everybody holds alive who lives, and nobody else.

use crate::check::{At, Cast, NodeId, NodeSet, Nodes, Progress, Property, Time, Verdict, WorldEvent};
use crate::protocol::heartbeat::{Fact, Heartbeat, HeartbeatConfig};

/// **True membership**: once healed, all members of the core come to hold each other alive, however many were declared
/// dead before, and everybody else who is down, dead.
#[derive(Debug)]
pub struct TrueMembership {
    down: Vec<bool>,
}

impl Property<Heartbeat> for TrueMembership {
    const NAME: &'static str = "true_membership";
    const ABOUT: &'static str = "SWIM: once healed, all members come to hold alive exactly those who live";
    const AFTER: &'static str = "suspected";

    fn applies(config: &HeartbeatConfig) -> bool {
        config.swim().is_some()
    }

    fn new(_config: &HeartbeatConfig, cast: &Cast) -> Self {
        Self { down: cast.nodes().map(|node| cast.is_spare(node)).collect() }
    }

    fn on_fact(&mut self, _at: At, fact: &Fact) -> Verdict {
        match fact {
            Fact::Suspected(_) | Fact::Trusted(_) => Verdict::Held,
            _ => Verdict::Skip,
        }
    }

    fn on_world(&mut self, _now: Time, event: &WorldEvent) -> Verdict {
        match *event {
            WorldEvent::Crash { node, .. } | WorldEvent::Refused { node } | WorldEvent::Retire { node } => {
                self.down[node.index()] = true;
            }
            WorldEvent::Boot { node, .. } => self.down[node.index()] = false,
            _ => {}
        }
        Verdict::Skip
    }

    fn settled(&self, core: &NodeSet, nodes: Nodes<'_, Heartbeat>) -> Progress {
        let all = (0..nodes.count()).map(NodeId);
        // Who is neither down nor of the core lives out of reach, and may be held whatever comes.
        let known: Vec<NodeId> = all.filter(|&node| core.contains(node) || self.down[node.index()]).collect();
        for member in core.iter() {
            let Some(swim) = nodes.get(member).and_then(|seat| seat.state.swim()) else { continue };
            let wrong = |of: &&NodeId| swim.standing(**of).is_dead() != self.down[of.index()];
            if let Some(&of) = known.iter().find(wrong) {
                return Progress::Waiting(format!("{member} holds {of} {:?}", swim.standing(of)));
            }
        }
        Progress::Done
    }
}
