//! **A snapshot is faithful**: it holds what all entries up to its last came to, the clients' sessions and the
//! membership among it; the log never begins behind the end of a synced snapshot; and neither snapshots nor what a node
//! has applied ever go back (section 7; thesis, chapter 5; 6.3 on sessions; 4.1 on memberships).
//!
//! The commands in the order in which they are applied are applied here as well, once. Snapshots are saved where their
//! index is a multiple of the interval that is set, and there the outcome is kept to compare with. What the machine
//! makes of one command is a matter for other invariants.

use std::collections::BTreeMap;

use crate::check::{At, Cast, Evidence, Nodes, Property, Seat, Time, Verdict, WorldEvent};
use crate::protocol::kv::Machine;
use crate::protocol::raft::{Command, Disk, Index, Membership, Position, Raft, RaftConfig, Snapshot};
use crate::rng::content_hash;

/// The invariant; what it rests on stands at the head of its file.
#[derive(Debug)]
pub struct SnapshotFaithful {
    every: Index,
    /// What all entries up to `folded` came to.
    machine: Machine,
    members: Membership,
    folded: Index,
    /// What they came to where snapshots may be saved.
    outcomes: BTreeMap<Index, (Position, u64, Membership)>,
    /// For each node: up to where its synced snapshot was.
    seen: Vec<Index>,
}

impl SnapshotFaithful {
    /// Goes on as far as this node has applied its log, and still tells. Where nobody saw what its snapshot stands for
    /// (the turn in which it was applied was cut short), on from there.
    fn fold(&mut self, state: &Raft, disk: &Disk) {
        while self.folded < state.applied() {
            let index = self.folded + 1;
            let Some(entry) = state.log().entry(index) else {
                let Some(snapshot) = disk.snapshot.as_ref().filter(|snapshot| snapshot.last.index >= index) else {
                    return;
                };
                (self.machine, self.members) = (snapshot.machine.clone(), snapshot.members);
                self.folded = snapshot.last.index;
                continue;
            };
            match &*entry.command {
                Command::Noop => {}
                Command::Client(id, op) => drop(self.machine.apply(*id, op)),
                Command::Members { by, to } => {
                    self.members = *to;
                    by.iter().for_each(|id| self.machine.note(*id));
                }
            }
            self.folded = index;
            if index.is_multiple_of(self.every) {
                let last = Position { term: entry.term, index };
                self.outcomes.insert(index, (last, content_hash(&self.machine), self.members));
            }
        }
    }

    /// Whether a snapshot holds what its entries came to, or what is wrong with it; `None` if nobody saw them.
    fn compare(&self, snapshot: &Snapshot) -> Option<Result<(), &'static str>> {
        let &(last, machine, members) = self.outcomes.get(&snapshot.last.index)?;
        Some(if snapshot.last != last {
            Err("a snapshot ends with an entry that is not committed there")
        } else if snapshot.members != members {
            Err("a snapshot holds another membership than its entries came to")
        } else if content_hash(&snapshot.machine) != machine {
            Err("a snapshot holds another state than its entries came to")
        } else {
            Ok(())
        })
    }
}

impl Property<Raft> for SnapshotFaithful {
    const NAME: &'static str = "snapshot_faithful";
    const ABOUT: &'static str =
        "snapshots hold what their entries came to, sessions and membership too, and never go back";
    const AFTER: &'static str = "snapshot_taken";

    fn new(config: &RaftConfig, cast: &Cast) -> Self {
        Self {
            every: config.params.snapshot_every.map_or(Index::MAX, Index::from),
            machine: Machine::default(),
            members: config.initial,
            folded: 0,
            outcomes: BTreeMap::new(),
            seen: vec![0; cast.len() as usize],
        }
    }

    #[inline]
    fn on_turn(&mut self, at: At, seat: Seat<'_, Raft>) -> Verdict {
        let (state, end) = (seat.state, seat.disk.snapshot_end().index);
        if self.every == Index::MAX {
            return Verdict::Skip;
        }
        self.fold(state, seat.disk);
        let before = std::mem::replace(&mut self.seen[at.node.index()], end);
        let broken = |kind: &str| Evidence::new(kind).node(at.node).value("snapshot", end);
        if state.applied() < end {
            return broken("a node has applied less than its snapshot holds").value("applied", state.applied()).into();
        }
        let Some(snapshot) = seat.disk.snapshot.as_ref().filter(|_| before != end) else { return Verdict::Skip };
        if end < before {
            return broken("a snapshot was replaced by an older one").value("before", before).into();
        }
        let compared = self.compare(snapshot);
        if let Some(Err(flaw)) = compared {
            return broken(flaw).into();
        }
        if state.members().at(end) != snapshot.members {
            let evidence = broken("a node goes by another membership than its snapshot holds");
            return evidence.value("snapshot's", snapshot.members).value("its", state.members().at(end)).into();
        }
        if compared.is_some() { Verdict::Held } else { Verdict::Skip }
    }

    fn on_world(&mut self, _now: Time, event: &WorldEvent) -> Verdict {
        if let WorldEvent::Crash { node, lost_disk: true } = *event {
            self.seen[node.index()] = 0;
        }
        Verdict::Skip
    }

    fn on_state(&mut self, _now: Time, nodes: Nodes<'_, Raft>) -> Verdict {
        let disks = nodes.living().map(|seat| (seat.node, seat.disk));
        let lost = |disk: &Disk| disk.log.start().index > disk.snapshot_end().index;
        match disks.into_iter().find(|(_, disk)| lost(disk)) {
            Some((node, disk)) => {
                let evidence = Evidence::new("a log begins behind the end of its snapshot").node(node);
                evidence.value("snapshot", disk.snapshot_end()).value("log", disk.log.start()).into()
            }
            None => Verdict::Skip,
        }
    }
}
