//! Axes: where values lie in the picture, the lines behind them, and labels that neither touch nor run off.

use super::frame::{MARGIN, SIZE, named, outline, paragraph};
use super::lettering::Lettering;
use super::palette::{EDGE, FAINT, FINE_GRID, GRID, INK};
use super::range::share;
use super::scene::{Align, Scene};
use super::ticks::{self, Ticks, ticks};
use super::{Axis, Scale, Unit};

/// How high the part is in which points are.
const HEIGHT: f64 = 380.0;

/// How far the ends of the upward axis are from the edges: what lies on an end is not drawn over the edge.
const INSET: f64 = 7.0;

/// What is between a label and the next one, at least.
const APART: f64 = 12.0;

/// The longest label that runs upwards.
const LONGEST: f64 = 210.0;

/// At most so many labels beside each other, and one above the other.
const ACROSS: usize = 11;
const ABOVE: usize = 8;

/// At most so many places have a tick each.
const PLACES: usize = 12;

/// Where values lie.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ruler {
    pub(super) scale: Scale,
    pub(super) ends: [f64; 2],
    /// Where the lower end is in the picture, and the upper one.
    pub(super) from: f64,
    pub(super) to: f64,
}

impl Ruler {
    pub(super) fn at(&self, value: f64) -> f64 {
        self.from + (self.to - self.from) * share(self.scale, self.ends, value)
    }
}

/// The part of a picture in which points are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plot {
    pub(super) x: Ruler,
    pub(super) y: Ruler,
    /// Where what is below it ends.
    pub(super) end: f64,
}

/// An axis, from where to where it goes, and the few places at which there is something, if they are few.
pub(super) struct Side<'a> {
    pub(super) axis: &'a Axis,
    pub(super) ends: [f64; 2],
    pub(super) places: Vec<f64>,
}

impl Plot {
    /// Draws both axes below `top`.
    pub(super) fn new(scene: &mut Scene, lettering: &Lettering, x: &Side<'_>, y: &Side<'_>, top: f64) -> Self {
        let ends = ticks::rounded(&y.axis.unit, y.axis.scale, y.ends, ABOVE);
        let upwards = ticks(&y.axis.unit, y.axis.scale, ends, ABOVE);
        let name = named(&y.axis.name, &upwards.unit);
        let name = lettering.clipped(&name, scene.width - 2.0 * MARGIN, SIZE);
        let above = if name.is_empty() { 0.0 } else { SIZE * 2.2 };
        scene.text(name, (MARGIN, top + SIZE * 0.75), SIZE, INK, Align::Start);
        let widest = upwards.labels.iter().map(|(_, label)| lettering.width(label, SIZE)).fold(0.0, f64::max);
        let [left, right, top] = [MARGIN + widest + 9.0, scene.width - MARGIN - 8.0, top + above];
        let bottom = top + HEIGHT;
        let y = Ruler { scale: y.axis.scale, ends, from: bottom - INSET, to: top + INSET };
        let x_ruler = Ruler { scale: x.axis.scale, ends: x.ends, from: left, to: right };
        let across = labels_across(lettering, x, &x_ruler, scene.width);
        lines_behind(scene, &x_ruler, &y, [top, bottom], &across, &upwards, x.axis);
        for (value, label) in &upwards.labels {
            scene.text(label, (left - 9.0, y.at(*value)), SIZE, INK, Align::End);
        }
        outline(scene, (left, top), (right, bottom), EDGE);
        let under = label_across(scene, lettering, &x_ruler, &across, bottom);
        let name = lettering.clipped(&named(&x.axis.name, &across.unit), scene.width - 2.0 * MARGIN, SIZE);
        let end = if name.is_empty() { under } else { under + SIZE * 1.6 };
        scene.text(name, ((left + right) / 2.0, under + SIZE * 0.9), SIZE, INK, Align::Middle);
        Self { x: x_ruler, y, end: end + 4.0 }
    }
}

fn lines_behind(
    scene: &mut Scene,
    x: &Ruler,
    y: &Ruler,
    [top, bottom]: [f64; 2],
    across: &Ticks,
    upwards: &Ticks,
    axis: &Axis,
) {
    let mut fine = |places: [(f64, f64); 2]| scene.line(places.to_vec(), 1.0, FINE_GRID);
    upwards.fine.iter().for_each(|&value| fine([(x.from, y.at(value)), (x.to, y.at(value))]));
    across.fine.iter().for_each(|&value| fine([(x.at(value), top), (x.at(value), bottom)]));
    for (value, _) in &upwards.labels {
        scene.line(vec![(x.from, y.at(*value)), (x.to, y.at(*value))], 1.0, GRID);
        scene.line(vec![(x.from - 4.0, y.at(*value)), (x.from, y.at(*value))], 1.0, EDGE);
    }
    for (value, _) in &across.labels {
        if !matches!(axis.unit, Unit::Names(_)) {
            scene.line(vec![(x.at(*value), top), (x.at(*value), bottom)], 1.0, GRID);
        }
        scene.line(vec![(x.at(*value), bottom), (x.at(*value), bottom + 4.0)], 1.0, EDGE);
    }
}

/// The most ticks of which the labels do not touch; at the values themselves, where they are few.
fn labels_across(lettering: &Lettering, side: &Side<'_>, ruler: &Ruler, width: f64) -> Ticks {
    let Axis { unit, scale, .. } = side.axis;
    let at_places = (1..=PLACES).contains(&side.places.len()).then(|| ticks::at(unit, *scale, side.ends, &side.places));
    let fit = |ticks: &Ticks| do_fit(lettering, ruler, ticks, width);
    if let Some(ticks) = at_places.flatten().filter(fit) {
        return ticks;
    }
    let tried = (2..=ACROSS).rev().map(|most| ticks(unit, *scale, side.ends, most)).find(fit);
    tried.unwrap_or_else(|| ticks(unit, *scale, side.ends, 2))
}

/// Whether labels that lie beside each other are apart, and in the picture.
fn do_fit(lettering: &Lettering, ruler: &Ruler, ticks: &Ticks, width: f64) -> bool {
    let mut free = 2.0;
    for (value, label) in &ticks.labels {
        let (at, half) = (ruler.at(*value), lettering.width(label, SIZE) / 2.0);
        if at - half < free || at + half > width - 2.0 {
            return false;
        }
        free = at + half + APART;
    }
    true
}

/// Draws the labels under an axis, upwards where they are too long to lie; where they end.
fn label_across(scene: &mut Scene, lettering: &Lettering, ruler: &Ruler, ticks: &Ticks, under: f64) -> f64 {
    if do_fit(lettering, ruler, ticks, scene.width) {
        for (value, label) in &ticks.labels {
            scene.text(label, (ruler.at(*value), under + 14.0), SIZE, INK, Align::Middle);
        }
        return under + 24.0;
    }
    // Where there are more than can stand beside each other, only every second is told, or third, and so on.
    let labels = ticks.labels.iter().map(|(value, label)| (value, lettering.clipped(label, LONGEST, SIZE)));
    let room = (ruler.to - ruler.from) / ticks.labels.len().max(1) as f64;
    let every = (SIZE * 1.2 / room).ceil().max(1.0) as usize;
    let mut longest: f64 = 0.0;
    for (value, label) in labels.step_by(every) {
        longest = longest.max(lettering.width(&label, SIZE));
        scene.upwards(&label, (ruler.at(*value), under + 9.0), SIZE, INK, Align::End);
    }
    under + longest + 15.0
}

/// A note below everything.
pub(super) fn note(scene: &mut Scene, lettering: &Lettering, text: &str, top: f64) -> f64 {
    paragraph(scene, lettering, text, top + 4.0, SIZE - 1.0, FAINT)
}
