//! Ping-pong: each node always has one request outstanding to a random other node; the peer answers, and on
//! the answer the node asks again. As many messages are in flight as there are nodes.

use seedstorm::check::{At, Property, Seat, Verdict};
use seedstorm::fault::FaultPlan;
use seedstorm::process::{Cast, Io, Never, NodeId, Process};
use seedstorm::rng::{Seed, Seeds};
use seedstorm::sim::world::{ClockConfig, DiskConfig, EventBudget, NetworkConfig, NodeConfig, Outside, World};
use seedstorm::sim::{Rules, Setup, Sim};
use seedstorm::time::{Span, Time};
use seedstorm::workload::{ClientPolicy, NoClients};

use crate::rate;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Msg {
    Ping(u64),
    Pong(u64),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Player {
    asked: u64,
    answered: u64,
    rest: [u64; 6],
}

impl Player {
    fn ask(&mut self, io: &mut Io<'_, Self>) {
        let nodes = u64::from(io.cast().len());
        let step = 1 + io.choose(nodes - 1);
        let to = u64::from(io.me().0) + step;
        let to = if to < nodes { to } else { to - nodes };
        self.asked += 1;
        io.send(NodeId(to as u32), Msg::Ping(self.asked));
    }
}

impl Process for Player {
    type Config = ();
    type Msg = Msg;
    type Timer = Never;
    type Disk = ();
    type Op = Never;
    type Reply = Never;
    type Fact = Never;

    fn boot(_disk: &(), io: &mut Io<'_, Self>) -> Self {
        let mut player = Self { asked: 0, answered: 0, rest: [0; 6] };
        player.ask(io);
        player
    }

    #[inline]
    fn on_message(&mut self, from: NodeId, msg: Msg, io: &mut Io<'_, Self>) {
        match msg {
            Msg::Ping(n) => io.send(from, Msg::Pong(n)),
            Msg::Pong(n) => {
                self.answered = self.answered.max(n);
                self.ask(io);
            }
        }
    }
}

/// Every answer was asked for.
pub(crate) struct AnswersWereAskedFor;

impl Property<Player> for AnswersWereAskedFor {
    const NAME: &'static str = "answers_were_asked_for";
    const ABOUT: &'static str = "a node has no more answers than it asked for";

    fn new(_config: &(), _cast: &Cast) -> Self {
        Self
    }

    #[inline]
    fn on_turn(&mut self, _at: At, seat: Seat<'_, Player>) -> Verdict {
        if seat.state.answered <= seat.state.asked {
            return Verdict::Held;
        }
        seedstorm::check::Evidence::new("an answer that was not asked for").node(seat.node).into()
    }
}

pub(crate) type Game = Sim<Player, (AnswersWereAskedFor,), NoClients>;

pub(crate) fn game(nodes: u32) -> Game {
    let world = World {
        network: NetworkConfig::default(),
        disk: DiskConfig::default(),
        clock: ClockConfig::default(),
        node: NodeConfig::default(),
        run_for: Span(Time::MAX.0),
        settle: Span::ZERO,
        settle_delay: Span::ZERO,
        outside: Outside::Silent,
        budget: EventBudget { events: u64::MAX, per_instant: u64::MAX },
    };
    let setup = Setup {
        cast: Cast::single("player", nodes),
        config: (),
        world,
        plan: FaultPlan::calm(Seeds::derive(Seed(1))),
        clients: ClientPolicy::default(),
        rules: Rules {
            core: |_, _, nodes, _| Some(nodes.clone()),
            leader: None,
            vital: &[],
            command: "",
            elected: "",
            steady: Span::ZERO,
        },
    };
    Sim::new(setup, NoClients, Vec::new())
}

/// Messages per second among `nodes` nodes, once all are under way.
pub(crate) fn round(nodes: u32, messages: u64) -> f64 {
    let mut game = game(nodes);
    while game.events() < 3 * u64::from(nodes) {
        game.step();
    }
    let until = game.events() + messages;
    rate(messages, || {
        while game.events() < until {
            game.step();
        }
    })
}
