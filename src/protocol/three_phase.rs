//! Three-phase commit (Skeen, "Nonblocking Commit Protocols", 1981; Bernstein, Hadzilacos and Goodman, "Concurrency
//! Control and Recovery in Database Systems", 1987, section 7.5). What goes before the vote is told in
//! [`super::commit`].
//!
//! Two-phase commit blocks because somebody may have committed while others are uncertain: who is uncertain can then
//! neither commit nor abort alone. Here nobody commits as long as anybody who is up is uncertain (the *non-blocking
//! rule*). To that end there is a phase between.
//!
//! **Phase 1.** As in two-phase commit: the coordinator forces to its log that there is a transaction, and asks the
//! participants to vote; one that votes yes forces that, and is uncertain. If anyone votes no, or is silent for too
//! long, the coordinator aborts.
//!
//! **Phase 2.** If all have voted yes the coordinator tells them so ([`Message::PreCommit`]). Who hears it is no longer
//! uncertain: it is *pre-committed*, and says so. Nothing is forced.
//!
//! **Phase 3.** When all have answered, or those who have not must be down, the coordinator forces the commit and tells
//! the participants, which force it in their turn.
//!
//! **Termination.** A participant that hears nothing for three timeouts takes the coordinator for down, and leads what
//! follows itself: it asks the other participants how far they are. The one with the lowest number that is up shall
//! lead; one that is asked by a higher one begins itself, and the higher one stands back (an election after
//! Garcia-Molina, "Elections in a Distributed Computing System", 1982). Whoever leads waits for a timeout, and then
//! knows the states of all who are up. If one has decided, it answers with that, and the leader tells all. If all are
//! uncertain they abort, for nobody can have committed. If one is pre-committed all voted yes: the leader tells those
//! who are uncertain, as in phase 2, and then commits, as in phase 3. If the leader falls, the next one that hears
//! nothing for three timeouts begins anew.
//!
//! **Recovery.** A participant that was down while uncertain does not know what it missed: others may have terminated
//! without it. It is not *operational*: it takes no part in terminations and decides nothing, but asks everybody until
//! somebody tells it. So does a coordinator that finds a transaction in its log without an outcome. Who has voted no,
//! or not at all, knows that the outcome is to abort. After a *total failure* nobody is operational. The last one that
//! fell may have committed before that. No log says which one it was, so they wait until all have come back. If each of
//! them says that it was down and knows no outcome, then nobody has committed, and they abort.
//!
//! **Why nobody blocks**, if only nodes fall, some participant stays up, and a timeout is more than twice what a
//! message, the turn that it causes and what that forces take, together with what the node has to do before it: silence
//! for a timeout then means that a node is down. A participant waits three of them for a coordinator which itself waits
//! one at a time, so that it never takes one that lives for down; and an answer from everybody who is up is there
//! within one. What a node has to do before grows with the transactions that are under way at once, for each forces
//! something: a timeout that is enough for one transaction at a time (`three_phase/tight.json`) is not enough for many.
//!
//! **What it does not stand** is a cut. Two parts of a network that hear nothing of each other both terminate; if all
//! in one of them are uncertain it aborts, and if one in the other is pre-committed that one commits. The scenario
//! `three_phase/partition.json` shows it. So do nodes that stand still, and messages that are late or lost: with them
//! agreement is not promised (section 7.5; it takes a quorum, or Paxos).
//!
//! **Cost**, for `n` participants and beside the work: `5n` messages and `2n + 2` forced writes for a commit.
//!
//! Left out: logging who was up, which would let some of the nodes end a total failure; and participants with a vote in
//! several terminations at once, for each transaction is terminated by itself.

mod bugs;
mod coordinator;
mod participant;
mod termination;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::check::Nodes;
use crate::ids::{NodeSet, OpId};
use crate::process::{Dice, Glance, Io, NodeId, Process, Voters};
use crate::protocol::commit::{
    Bank, BankLoad, CommitConfig, CommitParams, Desk, Fact, Log, Message, Op, Record, Reply, Site, Timer, Txn, bound,
    check, everyone, force, glance,
};
use crate::protocol::{Bug, Healed, ParamError, Planted, Protocol, Setup};
use crate::time::Span;
use termination::Lead;

/// A node: a coordinator or a participant, as its group says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ThreePhase {
    coordinates: bool,
    log: Log,
    desk: Desk,
    bank: Bank,
    /// Of what it has voted yes on: what it knows all have.
    precommitted: BTreeSet<Txn>,
    /// What it is not operational in; and who else has said so of themselves.
    recovering: BTreeMap<Txn, Voters>,
    /// The terminations that it leads.
    leading: BTreeMap<Txn, Lead>,
}

impl Process for ThreePhase {
    type Config = CommitConfig;
    type Msg = Message;
    type Timer = Timer;
    type Disk = Log;
    type Op = Op;
    type Reply = Reply;
    type Fact = Fact;

    fn boot(disk: &Log, io: &mut Io<'_, Self>) -> Self {
        let mut node = Self {
            coordinates: io.config().coordinators.contains(&io.me()),
            log: disk.clone(),
            desk: Desk::default(),
            bank: Bank::default(),
            precommitted: BTreeSet::new(),
            recovering: BTreeMap::new(),
            leading: BTreeMap::new(),
        };
        force(&mut node.log, Record::Booted, io);
        node.desk.decided = node.log.commits;
        node.recover_participant(io);
        node.recover_coordinator(io);
        node
    }

    fn on_request(&mut self, id: OpId, op: Op, io: &mut Io<'_, Self>) {
        self.desk.request(&self.log, id, op, io);
    }

    fn on_message(&mut self, from: NodeId, message: Message, io: &mut Io<'_, Self>) {
        match message {
            Message::Work(txn, changes) => self.bank.work(&self.log, txn, changes, io),
            Message::Done(txn, life) => self.on_done(txn, from, life, io),
            Message::Refused(txn, refusal) => self.desk.refused(&mut self.log, txn, refusal, io),
            Message::Read(id, account) => self.bank.read(&self.log, (from, id), account, io),
            Message::Balance(id, balance) => Desk::balance(id, balance, io),
            Message::Prepare(txn, life, participants) => self.on_prepare((txn, life), participants, io),
            Message::Vote(txn, yes) => self.on_vote(txn, from, yes, io),
            Message::PreCommit(txn) => self.on_precommit(txn, from, io),
            Message::PreCommitted(txn) => self.on_precommitted(txn, from, io),
            Message::Decision(txn, outcome) => self.on_decision(txn, outcome, io),
            Message::Query(txn) => self.on_query(txn, from, io),
            Message::Recovering(txn) => self.on_recovering(txn, from, io),
            Message::StateRequest(txn) => self.on_state_request(txn, from, io),
            Message::State(txn, precommitted) => self.on_state(txn, from, precommitted, io),
            // What the coordinator of two-phase commit is asked and told.
            Message::Inquire(_) | Message::Acked(_) => {}
        }
    }

    fn on_timer(&mut self, timer: Timer, io: &mut Io<'_, Self>) {
        match timer {
            Timer::Answers(txn) => self.give_up(txn, io),
            Timer::Prepare(txn) => self.bank.give_up(txn, io),
            Timer::Decision(txn) => self.suspect(txn, io),
            Timer::Collect(txn) => self.collected(txn, io),
            Timer::Again(txn) => self.ask_everybody(txn, io),
        }
    }

    fn glance(&self) -> Glance {
        glance(self.coordinates, &self.log, &self.desk)
    }
}

impl Site for ThreePhase {
    fn bank(&self) -> &Bank {
        &self.bank
    }

    fn log(&self) -> &Log {
        &self.log
    }

    fn desk(&self) -> &Desk {
        &self.desk
    }
}

impl Protocol for ThreePhase {
    type Node = Self;
    type Checks = check::OfThreePhase;
    type Load = BankLoad;
    type Params = CommitParams;

    const NAME: &'static str = "three_phase";
    const ABOUT: &'static str =
        "three-phase commit with a termination protocol (Skeen, 1981; Bernstein et al., 1987), moving money in a bank";
    const GROUPS: &'static [&'static str] = &["coordinator", "participant"];
    const BUGS: &'static [Bug] = bugs::BUGS;
    const ROLES: &'static [&'static str] = &["coordinator", "participant"];
    const FACTS: &'static [&'static str] =
        &["begun", "worked", "refused", "read", "timed_out", "voted", "recovered", "pre_committed", "leads", "decided"];
    const MESSAGES: &'static [&'static str] = &[
        "work",
        "done",
        "refused",
        "read",
        "balance",
        "prepare",
        "vote",
        "pre_commit",
        "pre_committed",
        "decision",
        "query",
        "recovering",
        "state_request",
        "state",
    ];
    const SOMETIMES: &'static [&'static str] = &["refused", "timed_out", "pre_committed", "leads", "decided"];
    const VITAL: &'static [&'static str] = &["decided"];
    const COMMAND: &'static str = "begun";

    fn config(setup: &Setup<'_, CommitParams>) -> Result<CommitConfig, ParamError> {
        CommitConfig::new(setup.params, true, setup.cast, Planted::named(&bugs::TABLE, setup.bug))
    }

    fn core(_: &CommitConfig, nodes: Nodes<'_, Self>, candidates: &NodeSet, _: &mut dyn Dice) -> Option<NodeSet> {
        everyone(nodes, candidates)
    }

    /// A termination under each participant, one after another, as in [`CommitConfig::patience`].
    fn bound(config: &CommitConfig, healed: &Healed) -> Span {
        bound(config, 4, healed) + config.patience()
    }
}
