//! What a run came to, in one word, one line, and its evidence.

use serde::Serialize;

use super::layout::{Ink, Sheet, Tone, count};
use super::words;
use crate::check::{PropertyInfo, Violation};
use crate::lab::{Experiment, OF_THE_KERNEL};
use crate::scenario::Expect;
use crate::sim::{ENDLESS, Failure, FailureKind, Liveness, Outcome, PANIC};

/// What a run came to, held against what its scenario expects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum Judgement {
    /// Every property held.
    Holds,
    /// A property broke that should not, or the run ended before its time.
    Broke {
        /// In which way.
        kind: FailureKind,
        /// The property's name, or what stands in its place.
        property: String,
    },
    /// The property broke that was expected to.
    AsExpected {
        /// Its name.
        property: String,
    },
    /// A property was expected to break, and none did under this seed.
    NotShown {
        /// Its name.
        property: String,
    },
    /// It was stopped on purpose before its end, and nothing had broken so far.
    CutShort,
}

/// Judges a run by what its scenario expects.
#[must_use]
pub fn judge(expect: &Expect, outcome: &Outcome) -> Judgement {
    match (expect, outcome.failure()) {
        (Expect::Violates(expected), Some(Failure { property, .. })) if *expected == property => {
            Judgement::AsExpected { property }
        }
        (_, Some(Failure { kind, property, .. })) => Judgement::Broke { kind, property },
        (Expect::Violates(property), None) => Judgement::NotShown { property: property.clone() },
        (Expect::Holds, None) => Judgement::Holds,
    }
}

/// What a property claims.
#[must_use]
pub fn claim(experiment: &dyn Experiment, property: &str) -> &'static str {
    match property {
        PANIC => return "the protocol does not panic",
        ENDLESS => return "a run ends by itself, within its budget of events (\"budget\")",
        _ => {}
    }
    let own = experiment.properties();
    let infos = own.iter().chain(OF_THE_KERNEL);
    infos.into_iter().find(|info: &&PropertyInfo| info.name == property).map_or("", |info| info.about)
}

/// The headline, and the evidence where something broke.
#[must_use]
pub fn text(experiment: &dyn Experiment, judgement: &Judgement, outcome: &Outcome, ink: Ink) -> String {
    let mut sheet = Sheet::new(ink);
    sheet.raw("");
    let (tone, line) = headline(judgement, outcome);
    sheet.line(tone, &line);
    if let Some(violation) = &outcome.violation {
        evidence(&mut sheet, claim(experiment, &violation.property), violation);
    }
    sheet.into_text()
}

/// What a run came to, in a line.
pub(super) fn headline(judgement: &Judgement, outcome: &Outcome) -> (Tone, String) {
    let at = outcome.violation.as_ref().map_or(outcome.ended_at, |violation| violation.at);
    match judgement {
        Judgement::Holds if outcome.empty.is_some() => {
            (Tone::Odd, "HOLDS, and shows nothing: the run was empty".to_owned())
        }
        Judgement::Holds => (Tone::Good, format!("HOLDS: {}", how_it_held(outcome))),
        Judgement::Broke { kind: FailureKind::Safety, property } => {
            (Tone::Bad, format!("VIOLATED: {property}, a safety property, at {at}"))
        }
        Judgement::Broke { kind: FailureKind::Liveness, property } => {
            (Tone::Bad, format!("VIOLATED: {property}, a liveness property, judged at {at}"))
        }
        Judgement::Broke { kind: FailureKind::Panic, .. } => (Tone::Bad, format!("PANICKED at {at}")),
        Judgement::Broke { kind: FailureKind::Endless, .. } => {
            let line = format!(
                "UNKNOWN: stopped at {at} after {} events, more than the scenario's budget allows (\"budget\"); \
                 a run that does not end is often a message or a timer that begets itself",
                count(outcome.events)
            );
            (Tone::Odd, line)
        }
        Judgement::AsExpected { property } => {
            (Tone::Good, format!("VIOLATED AS EXPECTED: {property}, at {at}; it is what the scenario wants to see"))
        }
        Judgement::NotShown { property } => {
            let line = format!(
                "NOT SHOWN: {property} should break, and under this seed nothing does; another seed may show it"
            );
            (Tone::Odd, line)
        }
        Judgement::CutShort => (Tone::Odd, format!("STOPPED at {at}: nothing has broken so far")),
    }
}

fn how_it_held(outcome: &Outcome) -> &'static str {
    match outcome.liveness {
        Liveness::Converged { .. } => "every invariant held, and the healed core converged",
        Liveness::Excused => "every invariant held; liveness was excused, for no core could be named",
        _ => "every invariant held; liveness was not asked for",
    }
}

/// So many nodes are named one by one.
const FEW: usize = 24;

fn evidence(sheet: &mut Sheet, claim: &str, violation: &Violation) {
    let evidence = &violation.evidence;
    sheet.row("claim", claim);
    sheet.row_in(Tone::Bad, "but", &evidence.kind);
    let nodes: Vec<String> = evidence.nodes.iter().map(ToString::to_string).collect();
    let few = nodes.len() <= FEW;
    sheet.row("nodes", &if few { nodes.join(" ") } else { words::set(&evidence.nodes.iter().copied().collect()) });
    for (name, value) in &evidence.values {
        sheet.row(name, value);
    }
}
