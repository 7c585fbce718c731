//! What a sweep came to, in the words of a terminal, and as a document.

use serde::Serialize;

use super::baseline::Comparison;
use super::page::{Pictured, agreement, charted};
use super::plot::{Parting, words};
use super::results::Results;
use super::{unit_of, written};
use crate::report::Ink;
use crate::report::layout::{Sheet, Table, Tone, count, many};

/// A table longer than this is for the page.
const ROWS_MAX: usize = 40;

/// What it came to: the figures of the charts, and where they part from theory.
#[must_use]
pub fn text(results: &Results, charts: &[Pictured], folder: &str, ink: Ink) -> String {
    let mut sheet = Sheet::new(ink);
    let design = &results.header.design;
    sheet.heading(&design.about);
    let runs: u64 = results.cells.iter().map(|cell| cell.seeds).sum();
    let axes: Vec<String> = design.vary.iter().map(|axis| format!("{} {}", axis.points.len(), axis.name)).collect();
    sheet.row(
        "grid",
        &format!("{} ({}), {}", many(results.cells.len() as u64, "cell"), axes.join(" × "), many(runs, "run")),
    );
    let figures = charted(results, charts);
    if results.cells.len() <= ROWS_MAX {
        // As many as fit beside each other; all of them are on the page.
        let fitting = (1..=figures.len()).rev().map(|n| table(results, &figures[..n])).find(Table::fits);
        sheet.table("figures", &fitting.unwrap_or_else(|| table(results, &figures[..figures.len().min(1)])));
    } else {
        let names: Vec<String> = figures.iter().map(|name| words(name)).collect();
        sheet.row("figures", &names.join("; "));
    }
    let broken: u64 = results.cells.iter().flat_map(|cell| cell.broke.values()).sum();
    if broken > 0 {
        sheet.row_in(
            Tone::Odd,
            "broken",
            &format!("in {} some property broke; the page says where", many(broken, "run")),
        );
    }
    for drawn in charts.iter().map(|chart| &chart.drawn).filter(|drawn| drawn.held > 0) {
        let tone = if drawn.parted.len() * 10 > drawn.held { Tone::Odd } else { Tone::Plain };
        sheet.row_in(tone, "theory", &agreement(drawn));
    }
    sheet.row(
        "written",
        &format!("{folder}/index.html, cells.json, cells.csv, {} as SVG and PNG", many(charts.len() as u64, "chart")),
    );
    sheet.into_text()
}

/// A row for each cell. Where there are few figures, each has its interval beside it.
fn table(results: &Results, figures: &[String]) -> Table {
    let with_intervals = figures.len() <= 2;
    let mut columns: Vec<String> = results.header.design.vary.iter().map(|axis| format!("<{}", axis.name)).collect();
    columns.push("seeds".to_owned());
    for figure in figures {
        columns.push(words(figure));
        columns.extend(with_intervals.then(|| "<95 %".to_owned()));
    }
    let mut table = Table::new(&columns);
    for cell in &results.cells {
        let mut row: Vec<String> = cell.at.iter().cloned().chain([count(cell.seeds)]).collect();
        for name in figures {
            let unit = unit_of(&results.metrics, name);
            let figure = cell.figure(name);
            row.push(figure.map_or_else(|| "-".to_owned(), |figure| written::value(figure.value, unit)));
            row.extend(
                with_intervals.then(|| figure.map_or_else(String::new, |figure| written::interval(&figure, unit))),
            );
        }
        table.row(Tone::Plain, row);
    }
    table
}

/// Whether curves got worse than they were.
#[must_use]
pub fn comparison(results: &Results, comparison: &Comparison, ink: Ink) -> String {
    let mut sheet = Sheet::new(ink);
    sheet.raw("");
    let open = match comparison.open {
        0 => String::new(),
        open => format!(" ({} of them without a bound)", count(open)),
    };
    let compared = format!("{}{open}", many(comparison.compared, "figure"));
    if comparison.worse.is_empty() {
        sheet.line(Tone::Good, &format!("HOLDS: of {compared} none is worse than in the baseline"));
        return sheet.into_text();
    }
    let worse = comparison.worse.len() as u64;
    sheet.line(Tone::Bad, &format!("WORSE: {} of {compared} got worse than noise and tolerance allow", count(worse)));
    let names: Vec<&str> = results.header.design.vary.iter().map(|axis| axis.name.as_str()).collect();
    for found in comparison.worse.iter().take(ROWS_MAX) {
        let at: Vec<String> = names.iter().zip(&found.at).map(|(name, label)| format!("{name} {label}")).collect();
        let [was, allowed] = [found.was, found.allowed].map(|value| written::value(value, found.unit));
        let now = found.is.map_or_else(
            || "has none any more".to_owned(),
            |is| format!("is {}; {allowed} is allowed", written::value(is, found.unit)),
        );
        sheet.row_in(Tone::Bad, &words(&found.figure), &format!("{}: was {was}, {now}", at.join(", ")));
    }
    if worse > ROWS_MAX as u64 {
        sheet.row_in(Tone::Aside, "", &format!("and {} more", count(worse - ROWS_MAX as u64)));
    }
    sheet.into_text()
}

/// Everything, as a document.
#[derive(Debug, Serialize)]
pub struct Document<'a> {
    #[serde(flatten)]
    results: &'a Results,
    /// What was held against theory, by chart.
    theory: Vec<Agreement<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline: Option<&'a Comparison>,
    exit_code: u8,
}

#[derive(Debug, Serialize)]
struct Agreement<'a> {
    chart: &'a str,
    theory: &'a str,
    held: usize,
    parted: &'a [Parting],
}

/// Everything, as a document, which ends as the program does.
#[must_use]
pub fn document<'a>(
    results: &'a Results,
    charts: &'a [Pictured],
    baseline: Option<&'a Comparison>,
    exit_code: u8,
) -> Document<'a> {
    let theory = charts.iter().map(|chart| &chart.drawn).filter_map(|drawn| {
        let theory = drawn.theory?.name;
        Some(Agreement { chart: &drawn.name, theory, held: drawn.held, parted: &drawn.parted })
    });
    Document { results, theory: theory.collect(), baseline, exit_code }
}
