//! What ends a command before it has done what it was asked.

use std::io;
use std::path::Path;

use super::exit::Exit;
use crate::recorded::ReadError;
use crate::report::document::Place;
use crate::scenario::ScenarioError;

/// Why a command ends early. The message reads on after "error: ".
#[derive(Debug)]
pub(super) struct Stop {
    pub(super) exit: Exit,
    pub(super) message: String,
    pub(super) origin: Origin,
}

/// Where in a file it is, if that is where.
#[derive(Debug)]
pub(super) enum Origin {
    Elsewhere,
    Scenario(Box<ScenarioError>),
    History(String, Box<ReadError>),
}

impl Stop {
    pub(super) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), origin: Origin::Elsewhere }
    }

    /// The input is wrong.
    pub(super) fn input(message: impl Into<String>) -> Self {
        Self::new(Exit::Input, message)
    }

    /// A history cannot be read, or makes no sense.
    pub(super) fn in_history(file: &str, error: ReadError) -> Self {
        let ReadError { line, column, message } = &error;
        let column = column.map_or_else(String::new, |column| format!("{column}:"));
        let message = format!("{file}:{line}:{column} {message}");
        Self { exit: Exit::Input, message, origin: Origin::History(file.to_owned(), Box::new(error)) }
    }

    /// Where it is, for a document.
    pub(super) fn place(&self) -> Place<'_> {
        match &self.origin {
            Origin::Elsewhere => Place::default(),
            Origin::Scenario(error) => Place::from(&**error),
            Origin::History(file, error) => Place::in_history(file, error),
        }
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
        Self { exit: Exit::Input, message: error.to_string(), origin: Origin::Scenario(Box::new(error)) }
    }
}
