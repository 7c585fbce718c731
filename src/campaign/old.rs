//! Failing cases that were kept, and what they come to now.

use serde::{Deserialize, Serialize};

use super::results::Worst;
use crate::scenario::FailureKind;

/// A case that was kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Old {
    /// Its file.
    pub file: String,
    /// The property that it broke, if its file says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<String>,
    /// What it comes to now.
    pub now: Relapse,
}

/// What a case that was kept comes to now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state", deny_unknown_fields)]
pub enum Relapse {
    /// Nothing breaks any more.
    Fixed,
    /// It breaks as it did.
    Broken {
        /// What.
        property: String,
        /// Which promise that is.
        kind: FailureKind,
    },
    /// It breaks something else.
    Other {
        /// What.
        property: String,
        /// Which promise that is.
        kind: FailureKind,
    },
    /// It has more events than it may.
    Endless,
    /// It panics.
    Panicked {
        /// What it says.
        message: String,
    },
    /// It cannot be run.
    Unusable {
        /// Why.
        error: String,
    },
}

impl Old {
    pub(super) fn worst(&self) -> Worst {
        match &self.now {
            Relapse::Fixed => Worst::Holds,
            Relapse::Broken { kind: FailureKind::Safety, .. } | Relapse::Other { kind: FailureKind::Safety, .. } => {
                Worst::Safety
            }
            Relapse::Broken { .. } | Relapse::Other { .. } => Worst::Liveness,
            Relapse::Endless => Worst::Endless,
            Relapse::Panicked { .. } => Worst::Panicked,
            Relapse::Unusable { .. } => Worst::Unusable,
        }
    }
}
