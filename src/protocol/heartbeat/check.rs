//! What failure detectors promise (Chandra and Toueg, 1996, section 2.2), and how well they do it (Chen, Toueg and
//! Aguilera, 2002).
//!
//! Completeness is asked of every healed core: who is down must be suspected. All else holds in some worlds only, and
//! is judged where a scenario names it: accuracy where no message is late, bounds where no clock drifts. What is
//! measured is measured always: how long crashes stayed unnoticed, and, of runs without any, how often and how long
//! nodes were mistaken.

mod accuracy;
mod completeness;
mod detection;
mod eventual;
#[cfg(test)]
mod tests;
mod troubles;

use super::swim::check::{
    BoundedPiggyback, NewsInOrder, OwnIncarnation, SuspicionBeforeDeath, TimeBoundedCompleteness, TrueMembership,
};
pub use accuracy::{StrongAccuracy, WeakAccuracy};
pub use completeness::{StrongCompleteness, WeakCompleteness};
pub use detection::DetectionBound;
pub use eventual::{EventualStrongAccuracy, EventualWeakAccuracy};

/// All of them. Where a strong promise is broken, the weak one is looked at first: it says more.
pub type All = (
    OwnIncarnation,
    NewsInOrder,
    BoundedPiggyback,
    SuspicionBeforeDeath,
    TimeBoundedCompleteness,
    TrueMembership,
    WeakCompleteness,
    StrongCompleteness,
    DetectionBound,
    WeakAccuracy,
    StrongAccuracy,
    EventualWeakAccuracy,
    EventualStrongAccuracy,
);
