//! **One decision per slot** (R1): no two replicas ever apply different commands in one slot, nor does one over its
//! lives.

use crate::check::{At, Cast, Evidence, NodeId, Property, Seat, Verdict};
use crate::process::Shared;
use crate::protocol::kv::Replica;
use crate::protocol::multi_paxos::{Command, MultiPaxos, MultiPaxosConfig, Slot};

/// The invariant; what it rests on stands at the head of its file.
#[derive(Debug)]
pub struct OneDecisionPerSlot {
    /// What was applied in each slot, and by whom first.
    applied: Vec<Option<(Shared<Command>, NodeId)>>,
    /// For each node: its life, and how far it has been followed in it.
    followed: Vec<(u32, Slot)>,
}

impl OneDecisionPerSlot {
    fn apply(&mut self, node: NodeId, slot: Slot, command: &Shared<Command>) -> Verdict {
        let place = slot as usize - 1;
        if self.applied.len() <= place {
            self.applied.resize(place + 1, None);
        }
        let (first, by) = self.applied[place].get_or_insert_with(|| (command.clone(), node));
        if first == command {
            return Verdict::Held;
        }
        let evidence = Evidence::new("two commands were decided for one slot").node(*by).node(node);
        evidence.value("slot", slot).value("first", first).value("second", command).into()
    }
}

impl Property<MultiPaxos> for OneDecisionPerSlot {
    const NAME: &'static str = "one_decision_per_slot";
    const ABOUT: &'static str = "no two replicas apply different commands in one slot";

    fn new(_config: &MultiPaxosConfig, cast: &Cast) -> Self {
        Self { applied: Vec::new(), followed: vec![(0, 0); cast.len() as usize] }
    }

    #[inline]
    fn on_turn(&mut self, at: At, seat: Seat<'_, MultiPaxos>) -> Verdict {
        let applied = seat.state.applied();
        let followed = &mut self.followed[at.node.index()];
        if *followed == (at.life, applied) {
            return Verdict::Skip;
        }
        let from = if followed.0 == at.life { followed.1 } else { 0 };
        *followed = (at.life, applied);
        let mut verdict = Verdict::Skip;
        for slot in from + 1..=applied {
            let Some(accepted) = seat.state.log().get(slot) else { continue };
            verdict = self.apply(at.node, slot, &accepted.command);
            if matches!(verdict, Verdict::Broken(_)) {
                break;
            }
        }
        verdict
    }
}
