use std::collections::BTreeSet;

use super::{Explanation, explain};
use crate::judged::{Failed, Judged, Kind, Operation, judge, pair};
use crate::linearizability::{Limits, Verdict};
use crate::recorded::{Value, events};
use crate::rng::{Dice, Die, Seed};

const EFFORT: Limits<'static> = Limits { steps: 1_000_000, bytes: 1 << 30, stop: None };

fn judged(kind: Kind, operations: &[Operation]) -> Judged {
    judge(kind, operations, Limits::default()).unwrap()
}

fn is_linearizable(kind: Kind, operations: &[Operation]) -> bool {
    judged(kind, operations).verdict == Verdict::Linearizable
}

fn explained(kind: Kind, operations: &[Operation]) -> Option<Explanation> {
    explain(kind, operations, &judged(kind, operations), EFFORT).unwrap()
}

/// The history up to an event: what returned later has not returned.
fn until(operations: &[Operation], until: u64) -> Vec<Operation> {
    let begun = operations.iter().filter(|operation| operation.invoked < until).cloned();
    begun.map(|operation| Operation { returned: operation.returned.filter(|&at| at <= until), ..operation }).collect()
}

/// One event after the other: client, kind, function, value.
fn history(text: &str) -> Vec<Operation> {
    let map = |line: &str| {
        let [process, kind, f, value] = line.trim().splitn(4, ' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        format!("{{:process {process}, :type :{kind}, :f :{f}, :value {value}}}\n")
    };
    let text: String = text.lines().filter(|line| !line.trim().is_empty()).map(map).collect();
    pair(events(text.as_bytes(), None), Failed::NotHappened).unwrap()
}

#[test]
fn a_stale_read_is_explained() {
    let operations = history(
        "1 invoke write 1
         1 ok write 1
         2 invoke read nil
         2 ok read 1
         1 invoke write 2
         1 ok write 2
         2 invoke read nil
         1 invoke write 3
         2 ok read 1
         1 ok write 3
         2 invoke read nil
         2 ok read 3",
    );
    let explanation = explained(Kind::Register, &operations).unwrap();
    let line = |place: &usize| operations[*place].line;
    assert_eq!((line(&explanation.culprit), explanation.line, explanation.is_first), (7, 9, true));
    let states: Vec<&str> = explanation.possible.iter().map(|possible| &*possible.state).collect();
    assert_eq!((states, explanation.is_all), (vec!["2", "3"], true));
    assert_eq!(explanation.smallest.iter().map(line).collect::<Vec<_>>(), [1, 5, 7]);
    assert!(explanation.is_smallest);
    let order = |n: usize| -> Vec<(u64, &str)> {
        explanation.possible[n].order.iter().map(|step| (line(&step.place), &*step.state)).collect()
    };
    assert_eq!(order(0), [(1, "1"), (3, "1"), (5, "2"), (7, "2")]);
    assert_eq!(order(1), [(1, "1"), (3, "1"), (5, "2"), (8, "3"), (7, "3")]);
}

#[test]
fn what_takes_back_goes_with_what_it_takes_back() {
    // Without the release, both of them would seem to hold it. What is wrong comes later.
    let acquired_twice = history(
        "1 invoke acquire nil
         1 ok acquire nil
         1 invoke release nil
         1 ok release nil
         2 invoke acquire nil
         2 ok acquire nil
         3 invoke acquire nil
         3 ok acquire nil",
    );
    let smallest = |kind, operations: &[Operation]| -> Vec<u64> {
        let explanation = explained(kind, operations).unwrap();
        explanation.smallest.iter().map(|&place| operations[place].line).collect()
    };
    assert_eq!(smallest(Kind::Mutex, &acquired_twice), [5, 7]);
    let overtaken = history(
        "1 invoke enqueue 1
         1 ok enqueue 1
         1 invoke dequeue nil
         1 ok dequeue 1
         1 invoke enqueue 2
         1 ok enqueue 2
         1 invoke enqueue 3
         1 ok enqueue 3
         1 invoke dequeue nil
         1 ok dequeue 3",
    );
    assert_eq!(smallest(Kind::Queue, &overtaken), [5, 7, 9]);
    let summed = history(
        "1 invoke add 1
         1 ok add 1
         1 invoke add 2
         1 ok add 2
         1 invoke read nil
         1 ok read 2",
    );
    assert_eq!(smallest(Kind::Counter, &summed), [1, 3, 5], "a sum leaves nothing out");
}

#[test]
fn there_is_nothing_to_explain_where_nothing_is_wrong() {
    let fine = history("1 invoke write 1\n1 ok write 1\n2 invoke read nil\n2 ok read 1");
    assert_eq!(explained(Kind::Register, &fine), None);
}

#[test]
fn what_could_not_be_found_out_is_said() {
    let operations = random(3, true);
    let judged = judged(Kind::Register, &operations);
    assert!(matches!(judged.verdict, Verdict::Illegal(_)));
    let explanation = explain(Kind::Register, &operations, &judged, Limits { steps: 0, ..EFFORT }).unwrap().unwrap();
    assert!(!explanation.is_all && !explanation.is_smallest);
    assert!(!explanation.is_first);
    assert_eq!(explanation.smallest, explanation.calls);
}

/// A register as clients see it: each operation takes effect at some instant; where it `lies`, one read sees what was
/// there once.
fn random(seed: u64, lies: bool) -> Vec<Operation> {
    let mut dice = Die::new(Seed(seed)).stream();
    let mut below = |limit: u64| dice.next() % limit;
    let (mut text, mut held, mut old) = (String::new(), 0, 0);
    // Of each client, what it waits for: function, argument, and once it took effect, what it is answered.
    let mut waiting: [Option<(&str, String, Option<String>)>; 4] = [const { None }; 4];
    text += "9 invoke write 0\n9 ok write 0\n";
    for n in 0..60 {
        let client = below(4) as usize;
        match waiting[client].take() {
            None => {
                let (from, to) = (below(3), below(3));
                let asked = match below(4) {
                    0 => ("write", to.to_string()),
                    1 => ("cas", format!("[{from} {to}]")),
                    _ => ("read", "nil".to_owned()),
                };
                text += &format!("{client} invoke {} {}\n", asked.0, asked.1);
                waiting[client] = Some((asked.0, asked.1, None));
            }
            Some((f, asked, None)) => {
                let numbers: Vec<u64> = asked.chars().filter_map(|c| c.to_digit(10)).map(u64::from).collect();
                let given = match (f, &numbers[..]) {
                    ("write", &[to]) => {
                        (old, held) = (held, to);
                        asked.clone()
                    }
                    ("cas", &[from, to]) if from == held => {
                        (old, held) = (held, to);
                        asked.clone()
                    }
                    ("cas", _) => "refused".to_owned(),
                    _ if lies && n > 20 && old != held => old.to_string(),
                    _ => held.to_string(),
                };
                waiting[client] = Some((f, asked, Some(given)));
            }
            Some((f, asked, Some(given))) => {
                let (kind, given) = if given == "refused" { ("fail", asked) } else { ("ok", given) };
                text += &format!("{client} {kind} {f} {given}\n");
            }
        }
    }
    history(&text)
}

#[test]
fn explanations_are_what_they_say() {
    let mut broken = 0;
    for seed in 0..200 {
        assert_eq!(explained(Kind::Register, &random(seed, false)), None, "{seed}");
        let operations = random(seed, true);
        let Some(explanation) = explained(Kind::Register, &operations) else { continue };
        broken += 1;
        holds(&operations, &explanation);
    }
    assert!(broken > 100, "{broken}");
}

fn holds(operations: &[Operation], explanation: &Explanation) {
    let Explanation { culprit, possible, smallest, is_first, is_all, is_smallest, .. } = explanation;
    assert!(*is_first && *is_all && *is_smallest);
    let returned = operations[*culprit].returned.unwrap();
    assert!(!is_linearizable(Kind::Register, &until(operations, returned)));
    assert!(is_linearizable(Kind::Register, &until(operations, returned - 1)));
    let some = |places: &[usize]| -> Vec<Operation> { places.iter().map(|&place| operations[place].clone()).collect() };
    let beginning = |places: &[usize]| until(&some(places), returned);
    assert!(smallest.contains(culprit) && !is_linearizable(Kind::Register, &beginning(smallest)));
    for n in 0..smallest.len() {
        let rest = [&smallest[..n], &smallest[n + 1..]].concat();
        let is_told =
            rest.iter().all(|&place| needs(operations, place, smallest).iter().all(|need| rest.contains(need)));
        assert!(smallest[n] == *culprit || !is_told || is_linearizable(Kind::Register, &beginning(&rest)), "{rest:?}");
    }
    // What it could have found is just what makes it linearizable.
    let with = |seen: i64| {
        let mut operations = until(operations, returned);
        operations[*culprit] = Operation { f: "read".into(), given: Value::Int(seen), ..operations[*culprit].clone() };
        is_linearizable(Kind::Register, &operations)
    };
    let states: BTreeSet<&str> = possible.iter().map(|possible| &*possible.state).collect();
    (0..3).for_each(|seen| assert_eq!(with(seen), states.contains(&*seen.to_string()), "{seen}"));
    // Orders leave nothing out, and nothing stands before what returned before it was asked.
    let ended = until(operations, returned).into_iter().filter(|operation| operation.returned.is_some()).count();
    for possible in possible {
        let order: Vec<&Operation> = possible.order.iter().map(|step| &operations[step.place]).collect();
        assert_eq!(order.iter().filter(|operation| operation.returned.is_some_and(|at| at <= returned)).count(), ended);
        for (n, operation) in order.iter().enumerate() {
            let is_late = |later: &&Operation| later.returned.is_some_and(|at| at < operation.invoked);
            assert!(!order[n..].iter().any(is_late), "{order:?}");
        }
    }
}

/// Who of these may have brought what this one saw.
fn needs(operations: &[Operation], place: usize, of: &[usize]) -> Vec<usize> {
    let Operation { f, asked, given, returned, .. } = &operations[place];
    let both =
        |value: &Value| if let Value::List(both) = value { (both[0].clone(), both[1].clone()) } else { panic!() };
    let saw = match &**f {
        "read" => given.clone(),
        "cas" => both(asked).0,
        _ => return Vec::new(),
    };
    let brings = |other: &Operation| match &*other.f {
        "write" => other.asked == saw,
        "cas" => both(&other.asked).1 == saw,
        _ => false,
    };
    let may = |other: &Operation| returned.is_none_or(|returned| other.invoked < returned);
    of.iter().copied().filter(|&other| brings(&operations[other]) && may(&operations[other])).collect()
}
