//! All of a sweep on one page, which needs nothing else: its charts, its figures, where they part from theory, the
//! scenario, and the command that makes it again.

use std::fmt::{self, Write};

use super::cell::Cell;
use super::plot::{Drawn, words};
use super::results::Results;
use super::sample::VIOLATIONS;
use super::written;
use crate::report::layout::{count, many};
use crate::report::markup::Safe;

/// A chart that was drawn, with its picture.
#[derive(Clone, Debug)]
pub struct Pictured {
    /// The chart.
    pub drawn: Drawn,
    /// It as SVG.
    pub svg: String,
}

/// The page.
#[must_use]
pub fn html(name: &str, results: &Results, charts: &[Pictured]) -> String {
    let mut page = String::new();
    // Writing to a text does not fail.
    let _ = Page { name, results, charts }.write(&mut page);
    page
}

struct Page<'a> {
    name: &'a str,
    results: &'a Results,
    charts: &'a [Pictured],
}

const STYLE: &str = include_str!("page.css");

impl Page<'_> {
    fn write(&self, page: &mut String) -> fmt::Result {
        let Results { header, cells, .. } = self.results;
        let name = Safe(self.name);
        writeln!(page, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">")?;
        writeln!(page, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")?;
        writeln!(page, "<link rel=\"icon\" href=\"data:,\">\n<title>{name}: a sweep of seedstorm</title>")?;
        writeln!(page, "<style>\n{STYLE}</style>\n</head>\n<body>\n<h1>{name}</h1>")?;
        writeln!(page, "<p class=\"about\">{}</p>", Safe(&header.design.about))?;
        let runs: u64 = cells.iter().map(|cell| cell.seeds).sum();
        let axes: Vec<String> =
            header.design.vary.iter().map(|axis| format!("{} × {}", axis.points.len(), axis.name)).collect();
        let size = format!("{} ({}), {}", many(cells.len() as u64, "cell"), axes.join(", "), many(runs, "run"));
        writeln!(page, "<p class=\"dim\">{}</p>", Safe(size))?;
        self.provenance(page)?;
        self.theory(page)?;
        for Pictured { drawn, svg } in self.charts {
            let file = Safe(&drawn.name);
            writeln!(page, "<figure id=\"{file}\">\n{svg}")?;
            writeln!(
                page,
                "<figcaption><a href=\"{file}.svg\">SVG</a> <a href=\"{file}.png\">PNG</a></figcaption></figure>"
            )?;
        }
        self.table(page)?;
        self.broken(page)?;
        self.quantities(page)?;
        self.scenario(page)?;
        writeln!(page, "</body>\n</html>")
    }

    fn provenance(&self, page: &mut String) -> fmt::Result {
        let header = &self.results.header;
        writeln!(page, "<pre class=\"command\">{}</pre>", Safe(&header.command))?;
        let revision = header.revision.as_ref().map_or_else(String::new, |revision| format!(" at revision {revision}"));
        let shard = header.shard.as_ref().map_or_else(String::new, |shard| format!(", shard {shard} alone"));
        let [from, to] = header.design.seeds;
        let made = format!("seedstorm {}{revision}{shard}, seeds {from} to {}", header.version, to - 1);
        let until = header.design.until.as_ref().map_or_else(String::new, |until| {
            let width = String::from(until.width);
            format!(
                "; a cell ends once the interval of {} is no wider than {width}, looked at after 50, 100, 200, … seeds",
                until.metric
            )
        });
        writeln!(page, "<p class=\"dim\">{}</p>", Safe(format!("{made}{until}.")))
    }

    /// Where measurement and theory part.
    fn theory(&self, page: &mut String) -> fmt::Result {
        let held: Vec<&Drawn> = self.charts.iter().map(|chart| &chart.drawn).filter(|drawn| drawn.held > 0).collect();
        if held.is_empty() {
            return Ok(());
        }
        writeln!(page, "<h2>Measured and computed</h2>\n<ul>")?;
        for drawn in held {
            let sentence = agreement(drawn);
            writeln!(page, "<li>{}", Safe(sentence))?;
            if !drawn.parted.is_empty() {
                writeln!(page, "<details><summary>where they part</summary><table>")?;
                let axes = self.results.header.design.vary.iter().map(|axis| format!("<th>{}", Safe(&axis.name)));
                writeln!(page, "<tr>{}<th>measured<th>computed</tr>", axes.collect::<String>())?;
                let unit = super::unit_of(&self.results.metrics, &drawn.figure);
                for parting in &drawn.parted {
                    let at: String = parting.at.iter().map(|label| format!("<td>{}", Safe(label))).collect();
                    let [measured, computed] =
                        [written::figure(&parting.measured, unit), written::value(parting.computed, unit)].map(Safe);
                    writeln!(page, "<tr>{at}<td>{measured}<td>{computed}</tr>")?;
                }
                writeln!(page, "</table></details>")?;
            }
            writeln!(page, "</li>")?;
        }
        writeln!(page, "</ul>")
    }

    /// The figures of all charts, cell by cell.
    fn table(&self, page: &mut String) -> fmt::Result {
        let figures = charted(self.results, self.charts);
        writeln!(
            page,
            "<h2>Figures</h2>\n<p class=\"dim\">With the interval that holds the truth with 95 % confidence. All other figures are in <a href=\"cells.csv\">cells.csv</a> and <a href=\"cells.json\">cells.json</a>.</p>"
        )?;
        write!(page, "<div class=\"wide\"><table><thead><tr>")?;
        for axis in &self.results.header.design.vary {
            write!(page, "<th>{}", Safe(&axis.name))?;
        }
        write!(page, "<th>seeds")?;
        for figure in &figures {
            write!(page, "<th>{}", Safe(words(figure)))?;
        }
        writeln!(page, "</tr></thead><tbody>")?;
        for cell in &self.results.cells {
            write!(page, "<tr>")?;
            for label in &cell.at {
                write!(page, "<td>{}", Safe(label))?;
            }
            write!(page, "<td>{}", count(cell.seeds))?;
            for name in &figures {
                let unit = super::unit_of(&self.results.metrics, name);
                let figure = cell.figure(name).map_or_else(|| "–".to_owned(), |figure| written::figure(&figure, unit));
                write!(page, "<td>{}", Safe(figure))?;
            }
            writeln!(page, "</tr>")?;
        }
        writeln!(page, "</tbody></table></div>")
    }

    fn broken(&self, page: &mut String) -> fmt::Result {
        let broken: Vec<&Cell> = self.results.cells.iter().filter(|cell| !cell.broke.is_empty()).collect();
        if broken.is_empty() {
            return writeln!(page, "<p>No property broke in any run.</p>");
        }
        writeln!(
            page,
            "<h2>What broke</h2>\n<p class=\"dim\">A run ends with its first violation; what is measured in it ends there, too.</p>"
        )?;
        writeln!(page, "<div class=\"wide\"><table><tr>")?;
        for axis in &self.results.header.design.vary {
            write!(page, "<th>{}", Safe(&axis.name))?;
        }
        writeln!(page, "<th>property<th>runs<th>of</tr>")?;
        for cell in broken {
            let at: String = cell.at.iter().map(|label| format!("<td>{}", Safe(label))).collect();
            for (property, runs) in &cell.broke {
                writeln!(page, "<tr>{at}<td>{}<td>{}<td>{}</tr>", Safe(property), count(*runs), count(cell.seeds))?;
            }
        }
        writeln!(page, "</table></div>")
    }

    fn quantities(&self, page: &mut String) -> fmt::Result {
        writeln!(page, "<h2>What was measured</h2>\n<dl>")?;
        for metric in &self.results.metrics {
            writeln!(page, "<dt>{}<dd>{}", Safe(&metric.name), Safe(&metric.about))?;
        }
        writeln!(page, "<dt>{VIOLATIONS}<dd>runs in which a property broke, of all</dl>")?;
        writeln!(page, "<p class=\"dim\">{}</p>", Safe(METHODS))
    }

    fn scenario(&self, page: &mut String) -> fmt::Result {
        let design = &self.results.header.design;
        writeln!(page, "<h2>The scenario</h2>\n<p class=\"dim\">Before anything varies:</p>")?;
        let text = serde_json::to_string_pretty(&design.scenario).unwrap_or_default();
        writeln!(page, "<pre>{}</pre>\n<p class=\"dim\">What varies:</p>\n<dl>", Safe(text))?;
        for axis in &design.vary {
            let labels: Vec<&str> = axis.points.iter().map(|point| point.label.as_str()).collect();
            writeln!(page, "<dt>{}<dd>{}", Safe(&axis.name), Safe(labels.join(", ")))?;
        }
        writeln!(page, "</dl>")
    }
}

/// How intervals are made.
const METHODS: &str = "Intervals: of proportions of runs those of Wilson, and of Clopper and Pearson where hits or misses \
    are fewer than five; of shares the same with the effective number of operations, by how far runs differ from each \
    other (Korn and Graubard); of rates the wider of Garwood's and the one by the spread among runs; of means by Student's \
    distribution over runs; of quantiles by order statistics, with as many independent values as all are worth (Woodruff).";

/// The figures of these charts, each once. Whole distributions are none.
pub(super) fn charted(results: &Results, charts: &[Pictured]) -> Vec<String> {
    let mut figures: Vec<String> = Vec::new();
    for name in charts.iter().map(|chart| &chart.drawn.figure) {
        if !figures.contains(name) && results.cells.iter().any(|cell| cell.figure(name).is_some()) {
            figures.push(name.clone());
        }
    }
    figures
}

/// How a chart agrees with what is computed, in a sentence.
#[must_use]
pub fn agreement(drawn: &Drawn) -> String {
    let about = drawn.theory.map_or("theory", |theory| theory.about);
    let [held, parted] = [drawn.held, drawn.parted.len()];
    let chance = (held as f64 * 0.05).ceil();
    let rest = match parted {
        0 => "all of them agree within their intervals".to_owned(),
        _ => format!("{parted} differ by more than their intervals, where chance alone makes about {chance}"),
    };
    format!("{}: {} held against {about}; {rest}", words(&drawn.figure), many(held as u64, "point"))
}
