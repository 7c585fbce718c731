//! The leader's side of phase 2: proposing, sending again what was lost, and knowing what is decided (Paxos Made
//! Simple, section 3; PMMC, section 2.2, commanders).

use super::bugs::Mistake;
use super::election::Role;
use super::log::{Command, Commands, Log, Slot};
use super::message::{Fact, Message, Timer};
use super::{MultiPaxos, Unsynced, Write};
use crate::ids::OpId;
use crate::process::{Io, NodeId, Shared, Ticket};
use crate::protocol::kv::{Admission, Op, Reply};
use crate::protocol::paxos::Ballot;
use crate::protocol::quorum;

/// Commands that were just taken from the log, for the next follower that needs the same.
#[derive(Default)]
pub(super) struct Cut {
    first: Slot,
    last: Slot,
    commands: Option<Commands>,
}

impl Cut {
    fn of(&mut self, log: &Log, first: Slot, last: Slot) -> Commands {
        match &self.commands {
            Some(commands) if (self.first, self.last) == (first, last) => Commands::clone(commands),
            _ => {
                let commands = log.commands(first, last);
                *self = Self { first, last, commands: Some(Commands::clone(&commands)) };
                commands
            }
        }
    }
}

impl MultiPaxos {
    /// A client asks the leader: its command is proposed, unless it is known to have taken effect, or to be on the way.
    pub(super) fn request(&mut self, id: OpId, op: Op, io: &mut Io<'_, Self>) {
        let Role::Leader(leadership) = &mut self.role else { return };
        match leadership.desk.admit(id, &self.machine) {
            Admission::New => {
                let command = Shared::from(Command::Client(id, op));
                let used = if io.config().planted.is(Mistake::SlotReuse) { self.decided } else { self.log.last() };
                let cut = self.propose(used + 1, Commands::from([command]), io);
                self.replicate(cut, io);
            }
            Admission::Answered(answer) => {
                io.fact(Fact::Deduplicated { applied: self.decided });
                io.reply(id, Reply::Answer(answer));
            }
            Admission::UnderWay | Admission::Late => {}
        }
    }

    /// Proposes commands in slots that it has not used in its ballot, and accepts them itself while others are told.
    pub(super) fn propose(&mut self, first: Slot, commands: Commands, io: &mut Io<'_, Self>) -> Cut {
        let last = first - 1 + commands.len() as u64;
        let (ballot, decided) = (self.promised, self.decided);
        self.log.accept(first, ballot, &commands, decided);
        io.fact(Fact::Proposed { ballot, first, commands: Commands::clone(&commands) });
        let ticket = io.write(Write::Accept { ballot, first, commands: Commands::clone(&commands), decided });
        self.unsynced.push_back(Unsynced { ticket, ballot, first, last });
        Cut { first, last, commands: Some(commands) }
    }

    /// What it accepted itself is on its disk: from now on it counts for it, if it still leads.
    pub(super) fn on_own_synced(&mut self, upto: Ticket, io: &mut Io<'_, Self>) {
        self.report_own(upto, io);
        self.advance(io);
    }

    pub(super) fn report_own(&mut self, upto: Ticket, io: &mut Io<'_, Self>) {
        while let Some(&done) = self.unsynced.front().filter(|unsynced| unsynced.ticket <= upto) {
            self.unsynced.pop_front();
            io.fact(Fact::Accepted { ballot: done.ballot, first: done.first, last: done.last });
            if let Role::Leader(leadership) = &mut self.role
                && done.ballot == self.promised
            {
                leadership.synced = done.last;
            }
        }
    }

    /// Sends every follower what it may be sent.
    fn replicate(&mut self, mut cut: Cut, io: &mut Io<'_, Self>) {
        let me = io.me();
        for to in io.config().acceptors.iter().filter(|&to| to != me) {
            self.replicate_to(to, &mut cut, io);
        }
    }

    /// Sends one follower what it may be sent; whether that was anything.
    fn replicate_to(&mut self, to: NodeId, cut: &mut Cut, io: &mut Io<'_, Self>) -> bool {
        let Role::Leader(leadership) = &mut self.role else { return false };
        let params = &io.config().params;
        let (ballot, decided, end, base) = (self.promised, self.decided, self.log.last(), leadership.base);
        let progress = &mut leadership.progress[to.index()];
        let mut has_sent = false;
        while let Some(first) = progress.next(params.max_inflight_accepts).filter(|&first| first <= end) {
            let last = if first < base {
                let last = (base - 1).min(first - 1 + u64::from(params.catch_up_batch));
                io.send(to, Message::Decided { ballot, first, commands: cut.of(&self.log, first, last) });
                last
            } else {
                let last = end.min(first - 1 + u64::from(params.max_slots_per_accept));
                io.send(to, Message::Accept { ballot, first, commands: cut.of(&self.log, first, last), decided });
                last
            };
            progress.sent(last);
            has_sent = true;
        }
        has_sent
    }

    /// Lets every follower hear from it: what may have been lost once more, else that it leads.
    pub(super) fn beat(&mut self, io: &mut Io<'_, Self>) {
        if !self.is_leader() {
            return;
        }
        io.arm(Timer::Heartbeat, io.config().params.heartbeat);
        let (me, mut cut) = (io.me(), Cut::default());
        let heartbeat = Message::Heartbeat { ballot: self.promised, decided: self.decided };
        for to in io.config().acceptors.iter().filter(|&to| to != me) {
            if let Role::Leader(leadership) = &mut self.role {
                leadership.progress[to.index()].beat(io.now(), io.config().params.heartbeat);
            }
            if !self.replicate_to(to, &mut cut, io) {
                io.send(to, heartbeat.clone());
            }
        }
    }

    /// A follower says up to where it has all slots.
    pub(super) fn on_answer(&mut self, from: NodeId, ballot: Ballot, upto: Slot, io: &mut Io<'_, Self>) {
        let Role::Leader(leadership) = &mut self.role else { return };
        let Some(progress) = leadership.progress.get_mut(from.index()) else { return };
        if ballot != self.promised {
            return;
        }
        progress.heard = io.now();
        let upto = upto.min(self.log.last());
        if progress.answered(upto, leadership.base) && upto > self.decided {
            self.advance(io);
        }
        self.replicate_to(from, &mut Cut::default(), io);
    }

    /// What a majority has on disk is decided.
    fn advance(&mut self, io: &mut Io<'_, Self>) {
        let Role::Leader(leadership) = &self.role else { return };
        let (me, synced) = (io.me(), leadership.synced);
        let has = |node: NodeId| if node == me { synced } else { leadership.progress[node.index()].matched() };
        let upto = quorum::reached(io.config().acceptors, has).unwrap_or(0);
        if upto > self.decided {
            io.fact(Fact::Chosen { ballot: self.promised, upto });
            self.decide_upto(upto, io);
        }
    }
}
