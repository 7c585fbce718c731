//! The shortest cycle of each class.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Display;

use super::graph::{Graph, Link};
use super::tarjan::Components;
use super::{Anomaly, Dependency, Finding, PATIENCE};

/// A search for cycles. Each cycle of a class goes through an edge of a kind that makes the class, and from there back
/// over edges that the class allows.
pub(super) struct Search<'a, K, V> {
    graph: &'a Graph<'a, K, V>,
    /// In which search each node was reached last, and over which edge.
    reached: Vec<(u32, u32)>,
    searches: u32,
    queue: VecDeque<(u32, usize)>,
    steps: u64,
}

/// A component in which cycles are looked for: edges of the kind that makes the class, by their places.
struct Place<'a> {
    closing: &'a [u32],
    /// The way back stays in these.
    within: &'a Components,
    /// Of these too it can only go down: see [`Components`].
    down: &'a Components,
    /// Whether there is a way back from each of the edges, however long it takes to find.
    is_certain: bool,
}

impl<'a, K: Ord + Display, V: Ord + Display> Search<'a, K, V> {
    pub(super) fn new(graph: &'a Graph<'a, K, V>) -> Self {
        let reached = vec![(0, 0); graph.nodes() as usize];
        Self { graph, reached, searches: 0, queue: VecDeque::new(), steps: 0 }
    }

    /// What cycles there are.
    pub(super) fn cycles(mut self) -> Vec<Finding> {
        let graph = self.graph;
        let flows = |link: &Link| link.kind != Dependency::Rw;
        let all = Components::new(graph, |_| true);
        let mut kinds: [BTreeMap<u32, Vec<u32>>; 3] = Default::default();
        for (place, link) in (0..).zip(graph.edges()).filter(|(_, link)| all.join(link)) {
            kinds[link.kind as usize].entry(all.of(link.from)).or_default().push(place);
        }
        if kinds.iter().all(BTreeMap::is_empty) {
            return Vec::new();
        }
        let writes = Components::new(graph, |link| link.kind == Dependency::Ww);
        let flow = Components::new(graph, flows);
        let [ww, wr, rw] = &kinds;
        let joined = |places: &[u32], by: &Components| -> Vec<u32> {
            places.iter().copied().filter(|&place| by.join(&graph.edges()[place as usize])).collect()
        };
        let mut best = BTreeMap::new();
        let mut has_told = |component: u32, anomaly: Anomaly, cycle: Option<Vec<Link>>| {
            let cycle = cycle?;
            let known: &mut Vec<Link> = best.entry(anomaly).or_default();
            if known.is_empty() || cycle.len() < known.len() {
                *known = cycle;
            }
            Some(component)
        };
        let mut told = Vec::new();
        for (&component, places) in ww {
            let place = Place { closing: &joined(places, &writes), within: &writes, down: &flow, is_certain: true };
            let cycle = self.shortest(&place, |link| link.kind == Dependency::Ww);
            told.extend(has_told(component, Anomaly::G0, cycle));
        }
        for (&component, places) in wr {
            let place = Place { closing: &joined(places, &flow), within: &flow, down: &flow, is_certain: true };
            told.extend(has_told(component, Anomaly::G1c, self.shortest(&place, flows)));
        }
        for (&component, places) in rw {
            let place = Place { closing: places, within: &all, down: &flow, is_certain: false };
            told.extend(has_told(component, Anomaly::GSingle, self.shortest(&place, flows)));
        }
        for (&component, places) in rw.iter().filter(|(component, _)| !told.contains(component)) {
            let place = Place { closing: places, within: &all, down: &all, is_certain: true };
            has_told(component, Anomaly::G2Item, self.shortest(&place, |_| true));
        }
        let is_shortest = self.steps < PATIENCE;
        let tell = |(anomaly, cycle): (Anomaly, Vec<Link>)| {
            let edges = cycle.into_iter().map(|link| graph.told(link)).collect();
            Finding { anomaly, edges, is_shortest }
        };
        best.into_iter().map(tell).collect()
    }

    /// The shortest cycle through one of these edges.
    fn shortest(&mut self, place: &Place<'_>, is_allowed: impl Fn(&Link) -> bool) -> Option<Vec<Link>> {
        let mut best: Option<Vec<Link>> = None;
        for &closing in place.closing {
            let link = self.graph.edges()[closing as usize];
            let is_impatient = self.steps >= PATIENCE && !(place.is_certain && best.is_none());
            if is_impatient || best.as_ref().is_some_and(|best| best.len() == 2) {
                break;
            }
            let longest = best.as_ref().map_or(usize::MAX, |best| best.len() - 2);
            if let Some(back) = self.way(link, longest, place, &is_allowed) {
                best = Some(std::iter::once(link).chain(back).collect());
            }
        }
        best
    }

    /// The shortest way back, over so many edges at most.
    fn way(
        &mut self,
        link: Link,
        longest: usize,
        place: &Place<'_>,
        is_allowed: impl Fn(&Link) -> bool,
    ) -> Option<Vec<Link>> {
        let Place { within, down, .. } = place;
        let lowest = down.of(link.from);
        self.searches += 1;
        self.queue.clear();
        self.queue.push_back((link.to, 0));
        self.reached[link.to as usize].0 = self.searches;
        while let Some((node, far)) = self.queue.pop_front() {
            if node == link.from {
                return Some(self.back(link));
            }
            if far == longest || down.of(node) < lowest {
                continue;
            }
            for step in self.graph.from(node) {
                self.steps += 1;
                let next = &self.graph.edges()[step];
                let reached = &mut self.reached[next.to as usize];
                if reached.0 != self.searches && within.join(next) && is_allowed(next) {
                    *reached = (self.searches, u32::try_from(step).unwrap_or(u32::MAX));
                    self.queue.push_back((next.to, far + 1));
                }
            }
        }
        None
    }

    /// The edges that were gone, in their order.
    fn back(&self, link: Link) -> Vec<Link> {
        let mut way = Vec::new();
        let mut node = link.from;
        while node != link.to {
            let step = self.graph.edges()[self.reached[node as usize].1 as usize];
            way.push(step);
            node = step.from;
        }
        way.reverse();
        way
    }
}
