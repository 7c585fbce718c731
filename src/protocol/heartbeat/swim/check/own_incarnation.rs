//! Only a member itself raises its incarnation (section 4.2).

use crate::check::{At, Cast, Evidence, Property, Verdict};
use crate::protocol::heartbeat::swim::Status;
use crate::protocol::heartbeat::{Fact, Heartbeat, HeartbeatConfig};

/// **Own incarnation**: nobody holds anything of a member in an incarnation that the member has not come to itself, in
/// this life or an earlier one.
#[derive(Debug)]
pub struct OwnIncarnation {
    /// The highest to which each member has ever come.
    highest: Vec<u32>,
}

impl Property<Heartbeat> for OwnIncarnation {
    const NAME: &'static str = "own_incarnation";
    const ABOUT: &'static str = "SWIM: nobody but a member itself ever raises its incarnation";
    const AFTER: &'static str = "learned";

    fn applies(config: &HeartbeatConfig) -> bool {
        config.swim().is_some()
    }

    fn new(_config: &HeartbeatConfig, cast: &Cast) -> Self {
        Self { highest: vec![0; cast.len() as usize] }
    }

    fn on_fact(&mut self, at: At, fact: &Fact) -> Verdict {
        let Fact::Learned(news) = *fact else { return Verdict::Skip };
        let highest = &mut self.highest[news.of.index()];
        let incarnation = news.standing.incarnation();
        if news.of == at.node {
            *highest = incarnation.max(*highest);
            if news.standing.status() == Status::Alive {
                return Verdict::Held;
            }
            return Evidence::new("a member says of itself that it does not live").node(at.node).into();
        }
        if incarnation <= *highest {
            return Verdict::Held;
        }
        let evidence = Evidence::new("somebody else raised the incarnation of a member").node(news.of).node(at.node);
        evidence.value("news", news).value("its own", *highest).into()
    }
}
