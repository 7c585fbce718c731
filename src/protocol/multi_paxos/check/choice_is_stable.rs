//! **A choice is stable** (A5, C2): once a majority of acceptors has accepted a command for a slot in a ballot, every
//! higher ballot proposes the same for that slot.
//!
//! It is asked when something is proposed, for all that was chosen before, and when something is chosen, for all that
//! was proposed in higher ballots: an acceptance may be the last that a majority lacked, long after its ballot.

use super::ballots::Ballots;
use crate::check::{At, Cast, Evidence, Property, Verdict};
use crate::protocol::multi_paxos::{Commands, Fact, MultiPaxos, MultiPaxosConfig, Slot};
use crate::protocol::paxos::Ballot;

/// The invariant; what it rests on stands at the head of its file.
#[derive(Debug)]
pub struct ChoiceIsStable(Ballots);

impl ChoiceIsStable {
    fn propose(&mut self, at: At, ballot: Ballot, first: Slot, commands: &Commands) -> Verdict {
        let mut verdict = Verdict::Skip;
        for (slot, command) in (first..).zip(commands.iter()) {
            self.0.propose(ballot, slot, command);
            let Some((in_ballot, chosen)) = self.0.chosen_below(ballot, slot) else { continue };
            if chosen != command {
                let evidence = Evidence::new("a higher ballot proposes another command than was chosen").node(at.node);
                let evidence = evidence.value("slot", slot).value("chosen", chosen).value("in_ballot", in_ballot);
                return evidence.value("proposed", command).value("ballot", ballot).into();
            }
            verdict = Verdict::Held;
        }
        verdict
    }

    fn accept(&mut self, at: At, ballot: Ballot, first: Slot, last: Slot) -> Verdict {
        self.0.accept(at.node, ballot, first, last);
        let mut verdict = Verdict::Skip;
        if self.0.is_outbid(ballot, first) {
            for slot in first..=last {
                let Some(chosen) = self.0.chosen_in(ballot, slot) else { continue };
                if let Some(above) = self.0.other_above(ballot, slot, &chosen) {
                    let kind = "a command was chosen below a ballot that proposes another";
                    let evidence = Evidence::new(kind).node(at.node).value("slot", slot);
                    return evidence.value("chosen", chosen).value("in_ballot", ballot).value("ballot", above).into();
                }
                verdict = Verdict::Held;
            }
        }
        verdict
    }
}

impl Property<MultiPaxos> for ChoiceIsStable {
    const NAME: &'static str = "choice_is_stable";
    const ABOUT: &'static str = "what a majority accepted for a slot, all higher ballots propose for it too";

    fn new(config: &MultiPaxosConfig, _cast: &Cast) -> Self {
        Self(Ballots::new(config))
    }

    fn on_fact(&mut self, at: At, fact: &Fact) -> Verdict {
        match *fact {
            Fact::Proposed { ballot, first, ref commands } => self.propose(at, ballot, first, commands),
            Fact::Accepted { ballot, first, last } | Fact::Recovered { ballot, first, last } => {
                self.accept(at, ballot, first, last)
            }
            _ => Verdict::Skip,
        }
    }
}
