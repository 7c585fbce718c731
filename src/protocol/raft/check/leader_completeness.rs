//! **Leader completeness**: an entry committed in a term is in the log of every leader of a later term
//! (Figure 3, section 5.4; `LeaderCompleteness`, in etcd `LeaderCompletenessInv`).
//!
//! "Committed in a term" is what the leader of that term reported. It may be late: a deposed leader may still hear
//! of a majority that held the entry before the next one was elected. The last entry committed stands for those
//! before it, by log matching.

use crate::check::{At, Cast, Evidence, Property, Seat, Verdict};
use crate::protocol::raft::{Fact, Position, Raft, RaftConfig, Term};

/// The invariant; what it rests on stands at the head of its file.
#[derive(Debug)]
pub struct LeaderCompleteness {
    /// By term, ascending: the furthest entry committed in this term or before it.
    committed: Vec<(Term, Position)>,
    /// For each node, the last term in which it was seen to lead.
    led: Vec<Term>,
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

impl Property<Raft> for LeaderCompleteness {
    const NAME: &'static str = "leader_completeness";
    const ABOUT: &'static str = "an entry committed in a term is in the log of every later leader";

    fn new(_config: &RaftConfig, cast: &Cast) -> Self {
        Self { committed: Vec::new(), led: vec![0; cast.len() as usize] }
    }

    fn on_fact(&mut self, _at: At, fact: &Fact) -> Verdict {
        if let Fact::Committed { term, upto } = *fact {
            self.commit(term, upto);
        }
        Verdict::Skip
    }

    fn on_turn(&mut self, at: At, seat: Seat<'_, Raft>) -> Verdict {
        if seat.held || !seat.state.is_leader() {
            return Verdict::Skip;
        }
        let (term, log) = (seat.state.term(), seat.state.log());
        let Some((committed_in, entry)) = self.upto(term) else { return Verdict::Skip };
        if !log.agrees(entry) {
            let evidence = Evidence::new("a leader lacks a committed entry").node(at.node).value("term", term);
            return evidence.value("entry", entry).value("committed_in", committed_in).into();
        }
        let new = std::mem::replace(&mut self.led[at.node.index()], term) != term;
        if new { Verdict::Held } else { Verdict::Skip }
    }
}
