//! What a node costs, and whether a run grows with its length: resident memory as Linux counts it. Elsewhere these
//! rows are left out.

use seedstorm::time::{Span, Time};

use crate::heartbeats::members;
use crate::ping_pong::game;

/// A page, as `/proc` counts in.
const PAGE: f64 = 4096.0;

/// Resident bytes of this process.
fn resident() -> Option<f64> {
    let counts = std::fs::read_to_string("/proc/self/statm").ok()?;
    counts.split(' ').nth(1)?.parse().ok().map(|pages: f64| pages * PAGE)
}

/// Bytes for each of `nodes` nodes in a ring, whose heartbeats are under way.
fn bytes_a_member(nodes: u32) -> Option<f64> {
    let before = resident()?;
    let mut members = members(nodes, r#"{ "ring": 3 }"#);
    members.run_until(Time(45_000_000));
    Some((resident()? - before) / f64::from(nodes))
}

/// Bytes for each of `nodes` nodes, each with a message under way.
fn bytes_a_node(nodes: u32) -> Option<f64> {
    let before = resident()?;
    let mut game = game(nodes);
    while game.events() < 2 * u64::from(nodes) {
        game.step();
    }
    Some((resident()? - before) / f64::from(nodes))
}

/// By how many bytes a run of a thousand nodes grows while time goes on for `span`.
fn growth(span: Span) -> Option<(u64, f64)> {
    let mut game = game(1_000);
    game.run_until(Time(1_000_000_000));
    let (events, before) = (game.events(), resident()?);
    game.run_until(Time(1_000_000_000 + span.0));
    Some((game.events() - events, resident()? - before))
}

pub(crate) fn report() {
    if let Some((events, bytes)) = growth(Span(60_000_000_000)) {
        println!("memory: {:.0} bytes more after {:.1} M events of 1000 nodes", bytes.max(0.0), events as f64 / 1e6);
    }
    if let Some(bytes) = bytes_a_node(1_000_000) {
        println!("memory: {bytes:.0} bytes a node, ping-pong, 1000000 nodes");
    }
    if let Some(bytes) = bytes_a_member(1_000_000) {
        println!("memory: {bytes:.0} bytes a node, ring of three successors, 1000000 nodes");
    }
}
