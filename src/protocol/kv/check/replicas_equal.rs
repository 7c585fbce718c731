//! **Replicas are equal**: nodes that applied equally much are in the same state (Raft paper, section 2, replicated
//! state machines), and once the core is healed and the clients are silent, all its nodes come to the same.
//!
//! What is to be the same is what they have applied; where a protocol cannot promise that (see [`Extent`]), it is only
//! asked that all logs end alike.

use std::collections::BTreeMap;

use crate::check::{Cast, Evidence, NodeSet, Nodes, Progress, Property, Seat, Time, Verdict};
use crate::protocol::kv::{Extent, Replica};

/// The invariant; what it rests on stands at the head of its file.
#[derive(Debug)]
pub struct ReplicasEqual {
    extent: Extent,
}

impl<P: Replica> Property<P> for ReplicasEqual {
    const NAME: &'static str = "replicas_equal";
    const ABOUT: &'static str = "nodes that applied equally much are in the same state, and in the end all are";

    fn new(config: &P::Config, _cast: &Cast) -> Self {
        Self { extent: P::extent(config) }
    }

    fn on_state(&mut self, _now: Time, nodes: Nodes<'_, P>) -> Verdict {
        let mut first: BTreeMap<u64, Seat<'_, P>> = BTreeMap::new();
        let mut verdict = Verdict::Skip;
        for seat in nodes.living().filter(|seat| !seat.held && seat.state.applied() > 0) {
            let other = *first.entry(seat.state.applied()).or_insert(seat);
            if other.state.machine() != seat.state.machine() {
                let evidence = Evidence::new("two replicas differ").node(other.node).node(seat.node);
                return evidence.value("applied", seat.state.applied()).into();
            }
            if other.node != seat.node {
                verdict = Verdict::Held;
            }
        }
        verdict
    }

    fn settled(&self, core: &NodeSet, nodes: Nodes<'_, P>) -> Progress {
        let mut first: Option<Seat<'_, P>> = None;
        let furthest = core.iter().filter_map(|node| nodes.get(node)).max_by_key(|seat| seat.state.applied());
        for node in core.iter().filter(|&node| furthest.is_none_or(|seat| seat.state.takes_part(node))) {
            let Some(seat) = nodes.get(node) else { return Progress::Waiting(format!("{node} does not live")) };
            let other = *first.get_or_insert(seat);
            let (theirs, its) = (other.state.place(self.extent), seat.state.place(self.extent));
            if theirs != its {
                return Progress::Waiting(format!("{} is at {theirs:?}, {node} at {its:?}", other.node));
            }
            if other.state.applied() == seat.state.applied() && other.state.machine() != seat.state.machine() {
                return Progress::Waiting(format!("{} and {node} applied the same and differ", other.node));
            }
        }
        Progress::Done
    }
}
