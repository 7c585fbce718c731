//! Whether a `faults` section asks for something that can be drawn, and does not contradict itself.

use super::target::RING_MAX;
use super::validate::{Place, PlanError, drift};
use super::{Recipe, Scene};
use crate::fault::links::Shape;
use crate::fault::spec::{Durability, Faults, Form, Per};
use crate::fault::{FaultKind, Who};
use crate::params::Distribution;
use crate::rng::Ratio;
use crate::time::{Span, Time};

/// More entries than this in one run are a mistake, or would be one soon.
const ENTRIES_MAX: u64 = 4_000_000;

/// Every link fault names each node at least once; this bounds what a plan of them may hold.
const NAMED_MAX: u64 = 2_000_000_000;

impl Faults {
    /// Checks the section against the cluster that it is for.
    ///
    /// # Errors
    /// The first demand that cannot be met, that contradicts another, or that names something that is not there.
    pub fn check(&self, scene: &Scene<'_>) -> Result<(), PlanError> {
        let place = Place { cast: scene.cast, zones: scene.zones, horizon: scene.horizon };
        let recipes = self.recipes();
        if self.swarm && recipes.is_empty() {
            let message = "there is nothing to draw a swarm from; list some kinds, \
                such as \"crash\": {\"every\": \"5s\", \"down\": \"1s\"}";
            return Err(PlanError::new("swarm", message));
        }
        self.check_budget(scene)?;
        for recipe in &recipes {
            check_recipe(recipe, &place)?;
            check_share(recipe, self.swarm)?;
        }
        place.timeline(&self.timeline)?;
        for (n, entry) in self.timeline.iter().enumerate() {
            if let Some(kind) = recipes.iter().map(|recipe| recipe.kind).find(|&kind| is_drawn_name(&entry.id, kind)) {
                let message = format!(
                    "names such as {:?} are for drawn entries, and {kind} is drawn too; choose another",
                    entry.id
                );
                return Err(PlanError::new(format!("timeline[{n}].id"), message));
            }
        }
        self.check_overrides(scene)
    }

    fn check_budget(&self, scene: &Scene<'_>) -> Result<(), PlanError> {
        if let Durability::Count(count) = self.budget.durability
            && count > scene.tolerated_losses
        {
            let most = scene.tolerated_losses;
            let message = format!(
                "{count} is too many: the protocol's promises end once more than {most} of its nodes lost data"
            );
            return Err(PlanError::new("budget.durability", message));
        }
        if let Some(availability) = self.budget.availability
            && availability > scene.cast.len()
        {
            let message = format!("{availability} is more than there are nodes ({})", scene.cast.len());
            return Err(PlanError::new("budget.availability", message));
        }
        Ok(())
    }

    /// What is given by hand beside the timeline, through the eyes of a plan.
    fn check_overrides(&self, scene: &Scene<'_>) -> Result<(), PlanError> {
        let mut plan = crate::fault::FaultPlan::calm(crate::rng::Seeds::derive(crate::rng::Seed(0)));
        plan.clients = vec![None; scene.clients as usize];
        plan.messages.clone_from(&self.messages);
        plan.draws.clone_from(&self.draws);
        plan.omit.clone_from(&self.omit);
        super::validate(&plan, scene.cast, scene.zones, scene.horizon)
    }
}

/// Whether a drawn entry of this kind could have this name.
fn is_drawn_name(id: &str, kind: FaultKind) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some(rest) = id.strip_prefix(kind.name()).and_then(|rest| rest.strip_prefix('-')) else { return false };
    let per_node = rest.strip_prefix('n').and_then(|rest| rest.split_once('-'));
    number(rest) || per_node.is_some_and(|(node, n)| number(node) && number(n))
}

fn check_recipe(recipe: &Recipe, place: &Place<'_>) -> Result<(), PlanError> {
    let path = |field: &str| format!("{}.{field}", recipe.kind);
    if recipe.every == Span::ZERO {
        return Err(PlanError::new(
            path("every"),
            "entries without any time between them would never end; give \"5s\" or the like",
        ));
    }
    place.who(&recipe.who, &path("who"))?;
    if recipe.per == Per::Node && (recipe.who.is_late() || matches!(recipe.who, Who::Majority | Who::Share(_))) {
        let message = "one process for each node contradicts a target that is not fixed; \
            leave out \"per\", or name nodes, a group or a zone";
        return Err(PlanError::new(path("per"), message));
    }
    if recipe.kind == FaultKind::Start {
        place.spares_only(&recipe.who, &path("who"))?;
    }
    if recipe.kind == FaultKind::Retire && matches!(recipe.who, Who::Majority | Who::Share(_)) {
        let message = "nodes retire one by one; leave out \"who\", and say with \"at_most\" how many";
        return Err(PlanError::new(path("who"), message));
    }
    check_form(recipe, place, &path)?;
    check_amount(recipe, place)
}

fn check_share(recipe: &Recipe, swarm: bool) -> Result<(), PlanError> {
    let message = match () {
        () if recipe.aimed == Ratio::ALWAYS => return Ok(()),
        () if swarm => "a swarm draws this share anew for each seed; leave it out",
        () if recipe.who.is_late() => return Ok(()),
        () => "there is no role or fact that a share could be aimed at; give \"who\": {\"role\": …}",
    };
    Err(PlanError::new(format!("{}.aimed", recipe.kind), message))
}

fn check_form(recipe: &Recipe, place: &Place<'_>, path: &dyn Fn(&str) -> String) -> Result<(), PlanError> {
    match &recipe.form {
        Form::Drift(ppm) if ppm[0] > ppm[1] => {
            Err(PlanError::new(path("ppm"), format!("the lowest comes first: [{}, {}]", ppm[1], ppm[0])))
        }
        Form::Drift(ppm) => ppm.iter().enumerate().try_for_each(|(n, &ppm)| drift(ppm, &path(&format!("ppm[{n}]")))),
        Form::Links { shapes, flaps, .. } => check_shapes(shapes, flaps.as_ref(), place, path),
        _ => Ok(()),
    }
}

fn check_shapes(
    shapes: &[Shape],
    flaps: Option<&Distribution>,
    place: &Place<'_>,
    path: &dyn Fn(&str) -> String,
) -> Result<(), PlanError> {
    if shapes.is_empty() {
        return Err(PlanError::new(path("shapes"), "the list is empty; leave it out for all shapes"));
    }
    if flaps.is_some_and(Distribution::is_zero) {
        return Err(PlanError::new(path("flaps"), "a half-period cannot be zero"));
    }
    if flaps.is_some() && !shapes.contains(&Shape::Flapping) {
        return Err(PlanError::new(
            path("flaps"),
            "only the shape \"flapping\" comes and goes, and \"shapes\" leaves it out",
        ));
    }
    if shapes == [Shape::Ring] && place.cast.len() as usize > RING_MAX {
        let message = format!("a ring is drawn among at most {RING_MAX} nodes; there are {}", place.cast.len());
        return Err(PlanError::new(path("shapes"), message));
    }
    Ok(())
}

fn check_amount(recipe: &Recipe, place: &Place<'_>) -> Result<(), PlanError> {
    let processes = if recipe.per == Per::Node { u64::from(place.cast.len()) } else { 1 };
    let each =
        if matches!(recipe.form, Form::Start(_) | Form::Retire(_)) { 0 } else { place.horizon.0 / recipe.every.0 };
    let entries = each.saturating_mul(processes);
    let named = match recipe.form {
        Form::Links { .. } => entries.saturating_mul(place.cast.len().into()),
        _ => entries,
    };
    if entries > ENTRIES_MAX || named > NAMED_MAX {
        let message = format!(
            "about {entries} entries in {} among {} nodes are more than a plan holds; let them be rarer",
            Time(place.horizon.0),
            place.cast.len(),
        );
        return Err(PlanError::new(format!("{}.every", recipe.kind), message));
    }
    Ok(())
}
