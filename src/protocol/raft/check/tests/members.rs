//! Who takes part, who was elected by whom, and what snapshots hold.

use super::*;
use crate::process::Voters;
use crate::protocol::kv::Machine;
use crate::protocol::raft::check::{ElectedByQuorum, OneChangeAtATime, SnapshotFaithful};
use crate::protocol::raft::membership::Members;
use crate::protocol::raft::{HardState, Membership, Snapshot};

fn of(nodes: &[u32]) -> Membership {
    Membership::of(nodes.iter().copied().map(NodeId).collect())
}

const TOO_FEW: &str = "a leader was elected by too few";

fn voted(term: Term, candidate: u32) -> Fact {
    Fact::Voted { term, candidate: NodeId(candidate) }
}

#[test]
fn a_leader_has_the_votes_of_a_majority_of_those_who_vote() {
    let mut stage = Stage::<ElectedByQuorum>::new();
    stage.elect(0, 1);
    assert_eq!(stage.turn(0), TOO_FEW);
    stage.elect(0, 2);
    stage.fact(0, &voted(2, 0));
    stage.fact(1, &voted(2, 0));
    assert_eq!((stage.turn(0).as_str(), stage.turn(0).as_str()), (HELD, SKIP));
    stage.elect(1, 3);
    stage.fact(1, &voted(3, 1));
    stage.fact(2, &voted(3, 0));
    assert_eq!(stage.turn(1), TOO_FEW, "n2 voted for another");
    stage.elect(0, 4);
    stage.fact(0, &voted(4, 0));
    stage.disk(2).hard = HardState { term: 4, vote: Some(NodeId(0)) };
    stage.turn(2);
    assert_eq!(stage.turn(0), HELD, "it is on the disk, though it was not reported");
}

#[test]
fn in_a_joint_change_both_majorities_must_vote_and_learners_never_count() {
    let joint = Membership { outgoing: of(&[0]).voters, ..of(&[1, 2]) };
    let learning = Membership { learners: of(&[1, 2]).voters, ..of(&[0]) };
    let elected = |members: Membership, voters: &[u32]| {
        let mut stage = Stage::<ElectedByQuorum>::new();
        stage.elect(0, 1);
        stage.state(0).members = Members::starting(0, members);
        voters.iter().for_each(|&voter| drop(stage.fact(voter, &voted(1, 0))));
        stage.turn(0)
    };
    assert_eq!(elected(joint, &[0, 1, 2]), HELD);
    assert_eq!((elected(joint, &[1, 2]).as_str(), elected(joint, &[0, 1]).as_str()), (TOO_FEW, TOO_FEW));
    assert_eq!((elected(learning, &[0]).as_str(), elected(learning, &[1, 2]).as_str()), (HELD, TOO_FEW));
}

impl<C: Property<Raft>> Stage<C> {
    /// Appends a change to a node's log.
    fn change(&mut self, node: u32, term: Term, to: Membership) {
        let command = Command::Members { by: None, to };
        let state = self.state(node);
        state.log.push(Entry { term, command: command.into() });
        state.members.push(state.log.last().index, to);
    }
}

#[test]
fn one_change_follows_another_when_that_is_committed() {
    let stage = || {
        let mut stage = Stage::<OneChangeAtATime>::new();
        stage.append(0, &[1]);
        stage.elect(0, 2);
        stage.append(0, &[2]);
        stage
    };
    let mut hasty = stage();
    hasty.apply(0, 1);
    hasty.change(0, 2, of(&[0, 1]));
    assert_eq!(hasty.turn(0), "a leader changed the membership before it had committed anything in its term");

    let mut one_by_one = stage();
    one_by_one.apply(0, 2);
    one_by_one.change(0, 2, of(&[0, 1]));
    assert_eq!((one_by_one.turn(0).as_str(), one_by_one.turn(0).as_str()), (HELD, SKIP));
    one_by_one.apply(0, 3);
    one_by_one.change(0, 2, of(&[0]));
    assert_eq!(one_by_one.turn(0), HELD);
    one_by_one.change(0, 2, of(&[0, 2]));
    assert_eq!(one_by_one.turn(0), "a change of membership began before the last was committed");

    let mut wide = stage();
    wide.apply(0, 2);
    wide.change(0, 2, of(&[0]));
    assert_eq!(wide.turn(0), "quorums of one membership and the next need not share a node");
}

/// A node that has applied six appends, of which five are in the snapshot that the test makes.
fn saved(snapshot: impl Fn(&mut Snapshot)) -> Stage<SnapshotFaithful> {
    let mut stage = Stage::with(RaftParams { snapshot_every: Some(5), ..RaftParams::default() });
    for n in 0..6 {
        stage.state(0).log.push(append(0, n, "x"));
    }
    stage.apply(0, 5);
    let machine = stage.state(0).machine.clone();
    let mut saved = Snapshot { last: at(5, 1), machine, members: of(&[0, 1, 2]) };
    snapshot(&mut saved);
    stage.apply(0, 6);
    stage.disk(0).snapshot = Some(saved.into());
    stage
}

#[test]
fn a_snapshot_holds_what_its_entries_came_to() {
    let said = |snapshot: fn(&mut Snapshot)| saved(snapshot).turn(0);
    assert_eq!(said(|_| {}), HELD);
    let another = "a snapshot holds another state than its entries came to";
    assert_eq!(said(|snapshot| snapshot.machine = Machine::default()), another);
    assert_eq!(said(|snapshot| snapshot.machine = snapshot.machine.without_sessions()), another);
    assert_eq!(
        said(|snapshot| snapshot.members = of(&[0, 1])),
        "a snapshot holds another membership than its entries came to"
    );
    assert_eq!(said(|snapshot| snapshot.last.term = 2), "a snapshot ends with an entry that is not committed there");
}

#[test]
fn a_node_goes_by_its_snapshot_and_never_behind_it() {
    let mut stage = saved(|_| {});
    stage.state(0).members = Members::starting(0, Membership::of(Voters::NONE));
    assert_eq!(stage.turn(0), "a node goes by another membership than its snapshot holds");
    let mut stage = saved(|_| {});
    assert_eq!(stage.turn(0), HELD);
    stage.state(0).applied = 4;
    assert_eq!(stage.turn(0), "a node has applied less than its snapshot holds");
    stage.state(0).applied = 6;
    stage.disk(0).snapshot = Some(Snapshot { last: at(4, 1), machine: Machine::default(), members: of(&[0]) }.into());
    assert_eq!(stage.turn(0), "a snapshot was replaced by an older one");
    assert_eq!(stage.look(), SKIP);
    stage.disk(1).log = Log::behind(at(3, 1));
    assert_eq!(stage.look(), "a log begins behind the end of its snapshot");
}
