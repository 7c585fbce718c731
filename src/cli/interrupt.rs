//! Ctrl-C, and what else asks a program to end: a run stops between two events; asked twice, it ends at once.

use std::sync::atomic::{AtomicBool, Ordering};

use super::exit::Exit;

static STOP: AtomicBool = AtomicBool::new(false);

/// Set once the program is asked to end.
pub(super) fn watched() -> &'static AtomicBool {
    let asked = || {
        if STOP.swap(true, Ordering::Relaxed) {
            std::process::exit(Exit::Interrupted.code().into());
        }
    };
    // A program that has a handler of its own keeps it.
    let _ = ctrlc::try_set_handler(asked);
    &STOP
}
