//! What is said of text that is no history.

use std::io::{self, BufReader, Read};

use super::{Event, Format, ReadError, events};

#[track_caller]
fn fails(text: &str, format: Option<Format>, expected: &str) {
    let mut events = events(text.as_bytes(), format);
    let error = events.find_map(Result::err).expect("it was read");
    assert_eq!(error.to_string(), expected);
    assert_eq!(events.next(), None, "it goes on after its error");
}

#[test]
fn a_map_that_is_no_event_is_named_with_what_it_lacks() {
    let edn = |text: &str, expected: &str| fails(text, None, expected);
    edn("[{:process 0 :type :ok}]", "line 1, column 2: the event has no :f");
    edn("[{:process 0, :tpye :ok, :f :read}]", "line 1, column 2: the event has no :type; is :tpye a slip of the pen?");
    edn(
        "{:process 0, :type :ok, :f :read, :vlaue 3}",
        "line 1, column 1: the event has no :value; is :vlaue a slip of the pen?",
    );
    edn(
        "{:process 0\n :type :okk, :f :read}",
        "line 2, column 2: :type is :okk; did you mean :ok? (known: :invoke, :ok, :fail, :info)",
    );
    edn("{:process 0, :f :a, :f :b, :type :ok}", "line 1, column 21: the field :f stands twice");
    edn("{:process [0]}", "line 1, column 2: :process is a number or a name, not a list");
    edn("{:time 1.5}", "line 1, column 2: :time is a whole number of nanoseconds, not \"1.5\"");
    edn("{:process 0, :type}", "line 1, column 19: the field :type has no value");
    edn(
        "[7]",
        "line 1, column 2: expected an event such as {:process 0, :type :invoke, :f :read, :value nil}, found 7",
    );
}

#[test]
fn brackets_that_do_not_match_are_named_with_their_lines() {
    let edn = |text: &str, expected: &str| fails(text, None, expected);
    edn(
        "[{:process 0, :type :ok, :f :read\n {:process 1}]",
        "line 2, column 2: expected a field such as :type, found a map; is the map of line 1 not closed?",
    );
    edn("[{:value [1 2)}]", "line 1, column 14: expected `]`, found `)`");
    edn("[{:value\n [1\n 2}]", "line 3, column 3: expected `]`, found `}` (it was opened on line 2)");
    edn("[{:process 0, :type :ok, :f :read}\n", "line 1: the file ends before the `]`");
    edn("[\n{:process 0, :ty", "line 2, column 17: the file ends before the value of :ty");
    edn("{:value \"abc\n", "line 1: the file ends within the string that begins in column 9");
    edn(
        "[{:process 0, :type :ok, :f :read}] {}",
        "line 1, column 37: the history ends with its bracket, but something follows",
    );
    edn(&format!("{{:value {}", "[".repeat(100_000)), "line 1, column 40: forms are more than 32 deep");
    edn(&"#_".repeat(100_000), "line 1, column 65: forms are more than 32 deep");
    edn(&format!("{{:value {}", "#a ".repeat(100_000)), "line 1, column 103: forms are more than 32 deep");
}

#[test]
fn one_map_a_line_is_strict_about_lines() {
    let maps = |text: &str, expected: &str| fails(text, Some(Format::Maps), expected);
    maps("{:process 0, :type :ok,\n :f :read}\n", "line 1, column 24: the line ends before the `}`");
    maps(
        "{:process 0 :type :ok :f :get} {}",
        "line 1, column 32: the event has ended, but its line goes on; one map a line is read",
    );
}

#[test]
fn a_line_of_a_log_that_is_no_operation_is_shown() {
    let log = |text: &str, expected: &str| fails(text, Some(Format::Log), expected);
    log(
        "0\t:ok\t:read\t1\nINFO  jepsen.core - Running test\n",
        "line 2, column 21: this is no operation: \"INFO  jepsen.core - Running test\" (an operation is \
         `PROCESS :invoke :read nil`, behind `INFO  jepsen.util - `; of a log, leave only the lines of operations)",
    );
    log(
        "INFO  jepsen.util - 3\t:ok\t:re",
        "line 1, column 30: the line ends before the value (an operation is `PROCESS :invoke :read nil`, \
         behind `INFO  jepsen.util - `)",
    );
    log(
        "INFO  jepsen.util - 3\t:invok\t:read\tnil",
        "line 1, column 23: :type is :invok; did you mean :invoke? (known: :invoke, :ok, :fail, :info)",
    );
}

#[test]
fn json_is_named_with_the_nearest_spelling() {
    let json = |text: &str, expected: &str| fails(text, Some(Format::Jsonl), expected);
    json(
        "{\"proces\": 1}",
        "line 1, column 9: there is no field \"proces\"; did you mean \"process\"? (known: \"process\", \"type\", \
         \"f\", \"key\", \"value\", \"error\", \"time\")",
    );
    json(
        "\n{\"process\": 1, \"type\": \"inf\"}",
        "line 2, column 29: \"type\" is \"inf\"; did you mean \"info\"? (known: \"invoke\", \"ok\", \"fail\", \"info\")",
    );
    json("{\"process\": 1, \"type\": \"ok\"}", "line 1: the event has no \"f\"");
    json("{\"process\": 1", "line 1, column 13: EOF while parsing an object; one object a line is read");
    json("{} {}", "line 1, column 4: trailing characters; one object a line is read");
    json("{\"value\": {\"\": 3}}", "line 1, column 17: the field \"\" stands alone and holds the pairs of a map");
    json("{\"value\": {\"a\": 3, \"a\": 4}}", "line 1, column 26: the key \"a\" stands twice");
    json(
        "{\"value\": 123456789012345678901}",
        "line 1, column 31: a number of more than 64 bits; write it as a string",
    );
    json(&format!("{{\"value\": {}", "[".repeat(100_000)), "line 1, column 106: values are more than 32 deep");
    fails(
        "[{\"process\": 1}]",
        None,
        "line 1, column 3: expected a field such as :type, found \"process\"; of JSON, one object a line is read, with \
         no bracket around them",
    );
}

/// What can be read, and then an error.
struct Torn<'a>(&'a [u8]);

impl Read for Torn<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.0.is_empty() { Err(io::Error::other("the disk is gone")) } else { self.0.read(into) }
    }
}

#[test]
fn a_file_that_cannot_be_read_to_its_end_is_no_shorter_history() {
    let whole = "{:process 0, :type :ok, :f :read}\n";
    for format in [Some(Format::Edn), Some(Format::Maps), None] {
        let read: Vec<Result<Event, ReadError>> = events(BufReader::new(Torn(whole.as_bytes())), format).collect();
        assert_eq!(read.len(), 2);
        let error = read[1].as_ref().unwrap_err();
        assert!(error.message.contains("the disk is gone") && error.line == 2, "{error}");
    }
    let none: Vec<Result<Event, ReadError>> = events(BufReader::new(Torn(b"")), None).collect();
    assert!(none.len() == 1 && none[0].is_err(), "{none:?}");
}
