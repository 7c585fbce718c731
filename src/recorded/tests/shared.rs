//! Real recordings and published fixtures, where they are present.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Event, Format, Kind, Value, keyword, read};

/// The files of the collection, or nothing where there is none.
pub(super) fn files() -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/histories");
    let mut files = Vec::new();
    for part in ["", "cas", "etcd", "kv"] {
        let Ok(entries) = fs::read_dir(folder.join(part)) else { continue };
        files.extend(entries.map(|entry| entry.unwrap().path()));
    }
    files.retain(|path| path.extension().is_some_and(|ending| ["edn", "log", "txt"].iter().any(|&e| ending == e)));
    files.sort();
    if files.is_empty() {
        println!("skipped: shared data not present");
    }
    files.into_iter().map(|path| (fs::read_to_string(&path).unwrap(), path)).map(|(text, path)| (path, text)).collect()
}

fn format(path: &Path) -> Format {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("log") => Format::Log,
        Some("txt") => Format::Maps,
        _ => Format::Edn,
    }
}

#[test]
fn every_shared_history_is_read_to_its_end() {
    for (path, text) in files() {
        // No value of these files holds the name of a field, and every comment has a line of its own.
        let code = text.lines().filter(|line| !line.trim_start().starts_with(';'));
        let expected: usize =
            code.map(|line| line.matches(":type").count().max(line.matches("jepsen.util").count())).sum();
        let named: Vec<Event> = read(&text, Some(format(&path))).unwrap();
        let found = read(&text, None).unwrap();
        assert_eq!(named.len(), expected, "{}", path.display());
        assert_eq!(named, found, "{}", path.display());
        assert!(named.is_sorted_by_key(|event| event.line) && !named.is_empty());
    }
}

#[test]
fn the_shared_histories_say_what_they_are_known_to_say() {
    let of = |name: &str| files().into_iter().find(|(path, _)| path.ends_with(name));
    if let Some((_, text)) = of("cas/immediate-failure.edn") {
        let events = read(&text, None).unwrap();
        let error = Value::List(vec![keyword("temporarily-unavailable"), Value::Nil]);
        assert_eq!((events[2].kind, events[2].error.as_ref()), (Kind::Fail, Some(&error)));
    }
    if let Some((_, text)) = of("etcd/etcd_000.log") {
        let unsure = |event: &&Event| event.kind == Kind::Info;
        let events = read(&text, None).unwrap();
        assert!(events.iter().filter(unsure).count() > 0);
        assert!(events.iter().filter(unsure).all(|event| event.value == keyword("timed-out")));
    }
    if let Some((_, text)) = of("kv/c10-ok.txt") {
        assert!(read(&text, None).unwrap().iter().all(|event| matches!(event.key, Some(Value::Text(_)))));
    }
    if let Some((_, text)) = of("multi-register.edn") {
        assert!(
            read(&text, None).unwrap().iter().all(|event| *event.f == *"txn" || event.process == keyword("nemesis"))
        );
    }
}
