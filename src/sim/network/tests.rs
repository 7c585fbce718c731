//! Fates on links of every kind.

use super::*;

fn letter(from: u32, to: u32, sent: u64, hash: u64) -> Letter {
    let (from, to) = (NodeId(from), NodeId(to));
    Letter {
        from: Endpoint::Node(from),
        to: Endpoint::Node(to),
        at: Some(from),
        bound: Some(to),
        sent: Time(sent),
        hash,
        ordinal: 0,
    }
}

fn network(config: NetworkConfig) -> Network {
    Network::new(config, Seed(1), Noise::Scenario, &[])
}

fn kind() -> String {
    "ping".to_owned()
}

fn active(entry: u32, from: u32, to: u32, does: Does) -> Active {
    let cut = Cut { from: NodeSet::from_iter([NodeId(from)]), to: NodeSet::from_iter([NodeId(to)]) };
    Active { entry: Some(entry), key: u64::from(entry), cuts: vec![cut], does }
}

#[test]
fn a_fate_depends_on_its_message_alone() {
    let mut one = network(NetworkConfig::default());
    let mut other = network(NetworkConfig::default());
    let _ = one.fate(&letter(3, 4, 5, 6), kind);
    let fates = [&mut one, &mut other].map(|network| network.fate(&letter(0, 1, 7, 9), kind));
    assert_eq!(fates[0], fates[1]);
    assert_ne!(fates[0], one.fate(&letter(1, 0, 7, 9), kind));
    assert_ne!(fates[0], one.fate(&letter(0, 1, 8, 9), kind));
    assert_ne!(fates[0], one.fate(&letter(0, 1, 7, 8), kind));
}

#[test]
fn a_fault_on_another_link_does_not_move_a_fate() {
    let mut network = network(NetworkConfig::default());
    let before = network.fate(&letter(0, 1, 7, 9), kind);
    network.push(active(1, 2, 1, Does::Cut));
    network.push(active(2, 0, 2, Does::Lose(Ratio::ALWAYS)));
    assert_eq!(network.fate(&letter(0, 1, 7, 9), kind), before);
    assert_eq!(network.fate(&letter(2, 1, 7, 9), kind), Fate::Cut);
    assert_eq!(network.fate(&letter(0, 2, 7, 9), kind), Fate::Lost);
    assert!(network.remove(1) && !network.remove(1));
    assert!(matches!(network.fate(&letter(2, 1, 7, 9), kind), Fate::Deliver(_)));
}

#[test]
fn slow_and_repeating_links_add_to_the_ordinary_fate() {
    let mut network = network(NetworkConfig::default());
    let Fate::Deliver(before) = network.fate(&letter(0, 1, 7, 9), kind) else { panic!("no loss here") };
    network.push(active(1, 0, 1, Does::Slow(Distribution::Constant(Span::ms(5)))));
    assert_eq!(network.fate(&letter(0, 1, 7, 9), kind), Fate::Deliver(before + Span::ms(5)));
    network.push(active(2, 0, 1, Does::Repeat(Ratio::ALWAYS)));
    assert!(
        matches!(network.fate(&letter(0, 1, 7, 9), kind), Fate::Twice(first, copy) if first == before + Span::ms(5) && copy >= Span::ms(6))
    );
}

#[test]
fn a_fixed_fate_keeps_to_the_limits_of_a_healed_core() {
    let fixed = MessageOverride {
        from: crate::fault::End::Node(NodeId(0)),
        to: crate::fault::End::Node(NodeId(1)),
        kind: kind(),
        nth: 1,
        sent_at: None,
        fate: FixedFate::Drop,
    };
    let mut network = Network::new(NetworkConfig::default(), Seed(1), Noise::Scenario, &[fixed]);
    network.heal(Time(5), NodeSet::range(0..2), Span::ms(3));
    assert_eq!(network.fate(&letter(0, 1, 7, 9), kind), Fate::Deliver(Span::ms(3)));
}

#[test]
fn a_link_that_keeps_order_delivers_in_order() {
    let mut network = network(NetworkConfig { fifo: true, ..NetworkConfig::default() });
    let mut last = Time::ZERO;
    for sent in 0..200 {
        let Fate::Deliver(delay) = network.fate(&letter(0, 1, sent * 100_000, sent), kind) else {
            panic!("no loss here")
        };
        let arrives = Time(sent * 100_000) + delay;
        assert!(arrives >= last);
        last = arrives;
    }
    // After a crash of either end nothing waits for what went before.
    network.lanes.values_mut().for_each(|lane| lane.last = Time::MAX);
    network.forget(NodeId(1));
    assert!(matches!(network.fate(&letter(0, 1, last.0, 7), kind), Fate::Deliver(delay) if delay <= Span::ms(10)));
}

#[test]
fn links_on_which_nothing_is_under_way_are_forgotten() {
    let mut network = network(NetworkConfig { fifo: true, ..NetworkConfig::default() });
    for n in 0..100_000 {
        let _ = network.fate(&letter(0, 1 + n, u64::from(n) * 1_000_000, 7), kind);
    }
    assert!(network.lanes.len() <= LANES + 1, "{}", network.lanes.len());
}

#[test]
fn of_several_words_on_one_link_the_last_counts() {
    let link = |from, latency: Option<u64>, loss| LinkConfig {
        from: NodeId(from),
        to: NodeId(1),
        latency: latency.map(|ms| Distribution::Constant(Span::ms(ms))),
        loss,
        duplicate: None,
        capacity: None,
        fifo: None,
    };
    let links = vec![link(2, Some(5), None), link(0, Some(7), Some(Ratio::ALWAYS)), link(0, None, Some(Ratio::NEVER))];
    let mut network = network(NetworkConfig { links, ..NetworkConfig::default() });
    let fates = [0, 2].map(|from| network.fate(&letter(from, 1, 0, 0), kind));
    assert_eq!(fates, [7, 5].map(|ms| Fate::Deliver(Span::ms(ms))));
}

#[test]
fn a_capacity_makes_messages_wait_in_line() {
    let latency = Distribution::Constant(Span::ms(1));
    let mut network = network(NetworkConfig { latency, capacity: Some(1_000), ..NetworkConfig::default() });
    let delays: Vec<Fate> = (0..3).map(|hash| network.fate(&letter(0, 1, 0, hash), kind)).collect();
    assert_eq!(delays, [2, 3, 4].map(|ms| Fate::Deliver(Span::ms(ms))));
}

#[test]
fn zones_have_their_latency_both_ways() {
    let constant = |ms| Distribution::Constant(Span::ms(ms));
    let zones = [("eu", 0..2), ("us", 2..4)].map(|(name, nodes)| (name.to_owned(), NodeSet::range(nodes)));
    let row = BTreeMap::from([("us".to_owned(), constant(80))]);
    let mut network = network(NetworkConfig {
        latency: constant(1),
        zones: zones.into(),
        zone_latency: BTreeMap::from([("eu".to_owned(), row)]),
        ..NetworkConfig::default()
    });
    let delays = [(0, 1), (0, 2), (3, 1)].map(|(from, to)| network.fate(&letter(from, to, 0, 0), kind));
    assert_eq!(delays, [1, 80, 80].map(|ms| Fate::Deliver(Span::ms(ms))));
}

#[test]
fn fixed_fates_match_by_instant_then_by_ordinal() {
    let fixed = |sent_at, nth, fate| MessageOverride {
        from: crate::fault::End::Node(NodeId(0)),
        to: crate::fault::End::Node(NodeId(1)),
        kind: kind(),
        nth,
        sent_at,
        fate,
    };
    let overrides = [
        fixed(Some(Time(50)), 9, FixedFate::Drop),
        fixed(None, 2, FixedFate::Deliver(Span(3))),
        fixed(None, 77, FixedFate::Drop),
        // The first message does not use up the place of a later instant; the fourth is after one that passed.
        fixed(Some(Time(50)), 1, FixedFate::Drop),
        fixed(Some(Time(55)), 4, FixedFate::Deliver(Span(4))),
    ];
    let mut network = Network::new(NetworkConfig::default(), Seed(1), Noise::Scenario, &overrides);
    assert!(matches!(network.fate(&letter(0, 1, 10, 0), kind), Fate::Deliver(_)));
    assert_eq!(network.fate(&letter(0, 1, 20, 0), kind), Fate::Deliver(Span(3)));
    assert_eq!(network.fate(&letter(0, 1, 50, 0), kind), Fate::Lost);
    assert_eq!(network.fate(&letter(0, 1, 60, 0), kind), Fate::Deliver(Span(4)));
    assert_eq!(network.unmatched().map(|fixed| fixed.nth).collect::<Vec<_>>(), [77, 1]);
}
