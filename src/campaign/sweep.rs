//! A grid of settings, many seeds a cell, and what that comes to: curves with their confidence.
//!
//! All cells share their seeds, so that what differs between two of them differs by their settings and not by luck: the
//! same clients ask the same, and the same messages are drawn to be lost first as losses grow. What is measured is a
//! function of the design and of the program alone: not of how many cores there are, of how the cells were divided
//! among machines, or of how often the sweep was killed and started again.
//!
//! [`Design`] is what is measured, [`engine`] measures it and writes down what it has ([`journal`]), [`Results`] are
//! what it came to; [`baseline`] holds them against earlier ones, [`plot`] draws them, and [`page`] puts it all on one
//! page.

pub mod account;
pub mod axis;
pub mod baseline;
pub mod cell;
pub mod design;
pub mod engine;
pub mod journal;
pub mod names;
pub mod page;
pub mod plot;
pub mod results;
pub mod sample;
#[cfg(test)]
mod tests;
pub mod theory;
pub mod until;
pub mod written;

pub use design::{Design, Wishes, is_sweep, schema_of_sweeps};
pub use results::{Header, Results};

use sample::{Metric, Unit};

/// The unit of a figure: a share where it is a probability, that of its quantity else.
fn unit_of(metrics: &[Metric], figure: &str) -> Unit {
    if design::is_violation(figure) {
        return Unit::Share;
    }
    let name = figure.split('.').next().unwrap_or(figure);
    metrics.iter().find(|metric| metric.name == name).map_or(Unit::Number, |metric| metric.unit)
}
