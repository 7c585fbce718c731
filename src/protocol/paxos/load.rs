//! What clients ask: that a value be decided.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Paxos, Value};
use crate::ids::ClientId;
use crate::recorded::{self, Told};
use crate::rng::Dice;
use crate::workload::{Outcome, Workload};

/// "Propose my name, and tell me what was chosen."
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ask;

/// Clients that ask.
#[derive(Clone, Copy, Debug)]
pub struct Load;

/// Settings of the workload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LoadParams {
    /// Which workload this is.
    pub kind: Kind,
}

/// The workloads that there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Every operation proposes its own name.
    #[default]
    Decree,
}

impl Workload<Paxos> for Load {
    type Params = LoadParams;

    fn new(_params: &LoadParams) -> Self {
        Self
    }

    fn op(&self, _client: ClientId, _n: u64, _dice: &mut dyn Dice) -> Option<Ask> {
        Some(Ask)
    }

    fn parse(text: &str) -> Result<Ask, String> {
        match text.trim() {
            "propose" => Ok(Ask),
            _ => Err(format!("{text:?} is not an operation; expected \"propose\"")),
        }
    }

    fn outcome(_ask: &Ask, _chosen: &Value) -> Outcome {
        Outcome::Ok
    }

    fn told(_ask: &Ask, chosen: Option<&Value>) -> Told {
        let chosen = chosen.map_or(recorded::Value::Nil, |value| format!("{value:?}").as_str().into());
        Told::new("propose", chosen)
    }

    /// A name that is proposed twice is still one value.
    fn idempotent(_ask: &Ask) -> bool {
        true
    }
}
