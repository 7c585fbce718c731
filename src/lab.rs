//! The edge where types are erased: once a run, never once an event.
//!
//! Above it scenarios, plans and outcomes are plain data; below it a run is generic over its protocol. A
//! [`Protocol`] becomes an [`Experiment`] by [`Lab::NEW`], and gets every command for free.

mod twins;
mod watch;

use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;
use serde_json::Value;

use crate::check::{Properties, PropertyInfo};
use crate::fault::draw::{self, Names};
use crate::fault::{FaultKind, FaultPlan, MessageOverride};
use crate::ids::NodeId;
use crate::params::unknown;
use crate::process::{Cast, Durable, Process};
use crate::protocol::heartbeat::Heartbeat;
use crate::protocol::multi_paxos::MultiPaxos;
use crate::protocol::paxos::Paxos;
use crate::protocol::raft::Raft;
use crate::protocol::three_phase::ThreePhase;
use crate::protocol::two_phase::TwoPhase;
use crate::protocol::{Bug, ConfigOf, Healed, Protocol, Setup as Given};
use crate::quiet::{self, quietly};
use crate::recorded::Event;
use crate::rng::{Die, Digest, Seed, Seeds};
use crate::scenario::{Document, Known, ProtocolSchema, Scenario, ScenarioError, section, split_workload, typed};
use crate::sim::{Outcome, Rules, Setup, Sim, Tracer};
use crate::time::{Local, Span, Time};
use crate::workload::{ClientPolicy, Workload};
pub use twins::Parting;
pub use watch::{Glimpse, Watcher};

/// The protocols that come with seedstorm.
pub const BUILT_IN: &[&dyn Experiment] = &[
    Lab::<Paxos>::NEW,
    Lab::<MultiPaxos>::NEW,
    Lab::<Raft>::NEW,
    Lab::<TwoPhase>::NEW,
    Lab::<ThreePhase>::NEW,
    Lab::<Heartbeat>::NEW,
];

/// Properties that the kernel judges itself, in the liveness phase of every protocol.
pub const OF_THE_KERNEL: &[PropertyInfo] = &[
    PropertyInfo {
        name: "convergence",
        about: "once healed, the core answers every client within the bound",
        needs: &[],
        after: "",
        optional: false,
    },
    PropertyInfo {
        name: "stable_leader",
        about: "once the healed core has converged, its leader does not change during the second half of the phase",
        needs: &[],
        after: "",
        optional: false,
    },
];

/// The run of a protocol, with its types.
pub type SimOf<P> = Sim<<P as Protocol>::Node, <P as Protocol>::Checks, <P as Protocol>::Load>;

type LoadParams<P> = <<P as Protocol>::Load as Workload<<P as Protocol>::Node>>::Params;

/// A protocol as commands see it.
pub trait Experiment: Sync {
    /// Its name in scenario files.
    fn name(&self) -> &'static str;
    /// What it is, in a sentence.
    fn about(&self) -> &'static str;
    /// The names of its groups of nodes.
    fn groups(&self) -> &'static [&'static str];
    /// Mistakes that can be planted in it.
    fn bugs(&self) -> &'static [Bug];
    /// Its invariants.
    fn properties(&self) -> Vec<PropertyInfo>;
    /// Kinds of fact that a campaign should see at least once.
    fn sometimes(&self) -> &'static [&'static str];
    /// The role of which there is one, if it has such a role.
    fn leader(&self) -> Option<&'static str>;
    /// What its nodes call their roles, facts and messages.
    fn names(&self) -> Names<'static>;
    /// What the published schema says of it.
    fn schema(&self) -> ProtocolSchema<'static>;

    /// Checks what only the protocol knows of a concrete scenario.
    ///
    /// # Errors
    /// The setting that is wrong.
    fn check(&self, scenario: &Scenario) -> Result<(), ScenarioError>;

    /// All settings of the protocol under a scenario, those that it does not name included.
    ///
    /// # Errors
    /// The setting that is wrong.
    fn params(&self, scenario: &Scenario) -> Result<Value, ScenarioError>;

    /// Draws the plan of a run.
    ///
    /// # Errors
    /// The setting that is wrong.
    fn plan(&self, scenario: &Scenario, seeds: Seeds) -> Result<FaultPlan, ScenarioError>;

    /// Runs a plan under a concrete scenario.
    ///
    /// # Errors
    /// The setting that is wrong.
    fn run(&self, scenario: &Scenario, plan: FaultPlan, look: Look<'_>) -> Result<Shown, ScenarioError>;

    /// Runs a plan twice, side by side: the digest of both, or where they parted.
    ///
    /// # Errors
    /// The setting that is wrong.
    fn twins(&self, scenario: &Scenario, plan: &FaultPlan) -> Result<Result<Digest, Box<Parting>>, ScenarioError>;
}

/// How a run is looked at. None of it changes the run.
#[derive(Default)]
pub struct Look<'a> {
    /// Stop at this instant.
    pub until: Option<Time>,
    /// Show these nodes as they are at the end.
    pub nodes: Vec<NodeId>,
    /// Takes every record.
    pub tracer: Option<Tracer>,
    /// Is shown nodes after something happened to them; it needs a tracer beside it.
    pub watcher: Option<Watcher>,
    /// Count what nodes send to each other, by kind.
    pub traffic: bool,
    /// Note what becomes of every message.
    pub fates: bool,
    /// Tell what clients saw.
    pub history: bool,
    /// Print a panic, and do not just tell of it.
    pub aloud: bool,
    /// Stop as soon as this is set.
    pub stop: Option<&'a AtomicBool>,
}

/// What a run showed.
#[derive(Clone, Debug)]
pub struct Shown {
    /// What it came to.
    pub outcome: Outcome,
    /// The nodes that were asked for.
    pub nodes: Vec<NodeView>,
    /// What became of every message, if that was asked for, as a plan would fix it.
    pub fates: Vec<MessageOverride>,
    /// What clients saw, if that was asked for.
    pub history: Vec<Event>,
    /// It was stopped from outside before its end.
    pub interrupted: bool,
}

/// A node at an instant, for people.
#[derive(Clone, Debug, Serialize)]
pub struct NodeView {
    /// Which.
    pub node: NodeId,
    /// Whether it lives, and what it is busy with.
    pub condition: String,
    /// Which of its lives it is in, counted from 1.
    pub life: u32,
    /// What its monotonic clock shows.
    pub clock: Span,
    /// Its armed timers, with how long each still runs on that clock.
    pub timers: Vec<(String, Span)>,
    /// Its memory.
    pub memory: Option<String>,
    /// Its synced disk.
    pub disk: String,
}

/// What makes a protocol an experiment.
#[derive(Debug)]
pub struct Lab<P>(PhantomData<fn() -> P>);

impl<P: Protocol> Lab<P> {
    /// The experiment of this protocol.
    pub const NEW: &'static dyn Experiment = &Self(PhantomData);
}

/// What a scenario is for a protocol, once its sections have their types.
struct Typed<P: Protocol> {
    cast: Cast,
    config: ConfigOf<P>,
    policy: ClientPolicy,
    load: P::Load,
    bound: Span,
    steady: Span,
}

impl<P: Protocol> Typed<P> {
    fn of(scenario: &Scenario) -> Result<Self, ScenarioError> {
        let cast = scenario.nodes.cast(P::GROUPS)?;
        let params: P::Params = typed(&Value::Object(scenario.params.clone()), "params")?;
        let bug = scenario.bug.as_deref().and_then(|name| P::BUGS.iter().map(|bug| bug.name).find(|&bug| bug == name));
        let config = P::config(&Given { params: &params, bug, cast: &cast }).map_err(|error| {
            let path = if error.field.is_empty() { "nodes".to_owned() } else { format!("params.{}", error.field) };
            ScenarioError::new(path, error.message)
        })?;
        let (policy, load_params): (ClientPolicy, LoadParams<P>) = split_workload(&scenario.workload)?;
        let steady = P::steady(&config);
        let bound = P::bound(&config, &healed(scenario, &policy)) + steady;
        Ok(Self { cast, config, policy, load: P::Load::new(&load_params), bound, steady })
    }

    fn check(&self, scenario: &Scenario) -> Result<(), ScenarioError> {
        scenario.check_faults(&self.cast, &self.policy, P::tolerated_losses(&self.config))?;
        let names = Lab::<P>::NEW.names().check_faults(&scenario.faults);
        names.map_err(|error| ScenarioError::from(error).under("faults"))?;
        for (n, fact) in scenario.sometimes.iter().flatten().enumerate() {
            if !P::FACTS.contains(&fact.as_str()) {
                let message = unknown(&format!("{} has no fact {fact:?}", P::NAME), fact, P::FACTS.iter().copied());
                return Err(ScenarioError::new(format!("sometimes[{n}]"), message));
            }
        }
        self.script()?;
        let damages = scenario.faults.asks_for(FaultKind::Damage);
        let mut dice = Die::new(Seed(0)).stream();
        if damages && !<P::Node as Process>::Disk::default().damage(&mut dice) {
            let message = format!("the disks of {} have no model of damage; leave \"damage\" out", P::NAME);
            return Err(ScenarioError::new("faults.damage", message));
        }
        Ok(())
    }

    fn script(&self) -> Result<Script<P>, ScenarioError> {
        let parse = |(place, scripted): (usize, &crate::workload::Scripted)| {
            let op = P::Load::parse(&scripted.op);
            let op = op.map_err(|why| ScenarioError::new(format!("workload.script[{place}].op"), why))?;
            Ok((scripted.clone(), op))
        };
        self.policy.script.iter().enumerate().map(parse).collect()
    }
}

type Script<P> = Vec<(crate::workload::Scripted, <<P as Protocol>::Node as Process>::Op)>;

fn healed(scenario: &Scenario, policy: &ClientPolicy) -> Healed {
    Healed {
        delay: scenario.settle_delay(),
        sync: scenario.disk.sync.upper(),
        service: scenario.node.service.upper(),
        drift_ppm: scenario.clock.drift_ppm,
        timeout: policy.timeout,
        backoff: policy.backoff.times(2),
        run_for: scenario.run_for,
        clients: policy.clients,
        requests: policy.requests_within(scenario.run_for),
    }
}

/// A run of a plan under a concrete scenario, before its first event: to be stepped, or run to its end.
///
/// # Errors
/// The setting that is wrong.
pub fn sim<P: Protocol>(scenario: &Scenario, plan: FaultPlan) -> Result<SimOf<P>, ScenarioError> {
    let typed = Typed::<P>::of(scenario)?;
    let script = typed.script()?;
    let setup = Setup {
        world: scenario.world(typed.bound),
        cast: typed.cast,
        config: typed.config,
        plan,
        clients: typed.policy,
        rules: Rules {
            core: P::core,
            leader: P::LEADER,
            vital: P::VITAL,
            command: P::COMMAND,
            elected: P::ELECTED,
            steady: typed.steady,
        },
    };
    let mut sim = Sim::new(setup, typed.load, script);
    sim.judge(&scenario.judged());
    sim.configure(&scenario.faults.kinds().collect::<Vec<FaultKind>>());
    Ok(sim)
}

/// The concrete scenario and the plan of one seed, both checked.
///
/// # Errors
/// What is wrong with the file, or with what this seed draws from it.
pub fn prepare(
    experiment: &dyn Experiment,
    document: &Document,
    seed: Seed,
) -> Result<(Scenario, FaultPlan), ScenarioError> {
    let seeds = document.seeds(seed)?;
    let mut check = |scenario: &Scenario, _: &Cast| experiment.check(scenario);
    let scenario = with_known(&[experiment], |known| document.draw(seeds.plan, known, &mut check))?;
    let plan = experiment.plan(&scenario, seeds).map_err(|error| document.place(error))?;
    Ok((scenario, plan))
}

/// The experiment that a file is about, after the whole file has been checked.
///
/// # Errors
/// What is wrong with the file.
pub fn admit<'e>(experiments: &[&'e dyn Experiment], document: &Document) -> Result<&'e dyn Experiment, ScenarioError> {
    let mut found = None;
    let mut check = |scenario: &Scenario, _: &Cast| {
        let experiment = named(experiments, &scenario.protocol)?;
        found = Some(experiment);
        experiment.check(scenario)
    };
    with_known(experiments, |known| document.check(known, &mut check))?;
    found.ok_or_else(|| ScenarioError::new("protocol", "there is no protocol to run"))
}

/// Lends what is known of these protocols when a scenario is checked.
fn with_known<T>(experiments: &[&dyn Experiment], borrow: impl FnOnce(&[Known<'_>]) -> T) -> T {
    let names: Vec<(Vec<&str>, Vec<&str>)> = experiments
        .iter()
        .map(|experiment| {
            let bugs = experiment.bugs().iter().map(|bug| bug.name).collect();
            let own = experiment.properties();
            let properties = own.iter().chain(OF_THE_KERNEL).map(|info| info.name).collect();
            (bugs, properties)
        })
        .collect();
    let known: Vec<Known<'_>> = experiments
        .iter()
        .zip(&names)
        .map(|(experiment, (bugs, properties))| Known {
            protocol: experiment.name(),
            groups: experiment.groups(),
            bugs,
            properties,
        })
        .collect();
    borrow(&known)
}

/// The experiment of this name.
///
/// # Errors
/// There is none.
pub fn named<'e>(experiments: &[&'e dyn Experiment], name: &str) -> Result<&'e dyn Experiment, ScenarioError> {
    let found = experiments.iter().find(|experiment| experiment.name() == name);
    found.copied().ok_or_else(|| ScenarioError::new("protocol", format!("there is no protocol {name:?}")))
}

impl<P: Protocol> Experiment for Lab<P> {
    fn name(&self) -> &'static str {
        P::NAME
    }

    fn about(&self) -> &'static str {
        P::ABOUT
    }

    fn groups(&self) -> &'static [&'static str] {
        P::GROUPS
    }

    fn bugs(&self) -> &'static [Bug] {
        P::BUGS
    }

    fn properties(&self) -> Vec<PropertyInfo> {
        P::Checks::infos()
    }

    fn sometimes(&self) -> &'static [&'static str] {
        P::SOMETIMES
    }

    fn leader(&self) -> Option<&'static str> {
        P::LEADER
    }

    fn names(&self) -> Names<'static> {
        Names { roles: P::ROLES, facts: P::FACTS, messages: P::MESSAGES }
    }

    fn schema(&self) -> ProtocolSchema<'static> {
        ProtocolSchema {
            name: P::NAME,
            about: P::ABOUT,
            params: section::<P::Params>(),
            workload: section::<LoadParams<P>>(),
            bugs: P::BUGS.iter().map(|bug| bug.name).collect(),
            properties: self.properties().iter().chain(OF_THE_KERNEL).map(|info| info.name).collect(),
        }
    }

    fn check(&self, scenario: &Scenario) -> Result<(), ScenarioError> {
        Typed::<P>::of(scenario)?.check(scenario)
    }

    fn params(&self, scenario: &Scenario) -> Result<Value, ScenarioError> {
        let params: P::Params = typed(&Value::Object(scenario.params.clone()), "params")?;
        serde_json::to_value(&params).map_err(|error| ScenarioError::new("params", error.to_string()))
    }

    fn plan(&self, scenario: &Scenario, seeds: Seeds) -> Result<FaultPlan, ScenarioError> {
        let typed = Typed::<P>::of(scenario)?;
        let tolerated = P::tolerated_losses(&typed.config);
        let scene = scenario.scene(&typed.cast, &typed.policy, tolerated, P::LEADER);
        Ok(draw::draw(seeds, &scenario.faults, &scene))
    }

    fn run(&self, scenario: &Scenario, plan: FaultPlan, look: Look<'_>) -> Result<Shown, ScenarioError> {
        let Look { until, nodes, tracer, watcher, traffic, fates, history, aloud, stop } = look;
        let mut sim = sim::<P>(scenario, plan)?;
        if let Some(tracer) = tracer {
            sim.trace_to(tracer);
        }
        if traffic {
            sim.count_messages();
        }
        if fates {
            sim.note_fates();
        }
        let drive = || match watcher {
            Some(watcher) => watch::drive(&mut sim, until, stop, watcher),
            None => drive(&mut sim, until, stop),
        };
        let driven = if aloud { quiet::aloud(drive) } else { quietly(drive) };
        let interrupted = driven.unwrap_or_else(|panic| {
            sim.panicked(panic.evidence());
            false
        });
        let nodes = nodes.iter().filter(|node| node.index() < sim.nodes().count() as usize);
        let nodes = nodes.map(|&node| view(&sim, node)).collect();
        let history = if history { sim.recorded() } else { Vec::new() };
        Ok(Shown { outcome: sim.outcome(), nodes, fates: sim.fates().to_vec(), history, interrupted })
    }

    fn twins(&self, scenario: &Scenario, plan: &FaultPlan) -> Result<Result<Digest, Box<Parting>>, ScenarioError> {
        twins::twins::<P>(scenario, plan)
    }
}

/// Runs to the end or to `until`; whether it was stopped before.
fn drive<P: Process, C: Properties<P>, W: Workload<P>>(
    sim: &mut Sim<P, C, W>,
    until: Option<Time>,
    stop: Option<&AtomicBool>,
) -> bool {
    // Between two looks at the flag, enough events that the look costs nothing.
    const STRIDE: u32 = 4_096;
    let limit = until.unwrap_or(Time::MAX);
    loop {
        for _ in 0..STRIDE {
            if !sim.step_until(limit) {
                sim.run_until(until.unwrap_or(sim.now()));
                return false;
            }
        }
        if stop.is_some_and(|stop| stop.load(Ordering::Relaxed)) {
            return true;
        }
    }
}

fn view<P: Process, C: Properties<P>, W: Workload<P>>(sim: &Sim<P, C, W>, node: NodeId) -> NodeView {
    let (clock, timers) = sim.timers(node);
    let left = |deadline: Local| deadline.since(clock);
    NodeView {
        node,
        condition: sim.condition(node),
        life: sim.life(node),
        clock: Span(clock.0),
        timers: timers.into_iter().map(|(timer, deadline)| (format!("{timer:?}"), left(deadline))).collect(),
        memory: sim.node(node).map(|state| format!("{state:#?}")),
        disk: format!("{:#?}", sim.disk(node)),
    }
}
