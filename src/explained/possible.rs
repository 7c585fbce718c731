//! What could have been found by an operation that cannot be placed, and in which orders.

use serde::Serialize;

use super::{Effort, Placed, Told};
use crate::linearizability::{Call, Model, Verdict, order};

/// More states than these are not asked for: nobody reads them.
const MOST: usize = 8;

/// What could be found where the culprit may have taken effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Possible {
    /// What the object held there.
    pub state: String,
    /// An order of all operations that returned before the culprit did. The culprit stands in it where it would find
    /// that state.
    pub order: Vec<Step>,
}

/// One operation that takes effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Its place in the history.
    pub place: usize,
    /// What the object holds after it.
    pub state: String,
}

/// An operation, or a look at what is there.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Probed<O, S> {
    Op(O),
    /// It found none of these.
    Other(Vec<S>),
}

/// A model that may be looked at.
struct Probe<'a, M>(&'a M);

impl<M: Model> Model for Probe<'_, M> {
    type Op = Probed<M::Op, M::State>;
    type State = M::State;

    fn initial(&self) -> M::State {
        self.0.initial()
    }

    fn step(&self, state: &M::State, op: &Self::Op) -> Option<M::State> {
        match op {
            Probed::Op(op) => self.0.step(state, op),
            Probed::Other(known) => (!known.contains(state)).then(|| state.clone()),
        }
    }

    fn is_read(&self, op: &Self::Op) -> bool {
        match op {
            Probed::Op(op) => self.0.is_read(op),
            Probed::Other(_) => true,
        }
    }

    fn admits(&self, state: &M::State, read: &Self::Op) -> bool {
        match read {
            Probed::Op(read) => self.0.admits(state, read),
            Probed::Other(known) => !known.contains(state),
        }
    }

    fn may_come(&self, state: &M::State, read: &Self::Op) -> bool {
        match read {
            Probed::Op(read) => self.0.may_come(state, read),
            Probed::Other(_) => true,
        }
    }

    fn forgets(&self, op: &Self::Op) -> bool {
        match op {
            Probed::Op(op) => self.0.forgets(op),
            Probed::Other(_) => false,
        }
    }

    fn heap(&self, state: &M::State) -> usize {
        self.0.heap(state)
    }
}

/// The states that the culprit could have found, and whether there are no others.
pub(super) fn possible<M: Told>(
    model: &M,
    calls: &Placed<M::Op>,
    culprit: usize,
    effort: &mut Effort<'_>,
) -> (Vec<Possible>, bool) {
    let probe = Probe(model);
    let probed = |(_, call): &(usize, Call<M::Op>)| {
        let Call { op, invoked, returned } = call;
        Call { op: Probed::Op(op.clone()), invoked: *invoked, returned: *returned }
    };
    let mut probed: Vec<Call<Probed<M::Op, M::State>>> = calls.iter().map(probed).collect();
    let (mut known, mut possible): (Vec<M::State>, Vec<Possible>) = (Vec::new(), Vec::new());
    while possible.len() < MOST {
        probed[culprit].op = Probed::Other(known.clone());
        let (verdict, found, cost) = order(&probe, &probed, effort.limits());
        effort.spend(cost.steps + calls.len() as u64);
        match verdict {
            Verdict::Linearizable => {}
            Verdict::Illegal(_) => return (possible, true),
            Verdict::Unknown => return (possible, false),
        }
        let mut state = model.initial();
        let mut steps = Vec::with_capacity(found.len());
        for call in found {
            state = probe.step(&state, &probed[call].op).unwrap_or(state);
            if call == culprit {
                known.push(state.clone());
            }
            steps.push((calls[call].0, state.clone()));
        }
        let Some(at) = known.last().map(|state| model.words(state)) else { return (possible, false) };
        let step = |(place, state): (usize, M::State)| Step { place, state: model.words(&state) };
        possible.push(Possible { state: at, order: steps.into_iter().map(step).collect() });
    }
    (possible, false)
}
