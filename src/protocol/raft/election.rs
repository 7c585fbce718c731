//! Roles, terms and votes (section 5.2, 5.4.1; thesis 4.2.3, 6.2, 9.6).

use std::collections::VecDeque;

use super::bugs::Mistake;
use super::change::Asked;
use super::log::{Command, Index, Position, Term};
use super::message::{Fact, Message, Timer};
use super::progress::Progress;
use super::read::Reads;
use super::transfer::Transfer;
use super::{HardState, Raft, Write};
use crate::process::{Io, NodeId, Ticket, Voters};
use crate::protocol::kv::{Desk, Reply};

/// What a node is in its term.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Role {
    /// It waits for a leader, or follows one.
    Follower,
    /// It asks whether it would win an election.
    PreCandidate(Voters),
    /// It stands for election; these voted for it.
    Candidate(Voters),
    /// It leads.
    Leader(Box<Leadership>),
}

/// What a leader keeps.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Leadership {
    /// By node number. Its own place counts too.
    pub(super) progress: Vec<Progress>,
    /// Its own writes that are not known to be synced: up to which entry.
    pub(super) unsynced: VecDeque<(Ticket, Index)>,
    /// The commands that it appended in this term.
    pub(super) desk: Desk,
    pub(super) reads: Reads,
    /// The change of membership that waits until it is known to leave a quorum.
    pub(super) change: Option<Asked>,
    /// Whom it makes way for.
    pub(super) transfer: Option<Transfer>,
}

impl Role {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Follower => "follower",
            Self::PreCandidate(_) => "pre_candidate",
            Self::Candidate(_) => "candidate",
            Self::Leader(_) => "leader",
        }
    }
}

impl Raft {
    /// Starts the wait for a leader anew.
    pub(super) fn await_leader(&self, io: &mut Io<'_, Self>) {
        let [low, mut high] = io.config().params.election_timeout;
        if io.config().planted.is(Mistake::NoRandomness) {
            high = low;
        }
        io.arm_within(Timer::Election, low, high);
    }

    pub(super) fn on_election_timeout(&mut self, io: &mut Io<'_, Self>) {
        if self.is_leader() {
            return;
        }
        self.leader = None;
        if !self.may_stand(io.me()) {
            return;
        }
        let pre_vote = io.config().params.pre_vote && !io.config().planted.is(Mistake::NoPreVote);
        if pre_vote { self.pre_campaign(io) } else { self.campaign(false, io) }
    }

    /// Whether it may stand for election: it votes, or did before a change that it does not know to be committed
    /// (thesis 4.2.2: the change may be on no other disk, and then nobody else can win).
    fn may_stand(&self, me: NodeId) -> bool {
        let uncommitted = self.members.since() > self.commit;
        let (_, before) = self.members.before().filter(|_| uncommitted).unwrap_or_default();
        self.members.now().electorate().or(before.electorate()).contains(me)
    }

    /// Asks who would vote for it. Nobody's term changes by that.
    fn pre_campaign(&mut self, io: &mut Io<'_, Self>) {
        let term = self.term + 1;
        self.role = Role::PreCandidate(Voters::NONE);
        io.fact(Fact::PreCampaigned { term });
        self.await_leader(io);
        self.to_voters(&Message::PreVote { term, last: self.log.last() }, io);
        self.count_pre_vote(io.me(), io);
    }

    /// Begins a new term, votes for itself, and asks the others to.
    pub(super) fn campaign(&mut self, transfer: bool, io: &mut Io<'_, Self>) {
        let (term, me) = (self.term + 1, io.me());
        self.promise(term, Some(me), io);
        self.role = Role::Candidate(Voters::NONE);
        io.fact(Fact::Campaigned { term });
        io.fact(Fact::Voted { term, candidate: me });
        self.await_leader(io);
        self.to_voters(&Message::RequestVote { term, last: self.log.last(), transfer }, io);
        self.count_vote(me, io);
    }

    pub(super) fn on_pre_vote(&mut self, from: NodeId, term: Term, last: Position, io: &mut Io<'_, Self>) {
        if self.hears_a_leader(io) {
            return;
        }
        let granted = term > self.term && self.is_up_to_date(last, io);
        io.send(from, Message::PreVoted { term: if granted { term } else { self.term }, granted });
    }

    pub(super) fn on_pre_voted(&mut self, from: NodeId, term: Term, granted: bool, io: &mut Io<'_, Self>) {
        if granted && term == self.term + 1 {
            self.count_pre_vote(from, io);
        } else if !granted && term > self.term {
            self.enter(term, None, io);
        }
    }

    fn count_pre_vote(&mut self, from: NodeId, io: &mut Io<'_, Self>) {
        let Role::PreCandidate(votes) = &mut self.role else { return };
        votes.insert(from);
        if self.members.now().has_quorum(*votes) {
            self.campaign(false, io);
        }
    }

    /// Whoever is asked votes, whether it counts in its own eyes or not: it may not know yet that it does.
    pub(super) fn on_request_vote(
        &mut self,
        from: NodeId,
        term: Term,
        (last, transfer): (Position, bool),
        io: &mut Io<'_, Self>,
    ) {
        if io.config().params.check_quorum && !transfer && self.hears_a_leader(io) {
            return;
        }
        let vote = if term == self.term { self.vote } else { None };
        let granted = term >= self.term && vote.is_none_or(|to| to == from) && self.is_up_to_date(last, io);
        let new = granted && vote.is_none();
        if term > self.term || new {
            self.enter(term, if granted { Some(from) } else { vote }, io);
        }
        if new {
            io.fact(Fact::Voted { term, candidate: from });
            self.await_leader(io);
        }
        io.send(from, Message::Vote { term: self.term, granted });
    }

    pub(super) fn on_vote(&mut self, from: NodeId, term: Term, granted: bool, io: &mut Io<'_, Self>) {
        if term > self.term {
            self.enter(term, None, io);
        } else if granted && term == self.term {
            self.count_vote(from, io);
        }
    }

    fn count_vote(&mut self, from: NodeId, io: &mut Io<'_, Self>) {
        let Role::Candidate(votes) = &mut self.role else { return };
        if !votes.insert(from)
            && io.config().planted.is(Mistake::VotesAddUp)
            && let Some(other) = self.members.now().voters.without(*votes).iter().next()
        {
            votes.insert(other);
        }
        if self.members.now().has_quorum(*votes) {
            self.lead(io);
        }
    }

    fn lead(&mut self, io: &mut Io<'_, Self>) {
        let next = self.log.last().index + 1;
        let nodes = io.config().nodes as usize;
        let mut progress = vec![Progress::new(next, io.config().params.max_inflight_appends, io.now()); nodes];
        progress[io.me().index()].matched = self.synced;
        let leadership = Leadership {
            progress,
            unsynced: VecDeque::new(),
            desk: Desk::default(),
            reads: Reads::default(),
            change: None,
            transfer: None,
        };
        self.role = Role::Leader(Box::new(leadership));
        self.leader = Some(io.me());
        io.fact(Fact::Elected { term: self.term });
        io.disarm(Timer::Election);
        if io.config().params.check_quorum && !io.config().planted.is(Mistake::NoCheckQuorum) {
            io.arm(Timer::Quorum, io.config().min_timeout());
        }
        if io.config().params.no_op {
            self.append_own(Command::Noop, io);
        }
        self.on_heartbeat(io);
    }

    /// Steps down if no majority was heard from for an election timeout; else looks again when that could be.
    pub(super) fn on_quorum_check(&mut self, io: &mut Io<'_, Self>) {
        let Role::Leader(leadership) = &self.role else { return };
        let (me, now, timeout) = (io.me(), io.now(), io.config().min_timeout());
        let heard = |node: NodeId| if node == me { now } else { leadership.progress[node.index()].heard };
        let silent = self.members.now().reached(heard).map_or(timeout, |heard| now.since(heard));
        if silent < timeout {
            io.arm(Timer::Quorum, timeout - silent);
            return;
        }
        io.fact(Fact::QuorumLost { term: self.term });
        self.enter(self.term, self.vote, io);
    }

    /// Becomes a follower in this term, with this vote, on disk first.
    pub(super) fn enter(&mut self, term: Term, vote: Option<NodeId>, io: &mut Io<'_, Self>) {
        let led = std::mem::replace(&mut self.role, Role::Follower);
        let deposed = self.term;
        if (term, vote) != (self.term, self.vote) {
            self.promise(term, vote, io);
        }
        if term > deposed {
            self.leader = None;
        }
        if let Role::Leader(leadership) = led {
            self.leader = None;
            self.leave_office(deposed, *leadership, io);
        }
    }

    fn leave_office(&self, term: Term, leadership: Leadership, io: &mut Io<'_, Self>) {
        io.fact(Fact::SteppedDown { term });
        io.disarm(Timer::Heartbeat);
        io.disarm(Timer::Quorum);
        self.await_leader(io);
        leadership.reads.send_away(io);
        if let Some(asked) = leadership.change {
            io.reply(asked.id, Reply::Busy);
        }
        if let Some(transfer) = leadership.transfer {
            transfer.give_up(io);
        }
    }

    /// Writes term and vote. Nothing that tells of them leaves before that is synced.
    fn promise(&mut self, term: Term, vote: Option<NodeId>, io: &mut Io<'_, Self>) {
        self.term = term;
        self.vote = vote;
        let vote = vote.filter(|_| !io.config().planted.is(Mistake::VoteAmnesia));
        io.persist(Write::Hard(HardState { term, vote }));
    }

    /// Whether it leads, or heard from a leader less than the shortest election timeout ago. (Where leases rest on it,
    /// that is a promise, also to a leader whose term is over.)
    fn hears_a_leader(&self, io: &Io<'_, Self>) -> bool {
        self.is_leader()
            || self.keeps_promise(io)
            || (self.leader.is_some() && io.now().since(self.heard) < io.config().min_timeout())
    }

    /// Whether a log that ends at `last` is not older than its own.
    fn is_up_to_date(&self, last: Position, io: &Io<'_, Self>) -> bool {
        let own = self.log.last();
        if io.config().planted.is(Mistake::LengthOnly) {
            return last.index >= own.index;
        }
        last >= own || io.config().planted.is(Mistake::NoLogCheck)
    }

    fn to_voters(&self, msg: &Message, io: &mut Io<'_, Self>) {
        let me = io.me();
        for to in self.members.now().electorate().iter().filter(|&to| to != me) {
            io.send(to, msg.clone());
        }
    }
}
