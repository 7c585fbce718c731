//! **State machine safety**: no two nodes apply different entries at the same index, over all time (Figure 3,
//! section 5.4.3; `StateMachineSafety`, in etcd `LogInv`).
//!
//! Entries are told apart by term and by the operation's name: what an operation says never changes under its
//! name. Log matching looks at whole contents.

use crate::check::{At, Cast, Evidence, NodeId, OpId, Property, Seat, Verdict};
use crate::protocol::raft::{Command, Entry, Index, Raft, RaftConfig, Term};

/// The invariant; what it rests on stands at the head of its file.
#[derive(Debug)]
pub struct StateMachineSafety {
    /// What was applied at each index, and by whom first. Nodes may skip what was compacted before they came by it.
    applied: Vec<Option<(Mark, NodeId)>>,
    /// For each node: its life, and how far it has been followed in it.
    followed: Vec<(u32, Index)>,
}

type Mark = (Term, Option<OpId>);

fn mark(entry: &Entry) -> Mark {
    match *entry.command {
        Command::Noop => (entry.term, None),
        Command::Client(id, _) => (entry.term, Some(id)),
        Command::Members { by, .. } => (entry.term, by),
    }
}

impl StateMachineSafety {
    fn apply(&mut self, node: NodeId, index: Index, entry: &Entry) -> Verdict {
        let mark = mark(entry);
        let place = index as usize - 1;
        if self.applied.len() <= place {
            self.applied.resize(place + 1, None);
        }
        let (first, by) = *self.applied[place].get_or_insert((mark, node));
        if first == mark {
            return Verdict::Held;
        }
        let evidence = Evidence::new("two nodes applied different entries at one index").node(by).node(node);
        evidence.value("index", index).value("first", first).value("second", mark).into()
    }
}

impl Property<Raft> for StateMachineSafety {
    const NAME: &'static str = "state_machine_safety";
    const ABOUT: &'static str = "no two nodes apply different entries at the same index";

    fn new(_config: &RaftConfig, cast: &Cast) -> Self {
        Self { applied: Vec::new(), followed: vec![(0, 0); cast.len() as usize] }
    }

    fn on_turn(&mut self, at: At, seat: Seat<'_, Raft>) -> Verdict {
        let (log, applied) = (seat.state.log(), seat.state.applied());
        let followed = &mut self.followed[at.node.index()];
        if *followed == (at.life, applied) {
            return Verdict::Skip;
        }
        let from = if followed.0 == at.life { followed.1.max(log.start().index) } else { log.start().index };
        *followed = (at.life, applied);
        let mut verdict = Verdict::Skip;
        for index in from + 1..=applied {
            let Some(entry) = log.entry(index) else { continue };
            verdict = self.apply(at.node, index, entry);
            if matches!(verdict, Verdict::Broken(_)) {
                break;
            }
        }
        verdict
    }
}
