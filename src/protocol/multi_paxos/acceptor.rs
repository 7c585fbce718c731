//! The acceptor's side: what it promises and accepts, and what it takes for decided (PMMC, section 2.2).

use super::bugs::Mistake;
use super::election::Role;
use super::log::{Commands, Slot};
use super::message::{Fact, Message, Promise};
use super::{MultiPaxos, Write};
use crate::process::{Io, NodeId};
use crate::protocol::paxos::Ballot;

impl MultiPaxos {
    pub(super) fn on_prepare(&mut self, from: NodeId, ballot: Ballot, first: Slot, io: &mut Io<'_, Self>) {
        if self.hears_a_leader(io) {
            return;
        }
        if ballot < self.promised {
            return io.send(from, Message::Rejected { ballot: self.promised });
        }
        if ballot > self.promised {
            self.yield_to(ballot, io);
            self.promise(ballot, io);
            self.await_leader(io);
        }
        let accepted = self.log.behind(first).into();
        io.send(from, Message::Promise(Promise { ballot, first, accepted, decided: self.decided }));
    }

    /// Whether it leads, or heard from a leader less than the shortest election timeout ago.
    fn hears_a_leader(&self, io: &Io<'_, Self>) -> bool {
        self.is_leader() || (self.leader.is_some() && io.now().since(self.heard) < io.config().min_timeout())
    }

    /// A higher ballot is met: its own, if there is one, comes to an end.
    fn yield_to(&mut self, ballot: Ballot, io: &mut Io<'_, Self>) {
        self.leader = None;
        if !matches!(self.role, Role::Follower) {
            io.fact(Fact::Preempted { by: ballot });
            self.resign(io);
        }
    }

    /// Hears from the leader of a ballot. Whether it follows; else the leader learns why it does not.
    fn follow(&mut self, leader: NodeId, ballot: Ballot, io: &mut Io<'_, Self>) -> bool {
        if ballot < self.promised {
            io.send(leader, Message::Rejected { ballot: self.promised });
            return false;
        }
        if ballot > self.promised {
            self.yield_to(ballot, io);
            self.promise(ballot, io);
        }
        self.leader = Some(leader);
        self.heard = io.now();
        self.await_leader(io);
        true
    }

    pub(super) fn on_accept(
        &mut self,
        from: NodeId,
        ballot: Ballot,
        first: Slot,
        commands: Commands,
        decided: Slot,
        io: &mut Io<'_, Self>,
    ) {
        let careless = io.config().planted.is(Mistake::BrokenPromise) && ballot < self.promised;
        if !careless && !self.follow(from, ballot, io) {
            return;
        }
        self.accept(ballot, first, commands, io);
        self.extend();
        self.know_decided(ballot, decided, io);
        io.send(from, Message::Accepted { ballot, upto: self.answer(io) });
    }

    /// Accepts what it has not accepted in this ballot before, and does not know to be decided.
    fn accept(&mut self, ballot: Ballot, first: Slot, commands: Commands, io: &mut Io<'_, Self>) {
        let last = first - 1 + commands.len() as u64;
        let open = first.max(self.decided + 1);
        if self.log.has_accepted(open..=last, ballot) {
            return;
        }
        self.log.accept(first, ballot, &commands, self.decided);
        let write = Write::Accept { ballot, first, commands, decided: self.decided };
        if io.config().planted.is(Mistake::AckBeforeSync) {
            let _ = io.write(write);
        } else {
            io.persist(write);
        }
        io.fact(Fact::Accepted { ballot, first: open, last });
    }

    /// Looks how far it has all slots in the ballot promised.
    pub(super) fn extend(&mut self) {
        self.upto = self.upto.max(self.decided);
        while self.log.has_accepted(self.upto + 1..=self.upto + 1, self.promised) {
            self.upto += 1;
        }
    }

    /// What it says that it has.
    fn answer(&self, io: &Io<'_, Self>) -> Slot {
        if io.config().planted.is(Mistake::AckOverGap) { self.log.last() } else { self.upto }
    }

    /// Slots up to `decided` are, and each that the leader proposed for holds what it did: of those that were accepted
    /// in its ballot the decision is known, up to the first that was not.
    fn know_decided(&mut self, ballot: Ballot, decided: Slot, io: &mut Io<'_, Self>) {
        let mut known = if ballot == self.promised { decided.min(self.upto) } else { self.decided };
        if io.config().planted.is(Mistake::AnyBallot) {
            let held = |slot: &Slot| self.log.get(*slot).is_some();
            known = (self.decided + 1..=decided).take_while(held).last().unwrap_or(self.decided);
        }
        self.decide_upto(known, io);
    }

    pub(super) fn on_heartbeat(&mut self, from: NodeId, ballot: Ballot, decided: Slot, io: &mut Io<'_, Self>) {
        if self.follow(from, ballot, io) {
            self.extend();
            self.know_decided(ballot, decided, io);
            io.send(from, Message::Heard { ballot, upto: self.answer(io) });
        }
    }

    pub(super) fn on_decided(
        &mut self,
        from: NodeId,
        ballot: Ballot,
        first: Slot,
        commands: Commands,
        io: &mut Io<'_, Self>,
    ) {
        if self.follow(from, ballot, io) {
            self.learn(first, &commands, io);
            self.extend();
            io.send(from, Message::Heard { ballot, upto: self.answer(io) });
        }
    }

    /// Learns decided commands, as far as they follow what it knows.
    pub(super) fn learn(&mut self, first: Slot, commands: &Commands, io: &mut Io<'_, Self>) {
        let last = first - 1 + commands.len() as u64;
        let next = self.decided + 1;
        if first > next || last < next {
            return;
        }
        let new: Commands = commands[(next - first) as usize..].into();
        self.log.learn(next, &new);
        io.persist(Write::Learn { first: next, commands: new });
        io.fact(Fact::CaughtUp { upto: last });
        self.decide_upto(last, io);
        self.extend();
    }

    /// It is back: reports what it has accepted and does not know to be decided, for it may have crashed before it
    /// could.
    pub(super) fn report_recovered(&self, decided: Slot, io: &mut Io<'_, Self>) {
        let mut first = decided + 1;
        for run in self.log.behind(first).chunk_by(|one, next| ballot_of(one.as_ref()) == ballot_of(next.as_ref())) {
            let next = first + run.len() as u64;
            if let Some(ballot) = ballot_of(run[0].as_ref()) {
                io.fact(Fact::Recovered { ballot, first, last: next - 1 });
            }
            first = next;
        }
    }
}

fn ballot_of(accepted: Option<&super::Accepted>) -> Option<Ballot> {
    accepted.map(|accepted| accepted.ballot)
}
