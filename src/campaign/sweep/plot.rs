//! Charts of a sweep: which figure over which setting, and what else belongs beside it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::axis::{self, Axis};
use super::cell::Figure;
use super::design::Design;
use super::results::Results;
use super::sample::{self, Metric, VIOLATIONS};
use super::theory::{Theory, theory};
use crate::lab::Experiment;
use crate::params::unknown;
use crate::report::chart::{self, Body, Chart, Heat, Mark, Point, Scale, Series};

/// A chart as a file asks for it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plot {
    /// The name of its files.
    pub name: String,
    /// What it shows, in a few words; left out, the name of its figure.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// A further sentence for its caption.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// What runs upwards: a figure such as `availability` or `latency.p99`; of a distribution its quantity.
    pub figure: String,
    /// What is drawn.
    #[serde(default, skip_serializing_if = "Kind::is_lines")]
    pub kind: Kind,
    /// What runs from left to right: an axis, by its name, or another figure; left out, the longest axis of numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    /// Only these points of an axis.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub only: BTreeMap<String, Vec<String>>,
    /// What is laid off by ratios.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<Side>,
    /// What is computed beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub theory: Option<String>,
    /// What others published.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<Published>,
}

/// What kind of chart it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A line for each combination of the other axes.
    #[default]
    Lines,
    /// A map over two axes: the one of `x` from left to right, and the next one.
    Heat,
    /// Distribution functions, one for each cell.
    Cdf,
}

impl Kind {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
    fn is_lines(&self) -> bool {
        *self == Self::Lines
    }
}

/// A side of a chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// From left to right.
    X,
    /// Upwards; of a map, its colours.
    Y,
}

/// A value that others published.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// Beside which series: the points of its axes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub at: BTreeMap<String, String>,
    /// Where, in the words of the axis.
    pub x: String,
    /// The value, in the unit of the figure.
    pub y: f64,
    /// Where it was published.
    pub source: String,
}

/// Where what was measured and what was computed part by more than the interval allows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Parting {
    /// The cell.
    pub cell: usize,
    /// Where on each axis it stands.
    pub at: Vec<String>,
    /// What was measured.
    pub measured: Figure,
    /// What is computed.
    pub computed: f64,
}

/// A chart, and how far it agrees with what is computed.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// The name of its files.
    pub name: String,
    /// The chart.
    pub chart: Chart,
    /// Its figure.
    pub figure: String,
    /// What is computed beside it.
    pub theory: Option<&'static Theory>,
    /// How many points were held against it.
    pub held: usize,
    /// Those that differ by more than their interval.
    pub parted: Vec<Parting>,
}

/// So many points are computed between two that were measured.
const BETWEEN: u32 = 11;

/// More lines than this cannot be told apart.
const SERIES_MAX: usize = 8;

impl Plot {
    /// The quantity whose whole distribution it shows, if it does.
    #[must_use]
    pub fn distribution(&self) -> Option<&str> {
        (self.kind == Kind::Cdf).then_some(self.figure.as_str())
    }

    /// Checks what can be known before anything is measured.
    ///
    /// # Errors
    /// Its name is no name of a file, or it asks for an axis, a point or a theory that is not there.
    pub fn check(&self, design: &Design) -> Result<(), String> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        let is_file = !self.name.is_empty() && self.name.chars().all(is_plain);
        if !is_file || self.name == "index" || self.name == "cells" {
            return Err(format!("the chart {:?}: its name is that of a file: letters, digits, '-' and '_'", self.name));
        }
        self.shown(design)?;
        self.known_theory()?;
        if self.kind == Kind::Heat && design.vary.len() < 2 {
            return Err(format!("the chart {:?}: a map is over two axes", self.name));
        }
        Ok(())
    }

    /// The points of each axis that are shown.
    fn shown(&self, design: &Design) -> Result<Vec<Vec<usize>>, String> {
        let of = |message: String| format!("the chart {:?}: {message}", self.name);
        let mut shown: Vec<Vec<usize>> = design.vary.iter().map(|axis| (0..axis.points.len()).collect()).collect();
        for (name, labels) in &self.only {
            let known = design.vary.iter().map(|axis| axis.name.as_str());
            let axis = design.vary.iter().position(|axis| axis.name == *name);
            let axis = axis.ok_or_else(|| of(unknown("there is no such axis", name, known)))?;
            let points = &design.vary[axis].points;
            let place = |label: &String| {
                let found = points.iter().position(|point| point.label == *label);
                let known = points.iter().map(|point| point.label.as_str());
                found.ok_or_else(|| of(unknown(&format!("{name} has no such point"), label, known)))
            };
            shown[axis] = labels.iter().map(place).collect::<Result<_, _>>()?;
            if labels.is_empty() {
                return Err(of(format!("\"only\" leaves nothing of {name}")));
            }
        }
        Ok(shown)
    }

    fn known_theory(&self) -> Result<Option<&'static Theory>, String> {
        let known = super::theory::THEORIES.iter().map(|theory| theory.name);
        let missing = |name: &String| {
            format!("the chart {:?}: {}", self.name, unknown("there is no such theory", name, known.clone()))
        };
        self.theory.as_ref().map(|name| theory(name).ok_or_else(|| missing(name))).transpose()
    }

    /// Draws it. Of a figure that no cell has there is an empty chart, which says so.
    ///
    /// # Errors
    /// It asks for an axis, a point or a theory that is not there.
    pub fn draw(&self, results: &Results, experiments: &[&dyn Experiment]) -> Result<Drawn, String> {
        let scene = Scene::new(self, results, experiments)?;
        let body = match self.kind {
            Kind::Lines => Body::Lines(scene.lines()?),
            Kind::Cdf => Body::Steps(scene.curves()),
            Kind::Heat => Body::Heat(scene.heat()?),
        };
        let parted = scene.partings();
        Ok(Drawn {
            name: self.name.clone(),
            figure: self.figure.clone(),
            theory: scene.theory,
            held: parted.len(),
            parted: parted.into_iter().filter(|parting| !parting.measured.estimate().holds(parting.computed)).collect(),
            chart: scene.chart(body),
        })
    }
}

/// What a chart is made from.
struct Scene<'a> {
    plot: &'a Plot,
    results: &'a Results,
    experiments: &'a [&'a dyn Experiment],
    design: &'a Design,
    /// The axis from left to right, if a setting is laid off there.
    x: Option<usize>,
    /// The points of each axis that are shown.
    shown: Vec<Vec<usize>>,
    theory: Option<&'static Theory>,
}

impl<'a> Scene<'a> {
    fn new(plot: &'a Plot, results: &'a Results, experiments: &'a [&'a dyn Experiment]) -> Result<Self, String> {
        let design = &results.header.design;
        let of = |message: String| format!("the chart {:?}: {message}", plot.name);
        let axis = |name: &str| design.vary.iter().position(|axis| axis.name == name);
        let x = match &plot.x {
            None => longest(design),
            Some(name) => match axis(name) {
                None if results.metric(name).is_none() => {
                    let known: Vec<&str> = design.vary.iter().map(|axis| axis.name.as_str()).collect();
                    return Err(of(unknown("there is no such axis or figure", name, known)));
                }
                found => found,
            },
        };
        let (shown, found) = (plot.shown(design)?, plot.known_theory()?);
        Ok(Self { plot, results, experiments, design, x, shown, theory: found })
    }

    fn figure_metric(&self, figure: &str) -> Metric {
        let none = || Metric {
            name: figure.to_owned(),
            about: String::new(),
            unit: sample::Unit::Number,
            more_is_better: false,
        };
        self.results.metric(figure).unwrap_or_else(none)
    }

    /// The combinations of the points of these axes that are shown.
    fn combinations(&self, axes: &[usize]) -> Vec<Vec<(usize, usize)>> {
        let mut all = vec![Vec::new()];
        for &axis in axes {
            let longer = |combination: Vec<(usize, usize)>| {
                self.shown[axis].iter().map(move |&point| combination.iter().copied().chain([(axis, point)]).collect())
            };
            all = all.into_iter().flat_map(longer).collect();
        }
        all
    }

    /// The cell at these points; of axes that are not named, at the first one shown.
    fn cell(&self, at: &[(usize, usize)]) -> Option<&'a super::cell::Cell> {
        let point =
            |axis: usize| at.iter().find(|place| place.0 == axis).map_or_else(|| self.shown[axis][0], |place| place.1);
        let number =
            (0..self.design.vary.len()).fold(0, |n, axis| n * self.design.vary[axis].points.len() + point(axis));
        self.results.cell(number)
    }

    /// The axes by which series differ.
    fn others(&self) -> Vec<usize> {
        let line_of_figures = if self.x.is_none() {
            self.design.vary.iter().rposition(|axis| axis.unit != axis::Unit::Names)
        } else {
            None
        };
        (0..self.design.vary.len()).filter(|&axis| Some(axis) != self.x && Some(axis) != line_of_figures).collect()
    }

    /// The axis along which a line runs.
    fn along(&self) -> Option<usize> {
        self.x.or_else(|| (0..self.design.vary.len()).find(|axis| !self.others().contains(axis)))
    }

    /// What a combination is called: by names alone, and by numbers with what they are of.
    fn name(&self, combination: &[(usize, usize)]) -> String {
        let word = |&(axis, point): &(usize, usize)| {
            let Axis { name, unit, points } = &self.design.vary[axis];
            let label = &points[point].label;
            let short = name.rsplit('.').next().unwrap_or(name);
            if *unit == axis::Unit::Names { label.clone() } else { format!("{label} {short}") }
        };
        let telling = combination.iter().filter(|(axis, _)| self.shown[*axis].len() > 1);
        telling.map(word).collect::<Vec<String>>().join(", ")
    }

    fn lines(&self) -> Result<Vec<Series>, String> {
        self.combinations(&self.others()).iter().map(|combination| self.line(combination)).collect()
    }

    fn line(&self, combination: &[(usize, usize)]) -> Result<Series, String> {
        let along = self.along();
        let places: Vec<(usize, usize)> =
            along.into_iter().flat_map(|axis| self.shown[axis].iter().map(move |&point| (axis, point))).collect();
        let places =
            if along.is_none() { vec![Vec::new()] } else { places.into_iter().map(|place| vec![place]).collect() };
        let mut points = Vec::new();
        for place in &places {
            let at: Vec<(usize, usize)> = combination.iter().chain(place).copied().collect();
            let Some(cell) = self.cell(&at) else { continue };
            let x = match (self.x, &self.plot.x) {
                (Some(axis), _) => place.first().map(|&(_, point)| self.design.vary[axis].points[point].x),
                (None, Some(figure)) => cell.figure(figure).map(|figure| figure.value),
                (None, None) => Some(0.0),
            };
            if let (Some(x), Some(figure)) = (x, cell.figure(&self.plot.figure)) {
                points.push(point(x, &figure));
            }
        }
        let theory = self.computed(combination)?;
        Ok(Series { name: self.name(combination), points, theory, marks: self.marks(combination) })
    }

    /// What theory says along a line, finer than what was measured where that is possible.
    fn computed(&self, combination: &[(usize, usize)]) -> Result<Vec<(f64, f64)>, String> {
        let (Some(theory), Some(axis)) = (self.theory, self.along()) else { return Ok(Vec::new()) };
        let shown = &self.shown[axis];
        let all = &self.design.vary[axis];
        let part = Axis { points: shown.iter().map(|&point| all.points[point].clone()).collect(), ..all.clone() };
        let mut line = Vec::new();
        for fine in part.refined(BETWEEN) {
            let fixed = |axis: usize| {
                let point = combination
                    .iter()
                    .find(|place| place.0 == axis)
                    .map_or_else(|| self.shown[axis][0], |place| place.1);
                &self.design.vary[axis].points[point].set
            };
            let settings: Vec<&Map<String, Value>> =
                (0..self.design.vary.len()).map(|other| if other == axis { &fine.set } else { fixed(other) }).collect();
            let document = self.design.with(settings.into_iter()).map_err(|error| error.to_string())?;
            let (value, place) = theory.of(self.experiments, &document);
            let x = if self.x.is_some() { Some(fine.x) } else { place };
            line.extend(x.zip(value));
        }
        Ok(line)
    }

    fn marks(&self, combination: &[(usize, usize)]) -> Vec<Mark> {
        let belongs = |mark: &&Published| {
            mark.at.iter().all(|(name, label)| {
                let axis = self.design.vary.iter().position(|axis| axis.name == *name);
                let place = combination.iter().find(|place| Some(place.0) == axis);
                place.is_some_and(|&(axis, point)| self.design.vary[axis].points[point].label == *label)
            })
        };
        let mark = |mark: &Published| {
            let at = |axis: usize| self.design.vary[axis].points.iter().find(|point| point.label == mark.x);
            let x = self.x.and_then(at).map(|point| point.x).or_else(|| Axis::position_of(&mark.x))?;
            Some(Mark { x, y: mark.y, source: mark.source.clone() })
        };
        self.plot.marks.iter().filter(belongs).filter_map(mark).collect()
    }

    /// A distribution function for each cell.
    fn curves(&self) -> Vec<Series> {
        let all: Vec<usize> = (0..self.design.vary.len()).collect();
        let curve = |combination: Vec<(usize, usize)>| {
            let values = self.cell(&combination)?.curves.get(&self.plot.figure)?;
            let level = |(n, &x): (usize, &f64)| {
                let y = n as f64 / (values.len() - 1).max(1) as f64;
                Point { x, y, low: y, high: y }
            };
            let points = values.iter().enumerate().map(level).collect();
            Some(Series { name: self.name(&combination), points, ..Series::default() })
        };
        self.combinations(&all).into_iter().filter_map(curve).collect()
    }

    fn heat(&self) -> Result<Heat, String> {
        let (Some(x), Some(y)) = (self.x, self.rows()) else {
            return Err(format!("the chart {:?}: a map is over two axes", self.plot.name));
        };
        let labels = |axis: usize| -> Vec<String> {
            self.shown[axis].iter().map(|&point| self.design.vary[axis].points[point].label.clone()).collect()
        };
        let metric = self.figure_metric(&self.plot.figure);
        let cell = |row: usize, column: usize| {
            self.cell(&[(y, row), (x, column)])?.figure(&self.plot.figure).map(|figure| figure.value)
        };
        // What grows, grows upwards.
        let rows: Vec<usize> = self.shown[y].iter().rev().copied().collect();
        let cells = rows.iter().flat_map(|&row| self.shown[x].iter().map(move |&column| cell(row, column))).collect();
        Ok(Heat {
            columns: labels(x),
            rows: labels(y).into_iter().rev().collect(),
            groups: Vec::new(),
            cells,
            name: words(&self.plot.figure),
            unit: unit(metric.unit),
            scale: self.scale(Side::Y),
            zero: "none".to_owned(),
            absent: "no data".to_owned(),
        })
    }

    /// Each measured point beside what is computed for it.
    fn partings(&self) -> Vec<Parting> {
        let Some(theory) = self.theory.filter(|_| self.plot.kind == Kind::Lines) else { return Vec::new() };
        let axes: Vec<usize> = self.others().into_iter().chain(self.along()).collect();
        let parting = |combination: Vec<(usize, usize)>| {
            let cell = self.cell(&combination)?;
            let measured = cell.figure(&self.plot.figure)?;
            let computed = theory.of(self.experiments, &self.design.scenario(cell.cell).ok()?).0?;
            Some(Parting { cell: cell.cell, at: cell.at.clone(), measured, computed })
        };
        self.combinations(&axes).into_iter().filter_map(parting).collect()
    }

    fn scale(&self, side: Side) -> Scale {
        if self.plot.log.contains(&side) { Scale::Log } else { Scale::Linear }
    }

    fn chart(&self, body: Body) -> Chart {
        let figure = &self.plot.figure;
        let metric = self.figure_metric(figure);
        let x = match (self.plot.kind, self.x, &self.plot.x) {
            (Kind::Cdf, ..) => (words(figure), unit(metric.unit)),
            (_, Some(axis), _) => self.axis(axis),
            (_, None, Some(other)) => (words(other), unit(self.figure_metric(other).unit)),
            (_, None, None) => (String::new(), chart::Unit::Names(vec![String::new()])),
        };
        let y = match (self.plot.kind, &body) {
            (Kind::Cdf, _) => ("share".to_owned(), chart::Unit::Share),
            (Kind::Heat, Body::Heat(_)) => {
                self.rows().map_or((String::new(), chart::Unit::Number), |axis| self.axis(axis))
            }
            _ => (words(figure), unit(metric.unit)),
        };
        let side = |(name, unit), side| chart::Axis {
            name,
            unit,
            scale: if self.plot.kind == Kind::Heat { Scale::Linear } else { self.scale(side) },
        };
        let title = if self.plot.title.is_empty() { words(figure) } else { self.plot.title.clone() };
        Chart { title, about: self.caption(&metric), x: side(x, Side::X), y: side(y, Side::Y), body }
    }

    fn axis(&self, axis: usize) -> (String, chart::Unit) {
        let Axis { name, unit, points } = &self.design.vary[axis];
        let unit = match unit {
            axis::Unit::Share => chart::Unit::Share,
            axis::Unit::Seconds => chart::Unit::Seconds,
            axis::Unit::Number => chart::Unit::Number,
            axis::Unit::Names => chart::Unit::Names(points.iter().map(|point| point.label.clone()).collect()),
        };
        (name.clone(), unit)
    }

    /// Where a map stands on the axes that it does not show.
    fn fixed(&self) -> String {
        if self.plot.kind != Kind::Heat {
            return String::new();
        }
        let y = self.rows();
        let hidden = (0..self.design.vary.len()).filter(|&axis| Some(axis) != self.x && Some(axis) != y);
        let at = |axis: usize| {
            let Axis { name, points, .. } = &self.design.vary[axis];
            (points.len() > 1).then(|| format!("{name} {}", points[self.shown[axis][0]].label))
        };
        let hidden: Vec<String> = hidden.filter_map(at).collect();
        if hidden.is_empty() { String::new() } else { format!("with {}; ", hidden.join(", ")) }
    }

    /// The axis of the rows of a map: the longest of those that do not run from left to right.
    fn rows(&self) -> Option<usize> {
        (0..self.design.vary.len()).filter(|&axis| Some(axis) != self.x).max_by_key(|&axis| self.shown[axis].len())
    }

    fn caption(&self, metric: &Metric) -> String {
        let seeds: Vec<u64> = self.results.cells.iter().map(|cell| cell.seeds).collect();
        let runs = match (seeds.iter().min(), seeds.iter().max()) {
            (Some(least), Some(most)) if least == most => format!("{least} runs a point"),
            (Some(least), Some(most)) => format!("{least} to {most} runs a point"),
            _ => "no runs".to_owned(),
        };
        let band = if self.plot.kind == Kind::Lines { ", bands hold the truth with 95 % confidence" } else { "" };
        let theory =
            self.theory.map_or_else(String::new, |theory| format!(" Dashed: {} ({}).", theory.about, theory.source));
        let mut about = metric.about.clone();
        if let Some(first) = about.get(..1) {
            about.replace_range(..1, &first.to_uppercase());
        }
        let fixed = self.fixed();
        let own = if self.plot.about.is_empty() { String::new() } else { format!("{} ", self.plot.about) };
        let about = if about.is_empty() { String::new() } else { format!("{about}; ") };
        format!("{own}{about}{fixed}{runs}{band}.{theory}")
    }
}

fn point(x: f64, figure: &Figure) -> Point {
    let y = figure.value;
    // An end that is open is drawn at the point: there is nothing that could be drawn.
    Point { x, y, low: figure.low.unwrap_or(y), high: figure.high.unwrap_or(y) }
}

fn unit(unit: sample::Unit) -> chart::Unit {
    match unit {
        sample::Unit::Share => chart::Unit::Share,
        sample::Unit::Seconds => chart::Unit::Seconds,
        sample::Unit::PerSecond => chart::Unit::PerSecond,
        sample::Unit::Number => chart::Unit::Number,
    }
}

/// A name in the words of people: `latency.p99` is "latency, p99".
#[must_use]
pub fn words(name: &str) -> String {
    name.replace('_', " ").replace('.', ", ")
}

/// The longest axis of numbers; the longest at all where there is none.
fn longest(design: &Design) -> Option<usize> {
    let length = |&axis: &usize| (design.vary[axis].unit != axis::Unit::Names, design.vary[axis].points.len());
    (0..design.vary.len()).rev().max_by_key(length)
}

/// The charts of a sweep: those that its file asks for, or those of the figures that are of interest to most.
#[must_use]
pub fn plots(results: &Results) -> Vec<Plot> {
    let design = &results.header.design;
    if !design.charts.is_empty() {
        return design.charts.clone();
    }
    let broke = results.cells.iter().any(|cell| !cell.broke.is_empty());
    let violations = broke.then(|| VIOLATIONS.to_owned());
    let known = results.figures();
    let is_known = |name: &&str| known.iter().any(|known| known == name);
    let common: Vec<String> = if design.metrics.is_empty() {
        COMMON.iter().copied().filter(is_known).map(str::to_owned).collect()
    } else {
        let is_named = |figure: &&String| design.metrics.iter().any(|name| figure.split('.').next() == Some(name));
        known.iter().filter(is_named).cloned().collect()
    };
    let lines: usize = {
        let x = longest(design);
        design.vary.iter().enumerate().filter(|(axis, _)| Some(*axis) != x).map(|(_, axis)| axis.points.len()).product()
    };
    let kind = if lines > SERIES_MAX { Kind::Heat } else { Kind::Lines };
    let plot = |figure: String| Plot { name: figure.replace('.', "-"), figure, kind, ..Plot::default() };
    common.into_iter().chain(violations).map(plot).collect()
}

/// The figures that are drawn unless it is said otherwise.
const COMMON: [&str; 13] = [
    "availability",
    "latency.p99",
    "longest_gap.p50",
    "time_to_leader.p50",
    "failover_time.p50",
    "leader_changes",
    "messages_per_command",
    "forced_writes_per_command",
    "recovery.p50",
    "blocked",
    "blocked_per_transaction",
    "detection_time.p50",
    "mistakes",
];
