//! What survives a crash: two files, of which either may keep more than the other.

use std::rc::Rc;

use super::log::{Entry, Index, Log, Term};
use crate::ids::NodeId;
use crate::process::{Dice, Durable};

/// A node's disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Disk {
    /// Term and vote.
    pub hard: HardState,
    /// The log.
    pub log: Log,
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
}

impl Durable for Disk {
    type Write = Write;

    fn apply(&mut self, write: Write) {
        match write {
            Write::Hard(hard) => self.hard = hard,
            Write::Append(entries) => entries.iter().for_each(|entry| self.log.push(entry.clone())),
            Write::Truncate(from) => self.log.truncate(from),
        }
    }

    fn file(write: &Write) -> u8 {
        match write {
            Write::Hard(_) => 0,
            Write::Append(_) | Write::Truncate(_) => 1,
        }
    }

    fn damage(&mut self, _dice: &mut dyn Dice) -> bool {
        self.damaged = true;
        true
    }
}
