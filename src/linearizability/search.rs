//! The search: in depth, over which operation takes effect next.

use std::sync::atomic::Ordering;

use super::brief::{NOWHERE, Names, Steps, Tried};
use super::{Call, Cost, Limits, Model, Stuck, Verdict};

/// No place.
const NONE: u32 = u32::MAX;

/// How many of the longest orders are kept.
const ORDERS: usize = 4;

/// Between two looks at the limits.
const STRIDE: u64 = 4_096;

pub(super) struct Search<'a, M: Model> {
    model: &'a M,
    calls: &'a [Call<M::Op>],
    limits: Limits<'a>,
    states: Names<M::State>,
    /// What states keep beside themselves.
    heap: usize,
    steps: Steps,
    /// From a state, whether an operation may come later.
    comes: Steps,
    /// Of each call, whether it changes nothing.
    is_read: Vec<bool>,
    /// Calls that returned and change nothing, in the order of their returns.
    reads: Vec<u32>,
    /// Calls that forget what was before, in the order of their invocations.
    forgetful: Vec<u32>,
    /// Of each call, the number of its operation.
    ops: Vec<u32>,
    /// Of each operation, a call of it.
    example: Vec<u32>,
    /// Invocations and returns of calls that returned, in their order, as far as the call has not taken effect.
    line: Line,
    /// Calls that never returned, and have not taken effect.
    open: Line,
    /// Of each call, whether it took effect: first those that returned, then the others, each in their order.
    done: Bits,
    /// Of each call, its bit.
    bit: Vec<u32>,
    /// How many calls returned.
    returned: u32,
    tried: Tried,
    cost: Cost,
    /// Candidates of all levels, one behind the other: a call, and the state after it.
    candidates: Vec<(u32, u32)>,
    levels: Vec<Level>,
    key: Vec<u64>,
    best: Best,
    /// So many of the reads, and of the forgetful, have taken effect and are in the first places.
    passed: [u32; 2],
}

/// A point of the search: something took effect last, and one of the candidates may next.
#[derive(Clone, Copy)]
struct Level {
    /// The first of its candidates, and the next to be tried.
    start: usize,
    next: usize,
    /// What is under way: taken back before another is tried.
    taken: u32,
    base: u32,
    top: u32,
    /// So many of the reads, and of the forgetful, have taken effect and are in the first places.
    read: u32,
    forgot: u32,
}

/// The furthest that the search got.
struct Best {
    /// The place of the return that could not be reached.
    reach: u64,
    call: u32,
    orders: Vec<Vec<usize>>,
}

/// Events in a row from which some are taken out and put back, the last taken first.
struct Line {
    next: Vec<u32>,
    prev: Vec<u32>,
    /// Of each event, its call; with the highest bit, its return.
    what: Vec<u32>,
    /// Of each call, its events.
    events: Vec<[u32; 2]>,
}

const RETURN: u32 = 1 << 31;

impl Line {
    /// Event 0 is the head.
    fn new(what: impl IntoIterator<Item = u32>, calls: usize) -> Self {
        let what: Vec<u32> = std::iter::once(NONE).chain(what).collect();
        let len = what.len() as u32;
        let mut events = vec![[NONE; 2]; calls];
        for (n, &what) in what.iter().enumerate().skip(1) {
            events[(what & !RETURN) as usize][usize::from(what & RETURN != 0)] = n as u32;
        }
        let next = (1..len).chain([NONE]).collect();
        let prev = std::iter::once(NONE).chain(0..len - 1).collect();
        Self { next, prev, what, events }
    }

    fn first(&self) -> u32 {
        self.next[0]
    }

    fn take(&mut self, call: u32) {
        for event in self.events[call as usize].into_iter().filter(|&event| event != NONE) {
            let (prev, next) = (self.prev[event as usize], self.next[event as usize]);
            self.next[prev as usize] = next;
            if next != NONE {
                self.prev[next as usize] = prev;
            }
        }
    }

    fn put_back(&mut self, call: u32) {
        for event in self.events[call as usize].into_iter().rev().filter(|&event| event != NONE) {
            let (prev, next) = (self.prev[event as usize], self.next[event as usize]);
            self.next[prev as usize] = event;
            if next != NONE {
                self.prev[next as usize] = event;
            }
        }
    }
}

/// A set of calls, of which those below `base` are all in it, and none from `top` on.
struct Bits {
    words: Vec<u64>,
    base: u32,
    top: u32,
}

impl Bits {
    fn has(&self, bit: u32) -> bool {
        self.words[bit as usize / 64] >> (bit % 64) & 1 == 1
    }

    fn flip(&mut self, bit: u32) {
        self.words[bit as usize / 64] ^= 1 << (bit % 64);
    }
}

impl<'a, M: Model> Search<'a, M> {
    pub(super) fn new(model: &'a M, calls: &'a [Call<M::Op>], limits: Limits<'a>) -> Self {
        let mut names: Names<&M::Op> = Names::new();
        let ops: Vec<u32> = calls.iter().map(|call| names.name(&call.op)).collect();
        let mut example = vec![0; names.len()];
        ops.iter().enumerate().for_each(|(call, &op)| example[op as usize] = call as u32);
        let is_open = |&call: &u32| calls[call as usize].returned.is_none();
        let all = || 0..calls.len() as u32;
        let mut events: Vec<(u64, u32)> = Vec::with_capacity(calls.len() * 2);
        for call in all().filter(|call| !is_open(call)) {
            events.push((calls[call as usize].invoked, call));
            events.extend(calls[call as usize].returned.map(|at| (at, call | RETURN)));
        }
        events.sort_unstable();
        let is_read: Vec<bool> = calls.iter().map(|call| model.is_read(&call.op)).collect();
        let mut reads: Vec<u32> = all().filter(|call| !is_open(call) && is_read[*call as usize]).collect();
        reads.sort_unstable_by_key(|&call| calls[call as usize].returned);
        let mut bit = vec![0; calls.len()];
        let order = all().filter(|call| !is_open(call)).chain(all().filter(is_open));
        order.enumerate().for_each(|(n, call)| bit[call as usize] = n as u32);
        let mut states = Names::new();
        states.name(model.initial());
        Self {
            model,
            calls,
            limits,
            states,
            heap: 0,
            steps: Steps::new(),
            comes: Steps::new(),
            is_read,
            reads,
            forgetful: all().filter(|&call| model.forgets(&calls[call as usize].op)).collect(),
            ops,
            example,
            line: Line::new(events.iter().map(|&(_, what)| what), calls.len()),
            open: Line::new(all().filter(is_open), calls.len()),
            done: Bits { words: vec![0; calls.len().div_ceil(64)], base: 0, top: 0 },
            bit,
            returned: (events.len() / 2) as u32,
            tried: Tried::new(),
            cost: Cost::default(),
            candidates: Vec::new(),
            levels: Vec::new(),
            key: Vec::new(),
            best: Best { reach: 0, call: NONE, orders: Vec::new() },
            passed: [0; 2],
        }
    }

    pub(super) fn cost(&self) -> Cost {
        Cost { configurations: self.tried.len() as u64, bytes: self.bytes(), ..self.cost }
    }

    /// What is kept, roughly.
    fn bytes(&self) -> usize {
        let per_call = size_of::<[u32; 12]>();
        let of_states = self.states.bytes() + self.heap + self.steps.bytes() + self.comes.bytes();
        self.tried.bytes() + of_states + self.calls.len() * per_call
    }

    pub(super) fn run(&mut self) -> Verdict {
        if self.enter(0) {
            return Verdict::Linearizable;
        }
        loop {
            if self.cost.steps.is_multiple_of(STRIDE) && self.is_spent() {
                return Verdict::Unknown;
            }
            self.cost.steps += 1;
            let Some(level) = self.levels.last_mut() else { return self.illegal() };
            if level.taken != NONE {
                let Level { taken, base, top, read, forgot, .. } = *level;
                level.taken = NONE;
                self.passed = [read, forgot];
                self.take_back(taken, base, top);
            }
            let level = self.levels.last_mut().unwrap_or_else(|| unreachable!("it was there"));
            let Some(&(call, state)) = self.candidates.get(level.next) else {
                let start = level.start;
                self.candidates.truncate(start);
                self.levels.pop();
                continue;
            };
            level.next += 1;
            level.taken = call;
            let is_choice = self.candidates.len() - level.start > 1;
            self.take(call);
            // What follows from a configuration without a choice is as new as that one.
            if is_choice && !self.is_new(state) {
                continue;
            }
            if self.enter(state) {
                return Verdict::Linearizable;
            }
        }
    }

    fn is_spent(&self) -> bool {
        self.cost.steps >= self.limits.steps
            || self.bytes() > self.limits.bytes
            || self.limits.stop.is_some_and(|stop| stop.load(Ordering::Relaxed))
    }

    fn illegal(&mut self) -> Verdict {
        let orders = std::mem::take(&mut self.best.orders);
        Verdict::Illegal(Stuck { call: self.best.call as usize, orders })
    }

    fn step(&mut self, state: u32, call: u32) -> u32 {
        let op = self.ops[call as usize];
        if let Some(to) = self.steps.get(state, op) {
            return to;
        }
        let example = &self.calls[self.example[op as usize] as usize].op;
        let to = match self.model.step(self.states.get(state), example) {
            Some(after) => self.name(after),
            None => NOWHERE,
        };
        self.steps.set(state, op, to);
        to
    }

    fn name(&mut self, state: M::State) -> u32 {
        let known = self.states.len();
        let number = self.states.name(state);
        if number as usize == known {
            self.heap += self.model.heap(self.states.get(number));
        }
        number
    }

    /// Looks for what may take effect next; whether all that returned has.
    fn enter(&mut self, state: u32) -> bool {
        let start = self.candidates.len();
        let mut event = self.line.first();
        if event == NONE {
            return true;
        }
        let Bits { base, top, .. } = self.done;
        self.pass_done();
        let [read, forgot] = self.passed;
        self.levels.push(Level { start, next: start, taken: NONE, base, top, read, forgot });
        let goal = self.goal();
        // All that were invoked before the first return.
        let returning = loop {
            let what = self.line.what[event as usize];
            if what & RETURN != 0 {
                break what & !RETURN;
            }
            let to = self.step(state, what);
            if to == state && self.is_read[what as usize] {
                self.candidates.truncate(start);
                self.candidates.push((what, to));
                return false;
            }
            if to != NOWHERE && self.may_come(to, goal) {
                self.candidates.push((what, to));
            }
            event = self.line.next[event as usize];
        };
        if let Some(place) = self.candidates[start..].iter().position(|&(call, _)| call == returning) {
            self.candidates[start..=start + place].rotate_right(1);
        }
        self.enter_open(state, goal, returning);
        if self.candidates.len() == start {
            self.note_stuck(returning);
        }
        false
    }

    /// Those whose outcome nobody knows: of equal ones the first, and none that changes nothing.
    fn enter_open(&mut self, state: u32, goal: u32, returning: u32) {
        let until = self.calls[returning as usize].returned.unwrap_or(u64::MAX);
        let first = self.candidates.len();
        let mut event = self.open.first();
        while event != NONE {
            let call = self.open.what[event as usize];
            if self.calls[call as usize].invoked > until {
                break;
            }
            let to = self.step(state, call);
            let op = self.ops[call as usize];
            let is_known = |&(other, _): &(u32, u32)| self.ops[other as usize] == op;
            if to != NOWHERE && to != state && !self.candidates[first..].iter().any(is_known) && self.may_come(to, goal)
            {
                self.candidates.push((call, to));
            }
            event = self.open.next[event as usize];
        }
    }

    /// Goes on to the first read, and the first that forgets, that have not taken effect.
    fn pass_done(&mut self) {
        for (list, passed) in [&self.reads, &self.forgetful].into_iter().zip(&mut self.passed) {
            while list.get(*passed as usize).is_some_and(|&call| self.done.has(self.bit[call as usize])) {
                *passed += 1;
            }
        }
    }

    /// The next read that returns, if until then nothing can be forgotten: what is now must grow into what it saw.
    fn goal(&self) -> u32 {
        let [read, forgot] = self.passed;
        let Some(&read) = self.reads.get(read as usize) else { return NONE };
        let until = self.calls[read as usize].returned.unwrap_or(u64::MAX);
        for &call in &self.forgetful[forgot as usize..] {
            if self.calls[call as usize].invoked > until {
                break;
            }
            if !self.done.has(self.bit[call as usize]) {
                return NONE;
            }
        }
        read
    }

    /// Whether a state may still become what a read saw.
    fn may_come(&mut self, state: u32, goal: u32) -> bool {
        if goal == NONE {
            return true;
        }
        let op = self.ops[goal as usize];
        if let Some(known) = self.comes.get(state, op) {
            return known == 1;
        }
        let may = self.model.may_come(self.states.get(state), &self.calls[goal as usize].op);
        self.comes.set(state, op, may.into());
        may
    }

    fn take(&mut self, call: u32) {
        let bit = self.bit[call as usize];
        self.done.flip(bit);
        if bit >= self.returned {
            self.open.take(call);
            return;
        }
        self.line.take(call);
        self.done.top = self.done.top.max(bit + 1);
        while self.done.base < self.returned && self.done.has(self.done.base) {
            self.done.base += 1;
        }
    }

    fn take_back(&mut self, call: u32, base: u32, top: u32) {
        let bit = self.bit[call as usize];
        self.done.flip(bit);
        (self.done.base, self.done.top) = (base, top);
        let line = if bit >= self.returned { &mut self.open } else { &mut self.line };
        line.put_back(call);
    }

    /// Whether this configuration was never tried: the state, and what has taken effect.
    fn is_new(&mut self, state: u32) -> bool {
        let Bits { words, base, top } = &self.done;
        let (first, last) = (*base as usize / 64, (*top as usize).div_ceil(64));
        let opened = self.returned as usize / 64;
        self.key.clear();
        self.key.push(u64::from(state) << 32 | u64::from(*base));
        if *top > *base {
            self.key.extend_from_slice(&words[first..last]);
        }
        if self.calls.len() > self.returned as usize {
            self.key.push(u64::MAX - (last - first.min(last)) as u64);
            self.key.extend_from_slice(&words[opened..]);
        }
        self.tried.insert(&self.key)
    }

    fn note_stuck(&mut self, returning: u32) {
        let reach = self.calls[returning as usize].returned.unwrap_or(u64::MAX);
        if reach > self.best.reach {
            self.best = Best { reach, call: returning, orders: Vec::new() };
        }
        if reach == self.best.reach && self.best.orders.len() < ORDERS {
            let order = self.levels.iter().filter(|level| level.taken != NONE).map(|level| level.taken as usize);
            self.best.orders.push(order.collect());
        }
    }
}
