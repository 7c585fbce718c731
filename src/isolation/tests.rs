//! Histories by hand, one for each anomaly; and all that can be drawn of a few transactions, against what the
//! definitions say when they are taken at their word.

use std::collections::{BTreeMap, BTreeSet};

use super::{Anomaly, Dependency, Fate, Finding, Order, Transaction, judge};
use crate::rng::{Dice, Die, Seed};

type Object = &'static str;

/// What became of a transaction, and what it reads and writes.
type Line = (Fate, &'static str);

/// Version orders.
type Known<'a> = &'a [(Object, &'a [u32])];

/// Transactions, and version orders, by numbers.
type Drawn = (Vec<Transaction<u32, u32>>, BTreeMap<u32, Order<u32>>);

/// `T1`, `T2` and so on, each as what it reads and writes: `r x 0`, where 0 is the first version, and `w x 1`.
fn history(transactions: &[Line]) -> Vec<Transaction<Object, u32>> {
    let one = |(n, &(fate, text)): (usize, &Line)| {
        let mut transaction = Transaction { name: format!("T{}", n + 1), fate, reads: Vec::new(), writes: Vec::new() };
        let words: Vec<&str> = text.split_whitespace().collect();
        for step in words.chunks(3) {
            let version: u32 = step[2].parse().unwrap();
            match step[0] {
                "r" => transaction.reads.push((step[1], (version > 0).then_some(version))),
                _ => transaction.writes.push((step[1], version)),
            }
        }
        transaction
    };
    transactions.iter().enumerate().map(one).collect()
}

fn orders(known: Known<'_>, later: Known<'_>) -> BTreeMap<Object, Order<u32>> {
    let mut orders: BTreeMap<Object, Order<u32>> = BTreeMap::new();
    for &(object, versions) in known {
        orders.entry(object).or_default().known = versions.to_vec();
    }
    for &(object, versions) in later {
        orders.entry(object).or_default().later = versions.to_vec();
    }
    orders
}

fn told(transactions: &[Line], known: Known<'_>) -> Vec<String> {
    judge(&history(transactions), &orders(known, &[])).findings.iter().map(ToString::to_string).collect()
}

use Fate::{Aborted, Committed, Unknown};

#[test]
fn each_anomaly_is_named_with_its_shortest_cycle_in_sentences() {
    let cases: [(&[Line], Known<'_>, &str); 7] = [
        (
            &[(Committed, "w x 1 w y 1"), (Committed, "w x 2 w y 2")],
            &[("x", &[1, 2]), ("y", &[2, 1])],
            "G0, write cycle: transactions wrote over each other in turn: \
             T2 wrote version 2 of x over 1, which T1 had written (ww); \
             T1 wrote version 1 of y over 2, which T2 had written (ww)",
        ),
        (
            &[(Aborted, "w x 1"), (Committed, "r x 1")],
            &[("x", &[])],
            "G1a, aborted read: a transaction read what another wrote that aborted: \
             T2 read x at version 1, which T1 had written (wr), and T1 aborted",
        ),
        (
            &[(Committed, "w x 1 w x 2"), (Committed, "r x 1")],
            &[("x", &[1, 2])],
            "G1b, intermediate read: a transaction read what its writer then wrote over: \
             T2 read x at version 1, which T1 had written (wr), and T1 wrote over it itself",
        ),
        (
            &[(Committed, "w x 1 r y 1"), (Committed, "w y 1 r x 1")],
            &[("x", &[1]), ("y", &[1])],
            "G1c, circular information flow: transactions depend on each other's writes in turn: \
             T2 read x at version 1, which T1 had written (wr); \
             T1 read y at version 1, which T2 had written (wr)",
        ),
        (
            // A lost update.
            &[(Committed, "r x 0 w x 1"), (Committed, "r x 0 w x 2")],
            &[("x", &[1, 2])],
            "G-single, single anti-dependency cycle: a lost update or a torn read: \
             T2 read x as it was at first, before T1 wrote version 1 (rw); \
             T2 wrote version 2 of x over 1, which T1 had written (ww)",
        ),
        (
            // A torn read.
            &[(Committed, "w x 1 w y 1"), (Committed, "w x 2 w y 2"), (Committed, "r x 1 r y 2")],
            &[("x", &[1, 2]), ("y", &[1, 2])],
            "G-single, single anti-dependency cycle: a lost update or a torn read: \
             T3 read x at version 1 before T2 wrote version 2 (rw); \
             T3 read y at version 2, which T2 had written (wr)",
        ),
        (
            // Write skew.
            &[(Committed, "r x 0 w y 1"), (Committed, "r y 0 w x 1")],
            &[("x", &[1]), ("y", &[1])],
            "G2-item, anti-dependency cycle: write skew, where each missed what another wrote: \
             T1 read x as it was at first, before T2 wrote version 1 (rw); \
             T2 read y as it was at first, before T1 wrote version 1 (rw)",
        ),
    ];
    for (transactions, order, expected) in cases {
        assert_eq!(told(transactions, order), [expected]);
    }
}

#[test]
fn what_comes_one_after_the_other_is_serializable() {
    let updates = [(Committed, "r x 0 w x 1"), (Committed, "r x 1 w x 2 w y 1"), (Committed, "r y 1 r x 2")];
    assert_eq!(told(&updates, &[("x", &[1, 2]), ("y", &[1])]), [""; 0]);
    let own = [(Committed, "w x 1 r x 1 w x 2 r x 2")];
    assert_eq!(told(&own, &[("x", &[1, 2])]), [""; 0], "what it has written itself it may read");
    let nowhere = [(Committed, "r x 7")];
    assert_eq!(told(&nowhere, &[]), [""; 0], "what nobody wrote says nothing");
}

/// `T1` is read by a committed transaction; so it is committed, and has lost an update.
#[test]
fn who_was_read_by_a_committed_transaction_has_committed_and_of_others_nothing_is_said() {
    let unknown = "r x 0 w x 2";
    let other = (Committed, "r x 0 w x 1");
    let found = |transactions: &[Line]| {
        judge(&history(transactions), &orders(&[("x", &[1])], &[("x", &[2])]))
            .findings
            .iter()
            .map(|finding| finding.anomaly)
            .collect::<Vec<Anomaly>>()
    };
    assert_eq!(found(&[(Unknown, unknown), other, (Unknown, "r x 2")]), []);
    assert_eq!(found(&[(Unknown, unknown), other, (Committed, "r x 2")]), [Anomaly::GSingle]);
    // It is enough that one was read that has read it.
    let readers = [(Unknown, "r x 2 w y 7"), (Unknown, "r y 7 w y 8"), (Committed, "r y 8")];
    let all = [(Unknown, unknown), other, readers[0], readers[1], readers[2]];
    assert_eq!(found(&all), [Anomaly::GSingle]);
    assert_eq!(found(&all[..4]), []);
}

#[test]
fn versions_without_a_place_come_after_all_others() {
    // Both have written where the other had read, and nobody has seen that.
    let skew = history(&[(Committed, "r x 1 w y 2"), (Committed, "r y 1 w x 2"), (Committed, "w x 1 w y 1")]);
    let order = orders(&[("x", &[1]), ("y", &[1])], &[("x", &[2]), ("y", &[2])]);
    let [finding] = &judge(&skew, &order).findings[..] else { panic!("{:?}", judge(&skew, &order)) };
    assert_eq!((finding.anomaly, finding.edges.len()), (Anomaly::G2Item, 2));
    // Of two without a place nobody knows which was first.
    let open = history(&[(Committed, "w x 1 w y 1"), (Committed, "w x 2 w y 2")]);
    assert_eq!(judge(&open, &orders(&[], &[("x", &[1, 2]), ("y", &[2, 1])])).findings, []);
}

/// What is drawn: a few transactions over a few objects, each object with an order of its versions.
fn drawn(dice: &mut dyn Dice, most: u64) -> Drawn {
    let count = 2 + dice.below(most - 1);
    let objects = 1 + dice.below(3);
    let mut written: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    let mut transactions = Vec::new();
    for n in 0..count {
        let mut writes = Vec::new();
        for object in 0..u32::try_from(objects).unwrap() {
            for _ in 0..[0, 0, 1, 1, 1, 2][dice.below(6) as usize].min(if dice.below(4) > 0 { 1 } else { 2 }) {
                let versions = written.entry(object).or_default();
                let version = u32::try_from(versions.len()).unwrap() + 1;
                versions.push(version);
                writes.push((object, version));
            }
        }
        let fate = if dice.below(8) == 0 { Aborted } else { Committed };
        transactions.push(Transaction { name: format!("T{n}"), fate, reads: Vec::new(), writes });
    }
    for transaction in &mut transactions {
        for (&object, versions) in &written {
            if dice.below(2) == 0 {
                let version = versions.get(dice.below(versions.len() as u64 + 1) as usize).copied();
                transaction.reads.push((object, version));
            }
        }
    }
    // Mostly in the order in which they came to be, or there would hardly be a history without a cycle.
    let mut orders: BTreeMap<u32, Order<u32>> = BTreeMap::new();
    for (object, mut known) in written {
        for place in 1..known.len() {
            let by = |place: usize| {
                let writes = |it: &Transaction<u32, u32>| it.writes.contains(&(object, known[place]));
                transactions.iter().position(writes)
            };
            if by(place - 1) != by(place) && dice.below(5) == 0 {
                known.swap(place - 1, place);
            }
        }
        orders.insert(object, Order { known, later: Vec::new() });
    }
    (transactions, orders)
}

/// The places of all items, in every order.
fn permutations(count: usize) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for next in 0..count {
        let longer = |shorter: &Vec<usize>| -> Vec<Vec<usize>> {
            (0..=shorter.len())
                .map(|place| {
                    let mut longer = shorter.clone();
                    longer.insert(place, next);
                    longer
                })
                .collect()
        };
        all = all.iter().flat_map(longer).collect();
    }
    all
}

/// Whether the committed transactions, one after the other, leave each object's versions in their order, and read what
/// those before them have left.
fn is_serial(serial: &[usize], transactions: &[Transaction<u32, u32>], orders: &BTreeMap<u32, Order<u32>>) -> bool {
    let mut left: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for &n in serial {
        let Transaction { reads, writes, .. } = &transactions[n];
        let is_own = |read: &(u32, Option<u32>)| read.1.is_some_and(|version| writes.contains(&(read.0, version)));
        let is_there = |&(object, version): &(u32, Option<u32>)| {
            left.get(&object).and_then(|versions| versions.last()).copied() == version
        };
        if !reads.iter().all(|read| is_own(read) || is_there(read)) {
            return false;
        }
        for &(object, version) in writes {
            left.entry(object).or_default().push(version);
        }
    }
    let committed: BTreeSet<(u32, u32)> = serial.iter().flat_map(|&n| transactions[n].writes.iter().copied()).collect();
    orders.iter().all(|(object, order)| {
        let known: Vec<u32> =
            order.known.iter().copied().filter(|&version| committed.contains(&(*object, version))).collect();
        left.get(object).cloned().unwrap_or_default() == known
    })
}

#[test]
fn nothing_is_found_just_if_some_order_of_the_transactions_explains_all() {
    let mut serializable = 0;
    let mut seen: BTreeMap<Anomaly, u32> = BTreeMap::new();
    for n in 0..6000 {
        let mut dice = Die::new(Seed(n)).stream();
        let (transactions, orders) = drawn(&mut dice, 6);
        let committed: Vec<usize> = (0..transactions.len()).filter(|&n| transactions[n].fate == Committed).collect();
        let expected = permutations(committed.len()).iter().any(|order| {
            let serial: Vec<usize> = order.iter().map(|&place| committed[place]).collect();
            is_serial(&serial, &transactions, &orders)
        });
        let findings = judge(&transactions, &orders).findings;
        assert_eq!(findings.is_empty(), expected, "{n}: {transactions:?} {orders:?} {findings:?}");
        serializable += u32::from(expected);
        findings.iter().for_each(|finding| *seen.entry(finding.anomaly).or_default() += 1);
        findings.iter().for_each(is_a_cycle);
    }
    assert!(serializable > 300, "{serializable}");
    assert!(seen.len() == 6 && seen.values().all(|&times| times > 10), "{seen:?}");
}

/// Of a cycle, that its edges hang together and are of the kinds that its class allows.
fn is_a_cycle(finding: &Finding) {
    let Finding { anomaly, edges, .. } = finding;
    let count = |kind| edges.iter().filter(|edge| edge.dependency == kind).count();
    let [ww, wr, rw] = [Dependency::Ww, Dependency::Wr, Dependency::Rw].map(count);
    let is_of_its_kind = match anomaly {
        Anomaly::G1a | Anomaly::G1b => return assert_eq!((edges.len(), wr), (1, 1)),
        Anomaly::G0 => wr + rw == 0 && ww > 1,
        Anomaly::G1c => rw == 0 && wr > 0,
        Anomaly::GSingle => rw == 1,
        Anomaly::G2Item => rw > 1,
    };
    assert!(is_of_its_kind, "{finding}");
    for (n, edge) in edges.iter().enumerate() {
        assert_eq!(edge.to, edges[(n + 1) % edges.len()].from, "{finding}");
    }
}

/// All edges by the definitions, each pair of transactions by itself.
fn edges(
    transactions: &[Transaction<u32, u32>],
    orders: &BTreeMap<u32, Order<u32>>,
) -> BTreeSet<(usize, usize, Dependency)> {
    let writer = |object: u32, version: u32| {
        let writes = |n: &usize| transactions[*n].writes.contains(&(object, version));
        (0..transactions.len()).find(|n| transactions[*n].fate == Committed && writes(n))
    };
    let mut edges = BTreeSet::new();
    for (&object, order) in orders {
        let chain: Vec<(u32, usize)> =
            order.known.iter().filter_map(|&version| Some((version, writer(object, version)?))).collect();
        let follows = |version: u32, by: usize| {
            let place = chain.iter().position(|&(known, _)| known == version).unwrap();
            chain[place..].iter().map(|&(_, writer)| writer).find(|&writer| writer != by)
        };
        for &(version, by) in &chain {
            edges.extend(follows(version, by).map(|next| (by, next, Dependency::Ww)));
        }
        for (reader, transaction) in transactions.iter().enumerate().filter(|(_, it)| it.fate == Committed) {
            for &(_, version) in transaction.reads.iter().filter(|read| read.0 == object) {
                let next = match version.map(|version| (version, writer(object, version))) {
                    Some((version, Some(by))) if by != reader => {
                        edges.insert((by, reader, Dependency::Wr));
                        follows(version, by)
                    }
                    Some(_) => None,
                    None => chain.first().map(|&(_, by)| by),
                };
                edges.extend(next.filter(|&next| next != reader).map(|next| (reader, next, Dependency::Rw)));
            }
        }
    }
    edges
}

/// The length of the shortest cycle of each class, by trying all orders of some of the transactions. A class beyond
/// the first that is there counts where the transactions of a cycle have none of another class among them.
fn shortest(
    transactions: &[Transaction<u32, u32>],
    edges: &BTreeSet<(usize, usize, Dependency)>,
) -> Vec<(Anomaly, usize)> {
    let count = transactions.len();
    let mut reach = vec![vec![false; count]; count];
    edges.iter().for_each(|&(from, to, _)| reach[from][to] = true);
    for via in 0..count {
        for from in 0..count {
            for to in 0..count {
                reach[from][to] |= reach[from][via] && reach[via][to];
            }
        }
    }
    let mut cycles: Vec<(Anomaly, usize, usize)> = Vec::new();
    for some in permutations(count).iter().flat_map(|order| (2..=count).map(|length| &order[..length])) {
        let kinds = |n: usize| {
            let (from, to) = (some[n], some[(n + 1) % some.len()]);
            let is_there = move |kind: &Dependency| edges.contains(&(from, to, *kind));
            [Dependency::Ww, Dependency::Wr, Dependency::Rw].into_iter().filter(is_there)
        };
        let mut sums: BTreeSet<[usize; 3]> = [[0; 3]].into();
        for n in 0..some.len() {
            let more = |sum: &[usize; 3]| -> Vec<[usize; 3]> {
                let added = |kind: Dependency| {
                    let mut sum = *sum;
                    sum[kind as usize] += 1;
                    sum
                };
                kinds(n).map(added).collect()
            };
            sums = sums.iter().flat_map(more).collect();
        }
        cycles.extend(sums.iter().map(|&[_, wr, rw]| {
            let anomaly = match (wr, rw) {
                (0, 0) => Anomaly::G0,
                (_, 0) => Anomaly::G1c,
                (_, 1) => Anomaly::GSingle,
                _ => Anomaly::G2Item,
            };
            (anomaly, some.len(), some[0])
        }));
    }
    let counts = |&&(anomaly, _, member): &&(Anomaly, usize, usize)| {
        let hangs_together = |other: usize| reach[member][other] && reach[other][member];
        anomaly != Anomaly::G2Item
            || !cycles.iter().any(|&(other, _, there)| other != Anomaly::G2Item && hangs_together(there))
    };
    let mut best: BTreeMap<Anomaly, usize> = BTreeMap::new();
    for &(anomaly, length, _) in cycles.iter().filter(counts) {
        let known = best.entry(anomaly).or_insert(length);
        *known = (*known).min(length);
    }
    best.into_iter().collect()
}

#[test]
fn the_cycle_of_each_class_is_the_shortest() {
    let mut longest = 0;
    for n in 0..1500 {
        let mut dice = Die::new(Seed(n)).stream();
        let (transactions, orders) = drawn(&mut dice, 5);
        let expected = shortest(&transactions, &edges(&transactions, &orders));
        let findings = judge(&transactions, &orders).findings;
        let cycles = findings.iter().filter(|finding| !matches!(finding.anomaly, Anomaly::G1a | Anomaly::G1b));
        let found: Vec<(Anomaly, usize)> = cycles.map(|finding| (finding.anomaly, finding.edges.len())).collect();
        assert_eq!(found, expected, "{n}: {transactions:?} {orders:?}");
        longest = longest.max(expected.iter().map(|&(_, length)| length).max().unwrap_or(0));
    }
    assert!(longest >= 4, "{longest}");
}

/// Counters that are read and raised, one transaction after the other, by one that has looked at them some time ago
/// if `lag` says so.
fn counters(count: u32, lag: u32) -> Drawn {
    const OBJECTS: u32 = 100;
    let mut dice = Die::new(Seed(1)).stream();
    let mut orders: BTreeMap<u32, Order<u32>> = (0..OBJECTS).map(|object| (object, Order::default())).collect();
    let mut transactions = Vec::new();
    for n in 1..=count {
        let mut draw = || u32::try_from(dice.below(OBJECTS.into())).unwrap();
        let (read, raised) = (draw(), draw());
        let left = |object: u32| orders[&object].known.len().checked_sub(1 + lag as usize);
        let seen = |object: u32| (object, left(object).map(|place| orders[&object].known[place]));
        let (name, reads) = (format!("T{n}"), vec![seen(read), seen(raised)]);
        transactions.push(Transaction { name, fate: Committed, reads, writes: vec![(raised, n)] });
        orders.get_mut(&raised).unwrap().known.push(n);
    }
    (transactions, orders)
}

#[test]
fn many_transactions_are_judged_without_recursion_and_soon() {
    let (transactions, orders) = counters(20_000, 0);
    assert_eq!(judge(&transactions, &orders).findings, []);
    let (transactions, orders) = counters(20_000, 1);
    let [finding] = &judge(&transactions, &orders).findings[..] else { panic!() };
    assert_eq!((finding.anomaly, finding.edges.len(), finding.is_shortest), (Anomaly::GSingle, 2, true));
    // A single ring.
    let count = 50_000;
    let ring: Vec<Transaction<u32, u32>> = (0..count)
        .map(|n| Transaction {
            name: format!("T{n}"),
            fate: Committed,
            reads: vec![((n + 1) % count, None)],
            writes: vec![(n, 1)],
        })
        .collect();
    let orders = (0..count).map(|object| (object, Order { known: vec![1], later: Vec::new() })).collect();
    let [finding] = &judge(&ring, &orders).findings[..] else { panic!() };
    assert_eq!((finding.anomaly, finding.edges.len()), (Anomaly::G2Item, count as usize));
    assert!(!finding.is_shortest, "nobody has looked everywhere");
}

/// `cargo test --release --lib isolation -- --ignored --nocapture` prints what a hundred thousand transactions take.
#[test]
#[ignore = "measures time"]
fn cost() {
    for lag in [0, 1] {
        let (transactions, orders) = counters(100_000, lag);
        let begun = std::time::Instant::now();
        let findings = judge(&transactions, &orders).findings;
        println!("lag {lag}: {:?}, {} findings", begun.elapsed(), findings.len());
    }
}
