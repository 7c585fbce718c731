//! A run as ShiViz reads it (Beschastnikh, Wang, Brun and Ernst, *Debugging Distributed Systems*, ACM Queue 2016): two
//! lines an event, the host with its vector clock, and what happened.
//!
//! That is ShiViz's own default, so its parser needs nothing but `(?<host>\S*) (?<clock>{.*})\n(?<event>.*)`. What the
//! plan does to links, or to everybody, happens to a host of its own. What becomes of a message on its way happens to
//! nobody, and is left out but where it is lost at once: then its sender's line says so.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::files::Form;
use super::story::sentence;
use crate::sim::{Record, What};

/// Who stands for what happens to nobody in particular.
const PLAN: &str = "faults";

/// How many events of each host are known.
type Clock = BTreeMap<String, u64>;

/// Vector clocks, kept while the run goes on.
#[derive(Debug, Default)]
pub struct ShiViz {
    hosts: BTreeMap<String, Clock>,
    /// What was known when a message was sent that is on its way.
    sent: BTreeMap<u64, Clock>,
}

impl Form for ShiViz {
    fn write(&mut self, record: &Record, out: &mut dyn Write) -> io::Result<()> {
        let on = if record.on.is_empty() { PLAN } else { record.on.as_str() };
        let clock = self.hosts.entry(on.to_owned()).or_default();
        match (record.what, record.message) {
            (What::Twice, Some(message)) => {
                self.sent.insert(message, clock.clone());
                return Ok(());
            }
            (What::Cut | What::Lost, Some(message)) => {
                self.sent.remove(&message);
                return Ok(());
            }
            (What::Held, _) => return Ok(()),
            (_, Some(message)) => {
                // Its own number is known to no other message that is on its way.
                if let Some(known) = self.sent.remove(&message) {
                    for (host, events) in known {
                        let own = clock.entry(host).or_default();
                        *own = events.max(*own);
                    }
                    *clock.entry(on.to_owned()).or_default() += 1;
                } else {
                    *clock.entry(on.to_owned()).or_default() += 1;
                    self.sent.insert(message, clock.clone());
                }
            }
            (_, None) => *clock.entry(on.to_owned()).or_default() += 1,
        }
        write!(out, "{on} ")?;
        serde_json::to_writer(&mut *out, clock)?;
        let words = sentence(record, "").replace(['\n', '\r'], " ");
        writeln!(out, "\n{} {words}", record.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Time;

    #[test]
    fn an_arrival_knows_what_its_sender_knew() {
        let record = |what, on: &str, peer: &str, message| Record {
            at: Time(1_500),
            what,
            on: on.to_owned(),
            peer: peer.to_owned(),
            detail: "Ping".to_owned(),
            message,
        };
        let mut shiviz = ShiViz::default();
        let mut out = Vec::new();
        for record in [
            record(What::Timer, "n0", "", None),
            record(What::Send, "n0", "n1", Some(7)),
            record(What::Twice, "n0", "n1", Some(8)),
            record(What::Fact, "n1", "", None),
            record(What::Deliver, "n1", "n0", Some(7)),
            record(What::Fault, "", "", None),
            record(What::Deliver, "n1", "n0", Some(8)),
        ] {
            shiviz.write(&record, &mut out).unwrap();
        }
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let hosts: Vec<&str> = lines.iter().step_by(2).copied().collect();
        assert_eq!(
            hosts,
            [
                r#"n0 {"n0":1}"#,
                r#"n0 {"n0":2}"#,
                r#"n1 {"n1":1}"#,
                r#"n1 {"n0":2,"n1":2}"#,
                r#"faults {"faults":1}"#,
                r#"n1 {"n0":2,"n1":3}"#
            ]
        );
        assert_eq!(lines[7], "1.5us hears from n0: Ping");
        assert!(shiviz.sent.is_empty());
    }
}
