//! What a sweep is: a scenario, the settings that vary, how many seeds, and what is wanted of it.

use std::collections::BTreeSet;
use std::path::Path;

use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::axis::Axis;
use super::plot::Plot;
use super::sample::VIOLATIONS;
use super::until::Until;
use crate::campaign::Job;
use crate::lab::Experiment;
use crate::params::nearest;
use crate::scenario::setting::{all_paths, get, nameless, put};
use crate::scenario::{Document, FORMAT, ScenarioError, folder_of, schema, section, typed};

/// What a sweep is. Two with the same one, but for their charts, measure the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Design {
    /// What it is for, in a sentence.
    pub about: String,
    /// The scenario, before anything varies.
    pub scenario: Value,
    /// What varies.
    pub vary: Vec<Axis>,
    /// The seeds of every cell, from the first up to, and without, the other. All cells share them, so that curves
    /// differ by the settings and not by luck.
    pub seeds: [u64; 2],
    /// When a cell may end before its last seed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Until>,
    /// The quantities that are measured; all if none are named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<String>,
    /// The charts; those of common interest if none are named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub charts: Vec<Plot>,
}

/// A sweep as a file under `scenarios/sweeps` says it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct File {
    /// The version of the file format.
    #[serde(rename = "seedstorm")]
    _version: u32,
    /// What the sweep is for, in a sentence.
    #[serde(default)]
    about: String,
    /// The scenario's file, as seen from this one; or the scenario itself.
    scenario: Value,
    /// The axes of the grid; the last one goes round first.
    vary: Vec<Vary>,
    /// How many seeds each cell has; 200 if it is not said.
    #[serde(default)]
    seeds: Option<u64>,
    /// A cell ends once the interval of this figure is as narrow, looked at after 50, 100, 200, … seeds.
    #[serde(default)]
    until: Option<Until>,
    /// The quantities that are measured; all if none are named.
    #[serde(default)]
    metrics: Vec<String>,
    /// The charts; those of common interest if none are named.
    #[serde(default)]
    charts: Vec<Plot>,
}

/// An axis as a file says it: a path and its values, or a name and what each of its points sets.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Vary {
    /// The setting that varies, such as `network.loss`.
    #[serde(default)]
    path: Option<String>,
    /// Its values: a list, or a range such as `"0%..20%/2%"`.
    #[serde(default)]
    values: Option<Value>,
    /// What an axis is called that changes several settings, or one in ways that need words.
    #[serde(default)]
    name: Option<String>,
    /// Its points.
    #[serde(default)]
    points: Vec<At>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct At {
    /// What the point is called. A number, a duration or a percentage is also where it stands.
    at: String,
    /// Settings by their paths, with their values. A name that begins with `$` is no setting: wherever it stands as a
    /// value, this one is meant.
    set: Map<String, Value>,
}

/// The published JSON schema of sweep files.
#[must_use]
pub fn schema_of_sweeps() -> Schema {
    let mut schema = section::<File>();
    schema.insert("title".to_owned(), "seedstorm sweep".into());
    schema
}

/// What a command says beside its file.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// Further axes.
    pub vary: Vec<Axis>,
    /// How many seeds.
    pub seeds: Option<u64>,
    /// The first seed.
    pub from: u64,
    /// When a cell may end early.
    pub until: Option<Until>,
    /// What is measured.
    pub metrics: Vec<String>,
    /// A mistake to plant.
    pub bug: Option<String>,
}

/// As many seeds has a cell unless it is said otherwise.
const SEEDS: u64 = 200;

/// Whether a file holds a sweep and not a scenario.
#[must_use]
pub fn is_sweep(document: &Document) -> bool {
    document.value().get("vary").is_some()
}

impl Design {
    /// The sweep of this file, which holds a sweep or a scenario, with what else is wished.
    ///
    /// # Errors
    /// What is wrong with the file, or with a wish.
    pub fn load(path: &Path, wishes: Wishes) -> Result<Self, ScenarioError> {
        let document = Document::load(path)?;
        let mut design = if is_sweep(&document) {
            Self::read(&document, path)?
        } else if document.value().get("plan").is_some() && document.protocol().is_none() {
            let message = "this is a reproducer; a sweep varies the settings of a scenario";
            return Err(document.place(ScenarioError::new("", message)));
        } else {
            Self::around(document.value())
        };
        let Wishes { vary, seeds, from, until, metrics, bug } = wishes;
        for (n, axis) in vary.iter().enumerate() {
            if vary[..n].iter().any(|other| other.name == axis.name) {
                let message = format!("--vary {}: two axes change this setting; give all its values to one", axis.name);
                return Err(ScenarioError::new("", message));
            }
        }
        for axis in vary {
            // What a command says stands for what its file says of the same.
            match design.vary.iter_mut().find(|known| known.name == axis.name) {
                Some(known) => *known = axis,
                None => design.vary.push(axis),
            }
        }
        let count = seeds.unwrap_or(design.seeds[1]);
        let end = from.checked_add(count).filter(|_| count > 0);
        let end =
            end.ok_or_else(|| ScenarioError::new("", format!("--seeds: {count} from {from} are no seeds to run")))?;
        design.seeds = [from, end];
        design.until = until.or(design.until);
        if !metrics.is_empty() {
            design.metrics = metrics;
        }
        if let (Some(bug), Some(fields)) = (bug, design.scenario.as_object_mut()) {
            fields.insert("bug".to_owned(), bug.into());
        }
        Ok(design)
    }

    fn around(scenario: &Value) -> Self {
        let about = scenario.get("about").and_then(Value::as_str).unwrap_or_default().to_owned();
        Self {
            about,
            scenario: scenario.clone(),
            vary: Vec::new(),
            seeds: [0, SEEDS],
            until: None,
            metrics: Vec::new(),
            charts: Vec::new(),
        }
    }

    fn read(document: &Document, path: &Path) -> Result<Self, ScenarioError> {
        let file: File = typed(document.value(), "").map_err(|error| document.place(error))?;
        let scenario = match &file.scenario {
            Value::String(name) => Document::load(&folder_of(path).join(name))?.value().clone(),
            embedded => {
                let mut scenario = embedded.clone();
                if let Some(fields) = scenario.as_object_mut() {
                    fields.entry("seedstorm").or_insert(FORMAT.into());
                }
                scenario
            }
        };
        let axis = |(n, vary): (usize, Vary)| {
            vary.axis().map_err(|why| document.place(ScenarioError::new(format!("vary[{n}]"), why)))
        };
        let vary = file.vary.into_iter().enumerate().map(axis).collect::<Result<_, _>>()?;
        Ok(Self {
            about: file.about,
            vary,
            seeds: [0, file.seeds.unwrap_or(SEEDS)],
            until: file.until,
            metrics: file.metrics,
            charts: file.charts,
            ..Self::around(&scenario)
        })
    }

    /// How many cells there are; nothing if more than can be counted.
    #[must_use]
    pub fn cells(&self) -> Option<usize> {
        self.vary.iter().try_fold(1_usize, |cells, axis| cells.checked_mul(axis.points.len()))
    }

    /// Where on each axis this cell stands. The last axis goes round first.
    #[must_use]
    pub fn place(&self, cell: usize) -> Vec<usize> {
        let mut rest = cell;
        let mut place: Vec<usize> = Vec::with_capacity(self.vary.len());
        for axis in self.vary.iter().rev() {
            place.push(rest % axis.points.len());
            rest /= axis.points.len();
        }
        place.reverse();
        place
    }

    /// What the points of a cell are called.
    #[must_use]
    pub fn labels(&self, cell: usize) -> Vec<String> {
        let places = self.place(cell);
        self.vary.iter().zip(places).map(|(axis, place)| axis.points[place].label.clone()).collect()
    }

    /// The scenario of a cell.
    ///
    /// # Errors
    /// A setting has no place in the scenario.
    pub fn scenario(&self, cell: usize) -> Result<Document, ScenarioError> {
        let places = self.place(cell);
        let points = self.vary.iter().zip(places).map(|(axis, place)| &axis.points[place].set);
        self.with(points)
    }

    /// The scenario with these settings.
    ///
    /// # Errors
    /// A setting has no place in it.
    pub fn with<'a>(&self, settings: impl Iterator<Item = &'a Map<String, Value>>) -> Result<Document, ScenarioError> {
        let mut scenario = self.scenario.clone();
        let (named, settings): (Vec<_>, Vec<_>) = settings.flatten().partition(|(path, _)| path.starts_with(NAMED));
        for (path, value) in settings {
            put(&mut scenario, path, value.clone()).map_err(|why| ScenarioError::new("", format!("--vary {why}")))?;
        }
        fill_in(&mut scenario, &named);
        Document::parse(&(serde_json::to_string_pretty(&scenario).unwrap_or_default()))
    }

    /// Whether two sweeps measure the same, whatever they draw of it. What differs, if not.
    #[must_use]
    pub fn differs(&self, other: &Self) -> Option<&'static str> {
        let curves = |design: &Self| design.curves();
        [
            (self.scenario != other.scenario, "the scenario"),
            (self.vary != other.vary, "what varies"),
            (self.seeds != other.seeds, "the seeds"),
            (self.until != other.until, "when a cell ends early"),
            (self.metrics != other.metrics, "what is measured"),
            (curves(self) != curves(other), "of which quantities there are curves"),
        ]
        .into_iter()
        .find_map(|(differs, what)| differs.then_some(what))
    }

    /// The quantities of which whole distributions are wanted.
    #[must_use]
    pub fn curves(&self) -> Vec<String> {
        let names: BTreeSet<&str> = self.charts.iter().filter_map(Plot::distribution).collect();
        names.into_iter().map(str::to_owned).collect()
    }

    /// Checks all that can be known before the first run: that each setting which varies is one, and that scenarios of
    /// the grid can be run. Of a large grid these are the ones along its edges.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self, experiments: &[&dyn Experiment]) -> Result<(), ScenarioError> {
        const MANY: usize = 1_000;
        self.check_paths(experiments)?;
        self.check_charts().map_err(|why| ScenarioError::new("", why))?;
        let cells = self.cells().unwrap_or(usize::MAX);
        if cells <= MANY {
            return (0..cells).try_for_each(|cell| self.check_cell(experiments, self.place(cell)));
        }
        for (n, axis) in self.vary.iter().enumerate() {
            // Of a long axis as many as give a fair idea of it, and both ends.
            let stride = axis.points.len().div_ceil(MANY).max(1);
            let last = axis.points.len() - 1;
            for point in (0..axis.points.len()).step_by(stride).chain([last]) {
                let mut places = vec![0; self.vary.len()];
                places[n] = point;
                self.check_cell(experiments, places)?;
            }
        }
        Ok(())
    }

    /// Whether some value is this name.
    fn means(&self, name: &str) -> bool {
        fn holds(value: &Value, name: &str) -> bool {
            match value {
                Value::String(text) => text == name,
                Value::Array(items) => items.iter().any(|item| holds(item, name)),
                Value::Object(fields) => fields.values().any(|field| holds(field, name)),
                _ => false,
            }
        }
        let mut sets = self.vary.iter().flat_map(|axis| &axis.points).flat_map(|point| point.set.values());
        holds(&self.scenario, name) || sets.any(|value| holds(value, name))
    }

    fn check_charts(&self) -> Result<(), String> {
        for (n, plot) in self.charts.iter().enumerate() {
            plot.check(self)?;
            if self.charts[..n].iter().any(|other| other.name == plot.name) {
                return Err(format!("the chart {:?}: two charts have this name", plot.name));
            }
        }
        Ok(())
    }

    fn check_cell(&self, experiments: &[&dyn Experiment], places: Vec<usize>) -> Result<(), ScenarioError> {
        let points = || self.vary.iter().zip(&places).map(|(axis, &place)| &axis.points[place]);
        let document = self.with(points().map(|point| &point.set))?;
        Job::new(experiments, document).map(drop).map_err(|error| {
            let at: Vec<String> =
                self.vary.iter().zip(points()).map(|(axis, point)| format!("{}={}", axis.name, point.label)).collect();
            let at = if at.is_empty() { String::new() } else { format!("with {}: ", at.join(", ")) };
            ScenarioError { place: None, message: format!("{at}{}", error.message), ..error }
        })
    }

    fn check_path(&self, path: &str, known: &BTreeSet<String>) -> Result<(), String> {
        if path.starts_with(NAMED) {
            let is_meant = self.means(path);
            return if is_meant {
                Ok(())
            } else {
                Err("neither the scenario nor an axis has this name as a value".to_owned())
            };
        }
        if known.contains(&nameless(path)) || get(&self.scenario, path).is_some() {
            return Ok(());
        }
        let near = nearest(path, known.iter().map(String::as_str));
        let near = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
        Err(format!("scenarios have no such setting{near} (`schema` shows them all)"))
    }

    fn check_paths(&self, experiments: &[&dyn Experiment]) -> Result<(), ScenarioError> {
        let protocols: Vec<_> = experiments.iter().map(|experiment| experiment.schema()).collect();
        let known = all_paths(schema(&protocols).as_value());
        let mut taken: BTreeSet<String> = BTreeSet::new();
        for axis in &self.vary {
            let paths: BTreeSet<&str> = axis.paths().collect();
            for path in &paths {
                self.check_path(path, &known).map_err(|why| ScenarioError::new("", format!("--vary {path}: {why}")))?;
                if let Some(other) = taken.iter().find(|other| within(path, other) || within(other, path)) {
                    let message = format!("--vary {path}: another axis changes {other}; only one can");
                    return Err(ScenarioError::new("", message));
                }
            }
            taken.extend(paths.into_iter().map(str::to_owned));
        }
        Ok(())
    }
}

/// With this begins what is no setting itself but the name of a value, which settings have in its place. So one axis
/// can go through values that mean something else at each point of another.
const NAMED: char = '$';

/// Whether one setting is another, or a part of it.
fn within(path: &str, whole: &str) -> bool {
    path.strip_prefix(whole).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

fn fill_in(value: &mut Value, named: &[(&String, &Value)]) {
    match value {
        Value::String(name) if name.starts_with(NAMED) => {
            if let Some((_, meant)) = named.iter().find(|(known, _)| *known == name) {
                *value = (*meant).clone();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| fill_in(item, named)),
        Value::Object(fields) => fields.values_mut().for_each(|field| fill_in(field, named)),
        _ => {}
    }
}

impl Vary {
    fn axis(self) -> Result<Axis, String> {
        match self {
            Self { path: Some(path), values: Some(values), name: None, points } if points.is_empty() => match values {
                Value::String(range) => Axis::parse(&format!("{path}={range}")),
                Value::Array(values) if !values.is_empty() => Ok(Axis::over(&path, values)),
                _ => Err("\"values\" is a list that is not empty, or a range such as \"0%..20%/2%\"".to_owned()),
            },
            Self { path: None, values: None, name: Some(name), points } if !points.is_empty() => {
                Ok(Axis::new(&name, points.into_iter().map(|point| (point.at, point.set)).collect()))
            }
            _ => Err("an axis is {\"path\", \"values\"}, or {\"name\", \"points\": [{\"at\", \"set\"}]}".to_owned()),
        }
    }
}

/// Whether this is the name of a probability of violations.
#[must_use]
pub fn is_violation(figure: &str) -> bool {
    figure.strip_prefix(VIOLATIONS).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
