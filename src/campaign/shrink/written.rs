//! A case as a scenario file: one that a person can read, edit, and keep as a test.

use serde_json::{Map, Value, to_value};

use super::elements::set;
use super::search::policy_of;
use crate::check::Violation;
use crate::fault::spec::{Faults, SeedOverrides};
use crate::rng::Seeds;
use crate::scenario::{Expect, FailureKind, Reproducer, Scenario};
use crate::sim::world::{ClockConfig, DiskConfig, EventBudget, NetworkConfig, NodeConfig, Outside};
use crate::time::Span;

/// The scenario that says by itself what a reproducer says with its plan: nothing in it is drawn any more.
pub(super) fn explicit(reproducer: &Reproducer) -> Scenario {
    let mut scenario = reproducer.scenario.clone();
    let plan = &reproducer.plan;
    let Seeds { plan: of_plan, network, node, workload } = plan.seeds;
    scenario.faults = Faults {
        budget: scenario.faults.budget,
        timeline: plan.timeline.clone(),
        messages: plan.messages.clone(),
        draws: plan.draws.clone(),
        omit: plan.omit.clone(),
        noise: plan.noise,
        seeds: SeedOverrides {
            plan: Some(of_plan),
            network: Some(network),
            node: Some(node),
            workload: Some(workload),
        },
        ..Faults::default()
    };
    // What is expected to break is judged though it may be optional; here it is not to break.
    if let Expect::Violates(property) = std::mem::take(&mut scenario.expect)
        && !scenario.checks.contains(&property)
    {
        scenario.checks.push(property);
    }
    // One run cannot show all that a campaign should see.
    scenario.sometimes = Some(Vec::new());
    let policy = policy_of(&scenario);
    if policy.clients > 0 && policy.ops > 0 && policy.every.is_none() {
        // The same time as before, also where there will be fewer operations.
        let each = (policy.ops / u64::from(policy.clients)).max(1);
        let every = Span(scenario.run_for.0 / each);
        set(&mut scenario, "every", every);
    }
    scenario
}

/// What the file is for, in a few sentences.
pub(super) fn about(scenario: &Scenario, kind: FailureKind, violation: &Violation, reproducer: &Reproducer) -> String {
    let seed = reproducer.seed.map_or_else(String::new, |seed| format!(" of seed {seed}"));
    let bug = scenario.bug.as_ref().map_or_else(String::new, |bug| format!(" with {bug} planted"));
    let promise = if kind == FailureKind::Liveness { "liveness" } else { "safety" };
    format!(
        "{} breaks, a {promise} property{bug}: {}. Shrunk from a run{seed}. It is expected to hold, so that it fails \
         until the mistake is mended, and guards against it from then on",
        violation.property, violation.evidence.kind
    )
}

/// The file's text, without the settings that say what would be so anyway.
#[must_use]
pub fn text(scenario: &Scenario) -> String {
    let mut value = to_value(scenario).unwrap_or_default();
    let plain = [
        ("network", to_value(NetworkConfig::default())),
        ("disk", to_value(DiskConfig::default())),
        ("clock", to_value(ClockConfig::default())),
        ("node", to_value(NodeConfig::default())),
        ("outside", to_value(Outside::default())),
        ("budget", to_value(EventBudget::default())),
    ];
    let Some(fields) = value.as_object_mut() else { return String::new() };
    for (name, plain) in plain {
        let (Some(own), Ok(plain)) = (fields.get_mut(name), plain) else { continue };
        if *own == plain {
            *own = Value::Object(Map::new());
        } else if let Some(own) = own.as_object_mut() {
            own.retain(|name, value| plain.get(name) != Some(value));
        }
        if fields.get(name).and_then(Value::as_object).is_some_and(Map::is_empty) {
            fields.remove(name);
        }
    }
    serde_json::to_string_pretty(&value).unwrap_or_default() + "\n"
}
