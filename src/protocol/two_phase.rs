//! Two-phase commit with presumed abort (Bernstein, Hadzilacos and Goodman, "Concurrency Control and Recovery in
//! Database Systems", 1987, section 7.4; Mohan, Lindsay and Obermarck, "Transaction Management in the R* Distributed
//! Database Management System", 1986, for presumed abort). What goes before the vote is told in [`super::commit`].
//!
//! **Phase 1.** The coordinator asks the participants to prepare. One that can *forces* what is to be done to its log,
//! and votes yes; it is uncertain from then on, and keeps its locks. One that cannot votes no, forces nothing, and has
//! aborted.
//!
//! **Phase 2.** If all vote yes the coordinator *forces* the commit to its log: at that instant the transaction is
//! committed. Then it tells the participants, and the client. Each *forces* the commit, gives its locks back, and
//! acknowledges. When all have, the coordinator notes, unforced, that it is done, and forgets the transaction. If
//! anyone votes no, or says nothing for too long, the coordinator tells all to abort, and forgets at once.
//!
//! **Presumed abort.** So the coordinator's log knows of a transaction only while it is committed and somebody may
//! still ask. Asked about any other it says "abort": it has aborted, or has been forgotten in a crash before it could
//! be committed, and then never will be. Nothing has to be forced for an abort, nor acknowledged. What is still under
//! way in this life is not presumed anything: its coordinator will decide.
//!
//! **Why all decide alike.** A participant commits only because of the coordinator's record, or of another that did.
//! That record is there before anybody hears of it, and stays until nobody will ask. A participant that votes yes can
//! carry the commit out after any crash, and aborts only when told.
//!
//! **Blocking.** A participant that is uncertain cannot decide alone. If the coordinator is down after the vote it
//! waits, with its locks. It asks the coordinator again and again, also right after a restart; and, if it is
//! *cooperative*, the other participants, whose names came with the request to prepare. One that knows the outcome
//! tells. One that has not voted aborts, and tells that. Who is uncertain too has nothing to say: if all are that can
//! be reached, they wait (section 7.4, cooperative termination).
//!
//! How much is lost to that can be computed. A transaction blocks if the coordinator crashes after the request to
//! prepare has left it, and before the commit has. With a constant delay `d` and sync `s` that is
//! `U = d + s + d + s` (there, the participant's force, back, the coordinator's force). Where it is down for
//! exponential times with the mean `1/μ`, and crashes after exponential times with the rate `λ`, a transaction blocks
//! with probability `1 − exp(−λU)`, and for `(1 − exp(−λU))/μ` on the average. `tests/commitment.rs` measures
//! both. (They are exact but for the short time that a coordinator which has come back needs to tell what it presumes:
//! if it falls again in that, the wait goes on.)
//!
//! **Cost**, for `n` participants and beside the work: `4n` messages and `2n + 1` forced writes for a commit; `3n` and
//! at most `n` for an abort.
//!
//! Left out: hierarchies of coordinators, presumed commit, and a coordinator that is a participant too.

mod bugs;
mod coordinator;
mod participant;
#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::Nodes;
use crate::ids::{NodeSet, OpId};
use crate::process::{Dice, Glance, Io, NodeId, Process};
use crate::protocol::commit::{
    Bank, BankLoad, CommitConfig, CommitParams, Desk, Fact, Log, Message, Op, Record, Reply, Site, Stage, Task, Timer,
    bound, check, everyone, force, glance,
};
use crate::protocol::{Bug, Healed, ParamError, Planted, Protocol, Setup};
use crate::time::Span;

/// Settings, under `params` in a scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TwoPhaseParams {
    /// How long a node waits for an answer before it gives the others up. More than twice what a message, the turn
    /// that it causes and what that forces to disk take, together with what the node has to do before it.
    pub timeout: Span,
    /// How often a node asks or tells again.
    pub retry: Span,
    /// Whether participants that are uncertain ask each other too.
    pub cooperative: bool,
    /// What is in every account at first.
    pub opening: u32,
}

impl Default for TwoPhaseParams {
    fn default() -> Self {
        let CommitParams { timeout, retry, opening } = CommitParams::default();
        Self { timeout, retry, cooperative: true, opening }
    }
}

/// A node: a coordinator or a participant, as its group says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TwoPhase {
    coordinates: bool,
    log: Log,
    desk: Desk,
    bank: Bank,
}

impl Process for TwoPhase {
    type Config = CommitConfig;
    type Msg = Message;
    type Timer = Timer;
    type Disk = Log;
    type Op = Op;
    type Reply = Reply;
    type Fact = Fact;

    fn boot(disk: &Log, io: &mut Io<'_, Self>) -> Self {
        let coordinates = io.config().coordinators.contains(&io.me());
        let mut node = Self { coordinates, log: disk.clone(), desk: Desk::default(), bank: Bank::default() };
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
            Message::Decision(txn, outcome) => self.on_decision(txn, outcome, io),
            Message::Acked(txn) => self.on_acked(txn, from, io),
            Message::Inquire(txn) => self.on_inquire(txn, from, io),
            Message::Query(txn) => self.on_query(txn, from, io),
            // The third phase, and what comes with it.
            Message::PreCommit(_)
            | Message::PreCommitted(_)
            | Message::StateRequest(_)
            | Message::State(..)
            | Message::Recovering(_) => {}
        }
    }

    fn on_timer(&mut self, timer: Timer, io: &mut Io<'_, Self>) {
        match timer {
            Timer::Answers(txn) => self.give_up(txn, io),
            Timer::Prepare(txn) => self.bank.give_up(txn, io),
            Timer::Decision(txn) => self.ask(txn, io),
            Timer::Again(txn) => self.tell_again(txn, io),
            Timer::Collect(_) => {}
        }
    }

    fn glance(&self) -> Glance {
        glance(self.coordinates, &self.log, &self.desk)
    }
}

impl Site for TwoPhase {
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

impl Protocol for TwoPhase {
    type Node = Self;
    type Checks = check::OfTwoPhase;
    type Load = BankLoad;
    type Params = TwoPhaseParams;

    const NAME: &'static str = "two_phase";
    const ABOUT: &'static str =
        "two-phase commit with presumed abort (Bernstein et al., 1987; Mohan et al., 1986), moving money in a bank";
    const GROUPS: &'static [&'static str] = &["coordinator", "participant"];
    const BUGS: &'static [Bug] = bugs::BUGS;
    const ROLES: &'static [&'static str] = &["coordinator", "participant"];
    const FACTS: &'static [&'static str] =
        &["begun", "worked", "refused", "read", "timed_out", "voted", "recovered", "decided", "ended"];
    const MESSAGES: &'static [&'static str] =
        &["work", "done", "refused", "read", "balance", "prepare", "vote", "decision", "acked", "inquire", "query"];
    const SOMETIMES: &'static [&'static str] = &["refused", "timed_out", "decided", "ended"];
    const VITAL: &'static [&'static str] = &["decided"];
    const COMMAND: &'static str = "begun";

    fn config(setup: &Setup<'_, TwoPhaseParams>) -> Result<CommitConfig, ParamError> {
        let TwoPhaseParams { timeout, retry, cooperative, opening } = *setup.params;
        let params = CommitParams { timeout, retry, opening };
        CommitConfig::new(&params, cooperative, setup.cast, Planted::named(&bugs::TABLE, setup.bug))
    }

    fn core(_: &CommitConfig, nodes: Nodes<'_, Self>, candidates: &NodeSet, _: &mut dyn Dice) -> Option<NodeSet> {
        everyone(nodes, candidates)
    }

    /// A coordinator gives up after two timeouts, and a participant that has not voted after two.
    fn bound(config: &CommitConfig, healed: &Healed) -> Span {
        bound(config, 4, healed)
    }
}

/// A transaction that is committed, and not yet acknowledged by all.
fn committing(id: OpId, participants: crate::process::Voters) -> Task {
    Task::new(id, participants, Stage::Committing)
}
