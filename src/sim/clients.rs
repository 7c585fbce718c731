//! Clients: they stand outside the cluster, ask, wait, follow redirects, try again, and write down what they saw.

use std::collections::{BTreeSet, VecDeque};

use super::Sim;
use super::event::Event;
use super::network::{Fate, Letter};
use super::trace::What;
use super::world::World;
use crate::check::history::{Answer, History, Operation};
use crate::check::{Properties, WorldEvent};
use crate::fault::FaultPlan;
use crate::ids::{ClientId, Endpoint, NodeId, NodeSet, OpId};
use crate::params::exponential;
use crate::process::{Cast, Process};
use crate::rng::{Die, Seed, content_hash, scale};
use crate::time::{Span, Time};
use crate::workload::{ClientPolicy, FRESH, Outcome, Scripted, Workload};

/// All clients.
pub(super) struct Clients<P: Process, W> {
    load: W,
    policy: ClientPolicy,
    die: Die,
    every: Span,
    /// Nodes that may be asked.
    asked: Vec<NodeId>,
    omit: BTreeSet<OpId>,
    list: Vec<Client<P>>,
    pub(super) history: History<P::Op, P::Reply>,
    waiting: u32,
    /// Whether the core is healed: nobody gives up any more.
    healed: bool,
    pub(super) seen: Seen,
}

/// What clients saw in the safety phase, in numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub(super) latencies: Vec<Span>,
    last_ok: Time,
    longest_gap: Span,
}

impl Seen {
    fn ok(&mut self, now: Time, latency: Span) {
        self.latencies.push(latency);
        self.longest_gap = self.longest_gap.max(now.since(self.last_ok));
        self.last_ok = now;
    }

    /// The longest time without a successful answer, until `end`.
    pub(super) fn longest_gap(&self, end: Time) -> Span {
        self.longest_gap.max(end.since(self.last_ok))
    }
}

struct Client<P: Process> {
    stands: Option<NodeId>,
    process: u64,
    /// Number of its next operation.
    n: u64,
    /// How many it has.
    quota: u64,
    /// When the next one is due.
    due: Time,
    script: VecDeque<(Scripted, P::Op)>,
    /// Names its one valid alarm.
    token: u64,
    stage: Stage<P>,
    /// The node that answered last, or was named by a redirect.
    guess: Option<NodeId>,
    /// Operations that a healed core still owes it.
    fresh: u32,
}

enum Stage<P: Process> {
    Idle,
    Waiting(Attempt<P>),
    BackingOff(Attempt<P>),
    Done,
}

/// An operation under way.
struct Attempt<P: Process> {
    id: OpId,
    op: P::Op,
    /// Its place in the history.
    place: usize,
    tries: u32,
    /// Attempts that may still take effect: not answered, or doubled by the network.
    open: u32,
    to: NodeId,
    /// The last answer sent it elsewhere.
    redirected: bool,
}

impl<P: Process, W: Workload<P>> Clients<P, W> {
    pub(super) fn new(
        policy: &ClientPolicy,
        load: W,
        script: Vec<(Scripted, P::Op)>,
        plan: &FaultPlan,
        world: &World,
        cast: &Cast,
    ) -> Self {
        let share = |client: u32| {
            let n = u64::from(policy.clients.max(1));
            policy.ops / n + u64::from(u64::from(client) < policy.ops % n)
        };
        let mut list: Vec<Client<P>> = (0..policy.clients)
            .map(|client| Client {
                stands: plan.clients.get(client as usize).copied().flatten(),
                process: client.into(),
                n: 0,
                quota: share(client),
                due: Time::ZERO,
                script: VecDeque::new(),
                token: 0,
                stage: Stage::Idle,
                guess: None,
                fresh: 0,
            })
            .collect();
        for (scripted, op) in script {
            if let Some(client) = list.get_mut(scripted.client.index()) {
                client.quota = 0;
                client.script.push_back((scripted, op));
            }
        }
        for client in &mut list {
            client.script.make_contiguous().sort_by_key(|(scripted, _)| scripted.at);
        }
        let spread = Span(world.run_for.0 / (policy.ops / u64::from(policy.clients.max(1))).max(1));
        Self {
            load,
            every: policy.every.unwrap_or(spread),
            policy: policy.clone(),
            die: Die::new(plan.seeds.workload),
            asked: cast
                .groups()
                .iter()
                .find(|group| !group.members.is_empty())
                .map_or(0..0, |group| group.members.clone())
                .map(NodeId)
                .collect(),
            omit: plan.omit.iter().copied().collect(),
            list,
            history: History::default(),
            waiting: 0,
            healed: false,
            seen: Seen::default(),
        }
    }

    /// From now on what clients do depends on another seed.
    pub(super) fn reseed(&mut self, seed: Seed) {
        self.die = Die::new(seed);
    }

    /// The node whose links a client shares, if it stands beside one.
    pub(super) fn stands(&self, client: ClientId) -> Option<NodeId> {
        self.list.get(client.index()).and_then(|client| client.stands)
    }

    pub(super) fn knows(&self, client: ClientId) -> bool {
        client.index() < self.list.len()
    }

    /// Whether some client waits for an answer just now.
    pub(super) fn are_waiting(&self) -> bool {
        self.waiting > 0
    }

    /// How many clients are still owed answers by the healed core.
    pub(super) fn owed(&self) -> usize {
        self.list.iter().filter(|client| client.fresh > 0).count()
    }

    fn dice(&self, client: ClientId, n: u64) -> Die {
        self.die.with(client.0.into()).with(n)
    }

    /// Whether a client has come to this operation.
    pub(super) fn came_to(&self, op: OpId) -> bool {
        self.list.get(op.client.index()).is_some_and(|client| op.n < client.n)
    }

    /// Draws when the next operation of a client is due.
    fn plan_next(&mut self, client: ClientId) -> Option<Time> {
        let gap = |clients: &Self, n: u64| exponential(clients.every, &mut clients.dice(client, n).with(1).stream());
        loop {
            let it = &mut self.list[client.index()];
            let n = it.n;
            let omitted = self.omit.contains(&OpId { client, n });
            if let Some((scripted, _)) = it.script.front() {
                if !omitted {
                    return Some(scripted.at);
                }
                it.script.pop_front();
                it.n += 1;
                continue;
            }
            if n >= it.quota {
                return None;
            }
            let due = it.due + gap(self, n);
            let it = &mut self.list[client.index()];
            it.due = due;
            if !omitted {
                return Some(due);
            }
            it.n += 1;
        }
    }

    /// The next operation of a client, with the node that it must ask first, if that is fixed.
    fn next_op(&mut self, client: ClientId) -> Option<(u64, P::Op, Option<NodeId>)> {
        let it = &mut self.list[client.index()];
        if !self.healed
            && let Some((scripted, op)) = it.script.pop_front()
        {
            it.n += 1;
            return Some((it.n - 1, op, scripted.to));
        }
        while self.omit.contains(&OpId { client, n: it.n }) {
            it.n += 1;
        }
        let n = it.n;
        it.n += 1;
        let mut dice = self.dice(client, n).with(2).stream();
        let op = if self.healed { self.load.fresh(client, n, &mut dice) } else { self.load.op(client, n, &mut dice) };
        op.map(|op| (n, op, None))
    }

    /// Whom to ask: the node that is believed to know, else a drawn one.
    fn choose(&self, client: ClientId, n: u64, tries: u32) -> Option<NodeId> {
        let it = &self.list[client.index()];
        if let Some(guess) = it.guess {
            return Some(guess);
        }
        let die = self.dice(client, n).with(3).with(tries.into());
        let place = scale(die.roll(), self.asked.len() as u64);
        self.asked.get(usize::try_from(place).unwrap_or(0)).copied()
    }
}

impl<P: Process, C: Properties<P>, W: Workload<P>> Sim<P, C, W> {
    pub(super) fn wake_clients(&mut self) {
        for client in 0..self.clients.list.len() {
            self.schedule_next(ClientId(u32::try_from(client).unwrap_or(u32::MAX)));
        }
    }

    fn schedule_next(&mut self, client: ClientId) {
        match self.clients.plan_next(client) {
            Some(due) => self.set_alarm(client, due.max(self.now)),
            None => self.clients.list[client.index()].stage = Stage::Done,
        }
    }

    fn set_alarm(&mut self, client: ClientId, at: Time) {
        let it = &mut self.clients.list[client.index()];
        it.token += 1;
        self.queue.push(at.0, Event::Alarm { client, token: it.token });
    }

    pub(super) fn alarm(&mut self, client: ClientId, token: u64) {
        let it = &mut self.clients.list[client.index()];
        if it.token != token {
            return;
        }
        match std::mem::replace(&mut it.stage, Stage::Idle) {
            Stage::Idle => self.invoke(client),
            Stage::Waiting(attempt) => self.gave_no_answer(attempt),
            Stage::BackingOff(attempt) => self.try_again(attempt),
            Stage::Done => self.clients.list[client.index()].stage = Stage::Done,
        }
    }

    fn invoke(&mut self, client: ClientId) {
        let Some((n, op, fixed)) = self.clients.next_op(client) else {
            let it = &mut self.clients.list[client.index()];
            it.stage = Stage::Done;
            it.fresh = 0;
            return;
        };
        let id = OpId { client, n };
        let Some(to) = fixed.or_else(|| self.clients.choose(client, n, 0)) else { return };
        let process = self.clients.list[client.index()].process;
        let operation = Operation { id, process, op: op.clone(), invoked: self.now, returned: None, reply: None };
        let place = self.clients.history.invoke(operation);
        self.clients.waiting += 1;
        self.faults.overlap(&self.plan);
        self.world_event(&WorldEvent::Invoke { id });
        self.ask(Attempt { id, op, place, tries: 0, open: 0, to, redirected: false });
    }

    fn ask(&mut self, mut attempt: Attempt<P>) {
        attempt.tries += 1;
        attempt.open += 1;
        let (id, to) = (attempt.id, attempt.to);
        let from = Endpoint::Client(id.client);
        self.log.event(self.now, What::Invoke, from.word(), to.0.into(), content_hash(&(id, &attempt.op)));
        let letter = Letter {
            from,
            to: Endpoint::Node(to),
            at: self.clients.stands(id.client),
            bound: Some(to),
            sent: self.now,
            hash: content_hash(&id),
            ordinal: attempt.tries.into(),
        };
        let fate = self.network.fate(&letter, || "request".to_owned());
        let detail = || format!("{id} {:?}", attempt.op);
        self.trace_message(What::Invoke, letter.ends(), |queue| fate.arrives().then(|| queue.next_ticket()), detail);
        if let Fate::Twice(..) = fate {
            // Of a doubled request one copy may be refused and the other take effect.
            attempt.open += 1;
        }
        self.post(&letter, fate, attempt.op.clone(), |op, _| Event::Request { to, id, op });
        self.clients.list[id.client.index()].stage = Stage::Waiting(attempt);
        self.set_alarm(id.client, self.now + self.clients.policy.timeout);
    }

    fn gave_no_answer(&mut self, mut attempt: Attempt<P>) {
        self.clients.list[attempt.id.client.index()].guess = None;
        attempt.redirected = false;
        self.try_again(attempt);
    }

    fn try_again(&mut self, mut attempt: Attempt<P>) {
        let again = W::idempotent(&attempt.op) || attempt.open == 0;
        if !again || (attempt.tries >= self.clients.policy.attempts && !self.clients.healed) {
            return self.give_up(attempt);
        }
        match self.clients.choose(attempt.id.client, attempt.id.n, attempt.tries) {
            Some(to) => {
                attempt.to = to;
                self.ask(attempt);
            }
            None => self.give_up(attempt),
        }
    }

    fn give_up(&mut self, attempt: Attempt<P>) {
        let answer = if attempt.open == 0 { Answer::Fail } else { Answer::Info };
        self.close(attempt, answer, None);
    }

    /// An answer reaches a client. `echo` tells the second copy of a doubled answer from the first.
    pub(super) fn answer(&mut self, from: NodeId, id: OpId, reply: P::Reply, echo: bool, order: u64) {
        let client = Self::op_end(id);
        let stands = self.clients.stands(id.client);
        if self.network.is_cut(Some(from), stands) {
            return self.lose(What::Cut, [Endpoint::Node(from), client], id.n, Some(order));
        }
        if let Some(entry) = self.network.clogged_by(Some(from), stands) {
            return self.hold((entry, order), Endpoint::Node(from), client, Event::Reply { from, id, reply, echo });
        }
        self.log.event(self.now, What::Reply, client.word(), from.0.into(), content_hash(&(id, &reply)));
        let ends = [client, Endpoint::Node(from)];
        self.trace_message(What::Reply, ends, |_| Some(order), || format!("{id} {reply:?}"));
        let it = &mut self.clients.list[id.client.index()];
        match std::mem::replace(&mut it.stage, Stage::Idle) {
            Stage::Waiting(attempt) if attempt.id == id => self.heed(attempt, from, reply, echo, false),
            Stage::BackingOff(attempt) if attempt.id == id => self.heed(attempt, from, reply, echo, true),
            other => it.stage = other,
        }
    }

    fn heed(&mut self, mut attempt: Attempt<P>, from: NodeId, reply: P::Reply, echo: bool, backing_off: bool) {
        let client = attempt.id.client;
        let outcome = W::outcome(&attempt.op, &reply);
        if outcome == Outcome::Ok {
            self.clients.list[client.index()].guess = Some(from);
            return self.close(attempt, Answer::Ok, Some(reply));
        }
        if backing_off || from != attempt.to {
            // A late answer to an earlier attempt changes nothing about this one. Nor does it settle the earlier
            // one: a node may have answered twice, and what is called a failure must be one.
            let stage = if backing_off { Stage::BackingOff(attempt) } else { Stage::Waiting(attempt) };
            self.clients.list[client.index()].stage = stage;
            return;
        }
        if !echo {
            attempt.open = attempt.open.saturating_sub(1);
        }
        let exists = |to: NodeId| to.0 < self.cast.len();
        let it = &mut self.clients.list[client.index()];
        match outcome {
            Outcome::Redirect(to) if !exists(to) => {
                it.guess = None;
                self.back_off(attempt);
            }
            Outcome::Refused => self.give_up(attempt),
            Outcome::Redirect(to) if !attempt.redirected => {
                it.guess = Some(to);
                attempt.redirected = true;
                self.try_again(attempt);
            }
            Outcome::Redirect(to) => {
                // Sent on twice in a row: the nodes do not agree yet.
                it.guess = Some(to);
                self.back_off(attempt);
            }
            Outcome::Busy | Outcome::Ok => {
                it.guess = None;
                self.back_off(attempt);
            }
        }
    }

    fn back_off(&mut self, mut attempt: Attempt<P>) {
        attempt.redirected = false;
        let client = attempt.id.client;
        let die = self.clients.dice(client, attempt.id.n).with(4).with(attempt.tries.into());
        let base = self.clients.policy.backoff;
        let wait = base + Span(scale(die.roll(), base.0 + 1));
        self.clients.list[client.index()].stage = Stage::BackingOff(attempt);
        self.set_alarm(client, self.now + wait);
    }

    /// An operation comes to its end.
    fn close(&mut self, attempt: Attempt<P>, answer: Answer, reply: Option<P::Reply>) {
        let id = attempt.id;
        self.clients.waiting -= 1;
        self.clients.history.close(attempt.place, self.now, answer, reply);
        let latency = self.now.since(self.clients.history.operations[attempt.place].invoked);
        let number = self.clients.list.len() as u64;
        let it = &mut self.clients.list[id.client.index()];
        if answer == Answer::Info {
            it.process += number;
        }
        if answer == Answer::Ok && !self.clients.healed {
            self.clients.seen.ok(self.now, latency);
        }
        self.log.enter(self.now, What::Return, Self::op_end(id).word(), id.n, answer as u64);
        self.trace(What::Return, Self::op_end(id), None, || format!("{id} {answer:?} after {latency}"));
        self.world_event(&WorldEvent::Return { id, answer });
        self.go_on_asking(id.client, answer);
    }

    fn go_on_asking(&mut self, client: ClientId, answer: Answer) {
        let healed = self.clients.healed;
        let it = &mut self.clients.list[client.index()];
        it.stage = Stage::Idle;
        if !healed {
            return self.schedule_next(client);
        }
        if answer == Answer::Ok {
            it.fresh = it.fresh.saturating_sub(1);
        }
        if it.fresh > 0 {
            let wait = if answer == Answer::Ok { Span::ZERO } else { self.clients.policy.backoff };
            self.set_alarm(client, self.now + wait);
        } else {
            it.stage = Stage::Done;
        }
    }

    /// The core is healed: what was under way is closed, clients move to the core, and each is owed answers
    /// to fresh operations.
    pub(super) fn move_clients(&mut self, core: &NodeSet) {
        for place in 0..self.clients.list.len() {
            let it = &mut self.clients.list[place];
            it.token += 1;
            if let Stage::Waiting(attempt) | Stage::BackingOff(attempt) = std::mem::replace(&mut it.stage, Stage::Idle)
            {
                self.give_up(attempt);
            }
        }
        self.clients.healed = true;
        // Spare nodes that have joined may know what those who were asked first do not know any more.
        let joined = core.iter().filter(|&node| self.cast.is_spare(node));
        self.clients.asked.retain(|&node| core.contains(node));
        self.clients.asked.extend(joined);
        if self.clients.asked.is_empty() {
            // Whoever they used to ask is not in the core; anybody in it must be able to help.
            self.clients.asked = core.iter().collect();
        }
        let members: Vec<NodeId> = core.iter().take(self.clients.list.len()).collect();
        for place in 0..self.clients.list.len() {
            let it = &mut self.clients.list[place];
            it.stands = Some(members[place % members.len()]);
            it.guess = None;
            it.fresh = FRESH;
            it.stage = Stage::Idle;
            self.set_alarm(ClientId(u32::try_from(place).unwrap_or(u32::MAX)), self.now);
        }
    }
}
