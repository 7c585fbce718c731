//! What a failing run leaves behind: everything that replaying it needs, and what it showed.

use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::document::text_of;
use super::locate::locate;
use super::strict::Strict;
use super::{Expect, FORMAT, Scenario, ScenarioError, typed};
use crate::fault::spec::Faults;
use crate::fault::{FaultKind, FaultPlan};
use crate::rng::{Digest, Seed};
use crate::sim::Failure;

/// A failing run, as it can be run again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reproducer {
    /// The version of the file format.
    pub seedstorm: u32,
    /// The version of the program that wrote it.
    #[serde(default)]
    pub version: String,
    /// The revision of its source, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// The one seed that the run began from. The plan holds what it stood for.
    #[serde(default)]
    pub seed: Option<Seed>,
    /// The scenario with everything drawn that it left open. It is not drawn from again.
    pub scenario: Scenario,
    /// The plan, with every draw made.
    pub plan: FaultPlan,
    /// What was found.
    #[serde(default)]
    pub verdict: Option<Failure>,
    /// The digest of the whole run.
    #[serde(default)]
    pub digest: Option<Digest>,
    /// How many events it had.
    #[serde(default)]
    pub events: Option<u64>,
}

/// A reproducer as it was loaded, with what was strange about its file.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The reproducer.
    pub reproducer: Reproducer,
    /// What a person should know before relying on it, each in a sentence.
    pub notes: Vec<String>,
}

impl Reproducer {
    /// Writes it to a file, whole or not at all: it is written aside and then renamed.
    ///
    /// # Errors
    /// The folder does not exist or cannot be written to.
    pub fn save(&self, path: &Path) -> io::Result<()> {
        let mut aside = aside_in(folder_of(path))?;
        serde_json::to_writer_pretty(&mut aside, self)?;
        aside.write_all(b"\n")?;
        aside.flush()?;
        aside.as_file().sync_all()?;
        aside.persist(path)?;
        Ok(())
    }

    /// Reads it from a file. A file of another version, or one that was edited, is read as far as it goes: fields
    /// that are not known are left out, and a note names them.
    ///
    /// # Errors
    /// It cannot be read, is no reproducer, or something in it is missing or not of its type.
    pub fn load(path: &Path) -> Result<Loaded, ScenarioError> {
        let text = text_of(path)?;
        let mut loaded = Self::parse(&text).map_err(|mut error| {
            error.file = Some(path.display().to_string());
            error
        })?;
        let file = path.display();
        loaded.notes.iter_mut().for_each(|note| *note = format!("{file}: {note}"));
        Ok(loaded)
    }

    /// Reads it from a text, as [`load`](Reproducer::load) does.
    ///
    /// # Errors
    /// It is no reproducer, or something in it is missing or not of its type.
    pub fn parse(text: &str) -> Result<Loaded, ScenarioError> {
        let Strict(mut value) = serde_json::from_str(text).map_err(|error| ScenarioError::not_json(text, &error))?;
        not_a_scenario(&value)?;
        let mut notes = strange_entries(&mut value);
        let reproducer: Self = loop {
            match typed(&value, "") {
                Ok(reproducer) => break reproducer,
                Err(error)
                    if notes.len() < NOTES_MAX && error.is_unknown_field() && remove(&mut value, &error.path) =>
                {
                    notes.push(left_out_note(&error.path));
                }
                Err(mut error) => {
                    error.place = Some(locate(text, &error.path, &|_| None));
                    return Err(error);
                }
            }
        };
        if reproducer.seedstorm != FORMAT {
            notes
                .push(format!("it has version {} of the format; this seedstorm writes {FORMAT}", reproducer.seedstorm));
        }
        if reproducer.version != env!("CARGO_PKG_VERSION") {
            let ours = env!("CARGO_PKG_VERSION");
            notes.push(format!(
                "it was written by seedstorm {:?}; this is {ours}, under which the run may differ",
                reproducer.version
            ));
        }
        Ok(Loaded { reproducer, notes })
    }

    /// Takes out what only another version knows, if that is what is wrong; a note names it.
    pub fn leave_out(&mut self, error: &ScenarioError) -> Option<String> {
        let left_out = self.leave_out_setting(error) || self.leave_out_name(&error.path);
        left_out.then(|| left_out_note(&error.path))
    }

    /// A setting of the protocol or of its workload.
    fn leave_out_setting(&mut self, error: &ScenarioError) -> bool {
        let sections =
            [("scenario.params.", &mut self.scenario.params), ("scenario.workload.", &mut self.scenario.workload)];
        let found = sections.into_iter().find_map(|(start, section)| Some((section, error.path.strip_prefix(start)?)));
        let Some((section, path)) = found else { return false };
        let mut value = Value::Object(std::mem::take(section));
        let removed = error.is_unknown_field() && remove(&mut value, path);
        if let Value::Object(fields) = value {
            *section = fields;
        }
        removed
    }

    /// A name in the plan that the protocol of this version does not have; and what the scenario says of the faults
    /// that were drawn and of the verdict that was expected, without which it can be replayed as well.
    fn leave_out_name(&mut self, path: &str) -> bool {
        if self.version == env!("CARGO_PKG_VERSION") {
            return false;
        }
        let place = |list: &str| path.strip_prefix(list)?.split_once(']')?.0.parse::<usize>().ok();
        if path.starts_with("scenario.faults") {
            self.scenario.faults = Faults::default();
        } else if path.starts_with("scenario.expect") {
            self.scenario.expect = Expect::default();
        } else if let Some(place) = place("plan.timeline[").filter(|&place| place < self.plan.timeline.len()) {
            self.plan.timeline.remove(place);
        } else if let Some(place) = place("plan.messages[").filter(|&place| place < self.plan.messages.len()) {
            self.plan.messages.remove(place);
        } else {
            return false;
        }
        true
    }
}

fn left_out_note(path: &str) -> String {
    format!("{path} is not known here and is left out")
}

/// Takes out the entries of a timeline whose kind is not known, with a note for each.
fn strange_entries(value: &mut Value) -> Vec<String> {
    let timeline = value.pointer_mut("/plan/timeline").and_then(Value::as_array_mut);
    let Some(timeline) = timeline else { return Vec::new() };
    let is_known = |entry: &Value| match entry.get("kind").and_then(Value::as_object) {
        Some(kind) if kind.len() == 1 => kind.keys().all(|name| FaultKind::ALL.iter().any(|kind| kind.name() == name)),
        _ => true,
    };
    let strange = (0..).zip(timeline.iter()).filter(|(_, entry)| !is_known(entry));
    let notes = strange.map(|(n, _): (usize, _)| left_out_note(&format!("plan.timeline[{n}].kind"))).collect();
    timeline.retain(is_known);
    notes
}

/// A file with more strange fields than this is something else.
const NOTES_MAX: usize = 100;

/// The folder that a file is to be in.
#[must_use]
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A temporary file beside its target, with the permissions of any other new file.
///
/// # Errors
/// The folder does not exist or cannot be written to.
pub fn aside_in(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".seedstorm-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

fn not_a_scenario(value: &Value) -> Result<(), ScenarioError> {
    let has = |field| value.get(field).is_some();
    if has("plan") && has("scenario") {
        return Ok(());
    }
    let message = if has("protocol") {
        "this is a scenario, not a reproducer; a scenario is run with `seedstorm run`"
    } else {
        "this is no reproducer: it has no \"scenario\" and \"plan\""
    };
    Err(ScenarioError::new("", message))
}

/// Takes the field at `path` out; whether it was there.
fn remove(value: &mut Value, path: &str) -> bool {
    let (outer, name) = path.rsplit_once('.').unwrap_or(("", path));
    let pointer: String = outer
        .split(['.', '['])
        .filter(|step| !step.is_empty())
        .map(|step| format!("/{}", step.trim_end_matches(']')))
        .collect();
    let fields = value.pointer_mut(&pointer).and_then(Value::as_object_mut);
    fields.is_some_and(|fields| fields.remove(name).is_some())
}
