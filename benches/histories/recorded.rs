//! Histories that others recorded, beside the times that Porcupine takes for them.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::time::Duration;

use seedstorm::judged::{Failed, Kind, Operation, judge, pair};
use seedstorm::linearizability::{Limits, Verdict};
use seedstorm::recorded::{Format, events};

use crate::memory::{mib, peak};
use crate::{percentile, timed};

/// Each history, and how many microseconds Porcupine takes for it. Where it is not known for the file itself, it is the
/// median of its kind.
const ALL: [(&str, f64); 17] = [
    ("kv/c01-ok.txt", 59.0),
    ("kv/c10-ok.txt", 520.0),
    ("kv/c10-bad.txt", 450.0),
    ("kv/c50-ok.txt", 188_000.0),
    ("etcd/etcd_000.log", 66.0),
    ("etcd/etcd_001.log", 66.0),
    ("etcd/etcd_002.log", 172_000.0),
    ("etcd/etcd_003.log", 66.0),
    ("etcd/etcd_005.log", 66.0),
    ("etcd/etcd_007.log", 104_000.0),
    ("etcd/etcd_018.log", 66.0),
    ("etcd/etcd_025.log", 66.0),
    ("etcd/etcd_045.log", 66.0),
    ("etcd/etcd_048.log", 66.0),
    ("etcd/etcd_097.log", 66.0),
    ("etcd/etcd_099.log", 50_000.0),
    ("kv/c01-bad.txt", f64::NAN),
];

const ROUNDS: usize = 201;

fn operations(file: &Path) -> Option<Vec<Operation>> {
    let is_log = file.extension().is_some_and(|extension| extension == "log");
    let (format, failed) = if is_log { (Some(Format::Log), Failed::Observed) } else { (None, Failed::NotHappened) };
    let reader = BufReader::new(File::open(file).ok()?);
    Some(pair(events(reader, format), failed).expect("the history can be read"))
}

fn verdict(kind: Kind, operations: &[Operation]) -> Verdict {
    judge(kind, operations, Limits::default()).expect("the model has these operations").verdict
}

pub(crate) fn report() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/histories");
    if !folder.is_dir() {
        println!("recorded histories skipped: shared data not present");
        return;
    }
    println!(
        "{:<20} {:>10} {:>12} {:>12} {:>9} {:>12}",
        "recorded", "operations", "ours", "Porcupine", "ratio", "memory"
    );
    for (name, reference) in ALL {
        let Some(operations) = operations(&folder.join(name)) else { continue };
        let kind = Kind::of(&operations).expect("it is of a model");
        let (_, memory) = peak(|| verdict(kind, &operations));
        let mut times: Vec<Duration> = (0..ROUNDS).map(|_| timed(|| verdict(kind, &operations)).0).collect();
        let ours = percentile(&mut times, 500).as_secs_f64() * 1e6;
        let ratio = if reference.is_nan() { String::new() } else { format!("{:.1}x", reference / ours) };
        let beside = if reference.is_nan() { "not known".to_owned() } else { format!("{reference:.0} us") };
        let memory = mib(memory);
        println!("{name:<20} {:>10} {ours:>9.1} us {beside:>12} {ratio:>9} {memory:>12}", operations.len());
    }
}
