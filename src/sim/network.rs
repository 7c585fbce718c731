//! The network: the fate of a message is a pure function of its place, and of the faults of links that are on.

mod fates;
mod ordinals;
mod overrides;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::world::{LinkConfig, NetworkConfig};
use crate::fault::links::{Cut, covers};
use crate::fault::{FixedFate, MessageOverride, Noise};
use crate::ids::{Endpoint, NodeId, NodeSet};
use crate::params::Distribution;
use crate::rng::{Die, Ratio, Seed};
use crate::time::{Span, Time};
use fates::Fates;
pub(crate) use ordinals::Ordinals;
use overrides::Overrides;

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It arrives after this time.
    Deliver(Span),
    /// It arrives twice.
    Twice(Span, Span),
    /// It is lost on the way.
    Lost,
    /// The link is cut.
    Cut,
}

impl Fate {
    /// Whether it is put on its way at all.
    pub(crate) fn arrives(self) -> bool {
        matches!(self, Self::Deliver(_) | Self::Twice(..))
    }
}

impl From<FixedFate> for Fate {
    fn from(fixed: FixedFate) -> Self {
        match fixed {
            FixedFate::Drop => Self::Lost,
            FixedFate::Deliver(delay) => Self::Deliver(delay),
            FixedFate::Twice(first, second) => Self::Twice(first, second),
        }
    }
}

/// A message as the network sees it: not its content, but the hash of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Letter {
    pub(crate) from: Endpoint,
    pub(crate) to: Endpoint,
    /// The nodes whose links it takes: a client's is the node that it stands beside.
    pub(crate) at: Option<NodeId>,
    pub(crate) bound: Option<NodeId>,
    pub(crate) sent: Time,
    pub(crate) hash: u64,
    /// Which of the equal messages of one turn.
    pub(crate) ordinal: u64,
}

impl Letter {
    /// From whom, and to whom.
    pub(crate) fn ends(&self) -> [Endpoint; 2] {
        [self.from, self.to]
    }
}

/// A fault of links that is on.
#[derive(Clone, Debug)]
pub(crate) struct Active {
    /// The entry, by its place in the plan; `None` for the cut around a healed core.
    pub(crate) entry: Option<u32>,
    /// Tells this entry's dice from others'.
    pub(crate) key: u64,
    pub(crate) cuts: Vec<Cut>,
    pub(crate) does: Does,
}

/// What it does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Does {
    Cut,
    Clog,
    Lose(Ratio),
    Slow(Distribution),
    Repeat(Ratio),
}

/// Per-link memory, kept only for links that need it.
#[derive(Clone, Copy, Debug, Default)]
struct Lane {
    /// When the link can take the next message.
    free: Time,
    /// When the last message arrives.
    last: Time,
    /// How often either end had crashed when it was last used.
    crashes: u32,
}

/// So many lanes are kept without asking whether they still matter.
const LANES: usize = 1024;

/// One entry for each link, in order of their ends: of several the last word on each field counts.
fn one_for_each(list: &[LinkConfig]) -> Vec<LinkConfig> {
    let mut links: BTreeMap<(NodeId, NodeId), LinkConfig> = BTreeMap::new();
    for link in list {
        let known = links.entry((link.from, link.to)).or_insert_with(|| link.clone());
        known.latency = link.latency.or(known.latency);
        known.loss = link.loss.or(known.loss);
        known.duplicate = link.duplicate.or(known.duplicate);
        known.capacity = link.capacity.or(known.capacity);
        known.fifo = link.fifo.or(known.fifo);
    }
    links.into_values().collect()
}

pub(crate) struct Network {
    config: NetworkConfig,
    die: Die,
    noise: Noise,
    /// The longest delay, and nothing lost, between nodes of the healed core.
    pub(crate) healed: Option<(NodeSet, Span)>,
    pub(crate) active: Vec<Active>,
    /// Whether every link is like every other and no fault is on: then a fate is a latency and two odds.
    even: bool,
    zones: Vec<(NodeSet, Vec<Option<Distribution>>)>,
    /// Links that are configured apart, one entry for each, in order of their ends.
    links: Vec<LinkConfig>,
    lanes: BTreeMap<(u32, u32), Lane>,
    /// With more lanes than this, those that nothing is under way on are dropped.
    prune_above: usize,
    /// How often each node has forgotten its lanes, if it ever has.
    forgotten: BTreeMap<u32, u32>,
    overrides: Overrides,
    /// What became of every message, if that is to be known.
    fates: Option<Fates>,
}

impl Network {
    pub(crate) fn new(config: NetworkConfig, seed: Seed, noise: Noise, overrides: &[MessageOverride]) -> Self {
        let latency = |from: &str, to: &str| config.zone_latency.get(from).and_then(|row| row.get(to)).copied();
        let zones = config.zones.iter().map(|(from, nodes)| {
            let row = config.zones.keys().map(|to| latency(from, to).or_else(|| latency(to, from)));
            (nodes.clone(), row.collect())
        });
        let zones = zones.collect();
        let mut network = Self {
            die: Die::new(seed),
            noise,
            healed: None,
            active: Vec::new(),
            even: false,
            zones,
            links: one_for_each(&config.links),
            lanes: BTreeMap::new(),
            prune_above: LANES,
            forgotten: BTreeMap::new(),
            overrides: Overrides::new(overrides),
            fates: None,
            config,
        };
        network.refresh();
        network
    }

    fn refresh(&mut self) {
        self.even = self.active.is_empty()
            && self.healed.is_none()
            && self.noise == Noise::Scenario
            && self.zones.is_empty()
            && self.config.links.is_empty()
            && !self.config.fifo
            && self.config.capacity.is_none()
            && self.overrides.is_empty()
            && self.fates.is_none();
    }

    /// From now on fates depend on another seed.
    pub(crate) fn reseed(&mut self, seed: Seed) {
        self.die = Die::new(seed);
    }

    /// Notes what becomes of every message from now on.
    pub(crate) fn note_fates(&mut self) {
        self.fates.get_or_insert_default();
        self.refresh();
    }

    /// What became of every message, as a plan would fix it.
    pub(crate) fn fates(&self) -> &[MessageOverride] {
        self.fates.as_ref().map_or(&[], Fates::list)
    }

    pub(crate) fn push(&mut self, active: Active) {
        self.active.push(active);
        self.refresh();
    }

    /// Takes away what an entry put in; whether there was something.
    pub(crate) fn remove(&mut self, entry: u32) -> bool {
        let before = self.active.len();
        self.active.retain(|active| active.entry != Some(entry));
        self.refresh();
        self.active.len() < before
    }

    /// Takes the links within `core` out of every fault; all other links stay as they are.
    pub(crate) fn restrict(&mut self, core: &NodeSet) {
        for active in &mut self.active {
            let spared = active.cuts.iter().flat_map(|cut| {
                let inside = cut.from.without(&cut.from.without(core));
                [
                    Cut { from: cut.from.without(core), to: cut.to.clone() },
                    Cut { from: inside, to: cut.to.without(core) },
                ]
            });
            active.cuts = spared.filter(|cut| !cut.from.is_empty() && !cut.to.is_empty()).collect();
        }
        self.active.retain(|active| !active.cuts.is_empty());
        self.refresh();
    }

    /// From `now` on messages within `core` take at most `delay`, nor do they wait for what was sent before.
    pub(crate) fn heal(&mut self, now: Time, core: NodeSet, delay: Span) {
        for lane in self.lanes.values_mut() {
            (lane.free, lane.last) = (lane.free.min(now + delay), lane.last.min(now + delay));
        }
        self.healed = Some((core, delay));
        self.refresh();
    }

    /// Whether a message that is on its way between these is stopped by a cut.
    #[inline]
    pub(crate) fn is_cut(&self, from: Option<NodeId>, to: Option<NodeId>) -> bool {
        !self.active.is_empty() && self.find(from, to, |does| *does == Does::Cut).is_some()
    }

    /// The entry that holds messages between these, if one does.
    #[inline]
    pub(crate) fn clogged_by(&self, from: Option<NodeId>, to: Option<NodeId>) -> Option<u32> {
        if self.active.is_empty() {
            return None;
        }
        self.find(from, to, |does| *does == Does::Clog).and_then(|active| active.entry)
    }

    fn find(&self, from: Option<NodeId>, to: Option<NodeId>, what: impl Fn(&Does) -> bool) -> Option<&Active> {
        self.touching(from, to).find(|active| what(&active.does))
    }

    fn touching(&self, from: Option<NodeId>, to: Option<NodeId>) -> impl Iterator<Item = &Active> {
        let link = from.zip(to).filter(|(from, to)| from != to);
        self.active.iter().filter(move |active| link.is_some_and(|(from, to)| covers(&active.cuts, from, to)))
    }

    /// What becomes of a message. `kind` names its kind, for plans that fix single messages.
    #[inline(always)]
    pub(crate) fn fate(&mut self, letter: &Letter, kind: impl FnOnce() -> String) -> Fate {
        let link = u64::from(letter.from.word() as u32) << 32 | letter.to.word();
        let die = self.die.with4([link, letter.sent.0, letter.hash, letter.ordinal]);
        if self.even {
            return ordinary(die, &self.config.latency, self.config.loss, self.config.duplicate);
        }
        self.uneven_fate(letter, die, kind)
    }

    fn uneven_fate(&mut self, letter: &Letter, die: Die, kind: impl FnOnce() -> String) -> Fate {
        if self.fates.is_none() && self.overrides.is_empty() {
            return self.fate_of_kind(letter, die, "");
        }
        let kind = kind();
        let fate = self.fate_of_kind(letter, die, &kind);
        if let Some(fates) = &mut self.fates {
            fates.note(letter, kind, fate);
        }
        fate
    }

    /// The kind matters only where the plan fixes single messages.
    fn fate_of_kind(&mut self, letter: &Letter, die: Die, kind: &str) -> Fate {
        let fixed = if self.overrides.is_empty() { None } else { self.overrides.take(letter, kind) };
        if self.is_cut(letter.at, letter.bound) {
            return Fate::Cut;
        }
        if let Some(fixed) = fixed {
            return self.within_core(letter, fixed.into());
        }
        let fate = self.noisy_fate(letter, die);
        let fate = self.in_line(letter, self.within_core(letter, fate));
        self.within_core(letter, fate)
    }

    fn noisy_fate(&self, letter: &Letter, die: Die) -> Fate {
        let mut latency = self.latency(letter);
        let (mut loss, mut duplicate) = (self.config.loss, self.config.duplicate);
        if let Some(link) = self.link_of(letter) {
            latency = link.latency.unwrap_or(latency);
            loss = link.loss.unwrap_or(loss);
            duplicate = link.duplicate.unwrap_or(duplicate);
        }
        if let Noise::Calm { from, delay } = self.noise
            && letter.sent >= from
        {
            latency = Distribution::Constant(delay);
            (loss, duplicate) = (Ratio::NEVER, Ratio::NEVER);
        }
        let mut fate = ordinary(die, &latency, loss, duplicate);
        // Each entry rolls a die of its own, so that it can be taken out without moving another's.
        for active in self.touching(letter.at, letter.bound) {
            let own = die.with(active.key);
            fate = match (active.does, fate) {
                (Does::Lose(odds), _) if odds.hit(own.roll()) => return Fate::Lost,
                (Does::Repeat(odds), Fate::Deliver(delay)) if odds.hit(own.roll()) => {
                    Fate::Twice(delay, latency.sample(own.with(1).roll()))
                }
                _ => fate,
            };
        }
        // A slow link slows both copies, whichever entry began first.
        for active in self.touching(letter.at, letter.bound) {
            let Does::Slow(by) = active.does else { continue };
            let own = die.with(active.key);
            let slowed = |delay: Span, die: Die| delay + by.sample(die.roll());
            fate = match fate {
                Fate::Deliver(delay) => Fate::Deliver(slowed(delay, own)),
                Fate::Twice(a, b) => Fate::Twice(slowed(a, own), slowed(b, own.with(1))),
                Fate::Lost | Fate::Cut => fate,
            };
        }
        fate
    }

    fn link_of(&self, letter: &Letter) -> Option<&LinkConfig> {
        let ends = letter.from.node().zip(letter.to.node())?;
        let place = self.links.binary_search_by_key(&ends, |link| (link.from, link.to)).ok()?;
        Some(&self.links[place])
    }

    fn latency(&self, letter: &Letter) -> Distribution {
        let zone = |node: Option<NodeId>| {
            self.zones.iter().position(|(nodes, _)| node.is_some_and(|node| nodes.contains(node)))
        };
        let between = zone(letter.at).zip(zone(letter.bound));
        between.and_then(|(from, to)| self.zones[from].1[to]).unwrap_or(self.config.latency)
    }

    /// In a healed core nothing is lost or doubled, and nothing takes longer than stated.
    fn within_core(&self, letter: &Letter, fate: Fate) -> Fate {
        let Some((core, longest)) = &self.healed else { return fate };
        let inside = |node: Option<NodeId>| node.is_none_or(|node| core.contains(node));
        if !inside(letter.at) || !inside(letter.bound) {
            return fate;
        }
        match fate {
            Fate::Deliver(delay) | Fate::Twice(delay, _) => Fate::Deliver(delay.min(*longest)),
            Fate::Lost | Fate::Cut => Fate::Deliver(*longest),
        }
    }

    /// Links with a capacity let one message after another through; links that keep the order, in order.
    fn in_line(&mut self, letter: &Letter, fate: Fate) -> Fate {
        let (mut fifo, mut capacity) = (self.config.fifo, self.config.capacity);
        if let Some(link) = self.link_of(letter) {
            fifo = link.fifo.unwrap_or(fifo);
            capacity = link.capacity.or(capacity);
        }
        if !fifo && capacity.is_none() {
            return fate;
        }
        self.prune(letter.sent);
        let ends = (letter.from.word() as u32, letter.to.word() as u32);
        let crashes = self.crashes_of(ends.0) + self.crashes_of(ends.1);
        let lane = self.lanes.entry(ends).or_default();
        if lane.crashes != crashes {
            *lane = Lane { crashes, ..Lane::default() };
        }
        let mut wait = |delay: Span| {
            let mut arrives = letter.sent + delay;
            if let Some(capacity) = capacity {
                let starts = lane.free.max(letter.sent);
                lane.free = starts + Span(1_000_000_000 / capacity.max(1));
                arrives = arrives + lane.free.since(letter.sent);
            }
            if fifo {
                arrives = arrives.max(lane.last);
                lane.last = arrives;
            }
            arrives.since(letter.sent)
        };
        match fate {
            Fate::Deliver(delay) => Fate::Deliver(wait(delay)),
            Fate::Twice(first, second) => Fate::Twice(wait(first), wait(second)),
            Fate::Lost | Fate::Cut => fate,
        }
    }

    /// A crash ends the connections of a node: what follows need not wait for what went before.
    pub(crate) fn forget(&mut self, node: NodeId) {
        if !self.lanes.is_empty() {
            *self.forgotten.entry(Endpoint::Node(node).word() as u32).or_default() += 1;
        }
    }

    fn crashes_of(&self, end: u32) -> u32 {
        self.forgotten.get(&end).copied().unwrap_or(0)
    }

    /// A lane on which nothing is under way any more is like a new one. Asked each time their number has doubled,
    /// there are never many more than matter.
    fn prune(&mut self, now: Time) {
        if self.lanes.len() > self.prune_above {
            self.lanes.retain(|_, lane| lane.free > now || lane.last > now);
            self.prune_above = LANES.max(2 * self.lanes.len());
        }
    }

    /// Overrides that matched no message.
    pub(crate) fn unmatched(&self) -> impl Iterator<Item = &MessageOverride> {
        self.overrides.unmatched()
    }
}

#[inline(always)]
fn ordinary(die: Die, latency: &Distribution, loss: Ratio, duplicate: Ratio) -> Fate {
    if !loss.is_never() && loss.hit(die.with(1).roll()) {
        return Fate::Lost;
    }
    let delay = latency.sample(die.roll());
    if !duplicate.is_never() && duplicate.hit(die.with(2).roll()) {
        return Fate::Twice(delay, latency.sample(die.with(3).roll()));
    }
    Fate::Deliver(delay)
}
