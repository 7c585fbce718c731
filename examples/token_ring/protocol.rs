//! A token ring: nodes stand in a circle and hand a token round; who has it is inside, and nobody else is.
//!
//! **The token is a number.** It grows by one with every hop, and each node remembers the highest that it has had.
//! A node takes a token only if its number is higher than that, stays *inside* for a while, and passes the next
//! number on. Messages may be lost, so it passes the token on again and again until that is acknowledged; messages
//! may come twice, so a token that is not new is acknowledged and otherwise ignored.
//!
//! **Why only one is inside.** Token k + 1 is sent only by the node that has had token k and is outside again. That
//! node goes in again only with a token higher than k, and every such token descends from k + 1. So two different
//! tokens never let two nodes in at once; and one token lets nobody in twice.
//!
//! **Crashes.** A node writes the token's number to its disk *before* it goes in and before it acknowledges. Before
//! that sync its predecessor still counts as the one that must pass the token on; after it, this node does. A
//! crash ends a stay. A node that comes back cannot know whether its successor has the token: it passes it on (once
//! more), which does no harm. Node 0 starts with token 0.
//!
//! **What it does not survive**: a disk that loses what was synced, and a node that stays down. Then the token
//! stands still; that is why the core, which must make progress in the end, is the whole ring.
//!
//! The idea is Le Lann's ("Distributed systems: towards a formal approach", 1977), the numbers are those of every
//! stop-and-wait link.

use schemars::JsonSchema;
use seedstorm::check::{At, Cast, Evidence, Nodes, Phase, Progress, Property, Time, Verdict, WorldEvent};
use seedstorm::process::{Dice, Glance, Io, NodeId, NodeSet, Process, Slot, Span};
use seedstorm::protocol::{Bug, Healed, ParamError, Protocol, Setup};
use seedstorm::workload::NoClients;
use serde::{Deserialize, Serialize};

/// The number of a token: how many hops it has made.
pub(crate) type Token = u64;

/// Settings, under `params` in a scenario.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RingParams {
    /// How long a node stays inside.
    pub(crate) stay: Span,
    /// How long it waits for an acknowledgement before it passes the token on again.
    pub(crate) resend: Span,
}

impl Default for RingParams {
    fn default() -> Self {
        Self { stay: Span::ms(20), resend: Span::ms(50) }
    }
}

/// What all nodes of a run share.
#[derive(Debug)]
pub(crate) struct RingConfig {
    params: RingParams,
    nodes: u32,
    bug: Option<&'static str>,
}

/// What nodes send each other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Msg {
    /// "It is your turn."
    Pass(Token),
    /// "I have it, on my disk."
    Ack(Token),
}

/// What a node waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Timer {
    /// The end of its stay.
    Leave,
    /// To pass the token on once more.
    Resend,
}

/// What nodes report to the invariants.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Fact {
    /// It went inside.
    Entered(Token),
    /// It went outside.
    Left(Token),
    /// It passed the token on once more.
    Resent(Token),
    /// It was given a token that it has had.
    Ignored(Token),
}

/// A node of the ring.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TokenRing {
    /// The highest token that it has had.
    had: Token,
    /// Whether it has it still.
    inside: bool,
}

impl Process for TokenRing {
    type Config = RingConfig;
    type Msg = Msg;
    type Timer = Timer;
    type Disk = Slot<Token>;
    type Op = ();
    type Reply = ();
    type Fact = Fact;

    fn boot(disk: &Slot<Token>, io: &mut Io<'_, Self>) -> Self {
        let node = Self { had: disk.0, inside: false };
        if node.had > 0 || io.me() == NodeId(0) {
            node.pass(io);
        }
        node
    }

    fn on_message(&mut self, from: NodeId, msg: Msg, io: &mut Io<'_, Self>) {
        match msg {
            Msg::Pass(token) => self.on_pass(from, token, io),
            Msg::Ack(token) if token == self.had + 1 => io.disarm(Timer::Resend),
            Msg::Ack(token) => assert!(io.config().bug != Some("trusting-assert"), "{token} after {}", self.had),
        }
    }

    fn on_timer(&mut self, timer: Timer, io: &mut Io<'_, Self>) {
        match timer {
            Timer::Leave => {
                self.inside = false;
                io.fact(Fact::Left(self.had));
            }
            Timer::Resend => io.fact(Fact::Resent(self.had + 1)),
        }
        self.pass(io);
    }

    fn glance(&self) -> Glance {
        Glance { role: if self.inside { "holder" } else { "waiting" }, epoch: 0, progress: self.had }
    }
}

impl TokenRing {
    fn on_pass(&mut self, from: NodeId, token: Token, io: &mut Io<'_, Self>) {
        let known = if io.config().bug == Some("duplicate-token") { token < self.had } else { token <= self.had };
        if known {
            io.fact(Fact::Ignored(token));
        } else {
            *self = Self { had: token, inside: true };
            if io.config().bug == Some("unsynced-token") {
                io.write(token);
            } else {
                io.persist(token);
            }
            io.fact(Fact::Entered(token));
            io.disarm(Timer::Resend);
            io.arm(Timer::Leave, io.config().params.stay);
        }
        io.send(from, Msg::Ack(token));
    }

    fn pass(&self, io: &mut Io<'_, Self>) {
        let next = NodeId((io.me().0 + 1) % io.config().nodes);
        io.send(next, Msg::Pass(self.had + 1));
        io.arm(Timer::Resend, io.config().params.resend);
    }
}

/// **Mutual exclusion**: at most one node is inside. A crash ends a stay.
#[derive(Debug)]
pub(crate) struct MutualExclusion {
    inside: Option<(NodeId, Token)>,
}

impl Property<TokenRing> for MutualExclusion {
    const NAME: &'static str = "mutual_exclusion";
    const ABOUT: &'static str = "at most one node is inside";

    fn new(_config: &RingConfig, _cast: &Cast) -> Self {
        Self { inside: None }
    }

    fn on_fact(&mut self, at: At, fact: &Fact) -> Verdict {
        match (fact, self.inside) {
            (&Fact::Entered(token), None) => self.inside = Some((at.node, token)),
            (Fact::Entered(token), Some((other, older))) => {
                let kind = if other == at.node { "a node inside twice" } else { "two nodes inside at once" };
                let evidence = Evidence::new(kind).node(other).node(at.node);
                return evidence.value("first", older).value("second", token).into();
            }
            (Fact::Left(_), _) => self.inside = None,
            _ => return Verdict::Skip,
        }
        Verdict::Held
    }

    fn on_world(&mut self, _now: Time, event: &WorldEvent) -> Verdict {
        if let WorldEvent::Crash { node, .. } = *event {
            self.inside = self.inside.filter(|&(inside, _)| inside != node);
        }
        Verdict::Skip
    }
}

/// **The token moves**: once the ring is healed, every node gets inside.
#[derive(Debug)]
pub(crate) struct TokenMoves {
    /// Who got inside since the heal; before it nothing is asked.
    entered: Option<NodeSet>,
}

impl Property<TokenRing> for TokenMoves {
    const NAME: &'static str = "token_moves";
    const ABOUT: &'static str = "once the ring is healed, every node gets inside";

    fn new(_config: &RingConfig, _cast: &Cast) -> Self {
        Self { entered: None }
    }

    fn on_fact(&mut self, at: At, fact: &Fact) -> Verdict {
        match (fact, &mut self.entered) {
            (Fact::Entered(_), Some(entered)) => entered.insert(at.node),
            _ => return Verdict::Skip,
        }
        Verdict::Held
    }

    fn on_world(&mut self, _now: Time, event: &WorldEvent) -> Verdict {
        if *event == WorldEvent::Phase(Phase::Liveness) {
            self.entered = Some(NodeSet::default());
        }
        Verdict::Skip
    }

    fn settled(&self, core: &NodeSet, _nodes: Nodes<'_, TokenRing>) -> Progress {
        let missing = self.entered.as_ref().map_or_else(|| core.clone(), |entered| core.without(entered));
        match missing.iter().next() {
            Some(node) => Progress::Waiting(format!("{node} has not been inside since the heal")),
            None => Progress::Done,
        }
    }
}

impl Protocol for TokenRing {
    type Node = Self;
    type Checks = (MutualExclusion, TokenMoves);
    type Load = NoClients;
    type Params = RingParams;

    const NAME: &'static str = "token-ring";
    const ABOUT: &'static str = "nodes in a circle hand a token round; only who has it is inside";
    const GROUPS: &'static [&'static str] = &["member"];
    const ROLES: &'static [&'static str] = &["holder", "waiting"];
    const FACTS: &'static [&'static str] = &["entered", "left", "resent", "ignored"];
    const MESSAGES: &'static [&'static str] = &["pass", "ack"];
    const BUGS: &'static [Bug] = &[
        Bug {
            name: "duplicate-token",
            about: "a node takes the last token that it has had once more",
            breaks: &["mutual_exclusion"],
            reached: "",
            source: "the classic off-by-one of stop-and-wait",
        },
        Bug {
            name: "unsynced-token",
            about: "a node acknowledges the token before it is on its disk, so a crash may lose it",
            breaks: &["token_moves", "mutual_exclusion"],
            reached: "",
            source: "every \"we will flush it later\"",
        },
        Bug {
            name: "trusting-assert",
            about: "a node asserts that an acknowledgement is of the token that it has just passed on",
            breaks: &["panic"],
            reached: "",
            source: "every \"this cannot happen\" that a network can make happen",
        },
    ];
    const SOMETIMES: &'static [&'static str] = &["resent", "ignored"];
    const VITAL: &'static [&'static str] = &["entered"];

    fn config(setup: &Setup<'_, RingParams>) -> Result<RingConfig, ParamError> {
        let (params, nodes) = (setup.params.clone(), setup.cast.len());
        if nodes < 2 {
            return Err(ParamError::new("", "a ring needs at least two nodes"));
        }
        if params.resend == Span::ZERO {
            return Err(ParamError::new("resend", "a node that never waits would send for ever; give more than 0"));
        }
        Ok(RingConfig { params, nodes, bug: setup.bug })
    }

    /// Everyone, or the token stands still.
    fn core(
        config: &RingConfig,
        _nodes: Nodes<'_, Self>,
        candidates: &NodeSet,
        _dice: &mut dyn Dice,
    ) -> Option<NodeSet> {
        (candidates.len() == config.nodes as usize).then(|| candidates.clone())
    }

    /// Somebody passes the token on within one `resend`; then it takes a hop per node, and one more lap to spare. All
    /// by clocks that may be slow.
    fn bound(config: &RingConfig, healed: &Healed) -> Span {
        let hop = config.params.stay + healed.delay + healed.sync + healed.service.times(2);
        let laps = hop.times(u64::from(config.nodes) * 2) + config.params.resend;
        laps + Span(laps.0 / 1_000_000).times(healed.drift_ppm.saturating_mul(2))
    }
}
