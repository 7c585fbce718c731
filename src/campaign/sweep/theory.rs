//! What is known of some curves by computation, to be drawn beside what was measured.
//!
//! Each is a function of a concrete scenario, so that it stands for every point of a grid and for those in between.
//! Where a scenario is not of the kind that a formula speaks of, there is no figure.

use serde_json::Value;

use crate::fault::spec::{CrashSpec, Per};
use crate::fault::{Fault, Who};
use crate::ids::{FaultKind, NodeSet};
use crate::lab::{Experiment, named};
use crate::params::Distribution;
use crate::rng::{Ratio, Seed};
use crate::scenario::{Document, Nodes, Scenario};
use crate::time::{Span, Time};

/// What computes a curve.
#[derive(Clone, Copy, Debug)]
pub struct Theory {
    /// Its name in files.
    pub name: &'static str,
    /// What it says, in a sentence.
    pub about: &'static str,
    /// Where it is from.
    pub source: &'static str,
    /// The value of the figure.
    value: fn(&Given) -> Option<f64>,
    /// Where it stands on a chart that lays off another figure, and not a setting.
    place: fn(&Given) -> Option<f64>,
}

/// All of them.
pub const THEORIES: &[Theory] = &[
    Theory {
        name: "quorum_availability",
        about: "the odds that a majority is up, where each node is up by itself: the tail of the binomial distribution",
        source: "Barlow and Proschan, Statistical Theory of Reliability, 1975",
        value: quorum_availability,
        place: node_availability,
    },
    Theory {
        name: "raft_election",
        about: "the mean time until the first leader, with split votes",
        source: "Ongaro, Consensus: Bridging Theory and Practice, 2014, chapter 9",
        value: raft_election,
        place: |_| None,
    },
    Theory {
        name: "nfd_s_mistakes",
        about: "how often pushed heartbeats with freshness points (NFD-S) are mistaken, 1/E(T_MR)",
        source: "Chen, Toueg and Aguilera, On the Quality of Service of Failure Detectors, 2002, theorem 5",
        value: nfd_s_mistakes,
        place: nfd_s_detection,
    },
    Theory {
        name: "two_phase_blocked",
        about: "the odds that a transaction's coordinator crashes while participants are uncertain",
        source: "an exponential time to its crash, and a window of two messages and two forced writes",
        value: two_phase_blocked,
        place: |_| None,
    },
    Theory {
        name: "two_phase_blocked_time",
        about: "for how long a transaction is blocked on average: those odds times the mean time that a coordinator is down",
        source: "an exponential time to its crash, and a window of two messages and two forced writes",
        value: |given| Some(two_phase_blocked(given)? * mean(&coordinator_crashes(given)?.down)?),
        place: |_| None,
    },
];

/// The one of this name.
#[must_use]
pub fn theory(name: &str) -> Option<&'static Theory> {
    THEORIES.iter().find(|theory| theory.name == name)
}

impl Theory {
    /// What it says of a scenario: the value, and its place where a figure is laid off.
    #[must_use]
    pub fn of(&self, experiments: &[&dyn Experiment], document: &Document) -> (Option<f64>, Option<f64>) {
        let given = document.resolve(Seed(0)).ok().and_then(|scenario| {
            let params = named(experiments, &scenario.protocol).ok()?.params(&scenario).ok()?;
            Some(Given { scenario, params })
        });
        let finite = |value: Option<f64>| value.filter(|value| value.is_finite());
        given.map_or((None, None), |given| (finite((self.value)(&given)), finite((self.place)(&given))))
    }
}

/// A concrete scenario, with all settings of its protocol.
struct Given {
    scenario: Scenario,
    params: Value,
}

impl Given {
    /// A time among the settings of the protocol.
    fn time(&self, path: &str) -> Option<f64> {
        let span: Span = self.params.pointer(path)?.as_str()?.parse().ok()?;
        Some(span.as_secs())
    }

    /// Whether nothing is drawn to go wrong but these.
    fn has_only(&self, kinds: &[FaultKind]) -> bool {
        self.scenario.faults.kinds().all(|kind| kinds.contains(&kind))
    }

    /// How many nodes there are, where they are all of one group.
    fn nodes(&self) -> Option<u32> {
        match &self.scenario.nodes {
            Nodes::Count(count) => Some(*count),
            Nodes::Groups(groups) if groups.len() == 1 => groups.values().next().map(|group| group.members),
            Nodes::Groups(_) => None,
        }
    }
}

fn mean(distribution: &Distribution) -> Option<f64> {
    match distribution {
        Distribution::Constant(span) => Some(span.as_secs()),
        Distribution::Uniform(low, high) => Some(f64::midpoint(low.as_secs(), high.as_secs())),
        Distribution::Exponential { min, mean } => Some(min.as_secs() + mean.as_secs()),
        _ => None,
    }
}

/// The odds of more than this.
fn exceeds(distribution: &Distribution, time: f64) -> Option<f64> {
    match distribution {
        Distribution::Constant(span) => Some(if span.as_secs() > time { 1.0 } else { 0.0 }),
        Distribution::Uniform(low, high) => {
            let (low, high) = (low.as_secs(), high.as_secs());
            Some(((high - time) / (high - low)).clamp(0.0, 1.0))
        }
        Distribution::Exponential { min, mean } => {
            let beyond = time - min.as_secs();
            Some(if beyond <= 0.0 { 1.0 } else { libm::exp(-beyond / mean.as_secs()) })
        }
        _ => None,
    }
}

/// In how many ways `k` of `n` can be chosen.
fn ways(n: u32, k: u32) -> f64 {
    (0..k).fold(1.0, |ways, i| ways * f64::from(n - i) / f64::from(i + 1))
}

/// The odds of `least` hits or more out of `n`, each with odds `p`.
fn tail(n: u32, least: u32, p: f64) -> f64 {
    let power = |base: f64, exponent: u32| libm::pow(base, f64::from(exponent));
    (least..=n).map(|k| ways(n, k) * power(p, k) * power(1.0 - p, n - k)).sum()
}

fn node_availability(given: &Given) -> Option<f64> {
    let crash = given.scenario.faults.crash.as_ref().filter(|crash| crash.per == Per::Node && crash.who == Who::Any)?;
    if !given.has_only(&[FaultKind::Crash]) {
        return None;
    }
    let (up, down) = (crash.every.as_secs(), mean(&crash.down)?);
    Some(up / (up + down))
}

fn quorum_availability(given: &Given) -> Option<f64> {
    let nodes = given.nodes()?;
    Some(tail(nodes, nodes / 2 + 1, node_availability(given)?))
}

/// Nodes that crash before anything else happens, and do not come back.
fn down_from_the_start(scenario: &Scenario) -> u32 {
    let entries = scenario.faults.timeline.iter().filter(|entry| entry.at == Some(Time::ZERO) && entry.lasts.is_none());
    let nodes = entries.filter_map(|entry| match (&entry.kind, &entry.who) {
        (Fault::Crash { .. }, Who::Nodes(nodes)) => Some(nodes.iter()),
        _ => None,
    });
    u32::try_from(nodes.flatten().collect::<NodeSet>().len()).unwrap_or(u32::MAX)
}

/// In units of the range of timeouts: rounds that end in a split vote follow each other with odds `split`, and each
/// takes the shortest timeout and a message. The last one takes another message.
fn raft_election(given: &Given) -> Option<f64> {
    let nodes = given.nodes()?;
    let alive = nodes.checked_sub(down_from_the_start(&given.scenario))?;
    let (least, most) = (given.time("/election_timeout/0")?, given.time("/election_timeout/1")?);
    let range = most - least;
    let latency = mean(&given.scenario.network.latency)? / range;
    let scenario = &given.scenario;
    let is_plain = given.params.get("pre_vote") == Some(&Value::Bool(false))
        && scenario.network.loss == Ratio::NEVER
        && scenario.disk.sync.is_zero()
        // Nodes that are down from the start are in a plan by hand.
        && given.has_only(&[]);
    let too_many = (alive + 1).checked_sub(nodes / 2)?;
    if !is_plain || !(0.0..1.0).contains(&latency) || too_many == 0 {
        return None;
    }
    let split = tail(alive, too_many - 1, latency);
    let round = least / range + 1.0 / f64::from(alive + 1) + latency;
    Some((round / (1.0 - split) + latency) * range)
}

struct Nfd {
    every: f64,
    shift: f64,
    loss: f64,
    latency: Distribution,
}

impl Nfd {
    fn of(given: &Given) -> Option<Self> {
        let latency = given.scenario.network.latency;
        let margin = given.time("/detector/passive/shift")?;
        // Without clocks that agree a heartbeat is expected when it arrives on average, and the margin comes on top.
        let is_estimated =
            given.params.pointer("/detector/passive/clocks").is_some_and(|clocks| clocks != "synchronised");
        let shift = if is_estimated { margin + mean(&latency)? } else { margin };
        let loss = given.scenario.network.loss.as_fraction();
        let every = given.time("/detector/passive/every")?;
        given.has_only(&[FaultKind::Crash]).then_some(Self { every, shift, loss, latency })
    }
}

/// The odds that a freshness point finds nothing fresh, times those that the one before it did, for each period.
fn nfd_s_mistakes(given: &Given) -> Option<f64> {
    let Nfd { every, shift, loss, latency } = Nfd::of(given)?;
    let late = |time: f64| Some(loss + (1.0 - loss) * exceeds(&latency, time)?);
    let last = (shift / every).ceil() as u32;
    let silent: Option<f64> = (0..=last).map(|j| late(shift - f64::from(j) * every)).product();
    let heard = (1.0 - loss) * (1.0 - exceeds(&latency, shift + every)?);
    Some(heard * silent? / every)
}

/// A crash falls anywhere between two heartbeats. The last one stays fresh for a period and the shift, if it is not
/// lost, and the one before it until a period sooner.
fn nfd_s_detection(given: &Given) -> Option<f64> {
    let Nfd { every, shift, loss, .. } = Nfd::of(given)?;
    Some((shift + every / 2.0 - every * loss / (1.0 - loss)).max(0.0))
}

fn coordinator_crashes(given: &Given) -> Option<&CrashSpec> {
    let crash = given.scenario.faults.crash.as_ref()?;
    let is_it = crash.who == Who::Group("coordinator".to_owned()) && given.scenario.protocol == "two_phase";
    (is_it && given.has_only(&[FaultKind::Crash])).then_some(crash)
}

/// From the request to prepare to the commit: two messages, and a forced write at either end.
fn two_phase_blocked(given: &Given) -> Option<f64> {
    let rate = 1.0 / coordinator_crashes(given)?.every.as_secs();
    let window = 2.0 * (mean(&given.scenario.network.latency)? + mean(&given.scenario.disk.sync)?);
    Some(-libm::expm1(-rate * window))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::BUILT_IN;

    fn computed(name: &str, scenario: &str) -> (Option<f64>, Option<f64>) {
        theory(name).unwrap().of(BUILT_IN, &Document::parse(scenario).unwrap())
    }

    fn near(found: Option<f64>, expected: f64, within: f64) {
        let found = found.unwrap();
        assert!((found / expected - 1.0).abs() < within, "{found} is not {expected}");
    }

    #[test]
    fn majorities_are_up_as_tables_say() {
        let table = [
            (1, 9, 0.9),
            (3, 9, 0.972),
            (4, 9, 0.9477),
            (5, 9, 0.99144),
            (7, 9, 0.997_272),
            (9, 9, 0.999_109),
            (3, 99, 0.999_702),
            (5, 99, 0.999_990_15),
        ];
        for (nodes, up, expected) in table {
            let scenario = format!(
                r#"{{ "seedstorm": 1, "protocol": "raft", "nodes": {nodes}, "run_for": "1h",
                      "faults": {{ "crash": {{ "every": "{up}s", "per": "node", "down": {{ "exponential": {{ "mean": "1s" }} }} }} }} }}"#
            );
            near(computed("quorum_availability", &scenario).0, expected, 1e-7);
            near(computed("quorum_availability", &scenario).1, f64::from(up) / f64::from(up + 1), 1e-12);
        }
    }

    #[test]
    fn elections_take_as_long_as_the_thesis_computes() {
        for (down, expected) in [("[]", 0.425), ("[4]", 0.460), ("[3, 4]", 0.630)] {
            let crash = r#"{ "id": "down", "at": "0s", "kind": { "crash": {} }, "who": WHO }"#.replace("WHO", down);
            let timeline = if down == "[]" { String::new() } else { crash };
            let scenario = format!(
                r#"{{ "seedstorm": 1, "protocol": "raft", "nodes": 5, "run_for": "1h",
                      "params": {{ "election_timeout": ["300ms", "600ms"], "pre_vote": false }}, "disk": {{ "sync": "0s" }},
                      "network": {{ "latency": ["30ms", "40ms"] }}, "faults": {{ "timeline": [{timeline}] }} }}"#
            );
            near(computed("raft_election", &scenario).0, expected, 0.005);
        }
    }

    #[test]
    fn pushed_heartbeats_are_mistaken_as_often_as_the_table_says() {
        for (shift, expected) in
            [("50us", 11.07), ("100us", 60.59), ("500us", 101.01), ("1050us", 1106.8), ("2ms", 10_101.0)]
        {
            let scenario = format!(
                r#"{{ "seedstorm": 1, "protocol": "heartbeat", "nodes": 2, "run_for": "1s",
                      "params": {{ "detector": {{ "passive": {{ "every": "1ms", "shift": "{shift}" }} }} }},
                      "network": {{ "latency": {{ "exponential": {{ "mean": "20us" }} }}, "loss": "1%" }} }}"#
            );
            near(computed("nfd_s_mistakes", &scenario).0.map(|rate| 1000.0 / rate), expected, 0.001);
        }
    }

    #[test]
    fn what_a_formula_does_not_speak_of_has_no_figure() {
        let calm = r#"{ "seedstorm": 1, "protocol": "raft", "nodes": 5, "run_for": "1s" }"#;
        for theory in THEORIES {
            assert_eq!(theory.of(BUILT_IN, &Document::parse(calm).unwrap()).0, None, "{}", theory.name);
        }
    }
}
