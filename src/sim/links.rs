//! What the entries of a plan do to links.

use super::Sim;
use super::event::Event;
use super::network::{Active, Does};
use super::trace::What;
use crate::check::{Properties, WorldEvent};
use crate::fault::Fault;
use crate::fault::links::Links;
use crate::ids::{Endpoint, NodeSet};
use crate::process::Process;
use crate::workload::Workload;

impl<P: Process, C: Properties<P>, W: Workload<P>> Sim<P, C, W> {
    pub(super) fn put_links(&mut self, entry: u32, links: &Links, does: Does) {
        let active = Active { entry: Some(entry), key: self.entry_key(entry), cuts: links.cut.clone(), does };
        let empty = active.cuts.iter().all(|cut| cut.from.is_empty() || cut.to.is_empty());
        if empty {
            return self.no_effect(entry, "there are no such links");
        }
        // Links that flap take effect once, however often they come back.
        if self.faults.entries[entry as usize].took_effect {
            self.note_flap(entry, "back");
        } else {
            self.took_effect(entry, None);
        }
        self.faults.entries[entry as usize].flapped = true;
        self.network.push(active);
        if does == Does::Cut {
            self.world_event(&WorldEvent::Cut);
        }
        if let Some(half) = links.flaps {
            self.queue.push((self.now + half).0, Event::Flap { entry });
        }
    }

    pub(super) fn flap(&mut self, entry: u32) {
        if !self.faults.is_on(entry) {
            return;
        }
        let Some(resolved) = self.faults.resolved(entry) else { return };
        let fault = resolved.kind.clone();
        if self.faults.entries[entry as usize].flapped {
            self.faults.entries[entry as usize].flapped = false;
            self.note_flap(entry, "away");
            self.lift_links(entry);
            if let Some(half) = fault.links().and_then(|links| links.flaps) {
                self.queue.push((self.now + half).0, Event::Flap { entry });
            }
        } else {
            self.strike_now(entry, &NodeSet::new(), &fault);
            self.checkpoint();
        }
    }

    fn note_flap(&mut self, entry: u32, how: &str) {
        self.log.event(self.now, What::Flap, u32::MAX.into(), self.entry_key(entry), 0);
        self.trace_entry(What::Flap, None, entry, how);
    }

    pub(super) fn lift_links(&mut self, entry: u32) {
        let was_cut = matches!(self.entry(entry).kind, Fault::Partition { .. });
        if self.network.remove(entry) && was_cut {
            self.world_event(&WorldEvent::Mend);
        }
        self.let_go(entry);
    }

    /// A clogged link holds a message that came up in this order.
    pub(super) fn hold(&mut self, (entry, order): (u32, u64), from: Endpoint, to: Endpoint, event: Event<P>) {
        self.counters.held += 1;
        self.log.enter(self.now, What::Held, from.word(), to.word(), 0);
        self.trace_message(What::Held, [from, to], |_| Some(order), String::new);
        self.faults.held.push((entry, order, event));
    }

    /// What an entry held is released, in the order in which it was sent, before what is only now arriving.
    pub(super) fn let_go(&mut self, entry: u32) {
        let held = std::mem::take(&mut self.faults.held);
        for (holder, order, event) in held {
            if holder == entry {
                self.queue.push_with(self.now.0, order, event);
            } else {
                self.faults.held.push((holder, order, event));
            }
        }
    }

    /// Messages between members of the core that a clogged link still holds are released.
    pub(super) fn release_held(&mut self, core: &NodeSet) {
        for (entry, order, event) in std::mem::take(&mut self.faults.held) {
            if self.is_within(core, &event) {
                self.queue.push_with(self.now.0, order, event);
            } else {
                self.faults.held.push((entry, order, event));
            }
        }
    }
}
