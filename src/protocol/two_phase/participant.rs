//! The participant's side.

use super::TwoPhase;
use crate::process::{Io, NodeId, Voters};
use crate::protocol::commit::{Fact, Message, Mistake, Outcome, Record, Timer, Txn, force, note};

impl TwoPhase {
    /// It is uncertain about what it has voted yes on, and asks.
    pub(super) fn recover_participant(&mut self, io: &mut Io<'_, Self>) {
        if let Some((txn, &outcome)) = self.log.last.and_then(|txn| Some((txn, self.log.outcomes.get(&txn)?))) {
            // It may have crashed before it could report it.
            io.fact(Fact::Decided { txn, outcome });
        }
        if !io.config().planted(Mistake::LocksLost) {
            self.bank.lock_prepared(&self.log);
        }
        let uncertain: Vec<Txn> = self.log.prepared.keys().copied().collect();
        for txn in uncertain {
            io.fact(Fact::Voted { txn, yes: true });
            self.inquire(txn, io);
        }
    }

    pub(super) fn on_prepare(&mut self, (txn, life): (Txn, u32), participants: Voters, io: &mut Io<'_, Self>) {
        if self.log.prepared.contains_key(&txn) || self.log.outcomes.contains_key(&txn) {
            return;
        }
        let Some(branch) = self.bank.prepare(&self.log, (txn, life), participants, io) else {
            self.bank.drop(txn, io);
            io.fact(Fact::Voted { txn, yes: false });
            return io.send(txn.coordinator, Message::Vote(txn, false));
        };
        if io.config().planted(Mistake::YesBeforeForce) {
            io.send(txn.coordinator, Message::Vote(txn, true));
            force(&mut self.log, Record::Prepared(txn, branch), io);
            io.fact(Fact::Voted { txn, yes: true });
        } else {
            force(&mut self.log, Record::Prepared(txn, branch), io);
            io.fact(Fact::Voted { txn, yes: true });
            io.send(txn.coordinator, Message::Vote(txn, true));
        }
        io.arm(Timer::Decision(txn), io.config().params.timeout.times(2));
    }

    /// It has heard nothing for too long, and has not voted: it may abort.
    pub(super) fn drop_work(&mut self, txn: Txn, io: &mut Io<'_, Self>) {
        io.fact(Fact::TimedOut(txn));
        self.bank.drop(txn, io);
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
        let outcome = self.log.outcome(txn).unwrap_or_else(|| {
            self.bank.drop(txn, io);
            Outcome::Abort
        });
        io.send(from, Message::Decision(txn, outcome));
    }

    pub(super) fn on_decision(&mut self, txn: Txn, outcome: Outcome, io: &mut Io<'_, Self>) {
        if self.log.prepared.contains_key(&txn) {
            self.bank.unlock(txn);
            io.disarm(Timer::Decision(txn));
            match outcome {
                Outcome::Commit => force(&mut self.log, Record::Decided(txn, outcome), io),
                Outcome::Abort => note(&mut self.log, Record::Decided(txn, outcome), io),
            }
            io.fact(Fact::Decided { txn, outcome });
        } else if outcome == Outcome::Abort && !self.log.outcomes.contains_key(&txn) {
            self.bank.drop(txn, io);
        }
        if outcome == Outcome::Commit {
            io.send(txn.coordinator, Message::Acked(txn));
        }
    }
}
