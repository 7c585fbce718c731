//! Reads without the log (thesis section 6.4).
//!
//! # ReadIndex
//!
//! A leader may have been deposed without knowing it: what it would read may be old. So a read waits
//! 1. until an entry of the leader's own term is committed: only then is all that was committed before among what
//!    it has applied (5.4.2 allows it to lag behind until then);
//! 2. until a majority has answered a message that left after the read came in: these had met no later term when
//!    they answered, so no later leader had committed anything when the read came in.
//!
//! For the second, messages carry the number of a *round*, and answers repeat it. A read belongs to the first
//! round that starts after it came in. One round is under way at a time, and reads that come in meanwhile share the
//! next; a heartbeat starts it too, should messages have been lost.
//!
//! The leader applies what it commits in the same turn, so that what it has applied when a read is confirmed is
//! never less than what was committed when it came in.
//!
//! # Lease
//!
//! If reads are served by lease (thesis 6.4.1), every heartbeat starts a round, and a majority that answered one gives
//! the leader a lease: for a while from when the round was *sent*, no later leader can be elected, and reads need
//! wait for nobody. Without a valid lease they wait for a round as above, which renews it. It takes
//! 1. an entry of the leader's own term that is committed, and all that is committed applied: as above;
//! 2. nodes that keep their promise to vote for nobody within the shortest election timeout after they heard from a
//!    leader (check-quorum), also after a restart, and though they may have met other terms since;
//! 3. clocks that drift no more than stated: the arithmetic is in `lease`. Where one drifts more, reads may be stale,
//!    and nothing else breaks;
//! 4. a leader that gives up its lease, for the rest of its term, before it asks another node to take over: that
//!    one's request for votes overrides the promise.
//!
//! The lease is looked at in the turn that reads the state. The answer may leave later, when the lease is over: the
//! read took place when it was looked at, between question and answer, which is all that was promised.

use std::collections::VecDeque;

use super::Raft;
use super::bugs::Mistake;
use super::election::Role;
use super::lease::Lease;
use super::log::Command;
use super::message::Fact;
use crate::ids::OpId;
use crate::process::{Io, NodeId};
use crate::protocol::kv::{Answer, Op, Reply};

/// The reads that wait.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Reads {
    round: u64,
    waiting: VecDeque<Read>,
    pub(super) lease: Lease,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Read {
    id: OpId,
    op: Op,
    round: u64,
}

impl Reads {
    /// The last round that was started.
    pub(super) fn round(&self) -> u64 {
        self.round
    }

    /// A read came in: it belongs to the next round.
    fn add(&mut self, id: OpId, op: Op) {
        self.waiting.push_back(Read { id, op, round: self.round + 1 });
    }

    /// Whether there are reads, and none belongs to the round that is under way.
    fn want_a_round(&self) -> bool {
        self.waiting.front().is_some_and(|read| read.round > self.round)
    }

    /// Whether the first of them belongs to a round up to this one.
    fn are_confirmed(&self, round: u64) -> bool {
        self.waiting.front().is_some_and(|read| read.round <= round)
    }

    fn pop_confirmed(&mut self, round: u64) -> Option<Read> {
        if self.are_confirmed(round) { self.waiting.pop_front() } else { None }
    }

    /// The leader is deposed: they cannot be confirmed any more, and had no effect.
    pub(super) fn send_away(self, io: &mut Io<'_, Raft>) {
        for read in self.waiting {
            io.reply(read.id, Reply::Busy);
        }
    }
}

impl Raft {
    pub(super) fn read(&mut self, id: OpId, op: Op, io: &mut Io<'_, Self>) {
        let Role::Leader(leadership) = &mut self.role else { return };
        leadership.reads.add(id, op);
        if self.log.last().term != self.term {
            // Without a no-op at the start of the term, nothing might ever be committed in it.
            let cut = self.append_own(Command::Noop, io);
            self.replicate(cut, io);
        }
        self.serve_reads(io);
    }

    /// Answers the reads whose round is confirmed, and starts the next one if there are more.
    pub(super) fn serve_reads(&mut self, io: &mut Io<'_, Self>) {
        while self.may_read() {
            if self.holds_lease(io) {
                return self.answer_within_lease(io);
            }
            self.answer_confirmed(io);
            match &self.role {
                Role::Leader(leadership) if leadership.reads.want_a_round() => {
                    self.open_round(io);
                    self.ask_round(io);
                }
                _ => return,
            }
        }
    }

    /// Whether there are reads, and all that was committed before this term is known to be.
    fn may_read(&self) -> bool {
        let Role::Leader(leadership) = &self.role else { return false };
        !leadership.reads.waiting.is_empty() && self.log.term_at(self.commit) == Some(self.term)
    }

    /// The last round that a majority answered.
    pub(super) fn answered_round(&self) -> u64 {
        let Role::Leader(leadership) = &self.role else { return 0 };
        let round = |node: NodeId| leadership.progress[node.index()].round;
        self.members.now().reached(round).unwrap_or(0)
    }

    fn answer_confirmed(&mut self, io: &mut Io<'_, Self>) {
        let answered = self.answered_round();
        let Role::Leader(leadership) = &self.role else { return };
        let confirmed = if io.config().planted.is(Mistake::LocalRead) { leadership.reads.round + 1 } else { answered };
        if leadership.reads.are_confirmed(confirmed) {
            io.fact(Fact::ReadConfirmed { round: confirmed });
            self.answer_upto(confirmed, io);
        }
    }

    fn answer_within_lease(&mut self, io: &mut Io<'_, Self>) {
        io.fact(Fact::LeaseRead { round: self.answered_round() });
        self.answer_upto(u64::MAX, io);
    }

    /// Answers the reads that belong to rounds up to this one.
    fn answer_upto(&mut self, round: u64, io: &mut Io<'_, Self>) {
        let Role::Leader(leadership) = &mut self.role else { return };
        while let Some(read) = leadership.reads.pop_confirmed(round) {
            io.fact(Fact::ReadServed { id: read.id, applied: self.applied });
            io.reply(read.id, Reply::Answer(Answer::Value(self.machine.get(read.op.key()))));
        }
    }

    /// With every heartbeat, all waiting reads get a round that is under way, and a lease is renewed.
    pub(super) fn open_round_on_heartbeat(&mut self, io: &Io<'_, Self>) {
        let Role::Leader(leadership) = &self.role else { return };
        if !leadership.reads.waiting.is_empty() || io.config().lease.is_some() {
            self.open_round(io);
        }
    }

    pub(super) fn open_round(&mut self, io: &Io<'_, Self>) {
        let Role::Leader(leadership) = &mut self.role else { return };
        leadership.reads.round += 1;
        leadership.progress[io.me().index()].round = leadership.reads.round;
        if let Some(lasts) = io.config().lease {
            leadership.reads.lease.begin(leadership.reads.round, io.now(), lasts);
        }
    }
}
