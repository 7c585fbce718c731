//! Where in a text a JSON path leads. The text is known to be JSON; this only walks it.

use super::choice::{key, leaves_open};

/// Which alternative was taken of the open setting with this key.
pub(super) type Pick<'a> = &'a dyn Fn(&str) -> Option<usize>;

/// A place in a text: line and column, both counted from 1, columns in characters.
pub(super) type Place = (usize, usize);

/// Where `path` (such as `faults.timeline[2].who`) leads: to the field's name if it ends in a field, else to the
/// item. Where the text ends earlier than the path, to the last place on the way. An alternative of a setting that
/// is left open need not be named: `pick` says which one was taken at a path.
pub(super) fn locate(text: &str, path: &str, pick: Pick<'_>) -> Place {
    let mut walk = Walk { text, at: 0, depth: 0 };
    walk.blanks();
    let offset = walk.descend(path, 0, pick);
    line_and_column(text, offset)
}

/// Line and column of a byte offset.
pub(super) fn line_and_column(text: &str, offset: usize) -> Place {
    let before = &text[..offset.min(text.len())];
    let line = before.bytes().filter(|&byte| byte == b'\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |tail| tail.chars().count()) + 1;
    (line, column)
}

struct Walk<'a> {
    text: &'a str,
    at: usize,
    /// How deep in alternatives of one open setting.
    depth: usize,
}

impl Walk<'_> {
    fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), b' ' | b'\t' | b'\n' | b'\r' | b',' | b':') {
            self.at += 1;
        }
    }

    /// Goes on from the value that begins here, along `path[done..]`; the offset that it leads to.
    fn descend(&mut self, path: &str, done: usize, pick: Pick<'_>) -> usize {
        let start = self.at;
        let found = match self.peek() {
            b'{' => self.member(path, done, pick),
            b'[' => self.nth(path, done, pick),
            _ => None,
        };
        found.unwrap_or(start)
    }

    fn nth(&mut self, path: &str, done: usize, pick: Pick<'_>) -> Option<usize> {
        let (n, length) = index(&path[done..])?;
        self.depth = 0;
        self.item(n).then(|| self.descend(path, done + length, pick))
    }

    fn member(&mut self, path: &str, done: usize, pick: Pick<'_>) -> Option<usize> {
        let rest = path[done..].strip_prefix('.').unwrap_or(&path[done..]);
        let skipped = path.len() - rest.len();
        // A name may itself hold a dot (a zone's, say): the longest that fits is meant.
        let mut best: Option<(String, usize, usize)> = None;
        let mut open: Option<usize> = None;
        self.members(|name, at, value| {
            let ends = |tail: &str| matches!(tail.bytes().next(), None | Some(b'.' | b'['));
            let fits = !rest.is_empty() && rest.strip_prefix(name).is_some_and(ends);
            if fits && best.as_ref().is_none_or(|(longest, ..)| longest.len() < name.len()) {
                best = Some((name.to_owned(), at, value));
            }
            if leaves_open(name) {
                open = Some(value);
            }
        });
        if let Some((name, at, value)) = best {
            self.at = value;
            self.depth = 0;
            let deeper = self.descend(path, skipped + name.len(), pick);
            return Some(if deeper == value { at } else { deeper });
        }
        // The path speaks of the setting as it was decided; in the text it is one of several.
        self.at = open?;
        let alternatives = self.at;
        let chosen = pick(&key(&path[..done], self.depth))?;
        self.depth += 1;
        Some(if self.item(chosen) { self.descend(path, done, pick) } else { alternatives })
    }

    /// Visits the members of the object that begins here: name, offset of the name, offset of the value.
    fn members(&mut self, mut visit: impl FnMut(&str, usize, usize)) {
        self.at += 1;
        self.blanks();
        while self.at < self.text.len() && self.peek() != b'}' {
            let key = self.at;
            self.skip();
            let name: String = serde_json::from_str(&self.text[key..self.at]).unwrap_or_default();
            self.blanks();
            visit(&name, key, self.at);
            self.skip();
            self.blanks();
        }
        self.at += 1;
    }

    /// Goes to the `n`-th item of the list that begins here; whether there is one.
    fn item(&mut self, n: usize) -> bool {
        if self.peek() != b'[' {
            return false;
        }
        self.at += 1;
        self.blanks();
        for _ in 0..n {
            if self.peek() == b']' {
                return false;
            }
            self.skip();
            self.blanks();
        }
        self.peek() != b']'
    }

    /// Skips the value that begins here.
    fn skip(&mut self) {
        match self.peek() {
            b'"' => self.skip_string(),
            b'{' | b'[' => self.skip_nested(),
            _ => {
                while self.at < self.text.len()
                    && !matches!(self.peek(), b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t')
                {
                    self.at += 1;
                }
            }
        }
    }

    fn skip_string(&mut self) {
        self.at += 1;
        while self.at < self.text.len() && self.peek() != b'"' {
            self.at += if self.peek() == b'\\' { 2 } else { 1 };
        }
        self.at += 1;
    }

    fn skip_nested(&mut self) {
        let mut depth = 0usize;
        while self.at < self.text.len() {
            match self.peek() {
                b'"' => {
                    self.skip_string();
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return;
            }
        }
    }
}

/// The index at the head of a path, and the length of its text.
fn index(rest: &str) -> Option<(usize, usize)> {
    let (number, _) = rest.strip_prefix('[')?.split_once(']')?;
    Some((number.parse().ok()?, number.len() + 2))
}
