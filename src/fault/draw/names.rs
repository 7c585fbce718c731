//! Whether what is bound late, or fixed one by one, names something that the protocol has: a name that nobody ever
//! bears would strike nobody, in silence.

use super::PlanError;
use crate::fault::spec::Faults;
use crate::fault::{End, Entry, FaultPlan, MessageOverride, Who};
use crate::params::unknown;

/// What the nodes of a protocol call things.
#[derive(Clone, Copy, Debug, Default)]
pub struct Names<'a> {
    /// The roles that a node may have.
    pub roles: &'a [&'a str],
    /// The kinds of facts that it reports.
    pub facts: &'a [&'a str],
    /// The kinds of messages that it sends to other nodes.
    pub messages: &'a [&'a str],
}

/// The kinds of messages between clients and nodes.
const OF_CLIENTS: [&str; 2] = ["request", "reply"];

impl Names<'_> {
    /// Checks a `faults` section.
    ///
    /// # Errors
    /// The first name that is not known.
    pub fn check_faults(&self, faults: &Faults) -> Result<(), PlanError> {
        for recipe in faults.recipes() {
            self.who(&recipe.who, &format!("{}.who", recipe.kind))?;
        }
        self.check_lists(&faults.timeline, &faults.messages)
    }

    /// Checks a plan.
    ///
    /// # Errors
    /// The first name that is not known.
    pub fn check_plan(&self, plan: &FaultPlan) -> Result<(), PlanError> {
        self.check_lists(&plan.timeline, &plan.messages)
    }

    fn check_lists(&self, timeline: &[Entry], messages: &[MessageOverride]) -> Result<(), PlanError> {
        for (n, entry) in timeline.iter().enumerate() {
            self.who(&entry.who, &format!("timeline[{n}].who"))?;
            if let Some(after) = &entry.after {
                known("kind of fact", &after.fact, self.facts, format!("timeline[{n}].after.fact"))?;
            }
        }
        for (n, fixed) in messages.iter().enumerate() {
            let among_nodes = [fixed.from, fixed.to].iter().all(|end| matches!(end, End::Node(_)));
            let kinds = if among_nodes { self.messages } else { &OF_CLIENTS };
            known("kind of message there", &fixed.kind, kinds, format!("messages[{n}].kind"))?;
        }
        Ok(())
    }

    fn who(&self, who: &Who, path: &str) -> Result<(), PlanError> {
        match who {
            Who::Role(role) => known("role", role, self.roles, format!("{path}.role")),
            Who::Fact(fact) => known("kind of fact", fact, self.facts, format!("{path}.fact")),
            _ => Ok(()),
        }
    }
}

fn known(what: &str, name: &str, names: &[&str], path: String) -> Result<(), PlanError> {
    if names.contains(&name) {
        return Ok(());
    }
    Err(PlanError::new(path, unknown(&format!("there is no {what} {name:?}"), name, names.iter().copied())))
}
