//! Mistakes that can be planted. Each is one clause at the place where the rule that it breaks is kept.

use crate::protocol::commit::Mistake;
use crate::protocol::{Bug, bugs};

pub(super) const TABLE: [(Mistake, Bug); 3] = [
    (
        Mistake::DecideAlone,
        Bug {
            name: "decide-alone",
            about: "who hears nothing decides by its own state: uncertain aborts, pre-committed commits",
            breaks: &["agreement"],
            reached: "a coordinator that falls, or is cut off, in the midst of telling that all voted yes",
            source: "Bernstein, Hadzilacos and Goodman, section 7.5: why timeouts alone do not do",
        },
    ),
    (
        Mistake::RecoveredTakesPart,
        Bug {
            name: "recovered-takes-part",
            about: "a participant that was down takes part in terminations, and leads them, as if it were uncertain",
            breaks: &["agreement"],
            reached: "participants that come back while those who have decided are down",
            source: "Bernstein, Hadzilacos and Goodman, section 7.5: only operational processes terminate",
        },
    ),
    (
        Mistake::CommitBeforeAcks,
        Bug {
            name: "commit-before-acks",
            about: "the coordinator commits as soon as one participant has heard that all voted yes",
            breaks: &["non_blocking_rule"],
            reached: "two participants",
            source: "Skeen, Nonblocking Commit Protocols, 1981",
        },
    ),
];

/// The mistakes, as scenarios and reports know them.
pub(super) const BUGS: &[Bug] = &bugs(&TABLE);
