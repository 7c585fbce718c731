//! Settings, and what all nodes make of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rounds::Beat;
use super::topology::{Topology, Web};
use crate::process::Span;
use crate::protocol::{Healed, ParamError, Setup};

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
        detector.check()?;
        Ok(Self { detector, web: Web::new(topology, nodes) })
    }

    /// How long a crash stays unnoticed at most, where this is known beforehand and clocks do not drift.
    #[must_use]
    pub fn detection(&self) -> Option<Span> {
        match self.detector {
            DetectorParams::Active(params) => Some(params.beat().detection()),
            DetectorParams::Passive(params) => Some(params.beat().detection()),
        }
    }

    /// How long it takes until a healed core sees who is there and who is not.
    pub(super) fn settles_within(&self, healed: &Healed) -> Span {
        let turns = healed.delay.times(2) + healed.service.times(4);
        match self.detector {
            DetectorParams::Active(params) => params.beat().detection().times(2) + turns,
            DetectorParams::Passive(params) => params.beat().detection().times(2) + turns,
        }
    }
}

impl DetectorParams {
    fn check(&self) -> Result<(), ParamError> {
        match self {
            Self::Active(params) => period("detector.active.every", params.every),
            Self::Passive(params) => period("detector.passive.every", params.every),
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
