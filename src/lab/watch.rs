//! Looking on while a run goes: nodes are shown as they are after each event that concerned them.

use std::fmt::Debug;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::check::Properties;
use crate::ids::NodeId;
use crate::process::{Glance, Process};
use crate::sim::Sim;
use crate::time::Time;
use crate::workload::Workload;

/// Is shown nodes, each after something happened to it, and all of them at the end.
pub type Watcher = Box<dyn FnMut(&Glimpse<'_>)>;

/// A node just after something happened to it.
#[derive(Clone, Copy)]
pub struct Glimpse<'a> {
    /// When.
    pub at: Time,
    /// Which.
    pub node: NodeId,
    /// How many events there have been.
    pub events: u64,
    /// What it is, in brief; nothing while it is down.
    pub glance: Option<Glance>,
    /// Its memory, if it lives.
    pub memory: Option<&'a dyn Debug>,
    /// Its synced disk.
    pub disk: &'a dyn Debug,
}

/// Runs to the end or to `until`, event by event, while somebody looks on; whether it was stopped before.
pub(super) fn drive<P: Process, C: Properties<P>, W: Workload<P>>(
    sim: &mut Sim<P, C, W>,
    until: Option<Time>,
    stop: Option<&AtomicBool>,
    mut watcher: Watcher,
) -> bool {
    let limit = until.unwrap_or(Time::MAX);
    sim.touched();
    while sim.step_until(limit) {
        let touched = sim.touched();
        touched.iter().for_each(|node| watcher(&glimpse(sim, node)));
        if stop.is_some_and(|stop| stop.load(Ordering::Relaxed)) {
            return true;
        }
    }
    sim.run_until(until.unwrap_or(sim.now()));
    (0..sim.nodes().count()).for_each(|node| watcher(&glimpse(sim, NodeId(node))));
    false
}

fn glimpse<P: Process, C: Properties<P>, W: Workload<P>>(sim: &Sim<P, C, W>, node: NodeId) -> Glimpse<'_> {
    let memory = sim.node(node);
    Glimpse {
        at: sim.now(),
        node,
        events: sim.events(),
        glance: memory.map(Process::glance),
        memory: memory.map(|memory| memory as &dyn Debug),
        disk: sim.disk(node),
    }
}
