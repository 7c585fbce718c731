//! A run in the Chrome trace event format, which Perfetto and `chrome://tracing` show: a process for each node and
//! client, slices for turns, lives and operations, flows for messages, instants for facts, and faults beside them.
//!
//! Times are virtual, in microseconds. A turn takes none, and what takes none cannot be seen or be the end of an arrow:
//! it is drawn as long as a microsecond, or up to the next one of its node.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::files::Form;
use crate::sim::{Record, Verbatim, What, kind_of};
use crate::time::{Span, Time};

/// How long a turn is drawn at most.
const TURN: Span = Span::us(1);

/// The tracks of a process: what it does, and what it is or wants meanwhile.
const DOES: u32 = 1;
const IS: u32 = 2;

/// Events as they come, and what is still open.
#[derive(Debug, Default)]
pub struct Perfetto {
    begun: bool,
    now: Time,
    /// The process of each node and client, and of the plan.
    processes: BTreeMap<String, u32>,
    /// Of each process the turn that has no end yet: since when, its name, and particulars.
    turns: BTreeMap<u32, (Time, String, String)>,
    /// Lives and operations that have no end yet.
    open: BTreeMap<u32, (Time, String, String)>,
    /// Entries of the plan that are on.
    faults: BTreeMap<String, u32>,
}

/// Microseconds, to the nanosecond.
fn micros(ns: u64) -> Value {
    let text = format!("{}.{:03}", ns / 1_000, ns % 1_000);
    serde_json::from_str(&text).unwrap_or_default()
}

fn name_of(record: &Record) -> String {
    let kind = kind_of(&Verbatim(&record.detail));
    match record.what {
        What::Deliver => format!("{kind} from {}", record.peer),
        What::Timer => format!("timer {kind}"),
        What::Request => format!("request of {}", record.peer),
        What::Synced => "synced".to_owned(),
        What::Boot => "boot".to_owned(),
        What::Invoke => format!("asks {}", record.peer),
        What::Reply => format!("reply, {}", record.peer),
        _ => "effects leave".to_owned(),
    }
}

impl Form for Perfetto {
    fn write(&mut self, record: &Record, out: &mut dyn Write) -> io::Result<()> {
        self.now = record.at;
        let on = if record.on.is_empty() { "faults" } else { record.on.as_str() };
        let process = self.process(on, out)?;
        let at_client = record.on.starts_with('c');
        match record.what {
            What::Deliver | What::Timer | What::Request | What::Synced | What::Boot => {
                self.turn(process, record, true, out)?;
            }
            What::Send | What::Reply | What::Invoke | What::Fact | What::Persist | What::Write => {
                self.turn(process, record, at_client, out)?;
            }
            _ => {}
        }
        let arrives = matches!(record.what, What::Deliver | What::Request) || record.what == What::Reply && at_client;
        let leaves =
            matches!(record.what, What::Send | What::Invoke | What::Twice) || record.what == What::Reply && !at_client;
        if let Some(message) = record.message.filter(|_| arrives || leaves) {
            let mut flow = json!({ "ph": if leaves { "s" } else { "f" }, "id": message, "cat": "message", "name": "message",
                "pid": process, "tid": DOES, "ts": micros(record.at.0) });
            if arrives {
                flow["bp"] = "e".into();
            }
            self.put(&flow, out)?;
        }
        match record.what {
            What::Fact => self.instant(process, &kind_of(&Verbatim(&record.detail)), record, "t", out)?,
            What::Lost | What::Cut => self.instant(process, &format!("to {}: lost", record.peer), record, "t", out)?,
            What::Dropped | What::Idle | What::Flap => self.instant(process, &record.detail, record, "t", out)?,
            What::Phase => self.instant(process, &format!("phase: {}", record.detail), record, "g", out)?,
            What::Boot => {
                self.open.insert(process, (record.at, record.detail.clone(), String::new()));
            }
            What::Crash | What::Refuse => self.close(process, "", out)?,
            What::Invoke => {
                let (id, op) = record.detail.split_once(' ').unwrap_or((&record.detail, ""));
                self.open
                    .entry(process)
                    .or_insert_with(|| (record.at, format!("{id} {}", kind_of(&Verbatim(op))), op.to_owned()));
            }
            What::Return => self.close(process, &record.detail, out)?,
            What::Fault => self.fault(process, record, true, out)?,
            What::End => self.fault(process, record, false, out)?,
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        for process in std::mem::take(&mut self.processes).into_values() {
            self.end_turn(process, out)?;
            self.close(process, "", out)?;
        }
        for (entry, process) in std::mem::take(&mut self.faults) {
            self.put(&asynchronous("e", &entry, process, self.now), out)?;
        }
        out.write_all(if self.begun { b"\n]}\n" } else { b"{\"displayTimeUnit\":\"ns\",\"traceEvents\":[]}\n" })
    }
}

impl Perfetto {
    fn put(&mut self, event: &Value, out: &mut dyn Write) -> io::Result<()> {
        let before: &[u8] = if self.begun { b",\n" } else { b"{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n" };
        self.begun = true;
        out.write_all(before)?;
        serde_json::to_writer(out, event).map_err(io::Error::from)
    }

    /// The number of a process; at first sight it is named.
    fn process(&mut self, name: &str, out: &mut dyn Write) -> io::Result<u32> {
        if let Some(&process) = self.processes.get(name) {
            return Ok(process);
        }
        let process = u32::try_from(self.processes.len() + 1).unwrap_or(u32::MAX);
        self.processes.insert(name.to_owned(), process);
        let is = if name.starts_with('c') { "operations" } else { "lives" };
        self.put(&json!({ "ph": "M", "pid": process, "name": "process_name", "args": { "name": name } }), out)?;
        self.put(
            &json!({ "ph": "M", "pid": process, "name": "process_sort_index", "args": { "sort_index": process } }),
            out,
        )?;
        for (track, name) in [(DOES, "turns"), (IS, is)] {
            self.put(
                &json!({ "ph": "M", "pid": process, "tid": track, "name": "thread_name", "args": { "name": name } }),
                out,
            )?;
        }
        Ok(process)
    }

    /// A turn begins with its input; or goes on, after a wait, with effects that leave.
    fn turn(&mut self, process: u32, record: &Record, begins: bool, out: &mut dyn Write) -> io::Result<()> {
        if !begins && self.turns.get(&process).is_some_and(|(since, ..)| *since == record.at) {
            return Ok(());
        }
        self.end_turn(process, out)?;
        self.turns.insert(process, (record.at, name_of(record), record.detail.clone()));
        Ok(())
    }

    fn end_turn(&mut self, process: u32, out: &mut dyn Write) -> io::Result<()> {
        let Some((since, name, detail)) = self.turns.remove(&process) else { return Ok(()) };
        let lasted = self.now.since(since).min(TURN);
        self.put(&slice(process, DOES, since, lasted, &name, &detail), out)
    }

    /// A life or an operation ends.
    fn close(&mut self, process: u32, how: &str, out: &mut dyn Write) -> io::Result<()> {
        let Some((since, name, op)) = self.open.remove(&process) else { return Ok(()) };
        let detail = format!("{op} {how}");
        self.put(&slice(process, IS, since, self.now.since(since), &name, detail.trim()), out)
    }

    fn instant(
        &mut self,
        process: u32,
        name: &str,
        record: &Record,
        scope: &str,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let event = json!({ "ph": "i", "s": scope, "pid": process, "tid": DOES, "ts": micros(record.at.0), "name": name,
            "args": { "detail": record.detail } });
        self.put(&event, out)
    }

    fn fault(&mut self, process: u32, record: &Record, begins: bool, out: &mut dyn Write) -> io::Result<()> {
        let entry = record.detail.split(' ').next().unwrap_or_default();
        let was = if begins { self.faults.insert(entry.to_owned(), process) } else { self.faults.remove(entry) };
        // Of an entry that strikes several nodes, the first begins it; and it ends where it began.
        let (phase, place) = match (begins, was) {
            (true, None) => ("b", process),
            (false, Some(place)) => ("e", place),
            (true, Some(place)) => {
                self.faults.insert(entry.to_owned(), place);
                return Ok(());
            }
            (false, None) => return Ok(()),
        };
        let mut event = asynchronous(phase, entry, place, record.at);
        if begins {
            event["args"] = json!({ "detail": record.detail });
        }
        self.put(&event, out)
    }
}

fn slice(process: u32, track: u32, since: Time, lasted: Span, name: &str, detail: &str) -> Value {
    json!({ "ph": "X", "pid": process, "tid": track, "ts": micros(since.0), "dur": micros(lasted.0), "name": name,
        "args": { "detail": detail } })
}

/// Faults overlap, so that they are no slices of one track.
fn asynchronous(phase: &str, entry: &str, process: u32, at: Time) -> Value {
    json!({ "ph": phase, "cat": "fault", "id": entry, "name": entry, "pid": process, "tid": IS, "ts": micros(at.0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A node is asked, answers, crashes; and a fault outlives the run.
    #[test]
    fn everything_that_begins_ends() {
        let record = |at, what, on: &str, peer: &str, detail: &str, message| Record {
            at: Time(at),
            what,
            on: on.to_owned(),
            peer: peer.to_owned(),
            detail: detail.to_owned(),
            message,
        };
        let records = [
            record(0, What::Boot, "n0", "", "life 1", None),
            record(500, What::Invoke, "c0", "n0", "c0#0 Get", Some(1)),
            record(900, What::Fault, "", "", "partition-0 {n0}->{n1}", None),
            record(1_500, What::Request, "n0", "c0", "c0#0 Get", Some(1)),
            record(1_500, What::Fact, "n0", "", "Read { key: 1 }", None),
            record(9_500, What::Reply, "n0", "c0", "c0#0 Ok", Some(2)),
            record(9_700, What::Reply, "c0", "n0", "c0#0 Ok", Some(2)),
            record(9_700, What::Return, "c0", "", "c0#0 Ok after 9us", None),
            record(12_000, What::Crash, "n0", "", "", None),
        ];
        let (mut perfetto, mut out) = (Perfetto::default(), Vec::new());
        records.iter().for_each(|record| perfetto.write(record, &mut out).unwrap());
        perfetto.end(&mut out).unwrap();
        let trace: Value = serde_json::from_slice(&out).unwrap();
        let events = trace["traceEvents"].as_array().unwrap();
        let of = |phase: &str| events.iter().filter(|event| event["ph"] == phase).collect::<Vec<&Value>>();
        assert_eq!((of("s").len(), of("f").len(), of("b").len(), of("e").len(), of("i").len()), (2, 2, 1, 1, 1));
        let slices: Vec<(&str, f64, f64)> = of("X")
            .iter()
            .map(|slice| {
                (slice["name"].as_str().unwrap(), slice["ts"].as_f64().unwrap(), slice["dur"].as_f64().unwrap())
            })
            .collect();
        for expected in
            [("life 1", 0.0, 12.0), ("c0#0 get", 0.5, 9.2), ("request of c0", 1.5, 1.0), ("reply, c0", 9.5, 1.0)]
        {
            assert!(slices.contains(&expected), "{expected:?} is not in {slices:?}");
        }
    }
}
