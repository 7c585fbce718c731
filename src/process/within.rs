//! One protocol inside another: a lock service on Raft.
//!
//! The outer process keeps the inner one as a part of its state and calls the inner handlers itself, each inside
//! [`Io::within`]. The inner handler has an [`Io`] of its own, with its own configuration and group. What it asks for
//! is turned into effects of the outer process by one value, the [`Wrap`], and leaves in the place where the call
//! stood: after what the outer handler asked before, and before what it asks then. So barriers hold back what follows
//! in either, and what the inner process sends to itself comes to the outer node, which hands it on.
//!
//! Clock, draws and tickets are those of the one node. The inner draws continue the outer numbering, and an inner
//! [`Ticket`](super::Ticket) is an outer one: `on_synced` may be passed on to both as it comes, since each compares
//! only with tickets of its own, which grow.

use std::collections::VecDeque;

use super::{Durable, Effect, Io, NodeId, OpId, Outbox, Process};

/// How the effects of an inner process become effects of the outer one. All but facts and replies have an outer
/// counterpart each: a lost record would be a ticket that never comes.
pub trait Wrap {
    /// The process inside.
    type Inner: Process;
    /// The process around it.
    type Outer: Process;

    /// The inner configuration, a part of the outer one.
    fn config(config: &<Self::Outer as Process>::Config) -> &<Self::Inner as Process>::Config;

    /// A message to another node, or to itself.
    fn msg(&mut self, to: NodeId, msg: <Self::Inner as Process>::Msg) -> <Self::Outer as Process>::Msg;

    /// A timer. Different ones stay different.
    fn timer(&mut self, timer: <Self::Inner as Process>::Timer) -> <Self::Outer as Process>::Timer;

    /// A record. The outer disk keeps it where the inner one would; in files of its own, or of others.
    fn write(&mut self, write: WriteOf<Self::Inner>) -> WriteOf<Self::Outer>;

    /// A report; `None` if nobody outside is to hear of it.
    fn fact(&mut self, fact: <Self::Inner as Process>::Fact) -> Option<<Self::Outer as Process>::Fact>;

    /// An answer; `None` if it is for the outer process, which finds it in the wrap, and not for a client.
    fn reply(&mut self, id: OpId, reply: <Self::Inner as Process>::Reply) -> Option<<Self::Outer as Process>::Reply>;
}

/// What a process writes.
pub type WriteOf<P> = <<P as Process>::Disk as Durable>::Write;

impl<P: Process> Io<'_, P> {
    /// Lets a handler of an inner process run, as a member of the `group`-th group, and turns what it asks for into
    /// effects of this process.
    pub fn within<W: Wrap<Outer = P>, R>(
        &mut self,
        group: usize,
        wrap: &mut W,
        inner: impl FnOnce(&mut Io<'_, W::Inner>) -> R,
    ) -> R {
        let mut outbox = Outbox {
            effects: VecDeque::new(),
            ticket: self.outbox.ticket,
            draws: std::mem::take(&mut self.outbox.draws),
        };
        let result = inner(&mut Io {
            me: self.me,
            now: self.now,
            wall: self.wall,
            group,
            cast: self.cast,
            config: W::config(self.config),
            outbox: &mut outbox,
        });
        self.outbox.ticket = outbox.ticket;
        self.outbox.draws = outbox.draws;
        self.outbox.effects.extend(outbox.effects.into_iter().filter_map(|effect| wrapped(wrap, effect)));
        result
    }
}

fn wrapped<W: Wrap>(wrap: &mut W, effect: Effect<W::Inner>) -> Option<Effect<W::Outer>> {
    Some(match effect {
        Effect::Send { to, msg } => Effect::Send { to, msg: wrap.msg(to, msg) },
        Effect::Arm { timer, after } => Effect::Arm { timer: wrap.timer(timer), after },
        Effect::Disarm(timer) => Effect::Disarm(wrap.timer(timer)),
        Effect::Persist(write) => Effect::Persist(wrap.write(write)),
        Effect::Write(write, ticket) => Effect::Write(wrap.write(write), ticket),
        Effect::Reply { id, reply } => Effect::Reply { id, reply: wrap.reply(id, reply)? },
        Effect::Fact(fact) => Effect::Fact(wrap.fact(fact)?),
        Effect::Refuse(why) => Effect::Refuse(why),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::{Cast, Group, Local, Never, Slot, Span, Ticket, Wall};

    const ME: NodeId = NodeId(0);
    const ID: OpId = OpId { client: crate::ids::ClientId(1), n: 1 };

    /// Does a bit of everything when it hears something.
    #[derive(Debug, PartialEq)]
    struct Inner;

    impl Process for Inner {
        type Config = u64;
        type Msg = u64;
        type Timer = u8;
        type Disk = Slot<u64>;
        type Op = Never;
        type Reply = bool;
        type Fact = bool;

        fn boot(_disk: &Slot<u64>, _io: &mut Io<'_, Self>) -> Self {
            Self
        }

        fn on_message(&mut self, _from: NodeId, _msg: u64, io: &mut Io<'_, Self>) {
            let ticket = io.write(1);
            io.persist(ticket.0);
            let drawn = io.choose(1_000_000);
            io.send(io.me(), drawn);
            io.broadcast(*io.config());
            io.fact(true);
            io.fact(false);
            io.reply(ID, true);
            io.reply(ID, false);
            io.disarm(7);
        }
    }

    #[derive(Debug, PartialEq)]
    struct Outer;

    impl Process for Outer {
        type Config = (u8, u64);
        type Msg = (char, u64);
        type Timer = (char, u8);
        type Disk = Slot<(char, u64)>;
        type Op = Never;
        type Reply = ();
        type Fact = ();

        fn boot(_disk: &Self::Disk, _io: &mut Io<'_, Self>) -> Self {
            Self
        }

        fn on_message(&mut self, from: NodeId, msg: Self::Msg, io: &mut Io<'_, Self>) {
            let before = io.choose(1_000_000);
            io.send(ME, ('o', before));
            io.write(('o', 0));
            let mut wrap = Keep(Vec::new());
            io.within(1, &mut wrap, |io| Inner.on_message(from, msg.1, io));
            assert_eq!(wrap.0, [false]);
            let ticket = io.write(('o', 0));
            assert_eq!(ticket, Ticket(3));
            let after = io.choose(1_000_000);
            io.send(ME, ('o', after));
        }
    }

    /// Lets what is true pass, and keeps answers that are not.
    struct Keep(Vec<bool>);

    impl Wrap for Keep {
        type Inner = Inner;
        type Outer = Outer;

        fn config(config: &(u8, u64)) -> &u64 {
            &config.1
        }

        fn msg(&mut self, _to: NodeId, msg: u64) -> (char, u64) {
            ('i', msg)
        }

        fn timer(&mut self, timer: u8) -> (char, u8) {
            ('i', timer)
        }

        fn write(&mut self, write: u64) -> (char, u64) {
            ('i', write)
        }

        fn fact(&mut self, fact: bool) -> Option<()> {
            fact.then_some(())
        }

        fn reply(&mut self, _id: OpId, reply: bool) -> Option<()> {
            if !reply {
                self.0.push(reply);
            }
            reply.then_some(())
        }
    }

    #[test]
    fn inner_effects_stand_where_the_call_stood_with_shared_draws_tickets_and_their_own_group() {
        let cast = Cast::new(&[("outer", 1, 0), ("inner", 2, 0)]);
        assert_eq!(cast.groups()[1], Group { name: "inner".to_owned(), members: 1..3, spares: 3..3 });
        let (config, clocks) = ((0, 42), (Local(0), Wall(0)));
        let mut outbox = Outbox::default();
        Outer.on_message(ME, ('o', 0), &mut Io::new(ME, clocks, &cast, &config, &mut outbox));

        let mut alone = Outbox::default();
        let mut io: Io<'_, Outer> = Io::new(ME, clocks, &cast, &config, &mut alone);
        let [first, second, third] = [(); 3].map(|()| io.choose(1_000_000));
        let send = |to: u32, layer: char, number: u64| Effect::Send { to: NodeId(to), msg: (layer, number) };
        let expected: [Effect<Outer>; 12] = [
            send(0, 'o', first),
            Effect::Write(('o', 0), Ticket(1)),
            Effect::Write(('i', 1), Ticket(2)),
            Effect::Persist(('i', 2)),
            send(0, 'i', second),
            send(1, 'i', 42),
            send(2, 'i', 42),
            Effect::Fact(()),
            Effect::Reply { id: ID, reply: () },
            Effect::Disarm(('i', 7)),
            Effect::Write(('o', 0), Ticket(3)),
            send(0, 'o', third),
        ];
        assert_eq!(outbox.effects, expected);
        assert_eq!((outbox.draws.in_turn, outbox.draws.in_life), (3, 3));
    }

    #[test]
    fn a_timer_is_armed_for_the_same_time() {
        let cast = Cast::single("node", 1);
        let mut outbox = Outbox::default();
        let mut io: Io<'_, Outer> = Io::new(ME, (Local(0), Wall(0)), &cast, &(0, 42), &mut outbox);
        let me = io.within(0, &mut Keep(Vec::new()), |io| {
            io.arm(3, Span::ms(5));
            io.me()
        });
        assert_eq!(me, ME);
        assert_eq!(outbox.effects, [Effect::Arm { timer: ('i', 3), after: Span::ms(5) }]);
    }
}
