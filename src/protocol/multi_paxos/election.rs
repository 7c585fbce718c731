//! Who leads: phase 1, for all open slots at once (Paxos Made Simple, section 3; PMMC, section 2.2, scouts).

use super::bugs::Mistake;
use super::log::{Accepted, Command, Commands, Slot};
use super::message::{Fact, Message, Promise, Timer};
use super::progress::Progress;
use super::{MultiPaxos, Write};
use crate::process::{Io, NodeId, Shared, Ticket, Voters};
use crate::protocol::kv::Desk;
use crate::protocol::paxos::Ballot;
use crate::protocol::quorum;

/// What a node is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Role {
    /// It waits for a leader, or follows one.
    Follower,
    /// It asks for promises.
    Candidate(Box<Candidacy>),
    /// It proposes.
    Leader(Box<Leadership>),
}

/// What a candidate keeps.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Candidacy {
    /// The first slot that it asked for.
    first: Slot,
    /// Who promised, and up to where each knew slots to be decided.
    promises: Voters,
    decided: Vec<(NodeId, Slot)>,
    /// For each slot from there on, what was accepted in the highest ballot among them.
    bound: Vec<Option<Accepted>>,
}

/// What a leader keeps.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Leadership {
    /// The first slot that it proposed for. What stands before was decided.
    pub(super) base: Slot,
    /// By node number.
    pub(super) progress: Vec<Progress>,
    /// Up to here it has its own proposals on its disk.
    pub(super) synced: Slot,
    /// The commands that it proposed.
    pub(super) desk: Desk,
}

impl Role {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Follower => "follower",
            Self::Candidate(_) => "candidate",
            Self::Leader(_) => "leader",
        }
    }
}

impl Candidacy {
    /// Takes a promise in: of each slot, what has the higher ballot.
    fn take(&mut self, from: NodeId, accepted: &[Option<Accepted>], decided: Slot, planted: bool) {
        if !self.promises.insert(from) {
            return;
        }
        self.decided.push((from, decided));
        if self.bound.len() < accepted.len() {
            self.bound.resize(accepted.len(), None);
        }
        for (bound, accepted) in self.bound.iter_mut().zip(accepted) {
            let Some(accepted) = accepted else { continue };
            if bound.as_ref().is_none_or(|bound| bound.ballot < accepted.ballot && !planted) {
                *bound = Some(accepted.clone());
            }
        }
    }
}

impl MultiPaxos {
    /// Starts the wait for a leader anew.
    pub(super) fn await_leader(&self, io: &mut Io<'_, Self>) {
        let [low, high] = io.config().params.election_timeout;
        io.arm_within(Timer::Election, low, high);
    }

    pub(super) fn on_election_timeout(&mut self, io: &mut Io<'_, Self>) {
        if !self.is_leader() && io.config().acceptors.contains(io.me()) {
            self.leader = None;
            self.prepare(io);
        }
    }

    /// Begins a ballot. Its own promise is on disk before anyone hears of it.
    fn prepare(&mut self, io: &mut Io<'_, Self>) {
        let ballot = Ballot { round: self.highest.round + 1, proposer: io.me() };
        let first = self.decided + 1;
        self.promise(ballot, io);
        io.fact(Fact::Prepared { ballot });
        let mut candidacy = Candidacy { first, promises: Voters::NONE, decided: Vec::new(), bound: Vec::new() };
        candidacy.take(io.me(), self.log.behind(first), self.decided, false);
        self.role = Role::Candidate(Box::new(candidacy));
        self.await_leader(io);
        self.to_others(&Message::Prepare { ballot, first }, io);
        self.lead_if_promised(io);
    }

    /// Promises to take part in no lower ballot, on disk first, along with what is known to be decided: to this
    /// ballot's leader the node will say that it has that.
    pub(super) fn promise(&mut self, ballot: Ballot, io: &mut Io<'_, Self>) {
        self.highest = self.highest.max(ballot);
        self.promised = ballot;
        self.upto = self.decided;
        io.persist(Write::Promise { ballot, decided: self.decided });
        // What it wrote before as a leader stands before that in the file.
        self.report_own(Ticket(u64::MAX), io);
        io.fact(Fact::Promised { ballot });
    }

    pub(super) fn on_promise(&mut self, from: NodeId, promise: &Promise, io: &mut Io<'_, Self>) {
        let Role::Candidate(candidacy) = &mut self.role else { return };
        if promise.ballot != self.promised || promise.first != candidacy.first {
            return;
        }
        let planted = io.config().planted.is(Mistake::FirstAccepted);
        candidacy.take(from, &promise.accepted, promise.decided, planted);
        let known = promise.decided.saturating_sub(promise.first - 1) as usize;
        let decided = promise.accepted.iter().take(known).map_while(Option::as_ref);
        self.learn(promise.first, &decided.map(|accepted| accepted.command.clone()).collect(), io);
        self.lead_if_promised(io);
    }

    fn lead_if_promised(&mut self, io: &mut Io<'_, Self>) {
        if let Role::Candidate(candidacy) = &mut self.role
            && io.config().acceptors.has_majority(candidacy.promises)
            && let Role::Candidate(candidacy) = std::mem::replace(&mut self.role, Role::Follower)
        {
            self.lead(&candidacy, io);
        }
    }

    /// Leads: proposes anew what it is bound to, and nothing for the slots between.
    fn lead(&mut self, candidacy: &Candidacy, io: &mut Io<'_, Self>) {
        let base = self.decided + 1;
        let places = io.config().acceptors.iter().last().map_or(0, |node| node.index() + 1);
        let known = |node: NodeId| candidacy.decided.iter().find(|(of, _)| *of == node).map(|&(_, decided)| decided);
        let progress = |place| Progress::new(known(NodeId(place as u32)), base, io.now());
        let progress = (0..places).map(progress).collect();
        let leadership = Leadership { base, progress, synced: self.decided, desk: Desk::default() };
        self.role = Role::Leader(Box::new(leadership));
        self.leader = Some(io.me());
        io.fact(Fact::Elected { ballot: self.promised });
        io.disarm(Timer::Election);
        io.arm(Timer::Quorum, io.config().min_timeout());
        let open = candidacy.bound.get((base - candidacy.first) as usize..).unwrap_or(&[]);
        self.propose_anew(base, open, io);
        self.beat(io);
    }

    /// Proposes for the slots from `base` on that others may have had decided.
    fn propose_anew(&mut self, base: Slot, open: &[Option<Accepted>], io: &mut Io<'_, Self>) {
        let Some(last) = open.iter().rposition(Option::is_some) else { return };
        let open = &open[..=last];
        io.fact(Fact::Bound { first: base, last: base + last as u64 });
        let gaps = open.iter().filter(|slot| slot.is_none()).count() as u64;
        if gaps > 0 {
            io.fact(Fact::GapFilled { slots: gaps });
        }
        let planted = io.config().planted;
        let noop = Shared::from(Command::Noop);
        let command = |slot: &Option<Accepted>| match slot {
            Some(accepted) if !planted.is(Mistake::IgnoreAccepted) => accepted.command.clone(),
            _ => noop.clone(),
        };
        let leaves_gaps = planted.is(Mistake::NoGapFill);
        let mut first = base;
        for run in open.chunk_by(|one, next| !leaves_gaps || one.is_some() == next.is_some()) {
            if run[0].is_some() || !leaves_gaps {
                let commands: Commands = run.iter().map(command).collect();
                self.expect(&commands);
                self.propose(first, commands, io);
            }
            first += run.len() as u64;
        }
    }

    /// The clients of these commands will be answered when they are applied: it need not propose them once more.
    fn expect(&mut self, commands: &Commands) {
        let Role::Leader(leadership) = &mut self.role else { return };
        for command in commands.iter() {
            if let Command::Client(id, _) = **command {
                leadership.desk.enter(id);
            }
        }
    }

    /// Somebody is at a higher ballot.
    pub(super) fn on_rejected(&mut self, ballot: Ballot, io: &mut Io<'_, Self>) {
        self.highest = self.highest.max(ballot);
        if ballot > self.promised && !matches!(self.role, Role::Follower) {
            io.fact(Fact::Preempted { by: ballot });
            self.resign(io);
        }
    }

    /// Becomes a follower, and waits for a leader.
    pub(super) fn resign(&mut self, io: &mut Io<'_, Self>) {
        if self.is_leader() {
            io.disarm(Timer::Heartbeat);
            io.disarm(Timer::Quorum);
        }
        self.role = Role::Follower;
        self.leader = None;
        self.await_leader(io);
    }

    /// Steps down if no majority was heard from for an election timeout; else looks again when that could be.
    pub(super) fn on_quorum_check(&mut self, io: &mut Io<'_, Self>) {
        let Role::Leader(leadership) = &self.role else { return };
        let (me, now, timeout) = (io.me(), io.now(), io.config().min_timeout());
        let heard = |node: NodeId| if node == me { now } else { leadership.progress[node.index()].heard };
        let silent = quorum::reached(io.config().acceptors, heard).map_or(timeout, |heard| now.since(heard));
        if silent < timeout {
            io.arm(Timer::Quorum, timeout - silent);
            return;
        }
        io.fact(Fact::QuorumLost { ballot: self.promised });
        self.resign(io);
    }

    pub(super) fn to_others(&self, msg: &Message, io: &mut Io<'_, Self>) {
        let me = io.me();
        for to in io.config().acceptors.iter().filter(|&to| to != me) {
            io.send(to, msg.clone());
        }
    }
}
