//! Budgets, and the ledger that tells what of a plan came about.

use seedstorm::check::measure::{Measure, Reading};
use seedstorm::check::{Evidence, Nodes, Progress, Property, Verdict, WorldEvent};
use seedstorm::fault::ledger::Line;
use seedstorm::fault::links::{Links, Shape};
use seedstorm::fault::{Entry, Fault, FaultKind, Strike, Unsynced, Who};
use seedstorm::process::{Cast, NodeId, NodeSet, Span};
use seedstorm::sim::{Outcome, What};
use seedstorm::time::Time;

use crate::support::{Acts, IDLE, Puppet, Reply, Stage, crash, crash_inside, entry, ms, set, stage, who};

fn line(stage: Stage, kind: FaultKind) -> Line {
    *stage.run().ledger.line(kind)
}

fn at_most(nodes: u32, timeline: Vec<Entry>) -> Stage {
    stage(5, IDLE).faults(timeline).with(|stage| stage.plan.budgets.availability = Some(nodes))
}

fn isolate(id: &str, at: u64, lasts: u64, node: u32) -> Entry {
    let links = Links { shape: Shape::Isolate, ..Links::default() };
    entry(id, at, lasts, who(&[node]), Fault::Partition { links })
}

#[test]
fn no_more_nodes_than_the_budget_are_down_at_once() {
    let plan = vec![
        entry("a", 5, 20, who(&[0]), crash(Unsynced::None)),
        entry("b", 10, 20, who(&[1]), crash(Unsynced::None)),
        entry("c", 15, 20, who(&[2]), crash(Unsynced::None)),
        entry("d", 25, 20, who(&[3]), crash(Unsynced::None)),
    ];
    let crashes = line(at_most(2, plan.clone()), FaultKind::Crash);
    assert_eq!((crashes.planned, crashes.attempted, crashes.took_effect, crashes.suppressed), (4, 4, 3, 1));
    assert_eq!(line(stage(5, IDLE).faults(plan), FaultKind::Crash).took_effect, 4);
}

#[test]
fn an_entry_may_begin_at_the_instant_when_another_ends() {
    let plan =
        vec![entry("a", 5, 20, who(&[0]), crash(Unsynced::None)), entry("b", 25, 20, who(&[1]), crash(Unsynced::None))];
    assert_eq!(line(at_most(1, plan), FaultKind::Crash).suppressed, 0);
}

#[test]
fn down_paused_and_cut_off_count_together_and_once() {
    let plan = vec![
        entry("crash", 5, 80, who(&[0]), crash(Unsynced::None)),
        isolate("cut", 10, 80, 0),
        entry("pause", 15, 80, who(&[1]), Fault::Pause { strike: Strike::Between }),
        isolate("more", 20, 80, 2),
    ];
    let mut outcome = at_most(2, plan).run();
    assert_eq!([FaultKind::Crash, FaultKind::Pause].map(|kind| outcome.ledger.line(kind).took_effect), [1, 1]);
    let cuts = outcome.ledger.line(FaultKind::Partition);
    assert_eq!((cuts.took_effect, cuts.suppressed), (1, 1));
}

#[test]
fn a_node_that_something_lies_in_wait_for_counts_as_down() {
    let plan = vec![
        entry("waits", 5, 20, who(&[0]), crash_inside(Strike::Inside)),
        entry("b", 10, 20, who(&[1]), crash(Unsynced::None)),
    ];
    assert_eq!(line(at_most(1, plan), FaultKind::Crash).suppressed, 1);
}

#[test]
fn a_node_whose_turn_is_struck_counts_as_down_before_the_turn_ends() {
    const TICK: Acts = Acts { boot: |_, io| io.arm(1, Span::ms(10)), ..IDLE };
    // n0 is struck in the turn that begins at 13, after its boot, and falls when that turn ends at 16.
    let plan = [
        entry("inside", 5, 20, who(&[0]), crash_inside(Strike::Inside)),
        entry("b", 15, 20, who(&[1]), crash(Unsynced::None)),
    ];
    let stage = at_most(1, plan.to_vec()).service(3).with(|stage| stage.acts = TICK);
    let crashes = line(stage, FaultKind::Crash);
    assert_eq!((crashes.took_effect, crashes.suppressed), (1, 1));
}

#[test]
fn a_retired_node_counts_for_ever_and_a_spare_never() {
    let plan = vec![
        entry("retire", 5, 1, who(&[0]), Fault::Retire {}),
        entry("crash", 80, 5, who(&[1]), crash(Unsynced::None)),
    ];
    assert_eq!(line(at_most(1, plan.clone()), FaultKind::Crash).suppressed, 1);
    let cast = Cast::new(&[("node", 3, 2)]);
    assert_eq!(line(at_most(1, plan[1..].to_vec()).with(|stage| stage.cast = cast), FaultKind::Crash).suppressed, 0);
}

#[test]
fn a_cut_that_flaps_counts_while_it_is_off_too() {
    let links = Links { shape: Shape::Isolate, cut: vec![], flaps: Some(Span::ms(10)) };
    let plan = vec![
        entry("flaps", 5, 60, who(&[0]), Fault::Partition { links }),
        // Off from 15 to 25; the crash would last beyond.
        entry("crash", 18, 40, who(&[1]), crash(Unsynced::None)),
        entry("after", 70, 20, who(&[1]), crash(Unsynced::None)),
    ];
    let crashes = line(at_most(1, plan), FaultKind::Crash);
    assert_eq!((crashes.suppressed, crashes.took_effect), (1, 1));
}

#[test]
fn only_the_named_nodes_may_lose_synced_data() {
    let fragile =
        |plan: Vec<Entry>| stage(5, IDLE).faults(plan).with(|stage| stage.plan.budgets.durability = Some(set(&[1, 2])));
    let plan = || {
        vec![
            entry("a", 5, 5, who(&[1]), Fault::Wipe {}),
            entry("b", 15, 5, who(&[3]), Fault::Wipe {}),
            entry("c", 25, 5, who(&[1, 3]), Fault::Wipe {}),
            entry("d", 35, 5, who(&[3]), Fault::Damage { unsynced: Unsynced::All }),
            entry("e", 45, 5, who(&[3]), crash(Unsynced::None)),
        ]
    };
    let mut outcome = fragile(plan()).run();
    let lines = [FaultKind::Wipe, FaultKind::Damage, FaultKind::Crash].map(|kind| *outcome.ledger.line(kind));
    assert_eq!(lines.map(|line| (line.suppressed, line.took_effect)), [(2, 1), (1, 0), (0, 1)]);
}

#[test]
fn a_fault_that_finds_nothing_to_do_took_no_effect() {
    let plan = [
        entry("a", 5, 40, who(&[0]), crash(Unsynced::None)),
        entry("b", 15, 5, who(&[0]), crash(Unsynced::None)),
        entry("c", 20, 5, who(&[0]), Fault::Pause { strike: Strike::Between }),
        entry("d", 200, 5, who(&[0]), Fault::Pause { strike: Strike::Between }),
    ];
    let sim = || stage(2, IDLE).faults(plan.clone());
    let crashes = line(sim(), FaultKind::Crash);
    assert_eq!((crashes.attempted, crashes.took_effect), (2, 1));
    let pauses = line(sim(), FaultKind::Pause);
    assert_eq!((pauses.planned, pauses.attempted, pauses.took_effect), (2, 1, 0));
    // The crash that had no effect did not put the restart off or forward.
    assert_eq!(sim().until(44).condition(NodeId(0)), "down");
    assert_eq!(sim().until(45).condition(NodeId(0)), "up");
}

#[test]
fn a_fault_overlaps_an_operation_that_waits_while_it_is_on() {
    const SERVER: Acts = Acts { request: |_, id, op, io| io.reply(id, Reply::Done(op)), ..IDLE };
    let overlapped = |at, lasts| {
        line(
            stage(1, SERVER).asks(0, &[(20, 4)]).faults([entry(
                "slow",
                at,
                lasts,
                Who::All,
                Fault::Slow { by: Span::us(1) },
            )]),
            FaultKind::Slow,
        )
        .overlapped
    };
    // The operation lasts from 20 to about 22.
    assert_eq!([overlapped(5, 10), overlapped(5, 20), overlapped(21, 1), overlapped(30, 10)], [0, 1, 1, 0]);
}

#[test]
fn strikes_in_wait_take_effect_when_they_strike() {
    const TICK: Acts = Acts { boot: |_, io| io.arm(1, Span::ms(50)), ..IDLE };
    let plan = || [entry("crash", 5, 10, who(&[0]), crash_inside(Strike::After(0)))];
    let mut sim = stage(1, TICK).faults(plan()).until(49);
    assert_eq!(sim.outcome().ledger.line(FaultKind::Crash).took_effect, 0);
    sim.run_until(ms(50));
    assert_eq!(sim.outcome().ledger.line(FaultKind::Crash).took_effect, 1);
}

#[test]
fn a_bad_disk_takes_effect_when_a_sync_fails_and_the_outage_overlaps_what_waits_then() {
    // n0 writes at 50; the client asks at 55, while n0 is down, and gets no answer.
    const WRITE: Acts = Acts {
        boot: |_, io| {
            if io.now().0 == 0 {
                io.arm(1, Span::ms(50));
            }
        },
        timer: |_, _, io| io.persist(1),
        ..IDLE
    };
    for (fault, lasts) in [(Fault::SyncFail {}, 20), (Fault::DiskFull { down: Span::ms(20) }, 90)] {
        let kind = fault.kind();
        let plan = [entry("bad", 5, lasts, who(&[0]), fault)];
        let mut sim = stage(1, WRITE).asks(0, &[(55, 4)]).faults(plan.clone()).until(49);
        assert_eq!(sim.outcome().ledger.line(kind).took_effect, 0);
        sim.run_until(ms(99));
        let line = *sim.outcome().ledger.line(kind);
        assert_eq!((line.took_effect, line.overlapped), (1, 1), "{kind}");
        let never = stage(1, IDLE).asks(0, &[(55, 4)]).faults(plan);
        assert_eq!((self::line(never, kind).took_effect), 0, "{kind}");
    }
}

#[test]
fn links_that_flap_take_effect_once() {
    let links = Links { shape: Shape::Isolate, cut: vec![], flaps: Some(Span::ms(5)) };
    let mut told = stage(3, IDLE).faults([entry("flaps", 5, 60, who(&[0]), Fault::Partition { links })]).tell();
    assert_eq!(told.all(What::Fault).len(), 1);
    assert_eq!(told.outcome.ledger.line(FaultKind::Partition).took_effect, 1);
    let flaps = told.all(What::Flap);
    assert_eq!(flaps.len(), 11, "every 5 ms from 10 to 60");
    assert_eq!([flaps[0].2, flaps[1].2], ["flaps away", "flaps back"]);
}

/// Breaks at the first checkpoint at which somebody is down.
struct AllLive;

impl Property<Puppet> for AllLive {
    const NAME: &'static str = "all_live";
    const ABOUT: &'static str = "nobody is down at a checkpoint";

    fn new(_acts: &Acts, _cast: &Cast) -> Self {
        Self
    }

    fn on_state(&mut self, _now: Time, nodes: Nodes<'_, Puppet>) -> Verdict {
        if nodes.living().count() < nodes.count() as usize {
            return Verdict::Broken(Box::new(Evidence::new("somebody is down")));
        }
        Verdict::Held
    }
}

#[test]
fn properties_see_all_nodes_after_every_fault_when_it_strikes() {
    const WRITE: Acts = Acts { boot: |_, io| io.arm(1, Span::ms(50)), timer: |_, _, io| io.persist(1), ..IDLE };
    let faults = [
        (Fault::SyncFail {}, 53),
        (Fault::DiskFull { down: Span::ms(20) }, 53),
        (crash_inside(Strike::After(0)), 50),
        (crash_inside(Strike::After(9)), 53),
        (crash(Unsynced::None), 5),
    ];
    for (fault, at) in faults {
        let plan = [entry("fault", 5, 90, who(&[0]), fault.clone())];
        let outcome = stage(2, WRITE).sync(3).faults(plan).watched::<(AllLive,)>().run();
        assert_eq!(outcome.violation.map(|violation| violation.at), Some(ms(at)), "{fault:?}");
    }
}

/// Nobody is ever down: what a scenario without crashes may ask for. It counts boots, asked or not.
#[derive(Default)]
struct NoCrash(Vec<u64>);

impl Property<Puppet> for NoCrash {
    const NAME: &'static str = "no_crash";
    const ABOUT: &'static str = "nobody crashes";
    const OPTIONAL: bool = true;

    fn new(_acts: &Acts, _cast: &Cast) -> Self {
        Self::default()
    }

    fn on_world(&mut self, _now: Time, event: &WorldEvent) -> Verdict {
        match event {
            WorldEvent::Boot { life, .. } => self.0.push(u64::from(*life)),
            WorldEvent::Crash { node, .. } => return Evidence::new("somebody crashed").node(*node).into(),
            _ => {}
        }
        Verdict::Held
    }

    fn settled(&self, _core: &NodeSet, _nodes: Nodes<'_, Puppet>) -> Progress {
        Progress::Waiting("it is never content".to_owned())
    }

    fn measured(&self, _now: Time) -> Vec<Measure> {
        vec![Measure::new("lives", "which life was booted into", Reading::Counts(self.0.clone()))]
    }
}

#[test]
fn an_optional_property_is_judged_where_it_is_named_and_measures_everywhere() {
    let run = |crashes: bool, named: &[&str]| {
        let plan = crashes.then(|| entry("fault", 5, 90, who(&[0]), crash(Unsynced::None)));
        let mut sim = stage(2, IDLE).faults(plan).settle(50).watched::<(NoCrash, AllLive)>();
        sim.judge(named);
        while sim.step() {}
        sim.outcome()
    };
    let broken = |outcome: &Outcome| outcome.violation.as_ref().map(|violation| violation.property.clone());
    let unnamed = run(true, &["all_dead"]);
    assert_eq!(broken(&unnamed).as_deref(), Some("all_live"));
    assert_eq!(unnamed.properties.iter().map(|line| line.info.name).collect::<Vec<_>>(), ["all_live"]);
    let readings: Vec<Reading> = unnamed.measures.into_iter().map(|measure| measure.reading).collect();
    assert_eq!(readings, [Reading::Counts(vec![1, 1])]);
    let named = run(true, &["no_crash"]);
    assert_eq!(broken(&named).as_deref(), Some("no_crash"));
    assert_eq!(named.properties.len(), 2);
    assert_eq!(broken(&run(false, &[])), None);
    assert_eq!(broken(&run(false, &["no_crash"])).as_deref(), Some("no_crash"), "it is asked whether it is settled");
}
