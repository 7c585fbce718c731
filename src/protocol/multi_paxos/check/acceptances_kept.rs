//! **Acceptances are kept** (A3): what an acceptor reported to have accepted is on its synced disk from the end of that
//! turn on, over all its lives: in the same ballot, in a higher one, or as what was decided.
//!
//! It is looked up when it is reported, and all of it again when the node has booted.

use crate::check::{At, Cast, Evidence, NodeId, Property, Seat, Time, Verdict, WorldEvent};
use crate::protocol::multi_paxos::{Disk, Fact, MultiPaxos, MultiPaxosConfig, Slot};
use crate::protocol::paxos::Ballot;

/// The invariant; what it rests on stands at the head of its file.
#[derive(Debug)]
pub struct AcceptancesKept(Vec<Acceptor>);

/// What one node reported.
#[derive(Clone, Debug, Default)]
struct Acceptor {
    /// In which life it was looked at.
    life: u32,
    /// What it reported and has shown.
    shown: Vec<Range>,
    /// What it reported in a turn that is not over.
    reported: Vec<Range>,
}

/// Slots accepted in one ballot, the first and the last of them.
type Range = (Ballot, Slot, Slot);

impl Acceptor {
    /// Takes what was reported for shown.
    fn settle(&mut self) {
        for (ballot, first, last) in self.reported.drain(..) {
            match self.shown.last_mut() {
                Some(range) if range.0 == ballot && range.2 + 1 == first => range.2 = last,
                _ => self.shown.push((ballot, first, last)),
            }
        }
    }
}

/// The first slot of these that the disk does not hold any more.
fn missing(disk: &Disk, ranges: &[Range]) -> Option<(Ballot, Slot)> {
    let holds = |ballot: Ballot, slot: Slot| {
        let kept = disk.log.get(slot).is_some_and(|held| held.ballot >= ballot || held.ballot == Ballot::default());
        kept || slot <= disk.decided
    };
    ranges
        .iter()
        .find_map(|&(ballot, first, last)| (first..=last).find(|&slot| !holds(ballot, slot)).map(|slot| (ballot, slot)))
}

impl Property<MultiPaxos> for AcceptancesKept {
    const NAME: &'static str = "acceptances_kept";
    const ABOUT: &'static str = "what an acceptor reported to have accepted stays on its disk, over all its lives";

    fn new(_config: &MultiPaxosConfig, cast: &Cast) -> Self {
        Self(vec![Acceptor::default(); cast.len() as usize])
    }

    fn on_fact(&mut self, at: At, fact: &Fact) -> Verdict {
        if let Fact::Accepted { ballot, first, last } | Fact::Recovered { ballot, first, last } = *fact {
            self.0[at.node.index()].reported.push((ballot, first, last));
        }
        Verdict::Skip
    }

    #[inline]
    fn on_turn(&mut self, at: At, seat: Seat<'_, MultiPaxos>) -> Verdict {
        let acceptor = &mut self.0[at.node.index()];
        let booted = std::mem::replace(&mut acceptor.life, at.life) != at.life && !acceptor.shown.is_empty();
        if acceptor.reported.is_empty() && !booted {
            return Verdict::Skip;
        }
        let lost = if booted { missing(seat.disk, &acceptor.shown) } else { None };
        if let Some((ballot, slot)) = lost.or_else(|| missing(seat.disk, &acceptor.reported)) {
            return not_kept(at.node, ballot, slot, seat.disk);
        }
        acceptor.settle();
        Verdict::Held
    }

    fn on_world(&mut self, _now: Time, event: &WorldEvent) -> Verdict {
        if let WorldEvent::Crash { node, lost_disk } = *event {
            let acceptor = &mut self.0[node.index()];
            acceptor.settle();
            if lost_disk {
                acceptor.shown.clear();
            }
        }
        Verdict::Skip
    }
}

fn not_kept(node: NodeId, ballot: Ballot, slot: Slot, disk: &Disk) -> Verdict {
    let evidence = Evidence::new("an acceptor does not have on its disk what it reported to have accepted").node(node);
    evidence.value("slot", slot).value("ballot", ballot).value("held", disk.log.get(slot)).into()
}
