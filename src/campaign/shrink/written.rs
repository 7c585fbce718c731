//! A case as a scenario file: one that a person can read, edit, and keep as a test.

use serde_json::{Map, Value, to_value};

use super::elements::set;
use super::search::policy_of;
use crate::fault::spec::{Faults, SeedOverrides};
use crate::rng::Seeds;
use crate::scenario::{Expect, Reproducer, Scenario};
use crate::sim::world::{ClockConfig, DiskConfig, EventBudget, NetworkConfig, NodeConfig, Outside};
use crate::sim::{Failure, FailureKind};
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
pub(super) fn about(scenario: &Scenario, failure: &Failure, reproducer: &Reproducer, why: &str) -> String {
    let seed = reproducer.seed.map_or_else(String::new, |seed| format!(" of seed {seed}"));
    let bug = scenario.bug.as_ref().map_or_else(String::new, |bug| format!(" with {bug} planted"));
    let Failure { property, evidence, .. } = failure;
    let what = match failure.kind {
        FailureKind::Safety => format!("{property} breaks, a safety property{bug}: {}", evidence.kind),
        FailureKind::Liveness => format!("{property} breaks, a liveness property{bug}: {}", evidence.kind),
        FailureKind::Panic => format!("{}{bug}: it {}", scenario.protocol, evidence.kind),
        FailureKind::Endless => format!("a run of {} does not end{bug}", scenario.protocol),
    };
    format!(
        "{what}. Shrunk from a run{seed}: {why}. It is expected to hold, so that it fails until the mistake is mended, and \
         guards against it from then on"
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
    in_order(fields)
}

/// The settings in the order in which the scenarios that come with seedstorm have them.
const ORDER: [&str; 18] = [
    "seedstorm",
    "about",
    "protocol",
    "bug",
    "nodes",
    "params",
    "network",
    "disk",
    "clock",
    "node",
    "workload",
    "faults",
    "checks",
    "sometimes",
    "run_for",
    "settle",
    "settle_delay",
    "outside",
];

fn in_order(fields: &Map<String, Value>) -> String {
    let place = |name: &str| ORDER.iter().position(|&known| known == name).unwrap_or(ORDER.len());
    let mut names: Vec<&String> = fields.keys().collect();
    names.sort_by_key(|name| place(name));
    let lines = names.iter().map(|name| format!("  {}: {}", Value::from(name.as_str()), laid_out(&fields[*name], 2)));
    format!("{{\n{}\n}}\n", lines.collect::<Vec<String>>().join(",\n"))
}

/// What fits on a line is on one line.
fn laid_out(value: &Value, indent: usize) -> String {
    /// As wide as a value may be, its indentation included.
    const WIDTH: usize = 110;
    let flat = flat(value);
    if flat.len() + indent <= WIDTH {
        return flat;
    }
    let inner = " ".repeat(indent + 2);
    let (open, lines, close) = match value {
        Value::Array(items) => {
            let lines: Vec<String> = items.iter().map(|item| laid_out(item, indent + 2)).collect();
            ('[', lines, ']')
        }
        Value::Object(fields) => {
            let line = |(name, value): (&String, &Value)| {
                format!("{}: {}", Value::from(name.as_str()), laid_out(value, indent + 2))
            };
            ('{', fields.iter().map(line).collect(), '}')
        }
        _ => return flat,
    };
    format!("{open}\n{inner}{}\n{}{close}", lines.join(&format!(",\n{inner}")), " ".repeat(indent))
}

fn flat(value: &Value) -> String {
    match value {
        Value::Array(items) if !items.is_empty() => {
            let items: Vec<String> = items.iter().map(flat).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(fields) if !fields.is_empty() => {
            let field = |(name, value): (&String, &Value)| format!("{}: {}", Value::from(name.as_str()), flat(value));
            let fields: Vec<String> = fields.iter().map(field).collect();
            format!("{{ {} }}", fields.join(", "))
        }
        _ => value.to_string(),
    }
}
