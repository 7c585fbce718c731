//! The laws, over random plans: same seed, same run; a fault that is taken out moves no other message's dice.

use std::collections::BTreeMap;

use proptest::prelude::*;
use seedstorm::fault::links::{Links, Shape, covers};
use seedstorm::fault::{After, Entry, Fault, Strike, Unsynced, Who};
use seedstorm::params::Distribution;
use seedstorm::process::{NodeId, Ratio, Span};
use seedstorm::rng::{Seed, Seeds};
use seedstorm::sim::{Record, What};
use seedstorm::time::Time;

use crate::support::{Acts, Fact, IDLE, Msg, Reply, Stage, entry, set, stage};

const NODES: u32 = 4;
const RUN: u64 = 300;

/// Nodes that gossip a little at random, write, promise and answer.
const GOSSIP: Acts = Acts {
    boot: |puppet, io| {
        puppet.role = "leader";
        puppet.epoch = puppet.found.records.len() as u64;
        io.arm_within(1, Span::ms(1), Span::ms(10));
    },
    timer: |puppet, timer, io| {
        puppet.n += 1;
        io.arm_within(timer, Span::ms(1), Span::ms(10));
        io.broadcast(Msg::Note(puppet.n));
        if io.choose(3) == 0 {
            io.persist(puppet.n);
            io.fact(Fact::Elected(puppet.n));
        }
        let _ = io.write(100 + puppet.n);
        io.send(io.me(), Msg::Token(puppet.n));
    },
    message: |puppet, from, msg, io| {
        if let (Msg::Note(n), true) = (msg, io.choose(2) == 0) {
            puppet.epoch = puppet.epoch.max(n);
            io.send(from, Msg::Token(n));
        }
    },
    request: |puppet, id, op, io| {
        let reply = match io.choose(4) {
            0 => Reply::Busy,
            1 => Reply::Ask(NodeId((io.me().0 + 1) % NODES)),
            _ => Reply::Done(op),
        };
        puppet.n += 1;
        io.persist(op % 50);
        io.reply(id, reply);
    },
    ..IDLE
};

/// Nodes that send at fixed instants, whatever they hear and however often they boot: their sending depends on
/// no fault of links.
const METRONOME: Acts = Acts {
    boot: |_, io| io.arm(1, Span::ms(3)),
    timer: |puppet, _, io| {
        puppet.n += 1;
        io.arm(1, Span::ms(3));
        io.broadcast(Msg::Note(puppet.n));
        io.broadcast(Msg::Note(puppet.n));
    },
    ..IDLE
};

fn gossip(seed: u64, acts: Acts, timeline: Vec<Entry>) -> Stage {
    stage(NODES, acts).sync(2).settle(100).faults(timeline).with(|stage| {
        stage.plan.seeds = Seeds::derive(Seed(seed));
        stage.world.run_for = Span::ms(RUN);
        stage.world.network.latency = Distribution::Exponential { min: Span::us(300), mean: Span::ms(4) };
        stage.world.network.loss = "5%".parse::<Ratio>().unwrap_or_default();
        stage.world.network.duplicate = "5%".parse::<Ratio>().unwrap_or_default();
        stage.world.clock.drift_ppm = 500;
        stage.world.node.service = Distribution::Uniform(Span::ZERO, Span::us(50));
        stage.clients.clients = 2;
        stage.clients.ops = 20;
    })
}

fn ratio() -> impl Strategy<Value = Ratio> {
    (1u64..=4).prop_map(|hits| Ratio::new(hits, 4).unwrap_or_default())
}

fn links() -> impl Strategy<Value = Links> {
    let shape = proptest::sample::select(Shape::PARTITIONS.to_vec());
    let flaps = proptest::option::weighted(0.3, (2u64..20).prop_map(Span::ms));
    (shape, flaps).prop_map(|(shape, flaps)| Links { shape, cut: Vec::new(), flaps })
}

fn of_links() -> impl Strategy<Value = Fault> {
    prop_oneof![
        links().prop_map(|links| Fault::Partition { links }),
        links().prop_map(|links| Fault::Clog { links }),
        (links(), ratio()).prop_map(|(links, odds)| Fault::Loss { links, odds }),
        (links(), ratio()).prop_map(|(links, odds)| Fault::Duplicate { links, odds }),
        (links(), 1u64..20)
            .prop_map(|(links, ms)| Fault::Delay { links, by: Distribution::Uniform(Span::ZERO, Span::ms(ms)) }),
    ]
}

fn strike() -> impl Strategy<Value = Strike> {
    prop_oneof![Just(Strike::Between), Just(Strike::Inside), (0u32..6).prop_map(Strike::After)]
}

fn unsynced() -> impl Strategy<Value = Unsynced> {
    proptest::sample::select(vec![Unsynced::None, Unsynced::Prefix, Unsynced::All, Unsynced::Independent])
}

fn any_fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        3 => of_links(),
        2 => (unsynced(), strike()).prop_map(|(unsynced, strike)| Fault::Crash { unsynced, strike }),
        1 => strike().prop_map(|strike| Fault::Kill { strike }),
        1 => unsynced().prop_map(|unsynced| Fault::Power { unsynced }),
        1 => strike().prop_map(|strike| Fault::Pause { strike }),
        1 => (0u64..3).prop_map(|ms| Fault::Slow { by: Span::ms(ms) }),
        1 => Just(Fault::SyncFail {}),
        1 => (0u64..5).prop_map(|ms| Fault::DiskFull { down: Span::ms(ms) }),
        1 => (-900_000i64..900_000).prop_map(|ppm| Fault::Drift { ppm }),
        1 => (any::<bool>(), 0u64..50).prop_map(|(back, ms)| Fault::Jump { by: Span::ms(ms), back }),
        1 => Just(Fault::Wipe {}),
        1 => unsynced().prop_map(|unsynced| Fault::Damage { unsynced }),
    ]
}

/// Faults that act on a node in the same way whatever input it has: its own sending then depends on no other's.
fn steady() -> impl Strategy<Value = Fault> {
    any_fault().prop_map(|fault| match fault {
        Fault::Crash { unsynced, .. } => Fault::Crash { unsynced, strike: Strike::Between },
        Fault::Kill { .. } => Fault::Kill { strike: Strike::Between },
        Fault::Pause { .. } | Fault::Slow { .. } => Fault::Pause { strike: Strike::Between },
        other => other,
    })
}

fn target() -> impl Strategy<Value = Who> {
    prop_oneof![
        (0..NODES).prop_map(|node| Who::Nodes(set(&[node]))),
        Just(Who::Any),
        Just(Who::Majority),
        Just(Who::All),
        Just(Who::Role("leader".to_owned())),
        Just(Who::Fact("elected".to_owned())),
    ]
}

fn plan(faults: impl Strategy<Value = Fault>) -> impl Strategy<Value = Vec<Entry>> {
    let after =
        (1u64..20, 0u64..3).prop_map(|(nth, plus)| After { fact: "elected".to_owned(), plus: Span::ms(plus), nth });
    let one = (0..RUN, proptest::option::weighted(0.3, after), 0u64..80, target(), faults);
    proptest::collection::vec(one, 1..8).prop_map(|list| {
        let named = list.into_iter().enumerate();
        named
            .map(|(n, (at, after, lasts, who, kind))| {
                let timed = entry(&format!("e{n}"), at, lasts, who, kind);
                Entry { at: timed.at.filter(|_| after.is_none()), after, ..timed }
            })
            .collect()
    })
}

/// All that was sent, asked and answered, in order, and what became of it: the records of the sender's side, and the
/// arrivals.
fn fates(records: &[Record], before: Time) -> Vec<Record> {
    let about = |record: &&Record| {
        let sent = matches!(record.what, What::Send | What::Invoke | What::Lost | What::Cut | What::Twice | What::Held);
        sent || matches!(record.what, What::Deliver | What::Request | What::Reply | What::Return)
    };
    records.iter().filter(about).filter(|record| record.at < before).cloned().collect()
}

/// What each untouched link carried: its sends, losses and arrivals, without the numbers of messages, which count all
/// that is asked for anywhere.
fn by_link(records: &[Record], touched: &dyn Fn(NodeId, NodeId) -> bool) -> BTreeMap<(String, String), Vec<Record>> {
    let node = |name: &str| name.strip_prefix('n').and_then(|n| n.parse().ok()).map(NodeId);
    let mut links: BTreeMap<(String, String), Vec<Record>> = BTreeMap::new();
    for record in records {
        let (from, to) = match record.what {
            What::Send | What::Lost | What::Cut | What::Twice => (&record.on, &record.peer),
            What::Deliver => (&record.peer, &record.on),
            _ => continue,
        };
        if let (Some(from_node), Some(to_node)) = (node(from), node(to))
            && !touched(from_node, to_node)
        {
            let record = Record { message: None, ..record.clone() };
            links.entry((from.clone(), to.clone())).or_default().push(record);
        }
    }
    links
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, rng_seed: proptest::test_runner::RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn the_same_seed_and_plan_give_the_same_run_traced_or_not(seed: u64, plan in plan(any_fault())) {
        let run = || gossip(seed, GOSSIP, plan.clone());
        let first = run().run();
        let again = run().run();
        let traced = run().tell().outcome;
        prop_assert_eq!(first.digest, again.digest);
        prop_assert_eq!(first.digest, traced.digest);
        prop_assert_eq!(format!("{first:?}"), format!("{again:?}"));
        prop_assert_eq!(format!("{first:?}"), format!("{traced:?}"));
    }

    #[test]
    fn a_run_in_steps_is_the_same_run(seed: u64, plan in plan(any_fault()), steps in proptest::collection::vec(1u64..60_000_000, 1..40)) {
        let whole = gossip(seed, GOSSIP, plan.clone()).run();
        let mut sim = gossip(seed, GOSSIP, plan).sim();
        let mut at = 0;
        for step in steps {
            at += step;
            sim.run_until(Time(at));
        }
        prop_assert_eq!(format!("{whole:?}"), format!("{:?}", sim.run()));
    }

    #[test]
    fn the_plan_that_came_about_replays_to_the_same_run(seed: u64, plan in plan(any_fault()), most in proptest::option::of(1u32..4)) {
        let with = |stage: Stage| stage.with(|stage| stage.plan.budgets.availability = most);
        let first = with(gossip(seed, GOSSIP, plan)).run();
        let again = gossip(seed, GOSSIP, Vec::new()).with(|stage| stage.plan = first.plan.clone()).run();
        prop_assert_eq!(&again.plan, &first.plan);
        prop_assert_eq!(again.digest, first.digest);
        prop_assert_eq!(again.counters, first.counters);
    }

    #[test]
    fn without_one_fault_everything_before_its_instant_is_the_same(seed: u64, plan in plan(any_fault()), pick: prop::sample::Index) {
        let out = pick.index(plan.len());
        let id = plan[out].id.clone();
        let mut rest = plan.clone();
        rest.remove(out);
        let all = gossip(seed, GOSSIP, plan).tell();
        // When it began, also if it waited for a fact; one that never began is missed nowhere.
        let began = all.outcome.plan.timeline.iter().find(|entry| entry.id == id).and_then(|entry| entry.at);
        let at = began.unwrap_or(Time::MAX);
        let less = gossip(seed, GOSSIP, rest).tell();
        prop_assert_eq!(fates(&all.records, at), fates(&less.records, at));
    }

    #[test]
    fn without_one_fault_the_links_that_it_did_not_touch_carry_the_same(seed: u64, plan in plan(steady()), pick: prop::sample::Index) {
        let quiet = |timeline: Vec<Entry>| {
            let stage = gossip(seed, METRONOME, timeline);
            stage.with(|stage| {
                stage.world.settle = Span::ZERO;
                stage.world.node.service = Distribution::ZERO;
            })
        };
        let resolved = quiet(plan.clone()).run().plan.timeline;
        prop_assume!(!resolved.is_empty());
        let out = &resolved[pick.index(resolved.len())];
        let cuts = out.kind.links().map(|links| links.cut.clone()).unwrap_or_default();
        let struck = |node: NodeId| out.kind.links().is_none() && matches!(&out.who, Who::Nodes(nodes) if nodes.contains(node));
        let rest: Vec<Entry> = plan.iter().filter(|entry| entry.id != out.id).cloned().collect();
        let (all, less) = (quiet(plan.clone()).tell(), quiet(rest).tell());
        let touched = |from: NodeId, to: NodeId| covers(&cuts, from, to) || struck(from) || struck(to);
        prop_assert_eq!(by_link(&all.records, &touched), by_link(&less.records, &touched));
    }

    #[test]
    fn another_seed_gives_another_run(seed in 0u64..1_000_000) {
        let run = |seed| gossip(seed, GOSSIP, Vec::new()).run().digest;
        prop_assert_ne!(run(seed), run(seed + 1));
    }
}
