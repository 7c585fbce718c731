//! Who is down is suspected.

use super::troubles::Troubles;
use crate::check::{At, Cast, FaultKind, NodeId, NodeSet, Nodes, Progress, Property, Time, Verdict, WorldEvent};
use crate::protocol::heartbeat::topology::Web;
use crate::protocol::heartbeat::{Fact, Heartbeat, HeartbeatConfig};

/// The faults that take nodes down.
const TAKE_DOWN: &[FaultKind] = &[FaultKind::Crash, FaultKind::Kill, FaultKind::Power, FaultKind::Retire];

/// **Strong completeness**: who is down for good is suspected, in the end, by every correct node that watches it.
#[derive(Debug)]
pub struct StrongCompleteness {
    web: Web,
    troubles: Troubles,
}

impl StrongCompleteness {
    /// Of those in the core that watch this node, the ones that do not suspect it.
    fn unaware(&self, node: NodeId, core: &NodeSet, nodes: Nodes<'_, Heartbeat>) -> impl Iterator<Item = NodeId> {
        let suspects =
            move |watcher: NodeId| nodes.get(watcher).is_some_and(|seat| seat.state.suspects(&self.web, watcher, node));
        self.web.watchers(node).filter(move |&watcher| core.contains(watcher) && !suspects(watcher))
    }
}

impl Property<Heartbeat> for StrongCompleteness {
    const NAME: &'static str = "strong_completeness";
    const ABOUT: &'static str = "who is down for good is suspected, in the end, by every correct node that watches it";
    const NEEDS: &'static [FaultKind] = TAKE_DOWN;

    fn new(config: &HeartbeatConfig, cast: &Cast) -> Self {
        Self { web: config.web, troubles: Troubles::new(cast) }
    }

    fn on_fact(&mut self, _at: At, fact: &Fact) -> Verdict {
        match fact {
            &Fact::Suspected(peer) if self.troubles.down_since(peer).is_some() => Verdict::Held,
            _ => Verdict::Skip,
        }
    }

    fn on_world(&mut self, now: Time, event: &WorldEvent) -> Verdict {
        self.troubles.take(now, event);
        Verdict::Skip
    }

    fn settled(&self, core: &NodeSet, nodes: Nodes<'_, Heartbeat>) -> Progress {
        let mut unaware = self
            .troubles
            .down()
            .flat_map(|(node, _)| self.unaware(node, core, nodes).map(move |watcher| (watcher, node)));
        unaware.next().map_or(Progress::Done, |(watcher, node)| {
            Progress::Waiting(format!("{watcher} does not suspect {node}, which is down"))
        })
    }
}

/// **Weak completeness**: who is down for good is suspected, in the end, by some correct node, if any watches it.
#[derive(Debug)]
pub struct WeakCompleteness(StrongCompleteness);

impl Property<Heartbeat> for WeakCompleteness {
    const NAME: &'static str = "weak_completeness";
    const ABOUT: &'static str = "who is down for good is suspected, in the end, by some correct node that watches it";
    const NEEDS: &'static [FaultKind] = TAKE_DOWN;

    fn new(config: &HeartbeatConfig, cast: &Cast) -> Self {
        Self(StrongCompleteness::new(config, cast))
    }

    fn on_fact(&mut self, at: At, fact: &Fact) -> Verdict {
        self.0.on_fact(at, fact)
    }

    fn on_world(&mut self, now: Time, event: &WorldEvent) -> Verdict {
        self.0.on_world(now, event)
    }

    fn settled(&self, core: &NodeSet, nodes: Nodes<'_, Heartbeat>) -> Progress {
        let unnoticed = |node: NodeId| {
            let watching = self.0.web.watchers(node).filter(|&watcher| core.contains(watcher)).count();
            watching > 0 && self.0.unaware(node, core, nodes).count() == watching
        };
        let node = self.0.troubles.down().map(|(node, _)| node).find(|&node| unnoticed(node));
        node.map_or(Progress::Done, |node| Progress::Waiting(format!("nobody suspects {node}, which is down")))
    }
}
