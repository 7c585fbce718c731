//! Who must make progress once the world is healed.
//!
//! A majority of the voters; but who votes may have changed, and may be about to. A leader will be elected, and then
//! commits, by the membership in its own log. Which node that is, nobody knows yet: so the core holds a quorum of every
//! membership that may be in force in any log. These are, in each memory and on each disk, the one behind the furthest
//! entry that any living node knows to be committed, and all later ones; and what a leader is about to append. (Earlier
//! ones are in force only on nodes that lack a committed entry, and cannot be elected.)

use super::membership::{Members, Membership};
use super::{Log, Raft, RaftConfig};
use crate::check::Nodes;
use crate::ids::{NodeId, NodeSet};
use crate::process::{Dice, Voters};
use crate::protocol::healing::quorum_core;

/// A drawn set of candidates that is enough whoever is elected, with the learners that the dice let in.
pub(super) fn choose_core(
    config: &RaftConfig,
    nodes: Nodes<'_, Raft>,
    candidates: &NodeSet,
    dice: &mut dyn Dice,
) -> Option<NodeSet> {
    let committed = nodes.living().map(|seat| seat.state.commit()).max().unwrap_or(0);
    let mut possible: Vec<Membership> = Vec::new();
    for node in (0..nodes.count()).map(NodeId) {
        let disk = nodes.disk(node);
        if disk.end().index >= committed {
            let log = if disk.keeps_log() { &disk.log } else { &Log::default() };
            let members = Members::told_by(disk.snapshot.as_deref(), log, config.initial);
            possible.extend(members.from(committed).map(|(_, membership)| membership));
        }
    }
    for seat in nodes.living().filter(|seat| seat.state.log().last().index >= committed) {
        possible.extend(seat.state.members().from(committed).map(|(_, membership)| membership));
        possible.extend(seat.state.asked_membership());
    }
    let furthest = possible.iter().fold(Voters::NONE, |all, membership| all.or(membership.electorate()));
    let is_enough = |nodes: Voters| possible.iter().all(|membership| membership.has_quorum(nodes));
    let mut core = quorum_core(furthest, candidates, is_enough, dice)?;
    let learners = possible.iter().fold(Voters::NONE, |all, membership| all.or(membership.learners));
    for learner in learners.without(furthest).iter().filter(|&learner| candidates.contains(learner)) {
        if dice.below(2) == 0 {
            core.insert(learner);
        }
    }
    Some(core)
}
