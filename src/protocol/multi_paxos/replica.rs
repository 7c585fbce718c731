//! The replica's side: applying what is decided, in order, and answering clients (PMMC, section 2.1).

use super::MultiPaxos;
use super::log::{Command, Slot};
use super::message::Fact;
use crate::ids::OpId;
use crate::process::Io;
use crate::protocol::kv::Reply;

impl MultiPaxos {
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

    /// Knows slots up to here to be decided, and applies them. A leader answers their clients, for what it
    /// proposed in its ballot.
    pub(super) fn decide_upto(&mut self, upto: Slot, io: &mut Io<'_, Self>) {
        let leads = self.is_leader();
        while self.decided < upto {
            self.decided += 1;
            let Some(accepted) = self.log.get(self.decided) else { continue };
            let Command::Client(id, op) = &*accepted.command else { continue };
            let answer = self.machine.apply(*id, op);
            if let Some(answer) = answer.filter(|_| leads && accepted.ballot == self.promised) {
                io.reply(*id, Reply::Answer(answer));
            }
        }
    }
}
