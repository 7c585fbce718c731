//! How often news is passed on (section 4.1).

use super::grid::Grid;
use crate::check::{At, Cast, Evidence, Property, Time, Verdict, WorldEvent};
use crate::protocol::heartbeat::swim::Standing;
use crate::protocol::heartbeat::{Fact, Heartbeat, HeartbeatConfig};

/// **Bounded piggyback**: a message carries no more pieces of news than it has room for, and a member passes each on at
/// most λ · ⌈log₂ n⌉ times in one life.
#[derive(Debug)]
pub struct BoundedPiggyback {
    /// What was last told of each, and how often.
    told: Grid<(Standing, u32)>,
    room: usize,
    times: u32,
}

impl Property<Heartbeat> for BoundedPiggyback {
    const NAME: &'static str = "bounded_piggyback";
    const ABOUT: &'static str =
        "SWIM: each member passes each piece of news on at most λ log n times, so many a message";
    const AFTER: &'static str = "told";

    fn applies(config: &HeartbeatConfig) -> bool {
        config.swim().is_some()
    }

    fn new(config: &HeartbeatConfig, cast: &Cast) -> Self {
        let (room, times) = config.swim().map_or((0, 0), |swim| (swim.piggyback as usize, swim.times(cast.len())));
        Self { told: Grid::new(cast.len()), room, times }
    }

    fn on_fact(&mut self, at: At, fact: &Fact) -> Verdict {
        let Fact::Told(letter) = fact else { return Verdict::Skip };
        if letter.updates.len() > self.room {
            let evidence = Evidence::new("a message carries more news than it has room for").node(at.node);
            return evidence.value("pieces", letter.updates.len()).value("room", self.room).into();
        }
        for &news in &letter.updates {
            let (standing, times) = self.told.at(at.node, news.of);
            if *standing != news.standing {
                (*standing, *times) = (news.standing, 0);
            }
            *times += 1;
            if *times > self.times {
                let evidence = Evidence::new("a member passed news on too often").node(at.node).node(news.of);
                return evidence.value("news", news).value("times", *times).value("at most", self.times).into();
            }
        }
        Verdict::Held
    }

    fn on_world(&mut self, _now: Time, event: &WorldEvent) -> Verdict {
        if let WorldEvent::Boot { node, .. } = *event {
            self.told.forget(node);
        }
        Verdict::Skip
    }
}
