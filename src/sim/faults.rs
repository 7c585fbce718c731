//! The plan comes about: entries begin, find whom they are about, strike, and end.

use std::collections::BTreeSet;

use super::Sim;
use super::event::Event;
use super::network::Does;
use super::node::Status;
use super::trace::What;
use crate::check::Properties;
use crate::fault::budget::unavailable;
use crate::fault::draw::Targets;
use crate::fault::ledger::Ledger;
use crate::fault::links::{Cut, Links};
use crate::fault::{Entry, Fault, FaultKind, FaultPlan, Strike, Who};
use crate::ids::{Endpoint, NodeId, NodeSet};
use crate::process::Process;
use crate::rng::content_hash;
use crate::time::Time;
use crate::workload::Workload;

/// How far each entry of the plan has got.
pub(super) struct Faults<P: Process> {
    pub(super) entries: Vec<Progress>,
    /// Entries that begin after a fact, while they wait.
    waiting: Vec<u32>,
    /// Entries whose interval is on, in the order in which they began: the place of each among the resolved, and
    /// its place in the plan.
    on: BTreeSet<(u32, u32)>,
    /// Those of them that took effect while no client waited: the next operation overlaps them.
    not_overlapped: Vec<u32>,
    /// Messages held by clogged links, with the entry that holds them and their places in the queue.
    pub(super) held: Vec<(u32, u64, Event<P>)>,
    /// Something took effect since the properties last saw all nodes.
    pub(super) unseen: bool,
    pub(super) ledger: Ledger,
    /// The plan as it came about: everything bound, nothing left to a rule.
    pub(super) resolved: Vec<Entry>,
    /// Which of the fixed draws were drawn.
    pub(super) drawn: Vec<bool>,
}

#[derive(Clone, Debug)]
pub(super) struct Progress {
    /// Tells this entry from others in digests and dice: a hash of its name.
    key: u64,
    /// Its place among the resolved entries, once it has begun.
    resolved: Option<u32>,
    /// The nodes it is about and that it has not ended on yet.
    pub(super) nodes: Vec<Target>,
    pub(super) took_effect: bool,
    pub(super) overlapped: bool,
    /// For flapping links: whether they are on just now.
    pub(super) flapped: bool,
}

impl Progress {
    fn new(entry: &Entry) -> Self {
        let key = content_hash(entry.id.as_str());
        Self { key, resolved: None, nodes: Vec::new(), took_effect: false, overlapped: false, flapped: false }
    }
}

/// A node that an entry is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target {
    pub(super) node: NodeId,
    /// The life in which the entry found it.
    pub(super) life: u32,
    /// When the entry ends there: what lies in wait may begin late, and then ends late.
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
            entries: plan.timeline.iter().map(Progress::new).collect(),
            waiting: waiting.collect(),
            on: BTreeSet::new(),
            not_overlapped: Vec::new(),
            held: Vec::new(),
            unseen: false,
            ledger,
            resolved: Vec::new(),
            drawn: vec![false; plan.draws.len()],
        }
    }

    #[inline]
    pub(super) fn is_waiting_for_facts(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// The entry begins, bound like this.
    fn begin(&mut self, entry: u32, bound: Entry) {
        let place = u32::try_from(self.resolved.len()).unwrap_or(u32::MAX);
        self.resolved.push(bound);
        self.entries[entry as usize].resolved = Some(place);
        self.on.insert((place, entry));
    }

    /// Takes an entry out of those that are on.
    fn close(&mut self, entry: u32) {
        if let Some(place) = self.entries[entry as usize].resolved {
            self.on.remove(&(place, entry));
        }
    }

    pub(super) fn is_on(&self, entry: u32) -> bool {
        self.entries[entry as usize].resolved.is_some_and(|place| self.on.contains(&(place, entry)))
    }

    /// The entry as it was bound when it began.
    pub(super) fn resolved(&self, entry: u32) -> Option<&Entry> {
        self.entries[entry as usize].resolved.map(|place| &self.resolved[place as usize])
    }

    /// The same, to settle what only its course tells.
    pub(super) fn resolved_as(&mut self, entry: u32) -> Option<&mut Entry> {
        self.entries[entry as usize].resolved.map(|place| &mut self.resolved[place as usize])
    }

    /// A client began to wait: every fault that is on overlaps it.
    pub(super) fn overlap(&mut self, plan: &FaultPlan) {
        for entry in std::mem::take(&mut self.not_overlapped) {
            let overlapped = self.is_on(entry) && !self.entries[entry as usize].overlapped;
            if overlapped {
                self.entries[entry as usize].overlapped = true;
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
        self.faults.entries[entry as usize].key
    }

    pub(super) fn onset(&mut self, entry: u32) {
        if !self.course.admits_faults(self.now) {
            return;
        }
        let kind = self.entry(entry).kind.kind();
        self.faults.ledger.line(kind).attempted += 1;
        let Some(bound) = self.bind(entry) else {
            return self.no_effect(entry, "there is nobody whom it could strike");
        };
        let nodes = if let Who::Nodes(nodes) = &bound.who { nodes.clone() } else { NodeSet::new() };
        let fault = bound.kind.clone();
        if let Err(why) = self.within_budgets(&nodes, &fault) {
            self.faults.ledger.line(kind).suppressed += 1;
            return self.no_effect(entry, why);
        }
        // What lies in wait begins when it strikes, and lasts from then on.
        let lasts = self.entry(entry).lasts.filter(|_| !fault.lies_in_wait());
        let ends = lasts.map(|lasts| self.now + lasts);
        let targets = nodes.iter().map(|node| Target { node, life: self.life(node), ends }).collect();
        self.faults.entries[entry as usize].nodes = targets;
        self.faults.begin(entry, Entry { at: Some(self.now), after: None, ..bound });
        self.strike_now(entry, &nodes, &fault);
        if let Some(ends) = ends {
            self.queue.push(ends.0, Event::End { entry });
        }
        self.checkpoint_if_due();
    }

    /// The entry with its target and its links, found by a rule that rolls no dice but the entry's own; `None` if
    /// it has no target. Where they were drawn before the run, that is the rule which drew them.
    fn bind(&self, entry: u32) -> Option<Entry> {
        let mut bound = self.entry(entry).clone();
        let late = match &bound.who {
            Who::Role(role) => Some(self.with_role(role, |_| true).map(|(node, _)| node)),
            Who::Fact(fact) => Some(self.facts.last(fact)),
            _ => None,
        };
        match late {
            Some(Some(node)) => bound.who = Who::node(node),
            // Links that are given need no target.
            Some(None) if bound.kind.links().is_some_and(|links| !links.cut.is_empty()) => {
                bound.who = Who::Nodes(NodeSet::new());
            }
            Some(None) => return None,
            None => {}
        }
        let losers = self.plan.budgets.durability.as_ref();
        let targets = Targets::new(&self.cast, &self.world.network.zones, losers);
        let die = self.plan.dice(&bound.id);
        let bound = targets.bind(bound, die);
        let nobody = bound.kind.links().is_none() && matches!(&bound.who, Who::Nodes(nodes) if nodes.is_empty());
        (!nobody).then_some(bound)
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
            let doomed = slot.rare.as_ref().is_some_and(|rare| rare.is_doomed());
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
        let on = self.faults.on.iter().map(|&(place, _)| &self.faults.resolved[place as usize]);
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
                self.prepare_for(nodes, |rare| rare.strikes.push_back(entry));
            }
            Fault::Crash { .. } | Fault::Kill { .. } | Fault::Power { .. } | Fault::Wipe {} | Fault::Damage { .. } => {
                for node in nodes.iter() {
                    self.crash_by(entry, node);
                }
            }
            Fault::Pause { .. } => nodes.iter().for_each(|node| self.pause(entry, node)),
            Fault::Slow { by } => self.change(entry, nodes, |rare| rare.slow += *by),
            // Of these nothing is to be seen before a sync fails.
            Fault::SyncFail {} => self.prepare_for(nodes, |rare| rare.failing_syncs.push_back(entry)),
            Fault::DiskFull { .. } => self.prepare_for(nodes, |rare| rare.full_disks.push(entry)),
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
        if !self.faults.is_on(entry) {
            return;
        }
        let targets = std::mem::take(&mut self.faults.entries[entry as usize].nodes);
        let (due, later): (Vec<Target>, Vec<Target>) =
            targets.into_iter().partition(|target| target.ends.is_some_and(|ends| ends <= self.now));
        let is_over = later.is_empty();
        self.faults.entries[entry as usize].nodes = later;
        if is_over {
            self.faults.close(entry);
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

    /// What lay in wait has struck: on this node the entry begins only now.
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

    /// Takes back what lies in wait, then ends what concerns the healed core: a node that is resumed works at
    /// once, and nothing may strike or slow it any more. What only concerns others stays as it is for ever; links
    /// have been seen to already.
    pub(super) fn end_faults_in(&mut self, core: &NodeSet) {
        self.faults.waiting.clear();
        self.disarm(core);
        let mut on: Vec<u32> = std::mem::take(&mut self.faults.on).into_iter().map(|(_, entry)| entry).collect();
        on.sort_by_key(|&entry| self.entry(entry).kind.kind() == FaultKind::Pause);
        for entry in on {
            let kind = self.entry(entry).kind.clone();
            for target in std::mem::take(&mut self.faults.entries[entry as usize].nodes) {
                if core.contains(target.node) {
                    self.end_on(entry, target, &kind);
                }
            }
        }
    }

    /// Nothing new befalls anybody any more, and in the core not even what is under way.
    fn disarm(&mut self, core: &NodeSet) {
        for node in self.cast.nodes() {
            let slot = &mut self.nodes.0[node.index()];
            if let Some(rare) = &mut slot.rare {
                rare.strikes.clear();
                rare.failing_syncs.clear();
                if core.contains(node) {
                    rare.full_disks.clear();
                    rare.struck.clear();
                }
            }
            slot.refresh();
        }
    }

    pub(super) fn took_effect(&mut self, entry: u32, node: Option<NodeId>) {
        self.faults.unseen = true;
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
        } else if !progress.overlapped {
            self.faults.not_overlapped.push(entry);
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
            let detail = format!("{} {about}", self.entry(entry).id);
            self.trace_record(what, node.map(Endpoint::Node), None, detail.trim_end().to_owned(), None);
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
        Fault::Crash { strike: Strike::After(kept), .. }
        | Fault::Kill { strike: Strike::After(kept) }
        | Fault::Pause { strike: Strike::After(kept) } => {
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
