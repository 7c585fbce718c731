//! The settings of commitment protocols.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Account, Desk, Log, Site};
use crate::check::Nodes;
use crate::ids::{ClientId, NodeSet};
use crate::process::{Cast, Glance, NodeId, Voters};
use crate::protocol::healing::{ASKED, slowed};
use crate::protocol::{Healed, ParamError, Planted};
use crate::time::Span;

/// Settings that commitment protocols share, under `params` in a scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CommitParams {
    /// How long a node waits for an answer before it gives the others up. More than twice what a message, the turn
    /// that it causes and what that forces to disk take, together with what the node has to do before it.
    pub timeout: Span,
    /// How often a node asks or tells again.
    pub retry: Span,
    /// What is in every account at first.
    pub opening: u32,
}

impl Default for CommitParams {
    fn default() -> Self {
        Self { timeout: Span::ms(50), retry: Span::ms(50), opening: 100 }
    }
}

/// What all nodes of a run share.
#[derive(Clone, Debug)]
pub struct CommitConfig {
    /// The settings.
    pub params: CommitParams,
    /// Whether participants that are uncertain ask each other.
    pub cooperative: bool,
    /// Who coordinates.
    pub coordinators: Vec<NodeId>,
    /// Who keeps accounts.
    pub participants: Vec<NodeId>,
    pub(in crate::protocol) planted: Planted<Mistake>,
}

/// A mistake in a commitment protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::protocol) enum Mistake {
    /// A participant votes yes before that is on its disk.
    YesBeforeForce,
    /// A coordinator tells of a commit before that is on its disk.
    UnloggedCommit,
    /// A participant that waits too long for the decision aborts.
    AbortWhilePrepared,
    /// A participant that is uncertain asks the coordinator alone.
    NoCooperation,
    /// A coordinator is done with a commit as soon as one participant has acknowledged it.
    ForgetEarly,
    /// A participant that restarts does not lock again what it is uncertain about.
    LocksLost,
    /// A coordinator that is asked about a transaction which it has not decided says that it aborts.
    HastyPresumption,
    /// Participants that hear nothing decide by their own state alone.
    DecideAlone,
    /// A participant that comes back takes part in terminations as if it had never been away.
    RecoveredTakesPart,
    /// A coordinator commits as soon as one participant has heard that all voted yes.
    CommitBeforeAcks,
    /// A coordinator never looks up whether it has carried a request out.
    RepeatedRequest,
    /// A participant shows what a transaction would leave that is not decided.
    DirtyRead,
}

impl CommitConfig {
    /// Checks the settings.
    pub(in crate::protocol) fn new(
        params: &CommitParams,
        cooperative: bool,
        cast: &Cast,
        planted: Planted<Mistake>,
    ) -> Result<Self, ParamError> {
        let members = |name: &str| -> Vec<NodeId> {
            cast.named(name).into_iter().flat_map(|group| group.members.clone().map(NodeId)).collect()
        };
        let (coordinators, participants) = (members("coordinator"), members("participant"));
        if cast.len() > Voters::MAX {
            let message = format!("at most {} nodes can take part, not {}", Voters::MAX, cast.len());
            return Err(ParamError::new("", message));
        }
        if coordinators.is_empty() || participants.len() < 2 {
            let message = "commitment takes a coordinator and two participants at least: \
                {\"coordinator\": 1, \"participant\": 3}";
            return Err(ParamError::new("", message));
        }
        for (field, span) in [("timeout", params.timeout), ("retry", params.retry)] {
            if span < Span::us(1) {
                return Err(ParamError::new(field, "a node must wait before it acts again; 1us at least"));
            }
        }
        if params.opening < OPENING_MIN {
            let message = format!("accounts hold {OPENING_MIN} at least, so that there is something to move");
            return Err(ParamError::new("opening", message));
        }
        Ok(Self { params: params.clone(), cooperative, coordinators, participants, planted })
    }

    /// Who keeps this account.
    #[must_use]
    pub fn keeper(&self, account: Account) -> NodeId {
        self.participants[account.0 as usize % self.participants.len()]
    }

    /// Who coordinates what this client asks for.
    #[must_use]
    pub fn coordinator(&self, client: ClientId) -> NodeId {
        self.coordinators[client.index() % self.coordinators.len()]
    }

    /// How long a participant that stays up is uncertain at most where nobody blocks: until it has waited for the
    /// coordinator, and then for each of the others in turn, to lead a termination and to fall in it. Of the eight
    /// timeouts for each, three are of silence, one goes by for the answers and one to tell the others; the rest is for
    /// those that stand back for a lower number which then falls.
    #[must_use]
    pub fn patience(&self) -> Span {
        self.params.timeout.times(8).times(self.participants.len() as u64 + 1)
    }

    pub(in crate::protocol) fn planted(&self, mistake: Mistake) -> bool {
        self.planted.is(mistake)
    }
}

/// What clients of a healed core move is less.
const OPENING_MIN: u32 = 10;

/// Everybody, for commitment is not done before all know.
pub(in crate::protocol) fn everyone<P: Site>(nodes: Nodes<'_, P>, candidates: &NodeSet) -> Option<NodeSet> {
    (candidates.len() == nodes.count() as usize).then(|| candidates.clone())
}

/// How long until all is decided, and clients are answered. What was begun is given up or decided within
/// `waits` timeouts, and asked about within two retries; then a client's transaction takes six steps. In a step a node
/// may have to deal with all that was sent to it before, and with all clients at once.
pub(in crate::protocol) fn bound(config: &CommitConfig, waits: u64, healed: &Healed) -> Span {
    let CommitParams { timeout, retry, .. } = config.params;
    let turn = healed.sync + healed.service;
    let step = healed.delay + turn.times(u64::from(healed.clients) + 2);
    let backlog = turn.times(healed.requests.saturating_mul(2));
    let terminated = timeout.times(waits) + retry.times(2) + step.times(6) + backlog;
    let asked = (healed.timeout + healed.backoff + step.times(6)).times(ASKED.saturating_mul(2));
    slowed(terminated + asked, healed.drift_ppm)
}

/// What is seen of a node from outside. Its progress is how many transactions it has decided; of those before its
/// present life a coordinator remembers the commits, and a participant what it voted yes on.
pub(in crate::protocol) fn glance(coordinates: bool, log: &Log, desk: &Desk) -> Glance {
    let known = log.outcomes.len() as u64;
    let role = if coordinates { "coordinator" } else { "participant" };
    Glance { role, epoch: log.life.into(), progress: desk.decided.max(known) }
}
