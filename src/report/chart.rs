//! Charts for reports and papers: plain data in, SVG text and PNG bytes out.
//!
//! A chart is laid out once, into lines, areas and texts, and these are drawn by `plotters` into either
//! format, so that the two show the same. Texts are measured with DejaVu Sans, which is embedded: a picture needs no
//! font of the machine that draws it, and its bytes depend on the chart alone.
//!
//! Series differ by hue, by lightness and by the shape of their markers, so that they are told apart in greyscale and
//! by readers who see few colours (Okabe and Ito, *Color Universal Design*, 2008). Heat maps use viridis, which is
//! perceptually uniform (Nuñez, Anderton and Renslow 2018), with the number in each cell that has room for it.

mod axis;
mod draw;
mod frame;
mod heat;
mod key;
mod lettering;
mod lines;
mod marker;
mod palette;
mod range;
mod scene;
#[cfg(test)]
mod tests;
mod ticks;

use std::fmt;
use std::path::Path;

use lettering::Lettering;
use scene::Scene;

/// A picture of numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// What it shows, in a few words.
    pub title: String,
    /// A caption of a sentence or two: what was measured, over how many runs, and what the bands are.
    pub about: String,
    /// What runs from left to right.
    pub x: Axis,
    /// What runs upwards; of a heat map, what its rows are.
    pub y: Axis,
    /// The numbers.
    pub body: Body,
}

/// What is laid off along one side.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// The quantity, without its unit; nothing where the labels say it.
    pub name: String,
    /// Its unit.
    pub unit: Unit,
    /// How it is laid off.
    pub scale: Scale,
}

/// What numbers stand for, and so how they are written.
#[derive(Clone, Debug, PartialEq)]
pub enum Unit {
    /// A share between 0 and 1, written in per cent.
    Share,
    /// A duration in seconds, written in the unit that fits, from nanoseconds to hours.
    Seconds,
    /// A rate.
    PerSecond,
    /// Any other number. Whole ones are written without decimals.
    Number,
    /// Categories, which stand at 0, 1, 2 and so on.
    Names(Vec<String>),
}

/// How numbers are laid off along an axis, or along a colour bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Equal differences are equally far apart.
    Linear,
    /// Equal ratios are equally far apart. Zero has no place on it: a value of zero is drawn as an open triangle at the
    /// lower end, and one at a place of zero is left out; the chart says so.
    Log,
}

/// What is drawn.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// Measured points, joined by lines within a band. Of categories the points stand alone, with whiskers.
    Lines(Vec<Series>),
    /// Distribution functions: each point is the level from there on, up to the next one.
    Steps(Vec<Series>),
    /// A number for each pair of settings.
    Heat(Heat),
}

/// Points that belong together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// Its name in the legend. A single series needs none.
    pub name: String,
    /// What was measured, from left to right.
    pub points: Vec<Point>,
    /// What theory expects, as places and values from left to right; drawn dashed. It may be finer than the points.
    pub theory: Vec<(f64, f64)>,
    /// What others published; drawn hollow.
    pub marks: Vec<Mark>,
}

/// A measured value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Where.
    pub x: f64,
    /// The value.
    pub y: f64,
    /// The lower end of its confidence interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// A published value.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// Where.
    pub x: f64,
    /// The value.
    pub y: f64,
    /// Where it was published; marks of one source share an entry of the legend.
    pub source: String,
}

/// A number for each pair of settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Heat {
    /// The names of the columns, from left to right.
    pub columns: Vec<String>,
    /// The names of the rows, from the top down.
    pub rows: Vec<String>,
    /// How many of the rows belong together, from the top down, and what they are called; may be empty.
    pub groups: Vec<(String, usize)>,
    /// The numbers, row by row, each from left to right; nothing where there is none.
    pub cells: Vec<Option<f64>>,
    /// What the numbers are, without their unit.
    pub name: String,
    /// Their unit.
    pub unit: Unit,
    /// How colours are laid off. Zero has no colour on a logarithmic scale: such cells stay white.
    pub scale: Scale,
    /// What zero means where it has no colour, in a word or two, such as "never".
    pub zero: String,
    /// What a cell without a number means, such as "no data".
    pub absent: String,
}

/// Why a chart cannot be drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Undrawable {
    /// A number is none, infinite, or of a size that nothing measured has.
    NoNumber {
        /// Whose.
        of: String,
    },
    /// A point stands where no category is.
    NoSuchName {
        /// Whose.
        of: String,
    },
    /// A heat map has not as many cells as its rows and columns ask for.
    Cells {
        /// So many are needed.
        expected: usize,
        /// So many there are.
        found: usize,
    },
    /// It could not be written.
    Unwritten(String),
}

impl fmt::Display for Undrawable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoNumber { of } => write!(f, "{of} has a value that is no number, or too large or too small a one"),
            Self::NoSuchName { of } => write!(f, "{of} has a point where the axis has no category"),
            Self::Cells { expected, found } => {
                write!(f, "a heat map has {found} cells; its rows and columns ask for {expected}")
            }
            Self::Unwritten(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Undrawable {}

/// The chart as SVG, which scales with what it is shown in. Its texts are texts.
///
/// # Errors
/// The chart has numbers that cannot be shown.
pub fn svg(chart: &Chart) -> Result<String, Undrawable> {
    draw::svg(chart, &scene(chart)?)
}

/// The chart as PNG, with two pixels to a length of the SVG.
///
/// # Errors
/// The chart has numbers that cannot be shown.
pub fn png(chart: &Chart) -> Result<Vec<u8>, Undrawable> {
    draw::png(&scene(chart)?)
}

/// A kind of file that a chart is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Lines and texts, which scale.
    Svg,
    /// Pixels.
    Png,
}

impl Format {
    /// What a file is to hold, by how its name ends; nothing if that is no chart.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "svg" => Some(Self::Svg),
            "png" => Some(Self::Png),
            _ => None,
        }
    }

    /// The content of a file with this chart.
    ///
    /// # Errors
    /// The chart has numbers that cannot be shown.
    pub fn bytes(self, chart: &Chart) -> Result<Vec<u8>, Undrawable> {
        match self {
            Self::Svg => svg(chart).map(String::into_bytes),
            Self::Png => png(chart),
        }
    }
}

fn scene(chart: &Chart) -> Result<Scene, Undrawable> {
    let lettering = Lettering::embedded()?;
    chart.check()?;
    Ok(match &chart.body {
        Body::Lines(series) => lines::scene(chart, series, false, &lettering),
        Body::Steps(series) => lines::scene(chart, series, true, &lettering),
        Body::Heat(heat) => heat::scene(chart, heat, &lettering),
    })
}

/// Whether arithmetic with a number, such as to leave some room around it, is safe.
fn can_be_shown(number: f64) -> bool {
    number == 0.0 || (1e-300..1e300).contains(&number.abs())
}

impl Chart {
    /// Numbers that cannot be shown are refused, whatever they would have looked like.
    fn check(&self) -> Result<(), Undrawable> {
        match &self.body {
            Body::Lines(all) | Body::Steps(all) => all.iter().try_for_each(|series| self.check_series(series)),
            Body::Heat(heat) => {
                let (expected, found) = (heat.columns.len() * heat.rows.len(), heat.cells.len());
                if expected != found {
                    return Err(Undrawable::Cells { expected, found });
                }
                let all_shown = heat.cells.iter().flatten().all(|&cell| can_be_shown(cell));
                if all_shown { Ok(()) } else { Err(Undrawable::NoNumber { of: heat.name.clone() }) }
            }
        }
    }

    fn check_series(&self, series: &Series) -> Result<(), Undrawable> {
        let of = || if series.name.is_empty() { self.title.clone() } else { format!("{:?}", series.name) };
        let mut points = series.points.iter().flat_map(|point| [point.x, point.y, point.low, point.high]);
        let mut theory = series.theory.iter().flat_map(|&(x, y)| [x, y]);
        let mut marks = series.marks.iter().flat_map(|mark| [mark.x, mark.y]);
        if !(points.all(can_be_shown) && theory.all(can_be_shown) && marks.all(can_be_shown)) {
            return Err(Undrawable::NoNumber { of: of() });
        }
        let Unit::Names(names) = &self.x.unit else { return Ok(()) };
        let is_named = |x: f64| x.floor() == x && x >= 0.0 && x < names.len() as f64;
        let all_named = series.places().all(is_named);
        if all_named { Ok(()) } else { Err(Undrawable::NoSuchName { of: of() }) }
    }
}

impl Series {
    /// All places at which there is something, of points first.
    fn places(&self) -> impl Iterator<Item = f64> {
        let theory = self.theory.iter().map(|&(x, _)| x);
        self.points.iter().map(|point| point.x).chain(theory).chain(self.marks.iter().map(|mark| mark.x))
    }

    /// All values, without the ends of intervals.
    fn values(&self) -> impl Iterator<Item = f64> {
        let theory = self.theory.iter().map(|&(_, y)| y);
        self.points.iter().map(|point| point.y).chain(theory).chain(self.marks.iter().map(|mark| mark.y))
    }
}
