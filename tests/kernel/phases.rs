//! The two phases: what ends when the core is healed, what stays outside, and how a run is judged.

use seedstorm::check::history::Answer;
use seedstorm::check::{At, Nodes, Phase, Progress, Property, Seat, Verdict};
use seedstorm::fault::links::{Cut, Links, Shape};
use seedstorm::fault::{Entry, Fault, Strike, Unsynced, Who};
use seedstorm::params::Distribution;
use seedstorm::process::{Cast, NodeId, NodeSet, Ratio, Span};
use seedstorm::sim::world::Outside;
use seedstorm::sim::{ChooseCore, Ending, Liveness, What};

use crate::support::{
    Acts, Fact, Hands, IDLE, Msg, Puppet, Reply, Stage, crash, crash_inside, entry, heard, ms, notes, pause, set,
    stage, who,
};

/// Every node tells all others the time every 10 ms, and answers requests.
const CHATTER: Acts = Acts {
    boot: |_, io| io.arm(1, Span::ms(10)),
    timer: |_, _, io| {
        io.arm(1, Span::ms(10));
        let now = io.now().0 / 1_000_000;
        io.broadcast(Msg::Note(now));
    },
    request: |_, id, op, io| io.reply(id, Reply::Done(op)),
    ..IDLE
};

/// Four nodes of which n0, n1 and n2 are the core; the horizon is at 100 ms. A leader is asked for, so that the
/// liveness phase lasts to its end.
fn healed(plan: impl IntoIterator<Item = Entry>) -> Stage {
    stage(4, CHATTER).settle(100).faults(plan).with(|stage| {
        stage.core = |_, _, _, _| Some(set(&[0, 1, 2]));
        stage.leader = Some("leader");
    })
}

fn cut(from: &[u32], to: &[u32]) -> Links {
    Links { shape: Shape::All, cut: vec![Cut { from: set(from), to: set(to) }], flaps: None }
}

fn late(notes: &[u64]) -> usize {
    notes.iter().filter(|at| **at >= 110).count()
}

#[test]
fn everything_ends_in_the_core_and_nothing_outside() {
    let plan = [
        entry("down", 50, 900, who(&[0, 3]), crash(Unsynced::None)),
        entry("slow", 50, 900, who(&[1]), Fault::Slow { by: Span::ms(50) }),
        entry("drift", 50, 900, who(&[2]), Fault::Drift { ppm: 1_000_000 }),
        entry("pause", 50, 900, who(&[2]), pause()),
        entry("cut", 50, 900, Who::All, Fault::Partition { links: Links::default() }),
    ];
    let mut sim = healed(plan).until(100);
    assert_eq!(sim.phase(), Phase::Liveness);
    assert_eq!([0, 1, 2, 3].map(|node| sim.condition(NodeId(node))), ["up", "up", "up", "down"]);
    let shown = sim.timers(NodeId(2)).0.0;
    sim.run_until(ms(190));
    assert_eq!(sim.timers(NodeId(2)).0.0, shown + 90_000_000);
    assert_eq!(sim.condition(NodeId(3)), "down");
    assert!((0..3).all(|node| late(&notes(&sim, node)) >= 8));
}

#[test]
fn a_turn_that_was_slowed_ends_with_the_fault() {
    let slowed = [entry("slow", 85, 10, who(&[0]), Fault::Slow { by: Span::secs(30) })];
    let mut sim = healed(slowed).service(3).until(100);
    assert_eq!(sim.condition(NodeId(0)), "up, inside a turn");
    // It takes its ordinary time from then on.
    sim.run_until(ms(103));
    assert!(heard(&sim, 0).iter().any(|(at, _)| *at == 103), "{:?}", heard(&sim, 0));
    sim.run_until(ms(199));
    assert!(late(&notes(&sim, 0)) >= 6);
}

#[test]
fn outsiders_stay_down_or_paused_for_ever() {
    for kind in [crash(Unsynced::None), pause()] {
        let sim = healed([entry("e", 90, 20, who(&[3]), kind)]).until(199);
        assert_ne!(sim.condition(NodeId(3)), "up");
    }
}

#[test]
fn an_outsider_whose_restart_waits_for_its_disk_stays_down() {
    const WRITER: Acts = Acts {
        boot: |_, io| {
            let _ = io.write(1);
        },
        ..IDLE
    };
    let plan = [entry("kill", 90, 5, who(&[3]), Fault::Kill { strike: Strike::Between })];
    let writer = || healed(plan.clone()).with(|stage| stage.acts = WRITER).sync(120);
    let sim = writer().until(199);
    assert_eq!(sim.condition(NodeId(3)), "down");
    assert_eq!(sim.disk(NodeId(3)).records, [1]);
    // In the core such a node boots as soon as its writes are on the disk.
    let sim = writer().with(|stage| stage.core = |_, _, nodes, _| Some(nodes.clone())).until(199);
    assert_eq!(sim.condition(NodeId(3)), "up");
}

#[test]
fn a_silent_outside_is_cut_from_the_core_both_ways() {
    let sim = healed([]).until(199);
    // The core hears of two others, the outsider of nobody.
    assert_eq!([0, 3].map(|node| late(&notes(&sim, node))), [2 * 9, 0]);
}

#[test]
fn an_outside_as_is_keeps_its_links_one_way_ones_included() {
    let as_is = |plan: Vec<Entry>| healed(plan).with(|stage| stage.world.outside = Outside::AsIs).until(199);
    let open = as_is(vec![]);
    // The outsider is heard, and hears nothing.
    assert_eq!([0, 3].map(|node| late(&notes(&open, node))), [3 * 9, 0]);
    // What was cut on the way into the core at that instant stays cut.
    let one_way = as_is(vec![entry("cut", 50, 60, who(&[3]), Fault::Partition { links: cut(&[3], &[0, 1, 2]) })]);
    assert_eq!([0, 3].map(|node| late(&notes(&one_way, node))), [2 * 9, 0]);
}

#[test]
fn a_cut_that_flaps_freezes_outside() {
    // At the horizon the first is on (since 95), the second off (since 95).
    for (at, hears) in [(55, 2 * 9), (45, 3 * 9)] {
        let links = Links { flaps: Some(Span::ms(10)), ..cut(&[3], &[0, 1, 2]) };
        let plan = [entry("flaps", at, 900, who(&[3]), Fault::Partition { links })];
        let sim = healed(plan).with(|stage| stage.world.outside = Outside::AsIs).until(199);
        assert_eq!(late(&notes(&sim, 0)), hears, "from {at}");
    }
}

#[test]
fn messages_within_the_core_arrive_within_the_stated_delay() {
    let slow = || healed([]).with(|stage| stage.world.network.latency = Distribution::Constant(Span::ms(60)));
    let sim = slow().until(199);
    // Sent at 50 … 100 and still on their way at 100: they arrive by 105; later ones take 5 ms.
    assert_eq!(heard(&sim, 0).iter().filter(|(at, _)| *at == 105).count(), 2 * 6);
    assert!(
        heard(&sim, 0)
            .iter()
            .filter(|(at, _)| *at > 105)
            .all(|(at, heard)| *heard == crate::support::Heard::Timer(1) || at % 10 == 5)
    );
}

#[test]
fn links_that_keep_their_order_do_not_keep_the_core_waiting() {
    let fifo = |capacity| {
        let mut stage = healed([]).with(|stage| {
            stage.world.network.fifo = true;
            stage.world.network.capacity = capacity;
            stage.world.settle_delay = Span::ms(20);
        });
        let by = Distribution::Constant(Span::secs(5));
        stage.plan.timeline = vec![entry("slow", 40, 30, Who::All, Fault::Delay { links: Links::default(), by })];
        stage
    };
    for capacity in [None, Some(60)] {
        let sim = fifo(capacity).until(199);
        let heard = heard(&sim, 0);
        let fresh = heard.iter().filter(
            |(at, heard)| matches!(heard, crate::support::Heard::Message(_, Msg::Note(n)) if *n >= 110 && at - n <= 20),
        );
        assert!(fresh.count() >= 2 * 6, "{capacity:?} {heard:?}");
        assert!(notes(&sim, 1).len() > 2 * 8);
    }
}

#[test]
fn nothing_is_lost_or_doubled_in_the_core() {
    let noisy = || {
        healed([]).with(|stage| {
            stage.world.network.loss = "50%".parse::<Ratio>().unwrap_or_default();
            stage.world.network.duplicate = Ratio::ALWAYS;
        })
    };
    let sim = noisy().until(199);
    assert!((0..3).all(|node| late(&notes(&sim, node)) == 2 * 9));
}

#[test]
fn what_a_clog_held_within_the_core_is_released() {
    let sim = healed([entry("clog", 35, 900, who(&[0]), Fault::Clog { links: cut(&[0], &[1, 3]) })]).until(199);
    let of_0 = heard(&sim, 1)
        .into_iter()
        .filter(|(at, heard)| *at == 100 && matches!(heard, crate::support::Heard::Message(0, _)));
    assert_eq!(of_0.count(), 6);
}

#[test]
fn no_strike_waits_in_the_core_any_more() {
    // One waits for a turn, the other has struck a turn that is still taking its time.
    let waiting = entry("waits", 95, 10, who(&[0]), crash_inside(Strike::Inside));
    let under_way = entry("cuts", 85, 10, who(&[1]), crash_inside(Strike::After(1)));
    let stage =
        healed([waiting, under_way]).with(|stage| stage.world.node.service = Distribution::Constant(Span::ms(8)));
    let told = stage.tell();
    let crashes: Vec<u64> = told.all(What::Crash).into_iter().map(|(at, ..)| at).filter(|at| *at > 100_000).collect();
    assert!(crashes.is_empty(), "{crashes:?}");
}

#[test]
fn a_node_of_the_core_that_is_resumed_at_the_heal_is_not_struck() {
    // Paused between turns, with input that waits and a crash that waits for its turn.
    let waiting = vec![
        entry("pause", 55, 900, who(&[0]), pause()),
        entry("crash", 60, 900, who(&[0]), crash_inside(Strike::Inside)),
    ];
    // Paused inside a turn that a crash is to cut.
    let both = vec![
        entry("pause", 85, 900, who(&[0]), Fault::Pause { strike: Strike::Inside }),
        entry("crash", 85, 900, who(&[0]), crash_inside(Strike::After(1))),
    ];
    for plan in [waiting, both] {
        let told = healed(plan).tell();
        assert!(told.all(What::Crash).is_empty());
    }
    // What it does then is not slowed by what has ended as well.
    let slowed = [
        entry("pause", 55, 900, who(&[0]), pause()),
        entry("slow", 60, 900, who(&[0]), Fault::Slow { by: Span::secs(30) }),
    ];
    assert_eq!(healed(slowed).until(100).condition(NodeId(0)), "up");
}

#[test]
fn clients_move_to_the_core_and_each_is_owed_fresh_answers() {
    let told = healed([entry("cut", 10, 900, who(&[3]), Fault::Partition { links: Links::default() })])
        .with(|stage| {
            stage.clients.clients = 2;
            stage.clients.ops = 2;
            stage.clients.every = Some(Span::ms(20));
            stage.plan.clients = vec![Some(NodeId(3)), None];
        })
        .tell();
    let after: Vec<_> = told.history.iter().filter(|operation| operation.invoked >= ms(100)).collect();
    assert_eq!(after.len(), 6);
    assert!(after.iter().all(|operation| operation.returned.is_some_and(|(_, answer)| answer == Answer::Ok)));
    // What was under way at the heal is closed, and unknown.
    let before = told.history.iter().filter(|operation| operation.invoked < ms(100));
    assert!(
        before.clone().count() >= 1
            && before.clone().all(|operation| operation.returned.is_some_and(|(at, _)| at <= ms(100)))
    );
}

fn judged(stage: Stage) -> (Ending, Liveness, Option<String>) {
    let outcome = stage.run();
    (outcome.ending, outcome.liveness, outcome.violation.map(|violation| violation.property))
}

fn calm(acts: Acts) -> Stage {
    stage(3, acts).settle(100)
}

#[test]
fn a_core_that_answers_converges_and_one_that_does_not_fails() {
    let with_client = |acts| calm(acts).with(|stage| stage.clients.clients = 1);
    let (ending, liveness, violation) = judged(with_client(CHATTER));
    assert_eq!((ending, violation), (Ending::Completed, None));
    assert!(matches!(liveness, Liveness::Converged { after, .. } if after < Span::ms(10)), "{liveness:?}");
    let (ending, liveness, violation) = judged(with_client(IDLE));
    assert_eq!((ending, violation.as_deref()), (Ending::Liveness, Some("convergence")));
    assert!(matches!(liveness, Liveness::Failed { .. }));
}

#[test]
fn without_a_liveness_phase_none_is_asked_for() {
    assert_eq!(judged(stage(3, IDLE)).1, Liveness::NotAsked);
}

#[test]
fn where_no_core_can_be_named_the_run_is_excused() {
    let cores: [ChooseCore<Puppet>; 2] = [|_, _, _, _| None, |_, _, _, _| Some(NodeSet::new())];
    for core in cores {
        let (ending, liveness, violation) = judged(calm(CHATTER).with(|stage| {
            stage.core = core;
            stage.clients.clients = 1;
        }));
        assert_eq!((ending, liveness, violation), (Ending::Completed, Liveness::Excused, None));
    }
}

#[test]
fn retired_refused_and_damaged_nodes_cannot_be_in_the_core() {
    let plan = [
        entry("retire", 10, 5, who(&[0]), Fault::Retire {}),
        entry("damage", 90, 50, who(&[1]), Fault::Damage { unsynced: Unsynced::All }),
        entry("crash", 90, 50, who(&[2]), crash(Unsynced::None)),
    ];
    let (_, liveness, _) = judged(stage(4, IDLE).settle(100).faults(plan));
    assert!(matches!(liveness, Liveness::Converged { ref core, .. } if *core == set(&[2, 3])), "{liveness:?}");
}

#[test]
fn a_run_without_the_vital_facts_is_empty() {
    const ELECTS: Acts = Acts { boot: |_, io| io.fact(Fact::Elected(1)), ..IDLE };
    let empty = |acts| stage(2, acts).with(|stage| stage.vital = &["elected"]).run().empty;
    assert_eq!(empty(ELECTS), None);
    assert!(empty(IDLE).is_some_and(|why| why.contains("elected")));
}

/// n0 leads; every 10 ms its epoch grows.
const RESTLESS: Acts = Acts {
    boot: |puppet, io| {
        puppet.role = if io.me() == NodeId(0) { "leader" } else { "" };
        io.arm(1, Span::ms(10));
    },
    timer: |puppet, _, io| {
        puppet.epoch += 1;
        io.arm(1, Span::ms(10));
    },
    ..IDLE
};

#[test]
fn a_leader_must_be_stable_in_the_second_half() {
    const STEADY: Acts = Acts { boot: RESTLESS.boot, ..IDLE };
    let led = |acts| judged(calm(acts).with(|stage| stage.leader = Some("leader")));
    assert_eq!((led(STEADY).0, led(STEADY).2), (Ending::Completed, None));
    assert_eq!((led(RESTLESS).0, led(RESTLESS).2.as_deref()), (Ending::Liveness, Some("stable_leader")));
    assert_eq!(led(IDLE).2.as_deref(), Some("stable_leader"));
    assert!(matches!(led(RESTLESS).1, Liveness::Failed { .. }));
}

fn write(io: Hands<'_, '_>) {
    let _ = io.write(1);
}

#[test]
fn an_endless_instant_and_an_endless_run_come_to_an_end() {
    const TIMERS: Acts = Acts { boot: |_, io| io.arm(1, Span::ZERO), timer: |_, _, io| io.arm(1, Span::ZERO), ..IDLE };
    const SELF: Acts =
        Acts { boot: |_, io| io.send(io.me(), Msg::Note(0)), message: |_, _, msg, io| io.send(io.me(), msg), ..IDLE };
    const WRITES: Acts = Acts { boot: |_, io| write(io), synced: |_, _, io| write(io), ..IDLE };
    for acts in [TIMERS, SELF, WRITES] {
        let outcome = stage(1, acts).run();
        assert_eq!((outcome.ending, outcome.ended_at), (Ending::OutOfEvents, ms(0)));
        assert!(outcome.events <= 20_010);
    }
    let long = stage(4, CHATTER).with(|stage| stage.world.run_for = Span::secs(1_000)).run();
    assert_eq!(long.ending, Ending::OutOfEvents);
    assert_eq!(long.liveness, Liveness::NotAsked);
    assert_eq!(
        stage(4, CHATTER).settle(50).with(|stage| stage.world.run_for = Span::secs(1_000)).run().liveness,
        Liveness::NotReached
    );
}

#[test]
fn the_phases_are_part_of_the_trace() {
    let told = calm(IDLE).tell();
    let phases: Vec<_> = told.all(What::Phase).into_iter().map(|(at, _, detail)| (at, detail.to_owned())).collect();
    assert_eq!(phases[0], (100_000, "liveness {n0-n2}".to_owned()));
    assert_eq!(phases[1].1, "over");
    assert_eq!(phases.len(), 2);
}

/// It is content after every other turn.
struct EveryOtherTurn(bool);

impl Property<Puppet> for EveryOtherTurn {
    const NAME: &'static str = "every_other_turn";
    const ABOUT: &'static str = "there was an even number of turns";

    fn new(_acts: &Acts, _cast: &Cast) -> Self {
        Self(true)
    }

    fn on_turn(&mut self, _at: At, _seat: Seat<'_, Puppet>) -> Verdict {
        self.0 = !self.0;
        Verdict::Held
    }

    fn settled(&self, _core: &NodeSet, _nodes: Nodes<'_, Puppet>) -> Progress {
        if self.0 { Progress::Done } else { Progress::Waiting("the number of turns is odd".to_owned()) }
    }
}

#[test]
fn a_core_that_must_stay_converged_is_not_taken_at_its_best_moment() {
    const TICKS: Acts = Acts { boot: |_, io| io.arm(1, Span::ms(7)), timer: |_, _, io| io.arm(1, Span::ms(7)), ..IDLE };
    let run = |steady: Span| {
        let stage = stage(1, TICKS).settle(100).with(|stage| stage.steady = steady);
        let mut sim = stage.watched::<(EveryOtherTurn,)>();
        while sim.step() {}
        sim.outcome()
    };
    assert!(matches!(run(Span::ZERO).liveness, Liveness::Converged { .. }));
    assert!(matches!(run(Span::ms(3)).liveness, Liveness::Converged { .. }), "it is content for 7 ms");
    let broken = run(Span::ms(20)).violation.expect("it is never content for 20 ms");
    assert_eq!(broken.property, "every_other_turn");
}
