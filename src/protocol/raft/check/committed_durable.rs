//! **Committed is durable**: what a leader reports as committed is on the disks of a majority (of those who vote; in a
//! joint change of membership, of both sets), from the end of the turn
//! in which it says so on: synced, and whether the nodes live or not (section 5.4; etcd's `QuorumLogInv` and
//! `CommittedIsDurableInv`).
//!
//! At each report, the synced logs are judged by where they ended after each node's last turn. That is enough to know:
//! a node acknowledges at the end of a turn in which the entries were synced. A log that ends before the entry, or in
//! an earlier term than the entry's, does not have it. One that ends in the entry's term or in a later one does, or a
//! later leader lacked it, which is leader completeness. (Of a turn that a crash cut short nothing is seen but what
//! left, and of one that a pause holds up not yet: until the node is seen again, it may have the entry.) At every
//! checkpoint disks are looked at themselves. The last entry committed stands for those before it.
//!
//! A disk that was wiped does not have the entry, nor does one with a damaged record, from which no node boots any
//! more. Nobody is excused for that: Raft tolerates no loss of synced data, and where a scenario lets more be lost than
//! is tolerated, this is what is lost.

use crate::check::{At, Cast, Evidence, NodeId, Nodes, Property, Seat, Time, Verdict, WorldEvent};
use crate::process::Voters;
use crate::protocol::raft::{Fact, Membership, Position, Raft, RaftConfig};

/// The invariant; what it rests on stands at the head of its file.
#[derive(Debug)]
pub struct CommittedDurable {
    /// By which membership each node goes, as of the end of its last turn: what it reports in the next, it knows by
    /// that.
    members: Vec<Membership>,
    /// The furthest entry reported as committed, and by which membership.
    upto: (Position, Membership),
    /// For each node, what it reported in a turn that is not over.
    reports: Vec<Option<(Position, Membership)>>,
    /// For each node, where its synced log ended after its last turn; `None` from a crash or a pause until its next.
    ends: Vec<Option<Position>>,
}

impl CommittedDurable {
    fn judge((entry, members): (Position, Membership), lacks: impl Fn(NodeId) -> bool) -> Verdict {
        let without: Voters = members.electorate().iter().filter(|&node| lacks(node)).collect();
        if members.has_quorum(members.electorate().without(without)) {
            return Verdict::Held;
        }
        let evidence = Evidence::new("a committed entry is on too few disks").value("entry", entry);
        without.iter().fold(evidence, Evidence::node).into()
    }
}

impl Property<Raft> for CommittedDurable {
    const NAME: &'static str = "committed_durable";
    const ABOUT: &'static str = "committed entries are on the disks of a majority";

    fn new(config: &RaftConfig, cast: &Cast) -> Self {
        let nodes = cast.len() as usize;
        Self {
            members: vec![config.initial; nodes],
            upto: (Position::default(), config.initial),
            reports: vec![None; nodes],
            ends: vec![Some(Position::default()); nodes],
        }
    }

    fn on_fact(&mut self, at: At, fact: &Fact) -> Verdict {
        if let Fact::Committed { upto, .. } = *fact {
            let report = (upto, self.members[at.node.index()]);
            self.reports[at.node.index()] = Some(report);
            if upto.index > self.upto.0.index {
                self.upto = report;
            }
        }
        Verdict::Skip
    }

    #[inline]
    fn on_turn(&mut self, at: At, seat: Seat<'_, Raft>) -> Verdict {
        self.ends[at.node.index()] = Some(seat.disk.end());
        self.members[at.node.index()] = seat.state.members().now();
        let Some(report) = self.reports[at.node.index()].take() else { return Verdict::Skip };
        let ends_before = |end: Position| end.index < report.0.index || end.term < report.0.term;
        Self::judge(report, |node| self.ends[node.index()].is_some_and(ends_before))
    }

    fn on_world(&mut self, _now: Time, event: &WorldEvent) -> Verdict {
        match *event {
            WorldEvent::Crash { node, .. } | WorldEvent::Refused { node } | WorldEvent::Retire { node } => {
                self.ends[node.index()] = None;
                self.reports[node.index()] = None;
            }
            WorldEvent::Pause { node } => self.ends[node.index()] = None,
            _ => {}
        }
        Verdict::Skip
    }

    fn on_state(&mut self, _now: Time, nodes: Nodes<'_, Raft>) -> Verdict {
        let (entry, _) = self.upto;
        if entry.index == 0 {
            return Verdict::Skip;
        }
        Self::judge(self.upto, |node| {
            let disk = nodes.disk(node);
            disk.damaged || !disk.has(entry)
        })
    }
}
