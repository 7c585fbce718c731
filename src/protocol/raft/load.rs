//! What clients and operators ask, drawn or written in a script.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Raft;
use super::request::{Change, Request};
use crate::ids::{ClientId, NodeId};
use crate::process::Voters;
use crate::protocol::kv::{Kv, KvParams, Reply};
use crate::recorded::Told;
use crate::rng::Dice;
use crate::workload::{Outcome, Workload};

/// What an operator asks beside: parts of all operations, as those on the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OperatorParams {
    /// How many parts make a node a learner.
    #[serde(skip_serializing_if = "is_zero")]
    pub learners: u32,
    /// How many parts make a learner a voter.
    #[serde(skip_serializing_if = "is_zero")]
    pub voters: u32,
    /// How many parts remove a node.
    #[serde(skip_serializing_if = "is_zero")]
    pub removals: u32,
    /// How many parts change any number of voters at once, by a joint change.
    #[serde(skip_serializing_if = "is_zero")]
    pub joint: u32,
    /// How many parts ask that a certain node lead.
    #[serde(skip_serializing_if = "is_zero")]
    pub transfers: u32,
    /// Of how many nodes these speak: the first so many. None are asked for if it is 0.
    #[serde(skip_serializing_if = "is_zero")]
    pub nodes: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(part: &u32) -> bool {
    *part == 0
}

/// Draws operations on the store, and what an operator asks.
#[derive(Clone, Debug)]
pub struct Load {
    store: Kv,
    operator: OperatorParams,
}

impl Load {
    fn operate(&self, part: u64, dice: &mut dyn Dice) -> Request {
        let OperatorParams { learners, voters, removals, joint, nodes, .. } = self.operator;
        let nodes = nodes.min(Voters::MAX);
        let node = NodeId(u32::try_from(dice.below(nodes.into())).unwrap_or(0));
        let kinds = [learners, voters, removals, joint].map(u64::from);
        let upto = |kinds: &[u64]| kinds.iter().sum::<u64>();
        match part {
            part if part < upto(&kinds[..1]) => Request::Change(Change::Learner(node)),
            part if part < upto(&kinds[..2]) => Request::Change(Change::Voter(node)),
            part if part < upto(&kinds[..3]) => Request::Change(Change::Remove(node)),
            part if part < upto(&kinds) => Request::Change(Change::Voters(several(node, nodes, dice))),
            _ => Request::Transfer(node),
        }
    }
}

/// This node, and others by even odds.
fn several(node: NodeId, nodes: u32, dice: &mut dyn Dice) -> Voters {
    (0..nodes).map(NodeId).filter(|&other| dice.below(2) == 0 || other == node).collect()
}

impl Workload<Raft> for Load {
    type Params = KvParams<OperatorParams>;

    fn new(params: &Self::Params) -> Self {
        Self { store: Kv::new(params), operator: params.operator }
    }

    fn op(&self, client: ClientId, n: u64, dice: &mut dyn Dice) -> Option<Request> {
        let OperatorParams { learners, voters, removals, joint, transfers, nodes } = self.operator;
        let parts: u64 = [learners, voters, removals, joint, transfers].map(u64::from).iter().sum();
        if parts > 0 && nodes > 0 {
            let part = dice.below(parts + self.store.parts());
            if part < parts {
                return Some(self.operate(part, dice));
            }
        }
        self.fresh(client, n, dice)
    }

    /// An operator waits for better times.
    fn fresh(&self, client: ClientId, n: u64, dice: &mut dyn Dice) -> Option<Request> {
        Some(Request::Store(self.store.draw(client, n, dice)))
    }

    fn parse(text: &str) -> Result<Request, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        match *words.as_slice() {
            ["learner", node] => Ok(Request::Change(Change::Learner(parse_node(node)?))),
            ["voter", node] => Ok(Request::Change(Change::Voter(parse_node(node)?))),
            ["remove", node] => Ok(Request::Change(Change::Remove(parse_node(node)?))),
            ["voters", ref nodes @ ..] if !nodes.is_empty() => Ok(Request::Change(Change::Voters(
                nodes.iter().map(|node| parse_node(node)).collect::<Result<_, _>>()?,
            ))),
            ["transfer", node] => Ok(Request::Transfer(parse_node(node)?)),
            _ => Kv::parse_op(text).map(Request::Store).map_err(|error| {
                format!("{error}; or \"learner N\", \"voter N\", \"remove N\", \"voters N N N\" or \"transfer N\"")
            }),
        }
    }

    fn outcome(_op: &Request, reply: &Reply) -> Outcome {
        Kv::outcome_of(reply)
    }

    fn told(op: &Request, reply: Option<&Reply>) -> Told {
        match op {
            Request::Store(op) => Kv::told_of(op, reply),
            request => Told { is_operator: true, ..Told::new("operate", request.to_string().as_str().into()) },
        }
    }

    /// Sessions make every attempt repeatable; and who leads already leads.
    fn idempotent(_op: &Request) -> bool {
        true
    }
}

fn parse_node(text: &str) -> Result<NodeId, String> {
    let number = text.strip_prefix('n').unwrap_or(text).parse().ok().filter(|&number| number < Voters::MAX);
    number.map(NodeId).ok_or_else(|| format!("{text:?} is not a node; nodes are n0, n1, n2 and so on up to n127"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Die, Seed};

    fn drawn(operator: OperatorParams, count: u64) -> Vec<Request> {
        let load = Load::new(&KvParams { operator, ..KvParams::default() });
        let op = |n: u64| load.op(ClientId(0), n, &mut Die::new(Seed(7)).with(n).stream()).unwrap();
        (0..count).map(op).collect()
    }

    #[test]
    fn a_script_reads_as_it_is_shown() {
        for text in ["learner n3", "voter n3", "remove n0", "voters n0 n2 n4", "transfer n1", "put k1 v", "cas k0 a b"]
        {
            assert_eq!(Load::parse(text).unwrap().to_string(), text);
        }
        assert!(Load::parse("voter k3").unwrap_err().contains("nodes are n0, n1"));
        assert!(Load::parse("voter n128").unwrap_err().contains("up to n127"));
        let unknown = Load::parse("promote n3").unwrap_err();
        assert!(unknown.contains("\"get K\"") && unknown.contains("\"transfer N\""), "{unknown}");
    }

    #[test]
    fn an_operator_asks_for_its_parts_and_speaks_of_its_nodes() {
        let operator = OperatorParams { learners: 5, voters: 5, removals: 5, joint: 5, transfers: 5, nodes: 4 };
        let requests = drawn(operator, 2_000);
        let count = |is: fn(&Request) -> bool| requests.iter().filter(|request| is(request)).count();
        let each = [
            count(|request| matches!(request, Request::Change(Change::Learner(_)))),
            count(|request| matches!(request, Request::Change(Change::Voter(_)))),
            count(|request| matches!(request, Request::Change(Change::Remove(_)))),
            count(|request| matches!(request, Request::Change(Change::Voters(_)))),
            count(|request| matches!(request, Request::Transfer(_))),
        ];
        assert!(each.iter().all(|count| (200..400).contains(count)), "{each:?}");
        assert!(count(|request| matches!(request, Request::Store(_))) > 400);
        let sets = requests.iter().filter_map(|request| match request {
            Request::Change(Change::Voters(voters)) => Some(voters),
            _ => None,
        });
        assert!(sets.clone().all(|voters| !voters.is_empty() && voters.iter().all(|node| node.0 < 4)));
    }

    #[test]
    fn without_an_operator_the_store_is_asked_as_by_itself() {
        let store = Kv::new(&KvParams::<OperatorParams>::default());
        let alone = |n: u64| Request::Store(store.draw(ClientId(0), n, &mut Die::new(Seed(7)).with(n).stream()));
        assert_eq!(drawn(OperatorParams::default(), 20), (0..20).map(alone).collect::<Vec<_>>());
        assert_eq!(
            drawn(OperatorParams { joint: 5, ..OperatorParams::default() }, 20),
            drawn(OperatorParams::default(), 20)
        );
    }
}
