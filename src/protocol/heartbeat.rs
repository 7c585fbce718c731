//! Failure detectors that live on heartbeats. Each node is to know which of those that it watches are down, though all
//! it can notice is that it hears nothing of them.
//!
//! What a detector promises has two sides (Chandra and Toueg, "Unreliable Failure Detectors for Reliable Distributed
//! Systems", 1996). *Completeness*: who is down is suspected. *Accuracy*: who is not down is not. Under messages that
//! may be late or lost the second cannot be kept, only be kept most of the time; so how well a detector does is a
//! matter of measure (Chen, Toueg and Aguilera, "On the Quality of Service of Failure Detectors", 2002): how soon a
//! crash is noticed, how often and for how long it is mistaken while nobody crashed, and what it sends for that.
//!
//! **The detectors.** *Active*: who watches asks, and wants an answer in time. *Passive*: who is watched says unasked
//! that it is there, and must be heard by certain instants, which are known (NFD-S) or estimated (NFD-E). *Hybrid*:
//! both, and only who is silent on both channels is suspected. *φ-accrual*: a silence is judged by how unlikely it has
//! become. [`swim`]: everybody asks one other at a time, and passes on what he heard. Each has a file of its own, and
//! there its paper.
//!
//! **Who watches whom** is the same for all of them ([`topology`]): everybody everybody, one monitor all others, or
//! each node its predecessors in a ring.
//!
//! **What a node reports** is a change of its mind: it suspects somebody, or trusts him again. At first, and after each
//! restart, it trusts everybody, for as long as a detection takes; that is no report. It keeps nothing on disk: what it
//! thought before a crash is of no use after it. Heartbeats are numbered by the sender's clock, which no restart sets
//! back.

mod active;
mod bugs;
pub mod check;
mod config;
mod deadlines;
mod estimated;
mod hybrid;
mod passive;
mod phi;
mod rounds;
pub mod swim;
mod table;
pub mod topology;

use crate::check::Nodes;
use crate::ids::NodeSet;
use crate::process::{Dice, Glance, Io, Never, NodeId, Process, Shared, Span};
use crate::protocol::healing::slowed;
use crate::protocol::{Bug, Healed, ParamError, Protocol, Setup};
use crate::workload::NoClients;
use config::Rule;
pub use config::{
    ActiveParams, Arrivals, Clocks, DetectorParams, HeartbeatConfig, HeartbeatParams, HybridParams, PassiveParams,
    PhiParams,
};
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
    /// To judge who did not answer, where heartbeats are judged beside.
    JudgeAsked,
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
    Estimated(Box<estimated::Estimated>),
    Hybrid(Box<hybrid::Hybrid>),
    Phi(Box<phi::Phi>),
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
        let detector = match &io.config().rule {
            Rule::Active(beat) => Detector::Active(active::Active::boot(*beat, io)),
            Rule::Passive(beat) => Detector::Passive(passive::Passive::boot(*beat, io)),
            Rule::Estimated(estimate) => Detector::Estimated(estimated::Estimated::boot(*estimate, io).into()),
            Rule::Hybrid(channels) => Detector::Hybrid(hybrid::Hybrid::boot(*channels, io).into()),
            Rule::Phi(accrual) => Detector::Phi(phi::Phi::boot(accrual, io).into()),
            Rule::Swim(params) => Detector::Swim(Swim::boot(params, io).into()),
        };
        Self { detector }
    }

    #[inline]
    fn on_message(&mut self, from: NodeId, message: Message, io: &mut Io<'_, Self>) {
        match (&mut self.detector, &io.config().rule) {
            (Detector::Passive(passive), _) => passive.on_message(from, &message, io),
            (Detector::Active(active), _) => active.on_message(from, &message, io),
            (Detector::Estimated(estimated), Rule::Estimated(estimate)) => {
                estimated.on_message(*estimate, from, &message, io);
            }
            (Detector::Hybrid(hybrid), _) => hybrid.on_message(from, &message, io),
            (Detector::Phi(phi), Rule::Phi(accrual)) => phi.on_message(accrual, from, &message, io),
            (Detector::Swim(swim), Rule::Swim(params)) => swim.on_message(params, from, &message, io),
            _ => {}
        }
    }

    #[inline]
    fn on_timer(&mut self, timer: Timer, io: &mut Io<'_, Self>) {
        match (&mut self.detector, &io.config().rule) {
            (Detector::Passive(passive), Rule::Passive(beat)) => passive.on_timer(*beat, timer, io),
            (Detector::Active(active), Rule::Active(beat)) => active.on_timer(*beat, timer, io),
            (Detector::Estimated(estimated), Rule::Estimated(estimate)) => estimated.on_timer(*estimate, timer, io),
            (Detector::Hybrid(hybrid), Rule::Hybrid(channels)) => hybrid.on_timer(*channels, timer, io),
            (Detector::Phi(phi), Rule::Phi(accrual)) => phi.on_timer(accrual, timer, io),
            (Detector::Swim(swim), Rule::Swim(params)) => swim.on_timer(params, timer, io),
            _ => {}
        }
    }

    fn glance(&self) -> Glance {
        let watches = match &self.detector {
            Detector::Active(active) => active.watches(),
            Detector::Passive(passive) => passive.watches(),
            Detector::Estimated(estimated) => estimated.watches(),
            Detector::Hybrid(hybrid) => hybrid.watches(),
            Detector::Phi(phi) => phi.watches(),
            Detector::Swim(_) => true,
        };
        Glance { role: if watches { "monitor" } else { "member" }, ..Glance::default() }
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
            Detector::Estimated(estimated) => estimated.suspects(slot),
            Detector::Hybrid(hybrid) => hybrid.suspects(slot),
            Detector::Phi(phi) => phi.suspects(slot),
            Detector::Swim(swim) => swim.suspects(peer),
        }
    }
}

/// Reports that whoever is watched in this slot is suspected.
fn suspect(slot: usize, io: &mut Io<'_, Heartbeat>) {
    let peer = io.config().web.peer(io.me(), slot);
    io.fact(Fact::Suspected(peer));
}

impl Protocol for Heartbeat {
    type Node = Self;
    type Checks = check::All;
    type Load = NoClients;
    type Params = HeartbeatParams;

    const NAME: &'static str = "heartbeat";
    const ABOUT: &'static str = "failure detectors: who is down, by who is silent (Chandra and Toueg, 1996)";
    const GROUPS: &'static [&'static str] = &["member"];
    const BUGS: &'static [Bug] = bugs::BUGS;
    const ROLES: &'static [&'static str] = &["monitor", "member"];
    const FACTS: &'static [&'static str] = &["suspected", "trusted", "probed", "told", "learned", "declared"];
    const MESSAGES: &'static [&'static str] =
        &["beat", "ping", "ack", "probe", "answer", "help", "knock", "join", "state", "state_back"];
    const SOMETIMES: &'static [&'static str] = &["suspected", "trusted"];

    fn config(setup: &Setup<'_, HeartbeatParams>) -> Result<HeartbeatConfig, ParamError> {
        HeartbeatConfig::new(setup)
    }

    /// Everybody who lives: who is down stays down, so that there is somebody to be suspected. Only where fewer than
    /// two live, others come back.
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

    fn steady(config: &HeartbeatConfig) -> Span {
        config.steady()
    }
}
