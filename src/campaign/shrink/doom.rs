//! From which instant on a run was doomed: until then, most ways in which it might have gone on from there were fine.

use super::search::Search;
use crate::fault::Reseed;
use crate::rng::Seed;
use crate::time::{Span, Time};

/// So many ways to go on are tried from an instant.
const FUTURES: u32 = 32;

/// In so many steps the whole run is looked at.
const STEPS: u64 = 16;

/// To know the instant better than this helps nobody.
const PRECISION: Span = Span::us(500);

impl Search<'_> {
    /// The last instant from which at least half of the futures are fine, with faults as they are and everything else
    /// drawn anew; time zero where not even all other dice help. Nothing if there was no time to find out.
    ///
    /// A run may be doomed, and open again later. So it is looked at from the end on, in large steps, and then closely
    /// at the first of them that is open.
    pub(super) fn doomed_from(&mut self) -> Option<Time> {
        let step = Span(self.best.failure.at.0 / STEPS);
        let (mut open, mut doomed) = (None, self.best.failure.at);
        for steps in (0..STEPS).rev() {
            let at = Time::ZERO + step.times(steps);
            if self.is_open(at)? {
                open = Some(at);
                break;
            }
            doomed = at;
        }
        let Some(mut open) = open else { return Some(Time::ZERO) };
        while doomed.since(open) > PRECISION {
            let middle = Time(open.0.midpoint(doomed.0));
            if self.is_open(middle)? { open = middle } else { doomed = middle }
        }
        Some(open)
    }

    /// Whether at least half of the futures from an instant on are fine.
    fn is_open(&mut self, at: Time) -> Option<bool> {
        let mut fine = 0;
        for future in 0..FUTURES {
            if self.is_spent() {
                return None;
            }
            fine += u32::from(self.survives(Reseed { at, seed: Seed(future.into()) })?);
            let left = FUTURES - 1 - future;
            if 2 * fine >= FUTURES || 2 * (fine + left) < FUTURES {
                break;
            }
        }
        Some(2 * fine >= FUTURES)
    }
}
