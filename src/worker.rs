//! The one thread that does periodic work.
//!
//! What is due is decided inside [`Tick::tick`], by the clock of whoever implements it. The [`BackgroundWorker`] only calls it,
//! about once per interval, and once more with [`Tick::finish`] when it is shut down or dropped.

use std::{
    fmt, io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

/// Periodic work.
pub trait Tick: Send + Sync {
    /// Does what is due. Must not block for long: all work of a keeper shares one thread.
    fn tick(&self);

    /// Does what must be done before the process ends. By default a last [`Tick::tick`].
    fn finish(&self) {
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
/// let keeper = BackgroundWorker::start(Duration::from_secs(1), [count.clone() as Arc<dyn Tick>])?;
/// keeper.shutdown();
/// assert!(count.0.load(Ordering::Relaxed) >= 1, "the last tick at least");
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use = "dropping the keeper stops its work"]
pub struct BackgroundWorker {
    stop: Arc<Stop>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Stop {
    asked: Mutex<bool>,
    changed: Condvar,
}

impl BackgroundWorker {
    /// Starts the thread. All of `work` is ticked at once and then about every `interval` of real time, in this order.
    ///
    /// # Errors
    ///
    /// When the operating system gives no thread.
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

    /// Ends the work with [`Tick::finish`] and waits for it. Dropping the keeper does the same.
    pub fn shutdown(self) {}
}

impl Drop for BackgroundWorker {
    fn drop(&mut self) {
        self.stop.ask();
        let Some(thread) = self.thread.take() else {
            return;
        };
        // Work that owns its own keeper drops it on this very thread, which cannot wait for itself.
        if thread.thread().id() != thread::current().id() && thread.join().is_err() {
            tracing::error!("the keeper's thread had panicked");
        }
    }
}

impl fmt::Debug for BackgroundWorker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackgroundWorker").finish_non_exhaustive()
    }
}

impl Stop {
    fn ask(&self) {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    /// Waits for the interval to pass; `true` when asked to stop.
    fn wait(&self, interval: Duration) -> bool {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let (asked, _) = self
            .changed
            .wait_timeout_while(asked, interval, |asked| !*asked)
            .unwrap_or_else(PoisonError::into_inner);
        *asked
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
        guarded(|| work.finish());
    }
}

/// One piece of work that panics must not end the heartbeats of the others.
fn guarded(work: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(work)).is_err() {
        tracing::error!("periodic work panicked; it is tried again at the next tick");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[derive(Default)]
    struct Work {
        ticks: AtomicU32,
        finished: AtomicU32,
        panics: bool,
    }

    impl Tick for Work {
        fn tick(&self) {
            self.ticks.fetch_add(1, Ordering::Relaxed);
            assert!(!self.panics, "scripted");
        }

        fn finish(&self) {
            self.finished.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn dropping_the_keeper_finishes_the_work_and_joins() {
        let work = Arc::new(Work::default());
        let worker =
            BackgroundWorker::start(Duration::from_secs(3_600), [work.clone() as Arc<dyn Tick>])
                .unwrap();
        drop(worker);
        assert_eq!(work.ticks.load(Ordering::Relaxed), 1);
        assert_eq!(work.finished.load(Ordering::Relaxed), 1);
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
        assert_eq!(bad.finished.load(Ordering::Relaxed), 1);
        assert_eq!(good.ticks.load(Ordering::Relaxed), 1);
    }
}
