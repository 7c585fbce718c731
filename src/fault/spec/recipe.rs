//! What all kinds have in common, for whoever draws them: when, whom, how long, and then what.

use super::{
    ClogSpec, CrashSpec, DamageSpec, DelaySpec, Direction, DiskFullSpec, DriftSpec, DuplicateSpec, Faults, JumpSpec,
    KillSpec, LossSpec, PartitionSpec, PauseSpec, Per, SlowSpec, StrikeSpec, SyncFailSpec, WipeSpec,
};
use crate::fault::links::Shape;
use crate::fault::{Unsynced, Who};
use crate::ids::FaultKind;
use crate::params::Distribution;
use crate::rng::Ratio;
use crate::time::Span;

/// One kind's specification in the form that all kinds have in common: when, whom, how long, and then what.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::fault) struct Recipe {
    pub(in crate::fault) kind: FaultKind,
    pub(in crate::fault) every: Span,
    pub(in crate::fault) per: Per,
    pub(in crate::fault) who: Who,
    /// The share of entries that strike `who`, where it is bound late.
    pub(in crate::fault) aimed: Ratio,
    /// How long an entry lasts, or the node is down with it; none for what has no end.
    pub(in crate::fault) lasts: Option<Distribution>,
    pub(in crate::fault) form: Form,
}

/// What a kind has of its own.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::fault) enum Form {
    Crash(Unsynced, StrikeSpec),
    Kill(StrikeSpec),
    Power(Unsynced),
    Wipe,
    Damage(Unsynced),
    Pause(StrikeSpec),
    Slow(Distribution),
    Links { shapes: Vec<Shape>, flaps: Option<Distribution>, harm: Harm },
    SyncFail,
    DiskFull(Distribution),
    Drift([i64; 2]),
    Jump(Distribution, Direction),
    Start(Option<u32>),
    Retire(Option<u32>),
}

/// What happens to links.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::fault) enum Harm {
    Cut,
    Clog,
    Lose(Ratio),
    Delay(Distribution),
    Duplicate(Ratio),
}

macro_rules! recipe {
    ($spec:expr, $kind:ident, $lasts:expr, $form:expr) => {
        $spec.as_ref().map(|spec| Recipe {
            kind: FaultKind::$kind,
            every: spec.every,
            per: spec.per,
            who: spec.who.clone(),
            aimed: spec.aimed,
            lasts: $lasts(spec),
            form: $form(spec),
        })
    };
}

impl Faults {
    /// The kinds that are drawn, in the order of [`FaultKind::ALL`].
    pub fn kinds(&self) -> impl Iterator<Item = FaultKind> {
        self.recipes().into_iter().map(|recipe| recipe.kind)
    }

    /// Whether it asks for this kind, drawn or by hand.
    #[must_use]
    pub fn asks_for(&self, kind: FaultKind) -> bool {
        self.kinds().any(|drawn| drawn == kind) || self.timeline.iter().any(|entry| entry.kind.kind() == kind)
    }

    /// The drawn kinds in their common form, in the order of [`FaultKind::ALL`].
    pub(in crate::fault) fn recipes(&self) -> Vec<Recipe> {
        let mut recipes: Vec<Recipe> =
            self.node_recipes().into_iter().chain(self.link_recipes()).chain(self.cast_recipes()).flatten().collect();
        recipes.sort_by_key(|recipe| recipe.kind);
        recipes
    }

    fn node_recipes(&self) -> [Option<Recipe>; 10] {
        [
            recipe!(self.crash, Crash, |s: &CrashSpec| Some(s.down), |s: &CrashSpec| Form::Crash(s.unsynced, s.strike)),
            recipe!(self.kill, Kill, |s: &KillSpec| Some(s.down), |s: &KillSpec| Form::Kill(s.strike)),
            recipe!(self.wipe, Wipe, |s: &WipeSpec| Some(s.down), |_| Form::Wipe),
            recipe!(self.damage, Damage, |s: &DamageSpec| Some(s.down), |s: &DamageSpec| Form::Damage(s.unsynced)),
            recipe!(self.pause, Pause, |s: &PauseSpec| Some(s.lasts), |s: &PauseSpec| Form::Pause(s.strike)),
            recipe!(self.slow, Slow, |s: &SlowSpec| Some(s.lasts), |s: &SlowSpec| Form::Slow(s.by)),
            recipe!(self.sync_fail, SyncFail, |s: &SyncFailSpec| Some(s.down), |_| Form::SyncFail),
            recipe!(self.disk_full, DiskFull, |s: &DiskFullSpec| Some(s.lasts), |s: &DiskFullSpec| Form::DiskFull(
                s.down
            )),
            recipe!(self.drift, Drift, |s: &DriftSpec| Some(s.lasts), |s: &DriftSpec| Form::Drift(s.ppm)),
            recipe!(self.jump, Jump, |_| None, |s: &JumpSpec| Form::Jump(s.by, s.direction)),
        ]
    }

    fn link_recipes(&self) -> [Option<Recipe>; 5] {
        macro_rules! links {
            ($spec:expr, $kind:ident, $type:ty, $harm:expr) => {
                recipe!($spec, $kind, |s: &$type| Some(s.lasts), |s: &$type| Form::Links {
                    shapes: s.shapes.clone(),
                    flaps: s.flaps,
                    harm: $harm(s),
                })
            };
        }
        [
            links!(self.partition, Partition, PartitionSpec, |_| Harm::Cut),
            links!(self.clog, Clog, ClogSpec, |_| Harm::Clog),
            links!(self.loss, Loss, LossSpec, |s: &LossSpec| Harm::Lose(s.odds)),
            links!(self.delay, Delay, DelaySpec, |s: &DelaySpec| Harm::Delay(s.by)),
            links!(self.duplicate, Duplicate, DuplicateSpec, |s: &DuplicateSpec| Harm::Duplicate(s.odds)),
        ]
    }

    /// The kinds that are one process for the whole cluster by their nature.
    fn cast_recipes(&self) -> [Option<Recipe>; 3] {
        let recipe = |kind, every, who: &Who, lasts, form| Recipe {
            kind,
            every,
            per: Per::Cluster,
            who: who.clone(),
            aimed: Ratio::ALWAYS,
            lasts,
            form,
        };
        [
            self.power
                .as_ref()
                .map(|s| recipe(FaultKind::Power, s.every, &s.who, Some(s.down), Form::Power(s.unsynced))),
            self.start.as_ref().map(|s| recipe(FaultKind::Start, s.every, &s.who, None, Form::Start(s.at_most))),
            self.retire.as_ref().map(|s| recipe(FaultKind::Retire, s.every, &s.who, None, Form::Retire(s.at_most))),
        ]
    }
}
