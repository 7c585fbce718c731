//! The simulator: one thread, one queue of events, virtual time.
//!
//! A [`Sim`] owns a cluster of nodes, their disks, clocks and links, the clients, the plan of faults, and the
//! invariants that watch. It can be stepped, run to an instant, looked into, and run to its end, which yields
//! an [`Outcome`]. It is generic over the protocol, so that no event is dispatched at run time.

mod clients;
mod clock;
mod disk;
mod event;
mod export;
mod faults;
mod links;
mod majority;
mod network;
mod node;
mod outcome;
mod phases;
mod queue;
mod reign;
mod strikes;
mod trace;
mod traffic;
mod turns;
pub mod world;

use std::hint::black_box;

use crate::check::history::History;
use crate::check::{Board, Evidence, Nodes, Phase, Properties, Violation, WorldEvent};
use crate::fault::{FaultPlan, MessageOverride, Reseed};
use crate::ids::{Endpoint, NodeId, NodeSet, OpId};
use crate::process::{Cast, Glance, Local, Outbox, Process};
use crate::rng::{Dice, Die, Digest, Seed, Seeds, content_hash};
use crate::time::{Span, Time};
use crate::turn::Input;
use crate::workload::{ClientPolicy, Workload};
use clients::Clients;
use event::Event;
use faults::Faults;
use majority::Majority;
use network::{Network, Ordinals};
use node::{Slot, Table};
pub use outcome::{
    Availability, Counters, ENDLESS, Ending, Failure, FailureKind, Liveness, Outcome, PANIC, PropertyLine,
};
use phases::Course;
use queue::Queue;
use reign::Reign;
use trace::{Kinds, Log};
pub use trace::{Record, Tracer, Verbatim, What, kind_of};
use traffic::Census;
pub use traffic::{Sent, Traffic};
use world::World;

/// Everything that a run is made from, beside the types.
#[derive(Debug)]
pub struct Setup<P: Process> {
    /// Which nodes there are.
    pub cast: Cast,
    /// What they share.
    pub config: P::Config,
    /// The world they live in.
    pub world: World,
    /// What happens to them.
    pub plan: FaultPlan,
    /// How clients behave.
    pub clients: ClientPolicy,
    /// What the kernel must know of the protocol.
    pub rules: Rules<P>,
}

/// Out of the candidates, the nodes that must make progress once healed.
pub type ChooseCore<P> = fn(&<P as Process>::Config, Nodes<'_, P>, &NodeSet, &mut dyn Dice) -> Option<NodeSet>;

/// What the kernel must know of a protocol beyond its node.
#[derive(Debug)]
pub struct Rules<P: Process> {
    /// Names the nodes that must make progress once healed.
    pub core: ChooseCore<P>,
    /// The role of which there is one.
    pub leader: Option<&'static str>,
    /// Kinds of fact without which a run is empty.
    pub vital: &'static [&'static str],
    /// The kind of fact that stands for one command; empty where the progress of the furthest node counts them.
    pub command: &'static str,
    /// The kind of fact with which a node says that it leads; empty where nobody leads.
    pub elected: &'static str,
    /// How long a core must stay converged.
    pub steady: Span,
}

/// A run.
pub struct Sim<P: Process, C: Properties<P>, W: Workload<P>> {
    now: Time,
    queue: Queue<Event<P>>,
    nodes: Table<P>,
    outbox: Outbox<P>,
    ordinals: Ordinals,
    log: Log,
    network: Network,
    cast: Cast,
    config: P::Config,
    world: World,
    rules: Rules<P>,
    checks: C,
    board: Board,
    facts: Kinds<P::Fact>,
    clients: Clients<P, W>,
    plan: FaultPlan,
    faults: Faults<P>,
    course: Course,
    reign: Reign,
    majority: Majority,
    counters: Counters,
    instant: Instant,
    service_die: Die,
    tracer: Option<Tracer>,
    /// Nodes to which something happened since somebody asked, if anybody does.
    touched: Option<NodeSet>,
    census: Option<Census<P::Msg>>,
    /// Whether the nodes fill more than the processor's cache.
    large: bool,
}

/// The die of how long turns and syncs take.
fn service_die(node_seed: Seed) -> Die {
    Die::new(node_seed).with(1)
}

/// Above this many bytes of nodes it pays to warm the cache for those that come next.
const LARGE: usize = 4 << 20;

/// Guards against an instant that never ends.
#[derive(Clone, Copy, Debug)]
struct Instant {
    at: Time,
    /// The number of the last event that it may have.
    ends: u64,
}

impl<P: Process, C: Properties<P>, W: Workload<P>> Sim<P, C, W> {
    /// A run before its first event. All members boot at time zero, in order of their numbers.
    #[must_use]
    pub fn new(setup: Setup<P>, load: W, script: Vec<(crate::workload::Scripted, P::Op)>) -> Self {
        let Setup { cast, config, world, plan, clients: policy, rules } = setup;
        let nodes = Table(cast.nodes().map(|node| Slot::new(cast.is_spare(node))).collect());
        let network = Network::new(world.network.clone(), plan.seeds.network, plan.noise, &plan.messages);
        let mut sim = Self {
            now: Time::ZERO,
            queue: Queue::new(),
            nodes,
            outbox: Outbox::default(),
            ordinals: Ordinals::default(),
            log: Log::default(),
            network,
            checks: C::new(&config, &cast),
            board: Board::new(C::judged(&config)),
            facts: Kinds::default(),
            clients: Clients::new(&policy, load, script, &plan, &world, &cast),
            faults: Faults::new(&plan),
            course: Course::new(&world),
            reign: Reign::default(),
            majority: Majority::new(cast.groups().first().map_or(0..0, |group| group.members.clone())),
            counters: Counters::default(),
            instant: Instant { at: Time::ZERO, ends: world.budget.per_instant.min(world.budget.events) },
            service_die: service_die(plan.seeds.node),
            tracer: None,
            touched: None,
            census: None,
            large: cast.len() as usize * size_of::<Slot<P>>() > LARGE,
            cast,
            config,
            world,
            rules,
            plan,
        };
        sim.outbox.draws.seed = Die::new(sim.plan.seeds.node);
        sim.begin();
        sim
    }

    fn begin(&mut self) {
        self.set_clocks();
        for node in self.cast.nodes() {
            if !self.cast.is_spare(node) {
                self.queue.push(Time::ZERO.0, Event::Restart { node, life: 0 });
            }
        }
        self.schedule_plan();
        if let Some(Reseed { at, seed }) = self.plan.reseed {
            self.queue.push_last(at.0, u32::MAX, Event::Reseed { seed });
        }
        self.wake_clients();
    }

    /// From now on other seeds decide. What was drawn before stays.
    #[cold]
    fn reseed(&mut self, seed: Seed) {
        let seeds = Seeds::derive(seed);
        self.network.reseed(seeds.network);
        self.clients.reseed(seeds.workload);
        self.outbox.draws.seed = Die::new(seeds.node);
        self.service_die = service_die(seeds.node);
    }

    /// Sends every record of what happens to `tracer` from now on.
    pub fn trace_to(&mut self, tracer: Tracer) {
        self.tracer = Some(tracer);
    }

    /// The nodes to which something happened since this was last asked: whoever looks at nodes while the run goes on
    /// need not look at the others. It is noted from the first question on, and only while a tracer listens.
    pub fn touched(&mut self) -> NodeSet {
        self.touched.replace(NodeSet::new()).unwrap_or_default()
    }

    /// Judges these properties too, which are optional.
    pub fn judge(&mut self, names: &[&str]) {
        for (n, info) in C::infos().iter().enumerate() {
            if names.contains(&info.name) {
                self.board.judge(n);
            }
        }
    }

    /// Counts the messages that nodes send to each other from now on, by kind.
    pub fn count_messages(&mut self) {
        self.census.get_or_insert_with(|| Census::new(self.cast.len()));
    }

    /// Notes what becomes of every message from now on.
    pub fn note_fates(&mut self) {
        self.network.note_fates();
    }

    /// What became of every message since it was to be noted, as a plan would fix it. Those that ran into a cut are
    /// left out: that is the cut's doing.
    #[must_use]
    pub fn fates(&self) -> &[MessageOverride] {
        self.network.fates()
    }

    /// True time.
    #[must_use]
    pub fn now(&self) -> Time {
        self.now
    }

    /// Which phase the run is in.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.course.phase
    }

    /// A node's memory, if it lives.
    #[must_use]
    pub fn node(&self, node: NodeId) -> Option<&P> {
        self.nodes.0[node.index()].state.as_ref()
    }

    /// A node's synced disk.
    #[must_use]
    pub fn disk(&self, node: NodeId) -> &P::Disk {
        &self.nodes.0[node.index()].disk
    }

    /// What a node's monotonic clock shows, and its armed timers with what it will show when they run out.
    #[must_use]
    pub fn timers(&self, node: NodeId) -> (Local, Vec<(P::Timer, Local)>) {
        let slot = &self.nodes.0[node.index()];
        (slot.local(self.now), slot.timers.armed().collect())
    }

    /// In words, whether a node lives, and what it is busy with.
    #[must_use]
    pub fn condition(&self, node: NodeId) -> String {
        self.nodes.0[node.index()].condition()
    }

    /// Which of its lives a node is in, counted from 1.
    #[must_use]
    pub fn life(&self, node: NodeId) -> u32 {
        self.nodes.0[node.index()].life
    }

    /// All nodes, as properties see them.
    #[must_use]
    pub fn nodes(&self) -> Nodes<'_, P> {
        Nodes::new(&self.nodes)
    }

    /// What clients saw so far.
    #[must_use]
    pub fn history(&self) -> &History<P::Op, P::Reply> {
        &self.clients.history
    }

    /// The digest of everything so far.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.log.digest
    }

    /// Number of events that wait to happen.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.queue.len()
    }

    /// Number of events so far.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.log.events
    }

    /// The first broken property, if one is.
    #[must_use]
    pub fn violation(&self) -> Option<&Violation> {
        self.board.violation.as_ref()
    }

    /// Who has the role of which there is one: of several the one with the highest epoch, then the lowest
    /// number.
    #[must_use]
    pub fn leader(&self) -> Option<(NodeId, Glance)> {
        self.with_role(self.rules.leader?, |_| true)
    }

    fn with_role(&self, role: &str, among: impl Fn(NodeId) -> bool) -> Option<(NodeId, Glance)> {
        let glances = self.nodes().living().map(|seat| (seat.node, seat.state.glance()));
        glances
            .filter(|(node, glance)| glance.role == role && among(*node))
            .max_by_key(|(node, glance)| (glance.epoch, std::cmp::Reverse(*node)))
    }

    /// Gives a node an input now, as if it came from nowhere. No history is kept of an injected request.
    pub fn inject(&mut self, node: NodeId, input: Input<P>) {
        let content = match &input {
            Input::Message { from, msg } => content_hash(&(from, msg)),
            Input::Timer(timer) => content_hash(timer),
            Input::Request { id, op } => content_hash(&(id, op)),
            Input::Synced(upto) => content_hash(upto),
        };
        self.log.event(self.now, What::Request, node.0.into(), u64::MAX, content);
        self.input(node, input);
    }

    /// Lets one event happen, or one change of phase. `false` when the run is over or stopped.
    pub fn step(&mut self) -> bool {
        self.step_until(Time::MAX)
    }

    /// Lets everything happen up to and including `until`, and moves the time there.
    pub fn run_until(&mut self, until: Time) {
        while self.step_until(until) {}
        if !self.is_over() {
            self.now = self.now.max(until);
            self.board.set_now(self.now);
        }
    }

    /// Runs to the end, and tells how it went.
    pub fn run(mut self) -> Outcome {
        while self.step() {}
        self.outcome()
    }

    /// Lets one event happen that is not after `until`, or one change of phase. `false` if there is none.
    #[inline]
    pub fn step_until(&mut self, until: Time) -> bool {
        if self.is_over() {
            return false;
        }
        let milestone = self.course.milestone();
        match self.queue.pop_until(until.min(milestone).0) {
            Some((at, order, event)) => {
                if self.large {
                    self.warm_up();
                }
                self.now = Time(at);
                self.board.set_now(self.now);
                self.happen(event, order);
                true
            }
            None if milestone <= until => {
                self.now = milestone;
                self.board.set_now(milestone);
                self.pass_milestone();
                true
            }
            None => false,
        }
    }

    #[inline]
    fn is_over(&self) -> bool {
        self.board.violation.is_some() || self.course.ending.is_some()
    }

    #[inline(always)]
    fn happen(&mut self, event: Event<P>, order: u64) {
        match event {
            Event::Deliver { to, from, hash, msg } => self.deliver(to, from, hash, msg, order),
            Event::Timer { node } => self.ring(node, order),
            Event::Request { to, id, op } => self.request(to, id, op, order),
            Event::Reply { from, id, reply, echo } => self.answer(from, id, reply, echo, order),
            Event::TurnEnds { node, life } => self.turn_ends(node, life),
            Event::Synced { node, epoch } => self.synced(node, epoch),
            Event::Notice { node, life, ticket } => self.notice(node, life, ticket),
            Event::Alarm { client, token } => self.alarm(client, token),
            Event::Restart { node, life } => self.restart(node, life),
            Event::Onset { entry } => self.onset(entry),
            Event::End { entry } => self.end(entry),
            Event::Flap { entry } => self.flap(entry),
            Event::Reseed { seed } => self.reseed(seed),
        }
        self.watch_budget();
    }

    #[inline(always)]
    fn watch_budget(&mut self) {
        if self.instant.at != self.now {
            self.instant = Instant { at: self.now, ends: self.last_event_of_instant() };
        }
        if self.log.events > self.instant.ends {
            self.run_out_of_events();
        }
    }

    #[cold]
    fn run_out_of_events(&mut self) {
        let evidence = Evidence::new("it had more events than its budget").value("events", self.log.events);
        self.end_early(Ending::OutOfEvents, ENDLESS, evidence);
    }

    /// Ends the run here and now: its protocol panicked. What it panicked in is left as it was, and not run again.
    pub fn panicked(&mut self, mut evidence: Evidence) {
        let [node, _] = self.outbox.draws.who;
        let is_its_turn = self.outbox.draws.instant == self.now.0;
        if let Some(node) = u32::try_from(node).ok().map(NodeId).filter(|_| is_its_turn) {
            evidence = evidence.node(node);
        }
        self.end_early(Ending::Panicked, PANIC, evidence);
    }

    /// Ends the run because of something that is no property's matter, unless one has broken already.
    fn end_early(&mut self, ending: Ending, name: &str, evidence: Evidence) {
        if self.board.violation.is_none() {
            self.course.ending = Some(ending);
            self.board.violation = Some(Violation { property: name.to_owned(), at: self.now, evidence });
        }
    }

    /// The number of the last event that this instant may have.
    #[inline(always)]
    fn last_event_of_instant(&self) -> u64 {
        let budget = &self.world.budget;
        self.log.events.saturating_add(budget.per_instant).min(budget.events)
    }

    /// Reads the slots of the nodes that come next, all at once, so that the processor waits for them together
    /// and not one after another. Nothing depends on what is read.
    fn warm_up(&mut self) {
        let slots = &self.nodes.0;
        let ends = self.queue.upcoming().filter_map(Event::reaches).map(|node| slots[node.index()].ends());
        black_box(ends.fold(0usize, usize::wrapping_add));
    }

    fn world_event(&mut self, event: &WorldEvent) {
        self.reign.watch(self.now, event);
        self.majority.watch(self.now, event);
        self.checks.on_world(self.now, event, &mut self.board);
    }

    /// Shows the properties all nodes at once.
    fn checkpoint(&mut self) {
        self.faults.unseen = false;
        self.checks.on_state(self.now, Nodes::new(&self.nodes), &mut self.board);
    }

    /// Shows the properties what clients saw, now that the run is over.
    fn show_history(&mut self) {
        if self.board.violation.is_none() {
            self.checks.on_history(self.now, &self.clients.history, &mut self.board);
        }
    }

    /// Shows them all nodes if a fault took effect; to be called at the end of every event in which one may have.
    fn checkpoint_if_due(&mut self) {
        if self.faults.unseen {
            self.checkpoint();
        }
    }

    fn op_end(id: OpId) -> Endpoint {
        Endpoint::Client(id.client)
    }
}
