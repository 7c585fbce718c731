//! How far one follower has got, and how much is sent to it at once.
//!
//! A leader does not know at first where a follower's log stops agreeing with its own. It *probes*: one message
//! at a time, further back each time. Once one is accepted it *streams*: messages follow each other without
//! waiting, up to a window. A rejection, which says that one was lost or overtaken, leads back to probing. (The
//! states are those of etcd.)

use std::collections::VecDeque;

use super::log::Index;
use crate::time::Local;

/// How far one follower has got.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Progress {
    /// Up to here the follower's log is the leader's, and on its disk.
    pub(super) matched: Index,
    /// The next entry to send.
    pub(super) next: Index,
    /// When it was last heard from.
    pub(super) heard: Local,
    /// The last round that it answered; see `read`.
    pub(super) round: u64,
    flow: Flow,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Flow {
    Probing { waiting: bool },
    Streaming { under_way: VecDeque<Index> },
}

impl Progress {
    /// Nothing is known of it.
    pub(super) fn new(next: Index, now: Local) -> Self {
        Self { matched: 0, next, heard: now, round: 0, flow: Flow::Probing { waiting: false } }
    }

    /// Whether a message with entries may be sent now.
    pub(super) fn may_send(&self, window: usize) -> bool {
        match &self.flow {
            Flow::Probing { waiting } => !waiting,
            Flow::Streaming { under_way } => under_way.len() < window,
        }
    }

    /// Whether it is still unknown where the logs part.
    pub(super) fn is_probing(&self) -> bool {
        matches!(self.flow, Flow::Probing { .. })
    }

    /// A message with entries up to `last` was sent.
    pub(super) fn sent(&mut self, last: Index) {
        match &mut self.flow {
            Flow::Probing { waiting } => *waiting = true,
            Flow::Streaming { under_way } => {
                under_way.push_back(last);
                self.next = last + 1;
            }
        }
    }

    /// The last probe may be lost: another one may be sent.
    pub(super) fn probe_again(&mut self) {
        if let Flow::Probing { waiting } = &mut self.flow {
            *waiting = false;
        }
    }

    /// The follower has everything up to `index`. Whether that is news.
    pub(super) fn accepted(&mut self, index: Index) -> bool {
        let news = index > self.matched;
        self.matched = self.matched.max(index);
        match &mut self.flow {
            // Only what is not older than what was known before answers the probe.
            Flow::Probing { .. } if index == self.matched => {
                self.next = self.matched + 1;
                self.flow = Flow::Streaming { under_way: VecDeque::new() };
            }
            Flow::Probing { .. } => {}
            Flow::Streaming { under_way } => {
                while under_way.front().is_some_and(|&last| last <= index) {
                    under_way.pop_front();
                }
                self.next = self.next.max(self.matched + 1);
            }
        }
        news
    }

    /// The follower has no such entry at `at`; the logs may agree up to `hint`. Whether that is news: answers may
    /// be late, doubled, or overtaken by others.
    pub(super) fn rejected(&mut self, at: Index, hint: Index) -> bool {
        let stale = match self.flow {
            Flow::Probing { .. } => at + 1 != self.next,
            Flow::Streaming { .. } => at <= self.matched,
        };
        if stale {
            return false;
        }
        self.next = match self.flow {
            Flow::Probing { .. } => at.min(hint + 1).max(self.matched + 1),
            Flow::Streaming { .. } => self.matched + 1,
        };
        self.flow = Flow::Probing { waiting: false };
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probing(next: Index) -> Progress {
        Progress::new(next, Local(0))
    }

    #[test]
    fn a_probe_waits_for_its_answer() {
        let mut progress = probing(8);
        assert!(progress.may_send(4));
        progress.sent(9);
        assert!(!progress.may_send(4));
        assert_eq!(progress.next, 8);
        progress.probe_again();
        assert!(progress.may_send(4));
    }

    #[test]
    fn a_rejected_probe_goes_back_and_never_below_what_matched() {
        let mut progress = probing(8);
        assert!(progress.rejected(7, 3));
        assert_eq!(progress.next, 4);
        assert!(!progress.rejected(7, 3), "the same answer again");
        progress.matched = 3;
        assert!(progress.rejected(3, 0));
        assert_eq!(progress.next, 4);
    }

    #[test]
    fn a_stream_keeps_to_its_window_and_falls_back() {
        let mut progress = probing(4);
        assert!(progress.accepted(3));
        progress.sent(4);
        progress.sent(5);
        assert!(!progress.may_send(2));
        assert!(progress.accepted(4));
        assert!(progress.may_send(2) && progress.next == 6);
        assert!(!progress.rejected(4, 2), "older than what matched");
        assert!(progress.rejected(5, 2));
        assert!(progress.is_probing() && progress.next == 5);
        assert!(!progress.accepted(3) && progress.is_probing(), "older than what matched");
        assert!(!progress.accepted(4) && !progress.is_probing());
    }
}
