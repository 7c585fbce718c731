use super::*;

fn form(text: &str) -> Result<Option<Value>, String> {
    let mut reader = Reader::new(text.as_bytes());
    let form = reader.form(0).map_err(|error| error.to_string())?;
    assert_eq!(reader.start(0), Ok(None), "something is left of {text:?}");
    Ok(form)
}

#[track_caller]
fn is(text: &str, expected: &Value) {
    assert_eq!(form(text).as_ref(), Ok(&Some(expected.clone())), "{text:?}");
}

#[track_caller]
fn fails(text: &str, expected: &str) {
    assert_eq!(form(text).unwrap_err(), format!("line 1, {expected}"), "{text:?}");
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

fn numbers(numbers: impl IntoIterator<Item = i64>) -> Value {
    Value::List(numbers.into_iter().map(Value::Int).collect())
}

#[test]
fn words_stand_for_values() {
    is("nil", &Value::Nil);
    is("true", &Value::Bool(true));
    is("false", &Value::Bool(false));
    is("nile", &text("nile"));
    for symbol in ["-", "+x", "a/b", "foo.bar*", "..", "é", "<=>"] {
        is(symbol, &text(symbol));
    }
    for name in ["a", "timed-out", "a/b", "1", "n1", "ok?", "猫"] {
        is(&format!(":{name}"), &Value::Keyword(name.into()));
    }
}

#[test]
fn numbers_keep_all_their_digits() {
    for (written, value) in [("0", 0), ("-0", 0), ("+5", 5), ("-17", -17), ("42N", 42)] {
        is(written, &Value::Int(value));
    }
    is("9223372036854775807", &Value::Int(i64::MAX));
    is("-9223372036854775808", &Value::Int(i64::MIN));
    is("9223372036854775808", &text("9223372036854775808"));
    is("123456789012345678901234567890N", &text("123456789012345678901234567890"));
    for float in ["1.5", "-0.0", "1.", "1e9", "2.5E-3", "3.0M", "7M", "1/2", "##Inf", "##-Inf", "##NaN"] {
        is(float, &text(float));
    }
    for wrong in ["012", "1x", "1.5.2", "1e", "0x1f", "1/", "--1", "1NN"] {
        fails(wrong, &format!("column 1: `{wrong}` is not a number"));
    }
    fails("##Nan", "column 2: `##Nan` is not a number (known: ##Inf, ##-Inf, ##NaN)");
}

#[test]
fn strings_and_characters_are_unescaped() {
    is(r#""a\tb\r\n\\ \"c\" \b\f""#, &text("a\tb\r\n\\ \"c\" \u{8}\u{c}"));
    is(r#""\u0041\u00e9\ud83e\udd80""#, &text("Aé🦀"));
    is("\"two\nlines\"", &text("two\nlines"));
    is("\"\"", &text(""));
    for (written, character) in [
        (r"\a", "a"),
        (r"\newline", "\n"),
        (r"\space", " "),
        (r"\u0041", "A"),
        (r"\[", "["),
        (r"\é", "é"),
        (r"\\", "\\"),
    ] {
        is(written, &text(character));
    }
    fails(r#""\ud83e""#, "column 2: this is no character of Unicode");
    fails(r#""\u00g1""#, "column 6: `\\u` takes four hexadecimal digits");
    fails(r"\newlin", "column 1: `\\newlin` is not a character");
    assert!(form(r#""\q""#).unwrap_err().starts_with("line 1, column 2: unknown escape in a string (known: `\\n`"));
    assert!(Reader::new(&b"\"\xff\""[..]).form(0).is_err());
    assert!(Reader::new(&b"\xff"[..]).form(0).is_err());
}

#[test]
fn forms_hold_forms() {
    is("[1 (2), #{3 1}]", &Value::List(vec![Value::Int(1), numbers([2]), numbers([1, 3])]));
    let map = Value::Map(vec![(Value::Int(1), numbers([])), (Value::Keyword("a".into()), Value::Nil)]);
    is("{:a nil, 1 []}", &map);
    is("[]", &numbers([]));
    fails("{:a 1, :a 2}", "column 1: the key :a stands twice in a map");
    fails("{:a}", "column 4: the key :a has no value");
    fails("#{1 2 1}", "column 2: 1 stands twice in a set");
    fails("]", "column 1: expected a value, found `]`");
}

#[test]
fn comments_discarded_forms_and_tags_are_passed_over() {
    is("; one\n[1 ; two\n 2]; three", &numbers([1, 2]));
    is("[1 #_2 3 #_[4 #_5]]", &numbers([1, 3]));
    is("#_ #_ 1 2 3", &Value::Int(3));
    is("#inst \"2026-01-01\"", &text("2026-01-01"));
    is("#a #b/c [1]", &numbers([1]));
    assert_eq!(form(" ; nothing\n #_ 1"), Ok(None));
    fails("#_", "column 3: the file ends before the form that `#_` discards");
    fails("#inst", "column 6: the file ends before the value of a tag");
    fails("# 1", "column 2: `#` is not a tag");
}

#[test]
fn what_is_not_edn_is_refused() {
    fails("::a", "column 1: `::a` is not a keyword");
    fails(":", "column 1: `:` is not a keyword");
    fails("a@b", "column 1: `a@b` is not a value");
    fails("^{:a 1} 2", "column 1: `^` is not a value");
    fails("'a", "column 1: `'a` is not a value");
    fails("(quote", "column 7: the file ends before the `)`");
}

#[test]
fn the_depth_of_forms_is_bounded() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(form(&nested(DEEPEST)).is_ok());
    fails(&nested(DEEPEST + 1), "column 33: forms are more than 32 deep");
    for opening in ["[", "(", "{1 ", "{[", "#{", "#a ", "#_", "[#_"] {
        let error = form(&opening.repeat(100_000)).unwrap_err();
        assert!(error.ends_with("forms are more than 32 deep"), "{opening}: {error}");
    }
}
