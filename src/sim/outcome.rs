//! What a run comes to: plain data, without the protocol's types.

use serde::{Deserialize, Serialize};

use super::{Sim, Traffic};
use crate::check::history::Answer;
use crate::check::measure::{Measure, percentile};
use crate::check::{Evidence, Phase, Properties, PropertyInfo, Violation};
use crate::fault::ledger::Ledger;
use crate::fault::{DrawOverride, FaultPlan, MessageOverride};
use crate::ids::{NodeSet, OpId};
use crate::process::Process;
use crate::rng::Digest;
use crate::time::{Span, Time};
use crate::workload::Workload;

/// What a run came to.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// How it ended.
    pub ending: Ending,
    /// The property that broke, or what else ended the run before its time, if anything did.
    pub violation: Option<Violation>,
    /// How the liveness phase went.
    pub liveness: Liveness,
    /// Names everything that happened.
    pub digest: Digest,
    /// Number of events.
    pub events: u64,
    /// When it ended.
    pub ended_at: Time,
    /// Nothing of note happened before the heal: never a leader, never a decision.
    pub empty: Option<String>,
    /// How often each property was evaluated.
    pub properties: Vec<PropertyLine>,
    /// What was planned, and what of it came about.
    pub ledger: Ledger,
    /// What was counted.
    pub counters: Counters,
    /// What the properties measured, and how leadership went.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub measures: Vec<Measure>,
    /// How many commands there were: facts of the kind that the protocol names, or the progress of the furthest node
    /// that lives in the end.
    pub commands: u64,
    /// What nodes sent to each other, by kind, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traffic: Option<Traffic>,
    /// How many facts of each kind were reported.
    pub facts: Vec<(String, u64)>,
    /// What clients saw.
    pub clients: Availability,
    /// The plan as it came about: everything bound.
    pub plan: FaultPlan,
    /// Fixed fates that matched no message.
    pub unmatched: Vec<MessageOverride>,
    /// Fixed draws that no node came to.
    pub undrawn: Vec<DrawOverride>,
    /// Operations left out that no client came to.
    pub unasked: Vec<OpId>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// It ran to its end.
    Completed,
    /// A safety property broke.
    Safety,
    /// A liveness property broke.
    Liveness,
    /// It had more events than it may, in all or at one instant.
    OutOfEvents,
    /// Its protocol panicked.
    Panicked,
}

/// In which way a run failed, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// Its protocol panicked.
    Panic,
    /// Something bad happened: a safety property broke.
    Safety,
    /// Something good did not happen in time: a liveness property broke.
    Liveness,
    /// It had more events than it may: nobody knows what it would have come to.
    Endless,
}

/// What stands in the place of a property's name where a protocol panicked.
pub const PANIC: &str = "panic";

/// What stands in the place of a property's name where a run had more events than it may.
pub const ENDLESS: &str = "endless";

/// How a run failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// The name of the property that broke, or [`PANIC`], or [`ENDLESS`].
    pub property: String,
    /// In which way.
    pub kind: FailureKind,
    /// When.
    pub at: Time,
    /// What shows it.
    pub evidence: Evidence,
}

impl Outcome {
    /// Whether it had more events than it may.
    #[must_use]
    pub fn is_endless(&self) -> bool {
        self.ending == Ending::OutOfEvents
    }

    /// How the run failed, if it did.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        let kind = match self.ending {
            Ending::Completed => return None,
            Ending::Safety => FailureKind::Safety,
            Ending::Liveness => FailureKind::Liveness,
            Ending::OutOfEvents => FailureKind::Endless,
            Ending::Panicked => FailureKind::Panic,
        };
        let Violation { property, at, evidence } = self.violation.clone()?;
        Some(Failure { property, kind, at, evidence })
    }
}

/// How the liveness phase went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Liveness {
    /// The scenario has none.
    NotAsked,
    /// The run ended before it.
    NotReached,
    /// No core could be named.
    Excused,
    /// The core converged.
    Converged {
        /// The core.
        core: NodeSet,
        /// How long after the heal.
        after: Span,
    },
    /// It did not.
    Failed {
        /// The core.
        core: NodeSet,
    },
}

/// One property's line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PropertyLine {
    /// What is known of it.
    #[serde(flatten)]
    pub info: PropertyInfo,
    /// How often it was evaluated on something that is not trivial.
    pub evaluated: u64,
    /// How often it would have taken too long to find out.
    #[serde(skip_serializing_if = "is_zero")]
    pub unknown: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Messages sent to others, those of clients included.
    pub sent: u64,
    /// Messages that arrived at a node, whether or not it was up to hear them, those to itself included.
    pub delivered: u64,
    /// Messages lost on the way.
    pub lost: u64,
    /// Messages that ran into a cut.
    pub cut: u64,
    /// Messages doubled.
    pub doubled: u64,
    /// Messages held by a clogged link.
    pub held: u64,
    /// Inputs that found nobody up, or no room.
    pub dropped: u64,
    /// Timers that ran out.
    pub timers: u64,
    /// Records written.
    pub syncs: u64,
    /// Records for whose sync a node waited before it went on.
    pub forced: u64,
    /// Boots.
    pub boots: u64,
    /// Crashes.
    pub crashes: u64,
    /// Nodes that refused to run.
    pub refused: u64,
}

/// What clients saw in the safety phase.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Availability {
    /// Operations that took effect.
    pub ok: u64,
    /// Operations that surely did not.
    pub fail: u64,
    /// Operations of which nobody knows.
    pub info: u64,
    /// Latency of those that took effect: the median, the 90th, 99th percentile and the longest.
    pub latency: Option<[Span; 4]>,
    /// Each of these latencies, the shortest first.
    #[serde(skip)]
    pub latencies: Vec<Span>,
    /// The longest time without a successful answer.
    pub longest_gap: Span,
}

impl<P: Process, C: Properties<P>, W: Workload<P>> Sim<P, C, W> {
    /// How the run has gone so far; final once it is over.
    pub fn outcome(&mut self) -> Outcome {
        let infos = C::infos();
        let judged = infos.into_iter().enumerate().filter(|(n, _)| self.board.judges(*n));
        let (evaluated, unknown) = (self.board.evaluations(), self.board.unknown());
        let lines = judged.map(|(n, info)| PropertyLine { info, evaluated: evaluated[n], unknown: unknown[n] });
        let mut facts: Vec<(String, u64)> = self.facts.all().map(|(name, count)| (name.to_owned(), count)).collect();
        facts.sort();
        Outcome {
            ending: self.ending(),
            violation: self.board.violation.clone(),
            liveness: self.course.liveness(),
            digest: self.log.digest,
            events: self.log.events,
            ended_at: self.now,
            empty: self.course.empty.clone(),
            properties: lines.collect(),
            ledger: self.faults.ledger.clone(),
            counters: self.counters,
            measures: self.measures(),
            commands: self.commands(),
            traffic: self.traffic(),
            facts,
            clients: self.availability(),
            plan: FaultPlan { timeline: self.faults.resolved.clone(), ..self.plan.clone() },
            unmatched: self.network.unmatched().cloned().collect(),
            undrawn: self.undrawn(),
            unasked: self.plan.omit.iter().filter(|op| !self.clients.came_to(**op)).copied().collect(),
        }
    }

    fn measures(&self) -> Vec<Measure> {
        let mut measures = self.checks.measured(self.now);
        if !self.rules.elected.is_empty() {
            measures.extend(self.reign.measured(self.now));
            measures.push(self.majority.measured(self.now));
        }
        measures
    }

    fn commands(&self) -> u64 {
        match self.rules.command {
            "" => self.nodes().living().map(|seat| seat.state.glance().progress).max().unwrap_or(0),
            fact => self.facts.counted(fact),
        }
    }

    fn traffic(&self) -> Option<Traffic> {
        let (commands, lasted) = (self.commands(), self.now.since(Time::ZERO));
        let traffic = |census: &super::Census<P::Msg>| census.traffic(commands, self.counters.forced, lasted);
        self.census.as_ref().map(traffic)
    }

    fn undrawn(&mut self) -> Vec<DrawOverride> {
        for node in self.plan.draws.iter().map(|fixed| fixed.node).collect::<NodeSet>().iter() {
            self.note_draws(node);
        }
        let all = self.plan.draws.iter().zip(&self.faults.drawn);
        all.filter(|(_, drawn)| !**drawn).map(|(fixed, _)| *fixed).collect()
    }

    fn ending(&self) -> Ending {
        match (&self.board.violation, self.course.ending) {
            (Some(_), Some(ending)) if ending != Ending::Completed => ending,
            (Some(_), _) => Ending::Safety,
            (None, Some(ending)) => ending,
            (None, None) => Ending::Completed,
        }
    }

    fn availability(&self) -> Availability {
        let safety_ends = Time::ZERO + self.world.run_for;
        let before = |answer: Answer| {
            let asked = self.clients.history.operations.iter().filter(|operation| operation.invoked < safety_ends);
            let ended =
                asked.filter(|operation| operation.returned.map_or(Answer::Info, |(_, answer)| answer) == answer);
            ended.count() as u64
        };
        let mut latencies = self.clients.seen.latencies.clone();
        latencies.sort_unstable();
        let latency = (!latencies.is_empty()).then(|| [500, 900, 990, 1000].map(|part| percentile(&latencies, part)));
        let end = if self.course.phase == Phase::Safety { self.now } else { safety_ends };
        Availability {
            ok: before(Answer::Ok),
            fail: before(Answer::Fail),
            info: before(Answer::Info),
            latency,
            latencies,
            longest_gap: self.clients.seen.longest_gap(end),
        }
    }
}
