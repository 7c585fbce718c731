//! An end to a search: once its time is up, or the program is asked to end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::interrupt;

/// How long after it was asked to end a program may go on.
const PAUSE: Duration = Duration::from_millis(20);

/// Sets a flag once a time is up or the program is asked to end, as long as it lives.
#[derive(Debug)]
pub(super) struct Watch {
    over: Arc<AtomicBool>,
    thread: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Watch {
    pub(super) fn new(time: Option<Duration>) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let theirs = Arc::clone(&over);
        let deadline = time.and_then(|time| Instant::now().checked_add(time));
        let (done, wait) = channel::<()>();
        let thread = std::thread::spawn(move || {
            loop {
                let left = deadline.map_or(PAUSE, |deadline| deadline.saturating_duration_since(Instant::now()));
                if wait.recv_timeout(left.min(PAUSE)) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
                let is_late = deadline.is_some_and(|deadline| Instant::now() >= deadline);
                if is_late || interrupt::watched().load(Ordering::Relaxed) {
                    theirs.store(true, Ordering::Relaxed);
                    return;
                }
            }
        });
        Self { over, thread: Some((done, thread)) }
    }

    /// Set once it is over.
    pub(super) fn flag(&self) -> &AtomicBool {
        &self.over
    }

    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some((done, thread)) = self.thread.take() {
            drop(done);
            let _ = thread.join();
        }
    }
}
