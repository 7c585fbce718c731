//! **Log matching**: if two logs hold an entry of the same index and term, they are identical up to that entry
//! (Figure 3, section 5.3; `LogMatching`, in etcd `LogMatchingInv`).
//!
//! It holds over all logs that ever were. So one table keeps, for every (index, term) ever seen, a hash
//! chained over the whole log up to it, and each node's new entries are held against it.

use std::collections::BTreeMap;

use super::Reader;
use crate::check::{At, Cast, Evidence, NodeId, Nodes, Property, Seat, Time, Verdict, WorldEvent};
use crate::protocol::raft::{Index, Log, Position, Raft, RaftConfig, Term};
use crate::rng::content_hash;

/// The invariant; what it rests on stands at the head of its file.
#[derive(Debug)]
pub struct LogMatching {
    /// By index: the term seen last there, and the hash.
    latest: Vec<(Term, u64)>,
    /// The others.
    others: BTreeMap<(Index, Term), u64>,
    readers: Vec<Reader>,
    /// The phase has changed: the next checkpoint reads everything once more.
    thorough: bool,
}

impl LogMatching {
    fn known(&self, position: Position) -> Option<u64> {
        match self.latest.get(position.index.checked_sub(1)? as usize) {
            Some(&(term, hash)) if term == position.term => Some(hash),
            _ => self.others.get(&(position.index, position.term)).copied(),
        }
    }

    /// Where to begin to be sure of all from `from` on, and the hash of the log up to the entry before. Where the log
    /// begins behind a prefix that was never seen, that is at the first entry of which the hash is known; `None` if
    /// there is no such.
    fn resume(&self, log: &Log, from: Index) -> Option<(u64, Index)> {
        let hash = |before: Index| if before == 0 { Some(0) } else { self.known(log.position(before)?) };
        let start = log.start().index;
        let known = |before: Index| hash(before).map(|hash| (hash, before + 1));
        known(from - 1).or_else(|| known(start)).or_else(|| (start + 1..=log.last().index).find_map(known))
    }

    fn read(&mut self, node: NodeId, log: &Log, from: Index) -> Verdict {
        if from > log.last().index {
            return Verdict::Skip;
        }
        let Some((mut hash, from)) = self.resume(log, from) else { return Verdict::Skip };
        for index in from..=log.last().index {
            let Some(entry) = log.entry(index) else { continue };
            hash = content_hash(&(hash, entry));
            if !self.learn(Position { term: entry.term, index }, hash) {
                let evidence = Evidence::new("two logs differ up to an entry of the same index and term").node(node);
                return evidence.value("index", index).value("term", entry.term).into();
            }
        }
        Verdict::Held
    }

    /// Enters the hash up to a position; whether it is the one that was known.
    fn learn(&mut self, position: Position, hash: u64) -> bool {
        if let Some(known) = self.known(position) {
            return known == hash;
        }
        let place = position.index as usize - 1;
        if self.latest.len() <= place {
            self.latest.resize(place + 1, (0, 0));
        }
        let (term, older) = std::mem::replace(&mut self.latest[place], (position.term, hash));
        if term != 0 {
            self.others.insert((position.index, term), older);
        }
        true
    }
}

impl Property<Raft> for LogMatching {
    const NAME: &'static str = "log_matching";
    const ABOUT: &'static str = "logs that hold an entry of the same index and term are identical up to it";

    fn new(_config: &RaftConfig, cast: &Cast) -> Self {
        let readers = vec![Reader::default(); cast.len() as usize];
        Self { latest: Vec::new(), others: BTreeMap::new(), readers, thorough: false }
    }

    #[inline]
    fn on_turn(&mut self, at: At, seat: Seat<'_, Raft>) -> Verdict {
        let from = self.readers[at.node.index()].read(seat.state.log(), seat.state.commit());
        self.read(at.node, seat.state.log(), from)
    }

    fn on_world(&mut self, _now: Time, event: &WorldEvent) -> Verdict {
        self.thorough |= matches!(event, WorldEvent::Phase(_));
        Verdict::Skip
    }

    fn on_state(&mut self, _now: Time, nodes: Nodes<'_, Raft>) -> Verdict {
        if !std::mem::take(&mut self.thorough) {
            return Verdict::Skip;
        }
        let seats = nodes.living().filter(|seat| !seat.held);
        let mut verdicts = seats.map(|seat| {
            let log = seat.state.log();
            self.read(seat.node, log, log.start().index + 1)
        });
        verdicts.find(|verdict| matches!(verdict, Verdict::Broken(_))).unwrap_or(Verdict::Skip)
    }
}
