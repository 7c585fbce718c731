//! The two clocks of a node. Both are known from the plan, so that the true instant at which a timer runs out
//! is integer arithmetic.

use crate::time::{Local, Span, Time, Wall};

const MILLION: u128 = 1_000_000;

/// A monotonic clock that drifts, and a wall clock that is that clock displaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Clock {
    /// Since this true instant the rate has been the same.
    since: Time,
    /// What the monotonic clock showed then.
    shown: Local,
    /// Local nanoseconds in a true millisecond; a million for a perfect clock.
    rate: u64,
    /// What the wall clock shows beyond the monotonic one.
    offset: i64,
}

impl Default for Clock {
    fn default() -> Self {
        Self { since: Time::ZERO, shown: Local(0), rate: MILLION as u64, offset: 0 }
    }
}

impl Clock {
    pub(crate) fn new(drift_ppm: i64, offset: i64) -> Self {
        let mut clock = Self { offset, ..Self::default() };
        clock.set_drift(Time::ZERO, drift_ppm);
        clock
    }

    /// What the monotonic clock shows at a true instant that is not before the last change.
    pub(crate) fn local(&self, now: Time) -> Local {
        let passed = u128::from(now.since(self.since).0) * u128::from(self.rate) / MILLION;
        Local(self.shown.0.saturating_add(u64::try_from(passed).unwrap_or(u64::MAX)))
    }

    pub(crate) fn wall(&self, now: Time) -> Wall {
        Wall(i64::try_from(self.local(now).0).unwrap_or(i64::MAX).saturating_add(self.offset))
    }

    /// The first true instant at which the monotonic clock shows `deadline` or more.
    pub(crate) fn instant(&self, deadline: Local) -> Time {
        let ahead = u128::from(deadline.since(self.shown).0);
        let passed = (ahead * MILLION).div_ceil(u128::from(self.rate));
        let passed = u64::try_from(passed).unwrap_or(u64::MAX);
        Time(self.since.0.saturating_add(passed)).min(Time::MAX)
    }

    /// From now on the clocks run faster by `ppm` millionths; they never stand still or run backwards.
    pub(crate) fn set_drift(&mut self, now: Time, ppm: i64) {
        self.shown = self.local(now);
        self.since = now;
        self.rate = u64::try_from((MILLION as i64).saturating_add(ppm)).unwrap_or(0).max(1_000);
    }

    pub(crate) fn jump(&mut self, by: Span, back: bool) {
        let by = i64::try_from(by.0).unwrap_or(i64::MAX);
        self.offset = if back { self.offset.saturating_sub(by) } else { self.offset.saturating_add(by) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_runs_out_at_the_first_instant_that_shows_its_deadline() {
        for ppm in [-300, 0, 7, 1_000_000] {
            let mut clock = Clock::new(ppm, 0);
            clock.set_drift(Time(12_345), ppm * 2);
            for deadline in [30_000, 1_000_003, 999_999_999_999] {
                let at = clock.instant(Local(deadline));
                assert!(clock.local(at) >= Local(deadline), "{ppm} {deadline}");
                assert!(clock.local(Time(at.0 - 1)) < Local(deadline), "{ppm} {deadline}");
            }
        }
    }

    #[test]
    fn a_change_of_rate_does_not_move_the_clock() {
        let mut clock = Clock::new(500_000, -3);
        let before = clock.local(Time(1_000));
        clock.set_drift(Time(1_000), -500_000);
        assert_eq!((before, clock.local(Time(1_000))), (Local(1_500), Local(1_500)));
        assert_eq!(clock.local(Time(3_000)), Local(2_500));
        clock.jump(Span(10), true);
        assert_eq!(clock.wall(Time(1_000)), Wall(1_487));
    }
}
