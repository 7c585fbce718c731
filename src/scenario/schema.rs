//! The published JSON schema of scenario files, for editors: it completes fields, shows what they mean, and marks
//! what is wrong while it is typed.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

use super::choice::OPEN_SECTIONS;
use super::{FORMAT, Scenario};
use crate::workload::ClientPolicy;

/// What the schema says of one protocol.
#[derive(Clone, Debug)]
pub struct ProtocolSchema<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it is, in a sentence.
    pub about: &'a str,
    /// Its settings, from [`section`].
    pub params: Schema,
    /// Its part of the workload's settings, from [`section`].
    pub workload: Schema,
    /// The names of its planted mistakes.
    pub bugs: Vec<&'a str>,
    /// The names of its properties.
    pub properties: Vec<&'a str>,
}

/// The schema of one section, complete in itself.
#[must_use]
pub fn section<T: JsonSchema>() -> Schema {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    settings.into_generator().into_root_schema_for::<T>()
}

/// The schema of scenario files for these protocols.
#[must_use]
pub fn schema(protocols: &[ProtocolSchema<'_>]) -> Schema {
    let mut root = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Scenario>();
    root.insert("title".to_owned(), "seedstorm scenario".into());
    let names: Vec<&str> = protocols.iter().map(|protocol| protocol.name).collect();
    let nodes = section::<super::Nodes>();
    let network = section::<crate::sim::world::NetworkConfig>();
    if let Some(fields) = root.get_mut("properties").and_then(Value::as_object_mut) {
        fields.insert(
            "seedstorm".to_owned(),
            json!({ "description": "The version of the file format.", "const": FORMAT }),
        );
        fields
            .insert("protocol".to_owned(), json!({ "description": "The protocol that the nodes run.", "enum": names }));
        for (name, part) in [("nodes", nodes), ("network", network)] {
            fields.insert(name.to_owned(), open(part.to_value()));
        }
        for name in OPEN_SECTIONS {
            fields.entry(name).or_insert_with(|| json!({ "type": "object" }));
        }
        fields.insert(
            "$schema".to_owned(),
            json!({ "description": "Where this schema is, for editors.", "type": "string" }),
        );
    }
    if let Some(definitions) = root.ensure_object().entry("$defs").or_insert_with(|| json!({})).as_object_mut() {
        definitions.insert("open".to_owned(), open_setting());
    }
    root.insert("allOf".to_owned(), protocols.iter().map(for_protocol).collect());
    root
}

/// What holds where a file names this protocol.
fn for_protocol(protocol: &ProtocolSchema<'_>) -> Value {
    let mut then = Map::new();
    then.insert("params".to_owned(), open(protocol.params.clone().to_value()));
    then.insert(
        "workload".to_owned(),
        open(merged(section::<ClientPolicy>().to_value(), protocol.workload.clone().to_value())),
    );
    then.insert("bug".to_owned(), json!({ "enum": protocol.bugs }));
    then.insert("checks".to_owned(), json!({ "items": { "enum": protocol.properties } }));
    then.insert(
        "expect".to_owned(),
        json!({ "anyOf": [
        { "const": "holds" },
        { "type": "object", "properties": { "violates": { "enum": protocol.properties } }, "required": ["violates"] },
    ] }),
    );
    json!({
        "if": { "properties": { "protocol": { "const": protocol.name } }, "required": ["protocol"] },
        "then": { "description": protocol.about, "properties": then },
    })
}

/// One object with the fields of both. Alternatives of the protocol's part are kept as a union of their fields: the
/// shared fields stand beside them in one object, where each alternative alone would refuse them.
fn merged(mut shared: Value, own: Value) -> Value {
    let mut fields = Map::new();
    gather(&own, &mut fields);
    if let Some(known) = shared.get_mut("properties").and_then(Value::as_object_mut) {
        known.extend(fields);
    }
    shared
}

fn gather(schema: &Value, fields: &mut Map<String, Value>) {
    for (name, field) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        match fields.get_mut(name) {
            Some(known) if known != field => *known = json!({ "anyOf": [known.take(), field] }),
            Some(_) => {}
            None => drop(fields.insert(name.clone(), field.clone())),
        }
    }
    for key in ["oneOf", "anyOf"] {
        let alternatives = schema.get(key).and_then(Value::as_array);
        alternatives.into_iter().flatten().for_each(|alternative| gather(alternative, fields));
    }
}

/// A setting that is left open, for any value.
fn open_setting() -> Value {
    json!({
        "description": "A setting that each seed draws anew.",
        "oneOf": [
            {
                "type": "object",
                "properties": { "one_of": {
                    "description": "One of these.",
                    "type": "array", "minItems": 1,
                } },
                "required": ["one_of"],
                "additionalProperties": false,
            },
            {
                "type": "object",
                "properties": { "between": {
                    "description": "Between two whole numbers, two durations or two probabilities, both included.",
                    "type": "array", "minItems": 2, "maxItems": 2, "items": { "type": ["integer", "string"] },
                } },
                "required": ["between"],
                "additionalProperties": false,
            },
        ],
    })
}

/// The same schema, in which it and every value within may be left open.
fn open(mut schema: Value) -> Value {
    open_within(&mut schema);
    let description = schema.get("description").cloned();
    let mut either = json!({ "anyOf": [schema, { "$ref": "#/$defs/open" }] });
    if let (Some(description), Some(either)) = (description, either.as_object_mut()) {
        either.insert("description".to_owned(), description);
    }
    either
}

fn open_within(schema: &mut Value) {
    let Some(schema) = schema.as_object_mut() else { return };
    for key in ["properties", "patternProperties"] {
        if let Some(fields) = schema.get_mut(key).and_then(Value::as_object_mut) {
            fields.values_mut().for_each(|field| *field = open(field.take()));
        }
    }
    for key in ["items", "additionalProperties"] {
        if let Some(inner) = schema.get_mut(key).filter(|inner| inner.is_object()) {
            *inner = open(inner.take());
        }
    }
    if let Some(items) = schema.get_mut("prefixItems").and_then(Value::as_array_mut) {
        items.iter_mut().for_each(|item| *item = open(item.take()));
    }
    for key in ["anyOf", "oneOf", "allOf"] {
        let alternatives = schema.get_mut(key).and_then(Value::as_array_mut);
        alternatives.into_iter().flatten().for_each(open_within);
    }
}
