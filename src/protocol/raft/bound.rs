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
//! within the window. A node's timers run out at most with the density *crowd*/range: `crowd` is one where no second
//! timeout can end before a first might, that is for `low` not below `range`. Else it is how many of them fit into
//! one range, and never more than 3 (for timeouts from zero on it is e).
//! - *With pre-vote*, only a node that could win gets in the way (the others are told "no"; nothing changes by that).
//!   The first whose timer runs out has nobody before it. If all n nodes can win, their timers leave it alone with
//!   probability (1 − crowd·window/range)ⁿ. If just one can, it is never in the way of itself.
//! - *Without*, any node does, and that it cannot win does not keep it from beginning a term in which the one that
//!   can is refused. That is the worst core: one electable node, n − 1 others. It must have nobody within its window
//!   on either side: (1 − 2·crowd·window/range)ⁿ⁻¹.
//!
//! A timer may also run out before the answers are there: they take one window and one step more (`answers`), and an
//! attempt lasts if the timer drawn is longer, with probability (high − answers)/range, at most 1.
//!
//! Half of the product is `p`. The other half is the margin, for what this leaves out: timers do not all start at once,
//! one that has not run out for long is the likelier to do so, and attempts are not independent of each other. And `p`
//! is at least 1/64: beyond that the settings are hopeless, and no bound worth waiting for holds.
//!
//! All fail with probability (1 − p)ᵐ; `m` is the least number of attempts that makes it 10⁻¹⁰
//! ([`attempts`](crate::protocol::healing::attempts)). An attempt takes at most `high` and the window. Three more are
//! for nodes that must first learn of each other's terms, and one for what is left of an old leader: it steps down
//! within a timeout, and for as long followers may refuse candidates. Where leases are in use, nodes that were
//! restarted refuse them too, for the shortest timeout.
//!
//! **After that** the new leader brings the others up to date. The worst of them lacks everything: whatever clients
//! asked for in the whole run, as often as they asked for it (each leader appends it once), and an empty entry of each
//! term that there can have been ([`Elections::longest_log`]). Of that a round trip takes one message, though more may
//! be under way at once: with messages that overtake each other, or a small window, it may not be more. A snapshot that
//! was lost before is sent again after the shortest timeout.
//!
//! **And clients** ask again: each of some operations ([`ASKED`]) waits in vain once, for a leader that was deposed,
//! is told to come again, is sent on, and is answered.
//!
//! All on clocks of which the slowest runs by the drift slower than true time.

use super::{RaftConfig, RaftParams};
use crate::protocol::Healed;
use crate::protocol::healing::{Elections, Pace};
use crate::time::Span;

/// How long it takes at most until clients are served and replicas are equal.
pub(super) fn bound(config: &RaftConfig, healed: &Healed) -> Span {
    let params = &config.params;
    let pace = Pace {
        window: if params.pre_vote { 3 } else { 1 },
        refused: if config.lease.is_some() { config.min_timeout() } else { Span::ZERO },
        wasted: 4,
        heartbeat: params.heartbeat,
        batch: params.max_entries_per_append,
        patience: config.min_timeout(),
    };
    drawn(config).bound(&pace, healed)
}

fn drawn(config: &RaftConfig) -> Elections {
    let RaftParams { election_timeout, pre_vote, .. } = config.params;
    Elections { timeout: election_timeout, nodes: config.nodes, asks_first: pre_vote }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Cast;
    use crate::protocol::Setup;
    use crate::protocol::healing::{HEALED, SURE};

    fn seconds(nodes: u32, healed: &Healed, params: &RaftParams) -> u64 {
        let cast = Cast::single("replica", nodes);
        let config = RaftConfig::new(&Setup { params, bug: None, cast: &cast }).unwrap();
        bound(&config, healed).0.div_ceil(1_000_000_000)
    }

    #[test]
    fn the_bound_is_of_the_order_that_elections_take() {
        let with = RaftParams::default();
        let without = RaftParams { pre_vote: false, ..with.clone() };
        let of = |params: &RaftParams| [1, 3, 5, 7].map(|nodes| seconds(nodes, &HEALED, params));
        assert_eq!((of(&with), of(&without)), PINNED);
        assert!(seconds(5, &Healed { delay: Span::ms(400), ..HEALED }, &with) > 100, "hopeless settings");
    }

    const PINNED: ([u64; 4], [u64; 4]) = ([26, 42, 66, 106], [21, 28, 38, 51]);

    /// Two of three nodes may be in the way, each with the odds of a window in the range of timeouts, or twice that
    /// where a second timeout may end before another's first.
    #[test]
    fn crowded_timeouts_make_success_less_likely() {
        let of = |low: u64, high: u64| {
            let params = RaftParams {
                election_timeout: [Span::ms(low), Span::ms(high)],
                heartbeat: Span::us(1),
                pre_vote: false,
                ..RaftParams::default()
            };
            let cast = Cast::single("replica", 3);
            let config = RaftConfig::new(&Setup { params: &params, bug: None, cast: &cast }).unwrap();
            drawn(&config).success(Span::ms(5), Span::ms(10))
        };
        assert_eq!(of(100, 200), SURE / 2 * 81 / 100);
        assert_eq!(of(99, 199), SURE / 2 * 64 / 100);
        assert_eq!(of(1, 101), SURE / 2 * 49 / 100 * 91 / 100);
    }

    #[test]
    fn clients_that_wait_long_and_logs_that_lag_far_have_their_time() {
        let params = RaftParams::default();
        let usual = seconds(3, &HEALED, &params);
        let patient = Healed { timeout: Span::secs(30), ..HEALED };
        assert!(seconds(3, &patient, &params) >= usual + 4 * 29);
        let busy = Healed { requests: 64_000, ..HEALED };
        assert!(seconds(3, &busy, &params) > usual + 60, "a thousand messages, each a round trip");
        let one_by_one = RaftParams { max_entries_per_append: 1, ..params };
        assert!(seconds(3, &HEALED, &one_by_one) > 300, "as many messages as entries");
    }
}
