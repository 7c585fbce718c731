//! Listens to a run for its page: records, what each node is in brief, and what it holds after each of its turns.
//!
//! All of it is bounded, however long the run is. Of records and states the oldest are forgotten first, but for those
//! that say what is still the case: faults, crashes, boots, phases. Of a node that holds much, not every turn is kept.

use std::collections::{BTreeMap, VecDeque};

use super::states::States;
use crate::ids::{NodeId, NodeSet};
use crate::lab::Glimpse;
use crate::process::Glance;
use crate::sim::{Record, What};
use crate::time::Time;

/// So many records are kept.
const RECORDS: usize = 400_000;

/// So many nodes have a lane.
const LANES: u32 = 100;

/// What a node was in brief, from a record on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Brief {
    /// How many records there were before.
    pub(super) after: u64,
    pub(super) at: Time,
    /// Its role and epoch; nothing while it is down.
    pub(super) is: Option<(&'static str, u64)>,
}

/// What was heard and seen of a run.
#[derive(Debug)]
pub struct Recorder {
    pub(super) lanes: NodeSet,
    /// Records by their places in the run. Those that were kept when others were forgotten come first.
    pub(super) records: VecDeque<(u64, Record)>,
    pub(super) early: Vec<(u64, Record)>,
    pub(super) heard: u64,
    pub(super) briefs: BTreeMap<NodeId, Vec<Brief>>,
    pub(super) states: BTreeMap<NodeId, States>,
    /// From this event on every state is kept, however much a node holds.
    exact_from: u64,
}

impl Recorder {
    /// Of a run with so many nodes and events, of which these nodes are looked at first.
    #[must_use]
    pub fn new(first: &[NodeId], nodes: u32, events: u64) -> Self {
        /// So many events before the end of the run.
        const EXACT: u64 = 500;
        let mut lanes: NodeSet = first.iter().copied().take(LANES as usize).collect();
        (0..nodes).map(NodeId).take(LANES as usize).for_each(|node| {
            if lanes.len() < LANES as usize {
                lanes.insert(node);
            }
        });
        Self {
            lanes,
            records: VecDeque::new(),
            early: Vec::new(),
            heard: 0,
            briefs: BTreeMap::new(),
            states: BTreeMap::new(),
            exact_from: events.saturating_sub(EXACT),
        }
    }

    /// Takes the next record.
    pub fn hear(&mut self, record: &Record) {
        self.heard += 1;
        let node = record.on.strip_prefix('n').and_then(|number| number.parse().ok()).map(NodeId);
        if node.is_some_and(|node| !self.lanes.contains(node)) {
            return;
        }
        self.records.push_back((self.heard - 1, record.clone()));
        if self.records.len() > RECORDS {
            self.forget(RECORDS / 16);
        }
    }

    /// Looks at a node after something happened to it.
    pub fn see(&mut self, glimpse: &Glimpse<'_>) {
        let Glimpse { at, node, events, glance, .. } = *glimpse;
        if !self.lanes.contains(node) {
            return;
        }
        let after = self.heard;
        let is = glance.map(|Glance { role, epoch, .. }| (role, epoch));
        let briefs = self.briefs.entry(node).or_default();
        if briefs.last().is_none_or(|last| last.is != is) {
            briefs.push(Brief { after, at, is });
        }
        self.states.entry(node).or_default().see(after, glimpse, events >= self.exact_from);
    }

    /// Forgets the oldest records, and the states from before those that are left.
    pub(super) fn forget(&mut self, oldest: usize) {
        let says_what_lasts = |what: What| {
            matches!(what, What::Fault | What::End | What::Flap | What::Crash | What::Boot | What::Refuse | What::Phase)
        };
        let oldest = oldest.min(self.records.len());
        let lasting = self.records.drain(..oldest).filter(|(_, record)| says_what_lasts(record.what));
        self.early.extend(lasting);
        let first = self.records.front().map_or(self.heard, |(place, _)| *place);
        self.states.values_mut().for_each(|states| states.forget(first));
    }
}
