//! What is around every chart: its title and its caption above, notes below.

use plotters::style::RGBColor;

use super::Chart;
use super::lettering::Lettering;
use super::palette::{EDGE, FAINT, INK};
use super::scene::{Align, Place, Scene};

/// How wide a chart is, as long as its content allows it.
pub(super) const WIDTH: f64 = 860.0;

/// What stays free at all sides.
pub(super) const MARGIN: f64 = 22.0;

/// The size of most texts.
pub(super) const SIZE: f64 = 12.0;

const TITLE: f64 = 17.0;

/// How high a line of text is, in its size.
const LEADING: f64 = 1.5;

/// Title and caption; where the rest begins.
pub(super) fn heading(scene: &mut Scene, chart: &Chart, lettering: &Lettering) -> f64 {
    let under = paragraph(scene, lettering, &chart.title, MARGIN, TITLE, INK);
    let under = if under > MARGIN { under + 2.0 } else { under };
    let end = paragraph(scene, lettering, &chart.about, under, SIZE, FAINT);
    if end > MARGIN { end + 10.0 } else { end }
}

/// A text over the whole width; where it ends.
pub(super) fn paragraph(
    scene: &mut Scene,
    lettering: &Lettering,
    text: &str,
    top: f64,
    size: f64,
    colour: RGBColor,
) -> f64 {
    let lines = lettering.wrapped(text, scene.width - 2.0 * MARGIN, size);
    let height = size * LEADING;
    for (n, line) in lines.iter().enumerate() {
        scene.text(line, (MARGIN, top + height * (n as f64 + 0.5)), size, colour, Align::Start);
    }
    top + height * lines.len() as f64
}

/// The name of an axis, with its unit.
pub(super) fn named(name: &str, unit: &str) -> String {
    match (name, unit) {
        (name, "") => name.to_owned(),
        ("", unit) => unit.to_owned(),
        (name, unit) => format!("{name} ({unit})"),
    }
}

/// A frame in which there is nothing but the reason why.
pub(super) fn nothing(scene: &mut Scene, top: f64, why: &str) {
    let (left, right, bottom) = (MARGIN, scene.width - MARGIN, top + 160.0);
    outline(scene, (left, top), (right, bottom), EDGE);
    scene.text(why, ((left + right) / 2.0, (top + bottom) / 2.0), SIZE, FAINT, Align::Middle);
    scene.height = bottom + MARGIN;
}

/// The edges of a rectangle.
pub(super) fn outline(scene: &mut Scene, (left, top): Place, (right, bottom): Place, colour: RGBColor) {
    let places = vec![(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
    scene.line(places, 1.0, colour);
}
