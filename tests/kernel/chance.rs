//! What a plan may say of chance: other dice from an instant on, and the fate of every message as the plan would fix
//! it.

use seedstorm::fault::{End, FixedFate, Reseed};
use seedstorm::params::Distribution;
use seedstorm::process::{NodeId, Ratio, Span};
use seedstorm::rng::Seed;
use seedstorm::sim::Record;

use crate::support::{Acts, IDLE, Msg, Stage, ms, stage};

/// Everybody tells everybody, at random times.
const CHATTER: Acts = Acts {
    boot: |_, io| io.arm_within(1, Span::ms(1), Span::ms(10)),
    timer: |puppet, timer, io| {
        puppet.n += 1;
        io.arm_within(timer, Span::ms(1), Span::ms(10));
        io.broadcast(Msg::Note(puppet.n));
    },
    ..IDLE
};

/// Three of them, on a network that loses and doubles.
fn chatter() -> Stage {
    stage(3, CHATTER).with(|stage| {
        stage.world.network.latency = Distribution::Uniform(Span::ms(1), Span::ms(9));
        stage.world.network.loss = Ratio::new(1, 5).unwrap();
        stage.world.network.duplicate = Ratio::new(1, 5).unwrap();
    })
}

fn reseeded(at: u64, seed: u64) -> Stage {
    chatter().with(|stage| stage.plan.reseed = Some(Reseed { at: ms(at), seed: Seed(seed) }))
}

#[test]
fn from_an_instant_on_other_dice_decide() {
    let before =
        |records: Vec<Record>| -> Vec<Record> { records.into_iter().filter(|record| record.at <= ms(50)).collect() };
    let plain = chatter().tell();
    let other = reseeded(50, 1).tell();
    assert_ne!(plain.outcome.digest, other.outcome.digest);
    assert_ne!(reseeded(50, 2).run().digest, other.outcome.digest);
    assert_eq!(reseeded(50, 1).run().digest, other.outcome.digest);
    assert_eq!(before(plain.records), before(other.records));
}

#[test]
fn dice_that_come_too_late_change_nothing() {
    assert_eq!(reseeded(100, 1).run().digest, chatter().run().digest);
}

#[test]
fn the_fates_of_all_messages_fix_the_same_run() {
    let mut watched = chatter().sim();
    watched.note_fates();
    while watched.step() {}
    let fates = watched.fates().to_vec();
    let is = |fate: fn(&FixedFate) -> bool| fates.iter().filter(|fixed| fate(&fixed.fate)).count();
    let lost = is(|fate| matches!(fate, FixedFate::Drop));
    let twice = is(|fate| matches!(fate, FixedFate::Twice(..)));
    let plain = chatter().run();
    assert_eq!(watched.digest(), plain.digest, "looking changes nothing");
    assert_eq!((lost as u64, twice as u64), (plain.counters.lost, plain.counters.doubled));
    assert!(lost > 0 && twice > 0);
    assert!(fates.iter().all(|fixed| fixed.kind == "note" && fixed.from != End::Node(NodeId(3))));
    // On a network without chance, by their instants as by their numbers.
    for by_number in [false, true] {
        let fixed = chatter().with(|stage| {
            stage.world.network = seedstorm::sim::world::NetworkConfig {
                latency: Distribution::Constant(Span::ms(1)),
                ..Default::default()
            };
            stage.plan.messages = fates.clone();
            if by_number {
                stage.plan.messages.iter_mut().for_each(|fixed| fixed.sent_at = None);
            }
        });
        let outcome = fixed.run();
        assert_eq!(outcome.digest, plain.digest);
        assert!(outcome.unmatched.is_empty());
    }
}
