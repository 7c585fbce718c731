//! Each invariant bites, clause by clause: it is shown reports and nodes made by hand, good ones and bad ones.

use super::*;
use crate::check::{At, Cast, NodeId, OpId, Property, Seat, Time, Verdict, WorldEvent};
use crate::ids::ClientId;
use crate::process::Durable;
use crate::process::{Io, Local, Outbox, Shared, Wall};
use crate::protocol::Setup;
use crate::protocol::kv::{Key, Op};
use crate::protocol::multi_paxos::{Command, Disk, Fact, MultiPaxos, MultiPaxosConfig, MultiPaxosParams, Slot, Write};
use crate::protocol::paxos::Ballot;

const SKIP: &str = "skip";
const HELD: &str = "held";

/// Three nodes, made as the test likes, before one property.
struct Stage<C> {
    check: C,
    nodes: Vec<Actor>,
}

struct Actor {
    state: MultiPaxos,
    disk: Disk,
    life: u32,
}

impl<C: Property<MultiPaxos>> Stage<C> {
    fn new() -> Self {
        let cast = Cast::single("replica", 3);
        let params = MultiPaxosParams::default();
        let config = MultiPaxosConfig::new(&Setup { params: &params, bug: None, cast: &cast }).unwrap();
        let mut outbox = Outbox::default();
        let nodes = cast.nodes().map(|node| {
            let io = Io::new(node, (Local(0), Wall(0)), &cast, &config, &mut outbox);
            Actor { state: crate::turn::boot(&Disk::default(), io), disk: Disk::default(), life: 1 }
        });
        Self { check: C::new(&config, &cast), nodes: nodes.collect() }
    }

    fn at(&self, node: u32) -> At {
        At { now: Time::ZERO, node: NodeId(node), life: self.nodes[node as usize].life }
    }

    fn fact(&mut self, node: u32, fact: &Fact) -> String {
        said(self.check.on_fact(self.at(node), fact))
    }

    fn propose(&mut self, node: u32, ballot: Ballot, first: Slot, names: &[u64]) -> String {
        let commands = names.iter().map(|&n| command(n)).collect();
        self.fact(node, &Fact::Proposed { ballot, first, commands })
    }

    fn accept(&mut self, node: u32, ballot: Ballot, first: Slot, last: Slot) -> String {
        self.fact(node, &Fact::Accepted { ballot, first, last })
    }

    /// Puts a command on a node's disk, and in its memory.
    fn store(&mut self, node: u32, ballot: Ballot, slot: Slot, name: u64) {
        let Actor { state, disk, .. } = &mut self.nodes[node as usize];
        let write = Write::Accept { ballot, first: slot, commands: [command(name)].into(), decided: disk.decided };
        disk.apply(write);
        state.log.accept(slot, ballot, &[command(name)], 0);
    }

    fn apply(&mut self, node: u32, upto: Slot) {
        self.nodes[node as usize].state.decided = upto;
    }

    fn turn(&mut self, node: u32) -> String {
        let at = self.at(node);
        let Actor { state, disk, .. } = &self.nodes[node as usize];
        said(self.check.on_turn(at, Seat { node: at.node, state, disk, held: false }))
    }

    fn crash(&mut self, node: u32, lost_disk: bool) {
        let actor = &mut self.nodes[node as usize];
        actor.life += 1;
        actor.state.decided = 0;
        let verdict = self.check.on_world(Time::ZERO, &WorldEvent::Crash { node: NodeId(node), lost_disk });
        assert_eq!(said(verdict), SKIP);
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

fn ballot(round: u64, proposer: u32) -> Ballot {
    Ballot { round, proposer: NodeId(proposer) }
}

fn command(n: u64) -> Shared<Command> {
    Command::Client(OpId { client: ClientId(0), n }, Op::Get(Key(0))).into()
}

#[test]
fn a_ballot_is_begun_once_and_by_its_node() {
    const OLD: &str = "a node began a ballot that is not a new one of its own";
    let mut stage = Stage::<BallotsMonotone>::new();
    assert_eq!(stage.fact(1, &Fact::Prepared { ballot: ballot(1, 1) }), HELD);
    assert_eq!(stage.fact(1, &Fact::Prepared { ballot: ballot(3, 1) }), HELD);
    stage.crash(1, false);
    assert_eq!(stage.fact(1, &Fact::Prepared { ballot: ballot(3, 1) }), OLD);
    assert_eq!(stage.fact(0, &Fact::Prepared { ballot: ballot(4, 1) }), OLD);
    stage.crash(1, true);
    assert_eq!(stage.fact(1, &Fact::Prepared { ballot: ballot(1, 1) }), HELD, "it lost its disk");
}

#[test]
fn promises_only_grow_as_reported_and_on_disk() {
    const BACK: &str = "an acceptor took a promise back";
    let mut stage = Stage::<BallotsMonotone>::new();
    assert_eq!(stage.turn(0), SKIP);
    assert_eq!(stage.fact(0, &Fact::Promised { ballot: ballot(2, 1) }), HELD);
    assert_eq!(stage.turn(0), BACK, "it is not on the disk");
    let mut stage = Stage::<BallotsMonotone>::new();
    stage.store(0, ballot(2, 1), 1, 7);
    assert_eq!((stage.turn(0).as_str(), stage.turn(0).as_str()), (HELD, SKIP));
    stage.crash(0, false);
    assert_eq!(stage.fact(0, &Fact::Promised { ballot: ballot(2, 0) }), BACK);
}

#[test]
fn what_is_promised_bounds_what_is_accepted() {
    let mut stage = Stage::<AcceptsCurrentBallot>::new();
    assert_eq!(stage.fact(0, &Fact::Promised { ballot: ballot(2, 1) }), SKIP);
    assert_eq!(stage.accept(0, ballot(2, 1), 1, 1), HELD);
    assert_eq!(stage.accept(1, ballot(1, 0), 1, 1), HELD, "another acceptor");
    assert_eq!(stage.fact(0, &Fact::Recovered { ballot: ballot(1, 0), first: 1, last: 1 }), SKIP);
    stage.crash(0, false);
    assert_eq!(stage.accept(0, ballot(1, 2), 2, 3), "an acceptor accepted below its promise");
    stage.crash(0, true);
    assert_eq!(stage.accept(0, ballot(1, 2), 2, 3), HELD, "it lost its disk");
}

#[test]
fn a_ballot_proposes_one_command_for_a_slot_and_only_its_node_does() {
    let mut stage = Stage::<OneValuePerBallotSlot>::new();
    assert_eq!(stage.propose(1, ballot(1, 1), 3, &[30, 40]), HELD);
    assert_eq!(stage.propose(1, ballot(1, 1), 4, &[40, 50]), HELD, "the same again");
    assert_eq!(stage.propose(1, ballot(1, 1), 1, &[10]), HELD, "before the first");
    assert_eq!(stage.propose(2, ballot(2, 2), 3, &[99]), HELD, "another ballot");
    assert_eq!(stage.propose(1, ballot(1, 1), 4, &[41]), "one ballot proposes two commands for a slot");
    assert_eq!(stage.propose(0, ballot(3, 1), 9, &[90]), "a node proposed in a ballot that is not its own");
}

#[test]
fn what_is_accepted_was_proposed_in_that_ballot() {
    let mut stage = Stage::<OneValuePerBallotSlot>::new();
    stage.propose(1, ballot(1, 1), 1, &[10, 20]);
    stage.store(0, ballot(1, 1), 1, 10);
    assert_eq!(stage.accept(0, ballot(1, 1), 1, 1), SKIP);
    assert_eq!((stage.turn(0).as_str(), stage.turn(0).as_str()), (HELD, SKIP));
    stage.store(0, ballot(1, 1), 2, 21);
    stage.accept(0, ballot(1, 1), 2, 2);
    stage.crash(0, false);
    assert_eq!(stage.turn(0), SKIP, "of a turn that was cut short nothing is known");
    stage.fact(0, &Fact::Recovered { ballot: ballot(1, 1), first: 2, last: 2 });
    assert_eq!(stage.turn(0), "an acceptor accepted what the ballot does not propose");
}

#[test]
fn higher_ballots_propose_what_was_chosen() {
    const OTHER: &str = "a higher ballot proposes another command than was chosen";
    let mut stage = Stage::<ChoiceIsStable>::new();
    stage.propose(0, ballot(1, 0), 1, &[10, 20]);
    assert_eq!(stage.accept(0, ballot(1, 0), 1, 2), SKIP);
    assert_eq!(stage.propose(1, ballot(2, 1), 1, &[11, 21]), SKIP, "nothing is chosen yet");
    assert_eq!(stage.accept(1, ballot(2, 1), 2, 2), SKIP);
    assert_eq!(stage.accept(2, ballot(2, 1), 2, 2), SKIP, "chosen, and nobody bids above it");
    assert_eq!(stage.propose(2, ballot(3, 2), 1, &[10, 21]), HELD);
    assert_eq!(stage.propose(0, ballot(4, 0), 2, &[20]), OTHER);
    assert_eq!(stage.propose(0, ballot(1, 2), 2, &[20]), SKIP, "a lower ballot, that comes late, is free");
}

#[test]
fn a_choice_may_come_about_after_the_higher_ballot() {
    let mut stage = Stage::<ChoiceIsStable>::new();
    stage.propose(0, ballot(1, 0), 1, &[10]);
    stage.accept(0, ballot(1, 0), 1, 1);
    stage.propose(1, ballot(2, 1), 1, &[11]);
    assert_eq!(stage.accept(0, ballot(1, 0), 1, 1), SKIP, "the same acceptor");
    let below = "a command was chosen below a ballot that proposes another";
    assert_eq!(stage.fact(2, &Fact::Recovered { ballot: ballot(1, 0), first: 1, last: 1 }), below);
}

#[test]
fn replicas_apply_the_same_in_a_slot() {
    const TWO: &str = "two commands were decided for one slot";
    let mut stage = Stage::<OneDecisionPerSlot>::new();
    for node in 0..2 {
        stage.store(node, ballot(1, 0), 1, 10);
        stage.store(node, ballot(1 + u64::from(node), 0), 2, 20);
    }
    assert_eq!(stage.turn(0), SKIP, "nothing is applied");
    stage.apply(0, 2);
    stage.apply(1, 2);
    assert_eq!((stage.turn(0).as_str(), stage.turn(0).as_str()), (HELD, SKIP));
    assert_eq!(stage.turn(1), HELD, "whatever the ballot");
    stage.store(2, ballot(1, 0), 1, 11);
    stage.apply(2, 1);
    assert_eq!(stage.turn(2), TWO);
    stage.crash(0, false);
    stage.store(0, ballot(3, 0), 2, 21);
    stage.apply(0, 2);
    assert_eq!(stage.turn(0), TWO, "in another life");
}

#[test]
fn replicas_apply_only_what_was_chosen() {
    const NOT: &str = "a replica applied what was not chosen";
    let mut stage = Stage::<DecidedPrefix>::new();
    stage.propose(0, ballot(1, 0), 1, &[10, 20]);
    stage.propose(1, ballot(2, 1), 2, &[21]);
    for node in 0..3 {
        stage.store(node, ballot(1, 0), 1, 10);
        stage.accept(node, ballot(1, 0), 1, 1);
    }
    stage.accept(0, ballot(1, 0), 2, 2);
    stage.accept(1, ballot(2, 1), 2, 2);
    stage.apply(0, 1);
    assert_eq!((stage.turn(0).as_str(), stage.turn(0).as_str()), (HELD, SKIP));
    stage.store(0, ballot(1, 0), 2, 20);
    stage.apply(0, 2);
    assert_eq!(stage.turn(0), NOT, "two accepted, in two ballots");
    stage.accept(2, ballot(2, 1), 2, 2);
    stage.store(1, ballot(1, 0), 2, 20);
    stage.apply(1, 2);
    assert_eq!(stage.turn(1), "a replica applied another command than was chosen");
    stage.apply(2, 2);
    assert_eq!(stage.turn(2), "a replica went over a hole");
}

#[test]
fn a_replica_never_goes_back() {
    const BACK: &str = "a replica went back";
    let stage = || {
        let mut stage = Stage::<DecidedPrefix>::new();
        stage.propose(0, ballot(1, 0), 1, &[10, 20]);
        for node in 0..2 {
            stage.store(node, ballot(1, 0), 1, 10);
            stage.store(node, ballot(1, 0), 2, 20);
            stage.accept(node, ballot(1, 0), 1, 2);
        }
        stage.nodes[0].disk.decided = 1;
        stage.apply(0, 2);
        assert_eq!(stage.turn(0), HELD);
        stage
    };
    let mut within = stage();
    within.apply(0, 1);
    assert_eq!(within.turn(0), BACK);
    let mut later = stage();
    later.crash(0, false);
    assert_eq!(later.turn(0), BACK, "its disk knows of more");
    later.crash(0, false);
    later.apply(0, 1);
    assert_eq!(later.turn(0), HELD);
    later.nodes[0].disk.decided = 0;
    assert_eq!(later.turn(0), BACK);
}

#[test]
fn what_was_accepted_stays_on_the_disk_over_all_lives() {
    const LOST: &str = "an acceptor does not have on its disk what it reported to have accepted";
    let mut stage = Stage::<AcceptancesKept>::new();
    stage.store(0, ballot(1, 1), 1, 7);
    stage.accept(0, ballot(1, 1), 1, 1);
    assert_eq!((stage.turn(0).as_str(), stage.turn(0).as_str()), (HELD, SKIP));
    stage.crash(0, false);
    assert_eq!(stage.turn(0), HELD, "it came back with it");
    stage.store(0, ballot(2, 2), 1, 8);
    stage.crash(0, false);
    assert_eq!(stage.turn(0), HELD, "in a higher ballot");
    stage.nodes[0].disk = Disk::default();
    stage.crash(0, true);
    assert_eq!(stage.turn(0), SKIP, "that disk was lost, and is excused");

    stage.accept(1, ballot(1, 1), 1, 2);
    assert_eq!(stage.turn(1), LOST, "it never was there");
    stage.store(2, ballot(3, 1), 1, 7);
    stage.accept(2, ballot(3, 1), 1, 1);
    assert_eq!(stage.turn(2), HELD);
    stage.nodes[2].disk = Disk { decided: 1, ..Disk::default() };
    stage.crash(2, false);
    assert_eq!(stage.turn(2), HELD, "it is decided");
    stage.nodes[2].disk = Disk::default();
    stage.crash(2, false);
    assert_eq!(stage.turn(2), LOST);
}
