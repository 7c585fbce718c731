//! News that is still to be spread (section 4.1).

use std::collections::VecDeque;

use crate::process::NodeId;

/// Not to be spread.
const SPREAD: u8 = u8::MAX;

/// Whose news a member passes on, and how often it has: each piece `limit` times, a bounded number in one message, and
/// those first that were sent the fewest times. There is one piece of news of each member, the latest.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Gossip {
    limit: u8,
    /// How often the news of each member was sent; [`SPREAD`] when that is enough.
    sent: Vec<u8>,
    /// Who waits, by how often their news was sent. An entry that disagrees with `sent` is of old news.
    waiting: Vec<VecDeque<NodeId>>,
}

impl Gossip {
    /// Nothing to say of `members` members; each piece of news to come is to be sent `limit` times.
    #[must_use]
    pub(super) fn new(members: usize, limit: u8) -> Self {
        Self { limit, sent: vec![SPREAD; members], waiting: vec![VecDeque::new(); limit.into()] }
    }

    /// There is news of this member. What was to be spread of it before is old.
    pub(super) fn add(&mut self, of: NodeId) {
        if self.sent[of.index()] != 0 {
            self.sent[of.index()] = 0;
            self.waiting[0].push_back(of);
        }
    }

    /// Whose news goes into a message that has room for so many.
    pub(super) fn take(&mut self, room: usize) -> Vec<NodeId> {
        let mut taken: Vec<NodeId> = Vec::new();
        for times in 0..self.limit {
            while taken.len() < room {
                let Some(of) = self.waiting[usize::from(times)].pop_front() else { break };
                if self.sent[of.index()] == times && !taken.contains(&of) {
                    taken.push(of);
                }
            }
        }
        for &of in &taken {
            let sent = &mut self.sent[of.index()];
            *sent += 1;
            match self.waiting.get_mut(usize::from(*sent)) {
                Some(waiting) => waiting.push_back(of),
                None => *sent = SPREAD,
            }
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(taken: &[NodeId]) -> Vec<u32> {
        taken.iter().map(|of| of.0).collect()
    }

    #[test]
    fn news_is_sent_so_often_and_no_more() {
        let mut gossip = Gossip::new(4, 3);
        gossip.add(NodeId(2));
        for _ in 0..3 {
            assert_eq!(numbers(&gossip.take(8)), [2]);
        }
        assert!(gossip.take(8).is_empty());
    }

    #[test]
    fn what_was_sent_the_fewest_times_goes_first() {
        let mut gossip = Gossip::new(4, 3);
        gossip.add(NodeId(0));
        gossip.add(NodeId(1));
        assert_eq!(numbers(&gossip.take(1)), [0]);
        assert_eq!(numbers(&gossip.take(1)), [1]);
        gossip.add(NodeId(3));
        assert_eq!(numbers(&gossip.take(2)), [3, 0]);
        assert_eq!(numbers(&gossip.take(2)), [1, 3]);
    }

    #[test]
    fn newer_news_of_a_member_takes_the_place_of_the_old() {
        let mut gossip = Gossip::new(4, 2);
        gossip.add(NodeId(1));
        gossip.take(8);
        for _ in 0..3 {
            gossip.add(NodeId(1));
        }
        assert_eq!(numbers(&gossip.take(8)), [1]);
        assert_eq!(numbers(&gossip.take(8)), [1]);
        assert!(gossip.take(8).is_empty());
    }

    #[test]
    fn a_message_has_room_for_so_many() {
        let mut gossip = Gossip::new(40, 2);
        (0..40).for_each(|of| gossip.add(NodeId(of)));
        let told: Vec<usize> = std::iter::from_fn(|| Some(gossip.take(7).len()).filter(|&n| n > 0)).collect();
        assert_eq!(told.iter().sum::<usize>(), 80);
        assert!(told[..11].iter().all(|&n| n == 7));
    }
}
