//! Members by hand: one turn at a time, and what it asks for.

use super::*;
use crate::process::{Cast, Effect, Outbox, Process, Wall};
use crate::protocol::heartbeat::{DetectorParams, HeartbeatConfig, HeartbeatParams};
use crate::protocol::{Protocol, Setup};

const PARAMS: SwimParams = SwimParams {
    period: Span::ms(100),
    timeout: Span::ms(30),
    helpers: 1,
    probing: Probing::RoundRobin,
    suspicion: true,
    suspicion_timeout: Span::ms(250),
    piggyback: 4,
    lambda: 2,
    reconnect: 2,
    stagger: false,
};

const ME: NodeId = NodeId(0);

/// Member 0 of four.
struct Member {
    node: Heartbeat,
    cast: Cast,
    config: HeartbeatConfig,
    outbox: Outbox<Heartbeat>,
    now: Local,
}

fn configured(swim: SwimParams, members: u32) -> Result<HeartbeatConfig, (String, String)> {
    let params = HeartbeatParams { detector: DetectorParams::Swim(swim), ..HeartbeatParams::default() };
    let setup = Setup { params: &params, bug: None, cast: &Cast::single("member", members) };
    Heartbeat::config(&setup).map_err(|error| (error.field, error.message))
}

impl Member {
    fn new(swim: SwimParams) -> Self {
        let cast = Cast::single("member", 4);
        let config = configured(swim, 4).unwrap();
        let mut outbox = Outbox::default();
        let node = Heartbeat::boot(&(), &mut Io::new(ME, (Local(0), Wall(0)), &cast, &config, &mut outbox));
        Self { node, cast, config, outbox, now: Local(0) }
    }

    fn turn(&mut self, turn: impl FnOnce(&mut Heartbeat, &mut Io<'_, Heartbeat>)) -> Vec<Effect<Heartbeat>> {
        self.outbox.effects.clear();
        let clocks = (self.now, Wall(0));
        turn(&mut self.node, &mut Io::new(ME, clocks, &self.cast, &self.config, &mut self.outbox));
        self.outbox.effects.drain(..).collect()
    }

    fn hears(&mut self, from: u32, message: Message) -> Vec<Effect<Heartbeat>> {
        self.turn(|node, io| node.on_message(NodeId(from), message, io))
    }

    /// The next period begins.
    fn period(&mut self) -> Vec<Effect<Heartbeat>> {
        let period = self.swim().period;
        self.now = Local(period * PARAMS.period.0);
        self.turn(|node, io| node.on_timer(Timer::Period, io))
    }

    fn swim(&self) -> &Swim {
        self.node.swim().unwrap()
    }

    fn holds(&self, of: u32) -> Standing {
        self.swim().standing(NodeId(of))
    }
}

fn letter(probe: Option<Probe>, incarnation: u32, you: Standing, updates: &[Update]) -> Shared<Letter> {
    Letter { probe, incarnation, you, updates: updates.to_vec() }.into()
}

fn news(of: u32, status: Status, incarnation: u32) -> Update {
    Update { of: NodeId(of), standing: Standing::new(status, incarnation) }
}

fn probe(origin: u32, target: u32) -> Probe {
    Probe { origin: NodeId(origin), target: NodeId(target), period: 7 }
}

/// To whom what was sent.
fn sent(effects: &[Effect<Heartbeat>]) -> Vec<(u32, &Message)> {
    let sends = effects.iter().filter_map(|effect| match effect {
        Effect::Send { to, msg } => Some((to.0, msg)),
        _ => None,
    });
    sends.collect()
}

const ALIVE: Standing = Standing::INITIAL;

#[test]
fn a_ping_is_answered_and_one_for_another_is_passed_on_both_ways() {
    let mut member = Member::new(PARAMS);
    let effects = member.hears(1, Message::Probe(letter(Some(probe(1, 0)), 0, ALIVE, &[])));
    assert!(matches!(sent(&effects)[..], [(1, Message::Answer(answer))] if answer.probe == Some(probe(1, 0))));
    let effects = member.hears(1, Message::Help(letter(Some(probe(1, 2)), 0, ALIVE, &[])));
    assert!(matches!(sent(&effects)[..], [(2, Message::Probe(ping))] if ping.probe == Some(probe(1, 2))));
    let effects = member.hears(2, Message::Answer(letter(Some(probe(1, 2)), 0, ALIVE, &[])));
    assert!(matches!(sent(&effects)[..], [(1, Message::Answer(answer))] if answer.probe == Some(probe(1, 2))));
}

#[test]
fn who_does_not_answer_is_asked_through_others_then_suspected_then_dead() {
    let mut member = Member::new(PARAMS);
    member.period();
    let probe = member.swim().probe().unwrap();
    member.now = Local(member.now.0 + PARAMS.timeout.0);
    let effects = member.turn(|node, io| node.on_timer(Timer::Unanswered, io));
    let asked = sent(&effects);
    assert!(matches!(asked[..], [(helper, Message::Help(_))] if helper != probe.target.0 && helper != 0));
    member.period();
    let suspect = Update { of: probe.target, standing: Standing::new(Status::Suspect, 0) };
    assert_eq!(member.swim().standing(probe.target), suspect.standing);
    // Suspected at 200 ms: 450 ms are over when the period of 500 ms begins.
    let effects: Vec<_> = (0..2).flat_map(|_| member.period()).collect();
    assert!(!effects.contains(&Effect::Fact(Fact::Suspected(probe.target))));
    let effects = member.period();
    assert!(effects.contains(&Effect::Fact(Fact::Suspected(probe.target))));
    assert!(member.node.suspects(&member.config.web, ME, probe.target));
}

#[test]
fn an_answer_in_time_ends_a_probe_and_only_its_own() {
    let mut member = Member::new(PARAMS);
    member.period();
    let probe = member.swim().probe().unwrap();
    let old = Probe { period: probe.period - 1, ..probe };
    member.hears(probe.target.0, Message::Answer(letter(Some(old), 0, ALIVE, &[])));
    assert_eq!(member.swim().probe(), Some(probe));
    member.hears(3, Message::Answer(letter(Some(probe), 0, ALIVE, &[])));
    assert_eq!(member.swim().probe(), None);
    member.period();
    assert_eq!(member.swim().standing(probe.target), ALIVE);
}

#[test]
fn without_suspicion_a_failed_probe_is_a_death() {
    let mut member = Member::new(SwimParams { suspicion: false, ..PARAMS });
    member.period();
    let target = member.swim().probe().unwrap().target;
    member.period();
    assert!(member.swim().suspects(target));
}

#[test]
fn who_is_accused_refutes_with_the_next_incarnation_and_not_twice() {
    let mut member = Member::new(PARAMS);
    let accused = letter(Some(probe(1, 0)), 0, Standing::new(Status::Suspect, 0), &[]);
    let effects = member.hears(1, Message::Probe(accused.clone()));
    assert!(matches!(sent(&effects)[..], [(1, Message::Answer(answer))] if answer.incarnation == 1));
    member.hears(1, Message::Probe(accused));
    assert_eq!(member.holds(0), Standing::new(Status::Alive, 1));
    // One that has restarted learns how far it was, and goes beyond.
    member.hears(2, Message::Probe(letter(Some(probe(2, 0)), 0, Standing::new(Status::Alive, 5), &[])));
    assert_eq!(member.holds(0), Standing::new(Status::Alive, 6));
    member.hears(2, Message::Probe(letter(None, 0, ALIVE, &[news(0, Status::Dead, 6)])));
    assert_eq!(member.holds(0), Standing::new(Status::Alive, 7));
}

#[test]
fn news_is_passed_on_and_stale_news_is_not_believed() {
    let mut member = Member::new(PARAMS);
    let told = [news(1, Status::Alive, 3), news(2, Status::Dead, 0)];
    let effects = member.hears(3, Message::Probe(letter(Some(probe(3, 0)), 0, ALIVE, &told)));
    assert!(matches!(sent(&effects)[..], [(3, Message::Answer(answer))] if answer.updates == told));
    let stale = [news(1, Status::Suspect, 2), news(1, Status::Dead, 2), news(2, Status::Alive, 0)];
    member.hears(3, Message::Probe(letter(Some(probe(3, 0)), 0, ALIVE, &stale)));
    assert_eq!([member.holds(1), member.holds(2)], [told[0].standing, told[1].standing]);
}

#[test]
fn the_dead_are_knocked_at_and_told_what_is_held_of_them() {
    let mut member = Member::new(PARAMS);
    member.hears(3, Message::Probe(letter(Some(probe(3, 0)), 0, ALIVE, &[news(2, Status::Dead, 0)])));
    let dead = Standing::new(Status::Dead, 0);
    let effects: Vec<_> = (0..2).flat_map(|_| member.period()).collect();
    assert!(sent(&effects).iter().any(|(to, message)| *to == 2
        && matches!(message, Message::Knock(knock) if knock.you == dead && knock.updates.is_empty())));
    assert!(effects.iter().all(|effect| *effect != Effect::Fact(Fact::Probed(NodeId(2)))));
    // It answers with whom it knows alive beyond the first incarnation, and is told the same.
    let effects = member.hears(2, Message::State(letter(None, 1, dead, &[news(1, Status::Alive, 1)])));
    assert!(effects.contains(&Effect::Fact(Fact::Trusted(NodeId(2)))));
    let expected = [news(0, Status::Alive, 1), news(1, Status::Alive, 1)];
    assert!(matches!(sent(&effects)[..], [(2, Message::StateBack(back))] if back.updates == expected));
}

#[test]
fn who_boots_asks_until_it_is_told_and_is_told_everything() {
    let mut member = Member::new(PARAMS);
    let joins = |effects: &[Effect<Heartbeat>]| {
        sent(effects).iter().filter(|(_, message)| matches!(message, Message::Join(_))).count()
    };
    assert_eq!([joins(&member.period()), joins(&member.period())], [1, 1]);
    member.hears(2, Message::StateBack(letter(None, 0, ALIVE, &[news(1, Status::Dead, 4)])));
    assert_eq!(joins(&member.period()), 0);
    let effects = member.hears(3, Message::Join(letter(None, 0, ALIVE, &[])));
    assert!(
        matches!(sent(&effects)[..], [(3, Message::StateBack(back))] if back.updates.contains(&news(1, Status::Dead, 4)))
    );
}

#[test]
fn impossible_settings_are_refused() {
    let refused = |swim: SwimParams| configured(swim, 4).map(|_| ()).unwrap_err();
    let timeout = refused(SwimParams { timeout: Span::ms(100), ..PARAMS });
    assert_eq!(timeout.0, "detector.swim.timeout");
    assert_eq!(timeout.1, "100ms is not less than the period, 100ms: others could not help");
    assert_eq!(refused(SwimParams { timeout: Span::ZERO, ..PARAMS }).0, "detector.swim.timeout");
    let hasty = refused(SwimParams { suspicion_timeout: Span::ms(99), ..PARAMS });
    assert_eq!(hasty, ("detector.swim.suspicion_timeout".to_owned(), "99ms is less than a period, 100ms".to_owned()));
    assert_eq!(refused(SwimParams { reconnect: 0, ..PARAMS }).0, "detector.swim.reconnect");
    assert_eq!(refused(SwimParams { lambda: 101, ..PARAMS }).0, "detector.swim.lambda");
    assert!(configured(SwimParams { suspicion: false, suspicion_timeout: Span::ZERO, ..PARAMS }, 4).is_ok());
    assert_eq!([2, 4, 5, 1_000].map(|members| PARAMS.times(members)), [2, 4, 6, 20]);
}
