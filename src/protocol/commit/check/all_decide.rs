//! **AC5**: if all failures are repaired and no new ones occur for long enough, all processes decide.

use crate::check::{At, Cast, NodeId, NodeSet, Nodes, Progress, Property, Seat, Verdict};
use crate::protocol::commit::{CommitConfig, Site};

/// Whether each node had something unfinished when it was last looked at.
#[derive(Debug)]
pub struct AllDecide(Vec<bool>);

impl<P: Site> Property<P> for AllDecide {
    const NAME: &'static str = "all_decide";
    const ABOUT: &'static str = "AC5: once all failures are repaired every node decides on every transaction";

    fn new(_config: &CommitConfig, cast: &Cast) -> Self {
        Self(vec![false; cast.len() as usize])
    }

    /// It counts how often a node came to have nothing left.
    fn on_turn(&mut self, at: At, seat: Seat<'_, P>) -> Verdict {
        let unfinished = seat.state.unfinished().is_some();
        let before = std::mem::replace(&mut self.0[at.node.index()], unfinished);
        if before && !unfinished { Verdict::Held } else { Verdict::Skip }
    }

    fn settled(&self, core: &NodeSet, nodes: Nodes<'_, P>) -> Progress {
        let left = |node: NodeId| Some((node, nodes.get(node)?.state.unfinished()?));
        match core.iter().find_map(left) {
            Some((node, txn)) => Progress::Waiting(format!("{node} has not done with {txn:?}")),
            None => Progress::Done,
        }
    }
}
