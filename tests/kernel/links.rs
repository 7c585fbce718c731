//! Links: cuts of every shape, clogs, losses, delays, doubles, order, capacity, and fates that a plan fixes.

use seedstorm::fault::links::{Cut, Links, Shape};
use seedstorm::fault::{End, Entry, Fault, FixedFate, MessageOverride, Noise, Unsynced};
use seedstorm::params::Distribution;
use seedstorm::process::{ClientId, NodeId, Ratio, Span};
use seedstorm::sim::What;
use seedstorm::sim::world::LinkConfig;

use crate::support::{Acts, Heard, IDLE, Msg, Stage, crash, entry, heard, ms, notes, set, stage, who};

/// Every node sends its number to all others every 10 ms.
const CHATTER: Acts = Acts {
    boot: |_, io| io.arm(1, Span::ms(10)),
    timer: |_, _, io| {
        io.arm(1, Span::ms(10));
        io.broadcast(Msg::Note(io.me().0.into()));
    },
    ..IDLE
};

/// n0 sends 1, 2, 3 … to n1, one every millisecond.
const STREAM: Acts = Acts {
    boot: |_, io| {
        if io.me() == NodeId(0) {
            io.arm(1, Span::ms(1));
        }
    },
    timer: |puppet, _, io| {
        puppet.n += 1;
        io.arm(1, Span::ms(1));
        io.send(NodeId(1), Msg::Note(puppet.n));
    },
    ..IDLE
};

fn shape(shape: Shape) -> Links {
    Links { shape, ..Links::default() }
}

fn cut(from: &[u32], to: &[u32]) -> Links {
    Links { shape: Shape::All, cut: vec![Cut { from: set(from), to: set(to) }], flaps: None }
}

fn partition(id: &str, at: u64, lasts: u64, links: Links) -> Entry {
    entry(id, at, lasts, who(&[0]), Fault::Partition { links })
}

/// Which of `n` nodes heard of which, while this was on.
fn reached(links: Links, n: u32) -> Vec<Vec<u64>> {
    let mut sim = stage(n, CHATTER).faults([partition("cut", 5, 80, links)]).until(80);
    let hears = (0..n).map(|node| {
        let mut notes = notes(&sim, node);
        notes.sort_unstable();
        notes.dedup();
        notes
    });
    let hears = hears.collect();
    sim.run_until(ms(99));
    hears
}

#[test]
fn an_isolated_node_hears_nobody_and_nobody_hears_it() {
    let hears = reached(shape(Shape::Isolate), 5);
    assert!(hears[0].is_empty());
    assert!(hears[1..].iter().all(|of| of.len() == 3 && !of.contains(&0)));
}

#[test]
fn halves_and_minorities_talk_among_themselves_only() {
    for (kind, sizes) in [(Shape::Halves, 2..=3), (Shape::Minority, 1..=2)] {
        let hears = reached(shape(kind), 5);
        let near = hears[0].len() + 1;
        assert!(sizes.contains(&near), "{kind:?} {near}");
        for node in 0..5 {
            let with_target = node == 0 || hears[0].contains(&(node as u64));
            assert_eq!(hears[node].len() + 1, if with_target { near } else { 5 - near });
        }
    }
}

#[test]
fn over_a_bridge_only_the_target_reaches_both_halves() {
    let hears = reached(shape(Shape::Bridge), 5);
    assert_eq!(hears[0].len(), 4);
    assert!(hears[1..].iter().all(|of| of.len() == 2 && of.contains(&0)));
}

#[test]
fn in_a_ring_each_node_hears_two() {
    assert!(reached(shape(Shape::Ring), 6).iter().all(|of| of.len() == 2));
}

#[test]
fn a_single_link_is_cut_both_ways() {
    let hears = reached(shape(Shape::Link), 4);
    assert_eq!(hears.iter().map(Vec::len).sum::<usize>(), 10);
    assert_eq!(hears[0].len(), 2);
}

#[test]
fn one_way_cuts_one_direction_only() {
    let hears = reached(shape(Shape::OneWay), 4);
    let out = hears[1..].iter().filter(|of| of.contains(&0)).count();
    assert!(matches!((hears[0].len(), out), (0, 3) | (3, 0)), "{hears:?}");
    let hears = reached(cut(&[0], &[1]), 2);
    assert_eq!(hears, [vec![1], vec![]]);
}

#[test]
fn every_link_can_be_cut() {
    assert!(reached(shape(Shape::All), 3).iter().all(Vec::is_empty));
}

#[test]
fn a_cut_is_looked_at_when_a_message_is_sent_and_when_it_arrives() {
    let slow = |plan| {
        stage(2, STREAM).with(|stage| stage.world.network.latency = Distribution::Constant(Span::ms(10))).faults(plan)
    };
    // Sent from 1 on; those sent after 20 - 10 run into the cut when they arrive, those sent before 30 when they are
    // sent.
    let sim = slow([partition("cut", 20, 10, cut(&[0], &[1]))]).until(60);
    let notes = notes(&sim, 1);
    assert_eq!(
        notes.iter().copied().filter(|n| (5..40).contains(n)).collect::<Vec<_>>(),
        (5..=10).chain(30..40).collect::<Vec<_>>()
    );
    let told = slow([partition("cut", 20, 10, cut(&[0], &[1]))]).tell();
    assert_eq!(told.outcome.counters.cut, 19);
}

#[test]
fn cuts_stack_and_each_ends_only_itself() {
    let plan = [partition("a", 10, 20, cut(&[0], &[1])), partition("b", 20, 30, cut(&[0], &[1]))];
    let notes = notes(&stage(2, STREAM).faults(plan).until(90), 1);
    assert_eq!(
        notes.iter().copied().filter(|n| (5..55).contains(n)).collect::<Vec<_>>(),
        (5..10).chain(50..55).collect::<Vec<_>>()
    );
}

#[test]
fn a_clogged_link_holds_and_releases_in_order() {
    let clog = entry("clog", 10, 20, who(&[0]), Fault::Clog { links: cut(&[0], &[1]) });
    let sim = stage(2, STREAM).faults([clog]).until(60);
    assert_eq!(notes(&sim, 1), (1..60).collect::<Vec<_>>());
    let at_the_end = heard(&sim, 1).iter().filter(|(at, _)| *at == 30).count();
    assert_eq!(at_the_end, 20);
}

#[test]
fn clogs_stack() {
    let clog = |id, at, lasts| entry(id, at, lasts, who(&[0]), Fault::Clog { links: cut(&[0], &[1]) });
    let sim = stage(2, STREAM).faults([clog("a", 10, 20), clog("b", 20, 30)]).until(70);
    assert_eq!(notes(&sim, 1), (1..70).collect::<Vec<_>>());
    assert!(!heard(&sim, 1).iter().any(|(at, _)| (11..50).contains(at)));
}

#[test]
fn loss_delay_and_duplicate_entries_do_what_they_say_on_their_links() {
    let on = |kind| stage(3, CHATTER).faults([entry("e", 5, 50, who(&[0]), kind)]).tell();
    let links = || cut(&[0], &[1]);
    let lost = on(Fault::Loss { links: links(), odds: Ratio::ALWAYS });
    assert_eq!(lost.all(What::Lost), [10, 20, 30, 40, 50].map(|at| (at * 1_000, "n0", "")));
    let late = on(Fault::Delay { links: links(), by: Distribution::Constant(Span::ms(4)) });
    let from_0 =
        late.records.iter().filter(|record| record.what == What::Deliver && record.on == "n1" && record.peer == "n0");
    assert_eq!(from_0.map(|record| record.at.0 / 1_000_000).take(6).collect::<Vec<_>>(), [15, 25, 35, 45, 55, 61]);
    let twice = on(Fault::Duplicate { links: links(), odds: Ratio::ALWAYS });
    assert_eq!((twice.outcome.counters.doubled, twice.all(What::Twice)[0].1), (5, "n0"));
}

#[test]
fn one_link_may_differ_from_the_rest() {
    let link = LinkConfig {
        from: NodeId(0),
        to: NodeId(1),
        latency: Some(Distribution::Constant(Span::ms(7))),
        loss: None,
        duplicate: Some(Ratio::ALWAYS),
        capacity: None,
        fifo: None,
    };
    let sim = stage(3, CHATTER).with(|stage| stage.world.network.links = vec![link]).until(19);
    let from = |node, sender| {
        heard(&sim, node)
            .into_iter()
            .filter(|(_, heard)| *heard == Heard::Message(sender, Msg::Note(sender.into())))
            .map(|(at, _)| at)
            .collect::<Vec<_>>()
    };
    assert_eq!((from(1, 0), from(1, 2), from(0, 1)), (vec![17, 17], vec![11], vec![11]));
}

#[test]
fn a_link_keeps_its_order_until_one_end_crashes() {
    let jumpy = |fifo, plan: Vec<Entry>| {
        stage(2, STREAM).faults(plan).with(|stage| {
            stage.world.network.fifo = fifo;
            stage.world.network.latency = Distribution::Uniform(Span::ms(1), Span::ms(15));
        })
    };
    let in_order = |notes: &[u64]| notes.is_sorted();
    assert!(!in_order(&notes(&jumpy(false, vec![]).until(90), 1)));
    assert!(in_order(&notes(&jumpy(true, vec![]).until(90), 1)));
    // A message of the first life that takes long is overtaken by those of the second.
    let slow = |n| MessageOverride {
        from: End::Node(NodeId(0)),
        to: End::Node(NodeId(1)),
        kind: "note".to_owned(),
        nth: n,
        sent_at: None,
        fate: FixedFate::Deliver(Span::ms(30)),
    };
    let sim = jumpy(true, vec![entry("crash", 20, 0, who(&[0]), crash(Unsynced::None))])
        .with(|stage| stage.plan.messages = vec![slow(19)])
        .until(90);
    assert!(!in_order(&notes(&sim, 1)));
}

#[test]
fn a_capacity_makes_messages_wait_in_line() {
    let sim = stage(2, STREAM).with(|stage| stage.world.network.capacity = Some(500)).until(40);
    // One every 2 ms, though one is sent every millisecond.
    assert_eq!(heard(&sim, 1).iter().map(|(at, _)| *at).take(5).collect::<Vec<_>>(), [4, 6, 8, 10, 12]);
}

#[test]
fn a_flapping_cut_comes_and_goes() {
    let links = Links { flaps: Some(Span::ms(10)), ..cut(&[0], &[1]) };
    let plan = [partition("flaps", 20, 50, links)];
    let notes = notes(&stage(2, STREAM).faults(plan).until(99), 1);
    // Off from 30 to 40 and from 50 to 60, over at 70.
    let through = |range: std::ops::Range<u64>| notes.iter().filter(|n| range.contains(n)).count();
    assert_eq!(
        [
            through(10..20),
            through(21..29),
            through(31..39),
            through(41..49),
            through(51..59),
            through(61..69),
            through(71..79)
        ],
        [10, 0, 8, 0, 8, 0, 8]
    );
}

#[test]
fn a_calm_network_is_even_and_loses_nothing_from_its_instant_on() {
    let sim = stage(2, STREAM).with(|stage| {
        stage.world.network.loss = Ratio::ALWAYS;
        stage.plan.noise = Noise::Calm { from: ms(20), delay: Span::ms(3) };
    });
    let sim = sim.until(40);
    assert_eq!(heard(&sim, 1).first(), Some(&(23, Heard::Message(0, Msg::Note(20)))));
    assert_eq!(notes(&sim, 1), (20..38).collect::<Vec<_>>());
}

#[test]
fn a_calm_network_still_has_the_faults_of_the_plan() {
    let loss = entry("loss", 10, 20, who(&[0]), Fault::Loss { links: cut(&[0], &[1]), odds: Ratio::ALWAYS });
    let sim = stage(2, STREAM)
        .faults([loss])
        .with(|stage| stage.plan.noise = Noise::Calm { from: ms(0), delay: Span::ms(1) });
    assert!(!notes(&sim.until(60), 1).iter().any(|n| (11..30).contains(n)));
}

fn fixed(from: End, to: End, kind: &str, nth: u64, fate: FixedFate) -> MessageOverride {
    MessageOverride { from, to, kind: kind.to_owned(), nth, sent_at: None, fate }
}

#[test]
fn a_plan_fixes_the_fate_of_single_messages_and_reports_those_it_never_met() {
    let (n0, n1) = (End::Node(NodeId(0)), End::Node(NodeId(1)));
    let overrides = vec![
        fixed(n0, n1, "note", 3, FixedFate::Drop),
        fixed(n0, n1, "note", 5, FixedFate::Twice(Span::ms(1), Span::ms(20))),
        fixed(n0, n1, "note", 7, FixedFate::Deliver(Span::ms(9))),
        fixed(n1, n0, "note", 1, FixedFate::Drop),
        fixed(n0, n1, "token", 1, FixedFate::Drop),
    ];
    let told = stage(2, STREAM).with(|stage| stage.plan.messages = overrides.clone()).tell();
    assert_eq!(told.outcome.unmatched, overrides[3..]);
    let sim = stage(2, STREAM).with(|stage| stage.plan.messages = overrides).until(30);
    assert_eq!(notes(&sim, 1)[..6], [1, 2, 4, 5, 6, 8]);
    assert_eq!(
        heard(&sim, 1)
            .iter()
            .filter(|(_, heard)| *heard == Heard::Message(0, Msg::Note(5)))
            .map(|(at, _)| *at)
            .collect::<Vec<_>>(),
        [6, 25]
    );
}

/// Answers every request.
const SERVER: Acts = Acts { request: |_, id, op, io| io.reply(id, crate::support::Reply::Done(op)), ..IDLE };

#[test]
fn requests_and_replies_can_be_fixed_too() {
    let client = End::Client { client: ClientId(0) };
    let n0 = End::Node(NodeId(0));
    let with = |list: Vec<MessageOverride>| {
        stage(1, SERVER).asks(0, &[(10, 2)]).with(|stage| stage.plan.messages = list).tell()
    };
    let lost = with(vec![fixed(client, n0, "request", 1, FixedFate::Drop)]);
    let late = with(vec![fixed(n0, client, "reply", 1, FixedFate::Deliver(Span::ms(5)))]);
    let returned = |told: &crate::support::Told| told.history[0].returned.map(|(at, _)| at.0 / 1_000_000);
    assert_eq!((returned(&lost), returned(&late)), (Some(22), Some(16)));
    assert!(lost.outcome.unmatched.is_empty() && late.outcome.unmatched.is_empty());
}

#[test]
fn a_client_beside_a_node_shares_the_fate_of_its_links_and_one_apart_does_not() {
    let ask = |stands: Option<u32>| -> Stage {
        stage(2, SERVER).asks(0, &[(10, 2)]).with(|stage| stage.plan.clients = vec![stands.map(NodeId)])
    };
    let returned = |stage: Stage| {
        let told = stage.faults([partition("cut", 5, 30, shape(Shape::Isolate))]).tell();
        told.history[0].returned.map(|(at, _)| at.0 / 1_000_000)
    };
    assert_eq!(returned(ask(None)), Some(12));
    // Beside the node that it asks nothing stands between them.
    assert_eq!(returned(ask(Some(0))), Some(12));
    assert_ne!(returned(ask(Some(1))), Some(12));
}
