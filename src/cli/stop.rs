//! What ends a command before it has done what it was asked.

use std::fmt::Display;
use std::path::Path;

use super::exit::Exit;
use crate::scenario::ScenarioError;

/// Why a command ends early. The message reads on after "error: ".
#[derive(Debug)]
pub(super) struct Stop {
    pub(super) exit: Exit,
    pub(super) message: String,
    /// Where in a file, if that is where.
    pub(super) place: Option<Box<ScenarioError>>,
}

impl Stop {
    pub(super) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), place: None }
    }

    /// The input is wrong.
    pub(super) fn input(message: impl Into<String>) -> Self {
        Self::new(Exit::Input, message)
    }

    /// A file cannot be written.
    pub(super) fn unwritable(path: &Path, error: &dyn Display) -> Self {
        Self::input(format!("{}: cannot be written: {error}", path.display()))
    }
}

impl From<ScenarioError> for Stop {
    fn from(error: ScenarioError) -> Self {
        Self { exit: Exit::Input, message: error.to_string(), place: Some(Box::new(error)) }
    }
}
