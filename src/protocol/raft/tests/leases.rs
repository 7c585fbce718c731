//! Reads by lease, and the promises that leases rest on.

use super::*;

/// A node with reads by lease, whose clock shows so many milliseconds.
fn alone_at(ms: u64) -> Alone {
    let mut alone = Alone::new();
    let params = RaftParams { reads: ReadBy::Lease, pre_vote: false, ..params() };
    alone.config = RaftConfig::new(&Setup { params: &params, bug: None, cast: &alone.cast }).unwrap();
    alone.now = Local::default() + Span::ms(ms);
    alone
}

/// Whether it answers a candidate of this term at this time.
fn answers(alone: &mut Alone, raft: &mut Raft, term: Term, ms: u64) -> bool {
    alone.now = Local::default() + Span::ms(ms);
    alone.effects();
    let last = Position::default();
    let mut hears = |msg: Message| {
        raft.on_message(NodeId(2), msg, &mut alone.io());
        alone.effects().iter().any(|effect| matches!(effect, Effect::Send { to: NodeId(2), .. }))
    };
    let answers = hears(Message::PreVote { term, last });
    assert_eq!(hears(Message::RequestVote { term, last, transfer: false }), answers, "it says what it would do");
    answers
}

fn heartbeat(term: Term) -> Message {
    Message::Append(Append { term, prev: Position::default(), entries: [].into(), commit: 0, round: 1 })
}

#[test]
fn a_node_that_restarts_keeps_the_promise_that_it_may_have_given() {
    let mut alone = alone_at(1_000);
    let mut raft = alone.boot(&Disk::default());
    assert!(!answers(&mut alone, &mut raft, 1, 1_149));
    assert!(answers(&mut alone, &mut raft, 1, 1_150));
    let mut alone = Alone::new();
    let mut raft = alone.boot(&Disk::default());
    assert!(answers(&mut alone, &mut raft, 1, 0), "without leases there is nothing to keep");
}

/// A follower may meet a later term by a late answer to a question of its own. Its leader does not know that term yet,
/// and counts on it.
#[test]
fn a_promise_outlives_the_term_in_which_it_was_given() {
    let mut alone = alone_at(1_000);
    let mut raft = alone.boot(&Disk::default());
    alone.now = Local::default() + Span::ms(2_000);
    raft.on_message(NodeId(1), heartbeat(1), &mut alone.io());
    raft.on_message(NodeId(2), Message::Vote { term: 7, granted: false }, &mut alone.io());
    assert_eq!(raft.term(), 7);
    assert!(!answers(&mut alone, &mut raft, 8, 2_149));
    assert!(answers(&mut alone, &mut raft, 8, 2_150));
}

/// What a leader says to a read, if it answers at once.
fn reads(alone: &mut Alone, raft: &mut Raft, n: u64, ms: u64) -> bool {
    alone.now = Local::default() + Span::ms(ms);
    alone.effects();
    raft.on_request(id(n), Op::Get(Key(0)).into(), &mut alone.io());
    alone.effects().iter().any(|effect| matches!(effect, Effect::Reply { .. }))
}

/// n0, elected at 1.2 s, with its first entry committed at 1.21 s.
fn leader(alone: &mut Alone) -> Raft {
    let mut raft = alone.boot(&Disk::default());
    alone.now = Local::default() + Span::ms(1_200);
    raft.on_timer(Timer::Election, &mut alone.io());
    raft.on_message(NodeId(1), Message::Vote { term: 1, granted: true }, &mut alone.io());
    assert!(raft.is_leader() && !reads(alone, &mut raft, 1, 1_205), "nobody has answered");
    raft.on_synced(Ticket(u64::MAX), &mut alone.io());
    answered(alone, &mut raft, 1, 1_210);
    assert_eq!(raft.commit(), 1);
    raft
}

/// n1 answers a round.
fn answered(alone: &mut Alone, raft: &mut Raft, round: u64, ms: u64) {
    alone.now = Local::default() + Span::ms(ms);
    let answer = Message::Appended { term: 1, round, outcome: Outcome::Matches(1) };
    raft.on_message(NodeId(1), answer, &mut alone.io());
}

#[test]
fn a_leader_reads_by_itself_while_its_lease_lasts() {
    let mut alone = alone_at(1_000);
    let mut raft = leader(&mut alone);
    // 150 ms · 99/101 are a little over 147 ms, from 1.2 s on: the answer came later, and does not count.
    assert!(reads(&mut alone, &mut raft, 2, 1_211) && reads(&mut alone, &mut raft, 3, 1_347));
    assert!(!reads(&mut alone, &mut raft, 4, 1_348), "its lease is over");
    answered(&mut alone, &mut raft, 2, 1_352);
    assert!(alone.effects().iter().any(|effect| matches!(effect, Effect::Reply { .. })), "the round was for this read");
    assert!(reads(&mut alone, &mut raft, 5, 1_480), "and it renewed the lease");
    raft.give_up_lease();
    assert!(!reads(&mut alone, &mut raft, 6, 1_481));
    answered(&mut alone, &mut raft, 3, 1_485);
    assert!(!reads(&mut alone, &mut raft, 7, 1_486), "for good");
}

#[test]
fn every_heartbeat_renews_the_lease() {
    let mut alone = alone_at(1_000);
    let mut raft = leader(&mut alone);
    alone.now = Local::default() + Span::ms(1_250);
    raft.on_timer(Timer::Heartbeat, &mut alone.io());
    answered(&mut alone, &mut raft, 2, 1_260);
    assert!(reads(&mut alone, &mut raft, 2, 1_397) && !reads(&mut alone, &mut raft, 3, 1_398));
}
