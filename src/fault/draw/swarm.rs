//! The swarm: each seed its own mixture. A campaign in which every run has every fault at its full rate sees
//! the average run over and over; bugs live at the edges.

use super::{HALF, Scene, dice};
use crate::fault::Who;
use crate::fault::spec::{Form, Harm, Recipe};
use crate::ids::FaultKind;
use crate::params::{Distribution, log_uniform};
use crate::rng::{Dice, Die, Ratio, Seed};
use crate::time::Span;

/// What one seed draws for all kinds together.
#[derive(Clone, Copy)]
pub(super) struct Swarm<'a> {
    seed: Seed,
    /// The role that late-bound entries are aimed at, where the specification names none.
    leader: Option<&'a str>,
    /// The share of entries that are aimed at a role.
    late: Ratio,
    /// The share of strikes that are inside turns.
    pub(super) inside: Ratio,
    /// The share of restarts that are instant.
    pub(super) instant: Ratio,
}

impl<'a> Swarm<'a> {
    pub(super) fn new(seed: Seed, scene: &Scene<'a>) -> Self {
        let share = |of: &str, highest: u64| {
            let percent = dice(seed, "swarm").with_str(of).stream().below(highest + 1);
            Ratio::new(percent, 100).unwrap_or_default()
        };
        Self {
            seed,
            leader: scene.leader,
            late: share("late", 100),
            inside: share("inside", 100),
            instant: share("instant", 50),
        }
    }

    /// The kinds that this seed has, each at its own strength. Every kind is in or out by a coin of its own;
    /// where all are out, the one whose coin fell nearest is in.
    pub(super) fn subset(&self, recipes: Vec<Recipe>) -> Vec<Recipe> {
        let coin = |kind: FaultKind| dice(self.seed, "swarm").with_str(kind.name()).roll();
        let none = recipes.iter().all(|recipe| !HALF.hit(coin(recipe.kind)));
        let nearest = recipes.iter().map(|recipe| recipe.kind).min_by_key(|&kind| coin(kind));
        let chosen = |kind| HALF.hit(coin(kind)) || (none && Some(kind) == nearest);
        recipes.into_iter().filter(|recipe| chosen(recipe.kind)).map(|recipe| self.tempered(recipe)).collect()
    }

    /// Rates, durations and odds of one kind, each from a hundredth of the stated value up to it.
    fn tempered(&self, recipe: Recipe) -> Recipe {
        let factor = |of: &str| factor(dice(self.seed, "swarm").with_str(recipe.kind.name()).with_str(of));
        let every = libm::round(recipe.every.0 as f64 / factor("rate"));
        Recipe {
            every: Span(every as u64),
            lasts: recipe.lasts.map(|lasts| lasts.scaled(factor("lasts"))),
            form: tempered_form(&recipe.form, &factor),
            ..recipe
        }
    }

    /// Whom an entry is aimed at. What the scenario fixed stays; a kind that is confined to a few nodes is not
    /// aimed at a role that may be elsewhere, and a loss of power not at one node: it takes many.
    pub(super) fn aim(&self, kind: FaultKind, who: &Who, confined: bool, die: Die) -> Who {
        let role = match who {
            Who::Any if kind == FaultKind::Power => return Who::Any,
            Who::Any => self.leader.map(|role| Who::Role(role.to_owned())),
            Who::Role(_) | Who::Fact(_) => Some(who.clone()),
            _ => return who.clone(),
        };
        role.filter(|_| !confined && self.late.hit(die.with_str("late").roll())).unwrap_or_default()
    }
}

/// A number from 1/100 to 1.
fn factor(die: Die) -> f64 {
    log_uniform(&mut die.stream())
}

fn tempered_form(form: &Form, factor: &dyn Fn(&str) -> f64) -> Form {
    let by = |distribution: &Distribution| distribution.scaled(factor("by"));
    match form {
        Form::Slow(extra) => Form::Slow(by(extra)),
        Form::Jump(far, direction) => Form::Jump(by(far), *direction),
        Form::DiskFull(down) => Form::DiskFull(down.scaled(factor("down"))),
        Form::Drift(ppm) => Form::Drift(ppm.map(|end| libm::round(end as f64 * factor("by")) as i64)),
        Form::Links { shapes, flaps, harm } => Form::Links {
            shapes: shapes.clone(),
            flaps: flaps.map(|flaps| flaps.scaled(factor("flaps"))),
            harm: match harm {
                Harm::Cut | Harm::Clog => harm.clone(),
                Harm::Lose(odds) => Harm::Lose(share_of(*odds, factor("by"))),
                Harm::Delay(extra) => Harm::Delay(by(extra)),
                Harm::Duplicate(odds) => Harm::Duplicate(share_of(*odds, factor("by"))),
            },
        },
        other => other.clone(),
    }
}

/// `odds` times a factor that is rounded to millionths first, so that the result is an exact ratio.
fn share_of(odds: Ratio, factor: f64) -> Ratio {
    odds.scaled(libm::round(factor * 1e6) as u64, 1_000_000)
}

/// The odds that a swarm makes of a setting of the world, such as `network.loss`: from a hundredth of the stated
/// value up to it, drawn for each plan seed.
#[must_use]
pub fn swarm_odds(plan_seed: Seed, setting: &str, odds: Ratio) -> Ratio {
    share_of(odds, factor(dice(plan_seed, "swarm").with_str(setting)))
}
