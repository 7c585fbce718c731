//! The legend: samples of what is drawn, each with its name, in columns.

use plotters::style::RGBColor;

use super::frame::{MARGIN, SIZE};
use super::lettering::Lettering;
use super::marker;
use super::palette::INK;
use super::scene::{Align, Scene};

/// An entry of the legend.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) sample: Sample,
    pub(super) name: String,
}

/// What is shown beside a name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Sample {
    /// A measured series, by the shape of its marker, and how thick its line is; it may have none.
    Series { shape: usize, colour: RGBColor, thick: f64 },
    /// A theory.
    Dashed { colour: RGBColor },
    /// What was published.
    Hollow { shape: usize, colour: RGBColor },
    /// A value below the axis.
    Below { colour: RGBColor },
}

/// How dashes and the gaps between them are.
pub(super) const DASHES: [f64; 2] = [6.0, 4.0];

/// How thick lines are; and those of what was measured where there is a theory, which may lie on them.
pub(super) const THICK: f64 = 2.0;
pub(super) const THIN: f64 = 1.1;

/// How wide a sample is, and what lies between it and its name, and after that.
const SAMPLE: f64 = 30.0;
const GAP: f64 = 7.0;
const AFTER: f64 = 22.0;

const ROW: f64 = 19.0;

/// Draws the entries; where they end.
pub(super) fn draw(scene: &mut Scene, lettering: &Lettering, entries: &[Entry], top: f64) -> f64 {
    let Some(widest) = entries.iter().map(|entry| lettering.width(&entry.name, SIZE)).reduce(f64::max) else {
        return top;
    };
    let room = scene.width - 2.0 * MARGIN;
    let column = (SAMPLE + GAP + widest + AFTER).min(room);
    let columns = ((room + AFTER) / column).floor().max(1.0) as usize;
    // As few columns as the rows need, so that the last row is no rest.
    let rows = entries.len().div_ceil(columns);
    let columns = entries.len().div_ceil(rows);
    for (n, entry) in entries.iter().enumerate() {
        let (x, y) = (MARGIN + (n % columns) as f64 * column, top + ((n / columns) as f64 + 0.5) * ROW);
        sample(scene, entry.sample, x, y);
        let name = lettering.clipped(&entry.name, room - SAMPLE - GAP, SIZE);
        scene.text(name, (x + SAMPLE + GAP, y), SIZE, INK, Align::Start);
    }
    top + rows as f64 * ROW + 10.0
}

fn sample(scene: &mut Scene, sample: Sample, x: f64, y: f64) {
    let (ends, middle) = (vec![(x, y), (x + SAMPLE, y)], (x + SAMPLE / 2.0, y));
    match sample {
        Sample::Series { shape, colour, thick } => {
            if thick > 0.0 {
                scene.line(ends, thick, colour);
            }
            marker::filled(scene, shape, middle, colour);
        }
        Sample::Dashed { colour } => scene.dashed(&ends, THICK, colour, DASHES),
        Sample::Hollow { shape, colour } => marker::hollow(scene, shape, middle, colour),
        Sample::Below { colour } => marker::below(scene, middle, colour),
    }
}
