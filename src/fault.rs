//! Faults are data: a plan is a list of entries that can be printed, saved, edited, replayed and shrunk one
//! by one, together with the few values that a plan may fix one at a time (a message's fate, a draw, an
//! operation left out).
//!
//! A plan is drawn from the seed before the run ([`draw`]) or given explicitly. Nothing in it is rolled
//! while the run goes on: what is bound late (the leader, the node of a fact) is bound by a rule.

pub mod budget;
pub mod draw;
pub mod ledger;
pub mod links;
pub mod spec;
mod who;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use crate::ids::FaultKind;
use crate::ids::{ClientId, Endpoint, NodeId, NodeSet, OpId};
use crate::params::Distribution;
use crate::rng::{Die, Ratio, Seed, Seeds};
use crate::time::{Span, Time};
use links::Links;
pub use who::Who;

/// Everything that decides a run beside the scenario: the seeds, and what they or a person planned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FaultPlan {
    /// The four seeds.
    pub seeds: Seeds,
    /// Where loss, duplication and latency of ordinary messages come from.
    #[serde(default, skip_serializing_if = "Noise::is_scenario")]
    pub noise: Noise,
    /// What may not happen at the same time, or at all.
    #[serde(default, skip_serializing_if = "Budgets::is_unlimited")]
    pub budgets: Budgets,
    /// Where each client stands, in order of their numbers: beside a node, or apart.
    #[serde(default)]
    pub clients: Vec<Option<NodeId>>,
    /// The faults.
    #[serde(default)]
    pub timeline: Vec<Entry>,
    /// Messages whose fate is fixed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<MessageOverride>,
    /// Draws of nodes whose result is fixed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub draws: Vec<DrawOverride>,
    /// Operations of clients that are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub omit: Vec<OpId>,
    /// From an instant on, other dice: what the run would have come to had chance gone another way there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reseed: Option<Reseed>,
}

/// From an instant on, the fates of messages, the draws of nodes, the latencies of disks and the choices of clients
/// depend on other seeds. The timeline stays as it is, and so does what was drawn before: a message on its way arrives
/// when it was to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reseed {
    /// The instant. What else happens then is decided by the old seeds.
    pub at: Time,
    /// The one seed that the others derive from; that of the plan is not replaced.
    pub seed: Seed,
}

impl FaultPlan {
    /// A plan without faults.
    #[must_use]
    pub fn calm(seeds: Seeds) -> Self {
        Self {
            seeds,
            noise: Noise::Scenario,
            budgets: Budgets::default(),
            clients: Vec::new(),
            timeline: Vec::new(),
            messages: Vec::new(),
            draws: Vec::new(),
            omit: Vec::new(),
            reseed: None,
        }
    }

    /// The dice of one entry: they depend on the plan seed and the entry's name alone.
    #[must_use]
    pub fn dice(&self, id: &str) -> Die {
        Die::new(self.seeds.plan).with_str(id)
    }
}

/// Where loss, duplication and latency of ordinary messages come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Noise {
    /// From the scenario's distributions.
    #[default]
    Scenario,
    /// From the scenario's until an instant; from then on every message takes the same time and none is lost.
    Calm {
        /// The instant.
        from: Time,
        /// The constant delay.
        delay: Span,
    },
}

impl Noise {
    fn is_scenario(&self) -> bool {
        *self == Self::Scenario
    }
}

/// What may not happen at the same time, or at all. Both are off unless asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Budgets {
    /// At no instant more nodes than this are down, paused or cut off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub availability: Option<u32>,
    /// Only these nodes may ever lose synced data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub durability: Option<NodeSet>,
}

impl Budgets {
    fn is_unlimited(&self) -> bool {
        *self == Self::default()
    }
}

/// One fault: a whole interval. Equal kinds stack, and an entry ends only itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its name, such as `crash-3`. The entry's own dice depend on it.
    pub id: String,
    /// When it begins. Either this or `after` is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Time>,
    /// It begins a while after something was reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<After>,
    /// How long it lasts, or for how long the node is down; left out, until the safety phase ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lasts: Option<Span>,
    /// What happens.
    pub kind: Fault,
    /// To whom. Faults of links take it as the node that their shape is drawn around.
    #[serde(default, skip_serializing_if = "Who::is_any")]
    pub who: Who,
}

/// "A while after something was reported."
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct After {
    /// The kind of fact: the leading identifier of its `Debug`, in snake case.
    pub fact: String,
    /// How long after it.
    #[serde(default)]
    pub plus: Span,
    /// Which of them, counted from 1.
    #[serde(default = "first", skip_serializing_if = "is_first")]
    pub nth: u64,
}

const fn first() -> u64 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_first(nth: &u64) -> bool {
    *nth == 1
}

/// What a fault does. The kind `point` is reserved for fault points in a protocol's own code:
/// `{"point": {"name": "early-flush", "nth": 1}}`; so far it is refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// The machine stops and restarts after `lasts`.
    Crash {
        /// What becomes of unsynced writes.
        #[serde(default)]
        unsynced: Unsynced,
        /// Whether it strikes inside a turn.
        #[serde(default)]
        strike: Strike,
    },
    /// The process dies and restarts after `lasts`; every issued write survives.
    Kill {
        /// Whether it strikes inside a turn.
        #[serde(default)]
        strike: Strike,
    },
    /// Several machines stop at one instant and restart after `lasts`.
    Power {
        /// What becomes of unsynced writes.
        #[serde(default)]
        unsynced: Unsynced,
    },
    /// The machine stops and restarts after `lasts` with an empty disk.
    Wipe {},
    /// The machine stops; its disk has a latent error when it boots after `lasts`.
    Damage {
        /// What becomes of unsynced writes.
        #[serde(default)]
        unsynced: Unsynced,
    },
    /// The process stands still for `lasts`.
    Pause {
        /// Whether it strikes inside a turn, which is then stretched.
        #[serde(default)]
        strike: Strike,
    },
    /// Every turn takes longer by this.
    Slow {
        /// By how much.
        by: Span,
    },
    /// Links are cut.
    Partition {
        /// Which.
        links: Links,
    },
    /// Links hold what is sent, and release it in order at the end.
    Clog {
        /// Which.
        links: Links,
    },
    /// Links lose more.
    Loss {
        /// Which.
        links: Links,
        /// How much, beside the loss there is.
        odds: Ratio,
    },
    /// Links take longer.
    Delay {
        /// Which.
        links: Links,
        /// By how much, drawn for each message.
        by: Distribution,
    },
    /// Links duplicate more.
    Duplicate {
        /// Which.
        links: Links,
        /// How much, beside the duplication there is.
        odds: Ratio,
    },
    /// The first sync from then on fails, which crashes the node; it restarts after `lasts`.
    SyncFail {},
    /// Every sync fails until `lasts` is over, and crashes the node each time.
    DiskFull {
        /// For how long the node is down after each failed sync.
        down: Span,
    },
    /// Both clocks run faster (or, negative, slower).
    Drift {
        /// By how many millionths.
        ppm: i64,
    },
    /// The wall clock jumps.
    Jump {
        /// Forward or (`back`) backward by this.
        by: Span,
        /// Whether backward.
        #[serde(default, skip_serializing_if = "is_false")]
        back: bool,
    },
    /// A spare node boots for the first time.
    Start {},
    /// A node stops for good.
    Retire {},
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
pub(crate) const fn is_false(flag: &bool) -> bool {
    !*flag
}

impl Fault {
    /// The kind under which it is counted.
    #[must_use]
    pub const fn kind(&self) -> FaultKind {
        match self {
            Self::Crash { .. } => FaultKind::Crash,
            Self::Kill { .. } => FaultKind::Kill,
            Self::Power { .. } => FaultKind::Power,
            Self::Wipe {} => FaultKind::Wipe,
            Self::Damage { .. } => FaultKind::Damage,
            Self::Pause { .. } => FaultKind::Pause,
            Self::Slow { .. } => FaultKind::Slow,
            Self::Partition { .. } => FaultKind::Partition,
            Self::Clog { .. } => FaultKind::Clog,
            Self::Loss { .. } => FaultKind::Loss,
            Self::Delay { .. } => FaultKind::Delay,
            Self::Duplicate { .. } => FaultKind::Duplicate,
            Self::SyncFail {} => FaultKind::SyncFail,
            Self::DiskFull { .. } => FaultKind::DiskFull,
            Self::Drift { .. } => FaultKind::Drift,
            Self::Jump { .. } => FaultKind::Jump,
            Self::Start {} => FaultKind::Start,
            Self::Retire {} => FaultKind::Retire,
        }
    }

    /// Whether it waits for what it strikes: a turn to strike inside of, or a sync to fail.
    #[must_use]
    pub fn lies_in_wait(&self) -> bool {
        match self {
            Self::SyncFail {} => true,
            Self::Crash { strike, .. } | Self::Kill { strike } | Self::Pause { strike } => *strike != Strike::Between,
            _ => false,
        }
    }

    /// The links it is about, if it is about links.
    #[must_use]
    pub const fn links(&self) -> Option<&Links> {
        match self {
            Self::Partition { links }
            | Self::Clog { links }
            | Self::Loss { links, .. }
            | Self::Delay { links, .. }
            | Self::Duplicate { links, .. } => Some(links),
            _ => None,
        }
    }

    /// The same, to be settled.
    pub const fn links_mut(&mut self) -> Option<&mut Links> {
        match self {
            Self::Partition { links }
            | Self::Clog { links }
            | Self::Loss { links, .. }
            | Self::Delay { links, .. }
            | Self::Duplicate { links, .. } => Some(links),
            _ => None,
        }
    }
}

/// What a machine crash leaves of the records that were not yet synced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unsynced {
    /// Nothing.
    None,
    /// A drawn prefix.
    #[default]
    Prefix,
    /// Everything.
    All,
    /// A drawn prefix of each file, drawn separately.
    Independent,
}

/// Where in the work of a node a crash or a pause strikes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Strike {
    /// Between two turns.
    #[default]
    Between,
    /// Inside the first turn from then on: of its effects a drawn prefix happens before a crash; before a pause, none.
    Inside,
    /// Inside the first turn from then on, after this many of its effects. A write that holds back the rest of its
    /// turn counts when it is issued: a crash after it finds it unsynced.
    After(u32),
}

/// One message whose fate is fixed. It is matched by its link and the instant of its sending if that is given
/// and occurs; else by its link, kind and ordinal; an override that matches nothing is reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageOverride {
    /// Who sends.
    pub from: End,
    /// Who receives.
    pub to: End,
    /// What kind: the leading identifier of the message's `Debug`, in snake case; `request` and `reply` on
    /// the links of clients.
    pub kind: String,
    /// Which of that kind on that link, counted from 1.
    #[serde(default = "first")]
    pub nth: u64,
    /// When it is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Time>,
    /// What becomes of it.
    pub fate: FixedFate,
}

/// One end of a link, as it is written: a node's number, or `{"client": 0}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a node's number or {\"client\": number}")]
pub enum End {
    /// A node.
    Node(NodeId),
    /// A client.
    Client {
        /// Its number.
        client: ClientId,
    },
}

impl From<Endpoint> for End {
    fn from(end: Endpoint) -> Self {
        match end {
            Endpoint::Node(node) => Self::Node(node),
            Endpoint::Client(client) => Self::Client { client },
        }
    }
}

impl From<End> for Endpoint {
    fn from(end: End) -> Self {
        match end {
            End::Node(node) => Self::Node(node),
            End::Client { client } => Self::Client(client),
        }
    }
}

/// What becomes of a message, as a plan fixes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FixedFate {
    /// It is lost.
    Drop,
    /// It takes this long.
    Deliver(Span),
    /// It arrives twice, after these times.
    Twice(Span, Span),
}

/// A draw of a node whose result is fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DrawOverride {
    /// Which node.
    pub node: NodeId,
    /// In which of its lives, counted from 1.
    pub life: u32,
    /// Which of its draws in that life, counted from 0.
    pub nth: u64,
    /// The result: a number, or a duration such as `"170ms"`.
    pub value: DrawValue,
}

/// The result of a draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a number or a duration such as \"170ms\"")]
pub enum DrawValue {
    /// Of a choice.
    Number(u64),
    /// Of a jitter.
    Duration(Span),
}

impl DrawValue {
    /// As the kernel counts it.
    #[must_use]
    pub const fn bits(self) -> u64 {
        match self {
            Self::Number(number) => number,
            Self::Duration(span) => span.0,
        }
    }
}
