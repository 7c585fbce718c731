//! Taking chance out of the network: every message takes the same time and none is lost, but for those that matter.

use super::lower::typical;
use super::search::Search;
use crate::fault::{FixedFate, MessageOverride};
use crate::params::Distribution;
use crate::rng::Ratio;
use crate::scenario::Scenario;
use crate::time::{Span, Time};

/// More messages than this are not fixed one by one: then the seed says it shorter.
const FIXED_MAX: usize = 8;

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
        let given: Vec<Option<Time>> = network_times(&self.best.scenario);
        let noted = self.noted(|fixed| !matches!(fixed.fate, FixedFate::Deliver(_)) || given.contains(&fixed.sent_at));
        self.fix(noted, tries, |scenario| {
            (scenario.network.loss, scenario.network.duplicate) = (Ratio::NEVER, Ratio::NEVER);
        });
    }

    /// A network in which all messages take the same time, but for single ones.
    fn fix_what_was_late(&mut self, tries: u32) {
        let delay = typical(&self.best.scenario.network.latency);
        // What is fixed already is among them, with the same fate.
        let noted = self.noted(|_| true);
        self.fix(noted, tries.min(2), move |scenario| scenario.network.latency = Distribution::Constant(delay));
    }

    /// What became of the messages of the best case, where it is of interest.
    fn noted(&mut self, is_of_interest: impl Fn(&MessageOverride) -> bool) -> Vec<MessageOverride> {
        let scenario = self.best.scenario.clone();
        let fates = self.look(&scenario, None, true).map_or_else(Vec::new, |shown| shown.fates);
        fates.into_iter().filter(is_of_interest).collect()
    }

    /// Fixes these messages, then as few of them as will do. Where these are still too many, all stays as it was.
    fn fix(&mut self, noted: Vec<MessageOverride>, tries: u32, change: impl Fn(&mut Scenario)) {
        let before = self.best.clone();
        let fixed = |some: &[MessageOverride]| {
            let mut scenario = before.scenario.clone();
            change(&mut scenario);
            scenario.faults.messages = some.to_vec();
            scenario
        };
        if noted.is_empty() || noted.len() > NOTED_MAX || !self.attempt(&fixed(&noted), 1).breaks() {
            return;
        }
        let mut some = noted;
        self.reduce(&mut some, |search, rest| {
            let mut candidate = fixed(rest);
            candidate.faults.seeds = search.best.scenario.faults.seeds;
            search.attempt(&candidate, tries).breaks()
        });
        if some.len() > FIXED_MAX {
            self.best = before;
        }
    }
}

/// When messages are sent whose fate is fixed already.
fn network_times(scenario: &Scenario) -> Vec<Option<Time>> {
    scenario.faults.messages.iter().map(|fixed| fixed.sent_at).collect()
}

/// What a setting is when nothing of it is left to chance.
fn constant(by: &Distribution) -> Span {
    match by {
        Distribution::Constant(always) => *always,
        _ => typical(by),
    }
}
