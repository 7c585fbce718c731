//! Histories with mistakes in them: whatever is in a file, the program ends with a verdict, or says in which line it
//! makes no sense.

use seedstorm::judged::{Failed, Subject, judge, list_append, pair};
use seedstorm::linearizability::Limits;
use seedstorm::recorded::{Format, ReadError, events};
use seedstorm::rng::{Dice, Die, Seed};

use super::ALL;
use crate::lab::Lab;

/// So many texts for the library, and so many of them for the program.
const TEXTS: usize = 20_000;
const RUNS: usize = 60;

/// Mistakes that a seed decides.
struct Mistakes<D>(D);

impl<D: Dice> Mistakes<D> {
    fn below(&mut self, limit: usize) -> usize {
        (self.0.next() % limit.max(1) as u64) as usize
    }

    /// In bytes, in words that mean something, or in the order of lines.
    fn make(&mut self, text: &mut Vec<u8>) {
        let at = self.below(text.len());
        let end = (at + self.below(30)).min(text.len());
        let mut lines: Vec<&[u8]> = text.split(|&byte| byte == b'\n').collect();
        let (one, other) = (self.below(lines.len()), self.below(lines.len()));
        match self.below(7) {
            0 if !text.is_empty() => text[at] ^= 1 << self.below(8),
            1 => drop(text.drain(at..end)),
            2 => text.truncate(at),
            3 => {
                let words: [&[u8]; 10] =
                    [b"nil", b"-1", b":info", b"read", b"[1 [2]]", b"\"", b"99999999999999999999", b"{", b"]", &[0xfe]];
                let word = words[self.below(words.len())];
                drop(text.splice(at..end, word.iter().copied()));
            }
            4 => {
                lines.swap(one, other);
                *text = lines.join(&b'\n');
            }
            5 => {
                lines.insert(one, lines[other]);
                *text = lines.join(&b'\n');
            }
            _ => {
                lines.remove(one);
                *text = lines.join(&b'\n');
            }
        }
    }
}

/// Texts with one to three mistakes each.
fn texts(seed: u64) -> impl Iterator<Item = Vec<u8>> {
    let mut mistakes = Mistakes(Die::new(Seed(seed)).stream());
    (0..).map(move |n: usize| {
        let mut text = ALL[n % ALL.len()].1.as_bytes().to_vec();
        for _ in 0..=mistakes.below(3) {
            mistakes.make(&mut text);
        }
        text
    })
}

/// Whether there is a verdict; else in which line the text makes no sense.
fn judged(text: &[u8], format: Option<Format>, failed: Failed) -> Result<bool, ReadError> {
    let operations = pair(events(text, format), failed)?;
    match Subject::of(&operations) {
        None => Ok(false),
        Some(Subject::Lists) => list_append(&operations).map(|_| true),
        Some(Subject::Objects(kind)) => {
            judge(kind, &operations, Limits { steps: 10_000, ..Limits::default() }).map(|_| true)
        }
    }
}

#[test]
fn whatever_is_in_a_text_it_is_judged_or_its_line_is_named() {
    let formats = [None, Some(Format::Edn), Some(Format::Log), Some(Format::Maps), Some(Format::Jsonl)];
    let (mut verdicts, mut errors) = (0, 0);
    for (n, text) in texts(1).take(TEXTS).enumerate() {
        let failed = [Failed::NotHappened, Failed::Observed, Failed::Marked][n % 3];
        // Mostly they are what they seem.
        let format = if n % 8 == 0 { formats[n / 8 % formats.len()] } else { None };
        let lines = 1 + text.iter().filter(|&&byte| byte == b'\n').count() as u64;
        match judged(&text, format, failed) {
            Ok(is_judged) => verdicts += usize::from(is_judged),
            Err(error) => {
                errors += 1;
                assert!((1..=lines).contains(&error.line), "{error}\n{}", String::from_utf8_lossy(&text));
            }
        }
    }
    assert!(verdicts > TEXTS / 20 && errors > TEXTS / 2, "{verdicts} verdicts and {errors} errors");
}

#[test]
fn the_program_names_the_line_and_never_panics() {
    let lab = Lab::new();
    let mut refused = 0;
    for text in texts(2).take(RUNS) {
        std::fs::write(lab.path("x.txt"), &text).unwrap();
        let said = lab.run(&["history", "x.txt", "--memory", "8MiB"]);
        let text = String::from_utf8_lossy(&text);
        assert!([0, 1, 2, 6].contains(&said.code), "{}: {}\n{text}", said.code, said.err);
        if said.code == 2 {
            refused += 1;
            let line = said.err.strip_prefix("error: x.txt:").and_then(|rest| rest.split(':').next());
            assert!(line.is_some_and(|line| line.parse::<u64>().is_ok()), "{}\n{text}", said.err);
        }
    }
    assert!(refused > RUNS / 2, "{refused}");
}
