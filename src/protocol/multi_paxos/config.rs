//! Settings, and what all nodes of a run share.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bugs::{Mistake, TABLE};
use crate::process::{NodeId, Voters};
use crate::protocol::settings::{check_nodes, check_sizes, check_times};
use crate::protocol::{ParamError, Planted, Setup};
use crate::time::Span;

/// Settings of Multi-Paxos.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MultiPaxosParams {
    /// How long a node waits for a leader, or for promises, before it begins a ballot: drawn anew each time from this
    /// range.
    pub election_timeout: [Span; 2],
    /// How often a leader lets every follower hear from it.
    pub heartbeat: Span,
    /// How many slots one message proposes at most.
    pub max_slots_per_accept: u32,
    /// How many such messages may be under way to one follower at most. While they are, commands gather for the next.
    pub max_inflight_accepts: u32,
    /// How many decided commands one message brings to a replica that missed them.
    pub catch_up_batch: u32,
}

impl Default for MultiPaxosParams {
    fn default() -> Self {
        Self {
            election_timeout: [Span::ms(150), Span::ms(300)],
            heartbeat: Span::ms(50),
            max_slots_per_accept: 64,
            max_inflight_accepts: 2,
            catch_up_batch: 256,
        }
    }
}

/// What all nodes of a run share.
#[derive(Clone, Debug)]
pub struct MultiPaxosConfig {
    /// The settings.
    pub params: MultiPaxosParams,
    /// All nodes, each of which is an acceptor.
    pub acceptors: Voters,
    pub(super) planted: Planted<Mistake>,
}

impl MultiPaxosConfig {
    /// The configuration for these settings.
    ///
    /// # Errors
    /// Which setting is impossible, and why.
    pub fn new(setup: &Setup<'_, MultiPaxosParams>) -> Result<Self, ParamError> {
        let params = setup.params;
        check_nodes(setup, "multi_paxos", "acceptances")?;
        check_times(params.election_timeout, params.heartbeat, "preempt")?;
        check_sizes(&[
            ("max_slots_per_accept", params.max_slots_per_accept),
            ("max_inflight_accepts", params.max_inflight_accepts),
            ("catch_up_batch", params.catch_up_batch),
        ])?;
        let acceptors = setup.cast.groups()[0].members.clone().map(NodeId).collect();
        Ok(Self { params: params.clone(), acceptors, planted: Planted::named(&TABLE, setup.bug) })
    }

    /// The shortest time for which a node waits.
    #[must_use]
    pub fn min_timeout(&self) -> Span {
        self.params.election_timeout[0]
    }

    /// The longest time for which a node waits.
    #[must_use]
    pub fn max_timeout(&self) -> Span {
        self.params.election_timeout[1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Cast;

    fn refused(params: &MultiPaxosParams, nodes: u32) -> String {
        let cast = Cast::single("replica", nodes);
        let error = MultiPaxosConfig::new(&Setup { params, bug: None, cast: &cast }).unwrap_err();
        format!("{}: {error}", error.field)
    }

    #[test]
    fn impossible_settings_are_refused_with_a_reason() {
        let of = |change: fn(&mut MultiPaxosParams)| {
            let mut params = MultiPaxosParams::default();
            change(&mut params);
            refused(&params, 3)
        };
        assert!(of(|p| p.heartbeat = Span::ms(150)).starts_with("heartbeat: 150ms is not shorter"));
        assert!(of(|p| p.heartbeat = Span::ZERO).starts_with("heartbeat: "));
        assert!(of(|p| p.election_timeout = [Span::ms(300), Span::ms(150)]).starts_with("election_timeout: the range"));
        assert!(of(|p| p.max_slots_per_accept = 0).starts_with("max_slots_per_accept: "));
        assert!(of(|p| p.max_inflight_accepts = 0).starts_with("max_inflight_accepts: "));
        assert!(of(|p| p.catch_up_batch = 0).starts_with("catch_up_batch: "));
        assert!(refused(&MultiPaxosParams::default(), 129).contains("of at most 128 nodes"));
    }
}
