//! Changes of membership, learners, snapshots and transfers, in clusters in the simulator with every invariant on.

use super::cluster::{Cluster, put, wrong};
use super::*;
use crate::campaign::Check;
use crate::check::history::Answer as Ended;
use crate::lab::Lab;
use crate::process::Voters;
use crate::scenario::Document;

const DONE: Reply = Reply::Answer(Answer::Done);
const REFUSED: Reply = Reply::Refused("…");

fn set(nodes: &[u32]) -> Voters {
    nodes.iter().copied().map(NodeId).collect()
}

/// Five nodes of which three vote; n0 starts first, and leads.
fn five(params: &str, timeline: &str) -> Cluster {
    let late = r#"{ "id": "late", "at": "0ms", "lasts": "140ms", "who": [1, 2, 3, 4], "kind": { "kill": {} } }"#;
    let timeline = if timeline.is_empty() { late.to_owned() } else { format!("{late}, {timeline}") };
    let mut cluster = Cluster::quiet(5, &format!(r#""voters": 3{params}"#), &timeline);
    cluster.run_until(1_000);
    assert_eq!(cluster.leader(), NodeId(0));
    cluster
}

/// From this second to that, cuts these off from the others.
fn cut(nodes: &[u32], from: u32, until: u32) -> String {
    let others: Vec<u32> = (0..5).filter(|node| !nodes.contains(node)).collect();
    let cut = format!(r#"[{{ "from": {nodes:?}, "to": {others:?} }}, {{ "from": {others:?}, "to": {nodes:?} }}]"#);
    let lasts = until - from;
    format!(
        r#"{{ "id": "cut{from}", "at": "{from}s", "lasts": "{lasts}s", "who": {nodes:?}, "kind": {{ "partition": {{ "links": {{ "shape": "all", "cut": {cut} }} }} }} }}"#
    )
}

impl Cluster {
    /// Asks the leader, and gives it a second.
    fn order(&mut self, n: u64, request: impl Into<Request>) -> Vec<Reply> {
        self.ask(self.leader(), n, request);
        let now = self.sim.now();
        self.run_until(now.0 / 1_000_000 + 1_000);
        self.told(n)
    }

    fn members(&self, node: u32) -> Membership {
        self.sim.node(NodeId(node)).unwrap().members().now()
    }

    fn count(&mut self, kind: &str) -> u64 {
        self.sim.outcome().facts.iter().find(|(fact, _)| fact == kind).map_or(0, |&(_, count)| count)
    }
}

fn learner(node: u32) -> Request {
    Request::Change(Change::Learner(NodeId(node)))
}

fn voter(node: u32) -> Request {
    Request::Change(Change::Voter(NodeId(node)))
}

#[test]
fn a_learner_receives_the_log_and_counts_for_nothing_until_it_votes() {
    let mut cluster = five("", &cut(&[1, 2], 5, 8));
    assert_eq!(cluster.order(1, put("a")), [DONE]);
    assert_eq!(cluster.order(2, learner(3)), [DONE]);
    assert_eq!(cluster.order(3, learner(4)), [DONE]);
    assert_eq!(cluster.sim.node(NodeId(4)).unwrap().machine().get(Key(0)), Some("a".into()));
    cluster.run_until(5_000);
    assert_eq!(cluster.order(4, put("b")), [], "of three that vote only one is there");
    assert!(cluster.sim.node(NodeId(3)).unwrap().log().last().index > cluster.sim.node(NodeId(3)).unwrap().commit());
    cluster.run_until(9_000);
    assert_eq!(cluster.order(5, voter(3)), [DONE]);
    assert_eq!(cluster.members(1), Membership { learners: set(&[4]), ..Membership::of(set(&[0, 1, 2, 3])) });
}

#[test]
fn a_learner_that_lags_is_not_made_a_voter() {
    let mut cluster = five(r#", "max_entries_per_append": 2"#, &cut(&[3], 3, 6));
    assert_eq!(cluster.order(1, learner(3)), [DONE]);
    cluster.run_until(3_000);
    for n in 2..7 {
        cluster.ask(NodeId(0), n, put("x"));
    }
    cluster.run_until(4_000);
    assert_eq!(cluster.order(7, voter(3)), [REFUSED]);
    assert_eq!(cluster.order(8, voter(4)), [REFUSED], "it is no learner");
    cluster.run_until(7_000);
    assert_eq!(cluster.order(9, voter(3)), [DONE]);
}

/// Nobody is asked to vote who is not there to answer: the change could never be committed.
#[test]
fn a_change_that_would_leave_no_quorum_is_refused() {
    let mut cluster = five("", &cut(&[3, 4], 5, 9));
    assert_eq!(cluster.order(1, learner(3)), [DONE]);
    assert_eq!(cluster.order(2, learner(4)), [DONE]);
    cluster.run_until(5_000);
    assert_eq!(cluster.order(3, Request::Change(Change::Voters(set(&[2, 3, 4])))), [REFUSED]);
    assert_eq!(cluster.order(4, put("a")), [DONE]);
    cluster.run_until(10_000);
    assert_eq!(cluster.order(5, Request::Change(Change::Voters(set(&[2, 3, 4])))), [DONE]);
}

#[test]
fn a_joint_change_replaces_the_leader_and_most_of_the_voters_at_once() {
    let mut cluster = five("", &cut(&[0, 1], 5, 20));
    assert_eq!(cluster.order(1, learner(3)), [DONE]);
    assert_eq!(cluster.order(2, learner(4)), [DONE]);
    assert_eq!(cluster.order(3, Request::Change(Change::Voters(set(&[2, 3, 4])))), [DONE]);
    assert_eq!(cluster.count("change_begun"), 4, "two learners, the joint membership and its end");
    assert_ne!(cluster.leader(), NodeId(0));
    cluster.run_until(5_500);
    assert_eq!(cluster.order(4, put("a")), [DONE], "the old voters are not needed");
    assert_eq!(cluster.members(2), Membership::of(set(&[2, 3, 4])));
}

#[test]
fn a_leader_that_is_removed_makes_way_and_is_not_heard_any_more() {
    let mut cluster = five("", "");
    assert_eq!(cluster.order(1, Request::Change(Change::Remove(NodeId(0)))), [DONE]);
    let leader = cluster.leader();
    assert_ne!(leader, NodeId(0));
    let before = cluster.sim.leader();
    cluster.run_until(8_000);
    assert_eq!(cluster.sim.leader().map(|(node, glance)| (node, glance.epoch)), before.map(|(n, g)| (n, g.epoch)));
    assert_eq!(cluster.order(2, Request::Change(Change::Remove(NodeId(3 - leader.0)))), [DONE]);
    assert_eq!(cluster.order(3, Request::Change(Change::Remove(leader))), [REFUSED], "somebody must vote");
    assert_eq!(cluster.order(4, put("a")), [DONE]);
}

#[test]
fn leadership_goes_to_who_is_named() {
    let mut cluster = five("", &cut(&[2], 4, 8));
    assert_eq!(cluster.order(1, Request::Transfer(NodeId(0))), [DONE]);
    assert_eq!(cluster.order(2, Request::Transfer(NodeId(1))), [], "it does not know any more");
    assert_eq!(cluster.leader(), NodeId(1));
    assert_eq!(cluster.order(2, Request::Transfer(NodeId(1))), [DONE], "the new leader does");
    cluster.run_until(4_500);
    assert_eq!(cluster.order(3, put("a")), [DONE]);
    assert_eq!(cluster.order(4, Request::Transfer(NodeId(2))), [REFUSED], "it is away, and lacks that");
    assert_eq!(cluster.order(5, Request::Transfer(NodeId(4))), [REFUSED], "it does not vote");
    assert_eq!(cluster.order(6, put("b")), [DONE], "the leader goes on");
    assert_eq!(cluster.leader(), NodeId(1));
}

#[test]
fn a_repeated_change_is_made_once() {
    let mut cluster = five("", "");
    assert_eq!(cluster.order(1, learner(3)), [DONE]);
    assert_eq!(cluster.order(2, Request::Change(Change::Remove(NodeId(3)))), [DONE]);
    assert_eq!(cluster.order(2, Request::Change(Change::Remove(NodeId(3)))), [DONE, DONE]);
    assert_eq!(cluster.order(1, learner(3)), [DONE], "it comes too late to be answered again");
    assert_eq!(cluster.members(0), Membership::of(set(&[0, 1, 2])));
}

#[test]
fn a_follower_that_was_away_for_longer_than_the_log_is_kept_is_sent_a_snapshot() {
    let mut cluster = five(r#", "snapshot_every": 5, "snapshot_keep": 2"#, &cut(&[2], 2, 5));
    assert_eq!(cluster.order(1, learner(3)), [DONE]);
    for n in 2..30 {
        cluster.ask(NodeId(0), n, Op::Append(Key(0), "x".into()));
        cluster.run_until(2_000 + 50 * n);
    }
    cluster.run_until(4_900);
    let kept = cluster.sim.node(NodeId(0)).unwrap().log().start().index;
    assert!(cluster.sim.node(NodeId(2)).unwrap().log().last().index < kept);
    assert_eq!(cluster.count("snapshot_installed"), 0);
    cluster.run_until(7_000);
    assert!(cluster.count("snapshot_installed") > 0);
    let [leader, away] = [0, 2].map(|node| cluster.sim.node(NodeId(node)).unwrap());
    assert_eq!(
        (away.applied(), away.machine(), away.members().now()),
        (leader.applied(), leader.machine(), leader.members().now())
    );
    assert!(leader.log().start().index >= 20 && leader.log().last().index >= 30);
}

const ROLLING: &str = include_str!("../../../../scenarios/raft/rolling.json");

/// The first append that a client was told of and that is not exactly once in what this node holds.
fn lost(cluster: &Cluster, node: &Raft) -> Option<OpId> {
    let acknowledged = cluster
        .sim
        .history()
        .operations
        .iter()
        .filter(|operation| operation.returned.is_some_and(|(_, ended)| ended == Ended::Ok));
    let lost = acknowledged.filter(|operation| match operation.op.op() {
        Some(Op::Append(key, piece)) => {
            let held = node.machine().get(*key);
            held.is_none_or(|value| value.text().split('+').filter(|part| *part == &piece.text()[1..]).count() != 1)
        }
        _ => false,
    });
    lost.map(|operation| operation.id).next()
}

/// From n0–n2 over five to n2–n4, while partitions come and go. (A cluster does not arrive if all attempts of the
/// script at one step fall into times without a leader.) Clients only append, so that all that they were told of must
/// be there in the end.
#[test]
fn a_cluster_rolls_from_three_to_five_to_three_under_partitions_and_loses_nothing() {
    let (mut arrived, keys) = (0, r#""keys": 3"#);
    assert!(ROLLING.contains(keys));
    let appends = ROLLING.replace(keys, r#""keys": 3, "reads": 0, "writes": 0, "cas": 0"#);
    for seed in 0..60 {
        let mut cluster = Cluster::new(&appends, seed);
        while cluster.sim.step() {}
        let outcome = cluster.sim.outcome();
        assert_eq!((outcome.violation, wrong(&cluster)), (None, None), "seed {seed}");
        let furthest = (0..5).filter_map(|node| cluster.sim.node(NodeId(node))).max_by_key(|node| node.applied());
        let furthest = furthest.expect("nodes live");
        assert_eq!(lost(&cluster, furthest), None, "seed {seed}");
        arrived += u32::from(furthest.members().now().voters == set(&[2, 3, 4]));
    }
    assert!(arrived > 50, "{arrived} of 60 clusters arrived");
    let document = Document::parse(ROLLING).unwrap();
    let tally = Check::new(Lab::<Raft>::NEW, document).unwrap().tally(60);
    assert!(tally.facts["quorum_lost"] > 0 && tally.facts["change_done"] >= 60 * 5, "{:?}", tally.facts);
}

/// What one node does alone: it was sent a snapshot, and crashed before it had dropped its log.
#[test]
fn a_log_that_does_not_lead_up_to_the_snapshot_is_dropped_at_the_next_boot() {
    let mut alone = Alone::new();
    let last = Position { term: 4, index: 3 };
    let entry = |term| Entry { term, command: Command::Noop.into() };
    let mut log = Log::default();
    (0..5).for_each(|_| log.push(entry(2)));
    let snapshot = Snapshot { last, machine: Machine::default(), members: Membership::of(set(&[0, 1])) };
    let hard = HardState { term: 4, vote: None };
    let disk = Disk { hard, log: log.clone(), snapshot: Some(snapshot.into()), damaged: false };
    assert_eq!((disk.end(), disk.has(last), disk.has(Position { term: 2, index: 4 })), (last, true, false));
    let raft = alone.boot(&disk);
    assert!(alone.effects().contains(&Effect::Write(Write::Restart(last), Ticket(1))));
    assert_eq!((raft.log().start(), raft.applied(), raft.members().now().voters), (last, 3, set(&[0, 1])));

    log.compact(4);
    alone.boot(&Disk { hard, log, ..Disk::default() });
    assert!(matches!(alone.effects().as_slice(), [Effect::Refuse(_)]), "the beginning of the log is nowhere");
}

/// It may not know yet that it votes (tikv/raft-rs issue 57).
#[test]
fn a_learner_votes_when_it_is_asked_and_never_stands_for_election() {
    let mut alone = Alone::new();
    alone.config.initial = Membership { learners: set(&[0]), ..Membership::of(set(&[1, 2])) };
    let mut raft = alone.boot(&Disk::default());
    let heartbeat = Append { term: 1, prev: Position::default(), entries: [].into(), commit: 0, round: 0 };
    raft.on_message(NodeId(1), Message::Append(heartbeat), &mut alone.io());
    raft.on_message(NodeId(1), Message::TimeoutNow { term: 1 }, &mut alone.io());
    raft.on_timer(Timer::Election, &mut alone.io());
    assert_eq!((raft.term(), raft.glance().role), (1, "follower"));
    alone.effects();
    let ask = Message::RequestVote { term: 2, last: Position::default(), transfer: false };
    raft.on_message(NodeId(1), ask, &mut alone.io());
    let vote = Effect::Send { to: NodeId(1), msg: Message::Vote { term: 2, granted: true } };
    assert!(alone.effects().contains(&vote));
}

/// The entry that began it may be compacted everywhere.
#[test]
fn a_joint_change_that_only_a_snapshot_tells_of_is_ended_by_the_next_leader() {
    let mut alone = Alone::new();
    let joint = Membership { outgoing: set(&[0, 1, 2]), ..Membership::of(set(&[0, 1])) };
    let last = Position { term: 1, index: 4 };
    let snapshot = Snapshot { last, machine: Machine::default(), members: joint };
    let hard = HardState { term: 1, vote: None };
    let mut raft = alone.boot(&Disk { hard, snapshot: Some(snapshot.into()), ..Disk::default() });
    raft.on_timer(Timer::Election, &mut alone.io());
    raft.on_message(NodeId(1), Message::PreVoted { term: 2, granted: true }, &mut alone.io());
    raft.on_message(NodeId(1), Message::Vote { term: 2, granted: true }, &mut alone.io());
    assert!(raft.is_leader() && raft.members().now() == joint);
    raft.on_synced(Ticket(9), &mut alone.io());
    let matches = Message::Appended { term: 2, round: 0, outcome: Outcome::Matches(5) };
    raft.on_message(NodeId(1), matches, &mut alone.io());
    assert_eq!((raft.commit(), raft.members().now()), (5, Membership::of(set(&[0, 1]))));
}

/// An attempt that is late must not undo what came after: its client has gone on.
#[test]
fn a_change_whose_client_has_gone_on_is_not_made() {
    let mut cluster = five("", "");
    assert_eq!(cluster.order(3, put("a")), [DONE]);
    assert_eq!(cluster.order(2, learner(3)), []);
    assert_eq!(cluster.members(0), Membership::of(set(&[0, 1, 2])));
}
