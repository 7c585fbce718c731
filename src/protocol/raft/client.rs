//! Clients' commands: in at the leader, through the log, into the state machine, and answered
//! (section 8; thesis 6.3).

use super::Raft;
use super::bugs::Mistake;
use super::election::Role;
use super::log::{Command, Index};
use super::message::Fact;
use crate::ids::OpId;
use crate::process::Io;
use crate::protocol::kv::{Admission, Answer, Op, Reply};

impl Raft {
    /// It does not lead: it names the leader, if it knows one.
    pub(super) fn send_away(&self, id: OpId, io: &mut Io<'_, Self>) {
        match self.leader {
            Some(to) => {
                io.fact(Fact::Redirected { to });
                io.reply(id, Reply::Redirect(to));
            }
            None => io.reply(id, Reply::Busy),
        }
    }

    /// Appends a command, unless it is known to have taken effect, or to be on the way there.
    pub(super) fn propose(&mut self, id: OpId, op: Op, io: &mut Io<'_, Self>) {
        let Role::Leader(leadership) = &mut self.role else { return };
        match leadership.desk.admit(id, &self.machine) {
            Admission::New => {
                let cut = self.append_own(Command::Client(id, op), io);
                self.replicate(cut, io);
            }
            Admission::Answered(answer) => {
                io.fact(Fact::Deduplicated { applied: self.applied });
                io.reply(id, Reply::Answer(answer));
            }
            Admission::UnderWay | Admission::Late => {}
        }
    }

    /// Knows entries up to here to be committed, and applies them.
    pub(super) fn commit_upto(&mut self, index: Index, io: &mut Io<'_, Self>) {
        self.commit = self.commit.max(index);
        while self.applied < self.commit {
            self.apply_next(io);
            self.save_when_due(io);
        }
    }

    /// Applies the next entry, and answers its client if it was this leader that took the command.
    fn apply_next(&mut self, io: &mut Io<'_, Self>) {
        let mine = self.is_leader();
        self.applied += 1;
        let Some(entry) = self.log.entry(self.applied) else { return };
        let (id, answer) = match &*entry.command {
            Command::Client(id, op) if io.config().planted.is(Mistake::NoDedup) => {
                (id, Some(self.machine.take_effect(*id, op)))
            }
            Command::Client(id, op) => (id, self.machine.apply(*id, op)),
            Command::Members { by, to } => {
                by.iter().for_each(|id| self.machine.note(*id));
                if mine && !to.is_joint() {
                    io.fact(Fact::ChangeDone { at: self.applied });
                }
                match by {
                    Some(id) if !to.is_joint() => (id, Some(Answer::Done)),
                    _ => return,
                }
            }
            Command::Noop => return,
        };
        if let Some(answer) = answer.filter(|_| mine && entry.term == self.term) {
            io.reply(*id, Reply::Answer(answer));
        }
    }
}
