//! What each of the invariants says to facts made by hand.

use super::*;
use crate::check::{At, Cast, NodeId, Property, Time, Verdict, WorldEvent};
use crate::protocol::heartbeat::swim::{Letter, Probing, Standing, Status, SwimParams, Update};
use crate::protocol::heartbeat::{DetectorParams, Fact, Heartbeat, HeartbeatConfig, HeartbeatParams};
use crate::protocol::{Protocol, Setup};

fn config(swim: SwimParams, cast: &Cast) -> HeartbeatConfig {
    let params = HeartbeatParams { detector: DetectorParams::Swim(swim), ..HeartbeatParams::default() };
    Heartbeat::config(&Setup { params: &params, bug: None, cast }).unwrap()
}

/// A property among four members, and what they report, second by second.
struct Watch<P>(P, u64);

impl<P: Property<Heartbeat>> Watch<P> {
    fn new(swim: SwimParams) -> Self {
        let cast = Cast::single("member", 4);
        Self(P::new(&config(swim, &cast), &cast), 0)
    }

    fn says(&mut self, node: u32, fact: &Fact) -> Verdict {
        self.1 += 1;
        self.0.on_fact(At { now: Time(self.1 * 1_000_000_000), node: NodeId(node), life: 1 }, fact)
    }

    fn holds(&mut self, node: u32, fact: &Fact) {
        let verdict = self.says(node, fact);
        assert!(!matches!(verdict, Verdict::Broken(_)), "{fact:?}: {verdict:?}");
    }

    fn breaks(&mut self, node: u32, fact: &Fact, kind: &str) {
        match self.says(node, fact) {
            Verdict::Broken(evidence) => assert_eq!(evidence.kind, kind),
            verdict => panic!("{fact:?}: {verdict:?}"),
        }
    }

    fn boots(&mut self, node: u32) {
        self.0.on_world(Time(self.1), &WorldEvent::Boot { node: NodeId(node), life: 2 });
    }
}

fn news(of: u32, status: Status, incarnation: u32) -> Update {
    Update { of: NodeId(of), standing: Standing::new(status, incarnation) }
}

fn learned(of: u32, status: Status, incarnation: u32) -> Fact {
    Fact::Learned(news(of, status, incarnation))
}

use Status::{Alive, Dead, Suspect};

#[test]
fn only_a_member_itself_raises_its_incarnation() {
    let mut watch: Watch<OwnIncarnation> = Watch::new(SwimParams::default());
    let raised = "somebody else raised the incarnation of a member";
    watch.holds(0, &learned(1, Suspect, 0));
    watch.holds(1, &learned(1, Alive, 1));
    watch.holds(0, &learned(1, Alive, 1));
    watch.breaks(0, &learned(1, Alive, 2), raised);
    watch.breaks(2, &learned(3, Dead, 1), raised);
    watch.holds(1, &learned(1, Alive, 3));
    watch.boots(1);
    watch.holds(2, &learned(1, Suspect, 3));
    watch.breaks(1, &learned(1, Suspect, 3), "a member says of itself that it does not live");
}

#[test]
fn only_what_overrides_takes_the_place_of_what_is_held() {
    let mut watch: Watch<NewsInOrder> = Watch::new(SwimParams::default());
    let kind = "news that does not override what was held took its place";
    for fact in [learned(1, Suspect, 0), learned(1, Alive, 1), learned(1, Dead, 1), learned(1, Alive, 2)] {
        watch.holds(0, &fact);
    }
    watch.breaks(0, &learned(1, Suspect, 1), kind);
    watch.boots(0);
    watch.holds(0, &learned(1, Suspect, 1));
    watch.breaks(0, &learned(1, Alive, 1), kind);
    watch.holds(2, &learned(1, Dead, 4));
    watch.breaks(2, &learned(1, Suspect, 4), kind);
}

#[test]
fn news_is_passed_on_so_often_and_so_much_at_once() {
    // λ = 2 among four: four times each; and two pieces a message.
    let mut watch: Watch<BoundedPiggyback> =
        Watch::new(SwimParams { lambda: 2, piggyback: 2, ..SwimParams::default() });
    let told = |updates: Vec<Update>| {
        Fact::Told(Letter { probe: None, incarnation: 0, you: Standing::INITIAL, updates }.into())
    };
    for _ in 0..4 {
        watch.holds(0, &told(vec![news(1, Suspect, 0), news(2, Alive, 1)]));
    }
    watch.holds(0, &told(vec![news(1, Dead, 0)]));
    watch.holds(1, &told(vec![news(2, Alive, 1)]));
    watch.breaks(0, &told(vec![news(2, Alive, 1)]), "a member passed news on too often");
    watch.boots(0);
    watch.holds(0, &told(vec![news(2, Alive, 1)]));
    let much = told(vec![news(1, Dead, 0), news(2, Dead, 0), news(3, Dead, 0)]);
    watch.breaks(0, &much, "a message carries more news than it has room for");
}

#[test]
fn who_is_declared_dead_was_suspected_first() {
    let mut watch: Watch<SuspicionBeforeDeath> = Watch::new(SwimParams::default());
    let kind = "a member was declared dead without a suspicion before";
    watch.holds(0, &learned(1, Suspect, 2));
    watch.holds(0, &Fact::Declared(news(1, Dead, 2)));
    watch.breaks(0, &Fact::Declared(news(1, Dead, 3)), kind);
    watch.breaks(2, &Fact::Declared(news(1, Dead, 2)), kind);
    watch.boots(0);
    watch.breaks(0, &Fact::Declared(news(1, Dead, 2)), kind);
    let off = SwimParams { suspicion: false, ..SwimParams::default() };
    assert!(!SuspicionBeforeDeath::applies(&config(off, &Cast::single("member", 4))));
}

#[test]
fn nobody_is_left_out_for_more_than_two_rounds() {
    let kind = "a member was left out of the rounds of probes for too long";
    let probed = |target| Fact::Probed(NodeId(target));
    let mut watch: Watch<TimeBoundedCompleteness> = Watch::new(SwimParams::default());
    // First in one round and last in the next: five probes apart.
    [1, 2, 3, 2, 3, 1].iter().for_each(|&target| watch.holds(0, &probed(target)));
    [2, 3, 2, 3].iter().for_each(|&target| watch.holds(0, &probed(target)));
    watch.holds(0, &learned(1, Dead, 0));
    watch.holds(0, &learned(1, Alive, 1));
    [2, 3, 2, 3, 1].iter().for_each(|&target| watch.holds(0, &probed(target)));
    [2, 3, 2, 3, 2].iter().for_each(|&target| watch.holds(0, &probed(target)));
    watch.breaks(0, &probed(1), kind);
    [0, 1].iter().for_each(|&target| watch.holds(2, &probed(target)));
    watch.breaks(2, &probed(0), kind);
    watch.boots(2);
    watch.holds(2, &probed(3));
    let random = SwimParams { probing: Probing::Random, ..SwimParams::default() };
    assert!(!TimeBoundedCompleteness::applies(&config(random, &Cast::single("member", 4))));
}

#[test]
fn who_is_never_probed_again_is_missed() {
    let kind = "a member was left out of the rounds of probes for too long";
    let probed = |target| Fact::Probed(NodeId(target));
    let mut watch: Watch<TimeBoundedCompleteness> = Watch::new(SwimParams::default());
    [2, 3].iter().for_each(|&target| watch.holds(0, &probed(target)));
    watch.breaks(0, &probed(2), kind);
    // Who is held dead need not be probed, and who lives again has two rounds.
    let mut watch: Watch<TimeBoundedCompleteness> = Watch::new(SwimParams::default());
    watch.holds(0, &learned(1, Dead, 0));
    [2, 3, 2, 3, 2, 3, 2].iter().for_each(|&target| watch.holds(0, &probed(target)));
    watch.holds(0, &learned(1, Alive, 1));
    [3, 2, 3, 2].iter().for_each(|&target| watch.holds(0, &probed(target)));
    watch.breaks(0, &probed(3), kind);
}
