//! **Session order, as clients read it**: a command is in effect at most once, and those of one client are in effect in
//! the order in which it asked them (Ongaro's thesis, section 6.3; monotonic writes: Terry et al., "Session Guarantees
//! for Weakly Consistent Replicated Data", 1994).
//!
//! This asks for more than linearizability where a client gave up: an operation of which nobody knows may take effect
//! at any later time, but not once a later one of its client has. And it asks for it without a search. What is read
//! names, one behind the other, the writes that it came from, as long as no two of them write the same: the last that
//! overwrote the key, and what was put behind that. Of values that can be read in two ways nothing is said.

use std::collections::BTreeMap;

use crate::check::history::History;
use crate::check::{Cast, Evidence, OpId, Property, Time, Verdict};
use crate::protocol::kv::{Answer, Key, Op, Replica, Reply, Value};

/// The invariant; what it rests on stands at the head of its file.
#[derive(Debug)]
pub struct SessionOrder;

/// Texts and who wrote them; nobody where two did.
#[derive(Default)]
struct Texts<'a> {
    authors: BTreeMap<&'a str, Option<OpId>>,
    /// How long they are, each length once.
    lengths: Vec<usize>,
}

impl<'a> Texts<'a> {
    fn add(&mut self, text: &'a Value, author: OpId) {
        let text = text.text();
        self.authors.entry(text).and_modify(|known| *known = None).or_insert(Some(author));
        if !self.lengths.contains(&text.len()) {
            self.lengths.push(text.len());
        }
    }

    /// Each author who may have written what a value begins with, and what follows that.
    fn first<'s>(&'s self, text: &'a str) -> impl Iterator<Item = (Option<OpId>, &'a str)> + use<'s, 'a> {
        self.lengths.iter().filter_map(move |&length| {
            let (first, rest) = text.split_at_checked(length).filter(|(first, _)| !first.is_empty())?;
            Some((*self.authors.get(first)?, rest))
        })
    }
}

/// What clients may have written to one key.
#[derive(Default)]
struct Written<'a> {
    /// Instead of what was there.
    whole: Texts<'a>,
    /// Behind what was there.
    pieces: Texts<'a>,
}

impl<'a> Written<'a> {
    /// The writes that a value came from, in their order, if that is plain.
    fn sources(&self, value: &'a Value) -> Option<Vec<OpId>> {
        let text = value.text();
        let (first, mut rest) = self.the_one(self.whole.first(text).chain(self.pieces.first(text)))?;
        let mut sources = vec![first];
        while !rest.is_empty() {
            let (next, behind) = self.the_one(self.pieces.first(rest))?;
            sources.push(next);
            rest = behind;
        }
        Some(sources)
    }

    /// The one behind which the value can go on, if it is one, and one author's.
    fn the_one(&self, all: impl Iterator<Item = (Option<OpId>, &'a str)>) -> Option<(OpId, &'a str)> {
        let mut all = all.filter(|(_, rest)| rest.is_empty() || self.pieces.first(rest).next().is_some());
        let (author, rest) = all.next()?;
        author.filter(|_| all.next().is_none()).map(|author| (author, rest))
    }
}

/// Two writes of one client, of which the second may not stand behind the first.
fn out_of_order(sources: &[OpId]) -> Option<(OpId, OpId)> {
    let mut last = BTreeMap::new();
    sources.iter().find_map(|&id| {
        let before = last.insert(id.client, id)?;
        (before.n >= id.n).then_some((before, id))
    })
}

impl<P: Replica> Property<P> for SessionOrder {
    const NAME: &'static str = "session_order";
    const ABOUT: &'static str =
        "as clients read it, a command is in effect once, and those of a client are in its order";

    fn new(_config: &P::Config, _cast: &Cast) -> Self {
        Self
    }

    fn on_history(&mut self, now: Time, history: &History<P::Op, Reply>) -> (Time, Verdict) {
        let mut written: BTreeMap<Key, Written<'_>> = BTreeMap::new();
        for operation in &history.operations {
            match P::store_op(&operation.op) {
                Some(Op::Put(key, value) | Op::Cas { key, new: value, .. }) => {
                    written.entry(*key).or_default().whole.add(value, operation.id);
                }
                Some(Op::Append(key, piece)) => written.entry(*key).or_default().pieces.add(piece, operation.id),
                Some(Op::Get(_)) | None => {}
            }
        }
        let mut verdict = Verdict::Skip;
        for operation in &history.operations {
            let Some(op) = P::store_op(&operation.op) else { continue };
            let Some(Reply::Answer(Answer::Value(Some(value)) | Answer::Differs(Some(value)))) = &operation.reply
            else {
                continue;
            };
            let Some(sources) = written.get(&op.key()).and_then(|written| written.sources(value)) else { continue };
            verdict = Verdict::Held;
            let Some((before, after)) = out_of_order(&sources) else { continue };
            let kind = if before == after {
                "a client read that a command is in effect twice"
            } else {
                "a client read commands of one client in another order than it asked them"
            };
            let evidence = Evidence::new(kind).value("key", op.key()).value("operation", operation.id);
            let evidence = evidence.value("read", value).value("before", before).value("after", after);
            return (operation.returned.map_or(now, |(at, _)| at), evidence.into());
        }
        (now, verdict)
    }
}
