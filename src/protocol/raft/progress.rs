//! How far one follower has got, and how much is sent to it at once.
//!
//! A leader does not know at first where a follower's log stops agreeing with its own. It *probes*: one message
//! at a time, further back each time. Once a probe is accepted it *streams*: messages follow each other without
//! waiting, up to a window. A rejection, which says that one was lost or overtaken, leads back to probing. (The
//! states are those of etcd.) What the leader's log has no more it sends as a snapshot, and nothing else until that
//! is answered.
//!
//! A follower takes nothing that arrives before what goes before it, so on links that do not keep the order most
//! of a wide stream is sent in vain. Therefore the window is found out, as TCP does (RFC 5681, section 3.1): it
//! begins with four messages, and while it is full grows by one for each that is accepted. The first rejection that
//! ends a stream halves it, and from then on it grows by one only when as many as it holds were accepted. Each flight
//! of messages halves it once: where one was overtaken, the others will be rejected too.

use std::collections::VecDeque;

use super::log::Index;
use crate::time::{Local, Span};

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
    window: Window,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Flow {
    /// `under_way` is the last entry of the probe that is.
    Probing { under_way: Option<Index> },
    /// The last entry of each message that is under way, in order.
    Streaming { under_way: VecDeque<Index> },
    /// A snapshot up to this entry is under way, since then.
    Installing { upto: Index, since: Local },
}

/// How many messages may be under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Window {
    size: u32,
    /// Accepted since it last grew.
    accepted: u32,
    largest: u32,
    /// The last entry that was under way when it was last halved.
    halved_at: Option<Index>,
}

/// How many messages may be under way at first (RFC 5681 allows up to four).
const FIRST_WINDOW: u32 = 4;

impl Window {
    fn widen(&mut self) {
        self.accepted += 1;
        if self.halved_at.is_none() || self.accepted >= self.size {
            *self = Self { size: self.largest.min(self.size + 1), accepted: 0, ..*self };
        }
    }

    /// A message behind entry `at` was rejected, and entries up to `last` were under way.
    fn halve(&mut self, at: Index, last: Index) {
        if self.halved_at.is_none_or(|before| at > before) {
            *self = Self { size: (self.size / 2).max(1), accepted: 0, halved_at: Some(last), ..*self };
        }
    }
}

impl Progress {
    /// Nothing is known of it; at most `window` messages may ever be under way to it.
    pub(super) fn new(next: Index, window: u32, now: Local) -> Self {
        let window = Window { size: FIRST_WINDOW.min(window), accepted: 0, largest: window, halved_at: None };
        Self { matched: 0, next, heard: now, round: 0, flow: Flow::Probing { under_way: None }, window }
    }

    /// Whether a message with entries may be sent now.
    pub(super) fn may_send(&self) -> bool {
        match &self.flow {
            Flow::Probing { under_way } => under_way.is_none(),
            Flow::Streaming { under_way } => under_way.len() < self.window.size as usize,
            Flow::Installing { .. } => false,
        }
    }

    /// Whether it is still unknown where the logs part.
    pub(super) fn is_probing(&self) -> bool {
        matches!(self.flow, Flow::Probing { .. })
    }

    /// Whether a snapshot is under way to it.
    pub(super) fn is_installing(&self) -> bool {
        matches!(self.flow, Flow::Installing { .. })
    }

    /// A message with entries up to `last` was sent.
    pub(super) fn sent(&mut self, last: Index) {
        match &mut self.flow {
            Flow::Probing { under_way } => *under_way = Some(last),
            Flow::Streaming { under_way } => {
                under_way.push_back(last);
                self.next = last + 1;
            }
            Flow::Installing { .. } => {}
        }
    }

    /// A snapshot up to this entry was sent.
    pub(super) fn installs(&mut self, upto: Index, now: Local) {
        self.flow = Flow::Installing { upto, since: now };
    }

    /// The last probe may be lost: another one may be sent. A snapshot is held to be lost after so long: it is large.
    pub(super) fn probe_again(&mut self, now: Local, patience: Span) {
        let lost = match self.flow {
            Flow::Probing { .. } => true,
            Flow::Streaming { .. } => false,
            Flow::Installing { since, .. } => now.since(since) >= patience,
        };
        if lost {
            self.flow = Flow::Probing { under_way: None };
        }
    }

    /// The follower has everything up to `index`. Whether that is news.
    pub(super) fn accepted(&mut self, index: Index) -> bool {
        let news = index > self.matched;
        self.matched = self.matched.max(index);
        match &mut self.flow {
            Flow::Probing { under_way } => {
                // What answers an older message does not answer the probe.
                if index >= under_way.unwrap_or(self.next - 1) {
                    self.flow = Flow::Streaming { under_way: VecDeque::new() };
                }
            }
            Flow::Streaming { under_way } => {
                let is_full = under_way.len() >= self.window.size as usize;
                while under_way.front().is_some_and(|&last| last <= index) {
                    under_way.pop_front();
                    if is_full {
                        self.window.widen();
                    }
                }
            }
            Flow::Installing { upto, .. } => {
                if index >= *upto {
                    self.flow = Flow::Streaming { under_way: VecDeque::new() };
                }
            }
        }
        self.next = self.next.max(self.matched + 1);
        news
    }

    /// The follower has no such entry at `at`; the logs may agree up to `hint`. Whether that is news: answers may
    /// be late, doubled, or overtaken by others.
    pub(super) fn rejected(&mut self, at: Index, hint: Index) -> bool {
        let stale = match self.flow {
            Flow::Probing { .. } => at + 1 != self.next,
            Flow::Streaming { .. } => at <= self.matched,
            // It answers something older: a snapshot is never rejected.
            Flow::Installing { .. } => true,
        };
        if stale {
            return false;
        }
        if self.is_probing() {
            self.next = at.min(hint + 1).max(self.matched + 1);
        } else {
            self.window.halve(at, self.next - 1);
            self.next = self.matched + 1;
        }
        self.flow = Flow::Probing { under_way: None };
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probing(next: Index) -> Progress {
        Progress::new(next, 4, Local(0))
    }

    /// Streams, and has room for `window` messages.
    fn streaming(next: Index, window: u32) -> Progress {
        let mut progress = probing(next);
        progress.accepted(next - 1);
        progress.window.size = window;
        progress
    }

    #[test]
    fn a_probe_waits_for_its_answer() {
        let mut progress = probing(8);
        assert!(progress.may_send());
        progress.sent(9);
        assert!(!progress.may_send());
        assert_eq!(progress.next, 8);
        progress.probe_again(Local(0), Span::ms(1));
        assert!(progress.may_send());
    }

    #[test]
    fn an_older_answer_does_not_answer_the_probe() {
        let mut progress = probing(8);
        progress.sent(9);
        assert!(progress.accepted(7) && progress.is_probing());
        assert!(progress.accepted(9) && !progress.is_probing());
        assert_eq!(progress.next, 10);
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
        let mut progress = streaming(4, 2);
        progress.sent(4);
        progress.sent(5);
        assert!(!progress.may_send());
        assert!(progress.accepted(4));
        assert!(progress.may_send() && progress.next == 6);
        assert!(!progress.rejected(4, 2), "older than what matched");
        assert!(progress.rejected(5, 2));
        assert!(progress.is_probing() && progress.next == 5);
        assert!(!progress.accepted(3) && progress.is_probing(), "older than what matched");
        assert!(!progress.accepted(4) && !progress.is_probing());
    }

    #[test]
    fn a_snapshot_is_waited_for_and_streamed_behind() {
        let (early, late, patience) = (Local(5), Local(5 + Span::ms(9).0), Span::ms(9));
        let mut progress = probing(3);
        progress.installs(7, early);
        assert!(!progress.may_send() && !progress.rejected(2, 1));
        progress.probe_again(early, patience);
        assert!(progress.accepted(1) && !progress.may_send(), "that was not the snapshot");
        progress.probe_again(late, patience);
        assert!(progress.may_send() && progress.next == 3);
        progress.installs(7, late);
        assert!(progress.accepted(9) && progress.may_send() && progress.next == 10);
    }

    /// Sends what the window holds, and has the first message of it accepted; the window's size after that.
    fn next_accepted(progress: &mut Progress) -> u32 {
        while progress.may_send() {
            progress.sent(progress.next);
        }
        let first = progress.matched + 1;
        assert!(progress.accepted(first));
        progress.window.size
    }

    #[test]
    fn the_window_grows_with_what_is_accepted_while_it_is_full() {
        let mut progress = Progress::new(1, 7, Local(0));
        progress.accepted(0);
        assert_eq!([(); 5].map(|()| next_accepted(&mut progress)), [5, 6, 7, 7, 7]);
        let mut idle = Progress::new(1, 7, Local(0));
        idle.accepted(0);
        for last in 1..9 {
            idle.sent(last);
            assert!(idle.accepted(last));
        }
        assert_eq!(idle.window.size, 4);
    }

    #[test]
    fn a_rejection_halves_the_window_once_a_flight_and_it_grows_slowly_from_then_on() {
        let mut progress = streaming(1, 4);
        (1..5).for_each(|last| progress.sent(last));
        assert!(progress.rejected(1, 0));
        assert!(progress.accepted(1) && !progress.is_probing());
        assert!(progress.rejected(2, 1), "it was under way with the first");
        assert_eq!(progress.window.size, 2);
        assert!(progress.accepted(2) && !progress.is_probing());
        assert_eq!([(); 5].map(|()| next_accepted(&mut progress)), [2, 3, 3, 3, 4]);
        assert!(progress.rejected(9, 8));
        assert_eq!(progress.window.size, 2);
    }
}
