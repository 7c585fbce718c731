//! Mistakes that can be planted. Each is one clause at the place where the rule that it breaks is kept.

use crate::protocol::commit::Mistake;
use crate::protocol::{Bug, bugs};

pub(super) const TABLE: [(Mistake, Bug); 9] = [
    (
        Mistake::YesBeforeForce,
        Bug {
            name: "yes-before-force",
            about: "a participant votes yes, and then forces to its log what it has voted on",
            breaks: &["commit_needs_all_yes", "money_conserved"],
            reached: "crashes of participants, and syncs that take time",
            source: "Bernstein, Hadzilacos and Goodman, section 7.4: the yes record is in the log before the vote leaves",
        },
    ),
    (
        Mistake::UnloggedCommit,
        Bug {
            name: "unlogged-commit",
            about: "the coordinator tells participants to commit, and then forces the commit to its log",
            breaks: &["agreement", "once_per_request"],
            reached: "crashes of the coordinator, and syncs that take time",
            source: "Bernstein, Hadzilacos and Goodman, section 7.4; MartinKalema/horizontal-scaling-convex issue 101",
        },
    ),
    (
        Mistake::AbortWhilePrepared,
        Bug {
            name: "abort-while-prepared",
            about: "a participant that waits too long for the decision aborts, though it voted yes",
            breaks: &["agreement", "no_failures_commit", "money_conserved"],
            reached: "a coordinator that is down, cut off or late",
            source: "the heuristic decisions of XA; Mohan, Lindsay and Obermarck, 1986",
        },
    ),
    (
        Mistake::ForgetEarly,
        Bug {
            name: "forget-early",
            about: "the coordinator forgets a commit once the first participant has acknowledged it",
            breaks: &["agreement", "money_conserved"],
            reached: "participants that are down when they are told to commit",
            source: "Narayana, JBTM-2356 (jbosstm/narayana pull request 821)",
        },
    ),
    (
        Mistake::LocksLost,
        Bug {
            name: "locks-lost",
            about: "a participant that restarts does not lock again what it is uncertain about",
            breaks: &["locks_held"],
            reached: "crashes of participants",
            source: "CUBRID, CBRD-27079 (CUBRID/cubrid pull request 7554)",
        },
    ),
    (
        Mistake::HastyPresumption,
        Bug {
            name: "hasty-presumption",
            about: "a coordinator that is asked about a transaction under way presumes that it was aborted",
            breaks: &["agreement", "money_conserved"],
            reached: "participants that restart, or wait too long, while others still vote",
            source: "Citus, citusdata/citus issue 1030",
        },
    ),
    (
        Mistake::RepeatedRequest,
        Bug {
            name: "repeated-request",
            about: "the coordinator does not look up whether it has carried a request out",
            breaks: &["once_per_request"],
            reached: "requests that come twice",
            source: "Apache Pulsar, apache/pulsar issues 19629 and 19744",
        },
    ),
    (
        Mistake::NoCooperation,
        Bug {
            name: "no-cooperation",
            about: "a participant that is uncertain asks the coordinator alone",
            breaks: &["cooperation"],
            reached: "a coordinator that is down for long while some participant knows the outcome",
            source: "atomix/atomix issue 360",
        },
    ),
    (
        Mistake::DirtyRead,
        Bug {
            name: "dirty-read",
            about: "a participant shows what an account would hold if a transaction that is not decided were committed",
            breaks: &["serializable"],
            reached: "reads of accounts that wait for a decision, and aborts",
            source: "Adya, 1999: G1a; WiredTiger, WT-11186 (wiredtiger/wiredtiger pull request 9284)",
        },
    ),
];

/// The mistakes, as scenarios and reports know them.
pub(super) const BUGS: &[Bug] = &bugs(&TABLE);
