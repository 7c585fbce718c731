//! Each invariant bites, clause by clause: it is told of things that happened, good ones and bad ones.

use super::{
    Agreement, CommitNeedsAllYes, Cooperation, InTimeCommits, Irrevocable, NeverBlocks, NoFailuresCommit,
    NonBlockingRule, OncePerRequest, Serializable,
};
use crate::check::measure::Reading;
use crate::check::{At, Cast, NodeId, OpId, Phase, Property, Time, Verdict, WorldEvent};
use crate::ids::ClientId;
use crate::protocol::Planted;
use crate::protocol::commit::{Account, CommitConfig, CommitParams, Fact, Outcome, Refusal, Txn};
use crate::protocol::two_phase::TwoPhase;
use crate::time::Span;

const SKIP: &str = "skip";
const HELD: &str = "held";

/// n0 coordinates; n1, n2 and n3 take part.
struct Stage<C> {
    check: C,
    now: Time,
    lives: [u32; 4],
}

fn said(verdict: Verdict) -> String {
    match verdict {
        Verdict::Skip => SKIP.to_owned(),
        Verdict::Unknown => "unknown".to_owned(),
        Verdict::Held => HELD.to_owned(),
        Verdict::Broken(evidence) => evidence.to_string(),
    }
}

fn txn(n: u32) -> Txn {
    Txn { coordinator: NodeId(0), life: 1, n }
}

fn id(n: u64) -> OpId {
    OpId { client: ClientId(0), n }
}

impl<C: Property<TwoPhase>> Stage<C> {
    fn new() -> Self {
        let cast = Cast::new(&[("coordinator", 1, 0), ("participant", 3, 0)]);
        let config = CommitConfig::new(&CommitParams::default(), true, &cast, Planted(None)).unwrap();
        Self { check: C::new(&config, &cast), now: Time::ZERO, lives: [1; 4] }
    }

    fn fact(&mut self, node: u32, fact: &Fact) -> String {
        let at = At { now: self.now, node: NodeId(node), life: self.lives[node as usize] };
        said(self.check.on_fact(at, fact))
    }

    fn begun(&mut self, n: u32) -> String {
        let participants = (1..4).map(NodeId).collect();
        self.fact(0, &Fact::Begun { txn: txn(n), id: id(n.into()), participants })
    }

    fn voted(&mut self, node: u32, n: u32, yes: bool) -> String {
        self.fact(node, &Fact::Voted { txn: txn(n), yes })
    }

    fn recovered(&mut self, node: u32, n: u32) -> String {
        self.fact(node, &Fact::Recovered(txn(n)))
    }

    fn decided(&mut self, node: u32, n: u32, outcome: Outcome) -> String {
        self.fact(node, &Fact::Decided { txn: txn(n), outcome })
    }

    fn falls(&mut self, node: u32) -> String {
        self.lives[node as usize] += 1;
        said(self.check.on_world(self.now, &WorldEvent::Crash { node: NodeId(node), lost_disk: false }))
    }

    fn over(&mut self) -> String {
        said(self.check.on_world(self.now, &WorldEvent::Phase(Phase::Over)))
    }

    fn pass(&mut self, ms: u64) {
        self.now = self.now + Span::ms(ms);
    }
}

use Outcome::{Abort, Commit};

#[test]
fn two_outcomes_of_one_transaction_break_agreement() {
    let mut stage: Stage<Agreement> = Stage::new();
    assert_eq!(stage.decided(0, 1, Commit), SKIP);
    assert_eq!(stage.decided(1, 1, Commit), HELD);
    assert_eq!(stage.decided(1, 2, Abort), SKIP, "another transaction");
    let evidence = "two outcomes of one transaction: transaction n0.1.1, first Commit, then Abort";
    assert_eq!(stage.decided(2, 1, Abort), evidence);
}

#[test]
fn a_node_that_reverses_its_decision_is_found_out() {
    let mut stage: Stage<Irrevocable> = Stage::new();
    assert_eq!(stage.decided(1, 1, Commit), HELD);
    stage.falls(1);
    assert_eq!(stage.decided(1, 1, Commit), HELD, "it says so again when it comes back");
    assert_eq!(stage.decided(2, 1, Abort), HELD, "what others decide is not its business");
    let evidence = "a node reversed its decision: transaction n0.1.1, first Commit, then Abort";
    assert_eq!(stage.decided(1, 1, Abort), evidence);
}

#[test]
fn a_commit_needs_the_yes_of_each_participant() {
    let mut stage: Stage<CommitNeedsAllYes> = Stage::new();
    stage.begun(1);
    stage.voted(1, 1, true);
    stage.voted(2, 1, true);
    stage.voted(3, 1, false);
    assert_eq!(stage.decided(3, 1, Abort), SKIP);
    assert_eq!(stage.decided(0, 1, Commit), "a commit without every yes: transaction n0.1.1, without [n3]");
    stage.voted(3, 1, true);
    assert_eq!(stage.decided(0, 1, Commit), HELD);
}

#[test]
fn without_any_failure_a_transaction_commits() {
    let aborts_after = |what: &dyn Fn(&mut Stage<NoFailuresCommit>)| {
        let mut stage: Stage<NoFailuresCommit> = Stage::new();
        stage.falls(1);
        stage.begun(1);
        (1..4).for_each(|node| drop(stage.voted(node, 1, true)));
        what(&mut stage);
        stage.decided(0, 1, Abort)
    };
    let broken = "an abort without a failure: transaction n0.1.1";
    assert_eq!(aborts_after(&|_| {}), broken);
    assert_eq!(aborts_after(&|stage| drop(stage.fact(2, &Fact::TimedOut(txn(2))))), broken, "another transaction");
    assert_eq!(aborts_after(&|stage| drop(stage.fact(2, &Fact::TimedOut(txn(1))))), broken, "it has voted, and asks");
    assert_eq!(aborts_after(&|stage| drop(stage.fact(0, &Fact::TimedOut(txn(1))))), SKIP);
    assert_eq!(aborts_after(&|stage| drop(stage.fact(2, &Fact::Leads(txn(1))))), SKIP);
    assert_eq!(aborts_after(&|stage| drop(stage.fact(2, &Fact::Refused(txn(1), Refusal::Locked)))), SKIP);
    assert_eq!(aborts_after(&|stage| drop(stage.voted(3, 1, false))), SKIP);
    assert_eq!(aborts_after(&|stage| drop(stage.falls(3))), SKIP);
    let mut stage: Stage<NoFailuresCommit> = Stage::new();
    stage.begun(1);
    assert_eq!([stage.decided(0, 1, Commit), stage.decided(1, 1, Commit)], [HELD, SKIP], "each is judged once");
}

#[test]
fn who_has_not_voted_may_abort_when_it_waits_or_is_asked_for_too_long() {
    let aborts = |who_waits: u32, who_aborts: u32| {
        let mut stage: Stage<NoFailuresCommit> = Stage::new();
        stage.begun(1);
        stage.voted(1, 1, true);
        stage.fact(who_waits, &Fact::TimedOut(txn(1)));
        stage.decided(who_aborts, 1, Abort)
    };
    let broken = "an abort without a failure: transaction n0.1.1";
    assert_eq!([aborts(2, 2), aborts(2, 0)], [SKIP; 2], "n2 waits, and has not voted");
    assert_eq!([aborts(1, 2), aborts(1, 1), aborts(1, 0)], [SKIP, broken, broken], "n1 has voted, and asks n2");
}

#[test]
fn where_nothing_fails_a_timeout_is_no_excuse() {
    let mut stage: Stage<InTimeCommits> = Stage::new();
    (1..4).for_each(|n| drop(stage.begun(n)));
    assert_eq!([stage.decided(0, 1, Commit), stage.decided(1, 1, Commit)], [HELD, SKIP], "each is judged once");
    stage.fact(2, &Fact::Refused(txn(2), Refusal::Overdrawn));
    assert_eq!(stage.decided(0, 2, Abort), SKIP, "n2 could not");
    stage.fact(0, &Fact::TimedOut(txn(3)));
    assert_eq!(stage.decided(0, 3, Abort), "an abort where nothing failed: transaction n0.1.3");
}

#[test]
fn nobody_commits_while_a_participant_that_stayed_up_is_uncertain() {
    let voted_and_heard = |heard: &[u32]| {
        let mut stage: Stage<NonBlockingRule> = Stage::new();
        stage.begun(1);
        (1..4).for_each(|node| drop(stage.voted(node, 1, true)));
        heard.iter().for_each(|&node| drop(stage.fact(node, &Fact::PreCommitted(txn(1)))));
        stage
    };
    assert_eq!(voted_and_heard(&[1, 2, 3]).decided(0, 1, Commit), HELD);
    let broken = "a commit while an operational process is uncertain: transaction n0.1.1, uncertain [n3]";
    assert_eq!(voted_and_heard(&[1, 2]).decided(0, 1, Commit), broken);
    let mut stage = voted_and_heard(&[1, 2]);
    stage.falls(3);
    assert_eq!(stage.decided(0, 1, Commit), HELD, "n3 is down");
    stage.recovered(3, 1);
    assert_eq!(stage.decided(1, 1, Commit), HELD, "n3 is back, and not operational");
    assert_eq!(voted_and_heard(&[]).decided(1, 1, Abort), SKIP, "anybody may be uncertain about an abort");
}

#[test]
fn a_request_is_carried_out_once() {
    let mut stage: Stage<OncePerRequest> = Stage::new();
    stage.begun(1);
    let again = Fact::Begun { txn: txn(2), id: id(1), participants: (1..4).map(NodeId).collect() };
    stage.fact(0, &again);
    assert_eq!(stage.decided(0, 1, Abort), SKIP, "the first attempt came to nothing");
    assert_eq!(stage.decided(0, 2, Commit), HELD);
    assert_eq!(stage.decided(1, 2, Commit), HELD, "one transaction, known to two");
    let evidence = "a request was carried out twice: request c0#1, first n0.1.2, then n0.1.1";
    assert_eq!(stage.decided(2, 1, Commit), evidence);
}

impl Stage<Serializable> {
    /// A participant works on accounts, which it finds as the transaction of that number left them, or nobody.
    fn worked(&mut self, node: u32, n: u32, seen: &[(u32, u32)]) -> String {
        let seen = seen.iter().map(|&(account, by)| (Account(account), (by > 0).then(|| txn(by)))).collect();
        self.fact(node, &Fact::Worked { txn: txn(n), seen })
    }

    fn read(&mut self, node: u32, account: u32, by: u32) -> String {
        let version = (by > 0).then(|| txn(by));
        self.fact(node, &Fact::Read { id: id(1), account: Account(account), version })
    }
}

#[test]
fn a_read_of_what_is_aborted_then_or_was_before_is_found_at_once() {
    let broken = "not serializable: G1a, aborted read: a transaction read what another wrote that aborted: for \
                  the read c0#1 read a3 at version n0.1.1, which n0.1.1 had written (wr), and n0.1.1 aborted";
    let mut stage: Stage<Serializable> = Stage::new();
    stage.worked(1, 1, &[(3, 0)]);
    assert_eq!(stage.read(1, 3, 1), SKIP, "nobody knows yet");
    assert_eq!(stage.decided(0, 1, Abort), broken);
    let mut stage: Stage<Serializable> = Stage::new();
    stage.worked(1, 1, &[(3, 0)]);
    assert_eq!([stage.decided(0, 1, Abort), stage.read(1, 3, 1)], [SKIP, broken]);
    let mut stage: Stage<Serializable> = Stage::new();
    stage.worked(1, 1, &[(3, 0)]);
    stage.read(1, 3, 1);
    assert_eq!([stage.decided(0, 1, Commit), stage.decided(1, 1, Commit), stage.over()], [SKIP, SKIP, HELD]);
}

#[test]
fn transfers_that_depend_on_each_other_in_a_circle_are_found_in_the_end() {
    // Each participant by itself has seen one after the other.
    let mut stage: Stage<Serializable> = Stage::new();
    assert_eq!(stage.over(), SKIP, "nothing was written");
    stage.worked(1, 1, &[(0, 0)]);
    stage.decided(1, 1, Commit);
    stage.worked(1, 2, &[(0, 1)]);
    stage.decided(1, 2, Commit);
    stage.decided(1, 2, Commit);
    stage.worked(2, 2, &[(1, 0)]);
    stage.decided(2, 2, Commit);
    assert_eq!(stage.over(), HELD);
    stage.worked(2, 1, &[(1, 2)]);
    let broken = "not serializable: G1c, circular information flow: transactions depend on each other's writes in \
                  turn: for n0.1.2 read a0 at version n0.1.1, which n0.1.1 had written (wr); \
                  n0.1.1 read a1 at version n0.1.2, which n0.1.2 had written (wr)";
    assert_eq!(stage.over(), broken, "n2 has not carried it out yet");
    stage.decided(2, 1, Commit);
    let broken = "not serializable: G0, write cycle: transactions wrote over each other in turn: for \
                  n0.1.2 wrote version n0.1.2 of a0 over n0.1.1, which n0.1.1 had written (ww); \
                  n0.1.1 wrote version n0.1.1 of a1 over n0.1.2, which n0.1.2 had written (ww)";
    assert_eq!(stage.over(), broken);
    // A lost update: both have worked on what neither had changed.
    let mut stage: Stage<Serializable> = Stage::new();
    for n in [1, 2] {
        stage.worked(1, n, &[(0, 0)]);
    }
    for n in [1, 2] {
        stage.decided(1, n, Commit);
    }
    let broken = "not serializable: G-single, single anti-dependency cycle: a lost update or a torn read: for \
                  n0.1.2 read a0 as it was at first, before n0.1.1 wrote version n0.1.1 (rw); \
                  n0.1.2 wrote version n0.1.2 of a0 over n0.1.1, which n0.1.1 had written (ww)";
    assert_eq!(stage.over(), broken);
}

/// Work that a crash has undone is done anew, and finds what others have left since.
#[test]
fn what_counts_is_what_a_participant_has_found_last() {
    let mut stage: Stage<Serializable> = Stage::new();
    stage.worked(1, 1, &[(0, 0)]);
    stage.falls(1);
    stage.worked(1, 2, &[(0, 0)]);
    stage.decided(1, 2, Commit);
    stage.worked(1, 1, &[(0, 2)]);
    stage.decided(1, 1, Commit);
    assert_eq!(stage.over(), HELD);
}

/// The bound is four timeouts of 50 ms and a retry of 50 ms.
#[test]
fn who_can_learn_from_another_participant_does_within_the_bound() {
    let uncertain = || {
        let mut stage: Stage<Cooperation> = Stage::new();
        stage.begun(1);
        (1..4).for_each(|node| drop(stage.voted(node, 1, true)));
        stage.falls(0);
        stage.pass(1000);
        assert_eq!(stage.voted(3, 2, true), SKIP, "all are uncertain");
        assert_eq!(stage.decided(1, 1, Commit), SKIP, "one knows");
        stage
    };
    let broken = "a participant does not learn what another knows: transaction n0.1.1";
    let mut stage = uncertain();
    stage.pass(250);
    assert_eq!(stage.decided(2, 1, Commit), HELD, "just in time");
    stage.pass(1);
    assert_eq!(stage.voted(3, 3, true), broken, "n3 is too late");

    let mut stage = uncertain();
    stage.falls(3);
    stage.falls(2);
    stage.pass(1000);
    assert_eq!(stage.recovered(2, 1), SKIP, "who was down begins anew");
    stage.falls(1);
    stage.pass(1000);
    assert_eq!(stage.voted(3, 1, true), SKIP, "there is nobody up who knows");

    let mut stage = uncertain();
    stage.pass(251);
    assert_eq!(stage.decided(2, 1, Commit), broken, "too late, and nothing happened in between");
    let mut stage = uncertain();
    stage.pass(251);
    assert_eq!(stage.falls(2), broken, "it should have learned before it fell");
}

/// The bound is 1600 ms: eight timeouts of 50 ms, four times.
#[test]
fn who_is_uncertain_for_too_long_is_blocked_and_how_long_is_measured() {
    let mut stage: Stage<NeverBlocks> = Stage::new();
    stage.begun(1);
    stage.voted(1, 1, true);
    stage.voted(3, 1, true);
    stage.pass(10);
    stage.falls(0);
    stage.pass(5);
    stage.voted(2, 1, true);
    stage.falls(3);
    stage.pass(1000);
    stage.recovered(3, 1);
    assert_eq!(stage.decided(1, 1, Abort), HELD);
    stage.pass(601);
    let broken = "a participant is up, and blocked: transaction n0.1.1, undecided at 1.615s";
    assert_eq!(stage.decided(2, 1, Abort), broken);
    stage.begun(2);
    stage.pass(10_000);
    assert_eq!(stage.decided(3, 1, Abort), SKIP, "it was down, and may wait");
    stage.voted(1, 2, true);
    stage.decided(0, 2, Commit);
    stage.falls(0);
    assert_eq!(stage.decided(1, 2, Commit), HELD, "the coordinator fell after it had decided");
    let readings: Vec<Reading> = stage.check.measured_of().into_iter().collect();
    let times = [1005, 1601, 10_601].map(Span::ms).to_vec();
    // Some participant was blocked all the time, from the coordinator's fall to the last decision.
    let held = Reading::TimeEach { total: 11_606_000_000, of: 2 };
    assert_eq!(readings, [Reading::Share { part: 1, whole: 2 }, Reading::Times(times), held]);
}

impl NeverBlocks {
    fn measured_of(&self) -> Vec<Reading> {
        let measures = Property::<TwoPhase>::measured(self, Time::ZERO);
        measures.into_iter().map(|measure| measure.reading).collect()
    }
}
