//! What the bounds of convergence of protocols with majorities have in common.

use crate::ids::NodeSet;
use crate::process::{Dice, Voters};
use crate::protocol::Healed;
use crate::time::Span;
use crate::workload::FRESH;

/// How many operations in a row a client asks for before it is content, at most: those, and the one that it was at.
pub(super) const ASKED: u64 = FRESH as u64 + 1;
/// Probabilities are counted in millionths.
pub(super) const SURE: u64 = 1_000_000;
/// How likely it may be that all attempts fail, in quintillionths: 10⁻¹⁰.
const RISK: u128 = 100_000_000;

/// A drawn majority of the voters, or more, up to all that can be had.
pub(super) fn majority_core(voters: Voters, candidates: &NodeSet, dice: &mut dyn Dice) -> Option<NodeSet> {
    quorum_core(voters, candidates, |nodes| voters.has_majority(nodes), dice)
}

/// The same of these voters, where other sets of them are enough; `is_enough` of one is of every larger one too.
pub(super) fn quorum_core(
    voters: Voters,
    candidates: &NodeSet,
    is_enough: impl Fn(Voters) -> bool,
    dice: &mut dyn Dice,
) -> Option<NodeSet> {
    let mut able: Vec<_> = candidates.iter().filter(|&node| voters.contains(node)).collect();
    if !is_enough(able.iter().copied().collect()) {
        return None;
    }
    let spare = able.len().saturating_sub(voters.majority());
    for _ in 0..dice.below(spare as u64 + 1) {
        let spared = able.swap_remove(dice.below(able.len() as u64) as usize);
        if !is_enough(able.iter().copied().collect()) {
            able.push(spared);
        }
    }
    Some(able.into_iter().collect())
}

/// How many millionths of `whole` this is.
pub(super) fn parts(span: Span, whole: u64) -> u64 {
    u64::try_from(u128::from(span.0) * u128::from(SURE) / u128::from(whole)).unwrap_or(u64::MAX)
}

/// How many attempts it takes at most until one succeeds, where each does with this probability in millionths: all
/// fail with probability (1 − p)ᵐ, and this is the least `m` that makes that 10⁻¹⁰.
pub(super) fn attempts(success: u64) -> u64 {
    let (sure, failure) = (u128::from(SURE), u128::from(SURE - success));
    let failures = std::iter::successors(Some(sure.pow(3)), |all| Some((all * failure).div_ceil(sure)));
    failures.take_while(|&all| all > RISK).count() as u64
}

/// How nodes whose timers run out come to have a leader, in protocols where each waits for a drawn time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Elections {
    /// The range that the time is drawn from.
    pub(super) timeout: [Span; 2],
    /// How many nodes there are.
    pub(super) nodes: u32,
    /// Whether a node asks first whether it would win; else it gets in the way of others though it cannot.
    pub(super) asks_first: bool,
}

impl Elections {
    /// The probability that an attempt succeeds, with a margin, in millionths: nobody else's timer runs out within the
    /// window in which nodes come to hear of it, and its own does not before the answers are there.
    pub(super) fn success(&self, window: Span, answers: Span) -> u64 {
        let [low, high] = self.timeout;
        let range = (high - low).0.max(1);
        let crowd = ((range - 1).checked_div(low.0).unwrap_or(range) + 1).min(3);
        let alone = |window: Span, others: u32| {
            let free = SURE - parts(window.times(crowd), range).min(SURE);
            (0..others).fold(SURE, |product, _| product * free / SURE)
        };
        let alone = if self.asks_first { alone(window, self.nodes) } else { alone(window.times(2), self.nodes - 1) };
        let lasts = parts(high - answers, range).min(SURE);
        (alone * lasts / SURE / 2).max(SURE / 64)
    }

    /// How many entries a log may have when a leader has been found, after so long. A request is one at most, and so is
    /// the beginning of a term; in a term some node's timer ran out, on a clock that may have run twice as fast as it
    /// should.
    pub(super) fn longest_log(&self, healed: &Healed, elections: Span) -> u64 {
        let times = |span: Span, every: Span| (span.0 / every.0.max(1)).saturating_add(1);
        let terms = times(healed.run_for + elections, self.timeout[0]).saturating_mul(u64::from(self.nodes) * 2);
        let since = times(elections, healed.timeout).saturating_add(ASKED).saturating_mul(healed.clients.into());
        healed.requests.saturating_add(terms).saturating_add(since)
    }
}

/// How a protocol gets from a leader that was elected to replicas that are equal, and clients that are content.
pub(super) struct Pace {
    /// Within how many steps everybody hears of an attempt. (A step is the longest time from a turn on one node to the
    /// end of the turn on another that it causes: a message, a sync, two turns.) The answers take one more.
    pub(super) window: u64,
    /// For how long no attempt can succeed.
    pub(super) refused: Span,
    /// Attempts that fail for other reasons than bad luck.
    pub(super) wasted: u64,
    /// How often a leader lets followers hear from it.
    pub(super) heartbeat: Span,
    /// How much of the log a message brings.
    pub(super) batch: u32,
    /// How long the leader waits, at most, before it sends again what was lost before the heal.
    pub(super) patience: Span,
}

impl Elections {
    /// How long all that takes at most: the attempts, a round trip for each batch of the longest log and two to find
    /// where it is lacking, and what clients ask meanwhile.
    pub(super) fn bound(&self, pace: &Pace, healed: &Healed) -> Span {
        let step = healed.delay + healed.sync + healed.service.times(2);
        let window = step.times(pace.window);
        let attempts = attempts(self.success(window, window + step)) + pace.wasted;
        let elections = pace.refused + (self.timeout[1] + window).times(attempts);
        let round_trips = self.longest_log(healed, elections).div_ceil(pace.batch.into()).saturating_add(2);
        let replication = (step.times(2) + pace.heartbeat).times(round_trips) + pace.patience;
        let clients = (healed.timeout + healed.backoff + step.times(6)).times(ASKED);
        slowed(elections + replication + clients, healed.drift_ppm)
    }
}

/// As long on the slowest clock.
pub(super) fn slowed(span: Span, drift_ppm: u64) -> Span {
    span + Span(span.0 / 1_000_000).times(drift_ppm.saturating_mul(2))
}

/// A world to try bounds on.
#[cfg(test)]
pub(super) const HEALED: Healed = Healed {
    delay: Span::ms(10),
    sync: Span::ms(1),
    service: Span::ZERO,
    drift_ppm: 200,
    timeout: Span::ms(500),
    backoff: Span::ms(40),
    run_for: Span::secs(30),
    clients: 3,
    requests: 4_800,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::NodeId;
    use crate::rng::{Die, Seed};

    /// With ln 10¹⁰ = 23.026.
    #[test]
    fn attempts_are_as_many_as_the_risk_asks_for() {
        assert_eq!([SURE / 2, SURE / 10, SURE / 64].map(attempts), [34, 219, 1_463]);
    }

    #[test]
    fn a_core_is_a_majority_of_those_that_can_be_had() {
        let voters: Voters = (0..5).map(NodeId).collect();
        let mut dice = Die::new(Seed(1)).stream();
        let mut sizes: Vec<usize> = Vec::new();
        for _ in 0..100 {
            let core = majority_core(voters, &NodeSet::range(1..9), &mut dice).unwrap();
            assert!(core.iter().all(|node| (1..5).contains(&node.0)));
            sizes.push(core.len());
        }
        sizes.sort_unstable();
        sizes.dedup();
        assert_eq!(sizes, [3, 4]);
        assert_eq!(majority_core(voters, &NodeSet::range(3..9), &mut dice), None);
    }
}
