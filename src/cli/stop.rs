//! What ends a command before it has done what it was asked.

use std::io;
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
    pub(super) fn unwritable(path: &Path, error: &io::Error) -> Self {
        // An error with something in it names the file that is written aside, of which nobody knows.
        let why = error.get_ref().map_or_else(|| error.to_string(), |_| error.kind().to_string());
        Self::input(format!("{}: cannot be written: {why}", path.display()))
    }
}

impl From<ScenarioError> for Stop {
    fn from(error: ScenarioError) -> Self {
        Self { exit: Exit::Input, message: error.to_string(), place: Some(Box::new(error)) }
    }
}
