//! Scenarios: what a person writes to say what is to be run, and what a reproducer embeds.
//!
//! A file is loaded as a [`Document`]: its text and its JSON value, in which some settings may be left open
//! (`{"one_of": […]}`). [`Document::resolve`] draws those from the plan seed and yields a concrete [`Scenario`].
//! Every error says where in the file it is, what is wrong, and what would do.

mod cast;
mod choice;
mod document;
mod error;
mod explain;
mod locate;
mod reproducer;
mod schema;
pub mod setting;
mod strict;
#[cfg(test)]
mod tests;
mod typed;
mod validate;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use cast::{GroupSize, Nodes};
pub use choice::open_settings;
pub use document::{Also, Document, unreadable};
pub use error::ScenarioError;
pub use reproducer::{Loaded, Reproducer, aside_in, folder_of};
pub use schema::{ProtocolSchema, schema, section};
pub use typed::{shared_policy, split_workload, typed};
pub use validate::Known;

use crate::fault::draw::{Scene, Standing, swarm_odds};
use crate::fault::spec::Faults;
use crate::process::Cast;
use crate::rng::Seed;
use crate::sim::world::{ClockConfig, DiskConfig, EventBudget, NetworkConfig, NodeConfig, Outside, World};
use crate::time::Span;
use crate::workload::{ClientPolicy, Stands};

/// The version of the file format that is written and read here.
pub const FORMAT: u32 = 1;

/// The revision of the source, where whoever built it said so by the variable `SEEDSTORM_REVISION`.
pub const REVISION: Option<&str> = match option_env!("SEEDSTORM_REVISION") {
    Some(known) if known.is_empty() => None,
    given => given,
};

/// A concrete scenario: every setting has one value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// The version of the file format: 1.
    pub seedstorm: u32,
    /// What the scenario is for, in a sentence.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// The protocol that the nodes run.
    pub protocol: String,
    /// How many nodes, in which groups.
    pub nodes: Nodes,
    /// The protocol's settings.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub params: Map<String, Value>,
    /// How links behave.
    #[serde(default)]
    pub network: NetworkConfig,
    /// How disks behave.
    #[serde(default)]
    pub disk: DiskConfig,
    /// How clocks behave.
    #[serde(default)]
    pub clock: ClockConfig,
    /// How nodes work.
    #[serde(default)]
    pub node: NodeConfig,
    /// How clients behave, and what they ask.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub workload: Map<String, Value>,
    /// What goes wrong.
    #[serde(default)]
    pub faults: Faults,
    /// Length of the safety phase, in which all faults are on.
    pub run_for: Span,
    /// Length of the liveness phase, in which a healed core must make progress; `"0s"` leaves the phase out. Left
    /// out, what the protocol states as its bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settle: Option<Span>,
    /// The longest delay of a message within the healed core. Left out, what the network rarely exceeds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settle_delay: Option<Span>,
    /// What becomes, in the liveness phase, of the nodes outside the core.
    #[serde(default)]
    pub outside: Outside,
    /// What a run should show.
    #[serde(default)]
    pub expect: Expect,
    /// Optional properties to judge as well: those that hold only under conditions which this scenario keeps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<String>,
    /// The facts that some run of a campaign should report; left out, those that the protocol says. A campaign in which
    /// one of them never shows is vacuous.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sometimes: Option<Vec<String>>,
    /// A campaign runs no more seeds than this: for scenarios that are as long or as large as many others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_seeds: Option<u64>,
    /// A mistake to plant in the protocol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bug: Option<String>,
    /// How many events a run may have, and how many one instant.
    #[serde(default)]
    pub budget: EventBudget,
}

/// What a run should show.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Expect {
    /// Every property holds.
    #[default]
    Holds,
    /// This property breaks, and no other.
    Violates(String),
}

impl From<Stands> for Standing {
    fn from(stands: Stands) -> Self {
        match stands {
            Stands::Drawn => Self::Drawn,
            Stands::Beside => Self::Beside,
            Stands::Apart => Self::Apart,
        }
    }
}

impl Scenario {
    /// The longest delay of a message within the healed core: what the scenario states, or else what any of its
    /// latencies exceeds at most once in a thousand times.
    #[must_use]
    pub fn settle_delay(&self) -> Span {
        let network = &self.network;
        let zones = network.zone_latency.values().flat_map(|row| row.values());
        let links = network.links.iter().filter_map(|link| link.latency.as_ref());
        let longest = zones.chain(links).chain([&network.latency]).map(|latency| latency.upper()).max();
        self.settle_delay.unwrap_or_else(|| longest.unwrap_or_default())
    }

    /// The optional properties that are judged: those that are named, and the one that is expected to break.
    #[must_use]
    pub fn judged(&self) -> Vec<&str> {
        let expected = match &self.expect {
            Expect::Violates(property) => Some(property.as_str()),
            Expect::Holds => None,
        };
        self.checks.iter().map(String::as_str).chain(expected).collect()
    }

    /// The settings of the simulated world. `bound` is the length of the liveness phase where the scenario states
    /// none.
    #[must_use]
    pub fn world(&self, bound: Span) -> World {
        World {
            network: self.network.clone(),
            disk: self.disk.clone(),
            clock: self.clock.clone(),
            node: self.node.clone(),
            run_for: self.run_for,
            settle: self.settle.unwrap_or(bound),
            settle_delay: self.settle_delay(),
            outside: self.outside,
            budget: self.budget.clone(),
        }
    }

    /// What a plan is drawn for.
    #[must_use]
    pub fn scene<'a>(
        &'a self,
        cast: &'a Cast,
        policy: &ClientPolicy,
        tolerated_losses: u32,
        leader: Option<&'a str>,
    ) -> Scene<'a> {
        Scene {
            cast,
            zones: &self.network.zones,
            horizon: self.run_for,
            clients: policy.clients,
            standing: policy.stands.into(),
            tolerated_losses,
            leader,
        }
    }

    /// Under a swarm, loss and duplication of ordinary messages are drawn too, from a hundredth of what is stated
    /// up to it.
    fn swarm_network(&mut self, plan_seed: Seed) {
        if self.faults.swarm {
            self.network.loss = swarm_odds(plan_seed, "network.loss", self.network.loss);
            self.network.duplicate = swarm_odds(plan_seed, "network.duplicate", self.network.duplicate);
        }
    }
}
