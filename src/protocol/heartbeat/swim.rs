//! SWIM (Das, Gupta and Motivala, "SWIM: Scalable Weakly-consistent Infection-style Process Group Membership Protocol",
//! 2002): each member probes one other a period, and what it finds out spreads on the backs of the probes. So neither
//! the load of a member nor the time to the first detection of a crash grows with their number.
//!
//! **Probes** (section 3.1). In each period a member pings one other. If that has not answered by the timeout, it asks
//! `k` others to ping it too, whose way there may be better. If nobody has heard it at the end of the period, the probe
//! has failed. Whom to probe goes round (section 4.3), so that everybody's turn comes within two rounds, or is drawn.
//!
//! **Suspicion** (section 4.2). Who fails a probe is not declared dead but suspected, and so the news goes round. Who
//! hears that itself is suspected raises its incarnation, and that it lives in this one overrides the suspicion
//! everywhere. Else everybody who holds it suspect for the timeout declares it dead. As the output of the failure
//! detector counts who is held dead: a suspicion is a question.
//!
//! **Dissemination** (section 4.1). Messages of probes carry news: a bounded number of pieces, each of which a member
//! passes on λ · ⌈log₂ n⌉ times, those first that it has passed on the fewest times.
//!
//! **What others added.** The paper leaves open how those come back whom others hold dead. Here
//! - each message tells the sender's incarnation, and what it holds of the receiver, who can refute at once (Dadgar,
//!   Phillips and Currey, "Lifeguard", 2018: buddy system). So a member that restarts begins with incarnation 0,
//!   without a disk, and takes the one after its last as soon as it hears from anybody who knows that;
//! - one who boots asks somebody for all that he knows, until it is told;
//! - every few periods a member tries to reach one that it holds dead, as serf does. If that answers, a partition has
//!   healed: both refute, and tell each other whom they know alive beyond the first incarnation. It is the exchange of
//!   all states that makes the two sides one in O(log n) such rounds, since messages of probes have no room for news of
//!   half of the members. Suspicions and deaths are not exchanged: those of a partition are all wrong.
//!
//! A period is judged as of the instant at which it ended. A member that stood still finds behind that in its queue
//! what came in meanwhile, and judges the suspicions that would have run out later when it has read them.
//!
//! **Memory.** Of each other a member keeps 9 bytes: what it holds of it, its place in the order of probes, how often
//! its news was passed on.

pub(super) mod bugs;
pub mod check;
mod config;
mod gossip;
mod message;
mod order;
mod standing;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

pub use bugs::SwimMistake;
pub use config::{Probing, SwimParams};
pub use message::{Letter, Probe};
pub use standing::{Standing, Status, Update};

use crate::process::{Io, Local, NodeId, Shared, Span};
use crate::protocol::heartbeat::{Fact, Heartbeat, Message, Timer};
use gossip::Gossip;
use order::ProbeOrder;

/// A member.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Swim {
    /// What is held of each, of itself too.
    members: Vec<Standing>,
    /// How many are held dead.
    dead: u32,
    order: ProbeOrder,
    gossip: Gossip,
    /// Suspicions in the order in which they run out, those too that something has overridden since.
    suspicions: VecDeque<Suspicion>,
    /// The probe of this period, as long as it is not answered.
    probe: Option<Probe>,
    /// How long after a multiple of a period on its clock each of its periods begins.
    offset: Span,
    /// The period that is under way.
    period: u64,
    /// Nobody has told yet what there was to know at the boot.
    joins: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Suspicion {
    of: NodeId,
    incarnation: u32,
    until: Local,
}

/// What is told in an exchange of states.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    /// All that is not as at the boot.
    All,
    /// Who lives, and in a later incarnation than the first.
    Living,
}

impl Swim {
    pub(super) fn boot(params: &SwimParams, io: &mut Io<'_, Heartbeat>) -> Self {
        let count = io.cast().len();
        let offset = if params.stagger { Span(io.choose(params.period.0)) } else { Span::ZERO };
        let times = u8::try_from(params.times(count)).unwrap_or(u8::MAX - 1);
        let mut swim = Self {
            members: vec![Standing::INITIAL; count as usize],
            dead: 0,
            order: ProbeOrder::new(io.cast().nodes().filter(|&node| node != io.me())),
            gossip: Gossip::new(count as usize, times),
            suspicions: VecDeque::new(),
            probe: None,
            offset,
            period: 0,
            joins: true,
        };
        swim.wait(params, io);
        swim
    }

    pub(super) fn on_message(
        &mut self,
        params: &SwimParams,
        from: NodeId,
        message: &Message,
        io: &mut Io<'_, Heartbeat>,
    ) {
        let letter = match message {
            Message::Probe(letter) | Message::Answer(letter) | Message::Help(letter) => letter,
            Message::Knock(letter) | Message::Join(letter) | Message::State(letter) | Message::StateBack(letter) => {
                letter
            }
            _ => return,
        };
        let states = matches!(message, Message::State(_) | Message::StateBack(_));
        self.read(params, from, letter, states, io);
        match (message, letter.probe) {
            (Message::Probe(_), Some(probe)) => self.post(params, from, Some(probe), Message::Answer, io),
            (Message::Answer(_), Some(probe)) if probe.origin == io.me() => self.answered(probe, io),
            (Message::Answer(_), Some(probe)) => self.post(params, probe.origin, Some(probe), Message::Answer, io),
            (Message::Help(_), Some(probe)) => self.post(params, probe.target, Some(probe), Message::Probe, io),
            (Message::Knock(_), _) => self.exchange(from, Known::Living, Message::State, io),
            (Message::Join(_), _) => self.exchange(from, Known::All, Message::StateBack, io),
            (Message::State(_), _) => self.exchange(from, Known::Living, Message::StateBack, io),
            (Message::StateBack(_), _) => self.joins = false,
            _ => {}
        }
    }

    pub(super) fn on_timer(&mut self, params: &SwimParams, timer: Timer, io: &mut Io<'_, Heartbeat>) {
        match timer {
            Timer::Period => self.begin_period(params, io),
            Timer::Unanswered => self.ask_for_help(params, io),
            _ => {}
        }
    }

    /// Whether this one is held dead.
    pub(super) fn suspects(&self, member: NodeId) -> bool {
        self.members[member.index()].is_dead()
    }

    /// What is held of a member.
    #[must_use]
    pub fn standing(&self, member: NodeId) -> Standing {
        self.members[member.index()]
    }

    /// The probe of this period, as long as it is not answered.
    #[must_use]
    pub fn probe(&self) -> Option<Probe> {
        self.probe
    }
}

/// Periods and probes.
impl Swim {
    /// Waits for the next period; those that the member slept through are left out.
    fn wait(&mut self, params: &SwimParams, io: &mut Io<'_, Heartbeat>) {
        let now = io.now();
        self.period = (now.0.saturating_sub(self.offset.0) / params.period.0).max(self.period) + 1;
        io.arm(Timer::Period, Span(self.begins(params).0.saturating_sub(now.0)));
    }

    /// When the period that is under way, or waited for, begins.
    fn begins(&self, params: &SwimParams) -> Local {
        Local(self.period * params.period.0 + self.offset.0)
    }

    fn begin_period(&mut self, params: &SwimParams, io: &mut Io<'_, Heartbeat>) {
        if let Some(failed) = self.probe.take() {
            self.fails(params, failed.target, io);
        }
        self.judge(params, io);
        self.probe_next(params, io);
        if self.dead > 0 && self.period.is_multiple_of(params.reconnect.into()) {
            self.knock(io);
        }
        if self.joins
            && let Some(member) = self.order.any(|n| io.choose(n), |_| false)
        {
            let letter = self.letter(member, None, Vec::new(), io);
            io.send(member, Message::Join(letter));
        }
        self.wait(params, io);
    }

    fn probe_next(&mut self, params: &SwimParams, io: &mut Io<'_, Heartbeat>) {
        let at_random = params.probing == Probing::Random || io.config().swim_planted.is(SwimMistake::RandomProbe);
        let dead = |member: NodeId| self.members[member.index()].is_dead();
        let target =
            if at_random { self.order.any(|n| io.choose(n), dead) } else { self.order.next(|n| io.choose(n), dead) };
        let Some(target) = target else { return };
        let probe = Probe { origin: io.me(), target, period: self.period };
        self.probe = Some(probe);
        io.fact(Fact::Probed(target));
        self.post(params, target, Some(probe), Message::Probe, io);
        io.arm(Timer::Unanswered, params.timeout);
    }

    fn ask_for_help(&mut self, params: &SwimParams, io: &mut Io<'_, Heartbeat>) {
        let Some(probe) = self.probe else { return };
        let mut asked: Vec<NodeId> = Vec::new();
        for _ in 0..params.helpers {
            let unfit = |member: NodeId| {
                member == probe.target || self.members[member.index()].is_dead() || asked.contains(&member)
            };
            let Some(helper) = self.order.any(|n| io.choose(n), unfit) else { break };
            asked.push(helper);
            self.post(params, helper, Some(probe), Message::Help, io);
        }
    }

    fn answered(&mut self, probe: Probe, io: &mut Io<'_, Heartbeat>) {
        if self.probe != Some(probe) {
            return;
        }
        self.probe = None;
        io.disarm(Timer::Unanswered);
        let held = self.standing(probe.target);
        if held.status() == Status::Suspect && io.config().swim_planted.is(SwimMistake::ClearedByOthers) {
            self.announce(Update { of: probe.target, standing: held.refuted() }, io);
        }
    }

    fn fails(&mut self, params: &SwimParams, target: NodeId, io: &mut Io<'_, Heartbeat>) {
        let held = self.standing(target);
        if held.status() != Status::Alive {
            return;
        }
        if !params.suspicion || io.config().swim_planted.is(SwimMistake::NoSuspicion) {
            return self.declare_dead(target, io);
        }
        self.suspect(params, target, held.incarnation(), io);
        self.announce(Update { of: target, standing: held.with(Status::Suspect) }, io);
    }
}

/// What is held of others.
impl Swim {
    /// News may come in any order: what overrides is held. Whether it is news to be passed on.
    fn learn(&mut self, params: &SwimParams, news: Update, io: &mut Io<'_, Heartbeat>) -> bool {
        let held = self.standing(news.of);
        let suspected = news.standing.status() == Status::Suspect;
        let stale = suspected
            && held.status() == Status::Alive
            && news.of != io.me()
            && io.config().swim_planted.is(SwimMistake::StaleSuspect);
        if news.standing <= held && !stale {
            return news.standing == held && io.config().swim_planted.is(SwimMistake::EndlessGossip);
        }
        if news.of == io.me() {
            self.announce(Update { of: news.of, standing: news.standing.refuted() }, io);
            return false;
        }
        if suspected {
            self.suspect(params, news.of, news.standing.incarnation(), io);
        }
        self.hold(news, io);
        true
    }

    /// Holds what it has found out itself, and spreads it.
    fn announce(&mut self, news: Update, io: &mut Io<'_, Heartbeat>) {
        self.hold(news, io);
        self.gossip.add(news.of);
    }

    fn hold(&mut self, news: Update, io: &mut Io<'_, Heartbeat>) {
        let held = std::mem::replace(&mut self.members[news.of.index()], news.standing);
        io.fact(Fact::Learned(news));
        match (held.is_dead(), news.standing.is_dead()) {
            (false, true) => {
                self.dead += 1;
                io.fact(Fact::Suspected(news.of));
            }
            (true, false) => {
                self.dead -= 1;
                io.fact(Fact::Trusted(news.of));
            }
            _ => {}
        }
    }

    fn suspect(&mut self, params: &SwimParams, of: NodeId, incarnation: u32, io: &mut Io<'_, Heartbeat>) {
        let until = Local(io.now().0 + params.suspicion_timeout.0);
        self.suspicions.push_back(Suspicion { of, incarnation, until });
    }

    /// Declares dead whose suspicion has run out by then, and was not refuted.
    fn judge(&mut self, params: &SwimParams, io: &mut Io<'_, Heartbeat>) {
        let due = self.begins(params);
        while let Some(&suspicion) = self.suspicions.front().filter(|suspicion| suspicion.until <= due) {
            self.suspicions.pop_front();
            if self.standing(suspicion.of) == Standing::new(Status::Suspect, suspicion.incarnation) {
                self.declare_dead(suspicion.of, io);
            }
        }
    }

    fn declare_dead(&mut self, of: NodeId, io: &mut Io<'_, Heartbeat>) {
        let news = Update { of, standing: self.standing(of).with(Status::Dead) };
        io.fact(Fact::Declared(news));
        self.announce(news, io);
    }
}

/// What members tell each other.
impl Swim {
    /// Whatever a message is for, it tells of its sender, of its receiver, and of others. What it tells of others in an
    /// exchange of states is not passed on: who needs it exchanges states himself.
    fn read(&mut self, params: &SwimParams, from: NodeId, letter: &Letter, states: bool, io: &mut Io<'_, Heartbeat>) {
        let lives = Update { of: from, standing: Standing::new(Status::Alive, letter.incarnation) };
        if self.learn(params, lives, io) {
            self.gossip.add(from);
        }
        self.learn(params, Update { of: io.me(), standing: letter.you }, io);
        for &news in &letter.updates {
            if self.learn(params, news, io) && !states {
                self.gossip.add(news.of);
            }
        }
    }

    fn letter(&self, to: NodeId, probe: Option<Probe>, updates: Vec<Update>, io: &Io<'_, Heartbeat>) -> Shared<Letter> {
        let held = self.standing(to);
        let silent = held.is_dead() && io.config().swim_planted.is(SwimMistake::SilentVerdict);
        let you = if silent { Standing::INITIAL } else { held };
        Letter { probe, incarnation: self.standing(io.me()).incarnation(), you, updates }.into()
    }

    /// Sends a message that carries news.
    fn post(
        &mut self,
        params: &SwimParams,
        to: NodeId,
        probe: Option<Probe>,
        kind: impl Fn(Shared<Letter>) -> Message,
        io: &mut Io<'_, Heartbeat>,
    ) {
        let news = self.gossip.take(params.piggyback as usize);
        let updates: Vec<Update> = news.into_iter().map(|of| Update { of, standing: self.standing(of) }).collect();
        let tells = !updates.is_empty();
        let letter = self.letter(to, probe, updates, io);
        if tells {
            io.fact(Fact::Told(letter.clone()));
        }
        io.send(to, kind(letter));
    }

    /// Sends all that is known at once.
    fn exchange(
        &mut self,
        to: NodeId,
        known: Known,
        kind: impl Fn(Shared<Letter>) -> Message,
        io: &mut Io<'_, Heartbeat>,
    ) {
        let said = |standing: Standing| match known {
            Known::All => standing != Standing::INITIAL,
            Known::Living => standing != Standing::INITIAL && standing.status() == Status::Alive,
        };
        let all = io.cast().nodes().zip(&self.members).filter(|&(of, &standing)| of != to && said(standing));
        let updates = all.map(|(of, &standing)| Update { of, standing }).collect();
        let letter = self.letter(to, None, updates, io);
        io.send(to, kind(letter));
    }

    /// Tries whether one that is held dead is there again.
    fn knock(&mut self, io: &mut Io<'_, Heartbeat>) {
        let lives = |member: NodeId| !self.members[member.index()].is_dead();
        if let Some(member) = self.order.any(|n| io.choose(n), lives) {
            let letter = self.letter(member, None, Vec::new(), io);
            io.send(member, Message::Knock(letter));
        }
    }
}
