//! The kill matrix as a picture: mistakes from the top down, by protocol, and profiles across.

use super::{Matrix, Profile};
use crate::report::chart::{Axis, Body, Chart, Heat, Scale, Unit};
use crate::report::layout::many;

impl Matrix {
    /// The share of seeds that find each mistake under each profile, as a heat map.
    #[must_use]
    pub fn chart(&self) -> Chart {
        let rows = self.soonest();
        let cell = |protocol: &str, bug: &str, profile: &Profile| {
            let cell = profile.cells.iter().find(|cell| cell.bug == bug).filter(|_| profile.protocol == protocol);
            cell.filter(|cell| cell.runs > 0).map(super::Cell::rate)
        };
        let cells = rows.iter().flat_map(|(of, row)| {
            self.profiles.iter().map(move |profile| cell(&of.protocol, &row.bug, profile)).collect::<Vec<_>>()
        });
        let mut groups: Vec<(String, usize)> = Vec::new();
        for (profile, _) in &rows {
            match groups.last_mut().filter(|(protocol, _)| *protocol == profile.protocol) {
                Some((_, rows)) => *rows += 1,
                None => groups.push((profile.protocol.clone(), 1)),
            }
        }
        let axis = |name: &str| Axis { name: name.to_owned(), unit: Unit::Number, scale: Scale::Linear };
        Chart {
            title: "Which profile finds which mistake".to_owned(),
            about: self.about(),
            x: axis("profile"),
            y: axis("mistake"),
            body: Body::Heat(Heat {
                columns: short(self.profiles.iter().map(|profile| profile.file.as_str()).collect()),
                rows: rows.iter().map(|(_, cell)| cell.bug.clone()).collect(),
                groups,
                cells: cells.collect(),
                name: "seeds that find it".to_owned(),
                unit: Unit::Share,
                scale: Scale::Log,
                zero: "never".to_owned(),
                absent: "not of this protocol".to_owned(),
            }),
        }
    }

    fn about(&self) -> String {
        let [from, to] = self.seeds;
        let seeds = many(to - from, "seed");
        let correct = if self.convicts_the_innocent() {
            let failed = self.profiles.iter().map(|profile| profile.correct).fold(0, u64::saturating_add);
            format!("On the same seeds the correct code fails {} as well.", many(failed, "time"))
        } else {
            "On the same seeds the correct code breaks nothing.".to_owned()
        };
        let survivors = match self.survivors() {
            none if none.is_empty() => String::new(),
            some => format!(" Not found: {}.", some.join(", ")),
        };
        format!("In how many of {seeds}, in per cent, each planted mistake is found. {correct}{survivors}")
    }
}

/// The names of files without the folder that all of them are in, and without their ending.
fn short(files: Vec<&str>) -> Vec<String> {
    let first = files.first().copied().unwrap_or_default();
    let folders = first.match_indices('/').map(|(end, _)| &first[..=end]);
    let shared = folders.rev().find(|folder| files.iter().all(|file| file.starts_with(folder))).unwrap_or_default();
    let short = |file: &&str| file[shared.len()..].trim_end_matches(".json").to_owned();
    files.iter().map(short).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_apart_in_few_letters() {
        assert_eq!(short(vec!["a/b/c.json", "a/bd/e.json"]), ["b/c", "bd/e"]);
        assert_eq!(short(vec!["raft.json", "x/raft.json"]), ["raft", "x/raft"]);
        assert_eq!(short(vec!["scenarios/raft/one.json"]), ["one"]);
        assert_eq!(short(vec!["é/a.json", "è/b.json"]), ["é/a", "è/b"]);
        assert!(short(Vec::new()).is_empty());
    }
}
