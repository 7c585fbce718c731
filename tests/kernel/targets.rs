//! Whom a fault strikes and when: late-bound targets, entries that wait for facts, and the resolved plan,
//! which replays to the same run.

use seedstorm::fault::draw::Targets;
use seedstorm::fault::links::{Cut, Links, Shape};
use seedstorm::fault::{After, Entry, Fault, Strike, Unsynced, Who};
use seedstorm::params::Distribution;
use seedstorm::process::{NodeId, Ratio, Span};
use seedstorm::sim::What;

use crate::support::{Acts, Fact, IDLE, Msg, Stage, crash, crash_inside, entry, ms, set, stage, who};

/// The token goes round; whoever has it leads, reports it, persists it and tells everyone.
const RELAY: Acts = Acts {
    boot: |_, io| {
        if io.now().0 == 0 && io.me() == NodeId(0) {
            io.send(NodeId(1), Msg::Token(1));
        }
        io.arm(1, Span::ms(30));
    },
    message: |puppet, _, msg, io| match msg {
        Msg::Token(n) if n > puppet.epoch => {
            (puppet.role, puppet.epoch) = ("leader", n);
            io.fact(Fact::Elected(n));
            io.broadcast(Msg::Note(n));
            io.persist(n);
            let nodes = u64::from(io.cast().len());
            let next = (u64::from(io.me().0) + 1 + io.choose(nodes - 1)) % nodes;
            io.send(NodeId(u32::try_from(next).unwrap_or(0)), Msg::Token(n + 1));
        }
        Msg::Note(n) if n > puppet.epoch => (puppet.role, puppet.epoch) = ("follower", n),
        _ => {}
    },
    timer: |puppet, _, io| {
        io.arm(1, Span::ms(30));
        if io.choose(3) == 0 {
            io.send(NodeId(io.me().0 ^ 1), Msg::Token(puppet.epoch + 1));
        }
    },
    ..IDLE
};

fn relay() -> Stage {
    stage(4, RELAY).sync(2).with(|stage| stage.world.run_for = Span::ms(400))
}

fn after(id: &str, fact: &str, nth: u64, plus: u64, who: Who, kind: Fault) -> Entry {
    let after = After { fact: fact.to_owned(), plus: Span::ms(plus), nth };
    Entry { id: id.to_owned(), at: None, after: Some(after), lasts: Some(Span::ms(20)), kind, who }
}

fn leader() -> Who {
    Who::Role("leader".to_owned())
}

fn elected() -> Who {
    Who::Fact("elected".to_owned())
}

/// Who was struck, and when in microseconds.
fn crashes(stage: Stage) -> Vec<(u64, String)> {
    stage.tell().all(What::Crash).into_iter().map(|(at, node, _)| (at, node.to_owned())).collect()
}

#[test]
fn a_role_is_looked_up_at_the_instant_of_the_fault() {
    let sim = relay().until(7);
    let at_7 = sim.leading();
    let struck = crashes(relay().faults([entry("crash", 7, 20, leader(), crash(Unsynced::None))]));
    assert_eq!(struck, [(7_000, at_7.to_string())]);
}

#[test]
fn a_fault_without_anybody_in_that_role_has_no_effect() {
    let plan = [entry("crash", 7, 20, Who::Role("king".to_owned()), crash(Unsynced::None))];
    let mut told = relay().faults(plan).tell();
    let line = *told.outcome.ledger.line(seedstorm::fault::FaultKind::Crash);
    assert_eq!((line.planned, line.attempted, line.took_effect), (1, 1, 0));
    assert!(told.outcome.plan.timeline.is_empty());
}

#[test]
fn links_that_are_given_need_nobody_in_that_role() {
    let cut = vec![Cut { from: set(&[0]), to: set(&[1]) }];
    let links = Links { shape: Shape::Isolate, cut, flaps: None };
    let plan = [entry("cut", 7, 20, Who::Role("king".to_owned()), Fault::Partition { links })];
    let mut told = relay().faults(plan).tell();
    assert_eq!(told.outcome.ledger.line(seedstorm::fault::FaultKind::Partition).took_effect, 1);
}

#[test]
fn of_several_in_a_role_the_highest_epoch_counts_then_the_lowest_number() {
    const KINGS: Acts =
        Acts { boot: |puppet, io| (puppet.role, puppet.epoch) = ("king", [3, 8, 8, 5][io.me().index()]), ..IDLE };
    let plan = || [entry("crash", 7, 20, Who::Role("king".to_owned()), crash(Unsynced::None))];
    assert_eq!(crashes(stage(4, KINGS).faults(plan())), [(7_000, "n1".to_owned())]);
}

#[test]
fn the_node_of_the_last_fact_can_be_struck() {
    let told = relay().tell();
    let last = told.all(What::Fact).into_iter().rfind(|(at, ..)| *at <= 20_000).map(|(_, node, _)| node.to_owned());
    assert_eq!(
        crashes(relay().faults([entry("crash", 20, 20, elected(), crash(Unsynced::None))]))[0].1,
        last.expect("somebody was elected")
    );
}

#[test]
fn an_entry_begins_a_while_after_the_nth_fact_of_a_kind() {
    let told = relay().tell();
    let facts: Vec<u64> = told.all(What::Fact).into_iter().map(|(at, ..)| at).collect();
    for nth in [1, 3] {
        let plan = [after("crash", "elected", nth, 5, who(&[2]), crash(Unsynced::None))];
        assert_eq!(crashes(relay().faults(plan))[0], (facts[nth as usize - 1] + 5_000, "n2".to_owned()));
    }
    let never = [after("crash", "elected", 100_000, 5, who(&[2]), crash(Unsynced::None))];
    let mut outcome = relay().faults(never).run();
    assert_eq!(outcome.ledger.line(seedstorm::fault::FaultKind::Crash).attempted, 0);
}

#[test]
fn no_entry_begins_at_the_end_of_the_safety_phase() {
    let begun = |run_for| {
        let plan = [after("crash", "elected", 1, 5, who(&[2]), crash(Unsynced::None))];
        relay().faults(plan).with(|stage| stage.world.run_for = Span::ms(run_for)).run().plan.timeline
    };
    // The token reaches n1 at 1 ms. What begins can be replayed: its instant is before the end.
    assert!(begun(6).is_empty());
    assert_eq!(begun(7).iter().map(|entry| entry.at).collect::<Vec<_>>(), [Some(ms(6))]);
}

#[test]
fn an_entry_begins_after_everything_else_of_its_instant() {
    // The token reaches n1 at 1 ms: the leader of that instant is known to a fault at 1 ms.
    assert_eq!(
        crashes(relay().faults([entry("crash", 1, 20, leader(), crash(Unsynced::None))])),
        [(1_000, "n1".to_owned())]
    );
    let plan =
        [entry("a", 10, 5, who(&[2]), crash(Unsynced::None)), entry("b", 15, 5, who(&[2]), crash(Unsynced::None))];
    assert_eq!(crashes(relay().faults(plan)).len(), 2, "the node is up again before it is struck anew");
}

#[test]
fn groups_zones_and_draws_stay_within_their_nodes() {
    let struck = |stage: Stage| crashes(stage).into_iter().map(|(_, node)| node).collect::<Vec<_>>();
    let zoned = |who| {
        stage(4, IDLE).faults([entry("e", 5, 5, who, crash(Unsynced::None))]).with(|stage| {
            stage.cast = seedstorm::process::Cast::new(&[("a", 2, 0), ("b", 2, 1)]);
            stage.world.network.zones.insert("east".to_owned(), set(&[1, 2]));
        })
    };
    assert_eq!(struck(zoned(Who::Zone("east".to_owned()))), ["n1", "n2"]);
    let of_group = struck(zoned(Who::Group("b".to_owned())));
    assert!(of_group.iter().all(|node| node == "n2" || node == "n3"), "{of_group:?}");
    // A majority is one of members, whatever the spares.
    assert_eq!(struck(zoned(Who::Majority)).len(), 3);
    assert!(struck(zoned(Who::Any)).len() <= 1);
    assert!(struck(zoned(Who::Group("c".to_owned()))).is_empty());
}

#[test]
fn a_plan_that_leaves_its_targets_open_means_what_a_drawn_one_means() {
    let cast = seedstorm::process::Cast::new(&[("a", 2, 0), ("b", 3, 2)]);
    let zones = std::collections::BTreeMap::from([("east".to_owned(), set(&[1, 2]))]);
    let losers = set(&[0, 3]);
    let power = || Fault::Power { unsynced: Unsynced::None };
    let links = || Links { shape: Shape::Halves, ..Links::default() };
    let kinds = [crash(Unsynced::None), power(), Fault::Wipe {}, Fault::Start {}, Fault::Partition { links: links() }];
    let whos = [Who::Any, Who::Majority, Who::All, Who::Group("b".to_owned()), Who::Zone("east".to_owned())];
    for (kind, who) in kinds.iter().flat_map(|kind| whos.iter().map(move |who| (kind, who))) {
        let open = entry("open", 5, 5, who.clone(), kind.clone());
        let run = stage(7, IDLE).faults([open.clone()]).with(|stage| {
            stage.cast = cast.clone();
            stage.world.network.zones = zones.clone();
            stage.plan.budgets.durability = Some(losers.clone());
        });
        let die = run.plan.dice("open");
        let drawn = Targets::new(&cast, &zones, Some(&losers)).bind(open, die);
        let came = run.run().plan.timeline;
        assert!(came.is_empty() || came == [drawn], "{kind:?} {who:?}");
        assert!(!came.is_empty() || matches!(kind, Fault::Wipe {} | Fault::Start {}), "{kind:?} {who:?}");
    }
}

/// The run, and the run of the plan that came out of it.
fn replays(stage: impl Fn() -> Stage) {
    let first = stage().run();
    let again = stage().with(|stage| stage.plan = first.plan.clone()).run();
    assert_eq!(again.plan, first.plan);
    assert_eq!(again.digest, first.digest);
    assert_eq!((again.events, again.counters), (first.events, first.counters));
}

#[test]
fn a_plan_given_out_of_order_replays_to_the_same_digest() {
    replays(|| {
        relay().faults([
            entry("late", 60, 20, who(&[1]), crash(Unsynced::Prefix)),
            entry("soon", 10, 30, who(&[2]), Fault::Pause { strike: Strike::Between }),
        ])
    });
}

#[test]
fn late_bound_entries_replay_to_the_same_digest() {
    replays(|| {
        relay().faults([
            entry("nobody", 3, 20, Who::Role("king".to_owned()), crash(Unsynced::None)),
            entry("b", 50, 20, elected(), crash(Unsynced::Prefix)),
            entry("a", 20, 20, leader(), Fault::Kill { strike: Strike::Inside }),
            after("c", "elected", 4, 0, elected(), crash_inside(Strike::Inside)),
            after("d", "elected", 2, 0, leader(), Fault::Pause { strike: Strike::Inside }),
            after("e", "elected", 7, 0, leader(), crash(Unsynced::Prefix)),
            after("f", "elected", 7, 0, who(&[3]), crash(Unsynced::Prefix)),
            after(
                "g",
                "elected",
                9,
                3,
                Who::Any,
                Fault::Partition { links: Links { shape: Shape::Bridge, ..Links::default() } },
            ),
        ])
    });
}

#[test]
fn strikes_inside_the_turns_of_several_nodes_replay_to_the_same_digest() {
    for n in 0..10 {
        let id = format!("all-{n}");
        replays(|| relay().faults([entry(&id, 10, 20, Who::All, crash_inside(Strike::Inside))]));
        // Here the entry is over before it strikes.
        replays(|| relay().faults([entry(&id, 10, 0, Who::All, crash_inside(Strike::Inside))]));
    }
}

#[test]
fn a_strike_inside_a_turn_is_resolved_into_the_number_of_effects() {
    let plan = || [entry("crash", 10, 20, who(&[1]), crash_inside(Strike::Inside))];
    let resolved = relay().faults(plan()).run().plan.timeline;
    assert!(matches!(resolved[0].kind, Fault::Crash { strike: Strike::After(_), .. }), "{resolved:?}");
}

#[test]
fn suppressed_entries_are_not_missed_in_a_replay() {
    replays(|| {
        relay()
            .faults([
                entry("a", 10, 30, who(&[0]), crash(Unsynced::Prefix)),
                entry("b", 20, 30, who(&[1]), crash(Unsynced::Prefix)),
                entry(
                    "c",
                    60,
                    30,
                    Who::Any,
                    Fault::Partition { links: Links { shape: Shape::Isolate, cut: vec![], flaps: Some(Span::ms(4)) } },
                ),
            ])
            .with(|stage| stage.plan.budgets.availability = Some(1))
    });
}

#[test]
fn a_noisy_run_with_clients_and_a_healed_core_replays_to_the_same_digest() {
    for seed in 0..8 {
        replays(|| {
            relay().settle(100).with(|stage| {
                stage.plan.seeds = seedstorm::rng::Seeds::derive(seedstorm::rng::Seed(seed));
                stage.world.network.latency = Distribution::Uniform(Span::ms(1), Span::ms(9));
                stage.world.network.loss = "10%".parse::<Ratio>().unwrap_or_default();
                stage.world.network.duplicate = "10%".parse::<Ratio>().unwrap_or_default();
                stage.clients.clients = 2;
                stage.clients.ops = 10;
                stage.plan.timeline = vec![
                    entry(
                        "drawn",
                        70,
                        30,
                        Who::Any,
                        Fault::Partition {
                            links: Links { shape: Shape::Halves, cut: vec![], flaps: Some(Span::ms(7)) },
                        },
                    ),
                    entry(
                        "clog",
                        40,
                        60,
                        Who::Any,
                        Fault::Clog { links: Links { shape: Shape::OneWay, ..Links::default() } },
                    ),
                    entry("power", 120, 30, Who::Majority, Fault::Power { unsynced: Unsynced::Prefix }),
                    after("after", "elected", 5, 0, leader(), crash_inside(Strike::Inside)),
                    entry("fails", 160, 30, Who::Any, Fault::SyncFail {}),
                    entry("drift", 5, 300, Who::Any, Fault::Drift { ppm: 200_000 }),
                    entry("end", 380, 300, leader(), Fault::Pause { strike: Strike::Inside }),
                ];
            })
        });
    }
}

/// Who leads just now.
trait Leading {
    fn leading(&self) -> NodeId;
}

impl Leading for crate::support::Play {
    fn leading(&self) -> NodeId {
        let leaders = self.nodes().living().filter(|seat| seat.state.role == "leader");
        let best = leaders.max_by_key(|seat| (seat.state.epoch, std::cmp::Reverse(seat.node)));
        best.map(|seat| seat.node).expect("somebody leads")
    }
}

#[test]
fn a_plan_may_hold_instants_beyond_the_run() {
    let mut far = entry("far", 0, 0, who(&[0]), crash(Unsynced::None));
    far.at = Some(seedstorm::time::Time(u64::MAX));
    far.lasts = Some(Span(u64::MAX));
    let mut long = entry("long", 5, 0, who(&[0]), crash(Unsynced::None));
    long.lasts = Some(Span(u64::MAX));
    let sim = relay().faults([far, long]).until(100);
    assert_eq!((sim.now(), sim.condition(NodeId(0)).as_str()), (ms(100), "down"));
}
