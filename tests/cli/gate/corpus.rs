//! Cases that were kept run first, and each says whether it is fixed.

use quick_junit::Report;

use super::{folder, gate, held};
use crate::lab::Said;

#[test]
fn a_case_that_was_kept_is_broken_until_it_is_fixed() {
    let lab = folder();
    assert_eq!(gate(&lab, "scenarios/cut-off.json --seeds 10 --no-shrink --no-reports --out corpus").code, 1);
    let said = gate(&lab, "scenarios/calm.json --seeds 3 --corpus corpus");
    assert_eq!(said.code, 1, "{}", said.out);
    assert!(said.out.find("Cases that were kept") < said.out.find("scenarios/calm.json"), "{}", said.out);
    assert!(said.out.contains("broken"), "{}", said.out);
    // The mistake is taken out, as a fix would.
    for entry in std::fs::read_dir(lab.path("corpus")).unwrap() {
        let path = entry.unwrap().path();
        let mut case: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        case["scenario"].as_object_mut().unwrap().remove("bug");
        std::fs::write(&path, case.to_string()).unwrap();
    }
    let said = gate(&lab, "scenarios/calm.json --seeds 3 --corpus corpus");
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert!(said.out.contains("fixed"), "{}", said.out);
    lab.write("corpus/shrunk.json", &held());
    lab.write("corpus/zz.json", "{}");
    let said = gate(&lab, "--corpus corpus");
    assert_eq!(said.code, 2, "{}", said.out);
    assert!(said.out.contains("corpus/zz.json") && said.out.contains("unusable"), "{}", said.out);
}

#[test]
fn what_ci_reads_knows_of_cases_that_were_kept() {
    let lab = folder();
    assert_eq!(gate(&lab, "scenarios/cut-off.json --seeds 10 --no-shrink --no-reports --out corpus").code, 1);
    lab.write("corpus/held.json", &held());
    let mut command = lab.command(&["gate", "scenarios/calm.json", "--seeds", "2", "--corpus", "corpus"]);
    command.args(["--junit", "r.xml"]).env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", lab.path("summary.md"));
    let said = Said::of(&command.output().unwrap());
    assert_eq!(said.code, 1, "{}", said.err);
    let files = lab.files_in("corpus");
    let bad = files.len() - 1;
    let last = format!("FAILS (safety): 1 scenario, 2 runs, {bad} of {} cases that were kept fail\n", files.len());
    assert!(said.out.contains(&last), "{}", said.out);
    assert_eq!(said.out.matches("::error file=corpus/cut-off").count(), bad, "{}", said.out);
    assert!(lab.read("summary.md").contains(&format!("{bad} of {} cases that were kept fail", files.len())));
    let report = Report::deserialize_from_str(&lab.read("r.xml")).unwrap();
    let suite = report.test_suites.iter().find(|suite| suite.name.as_str() == "corpus").unwrap();
    assert_eq!((suite.tests, suite.failures), (files.len(), bad));
}
