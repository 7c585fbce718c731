//! Single settings of a scenario, by their paths: `network.loss`, `params.election_timeout[1]`.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::error::join;
use super::explain::show;

/// One step of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step<'a> {
    Field(&'a str),
    Item(usize),
}

/// The steps of a path.
fn steps(path: &str) -> Result<Vec<Step<'_>>, String> {
    let mut steps = Vec::new();
    for part in path.split('.') {
        let (name, items) = part.find('[').map_or((part, ""), |at| part.split_at(at));
        if name.is_empty() {
            return Err(format!(
                "{path:?} is no path of a setting, such as network.loss or params.election_timeout[1]"
            ));
        }
        steps.push(Step::Field(name));
        for item in items.split_terminator(']') {
            let number = item.strip_prefix('[').and_then(|number| number.parse().ok());
            steps.push(Step::Item(number.ok_or_else(|| format!("{path:?}: expected an item's number, such as [0]"))?));
        }
    }
    Ok(steps)
}

/// Gives a setting a value. What is above it is made where it is not there.
///
/// # Errors
/// What is above it is there, and can hold no such setting.
pub fn put(scenario: &mut Value, path: &str, value: Value) -> Result<(), String> {
    let mut at = scenario;
    let mut seen = String::new();
    for step in steps(path)? {
        match step {
            Step::Field(name) => {
                if at.is_null() {
                    *at = Value::Object(Map::new());
                }
                let found = show(at);
                let fields = at.as_object_mut();
                at = fields.ok_or_else(|| holds_no(&seen, name, &found))?.entry(name).or_insert(Value::Null);
                seen = join(&seen, name);
            }
            Step::Item(n) => {
                let found = show(at);
                let item = at.as_array_mut().and_then(|items| items.get_mut(n));
                at = item.ok_or_else(|| holds_no(&seen, &format!("[{n}]"), &found))?;
                seen = format!("{seen}[{n}]");
            }
        }
    }
    *at = value;
    Ok(())
}

fn holds_no(path: &str, step: &str, found: &str) -> String {
    let found = if found == "null" { "nothing".to_owned() } else { found.to_owned() };
    format!("{path}: the scenario has {found} here, in which there is no {step}; state it there first")
}

/// The value of a setting, if the scenario states it.
#[must_use]
pub fn get<'a>(scenario: &'a Value, path: &str) -> Option<&'a Value> {
    steps(path).ok()?.into_iter().try_fold(scenario, |at, step| match step {
        Step::Field(name) => at.get(name),
        Step::Item(n) => at.get(n),
    })
}

/// A path without the numbers of items, by which all items of a list share one name: `params.election_timeout[]`.
#[must_use]
pub fn nameless(path: &str) -> String {
    let mut named = String::new();
    let mut within = false;
    for letter in path.chars() {
        match letter {
            '[' => within = true,
            ']' => within = false,
            _ if within => continue,
            _ => {}
        }
        named.push(letter);
    }
    named
}

/// Deeper than this no setting lies.
const DEPTH: usize = 8;

/// The paths of all settings that scenarios of these protocols may have, by the published schema. Items of lists are
/// [`nameless`].
#[must_use]
pub fn all_paths(schema: &Value) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    gather(schema, schema, "", DEPTH, &mut paths);
    paths.remove("$schema");
    paths
}

fn gather(schema: &Value, root: &Value, path: &str, depth: usize, paths: &mut BTreeSet<String>) {
    if depth == 0 {
        return;
    }
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        // What leaves a setting open is no setting.
        if target != "#/$defs/open"
            && let Some(target) = root.pointer(target.trim_start_matches('#'))
        {
            gather(target, root, path, depth, paths);
        }
    }
    for (name, field) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let deeper = join(path, name);
        gather(field, root, &deeper, depth - 1, paths);
        paths.insert(deeper);
    }
    let items = schema.get("items").into_iter();
    let first = schema.get("prefixItems").and_then(Value::as_array).into_iter().flatten();
    for item in items.chain(first).filter(|item| item.is_object()) {
        let deeper = format!("{path}[]");
        gather(item, root, &deeper, depth - 1, paths);
        paths.insert(deeper);
    }
    for key in ["anyOf", "oneOf", "allOf"] {
        let alternatives = schema.get(key).and_then(Value::as_array);
        alternatives.into_iter().flatten().for_each(|alternative| gather(alternative, root, path, depth, paths));
    }
    if let Some(then) = schema.get("then") {
        gather(then, root, path, depth, paths);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn settings_are_found_by_their_paths() {
        let mut scenario = json!({ "nodes": 5, "params": { "election_timeout": ["150ms", "300ms"] } });
        put(&mut scenario, "params.election_timeout[1]", "200ms".into()).unwrap();
        put(&mut scenario, "network.loss", "1%".into()).unwrap();
        let expected =
            json!({ "nodes": 5, "params": { "election_timeout": ["150ms", "200ms"] }, "network": { "loss": "1%" } });
        assert_eq!(scenario, expected);
        assert_eq!(get(&scenario, "params.election_timeout[0]"), Some(&"150ms".into()));
        assert_eq!(get(&scenario, "params.heartbeat"), None);
        let refused = |path: &str| put(&mut scenario.clone(), path, Value::Null).unwrap_err();
        assert_eq!(
            refused("nodes.replica"),
            "nodes: the scenario has the number 5 here, in which there is no replica; state it there first"
        );
        assert_eq!(
            refused("params.heartbeat[1]"),
            "params.heartbeat: the scenario has nothing here, in which there is no [1]; state it there first"
        );
        assert!(refused("network..loss").contains("no path of a setting"));
        assert!(refused("a[x]").contains("expected an item's number"));
        assert_eq!(nameless("faults.timeline[12].at"), "faults.timeline[].at");
    }

    #[test]
    fn the_schema_knows_all_paths() {
        let protocols: Vec<_> = crate::lab::BUILT_IN.iter().map(|experiment| experiment.schema()).collect();
        let paths = all_paths(crate::scenario::schema(&protocols).as_value());
        let known = [
            "nodes",
            "network.loss",
            "network.latency.exponential.mean",
            "params.election_timeout",
            "params.election_timeout[]",
            "params.detector.passive.shift",
            "workload.ops",
            "workload.clients",
            "faults.crash.every",
            "faults.crash.down.exponential.mean",
            "faults.timeline[].at",
            "disk.sync",
            "clock.drift_ppm",
            "run_for",
        ];
        for path in known {
            assert!(paths.contains(path), "{path} of {paths:?}");
        }
        assert!(paths.iter().all(|path| !path.contains("one_of")), "{paths:?}");
    }
}
