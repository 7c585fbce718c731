//! A number for each pair of settings, as colours, with a bar that tells what these mean.

use super::frame::{MARGIN, SIZE, WIDTH, heading, named, nothing, outline};
use super::lettering::Lettering;
use super::palette::{ABSENT, EDGE, FAINT, GRID, INK, NO_COLOUR, heat as colour, on};
use super::range::{is_one, range, share};
use super::scene::{Align, Scene};
use super::ticks::{short, ticks};
use super::{Chart, Heat, Scale, Unit};

/// The size of a number in a cell.
const SMALL: f64 = 11.0;

/// The size of the name of a group.
const GROUP: f64 = 14.0;

/// The longest names of rows and columns.
const LONGEST: f64 = 210.0;

/// How wide and how high cells are, at least and at most.
const WIDE: [f64; 2] = [16.0, 110.0];
const HIGH: [f64; 2] = [19.0, 40.0];

/// How high all cells are together, if they can be.
const HEIGHT: f64 = 340.0;

/// What is between groups of rows.
const BETWEEN: f64 = 24.0;

/// The colour bar.
const BAR: [f64; 2] = [260.0, 12.0];

pub(super) fn scene(chart: &Chart, heat: &Heat, lettering: &Lettering) -> Scene {
    let (columns, rows) = (heat.columns.len(), heat.rows.len());
    let widest = heat.rows.iter().map(|row| lettering.width(row, SIZE)).fold(0.0, f64::max).min(LONGEST);
    let left = MARGIN + widest + 9.0;
    let wide = ((WIDTH - MARGIN - left) / columns.max(1) as f64).clamp(WIDE[0], WIDE[1]);
    let mut scene = Scene::new((left + wide * columns as f64 + MARGIN).max(WIDTH));
    let top = heading(&mut scene, chart, lettering);
    let Some(colours) = Colours::of(heat) else {
        nothing(&mut scene, top, "no data");
        return scene;
    };
    let top = colours.bar(&mut scene, lettering, heat, top);
    let high = (HEIGHT / rows as f64).clamp(HIGH[0], HIGH[1]);
    let unit = ticks(&heat.unit, colours.scale, colours.ends, 6).unit;
    let numbers = heat.cells.iter().flatten().filter(|&&value| colours.has(value));
    let widest = numbers.map(|&value| lettering.width(&short(&heat.unit, &unit, value), SMALL)).fold(0.0, f64::max);
    let with_numbers = widest <= wide - 5.0;
    let grid = Grid { heat, colours, left, wide, high, unit, with_numbers };
    let top = grid.columns(&mut scene, lettering, chart, top);
    scene.height = grid.rows(&mut scene, lettering, top) + MARGIN;
    scene
}

/// What colours mean.
#[derive(Clone, Copy, Debug)]
struct Colours {
    scale: Scale,
    ends: [f64; 2],
}

impl Colours {
    /// Nothing if there are no numbers.
    fn of(heat: &Heat) -> Option<Self> {
        let all = || heat.cells.iter().copied().flatten();
        all().next()?;
        let has_colour = |value: &f64| heat.scale == Scale::Linear || *value > 0.0;
        let first = all().find(has_colour).unwrap_or(1.0);
        let within = |[low, high]: [f64; 2], value: f64| [low.min(value), high.max(value)];
        let [low, high] = all().filter(has_colour).fold([first; 2], within);
        let is_share = heat.unit == Unit::Share && low >= 0.0 && high <= 1.0;
        let ends = match [low, high] {
            [_, _] if is_share && heat.scale == Scale::Linear && (low == high || high - low > 0.5) => [0.0, 1.0],
            // All of one colour: the bar goes around it.
            ends if is_one(ends) => range(&heat.unit, heat.scale, ends.into_iter())?,
            ends => ends,
        };
        Some(Self { scale: heat.scale, ends })
    }

    fn has(&self, value: f64) -> bool {
        self.scale == Scale::Linear || value > 0.0
    }

    fn share(&self, value: f64) -> f64 {
        share(self.scale, self.ends, value)
    }

    /// The bar, and what white and hatched cells mean; where they end.
    fn bar(&self, scene: &mut Scene, lettering: &Lettering, heat: &Heat, top: f64) -> f64 {
        let ticks = ticks(&heat.unit, self.scale, self.ends, 6);
        let name = lettering.clipped(&named(&heat.name, &ticks.unit), scene.width - 2.0 * MARGIN, SIZE);
        scene.text(name, (MARGIN, top + SIZE * 0.75), SIZE, INK, Align::Start);
        // Labels at the ends of the bar are as wide to the left as to the right.
        let (left, top) = (MARGIN + 16.0, top + SIZE * 1.7);
        let steps = 65;
        for n in 0..steps {
            let part = |n: i32| left + BAR[0] * f64::from(n) / f64::from(steps);
            let colour = colour(f64::from(n) / f64::from(steps - 1));
            scene.rectangle((part(n), top), (part(n + 1), top + BAR[1]), colour);
        }
        let mut free = 0.0;
        for (value, label) in &ticks.labels {
            let (x, half) = (left + BAR[0] * self.share(*value), lettering.width(label, SMALL) / 2.0);
            scene.line(vec![(x, top + BAR[1]), (x, top + BAR[1] + 4.0)], 1.0, EDGE);
            if x - half > free {
                scene.text(label, (x, top + BAR[1] + 12.0), SMALL, INK, Align::Middle);
                free = x + half + 6.0;
            }
        }
        self.others(scene, lettering, heat, left + BAR[0] + 40.0, top);
        top + BAR[1] + 30.0
    }

    fn others(&self, scene: &mut Scene, lettering: &Lettering, heat: &Heat, mut left: f64, top: f64) {
        let (right, bottom, middle) = (22.0, top + BAR[1] + 3.0, top + BAR[1] / 2.0);
        if heat.cells.iter().flatten().any(|&value| !self.has(value)) {
            never(scene, [left, top - 3.0, left + right, bottom]);
            scene.text(&heat.zero, (left + right + 7.0, middle), SIZE, INK, Align::Start);
            left += right + 7.0 + lettering.width(&heat.zero, SIZE) + 26.0;
        }
        if heat.cells.iter().any(Option::is_none) {
            outline(scene, (left, top - 3.0), (left + right, bottom), GRID);
            absent(scene, [left, top - 3.0, left + right, bottom]);
            scene.text(&heat.absent, (left + right + 7.0, middle), SIZE, INK, Align::Start);
        }
    }
}

/// A cell of which the number has no colour.
fn never(scene: &mut Scene, [left, top, right, bottom]: [f64; 4]) {
    scene.rectangle((left, top), (right, bottom), GRID);
    scene.rectangle((left + 1.0, top + 1.0), (right - 1.0, bottom - 1.0), NO_COLOUR);
}

/// A cell without a number.
fn absent(scene: &mut Scene, [left, top, right, bottom]: [f64; 4]) {
    scene.line(vec![(left + 3.0, bottom - 3.0), (right - 3.0, top + 3.0)], 1.0, ABSENT);
}

struct Grid<'a> {
    heat: &'a Heat,
    colours: Colours,
    left: f64,
    wide: f64,
    high: f64,
    /// What the numbers in the cells leave unsaid.
    unit: String,
    /// Whether there is room for all of them.
    with_numbers: bool,
}

impl Grid<'_> {
    fn middle(&self, column: usize) -> f64 {
        self.left + (column as f64 + 0.5) * self.wide
    }

    /// What the columns are called, above them; where they end.
    fn columns(&self, scene: &mut Scene, lettering: &Lettering, chart: &Chart, top: f64) -> f64 {
        let mut top = top;
        if !chart.x.name.is_empty() {
            let room = scene.width - 2.0 * MARGIN;
            let name = lettering.clipped(&chart.x.name, room, SIZE);
            let half = lettering.width(&name, SIZE) / 2.0;
            let middle = self.left + self.wide * self.heat.columns.len() as f64 / 2.0;
            let middle = middle.min(scene.width - MARGIN - half).max(MARGIN + half);
            scene.text(name, (middle, top + 8.0), SIZE, FAINT, Align::Middle);
            top += 22.0;
        }
        let names: Vec<String> = self.heat.columns.iter().map(|name| lettering.clipped(name, LONGEST, SIZE)).collect();
        let widest = names.iter().map(|name| lettering.width(name, SIZE)).fold(0.0, f64::max);
        let lie = widest + 8.0 <= self.wide;
        let height = if lie { 18.0 } else { widest + 8.0 };
        for (n, name) in names.iter().enumerate() {
            if lie {
                scene.text(name, (self.middle(n), top + 8.0), SIZE, INK, Align::Middle);
            } else {
                scene.upwards(name, (self.middle(n), top + height - 5.0), SIZE, INK, Align::Start);
            }
        }
        if !chart.y.name.is_empty() {
            let name = lettering.clipped(&chart.y.name, self.left - MARGIN - 9.0, SIZE);
            scene.text(name, (self.left - 9.0, top + height - 10.0), SIZE, FAINT, Align::End);
        }
        top + height
    }

    /// The rows; where they end.
    fn rows(&self, scene: &mut Scene, lettering: &Lettering, top: f64) -> f64 {
        let of_rows = if self.heat.groups.is_empty() { INK } else { FAINT };
        let mut starts = self.heat.groups.iter().scan(0, |next, (name, rows)| {
            let start = *next;
            *next += rows;
            Some((start, name))
        });
        let mut group = starts.next();
        let mut y = top;
        for (n, name) in self.heat.rows.iter().enumerate() {
            if let Some((start, name)) = group
                && start == n
            {
                y += if n == 0 { 0.0 } else { 4.0 };
                let name = lettering.clipped(name, self.left - MARGIN - 9.0, GROUP);
                scene.text(name, (self.left - 9.0, y + BETWEEN / 2.0 - 1.0), GROUP, INK, Align::End);
                y += BETWEEN - 4.0;
                group = starts.next();
            }
            let name = lettering.clipped(name, LONGEST, SIZE);
            scene.text(name, (self.left - 9.0, y + self.high / 2.0), SIZE, of_rows, Align::End);
            let columns = self.heat.columns.len();
            for (column, cell) in self.heat.cells.iter().skip(n * columns).take(columns).enumerate() {
                let left = self.left + column as f64 * self.wide;
                self.cell(scene, lettering, *cell, [left, y, left + self.wide, y + self.high]);
            }
            y += self.high;
        }
        y
    }

    fn cell(&self, scene: &mut Scene, lettering: &Lettering, cell: Option<f64>, at: [f64; 4]) {
        // A hair's breadth of paper is between cells.
        let [left, top, right, bottom] = [at[0] + 0.5, at[1] + 0.5, at[2] - 0.5, at[3] - 0.5];
        let (text, colour) = match cell {
            None => return absent(scene, [left, top, right, bottom]),
            Some(value) if self.colours.has(value) => {
                let colour = colour(self.colours.share(value));
                scene.rectangle((left, top), (right, bottom), colour);
                let number = if self.with_numbers { short(&self.heat.unit, &self.unit, value) } else { String::new() };
                (number, on(colour))
            }
            Some(_) => {
                never(scene, [left, top, right, bottom]);
                (self.heat.zero.clone(), FAINT)
            }
        };
        if lettering.width(&text, SMALL) <= right - left - 4.0 {
            scene.text(text, ((left + right) / 2.0, (top + bottom) / 2.0), SMALL, colour, Align::Middle);
        }
    }
}
