//! A run as a page: one HTML file that needs nothing else, to look at what happened, when, and because of what.
//!
//! The words stand in the file as they are: what the run came to, the evidence, how it came about, the whole account.
//! The rest is drawn by a script from what [`Recorder`] heard and saw: a space-time diagram with a lane for each node
//! and client, messages as arrows from lane to lane, what struck as bands, who led in which term as colour, operations
//! of clients as bars; and for any instant what each node held then. What happened before something, in Lamport's sense
//! (*Time, Clocks, and the Ordering of Events*, 1978): what its node or client did earlier, what was sent to it, and so
//! on from there.

mod payload;
mod recorder;
mod states;

use std::fmt::{self, Write};

use super::character::{self, Character};
use super::layout::{Ink, count};
use super::markup::Safe;
use super::story::Told;
use super::verdict::{self, Judgement};
use super::{course, words};
use crate::check::Violation;
use crate::process::Cast;
use crate::sim::Outcome;
use payload::Payload;
pub use recorder::Recorder;

/// No page is longer, in bytes.
const LONGEST: usize = 10 << 20;

/// What a page is made of.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// What ran.
    pub run: &'a Character<'a>,
    /// Its nodes.
    pub cast: &'a Cast,
    /// What it came to.
    pub outcome: &'a Outcome,
    /// What is to be thought of that.
    pub judgement: &'a Judgement,
    /// How it came about, out of how many records.
    pub story: (&'a [Told], u64),
    /// The command that runs it again.
    pub replay: &'a str,
    /// A command that has to be given before that, as there is no reproducer yet.
    pub before: Option<&'a str>,
}

impl Page<'_> {
    /// The file. Where it would be too long, the oldest records are forgotten.
    #[must_use]
    pub fn html(&self, recorder: &mut Recorder) -> String {
        loop {
            let packed = Payload::new(recorder, self).packed();
            let page = self.filled(&packed.unwrap_or_default());
            let records = recorder.records.len();
            if page.len() < LONGEST || records == 0 {
                return page;
            }
            recorder.forget((records / 4).max(1));
        }
    }

    fn filled(&self, packed: &str) -> String {
        let before = |command: &str| format!("It runs from a reproducer, which <code>{}</code> leaves.", Safe(command));
        let parts: [(&str, String); 10] = [
            ("title", Safe(self.title()).to_string()),
            ("style", include_str!("page/page.css").to_owned()),
            ("source", Safe(self.source()).to_string()),
            ("headline", self.headline()),
            ("evidence", written(|page| self.write_evidence(page))),
            ("story", written(|page| self.write_story(page))),
            ("before", self.before.map(before).unwrap_or_default()),
            ("account", Safe(self.account()).to_string()),
            ("run", packed.to_owned()),
            ("script", SCRIPT.concat()),
        ];
        filled(include_str!("page/page.html"), &parts)
    }

    fn title(&self) -> String {
        let seed = self.run.seed.map_or_else(String::new, |seed| format!(", seed {seed}"));
        let what = self.outcome.violation.as_ref().map_or("holds", |violation| &violation.property);
        format!("{what}: {}{seed}", self.run.source)
    }

    fn source(&self) -> String {
        let seed = self.run.seed.map_or_else(String::new, |seed| format!(", seed {seed}"));
        format!("{}{seed}", self.run.source)
    }

    fn headline(&self) -> String {
        let (tone, line) = verdict::headline(self.judgement, self.outcome);
        format!("<h1 class=\"{}\">{}</h1>", format!("{tone:?}").to_lowercase(), Safe(line))
    }

    fn write_evidence(&self, page: &mut String) -> fmt::Result {
        let Some(Violation { property, evidence, .. }) = &self.outcome.violation else { return Ok(()) };
        let nodes = words::set(&evidence.nodes.iter().copied().collect());
        let claim = verdict::claim(self.run.experiment, property);
        let known = [("property", property.as_str()), ("claim", claim), ("but", &evidence.kind)];
        let known = known.into_iter().chain((!evidence.nodes.is_empty()).then_some(("nodes", nodes.as_str())));
        let values = evidence.values.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        writeln!(page, "<dl id=\"evidence\">")?;
        for (name, value) in known.chain(values) {
            let class = if name == "but" { " class=\"bad\"" } else { "" };
            writeln!(page, "<dt>{}</dt><dd{class}>{}</dd>", Safe(name), Safe(value))?;
        }
        writeln!(page, "</dl>")
    }

    fn write_story(&self, page: &mut String) -> fmt::Result {
        let (told, heard) = self.story;
        let Some(violation) = self.outcome.violation.as_ref().filter(|_| !told.is_empty()) else { return Ok(()) };
        writeln!(page, "<h2>How it came about</h2>")?;
        let line = format!(
            "{} of {} records: what struck, what was reported, and what was done last",
            told.len(),
            count(heard)
        );
        writeln!(page, "<p class=\"dim\">{line}. A time is a link to that instant.</p>\n<table id=\"story\">")?;
        for Told { line, at, on, text } in told {
            let (on, text, at) = (Safe(on), Safe(text), Safe(at));
            let lane = format!("{on}");
            let to = if lane.is_empty() { format!("#t={at}") } else { format!("#t={at}&amp;n={lane}&amp;r={line}") };
            writeln!(page, "<tr><td><a href=\"{to}\">{at}</a><td>{on}<td>{text}</tr>")?;
        }
        let at = violation.at;
        writeln!(
            page,
            "<tr class=\"bad\"><td><a href=\"#t={at}\">{at}</a><td><td>BROKEN: {}</tr>",
            Safe(&violation.property)
        )?;
        writeln!(page, "</table>")
    }

    /// What `run` would print.
    fn account(&self) -> String {
        let ink = Ink::Plain;
        let Character { experiment, scenario, .. } = self.run;
        let mut text = character::text(self.run, ink);
        text += &course::text(*experiment, scenario, self.outcome, ink);
        text
    }
}

/// The script, in the order of its parts.
const SCRIPT: [&str; 4] = [
    include_str!("page/model.js"),
    include_str!("page/diagram.js"),
    include_str!("page/panels.js"),
    include_str!("page/main.js"),
];

fn written(write: impl FnOnce(&mut String) -> fmt::Result) -> String {
    let mut text = String::new();
    // Nothing fails that is written into a text.
    let _ = write(&mut text);
    text
}

/// A template with its `{{parts}}` put in; what they hold is not looked at again.
fn filled(template: &str, parts: &[(&str, String)]) -> String {
    let mut page = String::new();
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once("{{") {
        let (name, after) = behind.split_once("}}").unwrap_or((behind, ""));
        page.push_str(before);
        page.extend(parts.iter().filter(|(known, _)| *known == name).map(|(_, text)| text.as_str()));
        rest = after;
    }
    page + rest
}
