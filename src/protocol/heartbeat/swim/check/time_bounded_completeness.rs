//! Everybody's turn to be probed comes within two rounds (section 4.3).

use super::grid::Grid;
use crate::check::{At, Cast, Evidence, NodeId, Property, Time, Verdict, WorldEvent};
use crate::protocol::heartbeat::swim::Probing;
use crate::protocol::heartbeat::{Fact, Heartbeat, HeartbeatConfig};

/// **Time-bounded completeness**: where members are probed in turn, each member probes each other one that it does not
/// hold dead again after at most 2m − 1 probes, where m is the number of others; for the first time after m.
///
/// Who is probed again too late is noticed then; who never is, when a round of the others is over.
#[derive(Debug)]
pub struct TimeBoundedCompleteness {
    others: u32,
    /// How often each member has probed.
    probes: Vec<u32>,
    last: Grid<Last>,
}

/// The last probe of a member.
#[derive(Clone, Copy, Debug, Default)]
enum Last {
    /// It was not probed yet.
    #[default]
    Never,
    /// It was this one; or the one after which it was held alive again.
    Probe(u32),
    /// It is held dead, and need not be probed.
    Dead,
}

impl TimeBoundedCompleteness {
    /// How many probes there were since, and how many there may be; nothing of who is held dead.
    fn since(&self, last: Last, probes: u32) -> Option<(u32, u32)> {
        match last {
            Last::Never => Some((probes, self.others)),
            Last::Probe(last) => Some((probes - last, 2 * self.others - 1)),
            Last::Dead => None,
        }
    }

    fn probed(&mut self, node: NodeId, target: NodeId) -> Verdict {
        self.probes[node.index()] += 1;
        let probes = self.probes[node.index()];
        let last = std::mem::replace(self.last.at(node, target), Last::Probe(probes));
        if let Some((since, within)) = self.since(last, probes).filter(|(since, within)| since > within) {
            return left_out(node, target, since, within);
        }
        if !probes.is_multiple_of(self.others) {
            return Verdict::Held;
        }
        for member in (0..=self.others).map(NodeId).filter(|&member| member != node && member != target) {
            // Its turn would have had to come by now; the next probe is the first that it can have.
            let last = *self.last.at(node, member);
            if let Some((since, within)) = self.since(last, probes).filter(|(since, within)| since >= within) {
                return left_out(node, member, since + 1, within);
            }
        }
        Verdict::Held
    }
}

fn left_out(node: NodeId, member: NodeId, since: u32, within: u32) -> Verdict {
    let evidence = Evidence::new("a member was left out of the rounds of probes for too long");
    evidence.node(node).node(member).value("probes", since).value("at most", within).into()
}

impl Property<Heartbeat> for TimeBoundedCompleteness {
    const NAME: &'static str = "time_bounded_completeness";
    const ABOUT: &'static str = "SWIM: where members are probed in turn, each is probed again within two rounds";
    const AFTER: &'static str = "probed";

    fn applies(config: &HeartbeatConfig) -> bool {
        config.swim().is_some_and(|swim| swim.probing == Probing::RoundRobin)
    }

    fn new(_config: &HeartbeatConfig, cast: &Cast) -> Self {
        Self { others: cast.len() - 1, probes: vec![0; cast.len() as usize], last: Grid::new(cast.len()) }
    }

    fn on_fact(&mut self, at: At, fact: &Fact) -> Verdict {
        match *fact {
            Fact::Probed(target) => return self.probed(at.node, target),
            Fact::Learned(news) => {
                let last = self.last.at(at.node, news.of);
                match (*last, news.standing.is_dead()) {
                    (_, true) => *last = Last::Dead,
                    (Last::Dead, false) => *last = Last::Probe(self.probes[at.node.index()]),
                    (_, false) => {}
                }
            }
            _ => {}
        }
        Verdict::Skip
    }

    fn on_world(&mut self, _now: Time, event: &WorldEvent) -> Verdict {
        if let WorldEvent::Boot { node, .. } = *event {
            self.probes[node.index()] = 0;
            self.last.forget(node);
        }
        Verdict::Skip
    }
}
