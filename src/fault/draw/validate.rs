//! Whether a plan speaks of this cluster: its nodes, groups, zones and clients, within its time.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::target::RING_MAX;
use crate::fault::links::{Cut, Links, Shape};
use crate::fault::{End, Entry, Fault, FaultKind, FaultPlan, Who};
use crate::ids::{ClientId, NodeId, NodeSet};
use crate::params::unknown;
use crate::process::Cast;
use crate::time::{Span, Time};

/// What is wrong with a plan or with a `faults` section, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanError {
    /// The place within the plan or section, such as `timeline[2].who`.
    pub path: String,
    /// What is wrong, and what would do.
    pub message: String,
}

impl PlanError {
    pub(super) fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

impl std::error::Error for PlanError {}

/// Checks a plan that was given rather than drawn.
///
/// # Errors
/// The first entry that names something that is not there, lies outside the run, or contradicts itself.
pub fn validate(
    plan: &FaultPlan,
    cast: &Cast,
    zones: &BTreeMap<String, NodeSet>,
    horizon: Span,
) -> Result<(), PlanError> {
    let place = Place { cast, zones, horizon };
    for (client, node) in plan.clients.iter().enumerate() {
        node.map_or(Ok(()), |node| place.node(node, &format!("clients[{client}]")))?;
    }
    if let Some(nodes) = &plan.budgets.durability {
        place.nodes(nodes, "budgets.durability")?;
    }
    place.timeline(&plan.timeline)?;
    let clients = u32::try_from(plan.clients.len()).unwrap_or(u32::MAX);
    for (n, fixed) in plan.messages.iter().enumerate() {
        place.end(fixed.from, clients, &format!("messages[{n}].from"))?;
        place.end(fixed.to, clients, &format!("messages[{n}].to"))?;
    }
    for (n, draw) in plan.draws.iter().enumerate() {
        place.node(draw.node, &format!("draws[{n}].node"))?;
    }
    for (n, op) in plan.omit.iter().enumerate() {
        client(op.client, clients, &format!("omit[{n}].client"))?;
    }
    Ok(())
}

/// What a plan may speak of.
pub(super) struct Place<'a> {
    pub(super) cast: &'a Cast,
    pub(super) zones: &'a BTreeMap<String, NodeSet>,
    pub(super) horizon: Span,
}

impl Place<'_> {
    pub(super) fn timeline(&self, timeline: &[Entry]) -> Result<(), PlanError> {
        let mut seen = BTreeSet::new();
        for (n, entry) in timeline.iter().enumerate() {
            let path = format!("timeline[{n}]");
            if entry.id.is_empty() {
                return Err(PlanError::new(format!("{path}.id"), "an entry needs a name, such as \"crash-1\""));
            }
            if !seen.insert(entry.id.as_str()) {
                let message = format!("there is another entry named {:?}; every entry has its own name", entry.id);
                return Err(PlanError::new(format!("{path}.id"), message));
            }
            self.entry(entry, &path).map_err(|mut error| {
                error.message = format!("entry {:?}: {}", entry.id, error.message);
                error
            })?;
        }
        Ok(())
    }

    fn entry(&self, entry: &Entry, path: &str) -> Result<(), PlanError> {
        match (entry.at, &entry.after) {
            (Some(_), Some(_)) => {
                return Err(PlanError::new(format!("{path}.after"), "it has both \"at\" and \"after\"; give one"));
            }
            (None, None) => {
                let message = "it never begins; give \"at\": \"2s\" or \"after\": {\"fact\": …}";
                return Err(PlanError::new(path, message));
            }
            (None, Some(after)) if after.nth == 0 => {
                return Err(PlanError::new(format!("{path}.after.nth"), "facts are counted from 1"));
            }
            (Some(at), None) => self.instant(at, &format!("{path}.at"))?,
            (None, Some(_)) => {}
        }
        self.who(&entry.who, &format!("{path}.who"))?;
        if entry.kind.kind() == FaultKind::Start {
            self.spares_only(&entry.who, &format!("{path}.who"))?;
        }
        self.fault(&entry.kind, &format!("{path}.kind.{}", entry.kind.kind()))
    }

    fn instant(&self, at: Time, path: &str) -> Result<(), PlanError> {
        if at.0 < self.horizon.0 {
            return Ok(());
        }
        Err(PlanError::new(
            path,
            format!("{at} is not before the end of the safety phase (run_for is {})", self.horizon),
        ))
    }

    fn fault(&self, fault: &Fault, path: &str) -> Result<(), PlanError> {
        if let Some(links) = fault.links() {
            self.links(links, &format!("{path}.links"))?;
        }
        match *fault {
            Fault::Drift { ppm } => drift(ppm, &format!("{path}.ppm")),
            _ => Ok(()),
        }
    }

    fn links(&self, links: &Links, path: &str) -> Result<(), PlanError> {
        if links.flaps.is_some_and(|flaps| flaps < Span::us(1)) {
            return Err(PlanError::new(format!("{path}.flaps"), "a half-period is at least 1us"));
        }
        if links.cut.is_empty() && links.shape == Shape::Ring && self.cast.len() as usize > RING_MAX {
            let message = format!("a ring is drawn among at most {RING_MAX} nodes; there are {}", self.cast.len());
            return Err(PlanError::new(format!("{path}.shape"), message));
        }
        links.cut.iter().enumerate().try_for_each(|(n, cut)| self.cut(cut, &format!("{path}.cut[{n}]")))
    }

    fn cut(&self, cut: &Cut, path: &str) -> Result<(), PlanError> {
        for (end, nodes) in [("from", &cut.from), ("to", &cut.to)] {
            let path = format!("{path}.{end}");
            if nodes.is_empty() {
                return Err(PlanError::new(path, "the set is empty: no link would be concerned"));
            }
            self.nodes(nodes, &path)?;
        }
        Ok(())
    }

    pub(super) fn who(&self, who: &Who, path: &str) -> Result<(), PlanError> {
        match who {
            Who::Nodes(nodes) if nodes.is_empty() => {
                Err(PlanError::new(path, "the list is empty: nobody would be struck"))
            }
            Who::Nodes(nodes) => self.nodes(nodes, path),
            Who::Group(name) => {
                let groups = self.cast.groups().iter().map(|group| group.name.as_str());
                named(name, "group", groups.collect(), &format!("{path}.group"))
            }
            Who::Zone(name) => {
                let zones = self.zones.keys().map(String::as_str);
                named(name, "zone", zones.collect(), &format!("{path}.zone"))
            }
            Who::Share(share) if share.is_never() => Err(PlanError::new(path, "of 0% nobody would be struck")),
            Who::Any | Who::Majority | Who::All | Who::Share(_) | Who::Role(_) | Who::Fact(_) => Ok(()),
        }
    }

    pub(super) fn spares_only(&self, who: &Who, path: &str) -> Result<(), PlanError> {
        let nodes = match who {
            Who::Nodes(nodes) => nodes,
            Who::Any | Who::All | Who::Group(_) | Who::Zone(_) => {
                let any = self.cast.groups().iter().any(|group| !group.spares.is_empty());
                let message = "there are no spare nodes to start; give some: \"nodes\": {\"replica\": {\"members\": 3, \"spare\": 2}}";
                return if any { Ok(()) } else { Err(PlanError::new(path, message)) };
            }
            Who::Majority | Who::Share(_) | Who::Role(_) | Who::Fact(_) => {
                let message = "a node that has not yet started has no role, and is in no majority and no share";
                return Err(PlanError::new(path, message));
            }
        };
        let member = nodes.iter().find(|&node| !self.cast.is_spare(node));
        member.map_or(Ok(()), |node| Err(PlanError::new(path, format!("{node} is no spare node: it starts by itself"))))
    }

    fn end(&self, end: End, clients: u32, path: &str) -> Result<(), PlanError> {
        match end {
            End::Node(node) => self.node(node, path),
            End::Client { client: id } => client(id, clients, &format!("{path}.client")),
        }
    }

    fn node(&self, node: NodeId, path: &str) -> Result<(), PlanError> {
        if node.0 < self.cast.len() { Ok(()) } else { Err(self.no_such(node, path)) }
    }

    pub(super) fn nodes(&self, nodes: &NodeSet, path: &str) -> Result<(), PlanError> {
        nodes.last().map_or(Ok(()), |node| self.node(node, path))
    }

    fn no_such(&self, node: NodeId, path: &str) -> PlanError {
        PlanError::new(path, format!("there is no node {}; {}", node.0, numbers("nodes", self.cast.len())))
    }
}

/// Which numbers there are: "nodes are 0 to 4".
fn numbers(things: &str, count: u32) -> String {
    match count {
        0 => format!("there are no {things}"),
        1 => format!("there is only number 0 among the {things}"),
        _ => format!("{things} are 0 to {}", count - 1),
    }
}

fn client(id: ClientId, clients: u32, path: &str) -> Result<(), PlanError> {
    if id.0 < clients {
        return Ok(());
    }
    Err(PlanError::new(path, format!("there is no client {}; {}", id.0, numbers("clients", clients))))
}

fn named(name: &str, what: &str, known: Vec<&str>, path: &str) -> Result<(), PlanError> {
    if known.contains(&name) {
        return Ok(());
    }
    Err(PlanError::new(path, unknown(&format!("there is no {what} {name:?}"), name, known)))
}

/// A clock may stand nearly still, and may not run backwards.
pub(super) fn drift(ppm: i64, path: &str) -> Result<(), PlanError> {
    if (-999_999..=1_000_000_000).contains(&ppm) {
        return Ok(());
    }
    Err(PlanError::new(path, format!("{ppm} millionths is no rate of a clock; from -999999 to 1000000000 will do")))
}
