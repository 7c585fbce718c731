//! A lock service on Raft: clients acquire and release locks, and Raft keeps who has which.
//!
//! To acquire a lock is to compare-and-set its key from "free" to the client's name; to release it is the way back.
//! The service runs a whole Raft node inside each of its own: requests are translated on the way in, answers on
//! the way out. It adds one thing of its own, to show that both layers can use the disk: a grant is entered in a
//! journal before the client hears of it.

use std::collections::{BTreeMap, VecDeque};

use seedstorm::check::history::Answer as Ended;
use seedstorm::check::projected::{self, Projected, Projection};
use seedstorm::check::{At, Cast, Evidence, Nodes, Property, Time, Verdict, WorldEvent};
use seedstorm::process::{
    ClientId, Dice, Durable, Glance, Io, NodeId, NodeSet, OpId, Process, Span, Ticket, Wrap, WriteOf,
};
use seedstorm::protocol::kv::{self, Answer, Key, Value};
use seedstorm::protocol::raft::{self, Raft, RaftConfig, RaftParams, check};
use seedstorm::protocol::{Bug, Healed, ParamError, Protocol, Setup};
use seedstorm::workload::{NoParams, Outcome, Workload};

#[derive(Debug)]
pub(crate) struct LockConfig {
    raft: RaftConfig,
    hasty: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Msg {
    Raft(raft::Message),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Timer {
    Raft(raft::Timer),
}

/// Raft's two files, and the journal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Disk {
    pub(crate) raft: raft::Disk,
    pub(crate) journal: Vec<OpId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Write {
    Raft(raft::Write),
    Granted(OpId),
}

impl Durable for Disk {
    type Write = Write;

    fn apply(&mut self, write: Write) {
        match write {
            Write::Raft(write) => self.raft.apply(write),
            Write::Granted(id) => self.journal.push(id),
        }
    }

    fn file(write: &Write) -> u8 {
        match write {
            Write::Raft(write) => raft::Disk::file(write),
            Write::Granted(_) => 2,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Op {
    Acquire(Key),
    Release(Key),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Reply {
    Granted,
    Taken,
    Released,
    NotHeld,
    Redirect(NodeId),
    Busy,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Fact {
    Raft(raft::Fact),
    /// Its client is about to hear that it has the lock.
    Granted {
        id: OpId,
        lock: Key,
    },
}

/// A node of the service.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct LockService {
    raft: Raft,
    /// The requests that wait for Raft, by client.
    asked: BTreeMap<ClientId, (OpId, Op)>,
    /// Grants that wait for the journal.
    granted: VecDeque<(Ticket, OpId, Key)>,
}

/// Turns what Raft asks for into effects of the service, and keeps its answers.
#[derive(Debug, Default)]
pub(crate) struct OnRaft {
    answers: Vec<(OpId, kv::Reply)>,
}

impl Wrap for OnRaft {
    type Inner = Raft;
    type Outer = LockService;

    fn config(config: &LockConfig) -> &RaftConfig {
        &config.raft
    }

    fn msg(&mut self, _to: NodeId, msg: raft::Message) -> Msg {
        Msg::Raft(msg)
    }

    fn timer(&mut self, timer: raft::Timer) -> Timer {
        Timer::Raft(timer)
    }

    fn write(&mut self, write: WriteOf<Raft>) -> Write {
        Write::Raft(write)
    }

    fn fact(&mut self, fact: raft::Fact) -> Option<Fact> {
        Some(Fact::Raft(fact))
    }

    fn reply(&mut self, id: OpId, reply: kv::Reply) -> Option<Reply> {
        self.answers.push((id, reply));
        None
    }
}

impl Process for LockService {
    type Config = LockConfig;
    type Msg = Msg;
    type Timer = Timer;
    type Disk = Disk;
    type Op = Op;
    type Reply = Reply;
    type Fact = Fact;

    fn boot(disk: &Disk, io: &mut Io<'_, Self>) -> Self {
        let raft = io.within(0, &mut OnRaft::default(), |io| Raft::boot(&disk.raft, io));
        Self { raft, asked: BTreeMap::new(), granted: VecDeque::new() }
    }

    fn on_message(&mut self, from: NodeId, Msg::Raft(msg): Msg, io: &mut Io<'_, Self>) {
        self.raft(io, |raft, io| raft.on_message(from, msg, io));
    }

    fn on_timer(&mut self, Timer::Raft(timer): Timer, io: &mut Io<'_, Self>) {
        self.raft(io, |raft, io| raft.on_timer(timer, io));
    }

    fn on_request(&mut self, id: OpId, op: Op, io: &mut Io<'_, Self>) {
        if self.asked.get(&id.client).is_some_and(|(asked, _)| asked.n > id.n) {
            return;
        }
        self.asked.insert(id.client, (id, op));
        let is_free = |lock| self.raft.machine().get(lock) == Some(free());
        if let Op::Acquire(lock) = op
            && io.config().hasty
            && self.raft.is_leader()
            && is_free(lock)
        {
            self.grant(id, lock, io);
        }
        self.raft(io, |raft, io| raft.on_request(id, command(id.client, op).into(), io));
    }

    fn on_synced(&mut self, upto: Ticket, io: &mut Io<'_, Self>) {
        while let Some(&(_, id, lock)) = self.granted.front().filter(|&&(ticket, ..)| ticket <= upto) {
            self.granted.pop_front();
            io.fact(Fact::Granted { id, lock });
            io.reply(id, Reply::Granted);
        }
        self.raft(io, |raft, io| raft.on_synced(upto, io));
    }

    fn glance(&self) -> Glance {
        self.raft.glance()
    }
}

impl LockService {
    /// Lets the inner node have its turn, and sees to its answers.
    fn raft(&mut self, io: &mut Io<'_, Self>, turn: impl FnOnce(&mut Raft, &mut Io<'_, Raft>)) {
        let mut wrap = OnRaft::default();
        io.within(0, &mut wrap, |io| turn(&mut self.raft, io));
        for (id, answer) in wrap.answers {
            self.answer(id, answer, io);
        }
    }

    fn answer(&mut self, id: OpId, answer: kv::Reply, io: &mut Io<'_, Self>) {
        let Some(&(asked, op)) = self.asked.get(&id.client) else { return };
        if asked != id {
            return;
        }
        match (op, answer) {
            (Op::Acquire(lock), kv::Reply::Answer(Answer::Swapped)) => self.grant(id, lock, io),
            (Op::Acquire(lock), kv::Reply::Answer(Answer::Differs(None))) => {
                io.reply(id, Reply::Taken);
                self.create(lock, io);
            }
            (Op::Acquire(_), kv::Reply::Answer(_)) => io.reply(id, Reply::Taken),
            (Op::Release(_), kv::Reply::Answer(Answer::Swapped)) => io.reply(id, Reply::Released),
            (Op::Release(_), kv::Reply::Answer(_)) => io.reply(id, Reply::NotHeld),
            (_, kv::Reply::Redirect(to)) => io.reply(id, Reply::Redirect(to)),
            (_, kv::Reply::Busy | kv::Reply::Refused(_)) => io.reply(id, Reply::Busy),
        }
    }

    fn grant(&mut self, id: OpId, lock: Key, io: &mut Io<'_, Self>) {
        let ticket = io.write(Write::Granted(id));
        self.granted.push_back((ticket, id, lock));
    }

    /// A lock that nobody ever asked for has no value yet. Every lock is made by a client of its own with its only
    /// request, so that it is made once, whoever asks for it and however often.
    fn create(&mut self, Key(lock): Key, io: &mut Io<'_, Self>) {
        let id = OpId { client: ClientId(u32::MAX - lock), n: 0 };
        self.raft(io, |raft, io| raft.on_request(id, kv::Op::Put(Key(lock), free()).into(), io));
    }

    /// Raft's node inside.
    pub(crate) fn inner(&self) -> &Raft {
        &self.raft
    }
}

fn free() -> Value {
    "free".into()
}

fn command(client: ClientId, op: Op) -> kv::Op {
    let mine = Value::from(client.to_string());
    match op {
        Op::Acquire(key) => kv::Op::Cas { key, old: free(), new: mine },
        Op::Release(key) => kv::Op::Cas { key, old: mine, new: free() },
    }
}

/// Every client acquires a lock, releases it, acquires another one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Locks;

const LOCKS: u64 = 2;

impl Workload<LockService> for Locks {
    type Params = NoParams;

    fn new(_params: &NoParams) -> Self {
        Self
    }

    fn op(&self, _client: ClientId, n: u64, _dice: &mut dyn Dice) -> Option<Op> {
        let lock = Key(u32::try_from(n / 2 % LOCKS).unwrap_or(0));
        Some(if n.is_multiple_of(2) { Op::Acquire(lock) } else { Op::Release(lock) })
    }

    fn parse(text: &str) -> Result<Op, String> {
        match text.split_once(' ') {
            Some(("acquire", lock)) => lock.parse().map(Op::Acquire),
            Some(("release", lock)) => lock.parse().map(Op::Release),
            _ => Err(format!("{text:?} is not an operation; expected \"acquire K\" or \"release K\"")),
        }
    }

    fn outcome(_op: &Op, reply: &Reply) -> Outcome {
        match *reply {
            Reply::Granted | Reply::Taken | Reply::Released | Reply::NotHeld => Outcome::Ok,
            Reply::Redirect(to) => Outcome::Redirect(to),
            Reply::Busy => Outcome::Busy,
        }
    }

    fn idempotent(_op: &Op) -> bool {
        true
    }
}

/// **One owner**: no two clients have a lock at once. A client has it from when it hears of the grant until it asks
/// for something else.
#[derive(Debug)]
pub(crate) struct OneOwner {
    granted: BTreeMap<OpId, Key>,
    owners: BTreeMap<Key, ClientId>,
}

impl Property<LockService> for OneOwner {
    const NAME: &'static str = "one_owner";
    const ABOUT: &'static str = "no two clients have a lock at once";

    fn new(_config: &LockConfig, _cast: &Cast) -> Self {
        Self { granted: BTreeMap::new(), owners: BTreeMap::new() }
    }

    fn on_fact(&mut self, _at: At, fact: &Fact) -> Verdict {
        if let Fact::Granted { id, lock } = *fact {
            self.granted.insert(id, lock);
        }
        Verdict::Skip
    }

    fn on_world(&mut self, _now: Time, event: &WorldEvent) -> Verdict {
        match *event {
            WorldEvent::Invoke { id } => self.owners.retain(|_, owner| *owner != id.client),
            WorldEvent::Return { id, answer: Ended::Ok } => {
                let Some(&lock) = self.granted.get(&id) else { return Verdict::Skip };
                if let Some(other) = self.owners.insert(lock, id.client) {
                    let evidence = Evidence::new("two clients have one lock").value("lock", lock);
                    return evidence.value("first", other).value("second", id.client).into();
                }
                return Verdict::Held;
            }
            _ => {}
        }
        Verdict::Skip
    }
}

pub(crate) const HASTY: Bug = Bug {
    name: "hasty-grant",
    about: "the leader grants a lock that is free in its own memory, before Raft has ordered the request",
    breaks: &["one_owner"],
    reached: "",
    source: "",
};

/// The mistakes of the service, and those of the Raft inside.
const BUGS: &[Bug] = &{
    let mut bugs = [HASTY; 1 + Raft::BUGS.len()];
    let mut n = 0;
    while n < Raft::BUGS.len() {
        bugs[n + 1] = Raft::BUGS[n];
        n += 1;
    }
    bugs
};

/// Where Raft's invariants find Raft.
#[derive(Debug)]
pub(crate) struct ToRaft;

impl Projection for ToRaft {
    type Inner = Raft;
    type Outer = LockService;

    fn config(config: &LockConfig) -> &RaftConfig {
        &config.raft
    }

    fn state(state: &LockService) -> &Raft {
        &state.raft
    }

    fn disk(disk: &Disk) -> &raft::Disk {
        &disk.raft
    }

    fn fact(fact: &Fact) -> Option<&raft::Fact> {
        match fact {
            Fact::Raft(fact) => Some(fact),
            Fact::Granted { .. } => None,
        }
    }
}

impl Protocol for LockService {
    type Node = Self;
    type Checks = (
        Projected<ToRaft, check::OneVotePerTerm>,
        Projected<ToRaft, check::ElectedByQuorum>,
        Projected<ToRaft, check::ElectionSafety>,
        Projected<ToRaft, check::OneChangeAtATime>,
        Projected<ToRaft, check::MonotoneTerms>,
        Projected<ToRaft, check::LeaderAppendOnly>,
        Projected<ToRaft, check::LogMatching>,
        Projected<ToRaft, check::LeaderCompleteness>,
        Projected<ToRaft, check::StateMachineSafety>,
        Projected<ToRaft, check::CommittedDurable>,
        Projected<ToRaft, check::SnapshotFaithful>,
        Projected<ToRaft, check::FreshReads>,
        Projected<ToRaft, check::ExactlyOnce>,
        Projected<ToRaft, check::ReplicasEqual>,
        OneOwner,
    );
    type Load = Locks;
    type Params = RaftParams;

    const ROLES: &'static [&'static str] = Raft::ROLES;
    const FACTS: &'static [&'static str] = &["raft", "granted"];
    const MESSAGES: &'static [&'static str] = &["raft"];
    const NAME: &'static str = "lock-service";
    const ABOUT: &'static str = "locks kept in a replicated log";
    const BUGS: &'static [Bug] = BUGS;
    const VITAL: &'static [&'static str] = &["granted"];
    const LEADER: Option<&'static str> = Raft::LEADER;

    fn config(setup: &Setup<'_, RaftParams>) -> Result<LockConfig, ParamError> {
        Ok(LockConfig { raft: RaftConfig::new(setup)?, hasty: setup.bug == Some(HASTY.name) })
    }

    fn core(config: &LockConfig, nodes: Nodes<'_, Self>, candidates: &NodeSet, dice: &mut dyn Dice) -> Option<NodeSet> {
        projected::inside::<ToRaft, _>(nodes, |nodes| Raft::core(&config.raft, nodes, candidates, dice))
    }

    fn bound(config: &LockConfig, healed: &Healed) -> Span {
        Raft::bound(&config.raft, healed)
    }
}
