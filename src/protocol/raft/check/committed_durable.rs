//! **Committed is durable**: what a leader reported as committed is on the disks of a majority, at every
//! checkpoint after that: synced, and whether the nodes live or not (section 5.4; etcd's `QuorumLogInv` and
//! `CommittedIsDurableInv`).
//!
//! With half of the disks or more lost, nothing can keep it. The last entry committed stands for those before it.

use crate::check::{At, Cast, Evidence, NodeId, Nodes, Property, Time, Verdict};
use crate::process::Voters;
use crate::protocol::raft::{Fact, Position, Raft, RaftConfig};

/// The invariant; what it rests on stands at the head of its file.
#[derive(Debug)]
pub struct CommittedDurable {
    voters: Voters,
    /// The furthest entry reported as committed.
    upto: Position,
}

impl Property<Raft> for CommittedDurable {
    const NAME: &'static str = "committed_durable";
    const ABOUT: &'static str = "committed entries are on the disks of a majority";

    fn new(config: &RaftConfig, _cast: &Cast) -> Self {
        Self { voters: config.voters, upto: Position::default() }
    }

    fn on_fact(&mut self, _at: At, fact: &Fact) -> Verdict {
        if let Fact::Committed { upto, .. } = *fact
            && upto.index > self.upto.index
        {
            self.upto = upto;
        }
        Verdict::Skip
    }

    fn on_state(&mut self, _now: Time, nodes: Nodes<'_, Raft>) -> Verdict {
        if self.upto.index == 0 {
            return Verdict::Skip;
        }
        let lacks = |node: &NodeId| !nodes.disk(*node).log.agrees(self.upto);
        let without: Voters = self.voters.iter().filter(lacks).collect();
        if self.voters.len() - without.len() >= self.voters.majority() {
            return Verdict::Held;
        }
        let evidence = Evidence::new("a committed entry is on too few disks").value("entry", self.upto);
        without.iter().fold(evidence, Evidence::node).into()
    }
}
