//! **Exactly once**: a client's command takes effect at most once, however often it was repeated (section 8;
//! thesis section 6.3).
//!
//! The commands in the order in which they are applied say how many of them may take effect: of each client,
//! those with a higher number than all before. Every node must count the same.

use std::collections::BTreeMap;

use crate::check::{At, Cast, Evidence, OpId, Property, Seat, Verdict};
use crate::ids::ClientId;
use crate::protocol::raft::{Command, Index, Log, Raft, RaftConfig};

/// The invariant; what it rests on stands at the head of its file.
#[derive(Debug)]
pub struct ExactlyOnce {
    /// How many commands took effect up to each index; before the first, none.
    effects: Vec<u64>,
    /// Each client's last command that did.
    last: BTreeMap<ClientId, u64>,
    /// For each node: where it was when it was looked at.
    seen: Vec<(u32, Index)>,
}

impl ExactlyOnce {
    /// Counts on up to this index, as far as the log still tells.
    fn count(&mut self, log: &Log, upto: Index) {
        while (self.effects.len() as u64) <= upto {
            let Some(entry) = log.entry(self.effects.len() as u64) else { return };
            let before = self.effects[self.effects.len() - 1];
            let new = matches!(*entry.command, Command::Client(id, _) if self.is_new(id));
            self.effects.push(before + u64::from(new));
        }
    }

    fn is_new(&mut self, id: OpId) -> bool {
        let new = self.last.get(&id.client).is_none_or(|&n| n < id.n);
        if new {
            self.last.insert(id.client, id.n);
        }
        new
    }
}

impl Property<Raft> for ExactlyOnce {
    const NAME: &'static str = "exactly_once";
    const ABOUT: &'static str = "a client's command takes effect at most once";

    fn new(_config: &RaftConfig, cast: &Cast) -> Self {
        Self { effects: vec![0], last: BTreeMap::new(), seen: vec![(0, 0); cast.len() as usize] }
    }

    fn on_turn(&mut self, at: At, seat: Seat<'_, Raft>) -> Verdict {
        let (state, applied) = (seat.state, seat.state.applied());
        let seen = &mut self.seen[at.node.index()];
        if seat.held || *seen == (at.life, applied) {
            return Verdict::Skip;
        }
        *seen = (at.life, applied);
        self.count(state.log(), applied);
        match self.effects.get(applied as usize) {
            Some(&effects) if effects != state.machine().effects() => {
                let evidence = Evidence::new("commands took effect more or less than once").node(at.node);
                let evidence = evidence.value("applied", applied).value("expected", effects);
                evidence.value("counted", state.machine().effects()).into()
            }
            _ => Verdict::Held,
        }
    }
}
