//! Colours. All of them are told apart by readers who see few hues, and in greyscale.

use plotters::style::RGBColor;
use plotters::style::colors::colormaps::{ColorMap, ViridisRGB};

/// Texts, axes.
pub(super) const INK: RGBColor = RGBColor(0x1b, 0x1b, 0x1b);
/// Texts that may be skipped.
pub(super) const FAINT: RGBColor = RGBColor(0x55, 0x55, 0x55);
/// The lines that bound what is drawn.
pub(super) const EDGE: RGBColor = RGBColor(0x77, 0x77, 0x77);
/// The lines behind what is drawn.
pub(super) const GRID: RGBColor = RGBColor(0xe4, 0xe4, 0xe4);
/// Those between them, of a logarithmic axis.
pub(super) const FINE_GRID: RGBColor = RGBColor(0xf2, 0xf2, 0xf2);
/// What everything lies on.
pub(super) const PAPER: RGBColor = RGBColor(0xff, 0xff, 0xff);
/// A cell of which the number has no colour.
pub(super) const NO_COLOUR: RGBColor = RGBColor(0xf6, 0xf6, 0xf6);

/// The stroke through a cell without a number.
pub(super) const ABSENT: RGBColor = RGBColor(0xd4, 0xd4, 0xd4);

/// The colours of series: those of Okabe and Ito without yellow, which paper swallows, and five more; in an order in
/// which the first few differ most in lightness.
const SERIES: [RGBColor; 12] = [
    RGBColor(0x00, 0x72, 0xb2),
    RGBColor(0xe6, 0x9f, 0x00),
    RGBColor(0x1b, 0x1b, 0x1b),
    RGBColor(0x7a, 0x1f, 0x4b),
    RGBColor(0x00, 0x9e, 0x73),
    RGBColor(0x56, 0xb4, 0xe9),
    RGBColor(0xd5, 0x5e, 0x00),
    RGBColor(0xcc, 0x79, 0xa7),
    RGBColor(0x33, 0x22, 0x88),
    RGBColor(0x99, 0x99, 0x33),
    RGBColor(0x8c, 0x8c, 0x8c),
    RGBColor(0x66, 0x3c, 0x12),
];

/// The colour of a series, by its number.
pub(super) fn of_series(n: usize) -> RGBColor {
    SERIES[n % SERIES.len()]
}

/// A darker one, which is seen on the colour itself.
pub(super) fn darker(RGBColor(r, g, b): RGBColor) -> RGBColor {
    let mixed = |part: u8| (f64::from(part) * 0.6) as u8;
    RGBColor(mixed(r), mixed(g), mixed(b))
}

/// The colour of a cell, from 0 to 1: the more, the darker.
pub(super) fn heat(share: f64) -> RGBColor {
    ViridisRGB.get_color((1.0 - share.clamp(0.0, 1.0)) as f32)
}

/// Ink or paper, whichever is better to read on this colour.
pub(super) fn on(colour: RGBColor) -> RGBColor {
    if contrast(colour, INK) > contrast(colour, PAPER) { INK } else { PAPER }
}

/// How well two colours stand off from each other, from 1 to 21 (WCAG 2.1).
pub(super) fn contrast(a: RGBColor, b: RGBColor) -> f64 {
    let [a, b] = [luminance(a), luminance(b)];
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// How light a colour is, from 0 to 1 (relative luminance of WCAG 2.1).
pub(super) fn luminance(RGBColor(r, g, b): RGBColor) -> f64 {
    let linear = |part: u8| {
        let part = f64::from(part) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { libm::pow((part + 0.055) / 1.055, 2.4) }
    };
    0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
}
