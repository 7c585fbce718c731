//! Files that a run leaves behind: written aside, then renamed, so that there is a whole file or none.

use std::cell::RefCell;
use std::fmt;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use tempfile::NamedTempFile;

use crate::recorded::{Event, Format, write_edn, write_jsonl};
use crate::scenario::{Reproducer, aside_in, folder_of};
use crate::sim::{Record, Tracer};

/// How records are written down.
pub trait Form: fmt::Debug {
    /// Takes the next record.
    ///
    /// # Errors
    /// It cannot be written.
    fn write(&mut self, record: &Record, out: &mut dyn Write) -> io::Result<()>;

    /// There are no more.
    ///
    /// # Errors
    /// What is left cannot be written.
    fn end(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

/// Every record as JSON, one a line.
#[derive(Clone, Copy, Debug)]
pub struct Lines;

impl Form for Lines {
    fn write(&mut self, record: &Record, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer(&mut *out, record)?;
        out.write_all(b"\n")
    }
}

/// A trace that is being written.
pub struct Trace(Rc<RefCell<Pages>>);

struct Pages {
    form: Box<dyn Form>,
    target: Option<(PathBuf, NamedTempFile)>,
    out: Box<dyn Write>,
    failed: Option<io::Error>,
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trace")
            .field("file", &self.0.borrow().target.as_ref().map(|(path, _)| path))
            .finish_non_exhaustive()
    }
}

impl Trace {
    /// A trace into a file. It appears when the trace is finished.
    ///
    /// # Errors
    /// The folder does not exist or cannot be written to.
    pub fn into_file(path: &Path, form: Box<dyn Form>) -> io::Result<Self> {
        let aside = aside_in(folder_of(path))?;
        let out = BufWriter::new(aside.as_file().try_clone()?);
        Ok(Self::with(form, Some((path.to_owned(), aside)), Box::new(out)))
    }

    /// A trace into a stream.
    #[must_use]
    pub fn into_stream(form: Box<dyn Form>, out: Box<dyn Write>) -> Self {
        Self::with(form, None, Box::new(BufWriter::new(out)))
    }

    fn with(form: Box<dyn Form>, target: Option<(PathBuf, NamedTempFile)>, out: Box<dyn Write>) -> Self {
        Self(Rc::new(RefCell::new(Pages { form, target, out, failed: None })))
    }

    /// What writes the records of a run into it.
    #[must_use]
    pub fn tracer(&self) -> Tracer {
        let pages = Rc::clone(&self.0);
        Box::new(move |record| pages.borrow_mut().write(record))
    }

    /// Finishes the trace: the file is there.
    ///
    /// # Errors
    /// Some record could not be written, or the file could not be renamed. There is no file then.
    pub fn finish(self) -> io::Result<()> {
        let pages = &mut *self.0.borrow_mut();
        if let Some(error) = pages.failed.take() {
            return Err(error);
        }
        pages.form.end(&mut pages.out)?;
        pages.out.flush()?;
        if let Some((path, aside)) = pages.target.take() {
            aside.persist(path)?;
        }
        Ok(())
    }
}

impl Pages {
    fn write(&mut self, record: &Record) {
        if self.failed.is_some() {
            return;
        }
        self.failed = self.form.write(record, &mut self.out).err();
    }
}

/// How a history is written, by how its file's name ends.
#[must_use]
pub fn history_format(path: &Path) -> Option<Format> {
    match path.extension()?.to_str()? {
        "edn" => Some(Format::Edn),
        "jsonl" => Some(Format::Jsonl),
        _ => None,
    }
}

/// Writes a history. It appears when it is whole.
///
/// # Errors
/// The folder does not exist or cannot be written to.
pub fn save_history(events: &[Event], path: &Path, format: Format) -> io::Result<()> {
    let aside = aside_in(folder_of(path))?;
    let mut out = BufWriter::new(aside.as_file());
    for event in events {
        if format == Format::Jsonl { write_jsonl(&mut out, event)? } else { write_edn(&mut out, event)? }
    }
    out.flush()?;
    drop(out);
    aside.persist(path)?;
    Ok(())
}

/// Writes a reproducer where nothing is lost by it: a file that is there already and says something else is left
/// alone, and the new one gets a number behind its name. Where the very same is there, nothing is written.
///
/// # Errors
/// The folder does not exist or cannot be written to.
pub fn save_beside(reproducer: &Reproducer, path: &Path) -> io::Result<PathBuf> {
    match free(path, |text| says_the_same(text, reproducer)) {
        (place, true) => Ok(place),
        (place, false) => reproducer.save(&place).map(|()| place),
    }
}

/// A place where nothing is, or just what is to be there; which of the two. It is `path`, or that with a number.
#[must_use]
pub fn free(path: &Path, is_it: impl Fn(&str) -> bool) -> (PathBuf, bool) {
    let mut place = path.to_owned();
    for n in 2u32.. {
        match std::fs::read_to_string(&place) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => break,
            Ok(text) if is_it(&text) => return (place, true),
            _ => place = numbered(path, n),
        }
    }
    (place, false)
}

fn says_the_same(text: &str, reproducer: &Reproducer) -> bool {
    Reproducer::parse(text).is_ok_and(|loaded| loaded.notes.is_empty() && loaded.reproducer == *reproducer)
}

/// `x.reproducer.json` with a number: `x-2.reproducer.json`.
fn numbered(path: &Path, n: u32) -> PathBuf {
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let (stem, rest) = match name.strip_suffix(SUFFIX) {
        Some(stem) => (stem, SUFFIX),
        None => name.rsplit_once('.').map_or((name.as_str(), ""), |(stem, _)| (stem, &name[stem.len()..])),
    };
    path.with_file_name(format!("{stem}-{n}{rest}"))
}

/// How the names of reproducers end.
pub const SUFFIX: &str = ".reproducer.json";

/// Whether two paths, of files that need not be there, name the same one.
#[must_use]
pub fn is_same(a: &Path, b: &Path) -> bool {
    let place = |path: &Path| Some((folder_of(path).canonicalize().ok()?, path.file_name()?.to_owned()));
    let whole = |path: &Path| path.canonicalize().ok();
    place(a).is_some_and(|place_of_a| Some(place_of_a) == place(b)) || whole(a).is_some_and(|a| Some(a) == whole(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_goes_before_the_ending() {
        let number = |name: &str| numbered(Path::new(name), 2).display().to_string();
        assert_eq!(number("a/x.reproducer.json"), "a/x-2.reproducer.json");
        assert_eq!(number("x.json"), "x-2.json");
        assert_eq!(number("x"), "x-2");
    }
}
