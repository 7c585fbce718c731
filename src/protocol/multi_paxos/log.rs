//! The log: for each slot what was accepted there last, and in which ballot. It may have holes.

use std::fmt;
use std::rc::Rc;

use crate::ids::OpId;
use crate::process::{Brief, Shared};
use crate::protocol::kv::Op;
use crate::protocol::paxos::Ballot;

/// A place in the log. Slots count from 1.
pub type Slot = u64;

/// What a slot asks of the state machine.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// Nothing: it fills a gap.
    Noop,
    /// What a client asked.
    Client(OpId, Op),
}

/// Commands for slots in a row. All who hear of them share them.
pub type Commands = Rc<[Shared<Command>]>;

/// A command that was accepted in a slot, and the ballot of it (a "pvalue" without its slot).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Accepted {
    /// In which ballot; the lowest of all if its node only learned it as decided.
    pub ballot: Ballot,
    /// What.
    pub command: Shared<Command>,
}

/// As people write it: `2.n1 Noop`.
impl fmt::Debug for Accepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?}", self.ballot, *self.command)
    }
}

/// The log of a node.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Log(Vec<Option<Accepted>>);

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Log").field(&Brief(&self.0)).finish()
    }
}

impl Log {
    /// What was accepted in a slot.
    #[inline]
    #[must_use]
    pub fn get(&self, slot: Slot) -> Option<&Accepted> {
        self.0.get(slot.checked_sub(1)? as usize)?.as_ref()
    }

    /// The last slot in which anything was accepted.
    #[must_use]
    pub fn last(&self) -> Slot {
        self.0.len() as u64
    }

    /// Whether these slots were all accepted in this ballot.
    #[must_use]
    pub fn has_accepted(&self, mut slots: impl Iterator<Item = Slot>, ballot: Ballot) -> bool {
        slots.all(|slot| self.get(slot).is_some_and(|accepted| accepted.ballot == ballot))
    }

    /// What was accepted from this slot on, holes included.
    #[must_use]
    pub fn behind(&self, first: Slot) -> &[Option<Accepted>] {
        self.0.get(first.saturating_sub(1) as usize..).unwrap_or(&[])
    }

    /// The commands from this slot on, up to `last` or the first hole.
    #[must_use]
    pub fn commands(&self, first: Slot, last: Slot) -> Commands {
        let accepted = (first..=last).map_while(|slot| self.get(slot));
        accepted.map(|accepted| accepted.command.clone()).collect()
    }

    /// Accepts commands in a ballot, in these slots except those up to `decided`.
    pub fn accept(&mut self, first: Slot, ballot: Ballot, commands: &[Shared<Command>], decided: Slot) {
        for (slot, command) in (first..).zip(commands).filter(|&(slot, _)| slot > decided) {
            self.put(slot, Accepted { ballot, command: command.clone() });
        }
    }

    /// Puts decided commands in their slots. What was accepted there stays if it is the same.
    pub fn learn(&mut self, first: Slot, commands: &[Shared<Command>]) {
        for (slot, command) in (first..).zip(commands) {
            if self.get(slot).is_none_or(|accepted| accepted.command != *command) {
                self.put(slot, Accepted { ballot: Ballot::default(), command: command.clone() });
            }
        }
    }

    #[inline]
    fn put(&mut self, slot: Slot, accepted: Accepted) {
        let place = slot as usize - 1;
        if place == self.0.len() {
            self.0.push(Some(accepted));
            return;
        }
        if place > self.0.len() {
            self.0.resize(place + 1, None);
        }
        self.0[place] = Some(accepted);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{ClientId, NodeId};
    use crate::protocol::kv::Key;

    fn ballot(round: u64) -> Ballot {
        Ballot { round, proposer: NodeId(0) }
    }

    fn command(n: u64) -> Shared<Command> {
        Command::Client(OpId { client: ClientId(0), n }, Op::Get(Key(0))).into()
    }

    #[test]
    fn slots_may_be_accepted_in_any_order() {
        let mut log = Log::default();
        log.accept(3, ballot(1), &[command(3)], 0);
        assert_eq!((log.last(), log.get(0), log.get(1), log.get(2), log.get(4)), (3, None, None, None, None));
        log.accept(1, ballot(2), &[command(1), command(2)], 1);
        assert_eq!(log.get(1), None, "it is decided");
        assert!(log.has_accepted(2..=2, ballot(2)) && log.has_accepted(3..=3, ballot(1)));
        assert!(!log.has_accepted(2..=3, ballot(2)) && !log.has_accepted(4..=4, ballot(1)));
        assert_eq!((log.commands(2, 9).len(), log.commands(1, 9).len(), log.behind(2).len()), (2, 0, 2));
    }

    #[test]
    fn what_is_decided_takes_the_place_of_what_is_not() {
        let mut log = Log::default();
        log.accept(1, ballot(5), &[command(1), command(2)], 0);
        log.learn(1, &[command(1), command(7), command(8)]);
        let held = |slot| log.get(slot).map(|accepted| (accepted.ballot, accepted.command.clone()));
        assert_eq!(held(1), Some((ballot(5), command(1))));
        assert_eq!(held(2), Some((ballot(0), command(7))));
        assert_eq!((held(3), log.last()), (Some((ballot(0), command(8))), 3));
    }
}
