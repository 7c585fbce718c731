//! What is written is read as the same.

use proptest::prelude::*;

use super::*;

/// Texts that are hard to quote: quotes, colons, controls, what looks like another form.
fn texts() -> impl Strategy<Value = Arc<str>> {
    prop_oneof![
        "[a-z0-9 ]{0,12}",
        "[\":\\\\\t\n\r\u{0}-\u{1f}\u{7f}é猫🦀x]{0,8}",
        ":{0,3}[a-z]{0,3}",
        Just("nil".to_owned()),
        Just("##NaN".to_owned()),
        ".{0,80}",
    ]
    .prop_map(Arc::from)
}

fn names() -> impl Strategy<Value = Arc<str>> {
    "[a-zA-Z*!?<>=_+.-][a-z0-9*!?<>=_+./:#'é-]{0,8}".prop_map(Arc::from)
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Nil),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        (-3_i64..9).prop_map(Value::Int),
        texts().prop_map(Value::Text),
        names().prop_map(Value::Keyword),
    ];
    leaf.prop_recursive(5, 24, 4, |inner| {
        let entries = prop::collection::btree_map(inner.clone(), inner.clone(), 0..4);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::List),
            entries.prop_map(|entries| Value::Map(entries.into_iter().collect())),
        ]
    })
}

fn recorded() -> impl Strategy<Value = Event> {
    let process =
        prop_oneof![(0_i64..9).prop_map(Value::Int), names().prop_map(Value::Keyword), texts().prop_map(Value::Text)];
    let kind = prop::sample::select(Kind::ALL.to_vec());
    // A nil key or error is none.
    let some = || prop::option::of(values()).prop_map(|value| value.filter(|value| *value != Value::Nil));
    let f = prop_oneof![names(), texts()];
    let time = prop::option::of(any::<i64>());
    (process, kind, f, some(), values(), some(), time).prop_map(|(process, kind, f, key, value, error, time)| Event {
        line: 1,
        process,
        kind,
        f,
        key,
        value,
        error,
        time,
    })
}

type Write = fn(&mut Vec<u8>, &Event) -> std::io::Result<()>;

fn back(history: &mut [Event], write: Write, formats: &[Option<Format>]) -> Result<(), TestCaseError> {
    let mut written = Vec::new();
    for (n, event) in history.iter_mut().enumerate() {
        event.line = n as u64 + 1;
        write(&mut written, event).unwrap();
    }
    for &format in formats {
        let read: Result<Vec<Event>, ReadError> = events(&written[..], format).collect();
        prop_assert_eq!(read.as_deref(), Ok(&*history), "{}", String::from_utf8_lossy(&written));
    }
    Ok(())
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_the_same(mut history in prop::collection::vec(recorded(), 0..6)) {
        back(&mut history, write_edn, &[None, Some(Format::Edn), Some(Format::Maps)])?;
        back(&mut history, write_jsonl, &[None, Some(Format::Jsonl)])?;
    }
}

fn lines(event: &Event) -> [String; 2] {
    let (mut edn, mut json) = (Vec::new(), Vec::new());
    write_edn(&mut edn, event).unwrap();
    write_jsonl(&mut json, event).unwrap();
    [edn, json].map(|bytes| String::from_utf8(bytes).unwrap())
}

#[test]
fn events_are_written_as_others_write_them() {
    let plain = event(1, Value::Int(0), Kind::Invoke, "append", text("x 9 0 y"));
    assert_eq!(
        lines(&Event { key: Some(text("0")), time: Some(12), ..plain }),
        [
            "{:process 0, :type :invoke, :f :append, :key \"0\", :value \"x 9 0 y\", :time 12}\n",
            "{\"process\":0,\"type\":\"invoke\",\"f\":\"append\",\"key\":\"0\",\"value\":\"x 9 0 y\",\"time\":12}\n",
        ]
    );
    let map = Value::map(vec![(Value::Int(1), text("a\"\n\u{7}"))]).unwrap();
    let fault = event(1, keyword("nemesis"), Kind::Info, "kill it", map);
    assert_eq!(
        lines(&Event { error: Some(keyword("down")), ..fault }),
        [
            "{:process :nemesis, :type :info, :f \"kill it\", :value {1 \"a\\\"\\n\\u0007\"}, :error :down}\n",
            "{\"process\":\":nemesis\",\"type\":\"info\",\"f\":\"kill it\",\"value\":{\"\":[[1,\"a\\\"\\n\\u0007\"]]},\
             \"error\":\":down\"}\n",
        ]
    );
}

#[test]
fn a_keyword_that_no_reader_takes_for_one_is_not_written() {
    let refused = event(1, Value::Int(0), Kind::Ok, "read", Value::List(vec![keyword("two words")]));
    for write in [write_edn as Write, write_jsonl] {
        let error = write(&mut Vec::new(), &refused).unwrap_err();
        assert_eq!(error.to_string(), "no keyword has the name \"two words\"");
    }
}
