//! The participant's side, as long as its coordinator is there; and whoever comes back.

use super::ThreePhase;
use crate::process::{Io, NodeId, Voters};
use crate::protocol::commit::{Fact, Message, Mistake, Outcome, Timer, Txn, tell};

/// So many timeouts without a word, and a participant takes whoever leads for down. Its coordinator waits one for the
/// votes; what it sends then may take another half, as may the request to vote to the last of those who are asked.
const SILENCE: u64 = 3;

impl ThreePhase {
    /// What it has voted yes on may have been decided without it.
    pub(super) fn recover_participant(&mut self, io: &mut Io<'_, Self>) {
        for txn in self.bank.recover(&self.log, io) {
            if io.config().planted(Mistake::RecoveredTakesPart) {
                self.await_decision(txn, io);
            } else {
                self.recovering.insert(txn, Voters::NONE);
                self.ask_everybody(txn, io);
            }
        }
    }

    pub(super) fn on_prepare(&mut self, (txn, life): (Txn, u32), participants: Voters, io: &mut Io<'_, Self>) {
        if self.bank.vote(&mut self.log, (txn, life), participants, io) {
            self.await_decision(txn, io);
        }
    }

    pub(super) fn await_decision(&mut self, txn: Txn, io: &mut Io<'_, Self>) {
        io.arm(Timer::Decision(txn), io.config().params.timeout.times(SILENCE));
    }

    /// Whether it has voted yes, and was up ever since.
    pub(super) fn is_operational(&self, txn: Txn) -> bool {
        self.log.prepared.contains_key(&txn) && !self.recovering.contains_key(&txn)
    }

    pub(super) fn on_precommit(&mut self, txn: Txn, from: NodeId, io: &mut Io<'_, Self>) {
        if self.is_operational(txn) {
            self.precommit(txn, io);
            io.send(from, Message::PreCommitted(txn));
            if !self.leading.contains_key(&txn) {
                self.await_decision(txn, io);
            }
        } else if let Some(outcome) = self.log.outcome(txn) {
            io.send(from, Message::Decision(txn, outcome));
        }
    }

    pub(super) fn precommit(&mut self, txn: Txn, io: &mut Io<'_, Self>) {
        if self.precommitted.insert(txn) {
            io.fact(Fact::PreCommitted(txn));
        }
    }

    /// Somebody has decided. Who leads a termination tells the others.
    pub(super) fn on_decision(&mut self, txn: Txn, outcome: Outcome, io: &mut Io<'_, Self>) {
        if self.desk.tasks.contains_key(&txn) {
            return self.conclude(txn, outcome, io);
        }
        if self.leading.contains_key(&txn) {
            return self.announce(txn, outcome, io);
        }
        self.decide(txn, outcome, io);
    }

    pub(super) fn decide(&mut self, txn: Txn, outcome: Outcome, io: &mut Io<'_, Self>) {
        self.precommitted.remove(&txn);
        self.recovering.remove(&txn);
        if self.leading.remove(&txn).is_some() {
            io.disarm(Timer::Collect(txn));
        }
        io.disarm(Timer::Again(txn));
        self.bank.decide(&mut self.log, txn, outcome, io);
    }

    /// It was down, or its coordinator was: somebody may know.
    pub(super) fn ask_everybody(&mut self, txn: Txn, io: &mut Io<'_, Self>) {
        if self.recovering.contains_key(&txn) {
            for other in self.concerned(txn).iter().filter(|&node| node != io.me()).collect::<Vec<_>>() {
                io.send(other, Message::Query(txn));
            }
            io.arm(Timer::Again(txn), io.config().params.retry);
        }
    }

    /// All who take part in a transaction that it is uncertain about, its coordinator included.
    pub(super) fn concerned(&self, txn: Txn) -> Voters {
        let branch = self.log.prepared.get(&txn).map(|branch| branch.participants);
        let participants = branch.or_else(|| self.log.cases.get(&txn).map(|case| case.participants));
        let coordinator: Voters = [txn.coordinator].into_iter().collect();
        participants.unwrap_or_default().or(coordinator)
    }

    /// Somebody was down. Who is still at it has nothing to say yet.
    pub(super) fn on_query(&mut self, txn: Txn, from: NodeId, io: &mut Io<'_, Self>) {
        if self.recovering.contains_key(&txn) {
            return io.send(from, Message::Recovering(txn));
        }
        if self.log.prepared.contains_key(&txn) || self.desk.tasks.contains_key(&txn) {
            return;
        }
        let outcome = self.bank.outcome_or_abort(&self.log, txn, io);
        io.send(from, Message::Decision(txn, outcome));
    }

    /// Another one was down too. If all were, none has committed: that would be in its log.
    pub(super) fn on_recovering(&mut self, txn: Txn, from: NodeId, io: &mut Io<'_, Self>) {
        let me: Voters = [io.me()].into_iter().collect();
        let others = self.concerned(txn).without(me);
        let Some(heard) = self.recovering.get_mut(&txn) else { return };
        heard.insert(from);
        if others.without(*heard).is_empty() {
            if self.desk.tasks.contains_key(&txn) {
                return self.conclude(txn, Outcome::Abort, io);
            }
            self.decide(txn, Outcome::Abort, io);
            tell(txn, others, Outcome::Abort, io);
        }
    }
}
