//! A scenario file: its text, its JSON value, and the way from there to a concrete scenario.

use std::io::ErrorKind;
use std::path::Path;

use serde_json::Value;

use super::choice::{self, Chooser, Picks};
use super::explain::show;
use super::locate::locate;
use super::strict::Strict;
use super::{FORMAT, Known, Scenario, ScenarioError, folder_of, typed};
use crate::fault::spec::SeedOverrides;
use crate::params::{nearest, unknown};
use crate::process::Cast;
use crate::rng::{Seed, Seeds};

/// Checks what only the protocol knows of a concrete scenario.
pub type Also<'a> = &'a mut dyn FnMut(&Scenario, &Cast) -> Result<(), ScenarioError>;

/// A scenario file, some of whose settings may be left open.
#[derive(Clone, Debug)]
pub struct Document {
    file: Option<String>,
    text: String,
    value: Value,
}

impl Document {
    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read, or it is not a JSON object of this version. A missing file names those that are near.
    pub fn load(path: &Path) -> Result<Self, ScenarioError> {
        let file = path.display().to_string();
        Self::read(Some(file), text_of(path)?)
    }

    /// Reads a text that came from nowhere in particular.
    ///
    /// # Errors
    /// It is not a JSON object of this version.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        Self::read(None, text.to_owned())
    }

    fn read(file: Option<String>, text: String) -> Result<Self, ScenarioError> {
        let Strict(mut value) = serde_json::from_str(&text).map_err(|error| {
            let error = ScenarioError::not_json(&text, &error);
            ScenarioError { file: file.clone(), ..error }
        })?;
        // What editors go by to find the schema is no part of the scenario.
        value.as_object_mut().and_then(|fields| fields.remove("$schema"));
        let document = Self { file, text, value };
        document.check_version().map_err(|error| document.place(error))?;
        Ok(document)
    }

    /// The file's name, if it came from one.
    #[must_use]
    pub fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }

    /// The JSON value, with open settings as they are written.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The protocol's name, if the file gives one.
    #[must_use]
    pub fn protocol(&self) -> Option<&str> {
        self.value.get("protocol").and_then(Value::as_str)
    }

    /// The four seeds of the run with this seed: what derives from it, or what the file puts in its place.
    ///
    /// # Errors
    /// The seeds in the file are malformed.
    pub fn seeds(&self, seed: Seed) -> Result<Seeds, ScenarioError> {
        let seeds = Seeds::derive(seed);
        let Some(given) = self.value.get("faults").and_then(|faults| faults.get("seeds")) else { return Ok(seeds) };
        let given: SeedOverrides = typed(given, "faults.seeds").map_err(|error| self.place(error))?;
        Ok(given.over(seeds))
    }

    /// The concrete scenario for this plan seed: open settings are drawn, and under a swarm the odds of the network.
    ///
    /// # Errors
    /// Something in the file is unknown, missing or not of its type.
    pub fn resolve(&self, plan_seed: Seed) -> Result<Scenario, ScenarioError> {
        let (mut scenario, _) = self.resolve_with(&mut Chooser::Drawn(plan_seed))?;
        scenario.swarm_network(plan_seed);
        Ok(scenario)
    }

    /// The concrete scenario for this plan seed, after what was drawn has been checked: of very many combinations of
    /// open settings [`check`](Document::check) has not seen all. `also` adds what only the protocol knows.
    ///
    /// # Errors
    /// The first thing that is wrong with what was drawn.
    pub fn draw(&self, plan_seed: Seed, known: &[Known<'_>], also: Also<'_>) -> Result<Scenario, ScenarioError> {
        let (mut scenario, picks) = self.resolve_with(&mut Chooser::Drawn(plan_seed))?;
        scenario.swarm_network(plan_seed);
        self.check_one(&scenario, &picks, known, also)?;
        Ok(scenario)
    }

    /// Puts a mistake to plant in the place of the one that the file names.
    pub fn plant(&mut self, bug: &str) {
        if let Some(fields) = self.value.as_object_mut() {
            fields.insert("bug".to_owned(), bug.into());
        }
    }

    /// Checks what the file says, under the alternatives of every open setting and not only under the drawn ones;
    /// `also` adds what only the protocol knows.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self, known: &[Known<'_>], also: Also<'_>) -> Result<(), ScenarioError> {
        Chooser::every(|chooser| {
            let (scenario, picks) = self.resolve_with(chooser)?;
            self.check_one(&scenario, &picks, known, also)
        })
    }

    fn check_one(
        &self,
        scenario: &Scenario,
        picks: &Picks,
        known: &[Known<'_>],
        also: Also<'_>,
    ) -> Result<(), ScenarioError> {
        let checked = scenario.validate(known).and_then(|cast| also(scenario, &cast));
        checked.map_err(|error| self.place_among(error, picks))
    }

    fn resolve_with(&self, chooser: &mut Chooser) -> Result<(Scenario, Picks), ScenarioError> {
        let mut picks = Picks::new();
        let resolved = choice::resolve(&self.value, chooser, &mut picks);
        let scenario = resolved.and_then(|value| typed(&value, ""));
        scenario.map_err(|error| self.place_among(error, &picks)).map(|scenario| (scenario, picks))
    }

    /// Adds to an error the file, and the line and column of its path.
    #[must_use]
    pub fn place(&self, error: ScenarioError) -> ScenarioError {
        self.place_among(error, &Picks::new())
    }

    fn place_among(&self, mut error: ScenarioError, picks: &Picks) -> ScenarioError {
        if error.place.is_none() {
            error.place = Some(locate(&self.text, &error.path, &|path| picks.get(path).copied()));
        }
        error.file.clone_from(&self.file);
        error
    }

    fn check_version(&self) -> Result<(), ScenarioError> {
        let Some(fields) = self.value.as_object() else {
            let message = format!("expected a scenario, which is an object, found {}", show(&self.value));
            return Err(ScenarioError::new("", message));
        };
        match fields.get("seedstorm") {
            Some(version) if version.as_u64() == Some(FORMAT.into()) => Ok(()),
            Some(version) => {
                let message = format!("this seedstorm reads version {FORMAT} of the format, found {}", show(version));
                Err(ScenarioError::new("seedstorm", message))
            }
            None => {
                let message = format!("\"seedstorm\" is missing; a scenario begins with \"seedstorm\": {FORMAT}");
                Err(ScenarioError::new("", message))
            }
        }
    }
}

/// The text of a file, without the mark with which some editors begin it.
pub(super) fn text_of(path: &Path) -> Result<String, ScenarioError> {
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(path, &error, &[".json"]))?;
    Ok(text.strip_prefix('\u{feff}').map_or_else(|| text.clone(), str::to_owned))
}

/// Why a file cannot be read, and which of its neighbours with these endings were perhaps meant.
#[must_use]
pub fn unreadable(path: &Path, error: &std::io::Error, endings: &[&str]) -> ScenarioError {
    let message = match error.kind() {
        ErrorKind::NotFound => missing(path, endings),
        ErrorKind::IsADirectory => "this is a folder; name a file in it".to_owned(),
        ErrorKind::InvalidData => "this is not text (UTF-8)".to_owned(),
        _ => format!("cannot be read: {error}"),
    };
    ScenarioError { file: Some(path.display().to_string()), place: None, path: String::new(), message }
}

fn missing(path: &Path, endings: &[&str]) -> String {
    let folder = folder_of(path);
    let Ok(entries) = std::fs::read_dir(folder) else {
        return format!("there is no such file, and no folder {}", folder.display());
    };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| endings.iter().any(|ending| name.ends_with(ending))).collect();
    names.sort_unstable();
    let word = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let near = nearest(word, names.iter().map(String::as_str));
    match near {
        _ if names.is_empty() => {
            format!("there is no such file, and no other {} in its folder", endings.join(" or "))
        }
        Some(near) => format!("there is no such file; did you mean {}?", folder.join(near).display()),
        None => unknown("there is no such file", word, names.iter().map(String::as_str).take(12)),
    }
}
