//! The ledger of a run: what was planned, and what of it came about. A campaign that finds nothing shows with
//! it that it looked.

use serde::{Deserialize, Serialize};

use crate::ids::FaultKind;

/// One kind's line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The kind.
    pub kind: FaultKind,
    /// Whether the scenario asks for it.
    pub configured: bool,
    /// Entries in the plan.
    pub planned: u64,
    /// Entries whose instant came.
    pub attempted: u64,
    /// Entries that changed something.
    pub took_effect: u64,
    /// Entries that a budget suppressed.
    pub suppressed: u64,
    /// Entries that changed something while a client waited for an answer.
    pub overlapped: u64,
}

/// All lines, in the order of [`FaultKind::ALL`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger(Vec<Line>);

impl Default for Ledger {
    fn default() -> Self {
        let line = |&kind| Line {
            kind,
            configured: false,
            planned: 0,
            attempted: 0,
            took_effect: 0,
            suppressed: 0,
            overlapped: 0,
        };
        Self(FaultKind::ALL.iter().map(line).collect())
    }
}

impl Ledger {
    /// A kind's line.
    pub fn line(&mut self, kind: FaultKind) -> &mut Line {
        &mut self.0[kind as usize]
    }

    /// Adds what another run planned, and what of it came about.
    pub fn add(&mut self, other: &Self) {
        for (line, more) in self.0.iter_mut().zip(&other.0) {
            line.configured |= more.configured;
            line.planned += more.planned;
            line.attempted += more.attempted;
            line.took_effect += more.took_effect;
            line.suppressed += more.suppressed;
            line.overlapped += more.overlapped;
        }
    }

    /// The lines of kinds that were configured or planned.
    pub fn used(&self) -> impl Iterator<Item = &Line> {
        self.0.iter().filter(|line| line.configured || line.planned > 0)
    }
}
