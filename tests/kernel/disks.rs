//! Disks: barriers, tickets, and what each way of going down leaves.

use std::collections::BTreeSet;

use seedstorm::fault::{Fault, Strike, Unsynced, Who};
use seedstorm::process::{Io, NodeId, Span};
use seedstorm::sim::What;

use crate::support::{Acts, Heard, IDLE, Msg, Puppet, Stage, crash, entry, heard, ms, stage, who};

/// Writes 1 2 3 and 101 102 without waiting, at 10 ms of the first life.
const FIVE: Acts = Acts {
    boot: |puppet, io| {
        if puppet.found.records.is_empty() && io.now().0 == 0 {
            io.arm(1, Span::ms(10));
        }
    },
    timer: |_, _, io| {
        for record in [1, 101, 2, 102, 3] {
            let _ = io.write(record);
        }
    },
    ..IDLE
};

fn disk(stage: Stage, at: u64) -> Vec<u64> {
    stage.until(at).disk(NodeId(0)).records.clone()
}

#[test]
fn persist_holds_back_everything_after_it() {
    const BARRIER: Acts = Acts {
        boot: |_, io| {
            if io.me() == NodeId(1) {
                return;
            }
            io.send(NodeId(1), Msg::Note(1));
            io.persist(5);
            io.send(NodeId(0), Msg::Note(2));
            io.send(NodeId(1), Msg::Note(3));
            io.arm(1, Span::ms(2));
        },
        ..IDLE
    };
    let sim = stage(2, BARRIER).sync(10).until(50);
    assert_eq!(heard(&sim, 1), [(1, Heard::Message(0, Msg::Note(1))), (11, Heard::Message(0, Msg::Note(3)))]);
    // The message to itself and the timer start when the write is on the disk. The handler saw the clock of then.
    assert_eq!(heard(&sim, 0), [(10, Heard::Message(0, Msg::Note(2))), (12, Heard::Timer(1))]);
}

#[test]
fn a_node_takes_no_input_while_it_waits_for_its_disk() {
    const WAITS: Acts = Acts {
        boot: |_, io| {
            if io.me() == NodeId(0) {
                io.persist(1);
                io.persist(2);
            } else {
                io.send(NodeId(0), Msg::Note(1));
            }
        },
        ..IDLE
    };
    let sim = stage(2, WAITS).sync(10).until(50);
    assert_eq!(heard(&sim, 0), [(20, Heard::Message(1, Msg::Note(1)))]);
}

#[test]
fn writes_that_do_not_wait_are_reported_in_order_when_they_are_synced() {
    let sim = stage(1, FIVE).sync(4).until(50);
    let synced = heard(&sim, 0).into_iter().filter(|(_, heard)| matches!(heard, Heard::Synced(_)));
    // All five were under way at once: one group, one sync time.
    assert_eq!(synced.collect::<Vec<_>>(), (1..=5).map(|ticket| (14, Heard::Synced(ticket))).collect::<Vec<_>>());
    assert_eq!(sim.disk(NodeId(0)).records, [1, 101, 2, 102, 3]);
}

#[test]
fn a_barrier_waits_for_the_writes_before_it() {
    const MIXED: Acts = Acts {
        boot: |_, io| {
            if io.me() == NodeId(0) {
                let _ = io.write(1);
                io.persist(2);
                io.send(NodeId(1), Msg::Note(9));
                let _ = io.write(3);
            }
        },
        ..IDLE
    };
    let told = stage(2, MIXED).sync(5).tell();
    assert_eq!(told.all(What::Send)[0].0, 5_000);
    assert_eq!(disk(stage(2, MIXED).sync(5), 7), [1, 2]);
    assert_eq!(disk(stage(2, MIXED).sync(5), 10), [1, 2, 3]);
}

#[test]
fn tickets_grow_across_restarts() {
    const TICKETS: Acts = Acts {
        boot: |_, io| {
            let _ = io.write(1);
        },
        ..IDLE
    };
    let plan = [entry("crash", 10, 5, who(&[0]), crash(Unsynced::All))];
    let sim = stage(1, TICKETS).faults(plan).until(50);
    assert_eq!(heard(&sim, 0), [(15, Heard::Synced(2))]);
}

#[test]
fn a_machine_crash_loses_all_keeps_all_or_keeps_a_prefix() {
    let after =
        |id: &str, unsynced| disk(stage(1, FIVE).sync(50).faults([entry(id, 20, 5, who(&[0]), crash(unsynced))]), 90);
    assert!(after("crash", Unsynced::None).is_empty());
    assert_eq!(after("crash", Unsynced::All), [1, 101, 2, 102, 3]);
    let lengths: BTreeSet<usize> = (0..100)
        .map(|n| {
            let left = after(&format!("crash-{n}"), Unsynced::Prefix);
            assert!([1, 101, 2, 102, 3].starts_with(&left), "{left:?}");
            left.len()
        })
        .collect();
    assert_eq!(lengths, (0..=5).collect());
}

#[test]
fn files_lose_independently_if_asked() {
    let mut apart = BTreeSet::new();
    for n in 0..150 {
        let plan = [entry(&format!("crash-{n}"), 20, 5, who(&[0]), crash(Unsynced::Independent))];
        let left = disk(stage(1, FIVE).sync(50).faults(plan), 90);
        let of = |file: u64| left.iter().copied().filter(|record| record / 100 == file).collect::<Vec<_>>();
        assert!([1, 2, 3].starts_with(&of(0)) && [101, 102].starts_with(&of(1)), "{left:?}");
        apart.insert((of(0).len(), of(1).len()));
    }
    assert_eq!(apart.len(), 12);
}

#[test]
fn what_survives_a_crash_is_what_the_next_life_finds() {
    let plan = [entry("crash", 20, 5, who(&[0]), crash(Unsynced::All))];
    let sim = stage(1, FIVE).sync(50).faults(plan).until(30);
    assert_eq!(sim.node(NodeId(0)).map(|puppet| puppet.found.records.clone()), Some(vec![1, 101, 2, 102, 3]));
    // What was under way to the disk arrives no second time.
    assert_eq!(
        stage(1, FIVE)
            .sync(50)
            .faults([entry("crash", 20, 5, who(&[0]), crash(Unsynced::All))])
            .until(99)
            .disk(NodeId(0))
            .records
            .len(),
        5
    );
}

#[test]
fn after_the_death_of_a_process_the_next_boot_waits_for_its_writes_and_sees_them() {
    let plan = [entry("kill", 20, 5, who(&[0]), Fault::Kill { strike: Strike::Between })];
    let mut sim = stage(1, FIVE).sync(50).faults(plan).until(30);
    assert_eq!((sim.life(NodeId(0)), sim.condition(NodeId(0)).as_str()), (1, "down"));
    sim.run_until(ms(61));
    let puppet = sim.node(NodeId(0)).expect("it boots when its writes are on the disk");
    assert_eq!(puppet.found.records, [1, 101, 2, 102, 3]);
    assert!(puppet.heard.is_empty(), "the dead process is not told: {:?}", puppet.heard);
}

/// Killed at 20 for so long, and struck by something else at 22 for so long.
fn killed_and(lasts: [u64; 2], then: Fault) -> Stage {
    let kill = entry("kill", 20, lasts[0], who(&[0]), Fault::Kill { strike: Strike::Between });
    stage(1, FIVE).sync(50).faults([kill, entry("then", 22, lasts[1], who(&[0]), then)])
}

#[test]
fn the_machine_of_a_dead_process_can_lose_its_disk() {
    let mut sim = killed_and([5, 5], crash(Unsynced::None)).until(40);
    assert_eq!((sim.disk(NodeId(0)).records.len(), sim.life(NodeId(0))), (0, 2));
    assert_eq!(sim.outcome().counters.crashes, 2);
    let kept = killed_and([5, 5], crash(Unsynced::All)).until(40);
    assert_eq!(kept.disk(NodeId(0)).records, [1, 101, 2, 102, 3]);
    let synced = |then| killed_and([60, 5], then).sync(1).until(90);
    assert_eq!(synced(crash(Unsynced::None)).disk(NodeId(0)).records.len(), 5);
    assert!(synced(Fault::Wipe {}).disk(NodeId(0)).records.is_empty());
    assert!(synced(Fault::Damage { unsynced: Unsynced::None }).disk(NodeId(0)).damaged);
}

#[test]
fn the_machine_of_a_dead_process_holds_up_the_restart_and_never_brings_it_forward() {
    for (lasts, up) in [([5, 30], 52), ([40, 5], 60)] {
        let mut sim = killed_and(lasts, crash(Unsynced::None)).until(up - 1);
        assert_eq!(sim.condition(NodeId(0)), "down");
        sim.run_until(ms(up));
        assert_eq!((sim.condition(NodeId(0)).as_str(), sim.life(NodeId(0))), ("up", 2));
    }
}

#[test]
fn a_machine_that_is_down_cannot_fall_again() {
    let plan =
        [entry("crash", 20, 30, who(&[0]), crash(Unsynced::All)), entry("wipe", 22, 60, who(&[0]), Fault::Wipe {})];
    let mut sim = stage(1, FIVE).faults(plan).until(50);
    assert_eq!((sim.life(NodeId(0)), sim.disk(NodeId(0)).records.len()), (2, 5));
    assert_eq!(sim.outcome().ledger.line(seedstorm::fault::FaultKind::Wipe).took_effect, 0);
}

#[test]
fn timers_and_input_of_an_earlier_life_are_gone() {
    const LIVES: Acts = Acts {
        boot: |_, io| {
            if io.now().0 == 0 {
                io.arm(1, Span::ms(40));
                io.arm(2, Span::ms(10));
            }
        },
        timer: |_, timer, io| {
            if timer == 2 && io.me() == NodeId(1) {
                io.send(NodeId(0), Msg::Note(1));
            }
        },
        ..IDLE
    };
    // n0 is paused when the message comes, then crashes.
    let plan = [
        entry("pause", 5, 60, who(&[0]), Fault::Pause { strike: Strike::Between }),
        entry("crash", 15, 5, who(&[0]), crash(Unsynced::None)),
    ];
    let sim = stage(2, LIVES).faults(plan).until(90);
    assert_eq!((sim.life(NodeId(0)), heard(&sim, 0)), (2, vec![]));
    assert_eq!(sim.condition(NodeId(0)), "up");
}

#[test]
fn a_message_sent_before_a_crash_may_reach_the_next_life() {
    const ONE: Acts = Acts {
        boot: |_, io| {
            if io.me() == NodeId(1) {
                io.send(NodeId(0), Msg::Note(1));
            }
        },
        ..IDLE
    };
    let plan = || [entry("crash", 3, 2, who(&[0]), crash(Unsynced::None))];
    let slow = |ms| {
        stage(2, ONE)
            .faults(plan())
            .with(|stage| stage.world.network.latency = seedstorm::params::Distribution::Constant(Span::ms(ms)))
    };
    assert_eq!(heard(&slow(10).until(50), 0), [(10, Heard::Message(1, Msg::Note(1)))]);
    let mut lost = slow(4).until(50);
    assert!(heard(&lost, 0).is_empty());
    assert_eq!(lost.outcome().counters.dropped, 1);
}

#[test]
fn power_takes_several_nodes_at_one_instant() {
    let down = |id: &str, who: Who| {
        let sim = stage(5, IDLE).faults([entry(id, 10, 20, who, Fault::Power { unsynced: Unsynced::None })]).until(15);
        (0..5).filter(|&node| sim.condition(NodeId(node)) == "down").count()
    };
    let named = [Who::All, Who::Majority, who(&[1, 3])];
    assert_eq!(named.map(|who| down("power", who)), [5, 3, 2]);
    // Left to be drawn, it takes a majority or everything, as it does where a scenario asks for it.
    let drawn: BTreeSet<usize> = (0..20).map(|n| down(&format!("power-{n}"), Who::Any)).collect();
    assert_eq!(drawn, BTreeSet::from([3, 5]));
}

#[test]
fn a_power_loss_draws_for_each_node_what_survives() {
    let mut differ = 0;
    for n in 0..20 {
        let plan = [entry(&format!("power-{n}"), 20, 5, Who::All, Fault::Power { unsynced: Unsynced::Prefix })];
        let sim = stage(2, FIVE).sync(50).faults(plan).until(90);
        differ += u32::from(sim.disk(NodeId(0)) != sim.disk(NodeId(1)));
    }
    assert!(differ > 5, "{differ}");
}

/// Persists at 10 ms and then tells the other.
const PROMISE: Acts = Acts {
    boot: |_, io| {
        if io.me() == NodeId(0) {
            io.arm(1, Span::ms(10));
        }
    },
    timer: |_, _, io| promise(io),
    ..IDLE
};

fn promise(io: &mut Io<'_, Puppet>) {
    io.persist(1);
    io.send(NodeId(1), Msg::Note(1));
}

#[test]
fn a_failed_sync_crashes_the_node_and_nothing_behind_the_barrier_leaves() {
    for sync in [0, 3] {
        let plan = [entry("fails", 5, 20, who(&[0]), Fault::SyncFail {})];
        let mut sim = stage(2, PROMISE).sync(sync).faults(plan).until(20 + sync);
        assert_eq!(sim.condition(NodeId(0)), "down");
        assert!(heard(&sim, 1).is_empty());
        // It restarts after the stated time, and the next sync succeeds.
        sim.run_until(ms(99));
        assert_eq!((sim.life(NodeId(0)), heard(&sim, 1).len()), (2, 1));
        assert_eq!(heard(&sim, 1)[0].0, 10 + sync + 20 + 10 + sync + 1);
    }
}

#[test]
fn a_full_disk_fails_every_sync_until_it_ends() {
    let full = Fault::DiskFull { down: Span::ms(5) };
    let sim = stage(2, PROMISE).sync(1).faults([entry("full", 5, 30, who(&[0]), full)]).until(99);
    // Fails at 11 and 27; at 43 the disk has room again.
    assert_eq!((sim.life(NodeId(0)), heard(&sim, 1)), (3, vec![(44, Heard::Message(0, Msg::Note(1)))]));
}

#[test]
fn the_writes_of_a_dead_process_fail_on_a_full_disk_too() {
    let kill = entry("kill", 20, 5, who(&[0]), Fault::Kill { strike: Strike::Between });
    let full = |n: u32| entry(&format!("full-{n}"), 15, 80, who(&[0]), Fault::DiskFull { down: Span::ms(8) });
    // They would be on the disk at 60, and the restart waits for them; with the disk full the machine falls then.
    let left = |n| {
        let sim = stage(1, FIVE).sync(50).faults([kill.clone(), full(n)]).until(70);
        assert_eq!((sim.life(NodeId(0)), sim.condition(NodeId(0)).as_str()), (2, "up"));
        sim.disk(NodeId(0)).records.len()
    };
    assert_eq!((0..60).map(left).collect::<BTreeSet<usize>>(), (0..=5).collect());
}

#[test]
fn a_failed_sync_is_never_reported_as_done() {
    let full = Fault::DiskFull { down: Span::ms(5) };
    let told = stage(1, FIVE).sync(1).faults([entry("full", 5, 30, who(&[0]), full)]).tell();
    assert!(told.all(What::Synced).is_empty());
    assert_eq!(told.outcome.counters.crashes, 1);
}

#[test]
fn a_node_that_is_gone_is_not_told_of_its_writes() {
    let plan = [entry("retire", 20, 5, who(&[0]), Fault::Retire {})];
    let told = stage(1, FIVE).sync(50).faults(plan.clone()).tell();
    assert!(told.all(What::Synced).is_empty() && told.all(What::Dropped).is_empty());
    assert_eq!(disk(stage(1, FIVE).sync(50).faults(plan), 90).len(), 5);
}

#[test]
fn syncs_fail_independently_on_each_node() {
    let mut differ = 0;
    for n in 0..20 {
        let plan = [entry(&format!("fails-{n}"), 5, 20, Who::All, Fault::SyncFail {})];
        let sim = stage(2, FIVE).sync(3).faults(plan).until(20);
        differ += u32::from(sim.disk(NodeId(0)) != sim.disk(NodeId(1)));
    }
    assert!(differ > 5, "{differ}");
}

#[test]
fn a_wiped_node_boots_from_an_empty_disk() {
    let sim = stage(1, FIVE).faults([entry("wipe", 20, 5, who(&[0]), Fault::Wipe {})]).until(50);
    assert_eq!(sim.life(NodeId(0)), 2);
    assert!(sim.node(NodeId(0)).is_some_and(|puppet| puppet.found.records.is_empty()));
}

#[test]
fn damage_shows_at_the_next_boot_and_a_node_that_refuses_stays_down() {
    const CAREFUL: Acts = Acts {
        boot: |puppet, io| {
            if puppet.found.damaged {
                io.refuse("the log has a hole");
                io.send(NodeId(1), Msg::Note(1));
            }
        },
        ..IDLE
    };
    let damage = entry("damage", 20, 5, who(&[0]), Fault::Damage { unsynced: Unsynced::None });
    let mut sim = stage(2, CAREFUL).faults([damage]).until(22);
    assert!(!sim.disk(NodeId(0)).damaged, "the error is latent until the boot");
    sim.run_until(ms(90));
    assert_eq!(sim.condition(NodeId(0)), "gone");
    assert!(sim.node(NodeId(0)).is_none() && heard(&sim, 1).is_empty());
    assert_eq!(sim.outcome().counters.refused, 1);
}
