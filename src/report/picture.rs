//! Why a history is not linearizable, as a picture: one HTML file that needs nothing else.
//!
//! Operations are bars, one lane for each client, from invocation to return; those of which nobody knows fade out.
//! First the smallest history that shows it, then what surrounds it: orders in which all others can have taken effect,
//! one for each state that the culprit could have found, as lines from bar to bar, each point within its bar. Time is
//! the order of events: a column has as much room as its labels and points need.

mod layout;

use std::fmt::{self, Write};

use super::explained::{all_of_them, alone, shortened, until_then};
use super::layout::count;
use super::markup::Safe;
use crate::explained::{Explanation, Possible, Step, label};
use crate::judged::Operation;
use crate::recorded::Value;
use layout::{BAR, Bar, LANE, LEFT, Layout, TOP};

/// So many operations are shown around the culprit, beside those that an order needs and that are still open.
const WINDOW: usize = 20;

/// So many of the last steps of an order are listed at once, and so many of them on demand.
const LISTED: [usize; 2] = [10, 2_000];

/// The longest label of a bar.
const LABEL: usize = 28;

/// What is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Picture<'a> {
    /// Where the history came from.
    pub source: &'a str,
    /// The key that broke, where there are keys.
    pub key: Option<&'a Value>,
    /// All operations.
    pub operations: &'a [Operation],
    /// Why.
    pub explanation: &'a Explanation,
}

impl Picture<'_> {
    /// The file.
    #[must_use]
    pub fn html(&self) -> String {
        let mut page = String::new();
        // Nothing fails that is written into a text.
        let _ = self.write(&mut page);
        page
    }

    fn write(&self, page: &mut String) -> fmt::Result {
        let Explanation { culprit, line, possible, smallest, .. } = self.explanation;
        let source = Safe(self.source);
        writeln!(page, "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>{source}</title>")?;
        writeln!(page, "<style>\n{}{}</style>", include_str!("picture.css"), choices(possible.len()))?;
        writeln!(page, "<h1>{source}: not linearizable</h1>")?;
        let key = self.key.map_or_else(String::new, |key| format!(" of key {key}"));
        writeln!(page, "<p>{}.</p>", Safe(capital(&until_then(self.explanation, self.key))))?;
        let operation = &self.operations[*culprit];
        let lines = format!("client {}, lines {} to {line}", operation.process, operation.line);
        let what = Safe(shortened(&label(operation), 160));
        writeln!(
            page,
            "<p><span class=\"bad\"><code>{what}</code></span>{} ({lines}) cannot be placed.</p>",
            Safe(key)
        )?;
        let states: Vec<String> = possible.iter().map(|possible| shortened(&possible.state, 160)).collect();
        let states: Vec<String> = states.iter().map(|state| format!("<code>{}</code>", Safe(state))).collect();
        let possible_there = format!("At any instant at which it could take effect there was {}", states.join(" or "));
        writeln!(page, "<p>{possible_there}, {}.</p>", all_of_them(self.explanation))?;
        writeln!(page, "<p class=\"dim key\">bars:{KEY}</p>")?;
        writeln!(page, "<h2>The smallest history that shows it</h2>\n<p>{}.</p>", Safe(alone(self.explanation)))?;
        let last = smallest.len().saturating_sub(3 * WINDOW);
        self.note_omitted(page, last, "of them that were asked first are not drawn")?;
        self.draw(page, &smallest[last..], &[])?;
        self.write_orders(page)?;
        page.write_str("</html>\n")
    }

    fn note_omitted(&self, page: &mut String, omitted: usize, why: &str) -> fmt::Result {
        if omitted == 0 { Ok(()) } else { writeln!(page, "<p class=\"dim\">{} {why}.</p>", count(omitted as u64)) }
    }

    fn write_orders(&self, page: &mut String) -> fmt::Result {
        let Explanation { calls, possible, .. } = self.explanation;
        writeln!(page, "<h2>Around it, and how all others can be placed</h2>")?;
        writeln!(
            page,
            "<p>A line joins the instants at which operations took effect. The cross is where the marked one would \
             have found what is written on the button. Every point has what the object held then in its tooltip.</p>"
        )?;
        for n in 0..possible.len() {
            let checked = if n == 0 { " checked" } else { "" };
            writeln!(page, "<input class=\"choice\" type=\"radio\" name=\"order\" id=\"choice{n}\"{checked}>")?;
        }
        writeln!(page, "<div class=\"tabs\">")?;
        for (n, possible) in possible.iter().enumerate() {
            writeln!(page, "<label for=\"choice{n}\">{}</label>", Safe(shortened(&possible.state, 60)))?;
        }
        writeln!(page, "</div>")?;
        let window = self.window();
        let omitted = calls.len() - window.len();
        self.note_omitted(page, omitted, "operations that ended earlier, or that no order needs, are not drawn")?;
        self.draw(page, &window, possible)?;
        for (n, possible) in possible.iter().enumerate() {
            writeln!(page, "<div class=\"order\" id=\"list{n}\">")?;
            self.list(page, possible, LISTED[0])?;
            if possible.order.len() > LISTED[0] {
                writeln!(page, "<details><summary>all steps</summary>")?;
                self.list(page, possible, LISTED[1])?;
                writeln!(page, "</details>")?;
            }
            writeln!(page, "</div>")?;
        }
        Ok(())
    }

    /// The operations to draw: the last ones that returned, what runs beside the culprit, and what orders need.
    fn window(&self) -> Vec<usize> {
        let Explanation { culprit, calls, possible, .. } = self.explanation;
        let until = self.operations[*culprit].returned.unwrap_or(u64::MAX);
        let ended = |place: usize| self.operations[place].returned.filter(|&at| at <= until);
        let mut last: Vec<usize> = calls.iter().copied().filter(|&place| ended(place).is_some()).collect();
        last.sort_unstable_by_key(|&place| ended(place));
        let last = &last[last.len().saturating_sub(WINDOW)..];
        let from = last.iter().map(|&place| self.operations[place].invoked).min().unwrap_or(0);
        let needs = |place: usize| possible.iter().any(|order| order.order.iter().any(|step| step.place == place));
        let is_shown = |&place: &usize| {
            last.contains(&place) || ended(place).is_none() && (self.operations[place].invoked >= from || needs(place))
        };
        calls.iter().copied().filter(is_shown).collect()
    }

    fn draw(&self, page: &mut String, places: &[usize], orders: &[Possible]) -> fmt::Result {
        let culprit = self.explanation.culprit;
        let until = self.operations[culprit].returned.unwrap_or(u64::MAX);
        let labels: Vec<String> =
            places.iter().map(|&place| shortened(&label(&self.operations[place]), LABEL)).collect();
        let shown: Vec<(usize, &Operation)> = places.iter().map(|&place| (place, &self.operations[place])).collect();
        let layout = Layout::new(&shown, &labels, until, orders);
        let (width, height) = (layout.width, layout.height());
        writeln!(page, "<div class=\"picture\"><svg width=\"{LEFT}\" height=\"{height}\">")?;
        lanes(page, layout.lanes.len())?;
        for (n, lane) in layout.lanes.iter().enumerate() {
            let y = TOP + n as u32 * LANE + LANE / 2 + 4;
            writeln!(page, "<text class=\"who\" x=\"10\" y=\"{y}\">client {}</text>", Safe(lane))?;
        }
        writeln!(
            page,
            "</svg><div class=\"scroll\"><svg class=\"whole\" width=\"{width}\" height=\"{height}\" role=\"img\">"
        )?;
        writeln!(page, "<defs><linearGradient id=\"fade\"><stop offset=\"0.6\" stop-color=\"#fff\"/>{FADED}")?;
        writeln!(page, "<mask id=\"open\" maskContentUnits=\"objectBoundingBox\">{MASK}</mask></defs>")?;
        lanes(page, layout.lanes.len())?;
        let x = layout.at_column(until);
        let bottom = height - 4;
        writeln!(
            page,
            "<line class=\"rule\" x1=\"{x}\" y1=\"6\" x2=\"{x}\" y2=\"{bottom}\" stroke-dasharray=\"2 4\"/>"
        )?;
        writeln!(
            page,
            "<text class=\"at\" x=\"{}\" y=\"16\" text-anchor=\"end\">line {}</text>",
            x - 5,
            self.explanation.line
        )?;
        for (&(place, operation), bar) in shown.iter().zip(&layout.bars) {
            self.draw_bar(page, place, operation, bar)?;
        }
        for (n, (order, points)) in orders.iter().zip(&layout.points).enumerate() {
            writeln!(page, "<g class=\"order\" id=\"path{n}\">")?;
            self.draw_path(page, order, points)?;
            writeln!(page, "</g>")?;
        }
        // Above the lines, so that these do not strike them out.
        for (label, bar) in labels.iter().zip(&layout.bars) {
            let (y, label) = (bar.y + 14, Safe(label));
            // Of a bar that is longer than a screen the other end is labelled as well.
            let again = (bar.end - bar.start > 900).then(|| bar.end - 300);
            for x in [Some(bar.start + 7), again].into_iter().flatten() {
                writeln!(page, "<text class=\"label\" x=\"{x}\" y=\"{y}\">{label}</text>")?;
            }
        }
        writeln!(page, "</svg></div></div>")
    }

    fn draw_bar(&self, page: &mut String, place: usize, operation: &Operation, bar: &Bar) -> fmt::Result {
        let until = self.operations[self.explanation.culprit].returned;
        let class = match operation.returned {
            _ if place == self.explanation.culprit => "culprit",
            at if at.is_none() || at > until => "open",
            _ if operation.is_refused => "refused",
            _ => "ok",
        };
        let mask = if class == "open" { " mask=\"url(#open)\"" } else { "" };
        let Bar { start, end, y } = bar;
        let told = Safe(shortened(&label(operation), 400));
        let client = Safe(&operation.process);
        let line = operation.line;
        let to = operation.end.map_or_else(String::new, |end| format!(" to {end}"));
        write!(page, "<g><title>{told} (client {client}, line {line}{to})</title><rect class=\"bar {class}\" ")?;
        let width = end - start;
        writeln!(page, "x=\"{start}\" y=\"{y}\" width=\"{width}\" height=\"{BAR}\" rx=\"4\"{mask}/></g>")
    }

    fn draw_path(&self, page: &mut String, order: &Possible, points: &[(usize, u32, u32)]) -> fmt::Result {
        let line: Vec<String> = points.iter().map(|(_, x, y)| format!("{x},{y}")).collect();
        writeln!(page, "<polyline class=\"path\" points=\"{}\"/>", line.join(" "))?;
        for &(step, x, y) in points {
            let Step { place, state } = &order.order[step];
            if *place == self.explanation.culprit {
                let (l, r, t, b) = (x - 5, x + 5, y - 5, y + 5);
                write!(page, "<g><title>here there was {}</title>", Safe(shortened(&order.state, 400)))?;
                writeln!(page, "<path class=\"cross\" d=\"M{l} {t}L{r} {b}M{l} {b}L{r} {t}\"/></g>")?;
            } else {
                let title = format!("{}. then {}", step + 1, shortened(state, 400));
                writeln!(
                    page,
                    "<circle class=\"dot\" cx=\"{x}\" cy=\"{y}\" r=\"3.6\"><title>{}</title></circle>",
                    Safe(title)
                )?;
            }
        }
        Ok(())
    }

    fn list(&self, page: &mut String, order: &Possible, most: usize) -> fmt::Result {
        let from = order.order.len().saturating_sub(most);
        self.note_omitted(page, from, "steps stand before these")?;
        writeln!(page, "<table><tr><th><th>client<th>line<th>operation<th>then there is</tr>")?;
        for (n, Step { place, state }) in order.order.iter().enumerate().skip(from) {
            let operation = &self.operations[*place];
            let is_culprit = *place == self.explanation.culprit;
            let (class, state) = if is_culprit {
                (" class=\"bad\"", format!("cannot be: there is {}", shortened(state, 200)))
            } else {
                ("", shortened(state, 200))
            };
            let what = shortened(&label(operation), 120);
            let [client, what, state] = [operation.process.to_string(), what, state].map(Safe);
            let line = operation.line;
            writeln!(page, "<tr{class}><td>{}<td>{client}<td>{line}<td>{what}<td>{state}</tr>", n + 1)?;
        }
        writeln!(page, "</table>")
    }
}

const KEY: &str = "<span class=\"k-ok\"></span>answered<span class=\"k-refused\"></span>refused\
                   <span class=\"k-open\"></span>not answered so far<span class=\"k-bad\"></span>cannot be placed";

const FADED: &str = "<stop offset=\"1\" stop-color=\"#fff\" stop-opacity=\"0.12\"/></linearGradient>";

const MASK: &str = "<rect x=\"-0.1\" y=\"-0.2\" width=\"1.2\" height=\"1.4\" fill=\"url(#fade)\"/>";

/// Every second lane is tinted.
fn lanes(page: &mut String, lanes: usize) -> fmt::Result {
    for n in (0..lanes as u32).step_by(2) {
        let y = TOP + n * LANE;
        writeln!(page, "<rect class=\"lane\" x=\"0\" y=\"{y}\" width=\"100%\" height=\"{LANE}\"/>")?;
    }
    Ok(())
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// What is seen of an order once its button is chosen.
fn choices(orders: usize) -> String {
    let one = |n: usize| {
        format!(
            "#choice{n}:checked ~ .picture #path{n}, #choice{n}:checked ~ #list{n} {{ display: block; }}\n\
             #choice{n}:checked ~ .tabs label[for=choice{n}] {{ border-color: var(--path); font-weight: 600; }}\n\
             #choice{n}:focus-visible ~ .tabs label[for=choice{n}] {{ outline: 2px solid var(--path); }}\n"
        )
    };
    (0..orders).map(one).collect()
}
