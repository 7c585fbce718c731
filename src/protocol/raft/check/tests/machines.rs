//! What is applied, and what comes of it.

use super::*;
use crate::check::{NodeSet, Progress};
use crate::protocol::kv::Machine;
use crate::protocol::raft::check::{ExactlyOnce, FreshReads, ReplicasEqual, StateMachineSafety};

impl<C: Property<Raft>> Stage<C> {
    fn push(&mut self, node: u32, entries: &[Entry]) {
        entries.iter().for_each(|entry| self.state(node).log.push(entry.clone()));
    }
}

const DIFFERENT: &str = "two nodes applied different entries at one index";

#[test]
fn nodes_apply_the_same() {
    let mut stage = Stage::<StateMachineSafety>::new();
    for node in 0..2 {
        stage.push(node, &[append(0, 1, "a"), append(1, 1, "b")]);
    }
    assert_eq!(stage.turn(0), SKIP, "nothing is applied");
    stage.apply(0, 2);
    stage.apply(1, 1);
    assert_eq!((stage.turn(0).as_str(), stage.turn(0).as_str()), (HELD, SKIP));
    assert_eq!(stage.turn(1), HELD);
    stage.push(2, &[append(0, 1, "a"), append(2, 1, "b")]);
    stage.apply(2, 2);
    assert_eq!(stage.turn(2), DIFFERENT);
}

#[test]
fn a_later_life_applies_the_same() {
    let mut stage = Stage::<StateMachineSafety>::new();
    stage.append(0, &[1, 1]);
    stage.apply(0, 2);
    stage.turn(0);
    stage.crash(0, false);
    stage.rewrite(0, &[1, 3]);
    assert_eq!(stage.turn(0), DIFFERENT);
}

#[test]
fn a_node_may_apply_behind_a_prefix_that_nobody_else_has_applied() {
    let mut stage = Stage::<StateMachineSafety>::new();
    stage.state(0).log = Log::behind(at(3, 1));
    stage.state(0).applied = 3;
    stage.append(0, &[2]);
    stage.apply(0, 4);
    assert_eq!(stage.turn(0), HELD);
    stage.append(1, &[1, 1, 1, 2]);
    stage.apply(1, 4);
    assert_eq!(stage.turn(1), HELD, "each entry in its own place");
    stage.append(2, &[1, 1, 1, 1]);
    stage.apply(2, 4);
    assert_eq!(stage.turn(2), DIFFERENT);
}

const MORE_THAN_ONCE: &str = "a command took effect more or less than once";
const OTHERWISE: &str = "a repeated command would be answered otherwise";

/// The same command twice, another one, and one that comes too late.
fn repeated() -> [Entry; 4] {
    [append(0, 5, "a"), append(0, 5, "a"), append(1, 1, "b"), append(0, 4, "late")]
}

#[test]
fn a_repeated_command_takes_effect_once() {
    let mut stage = Stage::<ExactlyOnce>::new();
    assert_eq!(stage.turn(0), SKIP);
    for node in 0..2 {
        stage.push(node, &repeated());
    }
    stage.apply(0, 4);
    assert_eq!((stage.turn(0).as_str(), stage.turn(0).as_str()), (HELD, SKIP));
    for upto in 1..=4 {
        stage.apply(1, upto);
        assert_eq!(stage.turn(1), HELD, "one by one, behind the first");
    }
    stage.crash(1, false);
    stage.state(1).applied = 0;
    stage.state(1).machine = Machine::default();
    stage.apply(1, 3);
    assert_eq!(stage.turn(1), HELD, "in another life");
}

/// The mistaken machine changes a key, and its session says nothing of it: as it would if it did not count.
#[test]
fn a_command_that_takes_effect_twice_or_never_is_found_by_what_the_key_holds() {
    let mut stage = Stage::<ExactlyOnce>::new();
    stage.push(0, &repeated());
    let other = |n: u64| OpId { client: ClientId(9), n };
    stage.apply(0, 1);
    assert_eq!(stage.turn(0), HELD);
    stage.apply(0, 2);
    stage.state(0).machine.apply(other(1), &Op::Append(Key(0), "a".into()));
    assert_eq!(stage.turn(0), MORE_THAN_ONCE);

    let mut stage = Stage::<ExactlyOnce>::new();
    stage.push(0, &repeated());
    (stage.state(0).applied, stage.state(0).commit) = (1, 1);
    assert_eq!(stage.turn(0), MORE_THAN_ONCE, "it was not applied");
}

#[test]
fn a_session_that_forgets_or_answers_otherwise_is_found() {
    let mut stage = Stage::<ExactlyOnce>::new();
    let put = |client: u32, n: u64| command(client, n, Op::Put(Key(0), "a".into()));
    stage.push(0, &[put(0, 1), put(1, 1)]);
    stage.state(0).machine.apply(OpId { client: ClientId(9), n: 1 }, &Op::Put(Key(0), "a".into()));
    (stage.state(0).applied, stage.state(0).commit) = (1, 1);
    assert_eq!(stage.turn(0), OTHERWISE, "the key holds it, the session does not");
    stage.state(0).machine.apply(OpId { client: ClientId(1), n: 1 }, &Op::Append(Key(0), "".into()));
    (stage.state(0).applied, stage.state(0).commit) = (2, 2);
    assert_eq!(stage.turn(0), OTHERWISE, "\"length\", not \"done\"");
}

#[test]
fn nothing_is_counted_where_nothing_can_be_compared() {
    let mut stage = Stage::<ExactlyOnce>::new();
    stage.append(0, &[1, 1]);
    stage.apply(0, 2);
    assert_eq!(stage.turn(0), SKIP, "nobody asked for anything");
    let mut stage = Stage::<ExactlyOnce>::new();
    stage.state(0).log = Log::behind(at(3, 1));
    stage.push(0, &[append(0, 1, "a")]);
    stage.state(0).applied = 3;
    stage.apply(0, 4);
    assert_eq!(stage.turn(0), SKIP, "what the prefix did is not known");
}

#[test]
fn replicas_that_applied_equally_much_are_equal() {
    let mut stage = Stage::<ReplicasEqual>::new();
    assert_eq!(stage.look(), SKIP, "nothing is applied");
    for node in 0..3 {
        stage.push(node, &[append(0, 1, "a"), append(0, 2, "b")]);
    }
    stage.apply(0, 2);
    stage.apply(1, 1);
    assert_eq!(stage.look(), SKIP, "no two applied the same");
    stage.apply(1, 2);
    assert_eq!(stage.look(), HELD);
    stage.state(2).machine.apply(OpId { client: ClientId(0), n: 1 }, &Op::Put(Key(0), "other".into()));
    (stage.state(2).applied, stage.state(2).commit) = (2, 2);
    assert_eq!(stage.look(), "two replicas differ");
}

#[test]
fn a_core_is_settled_when_its_replicas_are_at_one_place_in_one_state() {
    let mut stage = Stage::<ReplicasEqual>::new();
    let waits = |stage: &Stage<ReplicasEqual>, core: std::ops::Range<u32>| {
        stage.check.settled(&NodeSet::range(core), Nodes::new(&View(&stage.nodes))) != Progress::Done
    };
    for node in 0..2 {
        stage.push(node, &[append(0, 1, "a")]);
    }
    assert!(!waits(&stage, 0..2) && waits(&stage, 0..3), "one lags");
    stage.push(2, &[append(0, 1, "a")]);
    for node in 0..3 {
        stage.apply(node, 1);
    }
    assert!(!waits(&stage, 0..3));
    stage.state(2).machine.apply(OpId { client: ClientId(9), n: 1 }, &Op::Put(Key(0), "other".into()));
    assert!(waits(&stage, 0..3), "one differs");
}

const STALE: &str = "a stale read was served";

#[test]
fn a_read_shows_what_was_committed_before_it_was_asked_for() {
    let mut stage = Stage::<FreshReads>::new();
    let id = |client: u32, n: u64| OpId { client: ClientId(client), n };
    let served = |id: OpId, applied: Index| Fact::ReadServed { id, applied };
    stage.committed(0, 1, at(3, 1));
    stage.world(&WorldEvent::Invoke { id: id(0, 1) });
    stage.committed(1, 2, at(5, 2));
    stage.world(&WorldEvent::Invoke { id: id(1, 1) });
    // A deposed leader may be late to report what it had committed.
    stage.committed(0, 1, at(4, 1));
    stage.world(&WorldEvent::Invoke { id: id(2, 1) });
    assert_eq!(stage.fact(0, &served(id(0, 1), 3)), HELD, "what was committed later need not show");
    assert_eq!(stage.fact(0, &served(id(0, 1), 2)), STALE);
    for client in [1, 2] {
        assert_eq!(stage.fact(0, &served(id(client, 1), 4)), STALE);
        assert_eq!(stage.fact(1, &served(id(client, 1), 5)), HELD);
    }
    stage.world(&WorldEvent::Invoke { id: id(1, 2) });
    assert_eq!(stage.fact(0, &served(id(1, 1), 4)), SKIP, "its client waits for another one");
    assert_eq!(stage.fact(0, &served(id(7, 1), 4)), SKIP, "nobody asked for it");
}
