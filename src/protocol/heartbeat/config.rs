//! Settings, and what all nodes make of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rounds::Beat;
use super::swim::{self, SwimMistake, SwimParams};
use super::topology::{Topology, Web};
use crate::process::Span;
use crate::protocol::{Healed, ParamError, Planted, Setup};

/// Settings, under `params` in a scenario.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HeartbeatParams {
    /// How nodes find out who is down, with the settings of that way.
    pub detector: DetectorParams,
    /// Who watches whom: `"all"`, `"star"` or `{"ring": k}`.
    pub topology: Topology,
}

/// A detector and its settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DetectorParams {
    /// Ping and acknowledgement.
    Active(ActiveParams),
    /// Heartbeats that are pushed, judged at freshness points.
    Passive(PassiveParams),
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
    /// From the sending of a heartbeat to its freshness point: δ.
    pub shift: Span,
}

impl Default for PassiveParams {
    fn default() -> Self {
        Self { every: Span::ms(100), shift: Span::ms(300) }
    }
}

/// What all nodes of a run share.
#[derive(Clone, Debug)]
pub struct HeartbeatConfig {
    /// The detector, with its settings.
    pub detector: DetectorParams,
    /// Who watches whom.
    pub web: Web,
    pub(super) swim_planted: Planted<SwimMistake>,
}

impl HeartbeatConfig {
    pub(super) fn new(setup: &Setup<'_, HeartbeatParams>) -> Result<Self, ParamError> {
        let HeartbeatParams { detector, topology } = *setup.params;
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
        detector.check(nodes, topology)?;
        let swim_planted = Planted::named(&swim::bugs::TABLE, setup.bug);
        Ok(Self { detector, web: Web::new(topology, nodes), swim_planted })
    }

    /// The settings of SWIM, if that is the detector.
    #[must_use]
    pub fn swim(&self) -> Option<&SwimParams> {
        match &self.detector {
            DetectorParams::Swim(params) => Some(params),
            _ => None,
        }
    }

    /// How long a crash stays unnoticed at most, where this is known beforehand and clocks do not drift.
    #[must_use]
    pub fn detection(&self) -> Option<Span> {
        match self.detector {
            DetectorParams::Active(params) => Some(params.beat().detection()),
            DetectorParams::Passive(params) => Some(params.beat().detection()),
            DetectorParams::Swim(_) => None,
        }
    }

    /// How long it takes until a healed core sees who is there and who is not.
    pub(super) fn settles_within(&self, healed: &Healed) -> Span {
        let turns = healed.delay.times(2) + healed.service.times(4);
        match self.detector {
            DetectorParams::Active(params) => params.beat().detection().times(2) + turns,
            DetectorParams::Passive(params) => params.beat().detection().times(2) + turns,
            DetectorParams::Swim(params) => params.settles_within(self.web.nodes(), healed),
        }
    }
}

impl DetectorParams {
    fn check(&self, nodes: u32, topology: Topology) -> Result<(), ParamError> {
        match self {
            Self::Active(params) => period("detector.active.every", params.every),
            Self::Passive(params) => period("detector.passive.every", params.every),
            Self::Swim(_) if topology != Topology::All => {
                Err(ParamError::new("topology", "members of SWIM probe all others: \"all\" is what it needs"))
            }
            Self::Swim(params) => params.check(nodes),
        }
    }
}

fn period(field: &str, every: Span) -> Result<(), ParamError> {
    if every < Span::us(1) {
        return Err(ParamError::new(field, "a period is 1us at least"));
    }
    Ok(())
}

impl ActiveParams {
    /// When pings are sent, and when they are judged.
    #[must_use]
    pub fn beat(self) -> Beat {
        Beat { every: self.every, shift: self.timeout }
    }
}

impl PassiveParams {
    /// When heartbeats are sent, and when they are judged.
    #[must_use]
    pub fn beat(self) -> Beat {
        Beat { every: self.every, shift: self.shift }
    }
}
