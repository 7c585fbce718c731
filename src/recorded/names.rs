//! One allocation for a text that comes again and again.

use std::sync::Arc;

/// Longer texts are hardly ever repeated.
const LONGEST: usize = 48;

/// A power of two, enough for the keys and values that are in use at one time.
const SLOTS: usize = 4096;

/// Texts that were seen lately. A history repeats its functions, keys and values, and every completion repeats what its
/// invocation said. One slot for each hash, so that it never grows: who loses a slot is allocated once more.
#[derive(Debug, Default)]
pub(super) struct Names {
    slots: Vec<Option<Arc<str>>>,
}

impl Names {
    /// `text`, shared with those who asked for the same one lately.
    pub(super) fn share(&mut self, text: &str) -> Arc<str> {
        if text.len() > LONGEST {
            return text.into();
        }
        if self.slots.is_empty() {
            self.slots.resize(SLOTS, None);
        }
        let slot = &mut self.slots[hash(text.as_bytes()) as usize % SLOTS];
        match slot {
            Some(known) if **known == *text => known.clone(),
            _ => slot.insert(text.into()).clone(),
        }
    }
}

/// FNV-1a, folded: the low bits of its product depend on the low bits of the text alone.
fn hash(bytes: &[u8]) -> u64 {
    let mix = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325, mix);
    hash ^ (hash >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_comes_again_is_allocated_once() {
        let mut names = Names::default();
        let first = names.share("append");
        assert!(Arc::ptr_eq(&first, &names.share("append")));
        assert!(!Arc::ptr_eq(&first, &names.share("appen")));
    }

    #[test]
    fn every_text_comes_back_as_it_was_however_many_there_are() {
        let mut names = Names::default();
        for n in 0..3 * SLOTS {
            let text = format!("x {n} y");
            assert_eq!(*names.share(&text), text);
        }
        let long = "long".repeat(LONGEST);
        assert_eq!(*names.share(&long), long);
        assert_eq!(names.slots.len(), SLOTS);
    }
}
