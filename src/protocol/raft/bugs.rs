//! Mistakes that can be planted. Each is one clause at the place where the rule that it breaks is kept.

use crate::protocol::Bug;

/// A mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mistake {
    /// Votes are not written to disk.
    VoteAmnesia,
    /// Entries of earlier terms are committed by counting replicas.
    CommitOldTerm,
    /// Votes are given without a look at the candidate's log.
    NoLogCheck,
}

/// The mistake that was planted, if one was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Planted(Option<Mistake>);

impl Planted {
    /// The mistake of this name.
    pub(super) fn named(name: Option<&str>) -> Self {
        Self(TABLE.iter().find(|(_, bug)| Some(bug.name) == name).map(|&(mistake, _)| mistake))
    }

    /// Whether it is this one.
    pub(super) fn is(self, mistake: Mistake) -> bool {
        self.0 == Some(mistake)
    }
}

const TABLE: [(Mistake, Bug); 3] = [
    (
        Mistake::VoteAmnesia,
        Bug {
            name: "vote-amnesia",
            about: "a node does not write its vote to disk, and may vote again in the same term after a restart",
            breaks: &["one_vote_per_term", "election_safety"],
            reached: "",
            source: "akka-raft issue 62; raft-java issue 57",
        },
    ),
    (
        Mistake::CommitOldTerm,
        Bug {
            name: "commit-old-term",
            about: "a leader commits entries of earlier terms as soon as a majority holds them (Figure 8)",
            breaks: &["leader_completeness", "state_machine_safety", "committed_durable"],
            reached: "",
            source: "Raft paper, section 5.4.2, Figure 8; CCF pull request 4485",
        },
    ),
    (
        Mistake::NoLogCheck,
        Bug {
            name: "no-log-check",
            about: "a node votes without comparing the candidate's log with its own",
            breaks: &["leader_completeness", "state_machine_safety", "committed_durable", "monotone_terms"],
            reached: "",
            source: "Raft paper, section 5.4.1; akka-raft issues 30 and 51",
        },
    ),
];

/// The mistakes, as scenarios and reports know them.
pub(super) const BUGS: &[Bug] = &{
    let mut bugs = [TABLE[0].1; TABLE.len()];
    let mut n = 0;
    while n < TABLE.len() {
        bugs[n] = TABLE[n].1;
        n += 1;
    }
    bugs
};
