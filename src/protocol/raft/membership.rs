//! Who takes part: voters, learners, and how one membership becomes the next (thesis, chapter 4).
//!
//! A membership is an entry of the log like any other, and a node follows the latest in its log, committed or not
//! (thesis 4.1). Two ways lead from one to the next:
//! - *one voter at a time*: majorities of the old and of the new share a node, so that no two leaders of a term can be
//!   elected by one each;
//! - *jointly*, for any set of voters: an entry between, under which everything needs majorities of both; once it is
//!   committed the leader appends the one that ends it (paper, section 6; thesis 4.3).
//!
//! *Learners* receive the log and count in no majority (thesis 4.2.1). Each new voter is a learner first.

use super::log::{Index, Log};
use super::snapshot::Snapshot;
use crate::process::{NodeId, Voters};
use crate::protocol::quorum;

/// Who takes part.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Membership {
    /// Whose votes count.
    pub voters: Voters,
    /// During a joint change, whose votes counted before it: a majority of these is needed too.
    pub outgoing: Voters,
    /// Who receives the log and counts in no majority.
    pub learners: Voters,
}

impl Membership {
    /// These vote; there are no learners.
    #[must_use]
    pub const fn of(voters: Voters) -> Self {
        Self { voters, outgoing: Voters::NONE, learners: Voters::NONE }
    }

    /// Whether two majorities are needed.
    #[must_use]
    pub const fn is_joint(self) -> bool {
        !self.outgoing.is_empty()
    }

    /// All whose votes may be needed.
    #[must_use]
    pub const fn electorate(self) -> Voters {
        self.voters.or(self.outgoing)
    }

    /// All who receive the log.
    #[must_use]
    pub const fn members(self) -> Voters {
        self.electorate().or(self.learners)
    }

    /// Whether these are a majority of the voters, in a joint change of both sets of voters.
    #[must_use]
    pub const fn has_quorum(self, nodes: Voters) -> bool {
        self.voters.has_majority(nodes) && (!self.is_joint() || self.outgoing.has_majority(nodes))
    }

    /// The greatest value that a quorum has reached.
    pub(super) fn reached<T: Ord + Copy + Default>(self, value: impl Fn(NodeId) -> T) -> Option<T> {
        self.reached_without(0, value)
    }

    /// The same, where so many are missing from each majority.
    pub(super) fn reached_without<T: Ord + Copy + Default>(
        self,
        missing: usize,
        value: impl Fn(NodeId) -> T,
    ) -> Option<T> {
        let of = |voters: Voters| quorum::reached_by(voters.majority() - missing, voters, &value);
        if self.is_joint() { of(self.voters).min(of(self.outgoing)) } else { of(self.voters) }
    }

    /// Whether its quorums and those of the one before always share a node.
    #[must_use]
    pub fn is_safe_after(self, before: Self) -> bool {
        let changed = self.voters.without(before.voters).or(before.voters.without(self.voters));
        match (before.is_joint(), self.is_joint()) {
            (false, false) => changed.len() <= 1,
            (false, true) => self.outgoing == before.voters,
            (true, false) => self.voters == before.voters,
            (true, true) => self == before,
        }
    }

    /// The end of a joint change.
    pub(super) const fn settled(self) -> Self {
        Self { outgoing: Voters::NONE, ..self }
    }
}

impl std::fmt::Debug for Membership {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.voters)?;
        if self.is_joint() {
            write!(f, " and {:?}", self.outgoing)?;
        }
        if !self.learners.is_empty() {
            write!(f, " learning {:?}", self.learners)?;
        }
        Ok(())
    }
}

/// The memberships that a node's log tells of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Members {
    /// Where each begins, ascending; there is always one.
    known: Vec<(Index, Membership)>,
}

impl Members {
    /// At `index` this one is in force.
    pub(super) fn starting(index: Index, membership: Membership) -> Self {
        Self { known: vec![(index, membership)] }
    }

    /// What a node knows that has this snapshot and this log behind it.
    pub(super) fn told_by(snapshot: Option<&Snapshot>, log: &Log, initial: Membership) -> Self {
        let (end, first) = snapshot.map_or((0, initial), |snapshot| (snapshot.last.index, snapshot.members));
        let mut members = Self::starting(end, first);
        for index in end + 1..=log.last().index {
            if let Some(membership) = log.entry(index).and_then(|entry| entry.command.membership()) {
                members.push(index, membership);
            }
        }
        members
    }

    /// The latest one, committed or not: the one that counts.
    #[must_use]
    pub fn now(&self) -> Membership {
        self.known[self.known.len() - 1].1
    }

    /// Which entry it begins with. What a snapshot tells of begins with the snapshot's end.
    #[must_use]
    pub fn since(&self) -> Index {
        self.known[self.known.len() - 1].0
    }

    /// The one before the latest, and which entry it begins with, if it is known.
    #[must_use]
    pub fn before(&self) -> Option<(Index, Membership)> {
        self.known.len().checked_sub(2).map(|place| self.known[place])
    }

    /// The one in force behind this entry.
    #[must_use]
    pub fn at(&self, index: Index) -> Membership {
        let place = self.known.partition_point(|&(since, _)| since <= index);
        self.known[place.saturating_sub(1)].1
    }

    /// All that are in force from behind this entry on, in order, each with where it begins.
    pub fn from(&self, index: Index) -> impl Iterator<Item = (Index, Membership)> {
        let place = self.known.partition_point(|&(since, _)| since <= index);
        self.known[place.saturating_sub(1)..].iter().copied()
    }

    pub(super) fn push(&mut self, index: Index, membership: Membership) {
        self.known.push((index, membership));
    }

    /// The entry at this place and all behind it are dropped from the log.
    pub(super) fn truncate(&mut self, from: Index) {
        let kept = self.known.partition_point(|&(since, _)| since < from);
        self.known.truncate(kept.max(1));
    }

    /// What came before the one in force behind this entry is not needed any more.
    pub(super) fn forget_before(&mut self, index: Index) {
        let place = self.known.partition_point(|&(since, _)| since <= index);
        self.known.drain(..place.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(nodes: &[u32]) -> Voters {
        nodes.iter().copied().map(NodeId).collect()
    }

    #[test]
    fn a_joint_membership_needs_both_majorities() {
        let joint = Membership { voters: set(&[2, 3, 4]), outgoing: set(&[0, 1, 2]), learners: set(&[5]) };
        assert!(joint.has_quorum(set(&[1, 2, 3])));
        assert!(!joint.has_quorum(set(&[2, 3, 4, 5])) && !joint.has_quorum(set(&[0, 1, 2, 5])));
        let values = [9, 9, 1, 5, 5, 9];
        assert_eq!(joint.reached(|node| values[node.index()]), Some(5));
        assert_eq!(Membership::of(joint.voters).reached(|node| values[node.index()]), Some(5));
        assert_eq!(Membership::of(joint.outgoing).reached(|node| values[node.index()]), Some(9));
    }

    #[test]
    fn quorums_of_consecutive_memberships_share_a_node() {
        let of = |nodes: &[u32]| Membership::of(set(nodes));
        let three = of(&[0, 1, 2]);
        assert!(of(&[0, 1, 2, 3]).is_safe_after(three) && of(&[0, 1]).is_safe_after(three));
        assert!(!of(&[0, 1, 3]).is_safe_after(three) && !of(&[0]).is_safe_after(three));
        let joint = Membership { outgoing: three.voters, ..of(&[3, 4]) };
        assert!(joint.is_safe_after(three) && of(&[3, 4]).is_safe_after(joint));
        assert!(!three.is_safe_after(joint) && !joint.is_safe_after(of(&[0, 1])));
    }

    #[test]
    fn memberships_come_and_go_with_the_log() {
        let of = |nodes: &[u32]| Membership::of(set(nodes));
        let mut members = Members::starting(0, of(&[0]));
        members.push(4, of(&[0, 1]));
        members.push(7, of(&[0, 1, 2]));
        assert_eq!((members.at(3), members.at(4), members.at(9)), (of(&[0]), of(&[0, 1]), of(&[0, 1, 2])));
        members.truncate(7);
        assert_eq!((members.now(), members.since(), members.before()), (of(&[0, 1]), 4, Some((0, of(&[0])))));
        members.push(8, of(&[0]));
        members.forget_before(5);
        assert_eq!((members.at(5), members.before()), (of(&[0, 1]), Some((4, of(&[0, 1])))));
        members.forget_before(8);
        assert_eq!((members.now(), members.before()), (of(&[0]), None));
    }
}
