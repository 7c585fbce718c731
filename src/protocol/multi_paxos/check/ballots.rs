//! What was ever proposed, and who accepted it, by ballot and slot: as it was reported.

use std::collections::BTreeMap;

use crate::check::NodeId;
use crate::process::{Shared, Voters};
use crate::protocol::multi_paxos::{Command, MultiPaxosConfig, Slot};
use crate::protocol::paxos::Ballot;

/// All proposals of all ballots.
#[derive(Debug)]
pub(super) struct Ballots {
    acceptors: Voters,
    of: BTreeMap<Ballot, Proposals>,
    /// The last ballot that was asked for, out of the others, for it will be asked for again.
    latest: (Ballot, Proposals),
}

/// The proposals of one ballot. Their slots follow each other.
#[derive(Debug, Default)]
struct Proposals {
    /// The slot of the first.
    base: Slot,
    list: Vec<Option<Proposal>>,
}

/// A command that was proposed, and who accepted it.
#[derive(Clone, Debug)]
pub(super) struct Proposal {
    /// What.
    pub(super) command: Shared<Command>,
    accepted: Voters,
}

impl Proposals {
    fn at(&mut self, slot: Slot) -> Option<&mut Option<Proposal>> {
        self.list.get_mut(slot.checked_sub(self.base)? as usize)
    }

    /// The place of a slot, which is made if there is none.
    fn place(&mut self, slot: Slot) -> &mut Option<Proposal> {
        if self.list.is_empty() {
            self.base = slot;
        }
        let missing = self.base.saturating_sub(slot) as usize;
        if missing > 0 {
            self.list.splice(0..0, std::iter::repeat_n(None, missing));
            self.base = slot;
        }
        let place = (slot - self.base) as usize;
        if place >= self.list.len() {
            self.list.resize(place + 1, None);
        }
        &mut self.list[place]
    }
}

impl Ballots {
    pub(super) fn new(config: &MultiPaxosConfig) -> Self {
        Self { acceptors: config.acceptors, of: BTreeMap::new(), latest: (Ballot::default(), Proposals::default()) }
    }

    fn turn_to(&mut self, ballot: Ballot) -> &mut Proposals {
        if self.latest.0 != ballot {
            let proposals = self.of.remove(&ballot).unwrap_or_default();
            let (before, others) = std::mem::replace(&mut self.latest, (ballot, proposals));
            self.of.insert(before, others);
        }
        &mut self.latest.1
    }

    /// Enters a proposal; what was proposed there in this ballot before, if that was another.
    pub(super) fn propose(&mut self, ballot: Ballot, slot: Slot, command: &Shared<Command>) -> Option<Shared<Command>> {
        let place = self.turn_to(ballot).place(slot);
        match place {
            Some(before) if before.command != *command => Some(before.command.clone()),
            Some(_) => None,
            None => {
                *place = Some(Proposal { command: command.clone(), accepted: Voters::NONE });
                None
            }
        }
    }

    /// Enters an acceptance. The command, if this makes a majority.
    pub(super) fn accept(&mut self, acceptor: NodeId, ballot: Ballot, slot: Slot) -> Option<Shared<Command>> {
        let (acceptors, majority) = (self.acceptors, self.acceptors.majority());
        let proposal = self.turn_to(ballot).at(slot)?.as_mut()?;
        let is_new = acceptors.contains(acceptor) && proposal.accepted.insert(acceptor);
        (is_new && proposal.accepted.len() == majority).then(|| proposal.command.clone())
    }

    /// What was proposed in this ballot and slot.
    pub(super) fn proposed(&mut self, ballot: Ballot, slot: Slot) -> Option<&Shared<Command>> {
        Some(&self.turn_to(ballot).at(slot)?.as_ref()?.command)
    }

    /// A proposal for this slot in a ballot above this one which is not this command.
    pub(super) fn other_above(&mut self, ballot: Ballot, slot: Slot, command: &Shared<Command>) -> Option<Ballot> {
        // Most often none was begun.
        if self.latest.0 == ballot && self.of.last_key_value().is_none_or(|(&last, _)| last < ballot) {
            return None;
        }
        self.turn_to(ballot);
        let differs = |proposals: &mut Proposals| {
            proposals.at(slot).and_then(|place| place.as_ref()).is_some_and(|proposal| proposal.command != *command)
        };
        let mut above = self.of.range_mut(ballot..);
        above.find_map(|(&above, proposals)| differs(proposals).then_some(above))
    }
}
