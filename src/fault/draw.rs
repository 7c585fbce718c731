//! From the seed to the plan: every entry of a run, drawn before the run begins.
//!
//! Each entry has a name that says its kind and its number (`crash-3`; of a process per node `crash-n2-3`), and
//! all its draws come from the dice of that name, one die for each question. So no kind's settings move another
//! kind's entries, and a shorter distribution of `lasts` does not change whom an entry strikes.

mod demands;
mod names;
mod swarm;
mod target;
#[cfg(test)]
mod tests;
mod validate;

use std::collections::BTreeMap;

use super::spec::{Direction, Durability, Faults, Form, Harm, Per, Recipe, StrikeSpec};
use super::{Budgets, Entry, Fault, FaultPlan, Strike, Who};
use crate::ids::{ClientId, FaultKind, NodeId, NodeSet};
use crate::params::{Distribution, exponential};
use crate::process::Cast;
use crate::rng::{Dice, Die, Ratio, Seed, Seeds};
use crate::time::{Span, Time};

pub use names::Names;
pub use swarm::swarm_odds;
pub use target::Targets;
pub use validate::{PlanError, validate};

use swarm::Swarm;

/// What a plan is drawn for, beside the seeds and the specification.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// Which nodes there are.
    pub cast: &'a Cast,
    /// Named sets of nodes.
    pub zones: &'a BTreeMap<String, NodeSet>,
    /// Length of the safety phase: entries begin before it is over.
    pub horizon: Span,
    /// Number of clients.
    pub clients: u32,
    /// Where they stand.
    pub standing: Standing,
    /// How many nodes may lose synced data before the protocol's promises end.
    pub tolerated_losses: u32,
    /// The protocol's leading role, at which a swarm aims a part of its faults.
    pub leader: Option<&'a str>,
}

/// Where clients stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// Half of them, on average, apart; the others each beside a drawn node.
    #[default]
    Drawn,
    /// Each beside a node, in turn.
    Beside,
    /// All apart.
    Apart,
}

/// The plan for these seeds. Seeds that the specification replaces are replaced.
///
/// The specification is expected to have passed [`Faults::check`]; names that it does not know strike nobody.
#[must_use]
pub fn draw(seeds: Seeds, faults: &Faults, scene: &Scene<'_>) -> FaultPlan {
    let mut plan = FaultPlan::calm(faults.seeds.over(seeds));
    plan.noise = faults.noise;
    plan.messages.clone_from(&faults.messages);
    plan.draws.clone_from(&faults.draws);
    plan.omit.clone_from(&faults.omit);
    let seed = plan.seeds.plan;
    plan.clients = (0..scene.clients).map(|client| stand(seed, ClientId(client), scene)).collect();
    plan.budgets =
        Budgets { availability: faults.budget.availability, durability: losers(seed, faults.budget.durability, scene) };
    let losers = plan.budgets.durability.clone();
    let targets = Targets::new(scene.cast, scene.zones, losers.as_ref());
    plan.timeline = faults.timeline.iter().map(|entry| targets.bind(entry.clone(), dice(seed, &entry.id))).collect();
    let swarm = faults.swarm.then(|| Swarm::new(seed, scene));
    let recipes = swarm.map_or_else(|| faults.recipes(), |swarm| swarm.subset(faults.recipes()));
    for recipe in &recipes {
        Drawing { seed, scene, targets: &targets, recipe, swarm }.all(&mut plan.timeline);
    }
    plan.timeline.sort_by_key(|entry| entry.at.unwrap_or(Time::MAX));
    plan
}

/// The dice of an entry of this name, as [`FaultPlan::dice`] gives them.
fn dice(plan_seed: Seed, id: &str) -> Die {
    Die::new(plan_seed).with_str(id)
}

fn stand(seed: Seed, client: ClientId, scene: &Scene<'_>) -> Option<NodeId> {
    let mut dice = dice(seed, "client").with(client.0.into()).stream();
    match scene.standing {
        Standing::Apart => None,
        _ if scene.cast.is_empty() => None,
        Standing::Beside => Some(NodeId(client.0 % scene.cast.len())),
        Standing::Drawn if dice.below(2) == 0 => None,
        Standing::Drawn => Some(NodeId(target::below(scene.cast.len(), &mut dice))),
    }
}

/// The nodes that may ever lose synced data, fixed beforehand; `None` where it may be any.
fn losers(seed: Seed, durability: Durability, scene: &Scene<'_>) -> Option<NodeSet> {
    let count = match durability {
        Durability::Off => return None,
        Durability::Tolerated => scene.tolerated_losses,
        Durability::Count(count) => count.min(scene.tolerated_losses),
    };
    Some(target::some_of(0..scene.cast.len(), count, &mut dice(seed, "durability").stream()))
}

/// One kind on its way into the timeline.
struct Drawing<'a> {
    seed: Seed,
    scene: &'a Scene<'a>,
    targets: &'a Targets<'a>,
    recipe: &'a Recipe,
    swarm: Option<Swarm<'a>>,
}

impl Drawing<'_> {
    fn all(&self, timeline: &mut Vec<Entry>) {
        match (&self.recipe.form, self.recipe.per) {
            (Form::Start(at_most), _) => self.one_by_one(self.targets.spares(&self.recipe.who), *at_most, timeline),
            (Form::Retire(at_most), _) => {
                let minority = self.scene.cast.len().saturating_sub(1) / 2;
                self.one_by_one(self.targets.members(&self.recipe.who), Some(at_most.unwrap_or(minority)), timeline);
            }
            (_, Per::Cluster) => self.process(None, timeline),
            (_, Per::Node) => {
                for node in self.targets.all_of(&self.recipe.who).iter() {
                    self.process(Some(node), timeline);
                }
            }
        }
    }

    fn id(&self, node: Option<NodeId>, number: u64) -> String {
        let kind = self.recipe.kind;
        node.map_or_else(|| format!("{kind}-{number}"), |node| format!("{kind}-{node}-{number}"))
    }

    /// One entry after another, from the end of each an exponential time to the onset of the next.
    fn process(&self, node: Option<NodeId>, timeline: &mut Vec<Entry>) {
        let mut free = Time::ZERO;
        for number in 1.. {
            let id = self.id(node, number);
            let die = dice(self.seed, &id);
            let at = free + exponential(self.recipe.every, &mut die.with_str("gap").stream());
            if at.0 >= self.scene.horizon.0 {
                return;
            }
            let lasts = self.lasts(die);
            free = at + lasts.unwrap_or_default();
            let who = node.map_or_else(|| self.who(die), Who::node);
            let kind = self.fault(die, lasts);
            let entry = Entry { id, at: Some(at), after: None, lasts, kind, who };
            let entry = self.targets.bind(entry, die);
            if !target::strikes_nobody(&entry) {
                timeline.push(entry);
            }
        }
    }

    /// Entries that each take another node out of `nodes`, in drawn order.
    fn one_by_one(&self, nodes: NodeSet, at_most: Option<u32>, timeline: &mut Vec<Entry>) {
        let mut order: Vec<NodeId> = nodes.iter().collect();
        let order_die = dice(self.seed, self.recipe.kind.name()).with_str("order");
        super::links::shuffle(&mut order, &mut order_die.stream());
        let late = self.recipe.who.is_late();
        let count = at_most.map_or(order.len(), |at_most| order.len().min(at_most as usize));
        let mut at = Time::ZERO;
        for (&node, number) in order.iter().take(count).zip(1..) {
            let id = self.id(None, number);
            at = at + exponential(self.recipe.every, &mut dice(self.seed, &id).with_str("gap").stream());
            if at.0 >= self.scene.horizon.0 {
                return;
            }
            let who = if late { self.recipe.who.clone() } else { Who::node(node) };
            let kind = if self.recipe.kind == FaultKind::Start { Fault::Start {} } else { Fault::Retire {} };
            timeline.push(Entry { id, at: Some(at), after: None, lasts: None, kind, who });
        }
    }

    fn lasts(&self, die: Die) -> Option<Span> {
        let restarts = !matches!(self.recipe.form, Form::Pause(_) | Form::Slow(_) | Form::Drift(_))
            && !matches!(self.recipe.form, Form::DiskFull(_) | Form::Links { .. });
        let instant = self.swarm.is_some_and(|swarm| restarts && swarm.instant.hit(die.with_str("instant").roll()));
        let lasts = self.recipe.lasts.map(|lasts| lasts.sample(die.with_str("lasts").roll()));
        lasts.map(|lasts| if instant { Span::ZERO } else { lasts })
    }

    /// Whom it strikes, before a drawn choice is made: the stated share of the entries, or the one that a swarm draws,
    /// is aimed at a role.
    fn who(&self, die: Die) -> Who {
        match self.swarm {
            Some(swarm) => {
                swarm.aim(self.recipe.kind, &self.recipe.who, self.targets.is_confined(self.recipe.kind), die)
            }
            None if self.recipe.aimed.hit(die.with_str("aimed").roll()) => self.recipe.who.clone(),
            None => Who::Any,
        }
    }

    fn fault(&self, die: Die, lasts: Option<Span>) -> Fault {
        match &self.recipe.form {
            &Form::Crash(unsynced, strike) => Fault::Crash { unsynced, strike: self.strike(strike, die) },
            &Form::Kill(strike) => Fault::Kill { strike: self.strike(strike, die) },
            &Form::Power(unsynced) => Fault::Power { unsynced },
            Form::Wipe => Fault::Wipe {},
            &Form::Damage(unsynced) => Fault::Damage { unsynced },
            &Form::Pause(strike) => Fault::Pause { strike: self.strike(strike, die) },
            Form::Slow(by) => Fault::Slow { by: sample(by, die) },
            Form::Links { shapes, flaps, harm } => harmed(harm, target::shaped(shapes, flaps.as_ref(), lasts, die)),
            Form::SyncFail => Fault::SyncFail {},
            Form::DiskFull(down) => Fault::DiskFull { down: down.sample(die.with_str("down").roll()) },
            &Form::Drift([low, high]) => Fault::Drift { ppm: low + within(high.saturating_sub(low), die) },
            Form::Jump(by, direction) => Fault::Jump { by: sample(by, die), back: backward(*direction, die) },
            Form::Start(_) => Fault::Start {},
            Form::Retire(_) => Fault::Retire {},
        }
    }

    fn strike(&self, spec: StrikeSpec, die: Die) -> Strike {
        let share = self.swarm.map_or(HALF, |swarm| swarm.inside);
        let inside = match spec {
            StrikeSpec::Between => false,
            StrikeSpec::Inside => true,
            StrikeSpec::Either => share.hit(die.with_str("strike").roll()),
        };
        if inside { Strike::Inside } else { Strike::Between }
    }
}

const HALF: Ratio = match Ratio::new(1, 2) {
    Some(half) => half,
    None => Ratio::NEVER,
};

fn harmed(harm: &Harm, links: super::links::Links) -> Fault {
    match *harm {
        Harm::Cut => Fault::Partition { links },
        Harm::Clog => Fault::Clog { links },
        Harm::Lose(odds) => Fault::Loss { links, odds },
        Harm::Delay(by) => Fault::Delay { links, by },
        Harm::Duplicate(odds) => Fault::Duplicate { links, odds },
    }
}

fn sample(by: &Distribution, die: Die) -> Span {
    by.sample(die.with_str("by").roll())
}

fn within(width: i64, die: Die) -> i64 {
    let below = u64::try_from(width).unwrap_or(0).saturating_add(1);
    i64::try_from(die.with_str("ppm").stream().below(below)).unwrap_or(0)
}

fn backward(direction: Direction, die: Die) -> bool {
    match direction {
        Direction::Forward => false,
        Direction::Backward => true,
        Direction::Either => HALF.hit(die.with_str("direction").roll()),
    }
}
