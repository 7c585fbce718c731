//! What a sweep has done so far, on disk, so that one that was killed at any moment goes on where it was.
//!
//! Beside the results there is a folder while the sweep lasts: what is measured (`sweep.json`), a line for every run of
//! the cells that are under way (`cell-7.jsonl`), and a line for each cell that is over (`cells.jsonl`). A line is
//! written by one call, behind all others; a last line that is not whole was being written when the program was killed,
//! and is left out.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::cell::Cell;
use super::results::{Header, Results};
use super::sample::{Metric, Sample};
use crate::campaign::write_whole;

/// The folder beside the results.
const ASIDE: &str = ".sweep";
/// So begin the names of files that are being written, until they are renamed.
const BESIDE: &str = ".seedstorm-";
/// The results.
pub const CELLS: &str = "cells.json";

/// A cell that is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Over {
    /// What it came to.
    pub cell: Cell,
    /// The quantities that were measured in it.
    pub metrics: Vec<Metric>,
}

/// A line about a cell that is under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// A quantity that is measured in it, before the first run that has it.
    Metric(Metric),
    /// A run.
    Run(Sample),
}

/// Where a sweep is written down while it lasts.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    aside: PathBuf,
    over: File,
    /// Held as long as the program lives.
    _lock: File,
}

/// What is found where a sweep is to be written.
#[derive(Debug)]
pub enum Found {
    /// Nothing of it, or a part.
    Part(Vec<Over>),
    /// All of it.
    Whole(Box<Results>),
}

/// Why a sweep cannot be written there.
#[derive(Debug)]
pub enum Refusal {
    /// Something else is there.
    Taken(String),
    /// The folder cannot be used.
    Io(PathBuf, io::Error),
}

impl Journal {
    /// Begins a sweep in a folder, or goes on with it. What is there of another one is left alone, unless it is to be
    /// replaced; then it is there until it is.
    ///
    /// # Errors
    /// Why it cannot be written there.
    pub fn open(folder: &Path, header: &Header, replace: bool) -> Result<(Self, Found), Refusal> {
        let aside = folder.join(ASIDE);
        let failed = |error| Refusal::Io(folder.to_owned(), error);
        let marker = aside.join("sweep.json");
        let begun = begun(&marker)?;
        let is_same = begun.as_ref().is_some_and(|begun| header.differs(begun).is_none());
        let mut whole = None;
        if !is_same && !replace {
            whole = done(folder, header)?;
            if whole.is_none() {
                check(folder, &aside, header, begun.as_ref())?;
            }
        }
        fs::create_dir_all(&aside).map_err(failed)?;
        let lock = File::create(aside.join("lock")).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let message = format!("{}: another sweep is writing there just now", folder.display());
                return Err(Refusal::Taken(message));
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        if whole.is_none() && !is_same {
            forget(&aside).map_err(failed)?;
            let text = serde_json::to_string_pretty(header).unwrap_or_default() + "\n";
            write_whole(&marker, text).map_err(failed)?;
        }
        let (over, lines) = lines(&aside.join("cells.jsonl")).map_err(failed)?;
        let journal = Self { folder: folder.to_owned(), aside, over, _lock: lock };
        Ok((journal, whole.map_or(Found::Part(lines), |results| Found::Whole(Box::new(results)))))
    }

    /// The runs of a cell that were done before, and where the next ones are to be written.
    ///
    /// # Errors
    /// The file cannot be used.
    pub fn cell(&self, cell: usize) -> io::Result<(File, Vec<Line>)> {
        lines(&self.of_cell(cell))
    }

    /// A cell is over: its runs need not be kept.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn close(&mut self, over: &Over) -> io::Result<()> {
        append(&mut self.over, over)?;
        fs::remove_file(self.of_cell(over.cell.cell))
    }

    fn of_cell(&self, cell: usize) -> PathBuf {
        self.aside.join(format!("cell-{cell}.jsonl"))
    }

    /// The results are written: nothing else is needed, nor what was being written whenever the program was killed.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn finish(self) -> io::Result<()> {
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(BESIDE)) {
                fs::remove_file(path)?;
            }
        }
        fs::remove_dir_all(&self.aside)
    }
}

/// Writes a line behind all others.
///
/// # Errors
/// It cannot be written.
pub fn append(file: &mut File, line: &impl Serialize) -> io::Result<()> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    file.write_all(&text)
}

/// The lines of a file that are whole, and the file, to write behind them.
fn lines<T: DeserializeOwned>(path: &Path) -> io::Result<(File, Vec<T>)> {
    let file = OpenOptions::new().create(true).read(true).append(true).open(path)?;
    let text = fs::read(path)?;
    let (mut whole, mut lines) = (0, Vec::new());
    for line in text.split_inclusive(|&byte| byte == b'\n').filter(|line| line.ends_with(b"\n")) {
        let Ok(read) = serde_json::from_slice(line) else { break };
        lines.push(read);
        whole += line.len();
    }
    if whole < text.len() {
        file.set_len(whole as u64)?;
    }
    Ok((file, lines))
}

/// What was begun there, if anything was.
fn begun(marker: &Path) -> Result<Option<Header>, Refusal> {
    let Ok(text) = fs::read_to_string(marker) else { return Ok(None) };
    let refuse = |error: serde_json::Error| Refusal::Taken(format!("{}: this is no sweep: {error}", marker.display()));
    serde_json::from_str(&text).map(Some).map_err(refuse)
}

fn taken(folder: &Path, what: &str) -> Refusal {
    Refusal::Taken(format!("{}: {what}; give another --out, or --force to replace it", folder.display()))
}

/// The results that are there already, if they are of this very sweep.
fn done(folder: &Path, header: &Header) -> Result<Option<Results>, Refusal> {
    let path = folder.join(CELLS);
    if !path.exists() {
        return Ok(None);
    }
    let results = Results::load(&path).map_err(|why| taken(folder, &format!("it holds something else ({why})")))?;
    match header.differs(&results.header) {
        Some(what) => Err(taken(folder, &format!("it holds the data of another sweep: {what} differs"))),
        None => Ok(Some(results)),
    }
}

/// Whether nothing is there of another sweep, and nothing of no sweep.
fn check(folder: &Path, aside: &Path, header: &Header, begun: Option<&Header>) -> Result<(), Refusal> {
    if folder.exists() && !folder.is_dir() {
        return Err(taken(folder, "this is no folder"));
    }
    match begun.and_then(|begun| header.differs(begun)) {
        Some(what) => Err(taken(folder, &format!("another sweep was begun there: {what} differs"))),
        None if folder.is_dir() && !is_empty(folder, aside) => {
            Err(taken(folder, "it holds files that are of no sweep"))
        }
        None => Ok(()),
    }
}

/// Whether nothing is in a folder but what an earlier start, killed at once, has left.
fn is_empty(folder: &Path, aside: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.all(|entry| entry.is_ok_and(|entry| entry.path() == aside)))
}

/// Removes what another sweep has left of its course.
fn forget(aside: &Path) -> io::Result<()> {
    for entry in fs::read_dir(aside)? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name != "lock") {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}
