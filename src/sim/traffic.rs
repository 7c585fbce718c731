//! What nodes sent to each other, by kind: counted where somebody asks, so that it costs campaigns nothing.

use std::fmt::Debug;

use serde::Serialize;

use super::trace::Kinds;
use crate::check::measure::{Summary, summary};
use crate::ids::NodeId;
use crate::time::Span;

/// What nodes sent to each other, clients' messages and those to themselves apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Traffic {
    /// Each kind of message, in order of names.
    pub kinds: Vec<Sent>,
    /// How many commands there were: facts of the kind that the protocol names, or the progress of the furthest node
    /// that lives in the end.
    pub commands: u64,
    /// How many records nodes waited to see synced, for each hundred commands, rounded down; nothing if there were
    /// none.
    pub forced_per_hundred_commands: Option<u64>,
    /// How many messages each node sent in a second, as decimal fractions: the distribution over nodes.
    pub per_node_second: Option<Summary<String>>,
}

/// One kind of message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sent {
    /// Which.
    pub kind: String,
    /// How many were sent.
    pub sent: u64,
    /// How many that is for each hundred commands, rounded down; nothing if there were none.
    pub per_hundred_commands: Option<u64>,
}

/// Counts messages.
#[derive(Debug)]
pub(super) struct Census<M> {
    kinds: Kinds<M>,
    /// Of each node.
    sent: Vec<u64>,
}

impl<M: Debug> Census<M> {
    pub(super) fn new(nodes: u32) -> Self {
        Self { kinds: Kinds::default(), sent: vec![0; nodes as usize] }
    }

    #[cold]
    #[inline(never)]
    pub(super) fn count(&mut self, from: NodeId, msg: &M) {
        self.kinds.count(msg, from);
        self.sent[from.index()] += 1;
    }

    /// What was counted while so many commands were applied in this time, and so many records were forced.
    pub(super) fn traffic(&self, commands: u64, forced: u64, lasted: Span) -> Traffic {
        let of = |(kind, sent): (&str, u64)| Sent {
            kind: kind.to_owned(),
            sent,
            per_hundred_commands: sent.saturating_mul(100).checked_div(commands),
        };
        let mut kinds: Vec<Sent> = self.kinds.all().map(of).collect();
        kinds.sort_by(|one, other| one.kind.cmp(&other.kind));
        Traffic {
            kinds,
            commands,
            forced_per_hundred_commands: forced.saturating_mul(100).checked_div(commands),
            per_node_second: summary(&self.sent).map(|sent| sent.map(|sent| a_second(sent, lasted))),
        }
    }
}

/// So many in this time are so many a second: with two places, rounded down.
fn a_second(sent: u64, lasted: Span) -> String {
    let hundredths = u128::from(sent) * 100 * u128::from(Span::secs(1).0) / u128::from(lasted.0.max(1));
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_each_node_sent_is_told_by_the_second() {
        let mut census = Census::new(3);
        for (from, sent) in [(0, 400), (1, 399), (2, 1)] {
            for _ in 0..sent {
                census.count(NodeId(from), &"beat");
            }
        }
        let traffic = census.traffic(0, 0, Span::secs(200));
        let Some(Summary { count, mean, min, p50, max, .. }) = traffic.per_node_second else {
            panic!("three nodes sent")
        };
        assert_eq!((count, mean, min, p50, max), (3, "1.33".into(), "0.00".into(), "1.99".into(), "2.00".into()));
    }
}
