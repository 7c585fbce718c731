//! How a campaign goes, on a terminal; elsewhere nothing moves, and each scenario says a line when it is over.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

use crate::campaign::sweep::engine;
use crate::campaign::{Watch, shrink};
use crate::report::layout::many;

/// A bar over all runs of a campaign, with failures counted.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
    failed: AtomicU64,
}

const KNOWN: &str = "{bar:30} {human_pos} of {human_len} runs, {rate}, {eta} left{msg}";
const OPEN: &str = "{spinner} {human_pos} runs, {rate}, {elapsed}{msg}";

impl Progress {
    /// So many runs are to come, if that is known.
    pub(super) fn over(runs: Option<u64>) -> Self {
        let bar = match runs {
            _ if !std::io::stderr().is_terminal() => ProgressBar::hidden(),
            Some(runs) => ProgressBar::new(runs),
            None => ProgressBar::new_spinner(),
        };
        let style = ProgressStyle::with_template(if runs.is_some() { KNOWN } else { OPEN });
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style.with_key("rate", |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let _ = write!(out, "{:.0} a second", state.per_sec());
        }));
        bar.enable_steady_tick(Duration::from_millis(100));
        Self { bar, failed: AtomicU64::new(0) }
    }

    /// So many runs will not be needed after all.
    pub(super) fn skip(&self, runs: u64) {
        self.bar.inc(runs);
    }

    /// Does something that prints, without the bar in its way.
    pub(super) fn aside<T>(&self, act: impl FnOnce() -> T) -> T {
        self.bar.suspend(act)
    }

    fn tell(&self, doing: &str) {
        let failed = match self.failed.load(Ordering::Relaxed) {
            0 => String::new(),
            failed => format!(", {failed} failed"),
        };
        self.bar.set_message(failed + doing);
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Watch for Progress {
    fn ran(&self, failed: bool) {
        self.bar.inc(1);
        if failed {
            self.failed.fetch_add(1, Ordering::Relaxed);
            self.tell("");
        }
    }
}

impl engine::Watch for Progress {
    fn ran(&self) {
        self.bar.inc(1);
    }

    fn spared(&self, runs: u64) {
        // What took no time says nothing of the time that is left.
        self.bar.inc(runs);
        self.bar.reset_eta();
    }
}

impl shrink::Watch for Progress {
    fn shrunk(&self, faults: usize, _runs: u64) {
        self.tell(&format!("; shrinking, {} left", many(faults as u64, "fault")));
    }

    fn over(&self) {
        self.tell("");
    }
}
