//! The availability budget: how many nodes are of no use at an instant.

use super::links::{Cut, covers};
use crate::ids::{NodeId, NodeSet};

/// Above this many nodes, being cut off is judged by the sizes of the two sides of each cut, not by who still
/// reaches whom.
const EXACT: usize = 64;

/// How many of `nodes` are of no use: those in `idle`, and those that are cut off from the largest set of
/// nodes that reach each other both ways.
#[must_use]
pub fn unavailable(nodes: &NodeSet, idle: &NodeSet, cuts: &[Cut]) -> u32 {
    let working: Vec<NodeId> = nodes.iter().filter(|&node| !idle.contains(node)).collect();
    let cut_off = if working.len() <= EXACT { exact(&working, cuts) } else { by_sides(&working, cuts) };
    u32::try_from(nodes.len() - working.len() + cut_off).unwrap_or(u32::MAX)
}

/// The largest group in which every node still exchanges messages with a majority-sized neighbourhood is hard
/// to find in general; counted is the largest set of nodes that one node reaches both ways directly.
fn exact(working: &[NodeId], cuts: &[Cut]) -> usize {
    let both = |a: NodeId, b: NodeId| a == b || (!covers(cuts, a, b) && !covers(cuts, b, a));
    let friends = |&node: &NodeId| working.iter().filter(|&&other| both(node, other)).count();
    working.len() - working.iter().map(friends).max().unwrap_or(0)
}

fn by_sides(working: &[NodeId], cuts: &[Cut]) -> usize {
    let side = |set: &NodeSet| working.iter().filter(|&&node| set.contains(node)).count();
    cuts.iter().map(|cut| side(&cut.from).min(side(&cut.to))).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::links::Shape;
    use crate::rng::{Die, Seed};

    #[test]
    fn those_cut_off_and_those_idle_are_counted_once() {
        let nodes = NodeSet::range(0..5);
        let cuts = Shape::Isolate.cuts(NodeId(0), &nodes, &mut Die::new(Seed(0)).stream());
        let idle = |ids: &[u32]| ids.iter().copied().map(NodeId).collect();
        assert_eq!(unavailable(&nodes, &idle(&[]), &[]), 0);
        assert_eq!(unavailable(&nodes, &idle(&[]), &cuts), 1);
        assert_eq!(unavailable(&nodes, &idle(&[0]), &cuts), 1);
        assert_eq!(unavailable(&nodes, &idle(&[3]), &cuts), 2);
    }

    #[test]
    fn large_clusters_are_judged_by_sides() {
        let nodes = NodeSet::range(0..1_000);
        let cut = Cut { from: NodeSet::range(0..10), to: NodeSet::range(10..1_000) };
        assert_eq!(unavailable(&nodes, &NodeSet::range(0..3), &[cut]), 10);
    }
}
