//! The thread that follows the journal of several instances.

use std::{
    fmt, io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use super::rollout::Rollout;

/// Applies what other instances journal as soon as the journal has it, and reports this instance to the others.
///
/// One thread, which waits for the journal. It is stopped when this is dropped. Only a rollout that shares its
/// journal needs one; without it the rollout follows at each tick.
#[must_use = "dropping it stops the thread"]
pub struct JournalFollower {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// How long one wait for the journal lasts, which bounds how late a report or the end of the thread may be.
const WAIT: Duration = Duration::from_millis(100);

impl JournalFollower {
    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// When the operating system cannot create it.
    pub fn start(rollout: Arc<Rollout>) -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::Builder::new()
            .name("legacy-http-follow".to_owned())
            // Relaxed: it guards no other memory, and dropping joins the thread.
            .spawn(move || {
                while !stopped.load(Ordering::Relaxed) {
                    rollout.follow(WAIT);
                }
            })?;
        Ok(Self {
            stop,
            thread: Some(thread),
        })
    }
}

impl Drop for JournalFollower {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that follows the journal panicked");
        }
    }
}

impl fmt::Debug for JournalFollower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JournalFollower").finish_non_exhaustive()
    }
}

impl Rollout {
    /// Waits for a new event, applies it, and reports this instance if that is due.
    pub(super) fn follow(&self, wait: Duration) {
        let known = self.status();
        if self.deps.journal.wait(known.head.seq, wait).is_err() {
            // No busy loop while the journal cannot be read.
            thread::sleep(wait);
        }
        let _ = self.catch_up();
        let (head, sync) = {
            let controller = self.controller();
            (controller.head(), controller.sync)
        };
        if (head, sync) != (known.head, known.sync) {
            self.publish();
        }
        self.report_if_due();
    }
}
