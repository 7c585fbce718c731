//! The log: entries behind a prefix that may be compacted, of which the last position is still known.

use std::fmt;

use super::membership::Membership;
use crate::ids::OpId;
use crate::process::{Brief, Shared};
use crate::protocol::kv::Op;

/// A term: a time with at most one leader. Terms count from 1.
pub type Term = u64;

/// The place of an entry in the log. Places count from 1.
pub type Index = u64;

/// An entry's place and term, which name it throughout the cluster. The greater of two ends of logs is the more
/// up-to-date one: the later term counts first, then the greater length (section 5.4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// In which term it was appended.
    pub term: Term,
    /// Where.
    pub index: Index,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// In which term it was appended.
    pub term: Term,
    /// What it asks of the state machine.
    pub command: Shared<Command>,
}

/// What an entry asks of the state machine.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// Nothing: it lets a new leader commit what others left behind.
    Noop,
    /// What a client asked.
    Client(OpId, Op),
    /// Who takes part from here on.
    Members {
        /// Who asked for it; nobody is known to have where a joint change is ended that only a snapshot tells of.
        by: Option<OpId>,
        /// Who does.
        to: Membership,
    },
}

impl Command {
    /// Who takes part from here on, if it says so.
    #[must_use]
    pub const fn membership(&self) -> Option<Membership> {
        match *self {
            Self::Members { to, .. } => Some(to),
            Self::Noop | Self::Client(..) => None,
        }
    }
}

/// The log of a node.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Log {
    /// The last entry of the compacted prefix; all zero if nothing was compacted.
    start: Position,
    entries: Vec<Entry>,
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { start, entries } = self;
        f.debug_struct("Log").field("start", start).field("entries", &Brief(entries)).finish()
    }
}

impl Log {
    /// Where the compacted prefix ends.
    #[must_use]
    pub fn start(&self) -> Position {
        self.start
    }

    /// Where the log ends.
    #[must_use]
    pub fn last(&self) -> Position {
        self.entries.last().map_or(self.start, |entry| Position {
            term: entry.term,
            index: self.start.index + self.entries.len() as u64,
        })
    }

    /// The term of the entry at this place; of the compacted prefix only the last is known.
    #[must_use]
    pub fn term_at(&self, index: Index) -> Option<Term> {
        if index == self.start.index { Some(self.start.term) } else { self.entry(index).map(|entry| entry.term) }
    }

    /// The position at this place, if it is known.
    #[must_use]
    pub fn position(&self, index: Index) -> Option<Position> {
        self.term_at(index).map(|term| Position { term, index })
    }

    /// The entry at this place.
    #[must_use]
    pub fn entry(&self, index: Index) -> Option<&Entry> {
        self.entries.get(self.offset(index)?)
    }

    /// Whether the log has this entry, as far as is known.
    #[must_use]
    pub fn holds(&self, position: Position) -> bool {
        self.term_at(position.index) == Some(position.term)
    }

    /// Whether the log agrees with a leader's up to this position. What was compacted is committed, and so every
    /// later leader's log begins with it.
    #[must_use]
    pub fn agrees(&self, position: Position) -> bool {
        position.index < self.start.index || self.holds(position)
    }

    /// The last position not behind `at` and not of a later term: terms never fall along a log.
    #[must_use]
    pub fn last_within(&self, at: Index, term: Term) -> Position {
        let end = self.entries.len().min(at.saturating_sub(self.start.index) as usize);
        match self.entries[..end].partition_point(|entry| entry.term <= term) {
            0 => self.start,
            count => Position { term: self.entries[count - 1].term, index: self.start.index + count as u64 },
        }
    }

    /// At most `max` entries from this place on.
    #[must_use]
    pub fn slice(&self, from: Index, max: usize) -> &[Entry] {
        let rest = self.offset(from).and_then(|first| self.entries.get(first..)).unwrap_or(&[]);
        &rest[..rest.len().min(max)]
    }

    /// Adds an entry at the end.
    pub fn push(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    /// Drops the entry at this place and all behind it.
    pub fn truncate(&mut self, from: Index) {
        self.entries.truncate(from.saturating_sub(self.start.index + 1) as usize);
    }

    /// Drops the entries up to this place, which are committed and in a snapshot.
    pub fn compact(&mut self, upto: Index) {
        let Some(start) = self.position(upto.min(self.last().index)) else { return };
        self.entries.drain(..(start.index - self.start.index) as usize);
        self.start = start;
    }

    /// An empty log behind a compacted prefix.
    #[must_use]
    pub fn behind(start: Position) -> Self {
        Self { start, entries: Vec::new() }
    }

    fn offset(&self, index: Index) -> Option<usize> {
        index.checked_sub(self.start.index + 1).map(|offset| offset as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(terms: &[Term]) -> Log {
        let entries = terms.iter().map(|&term| Entry { term, command: Command::Noop.into() }).collect();
        Log { start: Position::default(), entries }
    }

    fn at(index: Index, term: Term) -> Position {
        Position { term, index }
    }

    #[test]
    fn an_empty_log_holds_the_position_before_the_first() {
        let log = log(&[]);
        assert_eq!(log.last(), at(0, 0));
        assert!(log.holds(at(0, 0)) && !log.holds(at(1, 1)));
        assert!(log.slice(1, 9).is_empty());
    }

    #[test]
    fn the_later_term_is_more_up_to_date_then_the_longer_log() {
        assert!(at(1, 3) > at(9, 2) && at(9, 2) > at(8, 2));
    }

    #[test]
    fn a_conflict_skips_whole_terms() {
        let log = log(&[1, 1, 4, 4, 6]);
        assert_eq!(log.last_within(5, 5), at(4, 4));
        assert_eq!(log.last_within(9, 9), at(5, 6));
        assert_eq!(log.last_within(4, 3), at(2, 1));
        assert_eq!(log.last_within(4, 0), at(0, 0));
    }

    #[test]
    fn a_log_may_start_behind_a_compacted_prefix() {
        let mut log = Log { start: at(10, 3), entries: log(&[3, 5, 5]).entries };
        assert_eq!((log.last(), log.term_at(10), log.term_at(9)), (at(13, 5), Some(3), None));
        assert!(log.agrees(at(4, 1)) && log.agrees(at(10, 3)) && !log.agrees(at(10, 2)));
        assert_eq!(log.slice(12, 1).len(), 1);
        log.truncate(12);
        assert_eq!(log.last(), at(11, 3));
        log.truncate(5);
        assert_eq!(log.last(), at(10, 3));
    }

    #[test]
    fn compaction_drops_a_prefix_and_nothing_twice() {
        let mut log = log(&[1, 1, 4, 4, 6]);
        log.compact(3);
        assert_eq!((log.start(), log.last(), log.slice(4, 9).len()), (at(3, 4), at(5, 6), 2));
        log.compact(2);
        assert_eq!(log.start(), at(3, 4));
        log.compact(9);
        assert_eq!((log.start(), log.last()), (at(5, 6), at(5, 6)));
    }
}
