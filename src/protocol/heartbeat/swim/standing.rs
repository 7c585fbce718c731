//! What members hold of each other, and which news overrides which.

use std::fmt;

use crate::process::NodeId;

/// What a member is held to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// It lives.
    Alive,
    /// It did not answer, and may still refute that it is dead.
    Suspect,
    /// It is dead, unless it comes with a higher incarnation.
    Dead,
}

/// What is held of a member: a status, in the incarnation of which it was said. The order is that in which news
/// overrides other news (section 4.2): the higher incarnation does; in the same one, `Suspect` overrides `Alive`, and
/// `Dead` both. So news may come in any order and any number of times, and whoever has heard the same holds the same.
///
/// The paper lets `Confirm` override whatever the incarnation, and a member that was declared dead come back under a
/// new name only. Here it comes back under its own, as in memberlist: `Dead` overrides up to its own incarnation, and
/// is overridden by a higher one.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Standing(u32);

/// The last incarnation that there is room for; a member that has reached it cannot refute any more.
const LAST: u32 = u32::MAX >> 2;

impl Standing {
    /// What is held of every member of whom nothing was heard.
    pub const INITIAL: Self = Self(0);

    /// This status, in this incarnation.
    #[must_use]
    pub const fn new(status: Status, incarnation: u32) -> Self {
        let incarnation = if incarnation < LAST { incarnation } else { LAST };
        Self(incarnation << 2 | status as u32)
    }

    /// In which incarnation it was said.
    #[must_use]
    pub const fn incarnation(self) -> u32 {
        self.0 >> 2
    }

    /// What the member is held to be.
    #[must_use]
    pub const fn status(self) -> Status {
        match self.0 & 3 {
            0 => Status::Alive,
            1 => Status::Suspect,
            _ => Status::Dead,
        }
    }

    /// Whether the member is held dead.
    #[must_use]
    pub const fn is_dead(self) -> bool {
        self.0 & 3 == Status::Dead as u32
    }

    /// The same incarnation, with this status.
    #[must_use]
    pub const fn with(self, status: Status) -> Self {
        Self(self.0 & !3 | status as u32)
    }

    /// Alive in the next incarnation: what refutes this.
    #[must_use]
    pub const fn refuted(self) -> Self {
        Self::new(Status::Alive, self.incarnation().saturating_add(1))
    }
}

/// As people write it: `suspect@3`.
impl fmt::Debug for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = match self.status() {
            Status::Alive => "alive",
            Status::Suspect => "suspect",
            Status::Dead => "dead",
        };
        write!(f, "{status}@{}", self.incarnation())
    }
}

/// News of a member.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Update {
    /// Of whom.
    pub of: NodeId,
    /// What.
    pub standing: Standing,
}

/// As people write it: `n4 suspect@3`.
impl fmt::Debug for Update {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.of, self.standing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Status::{Alive, Dead, Suspect};

    /// Section 4.2, line by line, and `Dead` as memberlist has it.
    #[test]
    fn news_overrides_as_the_paper_says() {
        for (i, j) in (0..4).flat_map(|i| (0..4).map(move |j| (i, j))) {
            let overrides = |news, held| Standing::new(news, i) > Standing::new(held, j);
            assert_eq!(overrides(Alive, Suspect), i > j);
            assert_eq!(overrides(Alive, Alive), i > j);
            assert_eq!(overrides(Suspect, Suspect), i > j);
            assert_eq!(overrides(Suspect, Alive), i >= j);
            assert_eq!(overrides(Dead, Alive), i >= j);
            assert_eq!(overrides(Dead, Suspect), i >= j);
            assert_eq!(overrides(Alive, Dead), i > j);
        }
    }

    #[test]
    fn a_standing_is_its_status_and_its_incarnation() {
        for status in [Alive, Suspect, Dead] {
            let standing = Standing::new(status, 7);
            assert_eq!((standing.status(), standing.incarnation(), standing.is_dead()), (status, 7, status == Dead));
            assert_eq!(standing.refuted(), Standing::new(Alive, 8));
            assert_eq!(standing.with(Suspect), Standing::new(Suspect, 7));
        }
        assert_eq!(Standing::INITIAL, Standing::new(Alive, 0));
        assert_eq!(format!("{:?}", Update { of: NodeId(4), standing: Standing::new(Suspect, 3) }), "n4 suspect@3");
    }

    #[test]
    fn incarnations_end_where_there_is_no_room_left() {
        let last = Standing::new(Suspect, u32::MAX);
        assert_eq!((last.incarnation(), last.refuted().incarnation()), (LAST, LAST));
    }
}
