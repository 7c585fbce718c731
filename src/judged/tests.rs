use super::{Failed, Kind, Operation, judge, pair};
use crate::linearizability::{Limits, Verdict};
use crate::recorded::{ReadError, events};

/// A history as one writes it by hand: one map a line.
fn paired(text: &str, failed: Failed) -> Result<Vec<Operation>, ReadError> {
    pair(events(text.as_bytes(), None), failed)
}

fn verdict(kind: Kind, text: &str) -> Verdict {
    judge(kind, &paired(text, Failed::NotHappened).unwrap(), Limits::default()).unwrap().verdict
}

fn event(process: u64, kind: &str, f: &str, value: &str) -> String {
    format!("{{:process {process}, :type :{kind}, :f :{f}, :value {value}}}\n")
}

/// What it is called, what was asked, and what was given.
type Step<'a> = (&'a str, &'a str, &'a str);

/// One after the other, each by another process.
fn sequence(operations: &[Step<'_>]) -> String {
    let one = |(n, (f, asked, given)): (usize, &Step<'_>)| {
        event(n as u64, "invoke", f, asked) + &event(n as u64, "ok", f, given)
    };
    operations.iter().enumerate().map(one).collect()
}

#[test]
fn each_model_judges_what_was_recorded() {
    let cases: [(Kind, &[Step<'_>], bool); 14] = [
        (Kind::Register, &[("write", "1", "1"), ("cas", "[1 2]", "[1 2]"), ("read", "nil", "2")], true),
        (Kind::Register, &[("write", "1", "1"), ("cas", "[2 3]", "[2 3]")], false),
        (Kind::Text, &[("put", "\"a\"", "\"\""), ("append", "\"b\"", "nil"), ("get", "nil", "\"ab\"")], true),
        (Kind::Text, &[("put", "\"a\"", "\"\""), ("append", "\"b\"", "nil"), ("get", "nil", "\"a\"")], false),
        (Kind::Registers, &[("txn", "[[:w :x 1]]", "[[:w :x 1]]"), ("txn", "[[:r :x nil]]", "[[:r :x 1]]")], true),
        (Kind::Registers, &[("txn", "[[:w :x 1]]", "[[:w :x 1]]"), ("txn", "[[:r :x nil]]", "[[:r :x 0]]")], false),
        (Kind::Mutex, &[("acquire", "nil", "nil"), ("release", "nil", "nil"), ("acquire", "nil", "nil")], true),
        (Kind::Mutex, &[("acquire", "nil", "nil"), ("acquire", "nil", "nil")], false),
        (Kind::Set, &[("add", "1", "1"), ("add", "2", "2"), ("read", "nil", "[2 1]")], true),
        (Kind::Set, &[("add", "1", "1"), ("remove", "1", "1"), ("read", "nil", "[1]")], false),
        (Kind::Queue, &[("enqueue", "1", "1"), ("enqueue", "2", "2"), ("dequeue", "nil", "1")], true),
        (Kind::Queue, &[("enqueue", "1", "1"), ("enqueue", "2", "2"), ("dequeue", "nil", "2")], false),
        (Kind::Counter, &[("add", "2", "2"), ("add", "-1", "-1"), ("read", "nil", "1")], true),
        (Kind::Counter, &[("add", "2", "2"), ("read", "nil", "3")], false),
    ];
    for (kind, operations, expected) in cases {
        let text = sequence(operations);
        assert_eq!(Kind::of(&paired(&text, Failed::NotHappened).unwrap()), Some(kind), "{text}");
        assert_eq!(verdict(kind, &text) == Verdict::Linearizable, expected, "{kind}\n{text}");
    }
}

#[test]
fn what_nobody_was_told_may_have_happened_and_what_failed_has_not() {
    let write = event(1, "invoke", "write", "7");
    let read = |value: &str| event(2, "invoke", "read", "nil") + &event(2, "ok", "read", value);
    for (end, [old, new]) in [("info", [true, true]), ("fail", [true, false])] {
        let text = write.clone() + &event(1, end, "write", "7");
        assert_eq!(verdict(Kind::Register, &(text.clone() + &read("nil"))) == Verdict::Linearizable, old, "{end}");
        assert_eq!(verdict(Kind::Register, &(text + &read("7"))) == Verdict::Linearizable, new, "{end}");
    }
    // Without an end at all, and once it was seen it stays.
    assert_eq!(verdict(Kind::Register, &(write.clone() + &read("7"))), Verdict::Linearizable);
    assert_ne!(verdict(Kind::Register, &(write + &read("7") + &read("nil"))), Verdict::Linearizable);
}

#[test]
fn a_cas_that_was_refused_has_seen_something_where_that_is_what_failing_means() {
    let text =
        sequence(&[("write", "1", "1")]) + &event(5, "invoke", "cas", "[1 2]") + &event(5, "fail", "cas", "[1 2]");
    let of = |failed| judge(Kind::Register, &paired(&text, failed).unwrap(), Limits::default()).unwrap().verdict;
    assert_eq!(of(Failed::NotHappened), Verdict::Linearizable);
    assert_ne!(of(Failed::Observed), Verdict::Linearizable);
}

#[test]
fn keys_are_judged_by_themselves_and_the_one_that_broke_is_named() {
    let event = |process: u64, kind: &str, f: &str, key: &str, value: &str| {
        format!("{{:process {process}, :type :{kind}, :f :{f}, :key {key:?}, :value {value}}}\n")
    };
    let of = |key: &str, seen: &str| {
        event(1, "invoke", "put", key, "\"a\"")
            + &event(1, "ok", "put", key, "\"a\"")
            + &event(2, "invoke", "get", key, "nil")
            + &event(2, "ok", "get", key, seen)
    };
    let operations = paired(&(of("x", "\"a\"") + &of("y", "\"b\"")), Failed::NotHappened).unwrap();
    let judged = judge(Kind::Text, &operations, Limits::default()).unwrap();
    assert_eq!((judged.keys, judged.key.map(|key| key.to_string())), (2, Some("\"y\"".to_owned())));
    let Verdict::Illegal(stuck) = judged.verdict else { panic!("{:?}", judged.verdict) };
    assert_eq!(operations[judged.calls[stuck.call]].line, 7, "the read that cannot be placed");
}

#[test]
fn events_that_do_not_belong_together_are_refused_with_their_line() {
    let invoke = event(3, "invoke", "read", "nil");
    let cases = [
        (event(3, "ok", "read", "1"), "line 1: process 3 is answered, and has asked nothing"),
        (invoke.clone() + &invoke, "line 2: process 3 still waits for what it asked in line 1"),
        (invoke + &event(3, "ok", "write", "1"), "line 2: process 3 asked for read, and the answer is to write"),
    ];
    for (text, message) in cases {
        assert_eq!(paired(&text, Failed::NotHappened).unwrap_err().to_string(), message);
    }
    let strange = sequence(&[("write", "1", "1"), ("swap", "2", "2")]);
    let operations = paired(&strange, Failed::NotHappened).unwrap();
    assert_eq!(Kind::of(&operations), None);
    let error = judge(Kind::Register, &operations, Limits::default()).unwrap_err();
    assert_eq!(error.to_string(), "line 3: swap 2, answered 2: expected read, write VALUE or cas [OLD NEW]");
}
