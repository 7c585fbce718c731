//! How long a leader's lease lasts, and the promise that it rests on (thesis 6.4.1). What else it takes is told at the
//! head of `read`.
//!
//! **The promise.** Whoever hears from a leader votes for nobody else before the shortest election timeout T has passed
//! on its own clock (thesis 4.2.3), whatever it learns of other terms meanwhile. Nor does it stand for election itself:
//! its own timeout is not shorter. A node that restarts has forgotten when it last heard from a leader, but that was
//! not after it booted. So it keeps the promise from then on.
//!
//! **The lease.** Clocks run at rates from 1 − ρ to 1 + ρ, where ρ is `max_drift_ppm`. So a promise lasts T/(1 + ρ) of
//! true time at least, and longer than that from when the leader sent what was heard. A time L on the leader's clock
//! is over within L/(1 − ρ). With
//!
//! > L = T · (1 − ρ)/(1 + ρ),
//!
//! rounded down, a lease that counts from when the round was sent is over before the promise of any node that
//! answered it. Clocks show whole nanoseconds: what was read off may be one too long on the one and one too short on
//! the other, so the lease is one nanosecond shorter. A later leader needs the vote of a node that answered, or
//! that of the leader itself, which votes for nobody in office.

use std::collections::VecDeque;

use super::Raft;
use super::bugs::Mistake;
use super::election::Role;
use crate::process::{Io, Local, NodeId};
use crate::time::Span;

const MILLION: u64 = 1_000_000;

/// How long a lease lasts on its leader's clock, if clocks drift by so many millionths at most.
pub(super) fn lasts(shortest_timeout: Span, max_drift_ppm: u64) -> Span {
    let (slowest, fastest) = (MILLION.saturating_sub(max_drift_ppm), MILLION + max_drift_ppm);
    let lease = u128::from(shortest_timeout.0) * u128::from(slowest) / u128::from(fastest);
    Span((lease as u64).saturating_sub(1))
}

/// What a leader's lease is known by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Lease {
    /// When each of the latest rounds was sent, on the leader's clock.
    sent: VecDeque<(u64, Local)>,
    given_up: bool,
}

impl Lease {
    /// A round begins. Those that could give no lease any more are forgotten.
    pub(super) fn begin(&mut self, round: u64, now: Local, lasts: Span) {
        while self.sent.front().is_some_and(|&(_, sent)| now.since(sent) >= lasts) {
            self.sent.pop_front();
        }
        self.sent.push_back((round, now));
    }

    /// When the lease began, if a majority answered rounds up to this one.
    fn since(&self, answered: u64) -> Option<Local> {
        let latest = self.sent.iter().rev().find(|&&(round, _)| round <= answered);
        latest.map(|&(_, sent)| sent).filter(|_| !self.given_up)
    }
}

impl Raft {
    /// Whether no later leader can have been elected yet.
    pub(super) fn holds_lease(&self, io: &Io<'_, Self>) -> bool {
        let (Role::Leader(leadership), Some(lasts)) = (&self.role, io.config().lease) else { return false };
        let since = if io.config().planted.is(Mistake::LeaseFromAnswer) {
            self.answered_at(io)
        } else {
            leadership.reads.lease.since(self.answered_round())
        };
        since.is_some_and(|since| io.now().since(since) < lasts)
    }

    /// When a majority was last heard from.
    fn answered_at(&self, io: &Io<'_, Self>) -> Option<Local> {
        let Role::Leader(leadership) = &self.role else { return None };
        let heard = |node: NodeId| if node == io.me() { io.now() } else { leadership.progress[node.index()].heard };
        self.members.now().reached(heard)
    }

    /// It is about to ask another node to stand for election at once, and the others to vote for it in spite of their
    /// promise. That may happen at any later time, so there is no other lease in this term.
    pub(super) fn give_up_lease(&mut self) {
        if let Role::Leader(leadership) = &mut self.role {
            leadership.reads.lease.given_up = true;
        }
    }

    /// When it last heard from a leader, as far as a node that boots can know: not later than now.
    pub(super) fn heard_before_boot(io: &Io<'_, Self>) -> Local {
        if io.config().planted.is(Mistake::ForgottenPromise) { Local(0) } else { io.now() }
    }

    /// Whether it has promised not to vote.
    pub(super) fn keeps_promise(&self, io: &Io<'_, Self>) -> bool {
        io.config().lease.is_some() && io.now().since(self.heard) < io.config().min_timeout()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_shorter_by_what_clocks_drift_at_most() {
        let of = |ppm| lasts(Span::ms(150), ppm);
        assert_eq!(of(0), Span(149_999_999));
        assert_eq!(of(10_000), Span(147_029_701), "150 ms · 99/101, rounded down, less one");
        assert_eq!(of(500_000), Span(49_999_999));
        assert_eq!(of(999_999), Span(74), "150 ms / 1999999");
        assert_eq!((lasts(Span(1), 0), lasts(Span::ZERO, 7)), (Span::ZERO, Span::ZERO));
        assert_eq!(lasts(Span::MAX, 1), Span(72_057_449_922_883_974 - 1), "no overflow");
    }

    /// What a clock of this rate has shown at a true time, `shown` nanoseconds ahead.
    fn clock(rate: u64, ahead: u64, time: u64) -> u64 {
        let passed = u128::from(time) * u128::from(rate) / u128::from(MILLION);
        ahead + passed as u64
    }

    proptest::proptest! {
        /// At the first instant at which a node votes again that heard the leader no sooner than it sent, the lease is
        /// over, whatever the two clocks' rates within the bound.
        #[test]
        fn a_lease_is_over_before_a_promise(
            timeout in 2..2_000_000_000u64, max in 0..1_000_000u64, sent in 0..1_000_000_000u64,
            (mine, others) in (0..=1_000u64, 0..=1_000u64),
        ) {
            let rate = |share: u64| MILLION - max + 2 * max * share / 1_000;
            let (mine, others) = (rate(mine).max(1), rate(others).max(1));
            let heard = clock(others, 0, sent);
            // The first instant at which the promise is over is found as the clock computes it, then checked.
            let mut votes = sent + (u128::from(timeout.saturating_sub(1)) * u128::from(MILLION) / u128::from(others)) as u64;
            while clock(others, 0, votes) - heard < timeout {
                votes += 1;
            }
            let lease = lasts(Span(timeout), max);
            let passed = clock(mine, 0, votes) - clock(mine, 0, sent);
            proptest::prop_assert!(passed >= lease.0, "{passed} of {lease:?}");
        }
    }

    #[test]
    fn a_lease_counts_from_the_latest_round_that_was_answered() {
        let mut lease = Lease::default();
        let lasts = Span(10);
        assert_eq!(lease.since(0), None);
        for (round, at) in [(1, 100), (2, 104), (3, 108)] {
            lease.begin(round, Local(at), lasts);
        }
        assert_eq!(
            [0, 1, 2, 3, 9].map(|round| lease.since(round)),
            [None, Some(100), Some(104), Some(108), Some(108)].map(|at| at.map(Local))
        );
        lease.begin(4, Local(114), lasts);
        assert_eq!(lease.since(2), None, "a lease from then would be over");
        assert_eq!(lease.since(3), Some(Local(108)));
        lease.given_up = true;
        assert_eq!(lease.since(4), None);
    }
}
