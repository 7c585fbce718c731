//! Drawn plans: the same for the same seed, independent kind by kind, as frequent as stated, and always valid.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::target::cuts_around;
use super::*;
use crate::fault::links::{Shape, covers};

fn faults(section: Value) -> Faults {
    serde_json::from_value(section).unwrap()
}

fn seeds(seed: u64) -> Seeds {
    Seeds::derive(Seed(seed))
}

struct Setting {
    cast: Cast,
    zones: BTreeMap<String, NodeSet>,
}

impl Setting {
    fn new() -> Self {
        let zones = [("eu", 0..2), ("us", 2..5)].map(|(name, nodes)| (name.to_owned(), NodeSet::range(nodes)));
        Self { cast: Cast::new(&[("replica", 5, 2)]), zones: BTreeMap::from(zones) }
    }

    fn scene(&self) -> Scene<'_> {
        Scene {
            cast: &self.cast,
            zones: &self.zones,
            horizon: Span::secs(60),
            clients: 4,
            standing: Standing::Drawn,
            tolerated_losses: 2,
            leader: Some("leader"),
        }
    }

    fn draw(&self, seed: u64, section: Value) -> FaultPlan {
        let faults = faults(section);
        faults.check(&self.scene()).unwrap();
        draw(seeds(seed), &faults, &self.scene())
    }
}

#[test]
fn a_share_is_drawn_among_members_and_is_one_of_them_at_least() {
    let setting = Setting::new();
    let struck = |share: &str, seed| {
        let section = json!({ "crash": { "every": "5s", "down": "1s", "who": { "share": share } } });
        let plan = setting.draw(seed, section);
        assert!(!plan.timeline.is_empty());
        plan.timeline.into_iter().map(|entry| match entry.who {
            Who::Nodes(nodes) => nodes,
            other => panic!("{other:?}"),
        })
    };
    let mut seen = NodeSet::new();
    for seed in 0..20 {
        for (share, count) in [("0.1%", 1), ("39%", 1), ("40%", 2), ("100%", 5)] {
            for nodes in struck(share, seed) {
                assert_eq!(nodes.len(), count, "{share}: {nodes:?}");
                assert!(nodes.iter().all(|node| node.0 < 5), "a spare node is in no share: {nodes:?}");
                if share == "0.1%" {
                    nodes.iter().for_each(|node| seen.insert(node));
                }
            }
        }
    }
    assert_eq!(seen.len(), 5, "any of them may be drawn");
}

#[test]
fn nodes_retire_one_by_one_and_not_as_a_share() {
    let setting = Setting::new();
    for who in [json!({ "share": "40%" }), json!("majority")] {
        let section = faults(json!({ "retire": { "every": "5s", "who": who } }));
        let refused = section.check(&setting.scene()).unwrap_err();
        assert_eq!(refused.path, "retire.who");
        assert!(refused.message.contains("say with \"at_most\" how many"), "{refused}");
    }
}

/// Every kind there is, at a lively rate.
fn everything() -> Value {
    json!({
        "crash": { "every": "5s", "down": ["0ms", "2s"] },
        "kill": { "every": "5s", "down": "1s", "per": "node" },
        "power": { "every": "9s", "down": "1s", "unsynced": "none" },
        "wipe": { "every": "9s", "down": "1s" },
        "damage": { "every": "9s", "down": "1s" },
        "pause": { "every": "5s", "lasts": "1s", "strike": "inside" },
        "slow": { "every": "5s", "lasts": "1s", "by": ["1ms", "9ms"] },
        "partition": { "every": "4s", "lasts": ["1s", "3s"], "who": { "role": "leader" } },
        "clog": { "every": "4s", "lasts": "1s", "who": { "zone": "eu" } },
        "loss": { "every": "4s", "lasts": "1s", "odds": "20%" },
        "delay": { "every": "4s", "lasts": "1s", "by": { "pareto": { "min": "1ms", "alpha_milli": 1500 } } },
        "duplicate": { "every": "4s", "lasts": "1s", "odds": "1/3", "flaps": "80ms" },
        "sync_fail": { "every": "8s", "down": "1s" },
        "disk_full": { "every": "8s", "lasts": "1s", "down": "100ms" },
        "drift": { "every": "8s", "lasts": "5s", "ppm": [-500, 500] },
        "jump": { "every": "8s", "by": ["1ms", "2s"] },
        "start": { "every": "10s" },
        "retire": { "every": "20s", "at_most": 2 },
    })
}

fn of_kind(plan: &FaultPlan, kind: FaultKind) -> Vec<Entry> {
    plan.timeline.iter().filter(|entry| entry.kind.kind() == kind).cloned().collect()
}

#[test]
fn every_kind_is_drawn_and_named() {
    let plans: Vec<FaultPlan> = (0..8).map(|seed| Setting::new().draw(seed, everything())).collect();
    for &kind in FaultKind::ALL {
        let entries: Vec<Entry> = plans.iter().flat_map(|plan| of_kind(plan, kind)).collect();
        assert!(!entries.is_empty(), "no {kind}");
        assert!(entries.iter().all(|entry| entry.id.starts_with(&format!("{kind}-"))), "{kind}");
    }
    assert!(plans[0].timeline.iter().any(|entry| entry.id.starts_with("kill-n3-")));
    assert!(plans.iter().all(|plan| plan.timeline.is_sorted_by_key(|entry| entry.at)));
}

#[test]
fn the_same_seed_draws_the_same_plan() {
    let setting = Setting::new();
    assert_eq!(setting.draw(7, everything()), setting.draw(7, everything()));
    assert_ne!(setting.draw(7, everything()).timeline, setting.draw(8, everything()).timeline);
}

#[test]
fn no_kind_moves_another() {
    let setting = Setting::new();
    for swarm in [false, true] {
        let mut section = everything();
        section["swarm"] = swarm.into();
        let whole = setting.draw(11, section.clone());
        for &removed in FaultKind::ALL {
            let mut rest = section.clone();
            rest.as_object_mut().unwrap().remove(removed.name());
            let plan = setting.draw(11, rest);
            for &kind in FaultKind::ALL.iter().filter(|&&kind| kind != removed) {
                assert_eq!(of_kind(&plan, kind), of_kind(&whole, kind), "{kind} without {removed}");
            }
        }
    }
}

#[test]
fn a_setting_moves_only_what_it_is_about() {
    let setting = Setting::new();
    let with = |down: &str| setting.draw(5, json!({ "jump": { "every": "1s", "by": down } })).timeline;
    let (short, long) = (with("1ms"), with("1s"));
    let times = |entries: &[Entry]| entries.iter().map(|entry| (entry.at, entry.who.clone())).collect::<Vec<_>>();
    assert_eq!(times(&short), times(&long));
}

#[test]
fn rates_are_as_stated() {
    let setting = Setting::new();
    let count =
        |section: Value| -> usize { (0..200).map(|seed| setting.draw(seed, section.clone()).timeline.len()).sum() };
    // 200 runs of 60 s with a crash every 2 s of 1 s each: 4000. Its standard deviation is below 60.
    let together = count(json!({ "crash": { "every": "2s", "down": "1s" } }));
    assert!((3_800..4_200).contains(&together), "{together}");
    let each = count(json!({ "crash": { "every": "20s", "down": "0s", "per": "node" } }));
    assert!((3_950..4_450).contains(&each), "{each}");
}

#[test]
fn entries_of_one_process_do_not_overlap() {
    let plan = Setting::new().draw(2, json!({ "pause": { "every": "1s", "lasts": ["0s", "5s"] } }));
    for pair in plan.timeline.windows(2) {
        let end = pair[0].at.unwrap() + pair[0].lasts.unwrap();
        assert!(end <= pair[1].at.unwrap());
    }
}

#[test]
fn a_swarm_draws_a_subset_and_never_more_than_stated() {
    let setting = Setting::new();
    let mut section = everything();
    section["swarm"] = true.into();
    let section = faults(section);
    let scene = setting.scene();
    let mut sizes = Vec::new();
    for seed in 0..200 {
        let swarm = Swarm::new(seeds(seed).plan, &scene);
        let chosen = swarm.subset(section.recipes());
        sizes.push(chosen.len());
        for recipe in &chosen {
            let stated = section.recipes().into_iter().find(|stated| stated.kind == recipe.kind).unwrap();
            assert!(recipe.every >= stated.every && recipe.every.0 <= stated.every.0 * 101, "{}", recipe.kind);
            let upper = |recipe: &Recipe| recipe.lasts.map(|lasts| lasts.upper());
            assert!(upper(recipe) <= upper(&stated), "{}", recipe.kind);
        }
    }
    assert!(sizes.iter().all(|&size| size > 0));
    let mean = sizes.iter().sum::<usize>() / sizes.len();
    assert!((8..=10).contains(&mean), "{mean} of 18");
    let alone = Swarm::new(seeds(1).plan, &scene);
    let crash = faults(json!({ "crash": { "every": "1s", "down": "1s" } }));
    assert_eq!(alone.subset(crash.recipes()).len(), 1, "at least one");
}

#[test]
fn a_share_is_aimed_and_the_rest_strikes_anybody() {
    let section =
        |share: &str| json!({ "crash": { "every": "1s", "down": "1s", "who": { "role": "leader" }, "aimed": share } });
    let aimed = |share: &str| {
        let plans = (0..20).map(|seed| Setting::new().draw(seed, section(share)).timeline);
        let entries: Vec<Entry> = plans.flatten().collect();
        entries.iter().filter(|entry| entry.who.is_late()).count() * 100 / entries.len()
    };
    assert!((40..60).contains(&aimed("50%")));
    assert_eq!((aimed("0%"), aimed("100%")), (0, 100));
    let refused = |section| faults(section).check(&Setting::new().scene()).unwrap_err().to_string();
    let mut swarm = section("50%");
    swarm["swarm"] = true.into();
    assert!(refused(swarm).starts_with("crash.aimed: a swarm draws this share"));
    let nobody = json!({ "crash": { "every": "1s", "down": "1s", "aimed": "50%" } });
    assert!(refused(nobody).starts_with("crash.aimed: there is no role or fact"));
}

#[test]
fn a_swarm_leaves_a_loss_of_power_to_many() {
    let section = json!({ "swarm": true, "power": { "every": "1s", "down": "1s" } });
    for seed in 0..20 {
        for entry in Setting::new().draw(seed, section.clone()).timeline {
            assert!(matches!(&entry.who, Who::Nodes(nodes) if nodes.len() > 1), "{entry:?}");
        }
    }
}

#[test]
fn a_swarm_aims_a_share_at_the_leader_and_inside_turns() {
    let setting = Setting::new();
    let section = json!({ "swarm": true, "crash": { "every": "1s", "down": ["1s", "2s"] } });
    let entries: Vec<Entry> = (0..200).flat_map(|seed| setting.draw(seed, section.clone()).timeline).collect();
    let share = |is: &dyn Fn(&Entry) -> bool| entries.iter().filter(|entry| is(entry)).count() * 100 / entries.len();
    let late = share(&|entry| entry.who == Who::Role("leader".to_owned()));
    let inside = share(&|entry| matches!(entry.kind, Fault::Crash { strike: Strike::Inside, .. }));
    let instant = share(&|entry| entry.lasts == Some(Span::ZERO));
    assert!(
        (30..70).contains(&late) && (30..70).contains(&inside) && (10..40).contains(&instant),
        "{late} {inside} {instant}"
    );
    let scaled: Vec<f64> = (0..100).map(|seed| swarm_odds(Seed(seed), "network.loss", HALF).as_fraction()).collect();
    assert!(scaled.iter().all(|odds| (0.00499..=0.5).contains(odds)));
}

#[test]
fn lost_data_is_confined_to_the_budget() {
    let setting = Setting::new();
    let section = json!({
        "budget": { "durability": true, "availability": 2 },
        "wipe": { "every": "2s", "down": "1s" },
        "damage": { "every": "2s", "down": "1s", "who": { "group": "replica" } },
    });
    for seed in 0..20 {
        let plan = setting.draw(seed, section.clone());
        let losers = plan.budgets.durability.clone().unwrap();
        assert_eq!((losers.len(), plan.budgets.availability), (2, Some(2)));
        for entry in &plan.timeline {
            let Who::Nodes(nodes) = &entry.who else { panic!("{entry:?}") };
            assert!(nodes.iter().all(|node| losers.contains(node)), "{entry:?} outside {losers}");
        }
    }
}

#[test]
fn shapes_are_cut_around_their_target() {
    let everyone = NodeSet::range(0..7);
    for &shape in Shape::PARTITIONS {
        let cuts = cuts_around(shape, &NodeSet::range(3..4), &everyone, dice(Seed(1), "partition-1"));
        assert!(!cuts.is_empty() && cuts.iter().all(|cut| !cut.from.is_empty() && !cut.to.is_empty()), "{shape:?}");
    }
    let block = cuts_around(Shape::Isolate, &NodeSet::range(0..2), &everyone, dice(Seed(1), "x"));
    assert!(covers(&block, NodeId(0), NodeId(5)) && covers(&block, NodeId(5), NodeId(1)));
    assert!(!covers(&block, NodeId(0), NodeId(1)) && !covers(&block, NodeId(5), NodeId(6)));
    let few = cuts_around(Shape::Ring, &NodeSet::range(0..1), &NodeSet::range(0..3), dice(Seed(1), "x"));
    assert!(covers(&few, NodeId(0), NodeId(2)), "a ring of three leaves nothing to cut: isolated instead");
    assert!(cuts_around(Shape::Isolate, &NodeSet::range(0..1), &NodeSet::range(0..1), dice(Seed(1), "x")).is_empty());
}

#[test]
fn what_is_bound_late_stays_open_and_all_else_is_bound() {
    let plan = Setting::new().draw(1, everything());
    for entry in &plan.timeline {
        match (&entry.who, entry.kind.links()) {
            (Who::Role(_), Some(links)) => assert!(links.cut.is_empty()),
            (Who::Nodes(nodes), links) => assert!(!nodes.is_empty() && links.is_none_or(|links| !links.cut.is_empty())),
            _ => panic!("{entry:?}"),
        }
    }
}

#[test]
fn entries_by_hand_are_kept_and_bound_by_their_own_dice() {
    let setting = Setting::new();
    let by_hand = json!([
        { "id": "first", "at": "2s", "lasts": "1s", "kind": { "crash": {} } },
        { "id": "second", "after": { "fact": "elected", "plus": "3ms" }, "kind": { "pause": {} }, "who": { "role": "leader" } },
        { "id": "third", "at": "5s", "lasts": "2s", "kind": { "partition": { "links": { "shape": "flapping" } } }, "who": "majority" },
        { "id": "fourth", "at": "6s", "kind": { "start": {} } },
    ]);
    let alone = setting.draw(9, json!({ "timeline": by_hand }));
    let mut both = everything();
    both["timeline"] = by_hand;
    let both = setting.draw(9, both);
    for entry in &alone.timeline {
        assert!(both.timeline.contains(entry), "{entry:?}");
    }
    let [first, third, fourth, second] = alone.timeline.as_slice() else { panic!("{:?}", alone.timeline) };
    assert!(matches!(&first.who, Who::Nodes(nodes) if nodes.len() == 1));
    assert!(second.who.is_late() && second.at.is_none());
    let links = third.kind.links().unwrap();
    assert_eq!((links.cut.len(), links.flaps), (2, Some(Span::ms(200))));
    assert!(matches!(&fourth.who, Who::Nodes(nodes) if nodes.iter().all(|node| node.0 >= 5)));
}

#[test]
fn clients_stand_where_they_are_told() {
    let setting = Setting::new();
    let mut scene = Scene { clients: 1_000, ..setting.scene() };
    let beside = |scene: &Scene<'_>| draw(seeds(1), &Faults::default(), scene).clients;
    let drawn = beside(&scene).iter().flatten().count();
    assert!((400..600).contains(&drawn), "{drawn}");
    scene.standing = Standing::Apart;
    assert!(beside(&scene).iter().all(Option::is_none));
    scene.standing = Standing::Beside;
    assert_eq!(beside(&scene)[..2], [Some(NodeId(0)), Some(NodeId(1))]);
}

#[test]
fn a_plan_survives_being_written() {
    let plan = Setting::new().draw(4, everything());
    let text = serde_json::to_string(&plan).unwrap();
    assert_eq!(serde_json::from_str::<FaultPlan>(&text).unwrap(), plan);
    let section = faults(everything());
    assert_eq!(faults(serde_json::to_value(&section).unwrap()), section);
}

#[test]
fn a_million_nodes_are_planned_in_good_time() {
    let (cast, setting) = (Cast::single("node", 1_000_000), Setting::new());
    let scene = Scene { cast: &cast, horizon: Span::secs(30), ..setting.scene() };
    let section = faults(json!({
        "crash": { "every": "100s", "down": "1s", "per": "node" },
        "pause": { "every": "10ms", "lasts": "1ms", "who": { "group": "node" } },
        "partition": { "every": "15s", "lasts": "1s" },
    }));
    section.check(&scene).unwrap();
    let plan = draw(seeds(1), &section, &scene);
    assert!(plan.timeline.len() > 200_000, "{}", plan.timeline.len());
    validate(&plan, &cast, &BTreeMap::new(), Span::secs(30)).unwrap();
}

proptest! {
    #[test]
    fn drawn_plans_are_valid(seed: u64, swarm: bool, members in 1u32..9, spares in 0u32..3, every in 200u64..5_000) {
        let cast = Cast::new(&[("replica", members, spares)]);
        let mut section = everything();
        for kind in FaultKind::ALL {
            section[kind.name()]["every"] = Span::ms(every).to_string().into();
        }
        section["swarm"] = swarm.into();
        section["clog"]["who"] = "any".into();
        if spares == 0 {
            section.as_object_mut().unwrap().remove("start");
        }
        let section = faults(section);
        let zones = BTreeMap::new();
        let setting = Setting::new();
        let scene = Scene { cast: &cast, zones: &zones, ..setting.scene() };
        prop_assert_eq!(section.check(&scene), Ok(()));
        let plan = draw(seeds(seed), &section, &scene);
        prop_assert_eq!(validate(&plan, &cast, &zones, scene.horizon), Ok(()));
    }
}
