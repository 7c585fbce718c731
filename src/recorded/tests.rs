use super::*;

mod faults;
mod mutated;
mod shared;
mod written;

/// A history in each format, with what is peculiar to it.
const SAMPLES: &[(Format, &str)] = &[
    (
        Format::Edn,
        "; x is 0\n[{:type :invoke, :f :txn,\n  :value [[:read :x nil]], :process 3, :time 7}\n #jepsen.history.Op{:index 1, \
         :type :ok, :f :txn, :value #{[:read \"x\" 1.5]}, :process 3}\n #_ {:left out}\n {:process :nemesis, :type :info, \
         :f :start, :value {:n1 #inst \"2026\", 2 \\a}, :error [##NaN \"\\u00e9\\n\"]}]\n",
    ),
    (
        Format::Log,
        "INFO  jepsen.util - 0\t:invoke\t:read\tnil\nINFO  jepsen.util - 0\t:ok\t:read\t3\nINFO [2026-01-01 10:00:00,123] \
         worker 1 - jepsen.util 1\t:invoke\t:cas\t[1 2]\n1\t:fail\t:cas\t[1 2]\tjava.net.SocketException: gone\n",
    ),
    (
        Format::Maps,
        "{:process 0, :type :invoke, :f :append, :key \"0\", :value \"x 0 0 y\"}\n{:process 0, :type :ok, :f :append, \
         :key \"0\", :value \"x 0 0 y\"}\n\n{:process 1, :type :invoke, :f :get, :key \"0\", :value nil}\n",
    ),
    (
        Format::Jsonl,
        "{\"process\": 3, \"type\": \"invoke\", \"f\": \"append\", \"key\": \"k1\", \"value\": [1, {\"a\": 2.5}], \
         \"time\": 12}\n{\"process\": \":nemesis\", \"type\": \"info\", \"f\": \"kill\", \"value\": {\"\": [[1, \
         \":x\"]]}, \"error\": \"::x\"}\n",
    ),
];

fn read(text: &str, format: Option<Format>) -> Result<Vec<Event>, ReadError> {
    events(text.as_bytes(), format).collect()
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

fn keyword(name: &str) -> Value {
    Value::Keyword(name.into())
}

fn event(line: u64, process: Value, kind: Kind, f: &str, value: Value) -> Event {
    Event { line, process, kind, f: f.into(), key: None, value, error: None, time: None }
}

#[test]
fn every_format_is_found_by_its_first_bytes() {
    for &(format, sample) in SAMPLES {
        let named = read(sample, Some(format)).unwrap();
        assert!(named.len() > 1);
        assert_eq!(read(sample, None).unwrap(), named, "{format:?}");
        assert_eq!(read(&format!("\u{feff}{sample}"), None).unwrap().len(), named.len(), "{format:?}");
        assert_eq!(read(&sample.replace('\n', "\r\n"), None).unwrap(), named, "{format:?}");
    }
}

#[test]
fn a_reader_that_gives_one_byte_at_a_time_reads_the_same() {
    for &(format, sample) in SAMPLES {
        let trickle = std::io::BufReader::with_capacity(1, sample.as_bytes());
        let slow: Result<Vec<Event>, ReadError> = events(trickle, None).collect();
        assert_eq!(slow, read(sample, Some(format)), "{format:?}");
    }
}

#[test]
fn edn_is_read_however_it_is_laid_out() {
    let read = read(SAMPLES[0].1, None).unwrap();
    let first = [keyword("read"), keyword("x"), Value::Nil].to_vec();
    let mut expected = event(2, Value::Int(3), Kind::Invoke, "txn", Value::List(vec![Value::List(first)]));
    expected.time = Some(7);
    assert_eq!(read[0], expected);
    let second = [keyword("read"), text("x"), text("1.5")].to_vec();
    assert_eq!(read[1], event(4, Value::Int(3), Kind::Ok, "txn", Value::List(vec![Value::List(second)])));
    let value = Value::map(vec![(keyword("n1"), text("2026")), (Value::Int(2), text("a"))]).unwrap();
    let mut expected = event(6, keyword("nemesis"), Kind::Info, "start", value);
    expected.error = Some(Value::List(vec![text("##NaN"), text("é\n")]));
    assert_eq!(read[2], expected);
}

#[test]
fn a_log_is_read_with_and_without_what_stands_before_the_process() {
    let read = read(SAMPLES[1].1, None).unwrap();
    let pair = Value::List(vec![Value::Int(1), Value::Int(2)]);
    assert_eq!(read[1], event(2, Value::Int(0), Kind::Ok, "read", Value::Int(3)));
    assert_eq!(read[2], event(3, Value::Int(1), Kind::Invoke, "cas", pair.clone()));
    let failed = event(4, Value::Int(1), Kind::Fail, "cas", pair);
    assert_eq!(read[3], Event { error: Some(text("java.net.SocketException: gone")), ..failed });
}

#[test]
fn the_reason_in_a_log_is_a_value_if_it_can_be_one() {
    let error = |reason: &str| {
        let line = format!("4\t:info\t:write\t3\t{reason}\n");
        read(&line, None).unwrap().remove(0).error
    };
    assert_eq!(error(":timed-out"), Some(keyword("timed-out")));
    assert_eq!(error("[:down \"n1\"]"), Some(Value::List(vec![keyword("down"), text("n1")])));
    assert_eq!(error("no (answer"), Some(text("no (answer")));
    assert_eq!(error(""), None);
}

#[test]
fn json_has_keywords_and_maps_with_any_key() {
    let read = read(SAMPLES[3].1, None).unwrap();
    let inner = Value::map(vec![(text("a"), text("2.5"))]).unwrap();
    let first = event(1, Value::Int(3), Kind::Invoke, "append", Value::List(vec![Value::Int(1), inner]));
    assert_eq!(read[0], Event { key: Some(text("k1")), time: Some(12), ..first });
    let value = Value::map(vec![(Value::Int(1), keyword("x"))]).unwrap();
    let second = event(2, keyword("nemesis"), Kind::Info, "kill", value);
    assert_eq!(read[1], Event { error: Some(text(":x")), ..second });
}

#[test]
fn maps_are_equal_in_whatever_order_they_were_written() {
    let value = |map: &str| read(&format!("{{:process 0 :type :ok :f :read :value {map}}}"), None).unwrap().remove(0);
    assert_eq!(value("{:a 1, :b 2}"), value("{:b 2, :a 1}"));
    assert_eq!(value("#{1 2 3}"), value("#{3 1 2}"));
    assert_ne!(value("[1 2]"), value("[2 1]"));
}

#[test]
fn what_holds_nothing_is_an_empty_history() {
    for nothing in ["", "\n\n", "; nothing\n", "[]", "( ; nothing\n)", "#_ {:left out}"] {
        assert_eq!(read(nothing, None), Ok(vec![]), "{nothing:?}");
    }
    for format in [Format::Log, Format::Maps, Format::Jsonl] {
        assert_eq!(read("\n \n", Some(format)), Ok(vec![]), "{format:?}");
    }
}

#[test]
fn a_completion_shares_the_texts_of_its_invocation() {
    let read = read(SAMPLES[2].1, None).unwrap();
    let (Value::Text(asked), Value::Text(answered)) = (&read[0].value, &read[1].value) else { panic!("{read:?}") };
    assert!(Arc::ptr_eq(asked, answered));
    assert!(Arc::ptr_eq(&read[0].f, &read[1].f));
}
