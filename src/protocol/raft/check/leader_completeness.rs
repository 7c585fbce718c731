//! **Leader completeness**: an entry committed in a term is in the log of every leader of a later term
//! (Figure 3, section 5.4; `LeaderCompleteness`, in etcd `LeaderCompletenessInv`).
//!
//! "Committed in a term" is what the leader of that term reported. It may be late: a deposed leader may still hear
//! of a majority that held the entry before the next one was elected. So for every leader there was, its log at the
//! end of the turn of its election is kept, and each report is held against all later ones, though they may be gone.
//! (A leader that a crash took in that very turn has led nobody, and is not judged.) The last entry committed stands
//! for those before it, by log matching.

use std::collections::BTreeMap;

use crate::check::{At, Cast, Evidence, NodeId, Property, Seat, Verdict};
use crate::protocol::raft::{Fact, Log, Position, Raft, RaftConfig, Term};

/// The invariant; what it rests on stands at the head of its file.
#[derive(Debug)]
pub struct LeaderCompleteness {
    /// By term, ascending: the furthest entry committed in this term or before it.
    committed: Vec<(Term, Position)>,
    /// For each node, the last term in which it was seen to lead, and the last in which it was judged.
    led: Vec<(Term, Term)>,
    /// By term, ascending: who was elected, and where its log ended.
    elected: Vec<(Term, NodeId, Position)>,
    runs: Runs,
}

/// The logs of all leaders, in runs of entries of one term. They are told by their ends: up to there, logs do not
/// differ.
#[derive(Debug, Default)]
struct Runs {
    /// Where the run before ended.
    before: BTreeMap<Position, Position>,
}

impl Runs {
    fn enter(&mut self, log: &Log) {
        let mut end = log.last();
        while end.index > log.start().index && !self.before.contains_key(&end) {
            let before = log.last_within(end.index, end.term.saturating_sub(1));
            self.before.insert(end, before);
            end = before;
        }
    }

    /// Whether the log that ended so had this entry. What was compacted in it was committed.
    fn had(&self, mut end: Position, entry: Position) -> bool {
        if entry.index > end.index {
            return false;
        }
        while let Some(&before) = self.before.get(&end) {
            if before.index < entry.index || before.index >= end.index {
                return end.term == entry.term;
            }
            end = before;
        }
        end.index > entry.index || end == entry
    }
}

impl LeaderCompleteness {
    fn commit(&mut self, term: Term, upto: Position) {
        let place = self.committed.partition_point(|&(other, _)| other < term);
        if self.committed.get(place).is_none_or(|&(other, _)| other != term) {
            let before = place.checked_sub(1).map_or(Position::default(), |place| self.committed[place].1);
            self.committed.insert(place, (term, before));
        }
        for (_, furthest) in &mut self.committed[place..] {
            if furthest.index < upto.index {
                *furthest = upto;
            }
        }
    }

    fn elect(&mut self, term: Term, node: NodeId, log: &Log) {
        self.runs.enter(log);
        let place = self.elected.partition_point(|&(other, ..)| other <= term);
        self.elected.insert(place, (term, node, log.last()));
    }

    /// Looks at those who were elected in later terms than the one in which this was committed.
    fn look_back(&self, committed_in: Term, entry: Position) -> Verdict {
        let mut verdict = Verdict::Skip;
        for &(term, node, end) in self.elected.iter().rev().take_while(|&&(term, ..)| term > committed_in) {
            if !self.runs.had(end, entry) {
                return lacks(node, term, entry, committed_in);
            }
            verdict = Verdict::Held;
        }
        verdict
    }

    /// The furthest entry committed in this term or before it.
    fn upto(&self, term: Term) -> Option<(Term, Position)> {
        match self.committed.last() {
            Some(&last) if last.0 <= term => Some(last),
            _ => {
                let place = self.committed.partition_point(|&(other, _)| other <= term);
                place.checked_sub(1).map(|place| self.committed[place])
            }
        }
    }
}

fn lacks(leader: NodeId, term: Term, entry: Position, committed_in: Term) -> Verdict {
    let evidence = Evidence::new("a leader lacks a committed entry").node(leader).value("term", term);
    evidence.value("entry", entry).value("committed_in", committed_in).into()
}

impl Property<Raft> for LeaderCompleteness {
    const NAME: &'static str = "leader_completeness";
    const ABOUT: &'static str = "an entry committed in a term is in the log of every later leader";

    fn new(_config: &RaftConfig, cast: &Cast) -> Self {
        let led = vec![(0, 0); cast.len() as usize];
        Self { committed: Vec::new(), led, elected: Vec::new(), runs: Runs::default() }
    }

    fn on_fact(&mut self, _at: At, fact: &Fact) -> Verdict {
        if let Fact::Committed { term, upto } = *fact {
            self.commit(term, upto);
            return self.look_back(term, upto);
        }
        Verdict::Skip
    }

    fn on_turn(&mut self, at: At, seat: Seat<'_, Raft>) -> Verdict {
        if !seat.state.is_leader() {
            return Verdict::Skip;
        }
        let (term, log) = (seat.state.term(), seat.state.log());
        if std::mem::replace(&mut self.led[at.node.index()].0, term) != term {
            self.elect(term, at.node, log);
        }
        let Some((committed_in, entry)) = self.upto(term) else { return Verdict::Skip };
        if !log.agrees(entry) {
            return lacks(at.node, term, entry, committed_in);
        }
        let new = std::mem::replace(&mut self.led[at.node.index()].1, term) != term;
        if new { Verdict::Held } else { Verdict::Skip }
    }
}
