//! What each invariant says to facts and nodes made by hand.

use super::check::{Agreement, BallotsMonotone, NoFalseLearning, Nontriviality, P2c};
use super::*;
use crate::check::{At, Property, Seat, Time, Verdict, WorldEvent};
use crate::process::{Cast, ClientId};

const HELD: &str = "held";
const SKIP: &str = "skip";

struct Stage<C>(C);

impl<C: Property<Paxos>> Stage<C> {
    /// Three nodes.
    fn new() -> Self {
        let cast = Cast::single("replica", 3);
        let setup = Setup { params: &PaxosParams::default(), bug: None, cast: &cast };
        Self(C::new(&<Paxos as Protocol>::config(&setup).unwrap(), &cast))
    }

    fn fact(&mut self, node: u32, fact: Fact) -> String {
        said(self.0.on_fact(at(node), &fact))
    }

    /// The turn of a node with this acceptor is over.
    fn turn(&mut self, node: u32, acceptor: Acceptor) -> String {
        let state = Paxos {
            acceptor,
            highest: acceptor.promised,
            ballot: None,
            patience: Span::ZERO,
            waiting: Vec::new(),
            heard: BTreeMap::new(),
            chosen: None,
        };
        said(self.0.on_turn(at(node), Seat { node: NodeId(node), state: &state, disk: &acceptor, held: false }))
    }
}

fn at(node: u32) -> At {
    At { now: Time::ZERO, node: NodeId(node), life: 1 }
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

fn value(n: u64) -> Value {
    OpId { client: ClientId(0), n }
}

fn proposal(round: u64, proposer: u32, n: u64) -> Proposal {
    Proposal { ballot: ballot(round, proposer), value: value(n) }
}

#[test]
fn ballots_are_ordered_by_round_and_shared_by_nobody() {
    assert!(ballot(1, 2) < ballot(2, 0) && ballot(2, 0) < ballot(2, 1) && Ballot::default() < ballot(1, 0));
}

#[test]
fn a_ballot_is_begun_once_and_by_its_proposer() {
    const OLD: &str = "a proposer began a ballot that is not a new one of its own";
    let mut stage = Stage::<BallotsMonotone>::new();
    assert_eq!(stage.fact(1, Fact::Prepared(ballot(1, 1))), HELD);
    assert_eq!(stage.fact(1, Fact::Prepared(ballot(3, 1))), HELD);
    assert_eq!(stage.fact(1, Fact::Prepared(ballot(3, 1))), OLD);
    assert_eq!(stage.fact(0, Fact::Prepared(ballot(4, 1))), OLD);
}

#[test]
fn promises_only_grow_and_bound_what_is_accepted() {
    let mut stage = Stage::<BallotsMonotone>::new();
    let promised = |round| Acceptor { promised: ballot(round, 0), accepted: None };
    assert_eq!(stage.turn(0, promised(2)), HELD);
    assert_eq!(stage.turn(0, promised(2)), SKIP);
    assert_eq!(stage.turn(1, promised(1)), HELD, "another acceptor");
    assert_eq!(stage.turn(0, promised(1)), "an acceptor took a promise back");
    let above = Acceptor { promised: ballot(3, 0), accepted: Some(proposal(4, 0, 1)) };
    assert_eq!(stage.turn(0, above), "an acceptor accepted above its promise");
}

#[test]
fn a_proposal_needs_a_majority_that_backs_it() {
    const ALONE: &str = "a proposal that no majority supports";
    let mut stage = Stage::<P2c>::new();
    assert_eq!(stage.fact(0, Fact::Proposed(proposal(1, 0, 7))), HELD, "nobody has accepted anything");
    assert_eq!(stage.fact(0, Fact::Accepted(proposal(1, 0, 7))), HELD);
    assert_eq!(stage.fact(1, Fact::Proposed(proposal(2, 1, 8))), HELD, "the two others are a majority");
    assert_eq!(stage.fact(1, Fact::Accepted(proposal(1, 0, 7))), ALONE, "one of them accepted lower, but later");
    assert_eq!(stage.fact(2, Fact::Proposed(proposal(3, 2, 9))), ALONE);
    let mut stage = Stage::<P2c>::new();
    stage.fact(0, Fact::Proposed(proposal(1, 0, 7)));
    stage.fact(0, Fact::Accepted(proposal(1, 0, 7)));
    stage.fact(1, Fact::Accepted(proposal(1, 0, 7)));
    assert_eq!(stage.fact(2, Fact::Proposed(proposal(2, 2, 7))), HELD, "the value of the highest");
    assert_eq!(stage.fact(2, Fact::Proposed(proposal(2, 2, 9))), "one ballot proposes two values");
}

#[test]
fn of_what_a_majority_accepted_the_highest_binds() {
    let mut stage = Stage::<P2c>::new();
    stage.fact(0, Fact::Accepted(proposal(1, 0, 7)));
    stage.fact(1, Fact::Accepted(proposal(2, 1, 8)));
    assert_eq!(stage.fact(2, Fact::Proposed(proposal(3, 2, 7))), HELD, "n0 and n2");
    stage.fact(2, Fact::Accepted(proposal(2, 1, 8)));
    assert_eq!(stage.fact(0, Fact::Proposed(proposal(4, 0, 8))), HELD);
    assert_ne!(stage.fact(0, Fact::Proposed(proposal(5, 0, 7))), HELD);
}

#[test]
fn what_is_learned_was_accepted_by_a_majority_in_one_ballot() {
    let mut stage = Stage::<NoFalseLearning>::new();
    stage.fact(0, Fact::Accepted(proposal(1, 0, 7)));
    stage.fact(1, Fact::Accepted(proposal(2, 1, 7)));
    assert_eq!(stage.fact(0, Fact::Learned(value(7))), "a node learned what was not chosen");
    stage.fact(2, Fact::Accepted(proposal(2, 1, 7)));
    assert_eq!(stage.fact(0, Fact::Learned(value(7))), HELD);
}

#[test]
fn only_what_somebody_asked_for_is_proposed_and_learned() {
    const NOBODY: &str = "nobody asked for this value";
    let mut stage = Stage::<Nontriviality>::new();
    assert_eq!(stage.fact(0, Fact::Proposed(proposal(1, 0, 7))), NOBODY);
    assert_eq!(said(stage.0.on_world(Time::ZERO, &WorldEvent::Invoke { id: value(7) })), SKIP);
    assert_eq!(stage.fact(0, Fact::Proposed(proposal(1, 0, 7))), HELD);
    assert_eq!(stage.fact(0, Fact::Learned(value(8))), NOBODY);
}

#[test]
fn all_learn_the_same() {
    let mut stage = Stage::<Agreement>::new();
    assert_eq!(stage.fact(0, Fact::Learned(value(7))), HELD);
    assert_eq!(stage.fact(1, Fact::Learned(value(7))), HELD);
    assert_eq!(stage.fact(0, Fact::Learned(value(8))), "two values were learned");
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let refused = |params: PaxosParams, nodes: u32| {
        let cast = Cast::single("replica", nodes);
        <Paxos as Protocol>::config(&Setup { params: &params, bug: None, cast: &cast }).unwrap_err().field
    };
    let usual = PaxosParams::default();
    assert_eq!(refused(PaxosParams { backoff: Span::ZERO, ..usual.clone() }, 3), "backoff");
    assert_eq!(refused(PaxosParams { backoff_max: Span::ms(1), ..usual.clone() }, 3), "backoff_max");
    assert_eq!(refused(PaxosParams { query: Span::ZERO, ..usual.clone() }, 3), "query");
    assert_eq!(refused(usual, 129), "");
}
