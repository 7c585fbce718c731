//! The table of exit codes.

use crate::report::verdict::Judgement;
use crate::sim::FailureKind;

/// What a command ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Everything that was asked for holds.
    Holds = 0,
    /// A safety property broke.
    Safety = 1,
    /// The input is wrong: a file, a setting, an option.
    Input = 2,
    /// A liveness property broke.
    Liveness = 3,
    /// Two runs of one seed differed, or a replay from what its file says.
    Differed = 4,
    /// Nothing was shown: what should have been seen was not.
    Vacuous = 5,
    /// Nobody knows: a budget ran out first.
    Unknown = 6,
    /// A curve got worse than its baseline.
    Worse = 7,
    /// A mistake in seedstorm or in a protocol: it panicked.
    Panicked = 101,
    /// It was interrupted.
    Interrupted = 130,
}

const TABLE: [(Exit, &str); 10] = [
    (Exit::Holds, "it holds, or breaks as the scenario expects"),
    (Exit::Safety, "a safety property broke, or a history is not linearizable"),
    (Exit::Input, "the input is wrong"),
    (Exit::Liveness, "a liveness property broke"),
    (Exit::Differed, "two runs of one seed differed, or a replay from its file"),
    (Exit::Vacuous, "vacuous: what should have been seen was not"),
    (Exit::Unknown, "unknown: a budget ran out first"),
    (Exit::Worse, "a curve got worse than its baseline"),
    (Exit::Panicked, "a panic: a bug in seedstorm or in a protocol"),
    (Exit::Interrupted, "interrupted"),
];

impl Exit {
    /// The code.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The code for `git bisect run`: 1 for bad, 125 for a revision that cannot be judged.
    #[must_use]
    pub const fn for_bisect(self) -> u8 {
        match self {
            Self::Safety | Self::Liveness => 1,
            Self::Input | Self::Differed | Self::Vacuous | Self::Unknown | Self::Panicked => 125,
            Self::Holds | Self::Worse | Self::Interrupted => self.code(),
        }
    }
}

impl From<&Judgement> for Exit {
    fn from(judgement: &Judgement) -> Self {
        match judgement {
            Judgement::Holds | Judgement::AsExpected { .. } | Judgement::CutShort => Self::Holds,
            Judgement::Broke { kind: FailureKind::Panic, .. } => Self::Panicked,
            Judgement::Broke { kind: FailureKind::Safety, .. } => Self::Safety,
            Judgement::Broke { kind: FailureKind::Liveness, .. } => Self::Liveness,
            Judgement::Broke { kind: FailureKind::Endless, .. } => Self::Unknown,
            Judgement::NotShown { .. } => Self::Vacuous,
        }
    }
}

/// The table as text, for the help.
pub(super) fn table() -> String {
    let lines: Vec<String> = TABLE.iter().map(|(exit, about)| format!("  {:>3}  {about}", exit.code())).collect();
    format!("Exit codes:\n{}", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_that_are_documented() {
        let codes: Vec<u8> = TABLE.iter().map(|(exit, _)| exit.code()).collect();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 7, 101, 130]);
        let bisect: Vec<u8> = TABLE.iter().map(|(exit, _)| exit.for_bisect()).collect();
        assert_eq!(bisect, [0, 1, 125, 1, 125, 125, 125, 7, 125, 130]);
    }
}
