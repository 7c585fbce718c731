//! What failure detectors promise (Chandra and Toueg, 1996, section 2.2).

mod completeness;

use super::swim::check::{
    BoundedPiggyback, NewsInOrder, OwnIncarnation, SuspicionBeforeDeath, TimeBoundedCompleteness, TrueMembership,
};
pub use completeness::StrongCompleteness;

/// All of them.
pub type All = (
    OwnIncarnation,
    NewsInOrder,
    BoundedPiggyback,
    SuspicionBeforeDeath,
    TimeBoundedCompleteness,
    TrueMembership,
    StrongCompleteness,
);
