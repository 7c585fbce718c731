//! What clients ask of a cluster, and how they understand what they are told.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{ClientId, NodeId};
use crate::process::Process;
use crate::recorded::{Told, Value};
use crate::rng::Dice;
use crate::time::Span;

/// Operations that each client must get answered by a healed core.
pub const FRESH: u32 = 3;

/// What clients ask. Operations are a pure function of the client and their number: taking one out of a run
/// moves no other.
pub trait Workload<P: Process>: Sized {
    /// Settings under `workload` in a scenario, beside those of [`ClientPolicy`].
    type Params: Serialize + serde::de::DeserializeOwned + JsonSchema + Default + Clone;

    /// A workload with these settings.
    fn new(params: &Self::Params) -> Self;

    /// The `n`-th operation of a client; `None` ends its work. All randomness comes from `dice`.
    fn op(&self, client: ClientId, n: u64, dice: &mut dyn Dice) -> Option<P::Op>;

    /// As [`op`](Workload::op), of a healed core: what it must be able to answer.
    fn fresh(&self, client: ClientId, n: u64, dice: &mut dyn Dice) -> Option<P::Op> {
        self.op(client, n, dice)
    }

    /// An operation written in a scenario's script, such as `"put k1 v"`.
    ///
    /// # Errors
    /// What is wrong with the text, and what was expected.
    fn parse(text: &str) -> Result<P::Op, String>;

    /// What an answer means to the client.
    fn outcome(op: &P::Op, reply: &P::Reply) -> Outcome;

    /// An operation in the words of a history, for others to read: what is asked, or what the answer says.
    fn told(op: &P::Op, reply: Option<&P::Reply>) -> Told {
        let text = reply.map_or_else(|| format!("{op:?}"), |reply| format!("{reply:?}"));
        Told::new("ask", Value::from(text.as_str()))
    }

    /// Whether an attempt may be repeated although an earlier one may have taken effect.
    fn idempotent(op: &P::Op) -> bool;
}

/// What an answer means to the client that waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It took effect.
    Ok,
    /// This attempt did not take effect and never will; another would fare no better.
    Refused,
    /// This attempt did not take effect and never will; that node may do it.
    Redirect(NodeId),
    /// This attempt did not take effect and never will; later it may.
    Busy,
}

/// How clients behave; the settings under `workload` that every protocol shares.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ClientPolicy {
    /// Number of clients.
    pub clients: u32,
    /// Operations of all clients together; they share them evenly.
    pub ops: u64,
    /// Mean of the exponential time between two invocations of one client. Left out, the operations are
    /// spread over the safety phase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<Span>,
    /// How long a client waits for an answer to one attempt.
    pub timeout: Span,
    /// How often it tries one operation before it gives up.
    pub attempts: u32,
    /// How long it waits before it tries again after "busy".
    pub backoff: Span,
    /// Where it stands: beside a node, sharing the fate of that node's links, apart from them all, or drawn.
    pub stands: Stands,
    /// Operations at fixed instants. A client that has some makes no drawn ones; its share of `ops` falls away.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub script: Vec<Scripted>,
}

impl Default for ClientPolicy {
    fn default() -> Self {
        Self {
            clients: 0,
            ops: 0,
            every: None,
            timeout: Span::ms(500),
            attempts: 8,
            backoff: Span::ms(20),
            stands: Stands::Drawn,
            script: Vec::new(),
        }
    }
}

impl ClientPolicy {
    /// How many requests can reach nodes within this time, at most. An operation is tried so often and no more; and
    /// a client that was sent on asks again at once, but then waits for an answer, or for its time to come again.
    /// The network may double each.
    #[must_use]
    pub fn requests_within(&self, span: Span) -> u64 {
        let ops = self.ops.saturating_add(self.script.len() as u64);
        let waits = (span.0 / self.timeout.min(self.backoff).0.max(1)).saturating_add(1);
        let by_time = ops.saturating_add(waits.saturating_mul(self.clients.into())).saturating_mul(2);
        let by_number = ops.saturating_mul(self.attempts.max(1).into());
        by_time.min(by_number).saturating_mul(2)
    }
}

/// Where clients stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stands {
    /// Each beside a node or apart, as the plan seed decides.
    Drawn,
    /// Each beside a node: the first beside n0, the second beside n1, and so on round.
    Beside,
    /// All apart: no partition of nodes touches their links.
    Apart,
}

/// One operation of a script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scripted {
    /// When it is invoked; later, if the client is still busy with an earlier one.
    pub at: crate::time::Time,
    /// Which client asks.
    pub client: ClientId,
    /// What, in the workload's own words.
    pub op: String,
    /// Which node it asks first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<NodeId>,
}

/// A workload for protocols without clients.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoClients;

/// No settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoParams {}

impl<P: Process> Workload<P> for NoClients {
    type Params = NoParams;

    fn new(_params: &NoParams) -> Self {
        Self
    }

    fn op(&self, _client: ClientId, _n: u64, _dice: &mut dyn Dice) -> Option<P::Op> {
        None
    }

    fn parse(_text: &str) -> Result<P::Op, String> {
        Err("this protocol has no clients".to_owned())
    }

    fn outcome(_op: &P::Op, _reply: &P::Reply) -> Outcome {
        Outcome::Ok
    }

    fn idempotent(_op: &P::Op) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_bounded_by_attempts_and_by_time() {
        let policy = ClientPolicy { clients: 3, ops: 300, attempts: 8, ..ClientPolicy::default() };
        assert_eq!(policy.requests_within(Span::secs(30)), 300 * 8 * 2);
        assert_eq!(policy.requests_within(Span::secs(1)), (300 + 3 * 51) * 2 * 2);
        let endless = ClientPolicy { backoff: Span::ZERO, attempts: u32::MAX, ops: u64::MAX, ..policy };
        assert_eq!(endless.requests_within(Span(u64::MAX)), u64::MAX);
    }
}
