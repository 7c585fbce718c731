//! A protocol from outside the crate, tested as its author would: many seeds of a scenario, and one run step by
//! step. It is the one of `examples/token_ring`, whose program gets every command for it.

#[path = "../examples/token_ring/protocol.rs"]
mod protocol;

use protocol::{Fact, Msg, TokenRing};
use seedstorm::fault::FaultPlan;
use seedstorm::lab::{self, Lab, SimOf};
use seedstorm::process::{Cast, Io, Local, NodeId, Outbox, Process, Slot, Wall};
use seedstorm::rng::Seed;
use seedstorm::scenario::Document;
use seedstorm::time::Time;
use seedstorm::turn::Input;

const STORMS: &str = "examples/token_ring/scenarios/storms.json";

#[test]
fn the_ring_keeps_its_promises_in_storms() {
    let tally = seedstorm::check::<TokenRing>(STORMS).seeds(200);
    assert_eq!((tally.runs, tally.empty, tally.excused), (200, 0, 0));
}

/// `cargo test --release --test own_protocol -- --ignored` is the long campaign.
#[test]
#[ignore = "takes minutes; run it before a release"]
fn the_ring_keeps_its_promises_under_many_seeds() {
    assert_eq!(seedstorm::check::<TokenRing>(STORMS).seeds(20_000).empty, 0);
}

#[test]
fn planted_mistakes_break_what_their_scenarios_expect() {
    seedstorm::check::<TokenRing>("examples/token_ring/scenarios/duplicate-token.json").seeds(50);
    seedstorm::check::<TokenRing>("examples/token_ring/scenarios/unsynced-token.json").seeds(50);
}

/// Three nodes, a network without faults, messages that take 2 ms, a stay of 10 ms.
fn calm() -> SimOf<TokenRing> {
    let text = r#"{ "seedstorm": 1, "protocol": "token-ring", "nodes": 3, "params": { "stay": "10ms" },
                    "network": { "latency": "2ms" }, "run_for": "1s", "settle": "0ms" }"#;
    let document = Document::parse(text).unwrap();
    let (scenario, plan): (_, FaultPlan) = lab::prepare(Lab::<TokenRing>::NEW, &document, Seed(1)).unwrap();
    lab::sim::<TokenRing>(&scenario, plan).unwrap()
}

const fn ms(at: u64) -> Time {
    Time(at * 1_000_000)
}

fn role(sim: &SimOf<TokenRing>, node: u32) -> &'static str {
    sim.node(NodeId(node)).unwrap().glance().role
}

#[test]
fn a_run_can_be_stepped_and_looked_into() {
    let mut sim = calm();
    sim.run_until(ms(3));
    assert_eq!([0, 1, 2].map(|node| role(&sim, node)), ["waiting", "holder", "waiting"]);
    assert_eq!(*sim.disk(NodeId(1)), Slot(1));
    sim.run_until(ms(15));
    assert_eq!([0, 1, 2].map(|node| role(&sim, node)), ["waiting", "waiting", "holder"]);
    while sim.step() {}
    assert!(sim.outcome().violation.is_none());
}

#[test]
fn an_old_token_is_ignored_and_a_forged_one_is_caught() {
    let mut sim = calm();
    sim.run_until(ms(3));
    sim.inject(NodeId(1), Input::Message { from: NodeId(0), msg: Msg::Pass(1) });
    sim.run_until(ms(4));
    assert!(sim.violation().is_none());
    sim.inject(NodeId(0), Input::Message { from: NodeId(2), msg: Msg::Pass(99) });
    let broken = sim.violation().expect("two are inside");
    assert_eq!(broken.property, "mutual_exclusion");
    assert_eq!(broken.evidence.to_string(), "two nodes inside at once: first 1, second 99");
}

#[test]
fn a_handler_can_be_called_without_a_world() {
    use seedstorm::process::Effect;
    use seedstorm::protocol::{Protocol, Setup};

    let cast = Cast::single("member", 3);
    let config = TokenRing::config(&Setup { params: &Default::default(), bug: None, cast: &cast }).unwrap();
    let mut outbox = Outbox::default();
    let mut io = Io::new(NodeId(1), (Local(0), Wall(0)), &cast, &config, &mut outbox);
    let mut node = TokenRing::boot(&Slot(0), &mut io);
    node.on_message(NodeId(0), Msg::Pass(1), &mut io);
    assert_eq!(outbox.effects.make_contiguous()[..2], [Effect::Persist(1), Effect::Fact(Fact::Entered(1))]);
    assert_eq!(outbox.effects.back(), Some(&Effect::Send { to: NodeId(0), msg: Msg::Ack(1) }));
}
