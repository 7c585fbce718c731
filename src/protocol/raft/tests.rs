//! One node, alone with its inputs; whole clusters are in `cluster`.

mod cluster;
mod leases;
mod members;

use super::*;
use crate::ids::ClientId;
use crate::process::{Cast, Effect, Outbox};
use crate::protocol::kv::{Answer, Key, Op};

fn params() -> RaftParams {
    RaftParams::default()
}

fn id(n: u64) -> OpId {
    OpId { client: ClientId(0), n }
}

/// What one node, alone with its inputs, sends in answer.
struct Alone {
    cast: Cast,
    config: RaftConfig,
    outbox: Outbox<Raft>,
    now: Local,
}

impl Alone {
    fn new() -> Self {
        let cast = Cast::single("replica", 3);
        let config = RaftConfig::new(&Setup { params: &params(), bug: None, cast: &cast }).expect("sound settings");
        Self { cast, config, outbox: Outbox::default(), now: Local(0) }
    }

    fn boot(&mut self, disk: &Disk) -> Raft {
        crate::turn::boot(disk, self.io())
    }

    fn io(&mut self) -> Io<'_, Raft> {
        let clocks = (self.now, crate::time::Wall(0));
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
    let ask = Message::RequestVote { term: 3, last: Position::default(), transfer: false };
    raft.on_message(NodeId(2), ask, &mut alone.io());
    let hard = HardState { term: 3, vote: Some(NodeId(2)) };
    let effects = alone.effects();
    assert_eq!(effects[0], Effect::Persist(Write::Hard(hard)));
    assert_eq!(effects.last(), Some(&Effect::Send { to: NodeId(2), msg: Message::Vote { term: 3, granted: true } }));
}

/// Nodes that hear from a leader never say that they would vote, and keep from voting with check-quorum.
#[test]
fn a_node_that_hears_from_a_leader_does_not_listen_to_candidates() {
    let sent = |check_quorum: bool, msg: &Message| {
        let mut alone = Alone::new();
        alone.config.params.check_quorum = check_quorum;
        let mut raft = alone.boot(&Disk::default());
        let heartbeat = Append { term: 1, prev: Position::default(), entries: [].into(), commit: 0, round: 0 };
        raft.on_message(NodeId(1), Message::Append(heartbeat), &mut alone.io());
        alone.effects();
        raft.on_message(NodeId(2), msg.clone(), &mut alone.io());
        alone.effects().into_iter().any(|effect| matches!(effect, Effect::Send { .. }))
    };
    let last = Position::default();
    for check_quorum in [true, false] {
        assert!(!sent(check_quorum, &Message::PreVote { term: 2, last }));
        assert_eq!(sent(check_quorum, &Message::RequestVote { term: 2, last, transfer: false }), !check_quorum);
    }
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
    raft.on_request(id(1), Request::Store(Op::Get(Key(0))), &mut alone.io());
    raft.on_message(NodeId(1), Message::Appended { term: 3, round: 7, outcome: Outcome::Stale }, &mut alone.io());
    let answers = |effects: &[Effect<Raft>]| effects.iter().any(|effect| matches!(effect, Effect::Reply { .. }));
    assert!(!answers(&alone.effects()));
    let confirms = Message::Appended { term: 3, round: 1, outcome: Outcome::Matches(1) };
    raft.on_message(NodeId(1), confirms, &mut alone.io());
    assert!(answers(&alone.effects()));
}
