//! Making way for another leader (thesis 3.10).
//!
//! The leader takes no more requests, brings the other's log up to date, and tells it to stand for election at once.
//! The other's request for votes says that its leader wants it so: nodes that hear from that leader vote all the same.
//! If the leader is still in office after an election timeout, it goes on.

use super::Raft;
use super::election::Role;
use super::message::{Fact, Message};
use super::replication::Cut;
use crate::ids::OpId;
use crate::process::{Io, Local, NodeId};
use crate::protocol::kv::{Answer, Reply};

/// A leader's way out of office.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Transfer {
    id: OpId,
    to: NodeId,
    until: Local,
    /// Whether the other was told: then nobody knows whether it will take over.
    told: bool,
}

impl Transfer {
    pub(super) fn is_over(self, now: Local) -> bool {
        now >= self.until
    }

    /// It is over, and the leader leads on or is deposed. Once the other was told, it may take over at any later time,
    /// and whoever leads then will say so.
    pub(super) fn give_up(self, io: &mut Io<'_, Raft>) {
        if !self.told {
            io.reply(self.id, Reply::Refused("it lacks too much to lead"));
        }
    }
}

impl Raft {
    /// Makes way for that node, if it can lead.
    pub(super) fn transfer(&mut self, id: OpId, to: NodeId, io: &mut Io<'_, Self>) {
        let Role::Leader(leadership) = &mut self.role else { return };
        if to == io.me() {
            return io.reply(id, Reply::Answer(Answer::Done));
        }
        if !self.members.now().voters.contains(to) {
            return io.reply(id, Reply::Refused("it does not vote"));
        }
        if leadership.change.is_some() {
            return io.reply(id, Reply::Busy);
        }
        leadership.transfer = Some(Transfer { id, to, until: io.now() + io.config().min_timeout(), told: false });
        self.replicate_to(to, &mut Cut::default(), io);
        self.make_way(to, io);
    }

    /// Tells the one that it makes way for to stand for election, if that is this one and has everything.
    pub(super) fn make_way(&mut self, to: NodeId, io: &mut Io<'_, Self>) {
        let Role::Leader(leadership) = &mut self.role else { return };
        let Some(transfer) = leadership.transfer.as_mut().filter(|transfer| transfer.to == to) else { return };
        if leadership.progress[to.index()].matched == self.log.last().index {
            transfer.told = true;
            self.hand_over(to, io);
        }
    }

    fn hand_over(&mut self, to: NodeId, io: &mut Io<'_, Self>) {
        self.give_up_lease();
        io.send(to, Message::TimeoutNow { term: self.term });
        io.fact(Fact::HandedOver { to });
    }

    /// It does not vote any more, and is not needed: the one that lacks least is to stand for election.
    pub(super) fn abdicate(&mut self, io: &mut Io<'_, Self>) {
        let Role::Leader(leadership) = &self.role else { return };
        let matched = |&node: &NodeId| leadership.progress[node.index()].matched;
        if let Some(heir) = self.members.now().voters.iter().max_by_key(matched) {
            self.hand_over(heir, io);
        }
        self.enter(self.term, self.vote, io);
    }

    /// Its leader wants it to stand for election now.
    pub(super) fn on_timeout_now(&mut self, from: NodeId, term: u64, io: &mut Io<'_, Self>) {
        if term == self.term && self.leader == Some(from) && self.members.now().voters.contains(io.me()) {
            self.campaign(true, io);
        }
    }
}
