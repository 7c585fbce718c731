//! Who must make progress once the world is healed, and within what time.
//!
//! **Attempts.** Let `range` be the width of the election timeouts, from `low` to `high`, and *step* the longest
//! time from a turn on one node to the end of the turn on another that it causes: a message, a sync, two turns. A
//! node whose timer runs out *attempts* to become leader. From then on nodes hear of it within
//! - one step without pre-vote: its request for votes is the first thing that it sends;
//! - three with pre-vote: question, answer, request.
//!
//! That is its *window*. When it has passed, every node of the core has given it its vote and started its
//! timer anew, or knows of another candidate. Its vote is of no use to it if another node stands for election
//! within the window:
//! - *with pre-vote*, only a node that could win does (the others are told "no"; nothing changes by that). The
//!   first whose timer runs out has nobody before it. If all n nodes can win, their timers leave it alone with
//!   probability (1 − window/range)ⁿ. If just one can, it is never in the way of itself.
//! - *without*, any node does, and that it cannot win does not keep it from beginning a term in which the one that
//!   can is refused. That is the worst core: one electable node, n − 1 others. It must have nobody within its window
//!   on either side: (1 − 2·window/range)ⁿ⁻¹.
//!
//! A timer may also run out before the answers are there: they take one window and one step more (`answers`), and an
//! attempt lasts if the timer drawn is longer, with probability (high − answers)/range, at most 1. The product is `p`,
//! and at least 1/64: beyond that the settings are hopeless, and no bound worth waiting for holds.
//!
//! All fail with probability (1 − p)ᵐ; `m` is the least number of attempts that makes it 10⁻¹⁰. An attempt takes at
//! most `high` and the window. Three more are for nodes that must first learn of each other's terms, and one for
//! what is left of an old leader: it steps down within a timeout, and for as long followers may refuse candidates.
//!
//! **After that** the new leader brings the others up to date, a whole window of messages a round trip (of a log
//! that lags by as much as [`BEHIND`]), and clients ask once more, having waited in vain for [`CLIENTS`].
//!
//! All on clocks of which the slowest runs by the drift slower than true time.

use super::RaftConfig;
use crate::ids::NodeSet;
use crate::process::{Dice, Voters};
use crate::protocol::Healed;
use crate::time::Span;

/// How many entries a node may lack.
const BEHIND: u64 = 4_096;
/// For how long clients may wait in vain: a few timeouts of an attempt.
const CLIENTS: Span = Span::secs(3);
/// ln 10¹⁰.
const CERTAINTY: f64 = 23.03;

/// A drawn majority of the voters, or more, up to all that can be had.
pub(super) fn core(voters: Voters, candidates: &NodeSet, dice: &mut dyn Dice) -> Option<NodeSet> {
    let mut able: Vec<_> = candidates.iter().filter(|&node| voters.contains(node)).collect();
    let spare = able.len().checked_sub(voters.majority())?;
    for _ in 0..dice.below(spare as u64 + 1) {
        able.swap_remove(dice.below(able.len() as u64) as usize);
    }
    Some(able.into_iter().collect())
}

/// How long it takes at most until clients are served and replicas are equal.
pub(super) fn bound(config: &RaftConfig, healed: &Healed) -> Span {
    let step = healed.delay + healed.sync + healed.service.times(2);
    let window = step.times(if config.params.pre_vote { 3 } else { 1 });
    let attempts = attempts(success(config, window, window + step)) + 4;
    let elections = (config.max_timeout() + window).times(attempts);
    let replication = (step.times(2) + config.params.heartbeat).times(round_trips(config));
    slowed(elections + replication + CLIENTS, healed.drift_ppm)
}

/// The least probability that an attempt succeeds.
fn success(config: &RaftConfig, window: Span, answers: Span) -> f64 {
    let [low, high] = config.params.election_timeout;
    let (range, nodes) = ((high - low).0.max(1) as f64, config.voters.len() as f64);
    let alone = |window: Span, others: f64| libm::pow((1.0 - window.0 as f64 / range).max(0.0), others);
    let alone = if config.params.pre_vote { alone(window, nodes) } else { alone(window.times(2), nodes - 1.0) };
    let lasts = ((high - answers).0 as f64 / range).min(1.0);
    (alone * lasts).max(1.0 / 64.0)
}

/// How many attempts it takes at most.
fn attempts(success: f64) -> u64 {
    if success >= 1.0 { 1 } else { libm::ceil(-CERTAINTY / libm::log(1.0 - success)) as u64 }
}

/// How many round trips bring a follower up to date: one to find where it parts, one for each window of messages.
fn round_trips(config: &RaftConfig) -> u64 {
    let a_trip = u64::from(config.params.max_entries_per_append) * u64::from(config.params.max_inflight_appends);
    2 + BEHIND.div_ceil(a_trip)
}

fn slowed(span: Span, drift_ppm: u64) -> Span {
    span + Span(span.0 / 1_000_000).times(drift_ppm.saturating_mul(2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::NodeId;
    use crate::process::Cast;
    use crate::protocol::Setup;
    use crate::protocol::raft::RaftParams;
    use crate::rng::{Die, Seed};

    fn seconds(nodes: u32, delay_ms: u64, params: &RaftParams) -> u64 {
        let cast = Cast::single("replica", nodes);
        let config = RaftConfig::new(&Setup { params, bug: None, cast: &cast }).unwrap();
        let healed = Healed { delay: Span::ms(delay_ms), sync: Span::ms(1), service: Span::ZERO, drift_ppm: 200 };
        bound(&config, &healed).0.div_ceil(1_000_000_000)
    }

    #[test]
    fn the_bound_is_of_the_order_that_elections_take() {
        let with = RaftParams::default();
        let without = RaftParams { pre_vote: false, ..with.clone() };
        let of = |params: &RaftParams| [1, 3, 5, 7].map(|nodes| seconds(nodes, 10, params));
        assert_eq!((of(&with), of(&without)), PINNED);
        assert!(seconds(5, 400, &with) > 100, "hopeless settings");
    }

    const PINNED: ([u64; 4], [u64; 4]) = ([10, 17, 28, 45], [5, 11, 15, 20]);

    #[test]
    fn a_core_is_a_majority_of_those_that_can_be_had() {
        let voters: Voters = (0..5).map(NodeId).collect();
        let mut dice = Die::new(Seed(1)).stream();
        let mut sizes: Vec<usize> = Vec::new();
        for _ in 0..100 {
            let core = core(voters, &NodeSet::range(1..9), &mut dice).unwrap();
            assert!(core.iter().all(|node| (1..5).contains(&node.0)));
            sizes.push(core.len());
        }
        sizes.sort_unstable();
        sizes.dedup();
        assert_eq!(sizes, [3, 4]);
        assert_eq!(core(voters, &NodeSet::range(3..9), &mut dice), None);
    }
}
