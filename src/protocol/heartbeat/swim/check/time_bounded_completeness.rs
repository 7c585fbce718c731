//! Everybody's turn to be probed comes within two rounds (section 4.3).

use super::grid::Grid;
use crate::check::{At, Cast, Evidence, Property, Time, Verdict, WorldEvent};
use crate::protocol::heartbeat::swim::Probing;
use crate::protocol::heartbeat::{Fact, Heartbeat, HeartbeatConfig};

/// **Time-bounded completeness**: where members are probed in turn, each member probes each other one that it does not
/// hold dead again after at most 2m − 1 probes, where m is the number of others; for the first time after m.
#[derive(Debug)]
pub struct TimeBoundedCompleteness {
    round_robin: bool,
    others: u32,
    /// How often each member has probed.
    probes: Vec<u32>,
    /// Which of these was the last of each other, or at which it was trusted again.
    last: Grid<u32>,
}

impl Property<Heartbeat> for TimeBoundedCompleteness {
    const NAME: &'static str = "time_bounded_completeness";
    const ABOUT: &'static str = "SWIM: where members are probed in turn, each is probed again within two rounds";
    const AFTER: &'static str = "probed";

    fn applies(config: &HeartbeatConfig) -> bool {
        config.swim().is_some()
    }

    fn new(config: &HeartbeatConfig, cast: &Cast) -> Self {
        Self {
            round_robin: config.swim().is_some_and(|swim| swim.probing == Probing::RoundRobin),
            others: cast.len() - 1,
            probes: vec![0; cast.len() as usize],
            last: Grid::new(cast.len()),
        }
    }

    fn on_fact(&mut self, at: At, fact: &Fact) -> Verdict {
        let probes = &mut self.probes[at.node.index()];
        match *fact {
            Fact::Probed(target) if self.round_robin => {
                *probes += 1;
                let last = std::mem::replace(self.last.at(at.node, target), *probes);
                let within = if last == 0 { self.others } else { 2 * self.others - 1 };
                if *probes - last <= within {
                    return Verdict::Held;
                }
                let evidence = Evidence::new("a member was left out for more than two rounds of probes");
                evidence.node(at.node).node(target).value("probes", *probes - last).value("at most", within).into()
            }
            Fact::Trusted(again) if self.round_robin => {
                *self.last.at(at.node, again) = *probes;
                Verdict::Skip
            }
            _ => Verdict::Skip,
        }
    }

    fn on_world(&mut self, _now: Time, event: &WorldEvent) -> Verdict {
        if let WorldEvent::Boot { node, .. } = *event {
            self.probes[node.index()] = 0;
            self.last.forget(node);
        }
        Verdict::Skip
    }
}
