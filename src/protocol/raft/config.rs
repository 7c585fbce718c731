//! Settings, and what all nodes of a run share.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bugs::{Mistake, TABLE};
use super::lease;
use super::membership::Membership;
use crate::protocol::settings::{check_nodes, check_sizes, check_times};
use crate::protocol::{ParamError, Planted, Setup};
use crate::time::Span;

/// How a leader makes sure, before it serves a read, that no other has taken its place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReadBy {
    /// A majority answers a message that was sent after the read came in (thesis, section 6.4).
    #[default]
    ReadIndex,
    /// A majority answered a short while ago, and keeps from voting for another: then nobody need be asked. Right as
    /// long as clocks drift no more than stated (thesis, section 6.4.1).
    Lease,
}

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
    /// How a leader makes sure that it still leads when it serves a read.
    pub reads: ReadBy,
    /// By how many millionths the rate of any clock is off at most, as far as leases rely on it.
    pub max_drift_ppm: u64,
    /// How many entries one message carries at most.
    pub max_entries_per_append: u32,
    /// How many messages with entries may be under way to one follower at most: a window that begins with four in
    /// each term, and is found out.
    pub max_inflight_appends: u32,
    /// How many nodes vote at first: the first so many. The others wait until they are added. Left out, all vote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voters: Option<u32>,
    /// After how many entries a node saves a snapshot and drops the entries before it; null for never.
    pub snapshot_every: Option<u32>,
    /// How many entries before the snapshot it keeps, for followers that are only a little behind.
    pub snapshot_keep: u32,
}

impl Default for RaftParams {
    fn default() -> Self {
        Self {
            election_timeout: [Span::ms(150), Span::ms(300)],
            heartbeat: Span::ms(50),
            pre_vote: true,
            check_quorum: true,
            no_op: true,
            reads: ReadBy::ReadIndex,
            max_drift_ppm: 10_000,
            max_entries_per_append: 64,
            max_inflight_appends: 64,
            voters: None,
            snapshot_every: Some(10_000),
            snapshot_keep: 5_000,
        }
    }
}

/// What all nodes of a run share.
#[derive(Clone, Debug)]
pub struct RaftConfig {
    /// The settings.
    pub params: RaftParams,
    /// Who takes part before anything was changed.
    pub initial: Membership,
    /// How many nodes there are, whether they take part or not.
    pub nodes: u32,
    /// How long a leader's lease lasts on its clock, if reads are served by lease.
    pub(super) lease: Option<Span>,
    pub(super) planted: Planted<Mistake>,
}

impl RaftConfig {
    /// The configuration for these settings.
    ///
    /// # Errors
    /// Which setting is impossible, and why.
    pub fn new(setup: &Setup<'_, RaftParams>) -> Result<Self, ParamError> {
        let params = setup.params;
        check_nodes(setup, "raft", "votes")?;
        check_voters(setup)?;
        check_times(params.election_timeout, params.heartbeat, "depose")?;
        check_sizes(&[
            ("max_entries_per_append", params.max_entries_per_append),
            ("max_inflight_appends", params.max_inflight_appends),
        ])?;
        check_snapshots(params)?;
        check_reads(params)?;
        let members = setup.cast.groups()[0].members.clone();
        let voters = members.take(setup.params.voters.map_or(usize::MAX, |count| count as usize));
        let lease = lease::lasts(setup.params.election_timeout[0], setup.params.max_drift_ppm);
        Ok(Self {
            params: setup.params.clone(),
            initial: Membership::of(voters.map(crate::ids::NodeId).collect()),
            nodes: setup.cast.len(),
            lease: (setup.params.reads == ReadBy::Lease).then_some(lease),
            planted: Planted::named(&TABLE, setup.bug),
        })
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

fn check_voters(setup: &Setup<'_, RaftParams>) -> Result<(), ParamError> {
    let members = setup.cast.groups().first().map_or(0, |group| group.members.len());
    match setup.params.voters {
        Some(0) => Err(ParamError::new("voters", "a cluster needs at least one node that votes")),
        Some(voters) if voters as usize > members => {
            Err(ParamError::new("voters", format!("{voters} nodes cannot vote: only {members} start with the run")))
        }
        _ => Ok(()),
    }
}

fn check_snapshots(params: &RaftParams) -> Result<(), ParamError> {
    match params.snapshot_every {
        Some(0) => Err(ParamError::new("snapshot_every", "0 entries make no snapshot; give null for never")),
        _ => Ok(()),
    }
}

fn check_reads(params: &RaftParams) -> Result<(), ParamError> {
    let max = params.max_drift_ppm;
    if max >= 1_000_000 {
        let message = format!("a clock that is off by {max} millionths may stand still; stay below 1000000");
        return Err(ParamError::new("max_drift_ppm", message));
    }
    if params.reads == ReadBy::Lease && !params.check_quorum {
        let message = "a lease rests on nodes that hear from a leader and vote for nobody else, and without check_quorum \
                       they do; turn it on, or read by \"read_index\"";
        return Err(ParamError::new("reads", message));
    }
    Ok(())
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
        assert!(of(|p| p.voters = Some(4)).starts_with("voters: 4 nodes cannot vote: only 3"));
        assert!(of(|p| p.voters = Some(0)).starts_with("voters: "));
        assert!(of(|p| p.snapshot_every = Some(0)).starts_with("snapshot_every: "));
        assert!(of(|p| p.election_timeout = [Span::ms(300), Span::ms(150)]).starts_with("election_timeout: the range"));
        assert!(of(|p| p.max_inflight_appends = 0).starts_with("max_inflight_appends: "));
        assert!(of(|p| p.max_drift_ppm = 1_000_000).starts_with("max_drift_ppm: a clock that is off by 1000000 "));
        let by_lease = of(|p| (p.reads, p.check_quorum) = (ReadBy::Lease, false));
        assert!(by_lease.starts_with("reads: a lease rests on nodes") && by_lease.contains("without check_quorum"));
        assert!(refused(&RaftParams::default(), 129).contains("at most 128 nodes"));
    }

    #[test]
    fn settings_read_as_the_scenario_writes_them() {
        let text = r#"{"election_timeout":["100ms","200ms"],"heartbeat":"20ms","pre_vote":false}"#;
        let params: RaftParams = serde_json::from_str(text).unwrap();
        assert_eq!(params.election_timeout, [Span::ms(100), Span::ms(200)]);
        assert!(!params.pre_vote && params.check_quorum);
        assert_eq!(params.reads, ReadBy::ReadIndex);
        let by_lease: RaftParams = serde_json::from_str(r#"{"reads":"lease"}"#).unwrap();
        assert_eq!(by_lease.reads, ReadBy::Lease);
        assert!(serde_json::from_str::<RaftParams>(r#"{"prevote":true}"#).is_err());
    }
}
