//! The certificate: every part that is left was taken out once more, and nothing broke.

use serde::Serialize;

use super::elements::Element;
use super::passes::slackened;
use super::search::{Search, Tried};
use crate::scenario::Scenario;

/// A part of a case without which nothing breaks.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Needed {
    /// What it is.
    pub what: Element,
    /// In how many runs without it nothing broke: one by the seeds of the case, the others by fresh ones.
    pub runs: u32,
}

/// What is needed, and what nobody knows for want of time.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Certificate {
    pub(super) needed: Vec<Needed>,
    pub(super) is_complete: bool,
}

impl Search<'_> {
    /// Takes out every part once more; one without which it still breaks is gone for good, and all begins anew.
    pub(super) fn certify(&mut self, tries: u32) -> Certificate {
        loop {
            let Some(certificate) = self.certified(tries) else { continue };
            return certificate;
        }
    }

    /// A case may have been cut off so shortly after its breach that one that comes a little later would not be seen.
    fn with_slack(&self, mut scenario: Scenario) -> Scenario {
        if !self.is_of_liveness() {
            scenario.run_for = slackened(scenario.run_for);
        }
        scenario
    }

    /// Nothing if something could be taken out.
    fn certified(&mut self, tries: u32) -> Option<Certificate> {
        let groups = self.experiment.groups();
        let mut certificate = Certificate { needed: Vec::new(), is_complete: true };
        let mut is_smaller = false;
        for what in Element::all(&self.best.scenario, groups) {
            if self.is_spent() {
                certificate.is_complete = false;
                break;
            }
            // What cannot be taken out is no part: a scenario must make sense without it.
            let without = what.without(&self.best.scenario, groups);
            let is_node = matches!(what, Element::Node(_));
            let Some(without) = without.filter(|without| !is_node || self.is_sound(without)) else { continue };
            match self.attempt(&self.with_slack(without), tries) {
                Tried::Breaks => {
                    is_smaller = true;
                    if matches!(what, Element::Node(_) | Element::Client(_)) {
                        // Those behind it have other numbers now.
                        break;
                    }
                }
                // One that asks nothing is there only because those behind it would ask something else in its place.
                Tried::Holds(_) if what.is_idle(&self.best.scenario) => {}
                Tried::Holds(0) => certificate.is_complete = false,
                Tried::Holds(runs) => certificate.needed.push(Needed { what, runs }),
            }
        }
        if is_smaller {
            self.cut_tail();
            self.round_length();
            return None;
        }
        Some(certificate)
    }
}
