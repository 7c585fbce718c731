//! A panic in a protocol ends its run and nothing else, and is kept as what the run came to.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Once;

thread_local! {
    /// What the last panic said, while this thread runs something that may.
    static SAID: RefCell<Option<Panic>> = const { RefCell::new(None) };
    static LISTENS: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// What a panic said, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Panic {
    pub(crate) message: String,
    /// The place in the source, `src/raft.rs:10:5`.
    pub(crate) place: String,
}

/// Does something that may panic. Panics of this thread are not printed meanwhile; those of others are as ever.
pub(crate) fn quietly<T>(act: impl FnOnce() -> T) -> Result<T, Panic> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| if !LISTENS.get() { before(info) } else { note(info) }));
    });
    let outer = LISTENS.replace(true);
    // The run is dropped with whatever state it was left in, and nobody looks at it.
    let done = panic::catch_unwind(AssertUnwindSafe(act));
    LISTENS.set(outer);
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
