//! A panic in a protocol ends its run and nothing else, and is kept as what the run came to.

use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Once;

use crate::check::Evidence;

thread_local! {
    /// What the last panic said, while this thread runs something that may.
    static SAID: RefCell<Option<Panic>> = const { RefCell::new(None) };
    static MODE: Cell<Mode> = const { Cell::new(Mode::Elsewhere) };
}

/// What becomes of a panic of this thread.
#[derive(Clone, Copy, PartialEq)]
enum Mode {
    /// Nobody here waits for it.
    Elsewhere,
    /// It is kept.
    Quiet,
    /// It is kept, and printed as ever.
    Aloud,
}

/// What a panic said, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Panic {
    pub(crate) message: String,
    /// The place in the source, `src/raft.rs:10:5`.
    pub(crate) place: String,
}

impl Panic {
    /// What shows it.
    pub(crate) fn evidence(&self) -> Evidence {
        let mut evidence = Evidence::new(&format!("panicked at {}", self.place));
        evidence.values.push(("message".to_owned(), self.message.clone()));
        evidence
    }
}

/// Does something that may panic. Panics of this thread are not printed meanwhile; those of others are as ever.
pub(crate) fn quietly<T>(act: impl FnOnce() -> T) -> Result<T, Panic> {
    in_mode(Mode::Quiet, act)
}

/// Does something that may panic. A panic is printed, with its backtrace where that is asked for.
pub(crate) fn aloud<T>(act: impl FnOnce() -> T) -> Result<T, Panic> {
    in_mode(Mode::Aloud, act)
}

fn in_mode<T>(mode: Mode, act: impl FnOnce() -> T) -> Result<T, Panic> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if MODE.get() != Mode::Elsewhere {
                note(info);
            }
            if MODE.get() != Mode::Quiet {
                before(info);
            }
        }));
    });
    let outer = MODE.replace(mode);
    // A run is left in whatever state it was in: it is looked at, and does not go on.
    let done = panic::catch_unwind(AssertUnwindSafe(act));
    MODE.set(outer);
    done.map_err(|_| SAID.with_borrow_mut(Option::take).unwrap_or_default())
}

fn note(info: &PanicHookInfo<'_>) {
    let payload = info.payload();
    let text = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let message = text.unwrap_or("it says nothing").to_owned();
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    SAID.set(Some(Panic { message, place }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_kept_with_its_place() {
        let zero = std::hint::black_box(0_usize);
        let said = quietly(|| [1, 2][zero + 2]).unwrap_err();
        assert!(said.message.contains("index out of bounds"), "{said:?}");
        assert!(said.place.contains("quiet.rs:"), "{said:?}");
        assert_eq!(quietly(|| 7), Ok(7));
    }
}
