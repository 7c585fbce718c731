//! Proof of determinism, on a sample of the runs: each is done twice side by side, event by event, so that the first
//! event that differs can be named; and once more in another process, which shares no address with this one.

use std::io::{self, BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use super::run::{Job, Run};
use crate::lab::Parting;
use crate::quiet::quietly;
use crate::rng::{Digest, Seed};
use crate::scenario::ScenarioError;

/// Which runs are done twice: that of the first seed, and one in so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// One in so many; zero for none at all.
    pub one_in: u64,
    /// The first seed of the whole campaign, all shards together.
    pub first: u64,
}

impl Sample {
    /// Whether this seed is in it.
    #[must_use]
    pub fn takes(self, seed: Seed) -> bool {
        self.one_in > 0 && (seed.0 == self.first || seed.0.is_multiple_of(self.one_in))
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

/// An interrupt at the terminal is for this process, which ends the other one when it is time.
#[cfg(unix)]
fn apart(command: &mut Command) -> &mut Command {
    std::os::unix::process::CommandExt::process_group(command, 0)
}

#[cfg(not(unix))]
fn apart(command: &mut Command) -> &mut Command {
    command
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
        let twins = quietly(|| {
            let (scenario, plan) = job.prepare(run.seed)?;
            job.experiment.twins(&scenario, &plan)
        });
        let (what, parting) = match twins {
            Ok(twins) => match twins? {
                Ok(again) if again == digest => return Ok(()),
                Ok(again) => (format!("one run came to {digest}, and two others to {again}"), None),
                Err(parting) => ("two runs of it parted".to_owned(), Some(*parting)),
            },
            // Before its first event nothing can part.
            Err(_) if run.events == 0 => return Ok(()),
            Err(panic) => (format!("it ran once, and panicked when it was run again: {}", panic.message), None),
        };
        self.differed.push(Difference { seed: run.seed, what, parting });
        Ok(())
    }

    /// Holds the runs that were done twice against those that another process makes of the same seeds: it gets the
    /// seeds as arguments, and answers with one digest a line. Interrupted, it leaves the rest uncompared.
    ///
    /// # Errors
    /// The process cannot be started, or ends without having answered.
    pub fn look_elsewhere(&mut self, program: &Command, stop: &AtomicBool) -> io::Result<()> {
        /// As many as a command line holds on any system.
        const AT_ONCE: usize = 500;
        let digests = std::mem::take(&mut self.digests);
        for some in digests.chunks(AT_ONCE) {
            let mut command = Command::new(program.get_program());
            command.args(program.get_args());
            command.args(some.iter().map(|(seed, _)| seed.to_string()));
            let mut child =
                apart(&mut command).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
            let out = child.stdout.take().map(BufReader::new).into_iter().flat_map(BufRead::lines);
            let mut left = some.iter();
            for (answer, &(seed, digest)) in out.zip(&mut left) {
                let answer = answer?;
                self.elsewhere += 1;
                if answer != digest.to_string() {
                    let what = format!("another process came to {answer}, and this one to {digest}");
                    self.differed.push(Difference { seed, what, parting: None });
                }
                if stop.load(Ordering::Relaxed) {
                    child.kill()?;
                    break;
                }
            }
            let ended = child.wait_with_output()?;
            if stop.load(Ordering::Relaxed) {
                break;
            }
            if !ended.status.success() || left.next().is_some() {
                let said = String::from_utf8_lossy(&ended.stderr).trim().to_owned();
                return Err(io::Error::other(format!("it ended early ({}): {said}", ended.status)));
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
