//! **One value per ballot and slot** (A4, C1): in one ballot one command at most is proposed for a slot, by the node
//! that the ballot belongs to, and acceptors accept nothing else in it.
//!
//! What was accepted is looked up on the synced disk, at the end of the turn in which it was reported. (Of a turn that
//! a crash cut short it is not; a node that comes back reports it again.)

use super::ballots::Ballots;
use crate::check::{At, Cast, Evidence, NodeId, Property, Seat, Time, Verdict, WorldEvent};
use crate::protocol::multi_paxos::{Commands, Disk, Fact, MultiPaxos, MultiPaxosConfig, Slot};
use crate::protocol::paxos::Ballot;

/// The invariant; what it rests on stands at the head of its file.
#[derive(Debug)]
pub struct OneValuePerBallotSlot {
    ballots: Ballots,
    /// For each node, what it reported in a turn that is not over.
    reports: Vec<Vec<(Ballot, Slot, Slot)>>,
}

impl OneValuePerBallotSlot {
    fn propose(&mut self, node: NodeId, ballot: Ballot, first: Slot, commands: &Commands) -> Verdict {
        if ballot.proposer != node {
            let evidence = Evidence::new("a node proposed in a ballot that is not its own").node(node);
            return evidence.value("ballot", ballot).value("slot", first).into();
        }
        for (slot, command) in (first..).zip(commands.iter()) {
            if let Some(before) = self.ballots.propose(ballot, slot, command) {
                let evidence = Evidence::new("one ballot proposes two commands for a slot").node(node);
                let evidence = evidence.value("ballot", ballot).value("slot", slot);
                return evidence.value("first", before).value("then", command).into();
            }
        }
        Verdict::Held
    }

    fn judge(&mut self, node: NodeId, ballot: Ballot, slot: Slot, disk: &Disk) -> Verdict {
        let held = disk.log.get(slot).filter(|accepted| accepted.ballot == ballot).map(|accepted| &accepted.command);
        let proposed = self.ballots.proposed(ballot, slot);
        // What it learned as decided may stand in its place by now.
        if held.is_none() {
            return Verdict::Skip;
        }
        if held == proposed {
            return Verdict::Held;
        }
        let evidence = Evidence::new("an acceptor accepted what the ballot does not propose").node(node);
        let evidence = evidence.value("ballot", ballot).value("slot", slot);
        evidence.value("proposed", proposed).value("accepted", held).into()
    }
}

impl Property<MultiPaxos> for OneValuePerBallotSlot {
    const NAME: &'static str = "one_value_per_ballot_slot";
    const ABOUT: &'static str = "in one ballot at most one command is proposed and accepted for a slot";

    fn new(config: &MultiPaxosConfig, cast: &Cast) -> Self {
        Self { ballots: Ballots::new(config), reports: vec![Vec::new(); cast.len() as usize] }
    }

    fn on_fact(&mut self, at: At, fact: &Fact) -> Verdict {
        match *fact {
            Fact::Proposed { ballot, first, ref commands } => self.propose(at.node, ballot, first, commands),
            Fact::Accepted { ballot, first, last } | Fact::Recovered { ballot, first, last } => {
                self.reports[at.node.index()].push((ballot, first, last));
                Verdict::Skip
            }
            _ => Verdict::Skip,
        }
    }

    #[inline]
    fn on_turn(&mut self, at: At, seat: Seat<'_, MultiPaxos>) -> Verdict {
        let mut verdict = Verdict::Skip;
        while let Some((ballot, first, last)) = self.reports[at.node.index()].pop() {
            for slot in first..=last {
                verdict = self.judge(at.node, ballot, slot, seat.disk);
                if matches!(verdict, Verdict::Broken(_)) {
                    return verdict;
                }
            }
        }
        verdict
    }

    fn on_world(&mut self, _now: Time, event: &WorldEvent) -> Verdict {
        if let WorldEvent::Crash { node, .. } = *event {
            self.reports[node.index()].clear();
        }
        Verdict::Skip
    }
}
