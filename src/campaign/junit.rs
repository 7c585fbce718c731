//! What a campaign came to, as JUnit's XML, which every CI system shows: a suite for each scenario, and in it a case
//! for each property, for panics and endless runs, for determinism, and for what should have been seen.

use std::collections::BTreeSet;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::account::sure;
use super::finding::Finding;
use super::old::{Old, Relapse};
use super::results::{Course, Results};
use crate::sim::{ENDLESS, FailureKind, PANIC};

/// The whole report.
///
/// # Errors
/// It cannot be written as XML.
pub fn xml(results: &Results) -> Result<String, String> {
    let mut report = Report::new("seedstorm");
    report.add_test_suites(results.scenarios.iter().map(suite));
    if !results.corpus.is_empty() {
        let mut suite = TestSuite::new("corpus");
        suite.add_test_cases(results.corpus.iter().map(|old| TestCase::new(old.file.clone(), kept(old))));
        report.add_test_suite(suite);
    }
    if !results.unusable.is_empty() {
        let mut suite = TestSuite::new("files");
        for unusable in &results.unusable {
            let status = bad(NonSuccessKind::Error, "unusable", &unusable.error, "");
            suite.add_test_case(TestCase::new(unusable.file.clone(), status));
        }
        report.add_test_suite(suite);
    }
    report.to_string().map_err(|error| error.to_string())
}

fn kept(old: &Old) -> TestCaseStatus {
    let message = old.to_string();
    match &old.now {
        Relapse::Fixed => TestCaseStatus::success(),
        Relapse::Broken { kind: FailureKind::Safety | FailureKind::Liveness, .. }
        | Relapse::Other { kind: FailureKind::Safety | FailureKind::Liveness, .. } => {
            bad(NonSuccessKind::Failure, "broken", &message, "")
        }
        Relapse::Broken { .. } | Relapse::Other { .. } => bad(NonSuccessKind::Error, "broken", &message, ""),
        Relapse::Unusable { .. } => bad(NonSuccessKind::Error, "unusable", &message, ""),
    }
}

fn suite(course: &Course) -> TestSuite {
    let mut suite = TestSuite::new(match &course.bug {
        Some(bug) => format!("{} + {bug}", course.file),
        None => course.file.clone(),
    });
    suite.add_property(("protocol", course.protocol.as_str()));
    suite.add_property(("seeds", course.tally.runs.to_string().as_str()));
    suite.add_property(("says", sure(course.tally.failures(), course.tally.runs).as_str()));
    let mut cases: Vec<TestCase> = course.tally.evaluated.iter().map(|(name, &n)| property(course, name, n)).collect();
    let mut names = BTreeSet::from([PANIC, ENDLESS]);
    names.extend(course.tally.findings.iter().map(Finding::name));
    names.retain(|name| !course.tally.evaluated.contains_key(*name));
    for name in names {
        cases.push(TestCase::new(name, status_of(course, name).unwrap_or_else(TestCaseStatus::success)));
    }
    cases.push(TestCase::new("determinism", determinism(course)));
    cases.push(TestCase::new("seen", seen(course)));
    for mut case in cases {
        case.set_classname(course.protocol.clone());
        suite.add_test_case(case);
    }
    suite
}

fn property(course: &Course, name: &str, evaluated: u64) -> TestCase {
    let status = status_of(course, name).unwrap_or_else(|| {
        if evaluated > 0 {
            return TestCaseStatus::success();
        }
        let mut status = TestCaseStatus::skipped();
        status.set_message("never evaluated on anything that is not trivial");
        status
    });
    TestCase::new(name, status)
}

/// What is wrong with this property, if anything is: all findings of it.
fn status_of(course: &Course, name: &str) -> Option<TestCaseStatus> {
    let all: Vec<&Finding> = course.tally.findings.iter().filter(|finding| finding.name() == name).collect();
    let first = all.first()?;
    let (kind, fault) = match first.shape.fault {
        FailureKind::Safety => (NonSuccessKind::Failure, "safety"),
        FailureKind::Liveness => (NonSuccessKind::Failure, "liveness"),
        FailureKind::Panic => (NonSuccessKind::Error, "panic"),
        FailureKind::Endless => (NonSuccessKind::Error, "endless"),
    };
    let text: Vec<String> = all.iter().map(|finding| story(course, finding)).collect();
    let seeds: u64 = all.iter().map(|finding| finding.count).sum();
    let message = format!("{} ({seeds} of {} seeds)", first.shape.kind, course.tally.runs);
    Some(bad(kind, fault, &message, &text.join("\n\n")))
}

fn story(course: &Course, finding: &Finding) -> String {
    let first = &finding.first;
    let mut lines = vec![
        format!("{} in {} of {} seeds", finding.shape.kind, finding.count, course.tally.runs),
        format!("first: seed {}, at {}: {}", first.seed, first.at, first.evidence),
        format!("cheapest: seed {}, {} events", finding.cheapest.seed, finding.cheapest.events),
    ];
    if let Some(kept) = &finding.kept {
        lines.push(format!("replay it: {}", kept.replay));
        lines.extend(kept.report.iter().map(|page| format!("look at it: {page}")));
        lines.extend(kept.shrunk.iter().map(|shrunk| format!("shrunk: {shrunk}")));
        lines.extend(kept.why.clone());
    }
    lines.join("\n")
}

fn determinism(course: &Course) -> TestCaseStatus {
    match course.recheck.differed.as_slice() {
        [] => TestCaseStatus::success(),
        [first, ..] => {
            let parting = first.parting.as_ref().map_or_else(String::new, |parting| {
                format!(
                    "event {}, {}: {:?} or {:?}",
                    parting.event, parting.at, parting.happened[0], parting.happened[1]
                )
            });
            bad(NonSuccessKind::Failure, "differs", &format!("seed {}: {}", first.seed, first.what), &parting)
        }
    }
}

fn seen(course: &Course) -> TestCaseStatus {
    let lines: Vec<String> = course.missing.iter().map(ToString::to_string).collect();
    match lines.first() {
        None => TestCaseStatus::success(),
        Some(first) => bad(NonSuccessKind::Failure, "vacuous", first, &lines.join("\n")),
    }
}

fn bad(kind: NonSuccessKind, what: &str, message: &str, text: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(what).set_message(message);
    if !text.is_empty() {
        status.set_description(text);
    }
    status
}
