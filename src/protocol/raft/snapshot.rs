//! Snapshots: what the log came to so far, in place of its beginning (paper, section 7; thesis, chapter 5).
//!
//! Every so many entries a node saves the state of its machine with the clients' sessions, the membership, and the
//! position of the last entry that is in them. Saving does not stop it. Once the snapshot is synced, and not before,
//! the log drops what the snapshot holds, except for a tail that spares a follower which is only a little behind from
//! being sent everything.
//!
//! A leader sends its snapshot to a follower that needs entries which it has dropped. The follower takes it in place of
//! its own log, unless it has the snapshot's last entry, or all of it: then it keeps its log, which goes on behind
//! that. What it has applied never goes back. The snapshot is synced before the log is dropped; a crash between the two
//! leaves a log that does not lead up to the snapshot, and the next boot drops it.
//!
//! Left out: to send a snapshot in pieces. It is one message, however large.

use super::bugs::Mistake;
use super::election::Role;
use super::log::{Index, Log, Position, Term};
use super::membership::{Members, Membership};
use super::message::{Fact, Message, Outcome};
use super::{Disk, Raft, Write};
use crate::process::{Io, NodeId, Shared, Ticket};
use crate::protocol::kv::Machine;

/// What the entries up to some place came to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Snapshot {
    /// The last of them.
    pub last: Position,
    /// The keys, and the clients' sessions.
    pub machine: Machine,
    /// Who takes part from there on.
    pub members: Membership,
}

/// A snapshot that is on its way to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Saving {
    ticket: Ticket,
    upto: Index,
}

/// Taking snapshots.
impl Raft {
    /// Saves a snapshot if one is due, and none is being saved.
    pub(super) fn save_when_due(&mut self, io: &mut Io<'_, Self>) {
        let every = io.config().params.snapshot_every.map_or(0, u64::from);
        if every == 0 || self.saving.is_some() || !self.applied.is_multiple_of(every) {
            return;
        }
        let Some(last) = self.log.position(self.applied) else { return };
        let machine = if io.config().planted.is(Mistake::SessionsForgotten) {
            self.machine.without_sessions()
        } else {
            self.machine.clone()
        };
        let snapshot = Shared::from(Snapshot { last, machine, members: self.members.at(last.index) });
        let ticket = io.write(Write::Snapshot(snapshot.clone()));
        self.saving = Some(Saving { ticket, upto: last.index });
        self.snapshot = Some(snapshot);
        io.fact(Fact::SnapshotTaken { upto: last.index });
    }

    /// A snapshot that was being saved may be on the disk now.
    pub(super) fn on_snapshot_synced(&mut self, synced: Ticket, io: &mut Io<'_, Self>) {
        if let Some(saving) = self.saving.filter(|saving| saving.ticket <= synced) {
            self.saving = None;
            self.compact(saving.upto, io);
        }
    }

    /// Drops the log up to this place, which a synced snapshot holds, except for a tail.
    pub(super) fn compact(&mut self, upto: Index, io: &mut Io<'_, Self>) {
        self.members.forget_before(upto);
        let upto = upto.saturating_sub(io.config().params.snapshot_keep.into());
        if upto > self.log.start().index {
            io.write(Write::Compact(upto));
            self.log.compact(upto);
            io.fact(Fact::Compacted { upto });
        }
    }
}

/// Sending and installing them.
impl Raft {
    /// Sends a follower the snapshot in place of entries that are gone.
    pub(super) fn send_snapshot(&mut self, to: NodeId, io: &mut Io<'_, Self>) {
        let Role::Leader(leadership) = &mut self.role else { return };
        let Some(snapshot) = self.snapshot.clone() else { return };
        let upto = snapshot.last.index;
        leadership.progress[to.index()].installs(upto, io.now());
        io.fact(Fact::SnapshotSent { to, upto });
        io.send(to, Message::Install { term: self.term, snapshot, round: leadership.reads.round() });
    }

    pub(super) fn on_install(
        &mut self,
        from: NodeId,
        term: Term,
        snapshot: &Shared<Snapshot>,
        round: u64,
        io: &mut Io<'_, Self>,
    ) {
        let outcome = if term < self.term {
            Outcome::Stale
        } else {
            self.follow(from, term, io);
            self.take_over(snapshot, io)
        };
        io.send(from, Message::Appended { term: self.term, round, outcome });
    }

    /// Goes on from a snapshot, unless it is further already.
    fn take_over(&mut self, snapshot: &Shared<Snapshot>, io: &mut Io<'_, Self>) -> Outcome {
        let (last, planted) = (snapshot.last, io.config().planted);
        let always = planted.is(Mistake::StaleSnapshot);
        if last.index <= self.commit && !always {
            self.sync_upto(self.commit, io);
            return Outcome::Matches(self.commit);
        }
        if self.log.holds(last) && !always {
            self.sync_upto(last.index, io);
            self.commit_upto(last.index, io);
            return Outcome::Matches(last.index);
        }
        io.persist(Write::Snapshot(snapshot.clone()));
        io.write(Write::Restart(last));
        let members = self.members.now();
        self.restart_from(Some(snapshot.clone()), Log::behind(last), io);
        if planted.is(Mistake::MembersForgotten) {
            self.members = Members::starting(last.index, members);
        }
        io.fact(Fact::SnapshotInstalled { upto: last.index });
        Outcome::Matches(last.index)
    }

    /// Goes on from what is on the disk.
    pub(super) fn recover(&mut self, disk: &Disk, io: &mut Io<'_, Self>) {
        let (snapshot, end) = (disk.snapshot.clone(), disk.snapshot_end());
        if disk.keeps_log() {
            self.restart_from(snapshot, disk.log.clone(), io);
            self.compact(end.index, io);
        } else {
            io.write(Write::Restart(end));
            self.restart_from(snapshot, Log::behind(end), io);
        }
    }

    /// Goes on from this snapshot, or from nothing, and this log behind it, all of which is on its disk.
    pub(super) fn restart_from(&mut self, snapshot: Option<Shared<Snapshot>>, log: Log, io: &Io<'_, Self>) {
        let end = snapshot.as_ref().map_or(0, |snapshot| snapshot.last.index);
        self.machine = snapshot.as_ref().map_or_else(Machine::default, |snapshot| snapshot.machine.clone());
        self.members = Members::told_by(snapshot.as_deref(), &log, io.config().initial);
        (self.commit, self.applied, self.synced) = (end, end, log.last().index);
        (self.snapshot, self.saving, self.log) = (snapshot, None, log);
    }
}
