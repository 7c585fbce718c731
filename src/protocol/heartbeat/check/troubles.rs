//! Who is down, or stands still, and until when he was.

use std::collections::BTreeMap;

use crate::check::{Cast, NodeId, Time, WorldEvent};
use crate::time::Span;

/// What has befallen nodes. Of those that nothing has befallen, nothing is kept.
#[derive(Debug)]
pub(super) struct Troubles(BTreeMap<NodeId, Trouble>);

#[derive(Clone, Copy, Debug, Default)]
struct Trouble {
    /// Since when it is down.
    down: Option<Time>,
    /// Since when it stands still.
    still: Option<Time>,
    /// When the last of this ended.
    ended: Time,
    /// When it began to stand still, if that was the last to end.
    stood_from: Option<Time>,
}

impl Troubles {
    /// Spare nodes are down until they are started.
    pub(super) fn new(cast: &Cast) -> Self {
        let unborn = Trouble { down: Some(Time::ZERO), ..Trouble::default() };
        Self(cast.nodes().filter(|&node| cast.is_spare(node)).map(|node| (node, unborn)).collect())
    }

    pub(super) fn take(&mut self, now: Time, event: &WorldEvent) {
        match *event {
            WorldEvent::Crash { node, .. } | WorldEvent::Refused { node } | WorldEvent::Retire { node } => {
                let trouble = self.0.entry(node).or_default();
                *trouble = Trouble { down: trouble.down.or(Some(now)), still: None, ..*trouble };
            }
            WorldEvent::Pause { node } => {
                self.0.entry(node).or_default().still.get_or_insert(now);
            }
            // Of whom nothing is kept, it is the first boot.
            WorldEvent::Boot { node, .. } => {
                if let Some(trouble) = self.0.get_mut(&node) {
                    *trouble = Trouble { ended: now, ..Trouble::default() };
                }
            }
            WorldEvent::Resume { node } => {
                if let Some(trouble) = self.0.get_mut(&node) {
                    *trouble = Trouble { still: None, ended: now, stood_from: trouble.still, ..*trouble };
                }
            }
            _ => {}
        }
    }

    /// Since when a node is down, if it is.
    pub(super) fn down_since(&self, node: NodeId) -> Option<Time> {
        self.0.get(&node)?.down
    }

    /// Who is down, and since when.
    pub(super) fn down(&self) -> impl Iterator<Item = (NodeId, Time)> {
        self.0.iter().filter_map(|(&node, trouble)| Some((node, trouble.down?)))
    }

    /// Since when a node has been able to work; nothing if it is not.
    pub(super) fn able_since(&self, node: NodeId) -> Option<Time> {
        match self.0.get(&node) {
            None => Some(Time::ZERO),
            Some(trouble) => (trouble.down.is_none() && trouble.still.is_none()).then_some(trouble.ended),
        }
    }

    /// How things stood by then is what a node goes by now: when it began to stand still, if it has just resumed and
    /// sees to what came in meanwhile.
    pub(super) fn goes_by(&self, node: NodeId, now: Time) -> Time {
        let Some(trouble) = self.0.get(&node) else { return now };
        let resumed = trouble.stood_from.filter(|_| trouble.ended == now);
        trouble.still.or(resumed).unwrap_or(now)
    }

    /// Whether a node is down or stands still, or did until less than this ago.
    pub(super) fn was_away(&self, node: NodeId, now: Time, within: Option<Span>) -> bool {
        let lately = |trouble: &Trouble| within.is_none_or(|within| now <= trouble.ended + within);
        self.0.get(&node).is_some_and(|trouble| trouble.down.is_some() || trouble.still.is_some() || lately(trouble))
    }

    /// Whether a node was ever down or stood still.
    pub(super) fn befell(&self, node: NodeId) -> bool {
        self.0.contains_key(&node)
    }
}
