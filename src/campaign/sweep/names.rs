//! What can be asked for by name.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;

use super::design::{Design, is_violation};
use super::engine::observe;
use super::plot::Kind;
use super::sample::{Seen, Unit, VIOLATIONS};
use super::until::Width;
use crate::campaign::Job;
use crate::lab::Experiment;
use crate::params::unknown;
use crate::scenario::ScenarioError;

/// The quantities that the protocols of a grid measure, each with what is read of it and its unit.
#[derive(Debug)]
pub struct Known(Vec<(String, Seen, Unit)>);

/// In a larger grid protocols are looked for among so many cells.
const CELLS: usize = 10_000;

impl Known {
    /// What the first run of each protocol of a grid measures.
    ///
    /// # Errors
    /// A scenario cannot be run.
    pub fn of(design: &Design, experiments: &[&dyn Experiment]) -> Result<Self, ScenarioError> {
        let (mut known, mut seen) = (Vec::new(), BTreeSet::new());
        for cell in 0..design.cells().unwrap_or(0).min(CELLS) {
            let document = design.scenario(cell)?;
            if !seen.insert(document.protocol().unwrap_or_default().to_owned()) {
                continue;
            }
            let job = Job::new(experiments, document)?;
            let observed = observe(&job, design.seeds[0], &[], &AtomicBool::new(false))?;
            if let Some((sample, metrics)) = observed {
                let unit = |name: &str| {
                    metrics.iter().find(|metric| metric.name == name).map_or(Unit::Number, |metric| metric.unit)
                };
                known.extend(sample.seen.into_iter().map(|(name, seen)| (name.clone(), seen, unit(&name))));
            }
        }
        Ok(Self(known))
    }

    /// Checks everything that a design asks for by name.
    ///
    /// # Errors
    /// What nobody measures, with the nearest that somebody does.
    pub fn check(&self, design: &Design) -> Result<(), String> {
        design.metrics.iter().try_for_each(|name| self.quantity(name))?;
        if let Some(until) = &design.until {
            let unit = self.figure(&until.metric).map_err(|why| format!("--until: {why}"))?;
            if matches!(until.width, Width::Time(_)) && unit != Unit::Seconds {
                return Err(format!("--until: {} is no time; give its width as a part, such as 1%", until.metric));
            }
        }
        for plot in &design.charts {
            let of = |why: String| format!("the chart {:?}: {why}", plot.name);
            match plot.kind {
                Kind::Cdf => self.quantity(&plot.figure).map_err(of)?,
                Kind::Lines | Kind::Heat => drop(self.figure(&plot.figure).map_err(of)?),
            }
            let is_axis = |name: &String| design.vary.iter().any(|axis| axis.name == *name);
            if let Some(x) = plot.x.as_ref().filter(|x| !is_axis(x)) {
                self.figure(x).map_err(of)?;
            }
        }
        Ok(())
    }

    fn quantity(&self, name: &str) -> Result<(), String> {
        if self.0.iter().any(|(known, ..)| known == name) {
            return Ok(());
        }
        let known: BTreeSet<&str> = self.0.iter().map(|(known, ..)| known.as_str()).collect();
        Err(unknown(&format!("nothing here measures {name:?}"), name, known))
    }

    /// The unit of a figure.
    fn figure(&self, name: &str) -> Result<Unit, String> {
        if is_violation(name) {
            return Ok(Unit::Share);
        }
        let figures = self.0.iter().flat_map(|(quantity, seen, unit)| {
            let parts = seen.parts().iter().map(move |part| format!("{quantity}.{part}"));
            let whole = seen.parts().is_empty().then(|| quantity.clone());
            parts.chain(whole).map(|figure| (figure, *unit))
        });
        let figures: Vec<(String, Unit)> = figures.chain([(VIOLATIONS.to_owned(), Unit::Share)]).collect();
        match figures.iter().find(|(known, _)| known == name) {
            Some((_, unit)) => Ok(*unit),
            None => {
                let known: BTreeSet<&str> = figures.iter().map(|(known, _)| known.as_str()).collect();
                Err(unknown(&format!("there is no figure {name:?}"), name, known))
            }
        }
    }
}
