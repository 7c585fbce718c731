//! Failure detectors that live on heartbeats. Each node is to know which of those that it watches are down, though all it
//! can notice is that it hears nothing of them.
//!
//! What a detector promises has two sides (Chandra and Toueg, "Unreliable Failure Detectors for Reliable Distributed
//! Systems", 1996). *Completeness*: who is down is suspected. *Accuracy*: who is not down is not. Under messages that may
//! be late or lost the second cannot be kept, only be kept most of the time; so how well a detector does is a matter of
//! measure (Chen, Toueg and Aguilera, "On the Quality of Service of Failure Detectors", 2002): how soon a crash is noticed,
//! how often and for how long it is mistaken while nobody crashed, and what it sends for that.
//!
//! **The detectors.** [`active`](active): who watches asks, and wants an answer in time. [`passive`](passive): who is
//! watched says unasked that it is there, and must be heard by certain instants. [`swim`](swim): everybody asks one other at a
//! time, and passes on what he heard.
//!
//! **Who watches whom** is the same for all of them ([`topology`](topology)): everybody everybody, one monitor all others, or
//! each node its predecessors in a ring.
//!
//! **What a node reports** is a change of its mind: it suspects somebody, or trusts him again. At first, and after each
//! restart, it trusts everybody, for as long as a detection takes; that is no report. It keeps nothing on disk: what it
//! thought before a crash is of no use after it. Heartbeats are numbered by the sender's clock, which no restart sets back.

mod active;
pub mod check;
mod config;
mod passive;
mod rounds;
pub mod swim;
mod table;
pub mod topology;

use crate::check::Nodes;
use crate::ids::NodeSet;
use crate::process::{Dice, Glance, Io, Never, NodeId, Process, Shared, Span};
use crate::protocol::healing::slowed;
use crate::protocol::{Bug, Healed, ParamError, Protocol, Setup, bugs};
use crate::workload::NoClients;
pub use config::{ActiveParams, DetectorParams, HeartbeatConfig, HeartbeatParams, PassiveParams};
pub use rounds::Beat;
use swim::{Letter, Swim, Update};

/// What nodes send each other. The number is that of the sender's round; an answer has that of the question.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Message {
    /// "I am here."
    Beat(u64),
    /// "Are you there?"
    Ping(u64),
    /// "I am."
    Ack(u64),
    /// SWIM: "Are you there?", of a member or of a helper for it.
    Probe(Shared<Letter>),
    /// SWIM: "I am", to who asked, or to a helper that passes it on.
    Answer(Shared<Letter>),
    /// SWIM: "Ask this one for me."
    Help(Shared<Letter>),
    /// SWIM: "You are dead to me. Are you there again?"
    Knock(Shared<Letter>),
    /// SWIM: "I have just booted. What is known?"
    Join(Shared<Letter>),
    /// SWIM: "This I know. And you?"
    State(Shared<Letter>),
    /// SWIM: "This I know."
    StateBack(Shared<Letter>),
}

/// What a node waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    /// To push the next heartbeat.
    Beat,
    /// To send the next pings.
    Ask,
    /// To judge who was silent.
    Judge,
    /// SWIM: for the next period.
    Period,
    /// SWIM: for the answer to a ping, before others are asked to help.
    Unanswered,
}

/// What nodes report to the invariants.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Fact {
    /// It takes this node to be down.
    Suspected(NodeId),
    /// It takes this node to be up again.
    Trusted(NodeId),
    /// SWIM: it probes this member in this period.
    Probed(NodeId),
    /// SWIM: it sends this, with news.
    Told(Shared<Letter>),
    /// SWIM: it holds this of a member from now on.
    Learned(Update),
    /// SWIM: it is one that declares this member dead.
    Declared(Update),
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Heartbeat {
    detector: Detector,
}

/// What a node knows, by the way in which it finds out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Detector {
    Active(active::Active),
    Passive(passive::Passive),
    Swim(Box<Swim>),
}

impl Process for Heartbeat {
    type Config = HeartbeatConfig;
    type Msg = Message;
    type Timer = Timer;
    type Disk = ();
    type Op = Never;
    type Reply = Never;
    type Fact = Fact;

    fn boot(_disk: &(), io: &mut Io<'_, Self>) -> Self {
        let detector = match io.config().detector {
            DetectorParams::Active(params) => Detector::Active(active::Active::boot(params.beat(), io)),
            DetectorParams::Passive(params) => Detector::Passive(passive::Passive::boot(params.beat(), io)),
            DetectorParams::Swim(params) => Detector::Swim(Swim::boot(&params, io).into()),
        };
        Self { detector }
    }

    #[inline]
    fn on_message(&mut self, from: NodeId, message: Message, io: &mut Io<'_, Self>) {
        match (&mut self.detector, &io.config().detector) {
            (Detector::Active(active), _) => active.on_message(from, message, io),
            (Detector::Passive(passive), _) => passive.on_message(from, message, io),
            (Detector::Swim(swim), DetectorParams::Swim(params)) => swim.on_message(params, from, &message, io),
            _ => {}
        }
    }

    #[inline]
    fn on_timer(&mut self, timer: Timer, io: &mut Io<'_, Self>) {
        match (&mut self.detector, &io.config().detector) {
            (Detector::Active(active), DetectorParams::Active(params)) => active.on_timer(params.beat(), timer, io),
            (Detector::Passive(passive), DetectorParams::Passive(params)) => passive.on_timer(params.beat(), timer, io),
            (Detector::Swim(swim), DetectorParams::Swim(params)) => swim.on_timer(params, timer, io),
            _ => {}
        }
    }

    fn glance(&self) -> Glance {
        Glance::default()
    }
}

impl Heartbeat {
    /// The member of SWIM that this node is, if that is the detector.
    #[must_use]
    pub fn swim(&self) -> Option<&Swim> {
        match &self.detector {
            Detector::Swim(swim) => Some(swim),
            _ => None,
        }
    }

    /// Whether this node, which is `me`, takes that one to be down. Whom it does not watch it does not suspect.
    #[must_use]
    pub fn suspects(&self, web: &topology::Web, me: NodeId, peer: NodeId) -> bool {
        let Some(slot) = web.slot(me, peer) else { return false };
        match &self.detector {
            Detector::Active(active) => active.suspects(slot),
            Detector::Passive(passive) => passive.suspects(slot),
            Detector::Swim(swim) => swim.suspects(peer),
        }
    }
}

impl Protocol for Heartbeat {
    type Node = Self;
    type Checks = check::All;
    type Load = NoClients;
    type Params = HeartbeatParams;

    const NAME: &'static str = "heartbeat";
    const ABOUT: &'static str = "failure detectors: who is down, by who is silent (Chandra and Toueg, 1996)";
    const GROUPS: &'static [&'static str] = &["member"];
    const BUGS: &'static [Bug] = &bugs(&swim::bugs::TABLE);
    const FACTS: &'static [&'static str] = &["suspected", "trusted", "probed", "told", "learned", "declared"];
    const MESSAGES: &'static [&'static str] =
        &["beat", "ping", "ack", "probe", "answer", "help", "knock", "join", "state", "state_back"];
    const SOMETIMES: &'static [&'static str] = &["suspected", "trusted", "declared"];

    fn config(setup: &Setup<'_, HeartbeatParams>) -> Result<HeartbeatConfig, ParamError> {
        HeartbeatConfig::new(setup)
    }

    /// Everybody who lives: who is down stays down, so that there is somebody to be suspected. Only where fewer than two
    /// live, others come back.
    fn core(_: &HeartbeatConfig, nodes: Nodes<'_, Self>, candidates: &NodeSet, dice: &mut dyn Dice) -> Option<NodeSet> {
        let (mut core, mut down): (Vec<NodeId>, Vec<NodeId>) =
            candidates.iter().partition(|&node| nodes.get(node).is_some());
        while core.len() < 2 && !down.is_empty() {
            core.push(down.swap_remove(dice.below(down.len() as u64) as usize));
        }
        (core.len() >= 2).then(|| core.into_iter().collect())
    }

    fn bound(config: &HeartbeatConfig, healed: &Healed) -> Span {
        slowed(config.settles_within(healed), healed.drift_ppm)
    }
}
