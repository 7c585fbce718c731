//! Where everything is printed.

use std::io::{self, ErrorKind, Write};

use anstream::{AutoStream, ColorChoice};
use serde::Serialize;

use super::exit::Exit;
use super::stop::Stop;
use crate::report::Ink;
use crate::report::document::{self, Problem, Refused};
use crate::report::layout::Tone;

/// Standard output and standard error, and who may write what there.
#[derive(Debug)]
pub(super) struct Console {
    /// Whether one JSON document is all that goes to standard output.
    json: bool,
    /// Whether accounts go to standard error, because standard output belongs to something else.
    aside: bool,
    /// Why standard output took no more.
    failed: Option<io::Error>,
}

impl Console {
    pub(super) fn new(json: bool) -> Self {
        Self { json, aside: false, failed: None }
    }

    pub(super) fn json() -> Self {
        Self::new(true)
    }

    /// Leaves standard output to something else.
    pub(super) fn leaving_stdout(mut self) -> Self {
        self.aside = true;
        self
    }

    /// Whether accounts are made as JSON.
    pub(super) fn is_json(&self) -> bool {
        self.json
    }

    /// How accounts are coloured.
    pub(super) fn ink(&self) -> Ink {
        let choice = if self.aside { AutoStream::choice(&io::stderr()) } else { AutoStream::choice(&io::stdout()) };
        ink(choice)
    }

    /// A part of an account for people; nothing where a document is wanted.
    pub(super) fn say(&mut self, text: &str) {
        if self.json {
            return;
        }
        if self.aside {
            let _ = io::stderr().write_all(text.as_bytes());
        } else {
            self.put(text);
        }
    }

    /// To standard error, as it is.
    pub(super) fn aside(&self, text: &str) {
        let _ = io::stderr().write_all(text.as_bytes());
    }

    /// The one document.
    pub(super) fn document(&mut self, document: &impl Serialize) {
        self.put(&document::text(document));
    }

    /// To standard output, as it is. A reader that has gone away has seen enough.
    pub(super) fn put(&mut self, text: &str) {
        if self.failed.is_some() {
            return;
        }
        let mut out = io::stdout().lock();
        self.failed = out.write_all(text.as_bytes()).and_then(|()| out.flush()).err();
    }

    /// Something that a person should know, beside the account.
    pub(super) fn note(&self, text: &str) {
        let ink = ink(AutoStream::choice(&io::stderr()));
        let _ = writeln!(io::stderr(), "{} {text}", ink.paint(Tone::Odd, "note:"));
    }

    /// The command ends early.
    pub(super) fn refuse(&mut self, stop: &Stop) -> Exit {
        let ink = ink(AutoStream::choice(&io::stderr()));
        let _ = writeln!(io::stderr(), "{} {}", ink.paint(Tone::Bad, "error:"), stop.message);
        self.close_with(stop);
        stop.exit
    }

    /// The document of an early end, where one is wanted.
    pub(super) fn close_with(&mut self, stop: &Stop) {
        if self.json {
            let error = Problem { message: &stop.message, place: stop.place() };
            self.document(&Refused { error, exit_code: stop.exit.code() });
        }
    }

    /// The last word: an account that could not be written is no account.
    pub(super) fn close(self, exit: Exit) -> Exit {
        match self.failed {
            Some(error) if error.kind() != ErrorKind::BrokenPipe => {
                let _ = writeln!(io::stderr(), "error: standard output cannot be written: {error}");
                Exit::Input
            }
            _ => exit,
        }
    }
}

fn ink(choice: ColorChoice) -> Ink {
    if choice == ColorChoice::Never { Ink::Plain } else { Ink::Colour }
}
