//! How soon a crash is noticed.

use std::collections::{BTreeMap, BTreeSet};

use super::troubles::Troubles;
use crate::check::measure::{Measure, Reading};
use crate::check::{At, Cast, Evidence, NodeId, Nodes, Property, Time, Verdict, WorldEvent};
use crate::protocol::heartbeat::topology::Web;
use crate::protocol::heartbeat::{Fact, Heartbeat, HeartbeatConfig};
use crate::time::Span;

/// **Detection bound**: whoever watches a node that is down suspects it no later than the detector promises, and from
/// then on for as long as it stays down. Who restarts or stood still counts from then.
///
/// It measures T_D: from a crash to the suspicion that lasts. A node that was suspected already has been detected at
/// once.
#[derive(Debug)]
pub struct DetectionBound {
    web: Web,
    /// How soon, where that is known.
    bound: Option<Span>,
    troubles: Troubles,
    /// Who suspects whom.
    suspicions: BTreeSet<(NodeId, NodeId)>,
    /// When who must suspect whom. An entry that is out of date says a deadline that is not that of the pair any more.
    due: BTreeSet<(Time, NodeId, NodeId)>,
    /// Of nodes that are down: who was watching when they crashed, and how long it took until the last suspicion.
    open: BTreeMap<(NodeId, NodeId), Option<Span>>,
    detected: Vec<Span>,
    /// How many were over before they were noticed.
    missed: u64,
}

impl DetectionBound {
    /// When `watcher` must suspect `peer`; nothing if it need not.
    fn deadline(&self, watcher: NodeId, peer: NodeId) -> Option<Time> {
        let (down, able) = (self.troubles.down_since(peer)?, self.troubles.able_since(watcher)?);
        Some(down.max(able) + self.bound?)
    }

    fn expect(&mut self, watcher: NodeId, peer: NodeId) {
        if let Some(deadline) = self.deadline(watcher, peer) {
            self.due.insert((deadline, watcher, peer));
        }
    }

    /// Whether those suspect that had to by now.
    fn judge(&mut self, now: Time) -> Verdict {
        let mut verdict = Verdict::Skip;
        while let Some(&(deadline, watcher, peer)) = self.due.first().filter(|due| due.0 < now) {
            self.due.pop_first();
            if self.deadline(watcher, peer) == Some(deadline) {
                if !self.suspicions.contains(&(watcher, peer)) {
                    return self.broken("a crash is not noticed in time", watcher, peer);
                }
                verdict = Verdict::Held;
            }
        }
        verdict
    }

    fn broken(&self, kind: &str, watcher: NodeId, peer: NodeId) -> Verdict {
        let evidence = Evidence::new(kind).node(watcher).node(peer).value("down", peer).value("bound", self.bound);
        evidence.value("since", self.troubles.down_since(peer)).into()
    }

    fn falls(&mut self, node: NodeId) {
        self.forgets(node);
        for watcher in self.web.watchers(node) {
            if self.troubles.down_since(watcher).is_none() {
                let at_once = self.suspicions.contains(&(watcher, node)).then_some(Span::ZERO);
                self.open.insert((node, watcher), at_once);
            }
            self.expect(watcher, node);
        }
    }

    /// A node lost its memory: whom it suspected it does not any more, and what it had noticed is the last word on
    /// that.
    fn forgets(&mut self, watcher: NodeId) {
        let of = (watcher, NodeId(0))..=(watcher, NodeId(u32::MAX));
        let forgotten: Vec<(NodeId, NodeId)> = self.suspicions.range(of).copied().collect();
        for pair in forgotten {
            self.suspicions.remove(&pair);
        }
        for peer in self.web.watched_by(watcher) {
            if let Some(took) = self.open.remove(&(peer, watcher)) {
                self.detected.extend(took);
            }
        }
    }

    fn returns(&mut self, node: NodeId) {
        for watcher in self.web.watchers(node) {
            match self.open.remove(&(node, watcher)) {
                Some(Some(took)) => self.detected.push(took),
                Some(None) => self.missed += 1,
                None => {}
            }
        }
        for peer in self.web.watched_by(node) {
            self.expect(node, peer);
        }
    }
}

impl Property<Heartbeat> for DetectionBound {
    const NAME: &'static str = "detection_bound";
    const ABOUT: &'static str = "who is down is suspected no later than the detector promises, and from then on";
    const OPTIONAL: bool = true;

    fn new(config: &HeartbeatConfig, cast: &Cast) -> Self {
        Self {
            web: config.web,
            bound: config.detection(),
            troubles: Troubles::new(cast),
            suspicions: BTreeSet::new(),
            due: BTreeSet::new(),
            open: BTreeMap::new(),
            detected: Vec::new(),
            missed: 0,
        }
    }

    fn on_fact(&mut self, At { now, node, .. }: At, fact: &Fact) -> Verdict {
        let (Fact::Suspected(peer) | Fact::Trusted(peer)) = *fact else { return Verdict::Skip };
        let suspects = matches!(fact, Fact::Suspected(_));
        if suspects {
            self.suspicions.insert((node, peer));
        } else {
            self.suspicions.remove(&(node, peer));
        }
        let Some(down) = self.troubles.down_since(peer) else { return Verdict::Skip };
        if let Some(took) = self.open.get_mut(&(peer, node)) {
            *took = suspects.then(|| now.since(down));
        }
        match self.deadline(node, peer) {
            // There is no bound, or it does not run.
            None => Verdict::Skip,
            Some(deadline) if now <= deadline => Verdict::Held,
            Some(_) if suspects => self.broken("a crash is noticed late", node, peer),
            Some(_) => self.broken("who is down is trusted again", node, peer),
        }
    }

    fn on_world(&mut self, now: Time, event: &WorldEvent) -> Verdict {
        let verdict = self.judge(now);
        let was_down = |node| self.troubles.down_since(node).is_some();
        // Who is down already may fall again, with its machine or for good; it was then noticed as soon as it was.
        let falls = match *event {
            WorldEvent::Crash { node, .. } | WorldEvent::Refused { node } | WorldEvent::Retire { node } => {
                (!was_down(node)).then_some(node)
            }
            _ => None,
        };
        self.troubles.take(now, event);
        falls.into_iter().for_each(|node| self.falls(node));
        match *event {
            WorldEvent::Boot { node, life } if life > 1 => self.returns(node),
            WorldEvent::Boot { node, .. } if self.troubles.befell(node) => self.returns(node),
            WorldEvent::Resume { node } => self.returns(node),
            _ => {}
        }
        verdict
    }

    fn on_state(&mut self, now: Time, _nodes: Nodes<'_, Heartbeat>) -> Verdict {
        self.judge(now)
    }

    fn measured(&self, now: Time) -> Vec<Measure> {
        let times: Vec<Span> = self.detected.iter().copied().chain(self.open.values().copied().flatten()).collect();
        // Who is down for no longer than it may take may yet be noticed.
        let overdue = |&(&(node, _), took): &(&(NodeId, NodeId), &Option<Span>)| {
            let since = self.troubles.down_since(node).unwrap_or(now);
            took.is_none() && self.bound.is_some_and(|bound| now > since + bound)
        };
        let unnoticed = self.missed + self.open.iter().filter(overdue).count() as u64;
        let noticed = times.len() as u128;
        let whole = noticed + u128::from(unnoticed);
        vec![
            Measure::new(
                "detection_time",
                "from a crash to the suspicion that lasts until its end, of crashes that were noticed (T_D)",
                Reading::Times(times),
            ),
            Measure::new(
                "noticed",
                "crashes, by who was watching, that were noticed, of those and the ones that never were",
                Reading::Share { part: noticed, whole },
            )
            .more(),
        ]
    }
}
