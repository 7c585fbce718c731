//! The plan comes about: entries begin, find whom they are about, strike, and end.

use super::Sim;
use super::event::Event;
use super::network::Does;
use super::node::Status;
use super::trace::What;
use crate::check::{Phase, Properties};
use crate::fault::budget::unavailable;
use crate::fault::draw::{cuts_around, half_period};
use crate::fault::ledger::Ledger;
use crate::fault::links::{Cut, Links, Shape, shuffle};
use crate::fault::{Entry, Fault, FaultKind, FaultPlan, Strike, Who};
use crate::ids::{NodeId, NodeSet};
use crate::process::Process;
use crate::rng::{content_hash, scale};
use crate::time::Time;
use crate::workload::Workload;

/// How far each entry of the plan has got.
pub(super) struct Faults<P: Process> {
    pub(super) entries: Vec<Progress>,
    /// Entries that begin after a fact, while they wait.
    waiting: Vec<u32>,
    /// Entries whose interval is on.
    pub(super) on: Vec<u32>,
    /// Messages held by clogged links, with the entry that holds them and their places in the queue.
    pub(super) held: Vec<(u32, u64, Event<P>)>,
    pub(super) ledger: Ledger,
    /// The plan as it came about: everything bound, nothing left to a rule.
    pub(super) resolved: Vec<Entry>,
    /// Which of the fixed draws were drawn.
    pub(super) drawn: Vec<bool>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Progress {
    /// The nodes it is about and that it has not ended on yet.
    pub(super) nodes: Vec<Target>,
    pub(super) took_effect: bool,
    pub(super) overlapped: bool,
    /// For flapping links: whether they are on just now.
    pub(super) flapped: bool,
    /// Its place among the resolved entries, once it has one.
    pub(super) resolved: Option<usize>,
}

/// A node that an entry is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target {
    pub(super) node: NodeId,
    /// The life in which the entry found it.
    pub(super) life: u32,
    /// When the entry ends there: a pause that strikes inside a turn may begin late, and then ends late.
    pub(super) ends: Option<Time>,
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
            drawn: vec![false; plan.draws.len()],
        }
    }

    #[inline]
    pub(super) fn is_waiting_for_facts(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// The entry as it came about, if it has begun.
    pub(super) fn resolved(&self, entry: u32) -> Option<&Entry> {
        self.entries[entry as usize].resolved.map(|place| &self.resolved[place])
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
    /// Entries begin after everything else of their instant, in the order of the plan: so an entry that waited
    /// for a fact of that instant begins at the same place when it is replayed as a resolved entry.
    pub(super) fn schedule_plan(&mut self) {
        for (place, entry) in (0..).zip(&self.plan.timeline) {
            if let Some(at) = entry.at {
                self.queue.push_last(at.min(Time::MAX).0, place, Event::Onset { entry: place });
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
                queue.push_last((now + after.plus).0, entry, Event::Onset { entry });
            }
            !begins
        });
    }

    /// Notes which of a node's fixed draws its life has come to.
    pub(super) fn note_draws(&mut self, node: NodeId) {
        let slot = &self.nodes.0[node.index()];
        for (fixed, drawn) in self.plan.draws.iter().zip(&mut self.faults.drawn) {
            *drawn |= fixed.node == node && fixed.life == slot.life && fixed.nth < slot.draws.into();
        }
    }

    pub(super) fn entry(&self, entry: u32) -> &Entry {
        &self.plan.timeline[entry as usize]
    }

    pub(super) fn entry_key(&self, entry: u32) -> u64 {
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
        // What strikes inside a turn begins with that turn, and lasts from then on.
        let lasts = self.entry(entry).lasts.filter(|_| !fault.lies_in_wait());
        let ends = lasts.map(|lasts| self.now + lasts);
        let targets = nodes.iter().map(|node| Target { node, life: self.life(node), ends }).collect();
        self.faults.entries[entry as usize].nodes = targets;
        let original = self.entry(entry);
        let resolved = Entry {
            at: Some(self.now),
            after: None,
            kind: fault.clone(),
            who: Who::Nodes(nodes.clone()),
            ..original.clone()
        };
        self.faults.entries[entry as usize].resolved = Some(self.faults.resolved.len());
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
        if let Some(links) = fault.links_mut()
            && links.cut.is_empty()
        {
            let all: NodeSet = self.cast.nodes().collect();
            links.cut = cuts_around(links.shape, nodes, &all, self.plan.dice(&original.id));
            if links.shape == Shape::Flapping {
                links.flaps.get_or_insert(half_period(original.lasts));
            }
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
        let members: NodeSet =
            self.cast.nodes().filter(|&node| self.nodes.0[node.index()].status != Status::Unborn).collect();
        let idle = members.iter().filter(|&node| idle(node)).collect();
        let cuts: Vec<Cut> = self.cuts_that_are_on().chain(cuts_more).cloned().collect();
        unavailable(&members, &idle, &cuts)
    }

    /// The links that entries cut or clog; those that flap count while they are off too.
    fn cuts_that_are_on(&self) -> impl Iterator<Item = &Cut> {
        let on = self.faults.on.iter().filter_map(|&entry| self.faults.resolved(entry));
        on.flat_map(|entry| match &entry.kind {
            Fault::Partition { links } | Fault::Clog { links } => links.cut.as_slice(),
            _ => &[],
        })
    }

    pub(super) fn strike_now(&mut self, entry: u32, nodes: &NodeSet, fault: &Fault) {
        match fault {
            Fault::Crash { strike, .. } | Fault::Kill { strike } | Fault::Pause { strike }
                if *strike != Strike::Between =>
            {
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

    pub(super) fn end(&mut self, entry: u32) {
        // After the heal only what is still on is ended, and the heal itself has ended that.
        let Some(place) = self.faults.on.iter().position(|&on| on == entry) else { return };
        let targets = std::mem::take(&mut self.faults.entries[entry as usize].nodes);
        let (due, later): (Vec<Target>, Vec<Target>) =
            targets.into_iter().partition(|target| target.ends.is_some_and(|ends| ends <= self.now));
        let is_over = later.is_empty();
        self.faults.entries[entry as usize].nodes = later;
        if is_over {
            self.faults.on.remove(place);
        }
        let kind = self.entry(entry).kind.clone();
        for target in &due {
            self.end_on(entry, *target, &kind);
        }
        if is_over {
            self.end_whole(entry, &kind);
        }
        self.checkpoint();
    }

    /// A strike inside a turn has come: on this node the entry begins only now.
    pub(super) fn begin_late(&mut self, entry: u32, node: NodeId) {
        let (now, life) = (self.now, self.life(node));
        let lasts = self.entry(entry).lasts;
        let targets = &mut self.faults.entries[entry as usize].nodes;
        let Some(target) = targets.iter_mut().find(|target| target.node == node) else { return };
        target.life = life;
        if let (None, Some(lasts)) = (target.ends, lasts) {
            target.ends = Some(now + lasts);
            self.queue.push((now + lasts).0, Event::End { entry });
        }
    }

    fn end_whole(&mut self, entry: u32, kind: &Fault) {
        if kind.links().is_some() {
            self.lift_links(entry);
        }
        self.log.enter(self.now, What::End, 0, self.entry_key(entry), 0);
        self.trace_entry(What::End, None, entry, "");
    }

    /// Ends what concerns the healed core, and takes back what lies in wait there. What only concerns others
    /// stays as it is for ever; links have been seen to already.
    pub(super) fn end_faults_in(&mut self, core: &NodeSet) {
        self.faults.waiting.clear();
        for entry in std::mem::take(&mut self.faults.on) {
            let kind = self.entry(entry).kind.clone();
            for target in std::mem::take(&mut self.faults.entries[entry as usize].nodes) {
                if core.contains(target.node) {
                    self.end_on(entry, target, &kind);
                }
            }
        }
        for node in self.cast.nodes() {
            let slot = &mut self.nodes.0[node.index()];
            if let Some(rare) = &mut slot.rare {
                // Nothing new befalls anybody any more.
                rare.strikes.clear();
                rare.failing_syncs.clear();
                if core.contains(node) {
                    rare.full_disks.clear();
                    rare.cut = None;
                }
            }
            slot.refresh();
        }
    }

    pub(super) fn took_effect(&mut self, entry: u32, node: Option<NodeId>) {
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
        let key = self.entry_key(entry);
        self.log.event(self.now, What::Fault, node.map_or(u32::MAX, |node| node.0).into(), key, 0);
        if self.tracer.is_some() {
            let about = describe(self.faults.resolved(entry).unwrap_or(self.entry(entry)));
            self.trace_entry(What::Fault, node, entry, &about);
        }
    }

    pub(super) fn no_effect(&mut self, entry: u32, why: &str) {
        self.trace_entry(What::Idle, None, entry, why);
    }

    pub(super) fn no_effect_on(&mut self, entry: u32, node: NodeId, why: &str) {
        self.trace_entry(What::Idle, Some(node), entry, why);
    }

    pub(super) fn trace_entry(&mut self, what: What, node: Option<NodeId>, entry: u32, about: &str) {
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
fn describe(entry: &Entry) -> String {
    let lasts = entry.lasts.map_or_else(String::new, |lasts| format!(" for {lasts}"));
    let what = match &entry.kind {
        Fault::Partition { links } | Fault::Clog { links } => describe_links(links),
        Fault::Loss { links, odds } | Fault::Duplicate { links, odds } => {
            format!("{odds} on {}", describe_links(links))
        }
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
