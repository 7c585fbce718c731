//! **Replicas are equal**: nodes that applied equally much are in the same state (section 2, replicated state
//! machines), and once the core is healed and the clients are silent, all its nodes come to the same.
//!
//! Where new leaders append no empty entry, a leader elected after the last command cannot know it to be
//! committed. Then it is only asked that all logs end alike.

use std::collections::BTreeMap;

use crate::check::{Cast, Evidence, NodeSet, Nodes, Progress, Property, Seat, Time, Verdict};
use crate::protocol::raft::{Index, Position, Raft, RaftConfig};

/// The invariant; what it rests on stands at the head of its file.
#[derive(Debug)]
pub struct ReplicasEqual {
    no_op: bool,
}

impl ReplicasEqual {
    /// Where a node must be for all to be equal.
    fn place(&self, state: &Raft) -> Position {
        let index = if self.no_op { state.applied() } else { state.log().last().index };
        state.log().position(index).unwrap_or_default()
    }
}

impl Property<Raft> for ReplicasEqual {
    const NAME: &'static str = "replicas_equal";
    const ABOUT: &'static str = "nodes that applied equally much are in the same state, and in the end all are";

    fn new(config: &RaftConfig, _cast: &Cast) -> Self {
        Self { no_op: config.params.no_op }
    }

    fn on_state(&mut self, _now: Time, nodes: Nodes<'_, Raft>) -> Verdict {
        let mut first: BTreeMap<Index, Seat<'_, Raft>> = BTreeMap::new();
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

    fn settled(&self, core: &NodeSet, nodes: Nodes<'_, Raft>) -> Progress {
        let mut first: Option<Seat<'_, Raft>> = None;
        for node in core.iter() {
            let Some(seat) = nodes.get(node) else { return Progress::Waiting(format!("{node} does not live")) };
            let other = *first.get_or_insert(seat);
            let (theirs, its) = (self.place(other.state), self.place(seat.state));
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
