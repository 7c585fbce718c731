//! Which links a fault is about: a shape, resolved into directed sets of links.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{NodeId, NodeSet};
use crate::rng::{Dice, scale};
use crate::time::Span;

/// The links of one fault. `cut` is what counts; while it is empty, the shape says how it will be drawn
/// around the entry's target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Links {
    /// The shape; once `cut` is given it is only a name.
    pub shape: Shape,
    /// All directed links from one set of nodes to another.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cut: Vec<Cut>,
    /// The fault comes and goes with this half-period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flaps: Option<Span>,
}

impl Default for Links {
    fn default() -> Self {
        Self { shape: Shape::All, cut: Vec::new(), flaps: None }
    }
}

/// The directed links from every node of one set to every node of another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cut {
    /// Senders.
    pub from: NodeSet,
    /// Receivers.
    pub to: NodeSet,
}

/// How links are chosen around a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// The node from all others, both ways.
    Isolate,
    /// One half, the node in it, from the other.
    Halves,
    /// A minority, the node in it, from the majority.
    Minority,
    /// Two halves that only one node, the target, still joins.
    Bridge,
    /// Every node talks only to its two neighbours in a drawn ring.
    Ring,
    /// The node and one other, both ways.
    Link,
    /// The node from all others, one way: it is drawn whether it can still send or still receive.
    OneWay,
    /// Like `isolate`, coming and going.
    Flapping,
    /// Every link.
    All,
}

impl Shape {
    /// Every shape that cuts some links and leaves others.
    pub const PARTITIONS: &'static [Self] = &[
        Self::Isolate,
        Self::Halves,
        Self::Minority,
        Self::Bridge,
        Self::Ring,
        Self::Link,
        Self::OneWay,
        Self::Flapping,
    ];

    /// The directed links of this shape around `target`, the rest of `nodes` in drawn order.
    #[must_use]
    pub fn cuts(self, target: NodeId, nodes: &NodeSet, dice: &mut dyn Dice) -> Vec<Cut> {
        let mut others: Vec<NodeId> = nodes.iter().filter(|&node| node != target).collect();
        shuffle(&mut others, dice);
        let alone = NodeSet::from_iter([target]);
        let both = |a: NodeSet, b: NodeSet| vec![Cut { from: a.clone(), to: b.clone() }, Cut { from: b, to: a }];
        let with_target = |extra: usize| {
            let (near, far) = others.split_at(extra.min(others.len()));
            let near = near.iter().copied().chain([target]).collect();
            both(near, far.iter().copied().collect())
        };
        match self {
            Self::Isolate | Self::Flapping => both(alone, others.into_iter().collect()),
            Self::Halves => with_target(others.len() / 2),
            Self::Minority => {
                let most = others.len() / 2;
                let size = usize::try_from(dice.below(most.max(1) as u64)).unwrap_or(0);
                with_target(size)
            }
            Self::Bridge => {
                let (left, right) = others.split_at(others.len() / 2);
                both(left.iter().copied().collect(), right.iter().copied().collect())
            }
            Self::Ring => ring(target, &others),
            Self::Link => match others.first() {
                Some(&other) => both(alone, NodeSet::from_iter([other])),
                None => Vec::new(),
            },
            Self::OneWay => {
                let others: NodeSet = others.into_iter().collect();
                let (from, to) = if dice.below(2) == 0 { (alone, others) } else { (others, alone) };
                vec![Cut { from, to }]
            }
            Self::All => vec![Cut { from: nodes.clone(), to: nodes.clone() }],
        }
    }
}

fn ring(target: NodeId, others: &[NodeId]) -> Vec<Cut> {
    let order: Vec<NodeId> = std::iter::once(target).chain(others.iter().copied()).collect();
    let n = order.len();
    let far_from = |place: usize| -> NodeSet {
        let near = [place, (place + 1) % n, (place + n - 1) % n];
        (0..n).filter(|other| !near.contains(other)).map(|other| order[other]).collect()
    };
    (0..n)
        .map(|place| Cut { from: NodeSet::from_iter([order[place]]), to: far_from(place) })
        .filter(|cut| !cut.to.is_empty())
        .collect()
}

/// Puts items in drawn order (Fisher and Yates).
pub fn shuffle<T>(items: &mut [T], dice: &mut dyn Dice) {
    for place in (1..items.len()).rev() {
        let other = scale(dice.next(), place as u64 + 1);
        items.swap(place, usize::try_from(other).unwrap_or(place));
    }
}

/// Whether a message from one node to another passes one of these links.
#[inline]
#[must_use]
pub fn covers(cuts: &[Cut], from: NodeId, to: NodeId) -> bool {
    cuts.iter().any(|cut| cut.from.contains(from) && cut.to.contains(to))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Die, Seed};

    fn reachable(shape: Shape, n: u32) -> Vec<Vec<bool>> {
        let cuts = shape.cuts(NodeId(0), &NodeSet::range(0..n), &mut Die::new(Seed(1)).stream());
        (0..n).map(|from| (0..n).map(|to| !covers(&cuts, NodeId(from), NodeId(to))).collect()).collect()
    }

    fn links_of(row: &[bool]) -> usize {
        row.iter().filter(|&&open| open).count()
    }

    #[test]
    fn an_isolated_node_reaches_only_itself() {
        let open = reachable(Shape::Isolate, 5);
        assert_eq!(open.iter().map(|row| links_of(row)).collect::<Vec<_>>(), [1, 4, 4, 4, 4]);
    }

    #[test]
    fn halves_and_minorities_have_their_sizes() {
        for n in [3, 4, 5, 7] {
            let with_target = links_of(&reachable(Shape::Halves, n)[0]);
            assert!(with_target == n as usize / 2 || with_target == (n as usize).div_ceil(2), "{n}: {with_target}");
            let with_target = links_of(&reachable(Shape::Minority, n)[0]);
            assert!(with_target <= n as usize / 2, "{n}: {with_target}");
        }
    }

    #[test]
    fn a_bridge_joins_the_halves_through_the_target() {
        let open = reachable(Shape::Bridge, 5);
        assert_eq!(links_of(&open[0]), 5);
        assert!((1..5).all(|node| open[node][0] && links_of(&open[node]) == 3));
    }

    #[test]
    fn in_a_ring_everyone_has_two_neighbours() {
        assert!(reachable(Shape::Ring, 6).iter().all(|row| links_of(row) == 3));
    }

    #[test]
    fn one_way_cuts_one_direction() {
        let open = reachable(Shape::OneWay, 4);
        let out = links_of(&open[0]);
        let back = (1..4).filter(|&node| open[node][0]).count();
        // Either it reaches itself alone and is reached by all, or the other way round.
        assert!((out, back) == (1, 3) || (out, back) == (4, 0), "{out} {back}");
    }
}
