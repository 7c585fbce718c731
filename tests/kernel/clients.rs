//! Clients: timeouts, redirects, retries, and what they may claim in the end.

use seedstorm::check::history::Answer;
use seedstorm::fault::{End, FixedFate, MessageOverride};
use seedstorm::process::{Cast, ClientId, NodeId, OpId, Ratio, Span};
use seedstorm::workload::Stands;

use crate::support::{Acts, Heard, IDLE, Reply, Stage, Told, entry, heard, ms, pause, stage, who};

const SERVER: Acts = Acts { request: |_, id, op, io| io.reply(id, Reply::Done(op)), ..IDLE };

fn ended(told: &Told) -> Vec<(u64, Answer)> {
    let end = |at: seedstorm::time::Time, answer| (at.0 / 1_000_000, answer);
    told.history.iter().filter_map(|operation| operation.returned.map(|(at, answer)| end(at, answer))).collect()
}

fn fates(list: &[(bool, u64, FixedFate)]) -> Vec<MessageOverride> {
    let (client, node) = (End::Client { client: ClientId(0) }, End::Node(NodeId(0)));
    let one = |&(request, nth, fate): &(bool, u64, FixedFate)| MessageOverride {
        from: if request { client } else { node },
        to: if request { node } else { client },
        kind: if request { "request" } else { "reply" }.to_owned(),
        nth,
        sent_at: None,
        fate,
    };
    list.iter().map(one).collect()
}

#[test]
fn an_answer_ends_an_operation() {
    let told = stage(1, SERVER).asks(0, &[(10, 4), (20, 6)]).tell();
    assert_eq!(ended(&told), [(12, Answer::Ok), (22, Answer::Ok)]);
    assert_eq!(told.history[1].reply, Some(Reply::Done(6)));
    assert_eq!(told.outcome.clients.latency.map(|latency| latency[3]), Some(Span::ms(2)));
    assert_eq!((told.outcome.clients.ok, told.outcome.clients.longest_gap), (2, Span::ms(78)));
}

#[test]
fn what_may_be_asked_again_is_asked_again_under_its_id() {
    let lost = fates(&[(true, 1, FixedFate::Drop), (true, 2, FixedFate::Drop)]);
    let asks = || stage(1, SERVER).asks(0, &[(10, 4)]).with(|stage| stage.plan.messages = lost.clone());
    assert_eq!(ended(&asks().tell()), [(32, Answer::Ok)]);
    let id = OpId { client: ClientId(0), n: 0 };
    assert_eq!(heard(&asks().until(50), 0), [(31, Heard::Request(id, 4))]);
}

#[test]
fn what_may_not_be_asked_again_is_unknown_and_the_client_goes_on_as_another_process() {
    let lost = fates(&[(true, 1, FixedFate::Drop)]);
    let told = stage(1, SERVER).asks(0, &[(10, 5), (40, 4)]).with(|stage| stage.plan.messages = lost).tell();
    assert_eq!(ended(&told), [(20, Answer::Info), (42, Answer::Ok)]);
    assert_eq!(told.history.iter().map(|operation| operation.process).collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn a_client_gives_up_after_its_attempts() {
    let told = stage(1, IDLE).asks(0, &[(10, 4)]).with(|stage| stage.clients.attempts = 3).tell();
    assert_eq!(ended(&told), [(40, Answer::Info)]);
}

#[test]
fn a_redirect_is_followed_at_once() {
    const GO: Acts = Acts {
        request: |_, id, op, io| {
            let reply = if io.me() == NodeId(2) { Reply::Done(op) } else { Reply::Ask(NodeId(2)) };
            io.reply(id, reply);
        },
        ..IDLE
    };
    let told = stage(3, GO).asks(0, &[(10, 5)]).tell();
    assert_eq!(ended(&told), [(14, Answer::Ok)]);
}

#[test]
fn a_client_remembers_who_answered() {
    const GO: Acts = Acts {
        request: |_, id, op, io| {
            let reply = if io.me() == NodeId(2) { Reply::Done(op) } else { Reply::Ask(NodeId(2)) };
            io.reply(id, reply);
        },
        ..IDLE
    };
    let drawn = stage(3, GO).with(|stage| {
        stage.clients.clients = 1;
        stage.clients.ops = 4;
    });
    let told = drawn.tell();
    assert!(told.history.len() > 1);
    assert!(
        told.history[1..]
            .iter()
            .all(|operation| operation.returned.is_some_and(|(at, _)| at.since(operation.invoked) == Span::ms(2)))
    );
}

#[test]
fn busy_is_asked_again_later() {
    const BUSY: Acts = Acts {
        request: |puppet, id, op, io| {
            puppet.n += 1;
            io.reply(id, if puppet.n < 3 { Reply::Busy } else { Reply::Done(op) });
        },
        ..IDLE
    };
    let told = stage(1, BUSY).asks(0, &[(10, 5)]).tell();
    let (at, answer) = ended(&told)[0];
    assert!(answer == Answer::Ok && (10 + 40 + 6..10 + 80 + 7).contains(&at), "{at}");
}

const REFUSES: Acts = Acts { request: |_, id, _, io| io.reply(id, Reply::Refused), ..IDLE };

#[test]
fn an_operation_failed_only_if_every_attempt_was_refused() {
    let with = |list| stage(1, REFUSES).asks(0, &[(10, 4)]).with(|stage| stage.plan.messages = list).tell();
    assert_eq!(ended(&with(vec![])), [(12, Answer::Fail)]);
    // The first attempt is never answered, the second refused.
    assert_eq!(ended(&with(fates(&[(true, 1, FixedFate::Drop)]))), [(22, Answer::Info)]);
    assert_eq!(ended(&with(fates(&[(false, 1, FixedFate::Drop)]))), [(22, Answer::Info)]);
}

#[test]
fn a_doubled_request_that_is_refused_once_is_no_definite_failure() {
    let twice = FixedFate::Twice(Span::ms(1), Span::ms(3));
    let with = |list| stage(1, REFUSES).asks(0, &[(10, 4)]).with(|stage| stage.plan.messages = list).tell();
    assert_eq!(ended(&with(fates(&[(true, 1, twice)]))), [(12, Answer::Info)]);
    // A doubled answer is one refusal, not two.
    assert_eq!(ended(&with(fates(&[(false, 1, twice)]))), [(12, Answer::Fail)]);
    let overtaken = FixedFate::Twice(Span::ms(3), Span::ms(1));
    assert_eq!(ended(&with(fates(&[(false, 1, overtaken)]))), [(12, Answer::Fail)]);
}

#[test]
fn a_doubled_answer_does_not_settle_two_attempts() {
    // The first attempt hangs; the second is answered twice.
    let list =
        fates(&[(true, 1, FixedFate::Deliver(Span::ms(60))), (false, 1, FixedFate::Twice(Span::ms(1), Span::ms(1)))]);
    let told = stage(1, REFUSES).asks(0, &[(10, 4)]).with(|stage| stage.plan.messages = list).tell();
    assert_eq!(ended(&told), [(22, Answer::Info)]);
}

#[test]
fn a_late_answer_to_an_earlier_attempt_counts() {
    // The node is paused over the first timeouts; the reply to the first attempt ends the operation.
    let told = stage(1, SERVER).asks(0, &[(10, 4)]).faults([entry("pause", 5, 28, who(&[0]), pause())]).tell();
    assert_eq!(ended(&told), [(34, Answer::Ok)]);
}

#[test]
fn a_script_is_followed_and_waits_for_the_client() {
    let slow = fates(&[(false, 1, FixedFate::Deliver(Span::ms(8)))]);
    let told = stage(1, SERVER).asks(0, &[(10, 4), (15, 6), (50, 8)]).with(|stage| stage.plan.messages = slow).tell();
    assert_eq!(
        told.history.iter().map(|operation| (operation.invoked.0 / 1_000_000, operation.op)).collect::<Vec<_>>(),
        [(10, 4), (19, 6), (50, 8)]
    );
}

fn drawn() -> Stage {
    stage(2, SERVER).with(|stage| {
        stage.clients.clients = 3;
        stage.clients.ops = 18;
        stage.clients.every = Some(Span::ms(10));
        stage.clients.stands = Stands::Apart;
        stage.world.run_for = Span::ms(1_000);
    })
}

fn asked(stage: Stage) -> Vec<(OpId, u64, u64)> {
    let told = stage.tell();
    told.history.iter().map(|operation| (operation.id, operation.op, operation.invoked.0)).collect()
}

#[test]
fn leaving_an_operation_out_moves_no_other() {
    let all = asked(drawn());
    assert_eq!(all.len(), 18);
    for place in 0..all.len() {
        let id = all[place].0;
        let rest = asked(drawn().with(|stage| stage.plan.omit = vec![id]));
        assert_eq!(rest.len(), all.len() - 1);
        // Content stays always; the instant too, unless the one left out was still in the way.
        for (id, op, at) in &rest {
            let before = all.iter().find(|(other, ..)| other == id).expect("only one was left out");
            assert_eq!(*op, before.1);
            assert!(*at <= before.2, "{id} was invoked at {at}, not at {}", before.2);
        }
        assert_eq!(
            rest.iter().filter(|one| !all.contains(one)).count(),
            usize::from(rest.iter().any(|one| !all.contains(one)))
        );
    }
}

#[test]
fn operations_of_a_script_can_be_left_out() {
    let omitted = OpId { client: ClientId(0), n: 1 };
    let told =
        stage(1, SERVER).asks(0, &[(10, 4), (20, 6), (30, 8)]).with(|stage| stage.plan.omit = vec![omitted]).tell();
    let asked: Vec<(u64, u64, u64)> =
        told.history.iter().map(|operation| (operation.id.n, operation.invoked.0 / 1_000_000, operation.op)).collect();
    assert_eq!(asked, [(0, 10, 4), (2, 30, 8)]);
}

#[test]
fn the_healed_core_is_not_asked_what_is_left_out() {
    let ids = |stage: Stage| stage.tell().history.iter().map(|operation| operation.id.n).collect::<Vec<_>>();
    let healed = || stage(1, SERVER).settle(100).with(|stage| stage.clients.clients = 1);
    assert_eq!(ids(healed()), [0, 1, 2]);
    let omit = vec![OpId { client: ClientId(0), n: 1 }];
    assert_eq!(ids(healed().with(|stage| stage.plan.omit = omit)), [0, 2, 3]);
}

#[test]
fn requests_can_be_lost_like_any_message() {
    let told = stage(1, SERVER).asks(0, &[(10, 5)]).with(|stage| stage.world.network.loss = Ratio::ALWAYS).tell();
    assert_eq!(ended(&told), [(20, Answer::Info)]);
    let mut sim = stage(1, SERVER).asks(0, &[(10, 4)]).until(11);
    assert_eq!(sim.outcome().counters.sent, 2);
    sim.run_until(ms(12));
    assert_eq!(sim.outcome().clients.ok, 1);
}

#[test]
fn a_client_always_finds_somebody_to_ask() {
    let convergence = |groups: &[(&str, u32, u32)]| {
        let cast = Cast::new(groups);
        let stage = stage(2, SERVER).settle(100).with(|stage| {
            stage.cast = cast;
            stage.core = |_, _, nodes, _| Some(nodes.iter().filter(|node| node.0 > 0).collect());
            (stage.clients.clients, stage.clients.ops) = (1, 2);
        });
        let outcome = stage.run();
        (outcome.clients.ok, outcome.violation.map(|violation| violation.property))
    };
    // The core has nobody of the group that was asked before; the first group is empty.
    assert_eq!(convergence(&[("front", 1, 0), ("back", 2, 0)]), (2, None));
    assert_eq!(convergence(&[("front", 0, 0), ("back", 2, 0)]), (2, None));
}
