//! How accounts are set: labelled rows, tables, colours, and numbers that can be read at a glance.

use anstyle::{AnsiColor, Style};

use crate::time::Span;

/// No line of an account is longer, as long as its words allow it.
pub const WIDTH: usize = 100;

/// What is between two columns of a table.
const GAP: &str = "  ";

/// Where the text of a row begins.
const TAB: usize = 15;

/// Whether text is coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ink {
    /// It is not.
    #[default]
    Plain,
    /// It is, by ANSI escape sequences.
    Colour,
}

/// What a piece of text is to a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Text like any other.
    Plain,
    /// A heading.
    Heading,
    /// Something that may be skipped.
    Aside,
    /// All is well.
    Good,
    /// Something broke.
    Bad,
    /// Worth a second look.
    Odd,
}

impl Ink {
    /// The text in this tone.
    #[must_use]
    pub fn paint(self, tone: Tone, text: &str) -> String {
        let style = match tone {
            _ if self == Self::Plain || text.is_empty() => return text.to_owned(),
            Tone::Plain => return text.to_owned(),
            Tone::Heading => Style::new().bold(),
            Tone::Aside => Style::new().dimmed(),
            Tone::Good => AnsiColor::Green.on_default().bold(),
            Tone::Bad => AnsiColor::Red.on_default().bold(),
            Tone::Odd => AnsiColor::Yellow.on_default(),
        };
        format!("{style}{text}{style:#}")
    }
}

/// A text that grows by headings, labelled rows and tables.
#[derive(Debug, Default)]
pub(crate) struct Sheet {
    ink: Ink,
    text: String,
}

impl Sheet {
    pub(crate) fn new(ink: Ink) -> Self {
        Self { ink, text: String::new() }
    }

    pub(crate) fn into_text(self) -> String {
        self.text
    }

    /// A heading behind an empty line.
    pub(crate) fn heading(&mut self, text: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.line(Tone::Heading, text);
    }

    /// A line as it is, without a label; a long one goes on below.
    pub(crate) fn line(&mut self, tone: Tone, text: &str) {
        for line in wrapped(text, WIDTH) {
            self.text.push_str(&self.ink.paint(tone, &line));
            self.text.push('\n');
        }
    }

    /// A line that is set already.
    pub(crate) fn raw(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    /// A labelled line that is set already.
    pub(crate) fn set(&mut self, label: &str, line: &str) {
        let line = format!("{}{line}", self.label(label));
        self.raw(&line);
    }

    /// A labelled row.
    pub(crate) fn row(&mut self, label: &str, text: &str) {
        self.row_in(Tone::Plain, label, text);
    }

    /// A labelled row in a tone. A row without text is left out.
    pub(crate) fn row_in(&mut self, tone: Tone, label: &str, text: &str) {
        // A label that is too long for its column pushes its text to the right.
        let width = WIDTH - TAB.max(label.chars().count() + 3);
        for (n, line) in wrapped(text, width).iter().enumerate() {
            self.text.push_str(&self.label(if n == 0 { label } else { "" }));
            self.text.push_str(&self.ink.paint(tone, line));
            self.text.push('\n');
        }
    }

    /// A table in the place of a row's text.
    pub(crate) fn table(&mut self, label: &str, table: &Table) {
        for (n, line) in table.lines(self.ink).iter().enumerate() {
            self.text.push_str(&self.label(if n == 0 { label } else { "" }));
            self.text.push_str(line.trim_end());
            self.text.push('\n');
        }
    }

    /// A name beside a label, of which [`detail`](Sheet::detail) says more.
    pub(crate) fn subject(&mut self, label: &str, name: &str) {
        for (n, name) in wrapped(name, WIDTH - TAB).iter().enumerate() {
            let label = self.label(if n == 0 { label } else { "" });
            let line = format!("{label}{}", self.ink.paint(Tone::Heading, name));
            self.raw(&line);
        }
    }

    /// More about the subject above.
    pub(crate) fn detail(&mut self, tone: Tone, text: &str) {
        for line in wrapped(text, WIDTH - TAB - 2) {
            let line = format!("{}{}", " ".repeat(TAB + 2), self.ink.paint(tone, &line));
            self.raw(&line);
        }
    }

    fn label(&self, label: &str) -> String {
        let gap = " ".repeat((TAB - 2).saturating_sub(label.chars().count()).max(1));
        format!("  {}{gap}", self.ink.paint(Tone::Aside, label))
    }
}

/// Rows under one header. Columns are as wide as their widest cell.
#[derive(Debug, Default)]
pub(crate) struct Table {
    header: Vec<String>,
    left: Vec<bool>,
    rows: Vec<(Tone, Vec<String>)>,
}

impl Table {
    /// A table with these columns; a name that begins with `<` is set to the left.
    pub(crate) fn new(columns: &[impl AsRef<str>]) -> Self {
        let names = || columns.iter().map(AsRef::as_ref);
        Self {
            header: names().map(|name| name.trim_start_matches('<').to_owned()).collect(),
            left: names().map(|name| name.starts_with('<')).collect(),
            rows: Vec::new(),
        }
    }

    pub(crate) fn row(&mut self, tone: Tone, cells: Vec<String>) {
        self.rows.push((tone, cells));
    }

    /// Whether all columns are as wide as they should be.
    pub(crate) fn fits(&self) -> bool {
        let wide: usize = (0..self.header.len()).map(|column| self.widest(column) + GAP.len()).sum();
        wide <= WIDTH - TAB + GAP.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn lines(&self, ink: Ink) -> Vec<String> {
        let widths = self.widths();
        let is_named = self.header.iter().any(|name| !name.is_empty());
        let named = is_named.then(|| (Tone::Aside, self.header.clone()));
        let rows = named.iter().chain(&self.rows);
        rows.flat_map(|(tone, cells)| self.set(cells, &widths).into_iter().map(|line| ink.paint(*tone, &line)))
            .collect()
    }

    /// Columns are as wide as their widest cell; the last one as what is left.
    fn widths(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = (0..self.header.len()).map(|column| self.widest(column)).collect();
        if let Some((last, others)) = widths.split_last_mut() {
            let taken: usize = others.iter().map(|width| width + GAP.len()).sum();
            *last = (*last).min((WIDTH - TAB).saturating_sub(taken)).max(1);
        }
        widths
    }

    fn widest(&self, column: usize) -> usize {
        let cells = self.rows.iter().map(|(_, cells)| cells[column].chars().count());
        cells.chain([self.header[column].chars().count()]).max().unwrap_or(0)
    }

    /// One row; what is too long for the last column goes on below.
    fn set(&self, cells: &[String], widths: &[usize]) -> Vec<String> {
        let cell = |((cell, &width), &left): ((&String, &usize), &bool)| {
            if left { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        };
        let Some((last, others)) = cells.split_last() else { return Vec::new() };
        let width = widths.last().copied().unwrap_or(1);
        let before: String = others.iter().zip(widths).zip(&self.left).map(|each| cell(each) + GAP).collect();
        let mut parts = wrapped(last, width);
        if parts.is_empty() {
            parts.push(String::new());
        }
        let left = self.left.last() == Some(&true);
        let line = |(n, part): (usize, &String)| {
            let start = if n == 0 { before.clone() } else { " ".repeat(before.chars().count()) };
            let part = if left { part.clone() } else { format!("{part:>width$}") };
            format!("{start}{part}").trim_end().to_owned()
        };
        parts.iter().enumerate().map(line).collect()
    }
}

/// A text in lines of at most `width` columns, broken at spaces; a word that is longer has a line of its own.
#[must_use]
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    // Only single spaces are places to break: wider gaps belong to what is set side by side.
    for word in text.split(' ') {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::take(&mut line).trim_end().to_owned());
        } else if !line.is_empty() {
            line.push(' ');
        }
        if !(line.is_empty() && word.is_empty()) {
            line.push_str(word);
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// A text of at most `width` columns; what is cut off is marked.
#[must_use]
pub fn clipped(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(3)).collect();
    format!("{}...", kept.trim_end())
}

/// A number with its thousands apart.
#[must_use]
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of things; their name takes an `s` unless there is one of them.
#[must_use]
pub fn many(n: u64, thing: &str) -> String {
    format!("{} {thing}{}", count(n), if n == 1 { "" } else { "s" })
}

/// How often a property would have taken too long to evaluate, if it would.
#[must_use]
pub fn too_hard(unknown: u64) -> String {
    if unknown == 0 { String::new() } else { format!("(unknown {}: too hard to tell)", many(unknown, "time")) }
}

/// A duration to three digits, which is as much as a reader compares.
#[must_use]
pub fn brief(span: Span) -> String {
    let digits = span.0.max(1).ilog10();
    let unit = 10u64.pow(digits.saturating_sub(2));
    let rounded = span.0.saturating_add(unit / 2) / unit * unit;
    Span(rounded).to_string()
}

/// A share in per cent, rounded down, so that only everything is 100%.
#[must_use]
pub fn share(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    let tenths = u128::from(part) * 1000 / u128::from(whole);
    format!("{}.{}%", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_single_spaces() {
        assert_eq!(wrapped("one two three", 8), ["one two", "three"]);
        assert_eq!(wrapped("incomprehensibilities of it", 8), ["incomprehensibilities", "of it"]);
        assert_eq!(wrapped("", 8), Vec::<String>::new());
    }

    #[test]
    fn numbers_are_easy_to_read() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(brief(Span(1_234_567)), "1.23ms");
        assert_eq!(brief(Span(999_999)), "1ms");
        assert_eq!(brief(Span(0)), "0s");
        assert_eq!(brief(Span(12)), "12ns");
        assert!(brief(Span(u64::MAX)).starts_with("184"));
        assert_eq!([share(1, 3), share(2, 2), share(0, 0)], ["33.3%", "100.0%", "-"]);
        assert_eq!([many(1, "event"), many(2, "event")], ["1 event", "2 events"]);
    }

    #[test]
    fn what_is_cut_off_is_marked() {
        assert_eq!(clipped("abcdefgh", 8), "abcdefgh");
        assert_eq!(clipped("abcdefghi", 8), "abcde...");
    }

    #[test]
    fn a_table_is_as_wide_as_its_cells() {
        let mut table = Table::new(&["<kind", "planned"]);
        table.row(Tone::Plain, vec!["partition".to_owned(), "7".to_owned()]);
        assert_eq!(table.lines(Ink::Plain), ["kind       planned", "partition        7"]);
    }
}
