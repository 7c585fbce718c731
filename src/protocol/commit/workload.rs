//! What clients ask of the bank, drawn or written in a script.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Account, Refusal, Site};
use crate::ids::{ClientId, NodeId};
use crate::recorded::{Told, Value};
use crate::rng::Dice;
use crate::workload::{Outcome, Workload};

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// Move money.
    Transfer {
        /// Who pays.
        from: Account,
        /// Who is paid.
        to: Vec<Account>,
        /// How much each of them.
        amount: u32,
    },
    /// What is in an account.
    Balance(Account),
}

/// As a script writes it.
impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transfer { from, to, amount } => {
                write!(f, "transfer {from}")?;
                to.iter().try_for_each(|payee| write!(f, " {payee}"))?;
                write!(f, " {amount}")
            }
            Self::Balance(account) => write!(f, "balance {account}"),
        }
    }
}

/// What a client is told.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reply {
    /// The money is moved.
    Done,
    /// So much is in the account.
    Balance(i64),
    /// That node coordinates what this client asks for.
    Redirect(NodeId),
    /// It was aborted; it may work out another time.
    Busy,
    /// It was aborted, and would be again.
    Refused(Refusal),
}

/// Settings of the workload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BankParams {
    /// Which workload this is.
    pub kind: Kind,
    /// How many accounts there are.
    pub accounts: u32,
    /// How many accounts a transfer pays at most; it is drawn from 1 up to this.
    pub payees: u32,
    /// How much each is paid at most; it is drawn from 1 up to this.
    pub amount: u32,
    /// How many parts of the operations are transfers.
    pub transfers: u32,
    /// How many parts are `balance`.
    pub reads: u32,
}

impl Default for BankParams {
    fn default() -> Self {
        Self { kind: Kind::Bank, accounts: 12, payees: 2, amount: 20, transfers: 4, reads: 1 }
    }
}

/// The workloads that there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Transfers between accounts.
    #[default]
    Bank,
}

/// Draws operations on the bank. Without accounts it uses two; without any parts it only transfers.
#[derive(Clone, Debug)]
pub struct Bank {
    params: BankParams,
}

/// Each client has two accounts above these of its own, for when the core is healed.
const OWN: u32 = 1_000_000;

impl Bank {
    fn drawn(&self, dice: &mut dyn Dice) -> Account {
        Account(below(self.params.accounts.max(2), dice))
    }

    fn transfer(&self, dice: &mut dyn Dice) -> Op {
        let from = self.drawn(dice);
        let accounts = self.params.accounts.max(2);
        let payees = (1 + below(self.params.payees.max(1), dice)).min(accounts - 1);
        let mut to: Vec<Account> = Vec::new();
        while to.len() < payees as usize {
            let payee = self.drawn(dice);
            if payee != from && !to.contains(&payee) {
                to.push(payee);
            }
        }
        Op::Transfer { from, to, amount: 1 + below(self.params.amount.max(1), dice) }
    }
}

fn below(n: u32, dice: &mut dyn Dice) -> u32 {
    u32::try_from(dice.below(n.into())).unwrap_or(0)
}

fn account(word: &str) -> Result<Account, String> {
    let number = word.strip_prefix('a').and_then(|number| number.parse().ok());
    number
        .map(Account)
        .ok_or_else(|| format!("{word:?} is not an account; expected \"a\" and a number, such as \"a3\""))
}

fn read(text: &str) -> Result<Op, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    match *words.as_slice() {
        ["balance", name] => Ok(Op::Balance(account(name)?)),
        ["transfer", from, ref to @ .., amount] if !to.is_empty() => {
            let to = to.iter().map(|name| account(name)).collect::<Result<Vec<_>, _>>()?;
            let amount = amount.parse().map_err(|_| format!("{amount:?} is not an amount"))?;
            Ok(Op::Transfer { from: account(from)?, to, amount })
        }
        _ => Err(format!("{text:?} is not an operation; expected \"transfer FROM TO… AMOUNT\" or \"balance A\"")),
    }
}

impl<P: Site> Workload<P> for Bank {
    type Params = BankParams;

    fn new(params: &BankParams) -> Self {
        Self { params: params.clone() }
    }

    fn op(&self, _client: ClientId, _n: u64, dice: &mut dyn Dice) -> Option<Op> {
        let BankParams { transfers, reads, .. } = self.params;
        let is_read = dice.below(u64::from(transfers) + u64::from(reads)) >= u64::from(transfers);
        Some(if is_read && reads > 0 { Op::Balance(self.drawn(dice)) } else { self.transfer(dice) })
    }

    /// Reads of what all share, to show that no lock is left, and transfers between accounts that nobody else uses.
    fn fresh(&self, client: ClientId, n: u64, dice: &mut dyn Dice) -> Option<Op> {
        if n.is_multiple_of(2) {
            return Some(Op::Balance(self.drawn(dice)));
        }
        let own = |place: u32| Account(OWN + client.0 * 2 + place);
        let back = u32::from(n / 2 % 2 == 1);
        Some(Op::Transfer { from: own(back), to: vec![own(1 - back)], amount: 1 })
    }

    fn parse(text: &str) -> Result<Op, String> {
        read(text)
    }

    fn outcome(_op: &Op, reply: &Reply) -> Outcome {
        match *reply {
            Reply::Done | Reply::Balance(_) => Outcome::Ok,
            Reply::Redirect(node) => Outcome::Redirect(node),
            Reply::Busy => Outcome::Busy,
            Reply::Refused(_) => Outcome::Refused,
        }
    }

    fn told(op: &Op, reply: Option<&Reply>) -> Told {
        let account = |account: &Account| Value::from(account.to_string().as_str());
        match (op, reply) {
            (Op::Balance(from), Some(Reply::Balance(balance))) => {
                Told::new("read", Value::Int(*balance)).of(account(from))
            }
            (Op::Balance(from), _) => Told::new("read", Value::Nil).of(account(from)),
            (Op::Transfer { from, to, amount }, _) => {
                let to = to.iter().map(account).collect();
                let value =
                    [("from", account(from)), ("to", Value::List(to)), ("amount", Value::Int((*amount).into()))];
                let value = value.map(|(name, value)| (Value::Keyword(name.into()), value));
                Told::new("transfer", Value::map(value.into()).unwrap_or_else(|twice| twice))
            }
        }
    }

    /// The coordinator knows a request that it has carried out.
    fn idempotent(_op: &Op) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::two_phase::TwoPhase;
    use crate::rng::{Die, Seed};

    #[test]
    fn a_script_reads_as_it_is_shown() {
        for text in ["transfer a0 a1 5", "transfer a7 a1 a2 20", "balance a12"] {
            assert_eq!(read(text).unwrap().to_string(), text);
        }
        assert!(read("transfer a0 5").unwrap_err().contains("expected \"transfer FROM TO… AMOUNT\""));
        assert!(read("balance x1").unwrap_err().contains("not an account"));
        assert!(read("transfer a0 a1 -5").unwrap_err().contains("not an amount"));
    }

    #[test]
    fn transfers_pay_distinct_accounts_and_the_mix_is_as_asked() {
        let load: Bank = Workload::<TwoPhase>::new(&BankParams { accounts: 3, payees: 5, ..BankParams::default() });
        let mut reads = 0;
        for n in 0..1000 {
            let mut dice = Die::new(Seed(n)).stream();
            match Workload::<TwoPhase>::op(&load, ClientId(0), n, &mut dice).unwrap() {
                Op::Balance(account) => reads += u32::from(account.0 < 3),
                Op::Transfer { from, mut to, amount } => {
                    to.push(from);
                    to.sort_unstable();
                    let before = to.len();
                    to.dedup();
                    assert!(to.len() == before && to.len() >= 2 && to.iter().all(|account| account.0 < 3));
                    assert!((1..=20).contains(&amount));
                }
            }
        }
        assert!((150..250).contains(&reads), "{reads}");
    }

    #[test]
    fn clients_of_a_healed_core_share_no_account_that_they_change() {
        let load: Bank = Workload::<TwoPhase>::new(&BankParams::default());
        let mut owners = std::collections::BTreeMap::new();
        for (client, n) in (0..5).flat_map(|client| (0..8).map(move |n| (client, n))) {
            let mut dice = Die::new(Seed(n)).stream();
            let op = Workload::<TwoPhase>::fresh(&load, ClientId(client), n, &mut dice);
            if let Some(Op::Transfer { from, to, .. }) = op {
                for account in to.into_iter().chain([from]) {
                    assert_eq!(*owners.entry(account).or_insert(client), client);
                }
            }
        }
        assert_eq!(owners.len(), 10);
    }
}
