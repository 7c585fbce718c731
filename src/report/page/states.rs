//! What a node holds, turn by turn: its memory and its disk in pieces, of which only those are kept that change.
//!
//! A state is the `Debug` of a node, in brief. From turn to turn a few fields of it change; so it is cut where fields
//! and elements end, and a piece that comes again is its number. Put together, the pieces are the text again: to lay it
//! out is left to the page.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::{self, Write};

use serde::Serialize;
use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::lab::Glimpse;

/// The longest text of a node's memory, and of its disk: this much of its beginning, and of its end.
const LONGEST: usize = 24 << 10;

/// What is longer than this is not read to its end.
const ENDLESS: usize = 512 << 10;

/// A state that takes so many bytes to look at is looked at every turn; a longer one as much less often.
const SHORT: usize = 8 << 10;

/// Stands before a piece that says what comes: no `Debug` has it.
const HEADING: char = '\u{1f}';

/// A few pieces of a state in the place of others: from where on, how many, and which come in their place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Patch(pub(super) usize, pub(super) usize, pub(super) Vec<u32>);

/// All states of a node.
#[derive(Debug, Default)]
pub(super) struct States {
    /// All pieces that there were, by their numbers.
    pub(super) pieces: Vec<String>,
    numbers: BTreeMap<String, u32>,
    /// After how many records, and what changed then.
    pub(super) changes: VecDeque<(u64, Vec<Patch>)>,
    /// What the changes begin from.
    pub(super) base: Vec<u32>,
    /// The last state, as text and as pieces.
    text: String,
    last: Vec<u32>,
    /// How many turns are let pass before the next look.
    wait: usize,
    /// How many have been.
    pub(super) passed: u64,
}

impl States {
    /// Looks at a node, after so many records.
    pub(super) fn see(&mut self, after: u64, glimpse: &Glimpse<'_>, exact: bool) {
        if self.wait > 0 && !exact {
            self.wait -= 1;
            self.passed += 1;
            return;
        }
        let (text, looked_at) = written(glimpse);
        self.wait = looked_at / SHORT;
        if text == self.text {
            return;
        }
        let patches = self.patches(&text);
        for Patch(at, gone, pieces) in patches.iter().rev() {
            self.last.splice(*at..at + gone, pieces.iter().copied());
        }
        self.changes.push_back((after, patches));
        self.text = text;
    }

    /// What makes the next state of the last one. Their texts mostly begin and end alike, and what is alike need not be
    /// looked up.
    fn patches(&mut self, next: &str) -> Vec<Patch> {
        // Where a text is cut depends on two bytes around the place.
        const AROUND: usize = 2;
        let same = self.text.bytes().zip(next.bytes()).take_while(|(old, new)| old == new).count();
        let most = self.text.len().min(next.len()) - same;
        let alike =
            self.text.bytes().rev().zip(next.bytes().rev()).take(most).take_while(|(old, new)| old == new).count();
        let length = |&number: &u32| self.pieces[number as usize].len();
        let (mut first, mut begins) = (0, 0);
        while let Some(number) = self.last.get(first).filter(|number| begins + length(number) + AROUND <= same) {
            (first, begins) = (first + 1, begins + length(number));
        }
        let (mut end, mut behind) = (self.last.len(), 0);
        while end > first && behind + length(&self.last[end - 1]) + AROUND <= alike {
            (end, behind) = (end - 1, behind + length(&self.last[end - 1]));
        }
        let fresh: Vec<u32> = pieces(&next[begins..next.len() - behind]).map(|piece| self.number(piece)).collect();
        patches(first, &self.last[first..end], &fresh)
    }

    fn number(&mut self, piece: &str) -> u32 {
        if let Some(&number) = self.numbers.get(piece) {
            return number;
        }
        let number = u32::try_from(self.pieces.len()).unwrap_or(u32::MAX);
        self.pieces.push(piece.to_owned());
        self.numbers.insert(piece.to_owned(), number);
        number
    }

    /// Forgets what changed before this record, but for what came of it.
    pub(super) fn forget(&mut self, first: u64) {
        while self.changes.front().is_some_and(|(after, _)| *after < first) {
            let Some((_, patches)) = self.changes.pop_front() else { return };
            for Patch(at, gone, pieces) in patches.into_iter().rev() {
                self.base.splice(at..at + gone, pieces);
            }
        }
    }
}

/// Memory and disk as text, and how many bytes were looked at for it.
fn written(glimpse: &Glimpse<'_>) -> (String, usize) {
    let mut text = String::new();
    let mut looked_at = section(&mut text, "disk", glimpse.disk);
    let disk = std::mem::take(&mut text);
    match glimpse.memory {
        Some(memory) => looked_at += section(&mut text, "memory", memory),
        None => text.push_str("\u{1f}memory: none, it is down\n"),
    }
    (text + &disk, looked_at)
}

fn section(text: &mut String, name: &str, value: &dyn fmt::Debug) -> usize {
    let mut ends = Ends::default();
    // It fails where too much has been read.
    let whole = write!(ends, "{value:-?}").is_ok();
    let Ends { head, tail, read, .. } = ends;
    let _ = write!(text, "{HEADING}{name}\n{head}");
    if !whole {
        let _ = write!(text, "\n{HEADING}the rest is too long for this page; a replay shows it\n");
    } else if read > head.len() + tail.len() {
        let omitted = (read - head.len() - tail.len()) >> 10;
        let _ = write!(text, "\n{HEADING}about {omitted} KiB are left out here; a replay shows them\n{tail}\n");
    } else {
        let _ = writeln!(text, "{tail}");
    }
    read
}

/// The two ends of a text.
#[derive(Default)]
struct Ends {
    head: String,
    tail: String,
    read: usize,
}

impl Write for Ends {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        self.read += piece.len();
        if self.tail.is_empty() && self.head.len() + piece.len() <= LONGEST {
            self.head.push_str(piece);
            return Ok(());
        }
        self.tail.push_str(piece);
        if self.tail.len() > 4 * LONGEST {
            let least = self.tail.len() - LONGEST;
            let cut = (least..).find(|&at| self.tail.is_char_boundary(at)).unwrap_or(least);
            self.tail.drain(..cut);
        }
        if self.read > ENDLESS { Err(fmt::Error) } else { Ok(()) }
    }
}

/// A text in pieces: cut behind what opens a part and behind commas, and before what closes a part.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let bytes = rest.as_bytes();
        let ends = |&at: &usize| match (bytes[at - 1], bytes[at]) {
            (b'[' | b'(' | b'\n', _) | (_, b']' | b')') => true,
            (b' ', b'}') => false,
            (b' ', _) => at >= 2 && matches!(bytes[at - 2], b',' | b'{'),
            (_, b' ') => bytes.get(at + 1) == Some(&b'}'),
            _ => false,
        };
        let end = (1..bytes.len()).find(ends).unwrap_or(bytes.len());
        let (piece, behind) = rest.split_at(end);
        rest = behind;
        (!piece.is_empty()).then_some(piece)
    })
}

/// What makes the one of the other, from this place on.
fn patches(first: usize, old: &[u32], new: &[u32]) -> Vec<Patch> {
    let ops = capture_diff_slices(Algorithm::Myers, old, new);
    let patch = |op: &DiffOp| {
        let (_, was, is) = op.as_tag_tuple();
        (!matches!(op, DiffOp::Equal { .. })).then(|| Patch(first + was.start, was.len(), new[is].to_vec()))
    };
    ops.iter().filter_map(patch).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::NodeId;
    use crate::time::Time;

    fn see(states: &mut States, after: u64, memory: &dyn fmt::Debug) {
        let disk: &dyn fmt::Debug = &"disk";
        let (at, node) = (Time::ZERO, NodeId(0));
        let glimpse = Glimpse { at, node, events: 0, glance: None, memory: Some(memory), disk };
        states.see(after, &glimpse, false);
    }

    /// What comes of the base by all changes.
    fn replayed(states: &States) -> String {
        let mut pieces = states.base.clone();
        for (_, patches) in &states.changes {
            for Patch(at, gone, new) in patches.iter().rev() {
                pieces.splice(*at..at + gone, new.iter().copied());
            }
        }
        pieces.iter().map(|&piece| states.pieces[piece as usize].as_str()).collect()
    }

    #[test]
    fn states_come_of_their_differences() {
        let mut states = States::default();
        for n in 0..20_u64 {
            see(&mut states, n, &(n / 2, vec![n; usize::try_from(n % 7).unwrap()], "the same"));
        }
        let whole = replayed(&states);
        assert_eq!(whole, states.text);
        assert!(whole.contains("the same") && whole.contains("\u{1f}disk\n"), "{whole}");
        assert_eq!(states.changes.len(), 20);
        states.forget(12);
        assert_eq!((states.changes.len(), replayed(&states)), (8, whole));
        see(&mut states, 20, &(9, vec![19; 5], "the same"));
        assert_eq!(states.changes.len(), 8, "nothing has changed");
    }

    #[test]
    fn a_field_is_a_piece() {
        let text = "Node { term: 3, log: [Put(1), Noop], none: {}, leader: Some(n2) }\n";
        let cut: Vec<&str> = pieces(text).collect();
        let expected =
            ["Node { ", "term: 3, ", "log: [", "Put(", "1", "), ", "Noop", "], ", "none: {}, ", "leader: Some(", "n2"];
        assert_eq!(cut[..11], expected);
        assert_eq!(cut.concat(), text);
        assert!(cut.contains(&" }\n"), "{cut:?}");
    }

    #[test]
    fn of_much_the_ends_are_seen_now_and_then() {
        let mut states = States::default();
        for n in 0..100_u64 {
            see(&mut states, n, &("first", vec![n; 50_000], "last"));
        }
        assert!(states.text.len() < 8 * LONGEST, "{}", states.text.len());
        for words in ["first", "last", "KiB are left out here; a replay shows them"] {
            assert!(states.text.contains(words), "{words}");
        }
        let kept = states.changes.len() as u64;
        assert!(kept < 20 && kept + states.passed == 100, "{kept} kept, {} passed", states.passed);
        see(&mut States::default(), 0, &vec![1; 500_000]);
    }
}
