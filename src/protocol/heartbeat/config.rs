//! Settings, and what all nodes make of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bugs::{Mistake, TABLE};
use super::estimated::Estimate;
use super::hybrid::{Channels, asked_every};
use super::phi::{Accrual, Patience};
use super::rounds::Beat;
use super::swim::{self, SwimMistake, SwimParams};
use super::topology::{Topology, Web};
use crate::process::{NodeId, Span};
use crate::protocol::{Healed, ParamError, Planted, Setup};

/// Settings, under `params` in a scenario.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HeartbeatParams {
    /// How nodes find out who is down, with the settings of that way.
    pub detector: DetectorParams,
    /// Who watches whom: `"all"`, `"star"` or `{"ring": k}`.
    pub topology: Topology,
    /// The longest that a message takes, as far as the scenario vouches for it. Some bounds of checks depend on it, and
    /// nothing else.
    pub longest_delay: Span,
}

/// A detector and its settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DetectorParams {
    /// Ping and acknowledgement.
    Active(ActiveParams),
    /// Heartbeats that are pushed, judged at freshness points.
    Passive(PassiveParams),
    /// Both, where only who is silent on both is suspected.
    Hybrid(HybridParams),
    /// Heartbeats that are pushed, judged by how unlikely the silence is.
    Phi(PhiParams),
    /// SWIM: one probe a period, and news that spreads on the backs of probes.
    Swim(SwimParams),
}

impl Default for DetectorParams {
    fn default() -> Self {
        Self::Passive(PassiveParams::default())
    }
}

/// Settings of ping and acknowledgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ActiveParams {
    /// From one ping to the next.
    pub every: Span,
    /// From a ping until it must have been acknowledged.
    pub timeout: Span,
}

impl Default for ActiveParams {
    fn default() -> Self {
        Self { every: Span::ms(100), timeout: Span::ms(300) }
    }
}

/// Settings of heartbeats with freshness points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PassiveParams {
    /// From one heartbeat to the next: η.
    pub every: Span,
    /// From the sending of a heartbeat to its freshness point: δ. With estimated clocks, from its expected arrival: α.
    pub shift: Span,
    /// Whether clocks run alike.
    pub clocks: Clocks,
    /// With estimated clocks, over so many arrivals the mean is taken.
    pub window: u32,
}

impl Default for PassiveParams {
    fn default() -> Self {
        Self { every: Span::ms(100), shift: Span::ms(300), clocks: Clocks::Synchronised, window: 32 }
    }
}

/// Whether clocks run alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Clocks {
    /// They do: freshness points follow from when heartbeats are sent (NFD-S).
    #[default]
    Synchronised,
    /// They need not: freshness points are estimated from when heartbeats arrive (NFD-E).
    Estimated,
}

/// Settings of heartbeats and pings together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HybridParams {
    /// From one heartbeat to the next.
    pub every: Span,
    /// From the sending of a heartbeat to its freshness point.
    pub shift: Span,
    /// From a ping until it must have been acknowledged.
    pub timeout: Span,
    /// How many messages a second a node may send, on average. Answers to pings that the network doubled come on top.
    /// From this follows how often it pings.
    pub budget: u32,
}

impl Default for HybridParams {
    fn default() -> Self {
        Self { every: Span::ms(100), shift: Span::ms(300), timeout: Span::ms(300), budget: 100 }
    }
}

/// Settings of φ-accrual.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PhiParams {
    /// From one heartbeat to the next.
    pub every: Span,
    /// φ from which on a node is suspected, in thousandths: 8000 is a probability of 10⁻⁸.
    pub threshold_milli: u32,
    /// How times between heartbeats are taken to be distributed.
    pub distribution: Arrivals,
    /// So many times between heartbeats are kept.
    pub window: u32,
    /// The deviation of a normal distribution is not taken to be less.
    pub least_deviation: Span,
    /// No time between heartbeats counts for more.
    pub longest_interval: Span,
}

impl Default for PhiParams {
    fn default() -> Self {
        Self {
            every: Span::ms(100),
            threshold_milli: 8_000,
            distribution: Arrivals::Normal,
            window: 100,
            least_deviation: Span::ms(10),
            longest_interval: Span::ms(300),
        }
    }
}

/// How times between heartbeats are taken to be distributed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Arrivals {
    /// Normally.
    #[default]
    Normal,
    /// Exponentially, as in Cassandra.
    Exponential,
}

/// A detector as nodes go by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    Active(Beat),
    Passive(Beat),
    Estimated(Estimate),
    Hybrid(Channels),
    Phi(Accrual),
    Swim(SwimParams),
}

/// What all nodes of a run share.
#[derive(Clone, Debug)]
pub struct HeartbeatConfig {
    /// Who watches whom.
    pub web: Web,
    pub(super) rule: Rule,
    pub(super) planted: Planted<Mistake>,
    pub(super) swim_planted: Planted<SwimMistake>,
    longest_delay: Span,
}

impl HeartbeatConfig {
    pub(super) fn new(setup: &Setup<'_, HeartbeatParams>) -> Result<Self, ParamError> {
        let HeartbeatParams { detector, topology, longest_delay } = *setup.params;
        let nodes = setup.cast.len();
        if nodes < 2 {
            return Err(ParamError::new("", "nobody watches anybody where there are fewer than two nodes"));
        }
        if let Topology::Ring(k) = topology
            && !(1..nodes).contains(&k)
        {
            let message = format!("a ring of {nodes} nodes has from 1 to {} successors to each, not {k}", nodes - 1);
            return Err(ParamError::new("topology.ring", message));
        }
        let web = Web::new(topology, nodes);
        let rule = detector.rule(topology, &web)?;
        let (planted, swim_planted) =
            (Planted::named(&TABLE, setup.bug), Planted::named(&swim::bugs::TABLE, setup.bug));
        Ok(Self { web, rule, planted, swim_planted, longest_delay })
    }

    /// The settings of SWIM, if that is the detector.
    #[must_use]
    pub fn swim(&self) -> Option<&SwimParams> {
        match &self.rule {
            Rule::Swim(params) => Some(params),
            _ => None,
        }
    }

    /// How long a crash stays unnoticed at most, or the boot of a node that knows of none, where clocks do not drift,
    /// nobody who watches stands still, and messages take no longer than the scenario says. SWIM is judged by its own
    /// rules.
    #[must_use]
    pub fn detection(&self) -> Option<Span> {
        self.detection_with(self.longest_delay)
    }

    fn detection_with(&self, delay: Span) -> Option<Span> {
        match &self.rule {
            Rule::Active(beat) | Rule::Passive(beat) => Some(beat.detection()),
            Rule::Estimated(estimate) => Some(estimate.detection(delay)),
            Rule::Hybrid(channels) => Some(channels.detection()),
            Rule::Phi(accrual) => Some(accrual.detection(delay)),
            Rule::Swim(_) => None,
        }
    }

    /// How long a healed core must see that before it counts: until whoever is judged has been judged anew.
    pub(super) fn steady(&self) -> Span {
        match &self.rule {
            Rule::Swim(params) => params.suspicion_timeout + params.period.times(2),
            Rule::Active(beat) | Rule::Passive(beat) => beat.detection() + beat.every,
            Rule::Estimated(estimate) => estimate.detection(self.longest_delay) + estimate.beat.every,
            Rule::Hybrid(channels) => channels.detection() + channels.asked.every.max(channels.pushed.every),
            Rule::Phi(accrual) => accrual.detection(self.longest_delay) + accrual.every,
        }
    }

    /// How long it takes until a healed core sees who is there and who is not. What was learned of delays before may
    /// count for as long as they were.
    pub(super) fn settles_within(&self, healed: &Healed) -> Span {
        let every = match &self.rule {
            Rule::Active(beat) | Rule::Passive(beat) => beat.every,
            Rule::Estimated(estimate) => estimate.beat.every.times(estimate.window as u64),
            Rule::Hybrid(channels) => channels.pushed.every.max(channels.asked.every),
            Rule::Phi(accrual) => accrual.every,
            Rule::Swim(params) => return params.settles_within(self.web.nodes(), healed),
        };
        let turns = healed.delay.times(2) + healed.service.times(4);
        let detection = self.detection_with(self.longest_delay.max(healed.delay)).unwrap_or_default();
        detection.times(2) + every.times(2) + turns
    }
}

impl DetectorParams {
    fn rule(self, topology: Topology, web: &Web) -> Result<Rule, ParamError> {
        match self {
            Self::Active(ActiveParams { every, timeout }) => {
                let fields = ["detector.active.every", "detector.active.timeout"];
                Ok(Rule::Active(beat(fields, every, timeout)?))
            }
            Self::Passive(params) => {
                let fields = ["detector.passive.every", "detector.passive.shift"];
                let beat = beat(fields, params.every, params.shift)?;
                Ok(match params.clocks {
                    Clocks::Synchronised => Rule::Passive(beat),
                    Clocks::Estimated => {
                        let window = size("detector.passive.window", params.window, 1)?;
                        Rule::Estimated(Estimate { beat, window })
                    }
                })
            }
            Self::Hybrid(params) => params.rule(web),
            Self::Phi(params) => params.rule(),
            Self::Swim(_) if topology != Topology::All => {
                Err(ParamError::new("topology", "members of SWIM probe all others: \"all\" is what it needs"))
            }
            Self::Swim(params) => params.check(web.nodes()).map(|()| Rule::Swim(params)),
        }
    }
}

fn beat([field, rest]: [&str; 2], every: Span, shift: Span) -> Result<Beat, ParamError> {
    period(field, every)?;
    Ok(Beat { every, shift: wait(rest, shift)? })
}

fn period(field: &str, every: Span) -> Result<Span, ParamError> {
    if every < Span::us(1) {
        return Err(ParamError::new(field, "a period is 1us at least"));
    }
    Ok(every)
}

/// A shift or a timeout.
fn wait(field: &str, wait: Span) -> Result<Span, ParamError> {
    if wait < Span::us(1) {
        return Err(ParamError::new(field, "a message takes its time; 1us at least"));
    }
    Ok(wait)
}

fn size(field: &str, size: u32, least: u32) -> Result<usize, ParamError> {
    if size < least {
        return Err(ParamError::new(field, format!("{size} are too few to learn from; give at least {least}")));
    }
    Ok(size as usize)
}

impl HybridParams {
    fn rule(self, web: &Web) -> Result<Rule, ParamError> {
        let pushed = beat(["detector.hybrid.every", "detector.hybrid.shift"], self.every, self.shift)?;
        let timeout = wait("detector.hybrid.timeout", self.timeout)?;
        let Some(every) = asked_every(self.every, self.budget, web) else {
            let heartbeats = u64::from(web.watching(NodeId(1))) * 1_000_000_000 / self.every.0;
            let message =
                format!("the heartbeats alone are {heartbeats} messages a second, which leaves none for pings");
            return Err(ParamError::new("detector.hybrid.budget", message));
        };
        Ok(Rule::Hybrid(Channels { pushed, asked: Beat { every, shift: timeout } }))
    }
}

impl PhiParams {
    fn rule(self) -> Result<Rule, ParamError> {
        let every = period("detector.phi.every", self.every)?;
        if !(1..=100_000).contains(&self.threshold_milli) {
            let message = format!("a threshold is from 1 to 100000 thousandths, not {}", self.threshold_milli);
            return Err(ParamError::new("detector.phi.threshold_milli", message));
        }
        if self.longest_interval < every.times(2) {
            let message = format!("what is learned must have room for one lost heartbeat: {} at least", every.times(2));
            return Err(ParamError::new("detector.phi.longest_interval", message));
        }
        Ok(Rule::Phi(Accrual {
            every,
            window: size("detector.phi.window", self.window, 2)?,
            longest: self.longest_interval,
            least_deviation: self.least_deviation,
            patience: match self.distribution {
                Arrivals::Normal => Patience::normal(self.threshold_milli),
                Arrivals::Exponential => Patience::exponential(self.threshold_milli),
            },
        }))
    }
}
