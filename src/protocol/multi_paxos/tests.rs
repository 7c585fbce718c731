//! One node, alone with its inputs; whole clusters are in `cluster`.

mod cluster;

use super::*;
use crate::ids::ClientId;
use crate::process::{Cast, Durable, Effect, Outbox, Shared};
use crate::protocol::kv::{Answer, Key};
use crate::time::Wall;

fn id(n: u64) -> OpId {
    OpId { client: ClientId(0), n }
}

fn put(n: u64) -> Op {
    Op::Put(Key(0), n.to_string().into())
}

fn command(n: u64) -> Shared<Command> {
    Command::Client(id(n), put(n)).into()
}

fn ballot(round: u64, proposer: u32) -> Ballot {
    Ballot { round, proposer: NodeId(proposer) }
}

fn accept(ballot: Ballot, first: Slot, names: &[u64], decided: Slot) -> Message {
    Message::Accept { ballot, first, commands: names.iter().map(|&n| command(n)).collect(), decided }
}

/// The first of three nodes, alone with its inputs.
struct Alone {
    cast: Cast,
    config: MultiPaxosConfig,
    outbox: Outbox<MultiPaxos>,
    node: MultiPaxos,
    disk: Disk,
    now: Local,
}

impl Alone {
    fn new() -> Self {
        Self::with(Disk::default())
    }

    fn with(disk: Disk) -> Self {
        let cast = Cast::single("replica", 3);
        let params = MultiPaxosParams::default();
        let config = MultiPaxosConfig::new(&Setup { params: &params, bug: None, cast: &cast }).unwrap();
        let mut outbox = Outbox::default();
        let io = Io::new(NodeId(0), (Local(0), Wall(0)), &cast, &config, &mut outbox);
        let node = crate::turn::boot(&disk, io);
        Self { cast, config, outbox, node, disk, now: Local(0) }
    }

    fn turn(&mut self, act: impl FnOnce(&mut MultiPaxos, &mut Io<'_, MultiPaxos>)) -> Vec<Effect<MultiPaxos>> {
        self.outbox.effects.clear();
        let clocks = (self.now, Wall(0));
        act(&mut self.node, &mut Io::new(NodeId(0), clocks, &self.cast, &self.config, &mut self.outbox));
        let effects: Vec<_> = self.outbox.effects.drain(..).collect();
        for effect in &effects {
            if let Effect::Persist(write) | Effect::Write(write, _) = effect {
                self.disk.apply(write.clone());
            }
        }
        effects
    }

    /// What it sends in answer.
    fn hear(&mut self, from: u32, msg: Message) -> Vec<Message> {
        sent(self.turn(|node, io| node.on_message(NodeId(from), msg, io)))
    }

    /// Its timer runs out, and so it begins a ballot.
    fn campaign(&mut self) -> Vec<Message> {
        sent(self.turn(|node, io| node.on_timer(Timer::Election, io)))
    }

    fn promise(&mut self, from: u32, first: Slot, accepted: &[Option<Accepted>], decided: Slot) -> Vec<Message> {
        let promise = Promise { ballot: self.node.promised(), first, accepted: accepted.into(), decided };
        self.hear(from, Message::Promise(promise))
    }

    fn held(&self) -> Vec<Option<(Ballot, Command)>> {
        let held = |slot: &Option<Accepted>| slot.as_ref().map(|held| (held.ballot, (*held.command).clone()));
        self.node.log().behind(1).iter().map(held).collect()
    }
}

fn sent(effects: Vec<Effect<MultiPaxos>>) -> Vec<Message> {
    let sent = effects.into_iter().filter_map(|effect| match effect {
        Effect::Send { msg, .. } => Some(msg),
        _ => None,
    });
    sent.collect()
}

fn accepted(round: u64, proposer: u32, n: u64) -> Option<Accepted> {
    Some(Accepted { ballot: ballot(round, proposer), command: command(n) })
}

#[test]
fn a_damaged_disk_is_refused() {
    let alone = Alone::with(Disk { damaged: true, ..Disk::default() });
    assert!(matches!(alone.outbox.effects.back(), Some(Effect::Refuse(_))));
}

#[test]
fn a_promise_leaves_only_after_it_is_written() {
    let mut alone = Alone::new();
    let ask = Message::Prepare { ballot: ballot(3, 2), first: 1 };
    let effects = alone.turn(|node, io| node.on_message(NodeId(2), ask, io));
    assert_eq!(effects[0], Effect::Persist(Write::Promise { ballot: ballot(3, 2), decided: 0 }));
    let promise = Promise { ballot: ballot(3, 2), first: 1, accepted: [].into(), decided: 0 };
    assert_eq!(effects.last(), Some(&Effect::Send { to: NodeId(2), msg: Message::Promise(promise) }));
}

#[test]
fn its_own_ballot_is_on_disk_before_anyone_hears_of_it_and_is_used_once() {
    let mut alone = Alone::new();
    let effects = alone.turn(|node, io| node.on_timer(Timer::Election, io));
    assert_eq!(effects[0], Effect::Persist(Write::Promise { ballot: ballot(1, 0), decided: 0 }));
    let mut again = Alone::with(alone.disk.clone());
    assert_eq!(again.campaign()[0], Message::Prepare { ballot: ballot(2, 0), first: 1 });
}

#[test]
fn lower_ballots_are_rejected() {
    let mut alone = Alone::new();
    alone.hear(2, Message::Prepare { ballot: ballot(3, 2), first: 1 });
    let rejected = [Message::Rejected { ballot: ballot(3, 2) }];
    assert_eq!(alone.hear(1, Message::Prepare { ballot: ballot(3, 1), first: 1 }), rejected);
    assert_eq!(alone.hear(1, accept(ballot(2, 1), 1, &[1], 0)), rejected);
    assert_eq!(alone.hear(1, Message::Heartbeat { ballot: ballot(2, 1), decided: 0 }), rejected);
    assert_eq!(alone.node.log().last(), 0);
}

/// It may lead for a while yet; after the shortest timeout of silence nobody is bound to wait for it.
#[test]
fn who_hears_from_a_leader_does_not_listen_to_candidates() {
    let mut alone = Alone::new();
    alone.hear(1, Message::Heartbeat { ballot: ballot(1, 1), decided: 0 });
    let ask = Message::Prepare { ballot: ballot(2, 2), first: 1 };
    assert_eq!(alone.hear(2, ask.clone()), []);
    alone.now = Local(0) + Span::ms(150);
    assert!(matches!(alone.hear(2, ask).as_slice(), [Message::Promise(_)]));
}

#[test]
fn slots_are_accepted_in_any_order_and_the_first_that_is_missing_is_named() {
    let mut alone = Alone::new();
    let one = ballot(1, 1);
    let upto = |upto| [Message::Accepted { ballot: one, upto }];
    assert_eq!(alone.hear(1, accept(one, 3, &[3], 0)), upto(0));
    assert_eq!(alone.hear(1, accept(one, 1, &[1], 3)), upto(1));
    assert_eq!(alone.node.applied(), 1);
    assert_eq!(alone.hear(1, accept(one, 2, &[2], 3)), upto(3));
    assert_eq!(alone.node.applied(), 3);
    assert_eq!(alone.node.log(), &alone.disk.log);
    let again = alone.turn(|node, io| node.on_message(NodeId(1), accept(one, 2, &[2], 3), io));
    assert!(!again.iter().any(|effect| matches!(effect, Effect::Persist(_))), "it has them already");
}

/// In slot 1 it accepted something in an older ballot: that slot 1 is decided says nothing about it.
#[test]
fn what_was_accepted_in_another_ballot_is_not_taken_for_decided() {
    let mut alone = Alone::new();
    alone.hear(1, accept(ballot(1, 1), 1, &[1], 0));
    let heard = |upto| [Message::Heard { ballot: ballot(2, 2), upto }];
    assert_eq!(alone.hear(2, Message::Heartbeat { ballot: ballot(2, 2), decided: 1 }), heard(0));
    assert_eq!(alone.node.applied(), 0);
    let learn = Message::Decided { ballot: ballot(2, 2), first: 1, commands: [command(7)].into() };
    assert_eq!(alone.hear(2, learn), heard(1));
    assert_eq!((alone.node.applied(), alone.node.machine().get(Key(0))), (1, Some("7".into())));
}

/// What it told a leader that it has, it has after a restart too, though it heard of the decision only in an older
/// ballot.
#[test]
fn what_is_decided_is_on_disk_before_another_leader_counts_on_it() {
    let mut alone = Alone::new();
    alone.hear(1, accept(ballot(1, 1), 1, &[1], 0));
    alone.hear(1, Message::Heartbeat { ballot: ballot(1, 1), decided: 1 });
    assert_eq!((alone.node.applied(), alone.disk.decided), (1, 0));
    alone.hear(2, Message::Heartbeat { ballot: ballot(2, 2), decided: 1 });
    assert_eq!(alone.disk.decided, 1);
    assert_eq!(Alone::with(alone.disk).node.applied(), 1);
}

#[test]
fn a_new_leader_is_bound_to_the_highest_ballots_and_fills_gaps() {
    let mut alone = Alone::new();
    alone.hear(1, accept(ballot(1, 1), 1, &[1, 2], 0));
    assert_eq!(alone.campaign()[0], Message::Prepare { ballot: ballot(2, 0), first: 1 });
    let lower = Some(Accepted { ballot: ballot(0, 2), command: command(20) });
    let messages = alone.promise(2, 1, &[accepted(1, 2, 10), lower, None, accepted(1, 2, 40)], 0);
    let mine = |command: Command| Some((ballot(2, 0), command));
    let client = |n| mine(Command::Client(id(n), put(n)));
    assert_eq!(alone.held(), [client(10), client(2), mine(Command::Noop), client(40)]);
    assert!(matches!(&messages[0], Message::Accept { first: 1, commands, .. } if commands.len() == 4));
    alone.hear(1, Message::Accepted { ballot: ballot(2, 0), upto: 4 });
    assert_eq!(alone.node.applied(), 0, "one of three, and its own acceptance is not synced");
    alone.hear(2, Message::Accepted { ballot: ballot(2, 0), upto: 3 });
    assert_eq!(alone.node.applied(), 3);
}

#[test]
fn what_others_know_to_be_decided_comes_with_their_promises() {
    let mut alone = Alone::new();
    alone.campaign();
    let messages = alone.promise(2, 1, &[accepted(1, 2, 10), None], 1);
    assert_eq!((alone.node.applied(), alone.disk.decided), (1, 1));
    assert_eq!(messages, vec![Message::Heartbeat { ballot: ballot(1, 0), decided: 1 }; 2], "nothing is open");
    let lags = alone.hear(1, Message::Heard { ballot: ballot(1, 0), upto: 0 });
    let decided = Message::Decided { ballot: ballot(1, 0), first: 1, commands: [command(10)].into() };
    assert_eq!(lags, [decided]);
}

#[test]
fn a_command_is_proposed_once_and_answered_when_a_majority_has_it() {
    let mut alone = Alone::new();
    alone.campaign();
    alone.promise(2, 1, &[], 0);
    let ask = |alone: &mut Alone, n| alone.turn(|node, io| node.on_request(id(n), put(n), io));
    assert_eq!(sent(ask(&mut alone, 5)), vec![accept(ballot(1, 0), 1, &[5], 0); 2]);
    assert_eq!(ask(&mut alone, 5), [], "it is on its way");
    let heard = alone.turn(|node, io| {
        node.on_message(NodeId(1), Message::Accepted { ballot: ballot(1, 0), upto: 1 }, io);
        node.on_synced(Ticket(1), io);
    });
    let answer = Effect::Reply { id: id(5), reply: Reply::Answer(Answer::Done) };
    assert!(heard.contains(&answer));
    assert!(ask(&mut alone, 5).contains(&answer), "from the session");
}

#[test]
fn a_leader_that_meets_a_higher_ballot_follows() {
    let mut alone = Alone::new();
    alone.campaign();
    alone.promise(2, 1, &[], 0);
    assert_eq!(alone.node.glance().role, "leader");
    alone.hear(1, Message::Rejected { ballot: ballot(4, 1) });
    assert_eq!(alone.node.glance().role, "follower");
    assert_eq!(alone.campaign()[0], Message::Prepare { ballot: ballot(5, 0), first: 1 });
}
