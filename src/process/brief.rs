//! Long lists in few words.

use std::fmt;

/// A list whose `Debug` is that of a slice; in `{:-?}`, which asks for it in brief, only its ends where it is long.
///
/// Whoever looks at a node after each of its turns asks in brief: a log of thousands of entries is shown, compared and
/// kept each time. Where a person asks for one state, it is whole.
///
/// ```
/// use seedstorm::process::Brief;
/// let log: Vec<u32> = (1..=1000).collect();
/// assert!(format!("{:?}", Brief(&log)).contains("500"));
/// let brief = format!("{:-?}", Brief(&log));
/// assert!(brief.starts_with("[1, 2, 3, 4, … 972 more …, 977, ") && brief.ends_with(", 1000]"));
/// ```
#[derive(Clone, Copy)]
pub struct Brief<'a, T>(pub &'a [T]);

/// How many of the first, and of the last, are shown.
const FIRST: usize = 4;
const LAST: usize = 24;

impl<T: fmt::Debug> fmt::Debug for Brief<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(list) = *self;
        let omitted = list.len().saturating_sub(FIRST + LAST);
        // A flag that means nothing to any other `Debug`, and reaches the parts of what is printed.
        if !f.sign_minus() || omitted == 0 {
            return list.fmt(f);
        }
        let (first, last) = (&list[..FIRST], &list[list.len() - LAST..]);
        f.debug_list().entries(first).entry(&format_args!("… {omitted} more …")).entries(last).finish()
    }
}
