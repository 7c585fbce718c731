//! What logs and disks hold.

use super::*;
use crate::check::Phase;
use crate::protocol::raft::check::{CommittedDurable, LogMatching};

const DIFFER: &str = "two logs differ up to an entry of the same index and term";

#[test]
fn logs_with_the_same_entry_are_the_same_up_to_it() {
    let mut stage = Stage::<LogMatching>::new();
    assert_eq!(stage.turn(0), SKIP);
    stage.append(0, &[1, 1, 2]);
    assert_eq!((stage.turn(0).as_str(), stage.turn(0).as_str()), (HELD, SKIP));
    stage.append(1, &[1, 1]);
    assert_eq!(stage.turn(1), HELD);
    stage.append(1, &[3, 3]);
    assert_eq!(stage.turn(1), HELD, "they part");
    stage.append(2, &[1, 2, 2]);
    assert_eq!(stage.turn(2), DIFFER, "the same entry behind different ones");
}

#[test]
fn contents_count_as_well() {
    let mut stage = Stage::<LogMatching>::new();
    stage.state(0).log.push(append(0, 1, "a"));
    stage.state(1).log.push(append(0, 1, "b"));
    assert_eq!(stage.turn(0), HELD);
    assert_eq!(stage.turn(1), DIFFER);
}

#[test]
fn logs_that_are_gone_count_as_well() {
    let mut stage = Stage::<LogMatching>::new();
    stage.append(0, &[1, 2, 3]);
    stage.turn(0);
    stage.rewrite(0, &[1, 4]);
    assert_eq!(stage.turn(0), HELD, "the end was overwritten");
    stage.append(1, &[2, 2, 3]);
    assert_eq!(stage.turn(1), DIFFER);
}

#[test]
fn an_entry_replaced_in_its_midst_is_found_when_the_phase_changes() {
    let mut stage = Stage::<LogMatching>::new();
    stage.append(0, &[1, 1, 1]);
    stage.turn(0);
    stage.rewrite(0, &[1]);
    stage.state(0).log.push(append(0, 1, "a"));
    stage.append(0, &[1]);
    assert_eq!((stage.turn(0).as_str(), stage.look().as_str()), (SKIP, SKIP));
    stage.world(&WorldEvent::Phase(Phase::Liveness));
    assert_eq!(stage.look(), DIFFER);
}

#[test]
fn a_log_behind_a_prefix_is_compared_from_where_it_is_known() {
    let mut stage = Stage::<LogMatching>::new();
    stage.append(0, &[1, 1, 1, 2]);
    stage.turn(0);
    stage.state(1).log = Log::behind(at(2, 1));
    stage.append(1, &[1, 2]);
    assert_eq!(stage.turn(1), HELD, "the prefix is known");
    stage.state(2).log = Log::behind(at(2, 7));
    stage.append(2, &[7, 7]);
    assert_eq!(stage.turn(2), SKIP, "nothing in it was ever seen");
    stage.state(2).log = Log::behind(at(2, 7));
    stage.append(2, &[1, 2]);
    stage.state(2).log.push(append(0, 1, "a"));
    assert_eq!(stage.turn(2), HELD, "known from its second entry on");
    stage.append(0, &[1]);
    assert_eq!(stage.turn(0), DIFFER);
}

const TOO_FEW: &str = "a committed entry is on too few disks";

/// No fault, no checkpoint: only turns.
#[test]
fn what_is_committed_is_on_the_disks_of_a_majority_when_it_is_said_to_be() {
    let mut stage = Stage::<CommittedDurable>::new();
    stage.append(0, &[1]);
    stage.append(1, &[1]);
    stage.turn(1);
    assert_eq!(stage.committed(0, 1, at(1, 1)), SKIP);
    assert_eq!(stage.turn(2), SKIP, "the leader's turn is not over");
    assert_eq!((stage.turn(0).as_str(), stage.turn(0).as_str()), (HELD, SKIP));
    stage.append(0, &[1]);
    stage.state(1).log.push(Entry { term: 1, command: Command::Noop.into() });
    stage.turn(1);
    stage.committed(0, 1, at(2, 1));
    assert_eq!(stage.turn(0), TOO_FEW, "a follower acknowledged what was not synced");
}

#[test]
fn a_log_that_ends_in_an_earlier_term_does_not_have_the_entry() {
    let mut stage = Stage::<CommittedDurable>::new();
    stage.append(0, &[1, 2]);
    stage.append(1, &[1, 1, 1]);
    stage.turn(1);
    stage.committed(0, 2, at(2, 2));
    assert_eq!(stage.turn(0), TOO_FEW);
    stage.rewrite(1, &[1, 2, 3]);
    stage.turn(1);
    stage.committed(0, 2, at(2, 2));
    assert_eq!(stage.turn(0), HELD);
}

/// A crash in the midst of a turn, behind the acknowledgement: nobody saw the turn, but the entry is synced.
#[test]
fn a_node_whose_last_turn_was_cut_short_may_have_the_entry() {
    let mut stage = Stage::<CommittedDurable>::new();
    stage.append(0, &[1]);
    stage.crash(1, false);
    stage.committed(0, 1, at(1, 1));
    assert_eq!(stage.turn(0), HELD);
    assert_eq!(stage.look(), TOO_FEW, "its disk says that it has not");
    stage.turn(1);
    stage.committed(0, 1, at(1, 1));
    assert_eq!(stage.turn(0), TOO_FEW, "it is back, and has not");
    stage.committed(0, 1, at(1, 1));
    stage.crash(0, false);
    assert_eq!(stage.turn(0), SKIP, "the report was of another life");
}

/// A pause in the midst of a turn, behind the acknowledgement.
#[test]
fn a_node_whose_last_turn_is_held_up_may_have_the_entry() {
    let mut stage = Stage::<CommittedDurable>::new();
    stage.append(0, &[1]);
    stage.committed(1, 1, at(1, 1));
    stage.world(&WorldEvent::Pause { node: NodeId(1) });
    stage.committed(0, 1, at(1, 1));
    assert_eq!(stage.turn(0), HELD);
    stage.append(1, &[1]);
    assert_eq!(stage.turn(1), HELD, "its own report is judged when its turn is over");
    stage.disk(1).log = Log::default();
    assert_eq!(stage.turn(1), SKIP);
    stage.committed(0, 1, at(1, 1));
    assert_eq!(stage.turn(0), TOO_FEW, "it went on, and has not");
}

#[test]
fn what_was_committed_stays_on_the_disks_of_a_majority() {
    let mut stage = Stage::<CommittedDurable>::new();
    assert_eq!(stage.look(), SKIP, "nothing is committed");
    for node in 0..3 {
        stage.append(node, &[1, 1]);
    }
    stage.committed(0, 1, at(2, 1));
    stage.rewrite(2, &[1]);
    assert_eq!(stage.look(), HELD, "two have it");
    stage.disk(1).damaged = true;
    assert_eq!(stage.look(), TOO_FEW, "no node boots from a damaged disk");
    stage.disk(1).damaged = false;
    stage.rewrite(1, &[1, 2]);
    assert_eq!(stage.look(), TOO_FEW, "another entry is in its place");
    stage.disk(1).log = Log::behind(at(4, 3));
    assert_eq!(stage.look(), HELD, "what was compacted was committed");
}
