//! Mistakes that can be planted. Each is one clause at the place where the rule that it breaks is kept.

use crate::protocol::{Bug, bugs};

/// A mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mistake {
    /// An acceptor begins anew after a restart.
    AcceptorAmnesia,
    /// What acceptors accepted before binds nobody.
    IgnoreAccepted,
    /// An acceptor accepts what it promised not to.
    BrokenPromise,
    /// Half of the acceptors choose.
    HalfQuorum,
    /// Rounds are counted in memory.
    BallotReuse,
    /// Who is outbid tries again at once.
    Duel,
}

pub(super) const TABLE: [(Mistake, Bug); 6] = [
    (
        Mistake::AcceptorAmnesia,
        Bug {
            name: "acceptor-amnesia",
            about: "an acceptor forgets in a restart what it promised and accepted",
            breaks: &["ballots_monotone"],
            reached: "restarts before everybody knows the decision",
            source: "Paxos Made Simple, section 2.5; Chandra, Griesemer and Redstone, Paxos Made Live, section 5.1",
        },
    ),
    (
        Mistake::IgnoreAccepted,
        Bug {
            name: "ignore-accepted",
            about: "a proposer proposes its own value, whatever those who promised have accepted",
            breaks: &["p2c"],
            reached: "two proposers",
            source: "Paxos Made Simple, section 2.2, P2c",
        },
    ),
    (
        Mistake::BrokenPromise,
        Bug {
            name: "broken-promise",
            about: "an acceptor accepts a ballot below the one that it promised",
            breaks: &["p2c"],
            reached: "two proposers, and messages that overtake each other",
            source: "Paxos Made Simple, section 2.2, P1a",
        },
    ),
    (
        Mistake::HalfQuorum,
        Bug {
            name: "half-quorum",
            about: "half of an even number of acceptors choose",
            breaks: &["p2c", "no_false_learning"],
            reached: "an even number of nodes",
            source: "Paxos Made Simple, section 2.2: any two majorities share a member",
        },
    ),
    (
        Mistake::BallotReuse,
        Bug {
            name: "ballot-reuse",
            about: "a proposer counts its rounds in memory, and uses a ballot twice after a restart",
            breaks: &["ballots_monotone"],
            reached: "restarts of proposers",
            source: "Tencent/phxpaxos issue 145",
        },
    ),
    (
        Mistake::Duel,
        Bug {
            name: "duel",
            about: "a proposer that is outbid does not wait before it tries again",
            breaks: &["convergence"],
            reached: "several proposers, and delays that hardly vary",
            source: "Paxos Made Simple, section 2.4",
        },
    ),
];

/// The mistakes, as scenarios and reports know them.
pub(super) const BUGS: &[Bug] = &bugs(&TABLE);
