//! Nodes as they are at an instant.

use super::layout::{Ink, Sheet, Tone, brief};
use crate::lab::NodeView;
use crate::time::Time;

/// These nodes at this instant, as text.
#[must_use]
pub fn text(nodes: &[NodeView], at: Time, ink: Ink) -> String {
    let mut sheet = Sheet::new(ink);
    for node in nodes {
        sheet.raw("");
        sheet.line(Tone::Heading, &format!("{} at {at}", node.node));
        sheet.row("condition", &format!("{}, life {}", node.condition, node.life));
        sheet.row("clock", &format!("{} on its own", node.clock));
        let timers: Vec<String> =
            node.timers.iter().map(|(timer, left)| format!("{timer} in {}", brief(*left))).collect();
        sheet.row("timers", if timers.is_empty() { "none" } else { "" });
        sheet.row("timers", &timers.join(", "));
        indented(&mut sheet, "memory", node.memory.as_deref().unwrap_or("none"));
        indented(&mut sheet, "disk", &node.disk);
    }
    sheet.into_text()
}

/// A text of many lines: the first beside the label, the others under it.
fn indented(sheet: &mut Sheet, label: &str, text: &str) {
    for (n, line) in text.lines().enumerate() {
        let label = if n == 0 { label } else { "" };
        sheet.raw(&format!("  {label:<13}{line}"));
    }
}
