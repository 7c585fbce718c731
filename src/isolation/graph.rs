//! The direct serialization graph.

use std::collections::BTreeMap;
use std::fmt::Display;

use super::{Anomaly, Dependency, Edge, Fate, Finding, Order, Transaction};

/// No version: that before all writes, or none at all.
const NONE: u32 = u32::MAX;

/// How many edges to versions that have no place among each other there may be: of more the rest is left out. Each such
/// edge is certain, so that without some of them less is found, and nothing that is not there; it is said then.
const LOOSE: usize = 4_000_000;

/// An edge, by numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) kind: Dependency,
    /// The version that `from` wrote or read, and that which `to` wrote.
    before: u32,
    after: u32,
}

/// A version that was written.
struct Written<'a, V> {
    object: u32,
    version: &'a V,
    by: u32,
    /// Whether its writer left it so.
    is_final: bool,
    /// The version of another transaction that follows it.
    next: u32,
}

/// A read, by numbers.
struct Seen {
    by: u32,
    object: u32,
    version: u32,
}

/// The graph, with its edges in order of where they begin.
pub(super) struct Graph<'a, K, V> {
    transactions: &'a [Transaction<K, V>],
    objects: Vec<&'a K>,
    /// In order of their objects, and of themselves.
    versions: Vec<Written<'a, V>>,
    reads: Vec<Seen>,
    is_committed: Vec<bool>,
    links: Vec<Link>,
    /// Where the edges of each transaction begin, and where those of the last end.
    starts: Vec<u32>,
    /// How many edges were left out, for there were too many.
    left_out: usize,
}

fn number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(NONE)
}

impl<'a, K: Ord, V: Ord> Graph<'a, K, V> {
    pub(super) fn new(transactions: &'a [Transaction<K, V>], orders: &'a BTreeMap<K, Order<V>>) -> Self {
        let touched = transactions.iter().flat_map(|transaction| {
            let read = transaction.reads.iter().map(|(object, _)| object);
            read.chain(transaction.writes.iter().map(|(object, _)| object))
        });
        let mut objects: Vec<&K> = touched.chain(orders.keys()).collect();
        objects.sort_unstable();
        objects.dedup();
        let mut graph = Self {
            transactions,
            objects,
            versions: Vec::new(),
            reads: Vec::new(),
            is_committed: transactions.iter().map(|transaction| transaction.fate == Fate::Committed).collect(),
            links: Vec::new(),
            starts: Vec::new(),
            left_out: 0,
        };
        graph.number_versions();
        graph.number_reads();
        let orders: Vec<(u32, [Vec<u32>; 2])> =
            orders.iter().map(|(object, order)| graph.placed(object, order)).collect();
        graph.settle_unknown(&orders);
        graph.link(&orders);
        graph
    }

    fn object(&self, object: &K) -> u32 {
        self.objects.binary_search(&object).map_or(NONE, number)
    }

    fn version(&self, object: u32, version: &V) -> Option<u32> {
        let found = self.versions.binary_search_by(|known| (known.object, known.version).cmp(&(object, version)));
        found.ok().map(number)
    }

    fn number_versions(&mut self) {
        let mut versions = Vec::new();
        for (by, transaction) in self.transactions.iter().enumerate() {
            for (object, version) in &transaction.writes {
                versions.push(Written {
                    object: self.object(object),
                    version,
                    by: number(by),
                    is_final: false,
                    next: NONE,
                });
            }
        }
        // What each transaction wrote last of each object, known by what nobody else wrote.
        let mut last: Vec<(u32, u32, usize)> =
            versions.iter().enumerate().map(|(place, written)| (written.by, written.object, place)).collect();
        last.sort_unstable();
        for (n, &(by, object, place)) in last.iter().enumerate() {
            versions[place].is_final = last.get(n + 1).is_none_or(|next| (next.0, next.1) != (by, object));
        }
        versions.sort_by(|a, b| (a.object, a.version).cmp(&(b.object, b.version)));
        self.versions = versions;
    }

    /// Reads of what others wrote; a version that nobody wrote says nothing.
    fn number_reads(&mut self) {
        for (by, transaction) in self.transactions.iter().enumerate() {
            for (object, version) in &transaction.reads {
                let object = self.object(object);
                let version = match version {
                    None => Some(NONE),
                    Some(version) => self.version(object, version),
                };
                let by = number(by);
                let is_own = |version: u32| self.written(version).is_some_and(|written| written.by == by);
                if let Some(version) = version.filter(|&version| !is_own(version)) {
                    self.reads.push(Seen { by, object, version });
                }
            }
        }
    }

    fn written(&self, version: u32) -> Option<&Written<'a, V>> {
        self.versions.get(version as usize)
    }

    fn placed(&self, object: &K, order: &Order<V>) -> (u32, [Vec<u32>; 2]) {
        let object = self.object(object);
        let all = |versions: &[V]| versions.iter().filter_map(|version| self.version(object, version)).collect();
        (object, [all(&order.known), all(&order.later)])
    }

    /// Unknown transactions whose writes were seen have committed, and what they read in turn was seen too.
    fn settle_unknown(&mut self, orders: &[(u32, [Vec<u32>; 2])]) {
        let fate = |by: u32| self.transactions[by as usize].fate;
        let known = orders.iter().flat_map(|(_, [known, _])| known).map(|&version| self.versions[version as usize].by);
        let mut seen: Vec<u32> = known.filter(|&by| fate(by) == Fate::Unknown).collect();
        let mut read_by: Vec<(u32, u32)> = Vec::new();
        for read in &self.reads {
            let Some(&Written { by, .. }) = self.written(read.version) else { continue };
            match (fate(read.by), fate(by)) {
                (Fate::Committed, Fate::Unknown) => seen.push(by),
                (Fate::Unknown, Fate::Unknown) => read_by.push((read.by, by)),
                _ => {}
            }
        }
        read_by.sort_unstable();
        while let Some(by) = seen.pop() {
            if !std::mem::replace(&mut self.is_committed[by as usize], true) {
                let from = read_by.partition_point(|&(reader, _)| reader < by);
                seen.extend(read_by[from..].iter().take_while(|&&(reader, _)| reader == by).map(|&(_, by)| by));
            }
        }
    }

    fn is_committed(&self, version: u32) -> bool {
        self.is_committed[self.versions[version as usize].by as usize]
    }

    fn link(&mut self, orders: &[(u32, [Vec<u32>; 2])]) {
        let mut first = vec![NONE; self.objects.len()];
        let mut loose: Vec<&[u32]> = vec![&[]; self.objects.len()];
        let mut links = Vec::new();
        for (object, [known, later]) in orders {
            let order: Vec<u32> = known.iter().copied().filter(|&version| self.is_committed(version)).collect();
            first[*object as usize] = order.first().copied().unwrap_or(NONE);
            loose[*object as usize] = later;
            for pair in order.windows(2).rev() {
                let [this, next] = [pair[0], pair[1]].map(|version| version as usize);
                let is_same = self.versions[this].by == self.versions[next].by;
                self.versions[this].next = if is_same { self.versions[next].next } else { pair[1] };
                if !is_same {
                    links.push(self.between(pair[0], pair[1]));
                }
            }
            for &late in order.last().into_iter().flat_map(|_| later) {
                let last = order[order.len() - 1];
                if self.is_committed(late) && self.versions[last as usize].by != self.versions[late as usize].by {
                    links.push(self.between(last, late));
                }
            }
        }
        self.left_out = self.link_reads(&first, &loose, &mut links);
        links.sort_by_key(|link: &Link| link.from);
        let counted = self.transactions.len();
        self.starts = Vec::with_capacity(counted + 1);
        let mut place = 0;
        for node in 0..=counted {
            while links.get(place).is_some_and(|link| (link.from as usize) < node) {
                place += 1;
            }
            self.starts.push(number(place));
        }
        self.links = links;
    }

    fn between(&self, before: u32, after: u32) -> Link {
        let [from, to] = [before, after].map(|version| self.versions[version as usize].by);
        Link { from, to, kind: Dependency::Ww, before, after }
    }

    /// How many edges were left out, for there were too many.
    fn link_reads(&self, first: &[u32], loose: &[&[u32]], links: &mut Vec<Link>) -> usize {
        let (mut left, mut left_out) = (LOOSE, 0);
        for &Seen { by, object, version } in &self.reads {
            if !self.is_committed[by as usize] || version != NONE && !self.is_committed(version) {
                continue;
            }
            let next = match self.written(version) {
                Some(written) => {
                    links.push(Link { from: written.by, to: by, kind: Dependency::Wr, before: version, after: NONE });
                    written.next
                }
                None => first[object as usize],
            };
            let missed = |after: u32| {
                let to = self.versions[after as usize].by;
                (to != by).then_some(Link { from: by, to, kind: Dependency::Rw, before: version, after })
            };
            if next != NONE {
                links.extend(missed(next));
                continue;
            }
            let later = loose[object as usize].iter().filter(|&&late| late != version && self.is_committed(late));
            let before = links.len();
            let mut missing = later.filter_map(|&late| missed(late));
            links.extend(missing.by_ref().take(left));
            left -= links.len() - before;
            left_out += missing.count();
        }
        left_out
    }

    /// Whether all edges are there.
    pub(super) fn is_whole(&self) -> bool {
        self.left_out == 0
    }

    pub(super) fn edges(&self) -> &[Link] {
        &self.links
    }

    pub(super) fn nodes(&self) -> u32 {
        number(self.transactions.len())
    }

    /// The edges that begin here, by their places.
    pub(super) fn from(&self, node: u32) -> std::ops::Range<usize> {
        self.starts[node as usize] as usize..self.starts[node as usize + 1] as usize
    }
}

impl<K: Ord + Display, V: Ord + Display> Graph<'_, K, V> {
    /// The edge in words.
    pub(super) fn told(&self, link: Link) -> Edge {
        let named = |node: u32| self.transactions[node as usize].name.clone();
        let known = [link.before, link.after].map(|version| self.written(version));
        let object = known.iter().flatten().next().map_or(NONE, |written| written.object);
        let [before, after] = known.map(|version| version.map(|written| written.version.to_string()));
        Edge {
            from: named(link.from),
            to: named(link.to),
            places: [link.from as usize, link.to as usize],
            dependency: link.kind,
            object: self.objects.get(object as usize).map(ToString::to_string).unwrap_or_default(),
            before,
            after,
        }
    }

    fn read(&self, anomaly: Anomaly, is_wrong: impl Fn(&Written<'_, V>) -> bool) -> Option<Finding> {
        let mut committed = self.reads.iter().filter(|read| self.is_committed[read.by as usize]);
        let (read, by) = committed.find_map(|read| {
            let written = self.written(read.version).filter(|written| is_wrong(written))?;
            Some((read, written.by))
        })?;
        let link = Link { from: by, to: read.by, kind: Dependency::Wr, before: read.version, after: NONE };
        Some(Finding { anomaly, edges: vec![self.told(link)], is_shortest: true })
    }

    /// A committed transaction read what one wrote that aborted.
    pub(super) fn aborted_read(&self) -> Option<Finding> {
        self.read(Anomaly::G1a, |written| self.transactions[written.by as usize].fate == Fate::Aborted)
    }

    /// A committed transaction read what its writer then wrote over.
    pub(super) fn intermediate_read(&self) -> Option<Finding> {
        self.read(Anomaly::G1b, |written| !written.is_final && self.is_committed[written.by as usize])
    }
}
