//! What each promise says to facts made by hand, and to what befell nodes.

use super::{DetectionBound, StrongAccuracy, WeakAccuracy};
use crate::check::measure::Reading;
use crate::check::{At, Cast, NodeId, Phase, Property, Time, Verdict, WorldEvent};
use crate::process::Span;
use crate::protocol::Setup;
use crate::protocol::heartbeat::{Fact, Heartbeat, HeartbeatConfig, HeartbeatParams};

const SKIP: &str = "skip";
const HELD: &str = "held";

/// Three nodes that watch each other; a crash is noticed within 400 ms.
struct Stage<C>(C);

impl<C: Property<Heartbeat>> Stage<C> {
    fn new() -> Self {
        let cast = Cast::single("member", 3);
        let params = HeartbeatParams::default();
        let config = HeartbeatConfig::new(&Setup { params: &params, bug: None, cast: &cast }).unwrap();
        assert_eq!(config.detection(), Some(Span::ms(400)));
        let mut stage = Self(C::new(&config, &cast));
        for node in 0..3 {
            stage.event(0, &WorldEvent::Boot { node: NodeId(node), life: 1 });
        }
        stage
    }

    fn event(&mut self, ms: u64, event: &WorldEvent) -> String {
        said(self.0.on_world(at(ms), event))
    }

    fn crash(&mut self, ms: u64, node: u32) -> String {
        self.event(ms, &WorldEvent::Crash { node: NodeId(node), lost_disk: false })
    }

    fn boot(&mut self, ms: u64, node: u32) -> String {
        self.event(ms, &WorldEvent::Boot { node: NodeId(node), life: 2 })
    }

    fn suspects(&mut self, ms: u64, node: u32, peer: u32) -> String {
        said(self.0.on_fact(At { now: at(ms), node: NodeId(node), life: 1 }, &Fact::Suspected(NodeId(peer))))
    }

    fn trusts(&mut self, ms: u64, node: u32, peer: u32) -> String {
        said(self.0.on_fact(At { now: at(ms), node: NodeId(node), life: 1 }, &Fact::Trusted(NodeId(peer))))
    }

    fn reading(&self, ms: u64, name: &str) -> Reading {
        self.0.measured(at(ms)).into_iter().find(|measure| measure.name == name).unwrap().reading
    }

    fn times(&self, ms: u64, name: &str) -> Option<Vec<Span>> {
        let measures = self.0.measured(at(ms));
        measures.into_iter().find(|measure| measure.name == name).map(|measure| match measure.reading {
            Reading::Times(times) => times,
            other => panic!("{other:?}"),
        })
    }
}

const fn at(ms: u64) -> Time {
    Time(ms * 1_000_000)
}

fn said(verdict: Verdict) -> String {
    match verdict {
        Verdict::Skip => SKIP.to_owned(),
        Verdict::Unknown => "unknown".to_owned(),
        Verdict::Held => HELD.to_owned(),
        Verdict::Broken(evidence) => evidence.kind,
    }
}

#[test]
fn nobody_is_suspected_without_cause() {
    let mut stage = Stage::<StrongAccuracy>::new();
    assert_eq!(stage.suspects(50, 0, 1), "a node that is up is suspected");
    stage.crash(100, 1);
    assert_eq!(stage.suspects(200, 0, 1), HELD);
    stage.boot(300, 1);
    assert_eq!(stage.suspects(700, 2, 1), HELD, "the heartbeats that it did not send are missed still");
    assert_eq!(stage.suspects(701, 2, 1), "a node that is up is suspected");
    stage.event(800, &WorldEvent::Pause { node: NodeId(2) });
    assert_eq!(stage.suspects(900, 0, 2), HELD);
    assert_eq!(stage.suspects(900, 2, 0), "a node that is up is suspected", "its own pause is no excuse");
    // Node 1 was away until 300, and node 0 goes by what it saw before it stood still.
    let mut stage = Stage::<StrongAccuracy>::new();
    stage.crash(100, 1);
    stage.boot(300, 1);
    stage.event(600, &WorldEvent::Pause { node: NodeId(0) });
    stage.event(2_000, &WorldEvent::Resume { node: NodeId(0) });
    assert_eq!(stage.suspects(2_000, 0, 1), HELD);
    assert_eq!(stage.suspects(2_001, 0, 1), "a node that is up is suspected");
}

#[test]
fn somebody_is_never_suspected() {
    let over = WorldEvent::Phase(Phase::Over);
    let mut stage = Stage::<WeakAccuracy>::new();
    stage.suspects(50, 0, 1);
    stage.suspects(50, 0, 2);
    assert_eq!(stage.event(60, &over), HELD);
    stage.crash(70, 0);
    assert_eq!(stage.event(80, &over), "everybody was suspected who never crashed");
    stage.crash(90, 1);
    stage.crash(90, 2);
    assert_eq!(stage.event(100, &over), SKIP, "nobody is left of whom it speaks");
}

#[test]
fn crashes_are_noticed_in_time_and_for_good() {
    let mut stage = Stage::<DetectionBound>::new();
    stage.crash(100, 1);
    assert_eq!(stage.suspects(300, 0, 1), HELD);
    assert_eq!(stage.suspects(500, 2, 1), HELD);
    assert_eq!(stage.event(501, &WorldEvent::Cut), HELD);
    assert_eq!(stage.trusts(600, 0, 1), "who is down is trusted again");
    let mut stage = Stage::<DetectionBound>::new();
    stage.crash(100, 1);
    stage.suspects(300, 0, 1);
    assert_eq!(stage.event(501, &WorldEvent::Cut), "a crash is not noticed in time");
    let mut stage = Stage::<DetectionBound>::new();
    stage.crash(100, 1);
    assert_eq!(stage.suspects(501, 0, 1), "a crash is noticed late");
}

#[test]
fn who_comes_back_has_its_own_time_to_notice() {
    let mut stage = Stage::<DetectionBound>::new();
    stage.crash(100, 1);
    stage.crash(150, 0);
    stage.suspects(200, 2, 1);
    stage.suspects(200, 2, 0);
    stage.boot(400, 0);
    assert_eq!(stage.event(600, &WorldEvent::Cut), HELD, "node 2 noticed, and node 0 has until 800");
    assert_eq!(stage.suspects(800, 0, 1), HELD);
    stage.event(900, &WorldEvent::Pause { node: NodeId(2) });
    stage.crash(950, 0);
    assert_eq!(stage.event(1_400, &WorldEvent::Resume { node: NodeId(2) }), SKIP);
    assert_eq!(stage.suspects(1_800, 2, 0), HELD);
}

#[test]
fn detection_is_timed_to_the_suspicion_that_lasts() {
    let mut stage = Stage::<DetectionBound>::new();
    stage.suspects(50, 2, 1);
    stage.crash(100, 1);
    stage.suspects(150, 0, 1);
    stage.trusts(160, 0, 1);
    stage.suspects(400, 0, 1);
    assert_eq!(stage.times(450, "detection_time"), Some(vec![Span::ms(300), Span::ZERO]));
    stage.boot(600, 1);
    stage.trusts(700, 0, 1);
    assert_eq!(
        stage.times(800, "detection_time"),
        Some(vec![Span::ms(300), Span::ZERO]),
        "what comes later counts no more"
    );
    assert_eq!(stage.reading(800, "noticed"), Reading::Share { part: 2, whole: 2 });
    stage.trusts(900, 2, 1);
    // Of the next crash nobody knows before it is over, and of the one after that one of two, when it is too late.
    stage.crash(1_000, 1);
    stage.boot(1_100, 1);
    assert_eq!(stage.reading(1_200, "noticed"), Reading::Share { part: 2, whole: 4 });
    stage.crash(2_000, 1);
    stage.suspects(2_100, 0, 1);
    assert_eq!(stage.reading(2_400, "noticed"), Reading::Share { part: 3, whole: 5 });
    assert_eq!(stage.reading(2_401, "noticed"), Reading::Share { part: 3, whole: 6 });
}

#[test]
fn who_falls_again_while_it_is_down_was_noticed_when_it_was() {
    let mut stage = Stage::<DetectionBound>::new();
    stage.crash(100, 1);
    stage.suspects(300, 0, 1);
    stage.crash(350, 1);
    stage.suspects(400, 2, 1);
    stage.event(450, &WorldEvent::Retire { node: NodeId(1) });
    assert_eq!(stage.times(500, "detection_time"), Some(vec![Span::ms(200), Span::ms(300)]));
    assert_eq!(stage.trusts(501, 0, 1), "who is down is trusted again", "the bound runs from the first fall");
}

#[test]
fn mistakes_are_timed_from_one_to_the_next_and_to_their_end() {
    let mut stage = Stage::<StrongAccuracy>::new();
    stage.suspects(100, 0, 1);
    stage.trusts(130, 0, 1);
    stage.suspects(200, 1, 0);
    stage.suspects(300, 0, 1);
    stage.event(400, &WorldEvent::Phase(Phase::Liveness));
    stage.trusts(450, 0, 1);
    assert_eq!(stage.times(500, "mistake_recurrence"), Some(vec![Span::ms(200)]));
    assert_eq!(stage.times(500, "mistake_duration"), Some(vec![Span::ms(30)]));
    assert_eq!(stage.reading(500, "mistakes"), Reading::Rate { count: 3, over: 2_400_000_000 });
    let share = stage.reading(500, "query_accuracy");
    // Six pairs for 400 ms; mistaken for 30, 200 and 100 ms.
    assert_eq!(share, Reading::Share { part: 2_070_000_000, whole: 2_400_000_000 });
    stage.crash(600, 2);
    assert_eq!(stage.reading(700, "query_accuracy"), share, "what comes later does not count");
}

#[test]
fn mistakes_count_until_somebody_crashes() {
    let mut stage = Stage::<StrongAccuracy>::new();
    stage.suspects(100, 0, 1);
    stage.trusts(150, 0, 1);
    stage.crash(200, 2);
    stage.suspects(250, 0, 2);
    assert_eq!(stage.reading(500, "mistakes"), Reading::Rate { count: 1, over: 1_200_000_000 });
    assert_eq!(stage.reading(500, "query_accuracy"), Reading::Share { part: 1_150_000_000, whole: 1_200_000_000 });
}
