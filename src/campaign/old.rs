//! Failing cases that were kept, and what they come to now.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::results::Worst;
use crate::sim::FailureKind;

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
    /// It fails as it did.
    Broken {
        /// What breaks.
        property: String,
        /// In which way that is.
        kind: FailureKind,
    },
    /// It fails in another way.
    Other {
        /// What breaks.
        property: String,
        /// In which way that is.
        kind: FailureKind,
    },
    /// It cannot be run.
    Unusable {
        /// Why.
        error: String,
    },
}

impl fmt::Display for Old {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let was = self.was.as_deref().unwrap_or("whatever it broke");
        match &self.now {
            Relapse::Fixed => write!(f, "{was} holds"),
            Relapse::Broken { property, .. } => f.write_str(property),
            Relapse::Other { property, .. } => write!(f, "{property}, and not {was} as before"),
            Relapse::Unusable { error } => f.write_str(error),
        }
    }
}

impl Old {
    /// Whether it fails, or cannot be run.
    #[must_use]
    pub fn is_bad(&self) -> bool {
        self.now != Relapse::Fixed
    }

    pub(super) fn worst(&self) -> Worst {
        match &self.now {
            Relapse::Fixed => Worst::Holds,
            Relapse::Broken { kind, .. } | Relapse::Other { kind, .. } => Worst::from(*kind),
            Relapse::Unusable { .. } => Worst::Unusable,
        }
    }
}
