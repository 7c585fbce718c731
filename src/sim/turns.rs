//! Turns: an input reaches a node, its handler runs, and its effects leave in the order asked.

use super::Sim;
use super::event::Event;
use super::network::{Fate, Letter};
use super::node::{Rings, Status, Waiting, Work};
use super::trace::{What, kind_of};
use crate::check::{At, Properties, Seat, WorldEvent};
use crate::ids::{Endpoint, NodeId, OpId};
use crate::process::{Effect, Io, Process};
use crate::rng::content_hash;
use crate::time::{Local, Span, Wall};
use crate::turn::{self, Input};
use crate::workload::Workload;

/// How a turn's effects go on after one of them.
#[derive(PartialEq, Eq)]
pub(super) enum Flow {
    /// The next may leave.
    Next,
    /// The rest waits, or will never leave.
    Stop,
}

impl<P: Process, C: Properties<P>, W: Workload<P>> Sim<P, C, W> {
    #[inline(always)]
    pub(super) fn deliver(&mut self, to: NodeId, from: NodeId, hash: u64, msg: P::Msg, order: u64) {
        let (at, bound) = (Some(from), Some(to));
        if self.network.is_cut(at, bound) {
            self.lose(What::Cut, [Endpoint::Node(from), Endpoint::Node(to)], hash, Some(order));
            return;
        }
        if let Some(entry) = self.network.clogged_by(at, bound) {
            self.hold((entry, order), Endpoint::Node(from), Endpoint::Node(to), Event::Deliver { to, from, hash, msg });
            return;
        }
        self.log.event(self.now, What::Deliver, to.0.into(), from.0.into(), hash);
        self.counters.delivered += 1;
        let ends = [Endpoint::Node(to), Endpoint::Node(from)];
        self.trace_message(What::Deliver, ends, |_| Some(order), || format!("{msg:?}"));
        self.input(to, Input::Message { from, msg });
    }

    pub(super) fn ring(&mut self, node: NodeId, order: u64) {
        let slot = &mut self.nodes.0[node.index()];
        let busy = !slot.plain && !slot.rare().ready();
        match slot.timers.ring(self.now, order, busy) {
            Rings::Void => {}
            Rings::Early(at, order) => self.queue.push_with(at.0, order, Event::Timer { node }),
            Rings::Fires(timer) => {
                self.log.event(self.now, What::Timer, node.0.into(), content_hash(&timer), 0);
                self.counters.timers += 1;
                self.trace(What::Timer, Endpoint::Node(node), None, || format!("{timer:?}"));
                if busy {
                    self.nodes.0[node.index()].rare().inbox.push_back(Waiting::Timer(order));
                } else {
                    self.input(node, Input::Timer(timer));
                }
            }
        }
    }

    pub(super) fn request(&mut self, to: NodeId, id: OpId, op: P::Op, order: u64) {
        let client = Self::op_end(id);
        let at = self.clients.stands(id.client);
        let hash = content_hash(&id);
        if self.network.is_cut(at, Some(to)) {
            self.lose(What::Cut, [client, Endpoint::Node(to)], hash, Some(order));
            return;
        }
        if let Some(entry) = self.network.clogged_by(at, Some(to)) {
            self.hold((entry, order), client, Endpoint::Node(to), Event::Request { to, id, op });
            return;
        }
        self.log.event(self.now, What::Request, to.0.into(), client.word(), hash);
        let ends = [Endpoint::Node(to), client];
        self.trace_message(What::Request, ends, |_| Some(order), || format!("{id} {op:?}"));
        self.input(to, Input::Request { id, op });
    }

    /// An input reaches a node: its turn begins, or it waits, or nobody is home.
    #[inline(always)]
    pub(super) fn input(&mut self, node: NodeId, input: Input<P>) {
        if self.nodes.0[node.index()].plain {
            self.turn(node, input);
        } else {
            self.input_of_special(node, input);
        }
    }

    fn input_of_special(&mut self, node: NodeId, input: Input<P>) {
        let room = self.world.node.inbox as usize;
        let slot = &mut self.nodes.0[node.index()];
        if slot.status != Status::Up {
            return self.drop_input(node, "nobody is up");
        }
        let rare = slot.rare();
        if rare.ready() {
            self.turn(node, input);
            self.nodes.0[node.index()].refresh();
            return self.checkpoint_if_due();
        }
        // What a node owes itself is never dropped, or it would wait for ever.
        if rare.inbox.len() >= room && !matches!(input, Input::Synced(_)) {
            return self.drop_input(node, "its inbox is full");
        }
        rare.inbox.push_back(Waiting::Input(input));
    }

    fn drop_input(&mut self, node: NodeId, why: &str) {
        self.counters.dropped += 1;
        self.log.enter(self.now, What::Dropped, node.0.into(), 0, 0);
        self.trace(What::Dropped, Endpoint::Node(node), None, || why.to_owned());
    }

    #[inline(always)]
    fn turn(&mut self, node: NodeId, input: Input<P>) {
        self.prepare(node);
        self.call(node, input);
        if self.nodes.0[node.index()].plain && self.world.node.service.is_zero() {
            self.release(node);
        } else {
            self.take_time(node);
        }
    }

    /// Hands the node's draws and tickets to the outbox.
    #[inline(always)]
    pub(super) fn prepare(&mut self, node: NodeId) {
        let slot = &self.nodes.0[node.index()];
        self.outbox.ticket = slot.ticket;
        let draws = &mut self.outbox.draws;
        draws.who = [node.0.into(), slot.life.into()];
        draws.instant = self.now.0;
        draws.in_turn = 0;
        draws.in_life = slot.draws.into();
        if !self.plan.draws.is_empty() {
            let life = slot.life;
            let here = self.plan.draws.iter().filter(|fixed| (fixed.node, fixed.life) == (node, life));
            draws.fixed = here.map(|fixed| (fixed.nth, fixed.value.bits())).collect();
        }
    }

    #[inline(always)]
    fn call(&mut self, node: NodeId, input: Input<P>) {
        let slot = &mut self.nodes.0[node.index()];
        let clocks = clocks(slot, self.now);
        let Some(state) = &mut slot.state else { return };
        turn::turn(state, input, Io::new(node, clocks, &self.cast, &self.config, &mut self.outbox));
        slot.ticket = self.outbox.ticket;
        slot.draws = u32::try_from(self.outbox.draws.in_life).unwrap_or(u32::MAX);
    }

    /// Boots a node that is down: the first start and every restart.
    pub(super) fn boot(&mut self, node: NodeId) {
        self.note_draws(node);
        let slot = &mut self.nodes.0[node.index()];
        slot.life += 1;
        slot.draws = 0;
        slot.status = Status::Up;
        let life = slot.life;
        self.log.event(self.now, What::Boot, node.0.into(), life.into(), 0);
        self.counters.boots += 1;
        self.trace(What::Boot, Endpoint::Node(node), None, || format!("life {life}"));
        self.prepare(node);
        let slot = &mut self.nodes.0[node.index()];
        let clocks = clocks(slot, self.now);
        let io = Io::new(node, clocks, &self.cast, &self.config, &mut self.outbox);
        slot.state = Some(turn::boot(&slot.disk, io));
        slot.ticket = self.outbox.ticket;
        slot.draws = u32::try_from(self.outbox.draws.in_life).unwrap_or(u32::MAX);
        slot.refresh();
        self.world_event(&WorldEvent::Boot { node, life });
        self.take_time(node);
        self.pump(node);
        self.checkpoint_if_due();
    }

    /// The handler of a node has run; before its effects leave, the turn takes its time, and may be struck.
    fn take_time(&mut self, node: NodeId) {
        let service = self.service_time(node);
        self.strike(node);
        let slot = &mut self.nodes.0[node.index()];
        let paused = slot.is_paused();
        if service == Span::ZERO && !paused {
            return self.release(node);
        }
        let rare = slot.rare();
        std::mem::swap(&mut rare.held, &mut self.outbox.effects);
        rare.work = if service == Span::ZERO { Work::Due } else { Work::Serving };
        rare.unserved = service;
        slot.refresh();
        if service > Span::ZERO && !paused {
            self.serve(node);
        }
    }

    /// The turn under way goes on taking its time.
    pub(super) fn serve(&mut self, node: NodeId) {
        let slot = &mut self.nodes.0[node.index()];
        let life = slot.life;
        let rare = slot.rare();
        rare.served_at = self.now + rare.unserved;
        self.queue.push(rare.served_at.0, Event::TurnEnds { node, life });
    }

    pub(super) fn service_time(&self, node: NodeId) -> Span {
        let slot = &self.nodes.0[node.index()];
        let slow = slot.rare.as_ref().map_or(Span::ZERO, |rare| rare.slow);
        if self.world.node.service.is_zero() {
            return slow;
        }
        let die = self.service_die.with4([node.0.into(), slot.life.into(), self.now.0, 0]);
        self.world.node.service.sample(die.roll()) + slow
    }

    pub(super) fn turn_ends(&mut self, node: NodeId, life: u32) {
        let slot = &mut self.nodes.0[node.index()];
        // A pause has put it off, or the heal has brought it forward.
        let stale = slot.is_paused() || slot.rare().served_at != self.now;
        if slot.life == life && slot.is_up() && slot.rare().work == Work::Serving && !stale {
            self.go_on(node);
            self.checkpoint_if_due();
        }
    }

    /// What a turn waited for has come about: its effects leave, unless the node is paused.
    pub(super) fn go_on(&mut self, node: NodeId) {
        let slot = &mut self.nodes.0[node.index()];
        let rare = slot.rare();
        if rare.pauses > 0 {
            rare.work = Work::Due;
            return;
        }
        rare.work = Work::Idle;
        std::mem::swap(&mut rare.held, &mut self.outbox.effects);
        self.prepare(node);
        self.release(node);
        self.pump(node);
    }

    /// Lets inputs that wait have their turns, as long as the node is free.
    pub(super) fn pump(&mut self, node: NodeId) {
        while let Some(waiting) = self.next_waiting(node) {
            if let Some(touched) = &mut self.touched {
                touched.insert(node);
            }
            match waiting {
                Waiting::Input(input) => self.turn(node, input),
                Waiting::Timer(order) => {
                    if let Some(timer) = self.nodes.0[node.index()].timers.take_due(order) {
                        self.turn(node, Input::Timer(timer));
                    }
                }
            }
        }
        self.nodes.0[node.index()].refresh();
    }

    fn next_waiting(&mut self, node: NodeId) -> Option<Waiting<P>> {
        let rare = self.nodes.0[node.index()].rare.as_mut()?;
        if rare.ready() { rare.inbox.pop_front() } else { None }
    }

    /// Lets the effects in the outbox leave, up to the first barrier or to where something strikes the turn.
    #[inline(always)]
    fn release(&mut self, node: NodeId) {
        self.ordinals.new_turn();
        if self.nodes.0[node.index()].rare.as_ref().is_some_and(|rare| !rare.struck.is_empty()) {
            return self.release_struck(node);
        }
        while let Some(effect) = self.outbox.effects.pop_front() {
            if self.leave(node, effect) == Flow::Stop {
                return;
            }
        }
        self.finish(node);
    }

    /// Like [`release`](Self::release), for a turn that is paused or crashes midway.
    fn release_struck(&mut self, node: NodeId) {
        loop {
            let at_end = self.outbox.effects.is_empty();
            if self.strike_midway(node, at_end) {
                return self.hold_rest(node);
            }
            let Some(effect) = self.outbox.effects.pop_front() else { return self.finish(node) };
            for (left, _) in &mut self.nodes.0[node.index()].rare().struck {
                *left -= 1;
            }
            if self.leave(node, effect) == Flow::Stop {
                // At a barrier the write is issued and not yet synced: a crash finds it so.
                self.strike_midway(node, false);
                return;
            }
        }
    }

    /// The rest of a turn waits until the node is resumed; of a node that is down nothing is left.
    fn hold_rest(&mut self, node: NodeId) {
        let slot = &mut self.nodes.0[node.index()];
        if slot.is_up() {
            let rare = slot.rare();
            std::mem::swap(&mut rare.held, &mut self.outbox.effects);
            rare.work = Work::Due;
            slot.refresh();
        }
    }

    #[inline(always)]
    fn finish(&mut self, node: NodeId) {
        let slot = &self.nodes.0[node.index()];
        let Some(state) = &slot.state else { return };
        let at = At { now: self.now, node, life: slot.life };
        let seat = Seat { node, state, disk: &slot.disk, held: false };
        self.checks.on_turn(at, seat, &mut self.board);
    }

    #[inline(always)]
    fn leave(&mut self, node: NodeId, effect: Effect<P>) -> Flow {
        match effect {
            Effect::Send { to, msg } if to == node => return self.send_to_self(node, msg),
            Effect::Send { to, msg } => self.send(node, to, msg),
            Effect::Fact(fact) => self.fact(node, &fact),
            Effect::Arm { timer, after } => self.arm(node, timer, after),
            Effect::Disarm(timer) => {
                self.nodes.0[node.index()].timers.disarm(timer);
                self.log.enter(self.now, What::Disarm, node.0.into(), content_hash(&timer), 0);
            }
            Effect::Persist(write) => return self.persist(node, write),
            Effect::Write(write, ticket) => self.write(node, write, ticket),
            Effect::Reply { id, reply } => self.reply(node, id, reply),
            Effect::Refuse(why) => {
                self.refuse(node, &why);
                return Flow::Stop;
            }
        }
        Flow::Next
    }

    fn send_to_self(&mut self, node: NodeId, msg: P::Msg) -> Flow {
        self.watch_budget();
        if self.course.ending.is_some() {
            // A node that talks to itself for ever would never let the instant end.
            self.outbox.effects.clear();
            return Flow::Stop;
        }
        self.log.event(self.now, What::Deliver, node.0.into(), node.0.into(), content_hash(&msg));
        self.counters.delivered += 1;
        self.trace(What::Deliver, Endpoint::Node(node), Some(Endpoint::Node(node)), || format!("{msg:?}"));
        self.call(node, Input::Message { from: node, msg });
        Flow::Next
    }

    #[inline(always)]
    fn send(&mut self, from: NodeId, to: NodeId, msg: P::Msg) {
        assert!(to.index() < self.nodes.0.len(), "{from} sends to {to}, which does not exist");
        let hash = content_hash(&msg);
        let letter = Letter {
            from: Endpoint::Node(from),
            to: Endpoint::Node(to),
            at: Some(from),
            bound: Some(to),
            sent: self.now,
            hash,
            ordinal: self.ordinals.next(to.0.into(), hash),
        };
        let fate = self.network.fate(&letter, || kind_of(&msg));
        self.trace_message(
            What::Send,
            letter.ends(),
            |queue| fate.arrives().then(|| queue.next_ticket()),
            || format!("{msg:?}"),
        );
        if let Some(census) = &mut self.census {
            census.count(from, &msg);
        }
        self.post(&letter, fate, msg, |msg, _| Event::Deliver { to, from, hash, msg });
    }

    /// Puts a message on its way, as its fate says: `event` is what happens when it arrives, or when a second copy
    /// does.
    #[inline(always)]
    pub(super) fn post<M: Clone>(
        &mut self,
        letter: &Letter,
        fate: Fate,
        content: M,
        event: impl Fn(M, bool) -> Event<P>,
    ) {
        self.counters.sent += 1;
        match fate {
            Fate::Deliver(delay) => self.queue.push((self.now + delay).0, event(content, false)),
            Fate::Twice(first, second) => {
                self.counters.doubled += 1;
                self.log.enter(self.now, What::Twice, letter.from.word(), letter.to.word(), letter.hash);
                self.trace_message(What::Twice, letter.ends(), |queue| Some(queue.next_ticket() + 1), String::new);
                self.queue.push((self.now + first.min(second)).0, event(content.clone(), false));
                self.queue.push((self.now + first.max(second)).0, event(content, true));
            }
            Fate::Lost => self.lose(What::Lost, letter.ends(), letter.hash, None),
            Fate::Cut => self.lose(What::Cut, letter.ends(), letter.hash, None),
        }
    }

    #[cold]
    pub(super) fn lose(&mut self, what: What, [from, to]: [Endpoint; 2], hash: u64, number: Option<u64>) {
        match what {
            What::Cut => self.counters.cut += 1,
            _ => self.counters.lost += 1,
        }
        self.log.enter(self.now, what, from.word(), to.word(), hash);
        self.trace_message(what, [from, to], |_| number, String::new);
    }

    pub(super) fn arm(&mut self, node: NodeId, timer: P::Timer, after: Span) {
        let slot = &mut self.nodes.0[node.index()];
        let deadline = slot.local(self.now) + after;
        let at = slot.instant(deadline);
        let order = self.queue.ticket();
        if slot.timers.arm(timer, deadline, at, order) {
            self.queue.push_with(at.0, order, Event::Timer { node });
        }
        self.log.enter(self.now, What::Arm, node.0.into(), content_hash(&timer), after.0);
    }

    #[inline]
    fn fact(&mut self, node: NodeId, fact: &P::Fact) {
        let at = At { now: self.now, node, life: self.nodes.0[node.index()].life };
        self.checks.on_fact(at, fact, &mut self.board);
        let place = self.facts.count(fact, node);
        if self.facts.name(place).0 == self.rules.elected {
            self.reign.elected(self.now, node);
        }
        self.log.enter(self.now, What::Fact, node.0.into(), content_hash(fact), 0);
        self.trace(What::Fact, Endpoint::Node(node), None, || format!("{fact:?}"));
        if self.faults.is_waiting_for_facts() {
            self.start_after_fact(place);
        }
    }

    fn reply(&mut self, from: NodeId, id: OpId, reply: P::Reply) {
        let hash = content_hash(&(id, &reply));
        let to = Self::op_end(id);
        let letter = Letter {
            from: Endpoint::Node(from),
            to,
            at: Some(from),
            bound: self.clients.stands(id.client),
            sent: self.now,
            hash,
            ordinal: self.ordinals.next(to.word(), hash),
        };
        if !self.clients.knows(id.client) {
            // An injected request: nobody waits for the answer.
            self.trace(What::Reply, letter.from, Some(to), || format!("{id} {reply:?}"));
            self.log.enter(self.now, What::Reply, from.0.into(), to.word(), hash);
            return;
        }
        let fate = self.network.fate(&letter, || "reply".to_owned());
        self.trace_message(
            What::Reply,
            letter.ends(),
            |queue| fate.arrives().then(|| queue.next_ticket()),
            || format!("{id} {reply:?}"),
        );
        self.post(&letter, fate, reply, |reply, echo| Event::Reply { from, id, reply, echo });
    }

    fn refuse(&mut self, node: NodeId, why: &str) {
        self.outbox.effects.clear();
        self.trace(What::Refuse, Endpoint::Node(node), None, || why.to_owned());
        self.log.enter(self.now, What::Refuse, node.0.into(), content_hash(why), 0);
        self.counters.refused += 1;
        self.stop(node);
        self.world_event(&WorldEvent::Refused { node });
    }
}

#[inline(always)]
fn clocks<P: Process>(slot: &super::node::Slot<P>, now: crate::time::Time) -> (Local, Wall) {
    match &slot.rare {
        None => (Local(now.0), Wall(i64::try_from(now.0).unwrap_or(i64::MAX))),
        Some(rare) => (rare.clock.local(now), rare.clock.wall(now)),
    }
}
