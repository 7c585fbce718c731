//! Strongly connected components (Tarjan, 1972), without recursion.

use super::graph::{Graph, Link};

const UNSEEN: u32 = u32::MAX;

/// The component of each node. They are numbered against the edges: none leads from a lower number to a higher one.
pub(super) struct Components(Vec<u32>);

impl Components {
    /// Of the graph with those edges only that `is_used` says.
    pub(super) fn new<K: Ord, V: Ord>(graph: &Graph<'_, K, V>, is_used: impl Fn(&Link) -> bool) -> Self {
        let count = graph.nodes() as usize;
        let mut seen = vec![UNSEEN; count];
        let mut low = vec![UNSEEN; count];
        let mut component = vec![UNSEEN; count];
        // Nodes on the way from the root, each with the next of its edges; and nodes that have no component yet.
        let mut way: Vec<(u32, usize)> = Vec::new();
        let mut open: Vec<u32> = Vec::new();
        let (mut time, mut components) = (0, 0);
        for root in 0..graph.nodes() {
            if seen[root as usize] != UNSEEN {
                continue;
            }
            way.push((root, graph.from(root).start));
            while let Some((node, next)) = way.last_mut() {
                let at = *node as usize;
                if seen[at] == UNSEEN {
                    (seen[at], low[at]) = (time, time);
                    time += 1;
                    open.push(*node);
                }
                if *next < graph.from(*node).end {
                    let link = &graph.edges()[*next];
                    *next += 1;
                    let to = link.to as usize;
                    if is_used(link) && seen[to] == UNSEEN {
                        way.push((link.to, graph.from(link.to).start));
                    } else if is_used(link) && component[to] == UNSEEN {
                        low[at] = low[at].min(seen[to]);
                    }
                    continue;
                }
                way.pop();
                if let Some(&(before, _)) = way.last() {
                    low[before as usize] = low[before as usize].min(low[at]);
                }
                if low[at] == seen[at] {
                    while let Some(member) = open.pop() {
                        component[member as usize] = components;
                        if member as usize == at {
                            break;
                        }
                    }
                    components += 1;
                }
            }
        }
        Self(component)
    }

    pub(super) fn of(&self, node: u32) -> u32 {
        self.0[node as usize]
    }

    /// Whether an edge has both its ends in one of them.
    pub(super) fn join(&self, link: &Link) -> bool {
        self.of(link.from) == self.of(link.to)
    }
}
