//! What leaves a node in which order, and what it knows when it comes back.

use super::*;
use crate::check::measure::Reading;
use crate::check::{At, Property, Time};
use crate::process::{Durable, Voters};
use crate::protocol::commit::check::{AllDecide, LocksHeld, LocksReleased, MoneyConserved};
use crate::protocol::commit::tests::{self, ID, TXN, said};
use crate::protocol::commit::{Account, Balance, Case, Outcome, Refusal, Txn};

type Cluster = tests::Cluster<TwoPhase>;

fn both() -> Voters {
    [NodeId(1), NodeId(2)].into_iter().collect()
}

#[test]
fn what_is_promised_is_forced_before_it_is_said() {
    let mut cluster = Cluster::new(2);
    cluster.up_to_the_vote();
    let vote = cluster.vote(1);
    assert!(vote[0].starts_with("force Prepared(n0.1.1"), "{vote:?}");
    assert_eq!(vote[1..], ["Voted { txn: n0.1.1, yes: true }", "n0 Vote(n0.1.1, true)"]);
    cluster.vote(2);
    assert!(cluster.hear(0, 1, Message::Vote(TXN, true)).is_empty());
    assert!(cluster.hear(0, 1, Message::Vote(TXN, true)).is_empty(), "a vote counts once");
    let commit = cluster.hear(0, 2, Message::Vote(TXN, true));
    assert!(commit[0].starts_with("force Noted(n0.1.1"), "{commit:?}");
    let told = ["n1 Decision(n0.1.1, Commit)", "n2 Decision(n0.1.1, Commit)"];
    assert_eq!(commit[1..3], told);
    assert_eq!(commit[3..], ["Decided { txn: n0.1.1, outcome: Commit }", "c0#7 Done"]);
    let decided = ["force Decided(n0.1.1, Commit)", "Decided { txn: n0.1.1, outcome: Commit }", "n0 Acked(n0.1.1)"];
    for node in [1, 2] {
        assert_eq!(cluster.hear(node, 0, Message::Decision(TXN, Outcome::Commit)), decided);
    }
    assert!(cluster.hear(0, 1, Message::Acked(TXN)).is_empty());
    let ended = ["write Ended(n0.1.1)", "Ended(n0.1.1)"];
    assert_eq!(cluster.hear(0, 2, Message::Acked(TXN)), ended);
    assert_eq!(cluster.nodes.iter().find_map(Site::unfinished), None);
}

#[test]
fn an_abort_forces_nothing_and_is_presumed_ever_after() {
    let mut cluster = Cluster::new(2);
    cluster.up_to_the_vote();
    cluster.vote(1);
    let no = cluster.hear(0, 2, Message::Vote(TXN, false));
    assert!(no.iter().all(|did| !did.starts_with("force")), "{no:?}");
    assert_eq!(cluster.hear(0, 1, Message::Inquire(TXN)), ["n1 Decision(n0.1.1, Abort)"]);
    let abort = cluster.hear(1, 0, Message::Decision(TXN, Outcome::Abort));
    assert_eq!(abort, ["write Decided(n0.1.1, Abort)", "Decided { txn: n0.1.1, outcome: Abort }"]);
    assert!(cluster.nodes[1].bank.locks.is_empty());
}

#[test]
fn nothing_is_presumed_of_what_is_under_way_and_all_of_what_a_crash_undid() {
    let mut cluster = Cluster::new(2);
    cluster.up_to_the_vote();
    cluster.vote(1);
    assert!(cluster.hear(0, 1, Message::Inquire(TXN)).is_empty());
    cluster.boot(0);
    assert_eq!(cluster.hear(0, 1, Message::Inquire(TXN)), ["n1 Decision(n0.1.1, Abort)"]);
}

#[test]
fn a_participant_that_comes_back_keeps_its_locks_and_asks_everybody() {
    let mut cluster = Cluster::new(2);
    cluster.up_to_the_vote();
    cluster.vote(1);
    let asks = ["force Booted", "Recovered(n0.1.1)", "n0 Inquire(n0.1.1)", "n2 Query(n0.1.1)"];
    assert_eq!(cluster.boot(1), asks);
    assert_eq!(cluster.says(&mut LocksHeld, 1), "held");
    let refused = cluster.hear(1, 0, Message::Work(Txn { n: 2, ..TXN }, vec![(Account(0), 1)]));
    assert_eq!(refused.last().unwrap(), &format!("n0 {:?}", Message::Refused(Txn { n: 2, ..TXN }, Refusal::Locked)));
    cluster.nodes[1].bank.locks.clear();
    assert!(cluster.says(&mut LocksHeld, 1).starts_with("a participant is uncertain about what it has not locked"));
}

#[test]
fn who_has_not_voted_aborts_when_it_is_asked_and_never_votes_yes() {
    let mut cluster = Cluster::new(2);
    cluster.up_to_the_vote();
    let abort = ["Decided { txn: n0.1.1, outcome: Abort }", "n1 Decision(n0.1.1, Abort)"];
    assert_eq!(cluster.hear(2, 1, Message::Query(TXN)), abort);
    assert!(cluster.hear(2, 0, Message::Work(TXN, vec![(Account(1), 5)])).is_empty(), "a copy that was late");
    assert_eq!(cluster.vote(2).last().unwrap(), "n0 Vote(n0.1.1, false)");
    // Nor in a later life: the work that it is asked about was done in an earlier one.
    cluster.boot(2);
    cluster.hear(2, 0, Message::Work(TXN, vec![(Account(1), 5)]));
    assert_eq!(cluster.vote(2).last().unwrap(), "n0 Vote(n0.1.1, false)");
    assert!(cluster.nodes[2].bank.locks.is_empty());
}

#[test]
fn who_is_uncertain_too_has_nothing_to_say() {
    let mut cluster = Cluster::new(2);
    cluster.up_to_the_vote();
    cluster.vote(1);
    cluster.vote(2);
    assert!(cluster.hear(2, 1, Message::Query(TXN)).is_empty());
    cluster.hear(2, 0, Message::Decision(TXN, Outcome::Commit));
    assert_eq!(cluster.hear(2, 1, Message::Query(TXN)), ["n1 Decision(n0.1.1, Commit)"]);
}

#[test]
fn a_coordinator_that_comes_back_tells_of_its_commits_and_answers_what_it_has_done() {
    let mut cluster = Cluster::new(2);
    cluster.up_to_the_vote();
    cluster.vote(1);
    cluster.vote(2);
    cluster.hear(0, 1, Message::Vote(TXN, true));
    cluster.hear(0, 2, Message::Vote(TXN, true));
    let told = [
        "force Booted",
        "Decided { txn: n0.1.1, outcome: Commit }",
        "n1 Decision(n0.1.1, Commit)",
        "n2 Decision(n0.1.1, Commit)",
    ];
    assert_eq!(cluster.boot(0), told);
    let op = Op::Transfer { from: Account(0), to: vec![Account(1)], amount: 5 };
    let ask =
        |cluster: &mut Cluster, n: u64| cluster.call(0, |state, io| state.on_request(OpId { n, ..ID }, op.clone(), io));
    assert_eq!(ask(&mut cluster, 7), ["c0#7 Done"]);
    assert!(ask(&mut cluster, 6).is_empty(), "its client has gone on");
    assert!(ask(&mut cluster, 8)[0].starts_with("Begun { txn: n0.2.1"));
    assert!(ask(&mut cluster, 8).is_empty(), "it is under way");
}

#[test]
fn an_account_is_not_overdrawn_and_a_lock_is_not_waited_for() {
    let mut cluster = Cluster::new(2);
    let work = |cluster: &mut Cluster, n: u32, amount: i64| {
        let did = cluster.hear(1, 0, Message::Work(Txn { n, ..TXN }, vec![(Account(0), amount)]));
        did.last().cloned().unwrap()
    };
    assert_eq!(work(&mut cluster, 1, -101), "n0 Refused(n0.1.1, Overdrawn)");
    assert_eq!(work(&mut cluster, 2, -100), "n0 Done(n0.1.2, 1)");
    assert_eq!(work(&mut cluster, 3, 1), "n0 Refused(n0.1.3, Locked)");
    assert_eq!(cluster.hear(1, 0, Message::Read(ID, Account(0))), ["n0 Balance(c0#7, None)"]);
    let read = ["n0 Balance(c0#7, Some(100))", "Read { id: c0#7, account: a2, version: None }"];
    assert_eq!(cluster.hear(1, 0, Message::Read(ID, Account(2))), read);
}

#[test]
fn an_account_carries_the_transaction_that_changed_it_last() {
    let mut cluster = Cluster::new(2);
    cluster.up_to_the_vote();
    cluster.vote(1);
    cluster.hear(1, 0, Message::Decision(TXN, Outcome::Commit));
    let read = |cluster: &mut Cluster| cluster.hear(1, 0, Message::Read(ID, Account(0)));
    let left = ["n0 Balance(c0#7, Some(95))", "Read { id: c0#7, account: a0, version: Some(n0.1.1) }"];
    assert_eq!(read(&mut cluster), left);
    cluster.boot(1);
    assert_eq!(read(&mut cluster), left);
    let did = cluster.hear(1, 0, Message::Work(Txn { n: 2, ..TXN }, vec![(Account(0), 1), (Account(2), -1)]));
    assert_eq!(did[0], "Worked { txn: n0.1.2, seen: [(a0, Some(n0.1.1)), (a2, None)] }");
}

#[test]
fn a_lock_that_outlives_its_transaction_is_found_out() {
    let mut cluster = Cluster::new(2);
    cluster.up_to_the_vote();
    cluster.vote(1);
    let mut property: LocksReleased = cluster.new_property();
    assert_eq!(cluster.says(&mut property, 1), "skip");
    cluster.hear(1, 0, Message::Decision(TXN, Outcome::Commit));
    cluster.now = cluster.now + Span::ms(7);
    assert_eq!(cluster.says(&mut property, 1), "held");
    assert_eq!(cluster.says(&mut property, 1), "skip", "there was none to give back");
    cluster.nodes[1].bank.locks.insert(Account(0), TXN);
    let evidence = "a lock outlived its transaction: account a0, transaction n0.1.1";
    assert_eq!(cluster.says(&mut property, 1), evidence);
    let at = At { now: cluster.now, node: NodeId(1), life: 1 };
    let begun = |n| Fact::Begun { txn: Txn { n, ..TXN }, id: ID, participants: both() };
    let refusals = [Fact::Refused(TXN, Refusal::Locked), Fact::Refused(Txn { n: 2, ..TXN }, Refusal::Overdrawn)];
    for fact in [begun(1), begun(2)].iter().chain(&refusals) {
        Property::<TwoPhase>::on_fact(&mut property, at, fact);
    }
    let measures = Property::<TwoPhase>::measured(&property, cluster.now);
    let readings: Vec<Reading> = measures.into_iter().map(|measure| measure.reading).collect();
    assert_eq!(readings, [Reading::Times(vec![Span::ms(7)]), Reading::Share { part: 1, whole: 2 }]);
}

#[test]
fn money_that_is_on_its_way_is_counted_and_none_is_lost() {
    let mut cluster = Cluster::new(2);
    let says = |cluster: &Cluster| {
        let mut property: MoneyConserved = cluster.new_property();
        said(Property::<TwoPhase>::on_state(&mut property, Time::ZERO, cluster.view()))
    };
    cluster.up_to_the_vote();
    cluster.vote(1);
    cluster.vote(2);
    assert_eq!(says(&cluster), "skip", "nothing has moved");
    cluster.hear(1, 0, Message::Decision(TXN, Outcome::Commit));
    assert_eq!(says(&cluster), "held", "n2 will add what n1 has taken");
    cluster.disks[2].prepared.clear();
    assert_eq!(says(&cluster), "there is more or less money than at first: difference -5");
    cluster.disks[2].balances.insert(Account(3), Balance { amount: -101, version: TXN });
    assert_eq!(says(&cluster), "an account is overdrawn: account a3, balance -1");
}

#[test]
fn whoever_has_not_done_with_a_transaction_is_waited_for() {
    let mut cluster = Cluster::new(2);
    let property: AllDecide = cluster.new_property();
    let core: NodeSet = (0..3).map(NodeId).collect();
    let settled = |cluster: &Cluster| Property::<TwoPhase>::settled(&property, &core, cluster.view());
    assert_eq!(settled(&cluster), crate::check::Progress::Done);
    let case = Case { id: ID, participants: both(), outcome: Some(Outcome::Commit) };
    cluster.disks[0].apply(Record::Noted(TXN, case));
    cluster.boot(0);
    assert_eq!(settled(&cluster), crate::check::Progress::Waiting("n0 has not done with n0.1.1".to_owned()));
}
