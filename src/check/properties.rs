//! Properties in a row: a tuple of them is looked after as one, without dispatch at run time.

use super::history::History;
use super::measure::Measure;
use super::{At, Board, Cast, NodeSet, Nodes, Process, Progress, Property, PropertyInfo, Seat, Time, WorldEvent};

/// All properties of a protocol: a tuple of [`Property`]s.
pub trait Properties<P: Process>: Sized {
    /// What is known of each, in order.
    fn infos() -> Vec<PropertyInfo>;
    /// Which of them are judged under these settings: those that apply and are not optional.
    fn judged(config: &P::Config) -> Vec<bool>;
    /// Before the first event.
    fn new(config: &P::Config, cast: &Cast) -> Self;
    /// A node reported something.
    fn on_fact(&mut self, at: At, fact: &P::Fact, board: &mut Board);
    /// A node's turn is over.
    fn on_turn(&mut self, at: At, seat: Seat<'_, P>, board: &mut Board);
    /// The world did something.
    fn on_world(&mut self, now: Time, event: &WorldEvent, board: &mut Board);
    /// A checkpoint.
    fn on_state(&mut self, now: Time, nodes: Nodes<'_, P>, board: &mut Board);
    /// The run is over, and this is what its clients saw.
    fn on_history(&mut self, now: Time, history: &History<P::Op, P::Reply>, board: &mut Board);
    /// The first judged property that still waits, and for what.
    fn waiting(&self, core: &NodeSet, nodes: Nodes<'_, P>, board: &Board) -> Option<(&'static str, String)>;
    /// What they have measured so far.
    fn measured(&self, now: Time) -> Vec<Measure>;
}

macro_rules! in_a_row {
    ($(#[$lint:meta])? $($property:ident $n:tt),*) => {
        impl<P: Process, $($property: Property<P>),*> Properties<P> for ($($property,)*) {
            fn infos() -> Vec<PropertyInfo> {
                vec![$(PropertyInfo {
                    name: $property::NAME,
                    about: $property::ABOUT,
                    needs: $property::NEEDS,
                    after: $property::AFTER,
                    optional: $property::OPTIONAL,
                }),*]
            }
            fn judged(_config: &P::Config) -> Vec<bool> {
                vec![$($property::applies(_config) && !$property::OPTIONAL),*]
            }
            $(#[$lint])?
            fn new(_config: &P::Config, _cast: &Cast) -> Self {
                ($($property::new(_config, _cast),)*)
            }
            #[inline]
            fn on_fact(&mut self, _at: At, _fact: &P::Fact, _board: &mut Board) {
                $(_board.enter($n, $property::NAME, self.$n.on_fact(_at, _fact));)*
            }
            #[inline(always)]
            fn on_turn(&mut self, _at: At, _seat: Seat<'_, P>, _board: &mut Board) {
                $(_board.enter($n, $property::NAME, self.$n.on_turn(_at, _seat));)*
            }
            fn on_world(&mut self, _now: Time, _event: &WorldEvent, _board: &mut Board) {
                $(_board.enter($n, $property::NAME, self.$n.on_world(_now, _event));)*
            }
            fn on_state(&mut self, _now: Time, _nodes: Nodes<'_, P>, _board: &mut Board) {
                $(_board.enter($n, $property::NAME, self.$n.on_state(_now, _nodes));)*
            }
            fn on_history(&mut self, _now: Time, _history: &History<P::Op, P::Reply>, _board: &mut Board) {
                $(
                    let (about, verdict) = self.$n.on_history(_now, _history);
                    _board.set_now(about);
                    _board.enter($n, $property::NAME, verdict);
                    _board.set_now(_now);
                )*
            }
            fn waiting(
                &self,
                _core: &NodeSet,
                _nodes: Nodes<'_, P>,
                _board: &Board,
            ) -> Option<(&'static str, String)> {
                $(if _board.judges($n)
                    && let Progress::Waiting(why) = self.$n.settled(_core, _nodes)
                {
                    return Some(($property::NAME, why));
                })*
                None
            }
            fn measured(&self, _now: Time) -> Vec<Measure> {
                let measures: [Vec<Measure>; _] = [$(self.$n.measured(_now)),*];
                measures.into_iter().flatten().collect()
            }
        }
    };
}

in_a_row!(#[expect(clippy::unused_unit, reason = "no property, no tuple")]);
in_a_row!(A 0);
in_a_row!(A 0, B 1);
in_a_row!(A 0, B 1, C 2);
in_a_row!(A 0, B 1, C 2, D 3);
in_a_row!(A 0, B 1, C 2, D 3, E 4);
in_a_row!(A 0, B 1, C 2, D 3, E 4, F 5);
in_a_row!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
in_a_row!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
in_a_row!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8);
in_a_row!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9);
in_a_row!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10);
in_a_row!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11);
in_a_row!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12);
in_a_row!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13);
in_a_row!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13, O 14);
in_a_row!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13, O 14, Q 15);
