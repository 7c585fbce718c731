//! The settings of the simulated world: what a scenario says about network, disks, clocks and phases.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{NodeId, NodeSet};
use crate::params::Distribution;
use crate::rng::Ratio;
use crate::time::Span;

/// Everything about the world that is neither the protocol nor a fault.
#[derive(Clone, Debug, PartialEq)]
pub struct World {
    /// Links.
    pub network: NetworkConfig,
    /// Disks.
    pub disk: DiskConfig,
    /// Clocks.
    pub clock: ClockConfig,
    /// How nodes work.
    pub node: NodeConfig,
    /// Length of the safety phase.
    pub run_for: Span,
    /// Length of the liveness phase; zero leaves it out.
    pub settle: Span,
    /// The longest delay of a message within the healed core.
    pub settle_delay: Span,
    /// What becomes of the rest then.
    pub outside: Outside,
    /// How many events a run may have, and how many one instant.
    pub budget: EventBudget,
}

/// How links behave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NetworkConfig {
    /// One-way latency.
    pub latency: Distribution,
    /// Probability that a message is lost.
    pub loss: Ratio,
    /// Probability that a message arrives twice.
    pub duplicate: Ratio,
    /// Whether a link keeps the order of its messages; a crash at either end breaks it.
    pub fifo: bool,
    /// Messages per second that one link carries; more wait in line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity: Option<u64>,
    /// Names for sets of nodes: data centres, racks.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub zones: BTreeMap<String, NodeSet>,
    /// Latency from one zone to another, and back unless that is given too.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub zone_latency: BTreeMap<String, BTreeMap<String, Distribution>>,
    /// Links that are different.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<LinkConfig>,
}

impl Default for NetworkConfig {
    fn default() -> Self {
        Self {
            latency: Distribution::Uniform(Span::ms(1), Span::ms(10)),
            loss: Ratio::NEVER,
            duplicate: Ratio::NEVER,
            fifo: false,
            capacity: None,
            zones: BTreeMap::new(),
            zone_latency: BTreeMap::new(),
            links: Vec::new(),
        }
    }
}

/// One directed link that differs from the rest; of several about one link, each field's last word counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkConfig {
    /// Sender.
    pub from: NodeId,
    /// Receiver.
    pub to: NodeId,
    /// One-way latency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<Distribution>,
    /// Probability of loss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<Ratio>,
    /// Probability of duplication.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicate: Option<Ratio>,
    /// Messages per second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<u64>,
    /// Whether it keeps the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fifo: Option<bool>,
}

/// How disks behave.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DiskConfig {
    /// How long a write takes to be on the disk.
    pub sync: Distribution,
}

/// How clocks behave where no fault meddles with them. It is also the bound that a healed core keeps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ClockConfig {
    /// Each node's clocks run faster or slower by at most this many millionths, drawn per node.
    pub drift_ppm: u64,
    /// Each node's wall clock is ahead or behind by at most this, drawn per node.
    pub offset: Span,
}

/// How nodes work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NodeConfig {
    /// How long a turn takes.
    pub service: Distribution,
    /// How many messages wait while a node is busy; more are dropped.
    pub inbox: u32,
}

impl Default for NodeConfig {
    fn default() -> Self {
        Self { service: Distribution::ZERO, inbox: 10_000 }
    }
}

/// What becomes, in the liveness phase, of the nodes outside the core.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outside {
    /// They are cut from the core, both ways.
    #[default]
    Silent,
    /// They hear nothing from the core, but what links they had into it at that instant stay: a deposed leader
    /// may go on sending heartbeats, an isolated node may go on asking for votes.
    AsIs,
}

/// How many events a run may have, and how many one instant; more is a run that does not end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EventBudget {
    /// In the whole run.
    pub events: u64,
    /// At one instant.
    pub per_instant: u64,
}

impl Default for EventBudget {
    fn default() -> Self {
        Self { events: 50_000_000, per_instant: 1_000_000 }
    }
}
