//! Recorded histories with known verdicts: each is found, and quickly.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use seedstorm::explained::explain;
use seedstorm::judged::{Failed, Judged, Kind, Operation, Subject, judge, pair};
use seedstorm::linearizability::{Limits, Verdict};
use seedstorm::recorded::{Format, events};

/// The folder of histories, if it is there.
fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/histories");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: shared data not present");
    None
}

fn read(file: &Path) -> (Kind, Vec<Operation>) {
    let is_log = file.extension().is_some_and(|extension| extension == "log");
    let (format, failed) = if is_log { (Some(Format::Log), Failed::Observed) } else { (None, Failed::NotHappened) };
    let reader = BufReader::new(File::open(file).unwrap());
    let operations = pair(events(reader, format), failed).unwrap_or_else(|error| panic!("{file:?}: {error}"));
    let kind = Kind::of(&operations).unwrap_or_else(|| panic!("{file:?}"));
    (kind, operations)
}

fn judged(file: &Path) -> (Kind, Judged) {
    let (kind, operations) = read(file);
    let judged = judge(kind, &operations, Limits::default()).unwrap_or_else(|error| panic!("{file:?}: {error}"));
    (kind, judged)
}

#[test]
fn every_recorded_history_gets_the_verdict_that_is_known() {
    let Some(folder) = folder() else { return };
    let etcd = |number: &&str| format!("etcd/etcd_{number}.log");
    let stress = (0..10).map(|number| format!("cas/memstress3-{number}.edn"));
    let good = ["002", "005", "007", "018", "025", "045", "048"].iter().map(etcd);
    let good = good.chain(["kv/c01-ok.txt", "kv/c10-ok.txt", "kv/c50-ok.txt"].map(str::to_owned));
    let good = good.chain(["cas/cas-register-bug.edn", "multi-register.edn"].map(str::to_owned)).chain(stress);
    let bad = ["000", "001", "003", "097", "099"].iter().map(etcd);
    let bad = bad.chain(["kv/c01-bad.txt", "kv/c10-bad.txt"].map(str::to_owned));
    let cas = ["rethink-fail-minimal", "immediate-failure", "cas-failure"].map(|name| format!("cas/{name}.edn"));
    let all = good.map(|file| (file, true)).chain(bad.chain(cas).map(|file| (file, false)));
    let mut count = 0;
    for (file, is_linearizable) in all {
        count += 1;
        let (kind, judged) = judged(&folder.join(&file));
        assert_eq!(judged.verdict == Verdict::Linearizable, is_linearizable, "{file} ({kind}): {judged:?}");
        assert_ne!(judged.verdict, Verdict::Unknown, "{file}");
        assert!(judged.cost.steps < 100_000, "{file}: {:?}", judged.cost);
    }
    assert_eq!(count, 32);
}

#[test]
fn models_are_found_by_what_operations_are_called() {
    let Some(folder) = folder() else { return };
    let kind = |file: &str| judged(&folder.join(file)).0;
    assert_eq!(kind("etcd/etcd_002.log"), Kind::Register);
    assert_eq!(kind("kv/c01-ok.txt"), Kind::Text);
    assert_eq!(kind("multi-register.edn"), Kind::Registers);
    for (name, kind) in Kind::ALL {
        assert_eq!((name.parse(), kind.to_string().as_str()), (Ok(Subject::Objects(kind)), name));
    }
    assert!("registr".parse::<Subject>().unwrap_err().contains("did you mean \"register\"?"));
}

#[test]
fn every_broken_history_is_explained() {
    let Some(folder) = folder() else { return };
    let etcd = ["000", "001", "003", "097", "099"].iter().map(|number| format!("etcd/etcd_{number}.log"));
    let others = ["kv/c01-bad.txt", "kv/c10-bad.txt", "cas/rethink-fail-minimal.edn", "cas/immediate-failure.edn"];
    for file in etcd.chain(others.map(str::to_owned)).chain(["cas/cas-failure.edn".to_owned()]) {
        let (kind, operations) = read(&folder.join(&file));
        let judged = judge(kind, &operations, Limits::default()).unwrap();
        let limits = Limits { steps: 20_000_000, ..Limits::default() };
        let explanation = explain(kind, &operations, &judged, limits).unwrap().unwrap();
        assert!(explanation.is_first && explanation.is_all && explanation.is_smallest, "{file}: {explanation:?}");
        assert!(!explanation.possible.is_empty() && explanation.smallest.len() <= 20, "{file}: {explanation:?}");
        let returned = operations[explanation.culprit].returned.unwrap();
        let verdict = |places: &[usize], until: u64| {
            let some = places.iter().map(|&place| operations[place].clone());
            let cut = |operation: Operation| Operation {
                returned: operation.returned.filter(|&at| at <= until),
                ..operation
            };
            judge(kind, &some.map(cut).collect::<Vec<_>>(), Limits::default()).unwrap().verdict
        };
        assert_eq!(verdict(&explanation.calls, returned - 1), Verdict::Linearizable, "{file}");
        assert!(matches!(verdict(&explanation.calls, returned), Verdict::Illegal(_)), "{file}");
        assert!(matches!(verdict(&explanation.smallest, returned), Verdict::Illegal(_)), "{file}");
    }
}
