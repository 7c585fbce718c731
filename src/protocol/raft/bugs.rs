//! Mistakes that can be planted. Each is one clause at the place where the rule that it breaks is kept.

use crate::protocol::{Bug, bugs};

/// A mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mistake {
    /// Votes are not written to disk.
    VoteAmnesia,
    /// Entries of earlier terms are committed by counting replicas.
    CommitOldTerm,
    /// Votes are given without a look at the candidate's log.
    NoLogCheck,
    /// Votes are given to every log that is not shorter.
    LengthOnly,
    /// Votes are added up, not kept apart by voter.
    VotesAddUp,
    /// Entries replace all that stood in and behind their place.
    TruncateAlways,
    /// What the leader has committed is committed up to the end of the follower's log.
    CommitClamp,
    /// One replica too few commits an entry.
    SmallQuorum,
    /// Entries are acknowledged before they are synced.
    AckBeforeSync,
    /// A leader serves reads without making sure that it still leads.
    LocalRead,
    /// A lease counts from when its round was answered.
    LeaseFromAnswer,
    /// A restarted node does not keep the promise on which leases rest.
    ForgottenPromise,
    /// Candidates do not ask first whether they would win.
    NoPreVote,
    /// A leader stays in office though it hears from nobody.
    NoCheckQuorum,
    /// All nodes wait equally long for a leader.
    NoRandomness,
    /// Membership is changed before an entry of the leader's own term is committed.
    HastyChange,
    /// Learners count where entries are committed.
    LearnersCount,
    /// Snapshots are saved without the clients' sessions.
    SessionsForgotten,
    /// Commands are applied without a look at the clients' sessions.
    NoDedup,
    /// A snapshot is installed though more was applied.
    StaleSnapshot,
    /// A snapshot is installed without its membership.
    MembersForgotten,
}

pub(super) const TABLE: [(Mistake, Bug); 21] = [
    (
        Mistake::VoteAmnesia,
        Bug {
            name: "vote-amnesia",
            about: "a node does not write its vote to disk, and may vote again in the same term after a restart",
            breaks: &["one_vote_per_term"],
            reached: "",
            source: "akka-raft issue 62; raft-java issue 57",
        },
    ),
    (
        Mistake::CommitOldTerm,
        Bug {
            name: "commit-old-term",
            about: "a leader commits entries of earlier terms as soon as a majority holds them (Figure 8)",
            breaks: &["leader_completeness"],
            reached: "a leader that commits what others left behind before it appends anything itself: no_op off, few operations and no reads, small batches",
            source: "Raft paper, section 5.4.2, Figure 8; CCF pull request 4485",
        },
    ),
    (
        Mistake::NoLogCheck,
        Bug {
            name: "no-log-check",
            about: "a node votes without comparing the candidate's log with its own",
            breaks: &["leader_completeness"],
            reached: "",
            source: "Raft paper, section 5.4.1; akka-raft issues 30 and 51",
        },
    ),
    (
        Mistake::LengthOnly,
        Bug {
            name: "length-only-check",
            about: "a node votes for every candidate whose log is not shorter than its own, whatever terms they end in",
            breaks: &["leader_completeness"],
            reached: "",
            source: "Raft paper, section 5.4.1",
        },
    ),
    (
        Mistake::VotesAddUp,
        Bug {
            name: "duplicate-votes",
            about: "a candidate counts a vote as often as it arrives",
            breaks: &["elected_by_quorum", "election_safety"],
            reached: "four nodes or more (of three, one vote and its own are a majority), and messages that arrive twice",
            source: "akka-raft issue 45",
        },
    ),
    (
        Mistake::TruncateAlways,
        Bug {
            name: "truncate-always",
            about: "a follower replaces all that stands behind the entry before those that it is sent, also where nothing conflicts",
            breaks: &["monotone_terms", "committed_durable", "replicas_equal", "leader_completeness"],
            reached: "messages that are late or arrive twice; above all with small batches and several under way",
            source: "openraft commit 9540c904; akka-raft issue 66",
        },
    ),
    (
        Mistake::CommitClamp,
        Bug {
            name: "commit-clamp",
            about: "a follower commits up to the end of its log, not up to the last entry that it is known to share with the leader",
            breaks: &["state_machine_safety"],
            reached: "reads. What confirms them carries the last entry that is known to match, before what may conflict; a heartbeat stands behind all that was sent, and would be rejected",
            source: "Raft paper, Figure 2, AppendEntries, rule 5",
        },
    ),
    (
        Mistake::SmallQuorum,
        Bug {
            name: "small-quorum",
            about: "a leader commits what one replica less than a majority has on disk",
            breaks: &["committed_durable", "leader_completeness"],
            reached: "",
            source: "openraft commit d60f1e85; akka-raft issue 42",
        },
    ),
    (
        Mistake::AckBeforeSync,
        Bug {
            name: "ack-before-sync",
            about: "a follower acknowledges entries before they are on its disk",
            breaks: &["committed_durable"],
            reached: "disks that take time to sync",
            source: "tikv issue 994; etcd issue 14140",
        },
    ),
    (
        Mistake::LocalRead,
        Bug {
            name: "local-read",
            about: "a leader serves reads from its own state without making sure that it still leads",
            breaks: &["fresh_reads"],
            reached: "reads, and clients that ask a leader that was deposed and does not know it yet",
            source: "etcd issue 741; aphyr's post 316, \"Call me maybe: etcd and Consul\"",
        },
    ),
    (
        Mistake::LeaseFromAnswer,
        Bug {
            name: "lease-from-answer",
            about: "a leader's lease counts from when a majority's answers came in, not from when they were asked",
            breaks: &["fresh_reads"],
            reached: "reads by lease, answers that are late, and elections soon after a leader was lost",
            source: "thesis, section 6.4.1",
        },
    ),
    (
        Mistake::ForgottenPromise,
        Bug {
            name: "forgotten-promise",
            about: "a node that restarts votes at once, though its leader may still hold a lease that it answered for",
            breaks: &["fresh_reads"],
            reached: "reads by lease, and fast restarts",
            source: "tikv issue 15035",
        },
    ),
    (
        Mistake::NoPreVote,
        Bug {
            name: "no-pre-vote",
            about: "a node that was cut off raises its term at once, and deposes a healthy leader with it, again and again; clients are answered all the same",
            breaks: &["stable_leader"],
            reached: "check_quorum off (nodes that hear from a leader do not listen to candidates), and outsiders left as they are",
            source: "thesis, section 9.6; etcd's TestDisruptiveFollower",
        },
    ),
    (
        Mistake::NoCheckQuorum,
        Bug {
            name: "no-check-quorum",
            about: "a leader that can send but not hear stays in office, and nothing is ever committed",
            breaks: &["convergence"],
            reached: "outsiders left as they are, the leader among them",
            source: "cockroach pull request 79699; thesis, section 6.2",
        },
    ),
    (
        Mistake::NoRandomness,
        Bug {
            name: "no-randomness",
            about: "all nodes wait equally long before they stand for election, and split the votes",
            breaks: &["convergence"],
            reached: "pre_vote off, and delays and syncs that hardly vary",
            source: "Raft paper, section 5.2; thesis, Figure 9.8",
        },
    ),
    (
        Mistake::HastyChange,
        Bug {
            name: "hasty-change",
            about: "a new leader changes the membership before it has committed an entry of its own term",
            breaks: &["one_change_at_a_time"],
            reached: "an operator that changes voters",
            source: "Ongaro, \"bug in single-server membership changes\", raft-dev, July 2015",
        },
    ),
    (
        Mistake::LearnersCount,
        Bug {
            name: "learners-count",
            about: "a leader counts learners among those who have an entry",
            breaks: &["committed_durable", "convergence"],
            reached: "an operator that adds learners",
            source: "rabbitmq/ra pull request 427",
        },
    ),
    (
        Mistake::SessionsForgotten,
        Bug {
            name: "sessions-forgotten",
            about: "a snapshot is saved without what clients were told last",
            breaks: &["snapshot_faithful"],
            reached: "snapshots",
            source: "thesis, section 6.3",
        },
    ),
    (
        Mistake::NoDedup,
        Bug {
            name: "no-dedup",
            about: "a command that stands in the log twice takes effect twice",
            breaks: &["exactly_once"],
            reached: "",
            source: "thesis, section 6.3",
        },
    ),
    (
        Mistake::StaleSnapshot,
        Bug {
            name: "stale-snapshot",
            about: "a follower installs every snapshot that it is sent, though it may have applied more than that holds",
            breaks: &["monotone_terms", "committed_durable", "replicas_equal"],
            reached: "snapshots, and messages that are late or arrive twice",
            source: "openraft pull request 543",
        },
    ),
    (
        Mistake::MembersForgotten,
        Bug {
            name: "members-forgotten",
            about: "a follower that installs a snapshot goes on with its own membership, not with the snapshot's",
            breaks: &["snapshot_faithful"],
            reached: "snapshots, and an operator that changes who takes part",
            source: "async-raft issue 133",
        },
    ),
];

/// The mistakes, as scenarios and reports know them.
pub(super) const BUGS: &[Bug] = &bugs(&TABLE);
