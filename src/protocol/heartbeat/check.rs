//! What failure detectors promise (Chandra and Toueg, 1996, section 2.2).

mod completeness;

pub use completeness::StrongCompleteness;

/// All of them.
pub type All = (StrongCompleteness,);
