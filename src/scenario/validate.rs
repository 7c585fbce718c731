//! What types alone cannot say: names that exist, times that fit, sets that are not empty.

use std::collections::BTreeMap;

use super::typed::shared_policy;
use super::{Expect, Scenario, ScenarioError};
use crate::ids::{NodeId, NodeSet};
use crate::params::unknown;
use crate::process::Cast;
use crate::sim::world::NetworkConfig;
use crate::time::Span;
use crate::workload::ClientPolicy;

/// What is known of a protocol when a scenario is checked.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// Its name.
    pub protocol: &'a str,
    /// The names of its groups.
    pub groups: &'a [&'a str],
    /// The names of its planted mistakes.
    pub bugs: &'a [&'a str],
    /// The names of its properties.
    pub properties: &'a [&'a str],
}

impl Scenario {
    /// Checks everything that can be known without the protocol's own types, and yields the cast.
    ///
    /// # Errors
    /// The first thing that is wrong, with its path.
    pub fn validate(&self, known: &[Known<'_>]) -> Result<Cast, ScenarioError> {
        let known = self.known(known)?;
        let cast = self.nodes.cast(known.groups)?;
        self.check_names(known)?;
        self.check_times()?;
        check_network(&self.network, &cast)?;
        if self.clock.drift_ppm >= 1_000_000 {
            let message = format!(
                "a clock that drifts by {} millionths may stand still; stay below 1000000",
                self.clock.drift_ppm
            );
            return Err(ScenarioError::new("clock.drift_ppm", message));
        }
        if self.most_seeds == Some(0) {
            return Err(ScenarioError::new("most_seeds", "a campaign without any seed shows nothing; give at least 1"));
        }
        if self.budget.events == 0 || self.budget.per_instant == 0 {
            let field = if self.budget.events == 0 { "budget.events" } else { "budget.per_instant" };
            return Err(ScenarioError::new(field, "a run without any event shows nothing"));
        }
        let (policy, _) = shared_policy(&self.workload)?;
        check_policy(&policy, &cast, self.run_for)?;
        // How many losses the protocol tolerates is known only once it is configured.
        self.check_faults(&cast, &policy, u32::MAX)?;
        Ok(cast)
    }

    /// Checks the `faults` section against the cluster and what its protocol tolerates.
    ///
    /// # Errors
    /// The first demand that cannot be met, or that contradicts another.
    pub fn check_faults(&self, cast: &Cast, policy: &ClientPolicy, tolerated: u32) -> Result<(), ScenarioError> {
        let scene = self.scene(cast, policy, tolerated, None);
        self.faults.check(&scene).map_err(|error| ScenarioError::from(error).under("faults"))
    }

    fn known<'a, 'k>(&self, known: &'a [Known<'k>]) -> Result<&'a Known<'k>, ScenarioError> {
        known.iter().find(|known| known.protocol == self.protocol).ok_or_else(|| {
            let message = format!("there is no protocol {:?}", self.protocol);
            let names = known.iter().map(|known| known.protocol);
            ScenarioError::new("protocol", unknown(&message, &self.protocol, names))
        })
    }

    fn check_names(&self, known: &Known<'_>) -> Result<(), ScenarioError> {
        if let Some(bug) = &self.bug
            && !known.bugs.contains(&bug.as_str())
        {
            let message = format!("{} has no planted mistake {bug:?}", known.protocol);
            return Err(ScenarioError::new("bug", unknown(&message, bug, known.bugs.iter().copied())));
        }
        let expected = match &self.expect {
            Expect::Violates(property) => Some(("expect.violates".to_owned(), property)),
            Expect::Holds => None,
        };
        let checks = self.checks.iter().enumerate().map(|(n, property)| (format!("checks[{n}]"), property));
        for (path, property) in checks.chain(expected) {
            if !known.properties.contains(&property.as_str()) {
                let message = format!("{} has no property {property:?}", known.protocol);
                let message = unknown(&message, property, known.properties.iter().copied());
                return Err(ScenarioError::new(path, message));
            }
        }
        Ok(())
    }

    fn check_times(&self) -> Result<(), ScenarioError> {
        if self.run_for == Span::ZERO {
            return Err(ScenarioError::new("run_for", "a run of no length shows nothing; give \"30s\" or the like"));
        }
        let settle = self.settle.unwrap_or_default();
        if self.run_for + settle > Span::MAX {
            let message =
                format!("virtual time ends after 2.28 years (20015h); {} is past that", self.run_for + settle);
            return Err(ScenarioError::new("settle", message));
        }
        Ok(())
    }
}

fn node_exists(node: NodeId, cast: &Cast, path: &str) -> Result<(), ScenarioError> {
    if node.0 < cast.len() {
        return Ok(());
    }
    Err(ScenarioError::new(path, format!("there is no node {}; nodes are 0 to {}", node.0, cast.len() - 1)))
}

fn check_network(network: &NetworkConfig, cast: &Cast) -> Result<(), ScenarioError> {
    check_zones(&network.zones, cast)?;
    let zones = || network.zones.keys().map(String::as_str);
    for (from, row) in &network.zone_latency {
        let inner = row.keys().map(|to| (to, format!("network.zone_latency.{from}.{to}")));
        for (zone, path) in [(from, format!("network.zone_latency.{from}"))].into_iter().chain(inner) {
            if !network.zones.contains_key(zone) {
                let message = unknown(&format!("there is no zone {zone:?}"), zone, zones());
                return Err(ScenarioError::new(path, message));
            }
        }
    }
    for (n, link) in network.links.iter().enumerate() {
        node_exists(link.from, cast, &format!("network.links[{n}].from"))?;
        node_exists(link.to, cast, &format!("network.links[{n}].to"))?;
        not_zero(link.capacity, &format!("network.links[{n}].capacity"))?;
    }
    not_zero(network.capacity, "network.capacity")
}

fn not_zero(capacity: Option<u64>, path: &str) -> Result<(), ScenarioError> {
    if capacity == Some(0) {
        return Err(ScenarioError::new(path, "a link that carries nothing is cut; leave it out for no limit"));
    }
    Ok(())
}

/// Every node is in at most one zone, or its latencies would be ambiguous.
fn check_zones(zones: &BTreeMap<String, NodeSet>, cast: &Cast) -> Result<(), ScenarioError> {
    let mut home: BTreeMap<NodeId, &str> = BTreeMap::new();
    for (name, nodes) in zones {
        let path = format!("network.zones.{name}");
        if nodes.is_empty() {
            return Err(ScenarioError::new(path, "the list is empty: a zone has at least one node"));
        }
        if let Some(last) = nodes.last() {
            node_exists(last, cast, &path)?;
        }
        for node in nodes.iter() {
            if let Some(other) = home.insert(node, name) {
                let message = format!("node {} is in zone {other:?} too; a node is in one zone at most", node.0);
                return Err(ScenarioError::new(path, message));
            }
        }
    }
    Ok(())
}

/// A plan says of every client where it stands.
const CLIENTS_MAX: u32 = 1_000_000;

fn check_policy(policy: &ClientPolicy, cast: &Cast, run_for: Span) -> Result<(), ScenarioError> {
    if policy.clients == 0 && policy.ops > 0 {
        let message = "there are no clients to ask for them; give \"clients\": 3 or the like";
        return Err(ScenarioError::new("workload.ops", message));
    }
    if policy.clients > CLIENTS_MAX {
        let message = format!("{} clients are too many; {CLIENTS_MAX} is the most", policy.clients);
        return Err(ScenarioError::new("workload.clients", message));
    }
    if policy.attempts == 0 {
        return Err(ScenarioError::new("workload.attempts", "a client that never tries asks nothing; 1 is the least"));
    }
    for (field, span) in [("timeout", Some(policy.timeout)), ("every", policy.every)] {
        if span == Some(Span::ZERO) {
            return Err(ScenarioError::new(format!("workload.{field}"), "it cannot be zero"));
        }
    }
    for (n, step) in policy.script.iter().enumerate() {
        let path = |field: &str| format!("workload.script[{n}].{field}");
        if step.client.0 >= policy.clients {
            let message = format!("there is no client {}; \"clients\" is {}", step.client.0, policy.clients);
            return Err(ScenarioError::new(path("client"), message));
        }
        if step.at.0 >= run_for.0 {
            let message = format!("{} is not before the end of the safety phase (run_for is {run_for})", step.at);
            return Err(ScenarioError::new(path("at"), message));
        }
        step.to.map_or(Ok(()), |to| node_exists(to, cast, &path("to")))?;
    }
    Ok(())
}
