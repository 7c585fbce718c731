//! Which news overrides which (section 4.2).

use super::grid::Grid;
use crate::check::{At, Cast, Evidence, Property, Time, Verdict, WorldEvent};
use crate::protocol::heartbeat::swim::{Standing, Status};
use crate::protocol::heartbeat::{Fact, Heartbeat, HeartbeatConfig};

/// **News in order**: within one life, what a member holds of another gives way only to what overrides it.
#[derive(Debug)]
pub struct NewsInOrder(Grid<Standing>);

/// The table of the paper, and below it `Dead` as memberlist has it, for members that come back.
fn overrides(news: Standing, held: Standing) -> bool {
    let (i, j) = (news.incarnation(), held.incarnation());
    match (news.status(), held.status()) {
        (Status::Alive, _) | (Status::Suspect, Status::Suspect) => i > j,
        (Status::Suspect, Status::Alive) => i >= j,
        (Status::Suspect | Status::Dead, Status::Dead) => i > j,
        (Status::Dead, _) => i >= j,
    }
}

impl Property<Heartbeat> for NewsInOrder {
    const NAME: &'static str = "news_in_order";
    const ABOUT: &'static str = "SWIM: what a member holds of another gives way only to what overrides it";
    const AFTER: &'static str = "learned";

    fn applies(config: &HeartbeatConfig) -> bool {
        config.swim().is_some()
    }

    fn new(_config: &HeartbeatConfig, cast: &Cast) -> Self {
        Self(Grid::new(cast.len()))
    }

    fn on_fact(&mut self, at: At, fact: &Fact) -> Verdict {
        let Fact::Learned(news) = *fact else { return Verdict::Skip };
        let held = std::mem::replace(self.0.at(at.node, news.of), news.standing);
        if overrides(news.standing, held) {
            return Verdict::Held;
        }
        let evidence = Evidence::new("news that does not override what was held took its place").node(at.node);
        evidence.node(news.of).value("held", held).value("then", news.standing).into()
    }

    fn on_world(&mut self, _now: Time, event: &WorldEvent) -> Verdict {
        if let WorldEvent::Boot { node, .. } = *event {
            self.0.forget(node);
        }
        Verdict::Skip
    }
}
