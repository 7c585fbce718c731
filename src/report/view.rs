//! Nodes as they are at an instant.

use super::layout::{Ink, Sheet, Tone, WIDTH, brief};
use crate::lab::NodeView;
use crate::time::Time;

/// Where the text beside a label begins.
const INDENT: usize = 15;

/// These nodes at this instant, as text.
#[must_use]
pub fn text(nodes: &[NodeView], at: Time, ink: Ink) -> String {
    let mut sheet = Sheet::new(ink);
    for node in nodes {
        sheet.raw("");
        sheet.line(Tone::Heading, &format!("{} at {at}", node.node));
        sheet.row("condition", &format!("{}, life {}", node.condition, node.life));
        sheet.row("its clock", &node.clock.to_string());
        let timers: Vec<String> =
            node.timers.iter().map(|(timer, left)| format!("{timer} in {}", brief(*left))).collect();
        sheet.row("timers", &if timers.is_empty() { "none".to_owned() } else { timers.join(", ") });
        block(&mut sheet, "memory", node.memory.as_deref().unwrap_or("none"));
        block(&mut sheet, "disk", &node.disk);
    }
    sheet.into_text()
}

/// A value of many lines: the first beside the label, the others under it.
fn block(sheet: &mut Sheet, label: &str, text: &str) {
    for (n, line) in compact(text, WIDTH - INDENT).iter().enumerate() {
        sheet.set(if n == 0 { label } else { "" }, line);
    }
}

/// A pretty-printed `Debug` with every part on one line that fits on one. It is as long as it must be, and no longer.
fn compact(text: &str, width: usize) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut set = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let end = end_of_part(&lines, at);
        match flat(&lines[at..=end]).filter(|flat| flat.chars().count() <= width) {
            Some(flat) => {
                set.push(flat);
                at = end + 1;
            }
            None => {
                set.push(lines[at].to_owned());
                at += 1;
            }
        }
    }
    set
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The line that closes the part which begins at `start`; the same line if it opens nothing.
fn end_of_part(lines: &[&str], start: usize) -> usize {
    if !lines[start].ends_with(['{', '(', '[']) {
        return start;
    }
    let closes = |line: &&str| indent(line) == indent(lines[start]) && line.trim_start().starts_with(['}', ')', ']']);
    lines[start + 1..].iter().position(closes).map_or(start, |place| start + 1 + place)
}

/// A part on one line. A single line needs nothing done.
fn flat(lines: &[&str]) -> Option<String> {
    let (first, rest) = lines.split_first()?;
    let mut text = (*first).to_owned();
    for line in rest {
        let line = line.trim_start();
        if line.starts_with(['}', ')', ']']) && text.ends_with(',') {
            text.pop();
        }
        let spaced = if line.starts_with('}') { !text.ends_with('{') } else { text.ends_with(['{', ',']) };
        if spaced && !line.starts_with([')', ']']) {
            text.push(' ');
        }
        text.push_str(line);
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_on_a_line_stands_on_one() {
        let value = (vec![Some("a"), None], [1, 2, 3]);
        let pretty = format!("{value:#?}");
        assert_eq!(compact(&pretty, 80), [r#"([Some("a"), None], [1, 2, 3])"#]);
        assert_eq!(compact(&pretty, 24), ["(", r#"    [Some("a"), None],"#, "    [1, 2, 3],", ")"]);
    }

    #[test]
    fn structs_keep_their_spaces() {
        #[derive(Debug)]
        #[expect(dead_code, reason = "it is only printed")]
        struct Point {
            x: u32,
            rest: Vec<u32>,
        }
        let pretty = format!("{:#?}", Point { x: 1, rest: Vec::new() });
        assert_eq!(compact(&pretty, 80), ["Point { x: 1, rest: [] }"]);
    }
}
