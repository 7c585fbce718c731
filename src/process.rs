//! All that a protocol's author reads.
//!
//! A node is a deterministic state machine: it is booted from its disk, it is given messages, timers,
//! requests and notices of finished syncs, and it answers through [`Io`] with effects. It has no clock,
//! no sockets and no dice of its own; whatever it does is a function of what it was given.

mod brief;
mod shared;
mod within;

use std::collections::VecDeque;
use std::fmt::Debug;
use std::hash::Hash;
use std::ops::Range;

pub use crate::ids::{ClientId, NodeId, NodeSet, OpId, Voters};
pub use crate::rng::{Dice, Ratio};
pub use crate::time::{Local, Span, Wall};
pub use brief::Brief;
pub use shared::Shared;
pub use within::{Wrap, WriteOf};

use crate::rng::{Die, scale};

/// What travels, is stored, or steers the kernel. Derived, never written by hand: a hand-written `Hash` that
/// leaves a field out makes two different worlds look the same.
pub trait Payload: Clone + Debug + Eq + Hash {}
impl<T: Clone + Debug + Eq + Hash> Payload for T {}

/// What a node keeps on its disk. One [`Write`](Durable::Write) is one record: after a crash it is there
/// whole or not at all.
pub trait Durable: Default + Payload {
    /// One record.
    type Write: Payload;

    /// Puts a record, now synced, in its place.
    fn apply(&mut self, write: Self::Write);

    /// Which file a record goes to. Records of one file survive in the order in which they were written.
    fn file(_write: &Self::Write) -> u8 {
        0
    }

    /// Gives this disk a latent error that it can detect. `false` says that errors are not modelled, and a
    /// scenario that wants them is refused.
    fn damage(&mut self, _dice: &mut dyn Dice) -> bool {
        false
    }
}

impl Durable for () {
    type Write = Never;

    fn apply(&mut self, write: Never) {
        match write {}
    }
}

/// A disk with a single value that is replaced whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Slot<T>(pub T);

impl<T: Payload + Default> Durable for Slot<T> {
    type Write = T;

    fn apply(&mut self, write: T) {
        self.0 = write;
    }
}

/// "This protocol has none of these."
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Never {}

/// Names the write that it was given for; tickets of one node only grow, across restarts too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// One group of nodes, as the scenario casts them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Group {
    /// Its name in scenario files.
    pub name: String,
    /// Its members that boot when the run starts, by number.
    pub members: Range<u32>,
    /// Its spare nodes, which first boot when the plan says so. They stand right behind the members.
    pub spares: Range<u32>,
}

/// Which nodes there are, in which groups. Nodes are numbered from 0, group by group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Cast {
    groups: Vec<Group>,
}

impl Cast {
    /// Casts groups of `(name, members, spares)` in this order.
    #[must_use]
    pub fn new(groups: &[(&str, u32, u32)]) -> Self {
        let mut next = 0;
        let groups = groups.iter().map(|&(name, members, spares)| {
            let first = next;
            next += members + spares;
            Group { name: name.to_owned(), members: first..first + members, spares: first + members..next }
        });
        Self { groups: groups.collect() }
    }

    /// One group of `members` nodes.
    #[must_use]
    pub fn single(name: &str, members: u32) -> Self {
        Self::new(&[(name, members, 0)])
    }

    /// The groups, in order of their nodes' numbers.
    #[must_use]
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// Number of nodes, spares included.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.groups.last().map_or(0, |group| group.spares.end)
    }

    /// Whether there are no nodes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every node, spares included.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.len()).map(NodeId)
    }

    /// Whether `node` waits for a `start` entry before it first boots.
    #[must_use]
    pub fn is_spare(&self, node: NodeId) -> bool {
        self.groups.iter().any(|group| group.spares.contains(&node.0))
    }

    /// The place of the group that `node` is in.
    #[must_use]
    pub fn group_of(&self, node: NodeId) -> usize {
        self.groups.iter().position(|group| node.0 < group.spares.end).unwrap_or(0)
    }

    /// The group of this name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.name == name)
    }
}

/// What charts, pages and fault targets may ask of any node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Glance {
    /// What it is just now, such as `"leader"`; empty where the protocol knows no roles.
    pub role: &'static str,
    /// Its term, ballot or view.
    pub epoch: u64,
    /// How far it has got: commands applied, rounds passed.
    pub progress: u64,
}

/// A deterministic state machine on one node. Its `Debug` is what a person sees of it; `{:-?}` asks for it in brief
/// ([`Brief`]).
pub trait Process: Sized + Debug + 'static {
    /// What all nodes of a run share and nobody changes.
    type Config: 'static;
    /// What nodes send each other.
    type Msg: Payload;
    /// What they wait for.
    type Timer: Payload + Copy;
    /// What survives a crash.
    type Disk: Durable;
    /// What clients ask.
    type Op: Payload;
    /// What they are told.
    type Reply: Payload;
    /// What nodes report to the invariants: nothing that steers them.
    type Fact: Payload;

    /// The first start and every restart: the one path into life leads from the disk.
    fn boot(disk: &Self::Disk, io: &mut Io<'_, Self>) -> Self;

    /// A message arrived.
    fn on_message(&mut self, from: NodeId, msg: Self::Msg, io: &mut Io<'_, Self>);

    /// A timer that was armed has run out; it is no longer armed.
    fn on_timer(&mut self, _timer: Self::Timer, _io: &mut Io<'_, Self>) {}

    /// A client asks. The same `id` may come again, and from several attempts at once.
    fn on_request(&mut self, _id: OpId, _op: Self::Op, _io: &mut Io<'_, Self>) {}

    /// Everything written up to and including `upto` is on the disk.
    fn on_synced(&mut self, _upto: Ticket, _io: &mut Io<'_, Self>) {}

    /// What may be seen of this node from outside.
    fn glance(&self) -> Glance {
        Glance::default()
    }
}

/// One thing that a turn asks of the world. They leave in the order asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect<P: Process> {
    /// To another node, or to itself.
    Send {
        /// Whom.
        to: NodeId,
        /// What.
        msg: P::Msg,
    },
    /// (Re)starts a timer.
    Arm {
        /// Which; a timer equal to an armed one replaces it.
        timer: P::Timer,
        /// From the moment when this effect leaves, on the node's own clock.
        after: Span,
    },
    /// Stops a timer.
    Disarm(P::Timer),
    /// Writes, and holds back whatever follows until it is synced.
    Persist(<P::Disk as Durable>::Write),
    /// Writes, and goes on.
    Write(<P::Disk as Durable>::Write, Ticket),
    /// Answers a client.
    Reply {
        /// The operation that is answered.
        id: OpId,
        /// The answer.
        reply: P::Reply,
    },
    /// Reports to the invariants.
    Fact(P::Fact),
    /// Stays down, for a reason that a person can read.
    Refuse(String),
}

/// Where a turn's effects are collected, and where its draws come from. One is reused for all turns.
#[derive(Debug)]
pub struct Outbox<P: Process> {
    /// What was asked, in order.
    pub effects: VecDeque<Effect<P>>,
    /// The last ticket given on this node.
    pub ticket: Ticket,
    /// The node's draws.
    pub draws: Draws,
}

impl<P: Process> Default for Outbox<P> {
    fn default() -> Self {
        Self { effects: VecDeque::new(), ticket: Ticket(0), draws: Draws::default() }
    }
}

/// The draws of one turn: each depends on the node seed, the node, its life, the instant, and its number in
/// the turn. A plan may fix any draw by its number in the node's life.
#[derive(Clone, Debug)]
pub struct Draws {
    /// Folded from the node seed.
    pub seed: Die,
    /// Node and life.
    pub who: [u64; 2],
    /// The true instant of the turn, in nanoseconds.
    pub instant: u64,
    /// Draws made before in this turn.
    pub in_turn: u64,
    /// Draws made before in this life.
    pub in_life: u64,
    /// Results that the plan fixes for this life: (number in the life, result).
    pub fixed: Vec<(u64, u64)>,
}

impl Default for Draws {
    fn default() -> Self {
        Self { seed: Die::new(crate::rng::Seed(0)), who: [0; 2], instant: 0, in_turn: 0, in_life: 0, fixed: Vec::new() }
    }
}

impl Draws {
    /// A result from `low` to `high`, both included: what the plan fixed, or else an even draw.
    #[inline(always)]
    fn draw(&mut self, low: u64, high: u64) -> u64 {
        let number = self.in_life;
        self.in_life += 1;
        self.in_turn += 1;
        if let Some(&(_, value)) = self.fixed.iter().find(|&&(nth, _)| nth == number) {
            return value.clamp(low, high.max(low));
        }
        let die = self.seed.with4([self.who[0], self.who[1], self.instant, self.in_turn]);
        low + scale(die.roll(), high.saturating_sub(low).saturating_add(1))
    }
}

/// What a node holds while one of its handlers runs: what it may know, and whom it may ask. It fills a buffer
/// of effects and never touches the world.
pub struct Io<'a, P: Process> {
    me: NodeId,
    now: Local,
    wall: Wall,
    group: usize,
    cast: &'a Cast,
    config: &'a P::Config,
    outbox: &'a mut Outbox<P>,
}

impl<'a, P: Process> Io<'a, P> {
    /// For the kernel, and for unit tests of a handler.
    #[inline]
    pub fn new(
        me: NodeId,
        (now, wall): (Local, Wall),
        cast: &'a Cast,
        config: &'a P::Config,
        outbox: &'a mut Outbox<P>,
    ) -> Self {
        Self { me, now, wall, group: usize::MAX, cast, config, outbox }
    }

    /// This node.
    #[must_use]
    pub fn me(&self) -> NodeId {
        self.me
    }

    /// What the monotonic clock showed when the turn began.
    #[must_use]
    pub fn now(&self) -> Local {
        self.now
    }

    /// What the wall clock showed when the turn began.
    #[must_use]
    pub fn wall(&self) -> Wall {
        self.wall
    }

    /// What all nodes of the run share.
    #[must_use]
    pub fn config(&self) -> &'a P::Config {
        self.config
    }

    /// Which nodes there are, in which groups.
    #[must_use]
    pub fn cast(&self) -> &'a Cast {
        self.cast
    }

    fn own_group(&self) -> usize {
        if self.group == usize::MAX { self.cast.group_of(self.me) } else { self.group }
    }

    /// The members of this node's group, without itself.
    pub fn peers(&self) -> impl Iterator<Item = NodeId> + use<P> {
        let me = self.me;
        self.cast.groups[self.own_group()].members.clone().map(NodeId).filter(move |&node| node != me)
    }

    /// The members of the `n`-th group.
    ///
    /// # Panics
    /// If the cast has fewer groups.
    pub fn group(&self, n: usize) -> impl Iterator<Item = NodeId> + use<P> {
        self.cast.groups[n].members.clone().map(NodeId)
    }

    /// How many members of this node's group are a majority of it.
    #[must_use]
    pub fn majority(&self) -> usize {
        self.cast.groups[self.own_group()].members.len() / 2 + 1
    }

    /// Sends a message; to itself too, and then it arrives in this same turn.
    #[inline(always)]
    pub fn send(&mut self, to: NodeId, msg: P::Msg) {
        self.outbox.effects.push_back(Effect::Send { to, msg });
    }

    /// Sends a message to all [`peers`](Io::peers), one after another.
    pub fn broadcast(&mut self, msg: P::Msg) {
        for to in self.peers() {
            self.send(to, msg.clone());
        }
    }

    /// Starts a timer, or starts it anew if an equal one is armed.
    pub fn arm(&mut self, timer: P::Timer, after: Span) {
        self.outbox.effects.push_back(Effect::Arm { timer, after });
    }

    /// Starts a timer that runs for a drawn time from `low` to `high`.
    pub fn arm_within(&mut self, timer: P::Timer, low: Span, high: Span) {
        let after = self.jitter(low, high);
        self.arm(timer, after);
    }

    /// Stops a timer; no harm if it is not armed.
    pub fn disarm(&mut self, timer: P::Timer) {
        self.outbox.effects.push_back(Effect::Disarm(timer));
    }

    /// Writes a record and holds back everything asked after it until it is on the disk. The node takes no
    /// input before that.
    pub fn persist(&mut self, write: <P::Disk as Durable>::Write) {
        self.outbox.effects.push_back(Effect::Persist(write));
    }

    /// Writes a record without waiting: [`Process::on_synced`] will name the ticket once it is on the disk.
    pub fn write(&mut self, write: <P::Disk as Durable>::Write) -> Ticket {
        self.outbox.ticket.0 += 1;
        let ticket = self.outbox.ticket;
        self.outbox.effects.push_back(Effect::Write(write, ticket));
        ticket
    }

    /// Answers a client.
    pub fn reply(&mut self, id: OpId, reply: P::Reply) {
        self.outbox.effects.push_back(Effect::Reply { id, reply });
    }

    /// Reports something to the invariants and to the account of the run.
    pub fn fact(&mut self, fact: P::Fact) {
        self.outbox.effects.push_back(Effect::Fact(fact));
    }

    /// Refuses to run, mostly in [`Process::boot`] because of what is on the disk: the node stops, and stays down.
    pub fn refuse(&mut self, why: impl Into<String>) {
        self.outbox.effects.push_back(Effect::Refuse(why.into()));
    }

    /// An even draw from 0 up to but not including `n`; 0 if `n` is 0.
    #[inline(always)]
    pub fn choose(&mut self, n: u64) -> u64 {
        self.outbox.draws.draw(0, n.saturating_sub(1))
    }

    /// A drawn duration from `low` to `high`, both included.
    pub fn jitter(&mut self, low: Span, high: Span) -> Span {
        Span(self.outbox.draws.draw(low.0, high.0))
    }
}
