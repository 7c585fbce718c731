//! Changing who takes part (thesis, chapter 4; paper, section 6).
//!
//! A leader makes one change at a time, and waits
//! 1. until an entry of its own term is committed: before that, two leaders of different terms could each change the
//!    same membership in another way, and have majorities that share no node (Ongaro's correction of 2015 to
//!    chapter 4);
//! 2. until the change before is committed;
//! 3. until it has heard, in a round that starts after the request came in, from a majority of those who will vote
//!    then: a change to voters who are not there would never be committed, and nothing else behind it (etcd's strict
//!    reconfiguration check).
//!
//! Who is to vote has received nearly the whole log before, as a learner (thesis 4.2.1).
//!
//! A change is in force as soon as it is in a log. Once a joint one is committed, its leader, or a later one, appends
//! the membership that ends it. A leader that does not vote any more leads until that is known to be committed; then it
//! makes way (thesis 4.2.2).
//!
//! Nodes that were removed are not told. They ask for votes, and nobody listens who hears from a leader: that is what
//! pre-vote and check-quorum see to, and with neither of them such a node deposes leader after leader (thesis 4.2.3).
//! It may be added again, with what is on its disk: one that has lost this must not be.

use super::Raft;
use super::bugs::Mistake;
use super::election::{Leadership, Role};
use super::log::Command;
use super::membership::Membership;
use super::message::Fact;
use super::progress::Progress;
use super::request::Change;
use crate::ids::OpId;
use crate::process::{Io, Local, NodeId, Voters};
use crate::protocol::kv::{Admission, Reply, Seen};

/// A change that was asked for and is not in the log yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Asked {
    pub(super) id: OpId,
    to: Membership,
    /// A majority of the voters to be must have answered this round.
    round: u64,
    /// Until then.
    until: Local,
}

/// Why a change is refused.
type Refusal = &'static str;

impl Raft {
    /// Makes a change as soon as it may, unless it was made before.
    pub(super) fn change(&mut self, id: OpId, change: Change, io: &mut Io<'_, Self>) {
        if self.is_under_way(id) {
            return;
        }
        match self.machine.seen(id) {
            Seen::Never => {}
            Seen::Last(answer) => {
                io.fact(Fact::Deduplicated { applied: self.applied });
                return io.reply(id, Reply::Answer(answer));
            }
            Seen::Past => return,
        }
        if !self.may_change(io) {
            return io.reply(id, Reply::Busy);
        }
        match self.changed(change, io) {
            Ok(to) => self.ask_voters_to_be(id, to, io),
            Err(refusal) => io.reply(id, Reply::Refused(refusal)),
        }
    }

    /// Whether this change was asked for, and will be answered.
    fn is_under_way(&self, id: OpId) -> bool {
        let Role::Leader(leadership) = &self.role else { return false };
        let is_over = self.members.since() <= self.commit && !self.members.now().is_joint();
        let appended = !is_over
            && self.log.entry(self.members.since()).is_some_and(|entry| match *entry.command {
                Command::Members { by, .. } => by == Some(id) && entry.term == self.term,
                Command::Noop | Command::Client(..) => false,
            });
        appended || leadership.change.as_ref().is_some_and(|asked| asked.id == id)
    }

    /// The membership that it is about to append, if it can.
    pub(super) fn asked_membership(&self) -> Option<Membership> {
        let Role::Leader(leadership) = &self.role else { return None };
        leadership.change.as_ref().map(|asked| asked.to)
    }

    fn may_change(&self, io: &Io<'_, Self>) -> bool {
        let Role::Leader(leadership) = &self.role else { return false };
        let leads_surely =
            self.log.term_at(self.commit) == Some(self.term) || io.config().planted.is(Mistake::HastyChange);
        let is_last_committed = self.members.since() <= self.commit && !self.members.now().is_joint();
        leads_surely && is_last_committed && leadership.change.is_none()
    }

    /// Who takes part after this change.
    fn changed(&self, change: Change, io: &Io<'_, Self>) -> Result<Membership, Refusal> {
        let now = self.members.now();
        match change {
            Change::Learner(node) if node.0 >= io.config().nodes => Err("there is no such node"),
            Change::Learner(node) if now.voters.contains(node) => Err("it votes"),
            Change::Learner(node) => Ok(Membership { learners: now.learners.or(only(node)), ..now }),
            Change::Remove(node) if now.voters == only(node) => Err("it is the only one that votes"),
            Change::Remove(node) => {
                let [voters, learners] = [now.voters, now.learners].map(|set| set.without(only(node)));
                Ok(Membership { voters, learners, ..now })
            }
            Change::Voter(node) if now.voters.contains(node) => Ok(now),
            Change::Voter(node) => {
                self.may_vote(only(node), io)?;
                Ok(Membership { voters: now.voters.or(only(node)), learners: now.learners.without(only(node)), ..now })
            }
            Change::Voters(voters) if voters.is_empty() => Err("somebody must vote"),
            Change::Voters(voters) if voters == now.voters => Ok(now),
            Change::Voters(voters) => {
                self.may_vote(voters.without(now.voters), io)?;
                Ok(Membership { voters, outgoing: now.voters, learners: now.learners.without(voters) })
            }
        }
    }

    /// Whether these are learners that lack no more than one message can hold.
    fn may_vote(&self, nodes: Voters, io: &Io<'_, Self>) -> Result<(), Refusal> {
        let Role::Leader(leadership) = &self.role else { return Ok(()) };
        if !nodes.without(self.members.now().learners).is_empty() {
            return Err("only a learner can become a voter");
        }
        let near = u64::from(io.config().params.max_entries_per_append);
        let has_caught_up = |node: NodeId| leadership.progress[node.index()].matched + near >= self.log.last().index;
        if nodes.iter().all(has_caught_up) { Ok(()) } else { Err("a learner has not caught up") }
    }

    fn ask_voters_to_be(&mut self, id: OpId, to: Membership, io: &mut Io<'_, Self>) {
        self.open_round(io);
        let Role::Leader(leadership) = &mut self.role else { return };
        let until = io.now() + io.config().max_timeout();
        leadership.change = Some(Asked { id, to, round: leadership.reads.round(), until });
        self.ask_round(io);
        self.begin_change(io);
    }

    /// Appends the change that waits, once a majority of those who will vote has answered.
    pub(super) fn begin_change(&mut self, io: &mut Io<'_, Self>) {
        let Role::Leader(leadership) = &mut self.role else { return };
        let answered = |asked: &&mut Asked| asked.to.has_quorum(answered(leadership.progress.as_slice(), asked.round));
        let Some(Asked { id, to, .. }) = leadership.change.as_mut().filter(answered).map(|asked| asked.clone()) else {
            return;
        };
        leadership.change = None;
        // Its client may have gone on meanwhile: then it comes too late.
        if leadership.desk.admit(id, &self.machine) == Admission::New {
            self.append_change(Some(id), to, io);
        }
    }

    /// Gives up what was not to be had in time.
    pub(super) fn give_up_in_time(&mut self, io: &mut Io<'_, Self>) {
        let Role::Leader(leadership) = &mut self.role else { return };
        if let Some(asked) = leadership.change.take_if(|asked| io.now() >= asked.until) {
            io.reply(asked.id, Reply::Refused("too few of those who would vote can be heard"));
        }
        if let Some(transfer) = leadership.transfer.take_if(|transfer| transfer.is_over(io.now())) {
            transfer.give_up(io);
        }
    }

    fn append_change(&mut self, by: Option<OpId>, to: Membership, io: &mut Io<'_, Self>) {
        let before = self.members.now().members();
        let cut = self.append_own(Command::Members { by, to }, io);
        io.fact(Fact::ChangeBegun { at: self.log.last().index, to });
        let next = self.log.last().index + 1;
        if let Role::Leader(leadership) = &mut self.role {
            leadership.welcome(to.members().without(before), next, io);
        }
        self.replicate(cut, io);
    }

    /// A change may just have been committed: ends it if it is a joint one, and makes way if it took the vote away.
    pub(super) fn conclude_change(&mut self, io: &mut Io<'_, Self>) {
        let (since, now) = (self.members.since(), self.members.now());
        if since > self.commit || !self.is_leader() || (!now.is_joint() && now.voters.contains(io.me())) {
            return;
        }
        if !now.is_joint() {
            return self.abdicate(io);
        }
        let by = self.log.entry(since).and_then(|entry| match *entry.command {
            Command::Members { by, .. } => by,
            Command::Noop | Command::Client(..) => None,
        });
        self.append_change(by, now.settled(), io);
    }
}

impl Leadership {
    /// Of these nodes nothing is known yet.
    fn welcome(&mut self, nodes: Voters, next: u64, io: &Io<'_, Raft>) {
        for node in nodes.iter() {
            self.progress[node.index()] = Progress::new(next, io.config().params.max_inflight_appends, io.now());
        }
    }
}

fn only(node: NodeId) -> Voters {
    [node].into_iter().collect()
}

/// Who has answered this round.
fn answered(progress: &[Progress], round: u64) -> Voters {
    let answered = progress.iter().zip(0..).filter(|(progress, _)| progress.round >= round);
    answered.map(|(_, node)| NodeId(node)).collect()
}
