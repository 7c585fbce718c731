//! **A choice is stable** (A5, C2): once a majority of acceptors has accepted a command for a slot in a ballot, every
//! higher ballot proposes the same for that slot.
//!
//! It is asked when something is proposed, for all that was chosen before, and when something is chosen, for all that
//! was proposed in higher ballots: an acceptance may be the last that a majority lacked, long after its ballot.

use super::ballots::Ballots;
use crate::check::{At, Cast, Evidence, Property, Verdict};
use crate::process::Shared;
use crate::protocol::multi_paxos::{Command, Commands, Fact, MultiPaxos, MultiPaxosConfig, Slot};
use crate::protocol::paxos::Ballot;

/// The invariant; what it rests on stands at the head of its file.
#[derive(Debug)]
pub struct ChoiceIsStable {
    ballots: Ballots,
    /// By slot: the lowest ballot in which a majority accepted, and what.
    chosen: Vec<Option<(Ballot, Shared<Command>)>>,
}

impl ChoiceIsStable {
    fn propose(&mut self, at: At, ballot: Ballot, first: Slot, commands: &Commands) -> Verdict {
        let mut verdict = Verdict::Skip;
        for (slot, command) in (first..).zip(commands.iter()) {
            self.ballots.propose(ballot, slot, command);
            let chosen = self.chosen.get(slot as usize - 1).and_then(Option::as_ref);
            let Some((in_ballot, chosen)) = chosen.filter(|(in_ballot, _)| *in_ballot < ballot) else { continue };
            if chosen != command {
                let evidence = Evidence::new("a higher ballot proposes another command than was chosen").node(at.node);
                let evidence = evidence.value("slot", slot).value("chosen", chosen).value("in_ballot", in_ballot);
                return evidence.value("proposed", command).value("ballot", ballot).into();
            }
            verdict = Verdict::Held;
        }
        verdict
    }

    fn choose(&mut self, at: At, ballot: Ballot, slot: Slot, command: &Shared<Command>) -> Verdict {
        if let Some(above) = self.ballots.other_above(ballot, slot, command) {
            let evidence = Evidence::new("a command was chosen below a ballot that proposes another").node(at.node);
            let evidence = evidence.value("slot", slot).value("chosen", command).value("in_ballot", ballot);
            return evidence.value("ballot", above).into();
        }
        let place = slot as usize - 1;
        if self.chosen.len() <= place {
            self.chosen.resize(place + 1, None);
        }
        if self.chosen[place].as_ref().is_none_or(|&(before, _)| ballot < before) {
            self.chosen[place] = Some((ballot, command.clone()));
        }
        Verdict::Held
    }
}

impl Property<MultiPaxos> for ChoiceIsStable {
    const NAME: &'static str = "choice_is_stable";
    const ABOUT: &'static str = "what a majority accepted for a slot, all higher ballots propose for it too";

    fn new(config: &MultiPaxosConfig, _cast: &Cast) -> Self {
        Self { ballots: Ballots::new(config), chosen: Vec::new() }
    }

    fn on_fact(&mut self, at: At, fact: &Fact) -> Verdict {
        let mut verdict = Verdict::Skip;
        match *fact {
            Fact::Proposed { ballot, first, ref commands } => return self.propose(at, ballot, first, commands),
            Fact::Accepted { ballot, first, last } | Fact::Recovered { ballot, first, last } => {
                for slot in first..=last {
                    let Some(command) = self.ballots.accept(at.node, ballot, slot) else { continue };
                    verdict = self.choose(at, ballot, slot, &command);
                    if matches!(verdict, Verdict::Broken(_)) {
                        break;
                    }
                }
            }
            _ => {}
        }
        verdict
    }
}
