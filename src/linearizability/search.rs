//! The search: in depth, over which operation takes effect next.

use std::hash::Hash;
use std::sync::atomic::Ordering;

use super::brief::{NOWHERE, Names, Steps, Tried};
use super::line::{Bits, Line, NONE, RETURN};
use super::{Call, Cost, Limits, Model, Stuck, Verdict};

/// No state yet: the step is made when it is tried.
const UNTRIED: u32 = u32::MAX - 1;

/// How many of the longest orders are kept.
const ORDERS: usize = 4;

/// So many calls without a return are looked at in the time of a step.
const LOOKS: u64 = 16;

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
    /// Of each call, whether it changes nothing.
    is_read: Vec<bool>,
    /// Calls that returned and change nothing, in the order of their returns.
    reads: Vec<u32>,
    /// Calls that forget what was before, in the order of their invocations.
    forgetful: Vec<u32>,
    /// Of each call that may change something, the number of its operation.
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
    /// After so many steps it looks at the limits again.
    look: u64,
    /// How often calls without a return became candidates, and of each operation when it last was one.
    entered: u64,
    entry: Vec<u64>,
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
    state: u32,
    /// The read that the state must grow into.
    goal: u32,
    /// The call that returns first.
    returning: u32,
    /// Whether a candidate could follow.
    is_passable: bool,
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

/// Of each call that may change something the number of its operation, and of each operation a call of it.
fn numbered<O: Eq + Hash>(calls: &[Call<O>], is_read: &[bool]) -> (Vec<u32>, Vec<u32>) {
    let mut names = Names::with_capacity(calls.len());
    let mut example = Vec::with_capacity(calls.len());
    let mut name = |(call, &is_read): (usize, &bool)| {
        if is_read {
            return NONE;
        }
        let op = names.name(&calls[call].op);
        if op as usize == example.len() {
            example.push(call as u32);
        }
        op
    };
    let ops = is_read.iter().enumerate().map(&mut name).collect();
    (ops, example)
}

/// The invocations and returns of calls, in the order in which they happened.
fn in_order<O>(calls: &[Call<O>], invoked: &[u32], returned: &[u32]) -> impl Iterator<Item = u32> {
    let (mut invoked, mut returned) = (invoked.iter().peekable(), returned.iter().peekable());
    std::iter::from_fn(move || {
        let end = returned.peek().map(|&&call| calls[call as usize].returned.unwrap_or(u64::MAX));
        let first = invoked.next_if(|&&call| end.is_some_and(|end| calls[call as usize].invoked < end));
        first.copied().or_else(|| returned.next().map(|&call| call | RETURN))
    })
}

impl<'a, M: Model> Search<'a, M> {
    pub(super) fn new(model: &'a M, calls: &'a [Call<M::Op>], limits: Limits<'a>) -> Self {
        let is_read: Vec<bool> = calls.iter().map(|call| model.is_read(&call.op)).collect();
        let is_open = |&call: &u32| calls[call as usize].returned.is_none();
        let all = || 0..calls.len() as u32;
        let (ops, example) = numbered(calls, &is_read);
        let invoked: Vec<u32> = all().filter(|call| !is_open(call)).collect();
        let mut returned = invoked.clone();
        returned.sort_unstable_by_key(|&call| calls[call as usize].returned);
        let reads = returned.iter().copied().filter(|&call| is_read[call as usize]).collect();
        let mut bit = vec![0; calls.len()];
        invoked.iter().zip(0..).for_each(|(&call, n)| bit[call as usize] = n);
        // Those that never returned begin on a word of their own.
        let first_open = invoked.len().div_ceil(64);
        let open_words = (calls.len() - invoked.len()).div_ceil(64);
        all().filter(is_open).zip(first_open as u32 * 64..).for_each(|(call, n)| bit[call as usize] = n);
        let may_happen = |call: &u32| is_open(call) && !is_read[*call as usize];
        let example_count = example.len();
        let mut states = Names::with_capacity(example_count);
        states.name(model.initial());
        Self {
            model,
            calls,
            limits,
            states,
            heap: 0,
            steps: Steps::with_capacity(example_count),
            reads,
            forgetful: all().filter(|&call| model.forgets(&calls[call as usize].op)).collect(),
            ops,
            example,
            line: Line::new(in_order(calls, &invoked, &returned), calls.len()),
            open: Line::new(all().filter(may_happen), calls.len()),
            done: Bits { words: vec![0; first_open + open_words], base: 0, top: 0 },
            bit,
            returned: invoked.len() as u32,
            is_read,
            tried: Tried::new(open_words),
            cost: Cost::default(),
            look: 0,
            entered: 0,
            entry: vec![0; example_count],
            candidates: Vec::new(),
            levels: Vec::with_capacity(calls.len()),
            key: Vec::new(),
            best: Best { reach: 0, call: NONE, orders: Vec::new() },
            passed: [0; 2],
        }
    }

    pub(super) fn cost(&self) -> Cost {
        Cost { configurations: self.tried.len(), bytes: self.bytes(), ..self.cost }
    }

    /// What is kept, roughly.
    fn bytes(&self) -> usize {
        let per_call = size_of::<[u32; 12]>();
        let of_states = self.states.bytes() + self.heap + self.steps.bytes();
        let of_levels =
            self.candidates.capacity() * size_of::<(u32, u32)>() + self.levels.capacity() * size_of::<Level>();
        self.tried.bytes() + of_states + of_levels + self.calls.len() * per_call
    }

    /// What took effect so far, in its order.
    pub(super) fn order(&self) -> Vec<usize> {
        self.levels.iter().filter(|level| level.taken != NONE).map(|level| level.taken as usize).collect()
    }

    pub(super) fn run(&mut self) -> Verdict {
        if self.enter(0) {
            return Verdict::Linearizable;
        }
        loop {
            if self.cost.steps >= self.look {
                self.look = self.cost.steps + STRIDE;
                if self.is_spent() {
                    return Verdict::Unknown;
                }
            }
            let Some(level) = self.levels.last_mut() else { return self.illegal() };
            if level.taken != NONE {
                let Level { taken, base, top, read, forgot, .. } = *level;
                level.taken = NONE;
                self.passed = [read, forgot];
                self.take_back(taken, base, top);
            }
            let Some((call, state)) = self.next_candidate() else {
                self.leave();
                continue;
            };
            self.take(call);
            // What follows from a configuration without a choice is as new as that one.
            if self.is_choice() && !self.is_new(state) {
                continue;
            }
            if self.enter(state) {
                return Verdict::Linearizable;
            }
        }
    }

    /// The next candidate that can follow, and the state that it leaves.
    fn next_candidate(&mut self) -> Option<(u32, u32)> {
        loop {
            let level = self.levels.last_mut()?;
            let &(call, known) = self.candidates.get(level.next)?;
            level.next += 1;
            self.cost.steps += 1;
            let Level { state, goal, .. } = *level;
            let to = if known == UNTRIED { self.step(state, call) } else { known };
            // Of those whose outcome nobody knows, one that changes nothing had better not taken effect.
            let is_idle = to == state && self.bit[call as usize] >= self.returned;
            if to == NOWHERE || is_idle || !self.may_come(to, goal) {
                continue;
            }
            let level = self.levels.last_mut()?;
            level.is_passable = true;
            level.taken = call;
            return Some((call, to));
        }
    }

    fn is_choice(&self) -> bool {
        self.levels.last().is_some_and(|level| self.candidates.len() - level.start > 1)
    }

    fn leave(&mut self) {
        let Some(level) = self.levels.pop() else { return };
        self.candidates.truncate(level.start);
        // What can follow may only lead back to where it was before.
        if level.returning != NONE && (!level.is_passable || self.reach(level.returning) > self.best.reach) {
            self.note_stuck(level.returning);
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
        let mut level = self.level(state, start);
        // All that were invoked before the first return.
        level.returning = loop {
            let what = self.line.what(event);
            if what & RETURN != 0 {
                break what & !RETURN;
            }
            if !self.is_read[what as usize] {
                self.candidates.push((what, UNTRIED));
            } else if self.model.admits(self.states.get(state), &self.calls[what as usize].op) {
                self.candidates.truncate(start);
                self.candidates.push((what, state));
                self.levels.push(Level { goal: NONE, ..level });
                return false;
            }
            event = self.line.next(event);
        };
        level.goal = self.goal();
        if let Some(place) = self.candidates[start..].iter().position(|&(call, _)| call == level.returning) {
            self.candidates[start..=start + place].rotate_right(1);
        }
        self.enter_open(level.returning);
        self.levels.push(level);
        false
    }

    fn level(&mut self, state: u32, start: usize) -> Level {
        self.pass_done();
        let Bits { base, top, .. } = self.done;
        let [read, forgot] = self.passed;
        Level {
            state,
            goal: NONE,
            returning: NONE,
            is_passable: false,
            start,
            next: start,
            taken: NONE,
            base,
            top,
            read,
            forgot,
        }
    }

    /// Those whose outcome nobody knows: of equal ones the first.
    fn enter_open(&mut self, returning: u32) {
        let until = self.reach(returning);
        self.entered += 1;
        let mut looked = 0;
        let mut event = self.open.first();
        while event != NONE {
            let call = self.open.what(event);
            if self.calls[call as usize].invoked > until {
                break;
            }
            let op = self.ops[call as usize];
            looked += 1;
            if std::mem::replace(&mut self.entry[op as usize], self.entered) != self.entered {
                self.candidates.push((call, UNTRIED));
            }
            event = self.open.next(event);
        }
        // A look costs less than a step, and many of them must not go unnoticed.
        self.cost.steps += looked / LOOKS;
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
        let until = self.reach(read);
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
    fn may_come(&self, state: u32, goal: u32) -> bool {
        goal == NONE || self.model.may_come(self.states.get(state), &self.calls[goal as usize].op)
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
        self.key.clear();
        self.key.push(u64::from(state) << 32 | u64::from(*base));
        if *top > *base {
            self.key.extend_from_slice(&words[*base as usize / 64..(*top as usize).div_ceil(64)]);
        }
        self.tried.insert(&self.key, &words[self.first_open()..])
    }

    /// The word with the bit of the first call that never returned.
    fn first_open(&self) -> usize {
        (self.returned as usize).div_ceil(64)
    }

    /// The place of a call's return.
    fn reach(&self, call: u32) -> u64 {
        self.calls[call as usize].returned.unwrap_or(u64::MAX)
    }

    fn note_stuck(&mut self, returning: u32) {
        let reach = self.reach(returning);
        if reach > self.best.reach {
            self.best = Best { reach, call: returning, orders: Vec::new() };
        }
        if reach == self.best.reach && self.best.orders.len() < ORDERS {
            let order = self.order();
            self.best.orders.push(order);
        }
    }
}
