//! Turns: service time, order of effects, strikes inside, what waits and what is dropped.

use std::collections::BTreeSet;

use seedstorm::fault::{Fault, Strike, Unsynced};
use seedstorm::process::{NodeId, Span};
use seedstorm::sim::What;

use crate::support::{Acts, Heard, IDLE, Msg, Stage, crash_inside, entry, heard, ms, notes, pause, stage, who};

/// n0 tells everyone at 10 ms.
const BROADCAST: Acts = Acts {
    boot: |_, io| {
        if io.me() == NodeId(0) && io.now().0 == 0 {
            io.arm(1, Span::ms(10));
        }
    },
    timer: |_, _, io| io.broadcast(Msg::Note(1)),
    ..IDLE
};

fn told_by(stage: Stage) -> u32 {
    let sim = stage.until(90);
    (1..5).map(|node| u32::from(!notes(&sim, node).is_empty())).sum()
}

#[test]
fn a_crash_inside_a_turn_lets_exactly_the_stated_number_of_effects_leave() {
    for kept in 0..=6 {
        let plan = [entry("crash", 5, 50, who(&[0]), crash_inside(Strike::After(kept)))];
        assert_eq!(told_by(stage(5, BROADCAST).faults(plan)), kept.min(4));
    }
}

#[test]
fn a_crash_inside_a_turn_gives_every_prefix_of_a_broadcast() {
    let prefix = |n: u32| {
        let plan = [entry(&format!("crash-{n}"), 5, 50, who(&[0]), crash_inside(Strike::Inside))];
        told_by(stage(5, BROADCAST).faults(plan))
    };
    assert_eq!((0..80).map(prefix).collect::<BTreeSet<u32>>(), (0..=4).collect());
}

#[test]
fn a_broadcast_that_is_cut_reaches_the_first_peers() {
    let plan = [entry("crash", 5, 50, who(&[0]), crash_inside(Strike::After(2)))];
    let sim = stage(5, BROADCAST).faults(plan).until(90);
    assert_eq!([1, 2, 3, 4].map(|node| notes(&sim, node).len()), [1, 1, 0, 0]);
    assert_eq!(sim.life(NodeId(0)), 2);
}

#[test]
fn a_process_can_die_inside_a_turn_too() {
    let plan = [entry("kill", 5, 50, who(&[0]), Fault::Kill { strike: Strike::After(3) })];
    assert_eq!(told_by(stage(5, BROADCAST).faults(plan)), 3);
}

#[test]
fn a_crash_after_a_barrier_finds_its_write_issued_and_unsynced() {
    const VOTE: Acts = Acts {
        boot: |_, io| {
            if io.me() == NodeId(0) && io.now().0 == 0 {
                io.arm(1, Span::ms(10));
            }
        },
        timer: |_, _, io| {
            io.persist(7);
            io.send(NodeId(1), Msg::Note(7));
        },
        ..IDLE
    };
    let struck = |kept, unsynced| {
        let fault = Fault::Crash { unsynced, strike: Strike::After(kept) };
        let sim = stage(2, VOTE).sync(5).faults([entry("crash", 5, 90, who(&[0]), fault)]).until(30);
        (sim.disk(NodeId(0)).records.clone(), notes(&sim, 1), sim.condition(NodeId(0)))
    };
    let down = "down".to_owned();
    assert_eq!(struck(0, Unsynced::All), (vec![], vec![], down.clone()));
    assert_eq!(struck(1, Unsynced::None), (vec![], vec![], down.clone()));
    assert_eq!(struck(1, Unsynced::All), (vec![7], vec![], down.clone()));
    assert_eq!(struck(2, Unsynced::None), (vec![7], vec![7], down));
    // A pause there begins while the write is under way, and holds back what follows it.
    let pause = Fault::Pause { strike: Strike::After(1) };
    let told = stage(2, VOTE).sync(5).faults([entry("pause", 5, 20, who(&[0]), pause)]).tell();
    assert_eq!((told.all(What::Synced).len(), told.all(What::Send)[0].0), (0, 30_000));
}

#[test]
fn what_was_decided_before_a_pause_inside_a_turn_leaves_after_it() {
    let plan = [entry("pause", 5, 30, who(&[0]), Fault::Pause { strike: Strike::Inside })];
    let told = stage(3, BROADCAST).faults(plan).tell();
    // The turn is at 10 ms; the pause lasts from then.
    assert_eq!(told.all(What::Send).iter().map(|send| send.0).collect::<Vec<_>>(), [40_000, 40_000]);
}

#[test]
fn a_pause_inside_a_turn_lets_exactly_the_stated_number_of_effects_leave_before_it() {
    let pause = |id, kept| entry(id, 5, 30, who(&[0]), Fault::Pause { strike: Strike::After(kept) });
    let sends = |plan: Vec<_>| {
        let told = stage(5, BROADCAST).faults(plan).tell();
        told.all(What::Send).iter().map(|send| send.0 / 1_000).collect::<Vec<u64>>()
    };
    assert_eq!(sends(vec![pause("a", 0)]), [40, 40, 40, 40]);
    assert_eq!(sends(vec![pause("a", 2)]), [10, 10, 40, 40]);
    assert_eq!(sends(vec![pause("a", 9)]), [10, 10, 10, 10]);
    assert_eq!(sends(vec![pause("a", 1), pause("b", 3)]), [10, 40, 40, 70]);
    // A crash at the same place comes when the pause is over.
    let crash = entry("crash", 5, 30, who(&[0]), crash_inside(Strike::After(2)));
    let told = stage(5, BROADCAST).faults([pause("a", 2), crash]).tell();
    assert_eq!((told.all(What::Send).len(), told.all(What::Crash)[0].0), (2, 40_000));
    // Input that comes meanwhile waits.
    let paused = stage(2, BROADCAST).faults([pause("a", 9)]).until(15);
    assert_eq!(paused.condition(NodeId(0)), "paused");
}

#[test]
fn a_write_decided_before_a_pause_inside_a_turn_reaches_the_disk_after_it() {
    const WRITER: Acts = Acts {
        boot: |_, io| io.arm(1, Span::ms(10)),
        timer: |_, _, io| {
            let _ = io.write(7);
        },
        ..IDLE
    };
    let plan = [entry("pause", 5, 30, who(&[0]), Fault::Pause { strike: Strike::Inside })];
    let mut sim = stage(1, WRITER).faults(plan).until(39);
    assert!(sim.disk(NodeId(0)).records.is_empty());
    sim.run_until(ms(40));
    assert_eq!(sim.disk(NodeId(0)).records, [7]);
}

#[test]
fn effects_leave_when_the_service_time_is_over() {
    let told = stage(2, BROADCAST).service(3).tell();
    assert_eq!(told.all(What::Timer)[0].0, 13_000);
    assert_eq!(told.all(What::Send)[0].0, 16_000);
}

#[test]
fn slow_adds_to_every_turn_until_it_ends_and_stacks() {
    const TICKS: Acts = Acts {
        boot: |_, io| io.arm(1, Span::ms(10)),
        timer: |_, _, io| {
            io.arm(1, Span::ms(10));
            io.send(NodeId(0), Msg::Note(0));
        },
        ..IDLE
    };
    let slow = |id, at, lasts, by| entry(id, at, lasts, who(&[0]), Fault::Slow { by: Span::ms(by) });
    let sim = stage(1, TICKS).faults([slow("a", 5, 20, 2), slow("b", 15, 20, 4)]).until(60);
    let timers = heard(&sim, 0).into_iter().filter(|(_, heard)| *heard == Heard::Timer(1));
    // 10 + 2 (slow by 2) + 10 = 22, + 6 (by both) + 10 = 38, then no more.
    assert_eq!(timers.map(|(at, _)| at).collect::<Vec<_>>(), [10, 22, 38, 48, 58]);
}

#[test]
fn a_message_to_oneself_arrives_in_the_same_turn_after_what_was_asked_before() {
    const SELF: Acts = Acts {
        boot: |_, io| {
            if io.me() == NodeId(0) {
                io.send(NodeId(0), Msg::Note(1));
                io.send(NodeId(1), Msg::Note(2));
            }
        },
        message: |_, from, _, io| {
            if from == io.me() {
                io.send(NodeId(1), Msg::Note(3));
            }
        },
        ..IDLE
    };
    let sim = stage(2, SELF).until(50);
    assert_eq!(heard(&sim, 0), [(0, Heard::Message(0, Msg::Note(1)))]);
    assert_eq!(notes(&sim, 1), [2, 3]);
    assert_eq!(heard(&sim, 1)[0].0, 1);
}

#[test]
fn messages_to_oneself_count_as_events() {
    const SELF: Acts = Acts { boot: |_, io| io.send(io.me(), Msg::Note(1)), ..IDLE };
    assert_eq!(stage(1, SELF).run().events, 2 + stage(1, IDLE).run().events - 1);
}

#[test]
fn a_busy_node_takes_its_input_one_after_another() {
    const PILE: Acts = Acts {
        boot: |_, io| {
            if io.me() == NodeId(0) {
                (0..3).for_each(|n| io.send(NodeId(1), Msg::Note(n)));
            }
        },
        ..IDLE
    };
    let sim = stage(2, PILE).service(2).until(50);
    // All three arrive at 3 ms.
    assert_eq!(heard(&sim, 1).iter().map(|(at, _)| *at).collect::<Vec<_>>(), [3, 5, 7]);
    assert_eq!(notes(&sim, 1), [0, 1, 2]);
}

#[test]
fn a_full_inbox_drops_the_latest() {
    const PILE: Acts = Acts {
        boot: |_, io| {
            if io.me() == NodeId(0) {
                (0..6).for_each(|n| io.send(NodeId(1), Msg::Note(n)));
            }
        },
        ..IDLE
    };
    let pile = || stage(2, PILE).service(2).with(|stage| stage.world.node.inbox = 2);
    // One is taken at once, two wait.
    assert_eq!(notes(&pile().until(50), 1), [0, 1, 2]);
    assert_eq!(pile().run().counters.dropped, 3);
}

#[test]
fn input_waits_while_a_node_is_paused_and_nothing_leaves() {
    const ECHO: Acts = Acts {
        boot: |_, io| {
            if io.me() == NodeId(0) {
                io.arm(1, Span::ms(10));
            }
        },
        timer: |_, _, io| io.send(NodeId(1), Msg::Note(1)),
        message: |_, from, msg, io| {
            if io.me() == NodeId(1) {
                io.send(from, msg);
            }
        },
        ..IDLE
    };
    let sim = stage(2, ECHO).faults([entry("pause", 5, 40, who(&[1]), pause())]).until(90);
    assert_eq!(heard(&sim, 1), [(45, Heard::Message(0, Msg::Note(1)))]);
    assert_eq!(heard(&sim, 0)[1].0, 46);
}

#[test]
fn a_pause_stretches_a_turn_that_takes_its_time() {
    let sends = |plan: Vec<_>| {
        let told = stage(2, BROADCAST).service(6).faults(plan).tell();
        told.all(What::Send).iter().map(|send| send.0 / 1_000).collect::<Vec<u64>>()
    };
    let paused = |id, at, lasts, strike| entry(id, at, lasts, who(&[0]), Fault::Pause { strike });
    // After its boot the turn begins at 16, and ends at 22 if nothing comes in between.
    assert_eq!(sends(vec![]), [22]);
    assert_eq!(sends(vec![paused("a", 18, 20, Strike::Between)]), [42]);
    assert_eq!(sends(vec![paused("a", 18, 2, Strike::Between)]), [24]);
    assert_eq!(sends(vec![paused("a", 17, 5, Strike::Between), paused("b", 20, 10, Strike::Between)]), [35]);
    assert_eq!(sends(vec![paused("a", 7, 20, Strike::Inside)]), [42]);
}

#[test]
fn pauses_stack_and_each_ends_only_itself() {
    let plan = [entry("a", 5, 20, who(&[0]), pause()), entry("b", 15, 30, who(&[0]), pause())];
    let sim = stage(2, BROADCAST).faults(plan).until(90);
    assert_eq!(heard(&sim, 0), [(45, Heard::Timer(1))]);
}

#[test]
fn each_node_is_paused_inside_its_own_turn_for_the_stated_time() {
    const TWO: Acts = Acts {
        boot: |_, io| io.arm(1, Span::ms(10 + 20 * u64::from(io.me().0))),
        timer: |_, _, io| io.send(NodeId(2), Msg::Note(io.me().0.into())),
        ..IDLE
    };
    let plan = [entry("pause", 5, 30, who(&[0, 1]), Fault::Pause { strike: Strike::Inside })];
    let told = stage(3, TWO).faults(plan).tell();
    let sends = told.all(What::Send).iter().map(|send| send.0).collect::<Vec<_>>();
    assert_eq!(sends[..2], [40_000, 60_000]);
}

#[test]
fn a_timer_that_ran_out_while_the_node_was_busy_does_not_fire_once_stopped() {
    const STOPS: Acts = Acts {
        boot: |_, io| {
            if io.me() == NodeId(0) {
                io.arm(1, Span::ms(11));
                io.arm(2, Span::ms(12));
            } else {
                io.arm(3, Span::ms(9));
            }
        },
        timer: |_, timer, io| {
            if timer == 3 {
                io.send(NodeId(0), Msg::Note(0));
            }
        },
        message: |_, _, _, io| io.disarm(1),
        ..IDLE
    };
    // The message comes at 10 ms, while the node is paused; so do both timers.
    let sim = stage(2, STOPS).faults([entry("pause", 5, 30, who(&[0]), pause())]).until(90);
    let inputs: Vec<Heard> = heard(&sim, 0).into_iter().map(|(_, heard)| heard).collect();
    assert_eq!(inputs, [Heard::Message(1, Msg::Note(0)), Heard::Timer(2)]);
}

#[test]
fn a_timer_that_is_started_anew_while_due_fires_only_at_its_new_instant() {
    const AGAIN: Acts = Acts {
        boot: |_, io| {
            io.arm(1, Span::ms(10));
            io.arm(2, Span::ms(11));
        },
        timer: |_, timer, io| {
            if timer == 1 {
                io.arm(2, Span::ms(20));
            }
        },
        ..IDLE
    };
    let sim = stage(1, AGAIN).faults([entry("pause", 5, 30, who(&[0]), pause())]).until(90);
    assert_eq!(heard(&sim, 0), [(35, Heard::Timer(1)), (55, Heard::Timer(2))]);
}

#[test]
fn ties_are_first_in_first_out() {
    const TIES: Acts = Acts {
        boot: |_, io| {
            let me = u64::from(io.me().0);
            io.arm(1, Span::ms(5));
            io.arm(2, Span::ms(5));
            io.send(NodeId(3), Msg::Note(2 * me));
            io.send(NodeId(3), Msg::Note(2 * me + 1));
        },
        ..IDLE
    };
    let sim = stage(4, TIES).until(50);
    assert_eq!(notes(&sim, 3), [6, 7, 0, 1, 2, 3, 4, 5]);
    assert_eq!(heard(&sim, 0), [(5, Heard::Timer(1)), (5, Heard::Timer(2))]);
}

#[test]
fn a_timer_that_is_started_anew_takes_its_place_among_ties_then() {
    const ANEW: Acts = Acts {
        boot: |_, io| {
            io.arm(1, Span::ms(5));
            io.arm(2, Span::ms(5));
            io.arm(1, Span::ms(5));
        },
        ..IDLE
    };
    assert_eq!(heard(&stage(1, ANEW).until(50), 0), [(5, Heard::Timer(2)), (5, Heard::Timer(1))]);
}
