//! Raft: a replicated log under one elected leader.
//!
//! After Ongaro and Ousterhout, "In search of an understandable consensus algorithm" (2014), whose Figure 2 this
//! follows, and Ongaro's thesis, "Consensus: bridging theory and practice" (2014). Sections without a title are
//! the paper's.
//!
//! **Terms and elections** (`election`). Time is cut into numbered *terms* with at most one leader each. A node
//! that hears from no leader for a random while stands for election: it begins a new term and asks for votes. A node
//! votes once a term, and only for a log not older than its own. Two additions keep a healthy leader in office. A
//! node first asks whether it would win, and nodes that hear from a leader do not say that it would (*pre-vote*,
//! thesis 9.6). And these do not vote for candidates either (thesis 4.2.3): that comes only with what takes an
//! unhealthy leader out of office again, who does not hear from a majority and steps down (*check-quorum*, thesis
//! 6.2). (etcd ties both to check-quorum; the thesis has the first in pre-vote itself.)
//!
//! **Replication** (`replication`, `progress`). The leader appends commands to its log and sends them on; a
//! follower accepts entries only behind an entry that it shares with the leader, and drops what conflicts. An
//! entry is *committed* once a majority has it on disk and it is of the leader's own term, or stands before one
//! such (5.4.2). Committed entries are applied in order. The leader writes its own entries while the messages are
//! under way, and counts itself when they are synced (thesis 10.2.1).
//!
//! **Reads** (`read`) are not written to the log. The leader answers from its own state after it has made sure,
//! by a round of heartbeats, that it still led when it was asked (*ReadIndex*, thesis 6.4), or while it knows that no
//! other can have been elected yet (by *lease*, thesis 6.4.1, if the scenario says so).
//!
//! **Why it is safe.**
//! - *One leader a term*: two majorities share a node, and a node votes once. So term and vote are on disk before
//!   the vote leaves.
//! - *Logs match*: one leader a term gives out each (index, term) once, and the check of the entry before makes
//!   prefixes equal by induction.
//! - *Leaders are complete*: an entry committed in a term is on the disks of a majority; a later candidate needs a vote
//!   from one of these, which it only gets if its log is not older. That argument holds for entries of the
//!   leader's own term alone: hence the rule of 5.4.2 (Figure 8 shows what happens otherwise).
//! - *An acknowledgement is a promise*: nothing that says "I have it" leaves before it is synced; where a node
//!   acknowledges what it wrote without waiting (as a leader, before it was deposed), it syncs first.
//!
//! **What a client may conclude.** Redirected, refused or told to wait, its attempt has no effect. A command that was
//! appended is answered once it is applied, or never: a leader that is deposed cannot know what becomes of
//! it. Asked again for one that it appended in its term, a leader does not append it once more: one answer serves
//! all attempts, and goes to the client whichever of them it waits for. Reads that it cannot confirm any more are
//! sent away.
//!
//! **Disk.** Term and vote are one file, the log another, the snapshot a third, and a crash may keep more of any. A new
//! term is synced before an entry of it is written: otherwise a log could survive with entries of a term that its node
//! has forgotten. What is committed is not on disk: after a restart a node learns it from its leader.
//!
//! **Who takes part** (`membership`, `change`) is in the log too, and may change: one voter at a time, or any number of
//! them jointly. Learners receive the log and do not vote (thesis, chapter 4). A leader may make way for a certain
//! other (`transfer`, thesis 3.10).
//!
//! **Snapshots** (`snapshot`) take the place of the beginning of the log (section 7; thesis, chapter 5).

use crate::check::Nodes;
use crate::ids::{NodeSet, OpId};
use crate::process::{Dice, Glance, Io, Local, NodeId, Process, Shared, Ticket};
use crate::protocol::kv::{Asked, Extent, Machine, Op, Replica, Reply};
use crate::protocol::{Bug, Healed, ParamError, Protocol, Setup};
use crate::time::Span;

mod bound;
mod bugs;
mod change;
pub mod check;
mod client;
mod config;
mod disk;
mod election;
mod heal;
mod lease;
mod load;
mod log;
mod membership;
mod message;
mod progress;
mod read;
mod replication;
mod request;
mod snapshot;
#[cfg(test)]
mod tests;
mod transfer;

pub use config::{RaftConfig, RaftParams, ReadBy};
pub use disk::{Disk, HardState, Write};
pub use load::{Load, OperatorParams};
pub use log::{Command, Entry, Index, Log, Position, Term};
pub use membership::{Members, Membership};
pub use message::{Append, Fact, Message, Outcome, Timer};
pub use request::{Change, Request};
pub use snapshot::Snapshot;

use election::Role;
use snapshot::Saving;

/// A node of the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Raft {
    /// The highest term that it has seen.
    term: Term,
    /// For whom it voted in that term.
    vote: Option<NodeId>,
    log: Log,
    /// Up to here its log is known to be on its disk.
    synced: Index,
    /// Up to here entries are known to be committed.
    commit: Index,
    /// Up to here they are applied. Between turns it is where `commit` is.
    applied: Index,
    machine: Machine,
    /// Who takes part, as far as its log and its snapshot tell.
    members: Members,
    /// The last snapshot that it took or was sent.
    snapshot: Option<Shared<Snapshot>>,
    /// Whether that is on its way to the disk.
    saving: Option<Saving>,
    role: Role,
    /// Who leads this term, if it knows.
    leader: Option<NodeId>,
    /// When it last heard from a leader.
    heard: Local,
}

impl Process for Raft {
    type Config = RaftConfig;
    type Msg = Message;
    type Timer = Timer;
    type Disk = Disk;
    type Op = Request;
    type Reply = Reply;
    type Fact = Fact;

    fn boot(disk: &Disk, io: &mut Io<'_, Self>) -> Self {
        let mut raft = Self {
            term: disk.hard.term,
            vote: disk.hard.vote,
            log: Log::default(),
            synced: 0,
            commit: 0,
            applied: 0,
            machine: Machine::default(),
            members: Members::starting(0, io.config().initial),
            snapshot: None,
            saving: None,
            role: Role::Follower,
            leader: None,
            heard: Self::heard_before_boot(io),
        };
        // To go on from a flawed disk would be to forget votes and entries that others count on.
        if let Some(flaw) = disk.flaw() {
            io.refuse(flaw);
        } else {
            raft.recover(disk, io);
            raft.await_leader(io);
        }
        raft
    }

    fn on_message(&mut self, from: NodeId, msg: Message, io: &mut Io<'_, Self>) {
        match msg {
            Message::PreVote { term, last } => self.on_pre_vote(from, term, last, io),
            Message::PreVoted { term, granted } => self.on_pre_voted(from, term, granted, io),
            Message::RequestVote { term, last, transfer } => self.on_request_vote(from, term, (last, transfer), io),
            Message::Vote { term, granted } => self.on_vote(from, term, granted, io),
            Message::Append(append) => self.on_append(from, append, io),
            Message::Install { term, snapshot, round } => self.on_install(from, term, &snapshot, round, io),
            Message::TimeoutNow { term } => self.on_timeout_now(from, term, io),
            Message::Appended { term, round, outcome } => self.on_appended(from, term, round, outcome, io),
        }
    }

    fn on_timer(&mut self, timer: Timer, io: &mut Io<'_, Self>) {
        match timer {
            Timer::Election => self.on_election_timeout(io),
            Timer::Heartbeat => self.on_heartbeat(io),
            Timer::Quorum => self.on_quorum_check(io),
        }
    }

    fn on_request(&mut self, id: OpId, request: Request, io: &mut Io<'_, Self>) {
        match (&self.role, request) {
            (Role::Leader(leadership), _) if leadership.transfer.is_some() => io.reply(id, Reply::Busy),
            (Role::Leader(_), Request::Store(op)) if op.is_read() => self.read(id, op, io),
            (Role::Leader(_), Request::Store(op)) => self.propose(id, op, io),
            (Role::Leader(_), Request::Change(change)) => self.change(id, change, io),
            (Role::Leader(_), Request::Transfer(to)) => self.transfer(id, to, io),
            _ => self.send_away(id, io),
        }
    }

    fn on_synced(&mut self, upto: Ticket, io: &mut Io<'_, Self>) {
        self.on_snapshot_synced(upto, io);
        self.on_own_entries_synced(upto, io);
    }

    fn glance(&self) -> Glance {
        Glance { role: self.role.name(), epoch: self.term, progress: self.applied }
    }
}

impl Raft {
    /// The highest term that it has seen.
    #[must_use]
    pub fn term(&self) -> Term {
        self.term
    }

    /// Its log, also what is not on its disk yet.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Up to where it knows entries to be committed.
    #[must_use]
    pub fn commit(&self) -> Index {
        self.commit
    }

    /// Up to where it has applied them.
    #[must_use]
    pub fn applied(&self) -> Index {
        self.applied
    }

    /// What it has made of them.
    #[must_use]
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// Who takes part, as far as it knows.
    #[must_use]
    pub fn members(&self) -> &Members {
        &self.members
    }

    /// Whether it leads its term.
    #[must_use]
    pub fn is_leader(&self) -> bool {
        matches!(self.role, Role::Leader(_))
    }
}

impl Replica for Raft {
    type Place = Position;

    fn store_op(op: &Request) -> Option<&Op> {
        op.op()
    }

    fn applied(&self) -> Index {
        self.applied
    }

    fn forgotten(&self) -> Index {
        self.log.start().index
    }

    #[inline]
    fn command(&self, index: Index) -> Option<Asked<'_>> {
        self.log.entry(index).map(|entry| match &*entry.command {
            Command::Client(id, op) => Asked::Store(*id, op),
            Command::Members { by: Some(id), .. } => Asked::Other(*id),
            Command::Noop | Command::Members { by: None, .. } => Asked::Nothing,
        })
    }

    fn machine(&self) -> &Machine {
        &self.machine
    }

    /// Where new leaders append no empty entry, one elected after the last command cannot know it to be committed.
    fn extent(config: &RaftConfig) -> Extent {
        if config.params.no_op { Extent::Applied } else { Extent::Log }
    }

    fn takes_part(&self, node: NodeId) -> bool {
        self.members.now().members().contains(node)
    }

    fn place(&self, extent: Extent) -> Position {
        let index = match extent {
            Extent::Applied => self.applied,
            Extent::Log => self.log.last().index,
        };
        self.log.position(index).unwrap_or_default()
    }
}

impl Protocol for Raft {
    type Node = Self;
    type Checks = check::All;
    type Load = Load;
    type Params = RaftParams;

    const NAME: &'static str = "raft";
    const ABOUT: &'static str = "a replicated log under one elected leader (Ongaro and Ousterhout, 2014)";
    const BUGS: &'static [Bug] = bugs::BUGS;
    const ROLES: &'static [&'static str] = &["follower", "pre_candidate", "candidate", "leader"];
    const FACTS: &'static [&'static str] = &[
        "pre_campaigned",
        "campaigned",
        "voted",
        "elected",
        "stepped_down",
        "quorum_lost",
        "committed",
        "truncated",
        "read_confirmed",
        "lease_read",
        "read_served",
        "redirected",
        "deduplicated",
        "snapshot_taken",
        "compacted",
        "snapshot_sent",
        "snapshot_installed",
        "change_begun",
        "change_done",
        "handed_over",
    ];
    const MESSAGES: &'static [&'static str] =
        &["pre_vote", "pre_voted", "request_vote", "vote", "append", "appended", "install", "timeout_now"];
    const SOMETIMES: &'static [&'static str] =
        &["elected", "stepped_down", "quorum_lost", "truncated", "read_confirmed", "redirected", "deduplicated"];
    const VITAL: &'static [&'static str] = &["elected", "committed"];
    const LEADER: Option<&'static str> = Some("leader");
    const ELECTED: &'static str = "elected";

    fn config(setup: &Setup<'_, RaftParams>) -> Result<RaftConfig, ParamError> {
        RaftConfig::new(setup)
    }

    fn core(config: &RaftConfig, nodes: Nodes<'_, Self>, candidates: &NodeSet, dice: &mut dyn Dice) -> Option<NodeSet> {
        heal::choose_core(config, nodes, candidates, dice)
    }

    fn bound(config: &RaftConfig, healed: &Healed) -> Span {
        bound::bound(config, healed)
    }
}
