//! Making what is left smaller: shorter, about fewer nodes, earlier, and at rounder instants.

use super::elements::{is_of_links, set};
use super::search::Search;
use crate::fault::links::Cut;
use crate::fault::{Entry, Fault, FixedFate, Strike, Unsynced, Who};
use crate::ids::{NodeId, NodeSet};
use crate::params::Distribution;
use crate::rng::Ratio;
use crate::scenario::Scenario;
use crate::time::{Span, Time};

/// Units of time that people like to read, the coarsest first.
const UNITS: [Span; 6] = [Span::secs(1), Span::ms(100), Span::ms(10), Span::ms(1), Span::us(100), Span::us(10)];

/// Sets of more nodes than this are not taken apart.
const APART: usize = 64;

impl Search<'_> {
    /// Lowers every entry by itself.
    pub(super) fn lower_entries(&mut self, tries: u32) {
        let ids: Vec<String> = self.best.scenario.faults.timeline.iter().map(|entry| entry.id.clone()).collect();
        for id in &ids {
            self.narrow(id, tries);
            self.simplify(id, tries);
            self.shorten(id, tries);
        }
    }

    /// Tries the case with one entry changed.
    fn with_entry(&mut self, id: &str, tries: u32, change: impl FnOnce(&mut Entry)) -> bool {
        let mut candidate = self.best.scenario.clone();
        let Some(entry) = candidate.faults.timeline.iter_mut().find(|entry| entry.id == id) else { return false };
        change(entry);
        candidate != self.best.scenario && self.attempt(&candidate, tries).breaks()
    }

    fn entry(&self, id: &str) -> Option<&Entry> {
        self.best.scenario.faults.timeline.iter().find(|entry| entry.id == id)
    }

    /// Fewer nodes, and fewer links.
    fn narrow(&mut self, id: &str, tries: u32) {
        let Some(entry) = self.entry(id).cloned() else { return };
        match (entry.kind.links(), &entry.who) {
            (None, Who::Nodes(nodes)) if (2..=APART).contains(&nodes.len()) => {
                let mut nodes: Vec<NodeId> = nodes.iter().collect();
                self.reduce(&mut nodes, |search, rest| {
                    let set: NodeSet = rest.iter().copied().collect();
                    !set.is_empty() && search.with_entry(id, tries, |entry| entry.who = Who::Nodes(set))
                });
            }
            (Some(links), _) if links.cut.len() > 1 => {
                let mut cuts = links.cut.clone();
                self.reduce(&mut cuts, |search, rest| !rest.is_empty() && search.with_cuts(id, tries, rest.to_vec()));
            }
            _ => {}
        }
        self.narrow_cuts(id, tries);
    }

    fn with_cuts(&mut self, id: &str, tries: u32, cuts: Vec<Cut>) -> bool {
        self.with_entry(id, tries, |entry| {
            if let Some(links) = entry.kind.links_mut() {
                links.cut = cuts;
            }
        })
    }

    fn narrow_cuts(&mut self, id: &str, tries: u32) {
        let cuts = |search: &Self| {
            search.entry(id).and_then(|entry| entry.kind.links()).map_or_else(Vec::new, |links| links.cut.clone())
        };
        for place in 0..cuts(self).len() {
            for sends in [true, false] {
                let now = cuts(self);
                let Some(cut) = now.get(place) else { continue };
                let side = if sends { &cut.from } else { &cut.to };
                if !(2..=APART).contains(&side.len()) {
                    continue;
                }
                let mut nodes: Vec<NodeId> = side.iter().collect();
                self.reduce(&mut nodes, |search, rest| {
                    let mut fewer = cuts(search);
                    let set = rest.iter().copied().collect();
                    let cut = &mut fewer[place];
                    *if sends { &mut cut.from } else { &mut cut.to } = set;
                    is_of_links(cut) && search.with_cuts(id, tries, fewer)
                });
            }
        }
    }

    /// What leaves less to chance, and needs fewer words.
    fn simplify(&mut self, id: &str, tries: u32) {
        let Some(kind) = self.entry(id).map(|entry| entry.kind.clone()) else { return };
        for plainer in plainer_kinds(&kind) {
            if plainer == kind || self.with_entry(id, tries, |entry| entry.kind = plainer) {
                break;
            }
        }
        self.with_entry(id, tries, |entry| {
            if let Some(links) = entry.kind.links_mut() {
                links.flaps = None;
            }
        });
        self.with_entry(id, tries, |entry| match &mut entry.kind {
            Fault::Loss { odds, .. } | Fault::Duplicate { odds, .. } => *odds = Ratio::ALWAYS,
            Fault::Delay { by, .. } => *by = Distribution::Constant(typical(by)),
            _ => {}
        });
    }

    /// A shorter time, as long as halving it does no harm.
    fn shorten(&mut self, id: &str, tries: u32) {
        if self.with_entry(id, tries, |entry| entry.lasts = entry.lasts.map(|_| Span::ZERO)) {
            return;
        }
        while self.with_entry(id, tries, |entry| entry.lasts = entry.lasts.map(|lasts| Span(lasts.0 / 2))) {}
    }

    /// Puts everything earlier: the first fault, and then all the time between faults.
    pub(super) fn move_up(&mut self, tries: u32) {
        let policy = self.policy();
        if !policy.script.is_empty() || self.is_of_liveness() {
            return;
        }
        for part in [1, 2, 4] {
            let Some(first) = self.best.scenario.faults.timeline.iter().filter_map(|entry| entry.at).min() else {
                break;
            };
            self.with_times(tries, |at| Time(at.0 - first.0 / part));
        }
        while self.best.failure.at > Time::ZERO + UNITS[3] && self.with_times(tries, |at| Time(at.0 / 2)) {}
        if policy.clients > 0 && policy.ops > 0 {
            let every = policy.every.unwrap_or_default();
            for part in [16, 4, 2] {
                let mut sooner = self.best.scenario.clone();
                set(&mut sooner, "every", Span(every.0 / part));
                if self.attempt(&sooner, tries).breaks() {
                    break;
                }
            }
        }
        self.cut_tail();
    }

    fn with_times(&mut self, tries: u32, change: impl Fn(Time) -> Time) -> bool {
        let mut candidate = self.best.scenario.clone();
        for entry in &mut candidate.faults.timeline {
            entry.at = entry.at.map(&change);
        }
        candidate != self.best.scenario && self.attempt(&candidate, tries).breaks()
    }

    /// Rounds all instants and lengths, as coarsely as does no harm.
    pub(super) fn round(&mut self, tries: u32) {
        let mut numbered = self.best.scenario.clone();
        numbered.faults.messages.iter_mut().for_each(|fixed| fixed.sent_at = None);
        self.attempt(&numbered, 1);
        let all: [fn(&mut Scenario, Span); 4] = [
            |scenario, unit| {
                for entry in &mut scenario.faults.timeline {
                    entry.at = entry.at.map(|at| Time(nearest(at.0, unit)));
                }
            },
            |scenario, unit| {
                for entry in &mut scenario.faults.timeline {
                    entry.lasts = entry.lasts.map(|lasts| Span(nearest(lasts.0, unit)));
                }
            },
            |scenario, unit| {
                for fixed in &mut scenario.faults.messages {
                    fixed.fate = match fixed.fate {
                        FixedFate::Drop => FixedFate::Drop,
                        FixedFate::Deliver(delay) => FixedFate::Deliver(Span(nearest(delay.0, unit))),
                        FixedFate::Twice(one, two) => {
                            FixedFate::Twice(Span(nearest(one.0, unit)), Span(nearest(two.0, unit)))
                        }
                    };
                }
            },
            |scenario, unit| {
                if let Some(every) = super::search::policy_of(scenario).every {
                    set(scenario, "every", Span(nearest(every.0, unit)).max(Span(1)));
                }
            },
        ];
        for change in all {
            for unit in UNITS {
                let mut round = self.best.scenario.clone();
                change(&mut round, unit);
                if round == self.best.scenario || self.attempt(&round, tries).breaks() {
                    break;
                }
            }
        }
        self.round_length();
    }

    /// The shortest length in round numbers that the breach fits in.
    pub(super) fn round_length(&mut self) {
        let at = self.best.failure.at;
        if self.is_of_liveness() || at >= Time::ZERO + self.best.scenario.run_for {
            return;
        }
        for unit in UNITS.into_iter().filter(|unit| unit.0 * 4 <= at.0) {
            let mut round = self.best.scenario.clone();
            round.run_for = Span((at.0 / unit.0 + 1) * unit.0).min(round.run_for);
            if round == self.best.scenario || self.attempt(&round, 1).breaks() {
                return;
            }
        }
    }
}

/// What this fault may become, the plainest first: nothing is left to a coin, and it waits for no turn.
fn plainer_kinds(fault: &Fault) -> Vec<Fault> {
    match *fault {
        Fault::Crash { unsynced, strike } => {
            let mut plainer = vec![Fault::Crash { unsynced: Unsynced::None, strike: Strike::Between }];
            plainer.push(Fault::Crash { unsynced, strike: Strike::Between });
            plainer.push(Fault::Crash { unsynced: Unsynced::None, strike });
            plainer
        }
        Fault::Kill { .. } => vec![Fault::Kill { strike: Strike::Between }],
        Fault::Pause { .. } => vec![Fault::Pause { strike: Strike::Between }],
        Fault::Power { .. } => vec![Fault::Power { unsynced: Unsynced::None }],
        _ => Vec::new(),
    }
}

/// What is to be expected of a distribution: its median, in round numbers.
pub(super) fn typical(by: &Distribution) -> Span {
    let median = by.sample(u64::MAX / 2);
    let unit = UNITS.into_iter().find(|unit| unit.0 * 2 <= median.0).unwrap_or(Span::us(1));
    Span(nearest(median.0, unit).max(unit.0))
}

fn nearest(time: u64, unit: Span) -> u64 {
    (time + unit.0 / 2) / unit.0 * unit.0
}
