//! **Fresh reads**: a read is served from a state that contains all that was known to be committed when its client
//! asked (section 8; thesis 6.4).
//!
//! That is what linearizability asks of a read: a command that was answered before had been committed before, and
//! must show. (An answer leaves after the report that its command is committed.) It is not more than the protocol
//! promises, though a leader may serve a read that does not know of it yet. Let L serve a read in term t after it was
//! asked for at time s, and let an entry be reported before s by the leader of term u.
//! - *u < t*: the entry is in L's log, by leader completeness, and before L's first own entry, behind which L serves.
//! - *u = t*: L reported it itself, and applies what it commits in the same turn.
//! - *u > t*: a majority had voted in u before s. But a majority answered L in t to what it sent after s, or has
//!   promised L not to vote yet (a lease). Both share a node, and that contradicts.
//!
//! Any faster way to serve reads must have the same reason to hold. What is committed stays where it is, so that the
//! index says enough. Kept is one operation a client: it waits for one at a time, and answers to others go nowhere.

use std::collections::BTreeMap;

use crate::check::{At, Cast, Evidence, Property, Time, Verdict, WorldEvent};
use crate::ids::ClientId;
use crate::protocol::raft::{Fact, Index, Raft, RaftConfig};

/// The invariant; what it rests on stands at the head of its file.
#[derive(Debug)]
pub struct FreshReads {
    /// The furthest entry reported as committed.
    committed: Index,
    /// Each client's last operation, and what was committed when it asked.
    asked: BTreeMap<ClientId, (u64, Index)>,
}

impl Property<Raft> for FreshReads {
    const NAME: &'static str = "fresh_reads";
    const ABOUT: &'static str = "a read shows all that was known to be committed when it was asked for";
    const AFTER: &'static str = "read_served";

    fn new(_config: &RaftConfig, _cast: &Cast) -> Self {
        Self { committed: 0, asked: BTreeMap::new() }
    }

    fn on_fact(&mut self, at: At, fact: &Fact) -> Verdict {
        match *fact {
            Fact::Committed { upto, .. } => self.committed = self.committed.max(upto.index),
            Fact::ReadServed { id, applied } => {
                let asked = self.asked.get(&id.client).filter(|&&(n, _)| n == id.n);
                return match asked {
                    Some(&(_, committed)) if applied < committed => Evidence::new("a stale read was served")
                        .node(at.node)
                        .value("read", id)
                        .value("applied", applied)
                        .value("committed_before", committed)
                        .into(),
                    Some(_) => Verdict::Held,
                    None => Verdict::Skip,
                };
            }
            _ => {}
        }
        Verdict::Skip
    }

    fn on_world(&mut self, _now: Time, event: &WorldEvent) -> Verdict {
        if let WorldEvent::Invoke { id } = *event {
            self.asked.insert(id.client, (id.n, self.committed));
        }
        Verdict::Skip
    }
}
