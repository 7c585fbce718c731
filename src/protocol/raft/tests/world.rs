//! A small world for Raft's own tests: messages with random delays, crashes that may cut a turn, disks that sync
//! later, three clients. It knows nothing of plans and seeds; that is the simulator's.

use std::collections::{BTreeMap, BTreeSet};

use super::node::Node;
use crate::check::{At, Board, NodeSet, Nodes, Phase, Properties, Seat, Seats, Time, WorldEvent};
use crate::ids::{ClientId, OpId};
use crate::process::{Cast, Dice, Durable, Effect, Io, Local, NodeId, Wall};
use crate::protocol::kv::{Answer, Key, Kv, KvParams, Op, Reply};
use crate::protocol::raft::check::All;
use crate::protocol::raft::{Disk, Message, Raft, RaftConfig, RaftParams, Timer};
use crate::protocol::{Healed, Protocol, Setup};
use crate::rng::{Die, Seed, Stream};
use crate::time::Span;
use crate::turn::{Input, boot, turn};
use crate::workload::Workload;

/// What may go wrong.
#[derive(Clone, Copy)]
pub(super) struct Faults {
    /// Of a thousand messages, how many are lost.
    loss: u64,
    /// Of a thousand, how many come twice.
    twice: u64,
    /// The longest delay.
    delay: Span,
    /// Nodes crash and are cut off about this often; never if zero.
    every: Span,
    /// Whether clients ask.
    clients: bool,
}

impl Faults {
    pub(super) const NONE: Self = Self { loss: 0, twice: 0, delay: Span::ms(10), every: Span::ZERO, clients: false };
    pub(super) const ALL: Self = Self { loss: 30, twice: 30, delay: Span::ms(25), every: Span::ms(150), clients: true };
    const HEALED: Self = Self { clients: true, ..Self::NONE };
}

const SYNC: Span = Span::ms(2);

enum Event {
    Input { node: NodeId, life: u32, input: Input<Raft> },
    Timer { node: NodeId, life: u32, timer: Timer, armed: u64 },
    Synced { node: NodeId, life: u32 },
    Boot(NodeId),
    Fault,
    Client(usize),
}

#[derive(Default)]
struct Client {
    n: u64,
    tries: u32,
    /// What it waits for, and which write it must see at least.
    open: Option<(Op, u64)>,
    hint: Option<NodeId>,
}

pub(super) struct World {
    now: u64,
    events: u64,
    queue: BTreeMap<(u64, u64), Event>,
    nodes: Vec<Node>,
    cast: Cast,
    config: RaftConfig,
    checks: All,
    board: Board,
    dice: Stream,
    faults: Faults,
    isolated: Option<NodeId>,
    clients: [Client; 3],
    /// The last write of the first client that was acknowledged.
    acknowledged: u64,
    answers: Vec<(OpId, Reply)>,
    kinds: BTreeSet<String>,
    other: Option<String>,
}

struct View<'a>(&'a [Node]);

impl Seats<Raft> for View<'_> {
    fn count(&self) -> u32 {
        self.0.len() as u32
    }
    fn seat(&self, id: NodeId) -> Option<Seat<'_, Raft>> {
        let node = &self.0[id.index()];
        let held = node.blocked;
        node.state.as_ref().map(|state| Seat { node: id, state, disk: &node.disk, held })
    }
    fn disk(&self, id: NodeId) -> &Disk {
        &self.0[id.index()].disk
    }
}

impl World {
    pub(super) fn new(seed: u64, nodes: u32, params: RaftParams, bug: Option<&'static str>, faults: Faults) -> Self {
        let cast = Cast::single("replica", nodes);
        let config = RaftConfig::new(&Setup { params: &params, bug, cast: &cast }).expect("sound settings");
        let checks = <All as Properties<Raft>>::new(&config, &cast);
        let board = Board::new(<All as Properties<Raft>>::infos().len());
        let mut world = Self {
            now: 0,
            events: 0,
            queue: BTreeMap::new(),
            nodes: (0..nodes).map(|node| Node::new(node, seed)).collect(),
            cast,
            config,
            checks,
            board,
            dice: Die::new(Seed(seed)).stream(),
            faults,
            isolated: None,
            clients: Default::default(),
            acknowledged: 0,
            answers: Vec::new(),
            kinds: BTreeSet::new(),
            other: None,
        };
        (0..nodes).for_each(|node| world.boot(NodeId(node)));
        world.at(Span::ms(50), Event::Fault);
        (0..3).for_each(|client| world.at(Span::ms(100), Event::Client(client)));
        world
    }

    pub(super) fn now(&self) -> Span {
        Span(self.now)
    }

    pub(super) fn run_until(&mut self, end: Span) {
        while let Some(entry) = self.queue.first_entry().filter(|entry| entry.key().0 <= end.0) {
            let ((now, _), event) = entry.remove_entry();
            self.now = now;
            self.board.set_now(Time(now));
            self.happen(event);
        }
        self.now = end.0;
    }

    fn at(&mut self, after: Span, event: Event) {
        self.events += 1;
        self.queue.insert((self.now + after.0, self.events), event);
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Input { node, life, input } => {
                // A message may outlive its receiver; what the disk and the clock say does not.
                if life == 0 || life == self.nodes[node.index()].life {
                    self.give(node, input);
                }
            }
            Event::Timer { node, life, timer, armed } => {
                let seat = &mut self.nodes[node.index()];
                if seat.life == life && seat.timers.contains(&(timer, armed)) {
                    seat.timers.retain(|&(other, _)| other != timer);
                    self.give(node, Input::Timer(timer));
                }
            }
            Event::Synced { node, life } if life == self.nodes[node.index()].life => self.synced(node),
            Event::Synced { .. } => {}
            Event::Boot(node) if self.nodes[node.index()].state.is_none() => self.boot(node),
            Event::Boot(_) => {}
            Event::Fault => self.fault(),
            Event::Client(client) => self.client(client),
        }
    }

    fn boot(&mut self, node: NodeId) {
        let clocks = (Local(self.now), Wall(0));
        let seat = &mut self.nodes[node.index()];
        seat.life += 1;
        seat.start_turn(self.now, node);
        let io = Io::new(node, clocks, &self.cast, &self.config, &mut seat.outbox);
        seat.state = Some(boot(&seat.disk, io));
        let event = WorldEvent::Boot { node, life: seat.life };
        self.checks.on_world(Time(self.now), &event, &mut self.board);
        self.leave(node);
    }

    fn give(&mut self, node: NodeId, input: Input<Raft>) {
        let doomed = self.faults.every > Span::ZERO && self.dice.below(400) == 0;
        let clocks = (Local(self.now), Wall(0));
        let seat = &mut self.nodes[node.index()];
        let Some(state) = &mut seat.state else { return };
        if seat.blocked {
            seat.inbox.push_back(input);
            return;
        }
        seat.outbox.draws.instant = self.now;
        seat.outbox.draws.in_turn = 0;
        turn(state, input, Io::new(node, clocks, &self.cast, &self.config, &mut seat.outbox));
        if doomed {
            let kept = self.dice.below(seat.outbox.effects.len() as u64 + 1);
            seat.outbox.effects.truncate(kept as usize);
            seat.doomed = true;
        }
        self.leave(node);
    }

    /// Lets effects leave up to the next barrier; at the end of the turn, the next input comes in.
    fn leave(&mut self, node: NodeId) {
        let seat = &mut self.nodes[node.index()];
        seat.leaving.append(&mut seat.outbox.effects);
        while let Some(effect) = self.nodes[node.index()].leaving.pop_front() {
            self.effect(node, effect);
            if self.nodes[node.index()].blocked {
                return;
            }
        }
        let seat = &mut self.nodes[node.index()];
        if seat.doomed {
            return self.crash(node);
        }
        let at = At { now: Time(self.now), node, life: seat.life };
        if let Some(state) = &seat.state {
            let view = Seat { node, state, disk: &seat.disk, held: false };
            self.checks.on_turn(at, view, &mut self.board);
        }
        if let Some(input) = self.nodes[node.index()].inbox.pop_front() {
            self.give(node, input);
        }
    }

    fn effect(&mut self, node: NodeId, effect: Effect<Raft>) {
        let seat = &mut self.nodes[node.index()];
        let life = seat.life;
        match effect {
            Effect::Send { to, msg } => self.send(node, to, msg),
            Effect::Arm { timer, after } => {
                seat.timers.retain(|&(other, _)| other != timer);
                seat.timers.push((timer, self.events));
                self.at(after, Event::Timer { node, life, timer, armed: self.events });
            }
            Effect::Disarm(timer) => seat.timers.retain(|&(other, _)| other != timer),
            Effect::Persist(write) => {
                seat.unsynced.push_back((write, None));
                seat.blocked = true;
                self.at(SYNC, Event::Synced { node, life });
            }
            Effect::Write(write, ticket) => {
                seat.unsynced.push_back((write, Some(ticket)));
                self.at(SYNC, Event::Synced { node, life });
            }
            Effect::Reply { id, reply } => self.answer(id, reply),
            Effect::Fact(fact) => {
                let name = format!("{fact:?}");
                self.kinds.insert(name.split([' ', '{']).next().unwrap_or("").to_owned());
                let at = At { now: Time(self.now), node, life };
                self.checks.on_fact(at, &fact, &mut self.board);
            }
            Effect::Refuse(why) => panic!("{node} refuses: {why}"),
        }
    }

    fn send(&mut self, from: NodeId, to: NodeId, msg: Message) {
        let cut = self.isolated.is_some_and(|node| node == from || node == to);
        let copies = if self.dice.below(1000) < self.faults.twice { 2 } else { 1 };
        for _ in 0..copies {
            let delay = self.dice.between(Span::ms(1), self.faults.delay);
            let late = if self.faults.loss > 0 && self.dice.below(50) == 0 { delay.times(20) } else { delay };
            if !cut && self.dice.below(1000) >= self.faults.loss {
                self.at(late, Event::Input { node: to, life: 0, input: Input::Message { from, msg: msg.clone() } });
            }
        }
    }

    fn synced(&mut self, node: NodeId) {
        let seat = &mut self.nodes[node.index()];
        let Some((write, ticket)) = seat.unsynced.pop_front() else { return };
        seat.disk.apply(write);
        if let Some(ticket) = ticket {
            return self.give(node, Input::Synced(ticket));
        }
        seat.blocked = false;
        self.leave(node);
    }

    pub(super) fn crash(&mut self, node: NodeId) {
        let keep = [self.dice.below(4), self.dice.below(4)];
        let seat = &mut self.nodes[node.index()];
        if seat.state.take().is_none() {
            return;
        }
        seat.lose_memory(keep);
        let event = WorldEvent::Crash { node, lost_disk: false };
        self.checks.on_world(Time(self.now), &event, &mut self.board);
        self.checkpoint();
        let down = self.dice.between(Span::ZERO, Span::ms(400));
        self.at(down, Event::Boot(node));
    }

    fn checkpoint(&mut self) {
        self.checks.on_state(Time(self.now), Nodes::new(&View(&self.nodes)), &mut self.board);
    }

    fn fault(&mut self) {
        if self.faults.every == Span::ZERO {
            return;
        }
        let any = NodeId(self.dice.below(self.nodes.len() as u64) as u32);
        let who = if self.dice.below(2) == 0 { any } else { self.leader().unwrap_or(any) };
        match self.dice.below(4) {
            0 | 1 => self.crash(who),
            2 => self.isolated = Some(who),
            _ => self.isolated = None,
        }
        let next = self.dice.between(Span::ZERO, self.faults.every.times(2));
        self.at(next, Event::Fault);
    }

    pub(super) fn isolate(&mut self, node: Option<NodeId>) {
        self.isolated = node;
    }

    pub(super) fn heal(&mut self) {
        self.faults = Faults::HEALED;
        self.isolated = None;
        for node in 0..self.nodes.len() as u32 {
            self.happen(Event::Boot(NodeId(node)));
        }
        self.phase(Phase::Liveness);
    }

    fn phase(&mut self, phase: Phase) {
        self.checks.on_world(Time(self.now), &WorldEvent::Phase(phase), &mut self.board);
        self.checkpoint();
    }

    /// Runs until clients are served and nodes agree, at most for as long as the protocol promises.
    pub(super) fn settle(&mut self) {
        let healed = Healed {
            delay: Span::ms(10),
            sync: SYNC,
            service: Span::ZERO,
            drift_ppm: 0,
            timeout: Span::ms(100),
            backoff: Span::ms(100),
            run_for: Span::secs(6),
            clients: 3,
            requests: 10_000,
        };
        let end = self.now() + Raft::bound(&self.config, &healed);
        let target = self.clients.each_ref().map(|client| client.n + 2);
        while !(0..3).all(|client| self.clients[client].n >= target[client]) && self.now() < end {
            self.run_until(self.now() + Span::ms(100));
        }
        self.faults.clients = false;
        let core = NodeSet::range(0..self.nodes.len() as u32);
        let mut waiting = Some(("clients", "not served".to_owned()));
        while waiting.is_some() && self.now() < end {
            self.run_until(self.now() + Span::ms(100));
            waiting = self.checks.waiting(&core, Nodes::new(&View(&self.nodes)));
        }
        if let Some((name, why)) = waiting {
            self.other.get_or_insert(format!("{name}: {why}"));
        }
        self.phase(Phase::Over);
    }

    pub(super) fn request(&mut self, node: NodeId, id: OpId, op: Op) {
        self.at(Span::ms(1), Event::Input { node, life: 0, input: Input::Request { id, op } });
    }

    /// The first client counts upwards in one key, the second reads that key, the third does anything elsewhere.
    fn client(&mut self, number: usize) {
        let wait = self.dice.between(Span::ms(5), Span::ms(60));
        self.at(wait, Event::Client(number));
        if !self.faults.clients {
            return;
        }
        let acknowledged = self.acknowledged;
        let op = self.next_op(number);
        let any = NodeId(self.dice.below(self.nodes.len() as u64) as u32);
        let client = &mut self.clients[number];
        if client.open.is_none() || client.tries > 12 {
            let n = client.n + u64::from(client.open.is_some());
            *client = Client { n, open: Some((op, acknowledged)), ..Client::default() };
        }
        client.tries += 1;
        let to = client.hint.take().unwrap_or(any);
        let id = OpId { client: ClientId(number as u32), n: client.n };
        let Some((op, _)) = client.open.clone() else { return };
        self.request(to, id, op);
    }

    fn next_op(&mut self, number: usize) -> Op {
        let client = &self.clients[number];
        let n = client.n + u64::from(client.open.is_some());
        match number {
            0 => Op::Put(Key(9), n.to_string().into()),
            1 => Op::Get(Key(9)),
            _ => {
                let kv = <Kv as Workload<Raft>>::new(&KvParams::default());
                <Kv as Workload<Raft>>::op(&kv, ClientId(2), n, &mut self.dice).expect("endless")
            }
        }
    }

    fn answer(&mut self, id: OpId, reply: Reply) {
        self.answers.push((id, reply.clone()));
        let client = &mut self.clients[id.client.index()];
        let Some((op, floor)) = client.open.clone().filter(|_| id.n == client.n) else { return };
        match reply {
            Reply::Redirect(node) => client.hint = Some(node),
            Reply::Busy => {}
            Reply::Answer(answer) => {
                *client = Client { n: id.n + 1, ..Client::default() };
                match (op, answer) {
                    (Op::Put(Key(9), _), _) => self.acknowledged = self.acknowledged.max(id.n),
                    (Op::Get(Key(9)), Answer::Value(value)) => {
                        let read = value.map_or(0, |value| value.text().parse().expect("a number"));
                        if read < floor {
                            self.other.get_or_insert(format!("stale_read: {read} after {floor}"));
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    pub(super) fn answers(&self, id: OpId) -> Vec<Reply> {
        self.answers.iter().filter(|(of, _)| *of == id).map(|(_, reply)| reply.clone()).collect()
    }

    pub(super) fn states(&self) -> impl Iterator<Item = &Raft> {
        self.nodes.iter().filter_map(|node| node.state.as_ref())
    }

    pub(super) fn state(&self, node: NodeId) -> &Raft {
        self.nodes[node.index()].state.as_ref().expect("it lives")
    }

    /// The leader of the highest term.
    pub(super) fn leader(&self) -> Option<NodeId> {
        let leads = |node: &NodeId| self.nodes[node.index()].state.as_ref().is_some_and(Raft::is_leader);
        self.cast.nodes().filter(leads).max_by_key(|&node| self.state(node).term())
    }

    pub(super) fn violation(&self) -> Option<String> {
        let broken = self.board.violation.as_ref().map(|found| format!("{}: {}", found.property, found.evidence));
        broken.or_else(|| self.other.clone())
    }

    /// The kinds of fact that were reported.
    pub(super) fn kinds(&self) -> impl Iterator<Item = String> {
        self.kinds.iter().map(|name| {
            let mut snake = String::new();
            for letter in name.chars() {
                if letter.is_uppercase() && !snake.is_empty() {
                    snake.push('_');
                }
                snake.push(letter.to_ascii_lowercase());
            }
            snake
        })
    }

    pub(super) fn seen(&self, kind: &str) -> bool {
        self.kinds().any(|seen| seen == kind)
    }
}
