//! What a leader does with a command that a client sends, whatever protocol made it the leader.

use std::collections::BTreeMap;

use super::{Answer, Machine, Seen};
use crate::ids::{ClientId, OpId};

/// Each client's last command that a leader has put into its log. A client is answered once, when the command is
/// applied: were each repetition put there, clients that wait for a slow log would make it slower still.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Desk {
    last: BTreeMap<ClientId, u64>,
}

/// What is to be done with a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It goes into the log.
    New,
    /// It is there already, and will be answered when it is applied.
    UnderWay,
    /// It took effect before, and gave this.
    Answered(Answer),
    /// Its client has gone on to a later one, and waits for no answer.
    Late,
}

impl Desk {
    /// What is to be done with a command, given what was applied so far.
    pub fn admit(&mut self, id: OpId, machine: &Machine) -> Admission {
        match machine.seen(id) {
            Seen::Never if self.enter(id) => Admission::New,
            Seen::Never => Admission::UnderWay,
            Seen::Last(answer) => Admission::Answered(answer),
            Seen::Past => Admission::Late,
        }
    }

    /// A command goes into the log. Whether it is later than all before of its client.
    pub fn enter(&mut self, id: OpId) -> bool {
        let before = self.last.insert(id.client, id.n);
        let is_first = before.is_none_or(|before| before < id.n);
        if let Some(before) = before.filter(|_| !is_first) {
            self.last.insert(id.client, before);
        }
        is_first
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::kv::{Key, Op};

    fn id(n: u64) -> OpId {
        OpId { client: ClientId(4), n }
    }

    #[test]
    fn a_command_goes_into_the_log_once_and_is_answered_from_the_session_when_it_was_applied() {
        let (mut desk, mut machine) = (Desk::default(), Machine::default());
        assert_eq!(desk.admit(id(0), &machine), Admission::New);
        assert_eq!(desk.admit(id(0), &machine), Admission::UnderWay);
        assert_eq!(desk.admit(id(2), &machine), Admission::New);
        assert_eq!(desk.admit(id(1), &machine), Admission::UnderWay, "an older one would come too late");
        assert_eq!(desk.admit(id(2), &machine), Admission::UnderWay, "and is not taken for the last");
        let answer = machine.apply(id(2), &Op::Append(Key(0), "ab".into())).unwrap();
        assert_eq!(desk.admit(id(2), &machine), Admission::Answered(answer));
        assert_eq!(desk.admit(id(1), &machine), Admission::Late);
    }
}
