//! A coordinator's memory: transactions under way, from a client's request up to the vote.

use std::collections::BTreeMap;

use super::log::Answered;
use super::{Account, Change, Fact, Log, Message, Mistake, Op, Outcome, Record, Refusal, Reply, Site, Timer, Txn};
use crate::ids::{ClientId, OpId};
use crate::process::{Io, NodeId, Voters};

/// What a coordinator keeps beside its log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Desk {
    /// How many transactions it began in this life.
    begun: u32,
    /// How many it has decided, as far as it knows: of those before this life, the commits.
    pub(in crate::protocol) decided: u64,
    /// What is under way.
    pub(in crate::protocol) tasks: BTreeMap<Txn, Task>,
    /// Each client's last request in this life, and the last transaction for it.
    clients: BTreeMap<ClientId, (u64, Txn)>,
}

/// A transaction under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Task {
    /// The request.
    pub id: OpId,
    /// Who takes part.
    pub participants: Voters,
    /// How far it is.
    pub stage: Stage,
    /// Who has answered in this stage.
    pub heard: Voters,
    /// In which of their lives the participants have worked.
    lives: BTreeMap<NodeId, u32>,
}

/// How far a transaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Participants work.
    Working,
    /// They vote.
    Voting,
    /// All voted yes, and are told so.
    PreCommitting,
    /// It is committed, and they acknowledge it.
    Committing,
    /// The coordinator was down, and asks what became of it.
    Recovering,
}

impl Task {
    pub(in crate::protocol) fn new(id: OpId, participants: Voters, stage: Stage) -> Self {
        Self { id, participants, stage, heard: Voters::NONE, lives: BTreeMap::new() }
    }

    /// Goes on to the next stage, in which nobody has answered yet.
    pub(in crate::protocol) fn enter(&mut self, stage: Stage) {
        self.stage = stage;
        self.heard = Voters::NONE;
    }

    /// A participant answers in this stage: whether it was the last.
    pub(in crate::protocol) fn hear(&mut self, from: NodeId) -> bool {
        self.participants.contains(from) && self.heard.insert(from) && self.heard == self.participants
    }

    /// All have done their work: each is asked to vote on it.
    pub(in crate::protocol) fn open_vote<P: Site>(&mut self, txn: Txn, io: &mut Io<'_, P>) {
        self.enter(Stage::Voting);
        for (&node, &life) in &self.lives {
            io.send(node, Message::Prepare(txn, life, self.participants));
        }
        io.arm(Timer::Answers(txn), io.config().params.timeout);
    }
}

impl Desk {
    /// A client asks.
    pub(in crate::protocol) fn request<P: Site>(&mut self, log: &Log, id: OpId, op: Op, io: &mut Io<'_, P>) {
        let coordinator = io.config().coordinator(id.client);
        if io.me() != coordinator {
            return io.reply(id, Reply::Redirect(coordinator));
        }
        match op {
            Op::Balance(account) => io.send(io.config().keeper(account), Message::Read(id, account)),
            Op::Transfer { from, to, amount } => self.transfer(log, id, (from, &to, amount), io),
        }
    }

    fn transfer<P: Site>(
        &mut self,
        log: &Log,
        id: OpId,
        (from, to, amount): (Account, &[Account], u32),
        io: &mut Io<'_, P>,
    ) {
        let careless = io.config().planted(Mistake::RepeatedRequest);
        match log.has_answered(id).filter(|_| !careless) {
            Some(Answered::This) => return io.reply(id, Reply::Done),
            Some(Answered::Later) => return,
            None => {}
        }
        // An older copy of a request comes too late, and one that is under way will be answered.
        if let Some(&(n, txn)) = self.clients.get(&id.client)
            && (n > id.n || n == id.n && self.tasks.contains_key(&txn))
        {
            return;
        }
        let mut changes: BTreeMap<Account, i64> = BTreeMap::new();
        for &payee in to {
            *changes.entry(payee).or_default() += i64::from(amount);
            *changes.entry(from).or_default() -= i64::from(amount);
        }
        self.begin(log, id, changes, io);
    }

    fn begin<P: Site>(&mut self, log: &Log, id: OpId, changes: BTreeMap<Account, i64>, io: &mut Io<'_, P>) {
        self.begun += 1;
        let txn = Txn { coordinator: io.me(), life: log.life, n: self.begun };
        let mut parts: BTreeMap<NodeId, Vec<Change>> = BTreeMap::new();
        for (account, amount) in changes {
            parts.entry(io.config().keeper(account)).or_default().push((account, amount));
        }
        let participants: Voters = parts.keys().copied().collect();
        self.clients.insert(id.client, (id.n, txn));
        self.tasks.insert(txn, Task::new(id, participants, Stage::Working));
        io.fact(Fact::Begun { txn, id, participants });
        for (node, changes) in parts {
            io.send(node, Message::Work(txn, changes));
        }
        io.arm(Timer::Answers(txn), io.config().params.timeout);
    }

    /// Takes a transaction up again that is in the log.
    pub(in crate::protocol) fn resume(&mut self, txn: Txn, task: Task) {
        let last = self.clients.entry(task.id.client).or_insert((task.id.n, txn));
        *last = (*last).max((task.id.n, txn));
        self.tasks.insert(txn, task);
    }

    /// A transaction, if it is in this stage.
    pub(in crate::protocol) fn task(&mut self, txn: Txn, stage: Stage) -> Option<&mut Task> {
        self.tasks.get_mut(&txn).filter(|task| task.stage == stage)
    }

    /// A participant has done its work: the transaction, if all have.
    pub(in crate::protocol) fn done(&mut self, txn: Txn, from: NodeId, life: u32) -> Option<&mut Task> {
        let task = self.task(txn, Stage::Working)?;
        if !task.heard.contains(from) {
            task.lives.insert(from, life);
        }
        task.hear(from).then_some(task)
    }

    /// A participant could not do its work.
    pub(in crate::protocol) fn refused<P: Site>(
        &mut self,
        log: &mut Log,
        txn: Txn,
        refusal: Refusal,
        io: &mut Io<'_, P>,
    ) {
        let reply = match refusal {
            Refusal::Locked => Reply::Busy,
            Refusal::Overdrawn => Reply::Refused(refusal),
        };
        if self.task(txn, Stage::Working).is_some() {
            self.abort(log, txn, reply, io);
        }
    }

    /// Decides to abort. That needs no force: who finds nothing decided in the log can only abort.
    pub(in crate::protocol) fn abort<P: Site>(&mut self, log: &mut Log, txn: Txn, reply: Reply, io: &mut Io<'_, P>) {
        let Some(task) = self.tasks.remove(&txn) else { return };
        io.disarm(Timer::Answers(txn));
        if log.cases.contains_key(&txn) {
            note(log, Record::Decided(txn, Outcome::Abort), io);
        }
        self.decided += 1;
        io.fact(Fact::Decided { txn, outcome: Outcome::Abort });
        tell(txn, task.participants, Outcome::Abort, io);
        io.reply(task.id, reply);
    }

    /// What a client wanted to know of an account.
    pub(in crate::protocol) fn balance<P: Site>(id: OpId, balance: Option<i64>, io: &mut Io<'_, P>) {
        io.reply(id, balance.map_or(Reply::Busy, Reply::Balance));
    }
}

/// Tells these nodes the outcome.
pub(in crate::protocol) fn tell<P: Site>(txn: Txn, nodes: Voters, outcome: Outcome, io: &mut Io<'_, P>) {
    for node in nodes.iter() {
        io.send(node, Message::Decision(txn, outcome));
    }
}

/// Forces a record: what is asked after it leaves once it is on the disk.
pub(in crate::protocol) fn force<P: Site>(log: &mut Log, record: Record, io: &mut Io<'_, P>) {
    crate::process::Durable::apply(log, record.clone());
    io.persist(record);
}

/// Writes a record that a crash may take back.
pub(in crate::protocol) fn note<P: Site>(log: &mut Log, record: Record, io: &mut Io<'_, P>) {
    crate::process::Durable::apply(log, record.clone());
    io.write(record);
}
