//! Why a history is not linearizable, for people.
//!
//! Whether a history is linearizable can be asked of each of its beginnings, and once it is not, it never is again. So
//! there is a first return with which it is not: the operation that returns there, the [culprit](Explanation::culprit),
//! cannot be placed, and all that returned before can. What is called the history *up to* an event has all that was
//! invoked until then; what returned later may in it take effect at any time or never, with the result that it is known
//! to have had.
//!
//! What the culprit could have found is asked for one state after the other: it is replaced by a read of anything but
//! the states that are known so far, until there is no order for that any more. So each state comes with the order that
//! leads to it, and the last answer says that there are no others.
//!
//! Which operations are enough to show it is found by delta debugging; see `smallest`.

mod possible;
mod smallest;
#[cfg(test)]
mod tests;
mod told;

use serde::Serialize;

use crate::judged::{Judged, Kind, Meaning, Operation, initial};
use crate::linearizability::models::{Counter, Mutex, Queue, Register, Registers, Set, Text};
use crate::linearizability::{Call, Limits, Verdict, check};
use crate::recorded::{ReadError, Value};
pub use possible::{Possible, Step};
pub use told::{Told, label};

/// Why a history is not linearizable. Operations are named by their places in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The operation that cannot be placed.
    pub culprit: usize,
    /// The line in which it returns: up to there the history is not linearizable.
    pub line: u64,
    /// Whether it is known that the history is linearizable up to the line before.
    pub is_first: bool,
    /// The operations of the same key that were invoked before it returned, in their order.
    pub calls: Vec<usize>,
    /// What could be found at an instant at which it may have taken effect, with all others placed.
    pub possible: Vec<Possible>,
    /// Whether there is nothing else that could be found.
    pub is_all: bool,
    /// Some of the operations, with the culprit, that are not linearizable alone.
    pub smallest: Vec<usize>,
    /// Whether none of these can be left out.
    pub is_smallest: bool,
}

/// How much may still be tried.
struct Effort<'a> {
    limits: Limits<'a>,
    /// Steps that are left, of all searches together.
    steps: u64,
}

impl<'a> Effort<'a> {
    fn limits(&self) -> Limits<'a> {
        Limits { steps: self.steps, ..self.limits }
    }

    fn spend(&mut self, steps: u64) {
        self.steps = self.steps.saturating_sub(steps);
    }

    fn check<M: Meaning>(&mut self, model: &M, calls: &[Call<M::Op>]) -> Verdict {
        let (verdict, cost) = check(model, calls, self.limits());
        // To set a search up is work as well.
        self.spend(cost.steps + calls.len() as u64);
        verdict
    }
}

/// Explains why a history is not linearizable; nothing if that is not what it came to. `limits.steps` are for all that
/// is tried for it; what could not be found out with them is said.
///
/// # Errors An operation that the model does not have.
pub fn explain(
    kind: Kind,
    operations: &[Operation],
    judged: &Judged,
    limits: Limits<'_>,
) -> Result<Option<Explanation>, ReadError> {
    if !matches!(judged.verdict, Verdict::Illegal(_)) {
        return Ok(None);
    }
    let effort = Effort { limits, steps: limits.steps };
    let explained = match kind {
        Kind::Register => of(&Register { initial: Value::Nil }, operations, judged, effort),
        Kind::Text => of(&Text, operations, judged, effort),
        Kind::Registers => {
            let initial = initial(operations)?;
            of(&Registers { initial, missing: Value::Nil }, operations, judged, effort)
        }
        Kind::Mutex => of(&Mutex, operations, judged, effort),
        Kind::Set => of(&Set::default(), operations, judged, effort),
        Kind::Queue => of(&Queue::default(), operations, judged, effort),
        Kind::Counter => of(&Counter, operations, judged, effort),
    };
    explained.map(Some)
}

/// Calls, each with the place of its operation.
type Placed<O> = Vec<(usize, Call<O>)>;

fn of<M: Told>(
    model: &M,
    operations: &[Operation],
    judged: &Judged,
    mut effort: Effort<'_>,
) -> Result<Explanation, ReadError> {
    let mut all: Placed<M::Op> = Vec::new();
    for &place in &judged.calls {
        let Operation { invoked, returned, .. } = operations[place];
        all.extend(model.meant(&operations[place])?.map(|op| (place, Call { op, invoked, returned })));
    }
    let (until, is_first) = first_bad(model, &all, &mut effort);
    let beginning = beginning(&all, until);
    let of_culprit = |(_, call): &(usize, Call<M::Op>)| call.returned == Some(until);
    let culprit = beginning.iter().position(of_culprit).unwrap_or(0);
    let place = beginning[culprit].0;
    // The few questions first: what is left of the effort is for the many.
    let (possible, is_all) = possible::possible(model, &beginning, culprit, &mut effort);
    let (smallest, is_smallest) = smallest::smallest(model, operations, &beginning, culprit, &mut effort);
    Ok(Explanation {
        culprit: place,
        line: operations[place].end.unwrap_or(operations[place].line),
        is_first,
        calls: beginning.iter().map(|&(place, _)| place).collect(),
        possible,
        is_all,
        smallest,
        is_smallest,
    })
}

/// The history up to an event.
fn beginning<O: Clone>(all: &[(usize, Call<O>)], until: u64) -> Placed<O> {
    let begun = all.iter().filter(|(_, call)| call.invoked < until);
    let cut = |(place, call): &(usize, Call<O>)| {
        let returned = call.returned.filter(|&at| at <= until);
        (*place, Call { returned, ..call.clone() })
    };
    begun.map(cut).collect()
}

/// The first return up to which calls, which are not linearizable, are not, and whether it is known to be the first.
fn first_bad<M: Told>(model: &M, all: &[(usize, Call<M::Op>)], effort: &mut Effort<'_>) -> (u64, bool) {
    let mut returns: Vec<u64> = all.iter().filter_map(|(_, call)| call.returned).collect();
    returns.sort_unstable();
    // Up to `good` of them they are linearizable, with `bad` of them they are not.
    let (mut good, mut bad) = (0, returns.len());
    while good + 1 < bad {
        let middle = good.midpoint(bad);
        let calls: Vec<Call<M::Op>> = bare(&beginning(all, returns[middle - 1]));
        match effort.check(model, &calls) {
            Verdict::Linearizable => good = middle,
            Verdict::Illegal(_) => bad = middle,
            Verdict::Unknown => return (returns[bad - 1], false),
        }
    }
    (returns[bad - 1], true)
}

fn bare<O: Clone>(calls: &[(usize, Call<O>)]) -> Vec<Call<O>> {
    calls.iter().map(|(_, call)| call.clone()).collect()
}
