//! The character of a run: everything that its seed drew, at a glance, before the first event.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::layout::{Ink, Sheet, Table, Tone, many};
use super::words;
use crate::fault::{Entry, FaultKind, FaultPlan, Noise};
use crate::ids::{ClientId, NodeId};
use crate::lab::Experiment;
use crate::params::Distribution;
use crate::process::{Cast, Group};
use crate::rng::Seed;
use crate::scenario::{Expect, Scenario, open_settings, shared_policy};
use crate::sim::world::Outside;

/// What a run is made from.
#[derive(Clone, Copy)]
pub struct Character<'a> {
    /// Its protocol.
    pub experiment: &'a dyn Experiment,
    /// The concrete scenario.
    pub scenario: &'a Scenario,
    /// The plan.
    pub plan: &'a FaultPlan,
    /// The seed, if one is known.
    pub seed: Option<Seed>,
    /// Where the scenario came from.
    pub source: &'a str,
    /// The settings that the scenario left open, by path.
    pub open: &'a BTreeSet<String>,
}

impl std::fmt::Debug for Character<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Character").field("source", &self.source).field("seed", &self.seed).finish_non_exhaustive()
    }
}

/// The paths of the settings that the seed draws: those that a scenario file leaves open, and under a swarm the faults
/// and the odds of the network.
#[must_use]
pub fn drawn_settings(file: &Value) -> BTreeSet<String> {
    let mut drawn = open_settings(file);
    if file.pointer("/faults/swarm") == Some(&Value::Bool(true)) {
        drawn.extend(["faults", "network.loss", "network.duplicate"].map(str::to_owned));
    }
    drawn
}

/// The character of a run as text.
#[must_use]
pub fn text(run: &Character<'_>, ink: Ink) -> String {
    let mut sheet = Sheet::new(ink);
    let seed = run.seed.map_or_else(String::new, |seed| format!(", seed {seed}"));
    sheet.line(Tone::Heading, &format!("{}{seed}", run.source));
    sheet.line(Tone::Plain, &run.scenario.about);
    sheet.heading("What the seed drew");
    run.protocol(&mut sheet);
    run.world(&mut sheet);
    run.clients(&mut sheet);
    run.faults(&mut sheet);
    run.course(&mut sheet);
    if !run.open.is_empty() {
        sheet.row_in(Tone::Aside, "", "* left open by the scenario, drawn by the seed");
    }
    sheet.into_text()
}

impl Character<'_> {
    /// A star where the scenario left this open, or something within it.
    fn star(&self, path: &str) -> &'static str {
        let within =
            |open: &String| open.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        if self.open.iter().any(within) { "*" } else { "" }
    }

    fn protocol(&self, sheet: &mut Sheet) {
        sheet.row("protocol", &format!("{}: {}", self.experiment.name(), self.experiment.about()));
        if let Some(name) = &self.scenario.bug {
            let about = self.experiment.bugs().iter().find(|bug| bug.name == name).map_or("", |bug| bug.about);
            sheet.row_in(Tone::Odd, "planted bug", &format!("{name}: {about}"));
        }
        let cast = self.scenario.nodes.cast(self.experiment.groups()).unwrap_or_default();
        sheet.row(&format!("nodes{}", self.star("nodes")), &cast_in_words(&cast));
        let Ok(Value::Object(settings)) = self.experiment.params(self.scenario) else { return };
        sheet.row("settings", &self.settings("params", &settings));
    }

    fn settings(&self, section: &str, settings: &Map<String, Value>) -> String {
        let star = |name: &str| self.star(&format!("{section}.{name}"));
        let setting = |(name, value): (&String, &Value)| format!("{name}{} {}", star(name), words::plain(value));
        settings.iter().map(setting).collect::<Vec<String>>().join(", ")
    }

    fn world(&self, sheet: &mut Sheet) {
        sheet.row("network", &self.network().join(", "));
        let Scenario { disk, clock, node, .. } = self.scenario;
        let sync = if disk.sync.is_zero() { "no time".to_owned() } else { words::distribution(&disk.sync) };
        sheet.row("disks", &format!("a sync takes {sync}"));
        let clocks = match (clock.drift_ppm, clock.offset) {
            (0, offset) if offset.0 == 0 => "exact".to_owned(),
            (ppm, offset) => format!("drift up to {ppm} ppm, wall clocks off by up to {offset}"),
        };
        sheet.row("clocks", &clocks);
        if node.service != Distribution::ZERO {
            sheet.row("turns", &format!("a turn takes {}", words::distribution(&node.service)));
        }
    }

    fn network(&self) -> Vec<String> {
        let network = &self.scenario.network;
        let odds = |name: &str, path: &str, odds: crate::rng::Ratio| {
            let rounded = odds.as_fraction() * 100.0;
            let exact = odds.to_string();
            let shown = if exact.len() > 8 { format!("{rounded:.3}%") } else { exact };
            format!("{name}{} {shown}", self.star(path))
        };
        let mut parts = vec![
            format!("latency{} {}", self.star("network.latency"), words::distribution(&network.latency)),
            odds("loss", "network.loss", network.loss),
            odds("duplicates", "network.duplicate", network.duplicate),
        ];
        if network.fifo {
            parts.push("links keep order".to_owned());
        }
        parts.extend(network.capacity.map(|capacity| format!("{} a second and link", many(capacity, "message"))));
        parts.extend(network.zones.iter().map(|(name, nodes)| format!("zone {name} {nodes}")));
        for (from, row) in &network.zone_latency {
            parts.extend(row.iter().map(|(to, latency)| format!("{from} to {to} {}", words::distribution(latency))));
        }
        if !network.links.is_empty() {
            parts.push(format!("{} of their own kind", many(network.links.len() as u64, "link")));
        }
        parts
    }

    fn clients(&self, sheet: &mut Sheet) {
        let (policy, own) = shared_policy(&self.scenario.workload).unwrap_or_default();
        if policy.clients == 0 {
            return sheet.row("clients", "none");
        }
        let star = |name: &str| self.star(&format!("workload.{name}"));
        let mut parts = vec![
            format!(
                "{}{} with {}{}",
                many(policy.clients.into(), "client"),
                star("clients"),
                many(policy.ops, "operation"),
                star("ops")
            ),
            format!("timeout{} {}", star("timeout"), policy.timeout),
            format!("up to {} attempts{}", policy.attempts, star("attempts")),
        ];
        if !policy.script.is_empty() {
            parts.push(format!("{} by script", many(policy.script.len() as u64, "operation")));
        }
        sheet.row("clients", &parts.join(", "));
        sheet.row("", &self.settings("workload", &own));
        sheet.row("", &self.places());
    }

    /// Where the clients stand, as long as they are few.
    fn places(&self) -> String {
        const SHOWN: usize = 8;
        let place = |(n, place): (u32, &Option<NodeId>)| match place {
            Some(node) => format!("{} beside {node}", ClientId(n)),
            None => format!("{} apart", ClientId(n)),
        };
        let places: Vec<String> = (0..).zip(&self.plan.clients).take(SHOWN).map(place).collect();
        let rest = self.plan.clients.len().saturating_sub(SHOWN);
        let rest = if rest > 0 { format!(", {rest} more") } else { String::new() };
        format!("{}{rest}", places.join(", "))
    }

    fn faults(&self, sheet: &mut Sheet) {
        let label = format!("faults{}", self.star("faults"));
        let mut table = Table::new(&["<kind", "planned", "aimed", "in a turn", "<lasting", "<particulars"]);
        let mut absent = Vec::new();
        for &kind in FaultKind::ALL {
            let entries: Vec<&Entry> = self.plan.timeline.iter().filter(|entry| entry.kind.kind() == kind).collect();
            if !entries.is_empty() {
                table.row(Tone::Plain, fault_cells(kind, &entries));
            } else if self.scenario.faults.kinds().any(|configured| configured == kind) {
                absent.push(kind.name());
            }
        }
        if table.is_empty() {
            sheet.row(&label, "none");
        } else {
            sheet.table(&label, &table);
        }
        if !absent.is_empty() {
            sheet.row_in(Tone::Aside, "", &format!("none of this seed: {}", absent.join(", ")));
        }
        self.fixed(sheet);
        self.bounds(sheet);
    }

    /// What bounds the faults, and what the plan has of its own in the place of what derives.
    fn bounds(&self, sheet: &mut Sheet) {
        let budgets = &self.plan.budgets;
        let most = budgets.availability.map(|most| format!("at most {most} down, paused or cut off at once"));
        let losers = budgets.durability.as_ref().map(|nodes| format!("only {nodes} may lose what is synced"));
        sheet.row("budgets", &most.into_iter().chain(losers).collect::<Vec<String>>().join(", "));
        let given = &self.scenario.faults.seeds;
        let seeds =
            [("plan", given.plan), ("network", given.network), ("node", given.node), ("workload", given.workload)];
        let seeds = seeds.iter().filter_map(|(name, seed)| seed.map(|seed| format!("{name} {seed}")));
        sheet.row("seeds", &seeds.collect::<Vec<String>>().join(", "));
        if let Noise::Calm { from, delay } = self.plan.noise {
            sheet
                .row("noise", &format!("calm from {from} on: each message takes {delay}, and none is lost or doubled"));
        }
    }

    /// What the plan fixes one by one.
    fn fixed(&self, sheet: &mut Sheet) {
        let fixed = [
            (self.plan.messages.len(), "fate of messages", "fates of messages"),
            (self.plan.draws.len(), "draw", "draws"),
            (self.plan.omit.len(), "operation left out", "operations left out"),
        ];
        let words = fixed
            .iter()
            .filter(|(n, ..)| *n > 0)
            .map(|&(n, one, more)| format!("{n} {}", if n == 1 { one } else { more }));
        sheet.row("fixed", &words.collect::<Vec<String>>().join(", "));
    }

    fn course(&self, sheet: &mut Sheet) {
        let Scenario { run_for, settle, .. } = self.scenario;
        let then = match settle {
            Some(settle) if settle.0 == 0 => String::new(),
            Some(settle) => format!(", then {settle} in which a healed core must make progress"),
            None => ", then a healed core must make progress within the protocol's own bound".to_owned(),
        };
        let outside = match self.scenario.outside {
            Outside::Silent => "",
            Outside::AsIs => "; the links of others into it stay as they are",
        };
        let delay = self.scenario.settle_delay.map(|delay| format!("; within it no message takes longer than {delay}"));
        let course = format!("{run_for} under faults{then}{outside}{}", delay.unwrap_or_default());
        sheet.row("course", &course);
        if let Expect::Violates(property) = &self.scenario.expect {
            sheet.row("expected", &format!("{property} breaks"));
        }
    }
}

fn fault_cells(kind: FaultKind, entries: &[&Entry]) -> Vec<String> {
    let number = |n: usize| if n == 0 { "-".to_owned() } else { n.to_string() };
    let aimed = entries.iter().filter(|entry| entry.who.is_late() || entry.after.is_some()).count();
    let inside = entries.iter().filter(|entry| words::is_inside(entry)).count();
    vec![
        kind.name().to_owned(),
        entries.len().to_string(),
        number(aimed),
        number(inside),
        words::range(entries.iter().filter_map(|entry| entry.lasts)),
        words::particulars(entries),
    ]
}

fn cast_in_words(cast: &Cast) -> String {
    let group = |group: &Group| {
        let spares = words::nodes(&group.spares);
        let spares = if spares.is_empty() { spares } else { format!(" (spare: {spares})") };
        format!("{} {}{spares}", group.name, words::nodes(&group.members))
    };
    let groups: Vec<String> = cast.groups().iter().filter(|group| !group.members.is_empty()).map(group).collect();
    format!("{}: {}", cast.len(), groups.join(", "))
}
