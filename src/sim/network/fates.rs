//! What became of every message, as a plan would fix it.

use std::collections::BTreeMap;

use super::{Fate, Letter};
use crate::fault::{End, FixedFate, MessageOverride};

/// What became of every message.
#[derive(Debug, Default)]
pub(super) struct Fates {
    list: Vec<MessageOverride>,
    /// How many of each kind each link has carried.
    seen: BTreeMap<(u64, u64, String), u64>,
}

impl Fates {
    pub(super) fn list(&self) -> &[MessageOverride] {
        &self.list
    }

    pub(super) fn note(&mut self, letter: &Letter, kind: String, fate: Fate) {
        let seen = self.seen.entry((letter.from.word(), letter.to.word(), kind.clone())).or_default();
        *seen += 1;
        let fate = match fate {
            Fate::Deliver(delay) => FixedFate::Deliver(delay),
            Fate::Twice(first, second) => FixedFate::Twice(first, second),
            Fate::Lost => FixedFate::Drop,
            Fate::Cut => return,
        };
        let (from, to) = (End::from(letter.from), End::from(letter.to));
        self.list.push(MessageOverride { from, to, kind, nth: *seen, sent_at: Some(letter.sent), fate });
    }
}
