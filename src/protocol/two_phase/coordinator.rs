//! The coordinator's side.

use super::{TwoPhase, committing};
use crate::process::{Io, NodeId, Voters};
use crate::protocol::commit::{
    Case, Fact, Message, Mistake, Outcome, Record, Reply, Stage, Timer, Txn, force, note, tell,
};

impl TwoPhase {
    /// What the log knows of is committed, and perhaps not everybody knows.
    pub(super) fn recover_coordinator(&mut self, io: &mut Io<'_, Self>) {
        for (&txn, case) in &self.log.cases {
            self.desk.resume(txn, committing(case.id, case.participants));
            io.fact(Fact::Decided { txn, outcome: Outcome::Commit });
        }
        let unended: Vec<Txn> = self.log.cases.keys().copied().collect();
        unended.into_iter().for_each(|txn| self.tell_again(txn, io));
    }

    pub(super) fn on_done(&mut self, txn: Txn, from: NodeId, life: u32, io: &mut Io<'_, Self>) {
        if let Some(task) = self.desk.done(txn, from, life) {
            task.open_vote(txn, io);
        }
    }

    pub(super) fn on_vote(&mut self, txn: Txn, from: NodeId, yes: bool, io: &mut Io<'_, Self>) {
        let Some(task) = self.desk.task(txn, Stage::Voting) else { return };
        if !yes {
            self.desk.abort(&mut self.log, txn, Reply::Busy, io);
        } else if task.hear(from) {
            self.commit(txn, io);
        }
    }

    fn commit(&mut self, txn: Txn, io: &mut Io<'_, Self>) {
        let Some(task) = self.desk.task(txn, Stage::Voting) else { return };
        task.enter(Stage::Committing);
        let (id, participants) = (task.id, task.participants);
        io.disarm(Timer::Answers(txn));
        self.desk.decided += 1;
        let record = Record::Noted(txn, Case { id, participants, outcome: Some(Outcome::Commit) });
        if io.config().planted(Mistake::UnloggedCommit) {
            tell(txn, participants, Outcome::Commit, io);
            force(&mut self.log, record, io);
        } else {
            force(&mut self.log, record, io);
            tell(txn, participants, Outcome::Commit, io);
        }
        io.fact(Fact::Decided { txn, outcome: Outcome::Commit });
        io.reply(id, Reply::Done);
        io.arm(Timer::Again(txn), io.config().params.retry);
    }

    /// Nobody has answered for too long: as nothing is decided, it may abort.
    pub(super) fn give_up(&mut self, txn: Txn, io: &mut Io<'_, Self>) {
        io.fact(Fact::TimedOut(txn));
        self.desk.abort(&mut self.log, txn, Reply::Busy, io);
    }

    /// Tells those who have not acknowledged a commit.
    pub(super) fn tell_again(&mut self, txn: Txn, io: &mut Io<'_, Self>) {
        if let Some(task) = self.desk.task(txn, Stage::Committing) {
            tell(txn, task.participants.without(task.heard), Outcome::Commit, io);
            io.arm(Timer::Again(txn), io.config().params.retry);
        }
    }

    pub(super) fn on_acked(&mut self, txn: Txn, from: NodeId, io: &mut Io<'_, Self>) {
        let Some(task) = self.desk.task(txn, Stage::Committing) else { return };
        if task.hear(from) || io.config().planted(Mistake::ForgetEarly) {
            self.desk.tasks.remove(&txn);
            note(&mut self.log, Record::Ended(txn), io);
            io.fact(Fact::Ended(txn));
            io.disarm(Timer::Again(txn));
        }
    }

    /// Of what it does not know it presumes that it was aborted.
    pub(super) fn on_inquire(&mut self, txn: Txn, from: NodeId, io: &mut Io<'_, Self>) {
        let hasty = io.config().planted(Mistake::HastyPresumption);
        match self.desk.tasks.get(&txn) {
            Some(task) if task.stage == Stage::Committing => tell(txn, only(from), Outcome::Commit, io),
            Some(_) if !hasty => {}
            _ => io.send(from, Message::Decision(txn, Outcome::Abort)),
        }
    }
}

fn only(node: NodeId) -> Voters {
    [node].into_iter().collect()
}
