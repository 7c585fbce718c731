//! Appending entries, on the leader and on its followers, and knowing them committed (section 5.3, 5.4.2;
//! thesis 10.2.1).

use std::rc::Rc;

use super::bugs::Mistake;
use super::election::Role;
use super::log::{Command, Entry, Index, Log, Position, Term};
use super::message::{Append, Fact, Message, Outcome, Timer};
use super::{Raft, Write};
use crate::process::{Io, NodeId, Ticket};

/// Entries that were just cut from the log, for the next follower that needs the same.
#[derive(Default)]
pub(super) struct Cut {
    from: Index,
    entries: Option<Rc<[Entry]>>,
}

impl Cut {
    fn of(&mut self, log: &Log, from: Index, max: usize) -> Rc<[Entry]> {
        match &self.entries {
            Some(entries) if self.from == from => Rc::clone(entries),
            _ => {
                let entries: Rc<[Entry]> = log.slice(from, max).into();
                *self = Self { from, entries: Some(Rc::clone(&entries)) };
                entries
            }
        }
    }
}

/// The leader's side.
impl Raft {
    /// Appends an entry to its own log, and lets it sync while others are told.
    pub(super) fn append_own(&mut self, command: Command, io: &mut Io<'_, Self>) -> Cut {
        let Role::Leader(leadership) = &mut self.role else { return Cut::default() };
        let entry = Entry { term: self.term, command: command.into() };
        self.log.push(entry.clone());
        let index = self.log.last().index;
        if let Some(membership) = entry.command.membership() {
            self.members.push(index, membership);
        }
        let entries: Rc<[Entry]> = Rc::from([entry]);
        let ticket = io.write(Write::Append(Rc::clone(&entries)));
        leadership.unsynced.push_back((ticket, index));
        Cut { from: index, entries: Some(entries) }
    }

    /// Its own entries are on its disk: from now on it counts for them.
    pub(super) fn on_own_entries_synced(&mut self, upto: Ticket, io: &mut Io<'_, Self>) {
        let Role::Leader(leadership) = &mut self.role else { return };
        while let Some(&(_, index)) = leadership.unsynced.front().filter(|&&(ticket, _)| ticket <= upto) {
            leadership.unsynced.pop_front();
            self.synced = index;
        }
        leadership.progress[io.me().index()].matched = self.synced;
        self.advance_commit(io);
    }

    /// Sends every follower what it may be sent.
    pub(super) fn replicate(&mut self, mut cut: Cut, io: &mut Io<'_, Self>) {
        let me = io.me();
        for to in self.members.now().members().iter().filter(|&to| to != me) {
            self.replicate_to(to, &mut cut, io);
        }
    }

    pub(super) fn replicate_to(&mut self, to: NodeId, cut: &mut Cut, io: &mut Io<'_, Self>) {
        let Role::Leader(leadership) = &mut self.role else { return };
        let params = &io.config().params;
        let progress = &mut leadership.progress[to.index()];
        while progress.next <= self.log.last().index && progress.may_send() {
            let entries = cut.of(&self.log, progress.next, params.max_entries_per_append as usize);
            let prev = progress.next - 1;
            let last = prev + entries.len() as u64;
            let Some(prev) = self.log.position(prev) else { return self.send_snapshot(to, io) };
            let (term, commit, round) = (self.term, self.commit, leadership.reads.round());
            io.send(to, Message::Append(Append { term, prev, entries, commit, round }));
            progress.sent(last);
        }
    }

    pub(super) fn on_heartbeat(&mut self, io: &mut Io<'_, Self>) {
        if !self.is_leader() {
            return;
        }
        io.arm(Timer::Heartbeat, io.config().params.heartbeat);
        self.give_up_in_time(io);
        self.open_round_on_heartbeat(io);
        self.heartbeat(io);
    }

    /// Lets every follower hear from it: a probe or a snapshot once more where one may be lost, else a message without
    /// entries. That one stands behind all that was sent, so that its rejection shows a loss. Where the log does not
    /// reach back so far, nothing could be rejected: then the snapshot is sent, and while it is under way a message
    /// from the very beginning of the log, with which every log agrees.
    pub(super) fn heartbeat(&mut self, io: &mut Io<'_, Self>) {
        let mut cut = Cut::default();
        let (me, none) = (io.me(), Rc::from([]));
        let (now, patience) = (io.now(), io.config().min_timeout());
        for to in self.members.now().members().iter().filter(|&to| to != me) {
            let Role::Leader(leadership) = &mut self.role else { return };
            let progress = &mut leadership.progress[to.index()];
            progress.probe_again(now, patience);
            if progress.is_probing() && progress.next <= self.log.last().index {
                self.replicate_to(to, &mut cut, io);
            } else if self.log.position(progress.next - 1).is_none() && !progress.is_installing() {
                self.send_snapshot(to, io);
            } else {
                let prev = self.log.position(progress.next - 1).unwrap_or_default();
                let (term, commit, round) = (self.term, self.commit, leadership.reads.round());
                let entries = Rc::clone(&none);
                io.send(to, Message::Append(Append { term, prev, entries, commit, round }));
            }
        }
    }

    /// Asks every follower whether it still follows, and nothing else: behind what it is known to have, so that it
    /// cannot but agree, whatever is under way.
    pub(super) fn ask_round(&mut self, io: &mut Io<'_, Self>) {
        let Role::Leader(leadership) = &self.role else { return };
        let (me, term, commit, round) = (io.me(), self.term, self.commit, leadership.reads.round());
        let none: Rc<[Entry]> = Rc::from([]);
        for to in self.members.now().members().iter().filter(|&to| to != me) {
            let prev = self.log.position(leadership.progress[to.index()].matched).unwrap_or_default();
            io.send(to, Message::Append(Append { term, prev, entries: Rc::clone(&none), commit, round }));
        }
    }

    pub(super) fn on_appended(
        &mut self,
        from: NodeId,
        term: Term,
        round: u64,
        outcome: Outcome,
        io: &mut Io<'_, Self>,
    ) {
        if term > self.term {
            self.enter(term, None, io);
        }
        let Role::Leader(leadership) = &mut self.role else { return };
        let Some(progress) = leadership.progress.get_mut(from.index()) else { return };
        let takes_part = self.members.now().members().contains(from);
        if term < self.term || outcome == Outcome::Stale || !takes_part {
            return;
        }
        progress.heard = io.now();
        progress.round = progress.round.max(round);
        match outcome {
            Outcome::Matches(index) => self.on_matches(from, index, io),
            Outcome::Conflicts { at, hint } => self.on_conflicts(from, at, hint, io),
            Outcome::Stale => {}
        }
        self.serve_reads(io);
        self.begin_change(io);
    }

    fn on_matches(&mut self, from: NodeId, index: Index, io: &mut Io<'_, Self>) {
        let Role::Leader(leadership) = &mut self.role else { return };
        let index = index.min(self.log.last().index);
        if leadership.progress[from.index()].accepted(index) && index > self.commit {
            self.advance_commit(io);
        }
        self.replicate_to(from, &mut Cut::default(), io);
        self.make_way(from, io);
    }

    fn on_conflicts(&mut self, from: NodeId, at: Index, hint: Position, io: &mut Io<'_, Self>) {
        let Role::Leader(leadership) = &mut self.role else { return };
        let hint = self.log.last_within(hint.index, hint.term);
        if leadership.progress[from.index()].rejected(at, hint.index) {
            self.replicate_to(from, &mut Cut::default(), io);
        }
    }

    /// Commits what a majority has on disk, if it is of this term: an older entry, though a majority has it, may
    /// still be overwritten by a leader of a term between (Figure 8).
    fn advance_commit(&mut self, io: &mut Io<'_, Self>) {
        let Role::Leader(leadership) = &self.role else { return };
        let matched = |node: NodeId| leadership.progress[node.index()].matched;
        let (mut members, planted) = (self.members.now(), io.config().planted);
        if planted.is(Mistake::LearnersCount) {
            members.voters = members.voters.or(members.learners);
        }
        let missing = usize::from(planted.is(Mistake::SmallQuorum));
        let index = members.reached_without(missing, matched).unwrap_or(0);
        let Some(upto) = self.log.position(index).filter(|_| index > self.commit) else { return };
        if upto.term == self.term || io.config().planted.is(Mistake::CommitOldTerm) {
            io.fact(Fact::Committed { term: self.term, upto });
            self.commit_upto(index, io);
            self.serve_reads(io);
            self.conclude_change(io);
        }
    }
}

/// A follower's side.
impl Raft {
    pub(super) fn on_append(&mut self, from: NodeId, append: Append, io: &mut Io<'_, Self>) {
        let round = append.round;
        let outcome = if append.term < self.term {
            Outcome::Stale
        } else {
            self.follow(from, append.term, io);
            self.accept(append, io)
        };
        io.send(from, Message::Appended { term: self.term, round, outcome });
    }

    pub(super) fn follow(&mut self, leader: NodeId, term: Term, io: &mut Io<'_, Self>) {
        let vote = if term == self.term { self.vote } else { None };
        self.enter(term, vote, io);
        self.leader = Some(leader);
        self.heard = io.now();
        self.await_leader(io);
    }

    fn accept(&mut self, append: Append, io: &mut Io<'_, Self>) -> Outcome {
        let prev = append.prev;
        if !self.log.agrees(prev) {
            return Outcome::Conflicts { at: prev.index, hint: self.log.last_within(prev.index, prev.term) };
        }
        let matched = prev.index + append.entries.len() as u64;
        self.store(prev.index, &append.entries, io);
        self.sync_upto(matched, io);
        let known = if io.config().planted.is(Mistake::CommitClamp) { self.log.last().index } else { matched };
        self.commit_upto(append.commit.min(known), io);
        Outcome::Matches(matched)
    }

    /// Takes what it does not have yet, and drops what is in its place. What it has stays: the message may be late.
    fn store(&mut self, prev: Index, entries: &Rc<[Entry]>, io: &mut Io<'_, Self>) {
        let held = |&(place, entry): &(usize, &Entry)| self.has(prev + 1 + place as u64, entry.term);
        let known = entries.iter().enumerate().take_while(held).count();
        let known = if io.config().planted.is(Mistake::TruncateAlways) { 0 } else { known };
        if known == entries.len() {
            return;
        }
        let from = prev + 1 + known as u64;
        let conflict = self.log.last().index >= from;
        if conflict {
            io.write(Write::Truncate(from));
            self.log.truncate(from);
            self.members.truncate(from);
        }
        let new = if known == 0 { Rc::clone(entries) } else { Rc::from(&entries[known..]) };
        for (index, entry) in (from..).zip(new.iter()) {
            self.log.push(entry.clone());
            if let Some(membership) = entry.command.membership() {
                self.members.push(index, membership);
            }
        }
        if io.config().planted.is(Mistake::AckBeforeSync) {
            let _ = io.write(Write::Append(new));
        } else {
            io.persist(Write::Append(new));
        }
        self.synced = self.log.last().index;
        if conflict {
            io.fact(Fact::Truncated { from });
        }
    }

    /// Whether it has an entry of this term there. What is compacted is committed, and the same everywhere.
    fn has(&self, index: Index, term: Term) -> bool {
        index <= self.log.start().index || self.log.holds(Position { term, index })
    }

    /// It is about to acknowledge entries that it wrote as a leader, and does not know to be synced.
    pub(super) fn sync_upto(&mut self, matched: Index, io: &mut Io<'_, Self>) {
        if matched > self.synced {
            io.persist(Write::Append(Rc::from([])));
            self.synced = self.log.last().index;
        }
    }
}
