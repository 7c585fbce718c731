//! Settings, and what all nodes of a run share.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bugs::Planted;
use crate::process::{NodeId, Voters};
use crate::protocol::{ParamError, Setup};
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
    pub(super) planted: Planted,
}

impl MultiPaxosConfig {
    /// The configuration for these settings.
    ///
    /// # Errors
    /// Which setting is impossible, and why.
    pub fn new(setup: &Setup<'_, MultiPaxosParams>) -> Result<Self, ParamError> {
        check_nodes(setup)?;
        check_times(setup.params)?;
        check_sizes(setup.params)?;
        let acceptors = setup.cast.groups()[0].members.clone().map(NodeId).collect();
        Ok(Self { params: setup.params.clone(), acceptors, planted: Planted::named(setup.bug) })
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

fn check_nodes(setup: &Setup<'_, MultiPaxosParams>) -> Result<(), ParamError> {
    let nodes = setup.cast.len();
    let members = setup.cast.groups().first().map_or(0, |group| group.members.len());
    if members == 0 {
        return Err(ParamError::new("", "multi_paxos needs at least one node"));
    }
    if nodes > Voters::MAX {
        let message = format!("multi_paxos counts at most {} acceptors, not {nodes}", Voters::MAX);
        return Err(ParamError::new("", message));
    }
    Ok(())
}

fn check_times(params: &MultiPaxosParams) -> Result<(), ParamError> {
    let [low, high] = params.election_timeout;
    let heartbeat = params.heartbeat;
    if low > high {
        let message = format!("the range {low} to {high} is empty; write the shorter time first");
        return Err(ParamError::new("election_timeout", message));
    }
    if heartbeat == Span::ZERO {
        return Err(ParamError::new("heartbeat", "a heartbeat needs an interval over 0"));
    }
    if heartbeat >= low {
        let message = format!(
            "{heartbeat} is not shorter than the shortest election timeout ({low}): followers would preempt every leader"
        );
        return Err(ParamError::new("heartbeat", message));
    }
    Ok(())
}

fn check_sizes(params: &MultiPaxosParams) -> Result<(), ParamError> {
    let sizes = [
        ("max_slots_per_accept", params.max_slots_per_accept),
        ("max_inflight_accepts", params.max_inflight_accepts),
        ("catch_up_batch", params.catch_up_batch),
    ];
    match sizes.into_iter().find(|&(_, size)| size == 0) {
        Some((field, _)) => Err(ParamError::new(field, "nothing would ever be sent with 0; give at least 1")),
        None => Ok(()),
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
        assert!(refused(&MultiPaxosParams::default(), 129).contains("at most 128 acceptors"));
    }
}
