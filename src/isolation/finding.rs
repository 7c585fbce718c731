//! What can be wrong, and how it is told.

use std::fmt;

use serde::Serialize;

/// A way in which transactions are not serializable; the most specific first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Anomaly {
    /// A cycle of write dependencies alone.
    G0,
    /// A committed transaction read what one wrote that aborted.
    #[serde(rename = "G1a")]
    G1a,
    /// A committed transaction read what its writer then wrote over.
    #[serde(rename = "G1b")]
    G1b,
    /// A cycle of write and read dependencies.
    #[serde(rename = "G1c")]
    G1c,
    /// A cycle with one anti-dependency: snapshot isolation excludes it.
    #[serde(rename = "G-single")]
    GSingle,
    /// A cycle with anti-dependencies, and no cycle of another kind among the transactions that hang together with it.
    #[serde(rename = "G2-item")]
    G2Item,
}

impl Anomaly {
    /// Its name in the literature.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::G0 => "G0",
            Self::G1a => "G1a",
            Self::G1b => "G1b",
            Self::G1c => "G1c",
            Self::GSingle => "G-single",
            Self::G2Item => "G2-item",
        }
    }

    /// What it is, in a few words.
    #[must_use]
    pub fn about(self) -> &'static str {
        match self {
            Self::G0 => "write cycle: transactions wrote over each other in turn",
            Self::G1a => "aborted read: a transaction read what another wrote that aborted",
            Self::G1b => "intermediate read: a transaction read what its writer then wrote over",
            Self::G1c => "circular information flow: transactions depend on each other's writes in turn",
            Self::GSingle => "single anti-dependency cycle: a lost update or a torn read",
            Self::G2Item => "anti-dependency cycle: write skew, where each missed what another wrote",
        }
    }
}

impl fmt::Display for Anomaly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why one transaction comes before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Dependency {
    /// The second wrote the version that follows one of the first.
    Ww,
    /// The second read a version of the first.
    Wr,
    /// The first read a version, and the second wrote one that follows it.
    Rw,
}

/// One transaction before another, and why; in words as they are shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Edge {
    /// The first.
    pub from: String,
    /// The second.
    pub to: String,
    /// The places of both among all transactions.
    #[serde(skip)]
    pub places: [usize; 2],
    /// Why.
    pub dependency: Dependency,
    /// Of which object.
    pub object: String,
    /// The version that the first wrote, or read; nothing where it read the object before all writes.
    pub before: Option<String>,
    /// The version that the second wrote, if it did.
    pub after: Option<String>,
}

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, object, .. } = self;
        let [before, after] = [&self.before, &self.after].map(|version| version.as_deref().unwrap_or_default());
        match (self.dependency, &self.before) {
            (Dependency::Ww, _) => {
                write!(f, "{to} wrote version {after} of {object} over {before}, which {from} had written (ww)")
            }
            (Dependency::Wr, _) => {
                write!(f, "{to} read {object} at version {before}, which {from} had written (wr)")
            }
            (Dependency::Rw, Some(before)) => {
                write!(f, "{from} read {object} at version {before} before {to} wrote version {after} (rw)")
            }
            (Dependency::Rw, None) => {
                write!(f, "{from} read {object} as it was at first, before {to} wrote version {after} (rw)")
            }
        }
    }
}

/// One anomaly, with what shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which.
    pub anomaly: Anomaly,
    /// A cycle, each edge beginning where the one before it ends; of a read that should not have been, that read.
    pub edges: Vec<Edge>,
    /// Whether there is surely no shorter cycle of this class.
    pub is_shortest: bool,
}

impl Finding {
    /// A sentence for each edge, without the full stop.
    pub fn sentences(&self) -> impl Iterator<Item = String> {
        self.edges.iter().map(|edge| match self.anomaly {
            Anomaly::G1a => format!("{edge}, and {} aborted", edge.from),
            Anomaly::G1b => format!("{edge}, and {} wrote over it itself", edge.from),
            _ => edge.to_string(),
        })
    }
}

/// In one line.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}: ", self.anomaly, self.anomaly.about())?;
        for (n, sentence) in self.sentences().enumerate() {
            write!(f, "{}{sentence}", if n == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}
