//! What Paxos promises ("Paxos Made Simple", section 2.1), and the ladder on which its proof climbs there.

use std::collections::{BTreeMap, BTreeSet};

use super::{Acceptor, Ballot, Fact, Paxos, PaxosConfig, Proposal, Value};
use crate::check::{At, Cast, Evidence, NodeId, NodeSet, Nodes, Progress, Property, Seat, Time, Verdict, WorldEvent};
use crate::process::Voters;

/// All of them, causes before their consequences: a run reports the first that breaks.
pub type All = (BallotsMonotone, P2c, NoFalseLearning, Nontriviality, Agreement);

/// **Ballots are monotone**: an acceptor's promises only grow, over restarts too, and so do the ballots that one
/// proposer begins: none is used twice.
#[derive(Debug)]
pub struct BallotsMonotone {
    promised: Vec<Ballot>,
    begun: Vec<Ballot>,
}

impl Property<Paxos> for BallotsMonotone {
    const NAME: &'static str = "ballots_monotone";
    const ABOUT: &'static str = "promises only grow, over restarts too, and nobody uses a ballot twice";

    fn new(_config: &PaxosConfig, cast: &Cast) -> Self {
        let zero = vec![Ballot::default(); cast.len() as usize];
        Self { promised: zero.clone(), begun: zero }
    }

    fn on_fact(&mut self, at: At, fact: &Fact) -> Verdict {
        let Fact::Prepared(ballot) = *fact else { return Verdict::Skip };
        let before = std::mem::replace(&mut self.begun[at.node.index()], ballot);
        if ballot <= before || ballot.proposer != at.node {
            let evidence = Evidence::new("a proposer began a ballot that is not a new one of its own").node(at.node);
            return evidence.value("ballot", ballot).value("before", before).into();
        }
        Verdict::Held
    }

    fn on_turn(&mut self, _at: At, seat: Seat<'_, Paxos>) -> Verdict {
        let before = &mut self.promised[seat.node.index()];
        let Acceptor { promised, accepted } = seat.state.acceptor();
        if promised < *before {
            let evidence = Evidence::new("an acceptor took a promise back").node(seat.node);
            return evidence.value("promised", *before).value("then", promised).into();
        }
        if accepted.is_some_and(|accepted| accepted.ballot > promised) {
            let evidence = Evidence::new("an acceptor accepted above its promise").node(seat.node);
            return evidence.value("accepted", accepted).value("promised", promised).into();
        }
        if promised == *before {
            return Verdict::Skip;
        }
        *before = promised;
        Verdict::Held
    }
}

/// What acceptors have ever accepted.
#[derive(Debug)]
struct Acceptances {
    acceptors: Voters,
    of: Vec<BTreeMap<Ballot, Value>>,
}

impl Acceptances {
    fn new(config: &PaxosConfig, cast: &Cast) -> Self {
        Self { acceptors: config.acceptors, of: vec![BTreeMap::new(); cast.len() as usize] }
    }

    fn enter(&mut self, acceptor: NodeId, proposal: Proposal) {
        self.of[acceptor.index()].insert(proposal.ballot, proposal.value);
    }

    /// The highest ballot below this one that an acceptor accepted in, with its value.
    fn below(&self, acceptor: NodeId, ballot: Ballot) -> Option<Proposal> {
        let (&ballot, &value) = self.of[acceptor.index()].range(..ballot).next_back()?;
        Some(Proposal { ballot, value })
    }

    /// Whether a majority accepted the value in one ballot.
    fn chose(&self, value: Value) -> bool {
        let ballots: BTreeSet<Ballot> = self.of.iter().flat_map(|of| of.keys().copied()).collect();
        ballots.into_iter().any(|ballot| {
            let accepted = |node: &NodeId| self.of[node.index()].get(&ballot) == Some(&value);
            self.acceptors.iter().filter(accepted).count() >= self.acceptors.majority()
        })
    }

    /// Whether there is a majority of which none accepted below the proposal's ballot, or the highest that any accepted
    /// there has its value.
    fn support(&self, proposal: Proposal) -> bool {
        let below: Vec<_> = self.acceptors.iter().map(|node| self.below(node, proposal.ballot)).collect();
        let mut bounds = below.iter().filter(|bound| bound.is_none_or(|bound| bound.value == proposal.value));
        bounds.any(|bound| below.iter().filter(|other| *other <= bound).count() >= self.acceptors.majority())
    }
}

/// **P2c**: to each proposal there is a majority of acceptors of which none accepted in a lower ballot, or the highest
/// such ballot among them has the same value. It is asked again whenever somebody accepts, for every higher proposal.
/// And a ballot has one value.
#[derive(Debug)]
pub struct P2c {
    accepted: Acceptances,
    proposed: BTreeMap<Ballot, Value>,
}

impl P2c {
    fn judge(&self, from: Ballot) -> Verdict {
        let mut later = self.proposed.range(from..).map(|(&ballot, &value)| Proposal { ballot, value });
        match later.find(|&proposal| !self.accepted.support(proposal)) {
            None => Verdict::Held,
            Some(proposal) => {
                let evidence = Evidence::new("a proposal that no majority supports").value("proposal", proposal);
                let below = |node| self.accepted.below(node, proposal.ballot);
                let told = self.accepted.acceptors.iter().filter_map(|node| Some((node, below(node)?)));
                told.fold(evidence.node(proposal.ballot.proposer), |evidence, (node, accepted)| {
                    evidence.node(node).value(&format!("{node} accepted"), accepted)
                })
                .into()
            }
        }
    }
}

impl Property<Paxos> for P2c {
    const NAME: &'static str = "p2c";
    const ABOUT: &'static str = "a majority backs each proposal: it accepted nothing lower, or last the same value";

    fn new(config: &PaxosConfig, cast: &Cast) -> Self {
        Self { accepted: Acceptances::new(config, cast), proposed: BTreeMap::new() }
    }

    fn on_fact(&mut self, at: At, fact: &Fact) -> Verdict {
        match *fact {
            Fact::Proposed(proposal) => {
                let before = self.proposed.insert(proposal.ballot, proposal.value);
                if let Some(before) = before.filter(|&before| before != proposal.value) {
                    let evidence = Evidence::new("one ballot proposes two values").node(at.node);
                    return evidence.value("proposal", proposal).value("before", before).into();
                }
                self.judge(proposal.ballot)
            }
            Fact::Accepted(proposal) => {
                self.accepted.enter(at.node, proposal);
                self.judge(proposal.ballot)
            }
            _ => Verdict::Skip,
        }
    }
}

/// **No false learning**: a node learns that a value was chosen only if a majority has accepted it in one ballot.
#[derive(Debug)]
pub struct NoFalseLearning(Acceptances);

impl Property<Paxos> for NoFalseLearning {
    const NAME: &'static str = "no_false_learning";
    const ABOUT: &'static str = "a node learns only what a majority accepted in one ballot";

    fn new(config: &PaxosConfig, cast: &Cast) -> Self {
        Self(Acceptances::new(config, cast))
    }

    fn on_fact(&mut self, at: At, fact: &Fact) -> Verdict {
        match *fact {
            Fact::Accepted(proposal) => {
                self.0.enter(at.node, proposal);
                Verdict::Skip
            }
            Fact::Learned(value) if self.0.chose(value) => Verdict::Held,
            Fact::Learned(value) => {
                Evidence::new("a node learned what was not chosen").node(at.node).value("value", value).into()
            }
            _ => Verdict::Skip,
        }
    }
}

/// **Nontriviality**: only what a client asked for is proposed or learned.
#[derive(Debug)]
pub struct Nontriviality(BTreeSet<Value>);

impl Property<Paxos> for Nontriviality {
    const NAME: &'static str = "nontriviality";
    const ABOUT: &'static str = "only what a client asked for is proposed and chosen";

    fn new(_config: &PaxosConfig, _cast: &Cast) -> Self {
        Self(BTreeSet::new())
    }

    fn on_fact(&mut self, at: At, fact: &Fact) -> Verdict {
        let (Fact::Proposed(Proposal { value, .. }) | Fact::Learned(value)) = *fact else { return Verdict::Skip };
        if self.0.contains(&value) {
            return Verdict::Held;
        }
        Evidence::new("nobody asked for this value").node(at.node).value("value", value).into()
    }

    fn on_world(&mut self, _now: Time, event: &WorldEvent) -> Verdict {
        if let WorldEvent::Invoke { id } = *event {
            self.0.insert(id);
        }
        Verdict::Skip
    }
}

/// **Agreement**: no two nodes ever learn different values, nor does one over its lives. In the end the whole core
/// knows.
#[derive(Debug)]
pub struct Agreement(Option<(NodeId, Value)>);

impl Property<Paxos> for Agreement {
    const NAME: &'static str = "agreement";
    const ABOUT: &'static str = "all learn the same value, and in the end the whole core knows it";

    fn new(_config: &PaxosConfig, _cast: &Cast) -> Self {
        Self(None)
    }

    fn on_fact(&mut self, at: At, fact: &Fact) -> Verdict {
        let Fact::Learned(value) = *fact else { return Verdict::Skip };
        let (first, before) = *self.0.get_or_insert((at.node, value));
        if value == before {
            return Verdict::Held;
        }
        let evidence = Evidence::new("two values were learned").node(first).node(at.node);
        evidence.value("first", before).value("then", value).into()
    }

    fn settled(&self, core: &NodeSet, nodes: Nodes<'_, Paxos>) -> Progress {
        let ignorant = core.iter().find(|&node| nodes.get(node).is_none_or(|seat| seat.state.chosen().is_none()));
        ignorant.map_or(Progress::Done, |node| Progress::Waiting(format!("{node} does not know the decision")))
    }
}
