//! What a sweep leaves behind: its cells, its charts, and one page with all of it.

use std::path::Path;

use super::stop::Stop;
use crate::campaign::sweep::journal::{CELLS, Over, Refusal};
use crate::campaign::sweep::page::{self, Pictured};
use crate::campaign::sweep::plot::plots;
use crate::campaign::sweep::results::joined;
use crate::campaign::sweep::{Header, Results};
use crate::campaign::write_whole;
use crate::lab::Experiment;
use crate::report::chart;

/// Where the files go.
pub(super) struct Files<'a> {
    pub(super) folder: &'a Path,
    pub(super) experiments: &'a [&'a dyn Experiment],
}

/// Why a sweep cannot be written there.
pub(super) fn refused(refusal: Refusal) -> Stop {
    match refusal {
        Refusal::Taken(message) => Stop::input(message),
        Refusal::Io(path, error) => Stop::unwritable(&path, &error),
    }
}

/// What these cells come to together.
pub(super) fn results(header: Header, mut over: Vec<Over>) -> Results {
    // In their order, for of quantities that are told in different words the first one's count.
    over.sort_by_key(|over| over.cell.cell);
    let (cells, metrics): (Vec<_>, Vec<_>) = over.into_iter().map(|over| (over.cell, over.metrics)).unzip();
    Results::new(header, joined(metrics.into_iter().flatten()), cells)
}

impl Files<'_> {
    /// The cells, from which all else is made.
    pub(super) fn save(&self, results: &Results) -> Result<(), Stop> {
        self.put(CELLS, results.text().as_bytes())
    }

    /// Everything that is made from the cells; the charts, to tell of them.
    pub(super) fn write(&self, results: &Results) -> Result<Vec<Pictured>, Stop> {
        self.save(results)?;
        let csv = results.csv().map_err(|error| Stop::input(format!("cells.csv: {error}")))?;
        self.put("cells.csv", &csv)?;
        let mut charts = Vec::new();
        for plot in plots(results) {
            let drawn = plot.draw(results, self.experiments).map_err(Stop::input)?;
            let refuse = |why: chart::Undrawable| Stop::input(format!("the chart {:?}: {why}", plot.name));
            let svg = chart::svg(&drawn.chart).map_err(refuse)?;
            self.put(&format!("{}.svg", plot.name), svg.as_bytes())?;
            self.put(&format!("{}.png", plot.name), &chart::png(&drawn.chart).map_err(refuse)?)?;
            charts.push(Pictured { drawn, svg });
        }
        let name =
            self.folder.file_name().map_or_else(|| "sweep".to_owned(), |name| name.to_string_lossy().into_owned());
        self.put("index.html", page::html(&name, results, &charts).as_bytes())?;
        Ok(charts)
    }

    fn put(&self, name: &str, content: &[u8]) -> Result<(), Stop> {
        let path = self.folder.join(name);
        write_whole(&path, content).map_err(|error| Stop::unwritable(&path, &error))
    }
}
