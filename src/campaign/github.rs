//! What GitHub shows of a campaign: annotations at the scenario files, and a summary of the step.

use super::account::sure;
use super::finding::Finding;
use super::old::Old;
use super::results::{Course, Results, Worst};
use crate::sim::FailureKind;

/// One annotation a line, as workflow commands.
#[must_use]
pub fn annotations(results: &Results) -> String {
    let mut lines = Vec::new();
    for course in &results.scenarios {
        lines.extend(course.tally.findings.iter().map(|finding| {
            let kept = finding.kept.as_ref();
            let page = kept.and_then(|kept| kept.report.as_ref());
            let page = page.map_or_else(String::new, |page| format!("\nlook at it: {page}"));
            let replay = kept.map_or_else(String::new, |kept| format!("\nreplay it: {}{page}", kept.replay));
            let first = &finding.first;
            let text = format!(
                "{} in {} of {} seeds; first seed {}: {}{replay}",
                finding.shape.kind, finding.count, course.tally.runs, first.seed, first.evidence
            );
            command("error", &course.file, &title(finding), &text)
        }));
        lines.extend(course.recheck.differed.iter().take(1).map(|difference| {
            command(
                "error",
                &course.file,
                "not deterministic",
                &format!("seed {}: {}", difference.seed, difference.what),
            )
        }));
        lines.extend(
            course.missing.iter().map(|missing| command("error", &course.file, "vacuous", &missing.to_string())),
        );
    }
    let kept = results.corpus.iter().filter(|old| old.is_bad());
    lines.extend(kept.map(|old| command("error", &old.file, "a case that was kept fails", &old.to_string())));
    lines.extend(results.unusable.iter().map(|unusable| command("error", &unusable.file, "unusable", &unusable.error)));
    lines.concat()
}

fn title(finding: &Finding) -> String {
    match finding.shape.fault {
        FailureKind::Safety | FailureKind::Liveness => format!("{} broke", finding.shape.property),
        FailureKind::Panic => "a run panicked".to_owned(),
        FailureKind::Endless => "a run did not end".to_owned(),
    }
}

/// A workflow command; what would end it early is escaped as GitHub asks.
fn command(level: &str, file: &str, title: &str, text: &str) -> String {
    let data = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    format!("::{level} file={},title={}::{}\n", property(file), property(title), data(text))
}

/// The summary of the step, in Markdown.
#[must_use]
pub fn summary(results: &Results) -> String {
    let mut text = "## seedstorm\n\n| scenario | seeds | failed | verdict |\n|---|--:|--:|---|\n".to_owned();
    for course in &results.scenarios {
        let verdict = match course.worst() {
            Worst::Holds => "holds",
            Worst::Vacuous => "**vacuous**",
            Worst::Endless => "**unknown**",
            Worst::Differed => "**not deterministic**",
            Worst::Panicked | Worst::Unusable | Worst::Safety | Worst::Liveness => "**fails**",
        };
        text +=
            &format!("| {} | {} | {} | {verdict} |\n", cell(&name(course)), course.tally.runs, course.tally.failures());
    }
    for course in results.scenarios.iter().filter(|course| course.worst() != Worst::Holds) {
        text += &format!("\n### {}\n\n{}\n", cell(&name(course)), sure(course.tally.failures(), course.tally.runs));
        for finding in &course.tally.findings {
            text += &format!(
                "\n- **{}**: {}, first seed {}\n",
                title(finding),
                cell(&finding.shape.kind),
                finding.first.seed
            );
            if let Some(kept) = &finding.kept {
                text += &format!("\n  ```\n  {}\n  ```\n", kept.replay);
                text +=
                    &kept.report.as_ref().map_or_else(String::new, |page| format!("\n  Its page is {}\n", cell(page)));
            }
        }
        for missing in &course.missing {
            text += &format!("\n- {}\n", cell(&missing.to_string()));
        }
    }
    let kept: Vec<&Old> = results.corpus.iter().filter(|old| old.is_bad()).collect();
    if !results.corpus.is_empty() {
        text += &format!("\n{} of {} cases that were kept fail\n", kept.len(), results.corpus.len());
    }
    for old in kept {
        text += &format!("\n- {}: {}\n", cell(&old.file), cell(&old.to_string()));
    }
    for unusable in &results.unusable {
        text += &format!("\n- {}\n", cell(&unusable.error));
    }
    text
}

fn name(course: &Course) -> String {
    course.bug.as_ref().map_or_else(|| course.file.clone(), |bug| format!("{} + {bug}", course.file))
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_command_is_escaped() {
        let line = command("error", "a,b.json", "x: y", "100%\nmore");
        assert_eq!(line, "::error file=a%2Cb.json,title=x%3A y::100%25%0Amore\n");
    }
}
