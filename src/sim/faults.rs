//! The plan comes about: entries begin, find whom they are about, strike, and end.

use super::Sim;
use super::disk::Fall;
use super::event::Event;
use super::network::{Active, Does};
use super::node::Status;
use super::trace::What;
use crate::check::{Phase, Properties, WorldEvent};
use crate::fault::budget::unavailable;
use crate::fault::ledger::Ledger;
use crate::fault::links::{Cut, Links, shuffle};
use crate::fault::{Entry, Fault, FaultKind, FaultPlan, Strike, Unsynced, Who};
use crate::ids::{Endpoint, NodeId, NodeSet};
use crate::process::Process;
use crate::rng::{content_hash, scale};
use crate::time::{Span, Time};
use crate::workload::Workload;

/// How far each entry of the plan has got.
pub(super) struct Faults<P: Process> {
    entries: Vec<Progress>,
    /// Entries that begin after a fact, while they wait.
    waiting: Vec<u32>,
    /// Entries whose interval is on.
    on: Vec<u32>,
    /// Messages held by clogged links, with the entry that holds them.
    held: Vec<(u32, Event<P>)>,
    pub(super) ledger: Ledger,
    /// The plan as it came about: everything bound, nothing left to a rule.
    pub(super) resolved: Vec<Entry>,
}

#[derive(Clone, Debug, Default)]
struct Progress {
    /// The nodes it is about, with the life in which it found each.
    nodes: Vec<(NodeId, u32)>,
    /// When it ends.
    ends: Option<Time>,
    took_effect: bool,
    overlapped: bool,
    /// For flapping links: whether they are on just now.
    flapped: bool,
}

impl<P: Process> Faults<P> {
    pub(super) fn new(plan: &FaultPlan) -> Self {
        let mut ledger = Ledger::default();
        for entry in &plan.timeline {
            ledger.line(entry.kind.kind()).planned += 1;
        }
        let waiting = (0..).zip(&plan.timeline).filter(|(_, entry)| entry.after.is_some()).map(|(place, _)| place);
        Self {
            entries: vec![Progress::default(); plan.timeline.len()],
            waiting: waiting.collect(),
            on: Vec::new(),
            held: Vec::new(),
            ledger,
            resolved: Vec::new(),
        }
    }

    #[inline]
    pub(super) fn is_waiting_for_facts(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// A client began to wait: every fault that is on overlaps it.
    pub(super) fn overlap(&mut self, plan: &FaultPlan) {
        for &entry in &self.on {
            let progress = &mut self.entries[entry as usize];
            if progress.took_effect && !progress.overlapped {
                progress.overlapped = true;
                self.ledger.line(plan.timeline[entry as usize].kind.kind()).overlapped += 1;
            }
        }
    }
}

impl<P: Process, C: Properties<P>, W: Workload<P>> Sim<P, C, W> {
    pub(super) fn schedule_plan(&mut self) {
        for (place, entry) in (0..).zip(&self.plan.timeline) {
            if let Some(at) = entry.at {
                self.queue.push(at.0, Event::Onset { entry: place });
            }
        }
    }

    /// A fact was reported: entries that wait for it will begin.
    pub(super) fn start_after_fact(&mut self, place: usize) {
        let (name, count) = self.facts.name(place);
        let plan = &self.plan.timeline;
        let (queue, now) = (&mut self.queue, self.now);
        self.faults.waiting.retain(|&entry| {
            let Some(after) = &plan[entry as usize].after else { return false };
            let begins = after.fact == name && after.nth <= count;
            if begins {
                queue.push((now + after.plus).0, Event::Onset { entry });
            }
            !begins
        });
    }

    fn entry(&self, entry: u32) -> &Entry {
        &self.plan.timeline[entry as usize]
    }

    fn entry_key(&self, entry: u32) -> u64 {
        content_hash(self.entry(entry).id.as_str())
    }

    pub(super) fn onset(&mut self, entry: u32) {
        if self.course.phase != Phase::Safety {
            return;
        }
        let kind = self.entry(entry).kind.kind();
        self.faults.ledger.line(kind).attempted += 1;
        let Some(nodes) = self.bind(entry) else {
            return self.no_effect(entry, "there is nobody whom it could strike");
        };
        let fault = self.resolve_links(entry, &nodes);
        if let Err(why) = self.within_budgets(&nodes, &fault) {
            self.faults.ledger.line(kind).suppressed += 1;
            return self.no_effect(entry, why);
        }
        let lives = nodes.iter().map(|node| (node, self.life(node))).collect();
        let lasts = self.entry(entry).lasts;
        let ends = lasts.map(|lasts| self.now + lasts);
        let progress = &mut self.faults.entries[entry as usize];
        progress.nodes = lives;
        progress.ends = ends;
        let original = self.entry(entry);
        let resolved = Entry {
            at: Some(self.now),
            after: None,
            kind: fault.clone(),
            who: Who::Nodes(nodes.clone()),
            ..original.clone()
        };
        self.faults.resolved.push(resolved);
        self.faults.on.push(entry);
        self.strike_now(entry, &nodes, &fault);
        if let Some(ends) = ends {
            self.queue.push(ends.0, Event::End { entry });
        }
        self.checkpoint();
    }

    /// Whom the entry is about, found by a rule that rolls no dice.
    fn bind(&mut self, entry: u32) -> Option<NodeSet> {
        let original = self.entry(entry);
        let about_links = original.kind.links().is_some();
        let nodes = match &original.who {
            Who::Nodes(nodes) => nodes.clone(),
            Who::All => self.cast.nodes().collect(),
            Who::Role(role) => NodeSet::from_iter([self.with_role(role, |_| true)?.0]),
            Who::Fact(fact) => NodeSet::from_iter([self.facts.last(fact)?]),
            Who::Zone(zone) => self.world.network.zones.get(zone)?.clone(),
            Who::Group(name) => {
                let group = self.cast.named(name)?;
                let die = self.plan.dice(&original.id).with_str("who");
                let offset = scale(die.roll(), group.members.len() as u64);
                NodeSet::from_iter([NodeId(group.members.start + u32::try_from(offset).unwrap_or(0))])
            }
            Who::Any | Who::Majority => self.draw_who(original),
        };
        (about_links || !nodes.is_empty()).then_some(nodes)
    }

    fn draw_who(&self, entry: &Entry) -> NodeSet {
        let mut dice = self.plan.dice(&entry.id).with_str("who").stream();
        let mut nodes: Vec<NodeId> = self.cast.nodes().filter(|&node| !self.cast.is_spare(node)).collect();
        shuffle(&mut nodes, &mut dice);
        let size = if entry.who == Who::Majority { nodes.len() / 2 + 1 } else { 1 };
        nodes.into_iter().take(size).collect()
    }

    /// The fault with its links settled, where it is about links.
    fn resolve_links(&self, entry: u32, nodes: &NodeSet) -> Fault {
        let original = self.entry(entry);
        let mut fault = original.kind.clone();
        if let Fault::Partition { links }
        | Fault::Clog { links }
        | Fault::Loss { links, .. }
        | Fault::Delay { links, .. }
        | Fault::Duplicate { links, .. } = &mut fault
            && links.cut.is_empty()
        {
            let mut dice = self.plan.dice(&original.id).with_str("links").stream();
            let all: NodeSet = self.cast.nodes().collect();
            let target = nodes.iter().next().unwrap_or_default();
            links.cut = links.shape.cuts(target, &all, &mut dice);
        }
        fault
    }

    fn within_budgets(&self, nodes: &NodeSet, fault: &Fault) -> Result<(), &'static str> {
        let loses = matches!(fault, Fault::Wipe {} | Fault::Damage { .. });
        if loses
            && let Some(fragile) = &self.plan.budgets.durability
            && nodes.iter().any(|node| !fragile.contains(node))
        {
            return Err("the durability budget does not let these nodes lose synced data");
        }
        match self.plan.budgets.availability {
            Some(most) if self.useless_after(nodes, fault) > most => {
                Err("the availability budget allows no more nodes down, paused or cut off")
            }
            _ => Ok(()),
        }
    }

    fn useless_after(&self, nodes: &NodeSet, fault: &Fault) -> u32 {
        let stops = matches!(
            fault,
            Fault::Crash { .. }
                | Fault::Kill { .. }
                | Fault::Power { .. }
                | Fault::Wipe {}
                | Fault::Damage { .. }
                | Fault::Pause { .. }
                | Fault::SyncFail {}
                | Fault::DiskFull { .. }
                | Fault::Retire {}
        );
        let cuts_more = match fault {
            Fault::Partition { links } | Fault::Clog { links } => links.cut.as_slice(),
            _ => &[],
        };
        if !stops && cuts_more.is_empty() {
            return 0;
        }
        let idle = |node: NodeId| {
            let slot = &self.nodes.0[node.index()];
            let doomed = slot.rare.as_ref().is_some_and(|rare| !rare.strikes.is_empty() || rare.sync_fails().is_some());
            !slot.is_up() || slot.is_paused() || doomed || (stops && nodes.contains(node))
        };
        let members: NodeSet = self.cast.nodes().filter(|&node| self.nodes.0[node.index()].status != Status::Unborn).collect();
        let idle = members.iter().filter(|&node| idle(node)).collect();
        let active = self.network.active.iter().filter(|active| matches!(active.does, Does::Cut | Does::Clog));
        let cuts: Vec<Cut> = active.flat_map(|active| active.cuts.iter()).chain(cuts_more).cloned().collect();
        unavailable(&members, &idle, &cuts)
    }

    fn strike_now(&mut self, entry: u32, nodes: &NodeSet, fault: &Fault) {
        match fault {
            Fault::Crash { strike, .. } | Fault::Kill { strike } | Fault::Pause { strike } if *strike != Strike::Between => {
                for node in nodes.iter() {
                    self.lie_in_wait(entry, node);
                }
            }
            Fault::Crash { .. } | Fault::Kill { .. } | Fault::Power { .. } | Fault::Wipe {} | Fault::Damage { .. } => {
                for node in nodes.iter() {
                    self.crash_by(entry, node);
                }
            }
            Fault::Pause { .. } => nodes.iter().for_each(|node| self.pause(entry, node)),
            Fault::Slow { by } => self.change(entry, nodes, |rare| rare.slow += *by),
            Fault::SyncFail {} => self.change(entry, nodes, |rare| rare.failing_syncs.push_back(entry)),
            Fault::DiskFull { .. } => self.change(entry, nodes, |rare| rare.full_disks.push(entry)),
            Fault::Drift { ppm } => self.drift(entry, nodes, *ppm),
            Fault::Jump { by, back } => self.change(entry, nodes, |rare| rare.clock.jump(*by, *back)),
            Fault::Start {} => nodes.iter().for_each(|node| self.start(entry, node)),
            Fault::Retire {} => nodes.iter().for_each(|node| self.retire(entry, node)),
            Fault::Partition { links } => self.put_links(entry, links, Does::Cut),
            Fault::Clog { links } => self.put_links(entry, links, Does::Clog),
            Fault::Loss { links, odds } => self.put_links(entry, links, Does::Lose(*odds)),
            Fault::Delay { links, by } => self.put_links(entry, links, Does::Slow(*by)),
            Fault::Duplicate { links, odds } => self.put_links(entry, links, Does::Repeat(*odds)),
        }
    }

    fn change(&mut self, entry: u32, nodes: &NodeSet, mut change: impl FnMut(&mut super::node::Rare<P>)) {
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

    fn lie_in_wait(&mut self, entry: u32, node: NodeId) {
        let slot = &mut self.nodes.0[node.index()];
        slot.rare().strikes.push_back(entry);
        slot.refresh();
    }

    /// The handler of a node has run and its effects have not left: whatever lies in wait strikes.
    pub(super) fn strike(&mut self, node: NodeId) {
        loop {
            let Some(rare) = &mut self.nodes.0[node.index()].rare else { return };
            let Some(entry) = rare.strikes.pop_front() else { return };
            if matches!(self.entry(entry).kind, Fault::Pause { .. }) {
                self.pause(entry, node);
                continue;
            }
            let kept = self.prefix_kept(entry, node);
            self.resolve_strike(entry, kept);
            let rare = self.nodes.0[node.index()].rare();
            rare.cut = Some((kept, entry));
            // Only one crash can end this turn; others wait for the next life.
            return;
        }
    }

    fn prefix_kept(&self, entry: u32, node: NodeId) -> u32 {
        let entry = self.entry(entry);
        if let Fault::Crash { strike: Strike::After(kept), .. } | Fault::Kill { strike: Strike::After(kept) } = entry.kind {
            return kept;
        }
        let die = self.plan.dice(&entry.id).with_str("strike").with(node.0.into());
        let effects = self.outbox.effects.len() as u64;
        u32::try_from(scale(die.roll(), effects + 1)).unwrap_or(u32::MAX)
    }

    fn resolve_strike(&mut self, entry: u32, kept: u32) {
        let id = self.plan.timeline[entry as usize].id.as_str();
        let resolved = self.faults.resolved.iter_mut().find(|resolved| resolved.id == id);
        if let Some(Entry { kind: Fault::Crash { strike, .. } | Fault::Kill { strike }, .. }) = resolved {
            *strike = Strike::After(kept);
        }
    }

    /// A node goes down by the hand of this entry.
    pub(super) fn crash_by(&mut self, entry: u32, node: NodeId) {
        if !self.nodes.0[node.index()].is_up() {
            return self.no_effect_on(entry, node, "it is down already");
        }
        let original = self.entry(entry);
        let die = self.plan.dice(&original.id).with_str("unsynced").with(node.0.into());
        let machine = match original.kind {
            Fault::Kill { .. } => None,
            Fault::Crash { unsynced, .. } | Fault::Power { unsynced } | Fault::Damage { unsynced } => Some((unsynced, die)),
            _ => Some((Unsynced::Prefix, die)),
        };
        let lost_disk = matches!(original.kind, Fault::Wipe {});
        if matches!(original.kind, Fault::Damage { .. }) {
            self.nodes.0[node.index()].rare().latent = Some(entry);
        }
        let down = self.entry(entry).lasts;
        self.took_effect(entry, Some(node));
        self.fall(node, Fall { machine, down, lost_disk });
    }

    /// A sync of a node failed by the hand of this entry.
    pub(super) fn fail_sync(&mut self, entry: u32, node: NodeId) {
        let original = self.entry(entry);
        let down = match original.kind {
            Fault::DiskFull { down } => Some(down),
            _ => original.lasts,
        };
        let die = self.plan.dice(&original.id).with_str("unsynced").with(self.now.0);
        let rare = self.nodes.0[node.index()].rare();
        rare.failing_syncs.retain(|&failing| failing != entry);
        self.took_effect(entry, Some(node));
        self.fall(node, Fall { machine: Some((Unsynced::Prefix, die)), down, lost_disk: false });
    }

    fn pause(&mut self, entry: u32, node: NodeId) {
        let slot = &mut self.nodes.0[node.index()];
        if !slot.is_up() {
            return self.no_effect_on(entry, node, "it is down");
        }
        let life = slot.life;
        slot.rare().pauses += 1;
        slot.refresh();
        let lasts = self.entry(entry).lasts;
        let progress = &mut self.faults.entries[entry as usize];
        progress.nodes.retain(|&(other, _)| other != node);
        progress.nodes.push((node, life));
        // A strike inside a turn may come late: the pause lasts from when it struck.
        if let Some(lasts) = lasts
            && progress.ends != Some(self.now + lasts)
        {
            progress.ends = Some(self.now + lasts);
            self.queue.push((self.now + lasts).0, Event::End { entry });
        }
        self.took_effect(entry, Some(node));
        self.world_event(&WorldEvent::Pause { node });
    }

    fn drift(&mut self, entry: u32, nodes: &NodeSet, ppm: i64) {
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
        rare.drift_ppm += ppm;
        let total = rare.drift_ppm;
        rare.clock.set_drift(now, total);
        let clock = rare.clock.clone();
        let queue = &mut self.queue;
        slot.timers.retime(
            |deadline| clock.instant(deadline),
            |at, order, key| queue.push_with(at.0, order, Event::Timer { node, key }),
        );
        slot.refresh();
    }

    pub(super) fn set_clocks(&mut self) {
        let config = self.world.clock.clone();
        if config.drift_ppm == 0 && config.offset == Span::ZERO {
            return;
        }
        for node in self.cast.nodes() {
            let die = crate::rng::Die::new(self.plan.seeds.plan).with_str("clock").with(node.0.into());
            let drift = scale(die.with(1).roll(), 2 * config.drift_ppm + 1) as i64 - config.drift_ppm as i64;
            let offset = scale(die.with(2).roll(), 2 * config.offset.0 + 1) as i64 - config.offset.0 as i64;
            let rare = self.nodes.0[node.index()].rare();
            rare.drift_ppm = drift;
            rare.clock = super::clock::Clock::new(drift, offset);
        }
    }

    fn start(&mut self, entry: u32, node: NodeId) {
        if self.nodes.0[node.index()].status != Status::Unborn {
            return self.no_effect_on(entry, node, "it is no spare, or has started already");
        }
        self.took_effect(entry, Some(node));
        self.boot(node);
    }

    fn retire(&mut self, entry: u32, node: NodeId) {
        if self.nodes.0[node.index()].status == Status::Gone {
            return self.no_effect_on(entry, node, "it is gone already");
        }
        self.took_effect(entry, Some(node));
        self.stop(node);
        self.network.forget(node);
        self.world_event(&WorldEvent::Retire { node });
    }

    fn put_links(&mut self, entry: u32, links: &Links, does: Does) {
        self.faults.entries[entry as usize].flapped = true;
        let active = Active { entry: Some(entry), key: self.entry_key(entry), cuts: links.cut.clone(), does };
        let empty = active.cuts.iter().all(|cut| cut.from.is_empty() || cut.to.is_empty());
        if empty {
            return self.no_effect(entry, "there are no such links");
        }
        self.network.push(active);
        self.took_effect(entry, None);
        if does == Does::Cut {
            self.world_event(&WorldEvent::Cut);
        }
        if let Some(half) = links.flaps {
            self.queue.push((self.now + half).0, Event::Flap { entry });
        }
    }

    pub(super) fn flap(&mut self, entry: u32) {
        if !self.faults.on.contains(&entry) {
            return;
        }
        let id = &self.plan.timeline[entry as usize].id;
        let Some(resolved) = self.faults.resolved.iter().find(|resolved| &resolved.id == id) else { return };
        let fault = resolved.kind.clone();
        if self.faults.entries[entry as usize].flapped {
            self.faults.entries[entry as usize].flapped = false;
            self.lift_links(entry);
            if let Some(half) = fault.links().and_then(|links| links.flaps) {
                self.queue.push((self.now + half).0, Event::Flap { entry });
            }
        } else {
            self.strike_now(entry, &NodeSet::new(), &fault);
        }
    }

    fn lift_links(&mut self, entry: u32) {
        let was_cut = matches!(self.entry(entry).kind, Fault::Partition { .. });
        if self.network.remove(entry) && was_cut {
            self.world_event(&WorldEvent::Mend);
        }
        self.let_go(entry);
    }

    /// A clogged link holds a message.
    pub(super) fn hold(&mut self, entry: u32, from: Endpoint, to: Endpoint, event: Event<P>) {
        self.counters.held += 1;
        self.log.enter(self.now, What::Held, from.word(), to.word(), 0);
        self.trace(What::Held, from, Some(to), String::new);
        self.faults.held.push((entry, event));
    }

    /// What an entry held is released, in order.
    fn let_go(&mut self, entry: u32) {
        let held = std::mem::take(&mut self.faults.held);
        for (holder, event) in held {
            if holder == entry {
                self.queue.push(self.now.0, event);
            } else {
                self.faults.held.push((holder, event));
            }
        }
    }

    pub(super) fn end(&mut self, entry: u32) {
        if self.faults.entries[entry as usize].ends != Some(self.now) {
            // A pause that struck late has an end of its own.
            return;
        }
        self.end_now(entry);
        self.checkpoint();
    }

    fn end_now(&mut self, entry: u32) {
        // After the heal only what is still on is ended, and the heal itself has ended that.
        let Some(place) = self.faults.on.iter().position(|&on| on == entry) else { return };
        self.faults.on.remove(place);
        let nodes = std::mem::take(&mut self.faults.entries[entry as usize].nodes);
        let kind = self.entry(entry).kind.clone();
        for &(node, life) in &nodes {
            self.end_on(entry, node, life, &kind);
        }
        if kind.links().is_some() {
            self.lift_links(entry);
        }
        self.log.enter(self.now, What::End, entry.into(), 0, 0);
        self.trace_entry(What::End, None, entry, "");
    }

    fn end_on(&mut self, entry: u32, node: NodeId, life: u32, kind: &Fault) {
        let slot = &mut self.nodes.0[node.index()];
        let same_life = slot.is_up() && slot.life == life;
        match kind {
            Fault::Pause { .. } => {
                // It may still lie in wait: then it never struck.
                let waited = slot.rare().strikes.iter().position(|&waiting| waiting == entry);
                if let Some(place) = waited {
                    slot.rare().strikes.remove(place);
                    slot.refresh();
                } else if same_life && slot.is_paused() {
                    self.resume(node);
                }
            }
            Fault::Slow { by } => {
                let rare = slot.rare();
                rare.slow = rare.slow - *by;
            }
            Fault::DiskFull { .. } => slot.rare().full_disks.retain(|&full| full != entry),
            Fault::Drift { ppm } => self.add_drift(node, -ppm),
            _ => {}
        }
        self.nodes.0[node.index()].refresh();
    }

    fn resume(&mut self, node: NodeId) {
        let rare = self.nodes.0[node.index()].rare();
        rare.pauses -= 1;
        if rare.pauses > 0 {
            return;
        }
        let due = rare.work == super::node::Work::Due;
        self.world_event(&WorldEvent::Resume { node });
        if due {
            self.go_on(node);
        } else {
            self.pump(node);
        }
    }

    /// Ends what concerns the healed core, and takes back what lies in wait there. What only concerns others
    /// stays as it is for ever; links have been seen to already.
    pub(super) fn end_faults_in(&mut self, core: &NodeSet) {
        self.faults.waiting.clear();
        for entry in std::mem::take(&mut self.faults.on) {
            let kind = self.entry(entry).kind.clone();
            for (node, life) in std::mem::take(&mut self.faults.entries[entry as usize].nodes) {
                if core.contains(node) {
                    self.end_on(entry, node, life, &kind);
                }
            }
        }
        for node in core.iter() {
            let slot = &mut self.nodes.0[node.index()];
            if let Some(rare) = &mut slot.rare {
                rare.strikes.clear();
                rare.failing_syncs.clear();
                rare.full_disks.clear();
            }
            slot.refresh();
        }
    }

    /// Messages between members of the core that a clogged link still holds are released.
    pub(super) fn release_held(&mut self, core: &NodeSet) {
        for (entry, event) in std::mem::take(&mut self.faults.held) {
            if self.is_within(core, &event) {
                self.queue.push(self.now.0, event);
            } else {
                self.faults.held.push((entry, event));
            }
        }
    }

    fn took_effect(&mut self, entry: u32, node: Option<NodeId>) {
        let kind = self.entry(entry).kind.kind();
        let waiting = self.clients.are_waiting();
        let line = self.faults.ledger.line(kind);
        let progress = &mut self.faults.entries[entry as usize];
        if !progress.took_effect {
            progress.took_effect = true;
            line.took_effect += 1;
        }
        if waiting && !progress.overlapped {
            progress.overlapped = true;
            line.overlapped += 1;
        }
        self.log.event(self.now, What::Fault, entry.into(), node.map_or(u64::MAX, |node| node.0.into()), 0);
        if self.tracer.is_some() {
            let about = describe(self.entry(entry), &self.faults.resolved);
            self.trace_entry(What::Fault, node, entry, &about);
        }
    }

    fn no_effect(&mut self, entry: u32, why: &str) {
        self.trace_entry(What::Idle, None, entry, why);
    }

    fn no_effect_on(&mut self, entry: u32, node: NodeId, why: &str) {
        self.trace_entry(What::Idle, Some(node), entry, why);
    }

    fn trace_entry(&mut self, what: What, node: Option<NodeId>, entry: u32, about: &str) {
        if self.tracer.is_some() {
            let on = node.map_or_else(String::new, |node| node.to_string());
            let detail = format!("{} {about}", self.entry(entry).id);
            self.trace_record(what, on, String::new(), detail.trim_end().to_owned());
        }
    }

    /// Whether the scenario asks for faults of this kind, for the ledger.
    pub fn configure(&mut self, kinds: &[FaultKind]) {
        for &kind in kinds {
            self.faults.ledger.line(kind).configured = true;
        }
    }
}

/// What an entry does, in a few words for a trace.
fn describe(entry: &Entry, resolved: &[Entry]) -> String {
    let entry = resolved.iter().find(|resolved| resolved.id == entry.id).unwrap_or(entry);
    let lasts = entry.lasts.map_or_else(String::new, |lasts| format!(" for {lasts}"));
    let what = match &entry.kind {
        Fault::Partition { links } | Fault::Clog { links } => describe_links(links),
        Fault::Loss { links, odds } | Fault::Duplicate { links, odds } => format!("{odds} on {}", describe_links(links)),
        Fault::Delay { links, .. } => format!("on {}", describe_links(links)),
        Fault::Crash { strike: Strike::After(kept), .. } | Fault::Kill { strike: Strike::After(kept) } => {
            format!("inside a turn, after {kept} of its effects")
        }
        Fault::Slow { by } => format!("each turn by {by}"),
        Fault::Drift { ppm } => format!("{ppm} ppm"),
        Fault::Jump { by, back } => format!("{}{by}", if *back { "-" } else { "+" }),
        _ => String::new(),
    };
    format!("{what}{lasts}")
}

fn describe_links(links: &Links) -> String {
    let pair = |cut: &Cut| format!("{}->{}", cut.from, cut.to);
    let pairs: Vec<String> = links.cut.iter().map(pair).collect();
    pairs.join(" ")
}
