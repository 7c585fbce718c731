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

/// Eight bytes at a time, each word multiplied and folded: it need only be quick, and spread what is alike.
fn hash(bytes: &[u8]) -> u64 {
    let mix = |hash: u64, word: u64| {
        let product = (hash ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        product ^ (product >> 29)
    };
    let (words, rest) = bytes.as_chunks::<8>();
    let hash = words.iter().fold(bytes.len() as u64, |hash, word| mix(hash, u64::from_le_bytes(*word)));
    let hash = mix(hash, rest.iter().fold(0, |word, &byte| word << 8 | u64::from(byte)));
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
