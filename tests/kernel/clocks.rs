//! Clocks and groups: what a node's clocks show, when its timers run out, and whom it knows.

use seedstorm::fault::{Fault, Who};
use seedstorm::process::{Cast, NodeId, Span};

use crate::support::{Acts, Fact, Heard, IDLE, Msg, entry, ms, stage, who};

/// Arms one timer of 40 ms; when it runs out, notes both clocks.
const FORTY: Acts = Acts { boot: |_, io| io.arm(1, Span::ms(40)), ..IDLE };

/// When the timer of `FORTY` ran out, in true microseconds.
fn rings(ppm: i64, at: u64, lasts: u64) -> u64 {
    let told = stage(1, FORTY).faults([entry("drift", at, lasts, who(&[0]), Fault::Drift { ppm })]).tell();
    told.all(seedstorm::sim::What::Timer)[0].0
}

#[test]
fn a_clock_that_begins_to_run_fast_brings_armed_timers_forward() {
    // 10 ms at the true rate, then 30 ms at double speed.
    assert_eq!(rings(1_000_000, 10, 80), 25_000);
}

#[test]
fn a_clock_that_begins_to_run_slow_puts_armed_timers_off() {
    assert_eq!(rings(-500_000, 10, 80), 70_000);
}

#[test]
fn when_a_drift_ends_armed_timers_are_timed_anew() {
    // Slow for 20 ms (shows 20 at 30), then true again.
    assert_eq!(rings(-500_000, 10, 20), 50_000);
    assert_eq!(rings(1_000_000, 10, 10), 30_000);
}

#[test]
fn drifts_stack_and_each_ends_only_itself() {
    let drift = |id, at, lasts, ppm| entry(id, at, lasts, who(&[0]), Fault::Drift { ppm });
    let plan = [drift("a", 0, 10, 1_000_000), drift("b", 5, 10, 1_000_000)];
    let sim = stage(1, FORTY).faults(plan).until(20);
    // 0-5 double, 5-10 triple, 10-15 double, then true.
    assert_eq!(sim.timers(NodeId(0)).0.0, 40_000_000);
}

#[test]
fn a_timer_runs_out_at_the_instant_its_own_clock_says() {
    let sim = stage(1, FORTY).faults([entry("drift", 10, 80, who(&[0]), Fault::Drift { ppm: 333_333 })]).until(90);
    let heard = &sim.node(NodeId(0)).expect("it lives").heard;
    assert_eq!(heard.len(), 1);
    assert!(heard[0].0 >= 40_000_000 && heard[0].0 < 40_000_002, "{heard:?}");
}

#[test]
fn a_clock_never_stands_still_however_much_is_taken_from_it() {
    let sim = stage(1, FORTY).faults([entry("drift", 10, 80, who(&[0]), Fault::Drift { ppm: -5_000_000 })]).until(90);
    let local = sim.timers(NodeId(0)).0.0;
    assert!(local > 10_000_000 && local < 11_000_000, "{local}");
}

#[test]
fn a_jump_moves_the_wall_clock_and_no_timer() {
    const WALL: Acts = Acts {
        boot: |_, io| io.arm(1, Span::ms(40)),
        timer: |puppet, _, io| puppet.n = u64::try_from(io.wall().0 + 1_000_000_000).unwrap_or(0) / 1_000_000,
        ..IDLE
    };
    let jump = |back| entry("jump", 10, 80, who(&[0]), Fault::Jump { by: Span::ms(100), back });
    for (back, shows) in [(false, 1_140), (true, 940)] {
        let sim = stage(1, WALL).faults([jump(back)]).until(90);
        assert_eq!(sim.node(NodeId(0)).map(|puppet| (puppet.n, puppet.heard[0].0)), Some((shows, 40_000_000)));
    }
}

#[test]
fn base_drift_and_offset_are_drawn_within_their_bounds_and_survive_a_crash() {
    const WALL: Acts = Acts { boot: |puppet, io| puppet.n = io.wall().0.unsigned_abs(), ..IDLE };
    let base = || {
        stage(20, WALL).with(|stage| {
            stage.world.clock.drift_ppm = 100_000;
            stage.world.clock.offset = Span::ms(50);
        })
    };
    let sim = base().until(50);
    let shown: Vec<u64> = (0..20).map(|node| sim.timers(NodeId(node)).0.0 / 1_000).collect();
    assert!(shown.iter().all(|shown| (45_000..=55_000).contains(shown)), "{shown:?}");
    assert!(shown.iter().max() > shown.iter().min());
    assert!((0..20).all(|node| sim.node(NodeId(node)).is_some_and(|puppet| puppet.n <= 50_000_000)));
    let crashed = base().faults([entry("crash", 10, 5, Who::All, crate::support::crash(Default::default()))]).until(50);
    assert_eq!((0..20).map(|node| crashed.timers(NodeId(node)).0.0 / 1_000).collect::<Vec<_>>(), shown);
}

#[test]
fn the_armed_timers_of_a_node_can_be_looked_at() {
    let sim = stage(1, FORTY).until(10);
    let (now, timers) = sim.timers(NodeId(0));
    assert_eq!(
        (now.0, timers.iter().map(|(timer, at)| (*timer, at.0)).collect::<Vec<_>>()),
        (10_000_000, vec![(1, 40_000_000)])
    );
}

#[test]
fn peers_majority_and_groups_speak_of_members() {
    const WHO: Acts = Acts {
        boot: |puppet, io| {
            puppet.epoch = io.majority() as u64;
            puppet.n = io.peers().map(|peer| 1 << peer.0).sum::<u64>()
                + (io.group(1).map(|node| 1 << node.0).sum::<u64>() << 16);
        },
        ..IDLE
    };
    let cast = Cast::new(&[("coordinator", 1, 0), ("participant", 3, 2), ("holder", 2, 0)]);
    let sim = stage(1, WHO).with(|stage| stage.cast = cast).until(10);
    let view = |node| sim.node(NodeId(node)).map(|puppet| (puppet.epoch, puppet.n & 0xffff, puppet.n >> 16));
    assert_eq!(view(0), Some((1, 0, 0b1110)));
    assert_eq!(view(2), Some((2, 0b1010, 0b1110)));
    assert_eq!((view(4), view(5)), (None, None));
    assert_eq!(view(7), Some((2, 1 << 6, 0b1110)));
}

#[test]
fn a_spare_boots_when_the_plan_says_so_and_no_sooner() {
    const HELLO: Acts = Acts { boot: |_, io| io.broadcast(Msg::Note(io.now().0 / 1_000_000)), ..IDLE };
    let cast = || Cast::new(&[("node", 2, 1)]);
    let plan = [
        entry("start", 20, 0, who(&[2]), Fault::Start {}),
        entry("again", 30, 0, who(&[2]), Fault::Start {}),
        entry("early", 5, 3, who(&[2]), crate::support::crash(Default::default())),
    ];
    let mut sim = stage(1, HELLO).with(|stage| stage.cast = cast()).faults(plan).until(10);
    assert_eq!(sim.condition(NodeId(2)), "has not started");
    sim.run_until(ms(60));
    assert_eq!((sim.condition(NodeId(2)).as_str(), sim.life(NodeId(2))), ("up", 1));
    assert_eq!(crate::support::notes(&sim, 0), [0, 20]);
    let start = *sim.outcome().ledger.line(seedstorm::fault::FaultKind::Start);
    assert_eq!((start.planned, start.attempted, start.took_effect), (2, 2, 1));
}

#[test]
fn a_retired_node_stops_for_good() {
    const TICK: Acts = Acts {
        boot: |_, io| io.arm(1, Span::ms(10)),
        timer: |_, _, io| {
            io.arm(1, Span::ms(10));
            io.fact(Fact::Did(1));
        },
        ..IDLE
    };
    let plan = [
        entry("retire", 25, 0, who(&[0]), Fault::Retire {}),
        entry("crash", 35, 5, who(&[0]), crate::support::crash(Default::default())),
        entry("start", 45, 5, who(&[0]), Fault::Start {}),
    ];
    let mut sim = stage(2, TICK).faults(plan).until(99);
    assert_eq!((sim.condition(NodeId(0)).as_str(), sim.life(NodeId(0))), ("gone", 1));
    assert_eq!(sim.outcome().facts, [("did".to_owned(), 2 + 9)]);
    assert!(matches!(sim.node(NodeId(1)).map(|puppet| puppet.heard[0].1.clone()), Some(Heard::Timer(1))));
}
