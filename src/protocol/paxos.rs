//! Paxos, for one decision (Lamport, "Paxos Made Simple", 2001). Read this file first: everything that a protocol is to
//! seedstorm stands in it, in the order in which one would write it: what it does, its types, its handler.
//!
//! Some nodes are to agree on one value, though messages are lost and nodes crash. Here every node plays all three
//! parts. As a *proposer* it wants what its client asked for to be chosen; as an *acceptor* it is one of those whose
//! majority decides; as a *learner* it finds out.
//!
//! **Ballots** are attempts, numbered so that no two proposers share one. The proposer of a ballot first asks the
//! acceptors to *promise* that they take part in no lower ballot any more, and to tell what they accepted last. Once a
//! majority has, the proposer is bound to propose the value of the highest ballot among these, and is free only if
//! there is none. An acceptor accepts what it is asked to unless it promised otherwise. What a majority accepted in one
//! ballot is *chosen*: the promises of any later majority meet one of these acceptors, so that later ballots can only
//! propose the same (P2c, section 2.2).
//!
//! **Disk.** An acceptor must not forget what it promised and accepted: both are synced before its answer leaves. The
//! proposer of a ballot promises it to itself, on its own disk, before anyone else hears of it; so after a restart it
//! cannot use a ballot twice. What was chosen is not on disk: it can always be found out again.
//!
//! **Duels.** Two proposers can outbid each other for ever (section 2.4). One that is outbid, or hears nothing, waits
//! for a drawn time before it tries again, at most twice as long as the last time.
//!
//! **Learners.** Acceptors tell every node what they accept. Who missed that asks, again and again; and to a node that
//! prepares or proposes although the decision is made, it is told.
//!
//! A client's operation is to propose a value: its own name, `c0#1`, which nobody else proposes. The answer is the
//! value that was chosen, whosever it is.

mod bugs;
pub mod check;
mod load;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::Nodes;
use crate::ids::{NodeSet, OpId};
use crate::process::{Dice, Durable, Glance, Io, NodeId, Process, Span, Voters};
use crate::protocol::healing::{ASKED, SURE, attempts, majority_core, parts, slowed};
use crate::protocol::{Bug, Healed, ParamError, Planted, Protocol, Setup};
use bugs::Mistake;
pub use load::{Ask, Load};

/// What is decided: the name of the operation that proposed it.
pub type Value = OpId;

/// An attempt to have a value chosen. Ordered by its round, then by its proposer.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ballot {
    /// Which attempt; 0 is before all.
    pub round: u64,
    /// Whose.
    pub proposer: NodeId,
}

/// As people write it: `2.n1`.
impl fmt::Debug for Ballot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.round, self.proposer)
    }
}

/// A value in a ballot.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Proposal {
    /// The ballot.
    pub ballot: Ballot,
    /// The value that it proposes.
    pub value: Value,
}

/// As people write it: `2.n1 c0#1`.
impl fmt::Debug for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.ballot, self.value)
    }
}

/// What an acceptor must not forget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Acceptor {
    /// It takes part in no ballot below this one.
    pub promised: Ballot,
    /// What it accepted last.
    pub accepted: Option<Proposal>,
}

impl Durable for Acceptor {
    type Write = Self;

    fn apply(&mut self, write: Self) {
        *self = write;
    }
}

/// What nodes send each other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Message {
    /// "Take part in no lower ballot, and tell what you accepted" (phase 1a).
    Prepare(Ballot),
    /// "I promise; this I accepted last" (phase 1b).
    Promise(Ballot, Option<Proposal>),
    /// "Accept this" (phase 2a).
    Accept(Proposal),
    /// "I accepted this" (phase 2b), to all learners.
    Accepted(Proposal),
    /// "I promised this higher ballot."
    Refused(Ballot),
    /// "What was decided?"
    Query,
    /// "This was chosen."
    Chosen(Value),
}

/// What a node waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    /// To try again with a higher ballot.
    Retry,
    /// To ask the others again what was decided.
    Query,
}

/// What nodes report to the invariants.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Fact {
    /// It began a ballot.
    Prepared(Ballot),
    /// It heard of a value that was accepted before, and is bound to it.
    Bound(Proposal),
    /// It proposed.
    Proposed(Proposal),
    /// It accepted, or came back and has accepted.
    Accepted(Proposal),
    /// It was refused, because of this higher ballot.
    Outbid(Ballot),
    /// It knows what was chosen.
    Learned(Value),
}

/// Settings, under `params` in a scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PaxosParams {
    /// How long a proposer waits at first, at least, before it tries again; each time at most twice as long as before.
    pub backoff: Span,
    /// How long it ever waits at most.
    pub backoff_max: Span,
    /// How often a node that does not know the decision asks for it.
    pub query: Span,
}

impl Default for PaxosParams {
    fn default() -> Self {
        Self { backoff: Span::ms(30), backoff_max: Span::ms(500), query: Span::ms(200) }
    }
}

/// What all nodes of a run share.
#[derive(Clone, Debug)]
pub struct PaxosConfig {
    /// The settings.
    pub params: PaxosParams,
    /// All nodes, each of which is an acceptor.
    pub acceptors: Voters,
    planted: Planted<Mistake>,
}

impl PaxosConfig {
    /// How many acceptors choose a value.
    fn quorum(&self) -> usize {
        if self.planted.is(Mistake::HalfQuorum) { self.acceptors.len().div_ceil(2) } else { self.acceptors.majority() }
    }
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Paxos {
    acceptor: Acceptor,
    /// The highest ballot that it has heard of.
    highest: Ballot,
    /// Its own ballot, if one is under way.
    ballot: Option<Attempt>,
    /// How long it may wait before the next.
    patience: Span,
    /// The clients that wait for the decision.
    waiting: Vec<OpId>,
    /// Who accepted what.
    heard: BTreeMap<Proposal, Voters>,
    chosen: Option<Value>,
}

/// A ballot of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Attempt {
    ballot: Ballot,
    promises: Voters,
    /// The highest proposal that any of those who promised has accepted.
    bound: Option<Proposal>,
    proposed: bool,
}

impl Process for Paxos {
    type Config = PaxosConfig;
    type Msg = Message;
    type Timer = Timer;
    type Disk = Acceptor;
    type Op = Ask;
    type Reply = Value;
    type Fact = Fact;

    fn boot(disk: &Acceptor, io: &mut Io<'_, Self>) -> Self {
        let PaxosConfig { params, planted, .. } = io.config();
        let acceptor = if planted.is(Mistake::AcceptorAmnesia) { Acceptor::default() } else { *disk };
        let highest = if planted.is(Mistake::BallotReuse) { Ballot::default() } else { acceptor.promised };
        if let Some(accepted) = acceptor.accepted {
            // It may have crashed before it could report it.
            io.fact(Fact::Accepted(accepted));
        }
        io.arm_within(Timer::Query, params.query, params.query.times(2));
        Self {
            acceptor,
            highest,
            ballot: None,
            patience: params.backoff,
            waiting: Vec::new(),
            heard: BTreeMap::new(),
            chosen: None,
        }
    }

    fn on_request(&mut self, id: OpId, _ask: Ask, io: &mut Io<'_, Self>) {
        if let Some(value) = self.chosen {
            return io.reply(id, value);
        }
        if !self.waiting.contains(&id) {
            self.waiting.push(id);
        }
        if self.waiting.len() == 1 && self.ballot.is_none() {
            self.prepare(io);
        }
    }

    fn on_message(&mut self, from: NodeId, message: Message, io: &mut Io<'_, Self>) {
        match (message, self.chosen) {
            (Message::Prepare(_) | Message::Accept(_) | Message::Query, Some(value)) => {
                io.send(from, Message::Chosen(value));
            }
            (Message::Prepare(ballot), None) => self.on_prepare(from, ballot, io),
            (Message::Promise(ballot, accepted), None) => self.on_promise(from, ballot, accepted, io),
            (Message::Accept(proposal), None) => self.on_accept(from, proposal, io),
            (Message::Accepted(proposal), None) => self.on_accepted(from, proposal, io),
            (Message::Refused(ballot), None) => self.outbid(ballot, io),
            (Message::Chosen(value), None) => self.learn(value, io),
            _ => {}
        }
    }

    fn on_timer(&mut self, timer: Timer, io: &mut Io<'_, Self>) {
        match timer {
            Timer::Retry if !self.waiting.is_empty() => self.prepare(io),
            Timer::Query if self.chosen.is_none() => {
                io.broadcast(Message::Query);
                io.arm(Timer::Query, io.config().params.query);
            }
            Timer::Retry | Timer::Query => {}
        }
    }

    fn glance(&self) -> Glance {
        let role = match (self.chosen, &self.ballot) {
            (Some(_), _) => "decided",
            (None, Some(_)) => "proposer",
            (None, None) => "acceptor",
        };
        Glance { role, epoch: self.acceptor.promised.round, progress: self.chosen.is_some().into() }
    }
}

/// The proposer's side.
impl Paxos {
    fn prepare(&mut self, io: &mut Io<'_, Self>) {
        let ballot = Ballot { round: self.highest.round + 1, proposer: io.me() };
        self.highest = self.highest.max(ballot);
        self.ballot = Some(Attempt { ballot, promises: Voters::NONE, bound: None, proposed: false });
        self.promise(ballot, io);
        io.fact(Fact::Prepared(ballot));
        io.broadcast(Message::Prepare(ballot));
        self.wait(io);
        self.on_promise(io.me(), ballot, self.acceptor.accepted, io);
    }

    fn wait(&mut self, io: &mut Io<'_, Self>) {
        let params = &io.config().params;
        io.arm_within(Timer::Retry, params.backoff, self.patience.times(2));
        self.patience = self.patience.times(2).min(params.backoff_max);
    }

    fn on_promise(&mut self, from: NodeId, ballot: Ballot, accepted: Option<Proposal>, io: &mut Io<'_, Self>) {
        let quorum = io.config().quorum();
        let Some(attempt) = self.ballot.as_mut().filter(|attempt| attempt.ballot == ballot) else { return };
        attempt.promises.insert(from);
        attempt.bound = attempt.bound.max(accepted);
        let Some(&own) = self.waiting.first() else { return };
        if attempt.promises.len() < quorum || attempt.proposed {
            return;
        }
        attempt.proposed = true;
        let bound = attempt.bound.filter(|_| !io.config().planted.is(Mistake::IgnoreAccepted));
        if let Some(bound) = bound {
            io.fact(Fact::Bound(bound));
        }
        let proposal = Proposal { ballot, value: bound.map_or(own, |bound| bound.value) };
        io.fact(Fact::Proposed(proposal));
        io.broadcast(Message::Accept(proposal));
        self.on_accept(io.me(), proposal, io);
    }

    /// Somebody is at a higher ballot: it gives its own up, and waits for its timer.
    fn outbid(&mut self, ballot: Ballot, io: &mut Io<'_, Self>) {
        self.highest = self.highest.max(ballot);
        if self.ballot.take_if(|attempt| attempt.ballot < ballot).is_some() {
            io.fact(Fact::Outbid(ballot));
            if io.config().planted.is(Mistake::Duel) {
                self.prepare(io);
            }
        }
    }
}

/// The acceptor's side.
impl Paxos {
    fn on_prepare(&mut self, from: NodeId, ballot: Ballot, io: &mut Io<'_, Self>) {
        if ballot < self.acceptor.promised {
            return io.send(from, Message::Refused(self.acceptor.promised));
        }
        self.promise(ballot, io);
        io.send(from, Message::Promise(ballot, self.acceptor.accepted));
        self.outbid(ballot, io);
    }

    fn promise(&mut self, ballot: Ballot, io: &mut Io<'_, Self>) {
        self.highest = self.highest.max(ballot);
        if ballot > self.acceptor.promised {
            self.acceptor.promised = ballot;
            io.persist(self.acceptor);
        }
    }

    fn on_accept(&mut self, from: NodeId, proposal: Proposal, io: &mut Io<'_, Self>) {
        let careless = io.config().planted.is(Mistake::BrokenPromise);
        if proposal.ballot < self.acceptor.promised && !careless {
            return io.send(from, Message::Refused(self.acceptor.promised));
        }
        self.highest = self.highest.max(proposal.ballot);
        if self.acceptor.accepted != Some(proposal) {
            self.acceptor =
                Acceptor { promised: self.acceptor.promised.max(proposal.ballot), accepted: Some(proposal) };
            io.persist(self.acceptor);
            io.fact(Fact::Accepted(proposal));
        }
        io.broadcast(Message::Accepted(proposal));
        self.on_accepted(io.me(), proposal, io);
    }
}

/// The learner's side.
impl Paxos {
    fn on_accepted(&mut self, from: NodeId, proposal: Proposal, io: &mut Io<'_, Self>) {
        let heard = self.heard.entry(proposal).or_insert(Voters::NONE);
        heard.insert(from);
        if heard.len() >= io.config().quorum() {
            self.learn(proposal.value, io);
        }
    }

    fn learn(&mut self, value: Value, io: &mut Io<'_, Self>) {
        self.chosen = Some(value);
        self.ballot = None;
        io.disarm(Timer::Retry);
        io.disarm(Timer::Query);
        io.fact(Fact::Learned(value));
        for id in std::mem::take(&mut self.waiting) {
            io.reply(id, value);
        }
    }

    /// What it knows to be chosen.
    #[must_use]
    pub fn chosen(&self) -> Option<Value> {
        self.chosen
    }

    /// What it is as an acceptor.
    #[must_use]
    pub fn acceptor(&self) -> Acceptor {
        self.acceptor
    }
}

impl Protocol for Paxos {
    type Node = Self;
    type Checks = check::All;
    type Load = Load;
    type Params = PaxosParams;

    const NAME: &'static str = "paxos";
    const ABOUT: &'static str = "one decision among proposers, acceptors and learners (Lamport, 2001)";
    const BUGS: &'static [Bug] = bugs::BUGS;
    const ROLES: &'static [&'static str] = &["acceptor", "proposer", "decided"];
    const FACTS: &'static [&'static str] = &["prepared", "bound", "proposed", "accepted", "outbid", "learned"];
    const MESSAGES: &'static [&'static str] =
        &["prepare", "promise", "accept", "accepted", "refused", "query", "chosen"];
    const SOMETIMES: &'static [&'static str] = &["bound", "outbid", "learned"];
    const VITAL: &'static [&'static str] = &["learned"];

    fn config(setup: &Setup<'_, PaxosParams>) -> Result<PaxosConfig, ParamError> {
        let params = setup.params.clone();
        if setup.cast.len() > Voters::MAX {
            let message = format!("paxos counts at most {} acceptors, not {}", Voters::MAX, setup.cast.len());
            return Err(ParamError::new("", message));
        }
        if params.backoff < Span::us(1) {
            return Err(ParamError::new("backoff", "a proposer must wait before it tries again; 1us at least"));
        }
        if params.backoff_max < params.backoff {
            let message = format!("{} is less than backoff, {}", params.backoff_max, params.backoff);
            return Err(ParamError::new("backoff_max", message));
        }
        if params.query < Span::us(1) {
            return Err(ParamError::new("query", "a node must wait before it asks again; 1us at least"));
        }
        Ok(PaxosConfig {
            params,
            acceptors: setup.cast.nodes().collect(),
            planted: Planted::named(&bugs::TABLE, setup.bug),
        })
    }

    fn core(config: &PaxosConfig, _: Nodes<'_, Self>, candidates: &NodeSet, dice: &mut dyn Dice) -> Option<NodeSet> {
        majority_core(config.acceptors, candidates, dice)
    }

    /// A ballot takes four messages and two syncs. It succeeds if no other begins meanwhile: of as many proposers as
    /// there are nodes, each begins at a drawn instant in a range of [`PaxosParams::backoff_max`] or more, so that the
    /// others stay away with probability (1 − ballot/range)ⁿ, half of which is the margin, and which is 1/64 at least.
    /// Attempts follow each other within twice that range. Then everybody learns, at the latest by asking.
    fn bound(config: &PaxosConfig, healed: &Healed) -> Span {
        let step = healed.delay + healed.sync + healed.service.times(2);
        let range = config.params.backoff_max;
        let free = SURE - parts(step.times(4), range.0).min(SURE);
        let alone = (0..config.acceptors.len()).fold(SURE, |product, _| product * free / SURE);
        let attempts = attempts((alone / 2).max(SURE / 64)) + 1;
        let decision = (range.times(2) + step.times(4)).times(attempts);
        let clients = (healed.timeout + healed.backoff + step.times(2)).times(ASKED);
        slowed(decision + config.params.query.times(2) + step.times(2) + clients, healed.drift_ppm)
    }
}
