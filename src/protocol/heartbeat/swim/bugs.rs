//! Mistakes that can be planted in SWIM. Each is one clause at the place where the rule that it breaks is kept.

use crate::protocol::Bug;

/// A mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SwimMistake {
    /// Who does not answer is dead.
    NoSuspicion,
    /// Whom to probe is drawn each time.
    RandomProbe,
    /// A suspicion counts whatever the incarnation.
    StaleSuspect,
    /// Who hears from a member that it holds dead does not say so.
    SilentVerdict,
    /// News that is heard again is spread again.
    EndlessGossip,
    /// Whoever sees that a suspect lives clears it.
    ClearedByOthers,
}

const WITH_SWIM: &str = "the detector swim";

/// The mistakes, as scenarios and reports know them.
pub(in crate::protocol::heartbeat) const TABLE: [(SwimMistake, Bug); 6] = [
    (
        SwimMistake::NoSuspicion,
        Bug {
            name: "no-suspicion",
            about: "a member that did not answer a probe is declared dead at once, though suspicion is on",
            breaks: &["suspicion_before_death"],
            reached: "the detector swim, with suspicion",
            source: "Das, Gupta and Motivala, SWIM, section 4.2; Dadgar, Phillips and Currey, Lifeguard",
        },
    ),
    (
        SwimMistake::RandomProbe,
        Bug {
            name: "random-probe",
            about: "whom to probe is drawn each time, so that nothing bounds how long somebody is left out",
            breaks: &["time_bounded_completeness"],
            reached: "the detector swim, probing in turn",
            source: "Das, Gupta and Motivala, SWIM, section 4.3",
        },
    ),
    (
        SwimMistake::StaleSuspect,
        Bug {
            name: "stale-suspect",
            about: "a suspicion of an old incarnation overrides that the member lives in a newer one",
            breaks: &["news_in_order"],
            reached: WITH_SWIM,
            source: "habitat-sh/habitat issue 5571: override rules other than those of SWIM, section 4.2",
        },
    ),
    (
        SwimMistake::SilentVerdict,
        Bug {
            name: "silent-verdict",
            about: "who hears from a member that it holds dead does not tell it, so that it never refutes",
            breaks: &["true_membership"],
            reached: "the detector swim, and partitions or restarts",
            source: "hashicorp/memberlist issue 311 and pull request 345: a stale alive message is dropped in silence",
        },
    ),
    (
        SwimMistake::EndlessGossip,
        Bug {
            name: "endless-gossip",
            about: "news that is heard again is spread again, as if it were new",
            breaks: &["bounded_piggyback"],
            reached: WITH_SWIM,
            source: "quickwit-oss/chitchat issue 161: a dead incarnation keeps being gossiped",
        },
    ),
    (
        SwimMistake::ClearedByOthers,
        Bug {
            name: "cleared-by-others",
            about: "a member that is answered by a suspect declares it alive in the next incarnation itself",
            breaks: &["own_incarnation"],
            reached: WITH_SWIM,
            source: "Das, Gupta and Motivala, SWIM, section 4.2: only a member itself raises its incarnation",
        },
    ),
];
