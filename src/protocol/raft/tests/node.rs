//! A node of the small world: its memory, its disk, and the turn that is under way.

use std::collections::VecDeque;

use crate::process::{Draws, Durable, Effect, NodeId, Outbox, Ticket};
use crate::protocol::raft::{Disk, Raft, Timer, Write};
use crate::rng::{Die, Seed};
use crate::turn::Input;

pub(super) struct Node {
    pub(super) state: Option<Raft>,
    pub(super) life: u32,
    pub(super) disk: Disk,
    pub(super) unsynced: VecDeque<(Write, Option<Ticket>)>,
    pub(super) outbox: Outbox<Raft>,
    /// Effects of the turn that is under way.
    pub(super) leaving: VecDeque<Effect<Raft>>,
    pub(super) blocked: bool,
    /// The turn under way ends in a crash.
    pub(super) doomed: bool,
    pub(super) inbox: VecDeque<Input<Raft>>,
    pub(super) timers: Vec<(Timer, u64)>,
}

impl Node {
    pub(super) fn new(node: u32, seed: u64) -> Self {
        let draws = Draws { seed: Die::new(Seed(seed)).with_str("node"), who: [node.into(), 1], ..Draws::default() };
        Self {
            state: None,
            life: 0,
            disk: Disk::default(),
            unsynced: VecDeque::new(),
            outbox: Outbox { effects: VecDeque::new(), ticket: Ticket(0), draws },
            leaving: VecDeque::new(),
            blocked: false,
            doomed: false,
            inbox: VecDeque::new(),
            timers: Vec::new(),
        }
    }

    pub(super) fn start_turn(&mut self, now: u64, node: NodeId) {
        self.outbox.draws.who = [node.0.into(), self.life.into()];
        self.outbox.draws.instant = now;
        self.outbox.draws.in_turn = 0;
    }

    /// Of what was not synced, each file keeps the first few records.
    pub(super) fn lose_memory(&mut self, mut keep: [u64; 2]) {
        for (write, _) in std::mem::take(&mut self.unsynced) {
            let left = &mut keep[usize::from(<Disk as Durable>::file(&write))];
            if *left > 0 {
                *left -= 1;
                self.disk.apply(write);
            }
        }
        self.life += 1;
        self.leaving.clear();
        self.inbox.clear();
        self.timers.clear();
        self.outbox.effects.clear();
        (self.blocked, self.doomed) = (false, false);
    }
}
