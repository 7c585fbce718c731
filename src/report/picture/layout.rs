//! Where bars and points stand.
//!
//! Events stand in columns, in their order. Between two columns there is room for the points that must stand there, and
//! from the first column of a bar to its last for its label.

use std::collections::{BTreeMap, BTreeSet};

use crate::explained::Possible;
use crate::judged::Operation;
use crate::recorded::Value;

/// Height of a lane.
pub(super) const LANE: u32 = 44;
/// Height of a bar: its label above, its points below.
pub(super) const BAR: u32 = 32;
/// Where the first lane begins.
pub(super) const TOP: u32 = 24;
/// Width of the names of lanes.
pub(super) const LEFT: u32 = 110;

/// Where the first column stands.
const START: u32 = 14;

/// Between two columns at least.
const STEP: u32 = 14;
/// Between two points.
const POINT: u32 = 13;
/// Of a letter.
const LETTER: u32 = 8;
/// Behind the last column.
const RIGHT: u32 = 60;

/// A bar.
pub(super) struct Bar {
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) y: u32,
}

/// Where everything stands.
pub(super) struct Layout {
    pub(super) width: u32,
    pub(super) lanes: Vec<Value>,
    pub(super) bars: Vec<Bar>,
    /// Of each order its points: which step, and where.
    pub(super) points: Vec<Vec<(usize, u32, u32)>>,
    /// Of each event, where its column is.
    columns: BTreeMap<u64, u32>,
}

impl Layout {
    /// Operations by their places, with their labels, up to an event.
    pub(super) fn new(shown: &[(usize, &Operation)], labels: &[String], until: u64, orders: &[Possible]) -> Self {
        let lanes: BTreeSet<Value> = shown.iter().map(|(_, operation)| operation.process.clone()).collect();
        let lanes: Vec<Value> = lanes.into_iter().collect();
        let end = |operation: &Operation| operation.returned.filter(|&at| at <= until);
        let events: BTreeSet<u64> =
            shown.iter().flat_map(|(_, operation)| [Some(operation.invoked), end(operation)]).flatten().collect();
        let events: Vec<u64> = events.into_iter().collect();
        let column = |at: u64| events.partition_point(|&event| event < at);
        let spans: Vec<(usize, usize)> = shown
            .iter()
            .map(|(_, operation)| (column(operation.invoked), end(operation).map_or(events.len(), column)))
            .collect();
        let which: BTreeMap<usize, usize> = shown.iter().enumerate().map(|(n, (place, _))| (*place, n)).collect();
        let gaps: Vec<Vec<(usize, usize, usize)>> = orders.iter().map(|order| in_gaps(order, &which, &spans)).collect();
        let mut room = vec![STEP; events.len() + 1];
        for gaps in &gaps {
            for points in gaps.chunk_by(|a, b| a.2 == b.2) {
                let gap = points[0].2;
                room[gap] = room[gap].max((points.len() as u32 + 1) * POINT);
            }
        }
        let places = columns(&spans, labels, &room);
        let y = |n: usize| {
            let lane = lanes.iter().position(|lane| *lane == shown[n].1.process).unwrap_or(0);
            TOP + lane as u32 * LANE + 6
        };
        let bar = |(n, &(from, to)): (usize, &(usize, usize))| Bar { start: places[from], end: places[to], y: y(n) };
        let points = |gaps: &Vec<(usize, usize, usize)>| {
            let of_gap = |points: &[(usize, usize, usize)]| {
                let (from, to) = (places[points[0].2], places[points[0].2 + 1]);
                let share = (to - from) / (points.len() as u32 + 1);
                let point = |(k, &(step, n, _)): (usize, &(usize, usize, usize))| {
                    (step, from + share * (k as u32 + 1), y(n) + 23)
                };
                points.iter().enumerate().map(point).collect::<Vec<_>>()
            };
            gaps.chunk_by(|a, b| a.2 == b.2).flat_map(of_gap).collect()
        };
        Self {
            width: places.last().copied().unwrap_or(START) + 16,
            bars: spans.iter().enumerate().map(bar).collect(),
            points: gaps.iter().map(points).collect(),
            columns: events.iter().copied().zip(places.iter().copied()).collect(),
            lanes,
        }
    }

    pub(super) fn height(&self) -> u32 {
        TOP + self.lanes.len() as u32 * LANE + 8
    }

    /// Where an event stands.
    pub(super) fn at_column(&self, event: u64) -> u32 {
        self.columns.get(&event).copied().unwrap_or(START)
    }
}

/// Of each step that is shown: which it is, its bar, and behind which column it stands: as early as those before it
/// allow.
fn in_gaps(order: &Possible, which: &BTreeMap<usize, usize>, spans: &[(usize, usize)]) -> Vec<(usize, usize, usize)> {
    let mut gap = 0;
    let shown = order.order.iter().enumerate().filter_map(|(step, of)| Some((step, *which.get(&of.place)?)));
    shown
        .map(|(step, bar)| {
            gap = gap.max(spans[bar].0);
            (step, bar, gap)
        })
        .collect()
}

/// Where columns stand, and the end behind them.
fn columns(spans: &[(usize, usize)], labels: &[String], room: &[u32]) -> Vec<u32> {
    let mut places = vec![START];
    for column in 1..=room.len() {
        let mut place = places[column - 1] + room[column - 1];
        if column == room.len() {
            place = place.max(places[column - 1] + RIGHT);
        }
        for ((from, _), label) in spans.iter().zip(labels).filter(|((_, to), _)| *to == column) {
            place = place.max(places[*from] + label.chars().count() as u32 * LETTER + 14);
        }
        places.push(place);
    }
    places
}
