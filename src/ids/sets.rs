//! Sets of nodes: of any size, and small ones that are counted.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::NodeId;

/// A set of nodes of any size, kept as sorted, disjoint, non-adjacent ranges.
///
/// In files it is a list whose items are node numbers or inclusive ranges: `[0, 2, "5-9"]`.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<SetItem>", into = "Vec<SetItem>")]
pub struct NodeSet {
    ranges: Vec<(u32, u32)>,
}

impl NodeSet {
    /// The empty set.
    #[must_use]
    pub const fn new() -> Self {
        Self { ranges: Vec::new() }
    }

    /// All nodes from `range.start` up to but not including `range.end`.
    #[must_use]
    pub fn range(range: std::ops::Range<u32>) -> Self {
        let ranges = if range.is_empty() { Vec::new() } else { vec![(range.start, range.end - 1)] };
        Self { ranges }
    }

    /// Whether `node` is in the set.
    #[must_use]
    pub fn contains(&self, node: NodeId) -> bool {
        let after = self.ranges.partition_point(|&(first, _)| first <= node.0);
        after > 0 && node.0 <= self.ranges[after - 1].1
    }

    /// Number of nodes in the set.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ranges.iter().map(|&(first, last)| (last - first) as usize + 1).sum()
    }

    /// Whether the set has no nodes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// The nodes in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.ranges.iter().flat_map(|&(first, last)| first..=last).map(NodeId)
    }

    /// The greatest node in the set.
    #[must_use]
    pub fn last(&self) -> Option<NodeId> {
        self.ranges.last().map(|&(_, last)| NodeId(last))
    }

    /// Adds one node.
    pub fn insert(&mut self, node: NodeId) {
        if !self.contains(node) {
            let mut ranges = std::mem::take(&mut self.ranges);
            ranges.push((node.0, node.0));
            *self = Self::from_ranges(ranges);
        }
    }

    /// Removes one node.
    pub fn remove(&mut self, node: NodeId) {
        if self.contains(node) {
            *self = self.iter().filter(|&other| other != node).collect();
        }
    }

    /// The nodes that are in `self` and not in `other`.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        self.iter().filter(|&node| !other.contains(node)).collect()
    }

    /// The set of all these inclusive ranges, in any order.
    fn from_ranges(mut ranges: Vec<(u32, u32)>) -> Self {
        ranges.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::with_capacity(ranges.len());
        for (first, last) in ranges {
            match merged.last_mut() {
                Some(previous) if first <= previous.1.saturating_add(1) => previous.1 = previous.1.max(last),
                _ => merged.push((first, last)),
            }
        }
        Self { ranges: merged }
    }
}

impl FromIterator<NodeId> for NodeSet {
    fn from_iter<I: IntoIterator<Item = NodeId>>(nodes: I) -> Self {
        Self::from_ranges(nodes.into_iter().map(|node| (node.0, node.0)).collect())
    }
}

impl fmt::Debug for NodeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for NodeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = self
            .ranges
            .iter()
            .map(|&(first, last)| if first == last { format!("n{first}") } else { format!("n{first}-n{last}") })
            .collect();
        write!(f, "{{{}}}", words.join(" "))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum SetItem {
    One(u32),
    Range(String),
}

impl TryFrom<Vec<SetItem>> for NodeSet {
    type Error = String;

    fn try_from(items: Vec<SetItem>) -> Result<Self, String> {
        let range = |item: SetItem| match item {
            SetItem::One(node) => Ok((node, node)),
            SetItem::Range(text) => parse_range(&text),
        };
        Ok(Self::from_ranges(items.into_iter().map(range).collect::<Result<_, String>>()?))
    }
}

fn parse_range(text: &str) -> Result<(u32, u32), String> {
    let wrong = || format!("{text:?} is not a range of nodes; write one as \"5-9\"");
    let (first, last) = text.split_once('-').ok_or_else(wrong)?;
    let first: u32 = first.trim().parse().map_err(|_| wrong())?;
    let last: u32 = last.trim().parse().map_err(|_| wrong())?;
    if first > last {
        return Err(wrong());
    }
    Ok((first, last))
}

impl From<NodeSet> for Vec<SetItem> {
    fn from(set: NodeSet) -> Self {
        let item = |(first, last)| {
            if first == last { SetItem::One(first) } else { SetItem::Range(format!("{first}-{last}")) }
        };
        set.ranges.into_iter().map(item).collect()
    }
}

impl JsonSchema for NodeSet {
    fn schema_name() -> Cow<'static, str> {
        "NodeSet".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Nodes by number; an inclusive range is a string such as \"5-9\".",
            "type": "array",
            "items": { "anyOf": [
                { "type": "integer", "minimum": 0 },
                { "type": "string", "pattern": "^[0-9]+-[0-9]+$" },
            ] },
        })
    }
}

/// A small set of nodes, as protocols count votes in: at most [`Voters::MAX`] nodes, `Copy`.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Voters(u128);

impl Voters {
    /// Node numbers in the set are below this.
    pub const MAX: u32 = 128;

    /// The empty set.
    pub const NONE: Self = Self(0);

    /// Adds `node`; whether it was new.
    ///
    /// # Panics
    /// If the node's number is not below [`Voters::MAX`].
    pub fn insert(&mut self, node: NodeId) -> bool {
        let bit = Self::bit(node);
        let new = self.0 & bit == 0;
        self.0 |= bit;
        new
    }

    /// Removes `node`; whether it was there.
    pub fn remove(&mut self, node: NodeId) -> bool {
        let had = self.contains(node);
        if had {
            self.0 &= !Self::bit(node);
        }
        had
    }

    /// Whether `node` is in the set.
    #[must_use]
    pub const fn contains(self, node: NodeId) -> bool {
        node.0 < Self::MAX && self.0 >> node.0 & 1 == 1
    }

    /// Number of nodes in the set.
    #[must_use]
    pub const fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether the set has no nodes.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The smallest number of members that any two such subsets share one of.
    #[must_use]
    pub const fn majority(self) -> usize {
        self.len() / 2 + 1
    }

    /// The nodes in both sets.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The nodes in either set.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The nodes in this set and not in the other.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether `votes` holds a majority of this set.
    #[must_use]
    pub const fn has_majority(self, votes: Self) -> bool {
        self.and(votes).len() >= self.majority()
    }

    /// The nodes in ascending order.
    pub fn iter(self) -> impl Iterator<Item = NodeId> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            if rest == 0 {
                return None;
            }
            let node = rest.trailing_zeros();
            rest &= rest - 1;
            Some(NodeId(node))
        })
    }

    fn bit(node: NodeId) -> u128 {
        assert!(node.0 < Self::MAX, "{node} does not fit a set of voters (at most {} nodes)", Self::MAX);
        1 << node.0
    }
}

impl FromIterator<NodeId> for Voters {
    fn from_iter<I: IntoIterator<Item = NodeId>>(nodes: I) -> Self {
        let mut set = Self::NONE;
        for node in nodes {
            set.insert(node);
        }
        set
    }
}

impl fmt::Debug for Voters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(ids: &[u32]) -> NodeSet {
        ids.iter().copied().map(NodeId).collect()
    }

    #[test]
    fn a_large_set_is_read_in_one_go() {
        // A merge for each item would take minutes.
        let items: Vec<String> = (0..400_000).rev().map(|n| (2 * n).to_string()).collect();
        let set: NodeSet = serde_json::from_str(&format!("[{}]", items.join(","))).unwrap();
        assert_eq!((set.len(), set.last()), (400_000, Some(NodeId(799_998))));
        assert!(set.contains(NodeId(10)) && !set.contains(NodeId(11)));
    }

    #[test]
    fn a_node_set_reads_and_writes_ranges() {
        let parsed: NodeSet = serde_json::from_str(r#"[7, 0, "2-4", 5]"#).unwrap();
        assert_eq!(parsed, set(&[0, 2, 3, 4, 5, 7]));
        assert_eq!(serde_json::to_string(&parsed).unwrap(), r#"[0,"2-5",7]"#);
        assert_eq!(parsed.to_string(), "{n0 n2-n5 n7}");
    }

    #[test]
    fn a_node_set_refuses_a_reversed_range() {
        let error = serde_json::from_str::<NodeSet>(r#"["4-2"]"#).unwrap_err();
        assert!(error.to_string().contains("\"4-2\" is not a range of nodes"), "{error}");
    }

    #[test]
    fn a_node_set_keeps_its_ranges_apart_and_merged() {
        let mut nodes = set(&[0, 2]);
        nodes.insert(NodeId(1));
        assert_eq!(nodes, NodeSet::range(0..3));
        nodes.remove(NodeId(1));
        assert_eq!(nodes, set(&[0, 2]));
        assert!(!nodes.contains(NodeId(1)) && nodes.contains(NodeId(2)) && !nodes.contains(NodeId(3)));
        assert_eq!(NodeSet::range(0..1_000_000).len(), 1_000_000);
    }

    #[test]
    fn voters_count_each_node_once() {
        let mut votes = Voters::NONE;
        assert!(votes.insert(NodeId(3)));
        assert!(!votes.insert(NodeId(3)));
        let all: Voters = (0..5).map(NodeId).collect();
        assert!(!all.has_majority(votes));
        votes.insert(NodeId(0));
        votes.insert(NodeId(4));
        assert!(all.has_majority(votes));
    }
}
