//! Who is not down is not suspected in the end.

use crate::check::{At, Cast, NodeId, NodeSet, Nodes, Progress, Property, Verdict};
use crate::protocol::heartbeat::topology::Web;
use crate::protocol::heartbeat::{Fact, Heartbeat, HeartbeatConfig};

/// **Eventual strong accuracy**: a time comes after which no correct node is suspected by another. It is asked of the
/// healed core.
#[derive(Debug)]
pub struct EventualStrongAccuracy {
    web: Web,
}

impl EventualStrongAccuracy {
    /// Who in the core suspects this node.
    fn suspected_by(&self, node: NodeId, core: &NodeSet, nodes: Nodes<'_, Heartbeat>) -> Option<NodeId> {
        let suspects = |&watcher: &NodeId| {
            core.contains(watcher)
                && nodes.get(watcher).is_some_and(|seat| seat.state.suspects(&self.web, watcher, node))
        };
        self.web.watchers(node).find(suspects)
    }
}

impl Property<Heartbeat> for EventualStrongAccuracy {
    const NAME: &'static str = "eventual_strong_accuracy";
    const ABOUT: &'static str = "in the end no correct node is suspected by another";
    const AFTER: &'static str = "trusted";
    const OPTIONAL: bool = true;

    fn new(config: &HeartbeatConfig, _cast: &Cast) -> Self {
        Self { web: config.web }
    }

    fn on_fact(&mut self, _at: At, fact: &Fact) -> Verdict {
        if matches!(fact, Fact::Trusted(_)) { Verdict::Held } else { Verdict::Skip }
    }

    fn settled(&self, core: &NodeSet, nodes: Nodes<'_, Heartbeat>) -> Progress {
        let wronged = core.iter().find_map(|node| Some((self.suspected_by(node, core, nodes)?, node)));
        wronged.map_or(Progress::Done, |(watcher, node)| {
            Progress::Waiting(format!("{watcher} suspects {node}, which is up"))
        })
    }
}

/// **Eventual weak accuracy**: a time comes after which some correct node is suspected by no other.
#[derive(Debug)]
pub struct EventualWeakAccuracy(EventualStrongAccuracy);

impl Property<Heartbeat> for EventualWeakAccuracy {
    const NAME: &'static str = "eventual_weak_accuracy";
    const ABOUT: &'static str = "in the end some correct node is suspected by no other";
    const AFTER: &'static str = "trusted";
    const OPTIONAL: bool = true;

    fn new(config: &HeartbeatConfig, cast: &Cast) -> Self {
        Self(EventualStrongAccuracy::new(config, cast))
    }

    fn on_fact(&mut self, at: At, fact: &Fact) -> Verdict {
        self.0.on_fact(at, fact)
    }

    fn settled(&self, core: &NodeSet, nodes: Nodes<'_, Heartbeat>) -> Progress {
        let mut watched = core.iter().filter(|&node| self.0.web.watching(node) > 0).peekable();
        if watched.peek().is_none() || watched.any(|node| self.0.suspected_by(node, core, nodes).is_none()) {
            return Progress::Done;
        }
        Progress::Waiting("everybody in the core is suspected by somebody there".to_owned())
    }
}
