//! What a case is made of, and a case without one part of it.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::{Value, to_value};

use super::search::policy_of;
use crate::fault::links::Cut;
use crate::fault::{End, Entry, Fault, FixedFate, MessageOverride, Who};
use crate::ids::{ClientId, NodeId, NodeSet, OpId};
use crate::process::Cast;
use crate::rng::Ratio;
use crate::scenario::{GroupSize, Nodes, Scenario};
use crate::time::Span;
use crate::workload::ClientPolicy;

/// A part of a case that can be taken out by itself.
#[derive(Clone, Debug, PartialEq)]
pub enum Element {
    /// An entry of the timeline.
    Fault(Box<Entry>),
    /// A message whose fate is fixed.
    Message(MessageOverride),
    /// An operation of a client.
    Operation(OpId),
    /// A client.
    Client(ClientId),
    /// A node.
    Node(NodeId),
    /// That the network loses messages.
    Loss,
    /// That it doubles messages.
    Duplicates,
}

/// How much of everything there is in a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Size {
    /// Entries of the timeline.
    pub faults: usize,
    /// Messages whose fate is fixed.
    pub messages: usize,
    /// Operations of clients.
    pub operations: u64,
    /// Clients.
    pub clients: u32,
    /// Nodes.
    pub nodes: u32,
    /// Length of the safety phase.
    pub length: Span,
}

impl Size {
    pub(super) fn of(scenario: &Scenario, groups: &[&str]) -> Self {
        let policy = policy_of(scenario);
        Self {
            faults: scenario.faults.timeline.len(),
            messages: scenario.faults.messages.len(),
            operations: operations(&policy, &scenario.faults.omit).len() as u64,
            clients: policy.clients,
            nodes: scenario.nodes.cast(groups).map_or(0, |cast| cast.len()),
            length: scenario.run_for,
        }
    }
}

/// The operations that clients have, but for those left out.
pub(super) fn operations(policy: &ClientPolicy, omit: &[OpId]) -> Vec<OpId> {
    let count = u64::from(policy.clients.max(1));
    let quota = |client: ClientId| {
        let scripted = policy.script.iter().filter(|scripted| scripted.client == client).count() as u64;
        let share = policy.ops / count + u64::from(u64::from(client.0) < policy.ops % count);
        if scripted > 0 { scripted } else { share }
    };
    let omit: BTreeSet<OpId> = omit.iter().copied().collect();
    let all = (0..policy.clients).map(ClientId).flat_map(|client| (0..quota(client)).map(move |n| OpId { client, n }));
    all.filter(|op| !omit.contains(op)).collect()
}

/// Puts a setting that all workloads share into its place.
pub(super) fn set(scenario: &mut Scenario, name: &str, value: impl Serialize) {
    scenario.workload.insert(name.to_owned(), to_value(value).unwrap_or(Value::Null));
}

impl Element {
    /// Everything that a case is made of.
    pub(super) fn all(scenario: &Scenario, groups: &[&str]) -> Vec<Self> {
        let faults = &scenario.faults;
        let policy = policy_of(scenario);
        let cast = scenario.nodes.cast(groups).ok();
        let mut all: Vec<Self> = faults.timeline.iter().cloned().map(|entry| Self::Fault(Box::new(entry))).collect();
        all.extend(faults.messages.iter().cloned().map(Self::Message));
        all.extend(operations(&policy, &faults.omit).into_iter().map(Self::Operation));
        all.extend((0..policy.clients).map(ClientId).map(Self::Client));
        all.extend(cast.iter().flat_map(Cast::nodes).map(Self::Node));
        all.extend((!scenario.network.loss.is_never()).then_some(Self::Loss));
        all.extend((!scenario.network.duplicate.is_never()).then_some(Self::Duplicates));
        all
    }

    /// The case without it, as far as there can be one.
    pub(super) fn without(&self, scenario: &Scenario, groups: &[&str]) -> Option<Scenario> {
        let mut without = scenario.clone();
        match self {
            Self::Fault(entry) => without.faults.timeline.retain(|other| other.id != entry.id),
            Self::Message(fixed) => without.faults.messages.retain(|other| other != fixed),
            Self::Operation(op) => without.faults.omit.push(*op),
            Self::Client(client) => without_client(&mut without, *client),
            Self::Node(node) => return without_node(scenario, *node, groups),
            Self::Loss => without.network.loss = Ratio::NEVER,
            Self::Duplicates => without.network.duplicate = Ratio::NEVER,
        }
        Some(without)
    }

    /// Whether it is a client without any operation.
    pub(super) fn is_idle(&self, scenario: &Scenario) -> bool {
        let asks = |client: ClientId| {
            operations(&policy_of(scenario), &scenario.faults.omit).iter().any(|op| op.client == client)
        };
        matches!(self, Self::Client(client) if !asks(*client))
    }

    /// What kind of thing it is, for people who count.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Fault(_) => "fault",
            Self::Message(_) => "message",
            Self::Operation(_) => "operation",
            Self::Client(_) => "client",
            Self::Node(_) => "node",
            Self::Loss => "loss",
            Self::Duplicates => "duplicates",
        }
    }
}

/// Leaves the first clients, each with the operations that it had.
pub(super) fn keep_clients(scenario: &mut Scenario, count: u32) {
    let policy = policy_of(scenario);
    let all = u64::from(policy.clients.max(1));
    let quota = |client: u32| policy.ops / all + u64::from(u64::from(client) < policy.ops % all);
    set(scenario, "ops", (0..count).map(quota).sum::<u64>());
    set(scenario, "clients", count);
    scenario.faults.omit.retain(|op| op.client.0 < count);
    let is_there = |end: End| !matches!(end, End::Client { client } if client.0 >= count);
    scenario.faults.messages.retain(|fixed| is_there(fixed.from) && is_there(fixed.to));
    if !policy.script.is_empty() {
        let script: Vec<_> = policy.script.into_iter().filter(|scripted| scripted.client.0 < count).collect();
        set(scenario, "script", script);
    }
}

/// Gives every client as many operations as the one that needs most of them has, and leaves out the others by name.
pub(super) fn share_evenly(scenario: &mut Scenario) {
    let policy = policy_of(scenario);
    let asked = operations(&policy, &scenario.faults.omit);
    ask_only(scenario, policy, &asked);
}

/// The case without one client: those behind it move up.
fn without_client(scenario: &mut Scenario, gone: ClientId) {
    let mut policy = policy_of(scenario);
    let moved = |client: ClientId| ClientId(client.0 - u32::from(client > gone));
    let asked = operations(&policy, &scenario.faults.omit).into_iter().filter(|op| op.client != gone);
    let asked: Vec<OpId> = asked.map(|op| OpId { client: moved(op.client), n: op.n }).collect();
    policy.clients -= 1;
    policy.script.retain(|scripted| scripted.client != gone);
    policy.script.iter_mut().for_each(|scripted| scripted.client = moved(scripted.client));
    let end = |end: &mut End| match end {
        End::Client { client } if *client == gone => false,
        End::Client { client } => {
            *client = moved(*client);
            true
        }
        End::Node(_) => true,
    };
    scenario.faults.messages.retain_mut(|fixed| end(&mut fixed.from) && end(&mut fixed.to));
    set(scenario, "clients", policy.clients);
    if !policy.script.is_empty() {
        set(scenario, "script", &policy.script);
    }
    ask_only(scenario, policy, &asked);
}

/// Lets clients ask these operations and no others.
fn ask_only(scenario: &mut Scenario, mut policy: ClientPolicy, asked: &[OpId]) {
    let drawn = |op: &&OpId| policy.script.iter().all(|scripted| scripted.client != op.client);
    let most = asked.iter().filter(drawn).map(|op| op.n + 1).max().unwrap_or(0);
    policy.ops = most * u64::from(policy.clients);
    set(scenario, "ops", policy.ops);
    scenario.faults.omit = operations(&policy, asked);
}

/// The case without one node: those behind it move up, and what was about it alone goes with it.
fn without_node(scenario: &Scenario, gone: NodeId, groups: &[&str]) -> Option<Scenario> {
    let mut without = scenario.clone();
    let cast = scenario.nodes.cast(groups).ok()?;
    let group = &cast.groups()[cast.group_of(gone)];
    match &mut without.nodes {
        Nodes::Count(count) => *count = count.checked_sub(1).filter(|&count| count > 0)?,
        Nodes::Groups(sizes) => {
            let GroupSize { members, spare } = sizes.get_mut(&group.name)?;
            let counted = if group.members.contains(&gone.0) { members } else { spare };
            *counted = counted.checked_sub(1)?;
        }
    }
    let moved = |node: NodeId| NodeId(node.0 - u32::from(node > gone));
    let left = |nodes: &NodeSet| nodes.iter().filter(|&node| node != gone).map(moved).collect::<NodeSet>();
    let end = |end: End| match end {
        End::Node(node) => (node != gone).then(|| End::Node(moved(node))),
        End::Client { .. } => Some(end),
    };
    let faults = &mut without.faults;
    faults.timeline.retain_mut(|entry| entry_among(entry, &left));
    faults.messages.retain_mut(|fixed| {
        let ends = end(fixed.from).zip(end(fixed.to));
        ends.map(|ends| (fixed.from, fixed.to) = ends).is_some()
    });
    faults.draws.retain(|fixed| fixed.node != gone);
    faults.draws.iter_mut().for_each(|fixed| fixed.node = moved(fixed.node));
    let network = &mut without.network;
    network.zones.values_mut().for_each(|nodes| *nodes = left(nodes));
    network.links.retain(|link| link.from != gone && link.to != gone);
    network.links.iter_mut().for_each(|link| (link.from, link.to) = (moved(link.from), moved(link.to)));
    let mut script = policy_of(scenario).script;
    if !script.is_empty() {
        script.iter_mut().for_each(|scripted| scripted.to = scripted.to.filter(|&to| to != gone).map(moved));
        set(&mut without, "script", script);
    }
    Some(without)
}

/// Confines an entry to the nodes that are left; whether anything of it is.
fn entry_among(entry: &mut Entry, left: &impl Fn(&NodeSet) -> NodeSet) -> bool {
    let mut strikes = true;
    if let Who::Nodes(nodes) = &mut entry.who {
        *nodes = left(nodes);
        strikes = !nodes.is_empty();
    }
    let Some(links) = entry.kind.links_mut().filter(|links| !links.cut.is_empty()) else { return strikes };
    for cut in &mut links.cut {
        *cut = Cut { from: left(&cut.from), to: left(&cut.to) };
    }
    links.cut.retain(is_of_links);
    if !strikes {
        entry.who = Who::Any;
    }
    !links.cut.is_empty()
}

/// Whether there is a link from one side to the other.
pub(super) fn is_of_links(cut: &Cut) -> bool {
    cut.from.iter().any(|from| cut.to.iter().any(|to| from != to))
}

/// An entry in a few words: its name and whom it strikes.
pub(super) fn brief(entry: &Entry) -> String {
    let Entry { id, kind, who, .. } = entry;
    match (kind.links(), who) {
        (Some(links), _) if !links.cut.is_empty() => {
            let pairs: Vec<String> = links.cut.iter().map(|cut| format!("{}->{}", cut.from, cut.to)).collect();
            format!("{id} on {}", pairs.join(" "))
        }
        (None, Who::Nodes(nodes)) => {
            let inside = if kind.lies_in_wait() && !matches!(kind, Fault::SyncFail {}) { " inside a turn" } else { "" };
            let names: Vec<String> = nodes.iter().map(|node| node.to_string()).collect();
            format!("{id} of {}{inside}", names.join(" "))
        }
        _ => id.clone(),
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault(entry) => f.write_str(&brief(entry)),
            Self::Message(MessageOverride { from, to, kind, nth, fate, .. }) => {
                let end = |end: &End| crate::ids::Endpoint::from(*end);
                let fate = match fate {
                    FixedFate::Drop => "lost".to_owned(),
                    FixedFate::Deliver(delay) => format!("after {delay}"),
                    FixedFate::Twice(first, second) => format!("twice, after {first} and {second}"),
                };
                write!(f, "{kind} {nth} from {} to {} {fate}", end(from), end(to))
            }
            Self::Operation(op) => write!(f, "operation {op}"),
            Self::Client(client) => write!(f, "client {client}"),
            Self::Node(node) => write!(f, "node {node}"),
            Self::Loss => f.write_str("lost messages"),
            Self::Duplicates => f.write_str("doubled messages"),
        }
    }
}

impl Serialize for Element {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
