//! What participants do without their coordinator.

use std::collections::BTreeMap;

use super::ThreePhase;
use crate::process::{Io, NodeId, Voters};
use crate::protocol::commit::{Fact, Message, Mistake, Outcome, Timer, Txn};

/// A termination, for whoever leads it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Lead {
    /// It asks how far everybody is: who has answered, and whether they are pre-committed.
    Collecting(BTreeMap<NodeId, bool>),
    /// It has told those who were uncertain that all voted yes: these have not answered yet.
    Pushing(Voters),
}

impl ThreePhase {
    /// Nothing was heard of whoever leads.
    pub(super) fn suspect(&mut self, txn: Txn, io: &mut Io<'_, Self>) {
        if !self.is_operational(txn) {
            return;
        }
        io.fact(Fact::TimedOut(txn));
        if io.config().planted(Mistake::DecideAlone) {
            let known = self.precommitted.contains(&txn);
            return self.decide(txn, if known { Outcome::Commit } else { Outcome::Abort }, io);
        }
        self.lead(txn, io);
    }

    fn lead(&mut self, txn: Txn, io: &mut Io<'_, Self>) {
        io.fact(Fact::Leads(txn));
        self.leading.insert(txn, Lead::Collecting(BTreeMap::new()));
        for other in self.others(txn, io.me()) {
            io.send(other, Message::StateRequest(txn));
        }
        io.disarm(Timer::Decision(txn));
        io.arm(Timer::Collect(txn), io.config().params.timeout);
    }

    fn others(&self, txn: Txn, me: NodeId) -> Vec<NodeId> {
        let participants = self.log.prepared.get(&txn).map_or(Voters::NONE, |branch| branch.participants);
        participants.iter().filter(|&node| node != me).collect()
    }

    /// Somebody else leads, and it waits for that one.
    fn stand_back(&mut self, txn: Txn, io: &mut Io<'_, Self>) {
        if self.leading.remove(&txn).is_some() {
            io.disarm(Timer::Collect(txn));
        }
        self.await_decision(txn, io);
    }

    pub(super) fn on_state_request(&mut self, txn: Txn, from: NodeId, io: &mut Io<'_, Self>) {
        if self.is_operational(txn) {
            io.send(from, Message::State(txn, self.precommitted.contains(&txn)));
            if from < io.me() {
                self.stand_back(txn, io);
            } else if !self.leading.contains_key(&txn) {
                self.lead(txn, io);
            }
        } else if !self.recovering.contains_key(&txn) {
            let outcome = self.bank.outcome_or_abort(&self.log, txn, io);
            io.send(from, Message::Decision(txn, outcome));
        }
    }

    pub(super) fn on_state(&mut self, txn: Txn, from: NodeId, precommitted: bool, io: &mut Io<'_, Self>) {
        let Some(Lead::Collecting(heard)) = self.leading.get_mut(&txn) else { return };
        if from < io.me() {
            return self.stand_back(txn, io);
        }
        heard.insert(from, precommitted);
    }

    /// Who has not answered by now is down.
    pub(super) fn collected(&mut self, txn: Txn, io: &mut Io<'_, Self>) {
        let Some(lead) = self.leading.get(&txn) else { return };
        let Lead::Collecting(heard) = lead else { return self.announce(txn, Outcome::Commit, io) };
        if !self.precommitted.contains(&txn) && heard.values().all(|&precommitted| !precommitted) {
            return self.announce(txn, Outcome::Abort, io);
        }
        let uncertain: Voters = heard.iter().filter(|&(_, &known)| !known).map(|(&node, _)| node).collect();
        self.precommit(txn, io);
        for node in uncertain.iter() {
            io.send(node, Message::PreCommit(txn));
        }
        self.leading.insert(txn, Lead::Pushing(uncertain));
        if uncertain.is_empty() {
            self.announce(txn, Outcome::Commit, io);
        } else {
            io.arm(Timer::Collect(txn), io.config().params.timeout);
        }
    }

    pub(super) fn on_pushed(&mut self, txn: Txn, from: NodeId, io: &mut Io<'_, Self>) {
        let Some(Lead::Pushing(silent)) = self.leading.get_mut(&txn) else { return };
        if silent.remove(from) && silent.is_empty() {
            self.announce(txn, Outcome::Commit, io);
        }
    }

    /// Decides for all, and tells them.
    pub(super) fn announce(&mut self, txn: Txn, outcome: Outcome, io: &mut Io<'_, Self>) {
        let others = self.others(txn, io.me());
        self.decide(txn, outcome, io);
        for other in others.into_iter().chain([txn.coordinator]) {
            io.send(other, Message::Decision(txn, outcome));
        }
    }
}
