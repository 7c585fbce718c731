//! What was ever proposed, and who accepted it, by ballot and slot: as it was reported. Who accepted is kept as ranges
//! of slots, so that a report costs the same however many slots it is about.

use std::collections::BTreeMap;

use crate::check::NodeId;
use crate::process::{Shared, Voters};
use crate::protocol::multi_paxos::{Command, MultiPaxosConfig, Slot};
use crate::protocol::paxos::Ballot;

/// All proposals of all ballots.
#[derive(Debug)]
pub(super) struct Ballots {
    acceptors: Voters,
    of: BTreeMap<Ballot, Reign>,
    /// The last ballot that was asked for, out of the others, for it will be asked for again.
    latest: (Ballot, Reign),
}

/// One ballot.
#[derive(Debug, Default)]
struct Reign {
    /// The first slot proposed for, and what was proposed from there on.
    base: Slot,
    commands: Vec<Option<Shared<Command>>>,
    /// By node: the slots that it accepted, in ranges that do not touch each other. One that still grows is the last.
    accepted: Vec<Vec<(Slot, Slot)>>,
}

impl Reign {
    fn command(&self, slot: Slot) -> Option<&Shared<Command>> {
        self.commands.get(slot.checked_sub(self.base)? as usize)?.as_ref()
    }

    /// The place of a slot, which is made if there is none.
    fn place(&mut self, slot: Slot) -> &mut Option<Shared<Command>> {
        if self.commands.is_empty() {
            self.base = slot;
        }
        let missing = self.base.saturating_sub(slot) as usize;
        if missing > 0 {
            self.commands.splice(0..0, std::iter::repeat_n(None, missing));
            self.base = slot;
        }
        let place = (slot - self.base) as usize;
        if place >= self.commands.len() {
            self.commands.resize(place + 1, None);
        }
        &mut self.commands[place]
    }

    fn accept(&mut self, acceptor: NodeId, first: Slot, last: Slot) {
        if self.accepted.len() <= acceptor.index() {
            self.accepted.resize(acceptor.index() + 1, Vec::new());
        }
        let ranges = &mut self.accepted[acceptor.index()];
        match ranges.last_mut() {
            Some(range) if range.1 + 1 == first => range.1 = last,
            None => ranges.push((first, last)),
            Some(_) => {
                let touches = |range: &(Slot, Slot)| range.0 <= last + 1 && first <= range.1 + 1;
                let old = ranges.iter().filter(|range| touches(range));
                let whole = old.fold((first, last), |whole, range| (whole.0.min(range.0), whole.1.max(range.1)));
                ranges.retain(|range| !touches(range));
                ranges.push(whole);
                ranges.sort_unstable();
            }
        }
    }

    /// Whether a majority has accepted in this slot.
    fn chose(&self, acceptors: Voters, slot: Slot) -> bool {
        let has = |ranges: &Vec<(Slot, Slot)>| ranges.iter().rev().any(|range| (range.0..=range.1).contains(&slot));
        let count = acceptors.iter().filter(|node| self.accepted.get(node.index()).is_some_and(has)).count();
        count >= acceptors.majority()
    }

    /// What a majority has accepted in this slot.
    fn chosen(&self, acceptors: Voters, slot: Slot) -> Option<&Shared<Command>> {
        self.command(slot).filter(|_| self.chose(acceptors, slot))
    }

    /// Whether anything was proposed for this slot or one behind it.
    fn reaches(&self, slot: Slot) -> bool {
        self.base + self.commands.len() as u64 > slot
    }
}

impl Ballots {
    pub(super) fn new(config: &MultiPaxosConfig) -> Self {
        Self { acceptors: config.acceptors, of: BTreeMap::new(), latest: (Ballot::default(), Reign::default()) }
    }

    fn turn_to(&mut self, ballot: Ballot) -> &mut Reign {
        if self.latest.0 != ballot {
            let reign = self.of.remove(&ballot).unwrap_or_default();
            let (before, other) = std::mem::replace(&mut self.latest, (ballot, reign));
            self.of.insert(before, other);
        }
        &mut self.latest.1
    }

    /// Enters a proposal; what was proposed there in this ballot before, if that was another.
    pub(super) fn propose(&mut self, ballot: Ballot, slot: Slot, command: &Shared<Command>) -> Option<Shared<Command>> {
        let place = self.turn_to(ballot).place(slot);
        match place {
            Some(before) if before != command => Some(before.clone()),
            Some(_) => None,
            None => {
                *place = Some(command.clone());
                None
            }
        }
    }

    /// Enters acceptances, of all slots from `first` to `last`.
    pub(super) fn accept(&mut self, acceptor: NodeId, ballot: Ballot, first: Slot, last: Slot) {
        self.turn_to(ballot).accept(acceptor, first, last);
    }

    /// What was proposed in this ballot and slot.
    pub(super) fn proposed(&mut self, ballot: Ballot, slot: Slot) -> Option<&Shared<Command>> {
        self.turn_to(ballot).command(slot)
    }

    /// What was chosen in this ballot and slot.
    pub(super) fn chosen_in(&mut self, ballot: Ballot, slot: Slot) -> Option<Shared<Command>> {
        let acceptors = self.acceptors;
        self.turn_to(ballot).chosen(acceptors, slot).cloned()
    }

    /// What was chosen in this slot, in whatever ballot.
    pub(super) fn chosen(&self, slot: Slot) -> Option<&Shared<Command>> {
        let latest = self.latest.1.chosen(self.acceptors, slot);
        latest.or_else(|| self.of.values().rev().find_map(|reign| reign.chosen(self.acceptors, slot)))
    }

    /// A ballot below this one in which a command was chosen for this slot, and which.
    pub(super) fn chosen_below(&mut self, ballot: Ballot, slot: Slot) -> Option<(Ballot, &Shared<Command>)> {
        self.turn_to(ballot);
        let below = self.of.range(..ballot).filter(|(_, reign)| reign.reaches(slot));
        below.filter_map(|(&ballot, reign)| Some((ballot, reign.chosen(self.acceptors, slot)?))).next()
    }

    /// A ballot above this one that proposes something else for this slot than that command.
    pub(super) fn other_above(&mut self, ballot: Ballot, slot: Slot, command: &Shared<Command>) -> Option<Ballot> {
        self.turn_to(ballot);
        let mut above = self.of.range(ballot..).filter(|(_, reign)| reign.reaches(slot));
        above.find_map(|(&above, reign)| reign.command(slot).is_some_and(|other| other != command).then_some(above))
    }

    /// Whether a ballot above this one was begun with a proposal for this slot or one behind it.
    pub(super) fn is_outbid(&mut self, ballot: Ballot, slot: Slot) -> bool {
        self.turn_to(ballot);
        self.of.range(ballot..).any(|(_, reign)| reign.reaches(slot))
    }
}
