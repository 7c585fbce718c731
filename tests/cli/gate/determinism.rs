//! Results do not depend on how many cores there are or how the seeds are divided; and runs that differ are noticed.

use super::{folder, gate};
use crate::lab::{Lab, Said};

#[test]
fn results_are_the_same_with_one_job_and_with_four() {
    let lab = folder();
    for jobs in ["1", "4"] {
        let said = gate(&lab, &format!("scenarios --seeds 120 --jobs {jobs} --no-shrink --results {jobs}.json"));
        assert_eq!(said.code, 1, "{}", said.err);
    }
    assert_eq!(lab.read("1.json"), lab.read("4.json"));
    let document = gate(&lab, "scenarios --seeds 120 --jobs 3 --no-shrink --json");
    assert_eq!(document.out, lab.read("1.json"), "the document is the same as the file");
}

#[test]
fn shards_add_up_to_the_whole() {
    let lab = folder();
    let whole = gate(&lab, "scenarios --seeds 101 --no-shrink --twice 10 --results whole.json");
    let parts: Vec<String> = (1..=3).map(|n| format!("part-{n}.json")).collect();
    for (n, part) in (1..=3).zip(&parts) {
        let said = gate(&lab, &format!("scenarios --seeds 101 --no-shrink --twice 10 --shard {n}/3 --results {part}"));
        assert_eq!(said.code, whole.code, "{}", said.err);
    }
    let merged = lab.run(&["merge", "part-3.json", "part-1.json", "part-2.json", "--results", "merged.json"]);
    assert_eq!(merged.code, whole.code, "{}", merged.err);
    let [mut merged, mut whole] = ["merged.json", "whole.json"].map(|name| lab.json(name));
    for results in [&mut merged, &mut whole] {
        for course in results["scenarios"].as_array_mut().unwrap() {
            for finding in course["findings"].as_array_mut().unwrap() {
                // The one of the cheapest run of all, by whichever shard; beside others it has another name.
                let kept = finding.as_object_mut().unwrap().remove("kept").unwrap();
                let file = kept["reproducer"].as_str().unwrap();
                assert_eq!(lab.json(file)["seed"], finding["cheapest"]["seed"]);
            }
        }
    }
    assert_eq!(merged, whole);
    let lost = lab.run(&["merge", "part-1.json", "part-3.json"]);
    assert_eq!(lost.code, 1, "{}", lost.err);
    assert!(lost.out.contains("seeds 33 to 66 were asked for and not run"), "{}", lost.out);
    let twice = lab.run(&["merge", "part-1.json", "part-1.json"]);
    assert_eq!(twice.code, 2);
    assert!(twice.err.contains("seeds 0 to 32 of scenarios/calm.json are in it twice"), "{}", twice.err);
}

#[test]
fn fail_fast_ends_with_the_first_seed_that_fails_however_many_are_under_way() {
    let lab = folder();
    let all = gate(&lab, "scenarios/cut-off.json --seeds 60 --no-shrink --json").json();
    let first: u64 = all["scenarios"][0]["findings"].as_array().unwrap().iter().map(first_seed).min().unwrap();
    for jobs in [1, 4] {
        let said =
            gate(&lab, &format!("scenarios/cut-off.json --seeds 60 --fail-fast --jobs {jobs} --no-shrink --json"));
        let course = &said.json()["scenarios"][0];
        assert_eq!(course["seeds"], serde_json::json!([[0, first + 1]]), "{jobs} jobs");
    }
    let some = gate(&lab, "scenarios/cut-off.json --seeds 120 --max-failures 1 --no-shrink --json").json();
    assert_eq!(some["scenarios"][0]["seeds"], serde_json::json!([[0, 50]]), "at the first checkpoint");
}

fn first_seed(finding: &serde_json::Value) -> u64 {
    finding["first"]["seed"].as_str().unwrap().parse().unwrap()
}

/// A campaign by the program of `examples/leaky`.
fn leaky(scenario: &str) -> Said {
    let scenario = format!("{}/examples/leaky/{scenario}", env!("CARGO_MANIFEST_DIR"));
    let lab = Lab::new();
    let mut command = lab.example("leaky", &["gate", &scenario, "--seeds", "3"]);
    Said::of(&command.output().unwrap())
}

#[test]
fn a_protocol_that_looks_beyond_its_seed_is_caught_and_the_event_is_named() {
    let honest = leaky("nothing.json");
    assert_eq!(honest.code, 0, "{}{}", honest.out, honest.err);
    assert!(honest.out.contains("1 run done twice, and 1 in another process: no difference"), "{}", honest.out);
    let counted = leaky("counter.json");
    assert_eq!(counted.code, 4, "{}{}", counted.out, counted.err);
    assert!(counted.out.contains("two runs of it parted"), "{}", counted.out);
    assert!(counted.out.contains("at event 5, 10ms:"), "{}", counted.out);
    assert!(counted.out.contains("one: send n0 n1 Hello("), "{}", counted.out);
    let mapped = leaky("map.json");
    assert_eq!(mapped.code, 4, "{}{}", mapped.out, mapped.err);
}
