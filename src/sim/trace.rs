//! What can be told of a run: kinds by name, the last events, and, on request, every event as a record.

use std::fmt::Debug;
use std::mem::{Discriminant, discriminant};

use serde::Serialize;

use super::Sim;
use super::event::Event;
use super::queue::Queue;
use crate::check::Properties;
use crate::ids::{Endpoint, NodeId};
use crate::process::Process;
use crate::rng::Digest;
use crate::time::Time;
use crate::workload::Workload;

/// The kind of a message, timer or fact: the leading identifier of its `Debug`, in snake case.
#[must_use]
pub fn kind_of(value: &impl Debug) -> String {
    let debug = format!("{value:?}");
    let word = debug.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
    let mut name = String::with_capacity(word.len() + 4);
    for c in word.chars() {
        if c.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.extend(c.to_lowercase());
    }
    name
}

/// Counts values by kind. Only the first of a kind is ever printed to find its name.
#[derive(Debug)]
pub(crate) struct Kinds<T> {
    list: Vec<Kind<T>>,
}

#[derive(Debug)]
struct Kind<T> {
    tag: Discriminant<T>,
    name: String,
    count: u64,
    last: NodeId,
}

impl<T> Default for Kinds<T> {
    fn default() -> Self {
        Self { list: Vec::new() }
    }
}

impl<T: Debug> Kinds<T> {
    /// Counts a value that came from `node`; its kind's place.
    #[inline]
    pub(crate) fn count(&mut self, value: &T, node: NodeId) -> usize {
        let tag = discriminant(value);
        let place = match self.list.iter().position(|kind| kind.tag == tag) {
            Some(place) => place,
            None => self.add(value, tag, node),
        };
        self.list[place].count += 1;
        self.list[place].last = node;
        place
    }

    #[cold]
    fn add(&mut self, value: &T, tag: Discriminant<T>, last: NodeId) -> usize {
        self.list.push(Kind { tag, name: kind_of(value), count: 0, last });
        self.list.len() - 1
    }

    pub(crate) fn name(&self, place: usize) -> (&str, u64) {
        (&self.list[place].name, self.list[place].count)
    }

    /// How many of the kind of this name there were.
    pub(crate) fn counted(&self, name: &str) -> u64 {
        self.named(name).map_or(0, |kind| kind.count)
    }

    /// Where the last of the kind of this name came from.
    pub(crate) fn last(&self, name: &str) -> Option<NodeId> {
        self.named(name).map(|kind| kind.last)
    }

    fn named(&self, name: &str) -> Option<&Kind<T>> {
        self.list.iter().find(|kind| kind.name == name)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, u64)> {
        self.list.iter().map(|kind| (kind.name.as_str(), kind.count))
    }
}

/// What kind of record a digest or a trace holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum What {
    /// A message reached a node.
    Deliver,
    /// A timer ran out.
    Timer,
    /// A request reached a node.
    Request,
    /// A node was told of a finished sync.
    Synced,
    /// A node booted.
    Boot,
    /// A node sent a message.
    Send,
    /// A message was lost.
    Lost,
    /// A message ran into a cut.
    Cut,
    /// A message is held by a clogged link.
    Held,
    /// A message was doubled.
    Twice,
    /// An input found no room, or nobody home.
    Dropped,
    /// A timer was started.
    Arm,
    /// A timer was stopped.
    Disarm,
    /// A record was written, with a barrier.
    Persist,
    /// A record was written.
    Write,
    /// A request was answered.
    Reply,
    /// Something was reported.
    Fact,
    /// A node refused to run.
    Refuse,
    /// A client began an operation, or tried again.
    Invoke,
    /// A client's operation ended.
    Return,
    /// An entry of the plan took effect.
    Fault,
    /// An entry of the plan had no effect, and why.
    Idle,
    /// An entry ended.
    End,
    /// A node crashed.
    Crash,
    /// The run entered another phase.
    Phase,
    /// Links that flap went away or came back.
    Flap,
}

/// A text that is its own `Debug`, for [`kind_of`].
pub struct Verbatim<'a>(pub &'a str);

impl Debug for Verbatim<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

/// One record of a trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Record {
    /// When.
    pub at: Time,
    /// What.
    pub what: What,
    /// On which node or client.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub on: String,
    /// From or to which other.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub peer: String,
    /// The particulars.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// The message that it is about: what was sent under a number arrives, is held or runs into a cut under the same
    /// one. Of a message that is lost at once there is none, and the second copy of a doubled one has its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<u64>,
}

/// Takes the records of a trace, one by one.
pub type Tracer = Box<dyn FnMut(&Record)>;

/// The digest, and how many events there were.
///
/// Folded are all events, and of a turn's effects those that show at once: facts, writes, timers, replies to nobody,
/// and messages that are lost, doubled or cut. An ordinary message is folded when it arrives, with the hash of its
/// content taken at its send; one that is still on its way, or held by a clogged link, when the run ends leaves no
/// mark of its content. Its turn does, and whoever could have been moved by it was not.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub(crate) digest: Digest,
    pub(crate) events: u64,
}

impl Log {
    /// Enters something that happened on a node or client.
    #[inline(always)]
    pub(crate) fn enter(&mut self, now: Time, what: What, on: u64, a: u64, b: u64) {
        self.digest.record([now.0, (what as u64) << 56 | on, a, b]);
    }

    /// Enters an event: it also counts.
    #[inline(always)]
    pub(crate) fn event(&mut self, now: Time, what: What, on: u64, a: u64, b: u64) {
        self.events += 1;
        self.enter(now, what, on, a, b);
    }
}

impl<P: Process, C: Properties<P>, W: Workload<P>> Sim<P, C, W> {
    #[inline(always)]
    pub(super) fn trace(&mut self, what: What, on: Endpoint, peer: Option<Endpoint>, detail: impl FnOnce() -> String) {
        if self.tracer.is_some() {
            self.trace_record(what, Some(on), peer, detail(), None);
        }
    }

    /// Of a message: `number` is that under which it waits in the queue.
    #[inline(always)]
    pub(super) fn trace_message(
        &mut self,
        what: What,
        [on, peer]: [Endpoint; 2],
        number: impl FnOnce(&Queue<Event<P>>) -> Option<u64>,
        detail: impl FnOnce() -> String,
    ) {
        if self.tracer.is_some() {
            let number = number(&self.queue);
            self.trace_record(what, Some(on), Some(peer), detail(), number);
        }
    }

    #[cold]
    pub(super) fn trace_record(
        &mut self,
        what: What,
        on: Option<Endpoint>,
        peer: Option<Endpoint>,
        detail: String,
        message: Option<u64>,
    ) {
        let name = |end: Option<Endpoint>| end.map_or_else(String::new, |end| end.to_string());
        let record = Record { at: self.now, what, on: name(on), peer: name(peer), detail, message };
        if let (Some(touched), Some(Endpoint::Node(node))) = (&mut self.touched, on) {
            touched.insert(node);
        }
        if let Some(tracer) = &mut self.tracer {
            tracer(&record);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_named_after_their_debug() {
        #[derive(Debug)]
        enum Fact {
            ElectedLeader { _term: u64 },
            Done,
        }
        assert_eq!(kind_of(&Fact::ElectedLeader { _term: 3 }), "elected_leader");
        assert_eq!(kind_of(&Fact::Done), "done");
        let mut kinds = Kinds::default();
        kinds.count(&Fact::Done, NodeId(1));
        kinds.count(&Fact::Done, NodeId(2));
        assert_eq!(
            (kinds.counted("done"), kinds.last("done"), kinds.counted("elected_leader")),
            (2, Some(NodeId(2)), 0)
        );
    }
}
