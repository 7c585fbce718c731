//! The coordinator's side.

use super::ThreePhase;
use crate::process::{Io, NodeId, Voters};
use crate::protocol::commit::{
    Case, Fact, Message, Mistake, Outcome, Record, Reply, Stage, Task, Timer, Txn, force, tell,
};

impl ThreePhase {
    /// A transaction that the log knows, and no outcome of: others may have terminated it.
    pub(super) fn recover_coordinator(&mut self, io: &mut Io<'_, Self>) {
        for (&txn, case) in &self.log.cases {
            self.desk.resume(txn, Task::new(case.id, case.participants, Stage::Recovering));
            self.recovering.insert(txn, Voters::NONE);
        }
        let open: Vec<Txn> = self.log.cases.keys().copied().collect();
        open.into_iter().for_each(|txn| self.ask_everybody(txn, io));
    }

    pub(super) fn on_done(&mut self, txn: Txn, from: NodeId, life: u32, io: &mut Io<'_, Self>) {
        if let Some(task) = self.desk.done(txn, from, life) {
            let case = Case { id: task.id, participants: task.participants, outcome: None };
            force(&mut self.log, Record::Noted(txn, case), io);
            task.open_vote(txn, io);
        }
    }

    pub(super) fn on_vote(&mut self, txn: Txn, from: NodeId, yes: bool, io: &mut Io<'_, Self>) {
        let Some(task) = self.desk.task(txn, Stage::Voting) else { return };
        if !yes {
            self.desk.abort(&mut self.log, txn, Reply::Busy, io);
        } else if task.hear(from) {
            task.enter(Stage::PreCommitting);
            for node in task.participants.iter() {
                io.send(node, Message::PreCommit(txn));
            }
            io.arm(Timer::Answers(txn), io.config().params.timeout);
        }
    }

    /// A participant has heard that all voted yes, and tells its coordinator, or whoever leads the termination.
    pub(super) fn on_precommitted(&mut self, txn: Txn, from: NodeId, io: &mut Io<'_, Self>) {
        if let Some(task) = self.desk.task(txn, Stage::PreCommitting) {
            if task.hear(from) || io.config().planted(Mistake::CommitBeforeAcks) {
                self.conclude(txn, Outcome::Commit, io);
            }
        } else {
            self.on_pushed(txn, from, io);
        }
    }

    /// Who has not answered is down. Before all have voted it may abort; after that who is up is told, and it may
    /// commit.
    pub(super) fn give_up(&mut self, txn: Txn, io: &mut Io<'_, Self>) {
        io.fact(Fact::TimedOut(txn));
        if self.desk.task(txn, Stage::PreCommitting).is_some() {
            self.conclude(txn, Outcome::Commit, io);
        } else {
            self.desk.abort(&mut self.log, txn, Reply::Busy, io);
        }
    }

    /// Decides, or learns what others have decided.
    pub(super) fn conclude(&mut self, txn: Txn, outcome: Outcome, io: &mut Io<'_, Self>) {
        self.recovering.remove(&txn);
        io.disarm(Timer::Again(txn));
        if outcome == Outcome::Abort {
            return self.desk.abort(&mut self.log, txn, Reply::Busy, io);
        }
        let Some(task) = self.desk.tasks.remove(&txn) else { return };
        io.disarm(Timer::Answers(txn));
        self.desk.decided += 1;
        force(&mut self.log, Record::Decided(txn, outcome), io);
        io.fact(Fact::Decided { txn, outcome });
        tell(txn, task.participants, outcome, io);
        io.reply(task.id, Reply::Done);
    }
}
