//! Invariants of an inner process, reused on the outer one that runs it (see
//! [`Io::within`](crate::process::Io::within)): they are shown the inner part of every node.

use std::fmt;
use std::marker::PhantomData;

use super::measure::Measure;
use super::{
    At, Cast, FaultKind, NodeId, NodeSet, Nodes, Process, Progress, Property, Seat, Seats, Time, Verdict, WorldEvent,
};

/// Where the inner process is to be found in the outer one.
pub trait Projection: 'static {
    /// The process inside.
    type Inner: Process;
    /// The process around it.
    type Outer: Process;

    /// The inner configuration.
    fn config(config: &<Self::Outer as Process>::Config) -> &<Self::Inner as Process>::Config;

    /// The inner node's memory.
    fn state(state: &Self::Outer) -> &Self::Inner;

    /// The inner node's disk.
    fn disk(disk: &<Self::Outer as Process>::Disk) -> &<Self::Inner as Process>::Disk;

    /// What the inner node reported, if it was it that did.
    fn fact(fact: &<Self::Outer as Process>::Fact) -> Option<&<Self::Inner as Process>::Fact>;
}

/// A property of the inner process as one of the outer: with its own name, and seeing what it would see if the inner
/// process ran alone. What clients saw is the outer process's matter.
pub struct Projected<V, C> {
    property: C,
    view: PhantomData<fn() -> V>,
}

impl<V, C: fmt::Debug> fmt::Debug for Projected<V, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Projected").field(&self.property).finish()
    }
}

impl<V: Projection, C: Property<V::Inner>> Property<V::Outer> for Projected<V, C> {
    const NAME: &'static str = C::NAME;
    const ABOUT: &'static str = C::ABOUT;
    const NEEDS: &'static [FaultKind] = C::NEEDS;
    const AFTER: &'static str = C::AFTER;
    const OPTIONAL: bool = C::OPTIONAL;

    fn applies(config: &<V::Outer as Process>::Config) -> bool {
        C::applies(V::config(config))
    }

    fn new(config: &<V::Outer as Process>::Config, cast: &Cast) -> Self {
        Self { property: C::new(V::config(config), cast), view: PhantomData }
    }

    fn on_fact(&mut self, at: At, fact: &<V::Outer as Process>::Fact) -> Verdict {
        V::fact(fact).map_or(Verdict::Skip, |fact| self.property.on_fact(at, fact))
    }

    fn on_turn(&mut self, at: At, seat: Seat<'_, V::Outer>) -> Verdict {
        self.property.on_turn(at, inner::<V>(seat))
    }

    fn on_world(&mut self, now: Time, event: &WorldEvent) -> Verdict {
        self.property.on_world(now, event)
    }

    fn on_state(&mut self, now: Time, nodes: Nodes<'_, V::Outer>) -> Verdict {
        inside::<V, _>(nodes, |nodes| self.property.on_state(now, nodes))
    }

    fn settled(&self, core: &NodeSet, nodes: Nodes<'_, V::Outer>) -> Progress {
        inside::<V, _>(nodes, |nodes| self.property.settled(core, nodes))
    }

    fn measured(&self, now: Time) -> Vec<Measure> {
        self.property.measured(now)
    }
}

/// Has a look at the inner part of every node.
pub fn inside<V: Projection, T>(nodes: Nodes<'_, V::Outer>, look: impl FnOnce(Nodes<'_, V::Inner>) -> T) -> T {
    look(Nodes::new(&View::<V>(nodes)))
}

/// All nodes, each seen through the projection.
struct View<'a, V: Projection>(Nodes<'a, V::Outer>);

impl<V: Projection> Seats<V::Inner> for View<'_, V> {
    fn count(&self) -> u32 {
        self.0.count()
    }

    fn seat(&self, node: NodeId) -> Option<Seat<'_, V::Inner>> {
        self.0.get(node).map(inner::<V>)
    }

    fn disk(&self, node: NodeId) -> &<V::Inner as Process>::Disk {
        V::disk(self.0.disk(node))
    }
}

fn inner<V: Projection>(seat: Seat<'_, V::Outer>) -> Seat<'_, V::Inner> {
    Seat { node: seat.node, state: V::state(seat.state), disk: V::disk(seat.disk), held: seat.held }
}
