//! Votes, terms and leaders.

use super::*;
use crate::protocol::raft::HardState;
use crate::protocol::raft::check::{
    ElectionSafety, LeaderAppendOnly, LeaderCompleteness, MonotoneTerms, OneVotePerTerm,
};

const TWO_VOTES: &str = "one node voted for two candidates in a term";

#[test]
fn a_node_votes_once_a_term() {
    let mut stage = Stage::<OneVotePerTerm>::new();
    let vote = |term: Term, candidate: u32| Fact::Voted { term, candidate: NodeId(candidate) };
    assert_eq!(stage.fact(0, &vote(1, 1)), HELD);
    assert_eq!(stage.fact(0, &vote(1, 1)), HELD);
    assert_eq!(stage.fact(0, &vote(2, 2)), HELD);
    assert_eq!(stage.fact(1, &vote(1, 2)), HELD, "another node's vote");
    assert_eq!(stage.fact(0, &Fact::Elected { term: 1 }), SKIP);
    stage.crash(0, false);
    assert_eq!(stage.fact(0, &vote(1, 2)), TWO_VOTES, "in another life");
    stage.crash(0, true);
    assert_eq!(stage.fact(0, &vote(1, 2)), HELD, "excused: its disk was lost");
}

#[test]
fn a_vote_on_the_disk_counts_like_one_that_was_reported() {
    let mut stage = Stage::<OneVotePerTerm>::new();
    assert_eq!(stage.turn(0), SKIP);
    stage.disk(0).hard = HardState { term: 3, vote: Some(NodeId(1)) };
    assert_eq!((stage.turn(0).as_str(), stage.turn(0).as_str()), (HELD, SKIP));
    stage.disk(0).hard.vote = Some(NodeId(2));
    assert_eq!(stage.turn(0), TWO_VOTES);
}

#[test]
fn a_term_has_one_leader() {
    let mut stage = Stage::<ElectionSafety>::new();
    assert_eq!(stage.fact(0, &Fact::Elected { term: 1 }), HELD);
    assert_eq!(stage.fact(1, &Fact::Elected { term: 2 }), HELD);
    assert_eq!(stage.fact(2, &Fact::Elected { term: 1 }), "two leaders in one term");
    stage.crash(1, false);
    assert_eq!(stage.fact(1, &Fact::Elected { term: 2 }), "one leader elected twice in a term");
}

#[test]
fn a_leader_that_does_not_report_is_seen() {
    let mut stage = Stage::<ElectionSafety>::new();
    assert_eq!(stage.turn(0), SKIP);
    stage.elect(0, 4);
    stage.elect(1, 4);
    assert_eq!((stage.turn(0).as_str(), stage.turn(0).as_str()), (HELD, SKIP));
    assert_eq!(stage.turn(1), "two leaders in one term");
}

#[test]
fn terms_and_indices_do_not_go_back() {
    let mut stage = Stage::<MonotoneTerms>::new();
    stage.append(0, &[1, 1, 3]);
    stage.apply(0, 2);
    assert_eq!((stage.turn(0).as_str(), stage.turn(0).as_str()), (HELD, SKIP));
    stage.state(0).applied = 1;
    assert_eq!(stage.turn(0), "an applied index went back");
    stage.apply(0, 2);
    stage.turn(0);
    (stage.state(0).applied, stage.state(0).commit) = (1, 1);
    assert_eq!(stage.turn(0), "a commit index went back");
    stage.crash(0, false);
    (stage.state(0).applied, stage.state(0).commit) = (0, 0);
    assert_eq!(stage.turn(0), SKIP, "a restarted node learns them anew");
    stage.rewrite(0, &[1, 1]);
    stage.state(0).term = 2;
    assert_eq!(stage.turn(0), "a term went back");
    stage.state(0).term = 3;
    stage.turn(0);
    stage.crash(0, false);
    stage.state(0).term = 2;
    assert_eq!(stage.turn(0), "a term went back", "in another life");
    stage.crash(0, true);
    assert_eq!(stage.turn(0), HELD, "excused: its disk was lost");
}

#[test]
fn a_node_s_log_and_indices_are_in_order() {
    let broken = |change: fn(&mut Raft)| {
        let mut stage = Stage::<MonotoneTerms>::new();
        stage.append(0, &[1, 2, 2]);
        stage.apply(0, 1);
        change(stage.state(0));
        stage.turn(0)
    };
    assert_eq!(broken(|_| {}), HELD);
    assert_eq!(broken(|state| state.term = 1), "an entry of a later term than its node");
    let order = "applied, committed and last entry out of order";
    assert_eq!(broken(|state| state.applied = 2), order);
    assert_eq!(broken(|state| state.commit = 4), order);
    assert_eq!(
        broken(|state| state.log.push(Entry { term: 1, command: Command::Noop.into() })),
        "terms fall along a log"
    );
}

#[test]
fn an_entry_that_is_put_below_what_was_committed_is_read() {
    let mut stage = Stage::<MonotoneTerms>::new();
    stage.append(0, &[2, 2, 2, 2]);
    stage.apply(0, 3);
    assert_eq!(stage.turn(0), HELD);
    stage.rewrite(0, &[2, 1, 1, 3]);
    assert_eq!(stage.turn(0), "terms fall along a log");
}

#[test]
fn a_leader_only_appends() {
    let mut stage = Stage::<LeaderAppendOnly>::new();
    stage.append(0, &[1, 1]);
    assert_eq!(stage.turn(0), SKIP, "it follows");
    stage.rewrite(0, &[1]);
    assert_eq!(stage.turn(0), SKIP, "followers may drop entries");
    stage.elect(0, 2);
    assert_eq!(stage.turn(0), SKIP);
    stage.append(0, &[2, 2]);
    assert_eq!((stage.turn(0).as_str(), stage.turn(0).as_str()), (HELD, SKIP));
    stage.state(0).log.truncate(3);
    let dropped = "a leader dropped or overwrote an entry";
    assert_eq!(stage.turn(0), dropped);
    stage.state(0).log.truncate(2);
    stage.append(0, &[3, 3]);
    stage.elect(0, 4);
    stage.turn(0);
    stage.rewrite(0, &[1, 2, 2, 2]);
    stage.state(0).term = 4;
    assert_eq!(stage.turn(0), dropped, "longer, and another");
    stage.elect(0, 5);
    stage.rewrite(0, &[1]);
    stage.state(0).term = 5;
    assert_eq!(stage.turn(0), SKIP, "in another term, it may have followed between");
}

const LACKS: &str = "a leader lacks a committed entry";

#[test]
fn a_later_leader_has_what_was_committed() {
    let mut stage = Stage::<LeaderCompleteness>::new();
    stage.append(0, &[1, 1]);
    stage.elect(0, 1);
    assert_eq!(stage.turn(0), SKIP, "nothing is committed");
    assert_eq!(stage.committed(0, 1, at(2, 1)), SKIP);
    stage.append(1, &[1, 1]);
    stage.elect(1, 2);
    assert_eq!((stage.turn(1).as_str(), stage.turn(1).as_str()), (HELD, SKIP));
    stage.append(2, &[1]);
    assert_eq!(stage.turn(2), SKIP, "followers may lag");
    stage.elect(2, 3);
    assert_eq!(stage.turn(2), LACKS);
}

#[test]
fn an_earlier_leader_need_not_have_what_was_committed_later() {
    let mut stage = Stage::<LeaderCompleteness>::new();
    stage.committed(0, 4, at(2, 4));
    stage.elect(1, 3);
    assert_eq!(stage.turn(1), SKIP);
    stage.elect(1, 4);
    assert_eq!(stage.turn(1), LACKS, "one of that term must have it");
}

/// A leader without the entry came and went before the old leader heard that a majority had it.
#[test]
fn a_late_report_is_held_against_leaders_that_are_gone() {
    let with = |terms: &[Term]| {
        let mut stage = Stage::<LeaderCompleteness>::new();
        stage.append(0, &[1, 1, 1]);
        stage.elect(0, 1);
        stage.turn(0);
        stage.append(1, terms);
        stage.elect(1, 5);
        stage.turn(1);
        stage.crash(1, false);
        stage.rewrite(1, &[]);
        stage.committed(0, 1, at(2, 1))
    };
    assert_eq!(with(&[1, 1]), HELD);
    assert_eq!(with(&[1, 1, 1, 2, 4]), HELD);
    assert_eq!(with(&[1]), LACKS);
    assert_eq!(with(&[]), LACKS);
    assert_eq!(with(&[1, 2, 4, 4]), LACKS);
}

#[test]
fn a_leader_s_log_may_start_behind_a_prefix() {
    let mut stage = Stage::<LeaderCompleteness>::new();
    stage.state(1).log = Log::behind(at(4, 2));
    stage.append(1, &[2, 3]);
    stage.elect(1, 4);
    stage.turn(1);
    assert_eq!(stage.committed(0, 1, at(3, 1)), HELD, "what was compacted was committed");
    assert_eq!(stage.committed(0, 2, at(4, 2)), HELD);
    assert_eq!(stage.committed(0, 2, at(5, 2)), HELD);
    assert_eq!(stage.committed(0, 2, at(6, 2)), LACKS);
}
