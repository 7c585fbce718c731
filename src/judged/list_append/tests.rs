//! Small histories as Elle has them, one for each anomaly, and whatever can be drawn.

use super::*;
use crate::judged::{Failed, Kind, Subject, pair};
use crate::linearizability::Limits;
use crate::recorded::events;
use crate::rng::{Dice, Die, Seed};

/// How a transaction ended, and its steps; of those that were answered with what was read.
type Line<'a> = (&'a str, &'a str);

/// Each transaction by a process of its own, one after the other: the order of time does not count.
fn edn(lines: &[Line<'_>]) -> String {
    let one = |(n, (end, steps)): (usize, &Line<'_>)| {
        let asked: Vec<String> = steps
            .split(']')
            .map(|step| match step.trim_start_matches([' ', '[']).strip_prefix(":r ") {
                Some(read) => format!("[:r {} nil]", read.split(' ').next().unwrap()),
                None if step.contains(":append") => format!("[{}]", step.trim_start_matches([' ', '['])),
                None => String::new(),
            })
            .collect();
        let invoke = format!("{{:type :invoke, :f :txn, :value [{}], :process {n}}}\n", asked.join(" "));
        let ended = format!("{{:type :{end}, :f :txn, :value [{steps}], :process {n}}}\n");
        if *end == "none" { invoke } else { invoke + &ended }
    };
    lines.iter().enumerate().map(one).collect()
}

fn operations(text: &str) -> Vec<Operation> {
    pair(events(text.as_bytes(), None), Failed::Marked).unwrap()
}

fn told(lines: &[Line<'_>]) -> Vec<String> {
    let operations = operations(&edn(lines));
    assert_eq!(Subject::of(&operations), Some(Subject::Lists));
    let lists = list_append(&operations).unwrap();
    lists.anomalies.iter().map(|anomaly| format!("{}: {}", anomaly.name, anomaly.sentences.join("; "))).collect()
}

#[test]
fn each_anomaly_is_named_and_told() {
    let cases: [(&[Line<'_>], &str); 13] = [
        (
            &[
                ("ok", "[:append x 1] [:append y 1]"),
                ("ok", "[:append x 2] [:append y 2]"),
                ("ok", "[:r x [1 2]] [:r y [2 1]]"),
            ],
            "G0: T2 wrote version \"2\" of",
        ),
        (
            &[("fail", "[:append x 1]"), ("ok", "[:r x [1]]")],
            "G1a: T2 read \"x\" at version 1, which T1 had written (wr), and T1 aborted",
        ),
        (
            &[("fail", "[:append x 1]"), ("ok", "[:append x 2]"), ("ok", "[:r x [1 2]]")],
            "G1a: T3 read \"x\" at version 1, which T1 had written (wr), and T1 aborted",
        ),
        (
            &[("ok", "[:append x 1] [:append x 2]"), ("ok", "[:r x [1]]"), ("ok", "[:r x [1 2]]")],
            "G1b: T2 read \"x\" at version 1, which T1 had written (wr), and T1 wrote over it itself",
        ),
        (
            &[("ok", "[:append x 1] [:r y [1]]"), ("ok", "[:append y 1] [:r x [1]]")],
            "G1c: T2 read \"x\" at version 1, which T1 had written (wr); \
             T1 read \"y\" at version 1, which T2 had written (wr)",
        ),
        (
            &[("ok", "[:r x []] [:append x 1]"), ("ok", "[:r x nil] [:append x 2]"), ("ok", "[:r x [1 2]]")],
            "G-single: T2 read \"x\" as it was at first, before T1 wrote version 1 (rw); \
             T2 wrote version 2 of \"x\" over 1, which T1 had written (ww)",
        ),
        (
            // Nobody reads what either has appended.
            &[("ok", "[:r x []] [:append y 1]"), ("ok", "[:r y []] [:append x 1]")],
            "G2-item: T1 read \"x\" as it was at first, before T2 wrote version 1 (rw); \
             T2 read \"y\" as it was at first, before T1 wrote version 1 (rw)",
        ),
        (
            &[("ok", "[:append x 1]"), ("ok", "[:append x 2]"), ("ok", "[:r x [1]]"), ("ok", "[:r x [2]]")],
            "incompatible-order: at place 0 of \"x\" T4 read 2, and T3 read 1",
        ),
        (
            &[("ok", "[:append x 1] [:append x 2]"), ("ok", "[:append x 3]"), ("ok", "[:r x [2 1 3]]")],
            "incompatible-order: T1 appended 1 to \"x\" before 2, and T3 read them the other way round",
        ),
        (
            &[("ok", "[:append x 1]"), ("ok", "[:r x [1 1]]")],
            "duplicate-elements: T2 read 1 twice in \"x\", at places 0 and 1",
        ),
        (&[("ok", "[:append x 1]"), ("ok", "[:r x [1 7]]")], "garbage-read: T2 read 7 in \"x\", which nobody appended"),
        (&[("ok", "[:append x 1] [:r x []]")], "internal: T1 appended [1] and then read \"x\" as []"),
        (
            &[("ok", "[:append x 1]"), ("ok", "[:append x 3]"), ("ok", "[:r x [1]] [:append x 2] [:r x [1 3 2]]")],
            "internal: T3 read \"x\" as [1], then appended [2] and read it as [1 3 2]",
        ),
    ];
    for (lines, expected) in cases {
        let said = told(lines);
        let name = expected.split(':').next().unwrap();
        let of_it = said.iter().find(|said| said.starts_with(&format!("{name}:"))).cloned().unwrap_or_default();
        if name == "G0" {
            assert!(of_it.starts_with("G0: T2 wrote version 2 of \"x\" over 1, which T1 had written (ww); T1 wrote"));
        } else {
            assert_eq!(of_it, expected, "{lines:?}");
        }
        let others = said.iter().filter(|said| !said.starts_with(name)).count();
        assert_eq!(others, usize::from(expected.contains("[1 3 2]")), "{said:?}");
    }
}

#[test]
fn what_can_have_been_one_after_the_other_is_serializable() {
    let cases: [&[Line<'_>]; 6] = [
        &[("ok", "[:append x 1] [:r x [1]]"), ("ok", "[:r x [1]] [:append x 2] [:r x [1 2]]"), ("ok", "[:r x [1 2]]")],
        // Nobody knows which of the two was first.
        &[("ok", "[:append x 1] [:append y 1]"), ("ok", "[:append x 2] [:append y 2]")],
        // What nobody knows of, and nobody has seen, has not happened.
        &[("info", "[:r x nil] [:append x 1] [:append y 1]"), ("ok", "[:r x []] [:append x 2]"), ("ok", "[:r x [2]]")],
        &[("none", "[:append x 1]"), ("ok", "[:r x []]")],
        // It was seen, so it has.
        &[("info", "[:append x 1] [:append y 1]"), ("ok", "[:r x [1]]"), ("ok", "[:r y []] [:append z 1]")],
        &[("fail", "[:append x 1]"), ("ok", "[:r x []]")],
    ];
    for lines in cases {
        assert_eq!(told(lines), [""; 0], "{lines:?}");
    }
}

#[test]
fn who_was_not_answered_has_committed_if_it_was_read() {
    let skew = [("info", "[:append x 1] [:append y 1]"), ("ok", "[:r x [1]] [:r y []]")];
    let torn = "G-single: T2 read \"y\" as it was at first, before T1 wrote version 1 (rw); \
                T2 read \"x\" at version 1, which T1 had written (wr)";
    assert_eq!(told(&skew), [torn]);
}

/// One that reads and appends as one should, then anything that can be written down.
fn drawn(dice: &mut dyn Dice, most: u64, is_serial: bool) -> String {
    let mut lists: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    let mut next = 0;
    let mut text = String::new();
    for process in 0..2 + dice.below(most - 1) {
        let [mut asked, mut given] = [String::new(), String::new()];
        let end = ["ok", "ok", "ok", "info", "fail"][dice.below(5) as usize];
        let takes_effect = end == "ok" || end == "info" && dice.below(2) == 0;
        for _ in 0..dice.below(4) {
            let key = dice.below(3);
            let list = lists.entry(key).or_default();
            if dice.below(2) == 0 {
                next += 1;
                let step = format!("[:append {key} {next}] ");
                asked += &step;
                given += &step;
                if takes_effect || !is_serial && dice.below(3) == 0 {
                    let place = if is_serial { list.len() } else { dice.below(list.len() as u64 + 1) as usize };
                    list.insert(place, next);
                    if !is_serial && dice.below(20) == 0 {
                        list.push(next);
                    }
                }
            } else {
                let seen = if is_serial { list.len() } else { dice.below(list.len() as u64 + 1) as usize };
                let seen: Vec<String> = list[..seen].iter().map(ToString::to_string).collect();
                asked += &format!("[:r {key} nil] ");
                given += &format!("[:r {key} [{}]] ", seen.join(" "));
            }
        }
        let value = if end == "ok" { &given } else { &asked };
        text += &format!("{{:process {process}, :type :invoke, :f :txn, :value [{asked}]}}\n");
        text += &format!("{{:process {process}, :type :{end}, :f :txn, :value [{value}]}}\n");
    }
    text
}

#[test]
fn what_was_one_after_the_other_is_never_taken_for_anything_else() {
    let mut reads = 0;
    for seed in 0..3000 {
        let text = drawn(&mut Die::new(Seed(seed)).stream(), 9, true);
        let lists = list_append(&operations(&text)).unwrap();
        assert_eq!(lists.anomalies, [], "{text}");
        reads += lists.reads;
    }
    assert!(reads > 5000, "{reads}");
}

/// Whether the transactions of these places, one after the other, read what was read.
fn is_serial(serial: &[usize], operations: &[Operation]) -> bool {
    let mut lists: BTreeMap<&Value, Vec<&Value>> = BTreeMap::new();
    serial.iter().flat_map(|&place| micros(&operations[place]).unwrap()).all(|micro| match micro {
        Micro::Append(key, element) => {
            lists.entry(key).or_default().push(element);
            true
        }
        Micro::Read(key, list) => list.is_none_or(|list| list.iter().eq(lists.entry(key).or_default().iter().copied())),
    })
}

/// Whether some of the transactions, together with those already placed, can be placed one after the other: all that
/// were answered, and some of which nobody knows.
fn can_be_serial(placed: &mut Vec<usize>, operations: &[Operation]) -> bool {
    let must = |place: usize| operations[place].returned.is_some();
    if !is_serial(placed, operations) {
        return false;
    }
    if (0..operations.len()).all(|place| placed.contains(&place) || !must(place)) {
        return true;
    }
    for place in 0..operations.len() {
        if !placed.contains(&place) && !operations[place].has_failed {
            placed.push(place);
            if can_be_serial(placed, operations) {
                return true;
            }
            placed.pop();
        }
    }
    false
}

#[test]
fn something_is_found_just_if_no_order_of_the_transactions_explains_what_was_read() {
    let [mut serializable, mut not] = [0, 0];
    for seed in 0..6000 {
        let text = drawn(&mut Die::new(Seed(seed)).stream(), 5, false);
        let operations = operations(&text);
        let expected = can_be_serial(&mut Vec::new(), &operations);
        let found = list_append(&operations).unwrap().anomalies;
        assert_eq!(found.is_empty(), expected, "{text}{found:?}");
        *if expected { &mut serializable } else { &mut not } += 1;
    }
    assert!(serializable > 500 && not > 500, "{serializable} {not}");
}

/// Everything may come out, and all of it does.
#[test]
fn nothing_that_can_be_written_down_ends_in_a_panic() {
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    for seed in 0..5000 {
        let mut dice = Die::new(Seed(seed)).stream();
        let mut text = drawn(&mut dice, 9, false);
        // Some digit becomes another, some bracket or keyword is lost.
        for _ in 0..dice.below(4) {
            let place = dice.below(text.len() as u64) as usize;
            let with = ["1", "7", "", "]", "[", " ", "nil", ":r", "append"][dice.below(9) as usize];
            text.replace_range(place..=place, with);
        }
        let Ok(operations) = pair(events(text.as_bytes(), None), Failed::Marked) else { continue };
        match list_append(&operations) {
            Ok(lists) => lists.anomalies.iter().for_each(|anomaly| *seen.entry(anomaly.name).or_default() += 1),
            Err(error) => {
                *seen.entry("refused").or_default() += 1;
                assert!(error.to_string().starts_with("line "), "{error}");
            }
        }
    }
    let all = [
        "G-single",
        "G0",
        "G1a",
        "G1b",
        "G1c",
        "G2-item",
        "duplicate-elements",
        "garbage-read",
        "incompatible-order",
        "internal",
        "refused",
    ];
    assert_eq!(seen.keys().copied().collect::<Vec<&str>>(), all, "{seen:?}");
}

#[test]
fn what_is_no_transaction_on_lists_is_refused_with_its_line() {
    let refused = |text: &str| list_append(&operations(text)).unwrap_err().to_string();
    let expected = "expected [[:append KEY ELEMENT] [:r KEY LIST] …]";
    assert_eq!(
        refused(&edn(&[("ok", "[:append x 1]"), ("ok", "[:r x 7]")])),
        format!("line 3: txn [[:r \"x\" 7]]: {expected}")
    );
    assert_eq!(
        refused("{:type :invoke, :f :txn, :value [[:w x 1]], :process 0}\n"),
        format!("line 1: txn [[:w \"x\" 1]]: {expected}")
    );
    assert_eq!(refused("{:type :invoke, :f :read, :value nil, :process 0}\n"), format!("line 1: read nil: {expected}"));
    assert_eq!(
        refused(&edn(&[("ok", "[:append x 1]"), ("fail", "[:append x 1]")])),
        "line 3: 1 is appended to \"x\", and in line 1 too; each element must be appended to a list once, or nobody can \
         tell who is read"
    );
}

#[test]
fn transactions_that_write_registers_are_not_taken_for_these() {
    let registers = operations("{:type :invoke, :f :txn, :value [[:w :x 1] [:r :y nil]], :process 0}\n");
    assert_eq!(Subject::of(&registers), Some(Subject::Objects(Kind::Registers)));
    assert!(crate::judged::judge(Kind::Registers, &registers, Limits::default()).is_ok());
}

/// `cargo test --release --lib list_append -- --ignored --nocapture` prints what a hundred thousand transactions take.
#[test]
#[ignore = "measures time"]
fn cost() {
    let mut dice = Die::new(Seed(1)).stream();
    let mut text = String::new();
    let mut lists: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for n in 0..100_000_u64 {
        let [mut asked, mut given] = [String::new(), String::new()];
        for step in 0..3 {
            // Each list is used for a while, as in Elle's histories.
            let key = n / 300 + dice.below(5);
            let list = lists.entry(key).or_default();
            if dice.below(2) == 0 {
                list.push((3 * n + step).to_string());
                let append = format!("[:append {key} {}] ", 3 * n + step);
                asked += &append;
                given += &append;
            } else {
                asked += &format!("[:r {key} nil] ");
                given += &format!("[:r {key} [{}]] ", list.join(" "));
            }
        }
        text += &format!("{{:process 0, :type :invoke, :f :txn, :value [{asked}]}}\n");
        text += &format!("{{:process 0, :type :ok, :f :txn, :value [{given}]}}\n");
    }
    let operations = operations(&text);
    let begun = std::time::Instant::now();
    let lists = list_append(&operations).unwrap();
    println!("{:?}: {} reads, {} anomalies", begun.elapsed(), lists.reads, lists.anomalies.len());
}

/// Two thousand reads that miss two thousand appends, of which nobody saw an order: four million dependencies, and a
/// write skew behind them.
#[test]
fn what_is_too_much_to_look_at_is_not_taken_for_serializable() {
    let lines = |count: usize| {
        let reads = (0..count).map(|_| "[:r x []]".to_owned());
        let appends = (0..count).map(|n| format!("[:append x {n}]"));
        let skew = ["[:r y []] [:append z 1]", "[:r z []] [:append y 1]"].map(str::to_owned);
        let steps: Vec<String> = reads.chain(appends).chain(skew).collect();
        operations(&edn(&steps.iter().map(|steps| ("ok", steps.as_str())).collect::<Vec<_>>()))
    };
    let small = list_append(&lines(100)).unwrap();
    assert_eq!((small.anomalies.len(), small.is_whole), (1, true));
    assert!(!list_append(&lines(2_001)).unwrap().is_whole);
}

#[test]
fn a_transaction_has_no_key() {
    let mut operations = operations(&edn(&[("ok", "[:append x 1]")]));
    operations[0].key = Some("a".into());
    assert_eq!(
        list_append(&operations).unwrap_err().to_string(),
        "line 1: transactions name their lists themselves, and have no key such as \"a\""
    );
}
