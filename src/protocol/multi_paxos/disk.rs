//! What survives a crash: one file, so that a promise is never younger than what was accepted under it.

use super::log::{Commands, Log, Slot};
use crate::process::{Dice, Durable};
use crate::protocol::paxos::Ballot;

/// A node's disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Disk {
    /// It takes part in no ballot below this one.
    pub promised: Ballot,
    /// Up to here slots are known to be decided: what stands in them is what was. It may be less than the node knew.
    pub decided: Slot,
    /// What it has accepted.
    pub log: Log,
    /// Whether some record no longer matches its checksum.
    pub damaged: bool,
}

/// One record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Write {
    /// Promises to take part in no lower ballot.
    Promise {
        /// Which.
        ballot: Ballot,
        /// Up to where slots are known to be decided.
        decided: Slot,
    },
    /// Accepts commands.
    Accept {
        /// In which ballot.
        ballot: Ballot,
        /// In the slots from this one on.
        first: Slot,
        /// Which.
        commands: Commands,
        /// Up to where slots are known to be decided. They stay as they are.
        decided: Slot,
    },
    /// Learns commands that were decided, right behind what was known to be.
    Learn {
        /// In the slots from this one on.
        first: Slot,
        /// Which.
        commands: Commands,
    },
}

impl Durable for Disk {
    type Write = Write;

    fn apply(&mut self, write: Write) {
        match write {
            Write::Promise { ballot, decided } => {
                self.promised = ballot;
                self.decided = decided;
            }
            Write::Accept { ballot, first, commands, decided } => {
                self.promised = self.promised.max(ballot);
                self.decided = decided;
                self.log.accept(first, ballot, &commands, decided);
            }
            Write::Learn { first, commands } => {
                self.decided = first - 1 + commands.len() as u64;
                self.log.learn(first, &commands);
            }
        }
    }

    fn damage(&mut self, _dice: &mut dyn Dice) -> bool {
        self.damaged = true;
        true
    }
}
