//! From raw JSON to typed settings, with errors that name the place.

use std::any::TypeId;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::ScenarioError;
use super::error::join;
use super::strict::Strictly;
use crate::params::unknown;
use crate::workload::ClientPolicy;

/// `value`, which stands at `path`, as typed settings.
///
/// # Errors
/// The field that is unknown, missing or not of its type.
pub fn typed<T: DeserializeOwned>(value: &Value, path: &str) -> Result<T, ScenarioError> {
    serde_path_to_error::deserialize(Strictly(value)).map_err(|error| ScenarioError::of_serde(&error, value, path))
}

/// The `workload` section in two: what every protocol shares, and the protocol's own part.
///
/// # Errors
/// The field that is unknown to both, missing or not of its type.
pub fn split_workload<T: DeserializeOwned + JsonSchema + 'static>(
    workload: &Map<String, Value>,
) -> Result<(ClientPolicy, T), ScenarioError> {
    let shared = fields_of::<ClientPolicy>();
    let own = fields_of::<T>();
    if let Some(stranger) = workload.keys().find(|name| !shared.contains(*name) && !own.contains(*name)) {
        let known = own.union(&shared).map(String::as_str);
        return Err(ScenarioError::new(join("workload", stranger), unknown("unknown field", stranger, known)));
    }
    let policy = Value::Object(part(workload, &shared));
    let protocols = Value::Object(part(workload, &own));
    Ok((typed(&policy, "workload")?, typed(&protocols, "workload")?))
}

/// What every protocol's clients share, and the fields that are the workload's own.
///
/// # Errors
/// A shared field is not of its type.
pub fn shared_policy(workload: &Map<String, Value>) -> Result<(ClientPolicy, Map<String, Value>), ScenarioError> {
    let shared = part(workload, &fields_of::<ClientPolicy>());
    let own = workload.iter().filter(|(name, _)| !shared.contains_key(*name));
    let own = own.map(|(name, value)| (name.clone(), value.clone())).collect();
    Ok((typed(&Value::Object(shared), "workload")?, own))
}

fn part(workload: &Map<String, Value>, names: &BTreeSet<String>) -> Map<String, Value> {
    let fields = workload.iter().filter(|(name, _)| names.contains(*name));
    fields.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The fields of a type, as its schema lists them, those of its alternatives included. To make a schema takes longer
/// than a short run, and a campaign asks at each: what a type has does not change.
fn fields_of<T: JsonSchema + 'static>() -> Arc<BTreeSet<String>> {
    static KNOWN: Mutex<BTreeMap<TypeId, Arc<BTreeSet<String>>>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let fields = known.entry(TypeId::of::<T>()).or_insert_with(|| {
        let mut names = BTreeSet::new();
        collect_fields(super::section::<T>().as_value(), &mut names);
        Arc::new(names)
    });
    Arc::clone(fields)
}

fn collect_fields(schema: &Value, names: &mut BTreeSet<String>) {
    if let Some(fields) = schema.get("properties").and_then(Value::as_object) {
        names.extend(fields.keys().cloned());
    }
    for key in ["oneOf", "anyOf", "allOf"] {
        let alternatives = schema.get(key).and_then(Value::as_array);
        alternatives.into_iter().flatten().for_each(|alternative| collect_fields(alternative, names));
    }
}
