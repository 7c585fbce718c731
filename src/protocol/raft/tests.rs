//! Raft in a small world of its own, with every invariant on.

mod node;
mod world;

use super::*;
use crate::ids::ClientId;
use crate::process::{Cast, Effect, Outbox};
use crate::protocol::kv::{Answer, Key};
use crate::rng::{Die, Seed};
use world::{Faults, World};

fn params() -> RaftParams {
    RaftParams::default()
}

fn quiet(nodes: u32, params: RaftParams) -> World {
    World::new(1, nodes, params, None, Faults::NONE)
}

fn id(n: u64) -> OpId {
    OpId { client: ClientId(0), n }
}

fn put(text: &str) -> Op {
    Op::Put(Key(0), text.into())
}

/// A run with faults, then healed until its nodes agree.
fn stormy(seed: u64, bug: Option<&'static str>) -> World {
    let mut dice = Die::new(Seed(seed)).with_str("settings").stream();
    let params = RaftParams {
        pre_vote: dice.below(2) == 0,
        check_quorum: dice.below(2) == 0,
        no_op: dice.below(4) != 0,
        max_entries_per_append: [1, 2, 64][dice.below(3) as usize],
        max_inflight_appends: [1, 3, 64][dice.below(3) as usize],
        ..params()
    };
    let nodes = [3, 3, 5, 4][dice.below(4) as usize];
    let mut world = World::new(seed, nodes, params, bug, Faults::ALL);
    world.run_until(Span::secs(6));
    world.heal();
    world.settle();
    world
}

#[test]
fn elects_one_leader_and_replicates() {
    let mut world = quiet(5, params());
    world.run_until(Span::secs(1));
    let leader = world.leader().expect("a leader");
    world.request(leader, id(1), put("a"));
    world.run_until(Span::secs(2));
    assert_eq!(world.answers(id(1)), [Reply::Answer(Answer::Done)]);
    assert!(world.states().all(|state| state.machine().get(Key(0)) == Some("a".into())));
    assert_eq!(world.violation(), None);
}

#[test]
fn a_single_node_serves_alone() {
    let mut world = quiet(1, RaftParams { no_op: false, ..params() });
    world.run_until(Span::secs(1));
    world.request(NodeId(0), id(1), Op::Get(Key(0)));
    world.request(NodeId(0), id(2), put("a"));
    world.run_until(Span::ms(1_100));
    world.request(NodeId(0), id(3), Op::Get(Key(0)));
    world.run_until(Span::ms(1_200));
    assert_eq!(world.answers(id(1)), [Reply::Answer(Answer::Value(None))]);
    assert_eq!(world.answers(id(3)), [Reply::Answer(Answer::Value(Some("a".into())))]);
}

#[test]
fn a_follower_names_the_leader_and_a_repeated_command_takes_effect_once() {
    let mut world = quiet(3, params());
    world.run_until(Span::secs(1));
    let leader = world.leader().expect("a leader");
    let follower = NodeId((leader.0 + 1) % 3);
    world.request(follower, id(1), put("a"));
    world.run_until(Span::ms(1_100));
    assert_eq!(world.answers(id(1)), [Reply::Redirect(leader)]);
    for _ in 0..3 {
        world.request(leader, id(2), Op::Append(Key(0), "x".into()));
        world.run_until(world.now() + Span::ms(100));
    }
    assert_eq!(world.answers(id(2)), vec![Reply::Answer(Answer::Length(1)); 3]);
    assert_eq!(world.violation(), None);
}

#[test]
fn everything_survives_a_restart_of_all() {
    let mut world = quiet(3, params());
    world.run_until(Span::secs(1));
    let leader = world.leader().expect("a leader");
    world.request(leader, id(1), put("a"));
    world.run_until(Span::secs(2));
    for node in 0..3 {
        world.crash(NodeId(node));
    }
    world.run_until(Span::secs(4));
    let leader = world.leader().expect("a leader");
    world.request(leader, id(2), Op::Get(Key(0)));
    world.run_until(Span::secs(5));
    assert_eq!(world.answers(id(2)), [Reply::Answer(Answer::Value(Some("a".into())))]);
    assert_eq!(world.violation(), None);
}

#[test]
fn a_leader_alone_steps_down_and_sends_its_reads_away() {
    let mut world = quiet(3, params());
    world.run_until(Span::secs(1));
    let leader = world.leader().expect("a leader");
    world.isolate(Some(leader));
    world.request(leader, id(1), Op::Get(Key(0)));
    world.request(leader, id(2), put("lost?"));
    world.run_until(Span::secs(2));
    assert_eq!(world.answers(id(1)), [Reply::Busy]);
    assert_eq!(world.answers(id(2)), [], "it may yet be committed by another");
    assert!(world.leader().is_some_and(|other| other != leader));
    assert!(world.seen("quorum_lost") && world.seen("stepped_down"));
}

#[test]
fn with_pre_vote_an_isolated_node_returns_without_disturbing() {
    for pre_vote in [true, false] {
        let mut world = quiet(3, RaftParams { pre_vote, ..params() });
        world.run_until(Span::secs(1));
        let leader = world.leader().expect("a leader");
        let term = world.state(leader).term();
        world.isolate(Some(NodeId((leader.0 + 1) % 3)));
        world.run_until(Span::secs(4));
        world.isolate(None);
        world.run_until(Span::secs(6));
        let undisturbed = world.leader() == Some(leader) && world.state(leader).term() == term;
        assert_eq!(undisturbed, pre_vote);
    }
}

/// What one node, alone with its inputs, sends in answer.
struct Alone {
    cast: Cast,
    config: RaftConfig,
    outbox: Outbox<Raft>,
}

impl Alone {
    fn new() -> Self {
        let cast = Cast::single("replica", 3);
        let config = RaftConfig::new(&Setup { params: &params(), bug: None, cast: &cast }).expect("sound settings");
        Self { cast, config, outbox: Outbox::default() }
    }

    fn boot(&mut self, disk: &Disk) -> Raft {
        crate::turn::boot(disk, self.io())
    }

    fn io(&mut self) -> Io<'_, Raft> {
        let clocks = (Local(0), crate::time::Wall(0));
        Io::new(NodeId(0), clocks, &self.cast, &self.config, &mut self.outbox)
    }

    fn effects(&mut self) -> Vec<Effect<Raft>> {
        self.outbox.effects.drain(..).collect()
    }
}

#[test]
fn a_damaged_disk_is_refused() {
    let mut alone = Alone::new();
    alone.boot(&Disk { damaged: true, ..Disk::default() });
    assert!(matches!(alone.effects().as_slice(), [Effect::Refuse(_)]));
}

#[test]
fn a_vote_leaves_only_after_it_is_written() {
    let mut alone = Alone::new();
    let mut raft = alone.boot(&Disk::default());
    alone.effects();
    let ask = Message::RequestVote { term: 3, last: Position::default() };
    raft.on_message(NodeId(2), ask, &mut alone.io());
    let hard = HardState { term: 3, vote: Some(NodeId(2)) };
    let effects = alone.effects();
    assert_eq!(effects[0], Effect::Persist(Write::Hard(hard)));
    assert_eq!(effects.last(), Some(&Effect::Send { to: NodeId(2), msg: Message::Vote { term: 3, granted: true } }));
}

/// A leader of term 1 that leads term 2 as well may get, in term 2, an answer to what it sent in term 1. Were
/// the round repeated in it, a read in term 2 could be confirmed by a message older than the read.
#[test]
fn an_answer_to_an_earlier_leader_repeats_no_round() {
    let mut alone = Alone::new();
    let hard = HardState { term: 2, vote: None };
    let mut raft = alone.boot(&Disk { hard, ..Disk::default() });
    alone.effects();
    let late = Append { term: 1, prev: Position::default(), entries: [].into(), commit: 0, round: 7 };
    raft.on_message(NodeId(1), Message::Append(late), &mut alone.io());
    let stale = Message::Appended { term: 2, round: 7, outcome: Outcome::Stale };
    assert_eq!(alone.effects(), [Effect::Send { to: NodeId(1), msg: stale.clone() }]);

    raft.on_timer(Timer::Election, &mut alone.io());
    raft.on_message(NodeId(1), Message::PreVoted { term: 3, granted: true }, &mut alone.io());
    raft.on_message(NodeId(1), Message::Vote { term: 3, granted: true }, &mut alone.io());
    assert!(raft.is_leader());
    let matches = Message::Appended { term: 3, round: 0, outcome: Outcome::Matches(1) };
    raft.on_message(NodeId(1), matches.clone(), &mut alone.io());
    raft.on_message(NodeId(2), matches, &mut alone.io());
    assert_eq!(raft.commit(), 1);
    alone.effects();
    raft.on_request(id(1), Op::Get(Key(0)), &mut alone.io());
    raft.on_message(NodeId(1), Message::Appended { term: 3, round: 7, outcome: Outcome::Stale }, &mut alone.io());
    let answers = |effects: &[Effect<Raft>]| effects.iter().any(|effect| matches!(effect, Effect::Reply { .. }));
    assert!(!answers(&alone.effects()));
    let confirms = Message::Appended { term: 3, round: 1, outcome: Outcome::Matches(1) };
    raft.on_message(NodeId(1), confirms, &mut alone.io());
    assert!(answers(&alone.effects()));
}

#[test]
fn correct_code_is_clean_whatever_happens() {
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..2_000 {
        let world = stormy(seed, None);
        assert_eq!(world.violation(), None, "seed {seed}");
        seen.extend(world.kinds());
    }
    for kind in <Raft as Protocol>::SOMETIMES {
        assert!(seen.contains(*kind), "{kind} was never seen: {seen:?}");
    }
}
