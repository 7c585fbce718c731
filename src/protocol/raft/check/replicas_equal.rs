//! **Replicas are equal**: nodes that applied equally much are in the same state (section 2: replicated state machines), and once the
//! core is healed and the clients are silent, all its nodes come to the same.

use std::collections::BTreeMap;

use crate::check::{Cast, Evidence, NodeSet, Nodes, Progress, Property, Seat, Time, Verdict};
use crate::protocol::raft::{Index, Raft, RaftConfig};

/// See the [module](self).
#[derive(Debug)]
pub struct ReplicasEqual;

impl Property<Raft> for ReplicasEqual {
    const NAME: &'static str = "replicas_equal";
    const ABOUT: &'static str = "nodes that applied equally much are in the same state, and in the end all are";

    fn new(_config: &RaftConfig, _cast: &Cast) -> Self {
        Self
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
            let (theirs, its) = (other.state.applied(), seat.state.applied());
            if theirs != its {
                return Progress::Waiting(format!("{} has applied {theirs} entries, {node} {its}", other.node));
            }
            if other.state.machine() != seat.state.machine() {
                return Progress::Waiting(format!("{} and {node} applied {its} entries and differ", other.node));
            }
        }
        Progress::Done
    }
}
