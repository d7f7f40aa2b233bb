//! The thread for periodic work.
//!
//! The [`BackgroundWorker`] calls [`Tick::tick`] about once per interval, and [`Tick::shutdown`] when it is shut down or
//! dropped. What is due is decided inside, by the clock of the implementation.

use std::{
    fmt, io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

/// Periodic work.
pub trait Tick: Send + Sync {
    /// Does what is due. Must not block for long: all work of a worker shares one thread.
    fn tick(&self);

    /// Does what is left to do before the process ends. By default a last [`Tick::tick`].
    fn shutdown(&self) {
        self.tick();
    }
}

/// A thread that ticks until it is shut down or dropped, and is then joined.
///
/// ```
/// use std::{sync::{Arc, atomic::{AtomicU32, Ordering}}, time::Duration};
/// use legacy_http_compat::worker::{BackgroundWorker, Tick};
///
/// #[derive(Default)]
/// struct Count(AtomicU32);
///
/// impl Tick for Count {
///     fn tick(&self) {
///         self.0.fetch_add(1, Ordering::Relaxed);
///     }
/// }
///
/// let count = Arc::new(Count::default());
/// let worker = BackgroundWorker::start(Duration::from_secs(1), [count.clone() as Arc<dyn Tick>])?;
/// worker.shutdown();
/// assert!(count.0.load(Ordering::Relaxed) >= 1, "at least the last tick");
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use = "dropping the worker stops its work"]
pub struct BackgroundWorker {
    stop: Arc<Stop>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Stop {
    requested: Mutex<bool>,
    changed: Condvar,
}

impl BackgroundWorker {
    /// Starts the thread. It ticks all of `work` immediately and then about every `interval` of real time, in this order.
    ///
    /// # Errors
    ///
    /// When the operating system cannot create the thread.
    pub fn start(
        interval: Duration,
        work: impl IntoIterator<Item = Arc<dyn Tick>>,
    ) -> io::Result<Self> {
        let work: Vec<_> = work.into_iter().collect();
        let stop = Arc::new(Stop::default());
        let thread = thread::Builder::new()
            .name("legacy-http-compat".to_owned())
            .spawn({
                let stop = Arc::clone(&stop);
                move || run(&stop, interval, &work)
            })?;
        Ok(Self {
            stop,
            thread: Some(thread),
        })
    }

    /// Calls [`Tick::shutdown`] of all work and waits for it. Dropping the worker does the same.
    pub fn shutdown(self) {}
}

impl Drop for BackgroundWorker {
    fn drop(&mut self) {
        self.stop.request();
        let Some(thread) = self.thread.take() else {
            return;
        };
        // Work that owns its worker drops it on this very thread, which cannot join itself.
        if thread.thread().id() != thread::current().id() && thread.join().is_err() {
            tracing::error!("the worker's thread panicked");
        }
    }
}

impl fmt::Debug for BackgroundWorker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackgroundWorker").finish_non_exhaustive()
    }
}

impl Stop {
    fn request(&self) {
        *self
            .requested
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    /// Waits for the interval to pass; `true` when a stop was requested.
    fn wait(&self, interval: Duration) -> bool {
        let requested = self
            .requested
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let (requested, _) = self
            .changed
            .wait_timeout_while(requested, interval, |requested| !*requested)
            .unwrap_or_else(PoisonError::into_inner);
        *requested
    }
}

fn run(stop: &Stop, interval: Duration, work: &[Arc<dyn Tick>]) {
    loop {
        for work in work {
            guarded(|| work.tick());
        }
        if stop.wait(interval) {
            break;
        }
    }
    for work in work {
        guarded(|| work.shutdown());
    }
}

/// Work that panics must not stop the heartbeats of the rest.
fn guarded(work: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(work)).is_err() {
        tracing::error!("periodic work panicked; the next tick tries again");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[derive(Default)]
    struct Work {
        ticks: AtomicU32,
        shut_down: AtomicU32,
        panics: bool,
    }

    impl Tick for Work {
        fn tick(&self) {
            self.ticks.fetch_add(1, Ordering::Relaxed);
            assert!(!self.panics, "scripted");
        }

        fn shutdown(&self) {
            self.shut_down.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn dropping_the_worker_shuts_the_work_down_and_joins() {
        let work = Arc::new(Work::default());
        let worker =
            BackgroundWorker::start(Duration::from_secs(3_600), [work.clone() as Arc<dyn Tick>])
                .unwrap();
        drop(worker);
        assert_eq!(work.ticks.load(Ordering::Relaxed), 1);
        assert_eq!(work.shut_down.load(Ordering::Relaxed), 1);
        assert_eq!(Arc::strong_count(&work), 1, "the thread is gone");
    }

    #[test]
    fn work_that_panics_does_not_stop_the_rest() {
        let bad = Arc::new(Work {
            panics: true,
            ..Work::default()
        });
        let good = Arc::new(Work::default());
        let work: [Arc<dyn Tick>; 2] = [bad.clone(), good.clone()];
        BackgroundWorker::start(Duration::from_secs(3_600), work)
            .unwrap()
            .shutdown();
        assert_eq!(bad.shut_down.load(Ordering::Relaxed), 1);
        assert_eq!(good.ticks.load(Ordering::Relaxed), 1);
    }
}
