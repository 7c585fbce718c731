//! Nodes of a commitment protocol that are called by hand, for the unit tests of each.

use super::{Account, CommitConfig, Log, Message, Op, Site, Txn};
use crate::check::{At, Nodes, Property, Seat, Seats, Time, Verdict};
use crate::ids::{ClientId, NodeId, OpId};
use crate::process::{Cast, Durable, Effect, Io, Local, Outbox, Voters, Wall};
use crate::protocol::{Protocol, Setup};

/// n0 coordinates, the others take part; of two participants n1 keeps the even accounts.
pub(in crate::protocol) struct Cluster<P: Site> {
    pub(in crate::protocol) cast: Cast,
    pub(in crate::protocol) config: CommitConfig,
    pub(in crate::protocol) disks: Vec<Log>,
    pub(in crate::protocol) nodes: Vec<P>,
    /// When properties are asked.
    pub(in crate::protocol) now: Time,
}

pub(in crate::protocol) const TXN: Txn = Txn { coordinator: NodeId(0), life: 1, n: 1 };
pub(in crate::protocol) const ID: OpId = OpId { client: ClientId(0), n: 7 };

fn numbered(node: usize) -> NodeId {
    NodeId(u32::try_from(node).unwrap())
}

impl<P: Site + Protocol<Node = P>> Cluster<P> {
    pub(in crate::protocol) fn new(participants: u32) -> Self {
        let cast = Cast::new(&[("coordinator", 1, 0), ("participant", participants, 0)]);
        let config = P::config(&Setup { params: &P::Params::default(), bug: None, cast: &cast }).unwrap();
        let disks = vec![Log::default(); cast.len() as usize];
        let mut cluster = Self { cast, config, disks, nodes: Vec::new(), now: Time::ZERO };
        for node in 0..cluster.disks.len() {
            let booted = cluster.booted(node).0;
            cluster.nodes.push(booted);
        }
        cluster
    }

    fn booted(&mut self, node: usize) -> (P, Vec<String>) {
        let mut outbox = Outbox::default();
        let io = Io::new(numbered(node), (Local(0), Wall(0)), &self.cast, &self.config, &mut outbox);
        let booted = crate::turn::boot(&self.disks[node], io);
        (booted, self.settle(node, outbox))
    }

    /// Restarts a node; what it does.
    pub(in crate::protocol) fn boot(&mut self, node: usize) -> Vec<String> {
        let (booted, did) = self.booted(node);
        self.nodes[node] = booted;
        did
    }

    /// Calls a handler; what it does.
    pub(in crate::protocol) fn call(
        &mut self,
        node: usize,
        handler: impl FnOnce(&mut P, &mut Io<'_, P>),
    ) -> Vec<String> {
        let mut outbox = Outbox::default();
        let mut io = Io::new(numbered(node), (Local(0), Wall(0)), &self.cast, &self.config, &mut outbox);
        handler(&mut self.nodes[node], &mut io);
        self.settle(node, outbox)
    }

    pub(in crate::protocol) fn hear(&mut self, node: usize, from: u32, message: Message) -> Vec<String> {
        self.call(node, |state, io| state.on_message(NodeId(from), message, io))
    }

    pub(in crate::protocol) fn ring(&mut self, node: usize, timer: super::Timer) -> Vec<String> {
        self.call(node, |state, io| state.on_timer(timer, io))
    }

    /// Puts on the disk what is written, and says what else is done, without timers.
    fn settle(&mut self, node: usize, outbox: Outbox<P>) -> Vec<String> {
        let mut did = Vec::new();
        for effect in outbox.effects {
            match effect {
                Effect::Persist(record) => {
                    did.push(format!("force {record:?}"));
                    self.disks[node].apply(record);
                }
                Effect::Write(record, _) => {
                    did.push(format!("write {record:?}"));
                    self.disks[node].apply(record);
                }
                Effect::Send { to, msg } => did.push(format!("{to} {msg:?}")),
                Effect::Reply { id, reply } => did.push(format!("{id} {reply:?}")),
                Effect::Fact(fact) => did.push(format!("{fact:?}")),
                Effect::Arm { .. } | Effect::Disarm(_) | Effect::Refuse(_) => {}
            }
        }
        did
    }

    /// A transfer of 5 from a0 to an account of each other participant, up to where all are asked to vote.
    pub(in crate::protocol) fn up_to_the_vote(&mut self) {
        let participants = u32::try_from(self.nodes.len() - 1).unwrap();
        let to = (1..participants).map(Account).collect();
        let op = Op::Transfer { from: Account(0), to, amount: 5 };
        self.call(0, |state, io| state.on_request(ID, op, io));
        for node in 1..=participants {
            let amount = if node == 1 { -5 * i64::from(participants - 1) } else { 5 };
            self.hear(node as usize, 0, Message::Work(TXN, vec![(Account(node - 1), amount)]));
        }
        for node in 1..=participants {
            self.hear(0, node, Message::Done(TXN, 1));
        }
    }

    pub(in crate::protocol) fn all(&self) -> Voters {
        (1..self.cast.len()).map(NodeId).collect()
    }

    pub(in crate::protocol) fn vote(&mut self, node: usize) -> Vec<String> {
        self.hear(node, 0, Message::Prepare(TXN, 1, self.all()))
    }

    /// What the property says after a turn of this node.
    pub(in crate::protocol) fn says(&self, property: &mut impl Property<P>, node: usize) -> String {
        let id = numbered(node);
        let seat = Seat { node: id, state: &self.nodes[node], disk: &self.disks[node], held: false };
        said(property.on_turn(At { now: self.now, node: id, life: 1 }, seat))
    }

    pub(in crate::protocol) fn new_property<C: Property<P>>(&self) -> C {
        C::new(&self.config, &self.cast)
    }

    pub(in crate::protocol) fn view(&self) -> Nodes<'_, P> {
        Nodes::new(self)
    }
}

impl<P: Site> Seats<P> for Cluster<P> {
    fn count(&self) -> u32 {
        self.cast.len()
    }

    fn seat(&self, node: NodeId) -> Option<Seat<'_, P>> {
        let (state, disk) = (&self.nodes[node.index()], self.disk(node));
        Some(Seat { node, state, disk, held: false })
    }

    fn disk(&self, node: NodeId) -> &Log {
        &self.disks[node.index()]
    }
}

pub(in crate::protocol) fn said(verdict: Verdict) -> String {
    match verdict {
        Verdict::Skip => "skip".to_owned(),
        Verdict::Unknown => "unknown".to_owned(),
        Verdict::Held => "held".to_owned(),
        Verdict::Broken(evidence) => evidence.to_string(),
    }
}
