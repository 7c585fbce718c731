//! The two phases of a run. First safety: all faults are on. Then liveness: a core is healed, and must make
//! progress within a bound.

use super::Sim;
use super::event::Event;
use super::network::{Active, Does};
use super::node::Status;
use super::outcome::{Ending, Liveness};
use super::trace::{Verbatim, What};
use super::world::{Outside, World};
use crate::check::{Evidence, Nodes, Phase, Properties, Violation, WorldEvent};
use crate::fault::links::Cut;
use crate::ids::{NodeId, NodeSet};
use crate::process::Process;
use crate::time::{Span, Time};
use crate::workload::Workload;

/// How often it is asked whether the core has converged: this many times in the liveness phase, or more.
const POLLS: u64 = 200;

/// The longest time from one such question to the next.
const LONGEST_POLL: Span = Span::ms(50);

/// A bound may be long, because it holds for the worst core. Once a core has converged, it is watched for as
/// long again as that took, and for this long at least, but not beyond the bound.
const WATCHED: Span = Span::secs(10);

/// Where in its course a run is.
#[derive(Clone, Debug)]
pub(super) struct Course {
    pub(super) phase: Phase,
    pub(super) ending: Option<Ending>,
    /// Why nothing of note happened before the heal, if so.
    pub(super) empty: Option<String>,
    horizon: Time,
    end: Time,
    next_poll: Time,
    core: Option<NodeSet>,
    excused: bool,
    converged: Option<Time>,
    /// What was missing when it was last asked and something was.
    missing: Option<(String, String)>,
    /// Who led when the core had converged and half of the phase was over.
    leader: Option<Option<(NodeId, u64)>>,
}

impl Course {
    pub(super) fn new(world: &World) -> Self {
        let horizon = Time::ZERO + world.run_for;
        Self {
            phase: Phase::Safety,
            ending: None,
            empty: None,
            horizon,
            end: horizon + world.settle,
            next_poll: horizon,
            core: None,
            excused: false,
            converged: None,
            missing: None,
            leader: None,
        }
    }

    /// The next instant at which the course itself does something, after all events of that instant.
    #[inline]
    pub(super) fn milestone(&self) -> Time {
        match self.phase {
            Phase::Safety => self.horizon,
            _ => self.next_poll,
        }
    }

    /// Whether entries of the plan may begin now. One of the last instant would have no time to do anything, and
    /// a plan that holds it is refused.
    pub(super) fn admits_faults(&self, now: Time) -> bool {
        self.phase == Phase::Safety && now < self.horizon
    }

    /// The core has converged: settles when the phase ends, unless it may still turn out that this did not last.
    fn converge(&mut self, now: Time, steady: Span) {
        self.converged = Some(now);
        if steady == Span::ZERO {
            let took = now.since(self.horizon);
            self.end = self.end.min(now + took.max(WATCHED));
        }
    }

    /// When the second half of the phase begins, in which a leader may not change.
    fn middle(&self) -> Time {
        Time(self.horizon.0 + (self.end.0 - self.horizon.0) / 2)
    }

    pub(super) fn keeps_out(&self, node: NodeId) -> bool {
        self.phase != Phase::Safety && self.core.as_ref().is_some_and(|core| !core.contains(node))
    }

    pub(super) fn liveness(&self) -> Liveness {
        match (&self.core, self.converged) {
            _ if self.excused => Liveness::Excused,
            _ if self.end == self.horizon => Liveness::NotAsked,
            (Some(core), Some(at)) if self.ending != Some(Ending::Liveness) => {
                Liveness::Converged { core: core.clone(), after: at.since(self.horizon) }
            }
            (Some(core), _) => Liveness::Failed { core: core.clone() },
            (None, _) => Liveness::NotReached,
        }
    }
}

impl<P: Process, C: Properties<P>, W: Workload<P>> Sim<P, C, W> {
    pub(super) fn pass_milestone(&mut self) {
        match self.course.phase {
            Phase::Safety => self.heal(),
            _ => self.poll(),
        }
    }

    fn heal(&mut self) {
        self.checkpoint();
        let missing = self.rules.vital.iter().find(|vital| self.facts.counted(vital) == 0);
        self.course.empty = missing.map(|vital| format!("no {vital:?} was ever reported before the heal"));
        if self.course.end == self.course.horizon {
            return self.finish_run(Ending::Completed);
        }
        let mut dice = self.plan.dice("core").stream();
        let core = (self.rules.core)(&self.config, Nodes::new(&self.nodes), &self.candidates(), &mut dice);
        let Some(core) = core.filter(|core| !core.is_empty()) else {
            self.course.excused = true;
            return self.finish_run(Ending::Completed);
        };
        self.course.core = Some(core.clone());
        self.enter_phase(Phase::Liveness);
        self.course.next_poll = self.now + self.poll_every();
        self.heal_links(&core);
        self.heal_nodes(&core);
        self.hasten(&core);
        self.move_clients(&core);
        self.checkpoint();
    }

    fn enter_phase(&mut self, phase: Phase) {
        self.course.phase = phase;
        self.log.enter(self.now, What::Phase, phase as u64, 0, 0);
        if self.tracer.is_some() {
            let core = self.course.core.as_ref().filter(|_| phase == Phase::Liveness);
            let among = core.map_or_else(String::new, |core| format!(" {core}"));
            self.trace_record(What::Phase, None, None, format!("{phase:?}{among}").to_lowercase(), None);
        }
        self.world_event(&WorldEvent::Phase(phase));
    }

    fn poll_every(&self) -> Span {
        Span((self.world.settle.0 / POLLS).clamp(1, LONGEST_POLL.0))
    }

    /// Nodes that can still be part of a core: not gone, not unborn, and their disks not known to be bad.
    fn candidates(&self) -> NodeSet {
        let able = |node: &NodeId| {
            let slot = &self.nodes.0[node.index()];
            let bad_disk = slot.rare.as_ref().is_some_and(|rare| rare.latent.is_some());
            !bad_disk && matches!(slot.status, Status::Up | Status::Down)
        };
        self.cast.nodes().filter(able).collect()
    }

    fn heal_links(&mut self, core: &NodeSet) {
        self.network.restrict(core);
        self.network.heal(self.now, core.clone(), self.world.settle_delay);
        let rest = self.cast.nodes().collect::<NodeSet>().without(core);
        let mut cuts = vec![Cut { from: core.clone(), to: rest.clone() }];
        if self.world.outside == Outside::Silent {
            cuts.push(Cut { from: rest, to: core.clone() });
        }
        self.network.push(Active { entry: None, key: 0, cuts, does: Does::Cut });
        self.release_held(core);
    }

    /// What is on its way within the core arrives within the stated delay, however long its fate was to be; and a
    /// turn that a fault slowed takes no longer than one that begins now.
    fn hasten(&mut self, core: &NodeSet) {
        let latest = self.now + self.world.settle_delay;
        let mut queue = std::mem::take(&mut self.queue);
        queue.reschedule(|at, event| match event {
            &Event::TurnEnds { node, .. } if core.contains(node) => self.hasten_turn(node, Time(at)).0,
            event if self.is_within(core, event) => at.min(latest.0),
            _ => at,
        });
        self.queue = queue;
    }

    fn hasten_turn(&mut self, node: NodeId, at: Time) -> Time {
        let hastened = at.min(self.now + self.service_time(node));
        let rare = self.nodes.0[node.index()].rare();
        if rare.served_at == at {
            rare.served_at = hastened;
        }
        hastened
    }

    /// Whether an event is a message between members of the core, clients beside them included.
    pub(super) fn is_within(&self, core: &NodeSet, event: &Event<P>) -> bool {
        let inside = |node: NodeId| core.contains(node);
        match event {
            Event::Deliver { to, from, .. } => inside(*to) && inside(*from),
            Event::Request { to, .. } => inside(*to),
            Event::Reply { from, .. } => inside(*from),
            _ => false,
        }
    }

    fn heal_nodes(&mut self, core: &NodeSet) {
        self.end_faults_in(core);
        for node in core.iter() {
            if self.nodes.0[node.index()].status == Status::Down {
                self.restart_now(node);
            }
        }
    }

    fn poll(&mut self) {
        self.look_at_core();
        let watched = self.course.converged.is_some() && self.now >= self.course.middle();
        if watched && self.course.leader.is_none() {
            self.course.leader = Some(self.leader_of_core());
        }
        // Where there is no leader to be watched, and it has lasted, nothing can happen any more that matters.
        let settled = self.rules.leader.is_none() && self.has_lasted();
        if self.now >= self.course.end || settled {
            return self.conclude();
        }
        self.course.next_poll = (self.now + self.poll_every()).min(self.course.end);
    }

    /// Asks whether the core has converged, and, where that must last, whether it still has.
    fn look_at_core(&mut self) {
        if self.course.converged.is_some() && self.rules.steady == Span::ZERO {
            return;
        }
        match self.what_is_missing() {
            None if self.course.converged.is_none() => self.course.converge(self.now, self.rules.steady),
            None => {}
            missing => {
                self.course.converged = None;
                self.course.missing = missing;
            }
        }
    }

    /// Whether the core has converged, and for as long as it must.
    fn has_lasted(&self) -> bool {
        self.course.converged.is_some_and(|at| self.now >= at + self.rules.steady)
    }

    fn what_is_missing(&self) -> Option<(String, String)> {
        let core = self.course.core.as_ref()?;
        let owed = self.clients.owed();
        if owed > 0 {
            return Some(("convergence".to_owned(), format!("{owed} clients of the healed core wait for an answer")));
        }
        let waiting = self.checks.waiting(core, Nodes::new(&self.nodes), &self.board);
        waiting.map(|(property, why)| (property.to_owned(), why))
    }

    fn leader_of_core(&self) -> Option<(NodeId, u64)> {
        let core = self.course.core.as_ref()?;
        let (node, glance) = self.with_role(self.rules.leader?, |node| core.contains(node))?;
        Some((node, glance.epoch))
    }

    /// The bound is over.
    fn conclude(&mut self) {
        if let Some((property, why)) = self.what_is_missing() {
            let evidence =
                Evidence::new("the healed core did not converge within the bound").value("missing", Verbatim(&why));
            return self.break_liveness(&property, evidence);
        }
        if let Some((property, why)) = self.course.missing.take().filter(|_| !self.has_lasted()) {
            let evidence =
                Evidence::new("the healed core did not stay converged").value("missing before", Verbatim(&why));
            return self.break_liveness(&property, evidence);
        }
        let now = self.leader_of_core();
        let before = self.course.leader.unwrap_or(now);
        if self.rules.leader.is_some() && (now.is_none() || now != before) {
            let evidence =
                Evidence::new("the leader of the healed core changed, or there was none, in the second half")
                    .value("before", before)
                    .value("after", now);
            return self.break_liveness("stable_leader", evidence);
        }
        self.finish_run(Ending::Completed);
    }

    fn break_liveness(&mut self, property: &str, mut evidence: Evidence) {
        self.show_history();
        if self.board.violation.is_some() {
            return;
        }
        evidence.nodes = self.course.core.iter().flat_map(NodeSet::iter).collect();
        self.board.violation = Some(Violation { property: property.to_owned(), at: self.now, evidence });
        self.course.ending = Some(Ending::Liveness);
    }

    fn finish_run(&mut self, ending: Ending) {
        self.enter_phase(Phase::Over);
        self.checkpoint();
        self.show_history();
        self.course.ending = Some(ending);
    }
}
