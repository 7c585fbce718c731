//! What survives a crash: three files, of which any may keep more than the others.

use std::rc::Rc;

use super::log::{Entry, Index, Log, Position, Term};
use super::snapshot::Snapshot;
use crate::ids::NodeId;
use crate::process::{Dice, Durable, Shared};

/// A node's disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Disk {
    /// Term and vote.
    pub hard: HardState,
    /// The log.
    pub log: Log,
    /// What the entries before came to.
    pub snapshot: Option<Shared<Snapshot>>,
    /// Whether some record no longer matches its checksum.
    pub damaged: bool,
}

/// What a node has promised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct HardState {
    /// The highest term that it has seen.
    pub term: Term,
    /// For whom it voted in that term.
    pub vote: Option<NodeId>,
}

/// One record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Write {
    /// Replaces term and vote.
    Hard(HardState),
    /// Adds entries at the end of the log. Without entries it only makes sure of what was written before.
    Append(Rc<[Entry]>),
    /// Drops the entry at this place and all behind it.
    Truncate(Index),
    /// Drops the entries up to this place.
    Compact(Index),
    /// Drops all entries: the log goes on behind this position, which a snapshot holds.
    Restart(Position),
    /// Replaces the snapshot.
    Snapshot(Shared<Snapshot>),
}

impl Disk {
    /// Up to where the snapshot reaches; all zero without one.
    #[must_use]
    pub fn snapshot_end(&self) -> Position {
        self.snapshot.as_ref().map_or(Position::default(), |snapshot| snapshot.last)
    }

    /// Why no node may boot from it.
    #[must_use]
    pub fn flaw(&self) -> Option<&'static str> {
        if self.damaged {
            Some("a record on its disk does not match its checksum")
        } else if self.log.start().index > self.snapshot_end().index {
            Some("its log begins behind the end of its snapshot: what was between is lost")
        } else {
            None
        }
    }

    /// Whether a node that boots from it goes on with its log. It does not if it was sent a snapshot of what its log
    /// does not have, and crashed before it had dropped that log.
    #[must_use]
    pub fn keeps_log(&self) -> bool {
        self.log.agrees(self.snapshot_end())
    }

    /// Where the log ends from which a node would boot.
    #[must_use]
    pub fn end(&self) -> Position {
        if self.keeps_log() { self.log.last() } else { self.snapshot_end() }
    }

    /// Whether a node that boots from it has this entry, which is committed.
    #[must_use]
    pub fn has(&self, entry: Position) -> bool {
        entry.index <= self.snapshot_end().index || (self.keeps_log() && self.log.agrees(entry))
    }
}

impl Durable for Disk {
    type Write = Write;

    fn apply(&mut self, write: Write) {
        match write {
            Write::Hard(hard) => self.hard = hard,
            Write::Append(entries) => entries.iter().for_each(|entry| self.log.push(entry.clone())),
            Write::Truncate(from) => self.log.truncate(from),
            Write::Compact(upto) => self.log.compact(upto),
            Write::Restart(start) => self.log = Log::behind(start),
            Write::Snapshot(snapshot) => self.snapshot = Some(snapshot),
        }
    }

    fn file(write: &Write) -> u8 {
        match write {
            Write::Hard(_) => 0,
            Write::Append(_) | Write::Truncate(_) | Write::Compact(_) | Write::Restart(_) => 1,
            Write::Snapshot(_) => 2,
        }
    }

    fn damage(&mut self, _dice: &mut dyn Dice) -> bool {
        self.damaged = true;
        true
    }
}
