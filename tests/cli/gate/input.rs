//! Bad input: a clear message, nothing lost, and the good scenarios run all the same.

use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use super::{folder, gate, held};
use crate::lab::{Lab, Said};

#[test]
fn a_scenario_that_fails_to_load_among_good_ones_does_not_keep_them_from_running() {
    let lab = folder();
    lab.write("scenarios/broken.json", &held().replace("\"run_for\"", "\"runs_for\""));
    lab.write("scenarios/garbage.json", "{ it is");
    let said = gate(&lab, "scenarios --seeds 5 --no-shrink");
    assert_eq!(said.code, 2, "{}", said.err);
    assert!(said.out.contains("scenarios/broken.json:9:3: runs_for: unknown field; did you mean"), "{}", said.out);
    assert!(said.out.contains("scenarios/garbage.json"), "{}", said.out);
    assert!(said.out.contains("FAILS (safety)"), "the planted mistake is found: {}", said.out);
}

#[test]
fn folders_that_hold_nothing_are_named() {
    let lab = Lab::new();
    std::fs::create_dir(lab.path("empty")).unwrap();
    let said = gate(&lab, "empty");
    assert_eq!((said.code, said.err.as_str()), (2, "error: empty: the folder holds no scenario (*.json)\n"));
    let said = gate(&lab, "nowhere");
    assert_eq!(said.code, 2);
    assert!(said.err.contains("nowhere"), "{}", said.err);
    lab.write("it.json", &held());
    let said = gate(&lab, "it.json empty nowhere --seeds 2");
    assert_eq!(said.code, 2);
    assert!(said.out.contains("empty: the folder holds no scenario") && said.out.contains("nowhere"), "{}", said.out);
    assert!(said.out.contains("UNUSABLE: 1 scenario, 2 runs; 2 files could not be run"), "{}", said.out);
}

#[cfg(unix)]
#[test]
fn a_file_that_is_named_twice_runs_once_and_what_is_found_is_no_scenario() {
    let lab = folder();
    std::os::unix::fs::symlink(".", lab.path("scenarios/round")).unwrap();
    let said = gate(&lab, ". scenarios scenarios/calm.json --seeds 4 --no-shrink --json");
    assert_eq!((said.code, said.json()["scenarios"].as_array().unwrap().len()), (1, 2), "{}", said.err);
    // Now the folder holds reproducers, too.
    let again = gate(&lab, ". --seeds 4 --no-shrink --json");
    assert_eq!((again.code, again.json()["scenarios"].as_array().unwrap().len()), (1, 2), "{}", again.err);
}

#[test]
fn flags_that_contradict_each_other_are_refused() {
    let lab = folder();
    let cases = [
        ("--seeds 0", "no seed at all shows nothing"),
        ("--fail-fast --max-failures 3", "give one of them"),
        ("--shard 5/4", "shards are counted from 1"),
        ("--shard 1/9 --seeds 4", "4 seeds are too few for 9 shards"),
        ("--shard 1/2 --for 1m", "cannot be used with"),
        ("--for 0s", "no time at all is too little"),
        ("--bug no-log-chek", "did you mean \"no-log-check\"?"),
        ("--jobs 0", "invalid value '0'"),
        ("--results nowhere/r.json", "there is no folder nowhere"),
        ("--results a.xml --junit a.xml", "give them two"),
        ("--out scenarios/calm.json", "is there and is no folder"),
        ("--corpus nowhere", "there is no such folder"),
        ("--from 18446744073709551615", "there are not so many seeds"),
        ("--bug half-quorum", "no scenario here is of a protocol that has \"half-quorum\""),
    ];
    for (args, message) in cases {
        let said = gate(&lab, &format!("scenarios {args}"));
        assert_eq!(said.code, 2, "{args}: {}", said.err);
        assert!(said.err.contains(message), "{args}: {}", said.err);
    }
    assert_eq!(lab.files(), ["scenarios"], "nothing was written");
}

#[test]
fn what_is_there_is_not_replaced_unless_it_is_asked_for() {
    let lab = folder();
    lab.write("r.json", "mine");
    let said = gate(&lab, "scenarios/calm.json --seeds 2 --results r.json");
    assert_eq!(said.code, 2);
    assert!(said.err.contains("r.json is there already; --force replaces it"), "{}", said.err);
    assert_eq!(lab.read("r.json"), "mine");
    assert_eq!(gate(&lab, "scenarios/calm.json --seeds 2 --results r.json --force").code, 0);
    assert_eq!(lab.json("r.json")["exit_code"], 0);
    let foreign = lab.run(&["merge", "scenarios/calm.json"]);
    assert_eq!(foreign.code, 2);
    assert!(foreign.err.contains("these are no results of a campaign"), "{}", foreign.err);
}

#[test]
fn a_time_box_says_how_many_seeds_it_reached() {
    let lab = folder();
    let said = gate(&lab, "scenarios/calm.json --for 300ms");
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert!(said.err.contains("seeds were run before it ended"), "{}", said.err);
    let little = gate(&lab, "scenarios --for 1ns --no-shrink --json");
    let runs: Vec<u64> = little.json()["scenarios"].as_array().unwrap().iter().map(runs_of).collect();
    assert_eq!(runs, [1, 1], "without a single run it would say nothing at all");
}

fn runs_of(course: &serde_json::Value) -> u64 {
    course["runs"].as_u64().unwrap()
}

/// What one seed draws from a scenario may make no sense though the file does.
#[test]
fn what_goes_wrong_with_one_scenario_loses_nothing_of_the_others() {
    let lab = folder();
    let params = r#""params": { "heartbeat": { "one_of": ["10ms", "40s"] } }, "run_for""#;
    lab.write("scenarios/at-times.json", &held().replace("\"run_for\"", params));
    lab.write("file", "this is no folder");
    let said = gate(&lab, "scenarios --seeds 20 --no-shrink --out file/failures --results r.json --json");
    assert_eq!(said.code, 2, "{}", said.err);
    let document = said.json();
    assert_eq!(document, lab.json("r.json"));
    let runs: Vec<u64> = document["scenarios"].as_array().unwrap().iter().map(runs_of).collect();
    assert_eq!(runs, [20, 20]);
    let error = |n: usize| document["unusable"][n]["error"].as_str().unwrap();
    assert!(error(0).contains("scenarios/at-times.json") && error(0).contains("heartbeat"), "{document}");
    assert!(error(1).contains("file/failures"), "{document}");
    assert!(document["scenarios"][1]["findings"][0]["count"].as_u64() > Some(0), "what was found is told all the same");
}

#[cfg(unix)]
#[test]
fn an_interrupted_campaign_keeps_what_it_found() {
    let lab = folder();
    let args = ["gate", "scenarios/cut-off.json", "scenarios/calm.json", "--seeds", "1000000", "--results", "r.json"];
    let mut command = lab.command(&args);
    command.args(["--no-shrink", "--junit", "r.xml"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    sleep(Duration::from_secs(2));
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let said = Said::of(&child.wait_with_output().unwrap());
    assert_eq!(said.code, 130, "{}{}", said.out, said.err);
    assert!(said.out.contains("; interrupted"), "{}", said.out);
    let results = lab.json("r.json");
    assert_eq!((&results["interrupted"], &results["exit_code"]), (&true.into(), &130.into()));
    let [course] = results["scenarios"].as_array().unwrap().as_slice() else { panic!("{results}") };
    assert!(runs_of(course) > 0 && course["findings"][0]["kept"]["reproducer"].is_string(), "{course}");
    assert!(lab.read("r.xml").contains("leader_completeness"));
}

/// Files may have half a kilobyte, and no more.
#[cfg(unix)]
#[test]
fn results_that_do_not_fit_on_the_disk_leave_what_is_there() {
    let lab = folder();
    lab.write("r.json", "mine");
    let mut command = lab.command(&["gate", "scenarios/calm.json", "--seeds", "2", "--results", "r.json", "--force"]);
    let args: Vec<_> = command.get_args().map(std::ffi::OsStr::to_owned).collect();
    let mut limited = Command::new("sh");
    limited.args(["-c", "trap '' XFSZ; ulimit -f 1; exec \"$0\" \"$@\""]).arg(command.get_program()).args(args);
    let said = Said::of(&limited.current_dir(lab.path(".")).output().unwrap());
    assert_eq!(said.code, 2, "{}{}", said.out, said.err);
    assert!(said.err.contains("r.json: cannot be written"), "{}", said.err);
    assert!(said.out.contains("HOLDS: no failure in 2 seeds"), "what it came to is told all the same: {}", said.out);
    assert_eq!((lab.read("r.json").as_str(), lab.files()), ("mine", vec!["r.json".to_owned(), "scenarios".to_owned()]));
    command.output().unwrap();
    assert_eq!(lab.json("r.json")["exit_code"], 0, "without the limit it fits");
}

#[test]
fn numbers_that_nobody_counted_are_no_results() {
    let lab = folder();
    assert_eq!(gate(&lab, "scenarios/calm.json --seeds 2 --results r.json").code, 0);
    for (wrong, message) in [
        ("\"runs\": 18446744073709551615", "nobody has counted to 18446744073709551615"),
        ("\"runs\": 3", "its seeds are not as many as its runs"),
    ] {
        lab.write("wrong.json", &lab.read("r.json").replace("\"runs\": 2", wrong));
        let said = lab.run(&["merge", "wrong.json", "r.json"]);
        assert_eq!(said.code, 2, "{}", said.err);
        assert!(said.err.contains(message), "{}", said.err);
    }
}

/// A device that is always full.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said() {
    let lab = folder();
    let said = gate(&lab, "scenarios/calm.json --seeds 2 --results /dev/full --force");
    assert_eq!(said.code, 2, "a device is not replaced by a file");
    assert!(said.err.contains("--results: /dev/full is no file that can be replaced"), "{}", said.err);
    let mut command = lab.command(&["gate", "scenarios/calm.json", "--seeds", "2", "--json"]);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = command.stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("standard output cannot be written"));
}
