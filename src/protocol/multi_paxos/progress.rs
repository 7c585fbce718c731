//! How far one follower has got, and how much is sent to it at once.
//!
//! To a follower that keeps up the leader *streams*: messages follow each other without waiting, up to a window of
//! them. They may overtake each other, for a slot is accepted whether or not those before it are there; and the
//! answers say up to where all are. The window is what makes batches: while it is full, commands gather.
//!
//! Where an answer shows that the follower lacks slots from before the leader's ballot, or where nothing was answered
//! for a whole heartbeat though something is under way, the leader *probes*: one message at a time, from the first slot
//! that is missing on, once more with each heartbeat. To one from whom nothing was heard for two heartbeats it sends no
//! more than those, until an answer says what is missing.

use std::collections::VecDeque;

use super::log::Slot;
use crate::time::{Local, Span};

/// How far one follower has got.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Progress {
    /// Up to here it has all slots on its disk, accepted in the leader's ballot or decided. `None`: it has said nothing
    /// in this ballot.
    matched: Option<Slot>,
    /// The next slot to send.
    next: Slot,
    /// When it was last heard from.
    pub(super) heard: Local,
    flow: Flow,
    /// At the last heartbeat: up to where it had all, and the last slot that was under way.
    before: (Option<Slot>, Slot),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Flow {
    /// `under_way` is the last slot of the probe that is.
    Probing { under_way: Option<Slot> },
    /// The last slot of each message that is under way, in order.
    Streaming { under_way: VecDeque<Slot> },
    /// Nothing was heard from it for long.
    Silent,
}

impl Progress {
    /// Of one of whom nothing more is known than what it promised, if it did.
    pub(super) fn new(promised: Option<Slot>, next: Slot, now: Local) -> Self {
        let flow = Flow::Streaming { under_way: VecDeque::new() };
        let mut progress = Self { matched: None, next, heard: now, flow, before: (None, 0) };
        if let Some(decided) = promised {
            progress.answered(decided, next);
        }
        progress
    }

    /// Up to here it counts for the slots that the leader proposed.
    pub(super) fn matched(&self) -> Slot {
        self.matched.unwrap_or(0)
    }

    /// The next slot to send, if another message may be under way.
    pub(super) fn next(&self, window: u32) -> Option<Slot> {
        let may_send = match &self.flow {
            Flow::Probing { under_way } => under_way.is_none(),
            Flow::Streaming { under_way } => under_way.len() < window as usize,
            Flow::Silent => false,
        };
        may_send.then_some(self.next)
    }

    /// A message up to `last` was sent.
    pub(super) fn sent(&mut self, last: Slot) {
        match &mut self.flow {
            Flow::Probing { under_way } => *under_way = Some(last),
            Flow::Streaming { under_way } => {
                under_way.push_back(last);
                self.next = last + 1;
            }
            Flow::Silent => {}
        }
    }

    /// It has everything up to `upto`, or more by now: answers overtake each other. The leader proposed from `base`
    /// on. Whether that is news.
    pub(super) fn answered(&mut self, upto: Slot, base: Slot) -> bool {
        let news = self.matched < Some(upto);
        let matched = self.matched().max(upto);
        self.matched = Some(matched);
        match &mut self.flow {
            Flow::Probing { under_way: Some(last) } if *last > matched => {}
            Flow::Probing { .. } | Flow::Silent => {
                self.flow = Flow::Streaming { under_way: VecDeque::new() };
                self.next = matched + 1;
            }
            Flow::Streaming { under_way } => {
                while under_way.front().is_some_and(|&last| last <= matched) {
                    under_way.pop_front();
                }
                self.next = self.next.max(matched + 1);
            }
        }
        if matched + 1 < base && matches!(self.flow, Flow::Streaming { .. }) {
            self.probe();
        }
        news
    }

    /// A heartbeat is due. What has been under way since the last one, without any answer, is taken for lost.
    pub(super) fn beat(&mut self, now: Local, heartbeat: Span) {
        let last = self.next - 1;
        let is_stuck = self.matched == self.before.0 && self.matched.is_some_and(|matched| matched < self.before.1);
        if now.since(self.heard) >= heartbeat.times(2) {
            self.flow = Flow::Silent;
        } else if is_stuck || matches!(self.flow, Flow::Probing { .. }) {
            self.probe();
        }
        self.before = (self.matched, last);
    }

    fn probe(&mut self) {
        self.flow = Flow::Probing { under_way: None };
        self.next = self.matched() + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: u32 = 2;

    fn beat(progress: &mut Progress) {
        progress.beat(Local(0), Span::ms(1));
    }

    /// The leader proposed from slot 5 on, and the follower promised with everything before decided.
    fn streaming() -> Progress {
        Progress::new(Some(4), 5, Local(0))
    }

    #[test]
    fn a_stream_keeps_to_its_window() {
        let mut progress = streaming();
        assert_eq!(progress.next(WINDOW), Some(5));
        progress.sent(5);
        progress.sent(9);
        assert_eq!((progress.next(WINDOW), progress.next(3)), (None, Some(10)));
        assert!(!progress.answered(4, 5), "the second came first");
        assert_eq!(progress.next(WINDOW), None);
        assert!(progress.answered(9, 5));
        assert_eq!((progress.next(WINDOW), progress.matched()), (Some(10), 9));
        assert!(!progress.answered(7, 5), "an older answer");
        assert_eq!((progress.next(WINDOW), progress.matched()), (Some(10), 9));
    }

    #[test]
    fn what_is_not_answered_for_a_heartbeat_is_sent_again_one_message_at_a_time() {
        let mut progress = streaming();
        progress.sent(5);
        progress.sent(6);
        beat(&mut progress);
        assert_eq!(progress.next(WINDOW), None, "it has just been sent");
        beat(&mut progress);
        assert_eq!(progress.next(WINDOW), Some(5));
        progress.sent(5);
        assert_eq!(progress.next(WINDOW), None);
        beat(&mut progress);
        assert_eq!(progress.next(WINDOW), Some(5), "the probe too may be lost");
        progress.sent(5);
        assert!(progress.answered(6, 5), "only the first was missing");
        assert_eq!(progress.next(WINDOW), Some(7));
        progress.sent(7);
        assert_eq!(progress.next(WINDOW), Some(8), "it streams");
    }

    #[test]
    fn a_slow_follower_that_gets_on_is_left_alone() {
        let mut progress = streaming();
        (5..9).for_each(|slot| progress.sent(slot));
        beat(&mut progress);
        progress.answered(5, 5);
        beat(&mut progress);
        assert_eq!(progress.next(9), Some(9));
    }

    #[test]
    fn one_that_lacks_what_was_decided_before_is_caught_up_first() {
        let mut progress = Progress::new(None, 5, Local(0));
        assert_eq!((progress.next(WINDOW), progress.matched()), (Some(5), 0));
        progress.sent(6);
        beat(&mut progress);
        beat(&mut progress);
        assert_eq!(progress.next(WINDOW), Some(7), "it is not known to live");
        progress.answered(1, 5);
        assert_eq!(progress.next(WINDOW), Some(2));
        progress.sent(3);
        progress.answered(3, 5);
        assert_eq!(progress.next(WINDOW), Some(4));
        progress.sent(4);
        assert_eq!(progress.next(WINDOW), None);
        progress.answered(6, 5);
        assert_eq!(progress.next(WINDOW), Some(7), "what it had accepted meanwhile counts");
        assert_eq!(Progress::new(Some(2), 5, Local(0)).next(WINDOW), Some(3), "it told with its promise");
    }
    #[test]
    fn one_that_is_silent_is_sent_nothing_until_it_answers() {
        let mut progress = streaming();
        progress.sent(5);
        progress.beat(Local(0) + Span::ms(2), Span::ms(1));
        assert_eq!(progress.next(WINDOW), None);
        progress.answered(4, 5);
        assert_eq!(progress.next(WINDOW), Some(5));
    }
}
