//! The `faults` section of a scenario: which kinds are drawn, how often and how hard, and what a person planned
//! by hand.
//!
//! Every kind has a struct of its own with exactly the fields that make sense for it, so that a field in the
//! wrong place is an error. What they share is written once, in the macro: flattening a common part would have
//! cost the check for unknown fields.

mod recipe;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::links::Shape;
use super::{DrawOverride, Entry, MessageOverride, Noise, Unsynced, Who, is_false};
use crate::ids::OpId;
use crate::params::Distribution;
use crate::rng::{Ratio, Seed, Seeds};
use crate::time::Span;

pub(super) use recipe::{Form, Harm, Recipe};

/// Faults, as a scenario asks for them: kinds to draw from the seed, and entries given by hand. Both apply.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Faults {
    /// Draws for each seed a subset of the kinds listed here, with rates, durations and odds from a hundredth of
    /// the stated value up to it, and the shares of late-bound targets, instant restarts and strikes inside turns.
    #[serde(skip_serializing_if = "is_false")]
    pub swarm: bool,
    /// What may not happen at the same time, or at all.
    #[serde(skip_serializing_if = "Budget::is_unlimited")]
    pub budget: Budget,
    /// Machines stop and restart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crash: Option<CrashSpec>,
    /// Processes die and restart; what they wrote survives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kill: Option<KillSpec>,
    /// Several machines stop at one instant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power: Option<PowerSpec>,
    /// Machines restart with an empty disk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wipe: Option<WipeSpec>,
    /// Machines restart with a latent error on their disk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub damage: Option<DamageSpec>,
    /// Processes stand still.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pause: Option<PauseSpec>,
    /// Turns take longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slow: Option<SlowSpec>,
    /// Links are cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partition: Option<PartitionSpec>,
    /// Links hold what is sent, and release it in order at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clog: Option<ClogSpec>,
    /// Links lose more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss: Option<LossSpec>,
    /// Links take longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay: Option<DelaySpec>,
    /// Links duplicate more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duplicate: Option<DuplicateSpec>,
    /// A sync fails, which crashes the node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sync_fail: Option<SyncFailSpec>,
    /// Disks are full.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk_full: Option<DiskFullSpec>,
    /// Both clocks of a node run faster or slower.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drift: Option<DriftSpec>,
    /// Wall clocks jump.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jump: Option<JumpSpec>,
    /// Spare nodes boot for the first time, one after another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<StartSpec>,
    /// Nodes stop for good, one after another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retire: Option<RetireSpec>,
    /// Entries given by hand.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub timeline: Vec<Entry>,
    /// Messages whose fate is fixed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<MessageOverride>,
    /// Draws of nodes whose result is fixed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub draws: Vec<DrawOverride>,
    /// Operations of clients that are left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub omit: Vec<OpId>,
    /// Where loss, duplication and latency of ordinary messages come from.
    #[serde(skip_serializing_if = "Noise::is_scenario")]
    pub noise: Noise,
    /// Seeds that replace what derives from the run's one seed.
    #[serde(skip_serializing_if = "SeedOverrides::is_empty")]
    pub seeds: SeedOverrides,
}

/// Any of the four seeds, replaced; the others derive from the run's one seed as ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SeedOverrides {
    /// Decides the fault plan and the settings that the scenario leaves open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<Seed>,
    /// Decides the fate of every message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<Seed>,
    /// Decides the draws of nodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<Seed>,
    /// Decides what clients ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workload: Option<Seed>,
}

impl SeedOverrides {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// `seeds` with these in their place.
    #[must_use]
    pub fn over(&self, seeds: Seeds) -> Seeds {
        Seeds {
            plan: self.plan.unwrap_or(seeds.plan),
            network: self.network.unwrap_or(seeds.network),
            node: self.node.unwrap_or(seeds.node),
            workload: self.workload.unwrap_or(seeds.workload),
        }
    }
}

/// What may not happen at the same time, or at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Budget {
    /// At no instant more nodes than this are down, paused or cut off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub availability: Option<u32>,
    /// Whether only a few nodes, fixed beforehand, may ever lose synced data: `true` for as many as the protocol
    /// tolerates, or a number up to that.
    #[serde(skip_serializing_if = "Durability::is_off")]
    pub durability: Durability,
}

impl Budget {
    fn is_unlimited(&self) -> bool {
        *self == Self::default()
    }
}

/// How many nodes may ever lose synced data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "DurabilitySpelling", into = "DurabilitySpelling")]
#[schemars(with = "DurabilitySpelling")]
pub enum Durability {
    /// Any number.
    #[default]
    Off,
    /// As many as the protocol tolerates.
    Tolerated,
    /// So many.
    Count(u32),
}

impl Durability {
    fn is_off(&self) -> bool {
        *self == Self::Off
    }
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected true (as many nodes as the protocol tolerates), false, or a number of nodes")]
enum DurabilitySpelling {
    Switch(bool),
    Count(u32),
}

impl From<DurabilitySpelling> for Durability {
    fn from(spelling: DurabilitySpelling) -> Self {
        match spelling {
            DurabilitySpelling::Switch(false) => Self::Off,
            DurabilitySpelling::Switch(true) => Self::Tolerated,
            DurabilitySpelling::Count(count) => Self::Count(count),
        }
    }
}

impl From<Durability> for DurabilitySpelling {
    fn from(durability: Durability) -> Self {
        match durability {
            Durability::Off => Self::Switch(false),
            Durability::Tolerated => Self::Switch(true),
            Durability::Count(count) => Self::Count(count),
        }
    }
}

/// Whether a kind is one process for the whole cluster or one for each node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// One process: the next entry begins after the last one's end, wherever that was.
    #[default]
    Cluster,
    /// An independent process for each node.
    Node,
}

impl Per {
    fn is_cluster(&self) -> bool {
        *self == Self::Cluster
    }
}

/// Where in the work of a node an entry strikes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StrikeSpec {
    /// Between two turns.
    Between,
    /// Inside a turn.
    Inside,
    /// Drawn for each entry.
    #[default]
    Either,
}

/// Where a wall clock jumps to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Ahead.
    Forward,
    /// Back.
    Backward,
    /// Drawn for each entry.
    #[default]
    Either,
}

const fn always() -> Ratio {
    Ratio::ALWAYS
}

fn is_always(odds: &Ratio) -> bool {
    *odds == Ratio::ALWAYS
}

macro_rules! spec {
    ($(#[doc = $doc:literal])+ $name:ident { $($(#[$meta:meta])+ $field:ident: $type:ty),* $(,)? }) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// Mean of the exponential time from the end of one entry to the onset of the next.
            pub every: Span,
            /// Whether this is one process for the whole cluster, or an independent one for each node.
            #[serde(default, skip_serializing_if = "Per::is_cluster")]
            pub per: Per,
            /// Whom it strikes; of a fault of links, the node that its shape is drawn around.
            #[serde(default, skip_serializing_if = "Who::is_any")]
            pub who: Who,
            /// The share of entries that strike `who`, where that is a role or the node of a fact; the others strike
            /// any node.
            #[serde(default = "always", skip_serializing_if = "is_always")]
            pub aimed: Ratio,
            $($(#[$meta])+ pub $field: $type),*
        }
    };
}

macro_rules! link_spec {
    ($(#[doc = $doc:literal])+ $name:ident, $shapes:literal { $($(#[$meta:meta])+ $field:ident: $type:ty),* $(,)? }) => {
        spec! {
            $(#[doc = $doc])+
            $name {
                /// How long an entry lasts.
                lasts: Distribution,
                /// The shapes that are drawn from.
                #[serde(default = $shapes)]
                shapes: Vec<Shape>,
                /// Half-period of the shape `flapping`; left out, a tenth of the entry's length.
                #[serde(default, skip_serializing_if = "Option::is_none")]
                flaps: Option<Distribution>,
                $($(#[$meta])+ $field: $type),*
            }
        }
    };
}

fn partition_shapes() -> Vec<Shape> {
    Shape::PARTITIONS.to_vec()
}

fn all_shapes() -> Vec<Shape> {
    Shape::PARTITIONS.iter().copied().chain([Shape::All]).collect()
}

spec! {
    /// Machines stop: memory, timers and a part of the unsynced writes are lost.
    CrashSpec {
        /// How long the machine is down.
        down: Distribution,
        /// What becomes of unsynced writes.
        #[serde(default)]
        unsynced: Unsynced,
        /// Where in the work of the node it strikes.
        #[serde(default)]
        strike: StrikeSpec,
    }
}

spec! {
    /// Processes die: memory and timers are lost, every issued write survives.
    KillSpec {
        /// How long the process is down.
        down: Distribution,
        /// Where in the work of the node it strikes.
        #[serde(default)]
        strike: StrikeSpec,
    }
}

/// Several machines stop at one instant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PowerSpec {
    /// Mean of the exponential time from the end of one entry to the onset of the next.
    pub every: Span,
    /// Which machines; `"any"` draws a zone, a majority or all of them.
    #[serde(default, skip_serializing_if = "Who::is_any")]
    pub who: Who,
    /// How long they are down.
    pub down: Distribution,
    /// What becomes of unsynced writes.
    #[serde(default)]
    pub unsynced: Unsynced,
}

spec! {
    /// Machines stop and restart with an empty disk.
    WipeSpec {
        /// How long the machine is down.
        down: Distribution,
    }
}

spec! {
    /// Machines stop, and their disk has a latent error when they boot again.
    DamageSpec {
        /// How long the machine is down.
        down: Distribution,
        /// What becomes of unsynced writes.
        #[serde(default)]
        unsynced: Unsynced,
    }
}

spec! {
    /// Processes stand still while their clock, their input and their disk go on.
    PauseSpec {
        /// For how long.
        lasts: Distribution,
        /// Where in the work of the node it strikes.
        #[serde(default)]
        strike: StrikeSpec,
    }
}

spec! {
    /// Every turn of a node takes longer.
    SlowSpec {
        /// How long an entry lasts.
        lasts: Distribution,
        /// By how much, drawn once for each entry.
        by: Distribution,
    }
}

link_spec! {
    /// Links are cut.
    PartitionSpec, "partition_shapes" {}
}

link_spec! {
    /// Links hold what is sent over them and release it in order at the end.
    ClogSpec, "partition_shapes" {}
}

link_spec! {
    /// Links lose more messages.
    LossSpec, "all_shapes" {
        /// How much, beside the loss there is.
        odds: Ratio,
    }
}

link_spec! {
    /// Links take longer.
    DelaySpec, "all_shapes" {
        /// By how much, drawn for each message.
        by: Distribution,
    }
}

link_spec! {
    /// Links deliver more messages twice.
    DuplicateSpec, "all_shapes" {
        /// How much, beside the duplication there is.
        odds: Ratio,
    }
}

spec! {
    /// The next sync of a disk fails, which crashes the node.
    SyncFailSpec {
        /// How long the node is down then.
        down: Distribution,
    }
}

spec! {
    /// A disk is full: every sync fails.
    DiskFullSpec {
        /// For how long.
        lasts: Distribution,
        /// How long the node is down after each failed sync.
        down: Distribution,
    }
}

spec! {
    /// Both clocks of a node run faster or slower.
    DriftSpec {
        /// For how long.
        lasts: Distribution,
        /// By how many millionths: the lowest and the highest, both drawn from evenly; negative is slower.
        ppm: [i64; 2],
    }
}

spec! {
    /// The wall clock of a node jumps.
    JumpSpec {
        /// How far.
        by: Distribution,
        /// Where to.
        #[serde(default)]
        direction: Direction,
    }
}

/// Spare nodes boot for the first time, one after another in drawn order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StartSpec {
    /// Mean of the exponential time from one to the next.
    pub every: Span,
    /// Which; `"any"` and `"all"` mean every spare node.
    #[serde(default, skip_serializing_if = "Who::is_any")]
    pub who: Who,
    /// At most so many; left out, all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<u32>,
}

/// Nodes stop for good, one after another in drawn order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetireSpec {
    /// Mean of the exponential time from one to the next.
    pub every: Span,
    /// Which; `"any"` and `"all"` mean every node.
    #[serde(default, skip_serializing_if = "Who::is_any")]
    pub who: Who,
    /// At most so many; left out, a minority of all nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<u32>,
}
