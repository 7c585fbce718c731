//! What CI systems read.

use quick_junit::{NonSuccessKind, Report, TestCaseStatus};

use super::{folder, gate};

#[test]
fn junit_is_read_back_as_it_was_meant() {
    let lab = folder();
    let said = gate(&lab, "scenarios --seeds 30 --no-shrink --junit report.xml");
    assert_eq!(said.code, 1, "{}", said.err);
    let report = Report::deserialize_from_str(&lab.read("report.xml")).unwrap();
    assert_eq!(report.test_suites.len(), 2);
    let suite = |file: &str| report.test_suites.iter().find(|suite| suite.name.as_str() == file).unwrap();
    let case = |file: &str, name: &str| {
        let cases = &suite(file).test_cases;
        cases.iter().find(|case| case.name.as_str() == name).unwrap_or_else(|| panic!("{name}")).status.clone()
    };
    assert!(matches!(case("scenarios/calm.json", "log_matching"), TestCaseStatus::Success { .. }));
    assert!(matches!(case("scenarios/calm.json", "determinism"), TestCaseStatus::Success { .. }));
    assert!(matches!(case("scenarios/calm.json", "snapshot_faithful"), TestCaseStatus::Skipped { .. }));
    match case("scenarios/cut-off.json", "leader_completeness") {
        TestCaseStatus::NonSuccess { kind, message, description, .. } => {
            assert_eq!(kind, NonSuccessKind::Failure);
            assert!(message.unwrap().as_str().contains("a leader lacks a committed entry"));
            assert!(description.unwrap().as_str().contains("replay it:"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn github_gets_annotations_and_a_summary() {
    let lab = folder();
    let mut command = lab.command(&["gate", "scenarios", "--seeds", "10", "--no-shrink"]);
    command.env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", lab.path("summary.md"));
    let output = command.output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    let line = out.lines().find(|line| line.starts_with("::error ")).unwrap_or_else(|| panic!("{out}"));
    assert!(line.starts_with("::error file=scenarios/cut-off.json,title="), "{line}");
    let summary = lab.read("summary.md");
    assert!(summary.contains("| scenarios/calm.json | 10 | 0 | holds |"), "{summary}");
    assert!(summary.contains("| scenarios/cut-off.json | 10 |"), "{summary}");
}

#[test]
fn every_reproducer_has_its_page_and_whoever_names_the_one_names_the_other() {
    let lab = folder();
    let mut command = lab.command(&["gate", "scenarios/cut-off.json", "--seeds", "6", "--no-shrink"]);
    command.args(["--junit", "report.xml", "--results", "results.json"]);
    command.env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", lab.path("summary.md"));
    let out = String::from_utf8(command.output().unwrap().stdout).unwrap();
    let results = lab.json("results.json");
    let kept = &results["scenarios"][0]["findings"][0]["kept"];
    let [page, reproducer] = ["report", "reproducer"].map(|part| kept[part].as_str().unwrap());
    assert_eq!(page, reproducer.replace(".reproducer.json", ".report.html"));
    assert!(lab.read(page).contains("<h1 class=\"bad\">VIOLATED: "), "{page}");
    for text in [&out, &lab.read("report.xml"), &lab.read("summary.md")] {
        assert!(text.contains(page), "{page} is not in {text}");
    }
    let files = lab.files_in("failures");
    let again = gate(&lab, "scenarios/cut-off.json --seeds 6 --no-shrink");
    assert_eq!((again.code, lab.files_in("failures")), (1, files), "the same is not written twice");
    assert_eq!(gate(&lab, "scenarios/cut-off.json --seeds 6 --no-shrink --no-reports --out bare").code, 1);
    assert!(lab.files_in("bare").iter().all(|file| file.ends_with(".reproducer.json")), "{:?}", lab.files_in("bare"));
}
