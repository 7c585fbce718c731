//! The `nodes` of a scenario: how many, in which groups. Read by hand rather than by trying one spelling after
//! another, so that an error within names its place.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::ScenarioError;
use crate::params::unknown;
use crate::process::Cast;

/// How many nodes there are, in which groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Nodes {
    /// So many, all in the protocol's first group.
    Count(u32),
    /// By the names of the protocol's groups.
    Groups(BTreeMap<String, GroupSize>),
}

/// The size of one group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GroupSize {
    /// Nodes that boot when the run starts.
    pub members: u32,
    /// Nodes that first boot when the plan says so.
    pub spare: u32,
}

/// A [`GroupSize`] that has spare nodes, as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WithSpare {
    members: u32,
    #[serde(default)]
    spare: u32,
}

impl Nodes {
    /// The cast for a protocol with these groups.
    ///
    /// # Errors
    /// There are no nodes, too many of them, or in a group that the protocol does not have.
    pub fn cast(&self, groups: &[&str]) -> Result<Cast, ScenarioError> {
        let sizes: Vec<(&str, u32, u32)> = match self {
            Self::Count(count) => groups.first().map(|&group| (group, *count, 0)).into_iter().collect(),
            Self::Groups(sizes) => {
                known_groups(sizes, groups)?;
                let size = |&group: &&'_ str| sizes.get(group).copied().unwrap_or_default();
                groups.iter().map(|group| (*group, size(group).members, size(group).spare)).collect()
            }
        };
        let total: u64 = sizes.iter().map(|&(_, members, spare)| u64::from(members) + u64::from(spare)).sum();
        let members: u64 = sizes.iter().map(|&(_, members, _)| u64::from(members)).sum();
        if members == 0 {
            return Err(ScenarioError::new("nodes", "a cluster needs at least one node that starts by itself"));
        }
        if total > u64::from(NODES_MAX) {
            return Err(ScenarioError::new("nodes", format!("{total} nodes are too many; {NODES_MAX} is the most")));
        }
        Ok(Cast::new(&sizes))
    }
}

/// A cluster of more nodes than this does not fit the memory of common machines.
const NODES_MAX: u32 = 100_000_000;

fn known_groups(sizes: &BTreeMap<String, GroupSize>, groups: &[&str]) -> Result<(), ScenarioError> {
    let Some(stranger) = sizes.keys().find(|name| !groups.contains(&name.as_str())) else { return Ok(()) };
    let message = unknown(&format!("the protocol has no group {stranger:?}"), stranger, groups.iter().copied());
    Err(ScenarioError::new(format!("nodes.{stranger}"), message))
}

impl Serialize for Nodes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Count(count) => count.serialize(serializer),
            Self::Groups(groups) => groups.serialize(serializer),
        }
    }
}

impl Serialize for GroupSize {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self { members, spare: 0 } => members.serialize(serializer),
            Self { members, spare } => WithSpare { members, spare }.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Nodes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NodesVisitor;
        impl<'de> Visitor<'de> for NodesVisitor {
            type Value = Nodes;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of nodes, or groups of them such as {\"coordinator\": 1, \"participant\": 3}")
            }
            fn visit_u64<E: Error>(self, count: u64) -> Result<Nodes, E> {
                whole(count).map(Nodes::Count)
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Nodes, A::Error> {
                BTreeMap::deserialize(MapAccessDeserializer::new(map)).map(Nodes::Groups)
            }
        }
        deserializer.deserialize_any(NodesVisitor)
    }
}

impl<'de> Deserialize<'de> for GroupSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SizeVisitor;
        impl<'de> Visitor<'de> for SizeVisitor {
            type Value = GroupSize;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of nodes, or {\"members\": 3, \"spare\": 2}")
            }
            fn visit_u64<E: Error>(self, count: u64) -> Result<GroupSize, E> {
                whole(count).map(|members| GroupSize { members, spare: 0 })
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<GroupSize, A::Error> {
                let WithSpare { members, spare } = WithSpare::deserialize(MapAccessDeserializer::new(map))?;
                Ok(GroupSize { members, spare })
            }
        }
        deserializer.deserialize_any(SizeVisitor)
    }
}

fn whole<E: Error>(count: u64) -> Result<u32, E> {
    u32::try_from(count).map_err(|_| E::custom(format!("{count} nodes are too many; {NODES_MAX} is the most")))
}

impl JsonSchema for Nodes {
    fn schema_name() -> Cow<'static, str> {
        "Nodes".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "How many nodes, all in the protocol's first group; or by the names of its groups.",
            "anyOf": [
                { "type": "integer", "minimum": 1, "maximum": NODES_MAX },
                {
                    "type": "object",
                    "additionalProperties": { "anyOf": [
                        { "type": "integer", "minimum": 0, "maximum": NODES_MAX },
                        {
                            "type": "object",
                            "properties": {
                                "members": {
                                    "description": "Nodes that boot when the run starts.",
                                    "type": "integer", "minimum": 0, "maximum": NODES_MAX,
                                },
                                "spare": {
                                    "description": "Nodes that first boot when the plan says so.",
                                    "type": "integer", "minimum": 0, "maximum": NODES_MAX,
                                },
                            },
                            "required": ["members"],
                            "additionalProperties": false,
                        },
                    ] },
                },
            ],
        })
    }
}
