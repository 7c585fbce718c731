//! What clients ask of the store, drawn or written in a script.

use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::{Answer, Key, Op, Reply, Value};
use crate::ids::{ClientId, OpId};
use crate::process::Process;
use crate::recorded::{self, Told};
use crate::rng::Dice;
use crate::workload::{NoParams, Outcome, Workload};

/// Settings of the workload, and of what the cluster's operator asks beside, where the protocol has such requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, bound(deserialize = "O: Default + Deserialize<'de>"))]
#[schemars(bound = "O: JsonSchema + Default + Serialize")]
pub struct KvParams<O = NoParams> {
    /// Which workload this is.
    pub kind: Kind,
    /// How many keys there are.
    pub keys: u32,
    /// How many parts of the operations are `get`.
    pub reads: u32,
    /// How many parts are `put`.
    pub writes: u32,
    /// How many parts are `append`.
    pub appends: u32,
    /// How many parts are `cas`.
    pub cas: u32,
    /// Pads what is written to at least this many bytes, 1 MiB at most.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "value_bytes")]
    #[schemars(range(max = VALUE_BYTES_MAX))]
    pub value_bytes: Option<u32>,
    /// What the operator asks, in parts as well.
    pub operator: O,
}

/// So many bytes a value has at most: a run keeps every one that was ever written.
const VALUE_BYTES_MAX: u32 = 1 << 20;

fn value_bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let bytes = Option::<u32>::deserialize(deserializer)?;
    match bytes.filter(|&bytes| bytes > VALUE_BYTES_MAX) {
        Some(bytes) => Err(D::Error::custom(format!("{bytes} bytes are too many: at most {VALUE_BYTES_MAX} (1 MiB)"))),
        None => Ok(bytes),
    }
}

impl<O: Default> Default for KvParams<O> {
    fn default() -> Self {
        let operator = O::default();
        Self { kind: Kind::Kv, keys: 5, reads: 4, writes: 4, appends: 1, cas: 1, value_bytes: None, operator }
    }
}

/// The workloads that there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The key-value store.
    #[default]
    Kv,
}

/// Draws operations on the store. Without keys it uses one; without any parts it only puts.
#[derive(Clone, Debug)]
pub struct Kv {
    params: KvParams,
}

impl Kv {
    /// Draws from the operations on the store alone.
    pub fn new<O>(params: &KvParams<O>) -> Self {
        let KvParams { kind, keys, reads, writes, appends, cas, value_bytes, .. } = *params;
        Self { params: KvParams { kind, keys, reads, writes, appends, cas, value_bytes, operator: NoParams {} } }
    }

    /// How many parts there are.
    #[must_use]
    pub fn parts(&self) -> u64 {
        let KvParams { reads, writes, appends, cas, .. } = self.params;
        [reads, writes, appends, cas].map(u64::from).iter().sum()
    }

    /// The `n`-th operation of a client.
    pub fn draw(&self, client: ClientId, n: u64, dice: &mut dyn Dice) -> Op {
        let KvParams { keys, reads, appends, cas, .. } = self.params;
        let key = Key(u32::try_from(dice.below(keys.into())).unwrap_or(0));
        let [reads, appends, cas] = [reads, appends, cas].map(u64::from);
        let part = dice.below(self.parts());
        if part < reads {
            Op::Get(key)
        } else if part < reads + appends {
            Op::Append(key, self.piece(client, n))
        } else if part < reads + appends + cas {
            Op::Cas { key, old: self.guess(client, n, dice), new: self.value(client, n) }
        } else {
            Op::Put(key, self.value(client, n))
        }
    }

    /// An operation as a script writes it.
    ///
    /// # Errors
    /// What was expected.
    pub fn parse_op(text: &str) -> Result<Op, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        match *words.as_slice() {
            ["get", key] => Ok(Op::Get(key.parse()?)),
            ["put", key, value] => Ok(Op::Put(key.parse()?, value.into())),
            ["append", key, more] => Ok(Op::Append(key.parse()?, more.into())),
            ["cas", key, old, new] => Ok(Op::Cas { key: key.parse()?, old: old.into(), new: new.into() }),
            _ => Err(format!(
                "{text:?} is not an operation; expected \"get K\", \"put K V\", \"append K V\" or \"cas K OLD NEW\""
            )),
        }
    }

    /// What an answer means.
    #[must_use]
    pub const fn outcome_of(reply: &Reply) -> Outcome {
        match *reply {
            Reply::Answer(_) => Outcome::Ok,
            Reply::Redirect(node) => Outcome::Redirect(node),
            Reply::Busy => Outcome::Busy,
            Reply::Refused(_) => Outcome::Refused,
        }
    }

    /// An operation in the words of a history. A `cas` that found something else has failed, and says what it found.
    #[must_use]
    pub fn told_of(op: &Op, reply: Option<&Reply>) -> Told {
        let text = |value: &Value| recorded::Value::from(value.text());
        let held = |value: &Option<Value>| value.as_ref().map_or(recorded::Value::Nil, text);
        let told = match op {
            Op::Get(_) => Told::new("get", recorded::Value::Nil),
            Op::Put(_, value) => Told::new("put", text(value)),
            Op::Append(_, piece) => Told::new("append", text(piece)),
            Op::Cas { old, new, .. } => Told::new("cas", recorded::Value::List(vec![text(old), text(new)])),
        };
        let told = told.of(op.key().to_string().as_str().into());
        match reply {
            Some(Reply::Answer(Answer::Value(value))) => Told { value: held(value), ..told },
            Some(Reply::Answer(Answer::Differs(found))) => {
                let differs = recorded::Value::Keyword("differs".into());
                Told { refused: Some(recorded::Value::List(vec![differs, held(found)])), ..told }
            }
            _ => told,
        }
    }

    /// What the `n`-th operation of a client writes: nobody else ever writes the same.
    fn value(&self, client: ClientId, n: u64) -> Value {
        let name = OpId { client, n }.to_string();
        let wanted = self.params.value_bytes.unwrap_or(0) as usize;
        let padding = ".".repeat(wanted.saturating_sub(name.len()));
        (name + &padding).into()
    }

    /// What an `append` puts behind: readable in a row, `c0#3+c1#4`.
    fn piece(&self, client: ClientId, n: u64) -> Value {
        format!("+{}", self.value(client, n)).into()
    }

    /// A guess at what a key may hold: what this client or another one may have put a little earlier.
    fn guess(&self, client: ClientId, n: u64, dice: &mut dyn Dice) -> Value {
        let back = 1 + dice.below(4);
        let other = dice.below(u64::from(client.0) + 3);
        let author = if dice.below(2) == 0 { client } else { ClientId(u32::try_from(other).unwrap_or(0)) };
        self.value(author, n.saturating_sub(back))
    }
}

impl<P: Process<Op = Op, Reply = Reply>> Workload<P> for Kv {
    type Params = KvParams;

    fn new(params: &KvParams) -> Self {
        Self::new(params)
    }

    fn op(&self, client: ClientId, n: u64, dice: &mut dyn Dice) -> Option<Op> {
        Some(self.draw(client, n, dice))
    }

    fn parse(text: &str) -> Result<Op, String> {
        Self::parse_op(text)
    }

    fn outcome(_op: &Op, reply: &Reply) -> Outcome {
        Self::outcome_of(reply)
    }

    fn told(op: &Op, reply: Option<&Reply>) -> Told {
        Self::told_of(op, reply)
    }

    /// Sessions make every attempt repeatable.
    fn idempotent(_op: &Op) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Die, Seed};

    type Load = dyn Fn(ClientId, u64) -> Op;

    fn load(params: KvParams) -> Box<Load> {
        let kv = Kv::new(&params);
        Box::new(move |client, n| kv.draw(client, n, &mut Die::new(Seed(7)).with(client.0.into()).with(n).stream()))
    }

    #[test]
    fn no_two_writes_write_the_same() {
        let op = load(KvParams { reads: 0, cas: 0, ..KvParams::default() });
        let mut values: Vec<Value> = Vec::new();
        for (client, n) in (0..4).flat_map(|client| (0..50).map(move |n| (ClientId(client), n))) {
            match op(client, n) {
                Op::Put(_, value) | Op::Append(_, value) => values.push(value),
                other => panic!("{other}"),
            }
        }
        values.sort();
        values.dedup();
        assert_eq!(values.len(), 200);
    }

    #[test]
    fn the_mix_is_as_asked_and_values_are_padded() {
        let only_puts = KvParams { reads: 0, appends: 0, cas: 0, value_bytes: Some(9), keys: 1, ..KvParams::default() };
        assert_eq!(load(only_puts)(ClientId(2), 17).to_string(), "put k0 c2#17....");
        let wide: KvParams = KvParams { value_bytes: Some(100_000), ..KvParams::default() };
        assert_eq!(Kv::new(&wide).value(ClientId(0), 1).0.len(), 100_000);
        let nothing = KvParams { writes: 0, reads: 0, appends: 0, cas: 0, keys: 0, ..KvParams::default() };
        assert_eq!(load(nothing)(ClientId(0), 1).to_string(), "put k0 c0#1");
    }

    #[test]
    fn a_script_reads_as_it_is_shown() {
        let parse = Kv::parse_op;
        for text in ["get k1", "put k1 v", "append k12 v", "cas k0 a b"] {
            assert_eq!(parse(text).unwrap().to_string(), text);
        }
        assert!(parse("put k1").unwrap_err().contains("expected \"get K\""));
        assert!(parse("get kx").unwrap_err().contains("not a key"));
    }

    #[test]
    fn settings_are_named_flatly() {
        let params: KvParams = serde_json::from_str(r#"{"kind":"kv","keys":3,"reads":1}"#).unwrap();
        assert_eq!(params, KvParams { keys: 3, reads: 1, ..KvParams::default() });
        assert!(serde_json::from_str::<KvParams>(r#"{"kyes":3}"#).unwrap_err().to_string().contains("kyes"));
    }
}
