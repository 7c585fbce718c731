//! Each invariant bites, clause by clause: it is shown nodes made by hand, good ones and bad ones.

mod elections;
mod logs;
mod machines;
mod members;

use crate::check::{At, Cast, NodeId, Nodes, OpId, Property, Seat, Seats, Time, Verdict, WorldEvent};
use crate::ids::ClientId;
use crate::process::{Io, Local, Outbox, Process, Wall};
use crate::protocol::Setup;
use crate::protocol::kv::{Key, Op};
use crate::protocol::raft::election::Role;
use crate::protocol::raft::{
    Command, Disk, Entry, Fact, Index, Log, Message, Position, Raft, RaftConfig, RaftParams, Term, Timer,
};

const SKIP: &str = "skip";
const HELD: &str = "held";

/// Three nodes, made as the test likes, before one property.
struct Stage<C> {
    check: C,
    nodes: Vec<Actor>,
    cast: Cast,
    config: RaftConfig,
}

struct Actor {
    state: Raft,
    disk: Disk,
    life: u32,
}

impl<C: Property<Raft>> Stage<C> {
    fn new() -> Self {
        Self::with(RaftParams::default())
    }

    fn with(params: RaftParams) -> Self {
        let cast = Cast::single("replica", 3);
        let params = RaftParams { pre_vote: false, no_op: false, ..params };
        let config = RaftConfig::new(&Setup { params: &params, bug: None, cast: &cast }).unwrap();
        let mut outbox = Outbox::default();
        let nodes = cast.nodes().map(|node| {
            let io = Io::new(node, (Local(0), Wall(0)), &cast, &config, &mut outbox);
            Actor { state: crate::turn::boot(&Disk::default(), io), disk: Disk::default(), life: 1 }
        });
        Self { check: C::new(&config, &cast), nodes: nodes.collect(), cast, config }
    }

    fn at(&self, node: u32) -> At {
        At { now: Time::ZERO, node: NodeId(node), life: self.nodes[node as usize].life }
    }

    fn state(&mut self, node: u32) -> &mut Raft {
        &mut self.nodes[node as usize].state
    }

    fn disk(&mut self, node: u32) -> &mut Disk {
        &mut self.nodes[node as usize].disk
    }

    /// Adds entries of these terms to a log, and to the synced one.
    fn append(&mut self, node: u32, terms: &[Term]) {
        for &term in terms {
            let entry = Entry { term, command: Command::Noop.into() };
            self.state(node).log.push(entry.clone());
            self.disk(node).log.push(entry);
            self.state(node).term = self.state(node).term.max(term);
        }
    }

    /// Gives a node a new log.
    fn rewrite(&mut self, node: u32, terms: &[Term]) {
        self.state(node).log = Log::default();
        self.disk(node).log = Log::default();
        self.append(node, terms);
    }

    /// Makes a node the leader of this term.
    fn elect(&mut self, node: u32, term: Term) {
        let (config, cast) = (&self.config, &self.cast);
        let state = &mut self.nodes[node as usize].state;
        let mut outbox = Outbox::default();
        let mut io = Io::new(NodeId(node), (Local(0), Wall(0)), cast, config, &mut outbox);
        (state.role, state.term) = (Role::Follower, term - 1);
        state.on_timer(Timer::Election, &mut io);
        state.on_message(NodeId((node + 1) % 3), Message::Vote { term, granted: true }, &mut io);
        assert!(state.is_leader() && state.term() == term);
    }

    /// Applies all up to here.
    fn apply(&mut self, node: u32, upto: Index) {
        let state = self.state(node);
        for index in state.applied + 1..=upto {
            if let Some(Command::Client(id, op)) = state.log.entry(index).map(|entry| &*entry.command) {
                state.machine.apply(*id, op);
            }
        }
        state.applied = state.applied.max(upto);
        state.commit = state.commit.max(upto);
    }

    fn fact(&mut self, node: u32, fact: &Fact) -> String {
        said(self.check.on_fact(self.at(node), fact))
    }

    fn committed(&mut self, node: u32, term: Term, upto: Position) -> String {
        self.fact(node, &Fact::Committed { term, upto })
    }

    fn turn(&mut self, node: u32) -> String {
        let at = self.at(node);
        let Actor { state, disk, .. } = &self.nodes[node as usize];
        said(self.check.on_turn(at, Seat { node: at.node, state, disk, held: false }))
    }

    fn crash(&mut self, node: u32, lost_disk: bool) {
        self.nodes[node as usize].life += 1;
        self.world(&WorldEvent::Crash { node: NodeId(node), lost_disk });
    }

    fn world(&mut self, event: &WorldEvent) {
        assert_eq!(said(self.check.on_world(Time::ZERO, event)), SKIP);
    }

    fn look(&mut self) -> String {
        said(self.check.on_state(Time::ZERO, Nodes::new(&View(&self.nodes))))
    }
}

struct View<'a>(&'a [Actor]);

impl Seats<Raft> for View<'_> {
    fn count(&self) -> u32 {
        self.0.len() as u32
    }

    fn seat(&self, node: NodeId) -> Option<Seat<'_, Raft>> {
        let Actor { state, disk, .. } = &self.0[node.index()];
        Some(Seat { node, state, disk, held: false })
    }

    fn disk(&self, node: NodeId) -> &Disk {
        &self.0[node.index()].disk
    }
}

fn said(verdict: Verdict) -> String {
    match verdict {
        Verdict::Skip => SKIP.to_owned(),
        Verdict::Unknown => "unknown".to_owned(),
        Verdict::Held => HELD.to_owned(),
        Verdict::Broken(evidence) => evidence.kind,
    }
}

fn at(index: Index, term: Term) -> Position {
    Position { term, index }
}

/// What a client asks with its n-th command.
fn command(client: u32, n: u64, op: Op) -> Entry {
    Entry { term: 1, command: Command::Client(OpId { client: ClientId(client), n }, op).into() }
}

fn append(client: u32, n: u64, text: &str) -> Entry {
    command(client, n, Op::Append(Key(0), text.into()))
}
