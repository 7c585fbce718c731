//! Mistakes that can be planted. Each is one clause at the place where the rule that it breaks is kept.

use crate::protocol::heartbeat::swim;
use crate::protocol::{Bug, bugs};

/// A mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mistake {
    /// A node that stood still blames the others.
    OwnPause,
    /// Any heartbeat will do, however old.
    StaleBeat,
    /// Who was suspected once is never trusted again.
    NeverAgain,
    /// The time over an outage is learned as one between heartbeats.
    OutageLearned,
    /// Who was never heard is trusted.
    UnheardIsWell,
    /// Who is silent on one of two channels is suspected.
    OneChannel,
}

pub(super) const TABLE: [(Mistake, Bug); 6] = [
    (
        Mistake::OwnPause,
        Bug {
            name: "own-pause",
            about: "a node that stood still judges by its clock before it has seen to what came in meanwhile",
            breaks: &["strong_accuracy"],
            reached: "any detector but SWIM; pauses longer than the shift or the timeout, and no other faults",
            source: "CASSANDRA-9183 (max local pause), as in scylladb/scylladb issue 957; restatedev/restate issue 5156",
        },
    ),
    (
        Mistake::StaleBeat,
        Bug {
            name: "stale-beat",
            about: "any heartbeat makes its sender trusted, however old it is",
            breaks: &["detection_bound"],
            reached: "crashes, and delays longer than the shift; \"passive\", \"active\" or \"hybrid\"",
            source: "Chen, Toueg and Aguilera, 2002, on common failure detectors; quickwit-oss/chitchat issue 132",
        },
    ),
    (
        Mistake::NeverAgain,
        Bug {
            name: "never-again",
            about: "who was suspected once is suspected for ever, however often he is heard",
            breaks: &["eventual_strong_accuracy", "eventual_weak_accuracy"],
            reached: "any detector but SWIM, and a suspicion that was wrong or came to its end",
            source: "edwardcapriolo/gossip issue 15: members that come back are taken to be dead",
        },
    ),
    (
        Mistake::OutageLearned,
        Bug {
            name: "outage-learned",
            about: "the time from the last heartbeat before an outage to the first one after it is learned like any other, so that the next crash is noticed late",
            breaks: &["detection_bound", "strong_completeness"],
            reached: "\"phi\", and two crashes of one node",
            source: "CASSANDRA-3273; akka/akka-core pull request 25259: \"a long pause will skew the stats\"",
        },
    ),
    (
        Mistake::UnheardIsWell,
        Bug {
            name: "unheard-is-well",
            about: "whoever was not heard since the last restart has no statistics, and is trusted",
            breaks: &["weak_completeness", "strong_completeness"],
            reached: "\"phi\", and a node that restarts while another is down",
            source: "akka/akka-core pull request 526 (issue 2182) and pull request 1029 (issue 2907)",
        },
    ),
    (
        Mistake::OneChannel,
        Bug {
            name: "one-channel",
            about: "who is silent on one channel is suspected, though he is heard on the other",
            breaks: &["strong_accuracy"],
            reached: "\"hybrid\", and single losses",
            source: "the union of two detectors adds up their mistakes, where their intersection multiplies them",
        },
    ),
];

/// All mistakes, those of SWIM too, as scenarios and reports know them.
pub(super) const BUGS: &[Bug] = &{
    let (own, of_swim) = (bugs(&TABLE), bugs(&swim::bugs::TABLE));
    let mut all = [own[0]; TABLE.len() + swim::bugs::TABLE.len()];
    let mut n = 0;
    while n < all.len() {
        all[n] = if n < own.len() { own[n] } else { of_swim[n - own.len()] };
        n += 1;
    }
    all
};
