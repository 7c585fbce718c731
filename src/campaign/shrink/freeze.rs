//! Taking chance out of the network: every message takes the same time and none is lost, but for those that matter.

use super::lower::typical;
use super::minimise::minimise;
use super::search::Search;
use crate::fault::{FixedFate, MessageOverride};
use crate::params::Distribution;
use crate::rng::Ratio;
use crate::time::Span;

/// More messages than this are not fixed one by one: then the seed says it shorter.
const FIXED_MAX: usize = 12;

/// Runs of more messages than this are not taken apart.
const NOTED_MAX: usize = 20_000;

impl Search<'_> {
    /// Freezes the network, as far as a case remains that a person can read.
    pub(super) fn freeze(&mut self, tries: u32) {
        if self.freeze_latency(tries) {
            return;
        }
        self.fix_what_was_lost(tries);
        if !matches!(self.best.scenario.network.latency, Distribution::Constant(_)) {
            self.fix_what_was_late(tries);
        }
        self.freeze_disks(tries);
    }

    /// A constant delay, without fixing a single message.
    fn freeze_latency(&mut self, tries: u32) -> bool {
        let network = &self.best.scenario.network;
        let usual = typical(&network.latency);
        let quick = typical(&Distribution::Constant(network.latency.sample(u64::MAX / 8)));
        let slow = typical(&Distribution::Constant(network.latency.sample(u64::MAX - u64::MAX / 8)));
        let frozen = [usual, quick, slow].into_iter().any(|delay| {
            let mut frozen = self.best.scenario.clone();
            frozen.network.latency = Distribution::Constant(delay);
            frozen == self.best.scenario || self.attempt(&frozen, tries).breaks()
        });
        self.freeze_disks(tries);
        let network = &self.best.scenario.network;
        frozen && network.loss.is_never() && network.duplicate.is_never()
    }

    /// Disks and turns that always take the same time.
    fn freeze_disks(&mut self, tries: u32) {
        let mut frozen = self.best.scenario.clone();
        frozen.disk.sync = Distribution::Constant(constant(&frozen.disk.sync));
        frozen.node.service = Distribution::Constant(constant(&frozen.node.service));
        if frozen != self.best.scenario {
            self.attempt(&frozen, tries);
        }
    }

    /// A network that loses and doubles nothing, but for single messages.
    fn fix_what_was_lost(&mut self, tries: u32) {
        let network = &self.best.scenario.network;
        if network.loss.is_never() && network.duplicate.is_never() {
            return;
        }
        let noted = self.noted(|fate| !matches!(fate, FixedFate::Deliver(_)));
        self.fix(noted, tries, |scenario| {
            (scenario.network.loss, scenario.network.duplicate) = (Ratio::NEVER, Ratio::NEVER);
        });
    }

    /// A network in which all messages take the same time, but for single ones.
    fn fix_what_was_late(&mut self, tries: u32) {
        let delay = typical(&self.best.scenario.network.latency);
        let noted = self.noted(|_| true);
        self.fix(noted, tries.min(2), move |scenario| scenario.network.latency = Distribution::Constant(delay));
    }

    /// What became of the messages of the best case, where it is of interest.
    fn noted(&mut self, is_of_interest: impl Fn(&FixedFate) -> bool) -> Vec<MessageOverride> {
        let scenario = self.best.scenario.clone();
        let fates = self.look(&scenario, None, true).map_or_else(Vec::new, |shown| shown.fates);
        fates.into_iter().filter(|fixed| is_of_interest(&fixed.fate)).collect()
    }

    /// Fixes these messages, then as few of them as will do. Where these are still too many, all stays as it was.
    fn fix(&mut self, noted: Vec<MessageOverride>, tries: u32, change: impl Fn(&mut crate::scenario::Scenario)) {
        let before = self.best.clone();
        let given = before.scenario.faults.messages.clone();
        let fixed = |some: &[MessageOverride]| {
            let mut scenario = before.scenario.clone();
            change(&mut scenario);
            let apart = given.iter().filter(|one| !some.iter().any(|other| other.sent_at == one.sent_at && other.from == one.from && other.to == one.to && other.kind == one.kind));
            scenario.faults.messages = apart.chain(some).cloned().collect();
            scenario
        };
        if noted.is_empty() || noted.len() > NOTED_MAX || !self.attempt(&fixed(&noted), 1).breaks() {
            return;
        }
        let mut some = noted;
        minimise(&mut some, |rest| {
            let mut candidate = fixed(rest);
            candidate.faults.seeds = self.best.scenario.faults.seeds;
            self.attempt(&candidate, tries).breaks()
        });
        if some.len() > FIXED_MAX {
            self.best = before;
        }
    }
}

/// What a setting is when nothing of it is left to chance.
fn constant(by: &Distribution) -> Span {
    match by {
        Distribution::Constant(always) => *always,
        _ => typical(by),
    }
}
