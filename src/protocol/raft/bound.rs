//! Who must make progress once the world is healed, and within what time.
use crate::ids::NodeSet;
use crate::process::{Dice, Voters};
use crate::protocol::Healed;
use crate::time::Span;
use super::RaftConfig;

pub(super) fn core(voters: Voters, candidates: &NodeSet, dice: &mut dyn Dice) -> Option<NodeSet> {
    let mut able: Vec<_> = candidates.iter().filter(|&node| voters.contains(node)).collect();
    let spare = able.len().checked_sub(voters.majority())?;
    for _ in 0..dice.below(spare as u64 + 1) {
        able.swap_remove(dice.below(able.len() as u64) as usize);
    }
    Some(able.into_iter().collect())
}

pub(super) fn bound(_config: &RaftConfig, _healed: &Healed) -> Span {
    Span::secs(30)
}
