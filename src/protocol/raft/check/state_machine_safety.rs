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
    /// What was applied at each index, and by whom first.
    applied: Vec<(Mark, NodeId)>,
    /// For each node: its life, and how far it has been followed in it.
    followed: Vec<(u32, Index)>,
}

type Mark = (Term, Option<OpId>);

fn mark(entry: &Entry) -> Mark {
    match *entry.command {
        Command::Noop => (entry.term, None),
        Command::Client(id, _) => (entry.term, Some(id)),
    }
}

impl StateMachineSafety {
    fn apply(&mut self, node: NodeId, index: Index, entry: &Entry) -> Verdict {
        let mark = mark(entry);
        match self.applied.get(index as usize - 1) {
            Some(&(first, _)) if first == mark => Verdict::Held,
            Some(&(first, by)) => {
                let evidence = Evidence::new("two nodes applied different entries at one index").node(by).node(node);
                evidence.value("index", index).value("first", first).value("second", mark).into()
            }
            None => {
                self.applied.push((mark, node));
                Verdict::Held
            }
        }
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
        if seat.held || *followed == (at.life, applied) {
            return Verdict::Skip;
        }
        let from = if followed.0 == at.life { followed.1 } else { log.start().index };
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
