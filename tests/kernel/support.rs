//! A cluster of puppets: nodes whose handlers are plain functions that each test writes for itself.

use std::cell::RefCell;
use std::rc::Rc;

use seedstorm::check::Properties;
use seedstorm::check::history::Operation;
use seedstorm::fault::{Entry, Fault, FaultPlan, Strike, Unsynced, Who};
use seedstorm::params::Distribution;
use seedstorm::process::{
    Cast, ClientId, Dice, Durable, Glance, Io, Local, NodeId, NodeSet, OpId, Process, Span, Ticket,
};
use seedstorm::rng::{Seed, Seeds};
use seedstorm::sim::world::{ClockConfig, DiskConfig, EventBudget, NetworkConfig, NodeConfig, Outside, World};
use seedstorm::sim::{ChooseCore, Outcome, Record, Rules, Setup, Sim, What};
use seedstorm::time::Time;
use seedstorm::workload::{ClientPolicy, Outcome as Reading, Scripted, Stands, Workload};

/// A handler's hands.
pub(crate) type Hands<'a, 'b> = &'a mut Io<'b, Puppet>;

/// What each handler of a puppet does.
#[derive(Clone, Copy)]
pub(crate) struct Acts {
    pub(crate) boot: fn(&mut Puppet, Hands<'_, '_>),
    pub(crate) message: fn(&mut Puppet, NodeId, Msg, Hands<'_, '_>),
    pub(crate) timer: fn(&mut Puppet, u8, Hands<'_, '_>),
    pub(crate) request: fn(&mut Puppet, OpId, u64, Hands<'_, '_>),
    pub(crate) synced: fn(&mut Puppet, u64, Hands<'_, '_>),
}

/// Puppets that do nothing.
pub(crate) const IDLE: Acts = Acts {
    boot: |_, _| {},
    message: |_, _, _, _| {},
    timer: |_, _, _| {},
    request: |_, _, _, _| {},
    synced: |_, _, _| {},
};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Msg {
    Note(u64),
    Token(u64),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Fact {
    Did(u64),
    Elected(u64),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Reply {
    Done(u64),
    Refused,
    Busy,
    Ask(NodeId),
}

/// Records in the order in which they were put in place. A record's file is its hundreds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Shelf {
    pub(crate) records: Vec<u64>,
    pub(crate) damaged: bool,
}

impl Durable for Shelf {
    type Write = u64;

    fn apply(&mut self, write: u64) {
        self.records.push(write);
    }

    fn file(write: &u64) -> u8 {
        (write / 100) as u8
    }

    fn damage(&mut self, _dice: &mut dyn Dice) -> bool {
        self.damaged = true;
        true
    }
}

/// An input that a puppet had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    Message(u32, Msg),
    Timer(u8),
    Request(OpId, u64),
    Synced(u64),
}

/// A node: it writes down every input with its own time, and then does what the test's function says.
#[derive(Debug)]
pub(crate) struct Puppet {
    pub(crate) heard: Vec<(u64, Heard)>,
    /// What it found on its disk when it booted.
    pub(crate) found: Shelf,
    pub(crate) role: &'static str,
    pub(crate) epoch: u64,
    pub(crate) n: u64,
}

impl Puppet {
    /// The numbers of the messages it has had.
    pub(crate) fn notes(&self) -> Vec<u64> {
        let number = |heard: &Heard| match heard {
            Heard::Message(_, Msg::Note(n) | Msg::Token(n)) => Some(*n),
            _ => None,
        };
        self.heard.iter().filter_map(|(_, heard)| number(heard)).collect()
    }

    fn hear(&mut self, now: Local, heard: Heard) {
        self.heard.push((now.0, heard));
    }
}

impl Process for Puppet {
    type Config = Acts;
    type Msg = Msg;
    type Timer = u8;
    type Disk = Shelf;
    type Op = u64;
    type Reply = Reply;
    type Fact = Fact;

    fn boot(disk: &Shelf, io: Hands<'_, '_>) -> Self {
        let mut puppet = Self { heard: Vec::new(), found: disk.clone(), role: "", epoch: 0, n: 0 };
        (io.config().boot)(&mut puppet, io);
        puppet
    }

    fn on_message(&mut self, from: NodeId, msg: Msg, io: Hands<'_, '_>) {
        self.hear(io.now(), Heard::Message(from.0, msg.clone()));
        (io.config().message)(self, from, msg, io);
    }

    fn on_timer(&mut self, timer: u8, io: Hands<'_, '_>) {
        self.hear(io.now(), Heard::Timer(timer));
        (io.config().timer)(self, timer, io);
    }

    fn on_request(&mut self, id: OpId, op: u64, io: Hands<'_, '_>) {
        self.hear(io.now(), Heard::Request(id, op));
        (io.config().request)(self, id, op, io);
    }

    fn on_synced(&mut self, upto: Ticket, io: Hands<'_, '_>) {
        self.hear(io.now(), Heard::Synced(upto.0));
        (io.config().synced)(self, upto.0, io);
    }

    fn glance(&self) -> Glance {
        Glance { role: self.role, epoch: self.epoch, progress: self.n }
    }
}

/// Clients that ask numbers: even ones may be asked again, odd ones may not.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Numbers {
    pub(crate) odd: bool,
}

impl Workload<Puppet> for Numbers {
    type Params = seedstorm::workload::NoParams;

    fn new(_params: &Self::Params) -> Self {
        Self::default()
    }

    fn op(&self, _client: ClientId, _n: u64, dice: &mut dyn Dice) -> Option<u64> {
        Some(2 * dice.below(1_000_000) + u64::from(self.odd))
    }

    fn parse(text: &str) -> Result<u64, String> {
        text.parse().map_err(|_| "not a number".to_owned())
    }

    fn outcome(_op: &u64, reply: &Reply) -> Reading {
        match reply {
            Reply::Done(_) => Reading::Ok,
            Reply::Refused => Reading::Refused,
            Reply::Busy => Reading::Busy,
            Reply::Ask(node) => Reading::Redirect(*node),
        }
    }

    fn idempotent(op: &u64) -> bool {
        op.is_multiple_of(2)
    }
}

pub(crate) type Play = Sim<Puppet, (), Numbers>;

/// Everything that a test may change about a run.
pub(crate) struct Stage {
    pub(crate) cast: Cast,
    pub(crate) acts: Acts,
    pub(crate) world: World,
    pub(crate) plan: FaultPlan,
    pub(crate) clients: ClientPolicy,
    pub(crate) load: Numbers,
    pub(crate) script: Vec<(Scripted, u64)>,
    pub(crate) core: ChooseCore<Puppet>,
    pub(crate) leader: Option<&'static str>,
    pub(crate) vital: &'static [&'static str],
    pub(crate) steady: Span,
}

/// `nodes` puppets, messages that take 1 ms, a run of 100 ms without a liveness phase.
pub(crate) fn stage(nodes: u32, acts: Acts) -> Stage {
    let network = NetworkConfig { latency: Distribution::Constant(Span::ms(1)), ..NetworkConfig::default() };
    let world = World {
        network,
        disk: DiskConfig::default(),
        clock: ClockConfig::default(),
        node: NodeConfig::default(),
        run_for: Span::ms(100),
        settle: Span::ZERO,
        settle_delay: Span::ms(5),
        outside: Outside::Silent,
        budget: EventBudget { events: 200_000, per_instant: 20_000 },
    };
    Stage {
        cast: Cast::single("puppet", nodes),
        acts,
        world,
        plan: FaultPlan::calm(Seeds::derive(Seed(7))),
        clients: ClientPolicy { stands: Stands::Apart, timeout: Span::ms(10), ..ClientPolicy::default() },
        load: Numbers::default(),
        script: Vec::new(),
        core: |_, _, nodes, _| Some(nodes.clone()),
        leader: None,
        vital: &[],
        steady: Span::ZERO,
    }
}

impl Stage {
    /// With these entries in the plan.
    pub(crate) fn faults(mut self, timeline: impl IntoIterator<Item = Entry>) -> Self {
        self.plan.timeline.extend(timeline);
        self
    }

    /// With any other change.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// Writes take this long.
    pub(crate) fn sync(mut self, ms: u64) -> Self {
        self.world.disk.sync = Distribution::Constant(Span::ms(ms));
        self
    }

    /// Turns take this long.
    pub(crate) fn service(mut self, ms: u64) -> Self {
        self.world.node.service = Distribution::Constant(Span::ms(ms));
        self
    }

    /// A liveness phase of this length.
    pub(crate) fn settle(mut self, ms: u64) -> Self {
        self.world.settle = Span::ms(ms);
        self
    }

    /// One client that asks these operations, `(at, op)`, of a fixed node.
    pub(crate) fn asks(mut self, to: u32, ops: &[(u64, u64)]) -> Self {
        self.clients.clients = self.clients.clients.max(1);
        for &(at, op) in ops {
            let scripted = Scripted { at: ms(at), client: ClientId(0), op: op.to_string(), to: Some(NodeId(to)) };
            self.script.push((scripted, op));
        }
        self
    }

    pub(crate) fn sim(self) -> Play {
        self.watched()
    }

    /// The run, watched by these properties.
    pub(crate) fn watched<C: Properties<Puppet>>(self) -> Sim<Puppet, C, Numbers> {
        let rules = Rules {
            core: self.core,
            leader: self.leader,
            vital: self.vital,
            command: "",
            elected: "",
            steady: self.steady,
        };
        let setup = Setup {
            cast: self.cast,
            config: self.acts,
            world: self.world,
            plan: self.plan,
            clients: self.clients,
            rules,
        };
        Sim::new(setup, self.load, self.script)
    }

    /// The run up to this instant.
    pub(crate) fn until(self, at: u64) -> Play {
        let mut sim = self.sim();
        sim.run_until(ms(at));
        sim
    }

    pub(crate) fn run(self) -> Outcome {
        self.sim().run()
    }

    /// The whole run with its trace.
    pub(crate) fn tell(self) -> Told {
        let records = Rc::new(RefCell::new(Vec::new()));
        let sink = Rc::clone(&records);
        let mut sim = self.sim();
        sim.trace_to(Box::new(move |record| sink.borrow_mut().push(record.clone())));
        while sim.step() {}
        let history = sim.history().operations.clone();
        Told { outcome: sim.outcome(), records: records.take(), history }
    }
}

/// What a run told.
pub(crate) struct Told {
    pub(crate) outcome: Outcome,
    pub(crate) records: Vec<Record>,
    pub(crate) history: Vec<Operation<u64, Reply>>,
}

impl Told {
    /// All records of one sort: when in microseconds, on whom, and the particulars.
    pub(crate) fn all(&self, what: What) -> Vec<(u64, &str, &str)> {
        let records = self.records.iter().filter(|record| record.what == what);
        records.map(|record| (record.at.0 / 1_000, record.on.as_str(), record.detail.as_str())).collect()
    }
}

pub(crate) const fn ms(at: u64) -> Time {
    Time(at * 1_000_000)
}

pub(crate) fn set(nodes: &[u32]) -> NodeSet {
    nodes.iter().copied().map(NodeId).collect()
}

pub(crate) fn who(nodes: &[u32]) -> Who {
    Who::Nodes(set(nodes))
}

/// An entry at `at` ms that lasts `lasts` ms.
pub(crate) fn entry(id: &str, at: u64, lasts: u64, who: Who, kind: Fault) -> Entry {
    Entry { id: id.to_owned(), at: Some(ms(at)), after: None, lasts: Some(Span::ms(lasts)), kind, who }
}

pub(crate) fn crash(unsynced: Unsynced) -> Fault {
    Fault::Crash { unsynced, strike: Strike::Between }
}

pub(crate) fn crash_inside(strike: Strike) -> Fault {
    Fault::Crash { unsynced: Unsynced::Prefix, strike }
}

pub(crate) fn pause() -> Fault {
    Fault::Pause { strike: Strike::Between }
}

/// What a node has heard, with instants in milliseconds of its clock.
pub(crate) fn heard(sim: &Play, node: u32) -> Vec<(u64, Heard)> {
    let puppet = sim.node(NodeId(node)).expect("the node lives");
    puppet.heard.iter().map(|(at, heard)| (at / 1_000_000, heard.clone())).collect()
}

pub(crate) fn notes(sim: &Play, node: u32) -> Vec<u64> {
    sim.node(NodeId(node)).expect("the node lives").notes()
}
