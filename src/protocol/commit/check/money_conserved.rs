//! Money is neither made nor lost.

use crate::check::{Cast, Evidence, Nodes, Property, Time, Verdict};
use crate::ids::NodeId;
use crate::protocol::commit::{Branch, CommitConfig, Log, Outcome, Site, Txn};

/// **Money is conserved** in every committed state: what is on the disks, together with what participants are uncertain
/// about although it is committed, adds up to what there was at first, and no account is overdrawn.
#[derive(Debug)]
pub struct MoneyConserved {
    opening: i64,
}

impl<P: Site> Property<P> for MoneyConserved {
    const NAME: &'static str = "money_conserved";
    const ABOUT: &'static str = "committed transfers neither make nor lose money, and overdraw no account";

    fn new(config: &CommitConfig, _cast: &Cast) -> Self {
        Self { opening: config.params.opening.into() }
    }

    fn on_state(&mut self, _now: Time, nodes: Nodes<'_, P>) -> Verdict {
        let disks = || (0..nodes.count()).map(|node| (NodeId(node), nodes.disk(NodeId(node))));
        let committed = |txn: Txn| disks().any(|(_, disk)| disk.outcome(txn) == Some(Outcome::Commit));
        let mut sum = 0;
        let mut moved = false;
        for (node, disk) in disks() {
            if let Some((account, balance)) =
                disk.balances.iter().find(|(_, balance)| self.opening + balance.amount < 0)
            {
                let evidence = Evidence::new("an account is overdrawn").node(node).value("account", account);
                return evidence.value("balance", self.opening + balance.amount).into();
            }
            moved |= !disk.balances.is_empty();
            sum += disk.balances.values().map(|balance| balance.amount).sum::<i64>() + owed(disk, &committed);
        }
        if sum != 0 {
            return Evidence::new("there is more or less money than at first").value("difference", sum).into();
        }
        if moved { Verdict::Held } else { Verdict::Skip }
    }
}

/// What a participant will add to its accounts once it learns of the commits.
fn owed(disk: &Log, committed: &dyn Fn(Txn) -> bool) -> i64 {
    let amounts = |branch: &Branch| branch.changes.iter().map(|&(_, amount)| amount).sum::<i64>();
    disk.prepared.iter().filter(|&(&txn, _)| committed(txn)).map(|(_, branch)| amounts(branch)).sum()
}
