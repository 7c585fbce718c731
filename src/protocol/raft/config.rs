//! Settings, and what all nodes of a run share.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bugs::Planted;
use crate::process::Voters;
use crate::protocol::{ParamError, Setup};
use crate::time::Span;

/// Settings of Raft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RaftParams {
    /// How long a follower waits for a leader before it stands for election: drawn anew each time from this range.
    pub election_timeout: [Span; 2],
    /// How often a leader lets every follower hear from it.
    pub heartbeat: Span,
    /// Whether a node asks first whether it would win, before it raises its term. Nodes that hear from a leader do not
    /// answer (thesis, section 9.6).
    pub pre_vote: bool,
    /// Whether a leader that does not hear from a majority steps down (thesis, section 6.2), and whether nodes that
    /// hear from a leader ignore requests for votes too (section 4.2.3).
    pub check_quorum: bool,
    /// Whether a new leader appends an empty entry at once. Without it, what earlier leaders left behind is
    /// committed only with the next write or read.
    pub no_op: bool,
    /// How many entries one message carries at most.
    pub max_entries_per_append: u32,
    /// How many messages with entries may be under way to one follower at most: a window that begins with four in
    /// each term, and is found out.
    pub max_inflight_appends: u32,
}

impl Default for RaftParams {
    fn default() -> Self {
        Self {
            election_timeout: [Span::ms(150), Span::ms(300)],
            heartbeat: Span::ms(50),
            pre_vote: true,
            check_quorum: true,
            no_op: true,
            max_entries_per_append: 64,
            max_inflight_appends: 64,
        }
    }
}

/// What all nodes of a run share.
#[derive(Clone, Debug)]
pub struct RaftConfig {
    /// The settings.
    pub params: RaftParams,
    /// The nodes whose votes count.
    pub voters: Voters,
    pub(super) planted: Planted,
}

impl RaftConfig {
    /// The configuration for these settings.
    ///
    /// # Errors
    /// Which setting is impossible, and why.
    pub fn new(setup: &Setup<'_, RaftParams>) -> Result<Self, ParamError> {
        check_nodes(setup)?;
        check_times(setup.params)?;
        check_sizes(setup.params)?;
        let voters = setup.cast.groups()[0].members.clone().map(crate::ids::NodeId).collect();
        Ok(Self { params: setup.params.clone(), voters, planted: Planted::named(setup.bug) })
    }

    /// The shortest time for which a follower waits.
    #[must_use]
    pub fn min_timeout(&self) -> Span {
        self.params.election_timeout[0]
    }

    /// The longest time for which a follower waits.
    #[must_use]
    pub fn max_timeout(&self) -> Span {
        self.params.election_timeout[1]
    }
}

fn check_nodes(setup: &Setup<'_, RaftParams>) -> Result<(), ParamError> {
    let nodes = setup.cast.len();
    let members = setup.cast.groups().first().map_or(0, |group| group.members.len());
    if members == 0 {
        return Err(ParamError::new("", "raft needs at least one node"));
    }
    if nodes > Voters::MAX {
        return Err(ParamError::new("", format!("raft counts votes of at most {} nodes, not {nodes}", Voters::MAX)));
    }
    Ok(())
}

fn check_times(params: &RaftParams) -> Result<(), ParamError> {
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
            "{heartbeat} is not shorter than the shortest election timeout ({low}): followers would depose every leader"
        );
        return Err(ParamError::new("heartbeat", message));
    }
    Ok(())
}

fn check_sizes(params: &RaftParams) -> Result<(), ParamError> {
    let sizes = [
        ("max_entries_per_append", params.max_entries_per_append),
        ("max_inflight_appends", params.max_inflight_appends),
    ];
    match sizes.into_iter().find(|&(_, size)| size == 0) {
        Some((field, _)) => Err(ParamError::new(field, "nothing would ever be replicated with 0; give at least 1")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Cast;

    fn refused(params: &RaftParams, nodes: u32) -> String {
        let cast = Cast::single("replica", nodes);
        let error = RaftConfig::new(&Setup { params, bug: None, cast: &cast }).unwrap_err();
        format!("{}: {error}", error.field)
    }

    #[test]
    fn impossible_settings_are_refused_with_a_reason() {
        let of = |change: fn(&mut RaftParams)| {
            let mut params = RaftParams::default();
            change(&mut params);
            refused(&params, 3)
        };
        assert!(of(|p| p.heartbeat = Span::ms(150)).starts_with("heartbeat: 150ms is not shorter"));
        assert!(of(|p| p.heartbeat = Span::ZERO).starts_with("heartbeat: "));
        assert!(of(|p| p.election_timeout = [Span::ms(300), Span::ms(150)]).starts_with("election_timeout: the range"));
        assert!(of(|p| p.max_inflight_appends = 0).starts_with("max_inflight_appends: "));
        assert!(refused(&RaftParams::default(), 129).contains("at most 128 nodes"));
    }

    #[test]
    fn settings_read_as_the_scenario_writes_them() {
        let text = r#"{"election_timeout":["100ms","200ms"],"heartbeat":"20ms","pre_vote":false}"#;
        let params: RaftParams = serde_json::from_str(text).unwrap();
        assert_eq!(params.election_timeout, [Span::ms(100), Span::ms(200)]);
        assert!(!params.pre_vote && params.check_quorum);
        assert!(serde_json::from_str::<RaftParams>(r#"{"prevote":true}"#).is_err());
    }
}
