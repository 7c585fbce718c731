//! What happened in a run: what struck, what clients saw, what was sent, and how often each invariant was looked at.

use super::layout::{Ink, Sheet, Table, Tone, brief, count, many, share, too_hard};
use super::words;
use crate::check::PropertyInfo;
use crate::check::measure::{Measure, Reading, Summary, each, fraction, per_second, summary, summary_of_times};
use crate::ids::FaultKind;
use crate::lab::Experiment;
use crate::scenario::Scenario;
use crate::sim::{Counters, Ending, Liveness, Outcome, PropertyLine, Sent, Traffic};

/// What happened in a run, as text.
#[must_use]
pub fn text(experiment: &dyn Experiment, scenario: &Scenario, outcome: &Outcome, ink: Ink) -> String {
    let mut sheet = Sheet::new(ink);
    sheet.raw("");
    sheet.line(Tone::Heading, "What happened");
    faults(&mut sheet, outcome);
    facts(&mut sheet, experiment, outcome);
    clients(&mut sheet, outcome);
    messages(&mut sheet, &outcome.counters);
    traffic(&mut sheet, outcome.traffic.as_ref());
    nodes(&mut sheet, &outcome.counters, outcome.traffic.as_ref());
    measured(&mut sheet, &outcome.measures);
    invariants(&mut sheet, scenario, outcome);
    let (tone, line) = liveness(outcome);
    sheet.row_in(tone, "liveness", &line);
    sheet.row("length", &format!("{} of virtual time, {}", outcome.ended_at, many(outcome.events, "event")));
    sheet.row("digest", &outcome.digest.to_string());
    for note in notes(outcome) {
        sheet.row_in(Tone::Odd, "note", &note);
    }
    sheet.into_text()
}

/// What a reader should know before relying on a run that holds.
#[must_use]
pub fn notes(outcome: &Outcome) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(why) = &outcome.empty {
        notes.push(format!("the run was empty: {why}"));
    }
    if outcome.liveness == Liveness::Excused {
        notes.push("too few nodes were fit to be a core, so that liveness was excused".to_owned());
    }
    // A run that something ended early had no time for the rest of its plan.
    let idle = outcome.ledger.used().filter(|line| line.planned > 0 && line.took_effect == 0);
    if outcome.ending == Ending::Completed {
        notes.extend(idle.map(|line| format!("{} was planned and never took effect", line.kind)));
    }
    if !outcome.unmatched.is_empty() {
        notes.push(format!("{} in the plan matched no message", many(outcome.unmatched.len() as u64, "fixed fate")));
    }
    let rest = [(outcome.undrawn.len(), "fixed draw"), (outcome.unasked.len(), "operation left out")];
    for (count, what) in rest.into_iter().filter(|(count, _)| *count > 0) {
        notes.push(format!("{} in the plan that nobody came to", many(count as u64, what)));
    }
    notes
}

fn faults(sheet: &mut Sheet, outcome: &Outcome) {
    let columns = ["<kind", "planned", "attempted", "took effect", "suppressed", "while a client waited"];
    let mut table = Table::new(&columns);
    for line in outcome.ledger.used().filter(|line| line.planned > 0) {
        let numbers = [line.planned, line.attempted, line.took_effect, line.suppressed, line.overlapped];
        let mut cells = vec![line.kind.to_string()];
        cells.extend(numbers.map(count));
        table.row(if line.took_effect == 0 { Tone::Odd } else { Tone::Plain }, cells);
    }
    if table.is_empty() {
        sheet.row("faults", "none");
    } else {
        sheet.table("faults", &table);
    }
}

fn facts(sheet: &mut Sheet, experiment: &dyn Experiment, outcome: &Outcome) {
    let seen: Vec<String> = outcome.facts.iter().map(|(name, n)| format!("{name} {}", count(*n))).collect();
    sheet.row("facts", &seen.join(", "));
    let missing = |name: &&str| !outcome.facts.iter().any(|(seen, n)| seen == name && *n > 0);
    let missing: Vec<&str> = experiment.sometimes().iter().copied().filter(missing).collect();
    if !missing.is_empty() {
        sheet.row_in(Tone::Aside, "", &format!("not in this run: {}", missing.join(", ")));
    }
}

fn clients(sheet: &mut Sheet, outcome: &Outcome) {
    let seen = &outcome.clients;
    let all = seen.ok + seen.fail + seen.info;
    if all == 0 {
        return;
    }
    let gap = brief(seen.longest_gap);
    sheet.row(
        "operations",
        &format!("{} ok, {} fail, {} info (nobody knows)", count(seen.ok), count(seen.fail), count(seen.info)),
    );
    sheet.row("availability", &format!("{} ok; longest gap without an answer {gap}", share(seen.ok, all)));
    if let Some(latency) = seen.latency {
        let [median, ninety, ninety_nine, longest] = latency.map(brief);
        sheet.row("latency", &format!("p50 {median}, p90 {ninety}, p99 {ninety_nine}, max {longest}"));
    }
}

fn messages(sheet: &mut Sheet, counters: &Counters) {
    let parts = [
        (counters.delivered, "delivered"),
        (counters.lost, "lost"),
        (counters.cut, "cut off"),
        (counters.doubled, "doubled"),
        (counters.held, "held for a while"),
        (counters.dropped, "found nobody home"),
    ];
    sheet.row("messages", &format!("{} sent: {}", count(counters.sent), listed(&parts)));
}

/// What nodes sent to each other, and how much of it each command took.
fn traffic(sheet: &mut Sheet, traffic: Option<&Traffic>) {
    let Some(traffic) = traffic.filter(|traffic| !traffic.kinds.is_empty()) else { return };
    let mut table = Table::new(&["<kind", "sent", "per command"]);
    for Sent { kind, sent, per_hundred_commands } in &traffic.kinds {
        table.row(Tone::Plain, vec![kind.clone(), count(*sent), per_command(*per_hundred_commands)]);
    }
    let all: u64 = traffic.kinds.iter().map(|kind| kind.sent).sum();
    let each = all.saturating_mul(100).checked_div(traffic.commands);
    table.row(
        Tone::Plain,
        vec![
            match traffic.commands {
                0 => "all".to_owned(),
                commands => format!("all, for {}", many(commands, "command")),
            },
            count(all),
            per_command(each),
        ],
    );
    sheet.table("between nodes", &table);
    if let Some(Summary { mean, min, max, .. }) = &traffic.per_node_second {
        sheet.row("", &format!("{mean} messages a second from each node on average, the least {min}, the most {max}"));
    }
}

/// Hundredths, as a number with two places.
fn per_command(hundredths: Option<u64>) -> String {
    hundredths.map_or_else(|| "-".to_owned(), |n| format!("{}.{:02}", count(n / 100), n % 100))
}

fn nodes(sheet: &mut Sheet, counters: &Counters, traffic: Option<&Traffic>) {
    let each = traffic.and_then(|traffic| traffic.forced_per_hundred_commands);
    let forced = match each {
        Some(_) => format!("forced ({} per command)", per_command(each)),
        None => "forced".to_owned(),
    };
    let parts = [
        (counters.boots, "boots"),
        (counters.crashes, "crashes"),
        (counters.refused, "refusals to run"),
        (counters.timers, "timers ran out"),
        (counters.syncs, "records written"),
        (counters.forced, &forced),
    ];
    sheet.row("nodes", &listed(&parts));
}

/// What the properties measured; nothing where none did.
fn measured(sheet: &mut Sheet, measures: &[Measure]) {
    let mut distributions = Table::new(&["<", "count", "mean", "p50", "p90", "p99", "max"]);
    let mut ratios = Table::new(&["<", "", "<"]);
    for Measure { name, about, reading, .. } in measures {
        let cells = match reading {
            Reading::Times(times) => {
                summary_of_times(times).map(|of| (of.count, [of.mean, of.p50, of.p90, of.p99, of.max].map(brief)))
            }
            Reading::Counts(counts) => {
                summary(counts).map(|of| (of.count, [of.mean, of.p50, of.p90, of.p99, of.max].map(count)))
            }
            Reading::Share { part, whole } => {
                let share = if *whole == 0 { "-".to_owned() } else { fraction(*part, *whole) };
                let cells = vec![(*name).to_owned(), share, (*about).to_owned()];
                ratios.row(Tone::Plain, cells);
                continue;
            }
            Reading::Rate { count, over } => {
                let rate = format!("{}/s", per_second(*count, *over));
                ratios.row(Tone::Plain, vec![(*name).to_owned(), rate, (*about).to_owned()]);
                continue;
            }
            Reading::TimeEach { total, of } => {
                let cells = vec![(*name).to_owned(), brief(each(*total, *of)), (*about).to_owned()];
                ratios.row(Tone::Plain, cells);
                continue;
            }
            Reading::CountEach { total, of } => {
                let each = fraction((*total).into(), (*of).into());
                ratios.row(Tone::Plain, vec![(*name).to_owned(), each, (*about).to_owned()]);
                continue;
            }
        };
        let (values, cells) = cells.unwrap_or_else(|| (0, ["-"; 5].map(str::to_owned)));
        let cells = [(*name).to_owned(), count(values)].into_iter().chain(cells);
        distributions.row(Tone::Plain, cells.collect());
    }
    for (label, table) in [("measured", &distributions), ("ratios", &ratios)] {
        if !table.is_empty() {
            sheet.table(label, table);
        }
    }
}

/// The counts that are not zero; the first in any case.
fn listed(parts: &[(u64, &str)]) -> String {
    let shown = parts.iter().enumerate().filter(|(place, (n, _))| *place == 0 || *n > 0);
    shown.map(|(_, (n, what))| format!("{} {what}", count(*n))).collect::<Vec<String>>().join(", ")
}

fn invariants(sheet: &mut Sheet, scenario: &Scenario, outcome: &Outcome) {
    let mut table = Table::new(&["<", "<", "evaluated", "<"]);
    for line in &outcome.properties {
        let broken = outcome.violation.as_ref().is_some_and(|violation| violation.property == line.info.name);
        let (tone, word) = match line.evaluated {
            _ if broken => (Tone::Bad, "BROKEN"),
            0 if line.unknown > 0 => (Tone::Odd, "unknown"),
            0 => (Tone::Odd, "never evaluated"),
            _ => (Tone::Plain, "held"),
        };
        let cells = vec![line.info.name.to_owned(), word.to_owned(), count(line.evaluated), why_not(scenario, line)];
        table.row(tone, cells);
    }
    if !table.is_empty() {
        sheet.table("invariants", &table);
    }
}

/// Why a property was never evaluated, where its nature tells.
fn why_not(scenario: &Scenario, line: &PropertyLine) -> String {
    let PropertyInfo { needs, after, .. } = line.info;
    if line.unknown > 0 {
        return too_hard(line.unknown);
    }
    if line.evaluated > 0 || (needs.is_empty() && after.is_empty()) {
        return String::new();
    }
    if needs.is_empty() {
        return format!("(no {after} to look at)");
    }
    let names = needs.iter().map(|kind| kind.name()).collect::<Vec<&str>>().join(" or ");
    if needs.iter().any(|&kind: &FaultKind| scenario.faults.asks_for(kind)) {
        format!("(needs {names}, which the scenario has)")
    } else {
        format!("(needs {names}, which the scenario does not have)")
    }
}

fn liveness(outcome: &Outcome) -> (Tone, String) {
    match &outcome.liveness {
        Liveness::NotAsked => (Tone::Plain, "not asked for".to_owned()),
        Liveness::NotReached => (Tone::Plain, "not reached: the run ended before the heal".to_owned()),
        Liveness::Excused => (Tone::Odd, "excused: no core could be named".to_owned()),
        Liveness::Converged { core, after } => {
            (Tone::Plain, format!("the core {} converged {} after the heal", words::set(core), brief(*after)))
        }
        Liveness::Failed { core } if outcome.ending == Ending::Liveness => {
            (Tone::Bad, format!("the core {} was healed and did not do what it must", words::set(core)))
        }
        Liveness::Failed { core } => {
            (Tone::Plain, format!("the core {} was healed; the run ended before its time was up", words::set(core)))
        }
    }
}
