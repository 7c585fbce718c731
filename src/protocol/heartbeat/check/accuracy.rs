//! Who is not down is not suspected; and where he is, how often and for how long.

use std::collections::{BTreeMap, BTreeSet};

use super::troubles::Troubles;
use crate::check::measure::{Measure, Reading};
use crate::check::{At, Cast, Evidence, NodeId, Phase, Property, Time, Verdict, WorldEvent};
use crate::protocol::heartbeat::topology::Web;
use crate::protocol::heartbeat::{Fact, Heartbeat, HeartbeatConfig};
use crate::time::Span;

/// **Strong accuracy**: nobody is suspected before he crashes. Who stands still is as good as crashed while he does,
/// and after a return he has as long as a detection takes. A node that itself stood still has no excuse, but that it
/// sees late to what it has seen before.
#[derive(Debug)]
pub struct StrongAccuracy {
    troubles: Troubles,
    /// How long; where this is not known, for ever.
    grace: Option<Span>,
    mistakes: Mistakes,
}

impl Property<Heartbeat> for StrongAccuracy {
    const NAME: &'static str = "strong_accuracy";
    const ABOUT: &'static str = "nobody is suspected before he crashes or stands still";
    const AFTER: &'static str = "suspected";
    const OPTIONAL: bool = true;

    fn new(config: &HeartbeatConfig, cast: &Cast) -> Self {
        Self { troubles: Troubles::new(cast), grace: config.detection(), mistakes: Mistakes::new(config.web) }
    }

    fn on_fact(&mut self, at: At, fact: &Fact) -> Verdict {
        self.mistakes.take(at, fact);
        let &Fact::Suspected(peer) = fact else { return Verdict::Skip };
        if self.troubles.was_away(peer, self.troubles.goes_by(at.node, at.now), self.grace) {
            return Verdict::Held;
        }
        Evidence::new("a node that is up is suspected").node(at.node).node(peer).value("suspected", peer).into()
    }

    fn on_world(&mut self, now: Time, event: &WorldEvent) -> Verdict {
        self.troubles.take(now, event);
        self.mistakes.watch(now, event);
        Verdict::Skip
    }

    fn measured(&self, now: Time) -> Vec<Measure> {
        self.mistakes.measured(now)
    }
}

/// Mistakes up to the first crash or the heal: until then every suspicion is one.
#[derive(Debug)]
struct Mistakes {
    web: Web,
    /// When it was no longer counted, if it is not.
    ended: Option<Time>,
    /// When the last mistake of each pair began, and whether it is still made.
    last: BTreeMap<(NodeId, NodeId), (Time, bool)>,
    /// How many there were.
    made: u64,
    recurrences: Vec<Span>,
    durations: Vec<Span>,
    /// How long all of them lasted that are over.
    mistaken: u128,
}

impl Mistakes {
    fn new(web: Web) -> Self {
        Self {
            web,
            ended: None,
            last: BTreeMap::new(),
            made: 0,
            recurrences: Vec::new(),
            durations: Vec::new(),
            mistaken: 0,
        }
    }

    fn take(&mut self, At { now, node, .. }: At, fact: &Fact) {
        if self.ended.is_some() {
            return;
        }
        match *fact {
            Fact::Suspected(peer) => {
                self.made += 1;
                if let Some((before, _)) = self.last.insert((node, peer), (now, true)) {
                    self.recurrences.push(now.since(before));
                }
            }
            Fact::Trusted(peer) => {
                if let Some((began, is_on @ true)) = self.last.get_mut(&(node, peer)) {
                    *is_on = false;
                    let lasted = now.since(*began);
                    self.durations.push(lasted);
                    self.mistaken += u128::from(lasted.0);
                }
            }
            _ => {}
        }
    }

    fn watch(&mut self, now: Time, event: &WorldEvent) {
        let ends = matches!(
            event,
            WorldEvent::Crash { .. }
                | WorldEvent::Refused { .. }
                | WorldEvent::Retire { .. }
                | WorldEvent::Phase(Phase::Liveness)
        );
        if ends {
            self.ended.get_or_insert(now);
        }
    }

    fn measured(&self, now: Time) -> Vec<Measure> {
        let until = self.ended.unwrap_or(now);
        let open = self.last.values().filter(|(_, is_on)| *is_on);
        let open: u128 = open.map(|&(began, _)| u128::from(until.since(began).0)).sum();
        let whole = u128::from(until.0) * u128::from(self.web.pairs());
        let part = whole.saturating_sub(self.mistaken + open);
        vec![
            Measure::new(
                "mistake_recurrence",
                "from one wrong suspicion to the next of the same pair, where there is one within the run (T_MR)",
                Reading::Times(self.recurrences.clone()),
            )
            .more(),
            Measure::new(
                "mistakes",
                "wrong suspicions per second of watching, before the first crash: their inverse is E(T_MR), not cut off by the end",
                Reading::Rate { count: self.made, over: whole },
            ),
            Measure::new(
                "mistake_duration",
                "how long a wrong suspicion lasts that ends within the run (T_M)",
                Reading::Times(self.durations.clone()),
            ),
            Measure::new(
                "query_accuracy",
                "how likely an answer is right at a drawn instant before the first crash (P_A)",
                Reading::Share { part, whole },
            )
            .more(),
        ]
    }
}

/// **Weak accuracy**: somebody who never crashes is never suspected.
#[derive(Debug)]
pub struct WeakAccuracy {
    web: Web,
    troubles: Troubles,
    suspected: BTreeSet<NodeId>,
}

impl Property<Heartbeat> for WeakAccuracy {
    const NAME: &'static str = "weak_accuracy";
    const ABOUT: &'static str = "somebody who never crashes or stands still is never suspected";
    const OPTIONAL: bool = true;

    fn new(config: &HeartbeatConfig, cast: &Cast) -> Self {
        Self { web: config.web, troubles: Troubles::new(cast), suspected: BTreeSet::new() }
    }

    fn on_fact(&mut self, _at: At, fact: &Fact) -> Verdict {
        if let &Fact::Suspected(peer) = fact {
            self.suspected.insert(peer);
        }
        Verdict::Skip
    }

    fn on_world(&mut self, now: Time, event: &WorldEvent) -> Verdict {
        self.troubles.take(now, event);
        if !matches!(event, WorldEvent::Phase(_)) {
            return Verdict::Skip;
        }
        let watched = (0..self.web.nodes()).map(NodeId).filter(|&node| self.web.watching(node) > 0);
        let mut correct = watched.filter(|&node| !self.troubles.befell(node)).peekable();
        if correct.peek().is_none() {
            return Verdict::Skip;
        }
        if correct.any(|node| !self.suspected.contains(&node)) {
            return Verdict::Held;
        }
        Evidence::new("everybody was suspected who never crashed").into()
    }
}
