//! Messages whose fate the plan fixes, one by one.

use std::collections::BTreeMap;

use super::Letter;
use crate::fault::{FixedFate, MessageOverride};
use crate::ids::Endpoint;

/// Messages whose fate the plan fixes.
#[derive(Debug)]
pub(super) struct Overrides {
    list: Vec<(MessageOverride, bool)>,
    /// How many of each kind each link has carried.
    seen: BTreeMap<(u64, u64, String), u64>,
}

impl Overrides {
    pub(super) fn new(list: &[MessageOverride]) -> Self {
        Self { list: list.iter().map(|fixed| (fixed.clone(), false)).collect(), seen: BTreeMap::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(super) fn take(&mut self, letter: &Letter, kind: &str) -> Option<FixedFate> {
        let seen = self.seen.entry((letter.from.word(), letter.to.word(), kind.to_owned())).or_default();
        *seen += 1;
        let nth = *seen;
        let fits = |fixed: &MessageOverride, used: bool| {
            let link = Endpoint::from(fixed.from) == letter.from && Endpoint::from(fixed.to) == letter.to;
            !used && link && fixed.kind == kind
        };
        let by_instant =
            self.list.iter().position(|(fixed, used)| fits(fixed, *used) && fixed.sent_at == Some(letter.sent));
        // An instant that is yet to come is waited for; once it has passed without its message, the number counts.
        let by_number = |fixed: &MessageOverride| fixed.nth == nth && fixed.sent_at.is_none_or(|at| at < letter.sent);
        let place =
            by_instant.or_else(|| self.list.iter().position(|(fixed, used)| fits(fixed, *used) && by_number(fixed)))?;
        self.list[place].1 = true;
        Some(self.list[place].0.fate)
    }

    /// Those that matched no message.
    pub(super) fn unmatched(&self) -> impl Iterator<Item = &MessageOverride> {
        self.list.iter().filter(|(_, used)| !used).map(|(fixed, _)| fixed)
    }
}
