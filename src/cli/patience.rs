//! A sign of life on a terminal, for runs that take long.

use std::io::IsTerminal;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Whoever waits longer than this wants to know that something happens.
const PATIENCE: Duration = Duration::from_secs(1);

/// Turns a spinner on standard error while it lives, once a while has passed. It knows nothing of the run, so that
/// no run can depend on it.
#[derive(Debug)]
pub(super) struct Patience(Option<(Sender<()>, JoinHandle<()>)>);

impl Patience {
    pub(super) fn with(text: &str) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self(None);
        }
        let text = text.to_owned();
        let (done, wait) = channel::<()>();
        let thread = std::thread::spawn(move || {
            if wait.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                let style = ProgressStyle::with_template("{spinner} {msg} ({elapsed})");
                let spinner = ProgressBar::new_spinner().with_message(text);
                spinner.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
                spinner.enable_steady_tick(Duration::from_millis(120));
                let _ = wait.recv();
                spinner.finish_and_clear();
            }
        });
        Self(Some((done, thread)))
    }
}

impl Drop for Patience {
    fn drop(&mut self) {
        if let Some((done, thread)) = self.0.take() {
            drop(done);
            let _ = thread.join();
        }
    }
}
