//! The participant's side.

use super::TwoPhase;
use crate::process::{Io, NodeId, Voters};
use crate::protocol::commit::{Fact, Message, Mistake, Outcome, Timer, Txn};

impl TwoPhase {
    /// It is uncertain about what it has voted yes on, and asks.
    pub(super) fn recover_participant(&mut self, io: &mut Io<'_, Self>) {
        for txn in self.bank.recover(&self.log, io) {
            self.inquire(txn, io);
        }
    }

    pub(super) fn on_prepare(&mut self, (txn, life): (Txn, u32), participants: Voters, io: &mut Io<'_, Self>) {
        if self.bank.vote(&mut self.log, (txn, life), participants, io) {
            io.arm(Timer::Decision(txn), io.config().params.timeout.times(2));
        }
    }

    /// It has heard nothing for too long, and has voted yes: it may only ask.
    pub(super) fn ask(&mut self, txn: Txn, io: &mut Io<'_, Self>) {
        io.fact(Fact::TimedOut(txn));
        if io.config().planted(Mistake::AbortWhilePrepared) {
            return self.on_decision(txn, Outcome::Abort, io);
        }
        self.inquire(txn, io);
    }

    fn inquire(&mut self, txn: Txn, io: &mut Io<'_, Self>) {
        let Some(branch) = self.log.prepared.get(&txn) else { return };
        io.send(txn.coordinator, Message::Inquire(txn));
        if io.config().cooperative && !io.config().planted(Mistake::NoCooperation) {
            let me = io.me();
            for other in branch.participants.iter().filter(|&other| other != me) {
                io.send(other, Message::Query(txn));
            }
        }
        io.arm(Timer::Decision(txn), io.config().params.retry);
    }

    /// Another participant is uncertain.
    pub(super) fn on_query(&mut self, txn: Txn, from: NodeId, io: &mut Io<'_, Self>) {
        if self.log.prepared.contains_key(&txn) {
            return;
        }
        let outcome = self.bank.outcome_or_abort(&self.log, txn, io);
        io.send(from, Message::Decision(txn, outcome));
    }

    pub(super) fn on_decision(&mut self, txn: Txn, outcome: Outcome, io: &mut Io<'_, Self>) {
        self.bank.decide(&mut self.log, txn, outcome, io);
        if outcome == Outcome::Commit {
            io.send(txn.coordinator, Message::Acked(txn));
        }
    }
}
