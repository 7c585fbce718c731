//! Multi-Paxos: a replicated log under a distinguished proposer.
//!
//! After Lamport, "Paxos Made Simple" (2001), section 3; van Renesse and Altinbuken, "Paxos Made Moderately Complex"
//! (2015), "PMMC" below; and Chandra, Griesemer and Redstone, "Paxos Made Live" (2007). How one decision is made is
//! told in [`paxos`](crate::protocol::paxos). Here there is one for each *slot* of a log, and they share their ballots.
//! Every node is acceptor, replica and possible leader in one, as in Paxos Made Live.
//!
//! **Ballots and leaders** (`election`). A node that hears from no leader for a random while begins a ballot higher
//! than all it heard of. It asks all for promises, once for all slots that it does not know to be decided (phase 1).
//! With those of a majority it leads: it is bound, slot by slot, to what was accepted in the highest ballot among them,
//! fills the slots that were left empty between with no-ops, and proposes all that anew in its own ballot. From then on
//! each command needs phase 2 only. A leader who meets a higher ballot is *preempted*: it becomes a follower.
//!
//! Nothing promised depends on time: a leader holds no lease, and several may think that they lead. But a healthy
//! leader should stay, so nodes that hear from a leader do not listen to candidates, and one that does not hear from a
//! majority steps down (for Raft these are section 4.2.3 and 6.2 of Ongaro's thesis; without the second the first would
//! keep a leader in office who can speak but not hear).
//!
//! **Phase 2** (`replication`, `progress`). The leader sends commands in batches, several under way at once. An
//! acceptor accepts what comes, in whatever order, and answers up to where it has all slots. What a majority has is
//! *decided*; followers hear of that with the next message, so that a command costs 2(n − 1) messages. The leader
//! writes its own acceptance while the messages are under way, and counts itself when it is synced.
//!
//! **What a follower may take for decided.** That slots up to 9 are decided in the leader's ballot says nothing of what
//! the follower accepted in slot 9 in an *older* ballot: it may be another command. It knows the decision only where
//! it accepted in this very ballot. Slots that were decided before the leader was elected, and that it therefore did
//! not propose again, it sends to whoever lacks them, as decided (`Decided`), in batches; and acceptors tell candidates
//! what they know to be decided along with their promises.
//!
//! **Why it is safe.** For each slot it is Paxos: of two majorities one acceptor is in both, so that a later ballot is
//! bound to what an earlier one may have had decided (PMMC's A5). A ballot belongs to one node, is used once, and gives
//! each slot one command (A4, C1).
//!
//! **Disk.** One file. A promise and an acceptance are on it before the answer leaves; the promise of one's own ballot
//! before anyone hears of it, so that no ballot is used twice. Up to where slots are decided is written along with
//! other records. It may be behind what the node knows; but with the promise to a new ballot all that it knew to be
//! decided is on disk. So what a follower has of a ballot only grows, over restarts too.
//!
//! **Clients.** All commands go through the log, reads too. The rest is as for [Raft](crate::protocol::raft): a client
//! is redirected or told to come again with no effect, a repeated command is proposed once a ballot, and answered once,
//! when it is applied. A new leader answers for the commands that it was bound to: it is asked for these as well.
//!
//! Left out: compaction and snapshots, changes of membership, reads by lease, promises in several parts, and asking
//! before a ballot is begun whether it would succeed (Raft's pre-vote): a node that comes back after it was cut off
//! preempts the leader, each time.

use crate::check::Nodes;
use crate::ids::{NodeSet, OpId};
use crate::process::{Dice, Glance, Io, Local, NodeId, Process, Ticket};
use crate::protocol::healing::majority_core;
use crate::protocol::kv::{Asked, Extent, Kv, Machine, Op, Replica, Reply};
use crate::protocol::paxos::Ballot;
use crate::protocol::{Bug, Healed, ParamError, Protocol, Setup};
use crate::time::Span;
use std::collections::VecDeque;

mod acceptor;
mod bound;
mod bugs;
pub mod check;
mod config;
mod disk;
mod election;
mod log;
mod message;
mod progress;
mod replica;
mod replication;
#[cfg(test)]
mod tests;

pub use config::{MultiPaxosConfig, MultiPaxosParams};
pub use disk::{Disk, Write};
pub use log::{Accepted, Command, Commands, Log, Slot};
pub use message::{Fact, Message, Promise, Timer};

use bugs::Mistake;
use election::Role;

/// A node of the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MultiPaxos {
    /// It takes part in no lower ballot. As a leader, its own.
    promised: Ballot,
    /// The highest ballot that it has heard of.
    highest: Ballot,
    log: Log,
    /// Up to here each slot is accepted in the ballot promised, or decided.
    upto: Slot,
    /// Up to here slots are known to be decided, and are applied.
    decided: Slot,
    machine: Machine,
    role: Role,
    /// Who leads, if it knows.
    leader: Option<NodeId>,
    /// When it last heard from that leader.
    heard: Local,
    /// Its own writes as a leader that are not known to be synced.
    unsynced: VecDeque<Unsynced>,
}

/// What a leader accepts from itself, and has not on its disk yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Unsynced {
    ticket: Ticket,
    ballot: Ballot,
    first: Slot,
    last: Slot,
}

impl Process for MultiPaxos {
    type Config = MultiPaxosConfig;
    type Msg = Message;
    type Timer = Timer;
    type Disk = Disk;
    type Op = Op;
    type Reply = Reply;
    type Fact = Fact;

    fn boot(disk: &Disk, io: &mut Io<'_, Self>) -> Self {
        let planted = io.config().planted;
        let promised = if planted.is(Mistake::PromiseAmnesia) { Ballot::default() } else { disk.promised };
        let highest = if planted.is(Mistake::BallotReuse) { Ballot::default() } else { promised };
        let mut node = Self {
            promised,
            highest,
            log: disk.log.clone(),
            upto: disk.decided,
            decided: 0,
            machine: Machine::default(),
            role: Role::Follower,
            leader: None,
            heard: io.now(),
            unsynced: VecDeque::new(),
        };
        if disk.damaged {
            // To go on would be to forget promises that others count on.
            io.refuse("a record on its disk does not match its checksum");
            return node;
        }
        node.report_recovered(disk.decided, io);
        node.decide_upto(disk.decided, io);
        node.await_leader(io);
        node
    }

    fn on_message(&mut self, from: NodeId, msg: Message, io: &mut Io<'_, Self>) {
        match msg {
            Message::Prepare { ballot, first } => self.on_prepare(from, ballot, first, io),
            Message::Promise(promise) => self.on_promise(from, &promise, io),
            Message::Accept { ballot, first, commands, decided } => {
                self.on_accept(from, ballot, first, commands, decided, io);
            }
            Message::Accepted { ballot, upto } | Message::Heard { ballot, upto } => {
                self.on_answer(from, ballot, upto, io);
            }
            Message::Heartbeat { ballot, decided } => self.on_heartbeat(from, ballot, decided, io),
            Message::Decided { ballot, first, commands } => self.on_decided(from, ballot, first, commands, io),
            Message::Rejected { ballot } => self.on_rejected(ballot, io),
        }
    }

    fn on_timer(&mut self, timer: Timer, io: &mut Io<'_, Self>) {
        match timer {
            Timer::Election => self.on_election_timeout(io),
            Timer::Heartbeat => self.beat(io),
            Timer::Quorum => self.on_quorum_check(io),
        }
    }

    fn on_request(&mut self, id: OpId, op: Op, io: &mut Io<'_, Self>) {
        if self.is_leader() { self.request(id, op, io) } else { self.send_away(id, io) }
    }

    fn on_synced(&mut self, upto: Ticket, io: &mut Io<'_, Self>) {
        self.on_own_synced(upto, io);
    }

    fn glance(&self) -> Glance {
        Glance { role: self.role.name(), epoch: self.promised.round, progress: self.decided }
    }
}

impl MultiPaxos {
    /// It takes part in no lower ballot.
    #[must_use]
    pub fn promised(&self) -> Ballot {
        self.promised
    }

    /// What it has accepted, also what is not on its disk yet.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Whether it leads, as far as it knows.
    #[must_use]
    pub fn is_leader(&self) -> bool {
        matches!(self.role, Role::Leader(_))
    }
}

impl Replica for MultiPaxos {
    type Place = Slot;

    fn store_op(op: &Op) -> Option<&Op> {
        Some(op)
    }

    fn applied(&self) -> Slot {
        self.decided
    }

    fn forgotten(&self) -> Slot {
        0
    }

    #[inline]
    fn command(&self, index: Slot) -> Option<Asked<'_>> {
        self.log.get(index).map(|accepted| match &*accepted.command {
            Command::Noop => Asked::Nothing,
            Command::Client(id, op) => Asked::Store(*id, op),
        })
    }

    fn machine(&self) -> &Machine {
        &self.machine
    }

    fn place(&self, _extent: Extent) -> Slot {
        self.decided
    }
}

impl Protocol for MultiPaxos {
    type Node = Self;
    type Checks = check::All;
    type Load = Kv;
    type Params = MultiPaxosParams;

    const NAME: &'static str = "multi_paxos";
    const ABOUT: &'static str = "a replicated log under a distinguished proposer (Lamport, 2001; van Renesse, 2015)";
    const BUGS: &'static [Bug] = bugs::BUGS;
    const ROLES: &'static [&'static str] = &["follower", "candidate", "leader"];
    const FACTS: &'static [&'static str] = &[
        "prepared",
        "promised",
        "elected",
        "bound",
        "gap_filled",
        "proposed",
        "accepted",
        "recovered",
        "chosen",
        "caught_up",
        "preempted",
        "quorum_lost",
        "redirected",
        "deduplicated",
    ];
    const MESSAGES: &'static [&'static str] =
        &["prepare", "promise", "accept", "accepted", "heartbeat", "decided", "heard", "rejected"];
    const SOMETIMES: &'static [&'static str] =
        &["elected", "bound", "caught_up", "preempted", "quorum_lost", "redirected", "deduplicated"];
    const VITAL: &'static [&'static str] = &["elected", "chosen"];
    const LEADER: Option<&'static str> = Some("leader");
    const ELECTED: &'static str = "elected";

    fn config(setup: &Setup<'_, MultiPaxosParams>) -> Result<MultiPaxosConfig, ParamError> {
        MultiPaxosConfig::new(setup)
    }

    fn core(
        config: &MultiPaxosConfig,
        _: Nodes<'_, Self>,
        candidates: &NodeSet,
        dice: &mut dyn Dice,
    ) -> Option<NodeSet> {
        majority_core(config.acceptors, candidates, dice)
    }

    fn bound(config: &MultiPaxosConfig, healed: &Healed) -> Span {
        bound::bound(config, healed)
    }
}
