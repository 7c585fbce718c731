//! What leaves a node in which order, who leads a termination and how it ends, and what a node knows when it comes
//! back.

use super::*;
use crate::check::{At, Property, Time};
use crate::process::Durable;
use crate::protocol::commit::Outcome;
use crate::protocol::commit::check::NonBlockingRule;
use crate::protocol::commit::tests::{Cluster, TXN, said};

const DECIDED: &str = "Decided { txn: n0.1.1, outcome: Commit }";
const ABORTED: &str = "Decided { txn: n0.1.1, outcome: Abort }";

/// Three participants that have voted yes. The coordinator does not know yet.
fn voted() -> Cluster<ThreePhase> {
    let mut cluster = Cluster::new(3);
    cluster.up_to_the_vote();
    for node in 1..4 {
        assert_eq!(cluster.vote(node).last().unwrap(), "n0 Vote(n0.1.1, true)");
    }
    cluster
}

fn told(outcome: Outcome, nodes: &[u32]) -> Vec<String> {
    nodes.iter().map(|node| format!("n{node} Decision(n0.1.1, {outcome:?})")).collect()
}

fn precommit(cluster: &mut Cluster<ThreePhase>, node: usize, from: u32) {
    let did = cluster.hear(node, from, Message::PreCommit(TXN));
    assert_eq!(did, ["PreCommitted(n0.1.1)".to_owned(), format!("n{from} PreCommitted(n0.1.1)")]);
}

#[test]
fn nobody_is_told_to_commit_before_all_have_heard_that_all_voted_yes() {
    let mut cluster = voted();
    cluster.hear(0, 1, Message::Vote(TXN, true));
    cluster.hear(0, 2, Message::Vote(TXN, true));
    let third = cluster.hear(0, 3, Message::Vote(TXN, true));
    assert_eq!(third, ["n1 PreCommit(n0.1.1)", "n2 PreCommit(n0.1.1)", "n3 PreCommit(n0.1.1)"]);
    for node in 1..4 {
        precommit(&mut cluster, node, 0);
    }
    assert!(cluster.hear(0, 1, Message::PreCommitted(TXN)).is_empty());
    assert!(cluster.hear(0, 1, Message::PreCommitted(TXN)).is_empty(), "an answer counts once");
    assert!(cluster.hear(0, 2, Message::PreCommitted(TXN)).is_empty());
    let commit = cluster.hear(0, 3, Message::PreCommitted(TXN));
    assert_eq!(commit[..2], ["force Decided(n0.1.1, Commit)", DECIDED]);
    assert_eq!(commit[2..5], told(Outcome::Commit, &[1, 2, 3]));
    assert_eq!(commit[5..], ["c0#7 Done"]);
    let decided = ["force Decided(n0.1.1, Commit)", DECIDED];
    assert_eq!(cluster.hear(1, 0, Message::Decision(TXN, Outcome::Commit)), decided);
    assert!(cluster.nodes[1].unfinished().is_none() && cluster.nodes[0].unfinished().is_none());
}

#[test]
fn who_does_not_answer_the_second_phase_is_down_and_does_not_keep_the_others() {
    let mut cluster = voted();
    (1..4).for_each(|node| drop(cluster.hear(0, node, Message::Vote(TXN, true))));
    cluster.hear(0, 1, Message::PreCommitted(TXN));
    let commit = cluster.ring(0, Timer::Answers(TXN));
    assert_eq!(commit[..3], ["TimedOut(n0.1.1)", "force Decided(n0.1.1, Commit)", DECIDED]);
}

#[test]
fn a_coordinator_without_all_votes_aborts() {
    let mut cluster = voted();
    cluster.hear(0, 1, Message::Vote(TXN, true));
    let abort = cluster.ring(0, Timer::Answers(TXN));
    assert_eq!(abort[..3], ["TimedOut(n0.1.1)", "write Decided(n0.1.1, Abort)", ABORTED]);
    assert_eq!(abort[3..6], told(Outcome::Abort, &[1, 2, 3]));
}

#[test]
fn the_lowest_number_leads_and_the_others_stand_back() {
    let mut cluster = voted();
    let leads = cluster.ring(2, Timer::Decision(TXN));
    let asked = ["n1 StateRequest(n0.1.1)", "n3 StateRequest(n0.1.1)"];
    assert_eq!(leads[..2], ["TimedOut(n0.1.1)", "Leads(n0.1.1)"]);
    assert_eq!(leads[2..], asked);
    assert_eq!(cluster.hear(3, 2, Message::StateRequest(TXN)), ["n2 State(n0.1.1, false)"]);
    let takes_over = cluster.hear(1, 2, Message::StateRequest(TXN));
    assert_eq!(takes_over[..2], ["n2 State(n0.1.1, false)", "Leads(n0.1.1)"]);
    cluster.hear(2, 3, Message::State(TXN, false));
    cluster.hear(2, 1, Message::State(TXN, false));
    assert!(cluster.nodes[2].leading.is_empty());
    assert!(cluster.ring(2, Timer::Collect(TXN)).is_empty());
    assert_eq!(cluster.hear(2, 1, Message::StateRequest(TXN)), ["n1 State(n0.1.1, false)"]);
    cluster.hear(1, 2, Message::State(TXN, false));
    let abort = cluster.ring(1, Timer::Collect(TXN));
    assert_eq!(abort[..2], ["write Decided(n0.1.1, Abort)", ABORTED], "all are uncertain");
    assert_eq!(abort[2..], told(Outcome::Abort, &[2, 3, 0]));
}

#[test]
fn what_one_has_heard_all_are_told_before_the_leader_commits() {
    let mut cluster = voted();
    precommit(&mut cluster, 3, 0);
    cluster.ring(1, Timer::Decision(TXN));
    cluster.hear(1, 2, Message::State(TXN, false));
    cluster.hear(1, 3, Message::State(TXN, true));
    let pushes = cluster.ring(1, Timer::Collect(TXN));
    assert_eq!(pushes, ["PreCommitted(n0.1.1)", "n2 PreCommit(n0.1.1)"]);
    precommit(&mut cluster, 2, 1);
    let commit = cluster.hear(1, 2, Message::PreCommitted(TXN));
    assert_eq!(commit[..2], ["force Decided(n0.1.1, Commit)", DECIDED]);
    assert_eq!(commit[2..], told(Outcome::Commit, &[2, 3, 0]));
    assert_eq!(cluster.hear(2, 3, Message::StateRequest(TXN))[0], "n3 State(n0.1.1, true)");
    assert_eq!(cluster.hear(1, 3, Message::StateRequest(TXN)), told(Outcome::Commit, &[3]));
}

#[test]
fn a_leader_does_not_wait_for_who_falls_after_it_has_answered() {
    let mut cluster = voted();
    precommit(&mut cluster, 1, 0);
    cluster.ring(1, Timer::Decision(TXN));
    cluster.hear(1, 2, Message::State(TXN, false));
    assert_eq!(cluster.ring(1, Timer::Collect(TXN)), ["n2 PreCommit(n0.1.1)"]);
    assert_eq!(cluster.ring(1, Timer::Collect(TXN))[..2], ["force Decided(n0.1.1, Commit)", DECIDED]);
}

#[test]
fn who_was_down_takes_no_part_and_asks() {
    let mut cluster = voted();
    let asks = ["force Booted", "Recovered(n0.1.1)", "n0 Query(n0.1.1)", "n2 Query(n0.1.1)", "n3 Query(n0.1.1)"];
    assert_eq!(cluster.boot(1), asks);
    assert!(cluster.hear(1, 2, Message::StateRequest(TXN)).is_empty());
    assert!(cluster.hear(1, 0, Message::PreCommit(TXN)).is_empty());
    assert!(cluster.ring(1, Timer::Decision(TXN)).is_empty());
    assert!(cluster.hear(2, 1, Message::Query(TXN)).is_empty(), "who is uncertain has nothing to say yet");
    cluster.hear(3, 0, Message::Decision(TXN, Outcome::Commit));
    assert_eq!(cluster.hear(3, 1, Message::Query(TXN)), told(Outcome::Commit, &[1]));
    let decided = cluster.hear(1, 3, Message::Decision(TXN, Outcome::Commit));
    assert_eq!(decided, ["force Decided(n0.1.1, Commit)", DECIDED]);
}

#[test]
fn after_a_total_failure_they_wait_for_all_and_abort() {
    let mut cluster = voted();
    (0..4).for_each(|node| drop(cluster.boot(node)));
    assert_eq!(cluster.hear(2, 1, Message::Query(TXN)), ["n1 Recovering(n0.1.1)"]);
    assert_eq!(cluster.hear(0, 1, Message::Query(TXN)), ["n1 Recovering(n0.1.1)"]);
    assert!(cluster.hear(1, 2, Message::Recovering(TXN)).is_empty());
    assert!(cluster.hear(1, 0, Message::Recovering(TXN)).is_empty());
    assert!(cluster.hear(1, 2, Message::Recovering(TXN)).is_empty(), "n3 may have committed before it fell");
    let abort = cluster.hear(1, 3, Message::Recovering(TXN));
    assert_eq!(abort[..2], ["write Decided(n0.1.1, Abort)", ABORTED]);
    assert_eq!(abort[2..], told(Outcome::Abort, &[0, 2, 3]));
    let coordinator = cluster.hear(0, 1, Message::Decision(TXN, Outcome::Abort));
    assert_eq!(coordinator[..2], ["write Decided(n0.1.1, Abort)", ABORTED]);
}

#[test]
fn a_coordinator_that_hears_of_a_total_failure_tells_it_once() {
    let mut cluster = voted();
    (0..4).for_each(|node| drop(cluster.boot(node)));
    (1..3).for_each(|node| drop(cluster.hear(0, node, Message::Recovering(TXN))));
    let abort = cluster.hear(0, 3, Message::Recovering(TXN));
    assert_eq!(abort[..2], ["write Decided(n0.1.1, Abort)", ABORTED]);
    assert_eq!(abort[2..5], told(Outcome::Abort, &[1, 2, 3]));
    assert_eq!(abort[5..], ["c0#7 Busy"]);
}

#[test]
fn a_leader_tells_what_it_has_learned_from_an_answer() {
    let mut cluster = voted();
    cluster.hear(3, 0, Message::Decision(TXN, Outcome::Commit));
    cluster.ring(1, Timer::Decision(TXN));
    assert_eq!(cluster.hear(3, 1, Message::StateRequest(TXN)), told(Outcome::Commit, &[1]));
    let learned = cluster.hear(1, 3, Message::Decision(TXN, Outcome::Commit));
    assert_eq!(learned[..2], ["force Decided(n0.1.1, Commit)", DECIDED]);
    assert_eq!(learned[2..], told(Outcome::Commit, &[2, 3, 0]));
}

#[test]
fn a_commit_that_a_crash_kept_from_being_reported_breaks_the_rule_too() {
    let mut cluster = voted();
    let mut rule: NonBlockingRule = cluster.new_property();
    let says = |rule: &mut NonBlockingRule, cluster: &Cluster<ThreePhase>| {
        said(Property::<ThreePhase>::on_state(rule, Time::ZERO, cluster.view()))
    };
    let at = At { now: Time::ZERO, node: NodeId(3), life: 1 };
    Property::<ThreePhase>::on_fact(&mut rule, at, &Fact::Voted { txn: TXN, yes: true });
    assert_eq!(says(&mut rule, &cluster), "skip");
    cluster.disks[1].apply(Record::Decided(TXN, Outcome::Commit));
    let broken = "a commit while an operational process is uncertain: transaction n0.1.1, uncertain [n3]";
    assert_eq!(says(&mut rule, &cluster), broken);
}

#[test]
fn a_commit_that_only_one_knew_outlives_a_total_failure() {
    let mut cluster = voted();
    cluster.hear(3, 0, Message::Decision(TXN, Outcome::Commit));
    (0..4).for_each(|node| drop(cluster.boot(node)));
    assert_eq!(cluster.hear(3, 1, Message::Query(TXN)), told(Outcome::Commit, &[1]));
    let learned = cluster.hear(0, 3, Message::Decision(TXN, Outcome::Commit));
    assert_eq!(learned[..2], ["force Decided(n0.1.1, Commit)", DECIDED]);
    assert_eq!(learned.last().unwrap(), "c0#7 Done");
}

#[test]
fn who_has_not_voted_aborts_when_it_is_asked() {
    let mut cluster: Cluster<ThreePhase> = Cluster::new(3);
    cluster.up_to_the_vote();
    cluster.vote(1);
    let abort = [ABORTED.to_owned(), "n1 Decision(n0.1.1, Abort)".to_owned()];
    assert_eq!(cluster.hear(3, 1, Message::StateRequest(TXN)), abort);
    assert_eq!(cluster.vote(3).last().unwrap(), "n0 Vote(n0.1.1, false)");
    cluster.boot(2);
    assert_eq!(cluster.hear(2, 1, Message::Query(TXN)), abort);
    assert_eq!(cluster.vote(2).last().unwrap(), "n0 Vote(n0.1.1, false)");
}
