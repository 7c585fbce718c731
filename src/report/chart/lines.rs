//! Series of points: lines within bands, points with whiskers over categories, and the steps of distributions.

use plotters::style::RGBColor;

use super::axis::{Plot, Side, note};
use super::frame::{MARGIN, WIDTH, heading, nothing};
use super::key::{self, DASHES, Entry, Sample, THICK, THIN};
use super::lettering::Lettering;
use super::marker;
use super::palette::{FAINT, darker, of_series};
use super::range::{from_zero, range};
use super::scene::{Place, Scene};
use super::{Axis, Chart, Point, Scale, Series, Unit};

/// Of more points than this not every one has a marker.
const MARKED: usize = 40;

/// So many markers a curve has that is not marked at each point.
const MARKERS: usize = 8;

/// How opaque bands are.
const BAND: f64 = 0.16;

/// Places that are nearer to each other are one.
const NEAR: f64 = 0.25;

pub(super) fn scene(chart: &Chart, all: &[Series], steps: bool, lettering: &Lettering) -> Scene {
    let mut scene = Scene::new(WIDTH);
    let top = heading(&mut scene, chart, lettering);
    let (Some(x), Some(y)) = (ends_across(&chart.x, all), ends_upwards(&chart.y, all)) else {
        let is_empty = all.iter().all(|series| series.places().next().is_none());
        let why = if is_empty { "no data" } else { "no value above zero, and the axis is logarithmic" };
        nothing(&mut scene, top, why);
        return scene;
    };
    let top = key::draw(&mut scene, lettering, &entries(chart, all), top);
    let [x, y] =
        [Side { axis: &chart.x, ends: x, places: distinct(all) }, Side { axis: &chart.y, ends: y, places: Vec::new() }];
    let plot = Plot::new(&mut scene, lettering, &x, &y, top);
    let drawing = Drawing { chart, plot, steps, series: all.len(), thick: thickness(all) };
    all.iter().enumerate().for_each(|(n, series)| drawing.band(&mut scene, n, series));
    all.iter().enumerate().for_each(|(n, series)| drawing.curve(&mut scene, n, series));
    all.iter().enumerate().for_each(|(n, series)| drawing.markers(&mut scene, n, series));
    let sources = sources(all);
    all.iter().enumerate().for_each(|(n, series)| drawing.marks(&mut scene, n, series, &sources));
    let end = left_out(chart, all).map_or(plot.end, |text| note(&mut scene, lettering, &text, plot.end));
    scene.height = end + MARGIN - 8.0;
    scene
}

fn ends_across(axis: &Axis, all: &[Series]) -> Option<[f64; 2]> {
    let mut places = all.iter().flat_map(Series::places);
    match &axis.unit {
        Unit::Names(names) => places.next().map(|_| [-0.5, names.len() as f64 - 0.5]),
        unit => range(unit, axis.scale, places),
    }
}

fn ends_upwards(axis: &Axis, all: &[Series]) -> Option<[f64; 2]> {
    // An interval that reaches down to almost nothing would take all the room of a logarithmic axis.
    let values = || all.iter().flat_map(Series::values).filter(|&value| value > 0.0);
    let least = if axis.scale == Scale::Log { values().fold(f64::INFINITY, f64::min) / 10.0 } else { f64::MIN };
    let ends = all.iter().flat_map(|series| series.points.iter().flat_map(|point| [point.low, point.high]));
    let shown = ends.filter(|&end| end >= least);
    let ends = range(&axis.unit, axis.scale, all.iter().flat_map(Series::values).chain(shown))?;
    Some(from_zero(axis.scale, ends))
}

/// The places of points, each once, from left to right.
fn distinct(all: &[Series]) -> Vec<f64> {
    let mut places: Vec<f64> = all.iter().flat_map(|series| series.points.iter().map(|point| point.x)).collect();
    places.sort_by(f64::total_cmp);
    places.dedup();
    places
}

/// Where something was published, each once.
fn sources(all: &[Series]) -> Vec<&str> {
    let mut sources: Vec<&str> = Vec::new();
    for mark in all.iter().flat_map(|series| &series.marks) {
        if !sources.contains(&mark.source.as_str()) {
            sources.push(&mark.source);
        }
    }
    sources
}

fn thickness(all: &[Series]) -> f64 {
    if all.iter().any(|series| !series.theory.is_empty()) { THIN } else { THICK }
}

fn entries(chart: &Chart, all: &[Series]) -> Vec<Entry> {
    let thick = if matches!(chart.x.unit, Unit::Names(_)) { 0.0 } else { thickness(all) };
    let named = all.iter().enumerate().filter(|(_, series)| !series.name.is_empty() && !series.points.is_empty());
    let mut entries: Vec<Entry> = named
        .map(|(n, series)| Entry {
            sample: Sample::Series { shape: n, colour: of_series(n), thick },
            name: series.name.clone(),
        })
        .collect();
    let only = |has: &dyn Fn(&Series) -> bool| {
        let mut having = (0..all.len()).filter(|&n| has(&all[n]));
        match (having.next(), having.next()) {
            (Some(n), None) => of_series(n),
            _ => FAINT,
        }
    };
    if all.iter().any(|series| !series.theory.is_empty()) {
        let colour = only(&|series| !series.theory.is_empty());
        let colour = if colour == FAINT { colour } else { darker(colour) };
        entries.push(Entry { sample: Sample::Dashed { colour }, name: "theory".to_owned() });
    }
    for (shape, source) in sources(all).into_iter().enumerate() {
        let colour = only(&|series| series.marks.iter().any(|mark| mark.source == source));
        entries.push(Entry { sample: Sample::Hollow { shape, colour }, name: source.to_owned() });
    }
    if chart.y.scale == Scale::Log && all.iter().any(|series| series.points.iter().any(|point| point.y <= 0.0)) {
        let colour = only(&|series| series.points.iter().any(|point| point.y <= 0.0));
        entries.push(Entry { sample: Sample::Below { colour }, name: "zero, below the axis".to_owned() });
    }
    entries
}

/// What is not in the picture.
fn left_out(chart: &Chart, all: &[Series]) -> Option<String> {
    if chart.x.scale == Scale::Linear {
        return None;
    }
    let left = all.iter().flat_map(|series| &series.points).filter(|point| point.x <= 0.0).count();
    let points = crate::report::layout::many(left as u64, "point");
    (left > 0).then(|| format!("{points} at zero left out, for which a logarithmic axis has no place."))
}

struct Drawing<'a> {
    chart: &'a Chart,
    plot: Plot,
    steps: bool,
    series: usize,
    thick: f64,
}

impl Drawing<'_> {
    fn is_shown(&self, x: f64) -> bool {
        self.chart.x.scale == Scale::Linear || x > 0.0
    }

    fn points<'s>(&self, series: &'s Series) -> impl Iterator<Item = &'s Point> {
        let is_linear = self.chart.x.scale == Scale::Linear;
        series.points.iter().filter(move |point| is_linear || point.x > 0.0)
    }

    fn is_by_name(&self) -> bool {
        matches!(self.chart.x.unit, Unit::Names(_))
    }

    /// Where something is: series stand beside each other in a category.
    fn at(&self, n: usize, x: f64, y: f64) -> Place {
        let Plot { x: across, y: upwards, .. } = &self.plot;
        let aside = if let Unit::Names(names) = &self.chart.x.unit {
            let room = (across.to - across.from) / names.len().max(1) as f64;
            (n as f64 - (self.series as f64 - 1.0) / 2.0) * (room * 0.7 / self.series as f64).min(26.0)
        } else {
            0.0
        };
        (across.at(x) + aside, upwards.at(y))
    }

    /// Places through which a line goes: corners are added where values are levels.
    fn path(&self, n: usize, places: impl Iterator<Item = (f64, f64)>) -> Vec<Place> {
        let mut path: Vec<Place> = Vec::new();
        for (x, y) in places {
            let next = self.at(n, x, y);
            match path.last() {
                Some(&(_, level)) if self.steps => path.push((next.0, level)),
                None if self.steps => path.extend([(self.plot.x.from, self.plot.y.from), (next.0, self.plot.y.from)]),
                _ => {}
            }
            path.push(next);
        }
        if let (Some(&(_, level)), true) = (path.last(), self.steps) {
            path.push((self.plot.x.to, level));
        }
        thinned(path)
    }

    fn band(&self, scene: &mut Scene, n: usize, series: &Series) {
        let colour = of_series(n);
        if self.points(series).all(|point| point.low == point.high) {
            return;
        }
        if self.is_by_name() || self.points(series).count() == 1 {
            self.points(series).for_each(|point| self.whisker(scene, n, point, colour));
            return;
        }
        let mut places = self.path(n, self.points(series).map(|point| (point.x, point.high)));
        let lower = self.path(n, self.points(series).map(|point| (point.x, point.low)));
        places.extend(lower.into_iter().rev());
        scene.area(places, colour, BAND);
    }

    fn whisker(&self, scene: &mut Scene, n: usize, point: &Point, colour: RGBColor) {
        let [(x, low), (_, high)] = [self.at(n, point.x, point.low), self.at(n, point.x, point.high)];
        scene.line(vec![(x, low), (x, high)], 1.4, colour);
        for y in [low, high] {
            scene.line(vec![(x - 4.0, y), (x + 4.0, y)], 1.4, colour);
        }
    }

    fn curve(&self, scene: &mut Scene, n: usize, series: &Series) {
        let colour = of_series(n);
        if !self.is_by_name() {
            let path = self.path(n, self.points(series).map(|point| (point.x, point.y)));
            if path.len() > 1 {
                scene.line(path, self.thick, colour);
            }
        }
        let theory = series.theory.iter().copied().filter(|&(x, _)| self.is_shown(x));
        if self.is_by_name() {
            for (x, y) in theory {
                let (x, y) = self.at(n, x, y);
                scene.dashed(&[(x - 13.0, y), (x + 13.0, y)], THICK, darker(colour), DASHES);
            }
            return;
        }
        let is_above = |y: f64| self.chart.y.scale == Scale::Linear || y > 0.0;
        let theory: Vec<(f64, f64)> = theory.collect();
        for part in theory.split(|&(_, y)| !is_above(y)) {
            let places = thinned(part.iter().map(|&(x, y)| self.at(n, x, y)).collect());
            scene.dashed(&places, THICK, darker(colour), DASHES);
        }
    }

    fn markers(&self, scene: &mut Scene, n: usize, series: &Series) {
        let points: Vec<&Point> = self.points(series).collect();
        let each = if self.steps { MARKERS } else { MARKED };
        let stride = if points.len() > each { points.len().div_ceil(MARKERS) } else { 1 };
        // Markers of curves that lie on each other are beside each other.
        let first = n * stride / self.series.max(1);
        for point in points.iter().skip(first).step_by(stride) {
            let at = self.at(n, point.x, point.y);
            if self.chart.y.scale == Scale::Log && point.y <= 0.0 {
                marker::below(scene, at, of_series(n));
            } else {
                marker::filled(scene, n, at, of_series(n));
            }
        }
    }

    fn marks(&self, scene: &mut Scene, n: usize, series: &Series, sources: &[&str]) {
        for mark in series.marks.iter().filter(|mark| self.is_shown(mark.x)) {
            let shape = sources.iter().position(|source| *source == mark.source).unwrap_or(0);
            marker::hollow(scene, shape, self.at(n, mark.x, mark.y), of_series(n));
        }
    }
}

/// Without places that cannot be told from the one before.
fn thinned(path: Vec<Place>) -> Vec<Place> {
    let mut kept: Vec<Place> = Vec::with_capacity(path.len().min(4096));
    let last = path.last().copied();
    for place in path {
        let is_near = |&(x, y): &Place| (x - place.0).abs() < NEAR && (y - place.1).abs() < NEAR;
        if !kept.last().is_some_and(is_near) {
            kept.push(place);
        }
    }
    if kept.last() != last.as_ref() {
        kept.extend(last);
    }
    kept
}
