//! What a majority has reached.

use crate::process::{NodeId, Voters};

/// The greatest value that a majority of the voters has reached: the smallest of the best majority's values.
pub(super) fn reached<T: Ord + Copy + Default>(voters: Voters, value: impl Fn(NodeId) -> T) -> Option<T> {
    reached_by(voters.majority(), voters, value)
}

/// The greatest value that so many of the voters have reached.
pub(super) fn reached_by<T: Ord + Copy + Default>(
    count: usize,
    voters: Voters,
    value: impl Fn(NodeId) -> T,
) -> Option<T> {
    // Nearly all clusters are small: to clear room for the largest would take longer than to sort.
    if voters.len() <= FEW { sorted::<T, FEW>(count, voters, value) } else { sorted::<T, MANY>(count, voters, value) }
}

const FEW: usize = 8;
const MANY: usize = Voters::MAX as usize;

fn sorted<T: Ord + Copy + Default, const ROOM: usize>(
    count: usize,
    voters: Voters,
    value: impl Fn(NodeId) -> T,
) -> Option<T> {
    let mut values = [T::default(); ROOM];
    voters.iter().zip(&mut values).for_each(|(node, place)| *place = value(node));
    let values = &mut values[..voters.len()];
    values.sort_unstable();
    values.iter().copied().nth_back(count.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[u64]) -> Option<u64> {
        let voters = (0..values.len() as u32).map(NodeId).collect();
        reached(voters, |node| values[node.index()])
    }

    #[test]
    fn a_majority_has_reached_the_median_or_the_lower_one() {
        assert_eq!(of(&[7]), Some(7));
        assert_eq!(of(&[9, 1, 5]), Some(5));
        assert_eq!(of(&[4, 1, 3, 2]), Some(2));
        assert_eq!(of(&[5, 5, 0, 9, 0]), Some(5));
        assert_eq!(of(&[]), None);
        let many: Vec<u64> = (0..Voters::MAX.into()).collect();
        assert_eq!((of(&many[..9]), of(&many)), (Some(4), Some(63)));
    }
}
