//! What the entries of a plan do to nodes: they strike between turns or inside one, and are lifted again.

use super::Sim;
use super::clock::Clock;
use super::disk::Fall;
use super::event::Event;
use super::faults::Target;
use super::node::{Rare, Status, Work};
use crate::check::{Properties, WorldEvent};
use crate::fault::{Entry, Fault, Strike, Unsynced, Who};
use crate::ids::{NodeId, NodeSet};
use crate::process::Process;
use crate::rng::{Die, scale};
use crate::time::Span;
use crate::workload::Workload;

impl<P: Process, C: Properties<P>, W: Workload<P>> Sim<P, C, W> {
    pub(super) fn change(&mut self, entry: u32, nodes: &NodeSet, mut change: impl FnMut(&mut Rare<P>)) {
        for node in nodes.iter() {
            let slot = &mut self.nodes.0[node.index()];
            if slot.status == Status::Gone {
                continue;
            }
            change(slot.rare());
            slot.refresh();
            self.took_effect(entry, Some(node));
        }
    }

    /// Something will strike these nodes; nothing has happened yet.
    pub(super) fn prepare_for(&mut self, nodes: &NodeSet, mut prepare: impl FnMut(&mut Rare<P>)) {
        for node in nodes.iter() {
            let slot = &mut self.nodes.0[node.index()];
            prepare(slot.rare());
            slot.refresh();
        }
    }

    /// The handler of a node has run and its effects have not left: whatever lies in wait strikes.
    pub(super) fn strike(&mut self, node: NodeId) {
        loop {
            let Some(rare) = &mut self.nodes.0[node.index()].rare else { return };
            let Some(entry) = rare.strikes.pop_front() else { return };
            match self.entry(entry).kind {
                Fault::Pause { strike: Strike::After(kept) } if kept > 0 => {
                    self.nodes.0[node.index()].rare().struck.push((kept, entry));
                }
                Fault::Pause { .. } => self.pause(entry, node),
                _ => {
                    let kept = self.prefix_kept(entry, node);
                    self.resolve_strike(entry, kept);
                    self.nodes.0[node.index()].rare().struck.push((kept, entry));
                    // Only one crash can end this turn; others wait for the next life.
                    return;
                }
            }
        }
    }

    /// As many effects of a turn have left as were to leave before a strike (or all of them, at its end): what
    /// strikes now does. Of a pause and a crash at the same place the pause comes first, and the crash after it.
    /// Whether the turn goes on no further for now.
    pub(super) fn strike_midway(&mut self, node: NodeId, at_end: bool) -> bool {
        let struck = &self.nodes.0[node.index()].rare().struck;
        let due: Vec<u32> = struck.iter().filter(|(left, _)| at_end || *left == 0).map(|&(_, entry)| entry).collect();
        let (pauses, crashes): (Vec<u32>, Vec<u32>) =
            due.into_iter().partition(|&entry| matches!(self.entry(entry).kind, Fault::Pause { .. }));
        for &entry in &pauses {
            self.nodes.0[node.index()].rare().struck.retain(|&(_, other)| other != entry);
            self.pause(entry, node);
        }
        match crashes.first() {
            _ if !pauses.is_empty() => true,
            Some(&entry) => {
                self.outbox.effects.clear();
                self.crash_by(entry, node);
                true
            }
            None => false,
        }
    }

    pub(super) fn prefix_kept(&self, entry: u32, node: NodeId) -> u32 {
        let entry = self.entry(entry);
        if let Fault::Crash { strike: Strike::After(kept), .. } | Fault::Kill { strike: Strike::After(kept) } =
            entry.kind
        {
            return kept;
        }
        let die = self.plan.dice(&entry.id).with_str("strike").with(node.0.into());
        let effects = self.outbox.effects.len() as u64;
        u32::try_from(scale(die.roll(), effects + 1)).unwrap_or(u32::MAX)
    }

    pub(super) fn resolve_strike(&mut self, entry: u32, kept: u32) {
        // Of several nodes each has a prefix of its own, and draws it again from the same dice.
        if let Some(Entry {
            kind: Fault::Crash { strike, .. } | Fault::Kill { strike }, who: Who::Nodes(nodes), ..
        }) = self.faults.resolved_as(entry)
            && nodes.len() == 1
        {
            *strike = Strike::After(kept);
        }
    }

    /// A node goes down by the hand of this entry.
    pub(super) fn crash_by(&mut self, entry: u32, node: NodeId) {
        let original = self.entry(entry);
        let die = self.plan.dice(&original.id).with_str("unsynced").with(node.0.into());
        let machine = match original.kind {
            Fault::Kill { .. } => None,
            Fault::Crash { unsynced, .. } | Fault::Power { unsynced } | Fault::Damage { unsynced } => {
                Some((unsynced, die))
            }
            _ => Some((Unsynced::Prefix, die)),
        };
        let slot = &self.nodes.0[node.index()];
        // A machine can fall while its process is dead already.
        let falls = slot.is_up() || machine.is_some() && slot.is_idle_machine();
        if !falls {
            return self.no_effect_on(entry, node, "it is down already");
        }
        let original = self.entry(entry);
        let wiped = matches!(original.kind, Fault::Wipe {});
        let damaged = matches!(original.kind, Fault::Damage { .. });
        if damaged {
            self.nodes.0[node.index()].rare().latent = Some(entry);
        }
        let down = self.entry(entry).lasts;
        self.took_effect(entry, Some(node));
        self.begin_late(entry, node);
        self.fall(node, Fall { machine, down, wiped, lost_disk: wiped || damaged });
    }

    /// A sync of a node failed by the hand of this entry.
    pub(super) fn fail_sync(&mut self, entry: u32, node: NodeId) {
        let original = self.entry(entry);
        let down = match original.kind {
            Fault::DiskFull { down } => Some(down),
            _ => original.lasts,
        };
        let die = self.plan.dice(&original.id).with_str("unsynced").with(node.0.into()).with(self.now.0);
        let rare = self.nodes.0[node.index()].rare();
        rare.failing_syncs.retain(|&failing| failing != entry);
        self.took_effect(entry, Some(node));
        self.begin_late(entry, node);
        self.fall(node, Fall { machine: Some((Unsynced::Prefix, die)), down, wiped: false, lost_disk: false });
    }

    pub(super) fn pause(&mut self, entry: u32, node: NodeId) {
        let slot = &mut self.nodes.0[node.index()];
        if !slot.is_up() {
            return self.no_effect_on(entry, node, "it is down");
        }
        let now = self.now;
        let rare = slot.rare();
        rare.pauses += 1;
        if rare.pauses == 1 && rare.work == Work::Serving {
            rare.unserved = rare.served_at.since(now);
        }
        slot.refresh();
        self.begin_late(entry, node);
        self.took_effect(entry, Some(node));
        self.world_event(&WorldEvent::Pause { node });
    }

    pub(super) fn resume(&mut self, node: NodeId) {
        let rare = self.nodes.0[node.index()].rare();
        rare.pauses -= 1;
        if rare.pauses > 0 {
            return;
        }
        let work = rare.work;
        self.world_event(&WorldEvent::Resume { node });
        match work {
            Work::Due => self.go_on(node),
            Work::Serving => self.serve(node),
            Work::Syncing => {}
            Work::Idle => self.pump(node),
        }
    }

    pub(super) fn end_on(&mut self, entry: u32, Target { node, life, .. }: Target, kind: &Fault) {
        let slot = &mut self.nodes.0[node.index()];
        let same_life = slot.is_up() && slot.life == life;
        match kind {
            Fault::Pause { .. } if same_life && slot.is_paused() => self.resume(node),
            Fault::Slow { by } => {
                let rare = slot.rare();
                rare.slow = rare.slow - *by;
            }
            Fault::DiskFull { .. } => slot.rare().full_disks.retain(|&full| full != entry),
            Fault::Drift { ppm } => self.add_drift(node, ppm.saturating_neg()),
            _ => {}
        }
        self.nodes.0[node.index()].refresh();
    }

    pub(super) fn drift(&mut self, entry: u32, nodes: &NodeSet, ppm: i64) {
        for node in nodes.iter() {
            if self.nodes.0[node.index()].status != Status::Gone {
                self.add_drift(node, ppm);
                self.took_effect(entry, Some(node));
            }
        }
    }

    pub(super) fn add_drift(&mut self, node: NodeId, ppm: i64) {
        let now = self.now;
        let slot = &mut self.nodes.0[node.index()];
        let rare = slot.rare();
        rare.drift_ppm = rare.drift_ppm.saturating_add(ppm);
        let total = rare.drift_ppm;
        rare.clock.set_drift(now, total);
        let clock = rare.clock.clone();
        let queue = &mut self.queue;
        slot.timers.retime(
            |deadline| clock.instant(deadline),
            |at, order| queue.push_with(at.0, order, Event::Timer { node }),
        );
        slot.refresh();
    }

    pub(super) fn set_clocks(&mut self) {
        let config = self.world.clock.clone();
        let offset = config.offset.0.min(1 << 60);
        if config.drift_ppm == 0 && config.offset == Span::ZERO {
            return;
        }
        for node in self.cast.nodes() {
            let die = Die::new(self.plan.seeds.plan).with_str("clock").with(node.0.into());
            let drift = scale(die.with(1).roll(), 2 * config.drift_ppm + 1) as i64 - config.drift_ppm as i64;
            let offset = scale(die.with(2).roll(), 2 * offset + 1) as i64 - offset as i64;
            let rare = self.nodes.0[node.index()].rare();
            rare.drift_ppm = drift;
            rare.clock = Clock::new(drift, offset);
        }
    }

    pub(super) fn start(&mut self, entry: u32, node: NodeId) {
        if self.nodes.0[node.index()].status != Status::Unborn {
            return self.no_effect_on(entry, node, "it is no spare, or has started already");
        }
        self.took_effect(entry, Some(node));
        self.boot(node);
    }

    pub(super) fn retire(&mut self, entry: u32, node: NodeId) {
        if self.nodes.0[node.index()].status == Status::Gone {
            return self.no_effect_on(entry, node, "it is gone already");
        }
        self.took_effect(entry, Some(node));
        self.stop(node);
        self.network.forget(node);
        self.world_event(&WorldEvent::Retire { node });
    }
}
