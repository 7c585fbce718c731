//! Histories with mistakes in them: whatever the text, there is an answer, and an error has its place in the text.

use super::shared::files;
use super::{Format, SAMPLES, events};
use crate::rng::{Dice, Die, Seed};

const MUTATIONS: usize = 20_000;

/// Longer texts are cut to a window: a mistake needs no thousand lines around it.
const WINDOW: usize = 600;

struct Mutator<D> {
    dice: D,
}

impl<D: Dice> Mutator<D> {
    fn below(&mut self, limit: usize) -> usize {
        (self.dice.next() % limit.max(1) as u64) as usize
    }

    fn mutate(&mut self, text: &mut Vec<u8>) {
        let at = self.below(text.len());
        let end = (at + self.below(40)).min(text.len());
        match self.below(6) {
            0 if !text.is_empty() => text[at] ^= 1 << self.below(8),
            1 => text.truncate(at),
            2 => drop(text.drain(at..end)),
            3 => text.extend_from_within(at..end),
            4 => {
                let pieces: [&[u8]; 12] =
                    [b"[", b"]", b"{", b"}", b"(", b")", b"\"", b"\\", b"#", b"#_", b"\n", &[0xff]];
                let piece = pieces[self.below(pieces.len())];
                drop(text.splice(at..at, piece.iter().copied()));
            }
            _ => {
                let mut lines: Vec<&[u8]> = text.split(|&byte| byte == b'\n').collect();
                let (one, other) = (self.below(lines.len()), self.below(lines.len()));
                lines.swap(one, other);
                *text = lines.join(&b'\n');
            }
        }
    }
}

#[test]
fn no_text_makes_the_readers_panic_or_err_outside_of_it() {
    let mut texts: Vec<Vec<u8>> = SAMPLES.iter().map(|(_, sample)| sample.as_bytes().to_vec()).collect();
    texts.extend(files().into_iter().map(|(_, text)| text.into_bytes()));
    let mut mutator = Mutator { dice: Die::new(Seed(7)).stream() };
    let formats = [None, Some(Format::Edn), Some(Format::Log), Some(Format::Maps), Some(Format::Jsonl)];
    let (mut errors, mut whole) = (0, 0);
    for n in 0..MUTATIONS {
        let text = &texts[n % texts.len()];
        let from = mutator.below(text.len().saturating_sub(WINDOW));
        // Half of them begin as the history does, or every mistake would be the one in front.
        let from = if n % 2 == 0 { 0 } else { from };
        let mut text = text[from..(from + WINDOW).min(text.len())].to_vec();
        for _ in 0..=mutator.below(3) {
            mutator.mutate(&mut text);
        }
        let lines = text.split(|&byte| byte == b'\n').count() as u64;
        let format = formats[if n % 4 == 0 { mutator.below(formats.len()) } else { 0 }];
        let mut events = events(&text[..], format);
        let error = events.by_ref().take(text.len() + 1).find_map(Result::err);
        assert_eq!(events.next(), None, "it goes on");
        match error {
            Some(error) => {
                let shown = String::from_utf8_lossy(&text);
                assert!((1..=lines).contains(&error.line), "{error}\n{shown}");
                assert!(!error.message.is_empty() && error.column != Some(0), "{error}\n{shown}");
                errors += 1;
            }
            None => whole += 1,
        }
    }
    assert!(errors > MUTATIONS / 2 && whole > MUTATIONS / 50, "{errors} errors, {whole} without");
}
