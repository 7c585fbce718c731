//! Mistakes that can be planted. Each is one clause at the place where the rule that it breaks is kept.

use crate::protocol::{Bug, bugs};

/// A mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mistake {
    /// An acceptor forgets in a restart what it promised.
    PromiseAmnesia,
    /// Rounds are counted in memory.
    BallotReuse,
    /// What acceptors accepted before binds nobody.
    IgnoreAccepted,
    /// A new leader is bound to what it heard first, whatever its ballot.
    FirstAccepted,
    /// An acceptor accepts what it promised not to.
    BrokenPromise,
    /// An acceptor answers up to the last slot that it has, over holes.
    AckOverGap,
    /// What was accepted in any ballot is taken for decided.
    AnyBallot,
    /// A leader proposes in a slot in which it has proposed.
    SlotReuse,
    /// A new leader leaves empty slots empty.
    NoGapFill,
    /// Acceptances are answered before they are synced.
    AckBeforeSync,
}

pub(super) const TABLE: [(Mistake, Bug); 10] = [
    (
        Mistake::AckBeforeSync,
        Bug {
            name: "ack-before-sync",
            about: "an acceptor answers before what it accepted is on its disk",
            breaks: &["acceptances_kept"],
            reached: "disks that take time to sync",
            source: "tikv issue 994; etcd issue 14140",
        },
    ),
    (
        Mistake::PromiseAmnesia,
        Bug {
            name: "promise-amnesia",
            about: "an acceptor comes back with what it accepted, but without its promise",
            breaks: &["ballots_monotone"],
            reached: "restarts",
            source: "Paxos Made Simple, section 2.5",
        },
    ),
    (
        Mistake::BallotReuse,
        Bug {
            name: "ballot-reuse",
            about: "a node counts rounds in memory only, and begins a ballot of its own a second time after a restart",
            breaks: &["ballots_monotone"],
            reached: "restarts",
            source: "Tencent/phxpaxos issue 145",
        },
    ),
    (
        Mistake::IgnoreAccepted,
        Bug {
            name: "ignore-accepted",
            about: "a new leader proposes no-ops for all open slots, whatever those who promised have accepted in them",
            breaks: &["choice_is_stable"],
            reached: "a new leader while commands are under way",
            source: "Paxos Made Simple, section 2.2, P2c, and section 3",
        },
    ),
    (
        Mistake::FirstAccepted,
        Bug {
            name: "first-accepted",
            about: "a new leader is bound to the first command that it hears of in a slot, not to that of the highest ballot",
            breaks: &["choice_is_stable"],
            reached: "a slot in which two ballots had different commands accepted",
            source: "Paxos Made Simple, section 2.2, P2c; PMMC, section 2.3, the operator pmax",
        },
    ),
    (
        Mistake::BrokenPromise,
        Bug {
            name: "broken-promise",
            about: "an acceptor accepts in a ballot below the one that it promised",
            breaks: &["accepts_current_ballot", "one_decision_per_slot"],
            reached: "messages that are overtaken by a new leader's",
            source: "PMMC, section 2.2, A2; scylladb issue 6139",
        },
    ),
    (
        Mistake::AckOverGap,
        Bug {
            name: "ack-over-gap",
            about: "an acceptor answers up to the last slot that it accepted, also where slots before it are missing",
            breaks: &["decided_prefix", "replicas_equal", "convergence"],
            reached: "several messages under way, lost or overtaken",
            source: "oxia pull request 1239",
        },
    ),
    (
        Mistake::AnyBallot,
        Bug {
            name: "watermark-any-ballot",
            about: "a follower takes what it accepted for decided as soon as the leader says that the slot is, though it accepted it in another ballot",
            breaks: &["one_decision_per_slot"],
            reached: "a leader that was deposed with commands that nobody else has",
            source: "rabbitmq/ra pull request 508, the same mistake in a Raft",
        },
    ),
    (
        Mistake::SlotReuse,
        Bug {
            name: "slot-reuse",
            about: "a leader proposes in the first slot that is not decided, though it has a proposal there under way",
            breaks: &["one_value_per_ballot_slot"],
            reached: "two clients",
            source: "PMMC, section 2.2, C1",
        },
    ),
    (
        Mistake::NoGapFill,
        Bug {
            name: "no-gap-fill",
            about: "a new leader leaves slots empty that were left empty before others, and nothing behind them is ever applied",
            breaks: &["convergence"],
            reached: "several messages under way, lost or overtaken, when the leader falls",
            source: "Paxos Made Simple, section 3",
        },
    ),
];

/// The mistakes, as scenarios and reports know them.
pub(super) const BUGS: &[Bug] = &bugs(&TABLE);
