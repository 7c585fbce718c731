//! A protocol that breaks the one rule: it looks at something that no seed decides. `gate` notices, and names the
//! event.
//!
//! ```text
//! cargo run --example leaky -- gate examples/leaky/counter.json --seeds 10
//! cargo run --example leaky -- gate examples/leaky/map.json --seeds 10
//! ```
//!
//! Whoever writes a protocol meets both kinds: a counter that outlives the run, and a map whose order is drawn anew in
//! every process. Here each node counts what it has sent in a number that all runs share (`"leak": "counter"`), or
//! begins with the one that a hash map of the standard library happens to name first (`"leak": "map"`).

#![expect(clippy::disallowed_types, reason = "what no seed decides is what this is about")]

use std::collections::HashSet;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

use schemars::JsonSchema;
use seedstorm::check::Nodes;
use seedstorm::lab::Lab;
use seedstorm::process::{Dice, Io, Never, NodeId, NodeSet, Process, Span};
use seedstorm::protocol::{Bug, Healed, ParamError, Protocol, Setup};
use seedstorm::workload::NoClients;
use serde::{Deserialize, Serialize};

/// What is shared by all runs of this process, and should not be.
static SENT: AtomicU64 = AtomicU64::new(0);

/// Settings, under `params` in a scenario.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct LeakyParams {
    leak: Leak,
}

/// What the nodes look at that no seed decides.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Leak {
    /// Nothing: the runs are the same.
    #[default]
    Nothing,
    /// A counter that outlives the run.
    Counter,
    /// The order of a hash map.
    Map,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Hello(u64);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Fact {
    Greeted(NodeId),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Leaky;

impl Process for Leaky {
    type Config = Leak;
    type Msg = Hello;
    type Timer = ();
    type Disk = ();
    type Op = Never;
    type Reply = Never;
    type Fact = Fact;

    fn boot(_disk: &(), io: &mut Io<'_, Self>) -> Self {
        io.arm((), Span::ms(10));
        Self
    }

    fn on_message(&mut self, from: NodeId, _hello: Hello, io: &mut Io<'_, Self>) {
        io.fact(Fact::Greeted(from));
    }

    fn on_timer(&mut self, _timer: (), io: &mut Io<'_, Self>) {
        let me = io.me();
        let number = match io.config() {
            Leak::Nothing => 0,
            Leak::Counter => SENT.fetch_add(1, Ordering::Relaxed),
            Leak::Map => {
                let others: HashSet<NodeId> = io.cast().nodes().filter(|&node| node != me).collect();
                others.into_iter().next().map_or(0, |node| node.0.into())
            }
        };
        for node in io.cast().nodes().filter(|&node| node != me).collect::<Vec<_>>() {
            io.send(node, Hello(number));
        }
        io.arm((), Span::ms(10));
    }
}

impl Protocol for Leaky {
    type Node = Self;
    type Checks = ();
    type Load = NoClients;
    type Params = LeakyParams;

    const NAME: &'static str = "leaky";
    const ABOUT: &'static str = "nodes greet each other with something that no seed decides";
    const GROUPS: &'static [&'static str] = &["member"];
    const FACTS: &'static [&'static str] = &["greeted"];
    const MESSAGES: &'static [&'static str] = &["hello"];
    const BUGS: &'static [Bug] = &[];
    const SOMETIMES: &'static [&'static str] = &["greeted"];

    fn config(setup: &Setup<'_, LeakyParams>) -> Result<Leak, ParamError> {
        Ok(setup.params.leak)
    }

    fn core(_: &Leak, _: Nodes<'_, Self>, candidates: &NodeSet, _: &mut dyn Dice) -> Option<NodeSet> {
        Some(candidates.clone())
    }

    fn bound(_: &Leak, healed: &Healed) -> Span {
        healed.delay + Span::ms(20)
    }
}

fn main() -> ExitCode {
    seedstorm::cli::run(&[Lab::<Leaky>::NEW])
}
