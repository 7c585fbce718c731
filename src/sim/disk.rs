//! Disks: writes under way, barriers, and what a crash leaves.

use super::Sim;
use super::event::Event;
use super::node::{Status, Sync, Unsynced, Work};
use super::trace::What;
use super::turns::Flow;
use crate::check::{Properties, WorldEvent};
use crate::fault;
use crate::ids::{Endpoint, NodeId};
use crate::process::{Durable, Process, Ticket};
use crate::rng::{Die, content_hash, scale};
use crate::time::{Span, Time};
use crate::turn::Input;
use crate::workload::Workload;

/// How a node goes down.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fall {
    /// What a machine crash leaves of unsynced writes, and the dice that decide; `None` if only the process dies.
    pub(super) machine: Option<(fault::Unsynced, Die)>,
    /// For how long; `None`: until the safety phase ends.
    pub(super) down: Option<Span>,
    /// Whether the disk is emptied.
    pub(super) wiped: bool,
    /// Whether synced data is lost, now or when it is read again.
    pub(super) lost_disk: bool,
}

impl<P: Process, C: Properties<P>, W: Workload<P>> Sim<P, C, W> {
    /// Whether a write of this node takes no time and cannot fail.
    fn writes_at_once(&self, node: NodeId) -> bool {
        let calm = |rare: &super::node::Rare<P>| rare.unsynced.is_empty() && rare.sync_fails().is_none();
        self.world.disk.sync.is_zero() && self.nodes.0[node.index()].rare.as_ref().is_none_or(|rare| calm(rare))
    }

    pub(super) fn persist(&mut self, node: NodeId, write: <P::Disk as Durable>::Write) -> Flow {
        self.counters.forced += 1;
        self.log.enter(self.now, What::Persist, node.0.into(), content_hash(&write), 0);
        self.trace(What::Persist, Endpoint::Node(node), None, || format!("{write:?}"));
        self.counters.syncs += 1;
        if self.writes_at_once(node) {
            self.nodes.0[node.index()].disk.apply(write);
            return Flow::Next;
        }
        self.issue(node, write, Sync::Barrier);
        let slot = &mut self.nodes.0[node.index()];
        let rare = slot.rare();
        std::mem::swap(&mut rare.held, &mut self.outbox.effects);
        rare.work = Work::Syncing;
        slot.refresh();
        Flow::Stop
    }

    pub(super) fn write(&mut self, node: NodeId, write: <P::Disk as Durable>::Write, ticket: Ticket) {
        self.log.enter(self.now, What::Write, node.0.into(), content_hash(&write), ticket.0);
        self.trace(What::Write, Endpoint::Node(node), None, || format!("{write:?}"));
        self.counters.syncs += 1;
        if self.writes_at_once(node) {
            let slot = &mut self.nodes.0[node.index()];
            slot.disk.apply(write);
            let life = slot.life;
            self.queue.push(self.now.0, Event::Notice { node, life, ticket });
        } else {
            self.issue(node, write, Sync::Notice(ticket));
        }
    }

    fn issue(&mut self, node: NodeId, write: <P::Disk as Durable>::Write, kind: Sync) {
        let now = self.now;
        let slot = &mut self.nodes.0[node.index()];
        let (life, ticket) = (slot.life, slot.ticket.0);
        let rare = slot.rare();
        // Several writes of one instant are told apart by how many are under way.
        let place = rare.unsynced.len() as u64;
        let die = self.service_die.with(2).with4([node.0.into(), life.into(), now.0, place]).with(ticket);
        let takes = self.world.disk.sync.sample(die.roll());
        rare.synced_by = rare.synced_by.max(now + takes);
        rare.unsynced.push_back(Unsynced { write, kind });
        let epoch = rare.disk_epoch;
        self.queue.push(rare.synced_by.0, Event::Synced { node, epoch });
    }

    pub(super) fn synced(&mut self, node: NodeId, epoch: u32) {
        let slot = &mut self.nodes.0[node.index()];
        let rare = slot.rare();
        if rare.disk_epoch != epoch {
            return;
        }
        // Of a process that is dead the kernel's writes fail as well, and take the machine down.
        if slot.status != Status::Gone
            && let Some(entry) = slot.rare().sync_fails()
        {
            self.fail_sync(entry, node);
            return self.checkpoint_if_due();
        }
        let rare = slot.rare();
        let Some(done) = rare.unsynced.pop_front() else { return };
        let boots = rare.boot_when_synced && rare.unsynced.is_empty();
        slot.disk.apply(done.write);
        self.log.event(self.now, What::Synced, node.0.into(), slot.life.into(), 0);
        match done.kind {
            Sync::Barrier => {
                self.go_on(node);
                self.checkpoint_if_due();
            }
            Sync::Notice(ticket) => self.notice_now(node, ticket),
            Sync::Orphan if boots && !self.course.keeps_out(node) => self.restart_now(node),
            Sync::Orphan => {}
        }
    }

    pub(super) fn notice(&mut self, node: NodeId, life: u32, ticket: Ticket) {
        let slot = &self.nodes.0[node.index()];
        if slot.is_up() && slot.life == life {
            self.log.event(self.now, What::Synced, node.0.into(), life.into(), ticket.0);
            self.notice_now(node, ticket);
        }
    }

    fn notice_now(&mut self, node: NodeId, ticket: Ticket) {
        self.trace(What::Synced, Endpoint::Node(node), None, || format!("{ticket:?}"));
        self.input(node, Input::Synced(ticket));
    }

    /// A node goes down and loses its memory, its timers and whatever had not left it.
    pub(super) fn fall(&mut self, node: NodeId, fall: Fall) {
        self.counters.crashes += 1;
        let was_up = self.nodes.0[node.index()].is_up();
        self.stop(node);
        let slot = &mut self.nodes.0[node.index()];
        slot.status = Status::Down;
        let mut kept = (0, 0);
        if let Some((unsynced, die)) = fall.machine {
            kept = settle_unsynced::<P>(slot, unsynced, die);
        }
        if fall.wiped {
            slot.disk = P::Disk::default();
        }
        let life = slot.life;
        let rare = slot.rare();
        // A machine that falls after its process holds up the restart, and never brings it forward.
        let held_until = if was_up { Time::ZERO } else { rare.down_until };
        let down_until = fall.down.map_or(Time::MAX, |down| held_until.max(self.now + down));
        rare.machine_stands = fall.machine.is_none();
        rare.down_until = down_until;
        if fall.down.is_some() {
            self.queue.push(down_until.0, Event::Restart { node, life });
        }
        self.network.forget(node);
        self.log.event(self.now, What::Crash, node.0.into(), u64::from(fall.machine.is_some()), kept.0);
        self.trace(What::Crash, Endpoint::Node(node), None, || match kept {
            (_, 0) => String::new(),
            (kept, total) => format!("{kept} of {total} unsynced records survive"),
        });
        self.world_event(&WorldEvent::Crash { node, lost_disk: fall.lost_disk });
    }

    /// Memory, timers and everything that had not left are gone. The node will not restart by itself.
    pub(super) fn stop(&mut self, node: NodeId) {
        let slot = &mut self.nodes.0[node.index()];
        slot.state = None;
        slot.status = Status::Gone;
        slot.timers.clear();
        orphan_writes(slot);
        if let Some(rare) = &mut slot.rare {
            rare.held.clear();
            rare.inbox.clear();
            rare.struck.clear();
            rare.work = Work::Idle;
            rare.pauses = 0;
            rare.boot_when_synced = false;
        }
        slot.refresh();
    }

    pub(super) fn restart(&mut self, node: NodeId, life: u32) {
        let slot = &self.nodes.0[node.index()];
        let held = slot.rare.as_ref().is_some_and(|rare| self.now < rare.down_until);
        if slot.status == Status::Down && slot.life == life && !held && !self.course.keeps_out(node) {
            self.restart_now(node);
        }
    }

    /// Recovery syncs what it reads: after the death of a process, what it had written and not synced must be
    /// on the disk before its successor boots from it.
    pub(super) fn restart_now(&mut self, node: NodeId) {
        let slot = &mut self.nodes.0[node.index()];
        if let Some(rare) = &mut slot.rare {
            rare.boot_when_synced = !rare.unsynced.is_empty();
            if rare.boot_when_synced {
                return;
            }
            if let Some(entry) = rare.latent.take() {
                let id = &self.plan.timeline[entry as usize].id;
                let mut dice = self.plan.dice(id).with_str("damage").stream();
                if !slot.disk.damage(&mut dice) {
                    self.no_effect_on(entry, node, "its disk has no model of damage");
                }
            }
        }
        self.boot(node);
    }
}

/// What a machine crash leaves of the records under way: how many, and of how many.
fn settle_unsynced<P: Process>(slot: &mut super::node::Slot<P>, keep: fault::Unsynced, die: Die) -> (u64, u64) {
    let Some(rare) = &mut slot.rare else { return (0, 0) };
    rare.disk_epoch += 1;
    rare.synced_by = Time::ZERO;
    let total = rare.unsynced.len() as u64;
    let records: Vec<_> = rare.unsynced.drain(..).map(|unsynced| unsynced.write).collect();
    let survives = survivors(&records.iter().map(P::Disk::file).collect::<Vec<u8>>(), keep, die);
    let kept = survives.iter().filter(|&&survives| survives).count() as u64;
    for (write, survives) in records.into_iter().zip(survives) {
        if survives {
            slot.disk.apply(write);
        }
    }
    (kept, total)
}

/// Which records survive, given the file of each in the order of writing.
fn survivors(files: &[u8], keep: fault::Unsynced, die: Die) -> Vec<bool> {
    let total = files.len() as u64;
    match keep {
        fault::Unsynced::None => vec![false; files.len()],
        fault::Unsynced::All => vec![true; files.len()],
        fault::Unsynced::Prefix => {
            let kept = scale(die.roll(), total + 1);
            (0..total).map(|place| place < kept).collect()
        }
        fault::Unsynced::Independent => {
            let of_file = |file: u8| files.iter().filter(|&&other| other == file).count() as u64;
            let mut kept: Vec<(u8, u64)> = Vec::new();
            let mut one = |&file: &u8| {
                let place = kept.iter().position(|&(known, _)| known == file).unwrap_or_else(|| {
                    kept.push((file, scale(die.with(u64::from(file) + 1).roll(), of_file(file) + 1)));
                    kept.len() - 1
                });
                let survives = kept[place].1 > 0;
                kept[place].1 = kept[place].1.saturating_sub(1);
                survives
            };
            files.iter().map(&mut one).collect()
        }
    }
}

/// The writer is dead, its writes are not.
fn orphan_writes<P: Process>(slot: &mut super::node::Slot<P>) {
    let Some(rare) = &mut slot.rare else { return };
    for unsynced in &mut rare.unsynced {
        unsynced.kind = Sync::Orphan;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;

    #[test]
    fn a_crash_keeps_a_prefix() {
        let mut lengths = [0; 4];
        for seed in 0..400 {
            let kept = survivors(&[0, 1, 0], fault::Unsynced::Prefix, Die::new(Seed(seed)));
            let length = kept.iter().take_while(|&&kept| kept).count();
            assert!(kept[length..].iter().all(|&kept| !kept));
            lengths[length] += 1;
        }
        assert!(lengths.iter().all(|&n| n > 60), "{lengths:?}");
    }

    #[test]
    fn files_lose_independently_and_keep_their_order() {
        let mut apart = 0;
        for seed in 0..200 {
            let kept = survivors(&[0, 1, 0, 1], fault::Unsynced::Independent, Die::new(Seed(seed)));
            assert!(kept[0] || !kept[2]);
            assert!(kept[1] || !kept[3]);
            apart += u32::from(kept[0] != kept[1]);
        }
        assert!(apart > 20, "{apart}");
    }

    #[test]
    fn all_or_nothing() {
        assert_eq!(survivors(&[0, 0], fault::Unsynced::None, Die::new(Seed(0))), [false, false]);
        assert_eq!(survivors(&[0, 0], fault::Unsynced::All, Die::new(Seed(0))), [true, true]);
    }
}
