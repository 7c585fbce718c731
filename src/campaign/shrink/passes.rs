//! Taking out: entries of the timeline, operations, clients and nodes; and everything after the breach.

use std::collections::BTreeSet;

use super::elements::{self, Element, keep_clients, set};
use super::search::Search;
use crate::fault::Entry;
use crate::ids::{ClientId, FaultKind, NodeId, OpId};
use crate::rng::Ratio;
use crate::scenario::Scenario;
use crate::time::{Span, Time};

/// A run goes on for a while after the breach, so that another one, in which it comes a little later, counts too: for
/// this part of the time until then,
const SLACK_PART: u64 = 4;
/// and for this long at least.
const SLACK_LEAST: Span = Span::ms(50);

/// Under so few seeds candidates are tried first where there may be very many of them.
const FEW_TRIES: u32 = 4;

/// A time, and a while more.
pub(super) fn slackened(time: Span) -> Span {
    time + Span((time.0 / SLACK_PART).max(SLACK_LEAST.0))
}

impl Search<'_> {
    /// Cuts off what comes after the breach.
    pub(super) fn cut_tail(&mut self) {
        let mut shorter = self.best.scenario.clone();
        let at = self.best.failure.at;
        let horizon = Time::ZERO + shorter.run_for;
        if self.is_of_liveness() {
            return;
        }
        if at < horizon {
            shorter.run_for = slackened(Span(at.0)).min(shorter.run_for);
            shorter.settle = Some(Span::ZERO);
            // What the plan came to holds no entry that never began, and nothing that is bound late.
            shorter.faults.timeline.clone_from(&self.best.outcome.timeline);
        } else {
            shorter.settle = Some(slackened(at.since(horizon)));
        }
        shorter.faults.timeline.retain(|entry| entry.at.is_none_or(|at| at.0 < shorter.run_for.0));
        if shorter != self.best.scenario {
            self.attempt(&shorter, 1);
        }
    }

    /// Fewer operations in the same time: that makes every run after this a quicker one.
    pub(super) fn thin_out(&mut self, tries: u32) {
        loop {
            let policy = self.policy();
            let (Some(every), 2..) = (policy.every, policy.ops / u64::from(policy.clients.max(1))) else { return };
            let mut thinner = self.best.scenario.clone();
            set(&mut thinner, "ops", policy.ops / 2);
            set(&mut thinner, "every", every.times(2));
            if !self.attempt(&thinner, tries).breaks() {
                return;
            }
            self.cut_tail();
        }
    }

    /// Takes out entries of the timeline: all of them, all of a kind, and then by halves.
    pub(super) fn drop_faults(&mut self, tries: u32) {
        for kind in FaultKind::ALL {
            let is_of = |entry: &Entry| entry.kind.kind() == *kind;
            let timeline = &self.best.scenario.faults.timeline;
            if timeline.iter().any(is_of) && !timeline.iter().all(is_of) {
                let mut without = self.best.scenario.clone();
                without.faults.timeline.retain(|entry| !is_of(entry));
                if self.attempt(&without, tries).breaks() {
                    self.cut_tail();
                }
            }
        }
        let mut timeline = self.best.scenario.faults.timeline.clone();
        self.reduce(&mut timeline, |search, rest| {
            let mut candidate = search.best.scenario.clone();
            candidate.faults.timeline = rest.to_vec();
            search.attempt(&candidate, tries).breaks()
        });
        self.cut_tail();
    }

    /// Every setting of the world that makes it less plain, one after another. What bounds the faults stays: more than
    /// that nobody promised to bear.
    pub(super) fn make_plain(&mut self, tries: u32) {
        let plainer: [fn(&mut Scenario); 9] = [
            |scenario| (scenario.network.loss, scenario.network.duplicate) = (Ratio::NEVER, Ratio::NEVER),
            |scenario| scenario.network.loss = Ratio::NEVER,
            |scenario| scenario.network.duplicate = Ratio::NEVER,
            |scenario| scenario.network.links.clear(),
            |scenario| scenario.network.zone_latency.clear(),
            |scenario| scenario.network.fifo = false,
            |scenario| scenario.network.capacity = None,
            |scenario| (scenario.clock.drift_ppm, scenario.clock.offset) = (0, Span::ZERO),
            |scenario| scenario.faults.draws.clear(),
        ];
        for make in plainer {
            let mut plain = self.best.scenario.clone();
            make(&mut plain);
            if plain != self.best.scenario {
                self.attempt(&plain, tries);
            }
        }
    }

    /// Takes out many clients, then operations: fewer for each, and then one by one; then each client by itself.
    pub(super) fn drop_operations(&mut self, tries: u32) {
        let policy = self.policy();
        if policy.clients == 0 {
            return;
        }
        for count in [0, policy.clients / 4, policy.clients / 2] {
            if count < self.policy().clients {
                let mut fewer = self.best.scenario.clone();
                keep_clients(&mut fewer, count);
                self.attempt(&fewer, tries);
            }
        }
        self.lower_quota(tries);
        self.omit_operations(FEW_TRIES.min(tries));
        self.omit_operations(tries);
        for client in (0..self.policy().clients).rev().map(ClientId) {
            let groups = self.experiment.groups();
            if let Some(without) = Element::Client(client).without(&self.best.scenario, groups) {
                self.attempt(&without, tries);
            }
        }
        let mut tidy = self.best.scenario.clone();
        elements::share_evenly(&mut tidy);
        self.attempt(&tidy, 1);
    }

    /// Fewer operations for each client: half as many as long as that will do, then only those that were come to.
    fn lower_quota(&mut self, tries: u32) {
        let each = |search: &Self| search.policy().ops.div_ceil(u64::from(search.policy().clients.max(1)));
        let ask = |search: &mut Self, each: u64, tries: u32| {
            let mut fewer = search.best.scenario.clone();
            set(&mut fewer, "ops", each * u64::from(search.policy().clients));
            search.attempt(&fewer, tries).breaks()
        };
        while each(self) > 0 {
            let half = each(self) / 2;
            if !ask(self, half, tries) {
                break;
            }
        }
        let (mut too_few, mut enough) = (each(self) / 2, each(self));
        while enough - too_few > 1 {
            let middle = too_few.midpoint(enough);
            if ask(self, middle, 1) { enough = middle } else { too_few = middle }
        }
    }

    fn omit_operations(&mut self, tries: u32) {
        let given = self.best.scenario.faults.omit.clone();
        let all = elements::operations(&self.policy(), &given);
        let mut asked = all.clone();
        // Those of about the same time go together.
        asked.sort_by_key(|op| (op.n, op.client));
        self.reduce(&mut asked, |search, rest| {
            let mut candidate = search.best.scenario.clone();
            let rest: BTreeSet<OpId> = rest.iter().copied().collect();
            let left_out = all.iter().filter(|op| !rest.contains(op));
            candidate.faults.omit = given.iter().chain(left_out).copied().collect();
            search.attempt(&candidate, tries).breaks()
        });
    }

    /// Takes out nodes, from the last on.
    pub(super) fn drop_nodes(&mut self, tries: u32) {
        let groups = self.experiment.groups();
        let nodes = self.best.scenario.nodes.cast(groups).map_or(0, |cast| cast.len());
        for node in (0..nodes).rev().map(NodeId) {
            let without = Element::Node(node).without(&self.best.scenario, groups);
            if let Some(without) = without.filter(|without| self.is_sound(without)) {
                self.attempt(&without, tries);
            }
        }
    }
}
