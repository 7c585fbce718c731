//! Nobody is declared dead who was not suspected before (section 4.2).

use super::grid::Grid;
use crate::check::{At, Cast, Evidence, Property, Time, Verdict, WorldEvent};
use crate::protocol::heartbeat::swim::{Standing, Status};
use crate::protocol::heartbeat::{Fact, Heartbeat, HeartbeatConfig};

/// **Suspicion before death**: where suspicion is on, who declares a member dead has held it suspect before, in the
/// same incarnation. For how long is a matter of its own clock.
#[derive(Debug)]
pub struct SuspicionBeforeDeath {
    /// The last suspicion of each, and since when.
    suspected: Grid<(Standing, Time)>,
}

impl Property<Heartbeat> for SuspicionBeforeDeath {
    const NAME: &'static str = "suspicion_before_death";
    const ABOUT: &'static str = "SWIM: where suspicion is on, who declares a member dead has suspected it first";
    const AFTER: &'static str = "declared";

    fn applies(config: &HeartbeatConfig) -> bool {
        config.swim().is_some_and(|swim| swim.suspicion)
    }

    fn new(_config: &HeartbeatConfig, cast: &Cast) -> Self {
        Self { suspected: Grid::new(cast.len()) }
    }

    fn on_fact(&mut self, at: At, fact: &Fact) -> Verdict {
        match *fact {
            Fact::Learned(news) if news.standing.status() == Status::Suspect => {
                *self.suspected.at(at.node, news.of) = (news.standing, at.now);
                Verdict::Skip
            }
            Fact::Declared(news) => {
                let (suspected, since) = *self.suspected.at(at.node, news.of);
                let in_time = suspected == news.standing.with(Status::Suspect) && since < at.now;
                if in_time {
                    return Verdict::Held;
                }
                let evidence = Evidence::new("a member was declared dead without a suspicion before");
                evidence.node(at.node).node(news.of).value("news", news).value("last suspicion", suspected).into()
            }
            _ => Verdict::Skip,
        }
    }

    fn on_world(&mut self, _now: Time, event: &WorldEvent) -> Verdict {
        if let WorldEvent::Boot { node, .. } = *event {
            self.suspected.forget(node);
        }
        Verdict::Skip
    }
}
