//! Who must make progress once the world is healed, and within what time.
//!
//! **Attempts.** A node whose timer runs out *attempts* to lead. Let *step* be the longest time from a turn on one node
//! to the end of the turn on another that it causes: a message, a sync, two turns. Everybody hears of the attempt
//! within one step: that is its *window*, for it asks nobody before it begins its ballot. It is of no use if another
//! node begins one within that window on either side; the promises take one step more, and its own timer must not run
//! out before. What that gives is told for Raft without pre-vote, whose candidates get in each other's way just so
//! ([`Elections::success`]): the worst core is one of which only one node's attempts succeed, and n − 1 others outbid
//! it. Half of the product is `p`, and `p` is at least 1/64.
//!
//! All fail with probability (1 − p)ᵐ; `m` is the least number of attempts that makes it 10⁻¹⁰
//! ([`attempts`](crate::protocol::healing::attempts)). An attempt takes at most the longest timeout and the window.
//! Three more are for nodes that must first learn of each other's ballots, one for what is left of an old leader (it
//! steps down within a timeout, and for as long followers may not listen to candidates), and one for a node that comes
//! back with a higher ballot and preempts the new leader.
//!
//! **After that** the new leader brings the others up to date. The worst of them lacks everything: whatever clients
//! asked for in the whole run, as often as they asked for it, and as many no-ops as there were ballots
//! ([`Elections::longest_log`]; a leader fills gaps only between commands that are counted already). A round trip takes
//! a message of what was decided before its ballot, or one that proposes; it may take a heartbeat until a lost or
//! overtaken one is sent again.
//!
//! **And clients** ask again: each of some operations ([`ASKED`](crate::protocol::healing::ASKED)) waits in vain once,
//! for a leader that was preempted, is told to come again, is sent on, and is answered.
//!
//! All on clocks of which the slowest runs by the drift slower than true time.

use super::MultiPaxosConfig;
use crate::protocol::Healed;
use crate::protocol::healing::{Elections, Pace};
use crate::time::Span;

/// How long it takes at most until clients are served and replicas are equal.
pub(super) fn bound(config: &MultiPaxosConfig, healed: &Healed) -> Span {
    let params = &config.params;
    let nodes = config.acceptors.len() as u32;
    let pace = Pace {
        window: 1,
        refused: Span::ZERO,
        wasted: 5,
        heartbeat: params.heartbeat,
        batch: params.catch_up_batch.min(params.max_slots_per_accept),
        patience: Span::ZERO,
    };
    Elections { timeout: params.election_timeout, nodes, asks_first: false }.bound(&pace, healed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Cast;
    use crate::protocol::Setup;
    use crate::protocol::healing::HEALED;
    use crate::protocol::multi_paxos::MultiPaxosParams;

    fn seconds(nodes: u32, healed: &Healed, params: &MultiPaxosParams) -> u64 {
        let cast = Cast::single("replica", nodes);
        let config = MultiPaxosConfig::new(&Setup { params, bug: None, cast: &cast }).unwrap();
        bound(&config, healed).0.div_ceil(1_000_000_000)
    }

    #[test]
    fn the_bound_is_of_the_order_that_elections_take() {
        let usual = MultiPaxosParams::default();
        assert_eq!([1, 3, 5, 7].map(|nodes| seconds(nodes, &HEALED, &usual)), [21, 28, 38, 51]);
        assert!(seconds(5, &Healed { delay: Span::ms(400), ..HEALED }, &usual) > 100, "hopeless settings");
    }

    #[test]
    fn clients_that_wait_long_and_replicas_that_lag_far_have_their_time() {
        let usual = MultiPaxosParams::default();
        let before = seconds(3, &HEALED, &usual);
        let patient = Healed { timeout: Span::secs(30), ..HEALED };
        assert!(seconds(3, &patient, &usual) >= before + 4 * 29);
        let one_by_one = MultiPaxosParams { catch_up_batch: 1, ..usual };
        assert!(seconds(3, &HEALED, &one_by_one) > 300, "as many messages as slots");
    }
}
