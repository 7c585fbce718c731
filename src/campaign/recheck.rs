//! Proof of determinism, on a sample of the runs: each is done twice side by side, event by event, so that the first
//! event that differs can be named; and once more in another process, which shares no address with this one.

use std::io::{self, BufRead, BufReader};
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use super::run::{Job, Run};
use crate::lab::Parting;
use crate::rng::{Digest, Seed};
use crate::scenario::ScenarioError;

/// Which runs are done twice: that of the first seed, and one in so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// One in so many; zero for none at all.
    pub one_in: u64,
}

impl Sample {
    /// Whether this seed is in it, of a campaign that begins with `first`.
    #[must_use]
    pub fn takes(self, seed: Seed, first: u64) -> bool {
        self.one_in > 0 && (seed.0 == first || seed.0.is_multiple_of(self.one_in))
    }
}

/// What runs came to that were done twice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recheck {
    /// How many runs were done twice in this process.
    pub twice: u64,
    /// How many were done in another process too.
    pub elsewhere: u64,
    /// Those that differed, by seed.
    pub differed: Vec<Difference>,
    /// What is still to be compared with another process.
    #[serde(skip)]
    pub digests: Vec<(Seed, Digest)>,
}

/// Two runs of one seed that differed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// The seed.
    pub seed: Seed,
    /// What differed, in a sentence.
    pub what: String,
    /// Where they parted, if they did so before one's eyes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parting: Option<Parting>,
}

impl Recheck {
    /// Does a run again, twice side by side.
    ///
    /// # Errors
    /// What is wrong with what the seed draws.
    pub(super) fn look_again(&mut self, job: &Job<'_>, run: &Run) -> Result<(), ScenarioError> {
        let digest = run.digest;
        self.twice += 1;
        self.digests.push((run.seed, digest));
        let (scenario, plan) = job.prepare(run.seed)?;
        let (what, parting) = match job.experiment.twins(&scenario, &plan)? {
            Ok(again) if again == digest => return Ok(()),
            Ok(again) => (format!("one run came to {digest}, and two others to {again}"), None),
            Err(parting) => ("two runs of it parted".to_owned(), Some(*parting)),
        };
        self.differed.push(Difference { seed: run.seed, what, parting });
        Ok(())
    }

    /// Holds the runs that were done twice against those that another process makes of the same seeds: it gets the
    /// seeds as arguments, and answers with one digest a line.
    ///
    /// # Errors
    /// The process cannot be started, or does not answer.
    pub fn look_elsewhere(&mut self, program: &Command) -> io::Result<()> {
        /// As many as a command line holds on any system.
        const AT_ONCE: usize = 500;
        let digests = std::mem::take(&mut self.digests);
        for some in digests.chunks(AT_ONCE) {
            let mut command = Command::new(program.get_program());
            command.args(program.get_args());
            command.args(some.iter().map(|(seed, _)| seed.to_string()));
            let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
            let out = child.stdout.take().map(BufReader::new).into_iter().flat_map(BufRead::lines);
            let answers: Vec<String> = out.collect::<io::Result<_>>()?;
            child.wait()?;
            for (n, &(seed, digest)) in some.iter().enumerate() {
                self.elsewhere += 1;
                let answer = answers.get(n).map_or("no end", String::as_str);
                if answer != digest.to_string() {
                    let what = format!("another process came to {answer}, and this one to {digest}");
                    self.differed.push(Difference { seed, what, parting: None });
                }
            }
        }
        self.differed.sort_by_key(|difference| difference.seed);
        Ok(())
    }

    /// Adds what other runs came to.
    pub fn merge(&mut self, other: Self) {
        self.twice += other.twice;
        self.elsewhere += other.elsewhere;
        self.differed.extend(other.differed);
        self.differed.sort_by_key(|difference| difference.seed);
        self.digests.extend(other.digests);
    }
}
