//! What a campaign came to, as text.

use super::finding::{Finding, Kept};
use super::old::{Old, Relapse};
use super::results::{Course, Results, Worst};
use super::stats::interval;
use crate::report::Ink;
use crate::report::layout::{Sheet, Table, Tone, brief, clipped, count, many, too_hard};
use crate::sim::FailureKind;

/// What one scenario came to, in full: what was tried, what was looked at, and what failed.
#[must_use]
pub fn course(course: &Course, ink: Ink) -> String {
    let mut sheet = Sheet::new(ink);
    sheet.heading(&title(course));
    runs(&mut sheet, course);
    faults(&mut sheet, course);
    looked_at(&mut sheet, course);
    twice(&mut sheet, course);
    course.missing.iter().for_each(|missing| sheet.row_in(Tone::Odd, "vacuous", &missing.to_string()));
    findings(&mut sheet, course);
    let (tone, line) = verdict(course);
    sheet.raw("");
    sheet.line(tone, &line);
    sheet.into_text()
}

/// What one scenario of many came to: in full only where something is to be seen to.
#[must_use]
pub fn briefly(course: &Course, ink: Ink) -> String {
    let mut sheet = Sheet::new(ink);
    sheet.heading(&title(course));
    for difference in &course.recheck.differed {
        differed(&mut sheet, difference);
    }
    course.missing.iter().for_each(|missing| sheet.row_in(Tone::Odd, "vacuous", &missing.to_string()));
    findings(&mut sheet, course);
    sheet.into_text()
}

/// All scenarios of a campaign in one table, and what it comes to.
#[must_use]
pub fn summary(results: &Results, ink: Ink) -> String {
    let mut sheet = Sheet::new(ink);
    if results.scenarios.len() > 1 {
        sheet.heading("All scenarios");
        let mut table = Table::new(&["<scenario", "seeds", "failed", "empty", "below", "<verdict"]);
        for course in &results.scenarios {
            let tally = &course.tally;
            let [_, high] = interval(tally.failures(), tally.runs);
            let (tone, word) = word(course.worst());
            let word =
                if course.tally.expected.is_some() && course.worst() == Worst::Holds { "expected" } else { word };
            let cells = [name(course), count(tally.runs), count(tally.failures()), count(tally.empty), per_cent(high)];
            table.row(tone, cells.into_iter().chain([word.to_owned()]).collect());
        }
        sheet.table("", &table);
        sheet.row_in(
            Tone::Aside,
            "below",
            "the highest rate of failures that these runs leave room for, with 95% confidence",
        );
    }
    for unusable in &results.unusable {
        sheet.row_in(Tone::Bad, "unusable", &unusable.error);
    }
    // One scenario alone has its own last line.
    let is_told = results.scenarios.len() == 1 && results.unusable.is_empty() && results.corpus.is_empty();
    if !is_told || results.interrupted {
        sheet.raw("");
        let (tone, line) = last_line(results);
        sheet.line(tone, &line);
    }
    sheet.into_text()
}

/// Cases that were kept, and what they come to now.
#[must_use]
pub fn corpus(kept: &[Old], ink: Ink) -> String {
    let mut sheet = Sheet::new(ink);
    sheet.heading("Cases that were kept");
    let mut table = Table::new(&["<file", "<now", "<"]);
    for old in kept {
        let (tone, word) = match &old.now {
            Relapse::Fixed => (Tone::Good, "fixed"),
            Relapse::Broken { kind, .. } | Relapse::Other { kind, .. } => (Tone::Bad, relapsed(*kind)),
            Relapse::Unusable { .. } => (Tone::Bad, "unusable"),
        };
        table.row(tone, vec![old.file.clone(), word.to_owned(), clipped(&old.to_string(), 200)]);
    }
    sheet.table("", &table);
    sheet.into_text()
}

fn relapsed(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Panic => "panics",
        FailureKind::Safety | FailureKind::Liveness => "broken",
        FailureKind::Endless => "unknown",
    }
}

fn title(course: &Course) -> String {
    let bug = course.bug.as_ref().map_or_else(String::new, |bug| format!(", with {bug} planted"));
    format!("{} ({}{bug})", course.file, course.protocol)
}

fn name(course: &Course) -> String {
    match &course.bug {
        Some(bug) => format!("{} + {bug}", course.file),
        None => course.file.clone(),
    }
}

fn runs(sheet: &mut Sheet, course: &Course) {
    let tally = &course.tally;
    let ranges: Vec<String> = course.seeds.iter().map(|&[from, to]| range(from, to)).collect();
    let seeds = if ranges.is_empty() { String::new() } else { format!(": {}", ranges.join(", ")) };
    sheet.row("seeds", &format!("{}{seeds}", count(tally.runs)));
    let length = format!("{} of virtual time, {}", brief(tally.lasted), many(tally.events, "event"));
    sheet.row("simulated", &length);
    let odd = [(tally.empty, "empty: nothing got going before the heal"), (tally.excused, "excused: no core was left")];
    for (runs, why) in odd.into_iter().filter(|(runs, _)| *runs > 0) {
        sheet.row("", &format!("{} {why}", many(runs, "run")));
    }
    if let Some(slowest) = tally.slowest {
        sheet.row("slowest core", &format!("converged {} after the heal, seed {}", brief(slowest.after), slowest.seed));
    }
}

fn range(from: u64, to: u64) -> String {
    if to == from + 1 { from.to_string() } else { format!("{from} to {}", to - 1) }
}

fn faults(sheet: &mut Sheet, course: &Course) {
    let columns = ["<kind", "planned", "attempted", "took effect", "suppressed", "while a client waited"];
    let mut table = Table::new(&columns);
    for line in course.tally.ledger.used() {
        let numbers = [line.planned, line.attempted, line.took_effect, line.suppressed, line.overlapped];
        let cells = [line.kind.to_string()].into_iter().chain(numbers.map(count)).collect();
        table.row(if line.took_effect == 0 { Tone::Odd } else { Tone::Plain }, cells);
    }
    if table.is_empty() {
        sheet.row("faults", "none");
    } else {
        sheet.table("faults", &table);
    }
}

fn looked_at(sheet: &mut Sheet, course: &Course) {
    let mut table = Table::new(&["<", "evaluated", "<"]);
    for (name, &evaluated) in &course.tally.evaluated {
        let unknown = course.tally.unknown.get(name).copied().unwrap_or(0);
        let tone = if evaluated == 0 || unknown > 0 { Tone::Odd } else { Tone::Plain };
        table.row(tone, vec![name.clone(), count(evaluated), too_hard(unknown)]);
    }
    if !table.is_empty() {
        sheet.table("invariants", &table);
    }
    let facts: Vec<String> = course.tally.facts.iter().map(|(fact, n)| format!("{fact} {}", count(*n))).collect();
    sheet.row("facts", &facts.join(", "));
}

fn twice(sheet: &mut Sheet, course: &Course) {
    let recheck = &course.recheck;
    if recheck.twice > 0 && recheck.differed.is_empty() {
        let elsewhere = match recheck.elsewhere {
            0 => String::new(),
            n => format!(", and {} in another process", count(n)),
        };
        sheet.row("determinism", &format!("{} done twice{elsewhere}: no difference", many(recheck.twice, "run")));
    }
    recheck.differed.iter().for_each(|difference| differed(sheet, difference));
}

fn differed(sheet: &mut Sheet, difference: &super::Difference) {
    sheet.row_in(Tone::Bad, "differs", &format!("seed {}: {}", difference.seed, difference.what));
    if let Some(parting) = &difference.parting {
        sheet.row("", &format!("at event {}, {}:", count(parting.event), parting.at));
        for (which, happened) in ["one", "the other"].into_iter().zip(&parting.happened) {
            sheet.row("", &format!("{which}: {}", clipped(happened, 200)));
        }
    }
}

fn findings(sheet: &mut Sheet, course: &Course) {
    for finding in &course.tally.findings {
        show(sheet, finding, course.tally.runs);
        finding.kept.iter().for_each(|kept| show_kept(sheet, kept));
    }
}

fn show(sheet: &mut Sheet, finding: &Finding, runs: u64) {
    let what = match finding.shape.fault {
        FailureKind::Panic => "PANIC".to_owned(),
        FailureKind::Endless => "UNKNOWN".to_owned(),
        FailureKind::Safety | FailureKind::Liveness => format!("BROKEN: {}", finding.shape.property),
    };
    let often = format!("{} of {} seeds", count(finding.count), count(runs));
    sheet.raw("");
    sheet.row_in(Tone::Bad, "found", &format!("{what}, in {often}"));
    sheet.row("", &finding.shape.kind);
    let (first, cheapest) = (&finding.first, &finding.cheapest);
    sheet.row("first", &format!("seed {}, at {}", first.seed, first.at));
    for (name, value) in &first.evidence.values {
        sheet.row("", &format!("{name} {}", clipped(value, 200)));
    }
    if cheapest.seed != first.seed {
        sheet.row(
            "cheapest",
            &format!("seed {}, at {}, {}", cheapest.seed, cheapest.at, many(cheapest.events, "event")),
        );
    }
}

fn show_kept(sheet: &mut Sheet, kept: &Kept) {
    sheet.row("reproducer", &kept.reproducer);
    sheet.row("replay it:", &kept.replay);
    if let Some(report) = &kept.report {
        sheet.row("look at it:", report);
    }
    if let Some(shrunk) = &kept.shrunk {
        sheet.row("shrunk", shrunk);
    }
    if let Some(why) = &kept.why {
        sheet.row("why", why);
    }
}

fn word(worst: Worst) -> (Tone, &'static str) {
    match worst {
        Worst::Panicked => (Tone::Bad, "PANICS"),
        Worst::Unusable => (Tone::Bad, "UNUSABLE"),
        Worst::Differed => (Tone::Bad, "DIFFERS"),
        Worst::Safety => (Tone::Bad, "FAILS (safety)"),
        Worst::Liveness => (Tone::Bad, "FAILS (liveness)"),
        Worst::Vacuous => (Tone::Odd, "VACUOUS"),
        Worst::Endless => (Tone::Odd, "UNKNOWN"),
        Worst::Holds => (Tone::Plain, "holds"),
    }
}

/// What one scenario comes to, and how sure that is.
fn verdict(course: &Course) -> (Tone, String) {
    let tally = &course.tally;
    let (tone, word) = word(course.worst());
    let tone = if tone == Tone::Plain { Tone::Good } else { tone };
    let line = match (course.worst(), &tally.expected) {
        (Worst::Holds, _) if tally.runs == 0 => return (Tone::Odd, format!("NOTHING: {}", sure(0, 0))),
        (Worst::Holds, Some(expected)) => {
            let often = format!("{} of {} seeds", count(expected.count), count(tally.runs));
            return (
                Tone::Good,
                format!("BREAKS AS EXPECTED: {} in {often}, and nothing else", expected.shape.property),
            );
        }
        (Worst::Holds, None) => format!("HOLDS: {}", sure(tally.failures(), tally.runs)),
        _ => format!("{word}: {}", sure(tally.failures(), tally.runs)),
    };
    (tone, line)
}

/// The one sentence on how much so many seeds say.
#[must_use]
pub fn sure(failures: u64, runs: u64) -> String {
    let [low, high] = interval(failures, runs);
    match (failures, runs) {
        (_, 0) => "no seed was run, which says nothing".to_owned(),
        (0, _) => format!(
            "no failure in {}, which means a failure rate below {} at 95% confidence",
            many(runs, "seed"),
            per_cent(high)
        ),
        _ => format!(
            "{} in {}, which means a failure rate from {} to {} at 95% confidence",
            many(failures, "failure"),
            many(runs, "seed"),
            per_cent(low),
            per_cent(high)
        ),
    }
}

/// A rate with two digits that count.
fn per_cent(rate: f64) -> String {
    let rate = rate * 100.0;
    let places = match rate {
        10.0.. => 0,
        1.0.. => 1,
        0.1.. => 2,
        0.01.. => 3,
        0.001.. => 4,
        _ => 5,
    };
    format!("{rate:.places$}%")
}

fn last_line(results: &Results) -> (Tone, String) {
    let (tone, word) = word(results.worst());
    let (tone, word) = match results.worst() {
        Worst::Holds if results.interrupted => (Tone::Odd, "INTERRUPTED"),
        Worst::Holds => (Tone::Good, "HOLDS"),
        _ => (tone, word),
    };
    let sum = |of: fn(&Course) -> u64| results.scenarios.iter().map(of).sum::<u64>();
    let failures = sum(|course| course.tally.failures());
    let kept = results.corpus.iter().filter(|old| old.is_bad()).count() as u64;
    let mut parts =
        vec![many(results.scenarios.len() as u64, "scenario"), many(sum(|course| course.tally.runs), "run")];
    if failures > 0 {
        parts.push(many(failures, "failure"));
        parts.push(many(sum(|course| course.tally.findings.len() as u64), "finding"));
    }
    if !results.corpus.is_empty() {
        parts.push(format!("{} of {} that were kept fail", count(kept), many(results.corpus.len() as u64, "case")));
    }
    let mut line = format!("{word}: {}", parts.join(", "));
    if results.worst() == Worst::Vacuous && failures == 0 {
        line += "; nothing failed, and something that should have been seen was not";
    }
    if !results.unusable.is_empty() {
        line += &format!("; {} could not be run", many(results.unusable.len() as u64, "file"));
    }
    if results.interrupted {
        line += "; interrupted";
    }
    (tone, line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_sure_one_can_be_is_said_in_a_sentence() {
        assert_eq!(
            sure(0, 10_000),
            "no failure in 10,000 seeds, which means a failure rate below 0.030% at 95% confidence"
        );
        assert_eq!(sure(0, 1), "no failure in 1 seed, which means a failure rate below 95% at 95% confidence");
        assert_eq!(
            sure(10, 100),
            "10 failures in 100 seeds, which means a failure rate from 4.9% to 18% at 95% confidence"
        );
    }
}
