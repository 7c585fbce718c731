//! The shapes of markers: one for each series, and hollow ones for what others published.

use plotters::style::RGBColor;

use super::palette::PAPER;
use super::scene::{Place, Scene};

/// How far a marker reaches from its centre.
pub(super) const RADIUS: f64 = 4.5;

/// The corners of each shape, in lengths of which a marker's radius is one. The first is a circle.
const SHAPES: [&[Place]; 12] = [
    &[],
    &[(-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)],
    &[(0.0, -1.1), (1.05, 0.8), (-1.05, 0.8)],
    &[(0.0, -1.2), (1.2, 0.0), (0.0, 1.2), (-1.2, 0.0)],
    &[(0.0, 1.1), (1.05, -0.8), (-1.05, -0.8)],
    &PLUS,
    &[
        (-1.1, -0.6),
        (-0.6, -1.1),
        (0.0, -0.5),
        (0.6, -1.1),
        (1.1, -0.6),
        (0.5, 0.0),
        (1.1, 0.6),
        (0.6, 1.1),
        (0.0, 0.5),
        (-0.6, 1.1),
        (-1.1, 0.6),
        (-0.5, 0.0),
    ],
    &[
        (0.0, -1.25),
        (0.35, -0.45),
        (1.2, -0.4),
        (0.55, 0.15),
        (0.75, 1.0),
        (0.0, 0.55),
        (-0.75, 1.0),
        (-0.55, 0.15),
        (-1.2, -0.4),
        (-0.35, -0.45),
    ],
    &[(-1.1, 0.0), (0.8, -1.05), (0.8, 1.05)],
    &[(1.1, 0.0), (-0.8, -1.05), (-0.8, 1.05)],
    &[(-0.55, -1.0), (0.55, -1.0), (1.1, 0.0), (0.55, 1.0), (-0.55, 1.0), (-1.1, 0.0)],
    &[(-0.95, -1.0), (0.95, -1.0), (0.0, 0.0), (0.95, 1.0), (-0.95, 1.0), (0.0, 0.0)],
];

const PLUS: [Place; 12] = [
    (-0.35, -1.15),
    (0.35, -1.15),
    (0.35, -0.35),
    (1.15, -0.35),
    (1.15, 0.35),
    (0.35, 0.35),
    (0.35, 1.15),
    (-0.35, 1.15),
    (-0.35, 0.35),
    (-1.15, 0.35),
    (-1.15, -0.35),
    (-0.35, -0.35),
];

/// Which shape points downwards: it stands for what lies below the axis.
const DOWNWARDS: usize = 4;

/// A filled marker, with a rim of paper that keeps it apart from what it lies on.
pub(super) fn filled(scene: &mut Scene, shape: usize, at: Place, colour: RGBColor) {
    draw(scene, shape, at, RADIUS + 1.2, PAPER);
    draw(scene, shape, at, RADIUS, colour);
}

/// A hollow one, a little larger, for it may lie on a filled one.
pub(super) fn hollow(scene: &mut Scene, shape: usize, at: Place, colour: RGBColor) {
    draw(scene, shape, at, RADIUS + 2.6, PAPER);
    outline(scene, shape, at, RADIUS + 1.6, colour);
}

/// An open triangle that points down.
pub(super) fn below(scene: &mut Scene, at: Place, colour: RGBColor) {
    draw(scene, DOWNWARDS, at, RADIUS, PAPER);
    outline(scene, DOWNWARDS, at, RADIUS, colour);
}

fn draw(scene: &mut Scene, shape: usize, at: Place, radius: f64, colour: RGBColor) {
    match corners(shape, at, radius) {
        corners if corners.is_empty() => scene.disc(at, radius, colour),
        corners => scene.area(corners, colour, 1.0),
    }
}

/// A line around a shape, as the shape with a smaller one of paper on it: lines that close are not drawn whole.
fn outline(scene: &mut Scene, shape: usize, at: Place, radius: f64, colour: RGBColor) {
    draw(scene, shape, at, radius + 0.4, colour);
    draw(scene, shape, at, radius - 1.4, PAPER);
}

fn corners(shape: usize, (x, y): Place, radius: f64) -> Vec<Place> {
    SHAPES[shape % SHAPES.len()].iter().map(|(right, down)| (x + right * radius, y + down * radius)).collect()
}
